"""The price agent: offers of every kind, a second reader that finds a wrong answer, a score that looks at each field and never raises."""

import collections
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_jax.config import Config, DataConfig
from slm_jax.data.sources import content_key
from slm_jax.domains import get_domain
from slm_jax.domains.base import Example
from slm_jax.domains.prices import texts
from slm_jax.domains.prices.make import disagreement, draft
from slm_jax.domains.prices.read import amounts, read
from slm_jax.domains.prices.score import FIELDS, parse_answer, write_answer
from slm_jax.errors import UserError

PRICES = get_domain("prices")
TEXT = "Rule: alert me below 1.200,00 €\nVeltron Stand Mixer\nstatt 1.499,- €\nPreis: 1.099,00 €\nVersand 4,90 €\nStand: 3. April 2025"
RIGHT = '{"item": "Veltron Stand Mixer", "price": 1099.00, "currency": "EUR", "date": "2025-04-03", "alert": true}'


def silent(what, done, total):
    pass


@pytest.fixture(scope="module")
def splits():
    return PRICES.splits(Config(domain="prices", data=DataConfig(examples=1000, eval_examples=60)), progress=silent)


def test_splits_are_disjoint_and_deterministic(splits):
    assert splits == PRICES.splits(Config(domain="prices", data=DataConfig(examples=1000, eval_examples=60)), progress=silent)
    assert splits.train[0] != PRICES.splits(Config(seed=1, domain="prices", data=DataConfig(examples=1, eval_examples=1)), progress=silent).train[0]
    assert len(splits.train) == 1000 and set(splits.evaluation) == {"iid", "new_item", "new_layout"}
    keys = [content_key(example) for part in (splits.train, *splits.evaluation.values()) for example in part]
    assert len(keys) == len(set(keys)) == 1000 + 3 * 60
    layouts = {example.tags["layout"] for example in splits.train}
    assert not layouts & {example.tags["layout"] for example in splits.evaluation["new_layout"]}
    for name in ("brand", "product"):
        assert not {example.tags[name] for example in splits.train} & {example.tags[name] for example in splits.evaluation["new_item"]}
        assert len({example.tags[name] for example in splits.train}) > 100


def test_all_kinds_are_made(splits):
    assert {example.tags["layout"] for example in splits.train} == {f"{kind}/{index}" for kind, layouts in texts.LAYOUTS.items() for index in range(len(layouts) - 1)}
    answers = [json.loads(example.response) for example in splits.train]
    assert {answer["currency"] for answer in answers} == set(texts.CURRENCIES)
    assert {example.tags["rule"] for example in splits.train} == set(texts.RULES)
    assert 0.3 < sum(answer["alert"] for answer in answers) / len(answers) < 0.7
    assert 0.05 < sum(answer["date"] is None for answer in answers) / len(answers) < 0.2
    distracted = sum(len(list(amounts(example.instruction.split("\n", 1)[1]))) > 1 for example in splits.train)
    assert distracted > 500
    assert not any(mark in example.instruction for example in splits.train for mark in ("{", "}"))


def test_the_two_readings_agree():
    rng = random.Random(3)
    drafts = [draft(rng, fresh=bool(index % 3), held_out=bool(index % 2)) for index in range(1500)]
    assert collections.Counter(filter(None, map(disagreement, drafts))) == {}


def test_the_reader_finds_a_wrong_answer():
    example = Example(instruction=TEXT, response=RIGHT)
    assert disagreement(example) == ""
    answer = json.loads(RIGHT)
    changes = {"item": "Veltron Blender", "price": 1499.0, "currency": "CHF", "date": "2025-03-04", "alert": False}
    for name, value in changes.items():
        assert disagreement(Example(instruction=TEXT, response=write_answer(**answer | {name: value}))) == name
    assert disagreement(Example(instruction=TEXT.replace("statt ", ""), response=RIGHT)) == "2 prices and 1 limits"


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("1.299,00 €", 1299.0, "EUR"), ("$1,299.00", 1299.0, "USD"), ("CHF 1'299.-", 1299.0, "CHF"), ("1 299,50 zł", 1299.5, "PLN"), ("€ 1.299,-", 1299.0, "EUR"),
        ("C$12.5", None, ""), ("EUR 0.99", 0.99, "EUR"), ("¥12,900", 12900.0, "JPY"), ("A$7", 7.0, "AUD"), ("1,299 SEK", 1299.0, "SEK"), ("12.34.2024", None, ""),
        ("model 500", None, ""),
    ],
)
def test_amounts(text, value, currency):
    found = [(amount.value, amount.currency) for amount in amounts(text)]
    assert found == ([(value, currency)] if value is not None else [])


@pytest.mark.parametrize(
    ("date", "iso"),
    [
        ("2025-04-03", "2025-04-03"), ("03.04.2025", "2025-04-03"), ("3 April 2025", "2025-04-03"), ("April 3, 2025", "2025-04-03"), ("3. März 2025", "2025-03-03"),
        ("25/4/2025", "2025-04-25"), ("4/25/2025", "2025-04-25"), ("Apr 3, 2025", "2025-04-03"), ("31.02.2025", None), ("", None),
    ],
)
def test_dates(date, iso):
    assert read(f"Rule: alert me below 5 EUR\nLamp: 4,00 EUR\n{date}\ndelivery by 2025-12-24").date == iso


@pytest.mark.parametrize(
    ("rule", "alert"),
    [
        ("below 10 EUR", False), ("at 10 EUR or less", True), ("above 10 EUR", False), ("below 10,01 EUR", True), ("above 9,99 EUR", True), ("below 99 USD", False),
        ("at most 10,00 EUR", True),
    ],
)
def test_rules(rule, alert):
    assert read(f"Rule: alert me {rule}\nLamp: 10,00 EUR").alert is alert


def judge(prediction):
    return PRICES.score([Example(instruction=TEXT, response=RIGHT)], [prediction])


def test_score_of_each_field():
    score = judge(RIGHT)
    assert list(score.rates) == ["correct", "fields", "valid"] and score.rates == {"correct": 1.0, "fields": 1.0, "valid": 1.0} and score.errors == {}
    answer = json.loads(RIGHT)
    same = (json.dumps(answer | {"price": 1099}, indent=1), f"```json\n{RIGHT}\n```", json.dumps(dict(reversed(answer.items())) | {"item": " veltron  stand mixer"}))
    for text in same:
        assert judge(text).rates["correct"] == 1.0, text
    wrong = {"item": ("Veltron", "item"), "price": (1499, "distractor"), "currency": ("CHF", "currency"), "date": ("2025-03-04", "date"), "alert": (False, "alert")}
    for name, (value, error) in wrong.items():
        score = judge(json.dumps(answer | {name: value}))
        assert score.rates == {"correct": 0.0, "fields": 0.8, "valid": 1.0} and score.errors == {error: 1}
    assert judge(json.dumps(answer | {"price": 1098.99})).errors == {"price": 1}
    bad = {"item": 3, "price": "1099", "currency": "euro", "date": "03.04.2025", "alert": "true"}
    for name, value in bad.items():
        score = judge(json.dumps(answer | {name: value}))
        assert score.rates == {"correct": 0.0, "fields": 0.8, "valid": 0.0} and score.errors == {"schema": 1}, name
    for change in ({"price": True}, {"price": -1}, {"extra": 1}):
        assert judge(json.dumps(answer | change)).rates["valid"] == 0.0
    assert judge(json.dumps({name: answer[name] for name in FIELDS[:4]})).rates == {"correct": 0.0, "fields": 0.8, "valid": 0.0}
    for text in ("", "null", "[]", RIGHT + " done", RIGHT[:-1]):
        assert judge(text).rates == {"correct": 0.0, "fields": 0.0, "valid": 0.0} and judge(text).errors == {"not JSON": 1}


VALUES = st.none() | st.booleans() | st.floats() | st.integers() | st.text()
NESTED = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner, max_size=5))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=60), NESTED.map(json.dumps), st.fixed_dictionaries({name: VALUES | st.lists(st.none()) for name in FIELDS}).map(json.dumps)))
def test_no_answer_raises(text):
    row = judge(text).rows[0]
    assert row["correct"] == (not row["error"]) and 0 <= row["fields"] <= 1
    row["detail"].encode("utf-8")


def test_monsters_are_judged():
    price = [RIGHT.replace("1099.00", text) for text in ("1e999", "NaN", "-0.5", "9" * 5000)]
    nested = ['{"item": ' + "[" * 900 + "]" * 900 + "}", RIGHT.replace('"Veltron Stand Mixer"', "[" * 900 + "]" * 900)]
    for text in (*price, *nested, "[" * 9000, "\ud800", RIGHT.replace("Veltron", "\\ud800"), "x" * 10**6):
        score = judge(text)
        assert score.rates["correct"] == 0.0
        score.rows[0]["detail"].encode("utf-8")
    huge = Example(instruction="Rule: below 5 EUR\n" + "9" * 6000 + " EUR", response=RIGHT)
    assert PRICES.score([huge], [RIGHT.replace("1099", "1098")]).errors == {"price": 1}


def test_prompt_and_the_users_file(tmp_path):
    assert PRICES.prompt(" Rule: x\nLamp ") == "Rule: x\nLamp\nJSON:"
    for arguments, message in (((" ",), "instruction is empty"), (("x", [["a"]]), "reads no table")):
        with pytest.raises(UserError, match=message):
            PRICES.prompt(*arguments)
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps({"instruction": f"{TEXT} {index}", "response": RIGHT}) + "\n" for index in range(8)))
    made = PRICES.splits(Config(domain="prices", data=DataConfig(train=str(path), validation_share=0.3)), progress=silent)
    assert len(made.train) + len(made.evaluation["validation"]) == 8
    path.write_text(path.read_text() + json.dumps({"instruction": "x", "response": RIGHT.replace("EUR", "euro")}) + "\n")
    with pytest.raises(UserError, match="line 9: .*currency is 'euro'"):
        PRICES.splits(Config(domain="prices", data=DataConfig(train=str(path))), progress=silent)
    with pytest.raises(UserError, match="1 examples but 0 predictions"):
        PRICES.score([Example(instruction="q", response=RIGHT)], [])
    assert parse_answer(write_answer(item='a "b"', price=5, currency="EUR", date=None, alert=True)).problem == ""
