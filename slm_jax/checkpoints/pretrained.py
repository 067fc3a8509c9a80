"""Open what a run has made: `slm_jax.load(path)`. Nothing outside the checkpoint's directory is needed, and any number of devices will do."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from slm_jax.checkpoints.directory import find_checkpoint, read_config, verify
from slm_jax.checkpoints.orbax_store import restore_params
from slm_jax.config import Config
from slm_jax.data.tokenizer import Tokenizer, encode_prompt
from slm_jax.domains import get_domain
from slm_jax.domains.base import Domain, Table
from slm_jax.errors import UserError
from slm_jax.inference.generation import Generator
from slm_jax.models.decoder import Decoder
from slm_jax.training.parallel import set_cache_dir

PRECISIONS = ("bfloat16", "float32")


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A trained model with all that is needed to ask it something."""

    config: Config  # as it was trained, with `model.vocab_size` filled in and `precision` as asked for
    params: dict  # float32, on the first device
    tokenizer: Tokenizer
    domain: Domain
    model: Decoder
    directory: Path  # the checkpoint it came from

    def logits(self, ids) -> np.ndarray:
        """float32 logits [B, T, V] of token ids [B, T]; each row is one sequence without padding. Raises UserError for what is not ids of this tokenizer."""
        ids = np.asarray(ids)
        vocab_size = self.config.model.vocab_size
        if ids.ndim != 2 or not ids.size or not np.issubdtype(ids.dtype, np.integer):
            raise UserError(f"logits wants token ids as integers [batch, length], not {ids.dtype} {list(ids.shape)}")
        if ids.min() < 0 or ids.max() >= vocab_size:
            raise UserError(f"token ids are from 0 to {vocab_size - 1} in this model, not {ids.min() if ids.min() < 0 else ids.max()}")
        return np.asarray(_logits(self.model, self.params, jnp.asarray(ids, jnp.int32)))

    def generate(
        self,
        prompts: Sequence[str],
        *,
        tables: Sequence[Table | None] | None = None,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> list[str]:
        """The model's answer to each instruction, in order; `tables[i]` is what instruction i is about.

        max_tokens: longest answer, None = config.eval.max_tokens; temperature 0 = the most likely token each time (the others: see inference/generation.py).
        Raises UserError, naming which, for an instruction that cannot be asked.
        """
        if isinstance(prompts, str):
            raise UserError("generate wants a list of instructions: write [instruction]")
        tables = [None] * len(prompts) if tables is None else tables
        if len(tables) != len(prompts):
            raise UserError(f"{len(tables)} tables for {len(prompts)} prompts: give one, or None, for each")
        encoded = []
        for number, (prompt, table) in enumerate(zip(prompts, tables, strict=True), 1):
            if problem := self.prompt_problem(prompt, table):
                raise UserError(f"prompt {number}: {problem}")
            encoded.append(encode_prompt(self.domain, self.tokenizer, prompt, table))
        generations = self._generator.generate(
            encoded,
            max_tokens=self.config.eval.max_tokens if max_tokens is None else max_tokens,
            eos_ids=(self.tokenizer.eos_id,),
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=seed,
        )
        return [self.tokenizer.decode(generation.ids) for generation in generations]

    def prompt_problem(self, instruction: str, table: Table | None = None) -> str:
        """Why an instruction cannot be asked, or ''."""
        try:
            self.domain.prompt(instruction, table)  # refuses an empty instruction too, which training takes for a document
            ids = encode_prompt(self.domain, self.tokenizer, instruction, table)
        except UserError as error:
            return str(error)
        room = self.config.data.sequence_length
        return f"it has {len(ids)} tokens, and the model was trained on rows of {room}: write a shorter one" if len(ids) >= room else ""

    @functools.cached_property
    def _generator(self) -> Generator:
        config = self.config
        return Generator(
            self.model, self.params, max_length=config.data.sequence_length, vocab_size=self.tokenizer.vocab_size, batch_size=config.eval.batch_size
        )


def load(path: str | os.PathLike, *, precision: str | None = None) -> LoadedModel:
    """Open a run's directory (its best checkpoint, else the latest) or one checkpoint. The optimizer state is not restored.

    precision: of matmul operands, "bfloat16" or "float32"; None = as it was trained. Raises UserError for a path that is no checkpoint, and for a damaged one.
    """
    if precision is not None and precision not in PRECISIONS:
        raise UserError(f"precision={precision!r} is unknown: write one of {', '.join(PRECISIONS)}, or None for that of the run")
    directory = find_checkpoint(path)
    verify(directory)
    config = read_config(directory)
    _use_compilation_cache(config)
    params = jax.device_put(restore_params(directory), jax.devices()[0])
    vocab_size = params["embed"]["embedding"].shape[0]  # a run's config may leave it to the tokenizer
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, vocab_size=vocab_size), precision=precision or config.precision)
    return LoadedModel(
        config=config,
        params=params,
        tokenizer=Tokenizer.load(directory / "tokenizer"),
        domain=get_domain(config.domain),
        model=Decoder(config.model, config.precision),
        directory=directory,
    )


@functools.partial(jax.jit, static_argnums=0)
def _logits(model: Decoder, params: dict, ids_BT: jax.Array) -> jax.Array:
    return model.apply({"params": params}, ids_BT)


def _use_compilation_cache(config: Config) -> None:
    """Use the run's cache of compiled functions: half of a cold start is compiling. A caller's own stays; where none can be made, there is none."""
    if jax.config.jax_compilation_cache_dir is None:
        with contextlib.suppress(UserError):
            set_cache_dir(os.path.join(config.data.cache_dir, "compiled"))
