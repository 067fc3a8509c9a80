"""A question and its answer as ids, the same way in training and in generation.

The domain writes the prompt's text. Where the tokenizer has a chat template, that text is the user's message in it (config.data.prompt_format), and an answer ends as the
template ends the assistant's; elsewhere the text stands alone, after BOS if the model was made with one, and an answer ends with EOS.

What was said before (`Example.history`) stands before it in the template; a system message among it takes the place of config.data.system_prompt. Without a template each
message is its role and a colon on a line, then its text, a blank line after it, and the prompt ends where the assistant's text begins:

    user:
    What is 2 + 2?

    assistant:
    4

    user:
    And 3 + 3?

    assistant:

A question without anything before it stays the text alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

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

    def prompt_ids(self, instruction: str, table: Table | None = None, *, history: Sequence[Mapping] = ()) -> list[int]:
        """What the model is given before it answers; without an instruction, the token that texts begin with. Raises UserError for an instruction that cannot be asked."""
        return self._prompts([prompt_text(self.domain, instruction, table)], [history])[0]

    def encode(self, prompts: Sequence[str], responses: Sequence[str], histories: Sequence[Sequence[Mapping]] | None = None) -> list[EncodedExample]:
        """Examples as they are trained on; `prompts` are the domain's texts, as `prompt_text` gives them, empty for a document; `histories` what was said before."""
        end, eos = list(self.tokenizer.answer_suffix), [self.tokenizer.eos_id]
        answers = self.tokenizer.encode_answers(responses) if any(prompts) else self.tokenizer.encode_batch(responses)  # a document begins by itself
        return [
            EncodedExample(prompt=prompt, answer=[*answer, *(end if self.chat and text else eos)])
            for text, prompt, answer in zip(prompts, self._prompts(prompts, histories or [()] * len(prompts)), answers, strict=True)
        ]

    def _prompts(self, texts: Sequence[str], histories: Sequence[Sequence[Mapping]]) -> list[list[int]]:
        tokenizer = self.tokenizer
        write = self._in_template if self.chat else _in_plain
        written = [write(text, history) if text else "" for text, history in zip(texts, histories, strict=True)]
        prefix = [] if self.chat else list(tokenizer.prompt_prefix)  # a template writes BOS itself
        return [[*prefix, *ids] if text else [tokenizer.bos_id] for text, ids in zip(texts, tokenizer.encode_batch(written), strict=True)]

    def _in_template(self, text: str, history: Sequence[Mapping]) -> str:
        system = self.system and not any(message["role"] == "system" for message in history)
        messages = [{"role": "system", "content": self.system}] if system else []
        return self.tokenizer.format_chat([*messages, *history, {"role": "user", "content": text}])


def _in_plain(text: str, history: Sequence[Mapping]) -> str:
    if not history:
        return text
    said = [*((message["role"], message["content"]) for message in history), ("user", text)]
    return "".join(f"{role}:\n{content}\n\n" for role, content in said) + "assistant:\n"


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


def prompt_texts(examples: Sequence[Example], *, domain: Domain, first: int = 1) -> list[str]:
    """What the domain shows of each example before its answer. Raises UserError, naming the example (the first has the number `first`), for one that cannot be a prompt."""
    prompts = []
    for number, example in enumerate(examples, first):
        try:
            prompts.append(prompt_text(domain, example.instruction, example.table))
        except UserError as error:
            raise UserError(f"{example_name(example, number)}: {error}") from None
    return prompts


def example_name(example: Example, number: int) -> str:
    """How a message calls an example: by the file and line it came from and its id, as far as it has them, else by its number in the set."""
    return f"example {example.where} ({example.id})" if example.where and example.id else f"example {example.where or example.id or number}"
