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


def test_the_recipe_s_variants_are_configurations():
    import importlib.util
    from pathlib import Path

    from slm_jax.config import parse_config

    spec = importlib.util.spec_from_file_location("instruct", Path(__file__).parents[2] / "configs" / "instruct.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    made = {variant: parse_config(recipe.get_config(variant)) for variant in ("", "full", "scratch", "tiny")}
    assert all(config.domain == "instruct" for config in made.values())
    assert (made[""].lora.rank, made[""].lora.alpha, made["full"].lora.rank) == (16, 32.0, 0)
    assert [bool(config.model.init_from) for config in made.values()] == [True, True, False, False]
    with pytest.raises(UserError, match="no variant 'ful': did you mean 'full'"):
        recipe.get_config("ful")


def test_a_mixture_and_chats_come_as_examples(tmp_path):
    chats = tmp_path / "c.jsonl"
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    chats.write_text("".join(json.dumps({"messages": [{"role": "user", "content": f"opening {i}"}, turns[1], *turns]}) + "\n" for i in range(40)))
    data = DataConfig(mixture=(rows(tmp_path / "a.jsonl", range(40)), str(chats)), validation_share=0.2)
    splits = INSTRUCT.splits(Config(domain="instruct", data=data), progress=silent)
    assert {len(e.history) for e in splits.train} == {0, 2} and sum("mixture: " in note for note in splits.notes) == 2
