"""Metric writers with the interface of `clu.metric_writers`: metrics.jsonl always, TensorBoard event files besides.

clu's own writers need TensorFlow. Where it is installed they write the event files; where it is not, tensorboardX does, and nothing here imports TensorFlow.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from slm_jax.errors import UserError

METRICS_FILE = "metrics.jsonl"


class MetricWriter(Protocol):
    """The part of `clu.metric_writers.MetricWriter` that a run uses."""

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None: ...

    def write_texts(self, step: int, texts: Mapping[str, str]) -> None: ...

    def write_hparams(self, hparams: Mapping[str, Any]) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


def create_writer(run_dir: str | os.PathLike, *, first_step: int, process_index: int) -> Writers:
    """The writers of a run that goes on after `first_step` updates (0 = from the beginning).

    What an earlier start logged beyond that step is dropped, so that no step is there twice.
    Process 0 writes; the writers of other processes do nothing. Raises UserError where the files cannot be written.
    """
    if process_index:
        return Writers([], dropped_lines=0)
    jsonl = JsonlWriter(Path(run_dir) / METRICS_FILE, first_step=first_step)
    return Writers([jsonl, *_event_writer(Path(run_dir) / "tensorboard", first_step)], dropped_lines=jsonl.dropped_lines)


class Writers:
    """Several writers as one. `dropped_lines`: lines of metrics.jsonl that were beyond `first_step`, or cut off by a kill."""

    def __init__(self, writers: list[MetricWriter], *, dropped_lines: int):
        self.writers = writers
        self.dropped_lines = dropped_lines

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        scalars = {name: float(value) for name, value in scalars.items()}
        for writer in self.writers:
            writer.write_scalars(step, scalars)

    def write_texts(self, step: int, texts: Mapping[str, str]) -> None:
        for writer in self.writers:
            writer.write_texts(step, texts)

    def write_hparams(self, hparams: Mapping[str, Any]) -> None:
        """`hparams` may be nested; the writers get dotted names."""
        for writer in self.writers:
            writer.write_hparams(_flatten(hparams))

    def flush(self) -> None:
        for writer in self.writers:
            writer.flush()

    def close(self) -> None:
        for writer in self.writers:
            writer.close()

    def __enter__(self) -> Writers:
        return self

    def __exit__(self, *error) -> None:
        self.close()


class JsonlWriter:
    """One JSON object a call of write_scalars: {"step": 20, "time": unix seconds, "train/loss": 3.1, ...}; a number that is not finite is null.

    Texts and hparams are not kept here. Every line is on disk when its call returns.
    """

    def __init__(self, path: Path, *, first_step: int):
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.dropped_lines = _drop_lines_beyond(path, first_step)
            path.touch()
        except OSError as error:
            raise self._failed(error) from error

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        row = {"step": int(step), "time": round(time.time(), 3)} | {name: value if math.isfinite(value) else None for name, value in scalars.items()}
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise self._failed(error) from error

    def write_texts(self, step: int, texts: Mapping[str, str]) -> None:
        pass

    def write_hparams(self, hparams: Mapping[str, Any]) -> None:
        pass

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _failed(self, error: OSError) -> UserError:
        return UserError(f"{self.path} cannot be written ({error.strerror}): make room or give permission, and run the same command again to resume")


class TensorboardXWriter:
    """Event files without TensorFlow."""

    def __init__(self, directory: Path, *, first_step: int):
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(directory), purge_step=first_step + 1 if first_step else None, flush_secs=10)

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)

    def write_texts(self, step: int, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            self._writer.add_text(name, text, step)

    def write_hparams(self, hparams: Mapping[str, Any]) -> None:
        self._writer.add_text("hparams", "\n".join(f"    {name} = {value!r}" for name, value in hparams.items()), 0)

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def _event_writer(directory: Path, first_step: int) -> list[MetricWriter]:
    if importlib.util.find_spec("tensorflow") is not None:
        try:
            from clu import metric_writers

            return [metric_writers.SummaryWriter(str(directory))]
        except ImportError:  # clu wants tensorboard besides, and either may be half installed
            pass
    if importlib.util.find_spec("tensorboardX") is None:
        return []
    return [TensorboardXWriter(directory, first_step=first_step)]


def _drop_lines_beyond(path: Path, step: int) -> int:
    """Rewrite a JSONL file without the rows beyond `step` and without a half-written last line; the number of lines that went."""
    if not path.exists():
        return 0
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    kept = [line for line in lines if _step_of(line) <= step] if step else []
    if len(kept) < len(lines):
        temporary = path.with_suffix(".tmp")
        temporary.write_text("".join(kept), encoding="utf-8")
        temporary.replace(path)
    return len(lines) - len(kept)


def _step_of(line: str) -> float:
    try:
        return json.loads(line)["step"] if line.endswith("\n") else math.inf
    except (ValueError, KeyError, TypeError):
        return math.inf


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in tree.items():
        flat |= _flatten(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat
