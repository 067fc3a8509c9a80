"""Where each example goes in rows of tokens, and the rows as arrays (their columns are in data/packing.py)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from slm_jax.config import DataConfig

SLOT_MULTIPLE = 32
_WRITE_PLACES = 1 << 20  # places of rows laid out and written at once


@dataclasses.dataclass
class Pieces:
    """What goes into rows, flat: piece i is ids[starts[i] : starts[i] + lengths[i] + 1], of whose targets the first `prompts[i]` belong to the prompt."""

    ids: np.ndarray  # int32 [total tokens]
    starts: np.ndarray  # int64 [pieces]
    lengths: np.ndarray  # int64 [pieces], places taken in a row
    prompts: np.ndarray  # int64 [pieces]
    target_bytes: np.ndarray  # int64 [pieces], of the targets of weight 1


_ARRAYS = tuple(field.name for field in dataclasses.fields(Pieces))


@dataclasses.dataclass
class Laid:
    """Pieces sorted by the row that they go into."""

    pieces: Pieces
    row_of: np.ndarray  # int64 [pieces]
    rows: int
    loss_slots: int  # weighted targets in the fullest row

    def save(self, file: Path) -> None:
        np.savez(file, row_of=self.row_of, sizes=[self.rows, self.loss_slots], **{name: getattr(self.pieces, name) for name in _ARRAYS})

    @classmethod
    def load(cls, file: Path) -> Laid:
        with np.load(file) as arrays:
            rows, loss_slots = arrays["sizes"].tolist()
            return cls(pieces=Pieces(**{name: arrays[name] for name in _ARRAYS}), row_of=arrays["row_of"], rows=rows, loss_slots=loss_slots)


def fit_rows(lengths: np.ndarray, *, capacity: int, seed: int = 0) -> np.ndarray:
    """The row of each piece, int64 [pieces]: best fit, in a random order, so that rows mix what lies together in a file. No row holds more than `capacity`."""
    rows = np.empty(len(lengths), np.int64)
    with_room = [[] for _ in range(capacity + 1)]  # room -> rows that have it
    rooms = 0  # bit r: with_room[r] has a row
    count = 0
    for i in np.random.default_rng(seed).permutation(len(lengths)).tolist():
        length = int(lengths[i])
        fitting = rooms >> length
        if fitting:
            room = length + (fitting & -fitting).bit_length() - 1
            row = with_room[room].pop()
            if not with_room[room]:
                rooms &= ~(1 << room)
        else:
            row, room = count, capacity
            count += 1
        rows[i] = row
        if room > length:
            with_room[room - length].append(row)
            rooms |= 1 << (room - length)
    return rows


def lay_out(pieces: Pieces, data: DataConfig) -> Laid:
    """The pieces of one or more examples in rows of their own."""
    row_of = fit_rows(pieces.lengths, capacity=data.sequence_length)
    order = np.argsort(row_of, kind="stable")
    arrays = {name: getattr(pieces, name)[order] for name in _ARRAYS if name != "ids"}
    row_of = row_of[order]
    weighted = arrays["lengths"] if data.prompt_loss_weight else arrays["lengths"] - arrays["prompts"]
    most = int(np.bincount(row_of, weights=weighted).max())
    return Laid(pieces=Pieces(ids=pieces.ids, **arrays), row_of=row_of, rows=int(row_of[-1]) + 1, loss_slots=most)


def row_blocks(laid: Laid, *, slots: int, pad_id: int, data: DataConfig) -> Iterator[dict[str, np.ndarray]]:
    """The rows, some at once; `slots` is K."""
    step = max(1, _WRITE_PLACES // data.sequence_length)
    pieces, row_of = laid.pieces, laid.row_of
    for first in range(0, laid.rows, step):
        a, b = np.searchsorted(row_of, [first, first + step])
        part = (row_of[a:b] - first, *(getattr(pieces, name)[a:b] for name in ("lengths", "starts", "prompts", "target_bytes")))
        yield _block(*part, pieces.ids, min(step, laid.rows - first), slots, data, pad_id)


def _block(row_of, lengths, starts, prompts, target_bytes, ids, rows: int, slots: int, data: DataConfig, pad_id: int) -> dict[str, np.ndarray]:
    """Rows from pieces sorted by row (arrays [pieces], except `ids`); see the head of the file for the columns."""
    capacity = data.sequence_length
    first_in_row = np.searchsorted(row_of, row_of)  # [pieces], the first piece of the same row
    before = np.cumsum(lengths) - lengths
    segment = np.arange(len(row_of)) - first_in_row + 1
    place0 = row_of * capacity + before - before[first_in_row]  # of each piece, in the flat block

    owner = np.repeat(np.arange(len(lengths)), lengths)  # from here one entry a token
    position = np.arange(len(owner)) - before[owner]
    place, source = place0[owner] + position, starts[owner] + position
    columns = {name: np.full(rows * capacity, pad_id if name == "tokens" else 0, np.int32) for name in ("tokens", "segment_ids", "positions")}
    columns["tokens"][place] = ids[source]
    columns["segment_ids"][place] = segment[owner]
    columns["positions"][place] = position

    weight = np.where(position < prompts[owner], np.float32(data.prompt_loss_weight), np.float32(1))
    due = np.flatnonzero(weight)  # in the order of rows and places
    place, weight, target = place[due], weight[due], ids[source[due] + 1]
    row = place // capacity
    slot = row * slots + np.arange(len(row)) - np.searchsorted(row, row)
    loss = {"loss_positions": np.zeros(rows * slots, np.int32), "targets": np.full(rows * slots, pad_id, np.int32), "weights": np.zeros(rows * slots, np.float32)}
    loss["loss_positions"][slot] = place % capacity
    loss["targets"][slot] = target
    loss["weights"][slot] = weight
    row_bytes = np.bincount(row_of, weights=target_bytes, minlength=rows).astype(np.int32)
    return {name: values.reshape(rows, -1) for name, values in (columns | loss).items()} | {"target_bytes": row_bytes}
