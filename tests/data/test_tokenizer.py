import random
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_jax.config import TokenizerConfig
from slm_jax.data import tokenizer as tk
from slm_jax.errors import UserError

SYMBOLS = ("<INSTRUCTION>", "</INSTRUCTION>")
WORDS = ["North", "South", "Pending", "Refund", "Laptop", "Winter", "Volunteer", "External"]


def corpus(n=400):
    rng = random.Random(0)
    texts = []
    for _ in range(n):
        word, (a, b) = rng.choice(WORDS), rng.sample("ABCDEFGH", 2)
        texts += [f'<INSTRUCTION>Sum the values in {a} where column {b} is {word}, over {rng.randint(1, 999)}</INSTRUCTION>', f'=SUMIF({b}:{b},"{word}",{a}:{a})']
    return texts


def train(texts=None, **config):
    return tk.train_tokenizer(texts or corpus(), config=TokenizerConfig(**{"vocab_size": 420} | config), symbols=SYMBOLS)


@pytest.fixture(scope="module", params=["plain", "copy"])
def tokenizer(request):
    return train(spacing=request.param).tokenizer


def pieces(tokenizer, text):
    return [tokenizer.token_bytes[id].decode() for id in tokenizer.encode(text)]


def test_digits_and_punctuation_never_merge():
    tokenizer = train(['(2024) "2024", x-2024 <= "a"'] * 50, vocab_size=2000).tokenizer
    texts = [piece.decode(errors="ignore") for piece in tokenizer.token_bytes]  # half characters are byte pieces
    assert "x" in texts
    assert [text for text in texts if len(text) > 1 and not text.strip().isalpha() and text not in SYMBOLS] == []


def test_pieces_are_isolated(tokenizer):
    line = '<INSTRUCTION>Sum E2:E13 where $B="North"</INSTRUCTION>=SUMIFS(E:E,B:B,"<>"&12.5)'
    got = [piece.strip() for piece in pieces(tokenizer, line)]
    assert got[0] == "<INSTRUCTION>" and "</INSTRUCTION>" in got
    for piece in got:
        assert len(piece) <= 1 or piece in SYMBOLS or piece.isalpha()
    assert tokenizer.pad_id == 0 and [tokenizer.bos_id, tokenizer.eos_id] == [1, 2]


def test_copy_spacing_gives_a_word_the_same_pieces_after_a_space_and_after_a_quote():
    instruction, formula = '<INSTRUCTION>Sum E where B is Pending North</INSTRUCTION>', '=SUMIF(B:B,"Pending North",E:E)'
    same = {}
    for spacing in ("plain", "copy"):
        tokenizer = train(spacing=spacing, vocab_size=600).tokenizer
        prompt, answer = tokenizer.encode(instruction), tokenizer.encode(formula)
        quote = tokenizer.encode('"')[0]
        word = answer[answer.index(quote) + 1 : len(answer) - 1 - answer[::-1].index(quote)]
        assert len(word) > 1
        same[spacing] = any(prompt[i : i + len(word)] == word for i in range(len(prompt)))
    assert same == {"plain": False, "copy": True}


AWKWARD = st.text(alphabet=st.one_of(st.sampled_from(list(' "\'<>/=(),;$\n\t\r▁\0aNINSTRUCTION09é')), st.characters(exclude_categories=["Cs"])), max_size=40)
PARTS = [*SYMBOLS, "INSTRUCTION", "< INSTRUCTION>", "</ INSTRUCTION>", " ", "  ", "a", '"', "<s>", "<0x41>", "<unk>", "▁", ","]
SYMBOL_TEXT = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(AWKWARD, SYMBOL_TEXT))
def test_every_text_comes_back(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert all(3 < id < tokenizer.vocab_size for id in ids)
    assert tokenizer.encode_batch(["x", text, "▁"])[1] == ids


@settings(max_examples=50, deadline=None)
@given(ids=st.lists(st.integers(-5, 1000), max_size=20))
def test_every_id_decodes(tokenizer, ids):
    assert isinstance(tokenizer.decode(ids), str)


def test_decode_of_control_and_unknown_ids(tokenizer):
    hello = tokenizer.encode("(1)")
    assert tokenizer.decode([tokenizer.bos_id, *hello, tokenizer.eos_id, tokenizer.pad_id]) == "(1)"
    assert tokenizer.decode([tokenizer.vocab_size + 3, -1]) == "\ufffd\ufffd"


def test_bytes_are_those_of_the_text(tokenizer):
    text = '=IF(A1>2,"é ▁  x","漢") (and "North" is - not - here)'
    ids = tokenizer.encode(text)
    assert tokenizer.count_bytes([tokenizer.bos_id, *ids, tokenizer.eos_id]) == len(text.encode())
    plain = train().tokenizer
    assert b"".join(plain.token_bytes[id] for id in plain.encode(text)) == text.encode()


def test_the_same_texts_give_the_same_tokenizer():
    first, second, other = train().tokenizer, train().tokenizer, train(corpus(200)).tokenizer
    assert first.fingerprint == second.fingerprint != other.fingerprint
    assert train(spacing="copy").tokenizer.fingerprint != first.fingerprint


@pytest.mark.parametrize("model_type", ["bpe", "unigram"])
@pytest.mark.parametrize("texts", [["abc"], ["hello hello hello"], ["1,2,3"], ["x" * 9000], ["漢字 かな"] * 3, ["a\n\nb\0c▁d"]])
def test_a_small_corpus_gives_a_smaller_vocabulary_and_says_so(texts, model_type):
    trained = train(texts, vocab_size=2000, model_type=model_type)
    assert trained.tokenizer.vocab_size < 2000
    assert any(f"{trained.tokenizer.vocab_size:,} pieces" in note for note in trained.notes)
    assert trained.tokenizer.decode(trained.tokenizer.encode(texts[0])) == texts[0]


def test_more_characters_than_the_vocabulary_holds_are_spelt_in_bytes():
    texts = ["".join(map(chr, range(0x4E00 + i, 0x4E00 + i + 50))) + " common words" for i in range(0, 1000, 50)]
    trained = train(texts, vocab_size=400)
    assert trained.tokenizer.vocab_size == 400
    assert any("rare characters" in note for note in trained.notes)
    assert trained.tokenizer.decode(trained.tokenizer.encode(texts[0])) == texts[0]


def test_at_most_train_lines_texts_are_read_spread_over_all():
    texts = ["aaa bbb", "ccc ddd"] * 50
    trained = train(texts, train_lines=10)
    assert any("learnt from 10 of 100 texts" in note for note in trained.notes)
    assert len(trained.tokenizer.encode("aaa")) == len(trained.tokenizer.encode("ccc")) == 1
    assert train(texts, train_lines=100).notes == train(texts).notes


def test_vocabulary_too_small_and_no_text():
    with pytest.raises(UserError, match="vocab_size=300: 2.. pieces are fixed .*write 300 or more|vocab_size=300: 3.. pieces are fixed"):
        tk.train_tokenizer(["abc"], config=TokenizerConfig(vocab_size=300), symbols=[f"<{i}>" for i in range(20)])
    for texts in ([], [""], [" \n ", "(,)"]):
        with pytest.raises(UserError, match="no letters or digits"):
            tk.train_tokenizer(texts, config=TokenizerConfig())


def test_half_a_surrogate_pair_is_an_error(tokenizer):
    with pytest.raises(UserError, match="surrogate pair .U.D800, character 3"):
        tokenizer.encode("(1\ud800")


def test_save_and_load(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "t")
    loaded = tk.Tokenizer.load(tmp_path / "t")
    text = corpus(1)[0]
    assert loaded.fingerprint == tokenizer.fingerprint and loaded.encode(text) == tokenizer.encode(text) and loaded.decode(loaded.encode(text)) == text


def test_load_of_a_missing_or_damaged_tokenizer(tokenizer, tmp_path):
    with pytest.raises(UserError, match="no tokenizer in"):
        tk.Tokenizer.load(tmp_path / "no")
    tokenizer.save(tmp_path / "t")
    files = sorted((tmp_path / "t").iterdir())
    assert len(files) == 2
    for file in files:
        good = file.read_bytes()
        for bad in (good[: len(good) // 2], b"", bytes([good[0] ^ 1]) + good[1:], good[:-20] + bytes([good[-20] ^ 4]) + good[-19:]):
            file.write_bytes(bad)
            with pytest.raises(UserError, match="is damaged"):
                tk.Tokenizer.load(tmp_path / "t")
        file.write_bytes(good)
    tk.Tokenizer.load(tmp_path / "t")
    files[0].unlink()
    with pytest.raises(UserError, match="is missing"):
        tk.Tokenizer.load(tmp_path / "t")
    shutil.rmtree(tmp_path / "t")
