"""The step on one device: accumulation, metrics, and what a NaN may not do."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.config import OptimizerConfig, ScheduleConfig
from slm_jax.training.optimizer import make_optimizer
from slm_jax.training.schedule import make_schedule
from slm_jax.training.state import count_parameters, init_state
from slm_jax.training.step import eval_step, row_report, train_step
from tests.training.toy import Toy, ragged_batch

MODEL = Toy()
TX = make_optimizer(OptimizerConfig(clip_norm=0.5), make_schedule(ScheduleConfig(name="constant", warmup_steps=0), peak=0.02, total_steps=10), precision="float32")


@functools.cache
def step(accumulation_steps=1):
    return jax.jit(functools.partial(train_step, model=MODEL, tx=TX, accumulation_steps=accumulation_steps, loss_chunk_tokens=3))


evaluate = jax.jit(functools.partial(eval_step, model=MODEL, loss_chunk_tokens=8))
init = jax.jit(functools.partial(init_state, model=MODEL, tx=TX), static_argnums=0)


@pytest.fixture(scope="module")
def state():
    return init(0)


def assert_same(a, b, **tolerance):
    jax.tree.map(functools.partial(np.testing.assert_allclose, **tolerance), a, b)


def test_init_depends_on_the_seed_alone(state):
    assert_same(init(0), state, rtol=0)
    assert (init(1).params["head"]["kernel"] != state.params["head"]["kernel"]).any()
    assert count_parameters(state.params) == 64 * 16 * 2 + 2 * (16 + 16 * 64 * 2 + 64)


@pytest.mark.parametrize("accumulation_steps", [2, 4])
def test_accumulation_changes_nothing(state, accumulation_steps):
    """Micro-batches with very uneven weights, one of them without any."""
    batch = ragged_batch(0)
    batch["weights"][1::4] = 0  # the rows of micro-batch 1 of 4
    whole, metrics = step()(state, batch)
    parts, part_metrics = step(accumulation_steps)(state, batch)
    assert_same(parts.params, whole.params, atol=1e-5)
    assert_same(part_metrics, metrics, rtol=1e-5)


def test_training_learns_and_counts(state):
    losses = []
    for i in range(10):
        state, metrics = step()(state, ragged_batch(i))
        losses.append(float(metrics["loss"]))
    assert losses[-1] < losses[0] - 0.5
    assert state.step == 10


def test_metrics_by_hand(state):
    batch = ragged_batch(3)
    new, metrics = step()(state, batch)
    used = batch["weights"] > 0
    assert metrics["tokens"] == used.sum()
    np.testing.assert_allclose(metrics["weight"], batch["weights"].sum(), rtol=1e-6)
    np.testing.assert_allclose(metrics["padding_share"], (batch["segment_ids"] == 0).mean(), rtol=1e-6)
    moved = [np.asarray(a - b) for a, b in zip(jax.tree.leaves(new.params), jax.tree.leaves(state.params), strict=True)]
    norm = np.sqrt(sum((x**2).sum() for x in moved))
    before = np.sqrt(sum((np.asarray(x) ** 2).sum() for x in jax.tree.leaves(state.params)))
    np.testing.assert_allclose(metrics["param_norm"], before, rtol=1e-5)
    np.testing.assert_allclose(metrics["update_ratio"], norm / before, rtol=1e-3)
    sums = evaluate(state.params, batch)
    np.testing.assert_allclose(metrics["loss"], sums.loss / sums.weight, rtol=1e-5)
    np.testing.assert_allclose(metrics["accuracy"], sums.correct / sums.tokens, rtol=1e-6)
    assert metrics["grad_norm"] > 0.5  # as it was before clipping
    assert metrics["finite"]


def test_padding_rows_add_nothing_to_an_evaluation(state):
    few, other = ragged_batch(0, rows=4), ragged_batch(1, rows=4)
    padded, full = ({name: np.concatenate([x, fill[name]]) for name, x in few.items()} for fill in ({k: np.zeros_like(x) for k, x in few.items()}, other))
    full["weights"][4:] = 0  # not padding, but of no weight
    sums = evaluate(state.params, padded)
    assert_same(sums, evaluate(state.params, full), rtol=1e-6)
    assert sums.tokens == (few["weights"] > 0).sum()


def test_a_batch_without_targets_has_no_gradient(state):
    batch = ragged_batch(0)
    batch["weights"][:] = 0
    _, metrics = step()(state, batch)
    assert (metrics["loss"], metrics["grad_norm"], metrics["tokens"]) == (0, 0, 0)
    assert metrics["finite"]


@pytest.mark.parametrize("accumulation_steps", [1, 4])
@pytest.mark.parametrize("bad", ["weight", "target"])
def test_a_nan_changes_nothing_and_says_so(state, bad, accumulation_steps):
    state, _ = step(accumulation_steps)(state, ragged_batch(0))
    batch = ragged_batch(1)
    batch["weights"][5, 0] = 1
    if bad == "weight":
        batch["weights"][5, 0] = np.inf
    else:
        batch["targets"][5, 0] = 1_000_000
    after, metrics = step(accumulation_steps)(state, batch)
    assert not metrics["finite"]
    assert_same(after, state, rtol=0)
    again, metrics = step(accumulation_steps)(after, ragged_batch(1))
    assert metrics["finite"] and again.step == 2


def test_an_update_that_is_not_finite_changes_nothing(state):
    """Loss and gradient are fine here; Adam without epsilon divides 0 by 0 for tokens that do not occur."""
    tx = make_optimizer(OptimizerConfig(epsilon=0.0), make_schedule(ScheduleConfig(name="constant"), peak=0.02, total_steps=10), precision="float32")
    after, metrics = jax.jit(functools.partial(train_step, model=MODEL, tx=tx, accumulation_steps=1, loss_chunk_tokens=8))(state, ragged_batch(0))
    assert jnp.isfinite(metrics["loss"]) and jnp.isfinite(metrics["grad_norm"])
    assert not metrics["finite"]
    assert_same(after, state, rtol=0)


def test_row_report_names_the_rows(state):
    batch = ragged_batch(0)
    batch["weights"][:, 0] = 1
    batch["targets"][:, 0] = [3, -7, 3, 3, -7, 3, 3, 3]
    report = jax.jit(functools.partial(row_report, model=MODEL, loss_chunk_tokens=8))(state, batch)
    np.testing.assert_array_equal(np.flatnonzero(~np.isfinite(report.loss)), [1, 4])
    batch["weights"][[1, 4]] = 0
    np.testing.assert_allclose(np.delete(report.loss, [1, 4]).sum(), evaluate(state.params, batch).loss, rtol=1e-5)
