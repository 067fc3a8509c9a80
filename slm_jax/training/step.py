"""One update and one evaluation as pure functions. Who compiles them, and for which devices, is parallel.py's business."""

from __future__ import annotations

from collections.abc import Mapping

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import optax

from slm_jax.models.lora import has_dropout, join_params
from slm_jax.training.loss import LossSums, batch_loss
from slm_jax.training.state import DROPOUT_STREAM, TrainState, stream_key

DEVICES = "devices"  # the axis that pmap binds


@flax.struct.dataclass
class RowReport:
    """What each row of a batch, alone, gives. Float32 [B]."""

    loss: jax.Array  # nats, summed over the row
    grad_norm: jax.Array


def train_step(
    state: TrainState,
    batch: Mapping[str, jax.Array],
    *,
    model: nn.Module,
    tx: optax.GradientTransformation,
    accumulation_steps: int,
    loss_chunk_tokens: int,
    seed: int = 0,
) -> tuple[TrainState, dict[str, jax.Array]]:
    """One update on `batch` (see `loss.batch_loss`), the same under jit, pmap and a mesh, and for any number of micro-batches.

    Only `state.params` have gradients; `state.frozen` comes back as it went in, in the same memory if the state is donated. `seed` is that of the adapters' dropout,
    if they have any: another mask at each step, micro-batch and device of pmap.

    Loss and gradient are sums over micro-batches and devices, divided once by the weight of the whole batch. B is a multiple of `accumulation_steps` times the devices.

    A loss, gradient or update that is not finite changes nothing: the state comes back as it went in, its step included, and the metric `finite` is False.
    The caller must stop there, name `state.step`, and can ask `row_report` which rows did it.

    Metrics, scalars: loss (nats per unit of weight), accuracy (of targets with a weight), tokens (such targets), weight, padding_share (of the batch's B * T
    places), grad_norm (before clipping), param_norm (before the update), update_ratio (norm of the update / param_norm), finite (bool).
    """
    dropout_key = _of_device(stream_key(seed, stream=DROPOUT_STREAM, step=state.step)) if has_dropout(state.frozen) else None
    grads, sums = _summed_gradients(state, batch, model=model, accumulation_steps=accumulation_steps, loss_chunk_tokens=loss_chunk_tokens, dropout_key=dropout_key)
    segment_ids = batch["segment_ids"]
    filled, places = jnp.sum(segment_ids > 0, dtype=jnp.int32), jnp.full((), segment_ids.size, jnp.int32)
    grads, sums, filled, places = sum_over_devices((grads, sums, filled, places))

    weight = jnp.where(sums.weight > 0, sums.weight, 1.0)
    grads = jax.tree.map(lambda g: g / weight, grads)
    updates, opt_state = tx.update(grads, state.opt_state, state.params)
    updated = (state.step + 1, optax.apply_updates(state.params, updates), opt_state)

    grad_norm, param_norm, update_norm = optax.tree.norm(grads), optax.tree.norm(state.params), optax.tree.norm(updates)
    finite = jnp.isfinite(sums.loss) & jnp.isfinite(grad_norm) & jnp.isfinite(update_norm)
    step, params, opt_state = jax.tree.map(lambda new, old: jnp.where(finite, new, old), updated, (state.step, state.params, state.opt_state))
    return state.replace(step=step, params=params, opt_state=opt_state), {
        "loss": sums.mean_loss,
        "accuracy": sums.accuracy,
        "tokens": sums.tokens,
        "weight": sums.weight,
        "padding_share": 1 - filled / places,
        "grad_norm": grad_norm,
        "param_norm": param_norm,
        "update_ratio": update_norm / param_norm,
        "finite": finite,
    }


def eval_step(params, batch: Mapping[str, jax.Array], *, model: nn.Module, loss_chunk_tokens: int) -> LossSums:
    """The loss sums of `batch` over all devices, without dropout; rows that only fill it up have weight 0 and add nothing. `params`: `TrainState.all_params`."""
    return sum_over_devices(batch_loss(params, batch, model=model, loss_chunk_tokens=loss_chunk_tokens))


def row_report(state: TrainState, batch: Mapping[str, jax.Array], *, model: nn.Module, loss_chunk_tokens: int) -> RowReport:
    """Loss and gradient norm of every row by itself, without dropout, one after the other: slow, for finding the rows behind a number that is not finite."""

    def one(row):
        row = jax.tree.map(lambda x: x[None], row)

        def loss_of(params):
            return batch_loss(join_params(params, state.frozen), row, model=model, loss_chunk_tokens=loss_chunk_tokens).loss

        loss, grads = jax.value_and_grad(loss_of)(state.params)
        return RowReport(loss=loss, grad_norm=optax.tree.norm(grads))

    return jax.lax.map(one, dict(batch))


def sum_over_devices(tree):
    """The sum over pmap's devices where there are such; elsewhere the tree itself, because under jit a sum over the rows is already one over all devices."""
    try:
        return jax.lax.psum(tree, DEVICES)
    except NameError:  # no such axis is bound
        return tree


def _of_device(key):
    """Another key on each of pmap's devices; elsewhere the key itself, because there one mask covers the rows of all devices."""
    try:
        return jax.random.fold_in(key, jax.lax.axis_index(DEVICES))
    except NameError:
        return key


def _summed_gradients(state: TrainState, batch, *, model, accumulation_steps, loss_chunk_tokens, dropout_key):
    """Gradient of the summed loss in `state.params`, and the `LossSums`, of this device's rows."""

    def loss_of(params, rows, i):
        key = None if dropout_key is None else jax.random.fold_in(dropout_key, i)
        sums = batch_loss(join_params(params, state.frozen), rows, model=model, loss_chunk_tokens=loss_chunk_tokens, dropout_key=key)
        return sums.loss, sums

    gradient_of = jax.grad(loss_of, has_aux=True)
    if accumulation_steps == 1:
        return gradient_of(state.params, batch, 0)

    def split(x):  # micro-batch i takes rows i, i + n, i + 2n ...: on a mesh every row stays on its device
        return x.reshape(x.shape[0] // accumulation_steps, accumulation_steps, *x.shape[1:]).swapaxes(0, 1)

    def body(totals, micro):
        return jax.tree.map(jnp.add, totals, gradient_of(state.params, *micro)), None

    zeros = jax.tree.map(lambda p: jnp.zeros(p.shape, jnp.float32), state.params)
    micros = (jax.tree.map(split, dict(batch)), jnp.arange(accumulation_steps))
    return jax.lax.scan(body, (zeros, LossSums.zeros()), micros)[0]
