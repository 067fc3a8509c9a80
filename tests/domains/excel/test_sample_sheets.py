"""The sheets that formulas are judged on: pure, fitting what the formula asks for, and changed where a table is given."""

import os
import subprocess
import sys

import pytest

from slm_jax.domains.excel.engine import Engine, same_value
from slm_jax.domains.excel.sample_mutants import mutants
from slm_jax.domains.excel.sample_places import Area, parse_area
from slm_jax.domains.excel.sample_roles import Roles
from slm_jax.domains.excel.sample_sheets import judging_samples, sheets_for

TABLE = [["Date", "Region", "Units", "Paid"], *([{"date": f"2024-03-{day:02}"}, ("North", "South", "East")[day % 3], 10 * day, day % 2 == 0] for day in range(1, 10))]


@pytest.fixture(scope="module")
def engine():
    with Engine() as engine:
        yield engine


def column(sheet, number):
    return [row[number - 1] for row in sheet[1:]]


def test_a_pure_function_of_its_arguments():
    formula = '=IFERROR(SUMIFS(E:E,B:B,"North",C:C,">=50")/COUNTIF(H2:H9,A2),"none")'
    program = f"from slm_jax.domains.excel.sample_sheets import sheets_for; print(repr(sheets_for({formula!r}, count=6)))"
    texts = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")
    }
    assert texts == {repr(sheets_for(formula, count=6)) + "\n"}
    assert sheets_for(formula, seed=1) != sheets_for(formula, seed=0)


def test_what_the_formula_asks_for_is_there():
    sheets = sheets_for('=SUMIFS(E:E,B:B,"North",C:C,">=50",D:D,"<"&DATE(2024,4,1))', count=4)
    for sheet in sheets:
        texts = [str(value) for value in column(sheet, 2)]
        assert "north" in {text.casefold() for text in texts} and len(set(texts)) > 2  # the text itself, and others
        numbers = [value for value in column(sheet, 3) if isinstance(value, float)]
        assert min(numbers) < 50 <= max(numbers)
        days = [value for value in column(sheet, 4) if isinstance(value, float)]
        assert all(day == int(day) for day in days) and min(days) < 45_383 <= max(days)
        assert column(sheet, 5) != column(sheet, 6)
    assert any(50 in column(sheet, 3) for sheet in sheets)  # the limit itself


@pytest.mark.parametrize(
    "formula, cell, kind",
    [
        ("=YEAR(A2)", (2, 1), "date"),
        ('=TEXT(A2,"mmm yyyy")', (2, 1), "date"),
        ("=HOUR(A2)", (2, 1), "time"),
        ("=LEFT(A2,3)", (2, 1), "text"),
        ('=A2&" "&B2', (2, 2), "text"),
        ("=B2*1.2", (2, 2), "number"),
        ("=AND(A2,B2)", (2, 1), "logical"),
        ("=VALUE(A2)", (2, 1), "number_text"),
        ("=LET(x,B2,YEAR(x))", (2, 2), "date"),
        ("=IF(C2>DATE(2024,1,1),1,0)", (2, 3), "date"),
    ],
)
def test_kinds_by_role(formula, cell, kind):
    row, number = cell
    assert Roles(formula).group(("", number, row)).kind == kind


@pytest.mark.parametrize(
    "formula",
    ["=VLOOKUP(H1,A:C,2,FALSE)", "=INDEX(C:C,MATCH(H1,A:A,0))", "=XLOOKUP(H1,A:A,C:C)", "=SUMIF(A:A,H1,C:C)", "=COUNTIF(A2:A13,H1)", "=SUM(FILTER(C2:C13,A2:A13=H1))"],
)
def test_a_key_that_is_looked_up_is_mostly_there(formula):
    found = [sheet[0][7] in column(sheet, 1) for sheet in sheets_for(formula, count=12)]
    assert 6 <= sum(found) < 12


def test_other_sheets_are_made_too(engine):
    samples = list(judging_samples("=VLOOKUP(A2,'Price list'!A:B,2,FALSE)", evaluate=engine.run))
    assert all(list(sample.sheets) == ["Sheet1", "PRICE LIST"] and sample.outcome.kind == "value" for sample in samples)


def test_a_table_keeps_its_shape_and_is_the_first_sheet(engine):
    formula = '=SUMIF(B:B,"North",C:C)'
    sheets = sheets_for(formula, TABLE, evaluate=engine.run)
    assert sheets[0] == TABLE and len(sheets) >= 4
    for sheet in sheets[1:]:
        assert sheet[0] == TABLE[0] and len(sheet) == len(TABLE) and all(len(row) == 4 for row in sheet)
        assert column(sheet, 3) != column(TABLE, 3)
        assert {value for value in column(sheet, 2) if value} <= {"North", "South", "East", "elsewhere"} | set(map(str, column(sheet, 2)))
    assert TABLE[1] == [{"date": "2024-03-01"}, "South", 10, False]  # not changed in place


def test_on_some_sheets_what_is_not_read_is_an_error():
    sheets = sheets_for("=SUM(B2:B5)+D7", count=2)
    assert sheets[1][2][2] == sheets[1][5][1] == sheets[1][5][3] == "#N/A"  # C3, B6, D6
    assert "#N/A" not in [sheets[1][row][1] for row in range(1, 5)] and sheets[1][6][3] != "#N/A"


@pytest.mark.parametrize("formula", ["=A1048576", "=XFD1", "=SUM(A1:XFD1048576)", "=SUM(XFD:XFD)", "=SUM(Table1[x])", "={1,2}", "=1+1", "=SUM(1:1)", "=A2:A5000"])
def test_odd_references_make_sheets_of_ordinary_size(formula):
    for sheet in sheets_for(formula, count=3):
        assert len(sheet) <= 2002 and max(map(len, sheet)) <= 121


def test_samples_vary_and_carry_the_outcome(engine):
    samples = list(judging_samples('=IF(B4>20,"Pass","Fail")', evaluate=engine.run))
    assert {sample.outcome.value[0][0] for sample in samples} == {"Pass", "Fail"}
    assert all(same_value(engine.run(sample.sheets, ['=IF(B4>20,"Pass","Fail")'])[0], sample.outcome) for sample in samples)


def test_an_error_by_design_keeps_its_sheets(engine):
    samples = list(judging_samples("=NA()", evaluate=engine.run))
    assert len(samples) >= 4 and all(sample.outcome.value == [["#N/A"]] for sample in samples)


def test_places():
    assert parse_area("$b$4:A2") == Area("", 1, 2, 2, 4)
    assert parse_area("'Q1 x'!C:C") == Area("Q1 X", 3, 1, 3, 0)
    assert parse_area("3:4") == Area("", 1, 3, 0, 4)
    assert parse_area("E5") == Area("", 5, 5, 5, 5)
    assert parse_area("nowhere") is parse_area("XFE") is parse_area("Table1[x]") is None


def test_mutants():
    made = mutants('=IF(B2>=50,"x",SUM(C:C))')
    assert {'=IF(C2>=50,"x",SUM(C:C))', '=IF(B2>50,"x",SUM(C:C))', '=IF(B2>=51,"x",SUM(C:C))', '=IF(B2>=50,"xs",SUM(C:C))'} <= set(made)
    assert {'=IF(B2>=50,"x",SUM(D:D))', '=IF(B2>=50,"x",MAX(C:C))', '=IF(B3>=50,"x",SUM(C:C))'} <= set(made)
    assert mutants("no formula") == []
