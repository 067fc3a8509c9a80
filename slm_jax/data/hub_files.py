"""A published model's tokenizer files, read into a `HubTokenizer`: which file says what, and which one wins.

tokenizer.json is followed to the letter, as transformers 4 does. Transformers 5 rebuilds tokenizers of class LlamaTokenizer from the pieces alone, so that with some of them
a text that begins with a space, or goes on after a special token, gets other ids there; the same files with class PreTrainedTokenizerFast, as exported, do not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from slm_jax.data.chat import choose_template
from slm_jax.data.hub_tokenizer import TOKENIZER_FILE, HubTokenizer
from slm_jax.errors import UserError

_SENTENCEPIECE_FILE, _VOCAB_FILE, _MERGES_FILE = "tokenizer.model", "vocab.json", "merges.txt"
_NAMED = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_ADD_BOS_BY_DEFAULT = ("Llama", "Gemma", "CodeLlama")  # tokenizer classes that put BOS in front unless told otherwise
_GPT2_CLASSES = ("", "GPT2Tokenizer", "CodeGenTokenizer")  # classes that vocab.json and merges.txt alone describe


def read_tokenizer(directory: str | Path) -> HubTokenizer:
    """The tokenizer in a published model's directory.

    Pieces come from tokenizer.json, else tokenizer.model (SentencePiece), else vocab.json and merges.txt (GPT-2's kind); special tokens from tokenizer_config.json,
    else special_tokens_map.json, else the model's own configuration; tokens that stop from all of these; the chat template from chat_template.jinja, else
    chat_template.json, else tokenizer_config.json. Raises UserError where there is no tokenizer, a file is damaged, or no token ends a text.
    """
    directory = Path(directory)
    config = _read_json(directory / "special_tokens_map.json") | _read_json(directory / "tokenizer_config.json")
    model_configs = [_read_json(directory / "generation_config.json"), _read_json(directory / "config.json")]
    tokenizer, own = _pieces(directory, config)
    _add_tokens(tokenizer, config)

    def id_of(name: str) -> int | None:
        if (text := _content(config.get(name))) is not None:
            return tokenizer.token_to_id(text)
        return next((ids[0] for ids in (_ids(entry.get(f"{name}_id")) for entry in model_configs) if ids), own.get(name))

    known = set(tokenizer.get_vocab(with_added_tokens=True).values())
    bos_id, eos_id, pad_id = id_of("bos_token"), id_of("eos_token"), id_of("pad_token")
    stops = [id for entry in model_configs for id in _ids(entry.get("eos_token_id")) if id in known]
    if eos_id is None:
        raise UserError(f'{directory}: no file says which token ends a text: write "eos_token" into tokenizer_config.json')
    special_tokens = {name: tokenizer.id_to_token(id) for name, id in own.items()}
    special_tokens |= {name: text for name in _NAMED if (text := _content(config.get(name))) is not None}
    return HubTokenizer(
        tokenizer,
        eos_id=eos_id,
        bos_id=bos_id if bos_id in known else None,
        pad_id=pad_id if pad_id in known else None,
        stop_ids=stops,
        prompt_prefix=(bos_id,) if bos_id is not None and _adds_bos(tokenizer, config, bos_id) else (),
        chat_template=_template(directory, config),
        special_tokens=special_tokens,
        config=config,
    )


def _pieces(directory: Path, config: Mapping):
    """The tokenizer of whichever file there is, and the special ids that this file itself names."""
    import tokenizers

    from slm_jax.data import sentencepiece_model as spm

    kind = str(config.get("tokenizer_class") or "").removesuffix("Fast")
    where, own = directory / TOKENIZER_FILE, {}
    try:
        if where.is_file():
            return tokenizers.Tokenizer.from_file(str(where)), own
        where = directory / _SENTENCEPIECE_FILE
        if where.is_file():
            model = spm.parse_model(where.read_bytes())
            own = {name: id for name, id in (("bos_token", model.bos_id), ("eos_token", model.eos_id), ("pad_token", model.pad_id)) if id >= 0}
            prefix_space = config.get("add_prefix_space")
            return spm.to_tokenizer(model, prefix_space=prefix_space, legacy=config.get("legacy") is not False), own
        where = directory / _VOCAB_FILE
        if not where.is_file() or not (directory / _MERGES_FILE).is_file():
            looked_for = f"{TOKENIZER_FILE}, {_SENTENCEPIECE_FILE}, or {_VOCAB_FILE} with {_MERGES_FILE}"
            raise UserError(f"there is no tokenizer in {directory}: it should have {looked_for}")
        if kind not in _GPT2_CLASSES:
            raise UserError(f"{where}: a {kind} cannot be made from {_VOCAB_FILE} and {_MERGES_FILE} alone: add its {TOKENIZER_FILE}")
        return _gpt2(directory, prefix_space=bool(config.get("add_prefix_space"))), own
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"{where} cannot be read ({error}): fetch it again") from None
    except Exception as error:  # the library raises plain Exception for a file it cannot read
        raise UserError(f"{where} cannot be read ({' '.join(str(error).split())[:200]}): fetch it again") from None


def _gpt2(directory: Path, *, prefix_space: bool):
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.BPE.from_file(str(directory / _VOCAB_FILE), str(directory / _MERGES_FILE)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    added = _read_json(directory / "added_tokens.json")
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in sorted(added, key=added.get)])
    return tokenizer


def _add_tokens(tokenizer, config: Mapping) -> None:
    """Add the tokens that only tokenizer_config.json has, and mark as special what it calls special, in transformers' order."""
    from tokenizers import AddedToken

    def token(value) -> AddedToken:
        if isinstance(value, str):
            return AddedToken(value, special=True)
        flags = {name: bool(value[name]) for name in ("lstrip", "rstrip", "normalized", "single_word", "special") if name in value}
        return AddedToken(value["content"], **flags)

    present = tokenizer.get_added_tokens_decoder()
    by_id = config.get("added_tokens_decoder") or {}
    try:
        wanted = [token(by_id[id]) for id in sorted(by_id, key=int) if repr(token(by_id[id])) != repr(present.get(int(id)))]
        extra = config.get("extra_special_tokens") or []
        extra = list(extra.values()) if isinstance(extra, Mapping) else list(extra)
        named = [value for name in _NAMED if (value := config.get(name)) is not None] + list(config.get("additional_special_tokens") or []) + extra
        texts = {token.content for token in present.values()} | {token.content for token in wanted}
        for value in named:
            if _content(value) not in texts:
                wanted.append(AddedToken(_content(value), special=True, normalized=False))
                texts.add(_content(value))
    except (TypeError, ValueError, KeyError, AttributeError):
        raise UserError("tokenizer_config.json names its special tokens in a way that cannot be read: fetch it again") from None
    tokenizer.add_tokens(wanted)


def _adds_bos(tokenizer, config: Mapping, bos_id: int) -> bool:
    """Whether transformers puts BOS before a text: by the post-processor, by `add_bos_token`, or by the tokenizer's class."""
    bare, full = (tokenizer.encode("a", add_special_tokens=special).ids for special in (False, True))
    if full[:1] == [bos_id] and full[1 : 1 + len(bare)] == bare:
        return True
    if isinstance(told := config.get("add_bos_token"), bool):
        return told
    return str(config.get("tokenizer_class") or "").removesuffix("Fast").removesuffix("Tokenizer") in _ADD_BOS_BY_DEFAULT


def _template(directory: Path, config: Mapping) -> str | None:
    file = directory / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    return choose_template(_read_json(directory / "chat_template.json").get("chat_template") or config.get("chat_template"))


def _content(token) -> str | None:
    return token.get("content") if isinstance(token, Mapping) else token


def _ids(value) -> list[int]:
    return [id for id in (value if isinstance(value, Sequence) else [value]) if isinstance(id, int)]


def _read_json(file: Path) -> dict:
    if not file.is_file():
        return {}
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise UserError(f"{file} is not a JSON object: fetch it again")
    return value
