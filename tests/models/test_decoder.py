import dataclasses
import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.config import ModelConfig
from slm_jax.models.decoder import Decoder, init_cache, split_layers
from slm_jax.models.layers import layer_runs

TINY = ModelConfig(vocab_size=40, layers=3, dim=16, heads=4, kv_heads=4, head_dim=8, ff_dim=24)
MAMBA = dict(mamba_heads=4, mamba_head_dim=6, mamba_state_dim=5, mamba_groups=2)
FAMILIES = {
    "llama": dict(qk_norm=False, kv_heads=2, tied=False),
    "phi": dict(
        norm="layer", parallel_block=True, rope_fraction=0.5, qkv_bias=True, out_bias=True, mlp_bias=True, head_bias=True, tied=False, gated=False, activation="gelu_tanh"
    ),
    "gemma3": dict(
        norm_plus_one=True, post_norms=True, kv_heads=1, layer_windows=(3, 0, 3), layer_rope_thetas=(1e4, 1e6, 1e4), activation="gelu_tanh", embed_multiplier=4.0
    ),
    "smollm3": dict(qk_norm=False, kv_heads=2, layer_rope_thetas=(5e4, 0.0, 5e4)),
    "granite": dict(qk_norm=False, attention_scale=0.05, embed_multiplier=12.0, residual_multiplier=0.25, logit_divisor=4.0),
    "granite4": dict(**MAMBA, layers=4, layer_types=("mamba", "mamba", "attention", "mamba"), qk_norm=False, layer_rope_thetas=(0.0,) * 4, residual_multiplier=0.25),
    "mamba2": dict(**MAMBA, layer_types=("mamba",) * 3),
}


def family(name):
    return dataclasses.replace(TINY, **FAMILIES[name])


def make(config, precision="float32"):
    """A model and parameters in which nothing is 0 or 1: fresh norms and biases would hide mistakes."""
    model = Decoder(config, precision)
    shapes = jax.eval_shape(lambda: nn.meta.unbox(model.init(jax.random.key(0), jnp.zeros((1, 4), jnp.int32))["params"]))

    def draw(path, shape):  # the same values at the same place, whatever else is in the tree
        seed = sum(jax.tree_util.keystr(path).encode())
        return jnp.asarray(np.random.default_rng(seed).normal(0.1, 0.3, shape.shape), jnp.float32)

    return model, jax.tree_util.tree_map_with_path(draw, shapes)


def tokens(batch, length, seed=0):
    return jnp.asarray(np.random.default_rng(seed).integers(0, 40, (batch, length)), jnp.int32)


@pytest.mark.parametrize("name", ["phi", "gemma3", "granite4"])
def test_nothing_comes_from_the_future(name):
    model, params = make(family(name))

    def logits_of(embedded):  # the embedding of 6 distinct tokens stands for the inputs
        changed = {**params, "embed": {"embedding": embedded}}
        if model.config.tied:  # keep the head out of the derivative
            hidden = model.apply({"params": changed}, jnp.arange(6)[None], method="hidden")[0]
            return model.apply({"params": params}, hidden, method="logits").sum(-1)
        return model.apply({"params": changed}, jnp.arange(6)[None])[0].sum(-1)

    moved = np.abs(np.asarray(jax.jit(jax.jacrev(logits_of))(params["embed"]["embedding"]))).sum(-1)[:, :6] > 0  # [output position, input position]
    assert not np.triu(moved, 1).any()
    assert np.diag(moved).all()
    assert moved[5, 3:].all()


@pytest.mark.parametrize("name", ["llama", "gemma3", "smollm3", "granite4"])
def test_packed_rows_equal_separate_rows(name):
    """Row 0 has two documents and padding, rows 1 and 2 each start with one of them (what follows there cannot matter)."""
    model, params = make(family(name))
    rows = tokens(3, 11)
    a, b = rows[1, :5], rows[2, :4]
    rows = rows.at[0].set(jnp.concatenate([a, b, jnp.zeros(2, jnp.int32)]))
    segments = jnp.asarray([[1] * 5 + [2] * 4 + [0] * 2, [1] * 11, [1] * 11])
    packed, with_a, with_b = jax.jit(model.apply)({"params": params}, rows, segments)
    np.testing.assert_allclose(packed[:5], with_a[:5], atol=2e-5)
    np.testing.assert_allclose(packed[5:9], with_b[:4], atol=2e-5)
    assert bool(jnp.isfinite(packed).all())
    assert packed.dtype == jnp.float32 and packed.shape == (11, 40)


@pytest.mark.parametrize("name", FAMILIES)
def test_cached_decoding_equals_the_full_pass(name):
    """Rows of 7 and 4 tokens, the shorter one padded on the left; 3 more tokens, one by one."""
    config = family(name)
    model, params = make(config)
    full = tokens(2, 10)
    expected = jax.jit(model.apply)({"params": params}, full.at[1].set(jnp.roll(full[1], -3)))  # row 1 has its first 7 slots
    step = jax.jit(lambda tokens, segments, cache: model.apply({"params": params}, tokens, segments, cache=cache))
    segments = jnp.asarray([[1] * 7, [0] * 3 + [1] * 4])
    logits, cache = step(full[:, :7], segments, init_cache(config, 2, 11, precision="float32"))
    np.testing.assert_allclose(logits[0], expected[0, :7], atol=2e-5)
    np.testing.assert_allclose(logits[1, 3:], expected[1, :4], atol=2e-5)
    for i in range(3):
        logits, cache = step(full[:, 7 + i : 8 + i], None, cache)
        np.testing.assert_allclose(logits[0, 0], expected[0, 7 + i], atol=2e-5)
        np.testing.assert_allclose(logits[1, 0], expected[1, 4 + i], atol=2e-5)
    assert int(cache.length) == 10


@pytest.mark.parametrize("name", ["smollm3", "granite4"])
def test_cached_decoding_in_bfloat16_with_split_parameters(name):
    config = family(name)
    model, params = make(config, "bfloat16")
    row = tokens(2, 6)
    expected = jax.jit(model.apply)({"params": params}, row)
    split = split_layers(params, model)
    assert split["layers"]["layer_2"]["mlp"]["up"]["kernel"].dtype == jnp.bfloat16 and split["layers"]["layer_0"]["norm1"]["scale"].dtype == jnp.float32
    if name == "granite4":
        assert set(split["layers"]) == {f"layer_{i}" for i in range(4)} and "layers_0" not in split
        assert split["layers"]["layer_3"]["mamba"]["in_proj"]["kernel"].dtype == jnp.bfloat16
        assert {leaf.dtype.name for leaf in jax.tree.leaves(split["layers"]["layer_3"]["mamba"]["conv"])} == {"float32"}  # no operand of a matrix product
    step = jax.jit(lambda tokens, cache: model.apply({"params": split}, tokens, cache=cache))
    logits, cache = step(row[:, :5], init_cache(config, 2, 6, precision="bfloat16"))
    last, _ = step(row[:, 5:], cache)
    np.testing.assert_allclose(jnp.concatenate([logits, last], axis=1), expected, atol=0.02 * float(jnp.abs(expected).max()))


@functools.lru_cache
def trained(precision="float32", **change):
    """Loss, gradient, and bytes of temporary memory of one compiled backward pass."""
    model, params = make(dataclasses.replace(TINY, **{"layer_windows": (0, 3, 0), **change}), precision)
    row, segments = tokens(2, 16), jnp.asarray([[1] * 10 + [2] * 6, [1] * 13 + [0] * 3])

    def loss(params):
        logits = jax.nn.log_softmax(model.apply({"params": params}, row, segments))
        return -jnp.take_along_axis(logits[:, :-1], row[:, 1:, None], -1).mean()

    step = jax.jit(jax.value_and_grad(loss)).lower(params).compile()
    return *step(params), step.memory_analysis().temp_size_in_bytes


HYBRID = {**FAMILIES["granite4"], "layer_windows": (0,) * 4}


@pytest.mark.parametrize("base,change", [({}, dict(scan_unroll=3)), ({}, dict(remat="full")), ({}, dict(remat="dots")), (HYBRID, dict(remat="full", scan_unroll=2))])
def test_unroll_and_remat_change_nothing(base, change):
    loss, gradient, _ = trained(**base)
    other_loss, other_gradient, _ = trained(**base, **change)
    np.testing.assert_allclose(loss, other_loss, rtol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), gradient, other_gradient)


def test_remat_recomputes():
    """The backward pass holds fewer residuals."""
    assert trained(remat="full")[2] < trained(remat="dots")[2] < trained()[2]


@pytest.mark.parametrize("base", [{}, HYBRID], ids=["attention", "hybrid"])
def test_bfloat16_is_close_to_float32(base):
    loss, gradient, _ = trained(**base)
    other_loss, other_gradient, _ = trained("bfloat16", **base)
    assert 0 < abs(float(loss - other_loss)) < 0.02 * float(loss)
    flat, other = (jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(tree)]) for tree in (gradient, other_gradient))
    assert float(jnp.linalg.norm(flat - other) / jnp.linalg.norm(flat)) < 0.05


SIZES = dict(vocab_size=50, layers=2, heads=8, kv_heads=2, head_dim=4, dim=12, ff_dim=20)
KNOBS = dict(
    norm="layer", norm_epsilon=0.5, norm_plus_one=True, post_norms=True, parallel_block=True,
    qk_norm=False, qkv_bias=True, out_bias=True, mlp_bias=True, head_bias=True, gated=False, activation="gelu", rope_theta=50.0, rope_fraction=0.5,
    rope_scaling=(8.0, 1.0, 4.0, 16.0), layer_rope_thetas=(1e4, 0.0, 1e4), layer_windows=(0, 2, 0), attention_scale=1.0, embed_multiplier=3.0,
    residual_multiplier=0.5, logit_divisor=2.0, logit_softcap=1.0, tied=False,
)  # fmt: skip
MAMBA_SIZES = dict(mamba_heads=8, mamba_head_dim=5, mamba_state_dim=4, mamba_groups=4, mamba_conv_width=3)
MAMBA_KNOBS = dict(layer_types=("mamba", "attention", "attention"), mamba_conv_bias=False, mamba_proj_bias=True)
WITH_MAMBA = dataclasses.replace(TINY, **MAMBA, layer_types=("attention", "mamba", "attention"))
OUTSIDE = {"init_from", "context_length", "initializer_std", "remat", "scan_unroll"}  # tested by themselves, or of another module


def test_every_knob_is_listed():
    assert {*SIZES, *KNOBS, *MAMBA_SIZES, *MAMBA_KNOBS, *OUTSIDE} == {field.name for field in dataclasses.fields(ModelConfig)}


@pytest.mark.parametrize("base,size", [*((TINY, size) for size in SIZES.items()), *((WITH_MAMBA, size) for size in MAMBA_SIZES.items())], ids=lambda value: str(value)[:30])
def test_every_size_changes_the_parameters(base, size):
    def count(config):
        return sum(leaf.size for leaf in jax.tree.leaves(jax.eval_shape(lambda: Decoder(config, "float32").init(jax.random.key(0), tokens(1, 4)))))

    assert count(base) != count(dataclasses.replace(base, **dict([size])))


@functools.lru_cache
def eager_logits(config):
    model, params = make(config)
    with jax.disable_jit():  # quicker than 23 compilations
        return model.apply({"params": params}, tokens(1, 7))


@pytest.mark.parametrize("base,knob", [*((TINY, knob) for knob in KNOBS.items()), *((WITH_MAMBA, knob) for knob in MAMBA_KNOBS.items())], ids=lambda value: str(value)[:30])
def test_every_knob_changes_the_output(base, knob):
    changed = dataclasses.replace(base, **dict([knob]))
    assert float(jnp.abs(eager_logits(base) - eager_logits(changed)).max()) > 1e-3


def test_softcap_divisor_and_bias_in_this_order():
    config = dataclasses.replace(TINY, tied=False, head_bias=True, logit_divisor=2.0, logit_softcap=3.0)
    model, params = make(config)
    hidden = jnp.asarray(np.random.default_rng(0).normal(size=(5, 16)), jnp.float32)
    plain = (hidden @ params["head"]["kernel"] + params["head"]["bias"]) / 2
    np.testing.assert_allclose(model.apply({"params": params}, hidden, method="logits"), 3 * np.tanh(plain / 3), atol=1e-5)


def test_positions_are_those_given():
    model, params = make(TINY)
    row = tokens(1, 6)
    at = jax.jit(lambda positions: model.apply({"params": params}, row, positions=positions))
    plain = jax.jit(model.apply)({"params": params}, row)
    np.testing.assert_allclose(at(jnp.arange(6)[None] + 50), plain, atol=2e-5)  # rotary: relative
    assert float(jnp.abs(at(jnp.arange(6)[None] * 3) - plain).max()) > 1e-3


def test_initial_parameters():
    config = dataclasses.replace(TINY, dim=64, ff_dim=128, layers=2, vocab_size=400, tied=False)
    params = nn.meta.unbox(jax.jit(Decoder(config, "float32").init)(jax.random.key(0), tokens(1, 4))["params"])
    std = {"/".join(k.key for k in path): float(leaf.std()) for path, leaf in jax.tree_util.tree_leaves_with_path(params)}
    np.testing.assert_allclose(std["embed/embedding"], 0.02, rtol=0.03)
    np.testing.assert_allclose(std["head/kernel"], 0.02, rtol=0.03)
    np.testing.assert_allclose(std["layers/attention/q/kernel"], 64**-0.5, rtol=0.05)
    np.testing.assert_allclose(std["layers/attention/o/kernel"], 32**-0.5 / 2, rtol=0.05)
    np.testing.assert_allclose(std["layers/mlp/down/kernel"], 128**-0.5 / 2, rtol=0.05)
    first, second = params["layers"]["mlp"]["up"]["kernel"]
    assert float(jnp.abs(first - second).max()) > 0.1  # each layer has its own draw


@pytest.mark.parametrize(
    "name,inside_layers",
    [
        ("mamba2", {"norm1", "norm2", "mamba", "mlp"}),
        ("llama", {"norm1", "norm2", "attention", "mlp"}),
        ("phi", {"norm1", "attention", "mlp"}),
        ("gemma3", {"norm1", "norm2", "post_norm1", "post_norm2", "attention", "mlp"}),
    ],
)
def test_every_part_is_there_and_learns(name, inside_layers):
    model, params = make(family(name))
    assert set(params["layers"]) == inside_layers
    target = jax.random.normal(jax.random.key(0), (1, 6, 40))
    gradient = jax.jit(jax.grad(lambda params: (model.apply({"params": params}, tokens(1, 6)) * target).sum()))(params)
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradient):
        by_layer = leaf if path[0].key == "layers" else leaf[None]
        if path[-2:] != (jax.tree_util.DictKey("k"), jax.tree_util.DictKey("bias")):  # almost without effect: a constant in all keys cancels but for the rotation
            assert bool((jnp.abs(by_layer).reshape(len(by_layer), -1).max(-1) > 1e-6).all()), path


def test_runs_of_equal_layers_learn():
    """Three runs, each under its own name; the loss falls along the gradient, which every parameter has a part in."""
    config = dataclasses.replace(TINY, **HYBRID)
    model, params = make(config)
    runs = [("layers_0", "mamba", 0, 2), ("layers_1", "attention", 2, 1), ("layers_2", "mamba", 3, 1)]
    assert [(run.name, run.kind, run.first, run.length) for run in layer_runs(config)] == runs
    assert set(params) == {"embed", "final_norm", "layers_0", "layers_1", "layers_2"}
    assert set(params["layers_0"]) == {"norm1", "norm2", "mamba", "mlp"} and set(params["layers_1"]) == {"norm1", "norm2", "attention", "mlp"}
    loss, gradient, _ = trained(**HYBRID)
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradient):
        assert bool(jnp.isfinite(leaf).all()) and bool((jnp.abs(leaf).reshape(len(leaf), -1).max(-1) > 0).any()), path
    size = sum(float(jnp.square(leaf).sum()) for leaf in jax.tree.leaves(gradient))
    row, segments = tokens(2, 16), jnp.asarray([[1] * 10 + [2] * 6, [1] * 13 + [0] * 3])
    moved = jax.tree.map(lambda leaf, slope: leaf - 0.01 / size * slope, params, gradient)
    logits = jax.nn.log_softmax(jax.jit(model.apply)({"params": moved}, row, segments))
    after = -jnp.take_along_axis(logits[:, :-1], row[:, 1:, None], -1).mean()
    np.testing.assert_allclose(float(loss - after), 0.01, rtol=0.2)


@pytest.mark.parametrize("name,change", [("phi", dict(qk_norm=True)), ("granite4", dict(mamba_proj_bias=True))])
def test_every_parameter_has_logical_axes_that_the_table_names(name, change):
    import slm_jax.models.layers as layers

    config = dataclasses.replace(family(name), **change)
    boxed = jax.eval_shape(lambda: Decoder(config, "float32").init(jax.random.key(0), tokens(1, 4)))["params"]
    leaves = jax.tree_util.tree_leaves_with_path(boxed, is_leaf=lambda x: isinstance(x, nn.Partitioned))
    for path, leaf in leaves:
        assert isinstance(leaf, nn.Partitioned), path
        assert len(leaf.names) == len(leaf.value.shape), path
        assert path[0].key.startswith("layers") == (leaf.names[0] == "layers"), path
        assert all(f'"{name}"' in layers.__doc__ for name in leaf.names if name), leaf.names


def test_pmap_equals_jit():
    model, params = make(TINY, "bfloat16")
    row = tokens(2, 8)
    mapped = jax.pmap(lambda params, row: model.apply({"params": params}, row), in_axes=(None, 0))(params, row[None])[0]
    np.testing.assert_allclose(mapped, jax.jit(model.apply)({"params": params}, row), atol=1e-5)
