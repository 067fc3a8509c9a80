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
import functools
import hashlib
import itertools
import json
import math
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from slm_jax.config import DataConfig
from slm_jax.data.layout import SLOT_MULTIPLE, Laid, Pieces, lay_out, row_blocks
from slm_jax.data.prompts import EncodedExample, PromptFormat, example_name, prompt_format, prompt_texts
from slm_jax.data.streams import ExampleStream
from slm_jax.data.tokenizer import Tokenizer
from slm_jax.domains.base import Domain, Example
from slm_jax.errors import UserError

_FORMAT = 1  # counts up when the meaning of a cached row changes
_ENCODE_EXAMPLES = 4096  # examples encoded at once
_BLOCK_TOKENS = 1 << 22  # tokens of a stream that are laid out in rows at once
_HISTORY = b"\xff" * 8  # no text is so long
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
    first_too_long: int = -1  # number, from 0, of the first example that was dropped or truncated
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
class _Counts:
    """What became of examples that are longer than a row."""

    dropped: int = 0
    truncated: int = 0
    split: int = 0
    first_too_long: int = -1

    @property
    def words(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("dropped", "truncated", "split")}


def pack(examples: Sequence[Example], *, domain: Domain, tokenizer: Tokenizer, data: DataConfig, prompts: Sequence[str] | None = None) -> PackedRows:
    """Examples as packed rows, from `data.cache_dir` if they were made before from the same texts, tokenizer and settings.

    `prompts`: those of `prompt_texts`, where the caller has them already.
    An example without instruction is a document: cut into windows of a row's length, each target kept. Any other that is longer than a row is dropped, loses the middle
    of its prompt (never of its answer; dropped if the answer alone is too long), or is an error, by `data.over_length`.
    An `ExampleStream` is read three times (for the fingerprint, the tokens, the name of one too long) and laid out some millions of tokens at once, so that rows mix what
    lies near each other in it; the order of rows in training is random over all of them all the same. Memory does not grow with it.
    Raises UserError for an example too long under "error", for nothing left or nothing to learn, for a prompt that cannot be, for a cache that cannot be written.
    """
    stream = isinstance(examples, ExampleStream)
    if stream:
        prompts = None  # each pass writes them anew
    elif prompts is None:
        prompts = prompt_texts(examples, domain=domain)
    written = prompt_format(domain, tokenizer, data)
    chunks = functools.partial(_chunks, examples, prompts, domain)
    fingerprint = _fingerprint(chunks(), len(examples), written, data, block_tokens=_BLOCK_TOKENS if stream else 0)
    directory = Path(data.cache_dir).expanduser() / "rows" / fingerprint[:32]
    notes = []
    if directory.exists():
        cached = _read(directory, fingerprint)
        if cached is not None:
            return _with_name(cached, examples)
        notes.append(f"cached rows in {directory} were damaged: made again")
    if not examples:
        raise UserError("there are no examples to pack: config.data.train or config.data.validation gave none")
    counts = _Counts()
    blocks = _encode(chunks(), written, data, counts, _BLOCK_TOKENS if stream else math.inf)
    try:
        _make(directory, fingerprint, blocks, counts, tokenizer, data, len(examples), on_disk=stream)
    except OSError as error:
        why = error.strerror or error
        raise UserError(f"cannot write packed rows to {directory} ({why}): free space there, or set config.data.cache_dir to another directory") from None
    made = _read(directory, fingerprint)
    if made is None:
        raise UserError(f"packed rows written to {directory} cannot be read back: the disk is damaged or full; set config.data.cache_dir to another directory")
    made = _with_name(made, examples)
    return dataclasses.replace(made, report=dataclasses.replace(made.report, notes=(*notes, *made.report.notes)))


def _with_name(rows: PackedRows, examples: Sequence[Example]) -> PackedRows:
    """The first example that was too long is named by where it lies now: the same rows may come from another file."""
    n = rows.report.first_too_long
    if n < 0:
        return rows
    note = f"the first example longer than a row: {example_name(examples[n], n + 1).removeprefix('example ')} (config.data.over_length)"
    return dataclasses.replace(rows, report=dataclasses.replace(rows.report, notes=(*rows.report.notes, note)))


def _chunks(examples: Sequence[Example], prompts: Sequence[str] | None, domain: Domain) -> Iterator[tuple[int, Sequence[Example], Sequence[str]]]:
    """(number of the first, examples, their prompts), some thousands at once."""
    if prompts is not None:
        for first in range(0, len(examples), _ENCODE_EXAMPLES):
            some = slice(first, first + _ENCODE_EXAMPLES)
            yield first, examples[some], prompts[some]
        return
    first, rest = 0, iter(examples)
    while chunk := list(itertools.islice(rest, _ENCODE_EXAMPLES)):
        yield first, chunk, prompt_texts(chunk, domain=domain, first=first + 1)
        first += len(chunk)


def _encode(chunks: Iterator[tuple[int, Sequence[Example], Sequence[str]]], written: PromptFormat, data: DataConfig, counts: _Counts, block_tokens: float) -> Iterator[Pieces]:
    """Pieces of about `block_tokens` tokens, one after the other. Adds to `counts`."""
    block = _Block()
    for first, examples, prompts in chunks:
        block.ids.append(np.array(_encode_chunk(first, examples, prompts, written, data, counts, block), np.int32))
        block.tokens += len(block.ids[-1])
        if block.tokens >= block_tokens:
            yield block.pieces()
            block = _Block()
    if block.ids:
        yield block.pieces()


@dataclasses.dataclass
class _Block:
    """Pieces that are being collected."""

    ids: list[np.ndarray] = dataclasses.field(default_factory=list)
    lengths: list[int] = dataclasses.field(default_factory=list)
    prompts: list[int] = dataclasses.field(default_factory=list)
    target_bytes: list[int] = dataclasses.field(default_factory=list)
    tokens: int = 0

    def pieces(self) -> Pieces:
        lengths = np.array(self.lengths, np.int64)
        starts = np.cumsum(lengths + 1) - (lengths + 1)
        prompts, target_bytes = np.array(self.prompts, np.int64), np.array(self.target_bytes, np.int64)
        return Pieces(ids=np.concatenate(self.ids), starts=starts, lengths=lengths, prompts=prompts, target_bytes=target_bytes)


def _encode_chunk(first: int, examples: Sequence[Example], prompts: Sequence[str], written: PromptFormat, data: DataConfig, counts: _Counts, block: _Block) -> list[int]:
    """The tokens of some examples, all in one list; what else is known of their pieces is added to `block`."""
    capacity, tokenizer = data.sequence_length, written.tokenizer
    flat: list[int] = []
    for i, (example, text, encoded) in enumerate(zip(examples, prompts, _encoded(first, examples, prompts, written), strict=True), first):
        prompt, answer = encoded.prompt, encoded.answer
        length = len(prompt) + len(answer) - 1
        if length > capacity:
            if not text:
                counts.split += 1
                tokens = prompt + answer
                for at in range(0, length, capacity):
                    window = tokens[at : at + capacity + 1]
                    flat += window
                    block.lengths.append(len(window) - 1)
                    block.prompts.append(0)
                    block.target_bytes.append(tokenizer.count_bytes(window[1:]))
                continue
            if data.over_length == "error":
                fix = f"set config.data.sequence_length={length} or more, or config.data.over_length='drop'"
                raise UserError(f"{example_name(example, i + 1)} has {length + 1} tokens: {fix}")
            if counts.first_too_long < 0:
                counts.first_too_long = i
            room = capacity + 1 - len(answer)
            if data.over_length == "drop" or room < 2:
                counts.dropped += 1
                continue
            counts.truncated += 1
            prompt = cut_middle(prompt, room)
            length = capacity
        flat += prompt
        flat += answer
        block.lengths.append(length)
        block.prompts.append(len(prompt) - 1)
        block.target_bytes.append(len(example.response.encode()) + (tokenizer.count_bytes(prompt) if data.prompt_loss_weight == 1 else 0))
    return flat


def _encoded(first: int, examples: Sequence[Example], prompts: Sequence[str], written: PromptFormat) -> list[EncodedExample]:
    """Raises UserError, naming the example, for one that the tokenizer or its chat template refuses."""
    parts = (prompts, [example.response for example in examples], [example.history for example in examples])
    try:
        return written.encode(*parts)
    except UserError:
        for number, (example, *part) in enumerate(zip(examples, *parts, strict=True), first + 1):
            try:
                written.encode(*([value] for value in part))
            except UserError as error:
                raise UserError(f"{example_name(example, number)}: {error}") from None
        raise


def cut_middle(ids: list[int], length: int) -> list[int]:
    """`ids` without its middle, so that `length` remain: the first half (rounded up) and the last."""
    if len(ids) <= length:
        return ids
    head = (length + 1) // 2
    return ids[:head] + ids[len(ids) - (length - head) :]


# --- cache ---


def _fingerprint(chunks: Iterator[tuple[int, Sequence[Example], Sequence[str]]], count: int, written: PromptFormat, data: DataConfig, *, block_tokens: int) -> str:
    settings = [_FORMAT, written.tokenizer.fingerprint, data.sequence_length, data.prompt_loss_weight, data.over_length, count]
    if written.chat:
        settings += ["chat", written.system]
    if block_tokens:
        settings += ["blocks", block_tokens]
    content = hashlib.sha256(json.dumps(settings).encode())
    for _, examples, prompts in chunks:
        for prompt, example in zip(prompts, examples, strict=True):
            for text in (prompt, example.response):
                encoded = text.encode("utf-8", "surrogatepass")
                content.update(len(encoded).to_bytes(8, "little"))
                content.update(encoded)
            if example.history:
                content.update(_HISTORY + json.dumps([(message["role"], message["content"]) for message in example.history]).encode())
    return content.hexdigest()


def _make(directory: Path, fingerprint: str, blocks: Iterator[Pieces], counts: _Counts, tokenizer: Tokenizer, data: DataConfig, examples: int, *, on_disk: bool) -> None:
    """Write rows and report beside `directory`, then move them there in one step: no reader ever sees half of them. Raises OSError, UserError.

    K is known once all blocks are laid out; until they are written, they wait in memory or, `on_disk`, in files.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".making-", dir=directory.parent))
    try:
        waiting: list[Laid | Path] = []
        rows = tokens = most = answer_bytes = 0
        for pieces in blocks:
            if not len(pieces.lengths):
                continue
            laid = lay_out(pieces, data)
            rows, tokens, most = rows + laid.rows, tokens + int(pieces.lengths.sum()), max(most, laid.loss_slots)
            answer_bytes += int(pieces.target_bytes.sum())
            if on_disk:
                laid.save(temporary / f"{len(waiting)}.npz")
            waiting.append(temporary / f"{len(waiting)}.npz" if on_disk else laid)
        if not waiting:
            raise UserError(f"none of the {examples} examples fits in a row of config.data.sequence_length={data.sequence_length} tokens: write a larger one")
        if not answer_bytes:
            raise UserError(f"all labels are masked: none of the {examples} examples has a token of an answer to learn; write answers in config.data.response_column")
        slots = -(-most // SLOT_MULTIPLE) * SLOT_MULTIPLE
        _write(temporary / _ROWS_FILE, waiting, slots=slots, pad_id=tokenizer.pad_id, data=data)
        fill = tokens / (rows * data.sequence_length)
        report = PackReport(
            examples=examples,
            rows=rows,
            tokens=tokens,
            fill_share=fill,
            loss_slots=slots,
            first_too_long=counts.first_too_long,
            notes=_notes(counts.words, examples, data),
            **counts.words,
        )
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


def _write(file: Path, waiting: Sequence[Laid | Path], *, slots: int, pad_id: int, data: DataConfig) -> None:
    import pyarrow as pa

    writer = None
    with open(file, "wb") as stream:
        for item in waiting:
            laid = item
            if isinstance(item, Path):
                laid = Laid.load(item)
                item.unlink()
            for block in row_blocks(laid, slots=slots, pad_id=pad_id, data=data):
                arrays = {name: pa.FixedSizeListArray.from_arrays(pa.array(v.reshape(-1)), v.shape[1]) if v.ndim == 2 else pa.array(v) for name, v in block.items()}
                batch = pa.RecordBatch.from_pydict(arrays)
                writer = writer or pa.ipc.new_stream(stream, batch.schema)
                writer.write_batch(batch)
        writer.close()


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
        while block := stream.read(1 << 20):
            value = zlib.crc32(block, value)
    return value
