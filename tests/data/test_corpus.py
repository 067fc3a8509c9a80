"""The user's data as training and validation sets: leaks, mixtures, and the same from a stream."""

import collections
import json

import pytest

from slm_jax.config import Config, DataConfig, parse_config
from slm_jax.data import corpus
from slm_jax.data.sources import content_key, read_examples, split_by_content
from slm_jax.errors import UserError

SENTENCE = "please tell me in one short sentence which of our shops in the old town of {} sells the most {}"


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def rows(numbers, answer="a"):
    return [{"instruction": f"question {n}", "response": f"{answer}{n}"} for n in numbers]


def load(seed=0, **data):
    return corpus.load_splits(Config(domain="instruct", seed=seed, data=DataConfig(**data)), progress=lambda *_: None)


def both(**data):
    """The splits of a list, after checking that those of a stream are the same."""
    listed, streamed = load(**data), load(**data, streaming=True)
    assert isinstance(listed.train, list) and not isinstance(streamed.train, list)
    assert list(streamed.train) == listed.train and len(streamed.train) == len(listed.train) and list(streamed.train) == listed.train
    assert streamed.evaluation == listed.evaluation and [note for note in streamed.notes if "read from disk" not in note] == listed.notes
    return listed


def test_the_slice_is_that_of_split_by_content(tmp_path):
    path = write(tmp_path / "a.jsonl", *rows(range(300)), *rows(range(100), "b"))
    splits = both(train=path, validation_share=0.1)
    expected = split_by_content(read_examples(path, DataConfig()), share=0.1)
    assert splits.train == expected.train and splits.evaluation["validation"] == expected.validation
    for share in (1e-9, 1 - 1e-9):
        few = both(train=write(tmp_path / "b.jsonl", *rows(range(2))), validation_share=share)
        assert len(few.train) == len(few.evaluation["validation"]) == 1
    for streaming in (False, True):
        with pytest.raises(UserError, match=r"c.jsonl has 1 different question\(s\), which cannot be split"):
            load(train=write(tmp_path / "c.jsonl", *rows([1, 1])), streaming=streaming)


def test_equal_questions_across_the_split_are_left_out_and_counted(tmp_path):
    train = write(tmp_path / "a.jsonl", *rows(range(20)), {"instruction": " QUESTION   16", "response": "x"})
    splits = both(train=train, validation=write(tmp_path / "b.jsonl", *rows(range(15, 30))))
    assert splits.notes[0].startswith("6 of 21 training examples left out") and len(splits.train) == 15
    assert not {content_key(e) for e in splits.train} & {content_key(e) for e in splits.evaluation["validation"]}


def test_near_duplicates_are_reported_or_dropped(tmp_path):
    train = write(tmp_path / "a.jsonl", *rows(range(5)), *({"instruction": SENTENCE.format(town, "bread"), "response": "x"} for town in ("York", "Bath", "Rome")))
    validation = write(tmp_path / "b.jsonl", {"instruction": SENTENCE.format("Bern", "bread"), "response": "x"})
    reported = both(train=train, validation=validation)
    assert len(reported.train) == 8 and len(reported.notes) == 1
    assert reported.notes[0].startswith("3 of 8 examples ask in training nearly what is asked in validation (kept;")
    assert f"{train} line 6 'please tell me" in reported.notes[0] and "is nearly 'please tell me" in reported.notes[0]
    dropped = both(train=train, validation=validation, near_duplicates="drop")
    assert len(dropped.train) == 5 and "left out" in dropped.notes[0]
    only_near = write(tmp_path / "c.jsonl", {"instruction": SENTENCE.format("Oslo", "bread"), "response": "x"})
    with pytest.raises(UserError, match="no training example is left"):
        load(train=only_near, validation=validation, near_duplicates="drop")


def test_a_mixture_draws_and_repeats_by_weight(tmp_path):
    a, b = write(tmp_path / "a.jsonl", *rows(range(1000))), write(tmp_path / "b.jsonl", *rows(range(1000, 1110), "b"))
    validation = write(tmp_path / "v.jsonl", *rows(range(1100, 1110)))
    mixed = both(mixture=(a, b), mixture_weights=(3.0, 1.0), validation=validation)
    counts = collections.Counter(e.response for e in mixed.train)
    of_a, of_b = ([n for response, n in counts.items() if response[0] == first] for first in "ab")
    assert (sum(of_a), sum(of_b)) == (825, 275) and set(of_a) == {1} and set(of_b) == {2, 3} and len(of_b) == 100
    assert "825 of 1,000 (75.0%" in mixed.notes[-2] and "275, each of its 100 2.8 times (25.0%" in mixed.notes[-1]
    again, other = (load(seed=seed, mixture=(a, b), mixture_weights=(3.0, 1.0), validation=validation) for seed in (0, 1))
    assert again.train == mixed.train and {e.response for e in other.train} != {e.response for e in mixed.train}
    unweighted = load(mixture=(a, b), validation=validation)
    assert len(unweighted.train) == 1100 and set(collections.Counter(e.response for e in unweighted.train).values()) == {1}


def test_sources_of_a_mixture_share_one_split_by_content(tmp_path):
    a, b = write(tmp_path / "a.jsonl", *rows(range(200))), write(tmp_path / "b.jsonl", *rows(range(100, 300), "b"))
    mixed = both(mixture=(a, b), validation_share=0.2)
    assert not {content_key(e) for e in mixed.train} & {content_key(e) for e in mixed.evaluation["validation"]}
    assert {e.response[0] for e in mixed.evaluation["validation"]} == {"a", "b"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"mixture": ("a", "b"), "train": "c"}, "config.data.mixture and config.data.train are both set"),
        ({"mixture": ("a", "b"), "mixture_weights": (1.0,)}, "mixture_weights has 1 entries: write one weight for each of the 2"),
        ({"mixture": ("a", "b"), "mixture_weights": (1.0, 0.0)}, "write numbers above 0"),
        ({"mixture_weights": (1.0,)}, "mixture_weights has 1 entries"),
        ({"near_duplicates": "remove"}, "config.data.near_duplicates='remove' is unknown"),
    ],
)
def test_what_a_configuration_cannot_ask_for(data, says):
    with pytest.raises(UserError, match=says):
        parse_config({"domain": "instruct", "data": data})


def test_a_bad_row_in_a_stream_and_a_file_that_changes(tmp_path):
    path = tmp_path / "a.jsonl"
    write(path, *rows(range(50)), {"instruction": "x"})
    with pytest.raises(UserError, match="a.jsonl line 51: no response"):
        load(train=str(path), streaming=True)
    write(path, *rows(range(50)))
    stream = load(train=str(path), streaming=True).train
    assert stream[0] == next(iter(stream)) and stream[:3] == list(stream)[:3] and stream[-1] == list(stream)[-1]
    for count in (40, 60):
        write(path, *rows(range(count)))
        with pytest.raises(UserError, match="a.jsonl was changed while it was read"):
            list(stream)
    write(path)
    with pytest.raises(UserError, match="is empty"):
        load(train=str(path), streaming=True)


def test_content_that_would_be_repeated_too_often(tmp_path):
    a, b = write(tmp_path / "a.jsonl", *rows(range(100))), write(tmp_path / "b.jsonl", *rows(range(200, 210)))
    validation = write(tmp_path / "v.jsonl", *rows([999]))
    with pytest.raises(UserError, match="leaves no example of .*b.jsonl"):
        load(mixture=(a, b), mixture_weights=(1e6, 1.0), validation=validation)
    with pytest.raises(UserError, match="no training example is left of .*v.jsonl: take it out"):
        load(mixture=(a, validation), mixture_weights=(1.0, 1.0), validation=validation)
