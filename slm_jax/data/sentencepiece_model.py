"""A SentencePiece model file, read without its library's protobuf classes, and the same tokenizer in Hugging Face's `tokenizers`.

Field numbers: sentencepiece_model.proto. The conversion follows transformers' convert_slow_tokenizer.py; merges are rebuilt from the scores.
"""

from __future__ import annotations

import dataclasses
import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tokenizers

SPACE = "\u2581"  # SentencePiece's sign for a space
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
UNIGRAM, BPE = 1, 2
_NEVER = -1e4  # the score of a piece that a text must not be cut into


@dataclasses.dataclass(frozen=True, kw_only=True)
class Piece:
    text: str
    score: float
    kind: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class SentencePieceModel:
    """What a model file says about how text becomes ids; an id that it does not have is -1."""

    pieces: tuple[Piece, ...]
    model_type: int
    byte_fallback: bool
    unk_id: int
    bos_id: int
    eos_id: int
    pad_id: int
    charsmap: bytes  # normalisation of characters, compiled; empty = none
    add_dummy_prefix: bool
    remove_extra_whitespaces: bool
    escape_whitespaces: bool
    whitespace_as_suffix: bool


def parse_model(data: bytes) -> SentencePieceModel:
    """Raises ValueError for bytes that are no SentencePiece model."""
    pieces, trainer, normalizer = [], {}, {}
    try:
        for field, value in _fields(data):
            if field == 1:
                piece = dict(_fields(value))
                pieces.append(Piece(text=piece[1].decode(), score=struct.unpack("<f", piece.get(2, bytes(4)))[0], kind=piece.get(3, NORMAL)))
            elif field == 2:
                trainer = dict(_fields(value))
            elif field == 3:
                normalizer = dict(_fields(value))
    except (IndexError, KeyError, struct.error, TypeError, AttributeError) as error:
        raise ValueError("not a SentencePiece model") from error
    if not pieces:
        raise ValueError("a SentencePiece model without pieces")
    return SentencePieceModel(
        pieces=tuple(pieces),
        model_type=trainer.get(3, UNIGRAM),
        byte_fallback=bool(trainer.get(35, 0)),
        unk_id=_signed(trainer.get(40, 0)),
        bos_id=_signed(trainer.get(41, 1)),
        eos_id=_signed(trainer.get(42, 2)),
        pad_id=_signed(trainer.get(43, -1)),
        charsmap=normalizer.get(2, b""),
        add_dummy_prefix=bool(normalizer.get(3, 1)),
        remove_extra_whitespaces=bool(normalizer.get(4, 1)),
        escape_whitespaces=bool(normalizer.get(5, 1)),
        whitespace_as_suffix=bool(trainer.get(24, 0)),
    )


def bare_tokenizer(model: SentencePieceModel, *, space: str = SPACE) -> tokenizers.Tokenizer:
    """The pieces and their merges or scores, with `space` as the sign for a space; nothing yet of what is done before and after. Raises ValueError for other model types."""
    from tokenizers import Tokenizer, models

    texts = [piece.text.replace(SPACE, space) for piece in model.pieces]
    if len(set(texts)) != len(texts):
        raise ValueError("a SentencePiece model with two pieces of the same text")
    if model.model_type == UNIGRAM:
        usable = (NORMAL, USER_DEFINED, UNKNOWN)
        scored = [(text, piece.score if piece.kind in usable else _NEVER) for text, piece in zip(texts, model.pieces, strict=True)]
        return Tokenizer(models.Unigram(scored, unk_id=model.unk_id if model.unk_id >= 0 else None, byte_fallback=model.byte_fallback))
    if model.model_type != BPE:
        raise ValueError("a SentencePiece model of words or characters")
    ordered = sorted((i for i, piece in enumerate(model.pieces) if piece.kind == NORMAL), key=lambda i: (-model.pieces[i].score, i))
    parts = {texts[i] for i in ordered}
    merges = [(text[:n], text[n:]) for text in (texts[i] for i in ordered) for n in range(1, len(text)) if text[:n] in parts and text[n:] in parts]
    vocab = {text: i for i, text in enumerate(texts)}
    unknown = texts[model.unk_id] if model.unk_id >= 0 else None
    return Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token=unknown, fuse_unk=True, byte_fallback=model.byte_fallback))


def to_tokenizer(model: SentencePieceModel, *, prefix_space: bool | None = None, legacy: bool = True) -> tokenizers.Tokenizer:
    """The whole tokenizer. `prefix_space`: a space before the text, by default as the model has it; `legacy`: also after every special token in the text, as Hugging Face's
    first Llama tokenizers had it. Raises ValueError for a model that cannot be written so."""
    from tokenizers import AddedToken, Regex, decoders, normalizers, pre_tokenizers

    if model.whitespace_as_suffix or not model.escape_whitespaces:
        raise ValueError("a SentencePiece model with spaces at the end of pieces, or unescaped")
    tokenizer = bare_tokenizer(model)
    prefix_space = model.add_dummy_prefix if prefix_space is None else prefix_space
    steps = [normalizers.Precompiled(model.charsmap)] if model.charsmap else []
    if model.remove_extra_whitespaces:
        steps += [normalizers.Replace(Regex("^ +| +$"), ""), normalizers.Replace(Regex(" {2,}"), " ")]
    symbols = [piece.text for piece in model.pieces if piece.kind == USER_DEFINED]
    if prefix_space and any(SPACE in symbol for symbol in symbols):
        raise ValueError("a SentencePiece model with spaces both before the text and inside its symbols")
    if prefix_space and legacy and symbols:  # symbols are normalised too, to be found in what is: alone, they must stay as they are
        alone = "|".join(map(re.escape, symbols))
        steps.append(normalizers.Replace(Regex(rf"\A(?!(?:{alone})\z)(?=[\s\S])"), SPACE))
    elif prefix_space and legacy:
        steps.append(normalizers.Prepend(SPACE))
    tokenizer.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", SPACE)])
    if prefix_space and not legacy:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="first", split=False)
    back = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence([*back, decoders.Strip(content=" ", left=1)] if prefix_space else back)
    for piece in model.pieces:
        if piece.kind in (CONTROL, UNKNOWN):
            tokenizer.add_special_tokens([AddedToken(piece.text, normalized=False, special=True)])
        elif piece.kind == USER_DEFINED:
            tokenizer.add_tokens([AddedToken(piece.text, normalized=True, special=False)])
    return tokenizer


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        else:
            size, at = _varint(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            value, at = data[at : at + size], at + size
        if at > len(data):
            raise IndexError("cut short")
        yield key >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
