"""Texts made of facts, and summaries judged by the facts that they name."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_jax.config import Config, DataConfig
from slm_jax.data.sources import content_key
from slm_jax.domains import get_domain
from slm_jax.domains.base import Example
from slm_jax.domains.summary.reports import KINDS, NEW_KINDS, verified
from slm_jax.domains.summary.score import ERRORS, key_facts, names_fact, word_limit
from slm_jax.errors import UserError

SUMMARY = get_domain("summary")
REFERENCE = "Ann Lee sold 1,250 lamps in May; sales rose by 7.5 percent."
EXAMPLE = Example(instruction="Summarize: ...", response=REFERENCE, tags={"facts": "Ann Lee\n1,250 lamps\nMay\n7.5 percent"})


def silent(what, done, total):
    pass


def made(seed=0, **data):
    return SUMMARY.splits(Config(domain="summary", seed=seed, data=DataConfig(**{"examples": 600, "eval_examples": 80, **data})), progress=silent)


@pytest.fixture(scope="module")
def splits():
    return made()


def test_splits_are_disjoint_and_the_same_every_time(splits):
    everything = {"train": splits.train, **splits.evaluation}
    assert {name: len(some) for name, some in everything.items()} == {"train": 600, "iid": 80, "new_kind": 80}
    assert len({content_key(example) for some in everything.values() for example in some}) == 760
    assert len({(example.tags["kind"], example.tags["facts"]) for some in everything.values() for example in some}) == 760
    assert {example.tags["kind"] for example in splits.train} == set(KINDS) - set(NEW_KINDS) == {example.tags["kind"] for example in splits.evaluation["iid"]}
    assert {example.tags["kind"] for example in splits.evaluation["new_kind"]} == set(NEW_KINDS)
    assert made() == splits and made(seed=1).train != splits.train
    more = made(examples=700)
    assert more.evaluation == splits.evaluation and list(more.train[:600]) == list(splits.train)


def test_every_fact_is_in_its_text_and_in_its_summary(splits):
    for example in [*splits.train, *splits.evaluation["new_kind"]]:
        assert 3 < len(key_facts(example)) < 7 and verified(example)
        assert len(example.response.split()) <= 40 < 2 * len(example.instruction.split())
        assert example.response not in example.instruction
    assert not verified(Example(instruction="5 lamps", response="6 lamps", tags={"facts": "5 lamps"}))


def test_an_example_without_its_facts_is_left_out(monkeypatch):
    whole, count = KINDS["sales"], [0]

    def sometimes_wrong(draw):
        facts, sentences, summary = whole(draw)
        count[0] += 1
        return facts, sentences, summary.replace(facts[3], "a bit") if count[0] % 2 else summary

    monkeypatch.setitem(KINDS, "sales", sometimes_wrong)
    wrong = made()
    assert "made examples left out" in wrong.notes[-1] and all(verified(example) for example in wrong.train) and len(wrong.train) == 600


def test_the_same_facts_are_not_told_twice(monkeypatch):
    """Of few different facts too, though in other words."""
    monkeypatch.setitem(KINDS, "sales", lambda draw: ([fact := f"{draw.number(1, 300)} lamps"], ["A", draw.one((f"Sold: {fact}.", f"Gone: {fact}.")), "Z"], f"{fact} were sold."))
    splits = made()
    facts = [example.tags["facts"] for some in (splits.train, *splits.evaluation.values()) for example in some if example.tags["kind"] == "sales"]
    assert len(facts) == len(set(facts)) > 100 and "made examples left out" in splits.notes[-1]


def test_references_are_best_and_poor_summaries_are_not(splits):
    examples = splits.evaluation["iid"]
    best = SUMMARY.score(examples, [example.response for example in examples])
    assert best.rates == {"rouge_l": 1.0, "facts": 1.0, "short": 1.0} and not best.errors and list(best.rates)[0] == "rouge_l"
    others = SUMMARY.score(examples, [example.response for example in examples[6:] + examples[:6]])
    assert others.rates["facts"] < 0.3 and others.rates["rouge_l"] < 0.8 and others.errors["fact missing"] >= 79
    copied = SUMMARY.score(examples, [example.instruction for example in examples])
    assert copied.rates["short"] < 0.1 and copied.rates["facts"] == 1.0 and copied.rates["rouge_l"] < 0.5
    first_words = SUMMARY.score(examples, [" ".join(example.response.split()[:4]) for example in examples])
    assert first_words.rates["facts"] < 0.6 and first_words.rates["rouge_l"] < 0.6


def test_each_error():
    answers = [REFERENCE, "", " \n", REFERENCE * 3, REFERENCE.replace("May", "June"), "7.5 percent more in May, 1250 lamps, by ann  lee", "?!"]
    score = SUMMARY.score([EXAMPLE] * len(answers), answers)
    assert [row["error"] for row in score.rows] == ["", "empty", "empty", "too long", "fact missing", "other words", "fact missing"]
    assert [row["facts"] for row in score.rows] == [1, 0, 0, 1, 0.75, 1, 0] and [row["short"] for row in score.rows] == [True, False, False, False, True, True, True]
    assert score.rows[4]["detail"] == "May" and set(score.errors) <= set(ERRORS)
    assert SUMMARY.score([], []).rates == {"rouge_l": 0.0, "facts": 0.0, "short": 0.0}
    with pytest.raises(UserError, match="1 examples but 2 predictions"):
        SUMMARY.score([EXAMPLE], ["a", "b"])


def test_rouge_is_the_library_s():
    rouge_score = pytest.importorskip("rouge_score.rouge_scorer")
    answer = "In May Ann Lee sold many lamps"
    expected = rouge_score.RougeScorer(["rougeL"]).score(REFERENCE, answer)["rougeL"].fmeasure
    assert SUMMARY.score([EXAMPLE], [answer]).rates["rouge_l"] == expected == pytest.approx(2 * 4 / (7 + 14))


@pytest.mark.parametrize(
    "text, fact, found",
    [
        ("It cost 1,250 euros.", "1250 euros", True),
        ("It cost 1250 euros.", "1,250 euros", True),
        ("It cost 1 250 euros.", "1,250", True),
        ("It cost 11,250 euros.", "1,250", False),
        ("It cost 1,2501 euros.", "1,250", False),
        ("It rose by 7.5 percent.", "7", False),
        ("It rose by 7.5 percent.", "5 percent", False),
        ("At 9:30, by ANN\nLee.", "Ann Lee", True),
        ("Annabel came.", "Ann", False),
        ("It ended in 7.", "7", True),
        ("Items: 3, 400 boxes", "400 boxes", True),
        ("(May)", "May", True),
    ],
)
def test_names_fact(text, fact, found):
    assert names_fact(text, fact) is found


def test_facts_of_an_example_without_them():
    assert key_facts(Example(instruction="?", response="From 9:30 on 12 of 1,250.5 came, 12 left")) == ["9:30", "12", "1,250.5"]
    assert SUMMARY.score([Example(instruction="?", response="All is well")], ["All is well"]).rates["facts"] == 1.0
    assert word_limit(Example(instruction="?", response="a b")) == 20 and word_limit(Example(instruction="?", response="a " * 40)) == 60


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=20))
def test_score_never_raises(prediction, reference, facts):
    for tags in ({}, {"facts": facts}):
        row = SUMMARY.score([Example(instruction="?", response=reference, tags=tags)], [prediction]).rows[0]
        assert 0 <= row["rouge_l"] <= 1 and 0 <= row["facts"] <= 1 and row["error"] in ("", *ERRORS)


def test_a_very_long_answer_is_quick():
    import time

    start = time.monotonic()
    assert SUMMARY.score([EXAMPLE], ["lamp " * 10**6]).errors == {"too long": 1}
    assert SUMMARY.score([EXAMPLE], ["1" * 10**6 + " 1,250" * 10**5]).errors == {"too long": 1}
    assert time.monotonic() - start < 3


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_own_texts(tmp_path):
    rows = [{"instruction": f"Summarize: text {i}", "response": f"{i} things", "facts": [f"{i} things"]} for i in range(40)]
    path = write(tmp_path / "a.jsonl", rows)
    own = made(train=path, validation_share=0.3)
    validation = own.evaluation["validation"]
    assert len(own.train) + len(validation) == 40 and "held out" in own.notes[0]
    assert all(example.tags["facts"] == example.response for example in validation)
    both = made(train=path, validation=write(tmp_path / "b.jsonl", rows[30:]))
    assert len(both.train) == 30 and both.notes[0].startswith("10 of 40 training examples left out")
    with pytest.raises(UserError, match="every instruction of config.data.train"):
        made(train=path, validation=path)
    assert list(made(validation=path).evaluation) == ["validation", "iid", "new_kind"]
    with pytest.raises(UserError, match="line 2: the facts are not text"):
        made(train=write(tmp_path / "c.jsonl", [rows[0], {**rows[1], "facts": [1]}]))


def test_prompt():
    assert SUMMARY.prompt("Summarize: a") == "Summarize: a"
    with pytest.raises(UserError, match="the instruction is empty"):
        SUMMARY.prompt(" ")
    with pytest.raises(UserError, match="reads no table"):
        SUMMARY.prompt("Sum up", [[1]])
