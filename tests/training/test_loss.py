"""Chunked cross-entropy against the plain one, and what must not count."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.training.loss import LossSums, batch_loss, chunked_cross_entropy, cross_entropy
from slm_jax.training.state import init_boxed_params
from tests.training.toy import VOCAB, Toy, ragged_batch

ROWS, SLOTS, DIM = 3, 10, 8


def example():
    keys = jax.random.split(jax.random.key(0), 4)
    hidden, head = jax.random.normal(keys[0], (ROWS, SLOTS, DIM)), jax.random.normal(keys[1], (DIM, VOCAB))
    targets = jax.random.randint(keys[2], (ROWS, SLOTS), 0, VOCAB)
    weights = jax.random.uniform(keys[3], (ROWS, SLOTS)) * (jnp.arange(SLOTS) < jnp.array([[10], [3], [0]]))
    return hidden, head, targets, weights


def plain(hidden, head, targets, weights):
    """The definition, in full: softmax, logarithm, pick, weigh, sum."""
    probabilities = jax.nn.softmax(hidden @ head, axis=-1)
    return -(jnp.log(jnp.take_along_axis(probabilities, targets[..., None], axis=-1)[..., 0]) * weights).sum()


@pytest.mark.parametrize("chunk_tokens", [3, 4, 99])
def test_chunked_is_plain_in_value_and_gradient(chunk_tokens):
    hidden, head, targets, weights = example()

    def chunked(hidden, head):
        return chunked_cross_entropy(hidden, targets=targets, weights=weights, logits_of=lambda h: h @ head, chunk_tokens=chunk_tokens).loss

    value, gradients = jax.jit(jax.value_and_grad(chunked, argnums=(0, 1)))(hidden, head)
    expected, expected_gradients = jax.value_and_grad(plain, argnums=(0, 1))(hidden, head, targets, weights)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    for got, want in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-5)


def test_sums_by_hand():
    logits = jnp.log(jnp.array([[[0.5, 0.25, 0.25], [0.2, 0.2, 0.6], [0.1, 0.8, 0.1], [0.4, 0.4, 0.2]]]))
    sums = cross_entropy(logits, targets=jnp.array([[0, 0, -100, 1]]), weights=jnp.array([[1.0, 0.5, 0.0, 1.0]]))
    np.testing.assert_allclose(sums.loss, np.log(2) + 0.5 * np.log(5) - np.log(0.4), rtol=1e-6)
    assert (sums.weight, sums.tokens) == (2.5, 3)
    assert sums.correct == 1  # the first; the last is a tie, and argmax takes the first of the equals


def test_argmax_is_jax_argmax():
    logits = jax.random.randint(jax.random.key(0), (50, 7), 0, 4).astype(jnp.float32)  # many ties
    hits = jax.vmap(lambda v: cross_entropy(logits, targets=jnp.full(50, v), weights=jnp.ones(50)).correct)(jnp.arange(7))
    np.testing.assert_array_equal(hits, np.bincount(np.argmax(logits, axis=-1), minlength=7))


def test_no_weight_is_zero_and_not_nan():
    hidden, head, targets, _ = example()

    def mean(hidden):
        return chunked_cross_entropy(hidden, targets=targets - 100, weights=jnp.zeros((ROWS, SLOTS)), logits_of=lambda h: h @ head, chunk_tokens=4).mean_loss

    value, gradient = jax.jit(jax.value_and_grad(mean))(hidden)
    assert value == 0
    assert not gradient.any()
    assert LossSums.zeros().accuracy == 0


@pytest.mark.parametrize("target", [-1, VOCAB])
def test_a_used_target_outside_the_vocabulary_is_not_hidden(target):
    hidden, head, targets, weights = example()
    targets = targets.at[0, 0].set(target)
    assert jnp.isnan(cross_entropy(hidden @ head, targets=targets, weights=weights).loss)


def test_batch_loss_reads_the_places_that_the_batch_names():
    model, batch = Toy(), ragged_batch(0, rows=4)
    params = jax.jit(lambda: nn.meta.unbox(init_boxed_params(0, model=model)))()

    @jax.jit
    def both(params):
        hidden = model.apply({"params": params}, batch["tokens"], segment_ids=batch["segment_ids"], positions=batch["positions"], method="hidden")
        return batch_loss(params, batch, model=model, loss_chunk_tokens=3), jax.nn.log_softmax(model.apply({"params": params}, hidden, method="logits"))

    sums, log_probabilities = both(params)
    log_probabilities = np.asarray(log_probabilities)
    expected = 0.0
    for row, column in np.argwhere(batch["weights"] > 0):
        expected -= batch["weights"][row, column] * log_probabilities[row, batch["loss_positions"][row, column], batch["targets"][row, column]]
    np.testing.assert_allclose(sums.loss, expected, rtol=1e-5)
    assert sums.tokens == (batch["weights"] > 0).sum()


def test_sums_add_on_the_host():
    part = LossSums(loss=3.0, weight=2.0, correct=1, tokens=4)
    assert (part + part).mean_loss == 1.5 and type(part.mean_loss) is float
    assert (part + part).accuracy == 0.25
