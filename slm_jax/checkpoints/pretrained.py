"""Open a model to ask it something: `slm_jax.load(path)`, of what a run has made or of a published one. Nothing else is needed, and any number of devices will do."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from slm_jax.checkpoints.source import open_source
from slm_jax.config import Config
from slm_jax.data.prompts import PromptFormat, prompt_format
from slm_jax.data.tokenizer import Tokenizer
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

    config: Config  # as it was trained, with all sizes filled in and `precision` as asked for
    params: dict  # float32, on the first device
    tokenizer: Tokenizer
    domain: Domain
    model: Decoder
    directory: Path  # the checkpoint, directory or file that it came from
    huggingface: Mapping[str, Mapping]  # the published model's own config.json and generation_config.json, if it began as one

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
        histories: Sequence[Sequence[Mapping]] | None = None,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> list[str]:
        """The model's answer to each instruction, in order; `tables[i]` is what instruction i is about, `histories[i]` what was said before it.

        max_tokens: longest answer, None = config.eval.max_tokens; temperature 0 = the most likely token each time (the others: see inference/generation.py).
        Raises UserError, naming which, for an instruction that cannot be asked.
        """
        if isinstance(prompts, str):
            raise UserError("generate wants a list of instructions: write [instruction]")
        tables = [None] * len(prompts) if tables is None else tables
        if len(tables) != len(prompts):
            raise UserError(f"{len(tables)} tables for {len(prompts)} prompts: give one, or None, for each")
        histories = [()] * len(prompts) if histories is None else histories
        if len(histories) != len(prompts):
            raise UserError(f"{len(histories)} histories for {len(prompts)} prompts: give one, or (), for each")
        encoded = []
        for number, (prompt, table, history) in enumerate(zip(prompts, tables, histories, strict=True), 1):
            if problem := self.prompt_problem(prompt, table, history):
                raise UserError(f"prompt {number}: {problem}")
            encoded.append(self._format.prompt_ids(prompt, table, history=history))
        return self._answers(encoded, max_tokens=max_tokens, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)

    def chat(self, messages: Sequence[Mapping], *, max_tokens: int | None = None, temperature: float = 0.0, top_k: int = 0, top_p: float = 1.0, seed: int = 0) -> str:
        """The answer to a conversation, [{"role": "system" | "user" | "assistant", "content": text}, ...], written by the tokenizer's chat template.

        Raises UserError for a model without a template, for messages that it cannot write, and for a conversation that leaves no room for an answer.
        """
        ids = self.tokenizer.encode_batch([self.tokenizer.format_chat(messages)])[0]
        if problem := self._length_problem(ids):
            raise UserError(f"the conversation cannot be answered: {problem}")
        return self._answers([ids], max_tokens=max_tokens, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)[0]

    def prompt_problem(self, instruction: str, table: Table | None = None, history: Sequence[Mapping] = ()) -> str:
        """Why an instruction cannot be asked, or ''."""
        try:
            self.domain.prompt(instruction, table)  # refuses an empty instruction too, which training takes for a document
            ids = self._format.prompt_ids(instruction, table, history=history)
        except UserError as error:
            return str(error)
        return self._length_problem(ids)

    @property
    def room(self) -> int:
        """Tokens, prompt and answer together, that the model was made for."""
        return self.config.model.context_length or self.config.data.sequence_length

    def _length_problem(self, ids: Sequence[int]) -> str:
        return f"it has {len(ids)} tokens, and the model was trained on rows of {self.room}: write a shorter one" if len(ids) >= self.room else ""

    def _answers(self, prompts: Sequence[Sequence[int]], *, max_tokens: int | None, **sampling) -> list[str]:
        max_tokens = self.config.eval.max_tokens if max_tokens is None else max_tokens
        generations = self._generator.generate(prompts, max_tokens=max_tokens, eos_ids=self.tokenizer.stop_ids, **sampling)
        return [self.tokenizer.decode(generation.ids) for generation in generations]

    @functools.cached_property
    def _format(self) -> PromptFormat:
        return prompt_format(self.domain, self.tokenizer, self.config.data)

    @functools.cached_property
    def _generator(self) -> Generator:
        return Generator(self.model, self.params, max_length=self.room, vocab_size=self.tokenizer.vocab_size, batch_size=self.config.eval.batch_size)


def load(path: str | os.PathLike, *, precision: str | None = None, domain: str | None = None) -> LoadedModel:
    """Open a run's directory (its best checkpoint, else the latest), one checkpoint, a Hugging Face directory or hub name, a .gguf file (see checkpoints/source.py).

    precision: of matmul operands, "bfloat16" or "float32"; None = as it was trained, of a published model bfloat16.
    domain: another than the model was trained for, to ask and judge it by. The optimizer state is not restored.
    Raises UserError for a path that is no model, and for a damaged one.
    """
    if precision is not None and precision not in PRECISIONS:
        raise UserError(f"precision={precision!r} is unknown: write one of {', '.join(PRECISIONS)}, or None for that of the run")
    source = open_source(path)
    config = dataclasses.replace(source.config, precision=precision or source.config.precision)
    if domain is not None and domain != config.domain:
        config = dataclasses.replace(config, domain=domain, data=dataclasses.replace(config.data, prompt_format="auto"))
        config.check()
    _use_compilation_cache(config)
    return LoadedModel(
        config=config,
        params=source.read_params(),
        tokenizer=source.tokenizer,
        domain=get_domain(config.domain),
        model=Decoder(config.model, config.precision),
        directory=source.where,
        huggingface=source.huggingface,
    )


@functools.partial(jax.jit, static_argnums=0)
def _logits(model: Decoder, params: dict, ids_BT: jax.Array) -> jax.Array:
    return model.apply({"params": params}, ids_BT)


def _use_compilation_cache(config: Config) -> None:
    """Use the run's cache of compiled functions: half of a cold start is compiling. A caller's own stays; where none can be made, there is none."""
    if jax.config.jax_compilation_cache_dir is None:
        with contextlib.suppress(UserError):
            set_cache_dir(os.path.join(config.data.cache_dir, "compiled"))
