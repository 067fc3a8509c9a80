"""What people ask of Google Sheets, and in what words.

A kind's formula holds `<slot>` and `<slot.attribute>`, its wordings `{slot}`, `{slot.attribute}` and `[a|b]` (see excel/phrasing.py); the slots are drawn by scene.py.
A wording that begins with ~ stands as it is; any other begins with a verb and may be framed ("how do I ...?"). The last wording of each kind is never trained.
"""

from __future__ import annotations

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    formula: str
    wordings: tuple[str, ...]
    tables: bool  # whether it may be asked of a table with headers

    @property
    def slots(self) -> set[str]:
        return {match[1] for text in (self.formula, *self.wordings) for match in re.finditer(r"[<{]([a-z]+)(?:\.[a-z]+)?[>}]", text)}


KINDS: dict[str, Kind] = {}


def kind(name: str, formula: str, *wordings: str, tables: bool = True) -> None:
    KINDS[name] = Kind(name, formula, wordings, tables)
