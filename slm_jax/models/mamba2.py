"""The Mamba2 mixer (arXiv:2405.21060; HF modeling_granitemoehybrid.py): a recurrence over tokens in place of attention, computed in chunks.

For each head, with a state h [P, N] and one decay rate a < 0:  h_t = exp(dt_t a) h_(t-1) + dt_t x_t B_t^T,   y_t = h_t C_t + d x_t.

Within a chunk that is attention with decaying weights; between chunks only the state is handed on. Training, prompts and single tokens run the same code.
Segment ids say what belongs together: a token reads the tokens and the state of its own segment only, and padding (segment 0) does not change a state.
Segments lie in one piece each, so that in a cache padding is on the left.

Shapes: B rows, T positions, D dim, I inner width (heads x P), Hm heads, P head dim, N state size, G groups, R = Hm / G heads of a group, E = R x P,
J = taps - 1 positions before the first, C channels of the convolution (I + 2 G N), c chunks, l (and m) positions of a chunk.
"""

from __future__ import annotations

import functools
import math

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import struct

from slm_jax.config import ModelConfig
from slm_jax.models.layers import Dense, branch_scale

CHUNK = 64  # most positions of a chunk; the result does not depend on it. 128 is slower and takes more memory on a CPU


@struct.dataclass
class MambaCache:
    """What one layer keeps of the tokens seen so far, float32."""

    conv_BJC: jax.Array  # the convolution's last inputs
    state_BGNE: jax.Array


def init_mamba_cache(config: ModelConfig, batch: int) -> MambaCache:
    inner, fused = _widths(config)
    return MambaCache(
        conv_BJC=jnp.zeros((batch, config.mamba_conv_width - 1, fused), jnp.float32),
        state_BGNE=jnp.zeros((batch, config.mamba_groups, config.mamba_state_dim, inner // config.mamba_groups), jnp.float32),
    )


class Mamba2(nn.Module):
    """The mixer of one layer. Matrix products in `precision`; the convolution, decays, states and the norm in float32."""

    config: ModelConfig
    precision: str

    def setup(self):
        config = self.config
        inner, fused = _widths(config)
        make = functools.partial(Dense, bias=config.mamba_proj_bias, precision=self.precision)
        self.in_proj = make(config.dim, inner + fused + config.mamba_heads, ("embed", "mamba_inner"), init_scale=1.0)
        self.conv = Conv(config)
        self.norm = GatedNorm(config)
        self.out_proj = make(inner, config.dim, ("mamba_inner", "embed"), init_scale=branch_scale(config))
        start_a = lambda _, shape, dtype: jnp.log(jnp.arange(1, shape[0] + 1, dtype=dtype))  # noqa: E731
        for name, start in (("a_log", start_a), ("d", nn.initializers.ones), ("dt_bias", nn.initializers.ones)):
            setattr(self, name, self.param(name, nn.with_logical_partitioning(start, ("mamba_heads",)), (config.mamba_heads,), jnp.float32))

    def __call__(self, x_BTD, segments, cache: MambaCache | None = None):
        """-> ([B, T, D], the cache after these tokens, or None).

        segments [B or 1, 1 + J + T]: of the 1 + J tokens before these too, 0 where there is none.
        """
        config = self.config
        B, T, _ = x_BTD.shape
        inner, fused = _widths(config)
        before = init_mamba_cache(config, B) if cache is None else cache
        z_BTI, inputs_BTC, dt_BTH = jnp.split(self.in_proj(x_BTD), [inner, inner + fused], axis=-1)
        inputs = jnp.concatenate([before.conv_BJC, inputs_BTC], axis=1)
        x_BTI, b, c = jnp.split(nn.silu(self.conv(inputs, segments)), [inner, (inner + fused) // 2], axis=-1)
        dt_BTH = jnp.where(segments[:, -T:, None] == 0, 0, nn.softplus(dt_BTH + self.dt_bias))
        x_BTHP = x_BTI.reshape(B, T, config.mamba_heads, config.mamba_head_dim)
        b_BTGN, c_BTGN = (y.reshape(B, T, config.mamba_groups, config.mamba_state_dim) for y in (b, c))
        y_BTHP, state_BGNE = scan_chunks(
            x_BTHP * dt_BTH[..., None], -jnp.exp(self.a_log) * dt_BTH, b_BTGN, c_BTGN, segments[:, -T - 1 :], before.state_BGNE, precision=self.precision
        )
        y_BTI = (y_BTHP + self.d[:, None] * x_BTHP).reshape(B, T, inner)
        after = None if cache is None else MambaCache(conv_BJC=inputs[:, T:], state_BGNE=state_BGNE)
        return self.out_proj(self.norm(y_BTI * nn.silu(z_BTI))), after


class Conv(nn.Module):
    """Causal convolution of each channel by itself, over the tokens of the same segment. The last tap is the current token's."""

    config: ModelConfig

    @nn.compact
    def __call__(self, inputs, segments):
        """inputs [B, J + T, C], segments [B or 1, 1 + J + T] -> [B, T, C]."""
        config = self.config
        taps, channels = config.mamba_conv_width, inputs.shape[-1]
        start = nn.initializers.normal(1 / math.sqrt(taps))
        kernel = self.param("kernel", nn.with_logical_partitioning(start, (None, "mamba_inner")), (taps, channels), jnp.float32)
        T = inputs.shape[1] - taps + 1
        seen = [segments[:, 1 + tap : 1 + tap + T] == segments[:, -T:] for tap in range(taps)]
        out = _convolve(inputs, kernel, jnp.stack(seen).astype(jnp.float32))
        if config.mamba_conv_bias:
            out += self.param("bias", nn.with_logical_partitioning(nn.initializers.zeros, ("mamba_inner",)), (channels,), jnp.float32)
        return out


@jax.custom_vjp
def _convolve(inputs, kernel, seen):
    """inputs [B, J + T, C], kernel [taps, C], seen [taps, B or 1, T], 1 or 0 -> [B, T, C]."""
    T = seen.shape[-1]
    return sum(seen[tap][..., None] * inputs[:, tap : tap + T] * weight for tap, weight in enumerate(kernel))


def _convolve_forward(inputs, kernel, seen):
    return _convolve(inputs, kernel, seen), (inputs, kernel, seen)


def _convolve_backward(residuals, dout_BTC):
    """The kernel's gradient as products of a row and a matrix: as a sum it takes ten times as long on a CPU, and so does a gradient made anew for each tap."""
    inputs, kernel, seen = residuals
    taps, _, T = seen.shape
    B, _, C = dout_BTC.shape
    dout_BTC = jax.lax.optimization_barrier(dout_BTC)
    dinputs, dkernel = 0, []
    for tap, weight in enumerate(kernel):
        dinputs += jnp.pad(seen[tap][..., None] * dout_BTC * weight, ((0, 0), (tap, taps - 1 - tap), (0, 0)))
        row = jnp.broadcast_to(seen[tap], (B, T)).reshape(1, B * T)
        dkernel.append(jnp.matmul(row, (dout_BTC * inputs[:, tap : tap + T]).reshape(B * T, C), precision=jax.lax.Precision.HIGHEST)[0])
    return dinputs, jnp.stack(dkernel), None


_convolve.defvjp(_convolve_forward, _convolve_backward)


class GatedNorm(nn.Module):
    """RMSNorm of each group's channels by themselves; the gate has been applied before."""

    config: ModelConfig

    @nn.compact
    def __call__(self, y_BTI):
        scale = self.param("scale", nn.with_logical_partitioning(nn.initializers.ones, ("mamba_inner",)), y_BTI.shape[-1:], jnp.float32)
        groups = y_BTI.reshape(*y_BTI.shape[:-1], self.config.mamba_groups, -1)
        mean = jnp.mean(jnp.square(groups), axis=-1, keepdims=True)
        return (groups * jax.lax.rsqrt(mean + self.config.norm_epsilon)).reshape(y_BTI.shape) * scale


def scan_chunks(x_BTHP, log_decay_BTH, b_BTGN, c_BTGN, segments, state_BGNE, *, precision: str, chunk: int = CHUNK):
    """h_t = exp(log_decay_t) h_(t-1) + x_t b_t^T and y_t = h_t c_t, segment by segment -> (y [B, T, Hm, P], the state after the last token).

    segments [B or 1, 1 + T]: the first is that of `state_BGNE`, the state before. Decays and states are float32; at most `chunk` positions meet each other at once.
    """
    B, T, H, P = x_BTHP.shape
    G, N = b_BTGN.shape[2:]
    R = H // G
    chunks = -(-T // chunk)
    length = -(-T // chunks)
    highest = jax.lax.Precision.HIGHEST
    # Else the backend's own: bfloat16 operands on a TPU, TF32 on a GPU; float32 on a CPU, where to round these small operands takes longer than it saves.
    product = functools.partial(jnp.matmul, precision=highest if precision == "float32" else None)

    def cut(y, mode="constant"):
        """[B, T, ..] -> [B, c, l, ..]. What is appended has x 0 and log_decay 0: it leaves the state as it is."""
        y = jnp.pad(y, ((0, 0), (0, chunks * length - T)) + ((0, 0),) * (y.ndim - 2), mode=mode)
        return y.reshape(y.shape[0], chunks, length, *y.shape[2:])

    segments_cl = cut(segments[:, 1:], "edge")
    before_c = jnp.concatenate([segments[:, :1], segments_cl[:, :-1, -1]], axis=1)  # the segment of the state that a chunk starts from
    b_BcGlN, c_BcGlN = (cut(y).transpose(0, 1, 3, 2, 4) for y in (b_BTGN, c_BTGN))
    x_BcGlRP = cut(x_BTHP).reshape(B, chunks, length, G, R, P).transpose(0, 1, 3, 2, 4, 5)
    past = jnp.tril(jnp.ones((length, length), bool))
    log_decay_BcGRl = cut(log_decay_BTH).reshape(B, chunks, length, G, R).transpose(0, 1, 3, 4, 2)
    total_BcGRl = jnp.matmul(log_decay_BcGRl, past.T.astype(jnp.float32), precision=highest)  # a running sum; jnp.cumsum is slow on a CPU

    def decay(exponent, sees):
        return jnp.exp(jnp.where(sees, exponent, -jnp.inf))  # masked before exp: what lies ahead would overflow, and give gradients that are not numbers

    pairs = (segments_cl[..., :, None] == segments_cl[..., None, :]) & past
    decay_BcGRlm = decay(total_BcGRl[..., :, None] - total_BcGRl[..., None, :], pairs[:, :, None, None])
    from_start_BcGRl = decay(total_BcGRl, (segments_cl == before_c[..., None])[:, :, None, None])
    across_BcGR = decay(total_BcGRl[..., -1], (segments_cl[..., -1] == before_c)[:, :, None, None])

    scores_BcGlm = product(c_BcGlN, b_BcGlN.mT)  # once for all heads of a group
    y_BcGRlP = product(scores_BcGlm[:, :, :, None] * decay_BcGRlm, x_BcGlRP.swapaxes(3, 4))

    to_end_BcGlR1 = decay_BcGRlm[..., -1, :].swapaxes(3, 4)[..., None]
    added_BcGNE = product(b_BcGlN.mT, (x_BcGlRP * to_end_BcGlR1).reshape(B, chunks, G, length, R * P))

    def step(state_BGNE, of_chunk):
        across_BGR, added_BGNE = of_chunk
        return jnp.repeat(across_BGR, P, axis=-1)[:, :, None] * state_BGNE + added_BGNE, state_BGNE

    state_BGNE, states_cBGNE = jax.lax.scan(step, state_BGNE, (jnp.moveaxis(across_BcGR, 1, 0), jnp.moveaxis(added_BcGNE, 1, 0)))
    read_BcGlE = product(c_BcGlN, jnp.moveaxis(states_cBGNE, 0, 1))
    y_BcGRlP += from_start_BcGRl[..., None] * read_BcGlE.reshape(B, chunks, G, length, R, P).swapaxes(3, 4)
    y_BcGlRP = y_BcGRlP.swapaxes(3, 4)
    return y_BcGlRP.transpose(0, 1, 3, 2, 4, 5).reshape(B, chunks * length, H, P)[:, :T], state_BGNE


def _widths(config: ModelConfig) -> tuple[int, int]:
    """I, and C."""
    inner = config.mamba_heads * config.mamba_head_dim
    return inner, inner + 2 * config.mamba_groups * config.mamba_state_dim
