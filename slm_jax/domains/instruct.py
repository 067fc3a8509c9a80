"""Any question with its right answer, from the user's own file. An answer is right if it is the expected one, blanks at its ends aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slm_jax.config import Config
from slm_jax.data.sources import read_examples, split_by_content, without_held_out
from slm_jax.domains.base import Example, Score, Splits, Table
from slm_jax.errors import UserError


class InstructDomain:
    name = "instruct"
    symbols: Sequence[str] = ()
    judged = True

    def splits(self, config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
        """Examples of `config.data.train`, and of `config.data.validation` or a slice of them by content. Raises UserError."""
        data = config.data
        if not data.train:
            raise UserError("config.data.train is empty, and the instruct domain has no examples of its own: write the path of a JSONL, CSV or Parquet file")
        progress("reading examples", 0, 1)
        train = read_examples(data.train, data)
        notes = []
        if data.validation:
            validation = read_examples(data.validation, data)
            disjoint = without_held_out(train, validation)
            if not disjoint.train:
                raise UserError(f"every instruction of config.data.train={data.train} is in config.data.validation={data.validation} too: write two different files")
            if disjoint.dropped:
                notes.append(f"{disjoint.dropped:,} of {len(train):,} training examples left out, as their instructions are in {data.validation} too")
            train = disjoint.train
        else:
            split = split_by_content(train, share=data.validation_share)
            train, validation = split.train, split.validation
            share = f"config.data.validation_share={data.validation_share}"
            notes.append(f"{len(validation):,} of {len(train) + len(validation):,} examples held out for validation, by content ({share})")
        progress("reading examples", 1, 1)
        return Splits(train=train, evaluation={"validation": validation}, notes=notes)

    def prompt(self, instruction: str, table: Table | None = None) -> str:
        """The instruction, and below it the table, a row a line, cells between tabs. Raises UserError for an empty instruction."""
        if not isinstance(instruction, str) or not instruction.strip():
            raise UserError("the instruction is empty: write what is asked")
        if not table:
            return instruction
        return instruction + "\n\n" + "\n".join("\t".join(_cell(value) for value in row) for row in table)

    def score(self, examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None) -> Score:
        rows = [_judge(example.response, prediction) for example, prediction in zip(examples, predictions, strict=True)]
        errors: dict[str, int] = {}
        for row in rows:
            if row["error"]:
                errors[row["error"]] = errors.get(row["error"], 0) + 1
        n = len(rows)
        return Score(n=n, rates={"exact": sum(row["exact"] for row in rows) / n if n else 0.0}, errors=errors, rows=rows)


def _judge(expected: str, prediction: str) -> dict:
    exact = prediction.strip() == expected.strip()
    return {"exact": exact, "error": "" if exact else "empty answer" if not prediction.strip() else "another answer"}


def _cell(value: object) -> str:
    return "" if value is None else str(value["date"]) if isinstance(value, dict) else str(value)


DOMAIN = InstructDomain()
