import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.config import ModelConfig
from slm_jax.models.attention import attend, default_positions, layer_kinds, make_tables, rope_frequencies, rotate


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape), jnp.float32)


def drawn(*lines):
    return [[c == "x" for c in line] for line in lines]


def mask_of(config, segments=None, keys=None, first=0, length=5):
    positions = jnp.zeros((1, length if segments is None else len(segments)), jnp.int32)
    queries = None if segments is None else jnp.asarray([segments])
    keys = queries if keys is None else jnp.asarray([keys])
    return make_tables(config, positions, queries, keys, first).mask[:, 0].tolist()


def test_mask_causal():
    assert mask_of(ModelConfig()) == [drawn("x....", "xx...", "xxx..", "xxxx.", "xxxxx")]


def test_mask_packed_and_padded():
    assert mask_of(ModelConfig(), [1, 1, 2, 2, 0, 0]) == [drawn("x.....", "xx....", "..x...", "..xx..", "....x.", "....xx")]


def test_mask_windows_of_layers():
    config = ModelConfig(layers=3, layer_windows=(0, 2, 0))
    full, window = mask_of(config)
    assert full == drawn("x....", "xx...", "xxx..", "xxxx.", "xxxxx")
    assert window == drawn("x....", "xx...", ".xx..", "..xx.", "...xx")
    assert layer_kinds(config) == [(0, 0), (0, 1), (0, 0)]


def test_mask_of_new_tokens_in_a_cache():
    """Two tokens in slots 3 and 4 of six; slot 0 is left padding, slot 5 is not used yet."""
    assert mask_of(ModelConfig(), [1, 1], keys=[0, 1, 1, 1, 1, 0], first=3) == [drawn(".xxx..", ".xxxx.")]


def test_default_positions():
    assert default_positions(jnp.asarray([[1, 1, 1, 2, 2, 0], [0, 0, 1, 1, 1, 1]])).tolist() == [[0, 1, 2, 0, 1, 0], [0, 1, 0, 1, 2, 3]]


def naive(q, k, v, mask):
    """The textbook form, every head with its own copy of the keys."""
    B, K, G, T, d = q.shape
    k, v = (jnp.repeat(y[:, :, None], G, axis=2) for y in (k, v))
    weights = jax.nn.softmax(jnp.where(mask[:, None, None], jnp.einsum("bkgtd,bkgsd->bkgts", q, k), -1e30))
    return jnp.einsum("bkgts,bkgsd->bkgtd", weights, v)


@pytest.mark.usefixtures("full_compilation")
@pytest.mark.parametrize("precision,tolerance", [("float32", 1e-5), ("bfloat16", 3e-2)])
@pytest.mark.parametrize("T,G", [(10, 1), (130, 2)])  # below and above the length at which queries go by blocks; 130 does not divide by their number
def test_attend_and_its_gradient(precision, tolerance, T, G):
    q, dout = normal(0, 2, 2, G, T, 8), normal(1, 2, 2, G, T, 8)
    k, v = normal(2, 2, 2, T, 8), normal(3, 2, 2, T, 8)
    segments = jnp.asarray(np.sort(np.random.default_rng(0).integers(0, 4, (2, T)), axis=1))
    mask = (segments[:, :, None] == segments[:, None]) & jnp.tril(jnp.ones((T, T), bool))

    def with_gradient(function):
        out, pull = jax.vjp(lambda *qkv: function(*qkv, mask), q, k, v)
        return out, pull(dout)

    out, gradients = jax.jit(with_gradient, static_argnums=0)(lambda *inputs: attend(*inputs, precision, aligned=True))
    expected, right_gradients = jax.jit(with_gradient, static_argnums=0)(naive)
    np.testing.assert_allclose(out, expected, atol=tolerance)
    for gradient, right in zip(gradients, right_gradients, strict=True):
        np.testing.assert_allclose(gradient, right, atol=tolerance * float(jnp.abs(right).max()))


def test_attend_unaligned_sees_all_keys():
    q, k, v = normal(0, 1, 1, 1, 160, 8), normal(1, 1, 1, 200, 8), normal(2, 1, 1, 200, 8)
    mask = jnp.ones((1, 160, 200), bool)
    np.testing.assert_allclose(attend(q, k, v, mask, "float32", aligned=False), naive(q, k, v, mask), atol=1e-5)


def test_rotation_is_relative_and_partial():
    config = ModelConfig(head_dim=8, rope_fraction=0.5)
    q, k = normal(0, 1, 1, 1, 8), normal(1, 1, 1, 1, 8)

    def at(x, position):
        tables = make_tables(config, jnp.asarray([[position]]), None, None, 0)
        return rotate(x, tables.cos[0], tables.sin[0])

    np.testing.assert_allclose((at(q, 7) * at(k, 4)).sum(), (at(q, 103) * at(k, 100)).sum(), atol=1e-4)
    assert abs(float((at(q, 7) * at(k, 4)).sum() - (at(q, 7) * at(k, 5)).sum())) > 1e-3
    np.testing.assert_array_equal(at(q, 9)[..., 4:], q[..., 4:])
    # by hand: pair (0, 2) turns by position x 1, pair (1, 3) by position x theta^-1/2
    a, b = float(q[..., 0].item()), float(q[..., 2].item())
    np.testing.assert_allclose(at(q, 3)[0, 0, 0, [0, 2]], [a * np.cos(3) - b * np.sin(3), b * np.cos(3) + a * np.sin(3)], atol=1e-5)


def test_no_positions_with_theta_zero():
    assert not rope_frequencies(ModelConfig(), 0.0).any()


def test_llama3_scaling_has_the_three_bands_of_the_original():
    """transformers/modeling_rope_utils.py, `_compute_llama3_parameters`, with its three cases written out."""
    factor, low, high, original = 8.0, 1.0, 4.0, 8192.0
    config = ModelConfig(head_dim=64, rope_theta=500_000.0, rope_scaling=(factor, low, high, original))
    plain = rope_frequencies(ModelConfig(head_dim=64), 500_000.0).astype(np.float64)
    expected = []
    for frequency in plain:
        wavelength = 2 * np.pi / frequency
        smooth = (original / wavelength - low) / (high - low)
        between = (1 - smooth) * frequency / factor + smooth * frequency
        expected.append(frequency if wavelength < original / high else frequency / factor if wavelength > original / low else between)
    np.testing.assert_allclose(rope_frequencies(config, 500_000.0), expected, rtol=1e-5)
    assert len({*np.round(plain / expected, 3)}) > 3  # some pairs lie in each band


def test_linear_scaling_divides_all_frequencies_of_the_models_own_theta():
    plain, scaled = ModelConfig(head_dim=16), ModelConfig(head_dim=16, rope_scaling=(8.0,))
    np.testing.assert_allclose(rope_frequencies(scaled, 1e4), rope_frequencies(plain, 1e4) / 8, rtol=1e-6)
    np.testing.assert_array_equal(rope_frequencies(scaled, 1e6), rope_frequencies(plain, 1e6))  # a layer with a theta of its own


def test_rotated_part_is_rounded_down():
    """Phi-2's 0.4 of 80 is 32."""
    assert len(rope_frequencies(ModelConfig(head_dim=80, rope_fraction=0.4), 1e4)) == 16


def test_segments_of_the_tokens_and_of_those_before():
    config = ModelConfig(mamba_conv_width=3)

    def of(positions, queries, keys, first):
        return make_tables(config, jnp.zeros((1, positions), jnp.int32), queries, keys, first).segments.tolist()

    row = jnp.asarray([[2, 2, 0]])
    assert of(3, row, row, 0) == [[0, 0, 0, 2, 2, 0]]
    assert of(3, None, None, 0) == [[0, 0, 0, 1, 1, 1]]
    cached = jnp.asarray([[0, 1, 1, 1, 1, 0]])
    assert of(1, jnp.asarray([[1]]), cached, 4) == [[1, 1, 1, 1]]
    assert of(1, jnp.asarray([[1]]), cached, 1) == [[0, 0, 0, 1]]
