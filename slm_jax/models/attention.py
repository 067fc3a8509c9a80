"""Causal self-attention: rotary tables and masks built once per forward pass, grouped queries, and the product itself with its own backward pass.

Shapes: B rows, T query positions, S key positions (T, or the cache's length), H query heads, K key/value heads, G = H / K, d head_dim, R rotated dimensions of a head.
"""

from __future__ import annotations

import functools
import math

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from slm_jax.config import ModelConfig
from slm_jax.models.layers import Dense, Norm, branch_scale, dot, operand_dtype, project, transpose

CAUSAL_BLOCKS = 4  # blocks of queries; each one meets only the keys up to its own end, which saves 3/8 of the work


@struct.dataclass
class LayerKinds:
    """Which rotary table and which mask a layer uses: data, so that layers of several kinds run in one scan."""

    rope: jax.Array | int
    mask: jax.Array | int


@struct.dataclass
class Tables:
    """What all layers share in one forward pass: one entry for each distinct theta and each distinct window of the config."""

    cos: jax.Array  # [thetas, B or 1, T, 1, R/2]
    sin: jax.Array
    mask: jax.Array  # bool [windows, B or 1, T, S]; True = may attend
    segments: jax.Array  # int32 [B or 1, w + T], of the mamba_conv_width tokens before these too: what a Mamba2 layer goes by


@struct.dataclass
class LayerCache:
    """Keys and values of one layer."""

    k_BKSd: jax.Array
    v_BKSd: jax.Array


def layer_thetas(config: ModelConfig) -> tuple[float, ...]:
    return config.layer_rope_thetas or (config.rope_theta,) * config.layers


def layer_windows(config: ModelConfig) -> tuple[int, ...]:
    return config.layer_windows or (0,) * config.layers


def layer_kinds(config: ModelConfig) -> list[tuple[int, int]]:
    """(rope, mask): of each layer, the index of its entry in `Tables`."""
    thetas, windows = layer_thetas(config), layer_windows(config)
    return [(_distinct(thetas).index(theta), _distinct(windows).index(window)) for theta, window in zip(thetas, windows, strict=True)]


def make_tables(config: ModelConfig, positions_BT, query_segments_BT, key_segments_BS, first_slot) -> Tables:
    """Tables for queries that stand in the slots first_slot .. first_slot + T - 1 of the S key slots. Segments None = all one segment."""
    T = positions_BT.shape[1]
    S = T if key_segments_BS is None else key_segments_BS.shape[1]
    distance_TS = (first_slot + jnp.arange(T))[:, None] - jnp.arange(S)[None, :]
    masks = []
    for window in _distinct(layer_windows(config)):
        mask = distance_TS >= 0
        if window:
            mask &= distance_TS < window
        masks.append(mask[None])
    mask = jnp.stack(masks)
    if key_segments_BS is not None:
        mask &= query_segments_BT[:, :, None] == key_segments_BS[:, None, :]
    angles = [positions_BT[..., None, None] * jnp.asarray(rope_frequencies(config, theta)) for theta in _distinct(layer_thetas(config))]
    angle = jnp.stack(angles).astype(jnp.float32)
    segments = jnp.ones((1, S), jnp.int32) if key_segments_BS is None else key_segments_BS
    segments = jnp.pad(segments, ((0, 0), (config.mamba_conv_width, 0)))
    segments = jax.lax.dynamic_slice_in_dim(segments, first_slot, config.mamba_conv_width + T, axis=1)
    return Tables(cos=jnp.cos(angle), sin=jnp.sin(angle), mask=mask, segments=segments)


def default_positions(segments_BT):
    """Position of each token within its segment, for segments that lie in one piece each."""
    slots = jnp.broadcast_to(jnp.arange(segments_BT.shape[1]), segments_BT.shape)
    starts = jnp.concatenate([jnp.ones_like(segments_BT[:, :1], bool), segments_BT[:, 1:] != segments_BT[:, :-1]], axis=1)
    return slots - jax.lax.cummax(jnp.where(starts, slots, 0), axis=1)


def rope_frequencies(config: ModelConfig, theta: float) -> np.ndarray:
    """Radians per position of each rotated pair, float32 [R/2] (arXiv:2104.09864); theta 0 turns nothing.

    config.rope_scaling (HF modeling_rope_utils.py) is for theta = config.rope_theta; another theta is that of Gemma 3's local layers, which are never scaled.
    One entry: all pairs are slowed by that factor. Four, Llama 3.1's: slow pairs are slowed by `factor`, fast ones kept, those between mixed.
    """
    rotated = int(config.head_dim * config.rope_fraction)  # rounded down, as the original does
    if not theta:
        return np.zeros(rotated // 2, np.float32)
    frequencies = theta ** (-np.arange(0, rotated, 2) / rotated)
    if config.rope_scaling and theta == config.rope_theta:
        factor, *bands = config.rope_scaling
        low, high, original = bands or (1.0, 2.0, 0.0)  # a context of no tokens: every pair is a slow one
        keep = np.clip((original * frequencies / (2 * math.pi) - low) / (high - low), 0, 1)
        frequencies = (1 - keep) * frequencies / factor + keep * frequencies
    return frequencies.astype(np.float32)


def rotate(x_BTHd, cos, sin):
    """Rotary embedding of the first R dimensions, as two halves (never interleaved); the rest passes."""
    *lead, size = x_BTHd.shape
    half = cos.shape[-1]
    halves = x_BTHd[..., : 2 * half].reshape(*lead, 2, half)
    turned = halves * cos[..., None, :] + jnp.flip(halves, -2) * jnp.stack([-sin, sin], axis=-2)  # no concatenation: twice as fast on CPU, and so is its gradient
    turned = turned.reshape(*lead, 2 * half)
    return turned if 2 * half == size else jnp.concatenate([turned, x_BTHd[..., 2 * half :]], axis=-1)


class Attention(nn.Module):
    """Self-attention of one layer. Queries and keys are normalised per head before the rotary embedding, if config.qk_norm."""

    config: ModelConfig
    precision: str

    def setup(self):
        config = self.config
        make = functools.partial(Dense, precision=self.precision)
        queries, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.q = make(config.dim, queries, ("embed", "heads"), bias=config.qkv_bias, init_scale=1.0)
        self.k = make(config.dim, keys, ("embed", "kv"), bias=config.qkv_bias, init_scale=1.0)
        self.v = make(config.dim, keys, ("embed", "kv"), bias=config.qkv_bias, init_scale=1.0)
        self.o = make(queries, config.dim, ("heads", "embed"), bias=config.out_bias, init_scale=branch_scale(config))
        if config.qk_norm:
            self.q_norm = Norm(config, config.head_dim)
            self.k_norm = Norm(config, config.head_dim)

    def __call__(self, x_BTD, kinds: LayerKinds, tables: Tables, cache: LayerCache | None = None, slot=None):
        """-> ([B, T, D], cache with this call's keys and values in the slots from `slot` on, or None)."""
        config = self.config
        B, T, _ = x_BTD.shape
        q, k, v = (y.reshape(B, T, -1, config.head_dim) for y in project(x_BTD, self.q, self.k, self.v))
        if config.qk_norm:
            q, k = self.q_norm(q), self.k_norm(k)
        cos, sin = _entry(tables.cos, kinds.rope), _entry(tables.sin, kinds.rope)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        q = nn.with_logical_constraint(q, ("batch", "seq", "act_heads", None))
        k, v = (nn.with_logical_constraint(y, ("batch", "seq", "act_kv", None)) for y in (k, v))
        q_BKGTd = q.reshape(B, T, config.kv_heads, -1, config.head_dim).transpose(0, 2, 3, 1, 4)
        k_BKSd, v_BKSd = k.transpose(0, 2, 1, 3), v.transpose(0, 2, 1, 3)
        if cache is not None:
            cache = LayerCache(
                k_BKSd=jax.lax.dynamic_update_slice(cache.k_BKSd, k_BKSd.astype(cache.k_BKSd.dtype), (0, 0, slot, 0)),
                v_BKSd=jax.lax.dynamic_update_slice(cache.v_BKSd, v_BKSd.astype(cache.v_BKSd.dtype), (0, 0, slot, 0)),
            )
            k_BKSd, v_BKSd = cache.k_BKSd, cache.v_BKSd
        scale = config.attention_scale or config.head_dim**-0.5
        out_BKGTd = attend(q_BKGTd * scale, k_BKSd, v_BKSd, _entry(tables.mask, kinds.mask), self.precision, aligned=cache is None)
        return self.o(out_BKGTd.transpose(0, 3, 1, 2, 4).reshape(B, T, -1)), cache


def attend(q_BKGTd, k_BKSd, v_BKSd, mask_BTS, precision: str, *, aligned: bool):
    """softmax(q k^T, where mask) v -> float32 [B, K, G, T, d]. Every query must see at least one key.

    `aligned`: query i stands at key i, so that no key after it is seen.
    """
    T = q_BKGTd.shape[3]
    blocks = CAUSAL_BLOCKS if aligned and T >= 32 * CAUSAL_BLOCKS else 1
    return _attend(q_BKGTd, k_BKSd, v_BKSd, mask_BTS, precision, blocks)


@functools.partial(jax.custom_vjp, nondiff_argnums=(4, 5))
def _attend(q_BKGTd, k_BKSd, v_BKSd, mask_BTS, precision, blocks):
    return _attend_forward(q_BKGTd, k_BKSd, v_BKSd, mask_BTS, precision, blocks)[0]


def _attend_forward(q_BKGTd, k_BKSd, v_BKSd, mask_BTS, precision, blocks):
    _, _, G, T, _ = q_BKGTd.shape
    dtype = operand_dtype(precision) if G * T > 1 else k_BKSd.dtype  # one query: reading the keys is all the work, converting them would double it
    q_BKGTd, k_BKSd, v_BKSd = (y.astype(dtype) for y in (q_BKGTd, k_BKSd, v_BKSd))
    outs, weights, totals = [], [], []
    for start, end, seen in _block_bounds(q_BKGTd.shape[3], k_BKSd.shape[2], blocks):
        q_BKGtd = q_BKGTd[:, :, :, start:end]
        scores_BKGts = _group_dot(q_BKGtd, k_BKSd[:, :, :seen], 3)
        scores_BKGts = jnp.where(mask_BTS[:, None, None, start:end, :seen], scores_BKGts, jnp.finfo(jnp.float32).min)
        exp_BKGts = jnp.exp(scores_BKGts - scores_BKGts.max(-1, keepdims=True))
        totals.append(exp_BKGts.sum(-1, keepdims=True))
        weights.append(exp_BKGts.astype(dtype))
        outs.append(_group_dot(weights[-1], v_BKSd[:, :, :seen], 2))
    total_BKGT1 = jnp.concatenate(totals, axis=3)
    out_BKGTd = jnp.concatenate(outs, axis=3) / total_BKGT1  # dividing here costs T x d, dividing the weights T x S
    return out_BKGTd, (q_BKGTd, k_BKSd, v_BKSd, weights, total_BKGT1, out_BKGTd)


def _attend_backward(precision, blocks, residuals, dout_BKGTd):
    """With weights e / total: dq = ds k, dk = ds^T q, dv = e^T (dout / total), ds = e (dout v^T - dout.out) / total. The mask is in e already."""
    q_BKGTd, k_BKSd, v_BKSd, weights, total_BKGT1, out_BKGTd = residuals
    B, K, G, T, d = q_BKGTd.shape
    S = k_BKSd.shape[2]
    dtype = operand_dtype(precision)
    dout_BKGTd = dout_BKGTd / total_BKGT1
    along_BKGT1 = (dout_BKGTd * out_BKGTd).sum(-1, keepdims=True)
    dout_BKGTd = dout_BKGTd.astype(dtype)
    dqs, dk_BKdS, dv_BKdS = [], 0, 0
    for (start, end, seen), exp_BKGts in zip(_block_bounds(T, S, blocks), weights, strict=True):
        q, dout = q_BKGTd[:, :, :, start:end], dout_BKGTd[:, :, :, start:end]
        dscores = (exp_BKGts * (_group_dot(dout, v_BKSd[:, :, :seen], 3) - along_BKGT1[:, :, :, start:end])).astype(dtype)
        dqs.append(_group_dot(dscores, k_BKSd[:, :, :seen], 2))
        flat = lambda y: y.reshape(B, K, -1, y.shape[-1])  # noqa: E731
        pad = lambda y, seen=seen: jnp.pad(y, ((0, 0), (0, 0), (0, 0), (0, S - seen)))  # noqa: E731
        dk_BKdS += pad(dot(transpose(flat(q)), flat(dscores), (3, 2), batch=2))  # the small operand is transposed, never the T x S one
        dv_BKdS += pad(dot(transpose(flat(dout)), flat(exp_BKGts), (3, 2), batch=2))
    return jnp.concatenate(dqs, axis=3), transpose(dk_BKdS), transpose(dv_BKdS), None


_attend.defvjp(_attend_forward, _attend_backward)


def _group_dot(x_BKGTi, y_BKjd, axis: int):
    """x contracted with axis 2 or 3 of y: the queries of a group meet the same keys in one product, and nothing is repeated."""
    B, K, G, T, i = x_BKGTi.shape
    return dot(x_BKGTi.reshape(B, K, G * T, i), y_BKjd, (3, axis), batch=2).reshape(B, K, G, T, -1)


def _block_bounds(T: int, S: int, blocks: int) -> list[tuple[int, int, int]]:
    """(first query, one past the last, keys seen) of each block of queries."""
    bounds = [T * i // blocks for i in range(blocks + 1)]
    return [(start, end, end if blocks > 1 else S) for start, end in zip(bounds[:-1], bounds[1:], strict=True)]


def _entry(table, index):
    return table[0] if table.shape[0] == 1 else table[index]  # a traced index would copy the only entry in every layer


def _distinct(values: tuple) -> tuple:
    return tuple(dict.fromkeys(values))
