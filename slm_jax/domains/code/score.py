"""Is the answer right? By running it on unit tests, in the sandbox."""

from __future__ import annotations

import ast
import collections
import concurrent.futures
import os
import re
import threading
from collections.abc import Callable, Sequence

from slm_jax.domains.base import Example, Score
from slm_jax.domains.code.sandbox import Outcome, Sandbox, read_tests
from slm_jax.errors import UserError

ERRORS = ("empty", "syntax", "missing", "wrong", "raised", "timeout", "memory", "exit", "output", "crash")
_FENCE = re.compile(r"```[ \t]*(?:python3?|py)?[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL | re.IGNORECASE)


def score(examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None) -> Score:
    """Rates of answers that pass all their unit tests ("passes"), are Python at all ("parses"), and are the reference, blanks at line ends aside ("exact").

    Where an example has no tests, an answer passes if its syntax tree is the reference's. Of a chat's answer the first fenced block counts, if there is one.
    Each row: passes, parses, exact, error ("" or one of ERRORS), detail. Whatever a prediction holds, it is judged and nothing is raised.
    workers: processes that run answers, 0 = one a core. Raises UserError where the lengths differ, or tests are no tests.
    """
    if len(examples) != len(predictions):
        raise UserError(f"{len(examples)} examples but {len(predictions)} predictions: give one prediction for each example")
    answers = [code_of(prediction) for prediction in predictions]
    tests = [example.tags.get("tests", "") for example in examples]
    for number, (example, text) in enumerate(zip(examples, tests, strict=True), 1):
        try:
            read_tests(text or "assert True")
        except UserError as error:
            raise UserError(f"{example.where or f'example {example.id or number}'}: {error}") from None
    outcomes = run_answers(answers, tests, workers=workers, progress=(lambda done, total: progress("running answers", done, total)) if progress else None)
    rows = []
    for example, answer, outcome in zip(examples, answers, outcomes, strict=True):
        exact, error, detail = _lines(answer) == _lines(example.response), outcome.error, outcome.detail
        if not error and "tests" not in example.tags and not (exact or _same_code(answer, example.response)):
            error, detail = "wrong", "not the reference's code, and there are no tests to run it on"
        rows.append({"passes": not error, "parses": outcome.parses, "exact": exact, "error": error, "detail": detail})
    count = max(1, len(rows))
    rates = {name: sum(row[name] for row in rows) / count for name in ("passes", "parses", "exact")}
    return Score(n=len(rows), rates=rates, errors=dict(collections.Counter(row["error"] for row in rows if row["error"])), rows=rows)


def code_of(prediction: str) -> str:
    """The program in an answer: its first fenced block, or all of it."""
    fenced = _FENCE.search(prediction)
    return fenced[1] if fenced else prediction


def run_answers(answers: Sequence[str], tests: Sequence[str], *, workers: int = 0, progress: Callable[[int, int], None] | None = None) -> list[Outcome]:
    """What came of each answer under its tests (text; empty = it must only parse and load). Raises UserError for tests that are none."""
    read = {text: read_tests(text) if text else [] for text in set(tests)}
    sandboxes = _Sandboxes()
    outcomes: list[Outcome | None] = [None] * len(answers)

    def run(index: int) -> None:
        if answers[index].strip():
            outcomes[index] = sandboxes.mine().run(answers[index], read[tests[index]])
        else:
            outcomes[index] = Outcome(parses=False, error="empty", detail="no answer")

    try:
        with concurrent.futures.ThreadPoolExecutor(min(workers or os.cpu_count() or 1, max(1, len(answers)))) as pool:
            for done, future in enumerate(concurrent.futures.as_completed([pool.submit(run, index) for index in range(len(answers))]), 1):
                future.result()
                if progress is not None:
                    progress(done, len(answers))
    finally:
        sandboxes.close()
    return outcomes


class _Sandboxes:
    """One sandbox, and so one process, for each thread that asks."""

    def __init__(self):
        self._local, self._all = threading.local(), []

    def mine(self) -> Sandbox:
        if not hasattr(self._local, "sandbox"):
            self._local.sandbox = Sandbox()
            self._all.append(self._local.sandbox)
        return self._local.sandbox

    def close(self) -> None:
        for sandbox in self._all:
            sandbox.close()


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _same_code(answer: str, reference: str) -> bool:
    """Only called for an answer that the sandbox compiled."""
    try:
        return ast.dump(ast.parse(answer)) == ast.dump(ast.parse(reference))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
