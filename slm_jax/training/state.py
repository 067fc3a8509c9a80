"""What training changes: step, parameters, optimizer state. One pytree, the same on any number of devices."""

from __future__ import annotations

import math

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import optax

from slm_jax.errors import UserError

INIT_STREAM = 0  # of random numbers; see `stream_key`


class TrainState(flax.struct.PyTreeNode):
    """`step`, int32 [], is the number of updates done, and so the index of the batch that comes next."""

    step: jax.Array
    params: dict
    opt_state: optax.OptState


def stream_key(seed: int, *, stream: int, step: int = 0) -> jax.Array:
    """The random key of a purpose (a stream) at a step: nothing random has a state of its own. Raises UserError for a seed that JAX would cut short."""
    if seed >= 2**32:
        raise UserError(f"config.seed={seed}: write a number below {2**32}")
    return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), stream), step)


def init_boxed_params(seed: int, *, model: nn.Module) -> dict:
    """Fresh parameters, still in the boxes that name their logical axes. The values depend on the seed alone, not on devices or shardings."""
    return model.init(stream_key(seed, stream=INIT_STREAM), jnp.zeros((1, 8), jnp.int32))["params"]


def state_from_params(params: dict, *, tx: optax.GradientTransformation) -> TrainState:
    """The state before the first update of `params`."""
    return TrainState(step=jnp.zeros((), jnp.int32), params=params, opt_state=tx.init(params))


def init_state(seed: int, *, model: nn.Module, tx: optax.GradientTransformation) -> TrainState:
    """The state before the first update of fresh parameters."""
    return state_from_params(nn.meta.unbox(init_boxed_params(seed, model=model)), tx=tx)


def count_parameters(params) -> int:
    """Numbers in a tree of arrays or of `jax.ShapeDtypeStruct`s."""
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))
