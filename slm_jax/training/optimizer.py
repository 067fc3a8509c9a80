"""Optimizers as one chain: clip, direction, weight decay, learning rate. Which parameters are matrices is read off their names."""

from __future__ import annotations

import functools
import math
import re

import jax
import jax.numpy as jnp
import optax

from slm_jax.config import OptimizerConfig
from slm_jax.training.schedule import Schedule

# What a parameter is, by its path ("layers/attention/q/kernel"): the first expression found in it decides. The number of axes cannot tell: stacked over the
# layers, a norm's scale has two and a kernel three.
KINDS = (
    (r"embed[^/]*/[^/]+$", "embedding"),
    (r"(^|/)lora_[ab]$", "matrix"),
    (r"(^|/)lora_magnitude$", "vector"),
    (r"(scale|bias|mamba/a_log|mamba/d|mamba/conv/kernel)$", "vector"),
    (r"(^|/)(lm_)?head/kernel$", "head"),
    (r"(^|/)kernel$", "matrix"),
)
DECAYED = ("matrix", "head")

MIN_FACTORED_DIM = 32  # Adafactor keeps row and column sums for matrices from this size on; Optax's 128 would leave narrow models whole
MUON_RMS = 0.2  # Muon's updates get the root mean square that AdamW's typically have, so that one learning rate serves both (https://arxiv.org/abs/2502.16982)


def make_optimizer(config: OptimizerConfig, schedule: Schedule, *, precision: str) -> optax.GradientTransformation:
    """The optimizer of that name. Its state counts the updates, and the schedule reads that count. `precision` is that of the operands of Muon's products.

    - "adamw": https://arxiv.org/abs/1711.05101; reads beta1, beta2, epsilon.
    - "adam": the same, but weight decay is what it was before AdamW, a term of the gradient.
    - "lion": https://arxiv.org/abs/2302.06675; reads beta1, beta2; wants about a tenth of AdamW's rate.
    - "adafactor": https://arxiv.org/abs/1804.04235 without momentum; the rate is relative to a parameter's root mean square: 1e-2 is a usual one. A stack of
      layers counts as one parameter.
    - "muon": https://kellerjordan.github.io/posts/muon/ on the matrices (momentum), AdamW (beta1, beta2, epsilon) on embeddings, head, norms and biases.

    Everywhere, matrices decay by rate * weight_decay at an update, nothing else does, and clip_norm bounds the gradient's global norm.
    """
    decay = optax.add_decayed_weights(config.weight_decay, mask=decay_mask)
    steps = [optax.clip_by_global_norm(config.clip_norm)] if config.clip_norm else []
    steps += [decay, _direction(config, precision)] if config.name == "adam" else [_direction(config, precision), decay]
    return optax.chain(*steps, optax.scale_by_learning_rate(schedule))


def parameter_kinds(params) -> dict:
    """A tree like `params` with "matrix", "head", "embedding" or "vector" at its leaves. Raises ValueError for a name that `KINDS` does not cover."""
    return jax.tree_util.tree_map_with_path(lambda path, _: _kind(jax.tree_util.keystr(path, simple=True, separator="/")), params)


def decay_mask(params) -> dict:
    """True at the parameters that decay."""
    return jax.tree.map(lambda kind: kind in DECAYED, parameter_kinds(params))


def _direction(config: OptimizerConfig, precision: str) -> optax.GradientTransformation:
    """From a gradient to an uphill step of the right size, before decay and rate."""
    adam = optax.scale_by_adam(b1=config.beta1, b2=config.beta2, eps=config.epsilon)
    match config.name:
        case "adamw" | "adam":
            return adam
        case "lion":
            return optax.scale_by_lion(b1=config.beta1, b2=config.beta2)
        case "adafactor":
            return optax.chain(
                optax.scale_by_factored_rms(min_dim_size_to_factor=MIN_FACTORED_DIM),
                optax.clip_by_block_rms(1.0),
                optax.scale_by_param_block_rms(),
            )
        case "muon":
            directions = functools.partial(_muon_directions, precision=precision)
            muon = optax.chain(optax.trace(decay=config.momentum, nesterov=True), optax.stateless(lambda momentum, _: directions(momentum)))
            return optax.partition({"matrix": muon, "head": adam, "embedding": adam, "vector": adam}, parameter_kinds)
    raise ValueError(config.name)  # OptimizerConfig.check knows the names


def orthogonalize(x: jax.Array, *, precision: str) -> jax.Array:
    """The matrices x [..., in, out], each by itself, with their singular values brought near 1 (0.7 to 1.2) by Newton-Schulz iterations.

    Coefficients and number of iterations are those of https://kellerjordan.github.io/posts/muon/, which also takes bfloat16 operands.
    """
    if x.shape[-2] > x.shape[-1]:  # the smaller Gram matrix
        return orthogonalize(x.mT, precision=precision).mT
    dtype = jnp.dtype(precision)

    def dot(a, b):
        return jnp.matmul(a.astype(dtype), b.astype(dtype), precision=jax.lax.Precision.HIGHEST, preferred_element_type=jnp.float32)

    # a x + b (x x') x + c (x x')^2 x, with the sums drawn into the [in, in] factors: half the passes over memory of the formula as it stands.
    eye = jnp.broadcast_to(jnp.eye(x.shape[-2]), (*x.shape[:-1], x.shape[-2]))
    a, b, c = 3.4445 * eye, -4.7750 * eye, 2.0315
    x = (x / (jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)).astype(dtype)  # a gradient of 0 stays 0
    for _ in range(5):
        gram = dot(x, x.mT)
        x = dot(a + dot(gram, b + c * gram), x).astype(dtype)
    return x.astype(jnp.float32)


def _muon_directions(momentum, *, precision: str):
    """An orthogonal [in, out] matrix has a root mean square of 1 / sqrt(max(in, out)): all get `MUON_RMS`."""
    return jax.tree.map(lambda x: MUON_RMS * math.sqrt(max(x.shape[-2:])) * orthogonalize(x, precision=precision), momentum)


def _kind(path: str) -> str:
    for expression, kind in KINDS:
        if re.search(expression, path):
            return kind
    raise ValueError(f"no expression of training/optimizer.py KINDS covers the parameter {path}")
