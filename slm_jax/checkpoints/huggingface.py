"""Read and write a model as the Hugging Face hub has it: config.json and safetensors files, by the tables of `models/families.py`. No torch, no transformers."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from slm_jax.checkpoints.safetensors_files import INDEX, SINGLE, load_json, open_safetensors, write_safetensors
from slm_jax.config import ModelConfig
from slm_jax.errors import UserError
from slm_jax.models import families
from slm_jax.models.decoder import Decoder
from slm_jax.models.families import Tensor

__all__ = ["TensorSource", "export_directory", "import_params", "open_safetensors", "param_shapes", "read_config"]

_SHOWN = 4  # names in an error line
_BLOCK = 64  # rows transposed at once: the columns that they become stay in the CPU's cache, which is twice as fast
_ALIGNMENT = 64  # bytes; XLA takes an array of a CPU's memory that starts at such an address as it is, and copies any other


class TensorSource(Protocol):
    """Where tensors come from: a directory of safetensors files, a .gguf file."""

    where: str  # for messages
    shapes: Mapping[str, tuple[int, ...]]  # by Hugging Face name

    def read(self, name: str) -> np.ndarray:
        """The tensor as the hub lays it out, matrices [out, in]; float32, float16 or ml_dtypes.bfloat16."""


def read_config(directory: str | os.PathLike) -> dict:
    """DIRECTORY/config.json. Raises UserError if it is not there or not an object."""
    directory = Path(directory)
    if not directory.is_dir():
        raise UserError(f"{directory} is not a directory: give one with a model's config.json and safetensors files")
    if not (directory / "config.json").exists():
        if (directory / "adapter_config.json").exists():
            raise UserError(f"{directory} is an adapter, not a model (it has adapter_config.json and no config.json): give the model that it was made for")
        raise UserError(f"{directory} has no config.json: give a model's directory, with its config.json and safetensors files")
    return load_json(directory / "config.json")


def param_shapes(config: ModelConfig) -> dict[families.Path, tuple[int, ...]]:
    """Path -> shape of each parameter of the decoder, stacked layers as they are stored. Nothing is computed."""
    model = Decoder(dataclasses.replace(config, remat="none", scan_unroll=1), "float32")
    tree = jax.eval_shape(lambda: nn.meta.unbox(model.init(jax.random.key(0), jnp.zeros((1, 2), jnp.int32))["params"]))
    return {tuple(key.key for key in path): leaf.shape for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def import_params(source: TensorSource, *, config: ModelConfig, family: str, place: Callable[[families.Path, np.ndarray], jax.Array] | None = None) -> dict:
    """The decoder's parameters, float32, from a checkpoint of that family. `place` puts one on its devices; None = the first device.

    Every parameter is filled and no tensor is left over, or it is a UserError that names them; so are shapes that contradict the config.
    Parameters are read one by one, the largest first, so that hardly more memory is taken than they fill.
    """
    if place is None:
        place = lambda path, array: jax.device_put(array, jax.devices()[0])  # noqa: E731
    leaves = param_shapes(config)
    groups: dict[tuple[families.Path, ...], list[Tensor]] = {}
    for tensor in families.tensors(config, family=family, leaves=leaves):
        groups.setdefault(tensor.leaves, []).append(tensor)
    _check(source, [tensor for group in groups.values() for tensor in group], config, family)
    params: dict = {}
    for paths in sorted(groups, key=lambda paths: -sum(np.prod(leaves[path]) for path in paths)):
        arrays = {path: _aligned(leaves[path]) for path in paths}
        for tensor in groups[paths]:
            _fill([arrays[path] if tensor.layer is None else arrays[path][tensor.layer] for path in paths], source.read(tensor.name), tensor.layout)
        for path in paths:
            _set(params, path, place(path, arrays.pop(path)))
    return params


def export_directory(
    directory: str | os.PathLike,
    *,
    config: ModelConfig,
    params: Mapping,
    source_config: Mapping | None,
    dtype: str,
    bos_id: int | None,
    eos_ids: Sequence[int],
    pad_id: int | None,
    max_shard_bytes: int = 5_000_000_000,
) -> list[str]:
    """Write the model as a directory that transformers opens: config.json, generation_config.json and safetensors files. -> what the user should know, in lines.

    directory: new, or empty. source_config: config.json of the model that this one was fine-tuned from, written again with only dtype and vocab_size changed;
    None = a model of our own. dtype: of the stored tensors, "float32" or "bfloat16". config.json is written last: without it, nothing takes the directory for a model.
    Raises UserError for a directory that is in use or cannot be written, and for a model that no family can express.
    """
    directory = Path(directory)
    hf, notes = _config_json(config, source_config, dtype=dtype, bos_id=bos_id, eos_ids=eos_ids, pad_id=pad_id)
    flat = {tuple(key.key for key in path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(nn.meta.unbox(dict(params)))}
    shapes = {path: tuple(leaf.shape) for path, leaf in flat.items()}
    if shapes != param_shapes(config):
        raise ValueError("these are not the parameters of a decoder with this config")
    table = {tensor.name: tensor for tensor in families.tensors(config, family=hf["model_type"], leaves=shapes)}
    shards = _shards(list(table.values()), dtype, max_shard_bytes)
    total = _bytes(list(table.values()), dtype)
    ids = {"bos_token_id": bos_id, "eos_token_id": families.one_or_list(eos_ids), "pad_token_id": pad_id}
    jsons = {"generation_config.json": {name: value for name, value in ids.items() if value is not None}, "config.json": hf}
    if len(shards) > 1:
        jsons = {INDEX: {"metadata": {"total_size": total}, "weight_map": {name: file for file, names in shards.items() for name in names}}, **jsons}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise UserError(f"{directory} is not empty: give a new directory")
        with _nothing_left(directory):
            for file, names in shards.items():
                write_safetensors(directory / file, {name: table[name].shape for name in names}, dtype=dtype, read=lambda name: _tensor(table[name], flat, dtype))
            for name, value in jsons.items():
                _write_json(directory / name, value)
    except OSError as error:
        raise UserError(f"cannot write {error.filename or directory}: {error.strerror or error}") from None
    files = SINGLE if len(shards) == 1 else f"{len(shards)} safetensors files"
    return [f"model_type {hf['model_type']}, {len(table)} tensors, {total / 1e6:,.1f} MB of {dtype} in {files}", *notes]


def _check(source: TensorSource, table: Sequence[Tensor], config: ModelConfig, family: str) -> None:
    """Raises UserError unless the source has the table's tensors, all of them and no other, in the table's shapes."""
    wanted = {tensor.name: tensor.shape for tensor in table}
    missing = [name for name in wanted if name not in source.shapes]
    unexpected = [name for name in source.shapes if name not in wanted and not families.ignored(name, config)]
    if missing or unexpected:
        said = [f"{len(names)} {what} ({_first(names)})" for names, what in ((missing, "missing"), (unexpected, "unexpected")) if names]
        raise UserError(
            f"{source.where}: the tensors are not those of its config.json ({family}, {config.layers} layers): {', '.join(said)}; get the whole model, or its own config.json"
        )
    wrong = [name for name, shape in wanted.items() if tuple(source.shapes[name]) != shape]
    if wrong:
        said = "; ".join(f"{name} is {list(source.shapes[name])}, config.json wants {list(wanted[name])}" for name in wrong[:_SHOWN])
        raise UserError(f"{source.where}: {len(wrong)} of {len(wanted)} tensors have another shape than config.json says: {said}{'; ...' if len(wrong) > _SHOWN else ''}")


def _fill(leaves: list[np.ndarray], stored: np.ndarray, layout: str) -> None:
    """Copy a tensor's rows into the leaves (one layer of each) that it holds."""
    if layout == "conv":
        stored = stored[:, 0]
    row = 0
    for leaf in leaves:
        rows = stored[row : row + (leaf.shape[0] if layout == "same" else leaf.shape[1])]
        row += len(rows)
        if layout == "same":
            leaf[...] = rows
            continue
        for i in range(0, len(rows), _BLOCK):
            leaf[:, i : i + _BLOCK] = rows[i : i + _BLOCK].astype(np.float32).T


def _tensor(tensor: Tensor, leaves: Mapping[families.Path, jax.Array], dtype: str) -> np.ndarray:
    """The tensor's content, in `dtype`: one layer of the leaves, as the hub lays it out."""
    parts = [np.asarray(leaves[path] if tensor.layer is None else leaves[path][tensor.layer]) for path in tensor.leaves]
    if tensor.layout == "same" and len(parts) == 1:
        return parts[0]
    stored = np.empty(tensor.shape, jnp.dtype(dtype))
    rows = stored[:, 0] if tensor.layout == "conv" else stored
    row = 0
    for part in parts:
        if tensor.layout != "same":
            part = part.T
        for i in range(0, len(part), _BLOCK):
            rows[row + i : row + i + len(part[i : i + _BLOCK])] = part[i : i + _BLOCK]
        row += len(part)
    return stored


def _config_json(config: ModelConfig, source: Mapping | None, *, dtype: str, bos_id: int | None, eos_ids: Sequence[int], pad_id: int | None) -> tuple[dict, list[str]]:
    """What to write as config.json, and notes. Raises UserError."""
    if source is None:
        family = families.export_family(config)
        return families.huggingface_config(config, family=family, dtype=dtype, bos_id=bos_id, eos_ids=eos_ids, pad_id=pad_id), []
    hf, notes = dict(source), []
    for key in [key for key in ("torch_dtype", "dtype") if key in hf] or ["torch_dtype"]:
        hf[key] = dtype
    if hf.get("vocab_size") != config.vocab_size:
        notes.append(f"config.json: vocab_size {hf.get('vocab_size')} -> {config.vocab_size}")
        hf["vocab_size"] = config.vocab_size
    unlike = [knob for knob in families.differing_knobs(config, families.model_config(hf)) if knob not in ("context_length", "initializer_std")]
    if unlike:
        raise UserError(f"the model is no longer what its config.json says: config.model.{unlike[0]}={getattr(config, unlike[0])!r}: convert it with --format=slm_jax")
    return hf, notes


def _shards(table: Sequence[Tensor], dtype: str, most: int) -> dict[str, list[str]]:
    """File name -> names of the tensors in it: each file has at most `most` bytes, or one tensor."""
    files: list[list[str]] = [[]]
    filled = 0
    for tensor in table:
        size = _bytes([tensor], dtype)
        if files[-1] and filled + size > most:
            files.append([])
            filled = 0
        files[-1].append(tensor.name)
        filled += size
    if len(files) == 1:
        return {SINGLE: files[0]}
    return {f"model-{i:05d}-of-{len(files):05d}.safetensors": names for i, names in enumerate(files, 1)}


def _bytes(table: Sequence[Tensor], dtype: str) -> int:
    return sum(math.prod(tensor.shape) for tensor in table) * jnp.dtype(dtype).itemsize


def _write_json(path: Path, value: Mapping) -> None:
    """Whole or not at all: the text goes to another file first, which then takes the name."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    os.replace(part, path)


@contextlib.contextmanager
def _nothing_left(directory: Path):
    """Empty a directory that was empty, if what is done in the block fails: a disk that is full is not left full, and the command can be given again."""
    try:
        yield
    except BaseException:
        for path in directory.iterdir():
            with contextlib.suppress(OSError):
                path.unlink()
        raise


def _aligned(shape: Sequence[int]) -> np.ndarray:
    """An array of float32, not filled, that a CPU device can take without a copy."""
    size = math.prod(shape) * 4
    raw = np.empty(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size].view(np.float32).reshape(shape)


def _set(tree: dict, path: families.Path, value) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
