"""Answers to batches of prompts with a key/value cache: one compiled program, prompt and answer in it, for each size of batch, prompt and answer.

Shapes: B rows, P prompt slots (padded on the left), A answer slots, V vocabulary.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from slm_jax.errors import UserError
from slm_jax.inference.sampling import Sampling, choose
from slm_jax.models.decoder import Decoder, init_cache, split_layers

BATCH_BUCKETS = (1, 8, 32, 128)
LENGTH_BUCKETS = (32, 64, 128, 256, 512, 1024, 2048, 4096)  # slots for a prompt, and for an answer; above the last one, its multiples


@dataclasses.dataclass(frozen=True, kw_only=True)
class Generation:
    ids: list[int]  # the answer, without the token that ended it
    finished: bool  # False: max_tokens or the end of the model's room came first


class Generator:
    """Generates with `params` of `model`.

    max_length: tokens, prompt and answer together, that the model has room for. vocab_size: ids from here on are never chosen (rows of the embedding without a token).
    batch_size: prompts answered at once, at most; more are answered batch by batch.
    """

    def __init__(self, model: Decoder, params, *, max_length: int, vocab_size: int, batch_size: int):
        self.model, self.max_length, self.vocab_size, self.batch_size = model, max_length, vocab_size, batch_size
        self._params = jax.jit(split_layers, static_argnums=1)(params, model)

    def generate(
        self, prompts: Sequence[Sequence[int]], *, max_tokens: int, eos_ids: Sequence[int], temperature: float = 0.0, top_k: int = 0, top_p: float = 1.0, seed: int = 0
    ) -> list[Generation]:
        """One answer a prompt, in order; each ends before the first of `eos_ids`. An answer depends on its prompt, its index and the seed, not on the other prompts
        (but where two tokens are equally likely up to rounding: sums are taken in another order in a batch of another size).

        Raises UserError for an empty prompt or one that leaves no room for an answer, and for parameters out of range.
        """
        sampling = Sampling(temperature=float(temperature), top_k=top_k, top_p=float(top_p))
        sampling.check()
        if max_tokens < 1:
            raise UserError(f"max_tokens={max_tokens}: write 1 or more")
        for i, prompt in enumerate(prompts):
            if not 0 < len(prompt) < self.max_length:
                problem = "is empty" if not len(prompt) else f"has {len(prompt)} tokens, and the model has room for {self.max_length} with the answer"
                raise UserError(f"prompt {i + 1} {problem}: write {'one' if not len(prompt) else 'a shorter one'}")
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))  # rows of like length share a batch
        answers: list[Generation | None] = [None] * len(prompts)
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            for i, answer in zip(rows, self._batch(prompts, rows, max_tokens, tuple(eos_ids), sampling, seed), strict=True):
                answers[i] = answer
        return answers

    def _batch(self, prompts, rows, max_tokens: int, eos_ids: tuple[int, ...], sampling: Sampling, seed: int) -> list[Generation]:
        longest = max(len(prompts[i]) for i in rows)
        B, P, A = _bucket(len(rows), BATCH_BUCKETS), _bucket(longest, LENGTH_BUCKETS), _bucket(max_tokens, LENGTH_BUCKETS)
        tokens_BP = np.zeros((B, P), np.int32)
        lengths_B, indices_B, limits_B = np.zeros(B, np.int32), np.zeros(B, np.uint32), np.zeros(B, np.int32)
        for row, i in enumerate(rows):
            length = len(prompts[i])
            tokens_BP[row, P - length :] = prompts[i]
            lengths_B[row], indices_B[row], limits_B[row] = length, i, min(max_tokens, self.max_length - length)
        eos_E = np.asarray(eos_ids, np.int32)
        program = functools.partial(_generate, self.model, self.vocab_size, A, sampling)
        answers_BA, counts_B, finished_B = jax.device_get(program(self._params, tokens_BP, lengths_B, limits_B, indices_B, eos_E, np.uint32(seed)))
        return [Generation(ids=answers_BA[row, : counts_B[row]].tolist(), finished=bool(finished_B[row])) for row in range(len(rows))]


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _generate(model: Decoder, vocab_size: int, answer_slots: int, sampling: Sampling, params, tokens_BP, lengths_B, limits_B, indices_B, eos_E, seed):
    """-> (answers [B, A], their lengths [B], whether an end token came [B]). A row with limit 0 is padding of the batch. Stops when every row has ended."""
    B, P = tokens_BP.shape
    root = jax.random.key(seed)
    row_keys = jax.vmap(lambda index: jax.random.fold_in(root, index))(indices_B)

    def next_token(hidden_BD, step):
        logits_BV = model.apply({"params": params}, hidden_BD, method="logits")
        logits_BV = jnp.where(jnp.arange(logits_BV.shape[-1]) < vocab_size, logits_BV, -jnp.inf)
        return choose(logits_BV, jax.vmap(lambda key: jax.random.fold_in(key, step))(row_keys), sampling)

    def is_end(token_B):
        return (token_B[:, None] == eos_E).any(-1)

    def more(state):
        return (state["step"] < answer_slots) & (state["open"].any())

    def body(state):
        """Writes the token chosen before, and chooses the next one from it."""
        step, token_B = state["step"], state["token"]
        answers_BA = jax.lax.dynamic_update_slice(state["answers"], token_B[:, None], (0, step))
        counts_B = state["counts"] + state["open"]
        hidden_B1D, cache = model.apply({"params": params}, token_B[:, None], cache=state["cache"], method="hidden")
        token_B = next_token(hidden_B1D[:, 0], step + 1)
        open_B = state["open"] & (counts_B < limits_B)
        ended_B = open_B & is_end(token_B)
        return {
            "step": step + 1,
            "token": token_B,
            "answers": answers_BA,
            "counts": counts_B,
            "open": open_B & ~ended_B,
            "finished": state["finished"] | ended_B,
            "cache": cache,
        }

    segments_BP = (jnp.arange(P) >= P - lengths_B[:, None]).astype(jnp.int32)
    cache = init_cache(model.config, B, P + answer_slots, precision=model.precision)
    hidden_BPD, cache = model.apply({"params": params}, tokens_BP, segments_BP, cache=cache, method="hidden")
    token_B = next_token(hidden_BPD[:, -1], 0)
    used_B = limits_B > 0
    ended_B = used_B & is_end(token_B)
    state = {
        "step": jnp.int32(0),
        "token": token_B,
        "answers": jnp.zeros((B, answer_slots), jnp.int32),
        "counts": jnp.zeros(B, jnp.int32),
        "open": used_B & ~ended_B,
        "finished": ended_B,
        "cache": cache,
    }
    state = jax.lax.while_loop(more, body, state)
    return state["answers"], state["counts"], state["finished"]


def _bucket(size: int, buckets: tuple[int, ...]) -> int:
    """The smallest bucket that holds `size`."""
    for bucket in buckets:
        if size <= bucket:
            return bucket
    return -(-size // buckets[-1]) * buckets[-1]
