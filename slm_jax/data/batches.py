"""Batch i as a function of the seed and i. There is no state to save: to resume, ask for the next i. The order is the same for any number of processes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from slm_jax.data.packing import PackedRows
from slm_jax.errors import UserError

_T = TypeVar("_T")
_DEPTH = 2  # batches made ahead


class Batches:
    """Endless training batches: every epoch is another permutation of the rows, and a batch may reach from one epoch into the next."""

    def __init__(self, rows: PackedRows, *, global_batch_size: int, seed: int):
        import grain.python as grain

        self._rows = rows
        self._batch_size = global_batch_size
        self._order = grain.MapDataset.range(len(rows)).seed(seed).shuffle().repeat()

    def batch(self, i: int, *, process_index: int = 0, process_count: int = 1) -> dict[str, np.ndarray]:
        """Batch i, or the slice of it that this process feeds: [global_batch_size / process_count, ...], columns as in data/packing.py. Raises UserError."""
        return self._rows.take(self.row_indices(i, process_index=process_index, process_count=process_count))

    def row_indices(self, i: int, *, process_index: int = 0, process_count: int = 1) -> list[int]:
        """Which rows batch i holds, for the message that names the rows of a bad batch."""
        if self._batch_size % process_count:
            raise UserError(f"config.train.global_batch_size={self._batch_size} does not divide by {process_count} processes: write a multiple of {process_count}")
        share = self._batch_size // process_count
        first = i * self._batch_size + process_index * share
        return [int(self._order[j]) for j in range(first, first + share)]

    def epoch(self, i: int) -> float:
        """How many times all rows have been seen before batch i."""
        return i * self._batch_size / len(self._rows)


def eval_batches(rows: PackedRows, batch_size: int) -> Iterator[dict[str, np.ndarray]]:
    """All rows once, in order. The last batch is filled up with empty rows of weight 0; none is dropped."""
    for first in range(0, len(rows), batch_size):
        batch = rows.take(range(first, min(first + batch_size, len(rows))))
        missing = batch_size - len(batch["tokens"])
        yield {name: np.pad(value, [(0, missing)] + [(0, 0)] * (value.ndim - 1)) for name, value in batch.items()} if missing else batch


def prefetch(make: Callable[[int], _T], start: int, stop: int) -> Iterator[_T]:
    """make(start), ..., make(stop - 1), two ahead in a thread. An exception of `make` is raised where its value was due; leaving the loop ends the thread."""
    ready: queue.Queue = queue.Queue(_DEPTH)
    stopped = threading.Event()

    def put(item) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                pass
        return False

    def work() -> None:
        for i in range(start, stop):
            try:
                item = (make(i), None)
            except BaseException as error:
                put((None, error))
                return
            if not put(item):
                return

    thread = threading.Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    try:
        for _ in range(start, stop):
            value, error = ready.get()
            if error is not None:
                raise error
            yield value
    finally:
        stopped.set()
        thread.join()
