"""Is a Google Sheets formula right? If it is the reference in another spelling, or gives the reference's values on sample sheets where an engine can run both."""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence

from slm_jax.domains.base import Example, Score
from slm_jax.domains.excel import formula as formulas
from slm_jax.domains.sheets import dialect
from slm_jax.domains.sheets.excel_view import to_excel
from slm_jax.errors import UserError

ERRORS = ("syntax", "function", "range", "query", "literal", "other")


def score(
    examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None
) -> Score:
    """Rates of answers that mean the reference ("correct"), are its text but for blanks at the ends ("exact"), and are formulas of Google Sheets ("parses").

    Each row: correct, exact, parses, executed (correct only when run), error ("" or one of ERRORS), detail. Whatever a prediction holds, nothing is raised.
    workers: as in the excel domain's score. Raises UserError where the lengths differ, or a reference is no formula.
    """
    if len(examples) != len(predictions):
        raise UserError(f"{len(examples)} examples but {len(predictions)} predictions: give one prediction for each example")
    for number, example in enumerate(examples, 1):
        reason = dialect.syntax_error(example.response)
        if reason:
            raise UserError(f"example {example.id or number}: the response {example.response[:80]!r} is no Google Sheets formula ({reason}); write one like =UNIQUE(A2:A)")
    rows = []
    for done, (example, prediction) in enumerate(zip(examples, predictions, strict=True), 1):
        rows.append(_read(example.response, prediction))
        if progress is not None:
            progress("comparing formulas", done, len(examples))
    waiting = []
    for index, (example, prediction) in enumerate(zip(examples, predictions, strict=True)):
        if rows[index]["parses"] and not rows[index]["correct"]:
            ours, theirs = to_excel(example.response), to_excel(prediction)
            if ours and theirs and formulas.references(ours):
                waiting.append((index, ours, theirs))
    _run(rows, waiting, workers, progress)
    count = max(1, len(rows))
    rates = {name: sum(row[name] for row in rows) / count for name in ("correct", "exact", "parses")}
    return Score(n=len(rows), rates=rates, errors=dict(collections.Counter(row["error"] for row in rows if row["error"])), rows=rows)


def _read(reference: str, prediction: str) -> dict:
    reason = dialect.syntax_error(prediction)
    correct = reason is None and dialect.canonical(reference) == dialect.canonical(prediction)
    error = "" if correct else error_class(reference, prediction)
    return {"correct": correct, "exact": prediction.strip() == reference.strip(), "parses": reason is None, "executed": False, "error": error, "detail": reason or ""}


def _run(rows: list[dict], waiting: list[tuple[int, str, str]], workers: int, progress) -> None:
    """Marks the answers that give their references' values in the engine."""
    if not waiting:
        return
    from slm_jax.domains.excel.engine import Engine
    from slm_jax.domains.excel.sample_sheets import judging_samples
    from slm_jax.domains.excel.score import score as run

    judged = run([Example(instruction="run", response=ours) for _, ours, _ in waiting], [theirs for _, _, theirs in waiting], workers=workers, progress=progress)
    with Engine() as engine:
        for (index, ours, _), row in zip(waiting, judged.rows, strict=True):
            # Two errors are one result to the engine's judge. Here they tell nothing: the sample sheets may just not hold what a pattern looks for.
            if row["executed"] and any(sample.outcome.kind == "value" for sample in judging_samples(ours, evaluate=engine.run)):
                rows[index] |= {"correct": True, "executed": True, "error": ""}
            else:
                rows[index]["detail"] = row["detail"] or "the reference has no value on the sample sheets"


def error_class(reference: str, prediction: str) -> str:
    """What first sets a wrong answer apart from the reference: one of ERRORS."""
    if dialect.syntax_error(prediction):
        return "syntax"
    ours, theirs = dialect.parts(reference), dialect.parts(prediction)
    if sorted(ours.functions) != sorted(theirs.functions):
        return "function"
    if ours.ranges != theirs.ranges:
        return "range"
    if ours.queries != theirs.queries:
        return "query"
    return "literal" if ours.literals != theirs.literals else "other"
