"""Devices: the one file that says pmap, jit over a mesh, or NamedSharding.

`make_parallel` gives one of two plans with the same methods. Both run the same pure functions and hold the same state, never stacked by device:
- "pmap": every device has the whole state and a slice of the rows.
- "mesh": the state is sharded over data x fsdp x tensor by the logical names of its axes; XLA finds the communication.
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import functools
import math
import pathlib
import time
from collections.abc import Callable, Mapping, Sequence

import flax.linen as nn
import jax
import numpy as np
import optax
from jax.experimental.compilation_cache import compilation_cache
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from slm_jax.config import MeshConfig, ParallelConfig
from slm_jax.errors import UserError
from slm_jax.models.lora import join_params
from slm_jax.training.state import EVERYTHING, TrainState, Tuning, init_boxed_params, init_state, state_from_params, tune
from slm_jax.training.step import DEVICES, RowReport

MESH_AXES = ("data", "fsdp", "tensor")

# Logical axis of the model -> mesh axes. A mesh axis is used once in an array: the first name that wants it has it.
AXIS_RULES = (
    ("batch", ("data", "fsdp")),
    ("seq", None),
    ("layers", None),
    ("vocab", "tensor"),
    ("heads", "tensor"),
    ("kv", "tensor"),
    ("mlp", "tensor"),
    ("embed", "fsdp"),
    ("mamba_inner", None),  # in_proj's columns are z, x, B, C and dt side by side: equal cuts would run through them
    ("mamba_heads", None),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepMemory:
    """What a compiled function needs on one device, in bytes, by the compiler's own account."""

    argument_bytes: int
    output_bytes: int
    alias_bytes: int  # outputs that are written over donated arguments
    temp_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.argument_bytes + self.output_bytes - self.alias_bytes + self.temp_bytes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Compiled:
    """A function compiled for one shape of arguments; another shape raises TypeError instead of compiling again."""

    function: Callable
    memory: StepMemory
    compile_seconds: float

    def __call__(self, *arguments):
        return self.function(*arguments)


def make_parallel(config: ParallelConfig, *, devices: Sequence[jax.Device] | None = None) -> Parallel:
    """The plan for `devices` (default: all of them). Raises UserError if the mesh does not fit their number."""
    if jax.process_count() > 1:
        raise UserError(f"{jax.process_count()} processes: training runs in one process; start launch.py once, without a coordinator")
    devices = list(jax.devices() if devices is None else devices)
    if config.mode == "pmap":
        return PmapParallel(Mesh(np.array(devices), (DEVICES,), axis_types=(AxisType.Auto,)))
    shape = _mesh_shape(config.mesh, len(devices))
    return MeshParallel(jax.make_mesh(shape, MESH_AXES, axis_types=(AxisType.Auto,) * len(shape), devices=devices))


class Parallel(abc.ABC):
    """How state and batches lie on devices, and how functions of them are compiled."""

    def __init__(self, mesh: Mesh):
        self.mesh = mesh
        self.replicated = NamedSharding(mesh, PartitionSpec())

    @property
    def devices(self) -> list[jax.Device]:
        return list(self.mesh.devices.flat)

    @property
    @abc.abstractmethod
    def row_shards(self) -> int:
        """Slices that the rows of a batch are cut into."""

    def check_rows(self, *, global_batch_size: int, accumulation_steps: int = 1) -> None:
        """Raises UserError unless every device gets the same number of rows in every micro-batch."""
        pieces = self.row_shards * accumulation_steps
        if global_batch_size % pieces:
            below, above = global_batch_size // pieces * pieces, -(-global_batch_size // pieces) * pieces
            raise UserError(
                f"a batch of {global_batch_size} rows (config.train.global_batch_size) does not divide by {self.row_shards} device slices "
                f"x config.train.accumulation_steps={accumulation_steps}: write {f'{below} or {above}' if below else above}"
            )

    def abstract_state(self, *, model: nn.Module, tx: optax.GradientTransformation, tuning: Tuning = EVERYTHING) -> TrainState:
        """Shapes, types and shardings of the state as `jax.ShapeDtypeStruct`s, for restoring a checkpoint onto these devices.

        Raises UserError if the sizes of the mesh do not divide those of the parameters.
        """
        state = jax.eval_shape(functools.partial(init_state, 0, model=model, tx=tx, tuning=tuning))
        return _with_shardings(state, self._state_shardings(state, model=model, tuning=tuning))

    def abstract_params(self, *, model: nn.Module) -> dict:
        """The same of the model's own parameters, all float32 and without adapters, for reading them from where they are stored."""
        params = nn.meta.unbox(jax.eval_shape(functools.partial(init_boxed_params, 0, model=model)))
        return _with_shardings(params, self._params_shardings(params, model=model, tuning=EVERYTHING)[0])

    def init_state(self, seed: int, *, model: nn.Module, tx: optax.GradientTransformation, tuning: Tuning = EVERYTHING) -> TrainState:
        """`state.init_state`, born in place: no device ever holds more than its share."""
        shardings = jax.tree.map(lambda x: x.sharding, self.abstract_state(model=model, tx=tx, tuning=tuning))
        with self._context():
            return jax.jit(functools.partial(init_state, seed, model=model, tx=tx, tuning=tuning), out_shardings=shardings)()

    def state_from_params(self, params, *, model: nn.Module, tx: optax.GradientTransformation, tuning: Tuning = EVERYTHING) -> TrainState:
        """`state.state_from_params` of parameters that lie anywhere. They are copied: the first update does not take them from their owner."""
        shardings = jax.tree.map(lambda x: x.sharding, self.abstract_state(model=model, tx=tx, tuning=tuning))
        params = jax.device_put(params, jax.tree.map(lambda x: x.sharding, self.abstract_params(model=model)), may_alias=False)
        with self._context():
            return jax.jit(functools.partial(state_from_params, tx=tx, tuning=tuning), out_shardings=shardings, donate_argnums=0)(params)

    def put_batch(self, batch: Mapping[str, np.ndarray]) -> dict[str, jax.Array]:
        """A batch of host arrays [B, ...] on the devices. Returns at once and may be called from another thread. Raises UserError if B does not divide."""
        self.check_rows(global_batch_size=_rows(batch))
        return {name: jax.device_put(self._layout(x), self._batch_sharding) for name, x in batch.items()}

    def compile_train_step(self, step: Callable, *, state: TrainState, batch: Mapping[str, np.ndarray]) -> Compiled:
        """`step(state, batch) -> (state, metrics)` (`step.train_step` with all else bound), compiled; `batch` as `put_batch` takes it, both may be abstract.

        Calls take a state of this plan, which they use up, and a batch from `put_batch`.
        """
        return self._compile(step, state, batch, outputs=(jax.tree.map(lambda x: x.sharding, state), self.replicated), donate=True)

    def compile_eval_step(self, step: Callable, *, params, batch: Mapping[str, np.ndarray]) -> Compiled:
        """`step(params, batch) -> sums` (`step.eval_step` with all else bound), compiled; the parameters stay."""
        return self._compile(step, params, batch, outputs=self.replicated, donate=False)

    def row_report(self, report: Callable, *, state: TrainState, batch: Mapping[str, np.ndarray]) -> RowReport:
        """`report(state, batch)` (`step.row_report` with all else bound) of a host batch, as NumPy arrays. Compiles; every device does all rows."""
        return jax.device_get(jax.jit(report, out_shardings=self.replicated)(state, jax.device_put(dict(batch), self.replicated)))

    def to_host(self, scalars):
        """A tree of scalars as Python numbers. Waits for them, so ask for those of a step after launching the next one."""
        return jax.tree.map(lambda x: x.item(), jax.device_get(scalars))

    def _compile(self, function, first, batch, *, outputs, donate: bool) -> Compiled:
        self.check_rows(global_batch_size=_rows(batch))
        first = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), first)
        batch = {name: jax.ShapeDtypeStruct(shape, x.dtype, sharding=self._batch_sharding) for name, x in batch.items() for shape in [self._layout_shape(x.shape)]}
        started = time.perf_counter()
        with self._context():
            compiled = self._transform(function, outputs=outputs, donate=donate).lower(first, batch).compile()
        return Compiled(function=compiled, memory=_memory(compiled), compile_seconds=time.perf_counter() - started)

    def _layout(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(self._layout_shape(x.shape))

    @property
    @abc.abstractmethod
    def _batch_sharding(self) -> NamedSharding: ...

    @abc.abstractmethod
    def _layout_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]: ...

    @abc.abstractmethod
    def _context(self) -> contextlib.AbstractContextManager: ...

    def _state_shardings(self, state: TrainState, *, model: nn.Module, tuning: Tuning) -> TrainState:
        """Parameters as `_params_shardings` says, optimizer state like the parameter it belongs to."""
        trained, frozen = self._params_shardings(state.all_params, model=model, tuning=tuning)
        return TrainState(step=self.replicated, params=trained, opt_state=_like_params(state.opt_state, state.params, trained, self.replicated), frozen=frozen)

    @abc.abstractmethod
    def _params_shardings(self, params, *, model: nn.Module, tuning: Tuning) -> tuple[dict, dict]:
        """Of the abstract parameters of a tuned model: those that train, those that are frozen."""

    @abc.abstractmethod
    def _transform(self, function: Callable, *, outputs, donate: bool): ...


class PmapParallel(Parallel):
    """Data parallel: the state whole on every device, unstacked (`in_axes=None`, `out_axes=None`), rows [devices, B / devices, ...]."""

    @property
    def row_shards(self) -> int:
        return self.mesh.size

    @property
    def _batch_sharding(self) -> NamedSharding:
        return NamedSharding(self.mesh, PartitionSpec(DEVICES))

    def _layout_shape(self, shape):
        return (self.mesh.size, shape[0] // self.mesh.size, *shape[1:])

    def _context(self):
        return contextlib.nullcontext()

    def _params_shardings(self, params, *, model, tuning):
        boxed = jax.eval_shape(lambda: tune(init_boxed_params(0, model=model), tuning))
        return jax.tree.map(lambda _: self.replicated, nn.meta.unbox(boxed))

    def _transform(self, function, *, outputs, donate):
        # Arguments that already lie as pmap wants them are donated in earnest; from a single device they would be copied first.
        return jax.pmap(function, axis_name=DEVICES, in_axes=(None, 0), out_axes=None, donate_argnums=0 if donate else (), devices=self.devices)


class MeshParallel(Parallel):
    """jit over data x fsdp x tensor. Rows are cut along data and fsdp; parameters by `AXIS_RULES`; optimizer state like the parameter it belongs to."""

    @property
    def row_shards(self) -> int:
        return self.mesh.shape["data"] * self.mesh.shape["fsdp"]

    @property
    def _batch_sharding(self) -> NamedSharding:
        return NamedSharding(self.mesh, PartitionSpec(("data", "fsdp")))

    def _layout_shape(self, shape):
        return shape

    @contextlib.contextmanager
    def _context(self):
        with jax.set_mesh(self.mesh), nn.logical_axis_rules(AXIS_RULES):  # without a mesh set, logical constraints do nothing and say nothing
            yield

    def _params_shardings(self, params, *, model, tuning):
        boxed = jax.eval_shape(lambda: tune(init_boxed_params(0, model=model), tuning))
        shardings = nn.logical_to_mesh_sharding(nn.get_partition_spec(boxed), self.mesh, AXIS_RULES)
        jax.tree_util.tree_map_with_path(self._check_divides, params, join_params(*shardings))
        return shardings

    def _check_divides(self, path, x, sharding: NamedSharding) -> None:
        for size, axes in zip(x.shape, sharding.spec, strict=False):  # a spec may be shorter than the shape
            axes = (axes,) if isinstance(axes, str) else axes or ()
            if size % math.prod(self.mesh.shape[axis] for axis in axes):
                fields = ", ".join(f"config.parallel.mesh.{axis}={self.mesh.shape[axis]}" for axis in axes)
                raise UserError(f"{fields} does not divide the axis of {size} of parameter {_name(path)} {x.shape}: write a divisor of {size}, or 1")

    def _transform(self, function, *, outputs, donate):
        return jax.jit(function, out_shardings=outputs, donate_argnums=0 if donate else ())


def set_cache_dir(path: str | pathlib.Path) -> None:
    """Keep compiled functions in that directory for later processes. Raises UserError if it cannot be made."""
    path = pathlib.Path(path).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"compilation cache {path}: {error.strerror}; write another config.data.cache_dir") from error
    jax.config.update("jax_compilation_cache_dir", str(path))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
    compilation_cache.reset_cache()  # JAX looks at the setting once, at its first compilation


def device_memory_bytes(device: jax.Device) -> int | None:
    """What JAX may allocate on `device`; None where the backend does not say (CPU)."""
    stats = device.memory_stats()
    return stats.get("bytes_limit") if stats else None


def _mesh_shape(config: MeshConfig, devices: int) -> tuple[int, ...]:
    sizes = [getattr(config, axis) for axis in MESH_AXES]
    known = math.prod(size for size in sizes if size)
    if devices % known or (0 not in sizes and known != devices):
        asked = " x ".join(str(size) if size else "(all that are left)" for size in sizes)
        raise UserError(
            f"config.parallel.mesh: data x fsdp x tensor = {asked} does not fit {devices} device{'s' * (devices > 1)}: "
            f"write sizes whose product is {devices}, 0 = all that are left"
        )
    return tuple(size or devices // known for size in sizes)


def _like_params(opt_state, params, shardings, replicated: NamedSharding):
    """Shardings of an optimizer's state: a leaf whose path ends with a parameter's, and whose shape is that parameter's, lies like it.

    All else (counts, Adafactor's row and column sums) is whole on every device.
    """
    places = jax.tree_util.tree_flatten_with_path(params)[0]
    table = {path: (x.shape, sharding) for (path, x), sharding in zip(places, jax.tree.leaves(shardings), strict=True)}

    def one(path, x):
        ends = (table.get(path[i:]) for i in range(len(path)))
        return next((sharding for shape, sharding in filter(None, ends) if shape == x.shape), replicated)

    return jax.tree_util.tree_map_with_path(one, opt_state)


def _with_shardings(tree, shardings):
    return jax.tree.map(lambda x, s: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=s), tree, shardings)


def _memory(compiled) -> StepMemory:
    stats = compiled.memory_analysis()
    return StepMemory(
        argument_bytes=stats.argument_size_in_bytes,
        output_bytes=stats.output_size_in_bytes,
        alias_bytes=stats.alias_size_in_bytes,
        temp_bytes=stats.temp_size_in_bytes,
    )


def _rows(batch: Mapping) -> int:
    return next(iter(batch.values())).shape[0]


def _name(path) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")
