"""Formulas that differ from a given one in a single respect: what sample sheets must be able to tell from it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator

from slm_jax.domains.excel import formula as formulas
from slm_jax.domains.excel.cells import letters
from slm_jax.domains.excel.sample_places import Area, parse_area

_OPERATORS = {">": (">=", "<"), "<": ("<=", ">"), ">=": (">",), "<=": ("<",), "=": ("<>",), "<>": ("=",), "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",)}
_EXCHANGED = (
    "SUM MAX AVERAGE MEDIAN MAX MIN MIN MAX AND OR OR AND LEFT RIGHT RIGHT LEFT COUNTA COUNT COUNT COUNTA ROUNDUP ROUND ROUNDDOWN ROUND ROUND ROUNDUP "
    "FIND SEARCH SEARCH FIND LARGE SMALL SMALL LARGE UPPER PROPER INT ROUND"
)
_FUNCTIONS = dict(re.findall(r"(\w+) (\w+)", _EXCHANGED))
_INSTANCES = {"SUBSTITUTE": 3, "TEXTBEFORE": 2, "TEXTAFTER": 2}  # functions whose next argument says which occurrence


def mutants(formula: str) -> list[str]:
    """Each reference one column or row off, each operator and criterion changed, each literal nudged, common functions exchanged. [] for text that is no formula."""
    try:
        tree = formulas.tree(formula)
    except ValueError:
        return []
    own, found = formulas.canonical(formula), {}
    for index, node in enumerate(formulas.nodes(tree)):
        for change in _changes(node):
            changed = copy.deepcopy(tree)
            place = next(item for at, item in enumerate(formulas.nodes(changed)) if at == index)
            place.update(change)
            text = formulas.to_text(changed)
            if text != own:
                found[text] = None
    return list(found)


def _changes(node: dict) -> Iterator[dict]:
    match node["node_type"]:
        case "Reference":
            area = parse_area(node["reference"])
            if area is not None and area.right:
                sheet = node["reference"].rpartition("!")[0]
                for columns, rows in ((1, 0), (-1, 0), (0, 1) if area.bottom else (2, 0), (0, -1) if area.top > 2 else (2, 0)):
                    moved = Area(area.sheet, area.left + columns, area.top + rows, area.right + columns, area.bottom and area.bottom + rows)
                    if moved.left > 0:
                        yield {"reference": (sheet + "!" if sheet else "") + _area_text(moved)}
        case "BinaryOp":
            for operator in _OPERATORS.get(node["operator"], ()):
                yield {"operator": operator}
        case "Function":
            other = _FUNCTIONS.get(node["name"].upper())
            if other:
                yield {"name": other}
            if node["name"].upper() in _INSTANCES and len(node["args"]) == _INSTANCES[node["name"].upper()]:
                instance = {"node_type": "Literal", "value": 1.0 if node["name"].upper() == "SUBSTITUTE" else -1.0}
                yield {"args": [*node["args"], instance]}  # not every occurrence, or the last instead of the first
        case "Literal":
            value = node["value"]
            if isinstance(value, bool):
                yield {"value": not value}
            elif isinstance(value, float):
                yield {"value": value + 1}
                yield {"value": value - 1}
                if value:
                    yield {"value": value * 1.1}
            elif match := re.fullmatch(r"(>=|<=|<>|>|<|=)(.*)", value, re.DOTALL):
                for operator in _OPERATORS[match[1]]:
                    yield {"value": operator + match[2]}
                if match[2]:
                    try:
                        yield {"value": f"{match[1]}{float(match[2]) + 1:g}"}
                    except ValueError:
                        yield {"value": value + "s"}
            else:
                yield {"value": value + "s"}
                yield {"value": value[:-1] if value else "-"}


def _area_text(area: Area) -> str:
    if not area.bottom:
        return f"{letters(area.left)}:{letters(area.right)}"
    first, last = f"{letters(area.left)}{area.top}", f"{letters(area.right)}{area.bottom}"
    return first if first == last else f"{first}:{last}"
