"""The one door to the spreadsheet engines: what value has this formula on these sheets?

`Engine` runs formulon in a process of its own, with a time limit, a memory limit and restarts: nothing that a model writes can hang or end the caller.
`evaluate_trusted` is formulon in this process, for formulas of our own making. `cross_check` is a second, independent engine (cellrune, native, with hard
limits of its own). The contract is `tests/data/engine_cases.jsonl`.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from slm_jax.domains.base import Table
from slm_jax.domains.excel.cells import letters
from slm_jax.domains.excel.formula import syntax_error
from slm_jax.errors import UserError

FORMULA_CELL = (2, 702)  # ZZ2: a formula stands in the first data row, right of any data
MAX_CELLS = 20_000  # largest spilled result that is read
TODAY = 46_037.0  # serial day of 2026-01-15, the pinned clock of both engines

_START_SECONDS = 60.0  # the first start on a machine compiles for some seconds
ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!")  # by formulon's code

_EPOCH = datetime.date(1899, 12, 30)
_CELL_CHARACTERS = 32_767  # Excel's limit
_SHEET_NAME = re.compile(r"[^:/\\?*\[\]\x00-\x1f\ud800-\udfff]{1,31}")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a formula.

    kind: "value"; "error" (the whole result is one error value); "syntax" (not a formula); "unsupported" (the engine refuses it); "timeout"; "crash";
      "too_big" (spills over too many cells).
    value: rows of cells, [[x]] for a single one: float, str, bool, None, and errors as "#N/A"; None where there is no value.
    detail: the reason, in words.
    """

    kind: str
    value: list[list] | None = None
    detail: str = ""


class Engine:
    """formulon in a process of its own, started when first needed. A context manager; `close` ends the process.

    timeout_seconds: for each formula. memory_mb: hard limit of the engine's memory; past half of it the process is renewed.
    """

    def __init__(self, timeout_seconds: float = 5.0, memory_mb: int = 800):
        self._timeout_seconds, self._memory_mb = timeout_seconds, memory_mb
        self._process: subprocess.Popen | None = None
        self._pipe: Connection | None = None

    def run(self, sheets: Table | Mapping[str, Table], formulas: Sequence[str], *, cell: tuple[int, int] = FORMULA_CELL) -> list[Outcome]:
        """An outcome for each formula, as if it alone stood in `cell` (1-based row, column) of the first sheet. A table alone is "Sheet1".

        Raises UserError for a sheet that cannot be one; never for a formula.
        """
        sheets = _book(sheets)
        outcomes: list[Outcome] = []
        while len(outcomes) < len(formulas):
            waiting = list(formulas[len(outcomes) :])
            fresh = self._process is None
            try:
                if fresh:
                    self._start()
                self._pipe.send((sheets, waiting, cell, self._timeout_seconds, self._memory_mb))
            except OSError:  # the process ended between two calls
                self.close()
                if fresh:
                    outcomes.append(Outcome("crash", detail="the engine's process does not start"))
                continue
            for _ in waiting:
                outcome, ended = self._receive(_START_SECONDS if fresh else self._timeout_seconds)
                fresh = False
                outcomes.append(outcome)
                if ended:
                    self.close()
                    break
        return outcomes

    def _receive(self, seconds: float) -> tuple[Outcome, bool]:
        try:
            if not self._pipe.poll(seconds):
                return Outcome("timeout", detail=f"no result within {self._timeout_seconds:g} s"), True
            answer, ended = self._pipe.recv()
            return Outcome(*answer), ended
        except (EOFError, OSError):
            return Outcome("crash", detail="the engine's process ended"), True

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parents[3])
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
        # Not multiprocessing: its spawn would import the caller's main module, and with it JAX, again.
        command = [sys.executable, "-m", "slm_jax.domains.excel.engine_worker"]
        self._process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        theirs.close()
        self._pipe = Connection(ours.detach())

    def close(self) -> None:
        if self._process is not None:
            self._pipe.close()
            self._process.kill()
            self._process.wait()
            self._process = self._pipe = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def evaluate_trusted(sheets: Table | Mapping[str, Table], formulas: Sequence[str], *, cell: tuple[int, int] = FORMULA_CELL) -> list[Outcome]:
    """As `Engine.run`, in this process, without limits of time and memory: only for formulas of our own making.

    Raises RuntimeError when the engine breaks down, for then it does so for good.
    """
    from slm_jax.domains.excel import engine_worker

    book = engine_worker.Book(_book(sheets))
    outcomes = []
    for text in formulas:
        try:
            outcomes.append(Outcome(*book.evaluate(text, *cell)))
        except Exception as error:
            if engine_worker.poisoned():
                raise RuntimeError(f"the spreadsheet engine broke down on {text[:200]!r}; use Engine for formulas that are not trusted") from error
            outcomes.append(Outcome("crash", detail=str(error)[:200]))
    book.close()
    return outcomes


def cross_check(
    sheets: Table | Mapping[str, Table], formulas: Sequence[str], *, like: Sequence[Outcome] | None = None, cell: tuple[int, int] = FORMULA_CELL
) -> list[Outcome]:
    """As `Engine.run`, by the second engine, in this process: it has hard limits.

    `like`, the first engine's outcomes, spares it the question how far each result spills.
    """
    book = _Second(_book(sheets))
    return [book.evaluate(text, like[index].value if like else None, *cell) for index, text in enumerate(formulas)]


class _Second:
    """A workbook in cellrune."""

    def __init__(self, sheets: Mapping[str, Table]):
        import cellrune

        self._refusal = cellrune.CellRuneError
        self._book = cellrune.Workbook.create()
        self._first = next(iter(sheets))
        for index, (name, table) in enumerate(sheets.items()):
            if index:
                self._book.add_sheet(name)
            elif name != "Sheet1":
                self._book.rename_sheet("Sheet1", name)
            width, inner = max(map(len, table), default=0), []
            rows = []
            for row, cells in enumerate(table, 1):
                rows.append([{"kind": "blank"}] * width)
                for column, value in enumerate(cells):
                    if isinstance(value, str) and value.startswith("=") and len(value) > 1:
                        inner.append((f"{letters(column + 1)}{row}", value))
                    elif value is not None:
                        kind = "logical" if isinstance(value, bool) else "number" if isinstance(value, float) else "error" if value in ERRORS else "text"
                        rows[-1][column] = {"kind": kind, "value": value}
            if width:
                self._book.write_values(name, "A1", rows)
            for at, text in inner:
                self._book.set_formula(name, at, text)

    def evaluate(self, text: str, like: list[list] | None, row: int, column: int) -> Outcome:
        text = text.strip()
        reason = syntax_error(text)
        if reason:
            return Outcome("syntax", detail=reason)
        try:
            rows, columns = (len(like), len(like[0])) if like else (1, 1)
            value = self._calculate(text, row, column, rows, columns)
            if value[0][0] == "#SPILL!":  # a result of several cells must be given exactly its shape
                rows, columns = (self._calculate(f"={name}({text[1:]})", row, column, 1, 1)[0][0] for name in ("ROWS", "COLUMNS"))
                if not (isinstance(rows, float) and isinstance(columns, float)):
                    return Outcome("unsupported", detail="the second engine cannot tell how far the result spills")
                if rows * columns > MAX_CELLS:
                    return Outcome("too_big", detail=f"{rows:g} x {columns:g} cells")
                value = self._calculate(text, row, column, int(rows), int(columns))
        except self._refusal as error:
            return Outcome("unsupported", detail=str(error)[:200])
        refused = next((item.detail for line in value for item in line if isinstance(item, Outcome)), None)
        if refused is not None:
            return Outcome("unsupported", detail=refused)
        if len(value) == len(value[0]) == 1 and self._is_error:
            return Outcome("error", value, value[0][0])
        return Outcome("value", value)

    def _calculate(self, text: str, row: int, column: int, rows: int, columns: int) -> list[list]:
        first, last = f"{letters(column)}{row}", f"{letters(column + columns - 1)}{row + rows - 1}"
        self._book.clear_cell(self._first, first)
        self._book.set_formula(self._first, first, text, dynamic_range=f"{first}:{last}")  # today's semantics: arrays spill
        self._book.calculate(today_serial=TODAY, now_serial=TODAY, random_seed=1)
        cells = self._book.read_values(self._first, first, last)
        self._is_error = cells[0][0]["kind"] == "error"
        return [[Outcome("unsupported", detail=cell["code"]) if cell["kind"] == "unavailable" else cell.get("value") for cell in line] for line in cells]


def same_value(a: Outcome, b: Outcome) -> bool:
    """Whether two outcomes are one result: both values or both errors, of one shape, cell by cell.

    Numbers agree to 1 part in 10^9, text by case, a logical is no number, "" equals a blank.
    """
    if a.kind != b.kind or a.kind not in ("value", "error") or len(a.value) != len(b.value):
        return False
    return all(len(x) == len(y) and all(map(_same_cell, x, y)) for x, y in zip(a.value, b.value, strict=True))


def _same_cell(x: object, y: object) -> bool:
    x, y = ("" if x is None else x), ("" if y is None else y)
    if isinstance(x, bool) or isinstance(y, bool):
        return x is y
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12)
    return x == y


def plain_cell(value: object) -> str | float | bool | None:
    """A cell of a Table as text, number (a date as its serial day), logical, or None for a blank. Raises ValueError for what no cell can hold.

    As when typed into a cell, text that spells an error value is one, and text that starts with = is a formula.
    """
    if isinstance(value, dict) and set(value) == {"date"}:
        value = datetime.date.fromisoformat(str(value["date"])[:10])
    if isinstance(value, datetime.date):
        return float((datetime.date(value.year, value.month, value.day) - _EPOCH).days)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    if isinstance(value, str):
        return value[:_CELL_CHARACTERS] or None
    raise ValueError(f"{value!r} is not a text, a number, a logical, null or {{'date': 'YYYY-MM-DD'}}")


def _book(sheets: Table | Mapping[str, Table]) -> dict[str, list[list]]:
    """{name: rows of plain cells}. Raises UserError."""
    book = {}
    for name, table in (sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}).items():
        if not _SHEET_NAME.fullmatch(name):
            raise UserError(f"sheet {name!r}: write a name of 1 to 31 characters without : / \\ ? * [ ]")
        book[name] = []
        for row, cells in enumerate(table, 1):
            try:
                book[name].append([plain_cell(cell) for cell in cells])
            except (ValueError, TypeError) as error:
                raise UserError(f"row {row} of table {name!r}: {error}") from None
    if not book:
        raise UserError("a workbook has no sheet: write at least one table")
    return book
