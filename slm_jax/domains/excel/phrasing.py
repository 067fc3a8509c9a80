"""From a wording's template to an instruction as people type it.

Templates: `[a|b|]` picks one alternative (may be empty, may nest), `@word` a synonym of a lexicon class (`@Word` begins with a capital), `{slot}` and
`{slot.attribute}` are the draft's own words. What comes from a slot is never changed afterwards; everything else gets its sentence case, framing and
noise in framing.py.
"""

from __future__ import annotations

import dataclasses
import functools
import random
import re
from collections.abc import Iterator, Mapping

from slm_jax.domains.excel.lexicon import synonyms

_TOKEN = re.compile(r"[\[\]|]|@[A-Za-z_]+|\{[a-z_][a-z_0-9]*(?:\.[a-z_]+)?\}|[^\[\]|@{}]+|@")


@dataclasses.dataclass(frozen=True)
class Choice:
    options: tuple[tuple, ...]


@dataclasses.dataclass(frozen=True)
class Synonym:
    name: str


@dataclasses.dataclass(frozen=True)
class Slot:
    name: str
    attribute: str


@dataclasses.dataclass(frozen=True)
class Segment:
    """A piece of an instruction; `fixed` pieces hold literals and references, whose case and spelling must stay."""

    text: str
    fixed: bool


@functools.cache
def parse_template(text: str) -> tuple:
    """A template as a tuple of str, Choice, Synonym and Slot. ValueError with the place where it does not parse."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text:
        raise ValueError(f"template {text!r}: a stray brace; write {{slot}} or {{slot.attribute}}")
    parts, rest = _parse(tokens, text)
    if rest:
        raise ValueError(f"template {text!r}: ']' without '['")
    return parts


def _parse(tokens: list[str], text: str) -> tuple[tuple, list[str]]:
    parts: list = []
    while tokens:
        token, tokens = tokens[0], tokens[1:]
        if token == "[":
            options = []
            while True:
                option, tokens = _parse(tokens, text)
                if not tokens:
                    raise ValueError(f"template {text!r}: '[' without ']'")
                options.append(option)
                closing, tokens = tokens[0], tokens[1:]
                if closing == "]":
                    break
            parts.append(Choice(tuple(options)))
        elif token in "|]":
            return tuple(parts), [token, *tokens]
        elif token[0] == "@" and len(token) > 1:
            parts.append(Synonym(token[1:]))
        elif token[0] == "{":
            name, _, attribute = token[1:-1].partition(".")
            parts.append(Slot(name, attribute))
        else:
            parts.append(token)
    return tuple(parts), []


def expand(template: str, slots: Mapping[str, object], rng: random.Random) -> list[Segment]:
    """One rendering of the template. KeyError or AttributeError if a slot is not there."""
    return list(_expand(parse_template(template), slots, rng))


def _expand(parts: tuple, slots: Mapping[str, object], rng: random.Random) -> Iterator[Segment]:
    for part in parts:
        if isinstance(part, str):
            yield Segment(part, False)
        elif isinstance(part, Choice):
            yield from _expand(rng.choice(part.options), slots, rng)
        elif isinstance(part, Synonym):
            text = rng.choice(synonyms(part.name.lower()))
            yield from _expand(parse_template(text[0].upper() + text[1:] if part.name[0].isupper() else text), slots, rng)
        else:
            value = slots[part.name]
            yield Segment(str(getattr(value, part.attribute) if part.attribute else value), True)


def words_of(template: str) -> Iterator[str]:
    """Every word that the template can produce by itself, lower-case; what slots say is not among them."""
    yield from _words(parse_template(template))


def _words(parts: tuple) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield from re.findall(r"[a-z]+", part.lower())
        elif isinstance(part, Choice):
            for option in part.options:
                yield from _words(option)
        elif isinstance(part, Synonym):
            for text in synonyms(part.name.lower()):
                yield from _words(parse_template(text))
