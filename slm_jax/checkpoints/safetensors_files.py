"""The safetensors container (https://huggingface.co/docs/safetensors): 8 bytes with the header's length, a JSON header, then the tensors one after the other.

Files are read by offset and written one tensor at a time. The safetensors package maps the whole file into memory to read it and wants a whole file's tensors at
once, twice, to write it: with models that fill half the machine that is the difference between running and not.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import ml_dtypes
import numpy as np

from slm_jax.errors import UserError

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
_DTYPES = {"F32": np.dtype(np.float32), "F16": np.dtype(np.float16), "BF16": np.dtype(ml_dtypes.bfloat16)}
_HEADER_LIMIT = 100_000_000  # bytes; the format's own


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Entry:
    file: Path
    dtype: np.dtype
    shape: tuple[int, ...]
    start: int  # byte of the file


class SafetensorsSource:
    """The tensors of a Hugging Face directory, read one at a time."""

    def __init__(self, directory: Path, entries: Mapping[str, _Entry]):
        self.where = str(directory)
        self.shapes: Mapping[str, tuple[int, ...]] = {name: entry.shape for name, entry in entries.items()}
        self._entries = entries

    def read(self, name: str) -> np.ndarray:
        """The tensor as stored: float32, float16 or ml_dtypes.bfloat16. Raises UserError if the file has changed since it was opened."""
        entry = self._entries[name]
        count = math.prod(entry.shape) * entry.dtype.itemsize
        try:
            data = np.fromfile(entry.file, np.uint8, count=count, offset=entry.start)
        except OSError as error:
            raise UserError(f"cannot read {entry.file}: {error.strerror}") from None
        if data.size != count:
            raise UserError(f"{entry.file} ends before the end of {name}: copy or download it again")
        return data.view(entry.dtype).reshape(entry.shape)


def open_safetensors(directory: str | os.PathLike) -> SafetensorsSource:
    """The tensors of DIRECTORY/model.safetensors, or of the shards that its model.safetensors.index.json names. Raises UserError for what is missing or damaged."""
    directory = Path(directory)
    if (directory / SINGLE).exists():
        return SafetensorsSource(directory, read_header(directory / SINGLE))
    if (directory / INDEX).exists():
        return SafetensorsSource(directory, _read_shards(directory))
    others = sorted(path.name for path in directory.glob("*.safetensors"))
    if any(directory.glob("*.bin")):
        raise UserError(
            f"{directory} has its weights as .bin files only, which are Python pickles: write them as safetensors with transformers, "
            "AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW_DIR)"
        )
    raise UserError(f"{directory} has no {SINGLE} and no {INDEX}: {f'{others[0]} must have the first name' if len(others) == 1 else 'get the whole model'}")


def write_safetensors(path: Path, shapes: Mapping[str, Sequence[int]], *, dtype: str, read: Callable[[str], np.ndarray]) -> None:
    """Write a file of the tensors `shapes`, all as `dtype` ("float32" or "bfloat16"); `read(name)` is called for one after the other. Raises OSError."""
    code, kind = {"float32": ("F32", _DTYPES["F32"]), "bfloat16": ("BF16", _DTYPES["BF16"])}[dtype]
    header: dict = {"__metadata__": {"format": "pt"}}  # transformers 4 refuses a file without it
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + math.prod(shape) * kind.itemsize
        header[name] = {"dtype": code, "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors start at a multiple of 8
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for name, shape in shapes.items():
            array = np.ascontiguousarray(read(name), kind)
            assert array.shape == tuple(shape), (name, array.shape, shape)
            file.write(array.reshape(-1).view(np.uint8).data)
            del array
        file.flush()
        os.fsync(file.fileno())


def load_json(path: Path) -> dict:
    """The object in a JSON file. Raises UserError."""
    try:
        value = json.loads(path.read_bytes(), object_pairs_hook=_no_duplicates)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON ({error}): get the file again") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} holds a JSON {type(value).__name__}, not an object: get the file again")
    return value


def _read_shards(directory: Path) -> dict[str, _Entry]:
    index = directory / INDEX
    named = load_json(index).get("weight_map")
    if not isinstance(named, dict) or not named or not all(isinstance(file, str) for file in named.values()):
        raise UserError(f"{index} has no weight_map from tensors to files: get the file again")
    entries: dict[str, _Entry] = {}
    for file in sorted(set(named.values())):
        if Path(file).name != file:
            raise UserError(f"{index} names {file!r}, which is not a file beside it: get the file again")
        if not (directory / file).exists():
            raise UserError(f"{directory} has no {file}, which its {INDEX} names: copy or download it")
        for name, entry in read_header(directory / file).items():
            if name in entries:
                raise UserError(f"{directory}: {name} is in {entries[name].file.name} and in {file}: get the model again")
            entries[name] = entry
    absent = [name for name, file in named.items() if name not in entries or entries[name].file.name != file]
    if absent:
        raise UserError(f"{index} says that {absent[0]} is in {named[absent[0]]}, which does not have it ({len(absent)} such in all): get the model again")
    return entries


def read_header(path: Path) -> dict[str, _Entry]:
    """Every tensor of a file. Raises UserError for a file that is not safetensors, that is cut off, or whose header contradicts itself."""
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if start == b"version ":
                raise UserError(f"{path} is a Git LFS pointer, not the weights: run git lfs pull in its repository")
            if len(start) < 8 or not 2 <= length <= min(size - 8, _HEADER_LIMIT):
                raise UserError(f"{path} ({size} bytes) is no safetensors file, or is cut off: copy or download it again")
            header = json.loads(file.read(length), object_pairs_hook=_no_duplicates)
        if not isinstance(header, dict):
            raise ValueError("its header is not an object")
        header.pop("__metadata__", None)
        entries, places = {}, []
        for name, tensor in header.items():
            if tensor["dtype"] not in _DTYPES:
                raise UserError(f"{path}: {name} is stored as {tensor['dtype']}: use a checkpoint in bfloat16, float16 or float32")
            dtype, shape, (first, end) = _DTYPES[tensor["dtype"]], tuple(tensor["shape"]), tensor["data_offsets"]
            if not all(type(n) is int and n >= 0 for n in (*shape, first, end)) or end - first != math.prod(shape) * dtype.itemsize:
                raise ValueError(f"{name} has other bytes than its shape wants")
            entries[name] = _Entry(file=path, dtype=dtype, shape=shape, start=8 + length + first)
            places.append((first, end))
        end = 0
        for first, following in sorted(places):
            if first != end:
                raise ValueError("tensors overlap or leave gaps")
            end = following
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is no sound safetensors file ({error}): copy or download it again") from None
    if 8 + length + end != size:
        raise UserError(f"{path} has {size} bytes and its header wants {8 + length + end}: copy or download it again")
    return entries


def _no_duplicates(pairs: list) -> dict:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return value
