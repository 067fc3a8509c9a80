"""A checkpoint in transformers and in slm_jax, both in float32, and what the tests ask of each side. Everything is of one shape, so that few functions are compiled.

Shapes: B = 2 rows, T = 40 positions, V vocabulary.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import torch
from tiny_checkpoints import BOS

from slm_jax.checkpoints.huggingface import import_params, open_safetensors, read_config
from slm_jax.models.decoder import Decoder
from slm_jax.models.families import model_config

LIMIT = 2e-4  # of a logit's difference
B, T = 2, 40
CUT = 17  # where the second document of a packed row begins, and where a prompt ends


def tokens() -> np.ndarray:
    """Ids [B, T] of bytes: never those of the special tokens, whose embedding transformers treats as a constant if it is the padding's."""
    return np.random.default_rng(5).integers(0, BOS, (B, T)).astype(np.int32)


class Theirs:
    """transformers, eager attention."""

    def __init__(self, directory):
        from transformers import AutoModelForCausalLM

        self.model, self.loading = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
        self.model.eval()

    def logits(self, ids) -> np.ndarray:
        with torch.inference_mode():
            return self.model(torch.from_numpy(np.asarray(ids, np.int64))).logits.numpy()

    @functools.cached_property
    def all_logits(self) -> np.ndarray:
        return self.logits(tokens())

    def loss_and_gradients(self, ids) -> tuple[float, dict[str, np.ndarray]]:
        """The mean loss of all next tokens, and its gradient by each parameter's name; in float64, for sums over all positions are what rounding shows in most."""
        ids = torch.from_numpy(np.asarray(ids, np.int64))
        logits = self.model.double()(ids).logits
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        gradients = {name: parameter.grad.numpy().copy() for name, parameter in self.model.named_parameters()}
        self.model.zero_grad(set_to_none=True)
        self.model.float()
        return loss.item(), gradients

    def greedy(self, prompt, count: int) -> list[int]:
        ids = torch.from_numpy(np.asarray(prompt, np.int64))[None]
        with torch.inference_mode():
            made = self.model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=count, eos_token_id=None, pad_token_id=0)
        return made[0, len(prompt) :].tolist()


class Ours:
    """slm_jax's decoder. `config` may be another than the checkpoint's, to make a mistake."""

    def __init__(self, config, params):
        self.config, self.params = config, params
        self.decoder = Decoder(config, "float32")

    def logits(self, ids=None, segment_ids=None) -> np.ndarray:
        """[B, T, V]; ids default to `tokens()`, segments to one a row."""
        ids = tokens() if ids is None else ids
        return np.asarray(_forward(self.decoder, self.params, ids, np.ones_like(ids) if segment_ids is None else segment_ids))

    def loss_and_gradients(self, ids):
        loss, gradients = _loss_and_gradients(self.decoder, self.params, ids)
        return float(loss), gradients


class Pair:
    def __init__(self, directory):
        self.directory = directory
        self.hf = read_config(directory)
        config = model_config(self.hf)
        self.theirs = Theirs(directory)
        self.ours = Ours(config, import_params(open_safetensors(directory), config=config, family=self.hf["model_type"]))


@functools.partial(jax.jit, static_argnums=0)
def _forward(decoder: Decoder, params, ids, segment_ids):
    return decoder.apply({"params": params}, ids, segment_ids)


@functools.partial(jax.jit, static_argnums=0)
def _loss_and_gradients(decoder: Decoder, params, ids):
    def loss(params):
        log_probs = jax.nn.log_softmax(decoder.apply({"params": params}, ids)[:, :-1])
        return -jnp.take_along_axis(log_probs, ids[:, 1:, None], axis=-1).mean()

    return jax.value_and_grad(loss)(params)


@functools.partial(jax.jit, static_argnums=0)
def cached_step(decoder: Decoder, params, ids, segment_ids, cache):
    return decoder.apply({"params": params}, ids, segment_ids, cache=cache)
