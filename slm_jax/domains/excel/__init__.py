"""Spreadsheet formulas: an instruction, with or without a table, to the formula that does it; judged by running it.

forge.py makes examples (kinds/ say what is asked and how, world.py makes the sheets, engine.py runs the formulas), prompt.py writes a prompt, score.py judges answers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from slm_jax.config import Config
from slm_jax.domains.base import Example, Score, Splits, Table
from slm_jax.domains.excel import prompt as prompts


class ExcelDomain:
    name = "excel"
    symbols: Sequence[str] = prompts.SYMBOLS
    judged = True

    def splits(self, config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
        """Made examples, or those of the user's files with their own validation; the user's rows are checked as formulas. Raises UserError."""
        if not config.data.train:
            from slm_jax.domains.excel.forge import make_examples

            made = make_examples(config, progress=progress)
            if config.data.validation:
                return dataclasses.replace(made, evaluation={"validation": _read(config.data.validation, config), **made.evaluation})
            return made
        from slm_jax.data.sources import split_by_content, without_held_out

        progress("reading examples", 0, 1)
        train = _read(config.data.train, config)
        if config.data.validation:
            validation = _read(config.data.validation, config)
            disjoint = without_held_out(train, validation)
            notes = [f"{disjoint.dropped:,} of {len(train):,} training examples left out, as their instructions are in {config.data.validation} too"] if disjoint.dropped else []
            train = disjoint.train
        else:
            split = split_by_content(train, share=config.data.validation_share)
            train, validation = split.train, split.validation
            notes = [f"{len(validation):,} examples held out for validation, by content (config.data.validation_share={config.data.validation_share})"]
        progress("reading examples", 1, 1)
        return Splits(train=train, evaluation={"validation": validation}, notes=notes)

    def prompt(self, instruction: str, table: Table | None = None) -> str:
        return prompts.write_prompt(instruction, table)

    def score(self, examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None) -> Score:
        from slm_jax.domains.excel.score import score

        return score(examples, predictions, workers=workers, progress=progress)


def _read(path: str, config: Config) -> list[Example]:
    """The rows of a file, each with a formula that parses. Raises UserError naming the first row that has none."""
    from slm_jax.data.sources import read_rows
    from slm_jax.domains.excel.formula import syntax_error
    from slm_jax.errors import UserError

    examples = []
    for row in read_rows(path, config.data):
        problem = row.problem
        if not problem:
            formula = row.example.response
            error = syntax_error(formula)
            problem = f"{formula[:60]!r} is not a formula ({error}): write one that starts with = and parses" if error else ""
        if problem:
            raise UserError(f"{path} line {row.line}: {problem}")
        examples.append(row.example)
    return examples


DOMAIN = ExcelDomain()
