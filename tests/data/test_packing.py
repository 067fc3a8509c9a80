import dataclasses
import json
import random
import tracemalloc

import numpy as np
import pytest

from slm_jax.config import Config, DataConfig
from slm_jax.data import corpus, layout, packing
from slm_jax.data.streams import ExampleStream, Part
from slm_jax.domains.base import Example
from slm_jax.errors import UserError
from tests.data.letters import Ask, Letters, example

COLUMNS = {"tokens", "segment_ids", "positions", "loss_positions", "targets", "weights", "target_bytes"}


@pytest.fixture
def pack(tmp_path):
    def run(examples, tokenizer=None, domain=None, **config):
        data = DataConfig(**{"sequence_length": 12, "cache_dir": str(tmp_path / "cache")} | config)
        return packing.pack(examples, domain=domain or Ask(), tokenizer=tokenizer or Letters(), data=data)

    return run


def rows_of(packed):
    return packed.take(range(len(packed)))


def test_two_examples_in_a_row_drawn_by_hand(pack):
    packed = pack([example("ab", "cd"), example("a", "z")])
    rows = rows_of(packed)
    assert set(rows) == COLUMNS and len(packed) == 1 and packed.report.loss_slots == 32
    first_is_ab = rows["tokens"][0, 1] == 3 and rows["tokens"][0, 2] == 4
    B = 1  # noqa: N806
    if first_is_ab:
        #         | ab -> cd      | a -> z  | padding
        tokens = [B, 3, 4, 5, 6, B, 3, 28, 0, 0, 0, 0]
        segments = [1, 1, 1, 1, 1, 2, 2, 2, 0, 0, 0, 0]
        positions = [0, 1, 2, 3, 4, 0, 1, 2, 0, 0, 0, 0]
        slots = [(2, 5), (3, 6), (4, 2), (6, 28), (7, 2)]  # (place, the token that follows); 2 is EOS
    else:
        tokens = [B, 3, 28, B, 3, 4, 5, 6, 0, 0, 0, 0]
        segments = [1, 1, 1, 2, 2, 2, 2, 2, 0, 0, 0, 0]
        positions = [0, 1, 2, 0, 1, 2, 3, 4, 0, 0, 0, 0]
        slots = [(1, 28), (2, 2), (5, 5), (6, 6), (7, 2)]
    np.testing.assert_array_equal(rows["tokens"][0], tokens)
    np.testing.assert_array_equal(rows["segment_ids"][0], segments)
    np.testing.assert_array_equal(rows["positions"][0], positions)
    np.testing.assert_array_equal(rows["loss_positions"][0], [place for place, _ in slots] + [0] * 27)
    np.testing.assert_array_equal(rows["targets"][0], [target for _, target in slots] + [0] * 27)
    np.testing.assert_array_equal(rows["weights"][0], [1] * 5 + [0] * 27)
    assert rows["target_bytes"].tolist() == [3]  # c, d and z; EOS has no bytes
    assert packed.report == packing.PackReport(examples=2, rows=1, dropped=0, truncated=0, split=0, tokens=8, fill_share=8 / 12, loss_slots=32)


def test_prompt_weight_drawn_by_hand(pack):
    rows = rows_of(pack([example("ab", "c")], prompt_loss_weight=0.25))
    np.testing.assert_array_equal(rows["loss_positions"][0, :5], [0, 1, 2, 3, 0])
    np.testing.assert_array_equal(rows["targets"][0, :5], [3, 4, 5, 2, 0])
    np.testing.assert_array_equal(rows["weights"][0, :5], np.float32([0.25, 0.25, 1, 1, 0]))
    assert rows["target_bytes"].tolist() == [1]
    assert rows_of(pack([example("ab", "c")], prompt_loss_weight=1.0))["target_bytes"].tolist() == [3]


def test_a_long_document_is_cut_into_windows_and_no_target_is_lost(pack):
    text = "abcdefghijklmnopqrst"  # BOS, 20 letters, EOS: 21 targets, 8 a window
    packed = pack([example("", text)], sequence_length=8)
    rows = rows_of(packed)
    assert packed.report.split == 1 and packed.report.rows == 3 and any("cut into several windows" in note for note in packed.report.notes)
    windows = sorted(rows["targets"][r][rows["weights"][r] > 0].tolist() for r in range(3))
    assert windows == sorted([list(range(3, 11)), list(range(11, 19)), [19, 20, 21, 22, 2]])
    inputs = sorted(rows["tokens"][r].tolist() for r in range(3))
    assert inputs == sorted([[1, *range(3, 10)], list(range(10, 18)), [18, 19, 20, 21, 22, 0, 0, 0]])
    assert all(rows["positions"][r, 0] == 0 for r in range(3)) and rows["target_bytes"].sum() == 20


def test_over_length_drop_truncate_error(pack):
    examples = [example("abcdefghij", "xyz", id="long"), example("a", "b"), example("a", "abcdefghijklmn")]
    dropped = pack(examples)
    assert (dropped.report.dropped, dropped.report.truncated, dropped.report.examples) == (2, 0, 3)
    assert dropped.report.notes == (
        "2 of 3 examples dropped, as longer than a row (config.data.sequence_length=12)",
        "the first example longer than a row: long (config.data.over_length)",
    )
    cut = pack(examples, over_length="truncate")
    assert (cut.report.dropped, cut.report.truncated) == (1, 1)
    rows = rows_of(cut)
    row = int(np.argmax(rows["segment_ids"].max(1) + (rows["tokens"] == 0).sum(1) == 1))
    # BOS abcdefghij + xyz EOS has 15 tokens; 13 fit (12 inputs and the last target), so the prompt keeps 5 at its head and 4 at its tail
    np.testing.assert_array_equal(rows["tokens"][row], [1, 3, 4, 5, 6, 9, 10, 11, 12, 26, 27, 28][:12])
    np.testing.assert_array_equal(rows["targets"][row, :4], [26, 27, 28, 2])
    with pytest.raises(UserError, match="example long has 15 tokens: set config.data.sequence_length=14"):
        pack(examples, over_length="error")
    pack(examples, over_length="error", sequence_length=16)
    with pytest.raises(UserError, match="none of the 1 examples fits"):
        pack(examples[:1])


def test_the_limit_is_exact(pack):
    fits = example("abcdefghij", "k")  # BOS + 10 + 1 + EOS = 13 tokens, 12 inputs
    assert pack([fits]).report.fill_share == 1
    assert pack([fits, example("abcdefghij", "kl")]).report.dropped == 1


def test_a_prompt_that_cannot_be_is_named(pack):
    class No:
        def prompt(self, instruction, table=None):
            raise UserError("no such thing")

    with pytest.raises(UserError, match="example 7: no such thing"):
        pack([example("", "a"), example("a", "b", id="7")], domain=No())
    with pytest.raises(UserError, match="no examples"):
        pack([])


def many(n=3000, seed=1):
    rng = random.Random(seed)
    word = lambda most: "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(1, most)))  # noqa: E731
    return [example(word(30), word(9)) for _ in range(n)]


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_every_example_is_there_once_and_nothing_crosses(pack, weight, monkeypatch):
    monkeypatch.setattr(layout, "_WRITE_PLACES", 64 * 50)  # many blocks
    examples = many()
    packed = pack(examples, sequence_length=64, prompt_loss_weight=weight)
    rows = rows_of(packed)
    assert packed.report.fill_share > 0.95 and packed.report.rows == len(rows["tokens"])
    assert rows["tokens"].shape == (len(packed), 64) and rows["weights"].shape == (len(packed), packed.report.loss_slots)
    assert {name: value.dtype for name, value in rows.items()} == {name: np.dtype(np.float32 if name == "weights" else np.int32) for name in COLUMNS}
    letters, found = Letters(), []
    for r in range(len(packed)):
        used = rows["weights"][r] > 0
        places, targets, weights = (rows[name][r][used].tolist() for name in ("loss_positions", "targets", "weights"))
        following = {place: (target, w) for place, target, w in zip(places, targets, weights, strict=True)}
        assert len(following) == used.sum()
        for segment in range(1, rows["segment_ids"][r].max() + 1):
            places = np.flatnonzero(rows["segment_ids"][r] == segment)
            assert (np.diff(places) == 1).all()
            np.testing.assert_array_equal(rows["positions"][r][places], np.arange(len(places)))
            due = [(int(p), *following.pop(int(p))) for p in places if int(p) in following]
            answer = "".join(letters.token_bytes[target].decode() for _, target, w in due if w == 1)
            prompt_letters = len(places) - len(answer) - 1
            prompt = "".join(letters.token_bytes[t].decode() for t in rows["tokens"][r][places[: prompt_letters + 1]])
            assert due[-1][1] == letters.eos_id and due[-1][0] == places[-1]
            assert len(due) == len(answer) + 1 + (prompt_letters if weight else 0)
            found.append((prompt, answer))
        assert not following
        assert (rows["tokens"][r][rows["segment_ids"][r] == 0] == 0).all()
    assert sorted(found) == sorted((e.instruction, e.response) for e in examples)
    assert rows["target_bytes"].sum() == sum(len(e.response) for e in examples)


def test_loss_slots_are_the_most_of_any_row_rounded_up(pack):
    packed = pack([example("", "a" * 40)], sequence_length=64)
    assert packed.report.loss_slots == 64 and (rows_of(packed)["weights"] > 0).sum() == 41


def test_fit_rows():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 65, 500)
    rows = layout.fit_rows(lengths, capacity=64)
    assert np.bincount(rows, weights=lengths).max() <= 64 and np.bincount(rows).min() >= 1
    assert layout.fit_rows(np.array([64, 64]), capacity=64).tolist() in ([0, 1], [1, 0])
    assert layout.fit_rows(np.array([32, 32]), capacity=64).tolist() == [0, 0]


def test_cut_middle():
    assert packing.cut_middle([1, 2, 3, 4, 5], 5) == [1, 2, 3, 4, 5]
    assert packing.cut_middle([1, 2, 3, 4, 5], 4) == [1, 2, 4, 5]
    assert packing.cut_middle([1, 2, 3, 4, 5], 3) == [1, 2, 5]
    assert packing.cut_middle([1, 2, 3, 4, 5], 1) == [1]


# --- cache ---


def cached_files(tmp_path):
    return sorted(path for path in (tmp_path / "cache").rglob("*") if path.is_file())


def test_cache_is_used_and_keyed_by_all_that_matters(pack, tmp_path, monkeypatch):
    examples = many(50)
    first = pack(examples, sequence_length=64)
    assert len(cached_files(tmp_path)) == 2
    other = Letters()
    other.fingerprint = "others"
    changed = [
        pack(examples[:-1], sequence_length=64),
        pack([*examples[:-1], dataclasses.replace(examples[-1], response="q")], sequence_length=64),
        pack(examples, sequence_length=65),
        pack(examples, sequence_length=64, prompt_loss_weight=0.5),
        pack(examples, sequence_length=64, over_length="truncate"),
        pack(examples, sequence_length=64, tokenizer=other),
    ]
    assert len({p.fingerprint for p in [first, *changed]}) == 7
    monkeypatch.setattr(packing, "_encode", None)  # made again it would fail
    again = pack(examples, sequence_length=64)
    assert again.fingerprint == first.fingerprint and again.report == first.report
    np.testing.assert_equal(rows_of(again), rows_of(first))


@pytest.mark.parametrize("damage", ["flip", "cut", "no report", "no rows", "report"])
def test_a_damaged_cache_is_made_again_and_said(pack, tmp_path, damage):
    examples = many(50)
    good = rows_of(pack(examples, sequence_length=64))
    about, rows = cached_files(tmp_path)
    content = rows.read_bytes()
    if damage == "flip":
        middle = len(content) // 2
        rows.write_bytes(content[:middle] + bytes([content[middle] ^ 16]) + content[middle + 1 :])
    elif damage == "cut":
        rows.write_bytes(content[:100])
    elif damage == "report":
        about.write_text("{")
    else:
        (about if damage == "no report" else rows).unlink()
    again = pack(examples, sequence_length=64)
    assert any("damaged" in note for note in again.report.notes)
    np.testing.assert_equal(rows_of(again), good)
    assert not any("damaged" in note for note in pack(examples, sequence_length=64).report.notes)


def test_nothing_half_made_is_left_behind(pack, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packing, "_crc32", full)
    with pytest.raises(UserError, match="No space left on device.*config.data.cache_dir"):
        pack(many(10), sequence_length=64)
    assert not cached_files(tmp_path)


def test_a_cache_directory_that_cannot_be(pack, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write packed rows"):
        pack(many(10), sequence_length=64, cache_dir=str(tmp_path / "file"))


def test_another_process_was_first(pack, tmp_path, monkeypatch):
    examples = many(20)
    encode, made = packing._encode, []

    def meanwhile(*args):
        monkeypatch.undo()
        made.append(pack(examples, sequence_length=64))
        return encode(*args)

    monkeypatch.setattr(packing, "_encode", meanwhile)
    np.testing.assert_equal(rows_of(pack(examples, sequence_length=64)), rows_of(made[0]))
    assert len(cached_files(tmp_path)) == 2


def test_the_fingerprint_of_plain_examples_is_the_one_it_always_was(pack):
    """Rows that users have in their caches stay good."""
    packed = pack([example("ab", "cd"), example("", "xyz"), example("abcdefghijkl", "z", id="q")])
    assert packed.fingerprint == "ce3424e3da8f419fc34ffaea3edf24c8e15e0b774b80d876aa5d356febc87ee4"


class Spelt(Letters):
    """`Letters` for any text: what is no letter is "z"."""

    def encode_batch(self, texts):
        return super().encode_batch(["".join(c if "a" <= c <= "z" else "z" for c in text) for text in texts])

    encode_answers = encode_batch


def chat(*contents, where=""):
    history = tuple({"role": "user" if n % 2 == 0 else "assistant", "content": text} for n, text in enumerate(contents[:-2]))
    return Example(instruction=contents[-2], response=contents[-1], history=history, where=where)


def test_a_chat_s_history_is_in_its_tokens_and_never_trained_on(pack):
    packed = pack([chat("ab", "cd", "e", "f")], tokenizer=Spelt(), sequence_length=64)
    rows = rows_of(packed)
    text = "user:\nab\n\nassistant:\ncd\n\nuser:\ne\n\nassistant:\n"
    assert packed.report.tokens == 1 + len(text) + 1
    assert rows["targets"][0][rows["weights"][0] > 0].tolist() == [ord("f") - ord("a") + 3, 2]
    others = [pack([one], tokenizer=Spelt(), sequence_length=64).fingerprint for one in (chat("ab", "cx", "e", "f"), chat("e", "f"))]
    assert len({packed.fingerprint, *others}) == 3


def test_length_counts_the_history_and_the_message_names_file_and_line(pack):
    long = chat("abc", "d", "e", "f", where="mine.jsonl line 7")
    with pytest.raises(UserError, match=r"^example mine.jsonl line 7 has 48 tokens: set config.data.sequence_length=47"):
        pack([example("a", "b"), long], tokenizer=Spelt(), over_length="error")
    dropped = pack([example("a", "b"), long], tokenizer=Spelt())
    assert dropped.report.dropped == 1 and "mine.jsonl line 7" in dropped.report.notes[1]
    moved = pack([example("a", "b"), dataclasses.replace(long, where="other.jsonl line 9")], tokenizer=Spelt())
    assert moved.fingerprint == dropped.fingerprint and "other.jsonl line 9" in moved.report.notes[1]
    assert pack([example("a", "b"), long], tokenizer=Spelt(), over_length="truncate").report.truncated == 1


def test_nothing_to_learn_is_an_error(pack):
    with pytest.raises(UserError, match="all labels are masked: none of the 2 examples"):
        pack([example("a", ""), example("b", "")])


def test_an_example_that_the_tokenizer_refuses_is_named(pack):
    class Refuses(Letters):
        def encode_batch(self, texts):
            if "bad" in texts:
                raise UserError("no such text")
            return super().encode_batch(texts)

    with pytest.raises(UserError, match="^example mine.jsonl line 2: no such text$"):
        pack([example("a", "b"), dataclasses.replace(example("bad", "b"), where="mine.jsonl line 2")], tokenizer=Refuses())


@pytest.mark.parametrize("block_tokens", [200, 1 << 22])
def test_a_stream_gives_the_same_examples_as_a_list(pack, monkeypatch, block_tokens):
    monkeypatch.setattr(packing, "_ENCODE_EXAMPLES", 16)
    monkeypatch.setattr(packing, "_BLOCK_TOKENS", block_tokens)
    examples = many(200)
    stream = ExampleStream([Part(path="x", examples=examples, times=np.ones(200, np.uint16))])
    listed, streamed = pack(examples, sequence_length=64), pack(stream, sequence_length=64)
    assert listed.fingerprint != streamed.fingerprint
    assert pieces_of(listed) == pieces_of(streamed)
    assert (streamed.report.examples, streamed.report.tokens) == (listed.report.examples, listed.report.tokens)
    assert streamed.report.fill_share > 0.8
    again = pack(stream, sequence_length=64)
    assert again.fingerprint == streamed.fingerprint
    np.testing.assert_equal(rows_of(again), rows_of(streamed))


def test_the_fullest_row_of_a_stream_may_be_in_any_block(pack, monkeypatch):
    monkeypatch.setattr(packing, "_ENCODE_EXAMPLES", 1)
    monkeypatch.setattr(packing, "_BLOCK_TOKENS", 1)
    examples = [example("a", "b" * 50), example("a", "c")]
    packed = pack(ExampleStream([Part(path="x", examples=examples, times=np.ones(2, np.uint16))]), sequence_length=64)
    assert (packed.report.rows, packed.report.loss_slots) == (2, 64)
    assert pieces_of(packed) == pieces_of(pack(examples, sequence_length=64))


def pieces_of(packed):
    """Every example of the rows as (tokens, targets), sorted."""
    found, rows = [], rows_of(packed)
    for r in range(len(packed)):
        segments = rows["segment_ids"][r]
        for segment in range(1, segments.max() + 1):
            places = np.flatnonzero(segments == segment)
            due = np.isin(rows["loss_positions"][r], places) & (rows["weights"][r] > 0)
            found.append((rows["tokens"][r][places].tolist(), rows["targets"][r][due].tolist()))
    return sorted(found)


def test_memory_does_not_grow_with_a_stream(tmp_path, monkeypatch):
    """6 MB of rows, 6,000 examples: read, split, checked for near duplicates and packed in well under the size of the file."""
    monkeypatch.setattr(packing, "_ENCODE_EXAMPLES", 64)
    monkeypatch.setattr(packing, "_BLOCK_TOKENS", 1 << 13)
    monkeypatch.setattr(corpus, "_CHUNK", 256)
    path = tmp_path / "many.jsonl"
    with open(path, "w") as file:
        for i in range(6000):
            file.write(json.dumps({"instruction": f"question {i * 7919}", "response": f"{i:04}" * 250}) + "\n")
    size = path.stat().st_size
    data = DataConfig(train=str(path), streaming=True, validation_share=0.01, sequence_length=256, cache_dir=str(tmp_path / "cache"))

    class EveryEighth(Letters):
        def encode_batch(self, texts):
            return [[3] * (len(text) // 8) for text in texts]

        encode_answers = encode_batch

    packing.pack(many(4), domain=Ask(), tokenizer=Letters(), data=data)  # imports
    tracemalloc.start()
    splits = corpus.load_splits(Config(domain="instruct", data=data), progress=lambda *_: None)
    packed = packing.pack(splits.train, domain=Ask(), tokenizer=EveryEighth(), data=data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert packed.report.examples > 5800 and packed.report.rows > 1500
    assert size > 6_000_000 and peak < size / 2, f"peak {peak:,} bytes for a file of {size:,}"
