"""Chats as examples: each answer with all that was said before it; and what is no chat."""

import json

import pytest

from slm_jax.config import DataConfig
from slm_jax.data import sources
from slm_jax.data.conversations import opening
from slm_jax.domains.base import Example
from slm_jax.errors import UserError

DATA = DataConfig()


def turn(role, content):
    return {"role": role, "content": content}


SYSTEM, FIRST, ANSWER, SECOND, LAST = turn("system", "Be brief."), turn("user", "one?"), turn("assistant", "1"), turn("user", "two?"), turn("assistant", "2")


def write(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8")
    return path


def test_each_answer_is_an_example_with_all_that_came_before(tmp_path):
    path = write(tmp_path / "a.jsonl", {"messages": [SYSTEM, FIRST, ANSWER, SECOND, LAST], "id": 5}, {"messages": [FIRST, ANSWER, SECOND]})
    examples = sources.read_examples(path, DATA)
    assert examples == [
        Example(instruction="one?", response="1", history=(SYSTEM,), id="5#1"),
        Example(instruction="two?", response="2", history=(SYSTEM, FIRST, ANSWER), id="5#2"),
        Example(instruction="one?", response="1"),
    ]
    assert examples[1].where == f"{path} line 1" and [opening(e) for e in examples] == ["one?"] * 3


def test_sharegpt_and_other_names_of_the_column(tmp_path):
    row = {"conversations": [{"from": "human", "value": "one?"}, {"from": "gpt", "value": "1"}]}
    path = write(tmp_path / "a.jsonl", row)
    assert sources.read_examples(path, DATA) == [Example(instruction="one?", response="1")]
    write(path, {"dialog": [FIRST, ANSWER], "messages": "not looked at"})
    assert len(sources.read_examples(path, DataConfig(messages_column="dialog"))) == 1


def test_chats_in_parquet_and_in_a_json_list(tmp_path):
    import datasets

    rows = [{"messages": [FIRST, ANSWER]}, {"messages": [SYSTEM, SECOND, LAST]}]
    datasets.Dataset.from_list(rows).to_parquet(str(tmp_path / "a.parquet"))
    (tmp_path / "a.json").write_text(json.dumps(rows, indent=1))
    assert sources.read_examples(tmp_path / "a.parquet", DATA) == sources.read_examples(tmp_path / "a.json", DATA)
    assert sources.read_examples(tmp_path / "a.parquet", DATA)[1].history == (SYSTEM,)
    lists = [{"messages": {"role": ["user", "assistant"], "content": ["one?", "1"]}}]  # as `datasets` gives a Sequence of objects
    assert sources.read_examples(write(tmp_path / "b.jsonl", *lists), DATA) == [Example(instruction="one?", response="1")]


def test_where_no_answer_is_needed_the_last_question_is_asked(tmp_path):
    path = write(tmp_path / "a.jsonl", {"messages": [FIRST, ANSWER, SECOND]}, {"messages": [FIRST, ANSWER, SECOND, LAST]})
    assert [(e.instruction, e.response, len(e.history)) for e in sources.read_examples(path, DATA, need_response=False)] == [("two?", "", 2), ("two?", "2", 2)]
    rows = sources.read_rows(path, DATA)
    assert [row.example.instruction for row in rows] == ["one?", "two?"]


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ("hello", "the messages are text, not a list"),
        ([], "an empty list"),
        (["hello"], "message 1 of messages is text, not an object"),
        ([{"role": "user"}], "message 1 of messages has no 'content' (it has 'role')"),
        ([{"text": "x", "content": "y"}], "message 1 of messages has no 'role'"),
        ([FIRST, turn("asistant", "1")], "message 2 of messages: there is no role 'asistant'; did you mean 'assistant'?"),
        ([FIRST, turn(3, "1")], "message 2 of messages: there is no role 3"),
        ([{"from": "humn", "value": "x"}], "did you mean 'human'?"),
        ([FIRST, turn("assistant", " ")], "the content of message 2 of messages is empty"),
        ([turn("user", ""), ANSWER], "the content of message 1 of messages is empty"),
        ([FIRST, turn("assistant", [{"type": "text"}])], "the content of message 2 of messages is a list"),
        ([FIRST, turn("assistant", "\x00")], "control character (U+0000"),
        ([FIRST], "messages has no assistant's message"),
        ([SYSTEM], "messages has no assistant's message"),
        ([ANSWER, FIRST, LAST], "message 1 of messages is the assistant's, and no user's message comes before it"),
        ([SYSTEM, ANSWER], "message 2 of messages is the assistant's, and no user's message comes before it"),
        ([FIRST, ANSWER, LAST], "answer to another assistant's message"),
        ([FIRST, turn("tool", "42"), LAST], "answer to a tool's message"),
    ],
)
def test_what_is_no_chat_is_named_by_file_and_line(tmp_path, messages, says):
    path = write(tmp_path / "a.jsonl", {"messages": [FIRST, ANSWER]}, {"messages": messages})
    with pytest.raises(UserError) as error:
        sources.read_examples(path, DATA)
    assert str(error.value).startswith(f"{path} line 2: ") and says in str(error.value) and "\n" not in str(error.value)


def test_a_conversation_is_on_one_side_of_the_split():
    first = [Example(instruction=f"opening {i}", response="a") for i in range(100)]
    second = [Example(instruction=f"more of {i}", response="a", history=(turn("user", f" Opening  {i}"), turn("assistant", "a"))) for i in range(100)]
    examples = first + second
    split = sources.split_by_content(examples, share=0.3)
    sides = [{" ".join(opening(e).lower().split()) for e in side} for side in (split.train, split.validation)]
    assert sides[0] and sides[1] and not sides[0] & sides[1]
    assert len(split.validation) % 2 == 0
