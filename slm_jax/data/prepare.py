"""Examples, tokenizer and rows of a run, in the order in which they depend on each other."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from slm_jax.config import Config
from slm_jax.data.packing import PackedRows, pack
from slm_jax.data.prompts import prompt_text, prompt_texts
from slm_jax.data.streams import ExampleStream
from slm_jax.data.tokenizer import Tokenizer, load_tokenizer, train_tokenizer
from slm_jax.domains.base import Domain, Example, Splits

Progress = Callable[[str, int, int], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prepared:
    splits: Splits
    tokenizer: Tokenizer
    rows: PackedRows  # of splits.train
    notes: tuple[str, ...]  # lines for the start page


def prepare(config: Config, *, domain: Domain, tokenizer_directory: Path, given: Tokenizer | None, progress: Progress) -> Prepared:
    """All that a run needs before its model.

    The tokenizer is the one in `tokenizer_directory` where an earlier start left it, else `given` (that of the model the run begins with), else a new one of the training
    texts; it is saved there. Raises UserError.
    """
    splits = domain.splits(config, progress=progress)
    prompts = None if isinstance(splits.train, ExampleStream) else prompt_texts(splits.train, domain=domain)
    notes: Sequence[str] = ()
    if tokenizer_directory.exists():
        tokenizer = load_tokenizer(tokenizer_directory)
    else:
        if given is not None:
            tokenizer, notes = given, ["tokenizer: that of config.model.init_from"]
        else:
            progress("training the tokenizer", 0, 1)
            texts = _texts(splits.train, prompts, domain=domain, most=config.tokenizer.train_lines)
            trained = train_tokenizer(texts, config=config.tokenizer, symbols=domain.symbols)
            tokenizer, notes = trained.tokenizer, trained.notes
            progress("training the tokenizer", 1, 1)
        tokenizer.save(tokenizer_directory)
    progress("packing rows", 0, 1)
    rows = pack(splits.train, domain=domain, tokenizer=tokenizer, data=config.data, prompts=prompts)
    progress("packing rows", 1, 1)
    return Prepared(splits=splits, tokenizer=tokenizer, rows=rows, notes=(*splits.notes, *notes, *rows.report.notes))


def _texts(examples: Sequence[Example], prompts: Sequence[str] | None, *, domain: Domain, most: int) -> list[str]:
    """What a tokenizer is trained on: all texts; of a stream, `most` of them, drawn evenly with a fixed seed (Vitter 1985, algorithm R)."""
    if prompts is not None:
        return [_text(prompt, example) for prompt, example in zip(prompts, examples, strict=True)]
    rest, chance = iter(examples), random.Random(0)
    drawn = list(itertools.islice(rest, most))
    for n, example in enumerate(rest, len(drawn) + 1):
        place = chance.randrange(n)
        if place < most:
            drawn[place] = example
    return [_text(prompt_text(domain, example.instruction, example.table), example) for example in drawn]


def _text(prompt: str, example: Example) -> str:
    return "".join([*(f"{message['role']}:\n{message['content']}\n\n" for message in example.history), prompt, example.response])
