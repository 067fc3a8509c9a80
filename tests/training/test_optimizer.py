"""Which parameters each rule touches, and Muon against its definition written out for one matrix."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest

from slm_jax.config import ModelConfig, OptimizerConfig, ScheduleConfig
from slm_jax.models.decoder import Decoder
from slm_jax.training.optimizer import MUON_RMS, decay_mask, make_optimizer, orthogonalize, parameter_kinds
from slm_jax.training.schedule import make_schedule
from slm_jax.training.state import count_parameters, init_boxed_params

NAMES = {"adamw": 0.05, "adam": 0.05, "adafactor": 0.1, "lion": 0.02, "muon": 0.05}  # with a rate that suits each


def make(name, *, rate, precision="float32", **fields):
    schedule = make_schedule(ScheduleConfig(name="constant", warmup_steps=0), peak=rate, total_steps=100)
    return make_optimizer(OptimizerConfig(name=name, **fields), schedule, precision=precision)


def decoder_params(**fields):
    config = ModelConfig(vocab_size=64, layers=3, dim=8, heads=2, kv_heads=1, head_dim=4, ff_dim=12, **fields)
    return jax.eval_shape(lambda: nn.meta.unbox(init_boxed_params(0, model=Decoder(config, "float32"))))


def leaf_kinds(params):
    return {jax.tree_util.keystr(path, simple=True, separator="/"): kind for path, kind in jax.tree_util.tree_leaves_with_path(parameter_kinds(params))}


def test_every_parameter_of_the_decoder_has_the_right_kind():
    every_knob = {"tied": False, "head_bias": True, "norm": "layer", "post_norms": True, "qkv_bias": True, "out_bias": True, "mlp_bias": True, "qk_norm": True}
    kinds = leaf_kinds(decoder_params(**every_knob))
    matrices = {f"layers/attention/{name}/kernel" for name in "qkvo"} | {f"layers/mlp/{name}/kernel" for name in ("gate", "up", "down")}
    assert {path for path, kind in kinds.items() if kind == "matrix"} == matrices
    assert {path for path, kind in kinds.items() if kind == "head"} == {"head/kernel"}
    assert {path for path, kind in kinds.items() if kind == "embedding"} == {"embed/embedding"}
    assert {path.rpartition("/")[2] for path, kind in kinds.items() if kind == "vector"} == {"scale", "bias"}
    assert leaf_kinds(decoder_params(head_bias=True))["head_bias"] == "vector"


def test_of_a_mamba_layer_only_the_two_projections_are_matrices():
    hybrid = {"layer_types": ("mamba", "attention", "mamba"), "mamba_heads": 4, "mamba_head_dim": 4, "mamba_state_dim": 6, "mamba_proj_bias": True}
    kinds = leaf_kinds(decoder_params(**hybrid))
    mamba = {path.removeprefix("layers_2/mamba/"): kind for path, kind in kinds.items() if path.startswith("layers_2/mamba")}
    vectors = ("in_proj/bias", "out_proj/bias", "conv/kernel", "conv/bias", "norm/scale", "a_log", "d", "dt_bias")
    assert mamba == {"in_proj/kernel": "matrix", "out_proj/kernel": "matrix", **dict.fromkeys(vectors, "vector")}
    assert kinds["layers_1/attention/q/kernel"] == kinds["layers_0/mlp/up/kernel"] == "matrix"


def test_a_parameter_that_no_rule_covers_is_an_error():
    with pytest.raises(ValueError, match="layers/mixer/a_log"):
        parameter_kinds({"layers": {"mixer": {"a_log": jnp.zeros(3)}}})


@pytest.mark.parametrize("name", ["adamw", "lion", "muon", "adafactor"])
def test_matrices_decay_and_nothing_else(name):
    """With a gradient of 0 what is left of an update is decay: rate * weight_decay, even for stacked scales and biases of two axes."""
    params = jax.tree.map(lambda x: jnp.ones(x.shape), decoder_params(tied=False, norm="layer", qkv_bias=True))
    tx = make(name, rate=0.5, weight_decay=0.2)
    updates, _ = jax.jit(tx.update)(jax.tree.map(jnp.zeros_like, params), tx.init(params), params)
    for (path, update), decays in zip(jax.tree_util.tree_leaves_with_path(updates), jax.tree.leaves(decay_mask(params)), strict=True):
        assert decays == (path[-1].key == "kernel")
        np.testing.assert_allclose(update, -0.1 if decays else 0.0, rtol=1e-6, err_msg=str(path))


def test_adam_takes_decay_into_the_gradient():
    params = {"kernel": jnp.full((2, 2), 3.0), "bias": jnp.full(2, 3.0)}
    tx = make("adam", rate=0.5, weight_decay=0.2, epsilon=0.0)
    updates, _ = tx.update({"kernel": jnp.zeros((2, 2)), "bias": jnp.ones(2)}, tx.init(params), params)
    np.testing.assert_allclose(updates["kernel"], -0.5, rtol=1e-5)  # Adam's first step is the gradient's sign, whatever the size of the decay


@pytest.mark.parametrize("clip_norm, expected", [(1.0, [0.6, 0.8]), (0.0, [3.0, 4.0])])
def test_clipping(clip_norm, expected):
    params = {"bias": jnp.zeros(2)}
    tx = make("lion", rate=1.0, clip_norm=clip_norm)
    state = tx.update({"bias": jnp.array([3.0, 4.0])}, tx.init(params), params)[1]
    momentum = next(x for x in jax.tree.leaves(state) if x.shape == (2,))
    np.testing.assert_allclose(momentum, (1 - OptimizerConfig().beta2) * np.array(expected), rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_every_optimizer_learns(name):
    """Targets from a fixed two-layer map, learnt by another one: the loss falls to less than a third."""
    keys = jax.random.split(jax.random.key(0), 4)
    x, target = jax.random.normal(keys[0], (64, 8)), jax.random.normal(keys[1], (64, 8))
    params = {
        "layers": {"up": {"kernel": jax.random.normal(keys[2], (1, 8, 32)) / 3, "bias": jnp.zeros((1, 32))}},
        "head": {"kernel": jax.random.normal(keys[3], (32, 8)) / 6},
    }
    tx = make(name, rate=NAMES[name], weight_decay=0.001)

    def loss_of(p):
        inner = jnp.tanh(x @ p["layers"]["up"]["kernel"][0] + p["layers"]["up"]["bias"])
        return jnp.mean((inner @ p["head"]["kernel"] - target) ** 2)

    @jax.jit
    def train(params):
        def body(carry, _):
            params, state = carry
            loss, gradients = jax.value_and_grad(loss_of)(params)
            updates, state = tx.update(gradients, state, params)
            return (optax.apply_updates(params, updates), state), loss

        return jax.lax.scan(body, (params, tx.init(params)), length=150)[1]

    losses = train(params)
    assert losses[-1] < losses[0] / 3


def newton_schulz(matrix):
    """The definition, in float64, for one matrix (https://kellerjordan.github.io/posts/muon/)."""
    x = np.asarray(matrix, np.float64)
    x = x / np.linalg.norm(x)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x - 4.7750 * gram @ x + 2.0315 * gram @ gram @ x
    return x


def test_muon_orthogonalizes_each_stacked_matrix_between_its_last_two_axes():
    """Two updates of a stack [layers, in, out] = those of each matrix alone, by hand: Nesterov momentum, then Newton-Schulz, then the size."""
    shape = (3, 6, 10)
    first, second = (jax.random.normal(jax.random.key(i), shape) for i in range(2))
    params = {"layers": {"up": {"kernel": jnp.zeros(shape)}}}
    tx = make("muon", rate=0.1, momentum=0.9, weight_decay=0.0, clip_norm=0.0)
    update = jax.jit(tx.update)
    _, state = update({"layers": {"up": {"kernel": first}}}, tx.init(params), params)
    updates, _ = update({"layers": {"up": {"kernel": second}}}, state, params)
    for layer in range(3):
        momentum = second[layer] + 0.9 * (second[layer] + 0.9 * first[layer])
        expected = -0.1 * MUON_RMS * np.sqrt(10) * newton_schulz(momentum)
        np.testing.assert_allclose(updates["layers"]["up"]["kernel"][layer], expected, atol=2e-6)


@pytest.mark.parametrize("shape", [(2, 6, 10), (2, 10, 6), (5, 5)])
def test_orthogonalize_is_optax_muon_with_the_last_two_axes(shape):
    x = jax.random.normal(jax.random.key(0), shape)
    dimensions = optax.contrib.MuonDimensionNumbers(reduction_axis=x.ndim - 2, output_axis=x.ndim - 1)
    tx = optax.contrib.scale_by_muon(weight_dimension_numbers={"w": dimensions})
    expected = tx.update({"w": x}, tx.init({"w": x}))[0]["w"]
    np.testing.assert_allclose(orthogonalize(x, precision="float32"), expected, atol=1e-5)


def test_orthogonalize_in_bfloat16_brings_singular_values_near_one():
    x = jax.random.normal(jax.random.key(0), (4, 48, 20))
    values = np.linalg.svd(orthogonalize(x, precision="bfloat16"), compute_uv=False)
    assert values.min() > 0.6 and values.max() < 1.3
    assert not orthogonalize(jnp.zeros((4, 6)), precision="bfloat16").any()


def test_muon_and_adamw_move_parameters_alike():
    """One learning rate serves both: the updates' root mean squares are within a factor of a few, whatever a matrix's shape."""
    params = {"wide": {"kernel": jnp.zeros((16, 64))}, "tall": {"kernel": jnp.zeros((64, 16))}, "square": {"kernel": jnp.zeros((2, 32, 32))}}
    gradients = jax.tree.map(lambda x: jax.random.normal(jax.random.key(x.size), x.shape), params)
    tx = make("muon", rate=1.0)
    for update in jax.tree.leaves(jax.jit(tx.update)(gradients, tx.init(params), params)[0]):
        assert 0.1 < float(jnp.sqrt(jnp.mean(update**2))) < 0.3


def test_adafactor_keeps_rows_and_columns_of_stacked_matrices():
    params = {"layers": {"up": {"kernel": jnp.zeros((2, 64, 128))}}, "embed": {"embedding": jnp.zeros((512, 64))}}
    assert count_parameters(make("adafactor", rate=1.0).init(params)) < 0.05 * count_parameters(params)
    assert count_parameters(make("adamw", rate=1.0).init(params)) > 2 * count_parameters(params)
