"""Learning rates as pure functions of the step."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from slm_jax.config import ScheduleConfig

Schedule = Callable[[jax.Array | int], jax.Array]


def make_schedule(config: ScheduleConfig, *, peak: float, total_steps: int) -> Schedule:
    """The learning rate, float32 [], of update `step` = 0 ... total_steps - 1.

    The warm-up rises linearly from peak / warmup_steps, so that no update is wasted at rate 0, to the peak, which update warmup_steps - 1 has. Then:
    "constant" stays there; "linear" and "cosine" fall over all that is left; "wsd" (warm-up, stable, decay; https://arxiv.org/abs/2404.06395) stays, and falls
    linearly over the last `decay_share` of all steps, or over what the warm-up leaves of them.
    A fall ends at update total_steps - 1 with exactly `final_share` * peak. Where there is no fall (no steps left, or decay_share 0) the rate stays at the peak.
    """
    warmup = config.warmup_steps
    left = total_steps - warmup
    decay = {"constant": 0, "linear": left, "cosine": left, "wsd": min(round(config.decay_share * total_steps), left)}[config.name]
    final = config.final_share

    def schedule(step: jax.Array | int) -> jax.Array:
        done = jnp.asarray(step, jnp.float32) + 1  # updates, this one included
        rise = jnp.minimum(done / warmup, 1.0) if warmup else 1.0
        progress = jnp.clip((done - (total_steps - decay)) / decay, 0.0, 1.0) if decay else 0.0
        share = 0.5 * (1 + jnp.cos(jnp.pi * progress)) if config.name == "cosine" else 1 - progress
        return jnp.asarray(peak * rise * (share + final * (1 - share)), jnp.float32)

    return schedule
