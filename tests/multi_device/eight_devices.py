"""One device = pmap over 8 = two meshes of 8 = accumulation under each, on ragged batches. Alone: `pytest tests/multi_device/eight_devices.py`."""

import functools
import os

import jax
import numpy as np
import optax
import pytest

from slm_jax.config import LoraConfig, MeshConfig, ModelConfig, OptimizerConfig, ParallelConfig, ScheduleConfig
from slm_jax.errors import UserError
from slm_jax.models.decoder import Decoder
from slm_jax.training.loss import batch_loss
from slm_jax.training.optimizer import make_optimizer
from slm_jax.training.parallel import make_parallel
from slm_jax.training.schedule import make_schedule
from slm_jax.training.state import TrainState, Tuning, init_state
from slm_jax.training.step import eval_step, train_step
from tests.training.toy import VOCAB, Toy, ragged_batch

jax.config.update("jax_num_cpu_devices", 8)  # this and the rest before anything uses a device
# Many tiny functions, each run five times: compiling is what takes time, and with these two it takes a fifth.
jax.config.update("jax_disable_most_optimizations", True)
if jax.__version_info__ < (0, 11):  # XLA aborts on a flag that it does not know, and later versions may not know this one
    os.environ["XLA_FLAGS"] = "--xla_cpu_use_fusion_emitters=false"

STEPS, ROWS = 5, 16
PLANS = {
    "pmap": ParallelConfig(mode="pmap"),
    "mesh 2x2x2": ParallelConfig(mode="mesh", mesh=MeshConfig(data=2, fsdp=2, tensor=2)),
    "mesh 8x1x1": ParallelConfig(mode="mesh", mesh=MeshConfig(data=8)),
}
CASES = [
    *[("adamw", plan, accumulation_steps) for plan in PLANS for accumulation_steps in (1, 2)],
    *[(name, plan, accumulation_steps) for name in ("muon", "adafactor", "lora") for plan, accumulation_steps in zip(PLANS, (2, 1, 2), strict=True)],
]
TUNINGS = {"lora": Tuning(lora=LoraConfig(rank=2, dora=True, train_also="final_norm", base_dtype="bfloat16"))}  # with AdamW; all else trains everything


def model_for(name: str):
    """The decoder with AdamW; with the others a smaller model, which compiles sooner."""
    return decoder() if name in ("adamw", "lora") else Toy(dim=32)


def decoder(**fields) -> Decoder:
    shape = {"vocab_size": VOCAB, "layers": 2, "dim": 32, "heads": 2, "kv_heads": 2, "head_dim": 16, "ff_dim": 64, "tied": False, "initializer_std": 1.0}
    return Decoder(ModelConfig(**shape | fields), "float32")


def optimizer(name: str) -> optax.GradientTransformation:
    # A gradient that is 0 but for rounding (1e-9 here) moves a parameter by rate * 1e-9 / epsilon. With the usual 1e-8 that alone is more than the tolerance, on
    # one device too when its sums are only taken in another order; so epsilon stands well above the rounding.
    config = OptimizerConfig(name="adamw" if name == "lora" else name, epsilon=1e-5)
    return make_optimizer(config, make_schedule(ScheduleConfig(warmup_steps=2), peak=0.01, total_steps=20), precision="float32")


def batches() -> list[dict]:
    return [ragged_batch(i, rows=ROWS) for i in range(STEPS)]


def step_function(name: str, accumulation_steps: int = 1):
    return functools.partial(train_step, model=model_for(name), tx=optimizer(name), accumulation_steps=accumulation_steps, loss_chunk_tokens=4)


@functools.cache
def start(name: str) -> TrainState:
    return jax.device_get(jax.jit(functools.partial(init_state, 0, model=model_for(name), tx=optimizer(name), tuning=tuning_for(name)))())


@functools.cache
def on_one_device(name: str):
    """State and metrics after five steps of plain jit: nothing of parallel.py is in it."""
    state, step, metrics = start(name), jax.jit(step_function(name)), []
    for batch in batches():
        state, each = step(state, batch)
        metrics.append(jax.device_get(each))
    return jax.device_get(state), metrics


def tuning_for(name: str) -> Tuning:
    return TUNINGS.get(name, Tuning())


def abstract_state(plan, name: str) -> TrainState:
    return plan.abstract_state(model=model_for(name), tx=optimizer(name), tuning=tuning_for(name))


@functools.cache
def run(name: str, plan_name: str, accumulation_steps: int):
    plan = make_parallel(PLANS[plan_name])
    state = jax.tree.map(lambda x, place: jax.device_put(x, place.sharding), start(name), abstract_state(plan, name))
    step = plan.compile_train_step(step_function(name, accumulation_steps), state=state, batch=batches()[0])
    metrics = []
    for batch in batches():
        state, each = step(state, plan.put_batch(batch))
        metrics.append(plan.to_host(each))
    return plan, step, state, metrics


def largest_difference(a, b) -> float:
    return max(jax.tree.leaves(jax.tree.map(lambda x, y: float(np.abs(np.asarray(x, np.float64) - np.asarray(y, np.float64)).max()), a, b)))


def test_there_are_eight_devices():
    assert jax.device_count() == 8


@pytest.mark.parametrize("name, plan_name, accumulation_steps", CASES)
def test_devices_and_accumulation_change_nothing(name, plan_name, accumulation_steps):
    expected, expected_metrics = on_one_device(name)
    _, _, state, metrics = run(name, plan_name, accumulation_steps)
    assert largest_difference(state, expected) < 1e-5
    assert state.step == STEPS
    for got, want in zip(metrics, expected_metrics, strict=True):
        assert {k: pytest.approx(float(v), rel=1e-4) for k, v in want.items()} == got


def test_a_mean_of_device_means_would_have_been_noticed():
    """The usual mistake, pmean of each device's mean gradient, on the same data: hundreds of times the tolerance away after the same five steps."""
    model, tx = decoder(), optimizer("adamw")

    def naive_step(state, batch):
        def mean_loss(params):
            return batch_loss(params, batch, model=model, loss_chunk_tokens=4).mean_loss

        gradients = jax.lax.pmean(jax.grad(mean_loss)(state.params), "devices")
        updates, opt_state = tx.update(gradients, state.opt_state, state.params)
        return TrainState(step=state.step + 1, params=optax.apply_updates(state.params, updates), opt_state=opt_state)

    state = start("adamw")
    step = jax.pmap(naive_step, axis_name="devices", in_axes=(None, 0), out_axes=None)
    for batch in batches():
        state = step(state, jax.tree.map(lambda x: x.reshape(8, ROWS // 8, *x.shape[1:]), batch))
    assert largest_difference(state.params, on_one_device("adamw")[0].params) > 1e-3


def test_pmap_holds_one_unstacked_state_and_donates_it():
    plan, step, state, _ = run("adamw", "pmap", 1)
    reference, _ = on_one_device("adamw")
    assert jax.tree.map(np.shape, state) == jax.tree.map(np.shape, reference)
    assert all(x.sharding.is_fully_replicated for x in jax.tree.leaves(state))
    state = jax.tree.map(lambda x: x.copy(), state)  # the cached one serves other tests
    before = [[s.data.unsafe_buffer_pointer() for s in x.addressable_shards] for x in jax.tree.leaves(state)]
    after, _ = step(state, plan.put_batch(batches()[0]))
    assert [[s.data.unsafe_buffer_pointer() for s in x.addressable_shards] for x in jax.tree.leaves(after)] == before
    assert all(x.is_deleted() for x in jax.tree.leaves(state))


def test_the_mesh_shards_parameters_and_optimizer_state_alike():
    _, step, state, _ = run("adamw", "mesh 2x2x2", 1)
    whole = sum(x.nbytes for x in jax.tree.leaves(state))
    share = sum(x.addressable_shards[0].data.nbytes for x in jax.tree.leaves(state))
    assert share < 0.3 * whole
    assert step.memory.alias_bytes == share  # updated in place, on every device its share
    up = ("layers", "mlp", "up", "kernel")
    adam = next(s for s in jax.tree.leaves(state.opt_state, is_leaf=lambda s: hasattr(s, "mu")) if hasattr(s, "mu"))
    for tree in (state.params, adam.mu, adam.nu):
        leaf = functools.reduce(lambda node, key: node[key], up, tree)
        assert leaf.addressable_shards[0].data.shape == (2, 16, 32)  # [layers, dim / fsdp, ff / tensor]


def test_adapters_and_their_base_lie_on_the_mesh_like_the_matrix():
    _, _, state, _ = run("lora", "mesh 2x2x2", 1)
    up = state.all_params["layers"]["mlp"]["up"]
    shapes = {name: leaf.addressable_shards[0].data.shape for name, leaf in up.items()}
    assert shapes == {"kernel": (2, 16, 32), "lora_a": (2, 16, 2), "lora_b": (2, 2, 32), "lora_magnitude": (2, 32), "lora_scale": (2,)}  # [.., dim / fsdp, ff / tensor]
    adam = next(s for s in jax.tree.leaves(state.opt_state, is_leaf=lambda s: hasattr(s, "mu")) if hasattr(s, "mu"))
    assert jax.tree.map(lambda x: x.sharding, adam.mu) == jax.tree.map(lambda x: x.sharding, state.params)
    assert largest_difference(state.frozen, start("lora").frozen) == 0


@pytest.mark.parametrize("plan_name", PLANS)
def test_parameters_are_born_the_same_everywhere(plan_name):
    state = make_parallel(PLANS[plan_name]).init_state(0, model=decoder(), tx=optimizer("adamw"))
    assert largest_difference(state, start("adamw")) < 1e-7


@pytest.mark.parametrize("plan_name", ["pmap", "mesh 2x2x2"])
def test_evaluation_is_the_same_everywhere(plan_name):
    plan, _, state, _ = run("adamw", plan_name, 1)
    batch = ragged_batch(9, rows=ROWS)
    evaluate = functools.partial(eval_step, model=decoder(), loss_chunk_tokens=4)
    got = plan.to_host(plan.compile_eval_step(evaluate, params=state.params, batch=batch)(state.params, plan.put_batch(batch)))
    want = jax.jit(evaluate)(on_one_device("adamw")[0].params, batch)
    assert (got.tokens, got.correct) == (want.tokens, want.correct)
    np.testing.assert_allclose([got.loss, got.weight], [want.loss, want.weight], rtol=1e-5)


@pytest.mark.parametrize("plan_name", PLANS)
def test_a_nan_in_one_row_stops_all_devices(plan_name):
    plan, step, state, _ = run("adamw", plan_name, 1)
    batch = batches()[0]
    batch["targets"][11, 0], batch["weights"][11, 0] = VOCAB, 1
    kept = jax.device_get(state)
    after, metrics = step(jax.tree.map(lambda x: x.copy(), state), plan.put_batch(batch))
    assert plan.to_host(metrics)["finite"] is False
    assert largest_difference(after, kept) == 0


def test_what_does_not_fit_is_refused():
    tensor8 = make_parallel(ParallelConfig(mode="mesh", mesh=MeshConfig(data=1, tensor=8)))
    with pytest.raises(UserError, match=r"config.parallel.mesh.tensor=8 does not divide the axis of 60 of parameter .*embedding \(60, 32\): write a divisor of 60, or 1"):
        tensor8.abstract_state(model=decoder(vocab_size=60), tx=optimizer("adamw"))
    with pytest.raises(UserError, match="3 x 1 x 1 does not fit 8 devices: write sizes whose product is 8"):
        make_parallel(ParallelConfig(mode="mesh", mesh=MeshConfig(data=3)))
    assert make_parallel(ParallelConfig(mode="mesh", mesh=MeshConfig(fsdp=2))).mesh.shape == {"data": 4, "fsdp": 2, "tensor": 1}
    with pytest.raises(UserError, match="a batch of 12 rows .* 8 device slices"):
        make_parallel(PLANS["pmap"]).put_batch(ragged_batch(0, rows=12))
    with pytest.raises(UserError, match="accumulation_steps=3: write 24"):
        make_parallel(PLANS["mesh 8x1x1"]).check_rows(global_batch_size=16, accumulation_steps=3)
