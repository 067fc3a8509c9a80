"""Short texts to one or two sentences that keep the facts; judged by ROUGE-L, by the facts that are named, and by length.

reports.py makes texts from facts, score.py judges summaries.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from slm_jax.config import Config
from slm_jax.domains.base import Example, Score, Splits, Table
from slm_jax.errors import UserError


class SummaryDomain:
    name = "summary"
    symbols: Sequence[str] = ()
    judged = True

    def splits(self, config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
        """Made examples, or those of the user's files with their own validation. Raises UserError."""
        data = config.data
        if not data.train:
            from slm_jax.domains.summary.reports import make_examples

            made = make_examples(config, progress=progress)
            if not data.validation:
                return made
            return dataclasses.replace(made, evaluation={"validation": _read(data.validation, config), **made.evaluation})
        from slm_jax.data.sources import split_by_content, without_held_out

        progress("reading examples", 0, 1)
        train, notes = _read(data.train, config), []
        if data.validation:
            validation = _read(data.validation, config)
            disjoint = without_held_out(train, validation)
            if not disjoint.train:
                raise UserError(f"every instruction of config.data.train={data.train} is in config.data.validation={data.validation} too: write two different files")
            if disjoint.dropped:
                notes.append(f"{disjoint.dropped:,} of {len(train):,} training examples left out, as their instructions are in {data.validation} too")
            train = disjoint.train
        else:
            split = split_by_content(train, share=data.validation_share)
            train, validation = split.train, split.validation
            notes.append(f"{len(validation):,} examples held out for validation, by content (config.data.validation_share={data.validation_share})")
        progress("reading examples", 1, 1)
        return Splits(train=train, evaluation={"validation": validation}, notes=notes)

    def prompt(self, instruction: str, table: Table | None = None) -> str:
        """The instruction, which holds the text that is to be summarized. Raises UserError for an empty one, and for a table."""
        if not isinstance(instruction, str) or not instruction.strip():
            raise UserError("the instruction is empty: write what is asked and the text, as: Summarize: The meeting ...")
        if table is not None:
            raise UserError("a model of the summary domain reads no table: write the text alone")
        return instruction

    def score(self, examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None) -> Score:
        from slm_jax.domains.summary.score import score

        return score(examples, predictions, progress=progress)


def _read(path: str, config: Config) -> list[Example]:
    """The rows of a file. Column "facts", if there is one: what a summary must name, as a list or as lines of one text. Raises UserError for the first bad row."""
    from slm_jax.data.sources import read_rows

    examples = []
    for row in read_rows(path, config.data):
        problem, facts = row.problem, row.fields.get("facts")
        if not problem and facts is not None and not isinstance(facts, str) and not (isinstance(facts, list) and all(isinstance(fact, str) for fact in facts)):
            problem = 'the facts are not text: write a list of texts, as ["Ann Lee", "42"]'
        if problem:
            raise UserError(f"{row.where}: {problem}")
        listed = facts if isinstance(facts, str) else "\n".join(facts or ())
        examples.append(dataclasses.replace(row.example, tags={**row.example.tags, "facts": listed}) if listed.strip() else row.example)
    return examples


DOMAIN = SummaryDomain()
