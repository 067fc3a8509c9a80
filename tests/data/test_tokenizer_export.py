import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from slm_jax.config import TokenizerConfig
from slm_jax.data import tokenizer as tk
from slm_jax.data.hub_tokenizer import HubTokenizer
from slm_jax.data.tokenizer_export import export_tokenizer

SYMBOLS = ("<INSTRUCTION>", "</INSTRUCTION>")
CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
LETTERS = st.one_of(st.sampled_from(list(' "\'<>/=(),;$\n\t\r▁\0aNINSTRUCTION09é²')), st.characters(exclude_categories=["Cs"], exclude_characters="\ufdd1"))
AWKWARD = st.text(alphabet=LETTERS, max_size=40)
PARTS = [*SYMBOLS, "INSTRUCTION", "< INSTRUCTION>", "</ INSTRUCTION>", " ", "  ", "a", '"', "<0x41>", "▁", ",", "North", "= "]
PARTS_TEXT = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)


def corpus():
    rows = [json.loads(line) for line in (Path(__file__).parent / "excel_dev.jsonl").read_text().splitlines()]
    return [text for row in rows for text in (f"<INSTRUCTION>{row['instruction']}</INSTRUCTION>", row["formula"])]


TEXTS = corpus()


def train(model_type, spacing, symbols=SYMBOLS):
    return tk.train_tokenizer(TEXTS, config=TokenizerConfig(vocab_size=700, model_type=model_type, spacing=spacing), symbols=symbols).tokenizer


@pytest.fixture(scope="module", params=[(m, s) for m in ("bpe", "unigram") for s in ("plain", "copy")], ids="-".join)
def exported(request, tmp_path_factory):
    tokenizer = train(*request.param)
    directory = tmp_path_factory.mktemp("exported")
    notes = export_tokenizer(tokenizer, directory, context_length=256)
    assert [("unigram" in note) for note in notes] == [True] * (request.param[0] == "unigram")
    return tokenizer, directory


def reads_the_same(tokenizer, library, text):
    ids = tokenizer.encode(text)
    return library.encode(text, add_special_tokens=False).ids == ids and library.decode(ids) == text


def test_the_library_gives_the_same_ids_and_the_same_text(exported):
    tokenizer, directory = exported
    library = Library.from_file(str(directory / "tokenizer.json"))
    wrong = [text for text in TEXTS if not reads_the_same(tokenizer, library, text)]
    assert len(wrong) <= len(TEXTS) * (0.005 if "Unigram" in str(library.model) else 0), wrong[:3]

    @settings(max_examples=400, deadline=None, derandomize=True)
    @given(text=st.one_of(AWKWARD, PARTS_TEXT))
    def every(text):
        assert reads_the_same(tokenizer, library, text)

    every()


def test_transformers_gives_the_same_ids_and_the_same_text(exported):
    transformers = pytest.importorskip("transformers")
    tokenizer, directory = exported
    theirs = transformers.AutoTokenizer.from_pretrained(directory)
    for text in [*TEXTS[:100], "▁ é", ' "North (South', "North"]:
        ids = tokenizer.encode(text)
        assert theirs(text, add_special_tokens=False)["input_ids"] == ids
        assert theirs(text)["input_ids"] == [*tokenizer.prompt_prefix, *ids]
        assert theirs.decode([*tokenizer.prompt_prefix, *ids, tokenizer.eos_id], skip_special_tokens=True) == text
    assert (theirs.pad_token_id, theirs.bos_token_id, theirs.eos_token_id, theirs.unk_token_id) == (0, 1, 2, 3)
    assert theirs.model_max_length == 256 and len(theirs) == tokenizer.vocab_size
    HubTokenizer.from_directory(directory)


def test_our_own_reader_reads_what_is_exported(exported):
    tokenizer, directory = exported
    opened = HubTokenizer.from_directory(directory)
    assert (opened.pad_id, opened.bos_id, opened.eos_id, opened.prompt_prefix, opened.vocab_size) == (0, 1, 2, (1,), tokenizer.vocab_size)
    ids = tokenizer.encode_batch(TEXTS)
    assert [opened.decode(some) for some in ids] == TEXTS
    if tokenizer.spacing == "plain":
        assert opened.token_bytes[4:] == tokenizer.token_bytes[4:]


def test_symbols_that_copy_spacing_cannot_keep_are_said(tmp_path):
    notes = export_tokenizer(train("bpe", "copy", symbols=("<A>", "| Answer")), tmp_path, context_length=8)
    assert len(notes) == 1 and "'| Answer'" in notes[0]


def byte_level(post_processor=None):
    tokenizer = Library(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=500, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    if post_processor:
        tokenizer.post_processor = post_processor
    return tokenizer


BOS = processors.TemplateProcessing(single="<|im_start|> $A", special_tokens=[("<|im_start|>", 1)])


@pytest.mark.parametrize("prefix", [(), (1,)])
@pytest.mark.parametrize("post_processor", [None, processors.ByteLevel(), BOS], ids=["none", "bytes", "bos"])
def test_a_published_tokenizer_goes_back_as_it_came(tmp_path, prefix, post_processor):
    transformers = pytest.importorskip("transformers")
    config = {"tokenizer_class": "Qwen2Tokenizer", "auto_map": {"x": "y"}, "eos_token": {"__type": "AddedToken", "content": "<|im_end|>"}, "padding_side": "left"}
    ours = HubTokenizer(byte_level(post_processor), bos_id=1, eos_id=2, pad_id=0, prompt_prefix=prefix, chat_template=CHATML, config=config)
    assert export_tokenizer(ours, tmp_path, context_length=64) == []
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in [*TEXTS[:50], "a<|im_end|>  12 é"]:
        ids = ours.encode(text)
        assert theirs(text)["input_ids"] == [*prefix, *ids] and theirs(text, add_special_tokens=False)["input_ids"] == ids
        assert theirs.decode(ids, skip_special_tokens=True) == ours.decode(ids)
    chat = [{"role": "user", "content": "Hi"}]
    assert theirs.apply_chat_template(chat)["input_ids"] == ours.encode_chat(chat)
    assert (theirs.bos_token_id, theirs.eos_token_id, theirs.pad_token_id, theirs.model_max_length, theirs.padding_side) == (1, 2, 0, 64, "left")
    written = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert written["tokenizer_class"] == "PreTrainedTokenizerFast" and "auto_map" not in written
    opened = HubTokenizer.from_directory(tmp_path)
    assert (opened.prompt_prefix, opened.chat_template, opened.encode_batch(TEXTS)) == (prefix, CHATML, ours.encode_batch(TEXTS))


def test_random_ids_decode_the_same(exported):
    tokenizer, directory = exported
    library = Library.from_file(str(directory / "tokenizer.json"))
    rng = random.Random(0)
    letters = [id for id in range(4 + 256, tokenizer.vocab_size)]  # half characters are shown differently
    for _ in range(300):
        ids = rng.choices(letters, k=12)
        assert library.decode(ids) == tokenizer.decode(ids)
