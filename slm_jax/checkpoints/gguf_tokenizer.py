"""A tokenizer from a GGUF file's metadata, with the `tokenizers` library alone: `build_tokenizer(metadata, where=...)`.

`tokenizer.ggml.model` says which of two kinds it is: "gpt2" is byte-level BPE, whose `tokenizer.ggml.pre` names the rule that cuts a text into words (src/llama-vocab.cpp of
llama.cpp); "llama" is a SentencePiece BPE, which has scores in the place of merges.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from slm_jax.data import sentencepiece_model as spm  # tokenizer.ggml.token_type has its kinds of pieces
from slm_jax.errors import UserError, nearest

_END_OF_TURN = ("<|im_end|>", "<end_of_turn>", "<|eot_id|>", "<|end|>", "<|end_of_text|>")

_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2 = _LLAMA3.replace("{1,3}", "")
_PLAIN = ("gpt-2", "phi-2")  # GPT-2's own rule
_SINGLE_DIGITS = ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone")  # every digit on its own, then GPT-2's rule
_WHOLE_WORDS = ("llama-bpe", "llama3", "llama-v3")  # Llama 3: a word that is in the vocabulary is one token, whatever the merges say; and BOS is added
_SPLITS = {**dict.fromkeys((*_WHOLE_WORDS, "dbrx"), _LLAMA3), "qwen2": _QWEN2}


@dataclasses.dataclass(frozen=True, kw_only=True)
class BuiltTokenizer:
    tokenizer: object  # tokenizers.Tokenizer
    bos_id: int
    eos_id: int
    pad_id: int
    stop_ids: tuple[int, ...]  # tokens that end an answer; eos_id is the first
    prompt_prefix: tuple[int, ...]  # what stands before every prompt: BOS, or nothing
    chat_template: str | None


def build_tokenizer(metadata: Mapping[str, object], *, where: str) -> BuiltTokenizer:
    """The tokenizer that the metadata describe. Raises UserError, beginning with `where`, for a kind or a rule that is not known, and for what is missing or does not fit."""
    facts = _Facts(metadata, where)
    kind = facts.need("model", str)
    if kind not in ("gpt2", "llama"):
        raise UserError(f"{where}: its tokenizer is of the kind {kind!r:.40}, and 'gpt2' and 'llama' can be read: load the safetensors instead")
    tokens = facts.tokens()
    types = facts.numbers("token_type", len(tokens))
    architecture = str(metadata.get("general.architecture"))
    if kind == "gpt2":
        pre = facts.get("pre", str) or ("phi-2" if architecture == "phi2" else None)  # files older than the key
        if pre is None:
            raise UserError(f"{where}: no tokenizer.ggml.pre says how a text is cut into words, as files before May 2024 have none: get a newer file")
        tokenizer = _byte_level(tokens, facts.merges(), pre, where)
        _add_special_tokens(tokenizer, tokens, types)
        add_bos = pre in _WHOLE_WORDS
    else:
        if facts.get("remove_extra_whitespaces", bool):
            raise UserError(f"{where}: its tokenizer removes extra spaces (tokenizer.ggml.remove_extra_whitespaces), which is not supported: load the safetensors instead")
        scores = facts.numbers("scores", len(tokens))
        if architecture.startswith("gemma"):
            scores = [-id for id in range(len(tokens))]  # its scores are not the order of its merges, its ids are
        prefix = facts.get("add_space_prefix", bool)
        tokenizer = _sentencepiece(tokens, types, scores, add_prefix=prefix is None or prefix, where=where)
        add_bos = True
    eos_id = facts.token_id("eos", len(tokens), default=2 if kind == "llama" else None)  # llama.cpp's own, where a file says nothing
    bos_id = facts.token_id("bos", len(tokens), default=1 if kind == "llama" else eos_id)
    template = metadata.get("tokenizer.chat_template")
    template = template if isinstance(template, str) and template else None
    in_template = [tokenizer.token_to_id(token) for token in _END_OF_TURN if template and token in template]
    stops = (eos_id, facts.token_id("eot", len(tokens), default=None, missing_ok=True), *in_template)
    said = facts.get("add_bos_token", bool)
    return BuiltTokenizer(
        tokenizer=tokenizer,
        bos_id=bos_id,
        eos_id=eos_id,
        pad_id=facts.token_id("padding", len(tokens), default=eos_id),
        stop_ids=tuple(dict.fromkeys(id for id in stops if id is not None)),
        prompt_prefix=(bos_id,) if (add_bos if said is None else said) else (),
        chat_template=template,
    )


def _byte_level(tokens: Sequence[str], merges: Sequence[tuple[str, str]], pre: str, where: str):
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    known = (*_PLAIN, *_SINGLE_DIGITS, *_SPLITS)
    if pre not in known:
        raise UserError(f"{where}: how its tokenizer cuts a text into words is not known (tokenizer.ggml.pre={pre!r:.40}; {nearest(pre, known)}): load the safetensors instead")
    vocabulary = {token: id for id, token in enumerate(tokens)}
    try:
        tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=list(merges), ignore_merges=pre in _WHOLE_WORDS))
    except Exception as error:  # the library's only kind: a merge of pieces that are not tokens
        raise UserError(f"{where}: its tokenizer does not fit together ({str(error)!r:.80}): the file is damaged, get it again") from None
    if pre in _SPLITS:
        words = [pre_tokenizers.Split(Regex(_SPLITS[pre]), behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    else:
        words = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
        if pre in _SINGLE_DIGITS:
            words.insert(0, pre_tokenizers.Digits(individual_digits=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(words)
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _sentencepiece(tokens: Sequence[str], types: Sequence[int], scores: Sequence[float], *, add_prefix: bool, where: str):
    # A user-defined run of spaces is stored as spaces, all else with SentencePiece's sign for them. It is cut out of the text before that gets its own first space.
    if add_prefix and any(type == spm.USER_DEFINED and token.strip() != token for token, type in zip(tokens, types, strict=True)):
        raise UserError(f"{where}: its tokenizer has user-defined tokens with spaces and adds one before a text, which is not supported: load the safetensors instead")
    model = spm.SentencePieceModel(
        pieces=tuple(spm.Piece(text=token, score=score, kind=type) for token, score, type in zip(tokens, scores, types, strict=True)),
        model_type=spm.BPE,
        byte_fallback=spm.BYTE in types,
        unk_id=next((id for id, type in enumerate(types) if type == spm.UNKNOWN), -1),
        bos_id=-1,  # this and the next are not read
        eos_id=-1,
        pad_id=-1,
        charsmap=b"",
        add_dummy_prefix=add_prefix,
        remove_extra_whitespaces=False,
        escape_whitespaces=True,
        whitespace_as_suffix=False,
    )
    try:
        return spm.to_tokenizer(model)
    except ValueError as error:
        raise UserError(f"{where}: its tokenizer cannot be read ({error}): get the file again, or load the safetensors instead") from None


def _add_special_tokens(tokenizer, tokens: Sequence[str], types: Sequence[int]) -> None:
    """What is never cut: control tokens, which a text does not show, and those that a model's maker added."""
    from tokenizers import AddedToken

    for kind, add in ((spm.CONTROL, tokenizer.add_special_tokens), (spm.USER_DEFINED, tokenizer.add_tokens)):
        add([AddedToken(token, special=kind == spm.CONTROL, normalized=False) for token, type in zip(tokens, types, strict=True) if type == kind])


class _Facts:
    """The keys tokenizer.ggml.*, checked."""

    def __init__(self, metadata: Mapping[str, object], where: str):
        self._metadata, self._where = metadata, where

    def has(self, name: str) -> bool:
        return f"tokenizer.ggml.{name}" in self._metadata

    def get(self, name: str, kind: type):
        value = self._metadata.get(f"tokenizer.ggml.{name}")
        if value is not None and not isinstance(value, kind):
            raise self._damaged(f"tokenizer.ggml.{name} is {value!r:.40}")
        return value

    def need(self, name: str, kind: type):
        if not self.has(name):
            raise UserError(f"{self._where}: the metadata 'tokenizer.ggml.{name}' is missing: get a file with a tokenizer")
        return self.get(name, kind)

    def tokens(self) -> list[str]:
        tokens = self.need("tokens", list)
        if not tokens:
            raise self._damaged("tokenizer.ggml.tokens is empty")
        return tokens

    def merges(self) -> list[tuple[str, str]]:
        merges = [tuple(merge.split(" ")) for merge in self.need("merges", list)]
        if wrong := next((merge for merge in merges if len(merge) != 2), None):
            raise self._damaged(f"tokenizer.ggml.merges has {' '.join(wrong)!r:.40}, which is not a pair")
        return merges

    def numbers(self, name: str, count: int) -> list:
        self.need(name, object)
        values = self._metadata[f"tokenizer.ggml.{name}"]
        if not hasattr(values, "tolist") or len(values) != count:
            raise self._damaged(f"tokenizer.ggml.{name} is not one number for each of the {count:,} tokens")
        return values.tolist()

    def token_id(self, name: str, count: int, *, default: int | None, missing_ok: bool = False) -> int | None:
        key = f"{name}_token_id"
        value = self.get(key, int)
        if value is None:
            value = default
        if value is None:
            if missing_ok:
                return None
            self.need(key, int)
        if not 0 <= value < count:
            raise self._damaged(f"tokenizer.ggml.{key} is {value}, and there are {count:,} tokens")
        return value

    def _damaged(self, what: str) -> UserError:
        return UserError(f"{self._where}: {what}: the file is damaged, get it again")
