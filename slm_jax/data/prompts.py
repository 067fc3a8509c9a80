"""A question and its answer as ids, the same way in training and in generation.

The domain writes the prompt's text. Where the tokenizer has a chat template, that text is the user's message in it (config.data.prompt_format), and an answer ends as the
template ends the assistant's; elsewhere the text stands alone, after BOS if the model was made with one, and an answer ends with EOS.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from slm_jax.config import DataConfig
from slm_jax.data.tokenizer import Tokenizer
from slm_jax.domains.base import Domain, Example, Table
from slm_jax.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncodedExample:
    """Together they are the example's tokens; `answer` ends with the token that ends it."""

    prompt: list[int]
    answer: list[int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PromptFormat:
    """How prompts and answers of a domain are written in a tokenizer's ids."""

    domain: Domain
    tokenizer: Tokenizer
    chat: bool
    system: str  # the chat's system message, empty = the template's own, if any

    def prompt_ids(self, instruction: str, table: Table | None = None) -> list[int]:
        """What the model is given before it answers; without an instruction, the token that texts begin with. Raises UserError for an instruction that cannot be asked."""
        return self._prompts([prompt_text(self.domain, instruction, table)])[0]

    def encode(self, prompts: Sequence[str], responses: Sequence[str]) -> list[EncodedExample]:
        """Examples as they are trained on; `prompts` are the domain's texts, as `prompt_text` gives them, empty for a document."""
        end, eos = list(self.tokenizer.answer_suffix), [self.tokenizer.eos_id]
        answers = self.tokenizer.encode_answers(responses) if any(prompts) else self.tokenizer.encode_batch(responses)  # a document begins by itself
        return [
            EncodedExample(prompt=prompt, answer=[*answer, *(end if self.chat and text else eos)])
            for text, prompt, answer in zip(prompts, self._prompts(prompts), answers, strict=True)
        ]

    def _prompts(self, texts: Sequence[str]) -> list[list[int]]:
        tokenizer = self.tokenizer
        written = [tokenizer.format_chat(self._messages(text)) if text else "" for text in texts] if self.chat else list(texts)
        prefix = [] if self.chat else list(tokenizer.prompt_prefix)  # a template writes BOS itself
        return [[*prefix, *ids] if text else [tokenizer.bos_id] for text, ids in zip(texts, tokenizer.encode_batch(written), strict=True)]

    def _messages(self, text: str) -> list[dict]:
        return [{"role": "system", "content": self.system}] * bool(self.system) + [{"role": "user", "content": text}]


def prompt_format(domain: Domain, tokenizer: Tokenizer, data: DataConfig) -> PromptFormat:
    """The format that `data` asks for. Raises UserError for a chat without a template, and for a system prompt without a chat."""
    has_template = tokenizer.chat_template is not None
    if data.prompt_format == "chat" and not has_template:
        raise UserError("config.data.prompt_format='chat', but the tokenizer has no chat template: write 'plain' or 'auto'")
    chat = data.prompt_format != "plain" and has_template and domain.judged  # a domain without questions has nobody to chat with
    if data.system_prompt and not chat:
        raise UserError("config.data.system_prompt is set, but prompts do not stand in a chat template: take it out, or begin from a model with a chat template")
    return PromptFormat(domain=domain, tokenizer=tokenizer, chat=chat, system=data.system_prompt)


def prompt_text(domain: Domain, instruction: str, table: Table | None) -> str:
    return domain.prompt(instruction, table) if instruction else ""


def prompt_texts(examples: Sequence[Example], *, domain: Domain) -> list[str]:
    """What the domain shows of each example before its answer. Raises UserError, naming the example, for one that cannot be a prompt."""
    prompts = []
    for number, example in enumerate(examples, 1):
        try:
            prompts.append(prompt_text(domain, example.instruction, example.table))
        except UserError as error:
            raise UserError(f"example {example.id or number}: {error}") from None
    return prompts
