"""Is the answer right? By running it: an answer counts when it gives the reference's value on every one of several sheets.

The sheets are made from the reference (and its table) alone, see sample_sheets. An answer that is the reference in another spelling counts without being run.
"""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import os
import threading
from collections.abc import Callable, Mapping, Sequence

from slm_jax.domains.base import Example, Score
from slm_jax.domains.excel import formula as formulas
from slm_jax.domains.excel.engine import Engine, same_value
from slm_jax.domains.excel.sample_sheets import judging_samples
from slm_jax.errors import UserError

SHEETS = 4  # at least so many sheets for an answer that is run
ERRORS = ("syntax", "function", "criterion", "reference", "literal", "other")

_OPERATORS = ("<>", ">=", "<=", ">", "<", "=")
_SWEEP = str.maketrans({operator: "=" for operator in "<>"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Verdict:
    executed: bool
    exact: bool
    parses: bool
    error: str = ""
    detail: str = ""


def score(
    examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None
) -> Score:
    """Rates of answers that are right when run ("executed"), the reference up to spelling ("exact"), and formulas at all ("parses").

    Each row: executed, exact, parses, error ("" or one of ERRORS), detail. Whatever a prediction holds, it is judged and nothing is raised.
    workers: engine processes, 0 = one a core; the result does not depend on it. Raises UserError where the lengths differ, or a reference is no formula.
    """
    if len(examples) != len(predictions):
        raise UserError(f"{len(examples)} examples but {len(predictions)} predictions: give one prediction for each example")
    for number, example in enumerate(examples, 1):
        reason = formulas.syntax_error(example.response)
        if reason:
            raise UserError(f"example {example.id or number}: the response {example.response[:80]!r} is no formula ({reason}); write one like =SUM(A:A)")
    engines = _Engines()
    rows: list[Mapping | None] = [None] * len(examples)
    try:
        with concurrent.futures.ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            waiting = {pool.submit(_judge, example, prediction, engines): index for index, (example, prediction) in enumerate(zip(examples, predictions, strict=True))}
            for done, future in enumerate(concurrent.futures.as_completed(waiting), 1):
                rows[waiting[future]] = dataclasses.asdict(future.result())
                if progress is not None:
                    progress("running formulas", done, len(rows))
    finally:
        engines.close()
    count = max(1, len(rows))
    rates = {name: sum(row[name] for row in rows) / count for name in ("executed", "exact", "parses")}
    return Score(n=len(rows), rates=rates, errors=dict(collections.Counter(row["error"] for row in rows if row["error"])), rows=rows)


class _Engines:
    """One engine, and so one process, for each thread that asks."""

    def __init__(self):
        self._local, self._all = threading.local(), []

    def mine(self) -> Engine:
        if not hasattr(self._local, "engine"):
            self._local.engine = Engine()
            self._all.append(self._local.engine)
        return self._local.engine

    def close(self) -> None:
        for engine in self._all:
            engine.close()


def _judge(example: Example, prediction: str, engines: _Engines) -> _Verdict:
    reference = example.response
    reason = formulas.syntax_error(prediction)
    if reason:
        return _Verdict(executed=False, exact=False, parses=False, error="syntax", detail=reason)
    if formulas.canonical(reference) == formulas.canonical(prediction):
        return _Verdict(executed=True, exact=True, parses=True)
    engine = engines.mine()
    wrong = error_class(reference, prediction)
    values, by_design = [], []
    for sample in judging_samples(reference, example.table, count=SHEETS, evaluate=engine.run):
        outcome = engine.run(sample.sheets, [prediction])[0]
        if outcome.kind == "syntax":
            return _Verdict(executed=False, exact=False, parses=False, error="syntax", detail=outcome.detail)
        same = same_value(outcome, sample.outcome)
        if sample.outcome.kind == "value":
            values.append(sample.outcome)
            if not same:
                detail = f"sheet {len(values)}: {_shown(outcome)} instead of {_shown(sample.outcome)}"
                return _Verdict(executed=False, exact=False, parses=True, error=wrong, detail=detail)
        else:
            by_design.append(same)
    if not values and by_design and all(by_design):  # an error everywhere: the reference is one by design
        return _Verdict(executed=True, exact=False, parses=True)
    constant = all(same_value(values[0], value) for value in values)
    moving = formulas.references(reference) or set(formulas.functions(reference)) & {"ROW", "COLUMN"}
    if len(values) < SHEETS or constant and moving and not _same_material(reference, prediction):
        return _Verdict(executed=False, exact=False, parses=True, error=wrong, detail="the reference's value does not vary enough to tell by running")
    return _Verdict(executed=True, exact=False, parses=True)


def _same_material(reference: str, prediction: str) -> bool:
    """Whether two formulas read the same places, name the same constants and call the same functions, in any order."""
    return all(set(part(reference)) == set(part(prediction)) for part in (formulas.references, formulas.literals, formulas.functions))


def _shown(outcome) -> str:
    text = outcome.kind if outcome.value is None else repr(outcome.value[0][0]) if len(outcome.value) == len(outcome.value[0]) == 1 else repr(outcome.value)
    return text if len(text) <= 60 else text[:57] + "..."


def error_class(reference: str, prediction: str) -> str:
    """What first sets a wrong answer apart from the reference: one of ERRORS."""
    if formulas.syntax_error(prediction):
        return "syntax"
    if set(formulas.functions(reference)) != set(formulas.functions(prediction)):
        return "function"
    ours, theirs = formulas.skeleton(reference), formulas.skeleton(prediction)
    if ours != theirs:
        return "criterion" if _operators(reference) != _operators(prediction) and _blunt(ours) == _blunt(theirs) else "other"
    if formulas.references(reference) != formulas.references(prediction):
        return "reference"
    if _operators(reference) != _operators(prediction):
        return "criterion"
    return "literal" if formulas.literals(reference) != formulas.literals(prediction) else "other"


def _operators(formula: str) -> list[str]:
    """The comparisons of a formula, those at the head of criterion texts among them."""
    found = []
    for node in formulas.nodes(formulas.tree(formula)):
        if node["node_type"] == "BinaryOp" and node["operator"] in _OPERATORS:
            found.append(node["operator"])
        elif node["node_type"] == "Literal" and isinstance(node["value"], str):
            found.append(next((operator for operator in _OPERATORS if node["value"].startswith(operator)), ""))
    return found


def _blunt(skeleton: str) -> str:
    """A skeleton in which all comparisons look alike."""
    return skeleton.replace("<>", "=").replace(">=", "=").replace("<=", "=").translate(_SWEEP)
