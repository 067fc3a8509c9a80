"""From logits to the next token. Shapes: B rows, V vocabulary."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from slm_jax.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a token is chosen. temperature 0 = the likeliest one, and nothing else matters."""

    temperature: float
    top_k: int  # of the k likeliest tokens; 0 = of all
    top_p: float  # of the likeliest tokens that together have this probability; 1 = of all

    def check(self) -> None:
        if not self.temperature >= 0:
            raise UserError(f"temperature={self.temperature}: write 0 for the likeliest answer, or a number above 0 to sample")
        if self.top_k < 0:
            raise UserError(f"top_k={self.top_k}: write 1 or more, or 0 for no limit")
        if not 0 < self.top_p <= 1:
            raise UserError(f"top_p={self.top_p}: write a probability above 0 and up to 1")


def choose(logits_BV, keys_B, sampling: Sampling):
    """The next token of each row, int32 [B]; `keys_B` holds one random key a row, so that a row's answer does not depend on its batch."""
    if sampling.temperature == 0:
        return jnp.argmax(logits_BV, axis=-1).astype(jnp.int32)
    logits_BV = limit(logits_BV / sampling.temperature, top_k=sampling.top_k, top_p=sampling.top_p)
    return jax.vmap(jax.random.categorical)(keys_B, logits_BV).astype(jnp.int32)


def limit(logits_BV, *, top_k: int, top_p: float):
    """`logits_BV` with -inf for every token outside the top k, and then outside the smallest set with probability top_p (arXiv:1904.09751)."""
    if top_k and top_k < logits_BV.shape[-1]:
        kth_B1 = jax.lax.top_k(logits_BV, top_k)[0][:, -1:]
        logits_BV = jnp.where(logits_BV >= kth_B1, logits_BV, -jnp.inf)
    if top_p < 1:
        sorted_BV = -jnp.sort(-logits_BV, axis=-1)
        probability_BV = jax.nn.softmax(sorted_BV, axis=-1)
        inside_BV = jnp.cumsum(probability_BV, axis=-1) - probability_BV < top_p  # what stands before a token is less than top_p; the first always stays
        last_B1 = jnp.min(jnp.where(inside_BV, sorted_BV, jnp.inf), axis=-1, keepdims=True)
        logits_BV = jnp.where(logits_BV >= last_B1, logits_BV, -jnp.inf)
    return logits_BV
