"""Training and generation write a question in the same ids, in a chat template and without."""

import pytest

from slm_jax.config import DataConfig, TokenizerConfig
from slm_jax.data.hub_tokenizer import HubTokenizer
from slm_jax.data.prompts import prompt_format, prompt_text, prompt_texts
from slm_jax.data.tokenizer import train_tokenizer
from slm_jax.domains import get_domain
from slm_jax.domains.base import Example
from slm_jax.errors import UserError

INSTRUCT, TEXT = get_domain("instruct"), get_domain("text")


@pytest.fixture(scope="module")
def own():
    return train_tokenizer(["What is the sum of row 1 and column 2?", "a\tb"] * 50, config=TokenizerConfig(vocab_size=300)).tokenizer


@pytest.fixture(scope="module")
def hub(published_model):
    return HubTokenizer.from_directory(published_model)


def test_plain_prompt_has_bos_and_the_answer_ends_with_eos(own):
    written = prompt_format(INSTRUCT, own, DataConfig())
    text = prompt_text(INSTRUCT, "the sum", [["a", 1]])
    encoded = written.encode([text], ["of row 1"])[0]
    assert encoded.prompt == written.prompt_ids("the sum", [["a", 1]]) == [own.bos_id, *own.encode("the sum\n\na\t1")]
    assert encoded.answer == [*own.encode("of row 1"), own.eos_id]


def test_a_document_has_no_prompt(own, hub):
    for tokenizer in (own, hub):
        encoded = prompt_format(TEXT, tokenizer, DataConfig()).encode([""], ["row"])[0]
        assert encoded.prompt == [tokenizer.bos_id] == prompt_format(TEXT, tokenizer, DataConfig()).prompt_ids("")
        assert encoded.answer == [*tokenizer.encode("row"), tokenizer.eos_id]


def test_a_chat_is_the_template_and_ends_as_it_ends(hub):
    written = prompt_format(INSTRUCT, hub, DataConfig(system_prompt="Be brief."))
    encoded = written.encode(["the sum"], ["north"])[0]
    expected = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nthe sum<|im_end|>\n<|im_start|>assistant\n"
    assert encoded.prompt == hub.encode(expected) == written.prompt_ids("the sum")
    assert encoded.answer == [*hub.encode("north"), *hub.encode("<|im_end|>")]
    plain = prompt_format(INSTRUCT, hub, DataConfig(prompt_format="plain")).encode(["the sum"], ["north"])[0]
    assert plain.prompt == hub.encode("the sum") and plain.answer[-1] == hub.eos_id


def test_what_cannot_be_asked_for(own, hub):
    with pytest.raises(UserError, match="prompt_format='chat', but the tokenizer has no chat template"):
        prompt_format(INSTRUCT, own, DataConfig(prompt_format="chat"))
    for domain, tokenizer in ((INSTRUCT, own), (TEXT, hub)):
        with pytest.raises(UserError, match="system_prompt is set, but"):
            prompt_format(domain, tokenizer, DataConfig(system_prompt="Be brief."))


def test_a_prompt_that_cannot_be_is_named():
    with pytest.raises(UserError, match="example q7: the instruction is empty"):
        prompt_texts([Example(instruction="fine", response=""), Example(instruction="  ", response="", id="q7")], domain=INSTRUCT)


HISTORY = ({"role": "user", "content": "one?"}, {"role": "assistant", "content": "1"})


def test_what_was_said_before_stands_before_the_question_in_the_template(hub):
    written = prompt_format(INSTRUCT, hub, DataConfig(system_prompt="Be brief."))
    expected = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\none?<|im_end|>\n<|im_start|>assistant\n1<|im_end|>\n<|im_start|>user\nthe sum<|im_end|>\n"
    encoded = written.encode(["the sum"], ["north"], [HISTORY])[0]
    assert encoded.prompt == hub.encode(expected + "<|im_start|>assistant\n") == written.prompt_ids("the sum", history=HISTORY)
    own_system = ({"role": "system", "content": "Be kind."}, *HISTORY)
    assert written.prompt_ids("the sum", history=own_system) == hub.encode(expected.replace("brief", "kind") + "<|im_start|>assistant\n")


def test_what_was_said_before_without_a_template(own):
    written = prompt_format(INSTRUCT, own, DataConfig())
    prompt = written.encode(["the sum", "the sum"], ["x", "x"], [HISTORY, ()])
    assert own.decode(prompt[0].prompt) == "user:\none?\n\nassistant:\n1\n\nuser:\nthe sum\n\nassistant:\n"
    assert own.decode(prompt[1].prompt) == "the sum"
