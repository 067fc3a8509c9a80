"""Examples to rows of tokens: several examples share a row and never see each other, and the loss is due only where it has a weight.

A row has `sequence_length` tokens T and K loss slots. An example of n + 1 tokens takes n places: token j is the input at place j and token j + 1 its target, so the
last token (EOS) is a target only. K is the largest number of weighted targets in any row of the set, rounded up to a multiple of 32; unused slots have weight 0.
Columns:

    tokens, segment_ids, positions [T] int32   segment_ids 1, 2, ... for the examples of a row, 0 = padding; positions count from 0 in each example
    loss_positions, targets [K] int32          the place in the row, and the token that follows it in its example
    weights [K] float32                        1 for an answer token and EOS (and every token of a document), `prompt_loss_weight` for a prompt token
    target_bytes [] int32                      UTF-8 bytes of the targets of weight 1, for bits per byte
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from slm_jax.config import DataConfig
from slm_jax.data.prompts import PromptFormat, prompt_format, prompt_texts
from slm_jax.data.tokenizer import Tokenizer
from slm_jax.domains.base import Domain, Example
from slm_jax.errors import UserError

_FORMAT = 1  # counts up when the meaning of a cached row changes
_SLOT_MULTIPLE = 32
_ENCODE_EXAMPLES = 4096  # examples encoded at once
_WRITE_PLACES = 1 << 20  # places of rows laid out and written at once
_ROWS_FILE, _ABOUT_FILE = "rows.arrow", "about.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class PackReport:
    """What became of a set of examples."""

    examples: int  # that came in
    rows: int
    dropped: int  # examples left out, as longer than a row
    truncated: int  # examples whose prompt lost its middle
    split: int  # documents (examples without a prompt) that were cut into several windows
    tokens: int  # places filled
    fill_share: float  # of all places of all rows
    loss_slots: int  # K
    notes: tuple[str, ...] = ()  # lines for the start page


@dataclasses.dataclass(frozen=True, kw_only=True)
class PackedRows:
    """Rows on disk, memory-mapped (a Hugging Face dataset). `fingerprint` changes with anything that changes a row."""

    dataset: object  # datasets.Dataset
    report: PackReport
    fingerprint: str

    def __len__(self) -> int:
        return self.report.rows

    def take(self, indices: Sequence[int]) -> dict[str, np.ndarray]:
        """The rows of these indices, stacked: [len(indices), T] and so on, int32 and float32 only."""
        batch = self.dataset[[int(i) for i in indices]]
        return {name: np.asarray(value, np.float32 if name == "weights" else np.int32) for name, value in batch.items()}


@dataclasses.dataclass
class _Pieces:
    """What goes into rows, flat: piece i is ids[starts[i] : starts[i] + lengths[i] + 1], of whose targets the first `prompts[i]` belong to the prompt."""

    ids: np.ndarray  # int32 [total tokens]
    starts: np.ndarray  # int64 [pieces]
    lengths: np.ndarray  # int64 [pieces], places taken in a row
    prompts: np.ndarray  # int64 [pieces]
    target_bytes: np.ndarray  # int64 [pieces], of the targets of weight 1
    dropped: int
    truncated: int
    split: int


def pack(examples: Sequence[Example], *, domain: Domain, tokenizer: Tokenizer, data: DataConfig, prompts: Sequence[str] | None = None) -> PackedRows:
    """Examples as packed rows, from `data.cache_dir` if they were made before from the same texts, tokenizer and settings.

    `prompts`: those of `prompt_texts`, where the caller has them already.
    An example without instruction is a document: cut into windows of a row's length, each target kept. Any other that is longer than a row is dropped, loses the middle
    of its prompt (never of its answer; dropped if the answer alone is too long), or is an error, by `data.over_length`. Raises UserError for one too long under "error",
    for nothing left, for a prompt that cannot be, for a cache that cannot be written.
    """
    prompts = prompt_texts(examples, domain=domain) if prompts is None else prompts
    written = prompt_format(domain, tokenizer, data)
    fingerprint = _fingerprint(prompts, examples, written, data)
    directory = Path(data.cache_dir).expanduser() / "rows" / fingerprint[:32]
    notes = []
    if directory.exists():
        cached = _read(directory, fingerprint)
        if cached is not None:
            return cached
        notes.append(f"cached rows in {directory} were damaged: made again")
    pieces = _encode(prompts, examples, written, data)
    if not examples:
        raise UserError("there are no examples to pack: config.data.train or config.data.validation gave none")
    if not len(pieces.lengths):
        raise UserError(f"none of the {len(examples)} examples fits in a row of config.data.sequence_length={data.sequence_length} tokens: write a larger one")
    try:
        _make(directory, fingerprint, pieces, tokenizer, data, len(examples))
    except OSError as error:
        why = error.strerror or error
        raise UserError(f"cannot write packed rows to {directory} ({why}): free space there, or set config.data.cache_dir to another directory") from None
    made = _read(directory, fingerprint)
    if made is None:
        raise UserError(f"packed rows written to {directory} cannot be read back: the disk is damaged or full; set config.data.cache_dir to another directory")
    return dataclasses.replace(made, report=dataclasses.replace(made.report, notes=(*notes, *made.report.notes)))


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


def _encode(prompts: Sequence[str], examples: Sequence[Example], written: PromptFormat, data: DataConfig) -> _Pieces:
    capacity, tokenizer = data.sequence_length, written.tokenizer
    ids, lengths, prompt_targets, target_bytes = [], [], [], []
    dropped = truncated = split = 0
    for start in range(0, len(examples), _ENCODE_EXAMPLES):
        chunk = range(start, min(start + _ENCODE_EXAMPLES, len(examples)))
        flat = []
        for i, encoded in zip(chunk, written.encode([prompts[i] for i in chunk], [examples[i].response for i in chunk]), strict=True):
            prompt, answer = encoded.prompt, encoded.answer
            length = len(prompt) + len(answer) - 1
            if length > capacity:
                if not prompts[i]:
                    split += 1
                    tokens = prompt + answer
                    for at in range(0, length, capacity):
                        window = tokens[at : at + capacity + 1]
                        flat += window
                        lengths.append(len(window) - 1)
                        prompt_targets.append(0)
                        target_bytes.append(tokenizer.count_bytes(window[1:]))
                    continue
                if data.over_length == "error":
                    fix = f"set config.data.sequence_length={length} or more, or config.data.over_length='drop'"
                    raise UserError(f"example {examples[i].id or i + 1} has {length + 1} tokens: {fix}")
                room = capacity + 1 - len(answer)
                if data.over_length == "drop" or room < 2:
                    dropped += 1
                    continue
                truncated += 1
                prompt = cut_middle(prompt, room)
                length = capacity
            flat += prompt
            flat += answer
            lengths.append(length)
            prompt_targets.append(len(prompt) - 1)
            target_bytes.append(len(examples[i].response.encode()) + (tokenizer.count_bytes(prompt) if data.prompt_loss_weight == 1 else 0))
        ids.append(np.array(flat, np.int32))
    lengths = np.array(lengths, np.int64)
    starts = np.cumsum(lengths + 1) - (lengths + 1)
    flat_ids = np.concatenate(ids) if ids else np.zeros(0, np.int32)
    prompts, target_bytes = np.array(prompt_targets, np.int64), np.array(target_bytes, np.int64)
    counts = {"dropped": dropped, "truncated": truncated, "split": split}
    return _Pieces(ids=flat_ids, starts=starts, lengths=lengths, prompts=prompts, target_bytes=target_bytes, **counts)


def cut_middle(ids: list[int], length: int) -> list[int]:
    """`ids` without its middle, so that `length` remain: the first half (rounded up) and the last."""
    if len(ids) <= length:
        return ids
    head = (length + 1) // 2
    return ids[:head] + ids[len(ids) - (length - head) :]


# --- layout ---


def _lay_out(pieces: _Pieces, tokenizer: Tokenizer, data: DataConfig) -> tuple[int, int, Iterator[dict[str, np.ndarray]]]:
    """(rows, loss slots, blocks of rows)."""
    row_of = fit_rows(pieces.lengths, capacity=data.sequence_length)
    order = np.argsort(row_of, kind="stable")
    row_of, lengths, starts, prompts, target_bytes = (a[order] for a in (row_of, pieces.lengths, pieces.starts, pieces.prompts, pieces.target_bytes))
    rows = int(row_of[-1]) + 1
    weighted = lengths if data.prompt_loss_weight else lengths - prompts
    most = int(np.bincount(row_of, weights=weighted).max())
    slots = -(-most // _SLOT_MULTIPLE) * _SLOT_MULTIPLE

    def blocks() -> Iterator[dict[str, np.ndarray]]:
        step = max(1, _WRITE_PLACES // data.sequence_length)
        for first in range(0, rows, step):
            a, b = np.searchsorted(row_of, [first, first + step])
            part = (row_of[a:b] - first, lengths[a:b], starts[a:b], prompts[a:b], target_bytes[a:b])
            yield _block(*part, pieces.ids, min(step, rows - first), slots, data, tokenizer.pad_id)

    return rows, slots, blocks()


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


# --- cache ---


def _fingerprint(prompts: Sequence[str], examples: Sequence[Example], written: PromptFormat, data: DataConfig) -> str:
    settings = [_FORMAT, written.tokenizer.fingerprint, data.sequence_length, data.prompt_loss_weight, data.over_length, len(examples)]
    if written.chat:
        settings += ["chat", written.system]
    content = hashlib.sha256(json.dumps(settings).encode())
    for prompt, example in zip(prompts, examples, strict=True):
        for text in (prompt, example.response):
            encoded = text.encode("utf-8", "surrogatepass")
            content.update(len(encoded).to_bytes(8, "little"))
            content.update(encoded)
    return content.hexdigest()


def _make(directory: Path, fingerprint: str, pieces: _Pieces, tokenizer: Tokenizer, data: DataConfig, examples: int) -> None:
    """Write rows and report beside `directory`, then move them there in one step: no reader ever sees half of them. Raises OSError."""
    import pyarrow as pa

    rows, slots, blocks = _lay_out(pieces, tokenizer, data)
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".making-", dir=directory.parent))
    try:
        writer = None
        with open(temporary / _ROWS_FILE, "wb") as file:
            for block in blocks:
                arrays = {name: pa.FixedSizeListArray.from_arrays(pa.array(v.reshape(-1)), v.shape[1]) if v.ndim == 2 else pa.array(v) for name, v in block.items()}
                batch = pa.RecordBatch.from_pydict(arrays)
                writer = writer or pa.ipc.new_stream(file, batch.schema)
                writer.write_batch(batch)
            writer.close()
        tokens = int(pieces.lengths.sum())
        fill = tokens / (rows * data.sequence_length)
        counts = {"dropped": pieces.dropped, "truncated": pieces.truncated, "split": pieces.split}
        report = PackReport(examples=examples, rows=rows, tokens=tokens, fill_share=fill, loss_slots=slots, notes=_notes(counts, examples, data), **counts)
        about = {"fingerprint": fingerprint, "crc32": _crc32(temporary / _ROWS_FILE), "report": dataclasses.asdict(report)}
        (temporary / _ABOUT_FILE).write_text(json.dumps(about, indent=1) + "\n")
        if directory.exists() and _read(directory, fingerprint) is None:
            shutil.rmtree(directory)
        try:
            os.rename(temporary, directory)
        except OSError:
            if not directory.exists():  # else another process was first
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _notes(counts: dict[str, int], examples: int, data: DataConfig) -> tuple[str, ...]:
    words = {"dropped": "dropped", "truncated": "lost the middle of their prompt", "split": "cut into several windows"}
    longer = f"as longer than a row (config.data.sequence_length={data.sequence_length})"
    return tuple(f"{counts[name]:,} of {examples:,} examples {words[name]}, {longer}" for name in counts if counts[name])


def _read(directory: Path, fingerprint: str) -> PackedRows | None:
    """The rows in a directory; None where they are damaged."""
    import datasets

    try:
        about = json.loads((directory / _ABOUT_FILE).read_text())
        if about["fingerprint"] != fingerprint or about["crc32"] != _crc32(directory / _ROWS_FILE):
            return None
        report = PackReport(**{**about["report"], "notes": tuple(about["report"]["notes"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    dataset = datasets.Dataset.from_file(str(directory / _ROWS_FILE)).with_format("numpy")
    return PackedRows(dataset=dataset, report=report, fingerprint=fingerprint)


def _crc32(file: Path) -> int:
    value = 0
    with open(file, "rb") as stream:
        while block := stream.read(1 << 22):
            value = zlib.crc32(block, value)
    return value
