"""What training changes: step, parameters, optimizer state. One pytree, the same on any number of devices."""

from __future__ import annotations

import dataclasses
import math

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import optax

from slm_jax.config import Config, LoraConfig
from slm_jax.errors import UserError
from slm_jax.models.lora import add_adapters, cast_base, check_trained, join_params, split_params, trained_with

# Streams of random numbers; see `stream_key`.
INIT_STREAM = 0
ADAPTER_STREAM = 1
DROPOUT_STREAM = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tuning:
    """What of a model trains. The default: everything."""

    lora: LoraConfig = LoraConfig()
    trainable: str = ""  # config.train.trainable
    seed: int = 0  # of the adapters' first values

    @classmethod
    def of(cls, config: Config) -> Tuning:
        return cls(lora=config.lora, trainable=config.train.trainable, seed=config.seed)


EVERYTHING = Tuning()


class TrainState(flax.struct.PyTreeNode):
    """`step`, int32 [], is the number of updates done, and so the index of the batch that comes next."""

    step: jax.Array
    params: dict  # what trains: what gradients, optimizer and checkpoints see
    opt_state: optax.OptState
    frozen: dict = dataclasses.field(default_factory=dict)  # all other parameters, which no update touches

    @property
    def all_params(self) -> dict:
        """The parameters of the model, with its adapters. No array is copied."""
        return join_params(self.params, self.frozen)


def stream_key(seed: int, *, stream: int, step: int = 0) -> jax.Array:
    """The random key of a purpose (a stream) at a step: nothing random has a state of its own. Raises UserError for a seed that JAX would cut short."""
    if seed >= 2**32:
        raise UserError(f"config.seed={seed}: write a number below {2**32}")
    return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), stream), step)


def init_boxed_params(seed: int, *, model: nn.Module) -> dict:
    """Fresh parameters, still in the boxes that name their logical axes. The values depend on the seed alone, not on devices or shardings."""
    return model.init(stream_key(seed, stream=INIT_STREAM), jnp.zeros((1, 8), jnp.int32))["params"]


def tune(params: dict, tuning: Tuning) -> tuple[dict, dict]:
    """A model's parameters, boxed or not, as (what trains, what is frozen); with adapters, if `tuning` asks for them. Raises UserError for what matches nothing."""
    config = tuning.lora
    check_trained(params, config=config, trainable=tuning.trainable)
    if config.rank:
        params = add_adapters(params, config=config, key=stream_key(tuning.seed, stream=ADAPTER_STREAM))
    trained, frozen = split_params(params, trained_with(config, trainable=tuning.trainable))
    return trained, cast_base(frozen, config.base_dtype)


def state_from_params(params: dict, *, tx: optax.GradientTransformation, tuning: Tuning = EVERYTHING) -> TrainState:
    """The state before the first update of `params`, those of a model without adapters."""
    trained, frozen = tune(params, tuning)
    return TrainState(step=jnp.zeros((), jnp.int32), params=trained, opt_state=tx.init(trained), frozen=frozen)


def init_state(seed: int, *, model: nn.Module, tx: optax.GradientTransformation, tuning: Tuning = EVERYTHING) -> TrainState:
    """The state before the first update of fresh parameters."""
    return state_from_params(nn.meta.unbox(init_boxed_params(seed, model=model)), tx=tx, tuning=tuning)


def count_parameters(params) -> int:
    """Numbers in a tree of arrays or of `jax.ShapeDtypeStruct`s."""
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))
