"""Cross-entropy as sums, at the positions where a loss is due, and never more than a chunk of logits at once.

Shapes: B rows, T tokens of a row, K loss positions of a row, D width of the model, V vocabulary.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp


@flax.struct.dataclass
class LossSums:
    """What a batch adds to the loss. Add them over chunks, micro-batches, devices and batches, and divide once: a mean of means is another number."""

    loss: jax.Array  # float32 [], nats times weight
    weight: jax.Array  # float32 []
    correct: jax.Array  # int32 [], targets that are the argmax of their logits
    tokens: jax.Array  # int32 [], targets with a weight above 0

    @classmethod
    def zeros(cls) -> LossSums:
        return cls(loss=jnp.zeros((), jnp.float32), weight=jnp.zeros((), jnp.float32), correct=jnp.zeros((), jnp.int32), tokens=jnp.zeros((), jnp.int32))

    def __add__(self, other: LossSums) -> LossSums:
        return jax.tree.map(operator.add, self, other)

    @property
    def mean_loss(self):
        """Nats per unit of weight; 0 where there is no weight."""
        return _ratio(self.loss, self.weight)

    @property
    def accuracy(self):
        """Share of the targets that are the argmax; 0 where there is none."""
        return _ratio(self.correct, self.tokens)


def batch_loss(params, batch: Mapping[str, jax.Array], *, model: nn.Module, loss_chunk_tokens: int, dropout_key: jax.Array | None = None) -> LossSums:
    """The loss sums of a batch: one forward pass, logits at its loss positions only. Without a `dropout_key` nothing is dropped.

    `batch`: tokens, segment_ids, positions int32 [B, T]; loss_positions, targets int32 [B, K]; weights float32 [B, K], 0 = an unused slot.
    """
    apply = functools.partial(model.apply, {"params": params}, rngs=None if dropout_key is None else {"dropout": dropout_key})
    hidden_BTD = apply(batch["tokens"], segment_ids=batch["segment_ids"], positions=batch["positions"], method="hidden")
    hidden_BKD = jnp.take_along_axis(hidden_BTD, batch["loss_positions"][:, :, None], axis=1)
    logits_of = functools.partial(apply, method="logits")
    return chunked_cross_entropy(hidden_BKD, targets=batch["targets"], weights=batch["weights"], logits_of=logits_of, chunk_tokens=loss_chunk_tokens)


def chunked_cross_entropy(hidden: jax.Array, *, targets: jax.Array, weights: jax.Array, logits_of: Callable[[jax.Array], jax.Array], chunk_tokens: int) -> LossSums:
    """Cross-entropy of `logits_of(hidden)`, computed for at most `chunk_tokens` positions of every row at once, forward and backward.

    `hidden` [B, K, D], `targets` int32 [B, K], `weights` float32 [B, K]; `logits_of` maps [..., D] to float32 [..., V]. Chunks run along K and not over B * K, so that
    rows stay on their devices. Several chunks are recomputed in the backward pass; a single one is kept, because recomputing it would save nothing.
    """
    count = max(1, -(-hidden.shape[1] // chunk_tokens))
    if count == 1:
        return cross_entropy(logits_of(hidden), targets=targets, weights=weights)
    padding = -hidden.shape[1] % count

    def cut(x):  # [B, K, ...] -> [count, B, K / count, ...]
        x = jnp.pad(x, ((0, 0), (0, padding)) + ((0, 0),) * (x.ndim - 2))
        return x.reshape(x.shape[0], count, -1, *x.shape[2:]).swapaxes(0, 1)

    @functools.partial(jax.checkpoint, prevent_cse=False)  # inside a scan nothing can be merged away
    def body(sums, chunk):
        hidden, targets, weights = chunk
        return sums + cross_entropy(logits_of(hidden), targets=targets, weights=weights), None

    return jax.lax.scan(body, LossSums.zeros(), (cut(hidden), cut(targets), cut(weights)))[0]


def cross_entropy(logits: jax.Array, *, targets: jax.Array, weights: jax.Array) -> LossSums:
    """Cross-entropy of `logits` [..., V] at `targets` int32 [...] with `weights` float32 [...].

    Where the weight is 0 the target may be anything. Where it is not, a target outside the vocabulary makes the loss NaN: training stops there instead of
    learning another token.
    """
    logits = logits.astype(jnp.float32)
    vocabulary = jax.lax.broadcasted_iota(targets.dtype, logits.shape, logits.ndim - 1)
    used = weights > 0
    known = (targets >= 0) & (targets < logits.shape[-1])
    # A comparison with every token instead of a gather: it fuses with the sums around it, and needs no communication where the vocabulary is sharded.
    target_logits = jnp.sum(jnp.where(vocabulary == targets[..., None], logits, 0), axis=-1)
    losses = jnp.where(known, jax.nn.logsumexp(logits, axis=-1) - target_logits, jnp.nan)
    # The first maximum, as argmax has it, by two reductions that vectorize (XLA's argmax on CPU does not).
    logits = jax.lax.stop_gradient(logits)
    best = jnp.min(jnp.where(logits == jnp.max(logits, axis=-1, keepdims=True), vocabulary, logits.shape[-1]), axis=-1)
    return LossSums(
        loss=jnp.sum(jnp.where(used, losses, 0) * weights),
        weight=jnp.sum(weights),
        correct=jnp.sum(used & (best == targets), dtype=jnp.int32),
        tokens=jnp.sum(used, dtype=jnp.int32),
    )


def _ratio(total, count):
    return total / (count + (count == 0))  # works on arrays and on a host's numbers
