"""A run's checkpoints, kept by Orbax and sealed with a checksum of every file.

RUN/checkpoints/STEP/ needs nothing outside itself:

    params/  opt_state/   two Orbax items, so that a reader who only wants the parameters reads only those
    config.json           the run's configuration
    tokenizer/            the tokenizer's files, as they are
    source/               the config.json of the published model that the run began with, if it did
    checkpoint.json       step, metrics, best_value
    checksums.json        size and crc32 of every other file

A save is asynchronous: `save` copies the state to host memory and returns; a background thread writes `STEP.orbax-checkpoint-tmp`, checksums what it wrote, and renames
it. So a number is a name only for what is complete, a process killed half-way leaves only the temporary name, and the checksums cost the training loop nothing.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import logging
import math
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from slm_jax import __version__
from slm_jax.checkpoints.directory import TEMPORARY, DamagedCheckpoint, best_step, first_line, seal, step_directories, stored_best_value, verify
from slm_jax.config import CheckpointConfig
from slm_jax.errors import UserError
from slm_jax.models.lora import base_fingerprint

if TYPE_CHECKING:
    from slm_jax.checkpoints.source import Source


def _quiet_orbax() -> None:
    """Orbax raises its errors, logs them too with tracebacks, and leaves coroutines of a failed save behind: the raised error, made one line here, is enough."""
    logging.getLogger("absl").addFilter(lambda record: f"{os.sep}orbax{os.sep}" not in record.pathname)
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited", category=RuntimeWarning)
    previous = sys.unraisablehook
    sys.unraisablehook = lambda info: None if str(info.exc_value) == "Event loop is closed" else previous(info)


_quiet_orbax()


# --- reading ---


def restore_params(directory: Path, abstract_params: Any = None) -> Any:
    """The parameters of a verified checkpoint; its optimizer state is not read.

    `abstract_params` is a tree of arrays or ShapeDtypeStructs, with the shardings that the result is to have; without it the result is numpy arrays in nested dicts.
    Raises UserError where a name or a shape differs.
    """
    return _restore_item(directory, "params", abstract_params)


def params_shapes(directory: Path) -> Any:
    """The tree of a verified checkpoint's parameters; each leaf has a `shape`. Nothing is read but the description."""
    try:
        with ocp.PyTreeCheckpointer() as checkpointer:
            return checkpointer.metadata(directory / "params").item_metadata.tree
    except OSError as error:
        raise UserError(f"checkpoint {directory} cannot be read: params: {first_line(error)}") from error


def restore_state(directory: Path, abstract_state: Any) -> Any:
    """The TrainState of a verified checkpoint, bit for bit, laid out as `abstract_state`'s leaves say: on as many devices as there are now, not as there were then."""
    step = abstract_state.step
    return abstract_state.replace(
        step=jax.device_put(np.asarray(int(directory.name), step.dtype), _sharding(step)),
        params=_restore_item(directory, "params", abstract_state.params),
        opt_state=_restore_item(directory, "opt_state", abstract_state.opt_state),
    )


def _restore_item(directory: Path, item: str, abstract: Any) -> Any:
    path = directory / item
    try:
        with ocp.PyTreeCheckpointer() as checkpointer:
            stored = checkpointer.metadata(path).item_metadata.tree
            if abstract is None:
                as_numpy = jax.tree.map(lambda _: ocp.RestoreArgs(restore_type=np.ndarray), stored)
                return checkpointer.restore(path, args=ocp.args.PyTreeRestore(restore_args=as_numpy))
            _check_same_tree(directory, item, stored, abstract)
            target = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=_sharding(leaf)), abstract)
            restore_args = ocp.checkpoint_utils.construct_restore_args(target)
            return checkpointer.restore(path, args=ocp.args.PyTreeRestore(item=target, restore_args=restore_args))
    except OSError as error:
        raise UserError(f"checkpoint {directory} cannot be read: {item}: {first_line(error)}") from error


def _sharding(leaf: Any) -> jax.sharding.Sharding:
    return getattr(leaf, "sharding", None) or jax.sharding.SingleDeviceSharding(jax.devices()[0])


def _check_same_tree(directory: Path, item: str, stored: Any, wanted: Any) -> None:
    def shapes(tree):
        leaves = jax.tree_util.tree_leaves_with_path(tree)
        return {"/".join(str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key)))) for key in path): tuple(leaf.shape) for path, leaf in leaves}

    there, here = shapes(stored), shapes(wanted)
    for name in sorted(there.keys() | here.keys()):
        if there.get(name) != here.get(name):
            shapes_differ = f"{item}/{name} is {there.get(name, 'absent')} there and {here.get(name, 'absent')} here"
            raise UserError(f"checkpoint {directory} does not fit this configuration: {shapes_differ}; write the config.model that it was made with")


# --- the restore ladder ---


@dataclasses.dataclass(frozen=True, kw_only=True)
class Restored:
    state: Any
    source: str  # "checkpoint" | "init_from" | "scratch"
    directory: Path | None  # what was read
    base: str  # fingerprint of the frozen parameters' model, empty where everything trains
    notes: tuple[str, ...]  # what must be said aloud: damaged checkpoints that were passed over


def restore_or_init(store: CheckpointStore, *, init_state: Callable[[Any], Any], abstract_state: Any, abstract_params: Any, source: Source | None) -> Restored:
    """The state that a run starts with: the one place where that is decided.

    `init_state(params)` makes a fresh TrainState, of these parameters or, for None, of random ones; `abstract_state` has its shapes, dtypes and shardings, `abstract_params`
    those of the model's own parameters, without adapters. What is frozen is not in the checkpoints: it comes from `source` at every start.
    Raises UserError where checkpoints exist but none is intact: starting again in silence would lose the run; and where the frozen parameters are not those of the checkpoint.
    """
    # 1. The run's own newest intact checkpoint. Damaged ones are set aside, so that their steps can be saved again, and the one before them is taken.
    damaged: dict[int, str] = {}
    for step in reversed(store.steps()):
        directory = store.directory / str(step)
        try:
            verify(directory)
        except DamagedCheckpoint as error:
            damaged[step] = str(error)
            continue
        notes = tuple(f"{line}. It is kept as {store.set_aside(bad).name}; going back to step {step}" for bad, line in damaged.items())
        if not abstract_state.frozen:
            return Restored(state=restore_state(directory, abstract_state), source="checkpoint", directory=directory, base="", notes=notes)
        state = _begin(init_state, abstract_params, source)
        base = base_fingerprint(state.all_params)
        check_base(directory, base, source.where)
        restored = restore_state(directory, abstract_state).replace(frozen=state.frozen)
        return Restored(state=restored, source="checkpoint", directory=directory, base=base, notes=notes)
    if damaged:
        raise UserError(f"no checkpoint in {store.directory} is intact ({'; '.join(damaged.values())}): restore a copy, or start again in another --workdir")

    # 2. The parameters of another model, or 3. random ones; optimizer and step are fresh.
    state = _begin(init_state, abstract_params, source)
    base = base_fingerprint(state.all_params) if state.frozen else ""
    if source is not None:
        return Restored(state=state, source="init_from", directory=source.where, base=base, notes=())
    return Restored(state=state, source="scratch", directory=None, base=base, notes=())


def _begin(init_state: Callable[[Any], Any], abstract_params: Any, source: Source | None) -> Any:
    return init_state(None if source is None else source.read_params(abstract_params))


def check_base(directory: Path, base: str, where: os.PathLike) -> None:
    """Raises UserError unless what trained in a checkpoint was trained on the model with this fingerprint, which was read from `where`."""
    trained_on = json.loads((directory / "checkpoint.json").read_bytes())["base"]
    if trained_on != base:
        other = f"{where} is another model, or has changed since (fingerprint {base[:12]} instead of {trained_on[:12]})"
        raise UserError(f"checkpoint {directory} has only what was trained, and {other}: put the model back that it was trained on")


# --- writing ---


class CheckpointStore:
    """Saves a run's states into RUN/checkpoints, asynchronously; keeps the latest `config.keep_latest` and the best.

    Use it in `with`: a process that leaves without close() loses the save in progress.
    """

    def __init__(self, run_dir: str | os.PathLike, config: CheckpointConfig):
        self.directory = Path(os.path.abspath(run_dir)) / "checkpoints"
        self._keep_latest = config.keep_latest
        self._manager: ocp.CheckpointManager | None = None
        self._saving: int | None = None
        self._files: dict[str, bytes] = {}  # plain files of the checkpoint being written; read by the committing thread
        self._best_values = {step: stored_best_value(path) for step, path in step_directories(self.directory).items()}
        self.best_since: int | None = self._stored_best_since()  # the step at which the best value so far was first reached; checkpoints of that step may be gone

    def steps(self) -> list[int]:
        """Steps of the complete checkpoints on disk, ascending."""
        return sorted(step_directories(self.directory))

    def best(self) -> Path | None:
        """The best checkpoint on disk, the latest where none was judged, None where there is none. Waits for a save in progress."""
        self.wait()
        steps = step_directories(self.directory)
        best = best_step(steps)
        return steps[max(steps) if best is None else best] if steps else None

    def save(
        self,
        step: int,
        state: Any,
        *,
        config_dict: Mapping,
        tokenizer_dir: str | os.PathLike,
        source_dir: str | os.PathLike = "",
        metrics: Mapping[str, float],
        best_value: float | None,
        base: str = "",
    ) -> bool:
        """Start saving `state` (params and opt_state) as checkpoint `step`; False if that step is already there. The state may be donated as soon as this returns.

        An opt_state of None is left out: a checkpoint to load, not to resume from. `source_dir` may be missing. `base`: fingerprint of the model that the frozen
        parameters are of, which are not saved.
        best_value: larger is better; None = not judged, never the best.
        Raises UserError if the previous save, or the start of this one, failed for want of space or permission.
        """
        self.wait()
        if step in self.steps():
            return False
        best_value = best_value if best_value is not None and math.isfinite(best_value) else None
        if best_value is not None and best_value > max((value for value in self._best_values.values() if value is not None), default=-math.inf):
            self.best_since = step
        known = {name: float(value) if math.isfinite(value) else None for name, value in metrics.items()}
        about = {"step": step, "best_since": self.best_since, "best_value": best_value, "base": base, "metrics": known, "slm_jax": __version__}
        self._files = {"config.json": _json(config_dict), "checkpoint.json": _json(about)}
        for name, directory in (("tokenizer", tokenizer_dir), ("source", source_dir)):
            if directory and Path(directory).is_dir():
                self._files |= {f"{name}/{path.name}": path.read_bytes() for path in sorted(Path(directory).iterdir()) if path.is_file()}
        self._best_values[step] = best_value
        self._saving = step
        try:
            items = {"params": state.params} | ({} if state.opt_state is None else {"opt_state": state.opt_state})
            self._open().save(step, args=ocp.args.Composite(**{name: ocp.args.PyTreeSave(item) for name, item in items.items()}))
        except Exception as error:
            raise self._failed(error) from error
        return True

    def check(self) -> None:
        """Raise what a finished save has to say, without waiting for one in progress."""
        if self._manager is not None and not self._manager.is_saving_in_progress():
            self.wait()

    def wait(self) -> None:
        """Wait until the save in progress, if any, is on disk. Raises UserError if it failed for want of space or permission."""
        if self._manager is None:
            return
        try:
            self._manager.wait_until_finished()
        except Exception as error:
            raise self._failed(error) from error
        self._saving = None

    def close(self) -> None:
        """Wait for the save in progress and free Orbax's threads."""
        try:
            self.wait()
        finally:
            manager, self._manager = self._manager, None
            if manager is not None:
                manager.close()
                for unfinished in self.directory.glob(f"*{TEMPORARY}"):  # of a save that failed: it may be what filled the disk
                    shutil.rmtree(unfinished, ignore_errors=True)

    def set_aside(self, step: int) -> Path:
        """Rename a checkpoint so that it no longer counts as one; nothing is deleted."""
        target = self.directory / f"{step}.damaged"
        while target.exists():
            target = target.with_name(f"{target.name}+")
        if jax.process_index() == 0:
            (self.directory / str(step)).rename(target)
        self._best_values.pop(step, None)
        return target

    def __enter__(self) -> CheckpointStore:
        return self

    def __exit__(self, kind, error, traceback) -> None:
        try:
            self.close()
        except UserError as second:
            if error is None:
                raise
            error.add_note(str(second))  # the first error is the one to be seen

    def _stored_best_since(self) -> int | None:
        try:
            return json.loads((self.directory / str(max(self.steps())) / "checkpoint.json").read_bytes())["best_since"]
        except (OSError, ValueError, KeyError, TypeError):  # none yet, damaged, or of a version that did not write it: the best that is still there
            return best_step(step_directories(self.directory))

    def _open(self) -> ocp.CheckpointManager:
        if self._manager is None:
            managers = ocp.checkpoint_managers
            self._manager = ocp.CheckpointManager(
                self.directory,
                options=ocp.CheckpointManagerOptions(
                    # Orbax's own "keep the best N" deletes the latest; its best_fn reads a file that may be damaged. Hence one policy for each wish, joined by "any".
                    preservation_policy=managers.AnyPreservationPolicy([managers.LatestN(self._keep_latest), _KeepBest(self._best_values)]),
                    temporary_path_class=self._committer(),
                    lightweight_initialize=True,
                    cleanup_tmp_directories=True,
                    save_root_metadata=False,
                ),
            )
        return self._manager

    def _committer(self) -> type:
        store = self

        class Committer(ocp.path.atomicity.AtomicRenameTemporaryPath):
            """Adds plain files and checksums to a step's temporary directory before it gets its final name. Runs in Orbax's thread, on the primary process."""

            async def finalize(self) -> None:
                directory, final = Path(self.get()), Path(self.get_final())
                if final.parent != store.directory:  # an item of a step
                    return await super().finalize()
                for name, content in (store._files | {"commit_success.txt": b"complete"}).items():
                    (directory / name).parent.mkdir(exist_ok=True)
                    (directory / name).write_bytes(content)
                seal(directory)
                directory.rename(final)

        return Committer

    def _failed(self, error: Exception) -> Exception:
        """The line for a save that the machine did not let finish; any other error as it is."""
        step, self._saving = self._saving, None
        self._best_values.pop(step, None)
        reason = _machine_reason(error)
        if reason is None:
            return error
        kept = f"the checkpoints of steps {', '.join(map(str, self.steps()))} are intact" if self.steps() else "there is no earlier checkpoint"
        advice = "make room or give permission, and run the same command again to resume"
        return UserError(f"checkpoint {step} could not be written to {self.directory} ({reason}); {kept}: {advice}")


@dataclasses.dataclass
class _KeepBest:
    """An Orbax preservation policy: the best of the checkpoints that were judged."""

    values: Mapping[int, float | None]  # shared with the store, which adds to it

    def should_preserve(self, checkpoints, *, context) -> list[bool]:
        judged = [info.step for info in checkpoints if self.values.get(info.step) is not None]
        best = max(judged, key=lambda step: (self.values[step], step), default=None)
        return [info.step == best for info in checkpoints]


def _machine_reason(error: BaseException) -> str | None:
    """Words for an error of disk or permission, also where TensorStore wrapped it into another exception."""
    known = {code: os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EFBIG, errno.EIO, errno.ENOTDIR)}
    if isinstance(error, OSError) and error.errno is not None:
        return known.get(error.errno, error.strerror)
    return next((words for words in known.values() if words.lower() in str(error).lower()), None)


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
