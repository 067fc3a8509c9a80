"""Where kinds of questions are registered: a function that draws a formula from a scene, and the wordings in which people ask for it."""

from __future__ import annotations

import dataclasses
import re
import zlib
from collections.abc import Callable

from slm_jax.domains.excel.phrasing import parse_template
from slm_jax.domains.excel.scene import Draft, Scene

REGISTERS = ("imperative", "question", "telegraphic", "narrative")
HELD_OUT_SHARE = 0.12  # of a kind's wordings; at least 1, at most 3 a kind
_LINE = re.compile(r"(\w+)(?:/(\w+))?:\s+(.+)")
_KINDS: dict[str, Kind] = {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wording:
    """One way to ask. Its identity is (kind, line), and `held_out` wordings are never trained on."""

    id: str  # "sum_if/3a5f01c2": stable as long as the line is
    register: str
    variant: str  # used only for drafts of that variant
    text: str  # the template, see phrasing.py
    held_out: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of question. `share` is its weight among the examples; `wrap` says whether ROUND and IFERROR may go around its formula, `sheets` whether its columns
    may be on another sheet."""

    name: str
    share: float
    draw: Callable[[Scene], Draft]
    wordings: tuple[Wording, ...]
    wrap: bool
    sheets: bool

    def usable(self, draft: Draft, *, held_out: bool) -> list[Wording]:
        """The wordings for this draft's variant that are, or are not, held out."""
        return [w for w in self.wordings if w.variant == draft.wording and w.held_out == held_out]


def kind(
    name: str, *, share: float, wordings: str, wrap: bool = True, sheets: bool = False
) -> Callable[[Callable[[Scene], Draft]], Callable[[Scene], Draft]]:
    """Registers the decorated function as the kind `name`.

    `wordings` has one wording a line: `register: template` or `register/variant: template`. An imperative begins with a bare verb, so that "Please" or
    "How do I" can go before it; a line has no final full stop or question mark unless it is a question or more than one sentence. ValueError for a name used
    twice, an unknown register or a template that does not parse.
    """

    def register(draw: Callable[[Scene], Draft]) -> Callable[[Scene], Draft]:
        if name in _KINDS:
            raise ValueError(f"kind {name!r} is registered twice")
        _KINDS[name] = Kind(name=name, share=share, draw=draw, wordings=_parse_wordings(name, wordings), wrap=wrap, sheets=sheets)
        return draw

    return register


def registered() -> dict[str, Kind]:
    """Every kind by name, in alphabetical order. Import `slm_jax.domains.excel.kinds` first: it registers them."""
    return dict(sorted(_KINDS.items()))


def _parse_wordings(name: str, lines: str) -> tuple[Wording, ...]:
    rows = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        match = _LINE.fullmatch(line)
        if not match or match[1] not in REGISTERS:
            raise ValueError(f"kind {name!r}: {line!r} does not read 'register: template' with a register of {', '.join(REGISTERS)}")
        parse_template(match[3])
        rows.append((f"{zlib.crc32(f'{name}/{line}'.encode()):08x}", match[1], match[2] or "", match[3]))
    if len({row[0] for row in rows}) != len(rows):
        raise ValueError(f"kind {name!r} has the same wording twice")
    held = _held_out(rows)
    return tuple(Wording(id=f"{name}/{code}", register=register, variant=variant, text=text, held_out=code in held) for code, register, variant, text in rows)


def _held_out(rows: list[tuple[str, str, str, str]]) -> set[str]:
    """Codes of the wordings that are kept from training: the lowest hashes, as long as each variant keeps two for training."""
    left = {variant: sum(row[2] == variant for row in rows) for _, _, variant, _ in rows}
    wanted, held = min(3, max(1, round(HELD_OUT_SHARE * len(rows)))), set()
    for code, _, variant, _ in sorted(rows, key=lambda row: row[0]):
        if len(held) < wanted and left[variant] > 2:
            left[variant] -= 1
            held.add(code)
    return held
