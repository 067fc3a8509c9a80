"""Runs of layers, matrix products, dense layers, norms and the gated MLP that the decoder is made of.

Shapes: N tokens (any leading axes), D dim of the residual stream, F inner width of the MLP, I in and O out features of a matrix.

Logical axis names, for training/parallel.py to map on a mesh (a name that it does not map is replicated):

    of parameters                                         of activations
    "layers"  stack of layers, the first axis             "batch"      rows
    "vocab"   rows of the embedding, columns of the head  "seq"        positions of a row
    "embed"   the residual stream's side of a matrix      "act_embed"  the residual stream
    "heads"   query heads x head_dim                      "act_heads"  heads (of keys and values: "act_kv")
    "kv"      key/value heads x head_dim                  "act_mlp"    the MLP's inner width
    "mlp"     the MLP's inner width                       "act_vocab"  logits
    "norm"    scales and biases that follow no matrix
    "mamba_inner"  channels of a Mamba2 layer
    "mamba_heads"  its heads
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from slm_jax.config import ModelConfig
from slm_jax.models import lora

ACTIVATIONS = {"silu": nn.silu, "gelu": functools.partial(nn.gelu, approximate=False), "gelu_tanh": functools.partial(nn.gelu, approximate=True)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayerRun:
    """Neighbouring layers of one type, whose parameters are stacked on the first axis under `name`."""

    name: str
    kind: str  # "attention" | "mamba"
    first: int
    length: int


def layer_runs(config: ModelConfig) -> list[LayerRun]:
    """The runs of equal layers, in order: one named "layers" where all are of one type, else "layers_0", "layers_1", ..."""
    kinds = [(kind, len(list(group))) for kind, group in itertools.groupby(config.layer_types or ("attention",) * config.layers)]
    firsts = itertools.accumulate((length for _, length in kinds), initial=0)
    return [
        LayerRun(name="layers" if len(kinds) == 1 else f"layers_{i}", kind=kind, first=first, length=length)
        for i, ((kind, length), first) in enumerate(zip(kinds, firsts, strict=False))
    ]


def operand_dtype(precision: str):
    """The dtype that matmul operands are cast to; sums and results are float32 always."""
    return {"bfloat16": jnp.bfloat16, "float32": jnp.float32}[precision]


def dot(a, b, contract: tuple[int, int], batch: int = 0):
    """`a` and `b` contracted over one axis each, the first `batch` axes shared; float32 sums and result."""
    shared = tuple(range(batch))
    dimensions = (((contract[0],), (contract[1],)), (shared, shared))
    return jax.lax.dot_general(a, b, dimensions, precision=jax.lax.Precision.HIGHEST, preferred_element_type=jnp.float32)


def transpose(x):
    """[.., M, N] -> [.., N, M], written so that XLA cannot fold it into a neighbouring dot.

    XLA's fast bfloat16 kernels for CPUs take no dot that contracts over the left operand's rows: such a dot runs on operands converted to float32, at half the speed.
    A transpose folded into a dot's result even makes a bfloat16 dot that cannot run at all ("Unsupported element type for DotThunk", jaxlib 0.10.2).
    Split in two axes, it is not folded.
    """
    *lead, rows, columns = x.shape
    part = math.gcd(rows, 16)
    n = len(lead)
    return x.reshape(*lead, rows // part, part, columns).transpose(*range(n), n + 2, n, n + 1).reshape(*lead, columns, rows)


def matmul(x_NI, kernel_IO, precision: str):
    """x [.., I] @ kernel [I, O] -> float32 [.., O]. In bfloat16 precision the operands are rounded to bfloat16, forward and backward."""
    if precision == "float32":
        return jnp.matmul(x_NI, kernel_IO, precision=jax.lax.Precision.HIGHEST)
    lead = x_NI.shape[:-1]
    return _matmul_bfloat16(x_NI.reshape(-1, x_NI.shape[-1]), kernel_IO).reshape(*lead, -1)


@jax.custom_vjp
def _matmul_bfloat16(x_NI, kernel_IO):
    return _matmul_forward(x_NI, kernel_IO)[0]


def _matmul_forward(x_NI, kernel_IO):
    x, kernel = x_NI.astype(jnp.bfloat16), kernel_IO.astype(jnp.bfloat16)
    return dot(x, kernel, (1, 0)), (x, kernel)


def _matmul_backward(residuals, dy_NO):
    x, kernel = residuals
    dy = dy_NO.astype(jnp.bfloat16)
    return dot(dy, kernel, (1, 1)), dot(transpose(x), dy, (1, 0))


_matmul_bfloat16.defvjp(_matmul_forward, _matmul_backward)


class Dense(nn.Module):
    """A matrix "kernel" [I, O] and, if asked, a "bias" [O]. Use `project`. Parameters of an adapter (lora.py) are used if they are there."""

    inputs: int
    outputs: int
    axes: tuple[str, str]
    bias: bool
    init_scale: float
    precision: str

    def setup(self):
        # Variance 1/I keeps a normalised input's scale through the matrix at any width; a fixed 0.02 would be 4x too small at D = 160 and too large at D = 8192.
        initializer = nn.initializers.normal(self.init_scale / math.sqrt(self.inputs))
        self.kernel = self.param("kernel", nn.with_logical_partitioning(initializer, self.axes), (self.inputs, self.outputs), jnp.float32)
        if self.bias:
            self.offset = self.param("bias", nn.with_logical_partitioning(nn.initializers.zeros, self.axes[1:]), (self.outputs,), jnp.float32)
        self.adapter = {name: self.get_variable("params", name) for name in (*lora.TRAINED, *lora.CONSTANT) if self.has_variable("params", name)}

    def __call__(self, x):
        return project(x, self)[0]


def project(x, *layers: Dense) -> list:
    """`x` [.., I] through several Dense layers: one float32 [.., O] each."""
    results = []
    for layer in layers:
        y = matmul(x, layer.kernel, layer.precision)
        if layer.adapter:
            y = _adapted(x, y, layer)
        results.append(y + layer.offset if layer.bias else y)
    return results


def _adapted(x, y, layer: Dense):
    """What x W = y becomes with the layer's adapter: two thin products beside it. A B is never formed, nor is a gradient of its size."""
    adapter = layer.adapter
    if "lora_dropout" in adapter and layer.has_rng("dropout"):
        kept = 1 - adapter["lora_dropout"]
        x = jnp.where(jax.random.bernoulli(layer.make_rng("dropout"), kept, x.shape), x / kept, 0)
    y = y + adapter["lora_scale"] * matmul(matmul(x, adapter["lora_a"], layer.precision), adapter["lora_b"], layer.precision)
    if "lora_magnitude" in adapter:
        # DoRA, section 4.3: the length of the columns is taken as a constant, which spares the backward pass a product of W's size.
        weights = {name: jax.lax.stop_gradient(adapter[name]) for name in ("lora_a", "lora_b", "lora_scale")}
        merged = lora.merged_kernel({"kernel": jax.lax.stop_gradient(layer.kernel), **weights})
        y = y * (adapter["lora_magnitude"] / jnp.linalg.norm(merged, axis=-2))
    return y


class Norm(nn.Module):
    """RMSNorm (arXiv:1910.07467), or LayerNorm with a bias, over the last axis, in float32."""

    config: ModelConfig
    size: int

    @nn.compact
    def __call__(self, x):
        config = self.config
        start = nn.initializers.zeros if config.norm_plus_one else nn.initializers.ones
        scale = self.param("scale", nn.with_logical_partitioning(start, ("norm",)), (self.size,), jnp.float32)
        if config.norm_plus_one:
            scale = scale + 1
        if config.norm == "rms":
            return x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axis=-1, keepdims=True) + config.norm_epsilon) * scale
        bias = self.param("bias", nn.with_logical_partitioning(nn.initializers.zeros, ("norm",)), (self.size,), jnp.float32)
        x = x - jnp.mean(x, axis=-1, keepdims=True)
        return x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axis=-1, keepdims=True) + config.norm_epsilon) * scale + bias


class MLP(nn.Module):
    """down(activation(gate x) * up x), or down(activation(up x)) without a gate."""

    config: ModelConfig
    precision: str

    def setup(self):
        config = self.config
        make = functools.partial(Dense, bias=config.mlp_bias, precision=self.precision)
        self.up = make(config.dim, config.ff_dim, ("embed", "mlp"), init_scale=1.0)
        if config.gated:
            self.gate = make(config.dim, config.ff_dim, ("embed", "mlp"), init_scale=1.0)
        self.down = make(config.ff_dim, config.dim, ("mlp", "embed"), init_scale=branch_scale(config))

    def __call__(self, x_BTD):
        activation = ACTIVATIONS[self.config.activation]
        if self.config.gated:
            gate_BTF, up_BTF = project(x_BTD, self.gate, self.up)
            inner_BTF = activation(gate_BTF) * up_BTF
        else:
            inner_BTF = activation(self.up(x_BTD))
        return self.down(nn.with_logical_constraint(inner_BTF, ("batch", "seq", "act_mlp")))


def branch_scale(config: ModelConfig) -> float:
    """Initial scale of the matrices that write to the residual stream: 2 x layers of them sum up to one unit of variance (GPT-2, section 2.3)."""
    return 1 / math.sqrt(2 * config.layers)
