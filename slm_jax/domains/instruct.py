"""Any question with its right answer, and any chat, from the user's own data. An answer is right if it is the expected one, blanks at its ends aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slm_jax.config import Config
from slm_jax.data.corpus import load_splits
from slm_jax.domains.base import Example, Score, Splits, Table
from slm_jax.errors import UserError


class InstructDomain:
    name = "instruct"
    symbols: Sequence[str] = ()
    judged = True

    def splits(self, config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
        """Examples of `config.data.train` or `config.data.mixture`, and of `config.data.validation` or a slice of them by content (data/corpus.py). Raises UserError."""
        if not config.data.train and not config.data.mixture:
            raise UserError("config.data.train is empty, and the instruct domain has no examples of its own: write the path of a JSONL, CSV or Parquet file")
        return load_splits(config, progress=progress)

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
