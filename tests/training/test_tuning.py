"""Training a part of the model: the same step, and nothing but that part changes."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.config import Config, LoraConfig, ModelConfig, OptimizerConfig, ParallelConfig, ScheduleConfig, TrainConfig, parse_config
from slm_jax.errors import UserError
from slm_jax.models.decoder import Decoder
from slm_jax.models.lora import leaves
from slm_jax.training.optimizer import decay_mask, make_optimizer
from slm_jax.training.parallel import make_parallel
from slm_jax.training.schedule import make_schedule
from slm_jax.training.state import Tuning, count_parameters, init_state, state_from_params
from slm_jax.training.step import eval_step, row_report, train_step
from tests.training.toy import VOCAB, ragged_batch

CONFIG = ModelConfig(vocab_size=VOCAB, layers=2, dim=16, heads=2, kv_heads=2, head_dim=8, ff_dim=24, tied=False, initializer_std=0.5)
MODEL = Decoder(CONFIG, "float32")
LORA = Tuning(lora=LoraConfig(rank=3, train_also="final_norm"), seed=5)
TX = make_optimizer(OptimizerConfig(epsilon=1e-5), make_schedule(ScheduleConfig(name="constant", warmup_steps=0), peak=0.02, total_steps=10), precision="float32")


@functools.cache
def step(accumulation_steps=1):
    return jax.jit(functools.partial(train_step, model=MODEL, tx=TX, accumulation_steps=accumulation_steps, loss_chunk_tokens=8))


@functools.cache
def start(tuning=LORA):
    return jax.jit(functools.partial(init_state, 0, model=MODEL, tx=TX, tuning=tuning))()


def trained(steps=2, **settings):
    """After some steps, so that no B is 0 any more."""
    state, metrics = start(), []
    for i in range(steps):
        state, each = step(**settings)(state, ragged_batch(i))
        metrics.append(each)
    return state, metrics


def assert_same(a, b, **tolerance):
    jax.tree.map(functools.partial(np.testing.assert_allclose, **tolerance), a, b)


def test_only_what_trains_changes():
    before, (after, _) = start(), trained()
    for path, leaf in leaves(before.params):
        now = functools.reduce(lambda node, name: node[name], path, after.params)
        assert (leaf != now).any(), path
    assert_same(after.frozen, before.frozen, rtol=0)
    assert {"/".join(path[-2:]) for path, _ in leaves(before.params)} == {
        "final_norm/scale",
        *(f"{module}/lora_{side}" for module in ("q", "k", "v", "o", "gate", "up", "down") for side in "ab"),
    }
    names = {jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(before.opt_state)}
    assert names and not any("kernel" in name or "embedding" in name for name in names)
    assert sum(x.size for x in jax.tree.leaves(before.opt_state)) <= 2 * count_parameters(before.params) + 2
    assert after.step == 2


def test_frozen_parameters_stay_where_they_are_in_memory():
    state = jax.tree.map(jnp.copy, start())
    donating = jax.jit(functools.partial(train_step, model=MODEL, tx=TX, accumulation_steps=1, loss_chunk_tokens=8), donate_argnums=0)
    where = jax.tree.map(lambda x: x.unsafe_buffer_pointer(), state)
    after, _ = donating(state, ragged_batch(0))
    assert jax.tree.map(lambda x: x.unsafe_buffer_pointer(), after) == where
    assert all(x.is_deleted() for x in jax.tree.leaves(state))


@pytest.mark.parametrize("accumulation_steps", [2, 4])
def test_accumulation_changes_nothing(accumulation_steps):
    whole, parts = trained(), trained(accumulation_steps=accumulation_steps)
    assert_same(parts[0].params, whole[0].params, atol=1e-5)
    assert_same(parts[1], whole[1], rtol=1e-4)


def test_packing_changes_nothing():
    """Two examples in a row, or each in a row of its own with padding."""
    rng = np.random.default_rng(0)
    first, second = rng.integers(1, VOCAB, 5), rng.integers(1, VOCAB, 7)

    def row(*examples):
        tokens, segments = np.zeros(12, np.int32), np.zeros(12, np.int32)
        positions, places, targets = np.zeros(12, np.int32), [], []
        at = 0
        for i, example in enumerate(examples, 1):
            own = slice(at, at + len(example))
            tokens[own], segments[own], positions[own] = example, i, np.arange(len(example))
            places += range(at, at + len(example) - 1)
            targets += list(example[1:])
            at += len(example)
        unused = 12 - len(places)
        weights = np.array([1.0] * len(places) + [0.0] * unused, np.float32)
        return {"tokens": tokens, "segment_ids": segments, "positions": positions, "loss_positions": places + [0] * unused, "targets": targets + [0] * unused, "weights": weights}

    def batch(*rows):
        return {name: np.stack([np.asarray(row[name], np.float32 if name == "weights" else np.int32) for row in rows]) for name in rows[0]}

    packed, alone = batch(row(first, second), row()), batch(row(first), row(second))
    state, _ = trained()
    (one, metrics), (other, expected) = (step()(state, each) for each in (packed, alone))
    assert_same(one.params, other.params, atol=1e-5)
    assert metrics["loss"] == pytest.approx(float(expected["loss"]), rel=1e-5)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_no_gradient_of_a_frozen_matrix_is_computed(precision):
    """A step is three products a matrix: forward, the gradient of its input, its own gradient. With adapters the last is not there, in the scan over layers either."""
    jax.config.update("jax_disable_most_optimizations", False)
    config = ModelConfig(vocab_size=VOCAB, layers=2, dim=128, heads=2, kv_heads=2, head_dim=64, ff_dim=256)
    batch = ragged_batch(0, rows=4, length=32, slots=8)
    flops = {}
    for name, tuning in {"all": Tuning(), "lora": Tuning(lora=LoraConfig(rank=1))}.items():
        model = Decoder(config, precision)
        state = jax.eval_shape(functools.partial(init_state, 0, model=model, tx=TX, tuning=tuning))
        function = functools.partial(train_step, model=model, tx=TX, accumulation_steps=1, loss_chunk_tokens=8)
        flops[name] = jax.jit(function).lower(state, batch).compile().cost_analysis()["flops"]
    jax.config.update("jax_disable_most_optimizations", True)
    assert flops["lora"] < 0.75 * flops["all"]


def test_evaluation_takes_all_parameters():
    state, _ = trained()
    batch = ragged_batch(7)
    _, metrics = step()(state, batch)
    sums = jax.jit(functools.partial(eval_step, model=MODEL, loss_chunk_tokens=8))(state.all_params, batch)
    np.testing.assert_allclose(sums.mean_loss, metrics["loss"], rtol=1e-5)
    report = jax.jit(functools.partial(row_report, model=MODEL, loss_chunk_tokens=8))(state, batch)
    np.testing.assert_allclose(report.loss.sum(), sums.loss, rtol=1e-5)


def test_dropout_differs_from_step_to_step_and_not_from_run_to_run():
    dropping = start(Tuning(lora=LoraConfig(rank=3, dropout=0.5)))
    dropping = dropping.replace(params=jax.tree.map(lambda x: x + 0.3, dropping.params))
    batch = ragged_batch(0)
    first, again = (step()(dropping, batch)[1]["loss"] for _ in range(2))
    later = step()(dropping.replace(step=dropping.step + 1), batch)[1]["loss"]
    evaluated = jax.jit(functools.partial(eval_step, model=MODEL, loss_chunk_tokens=8))(dropping.all_params, batch).mean_loss
    assert first == again
    assert len({float(x) for x in (first, later, evaluated)}) == 3


def test_a_part_of_the_model_without_adapters():
    tuning = Tuning(trainable="mlp|head")
    state = start(tuning)
    assert {path[-2] for path, _ in leaves(state.params)} == {"gate", "up", "down", "head"}
    after, _ = step()(state, ragged_batch(0))
    assert_same(after.frozen, state.frozen, rtol=0)
    assert_same(state.all_params, start(Tuning()).params, rtol=0)  # the same model
    assert all((a != b).any() for a, b in zip(jax.tree.leaves(after.params), jax.tree.leaves(state.params), strict=True))


def test_learning_with_everything_at_once():
    tuning = Tuning(lora=LoraConfig(rank=4, alpha=8.0, rslora=True, dora=True, dropout=0.05, base_dtype="bfloat16", train_also="head"))
    state, losses = start(tuning), []
    assert state.frozen["embed"]["embedding"].dtype == jnp.bfloat16 and state.params["head"]["kernel"].dtype == jnp.float32
    for i in range(12):
        state, metrics = step()(state, ragged_batch(i))
        losses.append(float(metrics["loss"]))
    assert losses[-1] < losses[0] - 0.5


def test_decay_is_for_matrices():
    mask = decay_mask(start(Tuning(lora=LoraConfig(rank=3, dora=True, train_also="norm1"))).params)
    assert {path[-1]: leaf for path, leaf in leaves(mask)} == {"lora_a": True, "lora_b": True, "lora_magnitude": False, "scale": False}


@pytest.mark.parametrize("mode", ["pmap", "mesh"])
def test_a_plan_makes_the_same_state_of_a_base(mode):
    plan = make_parallel(ParallelConfig(mode=mode), devices=jax.devices()[:1])
    tuning = Tuning(lora=LoraConfig(rank=3, base_dtype="bfloat16"), seed=5)
    base = start(Tuning()).params
    assert jax.tree.structure(plan.abstract_params(model=MODEL)) == jax.tree.structure(base)
    state = plan.state_from_params(base, model=MODEL, tx=TX, tuning=tuning)
    assert_same(state, state_from_params(base, tx=TX, tuning=tuning), rtol=0)
    described = lambda tree: jax.tree.map(lambda x: (x.shape, x.dtype, x.sharding), tree)  # noqa: E731
    assert described(state) == described(plan.abstract_state(model=MODEL, tx=TX, tuning=tuning))
    assert_same(plan.init_state(0, model=MODEL, tx=TX, tuning=tuning), state, rtol=0)
    assert not any(x.is_deleted() for x in jax.tree.leaves(base))


def test_the_configuration():
    config = parse_config({"lora": {"rank": 2, "targets": "mlp"}, "seed": 3})
    assert Tuning.of(config) == Tuning(lora=LoraConfig(rank=2, targets="mlp"), seed=3)
    assert Tuning.of(Config(train=TrainConfig(trainable="head"))).trainable == "head"
    for tree, words in (
        ({"lora": {"rank": 2}, "train": {"trainable": "mlp"}}, "config.train.trainable='mlp' is for training without adapters"),
        ({"lora": {"targets": "mlp("}}, r"config.lora.targets='mlp\(' is not a regular expression"),
        ({"lora": {"rank": 1, "targets": ""}}, "config.lora.targets is empty"),
        ({"lora": {"dropout": 1.0}}, "config.lora.dropout=1.0: write a share"),
        ({"lora": {"base_dtype": "int8"}}, "config.lora.base_dtype='int8' is unknown"),
        ({"lora": {"rnk": 2}}, r"did you mean 'config.lora.rank'\?"),
    ):
        with pytest.raises(UserError, match=words):
            parse_config(tree)
