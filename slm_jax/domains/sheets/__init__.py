"""Google Sheets formulas: an instruction, with or without a table, to the formula in Sheets' dialect; judged by meaning, and by running where an engine can.

kinds.py says what is asked and how, make.py makes examples, dialect.py and query.py read formulas, excel_view.py translates for the engines, score.py judges.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from slm_jax.config import Config
from slm_jax.domains.base import Example, Score, Splits, Table
from slm_jax.domains.excel import prompt as prompts
from slm_jax.domains.instruct import DOMAIN as INSTRUCT


class SheetsDomain:
    name = "sheets"
    symbols: Sequence[str] = prompts.SYMBOLS
    judged = True

    def splits(self, config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
        """Made examples, or those of the user's files with their own validation; the user's rows are checked as formulas. Raises UserError."""
        if config.data.train:
            for path in filter(None, (config.data.train, config.data.validation)):
                _check(path, config)
            return INSTRUCT.splits(config, progress=progress)
        from slm_jax.domains.sheets.make import make_examples

        made = make_examples(config, progress=progress)
        if config.data.validation:
            return dataclasses.replace(made, evaluation={"validation": _check(config.data.validation, config), **made.evaluation})
        return made

    def prompt(self, instruction: str, table: Table | None = None) -> str:
        """As in the excel domain, with headers and texts of the table marked by their columns' letters. Raises UserError."""
        return prompts.write_prompt(instruction, table)

    def score(self, examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None) -> Score:
        from slm_jax.domains.sheets.score import score

        return score(examples, predictions, workers=workers, progress=progress)


def _check(path: str, config: Config) -> list[Example]:
    """The rows of a file. Raises UserError naming the first one whose response is no formula of Google Sheets."""
    from slm_jax.data.sources import read_examples
    from slm_jax.domains.sheets.dialect import syntax_error
    from slm_jax.errors import UserError

    examples = read_examples(path, config.data)
    for example in examples:
        error = syntax_error(example.response)
        if error:
            raise UserError(f"{example.where}: {example.response[:60]!r} is not a Google Sheets formula ({error}): write one that starts with = and parses")
    return examples


DOMAIN = SheetsDomain()
