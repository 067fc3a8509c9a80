"""What a run trains on, token by token: `python launch.py --config=... --show_examples=3`. Read back from the packed rows of the first batch, so it is what the step gets."""

from __future__ import annotations

import dataclasses
import itertools
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from slm_jax.config import Config, parse_config
from slm_jax.data.packing import PackedRows
from slm_jax.data.tokenizer import Tokenizer

_DIM, _BOLD, _PLAIN = "\x1b[2m", "\x1b[1;32m", "\x1b[0m"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShownExample:
    """One example of a packed row."""

    row: int  # its number in the set
    segment: int  # its number in the row, from 1
    ids: list[int]
    weights: list[float]  # of each token as a target; the first is never one


def print_examples(config: Config | Mapping, count: int, *, stream: TextIO | None = None) -> None:
    """Print `count` training examples of the first batch with their loss mask, on standard output. Nothing is trained or kept but the cache of rows. Raises UserError."""
    from slm_jax.checkpoints.source import begin_from
    from slm_jax.data.batches import Batches
    from slm_jax.data.prepare import prepare
    from slm_jax.domains import get_domain
    from slm_jax.reporting.progress import progress_bar

    stream = stream or sys.stdout
    config = config if isinstance(config, Config) else parse_config(config)
    with tempfile.TemporaryDirectory() as directory:  # no run begins here, so that another configuration may begin in the run's own
        beginning = begin_from(config, Path(directory))
        config, given = beginning.config, beginning.source.tokenizer if beginning.source else None
        with progress_bar() as progress:
            prepared = prepare(config, domain=get_domain(config.domain), tokenizer_directory=Path(directory) / "tokenizer", given=given, progress=progress)
    order = Batches(prepared.rows, global_batch_size=config.train.global_batch_size, seed=config.seed)
    indices = (row for i in itertools.count() for row in order.row_indices(i))
    rows = list(dict.fromkeys(itertools.islice(indices, max(count, config.train.global_batch_size))))
    for note in (*beginning.notes, *prepared.notes):
        print(note, file=stream)
    colour = hasattr(stream, "isatty") and stream.isatty()
    for n, shown in enumerate(itertools.islice(examples_of_rows(prepared.rows, rows), count), 1):
        print(f"\n{example_page(shown, n, prepared.tokenizer, colour=colour)}", file=stream)


def examples_of_rows(rows: PackedRows, indices: Sequence[int]) -> Iterator[ShownExample]:
    """The first example of each row, then the second of each, and so on."""
    batch = rows.take(indices)
    for segment in range(1, int(batch["segment_ids"].max()) + 1):
        for r, row in enumerate(indices):
            places = np.flatnonzero(batch["segment_ids"][r] == segment)
            if not len(places):
                continue
            due = {int(place): (int(id), float(weight)) for place, id, weight in zip(*(batch[name][r] for name in ("loss_positions", "targets", "weights")), strict=True) if weight}
            ids = batch["tokens"][r][places].tolist()
            weights = [0.0, *(due[place][1] if place in due else 0.0 for place in places.tolist())]
            last = due.get(int(places[-1]))
            yield ShownExample(row=row, segment=segment, ids=ids + [last[0]] * (last is not None), weights=weights if last else weights[:-1])


def example_page(shown: ShownExample, number: int, tokenizer: Tokenizer, *, colour: bool = False) -> str:
    """An example as lines: masked text and trained text, each line of it marked; a line end in the text is written ↵."""
    names = tokenizer.special_texts
    trained = sum(weight > 0 for weight in shown.weights)
    lines = [f"example {number}: row {shown.row}, segment {shown.segment}: {len(shown.ids)} tokens, of which {trained} are trained on"]
    runs = itertools.groupby(zip(shown.ids, shown.weights, strict=True), key=lambda pair: pair[1])
    for weight, pairs in runs:
        mark, style = (f"TRAINED x {weight:g}" if weight != 1 else "TRAINED", _BOLD) if weight else ("masked", _DIM)
        for line in _text([id for id, _ in pairs], tokenizer, names).split("\n"):
            lines.append(f"{style}{mark:>8} | {line}{_PLAIN}" if colour else f"{mark:>8} | {line}")
    targets = [_text([id], tokenizer, names) for id, weight in zip(shown.ids, shown.weights, strict=True) if weight]
    lines.append(f"  labels | {' '.join(repr(text.replace(chr(10), '')) for text in targets)}")
    return "\n".join(lines)


def _text(ids: Sequence[int], tokenizer: Tokenizer, names: Mapping[int, str]) -> str:
    """The text of ids, special ones by name; "↵" and a line end for a line end."""
    known = tokenizer.token_bytes
    parts = [names[id].encode() if id in names else known[id] for id in ids]
    text = b"".join(parts).decode("utf-8", errors="replace").replace("\r", "␍").replace("\n", "↵\n")
    return text.removesuffix("\n") if text.endswith("↵\n") else text
