import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.config import ModelConfig
from slm_jax.models.mamba2 import Mamba2, MambaCache, init_mamba_cache, scan_chunks

CONFIG = ModelConfig(dim=10, mamba_heads=4, mamba_head_dim=3, mamba_state_dim=5, mamba_groups=2, mamba_conv_width=4, mamba_proj_bias=True, norm_epsilon=0.1)


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape), jnp.float32)


def recurrence(x_BTHP, log_decay_BTH, b_BTGN, c_BTGN, segments, state_BGNE):
    """Token by token, every head with its own copy of B and C; the state [B, H, P, N] starts anew where the segment changes."""
    B, T, H, P = x_BTHP.shape
    G, N = b_BTGN.shape[2:]
    b_BTHN, c_BTHN = (jnp.repeat(y, H // G, axis=2) for y in (b_BTGN, c_BTGN))
    state = state_BGNE.reshape(B, G, N, H // G, P).transpose(0, 1, 3, 4, 2).reshape(B, H, P, N)
    outs = []
    for t in range(T):
        state = jnp.where((segments[:, t] == segments[:, t + 1])[:, None, None, None], state, 0)
        state = jnp.exp(log_decay_BTH[:, t])[..., None, None] * state + x_BTHP[:, t, :, :, None] * b_BTHN[:, t, :, None]
        outs.append((state * c_BTHN[:, t, :, None]).sum(-1))
    return jnp.stack(outs, axis=1), state.reshape(B, G, H // G, P, N).transpose(0, 1, 4, 2, 3).reshape(state_BGNE.shape)


SEGMENTS = jnp.asarray([[3, 3, 3, 1, 1, 1, 1, 1, 2, 2, 2, 2], [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], [5] * 12])  # the first is that of the state before


@pytest.mark.parametrize("groups,chunk", [(1, 64), (2, 4), (4, 3), (1, 1)])
def test_chunks_equal_the_recurrence_and_so_do_gradients(groups, chunk):
    inputs = (normal(0, 3, 11, 4, 3), -jnp.abs(normal(1, 3, 11, 4)), normal(2, 3, 11, groups, 5), normal(3, 3, 11, groups, 5), normal(4, 3, groups, 5, 12 // groups))
    couts = normal(5, 3, 11, 4, 3), normal(6, 3, groups, 5, 12 // groups)

    def with_gradient(function):
        def run(inputs, couts):
            outs, pull = jax.vjp(lambda *inputs: function(*inputs[:4], SEGMENTS, inputs[4]), *inputs)
            return outs, pull(couts)

        return jax.jit(run)(inputs, couts)

    computed = with_gradient(lambda *inputs: scan_chunks(*inputs, precision="float32", chunk=chunk))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), computed, with_gradient(recurrence))


def test_one_segment_for_all_rows():
    inputs = (normal(0, 3, 11, 4, 3), -jnp.abs(normal(1, 3, 11, 4)), normal(2, 3, 11, 2, 5), normal(3, 3, 11, 2, 5))
    state = normal(4, 3, 2, 5, 6)
    computed = jax.jit(lambda *inputs: scan_chunks(*inputs, jnp.ones((1, 12), jnp.int32), state, precision="float32", chunk=4))(*inputs)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), computed, recurrence(*inputs, jnp.ones((3, 12), jnp.int32), state))


def test_steep_decays_overflow_nowhere():
    """Looking ahead, a decay would be exp(+6400)."""
    x, b, c, state = normal(0, 1, 70, 2, 3), normal(1, 1, 70, 1, 4), normal(2, 1, 70, 1, 4), normal(3, 1, 1, 4, 6)
    segments = jnp.ones((1, 71), jnp.int32)
    value = jax.jit(jax.value_and_grad(lambda decay: jnp.square(scan_chunks(x, decay, b, c, segments, state, precision="float32")[0]).sum()))
    for step in (-100.0, 0.0):
        loss, gradient = value(jnp.full((1, 70, 2), step))
        assert bool(jnp.isfinite(loss)) and bool(jnp.isfinite(gradient).all())


def layer(config=CONFIG, precision="float32"):
    mixer = Mamba2(config, precision)
    shapes = jax.eval_shape(lambda: nn.meta.unbox(mixer.init(jax.random.key(0), jnp.zeros((1, 2, config.dim)), jnp.ones((1, 6), jnp.int32))["params"]))
    leaves, tree = jax.tree.flatten(shapes)
    return mixer, jax.tree.unflatten(tree, [0.4 * normal(i, *leaf.shape) for i, leaf in enumerate(leaves)])


def by_hand(params, x_BTD, segments_BT, config=CONFIG):
    """The layer as written in the paper, in float64; one token at a time, one row and one group at a time."""
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    silu = lambda y: y / (1 + np.exp(-y))  # noqa: E731
    H, P, N, G = config.mamba_heads, config.mamba_head_dim, config.mamba_state_dim, config.mamba_groups
    I = H * P  # noqa: E741
    rows = []
    for x_TD, segments in zip(np.asarray(x_BTD, np.float64), np.asarray(segments_BT), strict=True):
        fused = x_TD @ p["in_proj"]["kernel"] + p["in_proj"]["bias"]
        z, inputs, dt = fused[:, :I], fused[:, I:-H], np.log1p(np.exp(fused[:, -H:] + p["dt_bias"]))
        h, y_TI = np.zeros((H, P, N)), []
        for t, segment in enumerate(segments):
            if t == 0 or segments[t - 1] != segment:
                h[:] = 0
            conv = p["conv"]["bias"] + sum(inputs[t - j] * p["conv"]["kernel"][-1 - j] for j in range(4) if t >= j and segments[t - j] == segment)
            x, b, c = np.split(silu(conv), [I, I + G * N])
            x, b, c = x.reshape(H, P), np.repeat(b.reshape(G, N), H // G, 0), np.repeat(c.reshape(G, N), H // G, 0)
            h = np.exp(-np.exp(p["a_log"]) * dt[t])[:, None, None] * h + (dt[t, :, None] * x)[..., None] * b[:, None]
            y = (np.einsum("hpn,hn->hp", h, c) + p["d"][:, None] * x).reshape(I) * silu(z[t])
            y = y.reshape(G, -1)
            y_TI.append((y / np.sqrt((y**2).mean(-1, keepdims=True) + config.norm_epsilon)).reshape(I) * p["norm"]["scale"])
        rows.append(np.stack(y_TI) @ p["out_proj"]["kernel"] + p["out_proj"]["bias"])
    return np.stack(rows)


def before(segments):
    return jnp.pad(segments, ((0, 0), (4, 0)))


def test_layer_by_hand():
    mixer, params = layer()
    x, segments = normal(20, 2, 9, 10), jnp.asarray([[1, 1, 1, 1, 1, 2, 2, 3, 3], [4] * 9])
    out, cache = jax.jit(mixer.apply)({"params": params}, x, before(segments))
    np.testing.assert_allclose(out, by_hand(params, x, segments), atol=1e-5)
    assert cache is None and out.dtype == jnp.float32


def test_gradients_by_differences():
    """The convolution's backward pass is written by hand."""
    mixer, params = layer()
    x, segments, target = normal(20, 2, 6, 10), jnp.asarray([[1, 1, 1, 2, 2, 2], [0, 0, 1, 1, 1, 1]]), normal(21, 2, 6, 10)
    loss = jax.jit(lambda params: (mixer.apply({"params": params}, x, before(segments))[0] * target).sum())
    gradient = jax.jit(jax.grad(loss))(params)
    directions = jax.tree.map(lambda leaf: normal(leaf.size, *leaf.shape), params)
    for name in params:
        there, back = ({**params, name: jax.tree.map(lambda leaf, way, step=step: leaf + step * way, params[name], directions[name])} for step in (5e-3, -5e-3))
        slope = float(loss(there) - loss(back)) / 1e-2
        along = sum(float((g * way).sum()) for g, way in zip(jax.tree.leaves(gradient[name]), jax.tree.leaves(directions[name]), strict=True))
        np.testing.assert_allclose(along, slope, rtol=0.01, atol=0.01, err_msg=name)


@pytest.mark.parametrize("taps", [4, 2, 1])
def test_in_pieces_with_a_cache(taps):
    """3 slots of which row 1 uses the last, then 4, 1 and 1; row 1 starts after padding, which leaves no trace."""
    config = dataclasses.replace(CONFIG, mamba_conv_width=taps)
    mixer, params = layer(config)
    x, segments = normal(20, 2, 9, 10), jnp.asarray([[1] * 9, [0] * 2 + [1] * 7])
    history = jnp.pad(segments, ((0, 0), (taps, 0)))
    whole, _ = jax.jit(mixer.apply)({"params": params}, x, history)
    step = jax.jit(lambda x, segments, cache: mixer.apply({"params": params}, x, segments, cache))
    cache, outs, start = init_mamba_cache(config, 2), [], 0
    for length in (3, 4, 1, 1):
        out, cache = step(x[:, start : start + length], history[:, start : start + length + taps], cache)
        outs.append(out)
        start += length
    np.testing.assert_allclose(jnp.concatenate(outs, axis=1), whole, atol=1e-5)
    alone, _ = jax.jit(mixer.apply)({"params": params}, x[1:, 2:], history[1:, 2:].at[:, :taps].set(0))
    np.testing.assert_allclose(whole[1:, 2:], alone, atol=1e-5)
    assert isinstance(cache, MambaCache) and cache.state_BGNE.dtype == jnp.float32


def test_padding_leaves_the_state_as_it_is():
    """With one tap the state is all that a layer keeps: a padded slot between two tokens is as none."""
    config = dataclasses.replace(CONFIG, mamba_conv_width=1)
    mixer, params = layer(config)
    x = normal(20, 1, 5, 10)
    apply = jax.jit(lambda x, segments: mixer.apply({"params": params}, x, segments, init_mamba_cache(config, 1)))
    out, cache = apply(x, jnp.asarray([[0, 1, 1, 0, 1, 1]]))
    without, other = apply(jnp.delete(x, 2, axis=1), jnp.asarray([[0, 1, 1, 1, 1]]))
    np.testing.assert_allclose(jnp.delete(out, 2, axis=1), without, atol=1e-5)
    np.testing.assert_allclose(cache.state_BGNE, other.state_BGNE, atol=1e-5)


def test_bfloat16_is_close_to_float32():
    x, segments = normal(20, 2, 70, 10), before(jnp.ones((2, 70), jnp.int32))
    exact, rounded = (jax.jit(mixer.apply)({"params": params}, x, segments)[0] for mixer, params in (layer(), layer(precision="bfloat16")))
    assert 0 < float(jnp.abs(exact - rounded).max()) < 0.03 * float(jnp.abs(exact).max())


def test_initial_parameters():
    init = jax.jit(Mamba2(CONFIG, "float32").init)
    params = nn.meta.unbox(init(jax.random.key(0), jnp.zeros((1, 2, 10)), jnp.ones((1, 6), jnp.int32))["params"])
    np.testing.assert_allclose(params["a_log"], np.log([1, 2, 3, 4]), atol=1e-6)
    assert (params["d"] == 1).all() and (params["dt_bias"] == 1).all() and (params["norm"]["scale"] == 1).all() and (params["conv"]["bias"] == 0).all()
    assert params["in_proj"]["kernel"].shape == (10, 2 * 12 + 2 * 2 * 5 + 4) and params["conv"]["kernel"].shape == (4, 12 + 20)
