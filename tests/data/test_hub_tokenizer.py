import io
import json
import random
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from slm_jax.data import sentencepiece_model as spm
from slm_jax.data.hub_tokenizer import HubTokenizer
from slm_jax.data.tokenizer import load_tokenizer
from slm_jax.errors import UserError

CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
LLAMA2 = "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }} {{ eos_token }}{% endif %}{% endfor %}"
CHAT = [{"role": "user", "content": "Sum E where B is North"}]
ANY_TEXT = st.text(alphabet=st.one_of(st.sampled_from(list(" \n\t\"'=(,12aNé漢▁")), st.characters(exclude_categories=["Cs"])), max_size=40)


def corpus():
    rows = [json.loads(line) for line in (Path(__file__).parent / "excel_dev.jsonl").read_text().splitlines()]
    return [text for row in rows for text in (row["instruction"], row["formula"])]


TEXTS = corpus()
ODD = ["", " ", "  two  spaces 12  345 ", "é 漢字\n\n\ttab", "a<|im_end|>b", "\u00a0x", "e\u0301", "=IF(A1>2,\"x\",'y')", "\U0001f600"]


def byte_level(*, special=("<|endoftext|>", "<|im_start|>", "<|im_end|>"), prefix_space=False):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=list(special), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    return tokenizer


def sentencepiece_model(**options):
    model = io.BytesIO()
    defaults = {"model_type": "bpe", "vocab_size": 700, "byte_fallback": True, "split_digits": True, "normalization_rule_name": "identity", "minloglevel": 2, "num_threads": 1}
    defaults |= {"remove_extra_whitespaces": False, "allow_whitespace_only_pieces": True, "hard_vocab_limit": False}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(TEXTS), model_writer=model, **defaults | options)
    return model.getvalue()


def write(directory, files):
    directory.mkdir(exist_ok=True)
    for name, content in files.items():
        if isinstance(content, bytes):
            (directory / name).write_bytes(content)
        else:
            (directory / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def chat_directory(tmp_path_factory):
    config = {"tokenizer_class": "GPT2Tokenizer", "bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "unk_token": "<|endoftext|>", "chat_template": CHATML}
    tokenizer = byte_level()
    tokenizer.enable_truncation(5)  # a published file may carry the settings of somebody's last batch
    tokenizer.enable_padding(length=9)
    return write(tmp_path_factory.mktemp("chat"), {"tokenizer.json": tokenizer.to_str(), "tokenizer_config.json": config, "generation_config.json": {"eos_token_id": [2, 0]}})


@pytest.fixture(scope="module")
def chat(chat_directory):
    return HubTokenizer.from_directory(chat_directory)


def transformers_tokenizer(directory):
    return pytest.importorskip("transformers").AutoTokenizer.from_pretrained(directory)


def test_byte_level_equals_transformers(chat, chat_directory):
    theirs = transformers_tokenizer(chat_directory)
    theirs.backend_tokenizer.no_truncation()
    theirs.backend_tokenizer.no_padding()
    for text in [*TEXTS, *ODD]:
        ids = chat.encode(text)
        assert ids == theirs(text, add_special_tokens=False)["input_ids"]
        assert chat.decode(ids) == theirs.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    half = chat.encode("漢")[:-1]
    assert chat.decode(half) == theirs.decode(half) == "\ufffd"
    assert chat.format_chat(CHAT) == theirs.apply_chat_template(CHAT, tokenize=False, add_generation_prompt=True)
    assert chat.encode_chat(CHAT) == theirs.apply_chat_template(CHAT, add_generation_prompt=True)["input_ids"]


def test_special_ids(chat):
    assert (chat.bos_id, chat.eos_id, chat.pad_id, chat.stop_ids, chat.prompt_prefix) == (1, 2, 2, (2, 0), ())  # no padding token: EOS
    assert chat.vocab_size == 600 and len(chat.token_bytes) == 600
    assert chat.decode([1, *chat.encode("x"), 2, 600, -1]) == "x\ufffd\ufffd"
    assert chat.answer_suffix == (2,)
    assert chat.encode_answers([" a", "b"]) == chat.encode_batch([" a", "b"])


@settings(max_examples=150, deadline=None)
@given(text=ANY_TEXT)
def test_every_text_comes_back(chat, text):
    ids = chat.encode(text)
    assert chat.decode(ids) == text
    assert b"".join(chat.token_bytes[id] for id in ids) == text.encode()
    assert chat.count_bytes([chat.bos_id, *ids, chat.eos_id]) == len(text.encode())


def test_half_a_surrogate_pair_is_an_error(chat):
    with pytest.raises(UserError, match="surrogate pair .U.D800, character 3"):
        chat.encode("(1\ud800")


@pytest.mark.parametrize("options", [{}, {"add_dummy_prefix": False}, {"user_defined_symbols": ["<SUM>", '"']}, {"model_type": "unigram"}, {"vocab_size": 400}], ids=str)
@pytest.mark.parametrize("legacy", [True, False])
def test_a_sentencepiece_model_equals_its_library(tmp_path, options, legacy):
    model = sentencepiece_model(**options)
    tokenizer = HubTokenizer.from_directory(write(tmp_path, {"tokenizer.model": model, "tokenizer_config.json": {"legacy": legacy}}))
    theirs = sentencepiece.SentencePieceProcessor(model_proto=model)
    texts = [text for text in [*TEXTS, *ODD, "\n", "x▁y", '"a<SUM> b"'] if legacy or text[:1] not in (" ", '"')]  # other texts transformers begins otherwise than the library
    assert tokenizer.encode_batch(texts) == theirs.encode(texts)
    assert [tokenizer.decode(ids) for ids in tokenizer.encode_batch(texts)] == [text.replace("▁", " ") for text in texts]
    for text in texts:
        assert tokenizer.count_bytes(tokenizer.encode(text)) == len(text.replace("▁", " ").encode())
    assert (tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id) == (1, 2, 2)


def test_a_sentencepiece_model_that_normalises(tmp_path):
    model = sentencepiece_model(model_type="unigram", normalization_rule_name="nmt_nfkc", remove_extra_whitespaces=True, byte_fallback=False)
    tokenizer = HubTokenizer.from_directory(write(tmp_path, {"tokenizer.model": model}))
    theirs = sentencepiece.SentencePieceProcessor(model_proto=model)
    texts = [*TEXTS, "  two   spaces ", "\uff21\uff22 x\ty"]
    assert tokenizer.encode_batch(texts) == theirs.encode(texts)


def test_the_model_file_is_read_as_its_library_reads_it():
    pb2 = pytest.importorskip("sentencepiece.sentencepiece_model_pb2")
    data = sentencepiece_model(pad_id=3, user_defined_symbols=["<a>"])
    theirs, ours = pb2.ModelProto.FromString(data), spm.parse_model(data)
    assert [(p.piece, p.score, p.type) for p in theirs.pieces] == [(p.text, p.score, p.kind) for p in ours.pieces]
    assert (ours.model_type, ours.unk_id, ours.bos_id, ours.eos_id, ours.pad_id) == (2, 0, 1, 2, 3)
    assert (ours.byte_fallback, ours.add_dummy_prefix, ours.remove_extra_whitespaces, ours.escape_whitespaces) == (True, True, False, True)
    assert spm.parse_model(sentencepiece_model()).pad_id == -1


def test_text_that_goes_on_has_no_space_before_it(tmp_path):
    tokenizer = HubTokenizer.from_directory(write(tmp_path, {"tokenizer.model": sentencepiece_model()}))
    prompt = tokenizer.encode("Sum of E")
    for answer in ("=SUM(E:E)", "North", "\nx", "é"):
        (ids,) = tokenizer.encode_answers([answer])
        assert tokenizer.decode([*prompt, *ids]) == "Sum of E" + answer
        assert tokenizer.decode(ids) == answer == tokenizer.decode(tokenizer.encode(answer))


def test_a_llama_directory_equals_transformers(tmp_path):
    config = {"tokenizer_class": "LlamaTokenizer", "legacy": False, "bos_token": "<s>", "eos_token": {"__type": "AddedToken", "content": "</s>"}, "unk_token": "<unk>"}
    config |= {"add_bos_token": True, "chat_template": LLAMA2}
    tokenizer = HubTokenizer.from_directory(write(tmp_path / "a", {"tokenizer.model": sentencepiece_model(), "tokenizer_config.json": config}))
    tokenizer.save(tmp_path / "a")  # tokenizer.json of the same directory, so that transformers reads the same pieces
    theirs = transformers_tokenizer(tmp_path / "a")
    for text in [*TEXTS[:200], "x</s>y z", "é\n"]:
        assert tokenizer.encode(text) == theirs(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(tokenizer.encode(text)) == theirs.decode(tokenizer.encode(text), skip_special_tokens=True)
    assert tokenizer.prompt_prefix == (1,)
    chat = [*CHAT, {"role": "assistant", "content": "=SUM(E:E)"}]
    ids = tokenizer.encode_chat(chat)
    assert ids == theirs.apply_chat_template(chat)["input_ids"]
    assert ids.count(1) == 1 and ids[0] == 1  # the template writes BOS, nothing else does
    assert tokenizer.answer_suffix[-1] == 2 and tokenizer.decode(tokenizer.answer_suffix).strip() == ""


@pytest.mark.parametrize(
    ("config", "adds"),
    [({}, False), ({"add_bos_token": True}, True), ({"tokenizer_class": "LlamaTokenizerFast"}, True), ({"tokenizer_class": "GemmaTokenizer"}, True)]
    + [({"tokenizer_class": "LlamaTokenizer", "add_bos_token": False}, False), ({"tokenizer_class": "GPT2Tokenizer"}, False)],
)
def test_when_bos_goes_before_a_prompt(tmp_path, config, adds):
    named = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}
    files = {"tokenizer.json": byte_level().to_str(), "tokenizer_config.json": named | config}
    assert HubTokenizer.from_directory(write(tmp_path, files)).prompt_prefix == ((1,) if adds else ())


def test_a_post_processor_that_writes_bos(tmp_path):
    tokenizer = byte_level()
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(), processors.TemplateProcessing(single="<|im_start|> $A", special_tokens=[("<|im_start|>", 1)])])
    files = {"tokenizer.json": tokenizer.to_str(), "special_tokens_map.json": {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}}
    opened = HubTokenizer.from_directory(write(tmp_path, files))
    assert opened.prompt_prefix == (1,) and opened.encode("a") == [opened.encode("ba")[1]] == byte_level().encode("a").ids


def test_tokens_that_only_the_config_has(tmp_path):
    added = {str(600 + n): {"content": text, "special": special, "normalized": False} for n, (text, special) in enumerate([("<think>", False), ("<|end|>", True)])}
    config = {"eos_token": "<|end|>", "pad_token": "<|endoftext|>", "added_tokens_decoder": added, "additional_special_tokens": ["<|new|>"]}
    tokenizer = HubTokenizer.from_directory(write(tmp_path, {"tokenizer.json": byte_level().to_str(), "tokenizer_config.json": config, "config.json": {"bos_token_id": 0}}))
    assert tokenizer.encode("a<think><|end|><|new|>")[1:] == [600, 601, 602]
    assert tokenizer.decode([600, 601, 602]) == "<think>" and tokenizer.vocab_size == 603
    assert (tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id, tokenizer.stop_ids) == (0, 601, 0, (601,))
    theirs = transformers_tokenizer(tmp_path)
    for text in ("a<think><|end|><|new|> b", " <|new|>"):
        assert tokenizer.encode(text) == theirs(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(tokenizer.encode(text)) == theirs.decode(tokenizer.encode(text), skip_special_tokens=True)


def test_ids_with_holes():
    tokenizer = Tokenizer(models.BPE(vocab={"a": 0, "b": 5, "<e>": 9}, merges=[]))
    tokenizer.add_special_tokens([AddedToken("<e>", normalized=False)])
    tokenizer.decoder = decoders.Fuse()
    opened = HubTokenizer(tokenizer, eos_id=9)
    assert opened.vocab_size == 10 and opened.encode("ab") == [0, 5] and opened.decode([0, 3, 5, 9]) == "a\ufffdb"
    assert opened.count_bytes([0, 3, 5, 9]) == 5
    with pytest.raises(UserError, match="no token with the id 3"):
        HubTokenizer(tokenizer, eos_id=9, bos_id=3)


def test_gpt2_files(tmp_path):
    tokenizer = byte_level(special=("<|endoftext|>",))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.model.save(str(tmp_path))
    config = {"tokenizer_class": "CodeGenTokenizer", "eos_token": "<|endoftext|>"}
    write(tmp_path, {"added_tokens.json": {"   ": 601, "  ": 600}, "tokenizer_config.json": config})
    opened = HubTokenizer.from_directory(tmp_path)
    assert opened.encode_batch(TEXTS) == [e.ids for e in tokenizer.encode_batch(TEXTS)]
    assert opened.encode("   ") == [601] and opened.decode([601, 600]) == "     "
    write(tmp_path, {"tokenizer_config.json": {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|endoftext|>"}})
    with pytest.raises(UserError, match="Qwen2Tokenizer cannot be made from vocab.json and merges.txt alone"):
        HubTokenizer.from_directory(tmp_path)


def test_a_normaliser_and_a_prefix_space(tmp_path):
    tokenizer = byte_level(prefix_space=True)
    tokenizer.normalizer = normalizers.NFC()
    opened = HubTokenizer.from_directory(write(tmp_path, {"tokenizer.json": tokenizer.to_str(), "tokenizer_config.json": {"eos_token": "<|im_end|>"}}))
    assert opened.encode("e\u0301") == opened.encode("é") and opened.decode(opened.encode("x")) == " x"  # as transformers does
    assert opened.decode(opened.encode_answers(["x"])[0]) == "x"


def test_save_and_load(chat, tmp_path):
    chat.save(tmp_path / "t")
    loaded = load_tokenizer(tmp_path / "t")
    assert isinstance(loaded, HubTokenizer) and loaded.fingerprint == chat.fingerprint
    assert loaded.encode_batch(TEXTS) == chat.encode_batch(TEXTS) and loaded.encode_chat(CHAT) == chat.encode_chat(CHAT)
    for name in ("vocab_size", "bos_id", "eos_id", "pad_id", "stop_ids", "prompt_prefix", "answer_suffix", "special_tokens", "config"):
        assert getattr(loaded, name) == getattr(chat, name)


def test_the_fingerprint_is_of_all_that_decides(chat):
    def made(**changes):
        return HubTokenizer(byte_level(), **{"eos_id": 2, "bos_id": 1, "chat_template": CHATML} | changes).fingerprint

    assert made() == made()
    assert len({made(), made(eos_id=0), made(chat_template=None), made(prompt_prefix=(1,)), made(stop_ids=(0,)), made(pad_id=0)}) == 6


def test_load_of_a_missing_or_damaged_tokenizer(chat, tmp_path):
    chat.save(tmp_path / "t")
    files = sorted((tmp_path / "t").iterdir())
    assert [file.name for file in files] == ["slm_tokenizer.json", "tokenizer.json"]
    for file in files:
        good = file.read_bytes()
        for bad in (good[: len(good) // 2], b"", b"{}", good.replace(b"<|im_end|>", b"<|im_and|>")):
            file.write_bytes(bad)
            with pytest.raises(UserError, match="is damaged"):
                HubTokenizer.load(tmp_path / "t")
        file.write_bytes(good)
    HubTokenizer.load(tmp_path / "t")
    files[1].unlink()
    with pytest.raises(UserError, match="tokenizer.json is missing"):
        load_tokenizer(tmp_path / "t")
    files[0].unlink()
    with pytest.raises(UserError, match="no tokenizer in"):
        load_tokenizer(tmp_path / "t")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "should have tokenizer.json, tokenizer.model, or vocab.json with merges.txt"),
        ({"tokenizer.json": "{"}, "tokenizer.json cannot be read"),
        ({"tokenizer.model": b"nothing"}, "tokenizer.model cannot be read .not a SentencePiece model"),
        ({"tokenizer.model": b""}, "tokenizer.model cannot be read"),
        ({"vocab.json": "{"}, "should have tokenizer.json"),
        ({"vocab.json": "{", "merges.txt": ""}, "vocab.json cannot be read"),
        ({"tokenizer.json": "BYTE_LEVEL"}, 'no file says which token ends a text: write "eos_token"'),
        ({"tokenizer.json": "BYTE_LEVEL", "tokenizer_config.json": "[1]"}, "tokenizer_config.json is not a JSON object"),
        ({"tokenizer.json": "BYTE_LEVEL", "tokenizer_config.json": '{"added_tokens_decoder": {"x": 1}}'}, "special tokens in a way that cannot be read"),
        ({"tokenizer.json": "BYTE_LEVEL", "tokenizer_config.json": '{"eos_token": "<|im_end|>", "chat_template": [1]}'}, "neither a text nor a list"),
    ],
)
def test_a_directory_that_has_no_tokenizer(tmp_path, files, message):
    write(tmp_path, {name: byte_level().to_str() if content == "BYTE_LEVEL" else content for name, content in files.items()})
    with pytest.raises(UserError, match=message):
        HubTokenizer.from_directory(tmp_path)


def test_random_bytes_are_no_model():
    rng = random.Random(0)
    good = sentencepiece_model(vocab_size=400)
    for _ in range(200):
        bad = bytearray(good[: rng.randrange(1, len(good))])
        bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        try:
            spm.to_tokenizer(spm.parse_model(bytes(bad)))
        except ValueError:
            continue
        except Exception as error:  # the library's own, which from_directory turns into a UserError
            assert type(error) is Exception
