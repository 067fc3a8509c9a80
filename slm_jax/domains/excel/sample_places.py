"""Places and plain constants in a formula: what `B2:D9` covers, and what `DATE(2024,3,1)` or `-5%` is."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping

from slm_jax.domains.excel import formula as formulas
from slm_jax.domains.excel.engine import TODAY

_PLACE = re.compile(r"([A-Z]{1,3})(\d+)?(?::([A-Z]{1,3})(\d+)?)?")
_ROWS = re.compile(r"(\d+):(\d+)")
_WHOLE_ROW, _WIDEST = 26, 40  # columns that stand for a whole row; columns of a range that are told apart
_EPOCH = datetime.date(1899, 12, 30)


@dataclasses.dataclass(frozen=True)
class Area:
    """A reference: columns from left to right, rows from top to bottom, all 1-based and inclusive; bottom 0 = whole columns; right 0 = whole rows."""

    sheet: str
    left: int
    top: int
    right: int
    bottom: int

    @property
    def slots(self) -> list[tuple[str, int, int]]:
        """(sheet, column, 0) for a column of cells, (sheet, column, row) for cells that stand alone or in one row."""
        row = self.top if self.top == self.bottom else 0
        return [(self.sheet, column, row) for column in range(self.left, min(self.right or _WHOLE_ROW, self.left + _WIDEST) + 1)]


def parse_area(reference: str) -> Area | None:
    """A cell, range, whole columns or whole rows; None for names and tables."""
    spelled = formulas.canonical("=" + reference)[1:]
    sheet, _, place = spelled.rpartition("!")
    sheet = sheet.strip("'").replace("''", "'")
    if match := _ROWS.fullmatch(place):
        return Area(sheet, 1, int(match[1]), 0, int(match[2]))
    match = _PLACE.fullmatch(place)
    if not match or (match[2] is None and match[3] is None) or len(match[1]) == 3 and match[1] > "XFD":
        return None
    left = column_number(match[1])
    right = column_number(match[3]) if match[3] else left
    top = int(match[2]) if match[2] else 1
    bottom = int(match[4]) if match[4] else (0 if match[3] else top)
    return Area(sheet, left, top, right, bottom)


def column_number(text: str) -> int:
    """A -> 1."""
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - 64
    return number


def as_number(text: str) -> float | str:
    """A criterion's text as the number that it stands for: also percentages, and ISO dates as serial days."""
    text = text.strip()
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        pass
    try:
        return float((datetime.date.fromisoformat(text) - _EPOCH).days)
    except ValueError:
        return text


def constant(node: dict) -> str | float | bool | None:
    """The value of an expression without references, where it is plain to see: literals, signs, DATE, TODAY and sums of them; None otherwise."""
    match node["node_type"]:
        case "Literal":
            return node["value"]
        case "UnaryOp":
            value = constant(node["operand"])
            if isinstance(value, float):
                return {"-": -value, "%": value / 100}.get(node["operator"], value)
        case "BinaryOp" if node["operator"] in "+-*/":
            left, right = constant(node["left"]), constant(node["right"])
            if isinstance(left, float) and isinstance(right, float) and (node["operator"] != "/" or right):
                return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right, "/": lambda: left / right}[node["operator"]]()
        case "Function":
            name, values = node["name"].upper(), [constant(argument) for argument in node["args"]]
            if name in ("TODAY", "NOW"):
                return TODAY
            if name == "DATE" and len(values) == 3 and all(isinstance(value, float) for value in values):
                year, month = values[0] + (values[1] - 1) // 12, (values[1] - 1) % 12 + 1
                if 1900 <= year <= 9998:
                    return (datetime.date(int(year), int(month), 1) - _EPOCH).days + values[2] - 1
            if name in ("EOMONTH", "EDATE") and values and isinstance(values[0], float):
                return values[0]
            if name in ("TRUE", "FALSE"):
                return name == "TRUE"
    return None


def inlined(node: dict, names: Mapping[str, dict] | None = None) -> dict:
    """A copy of a tree in which every name that LET binds is replaced by what it stands for."""
    names = dict(names or {})
    match node["node_type"]:
        case "Reference":
            return names.get(node["reference"].upper(), node)
        case "Function" if node["name"].upper().endswith("LET") and len(node["args"]) % 2:
            *pairs, body = node["args"]
            for name, value in zip(pairs[::2], pairs[1::2], strict=True):
                names[name.get("reference", "").upper()] = inlined(value, names)
            return inlined(body, names)
        case "Function":
            return node | {"args": [inlined(argument, names) for argument in node["args"]]}
        case "BinaryOp":
            return node | {"left": inlined(node["left"], names), "right": inlined(node["right"], names)}
        case "UnaryOp":
            return node | {"operand": inlined(node["operand"], names)}
    return node
