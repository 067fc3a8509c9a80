import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.config import ModelConfig
from slm_jax.errors import UserError
from slm_jax.inference.generation import Generator
from slm_jax.models.decoder import Decoder

CONFIG = ModelConfig(vocab_size=48, layers=2, dim=16, heads=2, kv_heads=1, head_dim=8, ff_dim=24, layer_windows=(0, 4), initializer_std=1.0, tied=False)
KNOWN = 24  # ids with a token; the other half of the embedding's rows must never come out
SAMPLED = dict(temperature=1.5, top_k=20, top_p=0.95)
PROMPTS = [[3, 4, 5], [7], [9, 8, 7, 6, 5, 4, 3], [11, 12, 13, 14], [20, 21]]


@pytest.fixture(scope="module")
def model_and_params():
    model = Decoder(CONFIG, "float32")
    return model, nn.meta.unbox(jax.jit(model.init)(jax.random.key(1), jnp.zeros((1, 4), jnp.int32))["params"])


@pytest.fixture(scope="module")
def generator(model_and_params):
    return Generator(*model_and_params, max_length=20, vocab_size=KNOWN, batch_size=8)


def argmax_by_full_passes(model, params, prompt, count):
    """`count` tokens, each from a pass over everything before it."""
    apply = jax.jit(model.apply)
    ids = list(prompt)
    for _ in range(count):
        padded = jnp.asarray([ids + [0] * (20 - len(ids))])
        ids.append(int(jnp.argmax(apply({"params": params}, padded)[0, len(ids) - 1, :KNOWN])))
    return ids[len(prompt) :]


@pytest.fixture(scope="module")
def expected(model_and_params):
    return [argmax_by_full_passes(*model_and_params, prompt, 10) for prompt in PROMPTS]


def test_greedy_is_the_argmax_of_full_passes(generator, expected):
    answers = generator.generate(PROMPTS, max_tokens=10, eos_ids=())
    assert [answer.ids for answer in answers] == expected
    assert not any(answer.finished for answer in answers)
    assert len({tuple(ids) for ids in expected}) == len(PROMPTS)


def test_an_answer_ends_before_the_first_end_token(generator, expected):
    ends = (expected[0][3], expected[1][0])
    for answer, ids in zip(generator.generate(PROMPTS, max_tokens=10, eos_ids=ends), expected, strict=True):
        stop = min((ids.index(end) for end in ends if end in ids), default=None)
        assert answer.ids == ids[:stop]
        assert answer.finished == (stop is not None)


def test_max_tokens_and_the_models_room_cut_an_answer(generator, expected):
    assert [answer.ids for answer in generator.generate(PROMPTS, max_tokens=2, eos_ids=())] == [ids[:2] for ids in expected]
    *_, answer = generator.generate([*PROMPTS, [5] * 17], max_tokens=10, eos_ids=())
    assert len(answer.ids) == 3 and not answer.finished
    answer = generator.generate(PROMPTS, max_tokens=2, eos_ids=(expected[2][2],))[2]
    assert answer.ids == expected[2][:2] and not answer.finished  # the end token would have been the third


def test_a_hybrid_of_attention_and_mamba2():
    config = dataclasses.replace(CONFIG, layer_types=("mamba", "attention"), mamba_heads=4, mamba_head_dim=8, mamba_state_dim=6)
    model = Decoder(config, "float32")
    params = nn.meta.unbox(jax.jit(model.init)(jax.random.key(1), jnp.zeros((1, 4), jnp.int32))["params"])
    answers = Generator(model, params, max_length=20, vocab_size=KNOWN, batch_size=8).generate(PROMPTS[:3], max_tokens=6, eos_ids=())
    assert [answer.ids for answer in answers] == [argmax_by_full_passes(model, params, prompt, 6) for prompt in PROMPTS[:3]]


def test_batches_do_not_matter(model_and_params, generator):
    small = Generator(*model_and_params, max_length=20, vocab_size=KNOWN, batch_size=2)
    settings = dict(max_tokens=6, eos_ids=(1,), seed=3, **SAMPLED)
    assert generator.generate(PROMPTS, **settings) == small.generate(PROMPTS, **settings)


def test_sampling_follows_the_seed(generator):
    settings = dict(max_tokens=8, eos_ids=(1,), **SAMPLED)
    first = generator.generate(PROMPTS, seed=1, **settings)
    assert generator.generate(PROMPTS, seed=1, **settings) == first
    assert generator.generate(PROMPTS, seed=2, **settings) != first
    same_prompt = generator.generate([[3, 4]] * 4, seed=1, **settings)
    assert len({tuple(answer.ids) for answer in same_prompt}) > 1  # each row has its own key
    assert max(id for answer in first + same_prompt for id in answer.ids) < KNOWN


def test_nothing_to_do(generator):
    assert generator.generate([], max_tokens=4, eos_ids=()) == []


@pytest.mark.parametrize(
    "prompts,settings,message",
    [
        ([[1], [2] * 20], {}, "prompt 2 has 20 tokens, and the model has room for 20"),
        ([[]], {}, "prompt 1 is empty"),
        ([[1]], dict(max_tokens=0), "max_tokens=0"),
        ([[1]], dict(temperature=-1.0), "temperature=-1.0"),
        ([[1]], dict(top_p=0.0), "top_p=0.0"),
        ([[1]], dict(top_k=-2), "top_k=-2"),
    ],
)
def test_bad_input(generator, prompts, settings, message):
    with pytest.raises(UserError, match=message):
        generator.generate(prompts, **{"max_tokens": 4, "eos_ids": (), **settings})


def test_bfloat16_runs(model_and_params):
    model, params = Decoder(CONFIG, "bfloat16"), model_and_params[1]
    answers = Generator(model, params, max_length=20, vocab_size=KNOWN, batch_size=8).generate(PROMPTS, max_tokens=4, eos_ids=())
    assert np.shape([answer.ids for answer in answers]) == (5, 4)
