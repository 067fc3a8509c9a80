"""The GGUF container: its metadata, where its tensors lie, and their blocks as float32.

The reader of the `gguf` package is not used: it makes an array of every string (2.1 s for SmolLM2's 98,000, this one takes 0.1 s), keeps the whole file mapped, and a
corrupt count can keep it busy for hours. Its dequantisation is used, block for block what llama.cpp computes; it is imported when a quantised tensor is read.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import dataclasses
import math
import os
import struct
from pathlib import Path

import numpy as np

from slm_jax.errors import UserError

# ggml's number of a type -> name, elements in a block, bytes of a block.
_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 30: ("BF16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210),
}  # fmt: skip
_OTHER_TYPES = {
    9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
    24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}  # of a metadata value's type; 8 is a string, 9 an array
_STRING, _ARRAY, _FLOAT32 = 8, 9, 6
_MAX_DIMENSIONS = 4
_LONGEST_NAME = 200  # characters; llama.cpp's own limit for tensors is 64
_CHUNK_ELEMENTS = 1 << 18  # dequantised at a time: what a block needs on the way stays in the cache, and out of the peak


@dataclasses.dataclass(frozen=True, kw_only=True)
class StoredTensor:
    """A tensor as the file holds it."""

    type: int  # a key of _TYPES
    shape: tuple[int, ...]  # rows first, as NumPy has it
    offset: int  # bytes from the file's beginning
    size: int  # bytes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Container:
    """An opened file. `metadata` has str, bool, int, float, lists of str and arrays of numbers as values."""

    path: Path
    metadata: dict[str, object]
    tensors: dict[str, StoredTensor]

    def read(self, name: str) -> np.ndarray:
        """float32 values of a tensor, its rows first. Raises UserError where the file can no longer be read."""
        tensor = self.tensors[name]
        try:
            raw = np.fromfile(self.path, np.uint8, count=tensor.size, offset=tensor.offset)  # not mapped: mapped pages would stay in the peak
        except OSError as error:
            raise UserError(f"{self.path} cannot be read ({error.strerror})") from None
        if raw.size != tensor.size:
            raise UserError(f"{self.path}: the file ends inside the tensor '{name}': get the file again")
        return _dequantized(raw, *_TYPES[tensor.type]).reshape(tensor.shape)


def _dequantized(raw: np.ndarray, type_name: str, block_elements: int, block_bytes: int) -> np.ndarray:
    if type_name == "F32":
        return raw.view("<f4").astype(np.float32, copy=False)
    if type_name == "F16":
        return raw.view("<f2").astype(np.float32)
    if type_name == "BF16":
        return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32)
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    kind = GGMLQuantizationType[type_name]
    values = np.empty(raw.size // block_bytes * block_elements, np.float32)
    step = _CHUNK_ELEMENTS // block_elements
    for first in range(0, raw.size // block_bytes, step):
        blocks = raw[first * block_bytes : (first + step) * block_bytes]
        values[first * block_elements : (first + step) * block_elements] = dequantize(blocks[None], kind)[0]  # one long row: the package loops over rows
    return values


def open_container(path: str | os.PathLike) -> Container:
    """Read the metadata and the list of tensors, 0.1 s for a vocabulary of 50,000. Raises UserError, one line with the file's name, for what is no sound GGUF file."""
    path = Path(path)
    try:
        with open(path, "rb") as file:
            return _Reader(path, file, os.fstat(file.fileno()).st_size).container()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): write the path of a .gguf file") from None


class _Reader:
    """Every count is checked against the bytes that are left before anything is read or made by it."""

    def __init__(self, path: Path, file, size: int):
        self._path, self._file, self._size = path, file, size
        self._reading = "its header"

    def container(self) -> Container:
        if self._file.read(4) != b"GGUF":
            raise UserError(f"{self._path} is not a GGUF file (it does not begin with 'GGUF'): write the path of one")
        version = self._number("I")
        if version not in (2, 3):
            why = "is big-endian" if version and not version & 0xFFFF else f"has version {version} of the format"
            raise UserError(f"{self._path} {why}, which cannot be read: get a little-endian file of version 3")
        tensors, pairs = self._count("Q", 24), self._count("Q", 13)
        metadata: dict[str, object] = {}
        for number in range(pairs):
            self._reading = f"metadata key {number + 1} of {pairs}"
            key = self._name()
            self._reading = f"the metadata '{key}'"
            metadata[key] = self._value(self._number("I"))
        infos: dict[str, tuple[tuple[int, ...], int, int]] = {}
        for number in range(tensors):
            self._reading = f"the entry of tensor {number + 1} of {tensors}"
            name = self._name()
            if name in infos:
                raise self._damaged(f"has the tensor '{name}' twice")
            dimensions = self._number("I")
            if dimensions > _MAX_DIMENSIONS:
                raise self._damaged(f"gives the tensor '{name}' {dimensions} dimensions")
            shape = tuple(reversed([self._number("Q") for _ in range(dimensions)]))
            infos[name] = (shape, self._number("I"), self._number("Q"))
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1:
            raise self._damaged(f"has general.alignment={alignment}")
        start = -(-self._file.tell() // alignment) * alignment
        return Container(path=self._path, metadata=metadata, tensors={name: self._tensor(name, *info, start) for name, info in infos.items()})

    def _tensor(self, name: str, shape: tuple[int, ...], type: int, offset: int, start: int) -> StoredTensor:
        if type not in _TYPES:
            known = ", ".join(known for known, _, _ in _TYPES.values())
            raise UserError(f"{self._path}: the tensor '{name}' has the type {_OTHER_TYPES.get(type, f'number {type}')}, which cannot be read: get a file of {known}")
        _, block_elements, block_bytes = _TYPES[type]
        if not shape or not all(shape) or shape[-1] % block_elements:
            raise self._damaged(f"gives the tensor '{name}' the shape {list(shape)} in blocks of {block_elements}")
        size = math.prod(shape) // block_elements * block_bytes
        if start + offset + size > self._size:
            raise UserError(
                f"{self._path}: the tensor '{name}' should end at byte {start + offset + size:,}, and the file has {self._size:,}: it was cut off or is damaged; get it again"
            )
        return StoredTensor(type=type, shape=shape, offset=start + offset, size=size)

    def _value(self, type: int):
        if type == _STRING:
            return self._string()
        if type != _ARRAY:
            value = self._number(self._scalar(type))
            return float(str(np.float32(value))) if type == _FLOAT32 else value  # 1e-05, not 9.999999747378752e-06
        type = self._number("I")
        if type == _STRING:
            return [self._string() for _ in range(self._count("Q", 8))]
        format = self._scalar(type)
        count = self._count("Q", struct.calcsize(format))
        return np.frombuffer(self._bytes(count * struct.calcsize(format)), np.dtype(format).newbyteorder("<"))

    def _scalar(self, type: int) -> str:
        if type not in _SCALARS:
            raise self._damaged(f"has an unknown type, {type}, in {self._reading}")
        return _SCALARS[type]

    def _name(self) -> str:
        name = self._string()
        if not name.isprintable() or len(name) > _LONGEST_NAME:
            raise self._damaged(f"has {name!r:.40} as the name in {self._reading}")
        return name

    def _string(self) -> str:
        try:
            return self._bytes(self._number("Q")).decode("utf-8")
        except UnicodeDecodeError:
            raise self._damaged(f"has bytes that are not UTF-8 in {self._reading}") from None

    def _count(self, format: str, least_bytes: int) -> int:
        count = self._number(format)
        if count * least_bytes > self._size - self._file.tell():
            raise self._damaged(f"has a count of {count:,} in {self._reading}, more than its bytes can hold")
        return count

    def _number(self, format: str):
        return struct.unpack("<" + format, self._bytes(struct.calcsize("<" + format)))[0]

    def _bytes(self, size: int) -> bytes:
        if size > self._size:  # before Python makes room for it
            raise self._damaged(f"gives {size:,} bytes as the length of {self._reading}")
        data = self._file.read(size)
        if len(data) != size:
            raise UserError(f"{self._path}: the file ends inside {self._reading}: it was cut off; get it again")
        return data

    def _damaged(self, what: str) -> UserError:
        return UserError(f"{self._path} {what}: the file is damaged, get it again")
