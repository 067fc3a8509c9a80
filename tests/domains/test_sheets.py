"""Google Sheets: every kind is made and reads back, spellings that mean the same are one, what means something else is not, and no answer can raise."""

import collections
import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_jax.config import Config, DataConfig
from slm_jax.data.sources import content_key
from slm_jax.domains import get_domain
from slm_jax.domains.base import Example
from slm_jax.domains.sheets import dialect, query
from slm_jax.domains.sheets.excel_view import to_excel
from slm_jax.domains.sheets.kinds import KINDS
from slm_jax.domains.sheets.make import _draft, units_of
from slm_jax.domains.sheets.score import error_class
from slm_jax.errors import UserError

SHEETS = get_domain("sheets")


def silent(what, done, total):
    pass


@pytest.fixture(scope="module")
def splits():
    return SHEETS.splits(Config(domain="sheets", data=DataConfig(examples=800, eval_examples=60)), progress=silent)


@pytest.fixture(scope="module")
def one_of_each():
    rng = random.Random(7)
    found = {}
    for kind in KINDS.values():
        while kind.name not in found:
            example = _draft(kind, rng, split="train", number=0)
            if example is not None:
                found[kind.name] = example
    return found


def test_splits_are_disjoint_and_deterministic(splits):
    again = SHEETS.splits(Config(domain="sheets", data=DataConfig(examples=800, eval_examples=60)), progress=silent)
    assert splits == again
    other = SHEETS.splits(Config(seed=1, domain="sheets", data=DataConfig(examples=800, eval_examples=60)), progress=silent)
    assert other.train[0] != splits.train[0]
    assert len(splits.train) == 800 and set(splits.evaluation) == {"iid", "new_literal", "new_phrasing"}
    keys = [content_key(example) for part in (splits.train, *splits.evaluation.values()) for example in part]
    assert len(keys) == len(set(keys)) == 800 + 3 * 60
    trained = {example.tags["wording"] for example in splits.train}
    assert not trained & {example.tags["wording"] for example in splits.evaluation["new_phrasing"]}
    trained = {unit for example in splits.train for unit in units_of(example)}
    fresh = [units_of(example) for example in splits.evaluation["new_literal"]]
    assert trained and all(fresh) and not trained & set().union(*fresh)


def test_all_kinds_are_made(splits):
    assert len(KINDS) >= 35
    assert collections.Counter(example.tags["kind"] for example in splits.train).keys() == KINDS.keys()
    assert all(len(kind.wordings) >= 4 and len(set(kind.wordings)) == len(kind.wordings) for kind in KINDS.values())
    assert sum(example.table is not None for example in splits.train) > 50
    for example in splits.train:
        assert SHEETS.prompt(example.instruction, example.table) and "{" not in example.instruction


def respelt(formula):
    """The formula as someone else types it: lower case and blanks outside quotes, semicolons, `$`."""
    pieces = re.split(r"(\"(?:[^\"]|\"\")*\"|'[^']*')", formula)
    for index in range(0, len(pieces), 2):
        piece = re.sub(r"\b([A-Z]{1,2})(\d+)\b", r"$\1$\2", pieces[index]).lower()
        pieces[index] = re.sub(r"([,(])", r"\1 ", piece)
    return "= " + "".join(pieces)[1:]


def european(formula):
    if "{" in formula or re.search(r"\d,\d", formula):
        return formula
    pieces = re.split(r"(\"(?:[^\"]|\"\")*\")", formula)
    return "".join(piece if index % 2 else piece.replace(",", ";") for index, piece in enumerate(pieces))


def test_every_kind_survives_another_spelling(one_of_each):
    for example in one_of_each.values():
        formula = example.response
        one = dialect.canonical(formula)
        assert dialect.syntax_error(formula) is None and dialect.canonical(one) == one, formula
        for other in (respelt(formula), european(formula), f"  {formula}\n"):
            assert dialect.canonical(other) == one, other


def test_every_kind_refuses_another_column_function_or_text(one_of_each):
    wrong = []
    for example in one_of_each.values():
        formula = example.response
        outside = "".join(re.split(r"\"(?:[^\"]|\"\")*\"", formula))
        if re.search(r"\b[A-W]\d*:|\b[A-W]2\b", outside):
            letter = re.search(r"\b([A-W])(?=\d*:|2\b)", outside)[1]
            wrong.append((formula, re.sub(rf"\b{letter}(?=\d*:|2\b)", "Y", formula, count=1)))
        texts = re.findall(r'"([^"]+)"', formula)
        if texts:
            wrong.append((formula, formula.replace(texts[-1], texts[-1] + "s", 1) if "select" not in texts[-1] else formula.replace("select ", "select Y, ")))
        name = re.search(r"[A-Z]{3,}(?=\()", formula)
        if name:
            wrong.append((formula, formula.replace(name[0], "MEDIAN" if name[0] != "MEDIAN" else "MODE", 1)))
    assert len(wrong) > 2 * len(KINDS)
    for formula, other in wrong:
        assert dialect.canonical(other) != dialect.canonical(formula), (formula, other)
        assert error_class(formula, other) in ("syntax", "function", "range", "query", "literal", "other")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("=SUMIFS(C:C,A:A,\"x\",B:B,\">5\")", "=SUMIFS(C:C,B:B,\">5\",A:A,\"=x\")"),
        ("=SUMIFS(C:C,A:A,\"x\")", "=SUMIF(A:A,\"x\",C:C)"),
        ("=COUNTIFS(A:A,\"5\")", "=COUNTIF(A:A,5)"),
        ("=VLOOKUP(A2,X!A:C,2,FALSE)", "=vlookup($A$2;x!A:C;2;0)"),
        ("=SORT(A2:C,2,TRUE)", "=SORT(A2:C,2,1)"),
        ("=FILTER(A2:C,B2:B>5,C2:C=\"x\")", "=ARRAYFORMULA(FILTER(A2:C,(C2:C=\"x\")*(B2:B>5)))"),
        ("=IFERROR(A2/B2)", "=IFERROR(A2/B2,\"\")"),
        ("=CONCATENATE(A2,\" \",B2)", "=A2&\" \"&B2"),
        ("=SPARKLINE(B2,{\"charttype\",\"bar\";\"max\",10})", "=SPARKLINE(B2;{\"charttype\"\\\"bar\";\"max\"\\10})"),
        ("=IF(A1>0.5,1,2)", "=IF(A1>0,5;1;2)"),
        ("=QUERY(A:D,\"select A, sum(B) where C = 'x' and D > 5 group by A order by A\",1)", "=QUERY(A:D,\"SELECT a,SUM(b) WHERE d>5 AND c=\"\"x\"\" GROUP BY a ORDER BY a ASC\")"),
        ("=QUERY(A:D,\"select * where B is not null\",1)", "=QUERY(A:D,\"where B is not null\",1)"),
        ("=QUERY(A:D,\"select A where B = '\"&F1&\"'\",1)", "=QUERY(A:D,\"Select a  where b='\"&f1&\"'\",1)"),
        ("=GOOGLEFINANCE(\"NASDAQ:GOOG\")", "=GOOGLEFINANCE(\"NASDAQ:GOOG\",\"Price\")"),
    ],
)
def test_one_meaning_one_spelling(one, other):
    assert dialect.syntax_error(one) is None and dialect.canonical(one) == dialect.canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("=SORT(A2:C,2,TRUE)", "=SORT(A2:C,2,FALSE)"),
        ("=SUMIFS(C:C,A:A,\"x\",B:B,\"y\")", "=SUMIFS(C:C,A:A,\"y\",B:B,\"x\")"),
        ("=UNIQUE(A2:A)", "=UNIQUE(A2:A100)"),
        ("=ARRAYFORMULA(SUM(A2:A*B2:B))", "=SUM(A2:A*B2:B)"),
        ("=QUERY(A:D,\"select A order by B desc\",1)", "=QUERY(A:D,\"select A order by B\",1)"),
        ("=QUERY(A:D,\"select A where C = 'x'\",1)", "=QUERY(A:D,\"select A where C = 'X'\",1)"),
        ("=QUERY(A:D,\"select A where (B > 1 or C > 2) and D > 3\",1)", "=QUERY(A:D,\"select A where B > 1 or (C > 2 and D > 3)\",1)"),
        ("=REGEXREPLACE(A2,\"x\",\"y\")", "=REGEXREPLACE(A2,\"X\",\"y\")"),
        ("=VLOOKUP(A2,X!A:C,2,FALSE)", "=VLOOKUP(A2,X!A:C,2)"),
        ("=JOIN(\", \",A2:A)", "=JOIN(\",\",A2:A)"),
    ],
)
def test_other_meaning_other_spelling(one, other):
    assert dialect.syntax_error(other) is None and dialect.canonical(one) != dialect.canonical(other)


@pytest.mark.parametrize(
    "text",
    [
        "", "=", "SUM(A1)", "=SUM(A1", "=SUM(A1))", "=VSTAK(A1)", "=QUERY(A:B,\"select\")", "=QUERY(A:B,\"select A order by B where C = 1\")", "=A2:", "=TEXTSPLIT(A1,\",\")",
    ],
)
def test_what_is_no_formula(text):
    assert dialect.syntax_error(text)


def test_query_texts():
    assert query.normalise("SELECT  a , Sum(b) Group By a") == "select A , sum ( B ) group by A"
    assert query.normalise(query.normalise("where b!=2 and A='x'")) == "where A = 'x' and B <> 2"
    for text in ("select A group by", "select (A", "A, B", "select A;", "limit 5 select A"):
        with pytest.raises(ValueError, match="query"):
            query.normalise(text)


def run(pairs):
    return SHEETS.score([Example(instruction="q", response=ours) for ours, _ in pairs], [theirs for _, theirs in pairs], workers=1)


def test_answers_are_run_where_an_engine_can():
    right = [
        ("=UNIQUE(FILTER(A2:A,B2:B=\"x\"))", "=UNIQUE(FILTER(A2:A,\"x\"=B2:B))"),
        ("=SORT(UNIQUE(A2:A))", "=UNIQUE(SORT(A2:A))"),
        ("=FILTER(A2:C,B2:B>5,C2:C<90)", "=FILTER(A2:C,(B2:B>5)*(C2:C<90)*1)"),
        ("=ARRAYFORMULA(A2:A20*B2:B20)", "=ARRAYFORMULA(B2:B20*A2:A20)"),
        ("=INDEX(C:C,MATCH(\"x\",A:A,0))", "=XLOOKUP(\"x\",A:A,C:C)"),
        ("=REGEXMATCH(A2,\"North\")", "=IF(REGEXMATCH(A2,\"North\"),TRUE,FALSE)"),
        ("=UNIQUE({A2:A20;B2:B20})", "=UNIQUE(VSTACK(A2:A20,B2:B20))"),
    ]
    wrong = [
        ("=SORT(A2:C20,2,TRUE)", "=SORT(A2:C20,2,FALSE)"),
        ("=UNIQUE(FILTER(A2:A,B2:B=\"x\"))", "=UNIQUE(FILTER(A2:A,C2:C=\"x\"))"),
        ("=FILTER(A2:C,B2:B>5)", "=FILTER(A2:C,B2:B>=5)"),
        ("=COUNTUNIQUE(A2:A)", "=COUNTA(A2:A)"),
        ("=ARRAYFORMULA(A2:A20*B2:B20)", "=ARRAYFORMULA(A2:A20*C2:C20)"),
        ("=REGEXREPLACE(A2,\"[^0-9]\",\"\")", "=REGEXREPLACE(A2,\"[0-9]\",\"\")"),
        ("=IMPORTRANGE(\"u\",\"S!A:D\")", "=UNIQUE(A2:A)"),
        ("=REGEXEXTRACT(A2,\"@(.+)\")", "=REGEXEXTRACT(A2,\"#(.+)\")"),  # no sample text has either: errors, and no proof of anything
    ]
    score = run(right + wrong)
    assert [row["correct"] for row in score.rows] == [True] * len(right) + [False] * len(wrong), [row["detail"] for row in score.rows]
    assert all(row["executed"] and not row["exact"] and not row["error"] for row in score.rows[: len(right)])
    assert list(score.rates) == ["correct", "exact", "parses"] and score.rates["parses"] == 1.0
    assert score.errors == {"literal": 3, "range": 2, "other": 1, "function": 2}


def test_most_kinds_can_be_run(one_of_each):
    from slm_jax.domains.excel.engine import Engine
    from slm_jax.domains.excel.sample_sheets import sheets_for

    runnable = {name: to_excel(example.response) for name, example in one_of_each.items()}
    runnable = {name: formula for name, formula in runnable.items() if formula}
    assert len(runnable) >= 40 and not {"query_sum", "import_range", "sparkline", "finance_price"} & set(runnable)
    with Engine() as engine:
        for name, formula in runnable.items():
            found = any(engine.run(sheets, [formula])[0].kind == "value" for sheets in sheets_for(formula, count=6))
            assert found or name in ("regex_digits", "regex_domain", "split_part"), (name, formula)  # what their patterns look for is not on the sample sheets


def test_error_classes():
    for ours, theirs, error in (
        ("=UNIQUE(A2:A)", "=UNIQUE(A2:A", "syntax"), ("=UNIQUE(A2:A)", "=SORT(A2:A)", "function"), ("=UNIQUE(A2:A)", "=UNIQUE(B2:B)", "range"),
        ("=QUERY(A:B,\"select A\")", "=QUERY(A:B,\"select B\")", "query"), ("=SPLIT(A2,\",\")", "=SPLIT(A2,\"-\")", "literal"), ("=A2-B2", "=A2+B2", "other"),
    ):
        assert error_class(ours, theirs) == error


PIECES = ["=", "QUERY(", "FILTER(", "A2:A", "A:B", ",", ";", ")", "(", "{", "}", "\"select A\"", "\\", "'", "\"", "SORT(", "1", "&", "*", "\x01"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=20) | st.sampled_from(PIECES), max_size=12))
def test_no_answer_raises(pieces):
    reference = Example(instruction="q", response="=IMPORTRANGE(\"u\",\"S!A:D\")")
    text = "".join(pieces)
    for prediction in (text, "=" + text):
        row = SHEETS.score([reference], [prediction]).rows[0]
        assert row["correct"] or row["error"]
        assert to_excel(prediction) is None or prediction.strip().startswith("=")


def test_monsters_are_judged():
    reference = Example(instruction="q", response="=UNIQUE(A2:A20)")
    monsters = ["=" + "1+" * 4000 + "1", "=" + "(" * 3000, "=" + "UNIQUE(" * 500, "=QUERY(A:B,\"" + "(" * 4000 + "\")", "\ud800", "=\x00", "'" * 9000, "=SORT(A2:A,1E999)"]
    score = SHEETS.score([reference] * len(monsters), monsters, workers=1)
    assert score.rates["correct"] == 0.0 and sum(score.errors.values()) == len(monsters)


def test_the_users_file(tmp_path):
    path = tmp_path / "mine.jsonl"
    rows = [{"instruction": f"unique of {letter}", "formula": f"=UNIQUE({letter}2:{letter})"} for letter in "ABCDEFGH"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = SHEETS.splits(Config(domain="sheets", data=DataConfig(train=str(path), validation_share=0.3)), progress=silent)
    assert len(made.train) + len(made.evaluation["validation"]) == 8
    path.write_text(path.read_text() + '{"instruction": "x", "formula": "=UNIQ(A2:A)"}\n')
    with pytest.raises(UserError, match="line 9: .*UNIQ is no function of Google Sheets"):
        SHEETS.splits(Config(domain="sheets", data=DataConfig(train=str(path))), progress=silent)
    with pytest.raises(UserError, match="2 examples but 1 predictions"):
        SHEETS.score([Example(instruction="q", response="=A1")] * 2, ["=A1"])
    with pytest.raises(UserError, match="is no Google Sheets formula"):
        SHEETS.score([Example(instruction="q", response="A1")], ["=A1"])
