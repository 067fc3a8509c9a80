"""Formulas as text: what is one, the canonical spelling, the skeleton."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_jax.domains.excel.formula import calls, canonical, functions, literals, references, skeleton, syntax_error, viable_prefix

FORMULAS = [json.loads(line)["formula"] for line in (Path(__file__).parents[2] / "data" / "engine_cases.jsonl").read_text().splitlines()]

BROKEN = ["", "x", "SUM(A1)", "=", "==1", "=SUM(A1", "=SUM(A1))", "=1+", '="a', "=A1 +* 2", "={1,2;3}", "=1e400", "=A\x00", "=\x07", "=\ud800", "=" + "1+" * 5000 + "1"] + [
    "=" + "(" * 100 + "1" + ")" * 100, "=" + "-" * 500 + "1", "=IF(" * 100, "=)", "=(", "=,", "=SUM(1;2)", "=$", "=A$", "=$$A$1", "=1.2.3", "=SUM(A1:$)", "=Data!$"
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_formula(text):
    assert syntax_error(text)
    assert canonical(text) == text.strip() and skeleton(text) == "" and references(text) == literals(text) == functions(text) == []


@pytest.mark.parametrize("text", FORMULAS)
def test_what_is_one(text):
    assert syntax_error(text) is None
    assert canonical(canonical(text)) == canonical(text)
    assert skeleton(canonical(text)) == skeleton(text) != ""


CANONICAL = {
    '= sumif( $b$4:B2 , "No*" ,prices!c:c)+(1.50 * (A1))': '=SUMIF(B2:B4,"No*",PRICES!C:C)+1.5*A1',
    "=_xlfn.XLOOKUP(a1,'Q1 Data'!B:B,$c$1:$C$9,false)": "=XLOOKUP(A1,'Q1 DATA'!B:B,C1:C9,FALSE)",
    "=_xlfn.LET(_xlpm.x,1,_xlpm.x+1)": "=LET(X,1,X+1)",
    "=a1 : a3": "=A1:A3",
    "=D:$b": "=B:D",
    "=9:3": "=3:9",
    "=AA1:Z2": "=Z1:AA2",
    "=SUM (A1)": "=SUM(A1)",
    "=-(2^2)": "=-(2^2)",
    "=(-2)^2": "=-2^2",
    "=2^(3^2)": "=2^(3^2)",
    "=(2^3)^2": "=2^3^2",
    "=a1-(b1-c1)": "=A1-(B1-C1)",
    "=(a1-b1)-c1": "=A1-B1-C1",
    "=(A1%)%": "=A1%%",
    "=(-A1)%": "=(-A1)%",
    "=((A1+B1))*(C1)": "=(A1+B1)*C1",
    '=(A1&B1)="x"': '=A1&B1="x"',
    '=A1&(B1="x")': '=A1&(B1="x")',
    "=IF(a1=(b1>2),1,)": "=IF(A1=(B1>2),1,)",
    "=SUM((A1,B1))": "=SUM((A1,B1))",
    "=(A1:A3 B1:B2)": "=A1:A3 B1:B2",
    "=+a1": "=A1",
    "=true()": "=TRUE",
    "='it''s'!a1": "='IT''S'!A1",
    "='Q1'!a1": "='Q1'!A1",
    "='Data'!a1": "=DATA!A1",
    '={1,"a";TRUE,#N/A}': '={1,"a";TRUE,#N/A}',
    '="a ""b""  c"': '="a ""b""  c"',
    "=1.500": "=1.5",
    "=1e3": "=1000",
    "=@A1:A3+A1#": "=@A1:A3+A1#",
    "=LAMBDA(x,x+1)( 3 )": "=LAMBDA(X,X+1)(3)",
    '="#N/A"': '="#N/A"',
    "=#N/A": "=#N/A",
}


@pytest.mark.parametrize("text, wanted", CANONICAL.items())
def test_canonical(text, wanted):
    assert canonical(text) == wanted
    assert canonical(wanted) == wanted


def test_canonical_keeps_apart_what_differs():
    different = ["=A1-(B1-C1)", "=A1-B1-C1", "=-(2^2)", "=-2^2", '="a"', '="A"', "=A1:B2", "=A1", "=A:A", "=SUM(A1,B1)", "=SUM((A1,B1))", "=A1=B1", "=A1<>B1"]
    different += ["=IF(A1,1)", "=IF(A1,1,)"]
    assert len(set(map(canonical, different))) == len(different)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text(alphabet='=A1B2$:(),"+-*/^&<>%{};!#.@ SUMIF\'', max_size=40).map(lambda text: "=" + text)))
def test_nothing_raises_and_canonical_is_idempotent(text):
    once = canonical(text)
    assert canonical(once) == once
    assert syntax_error(text) is not None or syntax_error(once) is None
    skeleton(text), references(text), literals(text), functions(text), calls(text)


@pytest.mark.parametrize(
    "text, wanted",
    [
        ('=SUMIF(B:B,">50",E2:E9)', "SUMIF(R,S,R)"),
        ("=SUMIF( $b2 , 50 , Data!e:e)", "SUMIF(R,N,R)"),
        ('=IF(AND(B2>=50,C2<>"x"),TRUE,-1)', "IF(AND(R>=N,R<>S),B,-N)"),
        ("=SUM(SUMIF(A:A,{1,2},B:B))", "SUM(SUMIF(R,A,R))"),
        ("=(A1+1)*2", "(R+N)*N"),
    ],
)
def test_skeleton(text, wanted):
    assert skeleton(text) == wanted


def test_parts():
    text = "=IFERROR(VLOOKUP($a2,Data!B:D,2,FALSE),\"n/a\")&_xlfn.CONCAT(A2,1.5)"
    assert references(text) == ["A2", "DATA!B:D", "A2"]
    assert literals(text) == [2.0, False, "n/a", 1.5]
    assert functions(text) == ["IFERROR", "VLOOKUP", "CONCAT"]
    assert calls("=LET(f,LAMBDA(x,x+1),f(2))") == [("LET", 3), ("LAMBDA", 2)]


def test_every_beginning_of_a_formula_is_viable():
    rng = random.Random(0)
    for text in rng.sample(FORMULAS, 60):
        for end in range(len(text) + 1):
            assert viable_prefix(text[:end]), text[:end]


@pytest.mark.parametrize("text", ["x", "=)", "=SUM(A1))", "=(]", "=1 +* 2", "={1}}"])
def test_dead_ends_are_seen(text):
    assert not viable_prefix(text)
