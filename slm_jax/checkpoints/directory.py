"""Checkpoint directories as files: whose run a directory is, which checkpoint a path means, whether every byte is still what was written. No JAX here.

Orbax restores silently wrong values from a file with one flipped byte; here every byte is compared with its checksum before Orbax sees it.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from slm_jax.config import Config, differences, parse_config, to_dict
from slm_jax.errors import UserError, nearest

CHECKSUMS = "checksums.json"
TEMPORARY = ".orbax-checkpoint-tmp"  # Orbax's name for what is not complete yet

# What may differ between a run and its continuation: how often one looks and saves, what the machine offers; never what is learned or what "best" means.
MAY_CHANGE = (
    "config.log.every_steps", "config.checkpoint.every_steps", "config.checkpoint.keep_latest",
    "config.eval.every_steps", "config.eval.samples", "config.eval.batch_size", "config.eval.final_examples",
    "config.data.workers", "config.data.cache_dir",
)  # fmt: skip


class DamagedCheckpoint(UserError):
    """A checkpoint whose files are not those that were written."""


# --- the run's directory ---


def claim_run_directory(run_dir: str | os.PathLike, config: Config) -> list[str]:
    """Make `run_dir` this configuration's: create it, or check that the run in it had the same one; write config.json.

    Returns lines for the differences that do no harm (`MAY_CHANGE`). Raises UserError for other differences, naming all of them, and where nothing can be written.
    """
    run_dir = Path(run_dir)
    path = run_dir / "config.json"
    harmless: list[str] = []
    try:
        if path.exists():
            try:
                old = parse_config(json.loads(path.read_text()))
            except (ValueError, AttributeError, UserError) as error:  # no JSON, JSON but no object, no configuration of this version
                raise UserError(f"{path} cannot be read as a configuration ({first_line(error)}): choose another --workdir") from error
            changed = differences(old, config)
            harmless = [line for line in changed if line.split(":")[0] in MAY_CHANGE]
            if len(harmless) < len(changed):
                refused = "; ".join(line for line in changed if line not in harmless)
                raise UserError(f"{run_dir} holds a run of another configuration ({refused}): choose another --workdir, or change these fields back to resume it")
        elif step_directories(run_dir / "checkpoints"):
            raise UserError(f"{run_dir} has checkpoints but no config.json that says whose they are: choose another --workdir")
        run_dir.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(to_dict(config), indent=2) + "\n")
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{run_dir} cannot be used as a run's directory ({error.strerror}): choose another --workdir") from error
    return harmless


# --- finding a checkpoint ---


def find_checkpoint(path: str | os.PathLike) -> Path:
    """The checkpoint directory that `path` means: itself, or the best one (else the latest) of a run's directory. Raises UserError."""
    path = Path(os.path.abspath(os.path.expanduser(path)))
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir() if entry.is_dir()] if path.parent.is_dir() else []
        raise UserError(f"there is no checkpoint {path}: {nearest(path.name, beside) if beside else 'write a run directory or one of its checkpoints/STEP'}")
    if not path.is_dir():
        raise UserError(f"{path} is a file: write the directory of a run or of one of its checkpoints/STEP")
    if path.name.endswith(TEMPORARY):
        raise UserError(f"{path} was never finished (its run was stopped while saving): write another checkpoint of this run")
    if (path / CHECKSUMS).exists() or (path.name.isdigit() and path.parent.name == "checkpoints"):
        return path
    steps = step_directories(path / "checkpoints") or step_directories(path)
    if not steps:
        other = "is neither a run's directory, a checkpoint nor a Hugging Face model" if any(path.iterdir()) else "is empty"
        what = "has no checkpoint yet" if (path / "config.json").exists() else other
        raise UserError(f"{path} {what}: write a run directory that holds checkpoints/STEP, or one of these")
    best = best_step(steps)
    return steps[max(steps) if best is None else best]


def best_step(steps: Mapping[int, Path]) -> int | None:
    """The step with the largest best_value, the later of equals; None where none was ever judged. Unreadable ones do not count."""
    values = {step: value for step, directory in steps.items() if (value := stored_best_value(directory)) is not None}
    return max(values, key=lambda step: (values[step], step), default=None)


def stored_best_value(directory: Path) -> float | None:
    """The value a checkpoint was saved with; None where there was none, or where it cannot be read."""
    try:
        return json.loads((directory / "checkpoint.json").read_bytes())["best_value"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def step_directories(directory: Path) -> dict[int, Path]:
    """step -> directory of the complete checkpoints in `directory`, intact or not."""
    if not directory.is_dir():
        return {}
    return {int(entry.name): entry for entry in directory.iterdir() if entry.name.isdigit() and entry.is_dir()}


# --- checksums ---


def seal(directory: Path) -> None:
    """Write checksums.json: the size in bytes and the crc32 of every file below `directory`."""
    names = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    with ThreadPoolExecutor(4) as pool:
        sums = pool.map(lambda name: _size_and_crc(directory / name), names)
    (directory / CHECKSUMS).write_bytes(_seal_text(dict(zip(names, sums, strict=True))))


def verify(directory: Path) -> None:
    """Compare every byte of a checkpoint with what was written; about 4 GB/s from memory.

    The optimizer state is included even where only parameters are wanted: a disk that lost one byte is not to be trusted with the others.
    Raises DamagedCheckpoint, naming the first file that is missing, of another size or of another content, and the directory.
    """
    try:
        text = (directory / CHECKSUMS).read_bytes()
        files = json.loads(text)["files"]
        if text != _seal_text(files):
            raise ValueError
    except FileNotFoundError:
        raise _damaged(directory, CHECKSUMS, "is missing") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(directory, CHECKSUMS, "is not what was written") from error

    def check(name: str) -> str:
        try:
            size, crc = _size_and_crc(directory / name)
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        if size != files[name][0]:
            return f"has {size} bytes instead of {files[name][0]}"
        return "" if crc == files[name][1] else "is not what was written (crc32)"

    with ThreadPoolExecutor(4) as pool:  # crc32 and reads release the interpreter's lock
        for name, problem in zip(files, pool.map(check, files), strict=True):
            if problem:
                raise _damaged(directory, name, problem)


def _seal_text(files: Mapping[str, tuple[int, int]]) -> bytes:
    listing = json.dumps(files, sort_keys=True)
    return json.dumps({"crc32": zlib.crc32(listing.encode()), "files": json.loads(listing)}, indent=1).encode()


def _size_and_crc(path: Path) -> tuple[int, int]:
    size = crc = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 22):
            size += len(block)
            crc = zlib.crc32(block, crc)
    return size, crc


def _damaged(directory: Path, name: str, problem: str) -> DamagedCheckpoint:
    return DamagedCheckpoint(f"checkpoint {directory} is damaged: {name} {problem}; copy it again, or use another checkpoint of this run")


def read_config(directory: Path) -> Config:
    """The configuration stored in a verified checkpoint."""
    return parse_config(json.loads((directory / "config.json").read_text()))


def first_line(error: BaseException) -> str:
    """An exception's message, cut to one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
