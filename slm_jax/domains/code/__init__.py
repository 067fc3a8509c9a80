"""Small Python functions: an instruction with a signature to the function that does it; judged by unit tests that the model never sees.

tasks.py and tasks_*.py say what is asked and how it is tested, forge.py makes examples of it, score.py judges answers, sandbox.py runs them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from slm_jax.config import Config
from slm_jax.domains.base import Example, Score, Splits, Table
from slm_jax.errors import UserError


class CodeDomain:
    name = "code"
    symbols: Sequence[str] = ()
    judged = True

    def splits(self, config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
        """Made examples, or those of the user's files with their own validation, whose tests are run on their responses. Raises UserError."""
        from slm_jax.domains.code.forge import make_examples, read_file

        data = config.data
        if not data.train:
            made = make_examples(config, progress=progress)
            if not data.validation:
                return made
            validation, notes = read_file(data.validation, config, progress=progress)
            return dataclasses.replace(made, evaluation={"validation": validation, **made.evaluation}, notes=[*made.notes, *notes])
        from slm_jax.data.sources import split_by_content, without_held_out

        train, notes = read_file(data.train, config, progress=progress)
        if data.validation:
            validation, more = read_file(data.validation, config, progress=progress)
            disjoint = without_held_out(train, validation)
            if not disjoint.train:
                raise UserError(f"every instruction of config.data.train={data.train} is in config.data.validation={data.validation} too: write two different files")
            if disjoint.dropped:
                notes.append(f"{disjoint.dropped:,} of {len(train):,} training examples left out, as their instructions are in {data.validation} too")
            train, notes = disjoint.train, notes + more
        else:
            split = split_by_content(train, share=data.validation_share)
            train, validation = split.train, split.validation
            notes.append(f"{len(validation):,} examples held out for validation, by content (config.data.validation_share={data.validation_share})")
        return Splits(train=train, evaluation={"validation": validation}, notes=notes)

    def prompt(self, instruction: str, table: Table | None = None) -> str:
        """The instruction itself. Raises UserError for an empty one, and for a table."""
        if not isinstance(instruction, str) or not instruction.strip():
            raise UserError("the instruction is empty: write what the function does, as: Write a Python function `double(n)` that returns twice `n`.")
        if table is not None:
            raise UserError("a model of the code domain reads no table: write the instruction alone")
        return instruction

    def score(self, examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None) -> Score:
        from slm_jax.domains.code.score import score

        return score(examples, predictions, workers=workers, progress=progress)


DOMAIN = CodeDomain()
