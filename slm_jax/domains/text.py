"""Plain text: pre-training on the user's own documents. There is no question and no score; the validation loss in bits per byte is the measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slm_jax.config import Config
from slm_jax.data.sources import read_texts, split_by_content, without_held_out
from slm_jax.domains.base import Example, Score, Splits, Table
from slm_jax.errors import UserError


class TextDomain:
    name = "text"
    symbols: Sequence[str] = ()
    judged = False

    def splits(self, config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
        """Documents of `config.data.train` (a file or a pattern), and of `config.data.validation` or a slice of them by content. Raises UserError."""
        data = config.data
        if not data.train:
            what = "the path of a .txt or .jsonl file, or a pattern like 'books/*.txt'"
            raise UserError(f"config.data.train is empty, and the text domain has no examples of its own: write {what}")
        stages = 2 if data.validation else 1
        progress("reading documents", 0, stages)
        train = [Example(instruction="", response=text) for text in read_texts(data.train, data)]
        notes = []
        if data.validation:
            progress("reading documents", 1, stages)
            validation = [Example(instruction="", response=text) for text in read_texts(data.validation, data)]
            disjoint = without_held_out(train, validation)
            if not disjoint.train:
                raise UserError(f"every document of config.data.train={data.train} is in config.data.validation={data.validation} too: write two different files")
            if disjoint.dropped:
                notes.append(f"{disjoint.dropped:,} of {len(train):,} training documents left out, as they are in {data.validation} too")
            train = disjoint.train
        else:
            split = split_by_content(train, share=data.validation_share)
            train, validation = split.train, split.validation
            share = f"config.data.validation_share={data.validation_share}"
            notes.append(f"{len(validation):,} of {len(train) + len(validation):,} documents held out for validation, by content ({share})")
        progress("reading documents", stages, stages)
        return Splits(train=train, evaluation={"validation": validation}, notes=notes)

    def prompt(self, instruction: str, table: Table | None = None) -> str:
        """The text itself, which the model continues. Raises UserError for a table."""
        if table is not None:
            raise UserError("a model of the text domain reads no table: write the text alone")
        return instruction

    def score(self, examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None) -> Score:
        """Nothing to judge: a continuation is not right or wrong. No rates, one empty row an example."""
        return Score(n=len(predictions), rates={}, errors={}, rows=[{} for _ in predictions])


DOMAIN = TextDomain()
