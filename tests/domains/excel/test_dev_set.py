"""The hand-written development set keeps its promises: its size and spread, and references that both spreadsheet engines can run."""

import datetime
import json
import pathlib
import re
from collections import Counter

import cellrune
import formualizer
import formulon
import pytest

PATH = pathlib.Path(__file__).parents[2] / "data" / "excel_dev.jsonl"
ROWS = [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]
REGISTERS = {"imperative", "question", "telegraphic", "narrative"}
EPOCH = datetime.date(1899, 12, 30)  # day 0 of Excel's calendar
NOW = 46037.0  # 2026-01-15, so that TODAY() is the same in both engines


def cell(value):
    """A table's cell as the engines hold it: dates are serial numbers."""
    return (datetime.date.fromisoformat(value["date"]) - EPOCH).days if isinstance(value, dict) else value


def run_formulon(table, formula):
    workbook = formulon.Workbook.create_default()
    workbook.set_pinned_now(2026, 1, 15)
    for r, row in enumerate(table):
        for c, value in enumerate(map(cell, row)):
            if isinstance(value, str):
                workbook.set_text(0, r, c, value)
            elif value is not None:
                workbook.set_number(0, r, c, float(value))
    workbook.recalc()
    result = workbook.evaluate_formula_array(0, 1, 25, formula)  # as if written in Z2
    assert not [v for row in result for v in row if v.kind.name == "ERROR"], f"formulon: {formula} is an error"
    return [[v.to_python() for v in row] for row in result]


def run_cellrune(table, formula, shape):
    workbook = cellrune.Workbook.create()

    def typed(value):
        if value is None:
            return {"kind": "blank"}
        return {"kind": "text", "value": value} if isinstance(value, str) else {"kind": "number", "value": float(value)}

    workbook.write_values("Sheet1", "A1", [[typed(cell(v)) for v in row] for row in table])
    corners = f"{chr(ord('Z') - shape[1] + 1)}2", f"Z{1 + shape[0]}"  # a block of the result's shape that ends in column Z
    workbook.set_formula("Sheet1", corners[0], formula, dynamic_range=":".join(corners))
    workbook.calculate(today_serial=NOW, now_serial=NOW, random_seed=1)
    result = workbook.read_values("Sheet1", *corners)
    assert not [v for row in result for v in row if v["kind"] in ("error", "unavailable")], f"cellrune: {formula} gives {result}"
    return [[v.get("value") for v in row] for row in result]


def column_letters(formula):
    """The columns that a formula names, its strings and function names left out."""
    letters = set()
    for token in formualizer.tokenize(formula):
        if str(token.token_type) == "Operand" and str(token.subtype).endswith("Range"):
            reference = token.value.rpartition("!")[2].replace("$", "")
            letters.update(re.findall(r"[A-Z]{1,3}(?=\d|:|$)", reference))
    return letters


def test_size_and_spread():
    assert len(ROWS) == 300
    assert [row["id"] for row in ROWS] == [f"dev-{k:03d}" for k in range(1, 301)]
    assert len({" ".join(row["instruction"].lower().split()) for row in ROWS}) == 300
    registers = Counter(row["register"] for row in ROWS)
    assert set(registers) == REGISTERS and all(65 <= n <= 85 for n in registers.values()), registers
    assert sum("table" in row for row in ROWS) >= 95
    assert len({row["kind"] for row in ROWS}) >= 30


def test_fields():
    for row in ROWS:
        assert set(row) - {"table"} == {"id", "instruction", "formula", "register", "kind"}, row["id"]
        assert row["instruction"] == row["instruction"].strip() and row["instruction"].isprintable(), row["id"]


def test_formulas_parse():
    for row in ROWS:
        assert row["formula"].startswith("="), row["id"]
        formualizer.parse(row["formula"])  # raises ParserError
        assert column_letters(row["formula"]) or "TODAY" in row["formula"], row["id"]  # never a constant


def test_tables_are_sheets():
    for row in ROWS:
        if "table" not in row:
            continue
        header, *data = row["table"]
        assert 3 <= len(data) <= 8 and {len(line) for line in row["table"]} == {len(header)}, row["id"]
        assert isinstance(header[0], str) and isinstance(header[1], str), row["id"]
        for value in (v for line in row["table"] for v in line):
            assert value is None or type(value) in (str, int, float) or (set(value) == {"date"} and cell(value) > 0), row["id"]


def test_words_alone_name_the_columns():
    for row in ROWS:
        if "table" in row:
            continue
        words = re.sub(r"\b(a|I)\b", " ", row["instruction"]).upper()  # the article and the pronoun name no column
        said = set(re.findall(r"(?<![A-Z])[A-Z]{1,3}(?![A-Z])", words))
        assert column_letters(row["formula"]) <= said, row["id"]


@pytest.mark.parametrize("row", [row for row in ROWS if "table" in row], ids=lambda row: row["id"])
def test_both_engines_agree(row):
    first = run_formulon(row["table"], row["formula"])
    second = run_cellrune(row["table"], row["formula"], (len(first), len(first[0])))
    for a, b in zip(sum(first, []), sum(second, []), strict=True):
        assert b == (pytest.approx(a, rel=1e-9) if isinstance(a, float) else a)
