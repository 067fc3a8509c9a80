import json

import pytest

from slm_jax.config import Config, DataConfig, TokenizerConfig
from slm_jax.data import prepare as preparing
from slm_jax.data.prepare import prepare
from slm_jax.domains import get_domain


@pytest.fixture
def config(tmp_path):
    rows = [{"messages": [{"role": "user", "content": f"what is {n} and one?"}, {"role": "assistant", "content": str(n + 1)}] * (1 + n % 2)} for n in range(60)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def make(**data):
        data = {"train": str(tmp_path / "a.jsonl"), "sequence_length": 64, "validation_share": 0.1, "cache_dir": str(tmp_path / "cache")} | data
        return Config(domain="instruct", data=DataConfig(**data), tokenizer=TokenizerConfig(vocab_size=300))

    return make


def run(config, directory, given=None):
    return prepare(config, domain=get_domain("instruct"), tokenizer_directory=directory, given=given, progress=lambda *_: None)


def test_a_list_and_a_stream_give_the_same_tokenizer_and_the_same_amount(config, tmp_path):
    listed, streamed = run(config(), tmp_path / "t1"), run(config(streaming=True), tmp_path / "t2")
    assert listed.tokenizer.fingerprint == streamed.tokenizer.fingerprint
    assert listed.rows.report.tokens == streamed.rows.report.tokens
    assert listed.rows.report.examples == len(listed.splits.train) and any("held out" in note for note in listed.notes)


def test_the_tokenizer_is_the_earlier_one_then_the_given_one(config, tmp_path):
    first = run(config(), tmp_path / "t1")
    given = run(config(), tmp_path / "t2", given=first.tokenizer)
    assert given.tokenizer is first.tokenizer and "tokenizer: that of config.model.init_from" in given.notes
    again = run(config(validation_share=0.5), tmp_path / "t2")
    assert again.tokenizer.fingerprint == first.tokenizer.fingerprint


def test_a_stream_s_tokenizer_is_trained_on_a_sample(config, tmp_path):
    stream = run(config(streaming=True), tmp_path / "t").splits.train
    domain = get_domain("instruct")
    sample = preparing._texts(stream, None, domain=domain, most=10)
    everything = preparing._texts(list(stream), [domain.prompt(e.instruction) for e in stream], domain=domain, most=10)
    assert len(sample) == 10 and set(sample) <= set(everything) and sample != everything[:10]
    assert sample == preparing._texts(stream, None, domain=domain, most=10)
    assert any("assistant:\n" in text for text in everything)
