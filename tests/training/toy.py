"""A small stand-in for the decoder: the same two methods, the same kinds of parameters, stacked layers; and ragged batches for it."""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

VOCAB = 64


def logical(initializer, *axes):
    return nn.with_logical_partitioning(initializer, axes)


class Block(nn.Module):
    @nn.compact
    def __call__(self, x, _):
        y = nn.RMSNorm(name="norm", scale_init=logical(nn.initializers.ones, "embed"))(x)
        y = nn.Dense(4 * x.shape[-1], name="up", kernel_init=logical(nn.initializers.normal(0.2), "embed", "mlp"), bias_init=logical(nn.initializers.zeros, "mlp"))(y)
        y = nn.Dense(x.shape[-1], use_bias=False, name="down", kernel_init=logical(nn.initializers.normal(0.2), "mlp", "embed"))(nn.silu(y))
        return nn.with_logical_constraint(x + y, ("batch", "seq", None)), None


class Toy(nn.Module):
    dim: int = 16
    layers: int = 2
    vocab: int = VOCAB

    def setup(self):
        self.embed = nn.Embed(self.vocab, self.dim, embedding_init=logical(nn.initializers.normal(1.0), "vocab", "embed"))
        names = {nn.PARTITION_NAME: "layers"}
        stack = nn.scan(Block, variable_axes={"params": 0}, split_rngs={"params": True}, in_axes=nn.broadcast, length=self.layers, metadata_params=names)
        self.stack = stack(name="layers")
        self.head = nn.Dense(self.vocab, use_bias=False, kernel_init=logical(nn.initializers.normal(0.2), "embed", "vocab"))

    def hidden(self, tokens, segment_ids, positions):
        x = self.embed(tokens) + jnp.sin(positions)[..., None]
        same = (segment_ids[:, :, None] == segment_ids[:, None, :]) & (positions[:, :, None] >= positions[:, None, :])
        x = jnp.einsum("bts,bsd->btd", same / jnp.maximum(same.sum(-1, keepdims=True), 1), x)  # the mean of what came before
        return self.stack(x, None)[0]

    def logits(self, hidden):
        return self.head(hidden).astype(jnp.float32)

    def __call__(self, tokens):
        return self.logits(self.hidden(tokens, jnp.ones_like(tokens), jnp.zeros_like(tokens)))


def ragged_batch(index: int, *, rows: int = 8, length: int = 12, slots: int = 8, vocab: int = VOCAB) -> dict[str, np.ndarray]:
    """Rows with very different numbers of targets and weights, some with none; every target is a function of its token, so that there is something to learn."""
    rng = np.random.default_rng(index)
    filled = rng.integers(2, length + 1, rows)
    places = np.arange(length) < filled[:, None]
    tokens = np.where(places, rng.integers(1, vocab, (rows, length)), 0).astype(np.int32)
    used = np.arange(slots) < np.where(np.arange(rows) % 3 == 1, rng.integers(0, 2, rows), np.minimum(filled, rng.integers(1, slots + 1, rows)))[:, None]
    loss_positions = np.where(used, np.arange(slots), 0).astype(np.int32)
    targets = np.where(used, np.take_along_axis(tokens, loss_positions, 1) * 7 % vocab, -100)
    weights = used * rng.choice([0.25, 1.0], (rows, slots))
    return {
        "tokens": tokens,
        "segment_ids": places.astype(np.int32),
        "positions": np.where(places, np.arange(length), 0).astype(np.int32),
        "loss_positions": loss_positions,
        "targets": targets.astype(np.int32),
        "weights": weights.astype(np.float32),
    }
