"""A published model's tokenizer, run by Hugging Face's `tokenizers` library; it stands in for `slm_jax.data.tokenizer.Tokenizer` wherever that is used.

Ids are those of transformers' `tokenizer(text, add_special_tokens=False)`, text is that of its `decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)`.
So a special token's text in a text is that token, and decoding leaves it out. A tokenizer of SentencePiece's kind (Llama, TinyLlama) puts a space before every text it
encodes and takes one from every text it decodes: `decode(encode(text)) == text`. `encode_answers` leaves that space away, for text that goes on after a prompt.
A few published tokenizers lack some bytes (SmolLM2: 0x04 and other control characters) and lose them, here as there.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slm_jax.data.chat import render_chat, text_after_answer
from slm_jax.data.tokenizer import ABOUT_FILE, check_text
from slm_jax.errors import UserError

if TYPE_CHECKING:
    import tokenizers

TOKENIZER_FILE = "tokenizer.json"
_REPLACEMENT = "\ufffd"
_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class HubTokenizer:
    """Text to ids and back. `fingerprint` is a hash of all that decides them, and of the chat template."""

    def __init__(
        self,
        tokenizer: tokenizers.Tokenizer,
        *,
        eos_id: int,
        bos_id: int | None = None,
        pad_id: int | None = None,
        stop_ids: Sequence[int] = (),
        prompt_prefix: Sequence[int] = (),
        chat_template: str | None = None,
        special_tokens: Mapping[str, str] | None = None,
        config: Mapping | None = None,
    ):
        """`tokenizer` is kept and must not be changed afterwards. A missing BOS or padding token is EOS; `stop_ids` has EOS in any case.

        `special_tokens` (bos_token, eos_token, ... -> text) are the chat template's variables, by default the texts of the ids given. `config` is the published
        tokenizer_config.json, for export. Raises UserError for an id that the tokenizer does not have.
        """
        tokenizer.no_truncation()  # published files carry the settings of somebody's last batch
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._texts: dict[int, str] = {id: text for text, id in tokenizer.get_vocab(with_added_tokens=True).items()}
        added = tokenizer.get_added_tokens_decoder()
        self._texts.update((id, token.content) for id, token in added.items())
        self._special: frozenset[int] = frozenset(id for id, token in added.items() if token.special)
        self.special_texts: dict[int, str] = {id: self._texts[id] for id in sorted(self._special)}  # of the ids that decoding leaves out
        self.vocab_size: int = max(self._texts) + 1  # an id in between may have no token
        self.eos_id = eos_id
        self.bos_id = eos_id if bos_id is None else bos_id
        self.pad_id = eos_id if pad_id is None else pad_id
        self.stop_ids: tuple[int, ...] = tuple(dict.fromkeys([eos_id, *stop_ids]))
        self.prompt_prefix: tuple[int, ...] = tuple(prompt_prefix)
        self.chat_template = chat_template
        self.config = dict(config or {})
        for id in (self.eos_id, self.bos_id, self.pad_id, *self.stop_ids, *self.prompt_prefix):
            if id not in self._texts:
                raise UserError(f"the tokenizer has no token with the id {id}, which is named as its special token: the files are not of one model")
        named = {"bos_token": bos_id, "eos_token": eos_id, "pad_token": pad_id}
        self.special_tokens = {name: self._texts[id] for name, id in named.items() if id is not None} if special_tokens is None else dict(special_tokens)

    @functools.cached_property
    def fingerprint(self) -> str:
        return hashlib.sha256((self._tokenizer.to_str() + json.dumps(self._about(), sort_keys=True)).encode()).hexdigest()

    @functools.cached_property
    def token_bytes(self) -> list[bytes]:
        """The bytes that each id adds to a text, none for special ids and for ids without a token."""
        steps = self._decoder_steps
        alphabet = {char: byte for byte, char in _byte_characters().items()} if any(step["type"] == "ByteLevel" for step in steps) else None
        fallback = any(step["type"] == "ByteFallback" for step in steps)
        signs = [step["pattern"]["String"] for step in steps if step["type"] == "Replace" and step["content"] == " " and "String" in step["pattern"]]
        signs += [step["replacement"] for step in steps if step["type"] == "Metaspace"]

        def bytes_of(id: int) -> bytes:
            text = "" if id in self._special else self._texts.get(id, "")
            if alphabet is not None:
                return bytes(alphabet[char] for char in text) if all(char in alphabet for char in text) else text.encode()
            if fallback and (byte := _BYTE_PIECE.fullmatch(text)):
                return bytes([int(byte[1], 16)])
            for sign in signs:
                text = text.replace(sign, " ")
            return text.encode()

        return [bytes_of(id) for id in range(self.vocab_size)]

    @functools.cached_property
    def answer_suffix(self) -> tuple[int, ...]:
        """What ends an answer in training: the ids that the chat template writes after it up to the first that stops, or EOS alone."""
        tail = text_after_answer(self.chat_template, special_tokens=self.special_tokens) if self.chat_template else ""
        ids = self.encode_answers([tail])[0]
        first = next((n for n, id in enumerate(ids) if id in self.stop_ids), None)
        return (self.eos_id,) if first is None else tuple(ids[: first + 1])

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, without BOS or EOS, never cut short. Raises UserError for half a surrogate pair, which is not text."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """`encode` of each text, on all cores."""
        for text in texts:
            check_text(text)
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def encode_answers(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of texts that go on after others: without the space that some tokenizers put before a text."""
        if not self._prefixes_space:
            return self.encode_batch(texts)
        line = self.encode("\n")
        alone, after = self.encode_batch(texts), self.encode_batch([f"\n{text}" for text in texts])
        return [long[len(line) :] if long[: len(line)] == line else short for short, long in zip(alone, after, strict=True)]

    def encode_chat(self, messages: Sequence[Mapping], *, add_generation_prompt: bool = True) -> list[int]:
        """The ids of a conversation. The template writes BOS itself where it wants one, so nothing goes in front, as in `apply_chat_template`."""
        return self.encode(self.format_chat(messages, add_generation_prompt=add_generation_prompt))

    def format_chat(self, messages: Sequence[Mapping], *, add_generation_prompt: bool = True) -> str:
        """The text of a conversation by the tokenizer's template. Raises UserError where there is none, and for what `chat.render_chat` refuses."""
        if self.chat_template is None:
            raise UserError("the tokenizer has no chat template: give the prompt as text, or begin from a model that was trained to chat")
        return render_chat(self.chat_template, messages, add_generation_prompt=add_generation_prompt, special_tokens=self.special_tokens)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; special ids add nothing, bytes that are not UTF-8 and ids that the tokenizer does not have become U+FFFD."""
        texts = [self._texts.get(id, _REPLACEMENT) for id in map(int, ids) if id not in self._special]
        decoder = self._tokenizer.decoder
        return decoder.decode(texts) if decoder is not None else " ".join(texts)

    def count_bytes(self, ids: Sequence[int]) -> int:
        """UTF-8 bytes of the text that these ids stand for; a character cut in two counts by its bytes."""
        known = self.token_bytes
        content = b"".join(known[id] if id in self._texts else _REPLACEMENT.encode() for id in map(int, ids))
        return len(content) - (self._strips_space and content.startswith(b" "))

    def to_json(self) -> str:
        """The tokenizer as the text of a tokenizer.json."""
        return self._tokenizer.to_str(pretty=True)

    def save(self, directory: str | Path) -> None:
        """Write the tokenizer into `directory`, which is made if need be."""
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / TOKENIZER_FILE).write_text(self.to_json(), encoding="utf-8")
        about = {"kind": "huggingface", **self._about(), "config": self.config, "fingerprint": self.fingerprint}
        (directory / ABOUT_FILE).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: str | Path) -> HubTokenizer:
        """The tokenizer that `save` wrote. Raises UserError where it is missing or damaged."""
        import tokenizers

        directory = Path(directory)
        for name in (ABOUT_FILE, TOKENIZER_FILE):
            if not (directory / name).is_file():
                raise UserError(f"there is no tokenizer in {directory} ({name} is missing): write the directory of a run or of a checkpoint that has one")
        damaged = f"the tokenizer in {directory} is damaged: copy it again from where it came, or train again"
        try:
            about = json.loads((directory / ABOUT_FILE).read_text(encoding="utf-8"))
            kind, fingerprint = about.pop("kind"), about.pop("fingerprint")
            tokenizer = cls(tokenizers.Tokenizer.from_file(str(directory / TOKENIZER_FILE)), **about)
        except Exception:  # the library raises plain Exception for a file it cannot read
            raise UserError(damaged) from None
        if kind != "huggingface" or tokenizer.fingerprint != fingerprint:
            raise UserError(damaged)
        return tokenizer

    @classmethod
    def from_directory(cls, directory: str | Path) -> HubTokenizer:
        """The tokenizer of a published model: see `hub_files.read_tokenizer`. Raises UserError where there is none that can be read."""
        from slm_jax.data.hub_files import read_tokenizer

        return read_tokenizer(directory)

    def _about(self) -> dict:
        ids = {"eos_id": self.eos_id, "bos_id": self.bos_id, "pad_id": self.pad_id, "stop_ids": list(self.stop_ids), "prompt_prefix": list(self.prompt_prefix)}
        return ids | {"chat_template": self.chat_template, "special_tokens": self.special_tokens}

    @functools.cached_property
    def _decoder_steps(self) -> list[dict]:
        decoder = self._tokenizer.decoder
        state = json.loads(decoder.__getstate__()) if decoder is not None else {"decoders": []}
        return state.get("decoders", [state])

    @functools.cached_property
    def _strips_space(self) -> bool:
        return any(
            (step["type"] == "Strip" and step["content"] == " " and step["start"] > 0) or (step["type"] == "Metaspace" and step["prepend_scheme"] != "never")
            for step in self._decoder_steps
        )

    @functools.cached_property
    def _prefixes_space(self) -> bool:
        return b"".join(self.token_bytes[id] for id in self.encode("a"))[:1] == b" "


def _byte_characters() -> dict[int, str]:
    """GPT-2's printable character for each byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}
