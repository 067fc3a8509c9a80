"""A tokenizer as Hugging Face's files, which transformers and the `tokenizers` library run without this project's code.

A published tokenizer goes back as it came. One of ours, trained with SentencePiece, is written anew: the same pieces with a plain space in place of SentencePiece's sign
for it (so that the sign itself, in a text, is spelt in bytes, as ours does), and copy spacing as regular expressions before and, being its own inverse, after.

Measured on 13,000 texts (the formula domain's, and random ones full of marks, spaces and symbols): ids and decoded text are equal for BPE with either spacing. Three things
differ by the nature of the format: the text of a special token ("<s>") in a text is read as that token; with copy spacing U+FDD1, which is no character, is dropped; and
of two equally good cuts a unigram model may take the other (6 of 5,000 texts: "yyy" + "y" for "y" + "yyy"), as the library adds scores in higher precision.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slm_jax.data import sentencepiece_model as spm
from slm_jax.data.hub_tokenizer import TOKENIZER_FILE, HubTokenizer
from slm_jax.data.tokenizer import Tokenizer, opening_marks

if TYPE_CHECKING:
    import tokenizers

CONFIG_FILE = "tokenizer_config.json"
_TAKEN_OUT = "\ufdd1"  # stands where a space was, so that the next step does not put it back
_NOT_OURS = ("auto_map", "name_or_path", "tokenizer_file", "vocab_file", "special_tokens_map_file", "backend", "is_local", "processor_class", "legacy", "from_slow")


def export_tokenizer(tokenizer: Tokenizer | HubTokenizer, directory: str | Path, *, context_length: int) -> list[str]:
    """Write tokenizer.json and tokenizer_config.json into `directory`, which is made if need be; returns what the reader of an export should know."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    notes = []
    if isinstance(tokenizer, HubTokenizer):
        content, config = _published(tokenizer)
    else:
        model = spm.parse_model(tokenizer.model)
        content = _ours(tokenizer, model)
        names = dict(zip(("pad_token", "bos_token", "eos_token", "unk_token"), _special_pieces(model), strict=True))
        config = {"clean_up_tokenization_spaces": False, **names}
        if model.model_type == spm.UNIGRAM:
            notes.append("tokenizer: of two equally good ways to cut a word, a unigram tokenizer may take the other in transformers; the text is the same")
        if touched := [symbol for symbol in tokenizer.symbols if tokenizer.spacing == "copy" and content.normalizer.normalize_str(symbol) != symbol]:
            notes.append(f"tokenizer: spaces inside {', '.join(map(repr, touched))} may come out otherwise than here: write such symbols without spaces after marks")
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context_length}
    (directory / TOKENIZER_FILE).write_text(content.to_str(pretty=True), encoding="utf-8")
    (directory / CONFIG_FILE).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return notes


def _published(tokenizer: HubTokenizer) -> tuple[tokenizers.Tokenizer, dict]:
    import tokenizers

    content = tokenizers.Tokenizer.from_str(tokenizer.to_json())
    bare, full = (content.encode("a", add_special_tokens=special).ids for special in (False, True))
    if full != [*tokenizer.prompt_prefix, *bare]:  # the published class did it in code, which a plain class does not
        content.post_processor = _prefix(content, tokenizer.prompt_prefix)
    config = {name: value for name, value in tokenizer.config.items() if name not in _NOT_OURS}
    named = tokenizer.special_tokens | {"eos_token": content.id_to_token(tokenizer.eos_id), "pad_token": content.id_to_token(tokenizer.pad_id)}
    config |= {name: text for name, text in named.items() if config.get(name) is None}
    config.setdefault("clean_up_tokenization_spaces", False)
    config["add_bos_token"] = bool(tokenizer.prompt_prefix)
    state = json.loads(content.pre_tokenizer.__getstate__()) if content.pre_tokenizer is not None else {}
    if "add_prefix_space" in state:  # transformers 4 sets the pre-tokenizer by this key
        config["add_prefix_space"] = state["add_prefix_space"]
    config.pop("chat_template", None)
    return content, config | ({"chat_template": tokenizer.chat_template} if tokenizer.chat_template is not None else {})


def _ours(tokenizer: Tokenizer, model: spm.SentencePieceModel) -> tokenizers.Tokenizer:
    from tokenizers import AddedToken, Regex, decoders, normalizers

    content = spm.bare_tokenizer(model, space=" ")
    back = [decoders.ByteFallback(), decoders.Fuse()]
    if tokenizer.spacing == "copy":
        steps = _space_swap(tokenizer.symbols)
        content.normalizer = normalizers.Sequence([normalizers.Replace(Regex(pattern), to) for pattern, to in steps])
        back += [decoders.Replace(Regex(pattern), to) for pattern, to in steps]
    content.decoder = decoders.Sequence(back)
    content.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in _special_pieces(model)])
    fixed = [piece.text.replace(spm.SPACE, " ") for piece in model.pieces if piece.kind == spm.USER_DEFINED]
    content.add_tokens([AddedToken(text, normalized=True, special=False) for text in fixed])  # normalized: looked for after the spaces are swapped
    content.post_processor = _prefix(content, tokenizer.prompt_prefix)
    return content


def _special_pieces(model: spm.SentencePieceModel) -> list[str]:
    return [model.pieces[id].text for id in (model.pad_id, model.bos_id, model.eos_id, model.unk_id)]


def _space_swap(symbols: Sequence[str]) -> list[tuple[str, str]]:
    """`tokenizer._space_swapper` as (regular expression, replacement), one after the other."""
    alternatives, marks = opening_marks(symbols)
    no_symbol = f"(?!{'|'.join(alternatives)})" if alternatives else ""
    after = rf"(?:(?<={'|'.join([*alternatives, marks])})|\A{no_symbol})"
    return [(rf"{after} (?={_letters()})", _TAKEN_OUT), (rf"{after}(?={_letters()})", " "), (_TAKEN_OUT, "")]


@functools.cache
def _letters() -> str:
    r"""Python's [^\W\d_] as ranges: the library's Unicode tables are of another version, and its \p{L} has other letters."""
    is_letter = re.compile(r"[^\W\d_]").match
    ranges = []
    for letter, run in itertools.groupby(range(0x110000), lambda code: is_letter(chr(code)) is not None):
        if letter:
            first, *rest = run
            ranges.append(f"\\x{{{first:X}}}" + (f"-\\x{{{rest[-1]:X}}}" if rest else ""))
    return f"[{''.join(ranges)}]"


def _prefix(content: tokenizers.Tokenizer, ids: Sequence[int]):
    from tokenizers import processors

    texts = [content.id_to_token(id) for id in ids]
    first, second = " ".join([*texts, "$A"]), " ".join(f"{part}:1" for part in [*texts, "$B"])
    return processors.TemplateProcessing(single=first, pair=f"{first} {second}", special_tokens=list(zip(texts, ids, strict=True)))
