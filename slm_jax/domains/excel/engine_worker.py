"""formulon, and the process that it runs in. Started by `engine.Engine` as `python -m slm_jax.domains.excel.engine_worker`, talking over its standard input.

formulon is WebAssembly with no directory and no socket granted, so a formula reaches no file and no network. What it may still do is run long, take memory,
or trap; a trap spoils the instance for good. Hence the process: the engine kills it and starts another. Private names of formulon are used where marked; its
version is pinned and the contract test covers them.
"""

from __future__ import annotations

import io
import re
import signal
import sys
import zipfile
from collections.abc import Mapping
from multiprocessing.connection import Connection
from xml.sax.saxutils import escape, quoteattr

import wasmtime

from slm_jax.domains.excel import formula as formulas
from slm_jax.domains.excel.cells import letters
from slm_jax.domains.excel.engine import ERRORS, MAX_CELLS

NOW = (2026, 1, 15)  # what TODAY and NOW say
MAX_TEXT = 2_000_000  # characters in one result
VOLATILE = frozenset(("RAND", "RANDBETWEEN", "RANDARRAY"))  # no seed can be set: no value to compare
SIZED = frozenset(("SEQUENCE", "MAKEARRAY", "REPT", "EXPAND", "WRAPROWS", "WRAPCOLS"))  # beyond its own limits formulon gives 0 or cuts text, in silence

_SCRATCH = (1_048_575, 16_383)  # the last cell of a sheet, where a formula is parsed
_CHECKED: dict[str, str | None] = {}  # what is wrong with each formula met: the same one is run on many sheets
_NOT_XML = re.compile("[\x00-\x1f\ufffe\uffff\ud800-\udfff]|_x")  # what XML or its spreadsheet dialect would change


def _compile_once() -> None:
    """Let wasmtime keep compiled modules in its cache directory: a start takes 0.2 s instead of 3 s.

    formulon makes its engine without a configuration, so the default is changed while it does.
    """
    make = wasmtime.Engine

    def cached(config: wasmtime.Config | None = None) -> wasmtime.Engine:
        config = config or wasmtime.Config()
        try:
            config.cache = True
        except wasmtime.WasmtimeError:  # no directory to write to: slower, nothing else
            config = wasmtime.Config()
        return make(config)

    wasmtime.Engine = cached
    try:
        formulon.LIB.store  # noqa: B018  (makes the engine)
    finally:
        wasmtime.Engine = make


import formulon  # noqa: E402

_compile_once()


class Book:
    """A workbook loaded into formulon. Sheets are {name: rows of plain cells}; the first one is where formulas stand."""

    def __init__(self, sheets: Mapping[str, list[list[str | float | bool | None]]]):
        data, rest = _xlsx(sheets)
        self._book = formulon.Workbook.load(data)
        self._book.set_pinned_now(*NOW)
        for sheet, row, column, text in rest:
            try:
                if text.startswith("="):
                    self._book.set_formula(sheet, row, column, text)
                else:
                    self._book.set_text(sheet, row, column, text)
            except formulon.FormulonError:
                self._book.set_text(sheet, row, column, text)
        if rest:
            self._book.recalc()

    def close(self) -> None:
        self._book.close()

    def syntax_error(self, formula: str) -> str | None:
        """The strict check: formualizer's grammar, formulon's, known functions, their number of arguments (known for 330 of 526)."""
        if formula not in _CHECKED:
            if len(_CHECKED) >= 10_000:
                _CHECKED.clear()
            _CHECKED[formula] = formulas.syntax_error(formula) or self._refusal(formula)
        return _CHECKED[formula]

    def _refusal(self, formula: str) -> str | None:
        try:
            self._book.set_formula(0, *_SCRATCH, formula)
        except formulon.FormulonError as error:
            if poisoned():
                raise
            return error.message or str(error)
        self._book.set_blank(0, *_SCRATCH)
        for name, count in formulas.calls(formula):
            known = formulon.Workbook.function_metadata(name)
            if known is None:
                return f"unknown function {name}"
            if count < known.min_arity or (known.max_arity is not None and count > known.max_arity):
                return f"{name} with {count} arguments"
        return None

    def evaluate(self, formula: str, row: int, column: int) -> tuple[str, list[list] | None, str]:
        """(kind, value, detail) of the formula as if it stood at 1-based row and column of the first sheet; nothing is written. Raises FormulonError on a trap."""
        formula = formula.strip()
        reason = self.syntax_error(formula)
        if reason:
            return "syntax", None, reason
        used = set(formulas.functions(formula))
        if used & VOLATILE:
            return "unsupported", None, "a random function has no value to compare"
        if used & SIZED and any(isinstance(value, float) and abs(value) > 1e5 for value in formulas.literals(formula)):
            return "too_big", None, "asks for more than 100,000 of something"
        # Private: evaluates into a buffer and gives its size. The public call would decode every cell first, for minutes where a million cells spill.
        rows, columns = self._book._stash_formula_array(0, row - 1, column - 1, formula)
        if rows * columns > MAX_CELLS:
            return "too_big", None, f"{rows} x {columns} cells"
        return self._read(rows, columns)

    def _read(self, rows: int, columns: int) -> tuple[str, list[list] | None, str]:
        lib, handle, room = formulon.LIB, self._book._handle, MAX_TEXT  # private, as above
        at = lib.alloc(16)
        try:
            value = []
            for row in range(rows):
                value.append([])
                for column in range(columns):
                    status = lib.fm_workbook_evaluate_formula_array_cell(handle, row * columns + column, at)
                    if status:
                        raise formulon.FormulonError(status, op="evaluate")
                    cell = formulon.Value._from_wasm(at)
                    cell = ERRORS[cell.error_code] if cell.kind == formulon.ValueKind.ERROR else cell.to_python()
                    if isinstance(cell, formulon.Value):  # a bare LAMBDA: Excel says #CALC!
                        cell = "#CALC!"
                    elif isinstance(cell, str):
                        room -= len(cell)
                        if room < 0:
                            return "too_big", None, f"more than {MAX_TEXT} characters"
                    value[-1].append(cell)
                    if rows == columns == 1 and isinstance(cell, str) and cell in ERRORS and lib.read_i32(at) != formulon.ValueKind.TEXT:
                        return "error", value, cell
            return "value", value, ""
        finally:
            lib.free(at)


def poisoned() -> bool:
    """Whether formulon trapped in this process; every later call fails then."""
    return formulon.LIB._poison_message is not None


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_OPEN = "http://schemas.openxmlformats.org/"
_MAIN, _RELS = f"{_OPEN}spreadsheetml/2006/main", f"{_OPEN}officeDocument/2006/relationships"


def _xlsx(sheets: Mapping[str, list[list]]) -> tuple[bytes, list[tuple[int, int, int, str]]]:
    """The smallest .xlsx file that holds the values, and the (sheet, row, column, text) cells that must be set by a call: formulas, and text that XML would change.

    Reading a file costs formulon 4 us a cell; a call for each cell, 80 us.
    """
    parts, rest = {}, []
    names, links, types = [], [], []
    for index, (name, table) in enumerate(sheets.items()):
        number = index + 1
        lines = []
        for row, cells in enumerate(table):
            line = []
            for column, cell in enumerate(cells):
                at = f"{letters(column + 1)}{row + 1}"
                if cell is None:
                    continue
                if isinstance(cell, bool):
                    line.append(f'<c r="{at}" t="b"><v>{int(cell)}</v></c>')
                elif cell in ERRORS:
                    line.append(f'<c r="{at}" t="e"><v>{cell}</v></c>')
                elif isinstance(cell, float):
                    line.append(f'<c r="{at}"><v>{cell!r}</v></c>')
                elif (cell.startswith("=") and len(cell) > 1) or _NOT_XML.search(cell):
                    rest.append((index, row, column, cell.replace("\0", "").encode("utf-8", "replace").decode()))
                else:
                    line.append(f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>')
            if line:
                lines.append(f'<row r="{row + 1}">{"".join(line)}</row>')
        parts[f"xl/worksheets/sheet{number}.xml"] = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
        names.append(f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>')
        links.append(f'<Relationship Id="rId{number}" Type="{_RELS}/worksheet" Target="worksheets/sheet{number}.xml"/>')
        types.append(f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>')
    package = f"{_OPEN}package/2006"
    parts["[Content_Types].xml"] = (
        f'{_HEAD}<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{"".join(types)}</Types>'
    )
    root = f'<Relationship Id="rId1" Type="{_RELS}/officeDocument" Target="xl/workbook.xml"/>'
    parts["_rels/.rels"] = f'{_HEAD}<Relationships xmlns="{package}/relationships">{root}</Relationships>'
    parts["xl/workbook.xml"] = f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}"><sheets>{"".join(names)}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = f'{_HEAD}<Relationships xmlns="{package}/relationships">{"".join(links)}</Relationships>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in parts.items():
            archive.writestr(path, text)
    return buffer.getvalue(), rest


def serve(pipe: Connection) -> None:
    """Answer (sheets, formulas, (row, column), seconds a formula, MiB) with one (kind, value, detail) a formula.

    Ends when the other side is gone, after a trap, and when memory is used up.
    """
    while True:
        try:
            sheets, texts, cell, seconds, mebibytes = pipe.recv()
        except EOFError:
            return
        formulon.LIB.store.set_limits(memory_size=mebibytes << 20)
        book = None
        for text in texts:
            # Should the engine that started this process be gone, nobody else would end an endless formula.
            signal.setitimer(signal.ITIMER_REAL, 2 * seconds + 10)
            try:
                book = book or Book(sheets)
                answer = book.evaluate(text, *cell)
            except (formulon.FormulonError, MemoryError) as error:
                answer = "crash", None, str(error).splitlines()[0][:200]
            signal.setitimer(signal.ITIMER_REAL, 0)
            # WebAssembly memory never shrinks.
            leave = poisoned() or formulon.LIB.memory.data_len(formulon.LIB.store) > mebibytes << 19
            pipe.send((answer, leave))
            if leave:
                return
        if book is not None:
            book.close()


if __name__ == "__main__":
    serve(Connection(sys.stdin.fileno()))
