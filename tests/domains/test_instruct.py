"""The user's own questions: read, split by content, asked, judged by equality."""

import json

import pytest

from slm_jax.config import Config, DataConfig
from slm_jax.domains import get_domain
from slm_jax.domains.base import Example
from slm_jax.errors import UserError

INSTRUCT = get_domain("instruct")


def silent(what, done, total):
    pass


def rows(path, numbers):
    path.write_text("".join(json.dumps({"instruction": f"question {i}", "response": f"answer {i}"}) + "\n" for i in numbers))
    return str(path)


def test_splits_by_content(tmp_path):
    splits = INSTRUCT.splits(Config(domain="instruct", data=DataConfig(train=rows(tmp_path / "a.jsonl", range(200)), validation_share=0.2)), progress=silent)
    validation = splits.evaluation["validation"]
    assert len(splits.train) + len(validation) == 200 and 20 < len(validation) < 60
    assert not {e.instruction for e in splits.train} & {e.instruction for e in validation}
    assert "held out" in splits.notes[0]


def test_a_validation_file_is_kept_out_of_training(tmp_path):
    data = DataConfig(train=rows(tmp_path / "a.jsonl", range(20)), validation=rows(tmp_path / "b.jsonl", range(15, 30)))
    splits = INSTRUCT.splits(Config(domain="instruct", data=data), progress=silent)
    assert (len(splits.train), len(splits.evaluation["validation"])) == (15, 15)
    assert splits.notes[0].startswith("5 of 20 training examples left out")
    same = DataConfig(train=data.train, validation=data.train)
    with pytest.raises(UserError, match="every instruction of config.data.train"):
        INSTRUCT.splits(Config(domain="instruct", data=same), progress=silent)


def test_no_file_no_examples():
    with pytest.raises(UserError, match="config.data.train is empty"):
        INSTRUCT.splits(Config(domain="instruct"), progress=silent)


def test_prompt_and_score():
    assert INSTRUCT.prompt("Total?", [["a", None], [1.5, {"date": "2024-01-02"}]]) == "Total?\n\na\t\n1.5\t2024-01-02"
    for empty in ("", " \n"):
        with pytest.raises(UserError, match="the instruction is empty"):
            INSTRUCT.prompt(empty)
    examples = [Example(instruction="q", response=r) for r in ("yes", "no", "no", "")]
    score = INSTRUCT.score(examples, [" yes\n", "", "maybe", ""])
    assert score.rates == {"exact": 0.5} and score.errors == {"empty answer": 1, "another answer": 1}
    assert INSTRUCT.score([], []).rates == {"exact": 0.0}
