"""A price-tracking agent: a text from a shop, an e-mail, a chat or a receipt, and a watch rule, to one JSON object: item, price, currency, date, alert.

texts.py and make.py write texts with the answer known by construction, read.py reads them back by rules of its own, score.py judges answers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from slm_jax.config import Config
from slm_jax.domains.base import Example, Score, Splits, Table
from slm_jax.domains.instruct import DOMAIN as INSTRUCT
from slm_jax.errors import UserError


class PricesDomain:
    name = "prices"
    symbols: Sequence[str] = ("\nJSON:",)
    judged = True

    def splits(self, config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
        """Made examples, or those of the user's files with their own validation; the user's answers are checked against the schema. Raises UserError."""
        if config.data.train:
            for path in filter(None, (config.data.train, config.data.validation)):
                _check(path, config)
            return INSTRUCT.splits(config, progress=progress)
        from slm_jax.domains.prices.make import make_examples

        made = make_examples(config, progress=progress)
        if config.data.validation:
            return dataclasses.replace(made, evaluation={"validation": _check(config.data.validation, config), **made.evaluation})
        return made

    def prompt(self, instruction: str, table: Table | None = None) -> str:
        """The rule and the text, and the mark that the answer follows. Raises UserError for an empty text and for a table."""
        if not isinstance(instruction, str) or not instruction.strip():
            raise UserError("the instruction is empty: write a rule and a text, such as 'Rule: alert me below 50 EUR' and, on the next line, 'Desk lamp, now 45,00 EUR'")
        if table is not None:
            raise UserError("the prices domain reads no table: write its rows into the instruction, as text")
        return f"{instruction.strip()}\nJSON:"

    def score(self, examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None) -> Score:
        from slm_jax.domains.prices.score import score

        return score(examples, predictions)


def _check(path: str, config: Config) -> list[Example]:
    """The rows of a file. Raises UserError naming the first one whose response does not fit the schema."""
    from slm_jax.data.sources import read_examples
    from slm_jax.domains.prices.score import SAMPLE, parse_answer

    examples = read_examples(path, config.data)
    for example in examples:
        error = parse_answer(example.response).problem
        if error:
            raise UserError(f"{example.where}: the response {example.response[:60]!r} is no answer ({error}): write one like {SAMPLE}")
    return examples


DOMAIN = PricesDomain()
