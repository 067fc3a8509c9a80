import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.config import ModelConfig
from slm_jax.models.layers import MLP, Norm, matmul, transpose


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape), jnp.float32)


@pytest.mark.parametrize("shape", [(6, 4), (7, 5), (2, 3, 32, 5), (1, 1)])
def test_transpose(shape):
    x = normal(0, *shape)
    np.testing.assert_array_equal(transpose(x), jnp.swapaxes(x, -1, -2))


@pytest.mark.usefixtures("full_compilation")
@pytest.mark.parametrize("rows", [48, 7])  # 7 has no factor to split an axis by
def test_bfloat16_matmul_rounds_its_operands_and_nothing_else(rows):
    x, kernel, dy = normal(0, 2, rows, 32), normal(1, 32, 24), normal(2, 2, rows, 24)
    y, pull = jax.vjp(jax.jit(lambda x, kernel: matmul(x, kernel, "bfloat16")), x, kernel)
    dx, dkernel = jax.jit(pull)(dy)
    x64, kernel64, dy64 = (np.asarray(a.astype(jnp.bfloat16), np.float64) for a in (x, kernel, dy))
    assert y.dtype == dx.dtype == dkernel.dtype == jnp.float32
    np.testing.assert_allclose(y, x64 @ kernel64, atol=2e-5)
    np.testing.assert_allclose(dx, dy64 @ kernel64.T, atol=2e-5)
    np.testing.assert_allclose(dkernel, np.einsum("bti,bto->io", x64, dy64), atol=5e-5)


def test_bfloat16_matmul_is_close_to_float32():
    x, kernel = normal(0, 64, 128), normal(1, 128, 48)
    exact, rounded = matmul(x, kernel, "float32"), matmul(x, kernel, "bfloat16")
    np.testing.assert_allclose(exact, np.asarray(x, np.float64) @ np.asarray(kernel, np.float64), atol=1e-4)
    error = float(jnp.abs(exact - rounded).max() / jnp.abs(exact).max())
    assert 1e-4 < error < 1e-2


@pytest.mark.usefixtures("full_compilation")
def test_a_transposed_weight_gradient_compiles():
    """XLA folds a plain transpose of a bfloat16 product into a product that it cannot run on a CPU."""
    x, table = normal(0, 48, 32), normal(1, 40, 32)
    gradient = jax.jit(jax.grad(lambda table: jnp.sin(matmul(x, transpose(table), "bfloat16")).sum()))(table)
    exact = jax.grad(lambda table: jnp.sin(x @ table.T).sum())(table)
    assert float(jnp.abs(gradient - exact).max()) < 0.05 * float(jnp.abs(exact).max())


@pytest.mark.parametrize("kind", ["rms", "layer"])
@pytest.mark.parametrize("plus_one", [False, True])
def test_norm(kind, plus_one):
    config = ModelConfig(norm=kind, norm_plus_one=plus_one, norm_epsilon=0.1)
    x = normal(0, 3, 6) + 2
    norm = Norm(config, 6)
    start = nn.meta.unbox(norm.init(jax.random.key(0), x)["params"])
    params = {name: normal(i, 6) for i, name in enumerate(start)}
    assert set(params) == ({"scale"} if kind == "rms" else {"scale", "bias"})
    assert float(start["scale"][0]) == (0 if plus_one else 1)
    x64, scale = np.asarray(x, np.float64), np.asarray(params["scale"]) + plus_one
    if kind == "layer":
        x64 = x64 - x64.mean(-1, keepdims=True)
    expected = x64 / np.sqrt((x64**2).mean(-1, keepdims=True) + 0.1) * scale + (np.asarray(params["bias"]) if kind == "layer" else 0)
    np.testing.assert_allclose(norm.apply({"params": params}, x), expected, atol=1e-5)


def test_mlp_forms():
    x = normal(0, 1, 3, 8)
    for config in (ModelConfig(dim=8, ff_dim=12), ModelConfig(dim=8, ff_dim=12, gated=False, activation="gelu_tanh", mlp_bias=True)):
        mlp = MLP(config, "float32")
        params = jax.tree.map(lambda p: normal(p.size, *p.shape), nn.meta.unbox(mlp.init(jax.random.key(0), x)["params"]))
        if config.gated:
            assert set(params) == {"gate", "up", "down"}
            expected = (jax.nn.silu(x @ params["gate"]["kernel"]) * (x @ params["up"]["kernel"])) @ params["down"]["kernel"]
        else:
            assert set(params) == {"up", "down"}
            expected = jax.nn.gelu(x @ params["up"]["kernel"] + params["up"]["bias"], approximate=True) @ params["down"]["kernel"] + params["down"]["bias"]
        np.testing.assert_allclose(mlp.apply({"params": params}, x), expected, rtol=1e-4, atol=1e-4)
