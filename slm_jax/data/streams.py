"""Examples that stay on disk: read anew, row by row, for each pass over them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from slm_jax.config import DataConfig
from slm_jax.data.sources import iterate_rows
from slm_jax.domains.base import Example
from slm_jax.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExampleFile:
    """What a path names (data/files.py), as examples. Iterating raises UserError as `sources.read_examples` does."""

    path: str
    data: DataConfig

    def __iter__(self) -> Iterator[Example]:
        for row in iterate_rows(self.path, self.data):
            if row.problem:
                raise UserError(f"{row.where}: {row.problem}")
            yield from row.examples


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """Examples of one source, and how often each is trained on: 0 = left out."""

    path: str
    examples: Iterable[Example]  # that can be iterated again
    times: np.ndarray  # uint16, one an example

    def __iter__(self) -> Iterator[Example]:
        n = -1
        for n, example in enumerate(self.examples):
            if n >= len(self.times):
                break
            for _ in range(self.times[n]):
                yield example
        if n + 1 != len(self.times):
            raise UserError(f"{self.path} was changed while it was read: start again when it is whole")


class ExampleStream(Sequence[Example]):
    """The examples of some parts, in order, never held all at once. `stream[i]` reads from the beginning: iterate instead."""

    def __init__(self, parts: Sequence[Part]):
        self._parts = tuple(parts)
        self._length = sum(int(part.times.sum(dtype=np.int64)) for part in parts)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Example]:
        return itertools.chain.from_iterable(self._parts)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return list(itertools.islice(self, *index.indices(len(self))))
        index = range(len(self))[index]
        return next(itertools.islice(self, index, None))
