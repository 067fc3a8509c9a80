"""Judging answers by running them: wrong ones fall, equal ones pass, nothing hangs."""

import pytest

from slm_jax.domains.base import Example
from slm_jax.domains.excel.score import error_class, score
from slm_jax.errors import UserError

TABLE = [["Date", "Region", "Product", "Rep", "Units", "Revenue"]] + [
    [{"date": f"2024-0{1 + row % 4}-1{row % 9}"}, ("North", "South", "West")[row % 3], ("Apple", "Banana", "Cherry", "Orange")[row % 4], name, 3 + 5 * row, 17.25 * row + 40]
    for row, name in enumerate(("Ann", "Bob", "Cid", "Dee", "Eve", "Fay", "Gus", "Hal"))
]  # fmt: skip

# The reference, then answers that are not it: another column, row, literal, operator, function, a condition dropped, a constant.
WRONG = """
=IF(B4>20,"Pass","Fail") | =IF(B4>=20,"Pass","Fail") | =IF(C4>20,"Pass","Fail") | =IF(B5>20,"Pass","Fail") | =IF(B4>21,"Pass","Fail") | =IF(B4>200,"Pass","Fail") | ="Pass"
=IF(ISNUMBER(SEARCH("Wall",C2)),"yes","no") | =IF(ISNUMBER(FIND("Wall",C2)),"yes","no") | =IF(C2="Wall","yes","no") | =IF(ISNUMBER(SEARCH("Well",C2)),"yes","no") | ="no"
=COUNTIF(B:B,"*Wall*") | =COUNTIF(B:B,"Wall*") | =COUNTIF(B:B,"Wall") | =COUNTIF(C:C,"*Wall*") | =COUNTIF(B:B,"*") | =COUNTA(B:B) | =3
=VLOOKUP(A2,D:F,3,FALSE) | =VLOOKUP(A2,D:F,2,FALSE) | =VLOOKUP(A3,D:F,3,FALSE) | =VLOOKUP(A2,C:F,3,FALSE) | =XLOOKUP(A2,D:D,E:E) | =F2
=XLOOKUP(H1,A:A,D:D,"none") | =XLOOKUP(H1,A:A,D:D,"None") | =XLOOKUP(H1,A:A,D:D) | =XLOOKUP(H2,A:A,D:D,"none") | =XLOOKUP(H1,B:B,D:D,"none")
=MAXIFS(E:E,B:B,"North") | =MINIFS(E:E,B:B,"North") | =MAX(E:E) | =SUMIFS(E:E,B:B,"North") | =MAXIFS(E:E,B:B,"Nort") | =MAXIFS(E:E,B:B,"<>North")
=IF(D5="","",D5*2) | =IF(D5="",0,D5*2) | =D5*2 | =IF(D5=0,"",D5*2) | =IF(D5="","",D5*3) | =IF(D6="","",D6*2)
=LEFT(A2,FIND(",",A2)-1) | =LEFT(A2,FIND(",",A2)) | =LEFT(A2,5) | =RIGHT(A2,FIND(",",A2)-1) | =LEFT(A2,FIND(" ",A2)-1) | =TEXTAFTER(A2,",")
=MID(A2,FIND("-",A2)+1,3) | =MID(A2,FIND("-",A2),3) | =MID(A2,FIND("-",A2)+1,4) | =LEFT(A2,3) | =RIGHT(A2,3)
=IF(AND(B2>10000,C2="TAXI"),"Check","OK") | =IF(OR(B2>10000,C2="TAXI"),"Check","OK") | =IF(B2>10000,"Check","OK") | =IF(C2="TAXI","Check","OK") | ="OK"
=IF(OR(B2="Open",C2<5),1,0) | =IF(AND(B2="Open",C2<5),1,0) | =IF(OR(B2="Open",C2<=5),1,0) | =IF(OR(B2="Open",C2<6),1,0) | =IF(B2="Open",1,0)
=SUMIFS(E:E,B:B,"North",C:C,">=50") | =SUMIFS(E:E,B:B,"North") | =SUMIFS(E:E,B:B,"North",C:C,">50") | =SUMIFS(E:E,C:C,">=50") | =SUMIFS(F:F,B:B,"North",C:C,">=50") | =0
=IFERROR(B2/C2,0) | =IFERROR(B2/C2,1) | =B2/C2 | =IFERROR(C2/B2,0) | =IFERROR(B2/D2,0)
=COUNTIFS(B:B,"Open",D:D,">="&DATE(2024,3,1),D:D,"<"&DATE(2024,4,1)) | =COUNTIFS(B:B,"Open",D:D,">="&DATE(2024,3,1)) | =COUNTIF(B:B,"Open") | =2
=SUMPRODUCT((MONTH(A2:A13)=3)*E2:E13) | =SUMPRODUCT((MONTH(A2:A13)=4)*E2:E13) | =SUMPRODUCT((DAY(A2:A13)=3)*E2:E13) | =SUM(E2:E13) | =SUMPRODUCT((MONTH(A2:A13)=3)*E3:E14)
=A2*(1-55%) | =A2*55% | =A2*(1-54%) | =A2*(1+55%) | =B2*(1-55%) | =A2-55%
=(B2-A2)/A2 | =(B2-A2)/B2 | =(A2-B2)/A2 | =B2-A2/A2 | =B2/A2
=TEXTJOIN(", ",TRUE,A2:A13) | =TEXTJOIN(",",TRUE,A2:A13) | =TEXTJOIN(", ",TRUE,A2:A12) | =CONCAT(A2:A13) | =TEXTJOIN(", ",TRUE,B2:B13)
=FILTER(A2:C13,B2:B13="North") | =FILTER(A2:C13,B2:B13="South") | =FILTER(A2:B13,B2:B13="North") | =FILTER(A2:C13,B2:B13<>"North") | =A2:C13
=SUBSTITUTE(A2,",","") | =SUBSTITUTE(A2,",","",1) | =SUBSTITUTE(A2,",",";") | =SUBSTITUTE(A2," ","") | =A2
=IF(B2>=90,"A",IF(B2>=80,"B","C")) | =IF(B2>90,"A",IF(B2>=80,"B","C")) | =IF(B2>=90,"A",IF(B2>80,"B","C")) | =IF(B2>=90,"A",IF(B2>=70,"B","C"))
=INDEX(B2:F9,MATCH(H1,A2:A9,0),MATCH(H2,B1:F1,0)) | =INDEX(B2:F9,MATCH(H2,A2:A9,0),MATCH(H1,B1:F1,0)) | =INDEX(B2:F9,MATCH(H1,A2:A9,0),2)
=SUM($B$2:B5) | =SUM($B$2:B6) | =SUM($B$3:B5) | =B5 | =SUM(C2:C5) | =AVERAGE(B2:B5)
=DATEDIF(C2,TODAY(),"y") | =DATEDIF(C2,TODAY(),"m") | =YEAR(TODAY())-YEAR(C2) | =YEAR(C2) | =DATEDIF(D2,TODAY(),"y")
=AVERAGEIF(B2:B10,"<>0") | =AVERAGE(B2:B10) | =AVERAGEIF(B2:B10,"0") | =AVERAGEIF(B2:B10,">0") | =AVERAGEIF(C2:C10,"<>0")
=EOMONTH(A2,0) | =EOMONTH(A2,1) | =EOMONTH(A2,-1) | =EDATE(A2,0) | =EOMONTH(B2,0)
=ROUNDUP(A2,-1) | =ROUND(A2,-1) | =ROUNDUP(A2,0) | =ROUNDDOWN(A2,-1) | =CEILING(B2,10)
=LARGE(B2:B13,3) | =LARGE(B2:B13,2) | =SMALL(B2:B13,3) | =LARGE(C2:C13,3) | =LARGE(B2:B12,3)
=COUNTIF(A:A,"*"&H1&"*") | =COUNTIF(A:A,H1) | =COUNTIF(A:A,H1&"*") | =COUNTIF(B:B,"*"&H1&"*") | =COUNTIF(A:A,"*"&H2&"*")
=COUNTIF(A:A,A2)>1 | =COUNTIF(A:A,A2)>=1 | =COUNTIF(A:A,A2)>2 | =COUNTIF(A:A,A3)>1 | =COUNTIF(B:B,B2)>1 | =TRUE
"""
WRONG_ON_TABLE = """
=SUMIF(B:B,"North",F:F) | =SUMIF(B:B,"South",F:F) | =SUMIF(B:B,"North",E:E) | =SUM(F:F) | =SUMIF(C:C,"North",F:F) | =SUMIF(B:B,"<>North",F:F) | =285.75
=IF(E2>10,"High","Low") | =IF(E2>=10,"High","Low") | =IF(E2>15,"High","Low") | =IF(E3>10,"High","Low") | =IF(F2>10,"High","Low") | ="Low"
=COUNTIFS(B:B,"North",E:E,">20") | =COUNTIFS(B:B,"North") | =COUNTIFS(E:E,">20") | =COUNTIFS(B:B,"North",E:E,"<=20") | =COUNTIFS(B:B,"North",F:F,">20") | =1
=INDEX(D:D,MATCH(MAX(F:F),F:F,0)) | =INDEX(D:D,MATCH(MIN(F:F),F:F,0)) | =INDEX(C:C,MATCH(MAX(F:F),F:F,0)) | =INDEX(D:D,MATCH(MAX(E:E),E:E,0)) | ="Hal" | =D9
=COUNTA(UNIQUE(C2:C9)) | =COUNTA(C2:C9) | =COUNTA(UNIQUE(B2:B9)) | =4 | =COUNTA(UNIQUE(D2:D9))
=F2/E2 | =F2*E2 | =E2/F2 | =F3/E3 | =F2/E3 | =F2
=TEXT(A2,"mmm yyyy") | =TEXT(A2,"mm yyyy") | =TEXT(A3,"mmm yyyy") | =TEXT(A2,"mmm") | ="Jan 2024" | =A2
=LEFT(C2,3) | =LEFT(C2,4) | =RIGHT(C2,3) | =LEFT(D2,3) | =LEFT(C3,3) | ="App"
"""
EQUAL = """
=SUMIF(B:B,"North",E:E) | =SUMIFS(E:E,B:B,"North") | =SUMPRODUCT((B2:B99="North")*E2:E99) | =SUM(FILTER(E2:E99,B2:B99="North",0)) | =sumif($B:$B, "=north", $E:$E)
=VLOOKUP(A2,D:F,3,FALSE) | =XLOOKUP(A2,D:D,F:F) | =INDEX(F:F,MATCH(A2,D:D,0)) | =VLOOKUP($A$2,D1:F500,3,0) | =_xlfn.XLOOKUP(A2,D:D,F:F)
=IFERROR(VLOOKUP(A2,D:E,2,FALSE),"") | =XLOOKUP(A2,D:D,E:E,"") | =IFNA(VLOOKUP(A2,D:E,2,FALSE),"")
=IF(B4>20,"Pass","Fail") | =IF(B4<=20,"Fail","Pass") | =IF(NOT(B4>20),"Fail","Pass") | =IFS(B4>20,"Pass",TRUE,"Fail")
=COUNTIFS(B:B,"Open",D:D,">=50") | =SUMPRODUCT((B2:B99="open")*(D2:D99>=50))
=LEFT(A2,FIND(",",A2)-1) | =TEXTBEFORE(A2,",") | =MID(A2,1,SEARCH(",",A2)-1)
=A2&" "&B2 | =CONCATENATE(A2," ",B2) | =TEXTJOIN(" ",FALSE,A2:B2)
=IF(AND(B2>10,C2="x"),1,0) | =IF(B2>10,IF(C2="x",1,0),0)
=AVERAGE(E2:E13) | =SUM(E2:E13)/COUNT(E2:E13)
=EOMONTH(A2,0) | =EDATE(A2-DAY(A2)+1,1)-1
=TODAY() | =INT(NOW())
"""
EQUAL_ON_TABLE = """
=SUMIF(B:B,"North",F:F) | =SUMIFS(F2:F9,B2:B9,"North") | =SUMPRODUCT((B2:B9="North")*F2:F9) | =SUM(FILTER(F2:F9,B2:B9="North"))
=XLOOKUP("Ann",D:D,F:F) | =VLOOKUP("Ann",D:F,3,0) | =INDEX(F2:F9,MATCH("Ann",D2:D9,0))
=MAX(F:F) | =LARGE(F2:F9,1)
"""


def pairs(text, table=None):
    lines = [[formula.strip() for formula in line.split(" | ")] for line in text.strip().splitlines()]
    return [(Example(instruction="", response=first, table=table), other) for first, *others in lines for other in others]


@pytest.mark.parametrize("text, table", [(WRONG, None), (WRONG_ON_TABLE, TABLE)])
def test_wrong_answers_fall(text, table):
    cases = pairs(text, table)
    result = score(*zip(*cases, strict=True))
    passed = [(example.response, answer) for (example, answer), row in zip(cases, result.rows, strict=True) if row["executed"]]
    assert not passed
    assert result.n == len(cases) > 35 and result.rates["executed"] == 0 and sum(result.errors.values()) == len(cases)
    assert all(row["detail"] for row in result.rows)


@pytest.mark.parametrize("text, table", [(EQUAL, None), (EQUAL_ON_TABLE, TABLE)])
def test_equal_answers_pass(text, table):
    cases = pairs(text, table)
    result = score(*zip(*cases, strict=True))
    assert [(example.response, answer, row["detail"]) for (example, answer), row in zip(cases, result.rows, strict=True) if not row["executed"]] == []
    assert result.errors == {} and result.rates["exact"] < 0.3


def test_spelling_is_exact_and_runs_nothing(monkeypatch):
    monkeypatch.setattr("slm_jax.domains.excel.score.Engine", None)
    result = score([Example(instruction="", response='=SUMIF($B$2:B9,"x",E2:E9)')], ['= sumif( b9:B2 , "x" , (e2:e9) )'])
    assert list(result.rates.items()) == [("executed", 1.0), ("exact", 1.0), ("parses", 1.0)]
    assert result.rows == [{"executed": True, "exact": True, "parses": True, "error": "", "detail": ""}]


def test_hostile_answers_are_judged():
    answers = ["", "=", "no formula", "=" + "(" * 999, "=SUM(E:E", "=FOO(1)", "=\x00", "=\ud800", "=" + "1+" * 40_000 + "1", "=RAND()"]
    answers += ["=SEQUENCE(100000,100)", "=1/0", "=Z9", '=REPT("a",32767)&A1:A20000', "=LET(f,LAMBDA(g,n,IF(n=0,0,1+g(g,n-1))),f(f,3000))"]
    seen = []
    result = score([Example(instruction="", response="=SUM(E:E)")] * len(answers), answers, workers=2, progress=lambda what, done, total: seen.append((done, total)))
    assert result.rates["executed"] == 0 and [row["parses"] for row in result.rows] == [False] * 9 + [True] * 6
    assert [row["error"] for row in result.rows[:9]] == ["syntax"] * 9
    assert seen == [(done, len(answers)) for done in range(1, len(answers) + 1)]


def test_constants_and_weak_references():
    reference = Example(instruction="", response="=COUNTIF($A$2:A2,A2)")  # 1 whatever the sheet
    result = score([reference, reference, Example(instruction="", response="=ROW()-1"), Example(instruction="", response="=2*3")], ["=1", "=COUNTIF(A2:A2,A2)", "=1", "=6"])
    assert [row["executed"] for row in result.rows] == [False, True, False, True]
    assert "does not vary" in result.rows[0]["detail"]


def test_an_error_is_right_only_where_the_reference_is_one():
    by_design, looked_up = Example(instruction="", response="=NA()"), Example(instruction="", response='=XLOOKUP("key",A:A,B:B)')
    result = score([by_design, by_design, looked_up], ["=#N/A", "=1/0", "=NA()"])
    assert [row["executed"] for row in result.rows] == [True, False, False]


def test_the_number_of_workers_changes_nothing():
    cases = pairs(WRONG)[::9] + pairs(EQUAL)[::5]
    results = [score(*zip(*cases, strict=True), workers=workers) for workers in (1, 3)]
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "answer, wanted",
    [
        ('=SUMIF(B:B,">5",E:E', "syntax"),
        ("=SUM(E:E)", "function"),
        ('=SUMIF(B:B,">=5",E:E)', "criterion"),
        ('=SUMIF(C:C,">5",E:E)', "reference"),
        ('=SUMIF(B:B,">6",E:E)', "literal"),
        ('=SUMIF(B:B,">5")', "other"),
    ],
)
def test_error_classes(answer, wanted):
    assert error_class('=SUMIF(B:B,">5",E:E)', answer) == wanted


def test_error_class_of_a_comparison():
    assert error_class("=IF(A1>5,1,0)", "=IF(A1>=5,1,0)") == "criterion"
    assert error_class("=IF(A1>5,1,0)", "=IF(A1+5,1,0)") == "other"


def test_bad_input_is_a_user_error():
    with pytest.raises(UserError, match="2 examples but 1 predictions"):
        score([Example(instruction="", response="=1")] * 2, ["=1"])
    with pytest.raises(UserError, match="example row-7: the response"):
        score([Example(instruction="", response="=SUM(", id="row-7")], ["=1"])
    assert score([], []).n == 0
