"""A Google Sheets formula as the Excel formula that gives the same values, where there is one: so that the engines can run it.

Open ranges and whole columns end at one row, the same for every formula: what is judged are sheets of fewer rows than that.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from slm_jax.domains.excel import formula as formulas
from slm_jax.domains.sheets import dialect

LAST_ROW = 67  # of open ranges and whole columns, when run

_NAMES = (
    "ABS AND AVERAGE AVERAGEIF AVERAGEIFS CHOOSE COLUMNS COUNT COUNTA COUNTBLANK COUNTIF COUNTIFS DATE DATEDIF DATEVALUE DAY EDATE EOMONTH EXACT FIND HLOOKUP IF IFERROR "
    "IFNA IFS INDEX INT ISBLANK ISERROR ISNUMBER ISTEXT LARGE LEFT LEN LOWER MATCH MAX MAXIFS MEDIAN MID MIN MINIFS MOD MONTH NETWORKDAYS NOT OR PRODUCT PROPER "
    "REGEXREPLACE REPLACE REPT RIGHT ROUND ROUNDDOWN ROUNDUP ROWS SEARCH SEQUENCE SMALL SQRT SUBSTITUTE SUM SUMIF SUMIFS SUMPRODUCT SWITCH TEXT TEXTJOIN TIME TODAY "
    "TRANSPOSE TRIM TRUNC UNIQUE UPPER VALUE VLOOKUP WEEKDAY XLOOKUP XMATCH YEAR BYROW LAMBDA LET MAP REDUCE SCAN HSTACK VSTACK TOCOL"
)
_SHARED = frozenset(_NAMES.split())  # functions that mean the same in both
_NUMBER = re.compile(r"[1-9]\d?")


def to_excel(text: str) -> str | None:
    """The formula in Excel's words; None for one that only Google can run (QUERY, IMPORTRANGE, GOOGLEFINANCE ...) and for what is no formula."""
    try:
        translated = _write(dialect.tree(text))
    except (ValueError, RecursionError):
        return None
    if translated is None or formulas.syntax_error(f"={translated}"):
        return None
    return formulas.canonical(f"={translated}")


def _write(node: dict) -> str | None:
    match node["node_type"]:
        case "BinaryOp":
            left, right = _write(node["left"]), _write(node["right"])
            return None if left is None or right is None else f"({left}){node['operator']}({right})" if node["operator"] != ":" else None
        case "UnaryOp":
            inner = _write(node["operand"])
            return None if inner is None else f"({inner})%" if node["operator"] == "%" else f"{node['operator']}({inner})" if node["operator"] in "+-" else None
        case "Reference":
            return _closed(formulas.to_text(node)[1:])
        case "Array":
            rows = [[_write(item) for item in row] for row in node["rows"]]
            if any(item is None for row in rows for item in row):
                return None
            if all(item["node_type"] == "Literal" for row in node["rows"] for item in row):
                return formulas.to_text(node)[1:]
            lines = [row[0] if len(row) == 1 else f"HSTACK({','.join(row)})" for row in rows]
            return lines[0] if len(lines) == 1 else f"VSTACK({','.join(lines)})"
        case "Function":
            args = [_write(item) for item in node["args"]]
            if any(item is None for item in args):
                return None
            name = node["name"]
            if name in _SPECIAL:
                return _SPECIAL[name](args)
            return f"{name}({','.join(args)})" if name in _SHARED else None
        case "Omitted":
            return ""
        case "Literal":
            return formulas.to_text(node)[1:]
    return None


def _closed(reference: str) -> str:
    sheet, bang, place = reference.rpartition("!")
    place = place.replace(str(dialect.LAST_ROW), str(LAST_ROW))
    columns = re.fullmatch(r"([A-Z]{1,3}):([A-Z]{1,3})", place)
    return sheet + bang + (f"{columns[1]}1:{columns[2]}{LAST_ROW}" if columns else place)


def _filter(args: list[str]) -> str | None:
    if len(args) < 2:
        return None
    return f"FILTER({args[0]},{'*'.join(f'({item})' for item in args[1:])})"


def _sort(args: list[str]) -> str | None:
    if len(args) == 1:
        return f"SORT({args[0]})"
    keys = []
    for column, ascending in zip(args[1::2], [*args[2::2], "TRUE"], strict=False):
        if ascending not in ("TRUE", "FALSE"):
            return None
        keys += [f"INDEX({args[0]},0,{column})" if _NUMBER.fullmatch(column) else column, "1" if ascending == "TRUE" else "-1"]
    return f"SORTBY({args[0]},{','.join(keys)})"


def _sortn(args: list[str]) -> str | None:
    if len(args) < 4 or args[2] != "0":  # ties are counted in other ways
        return None
    ordered = _sort([args[0], *args[3:]])
    return None if ordered is None else f"TAKE({ordered},{args[1]})"


def _split(args: list[str]) -> str | None:
    if len(args) != 2 or len(args[1]) != 3:  # more than one character: each of them divides
        return None
    return f"TEXTSPLIT({args[0]},{args[1]},,TRUE)"


def _extract(args: list[str]) -> str | None:
    """A group is what is wanted of a pattern that has one; several give several cells."""
    if len(args) != 2 or not args[1].startswith('"'):
        return None
    groups = re.sub(r"\\.|\[[^\]]*\]|\(\?:", "", args[1]).count("(")
    return f"REGEXEXTRACT({args[0]},{args[1]})" if groups == 0 else f"REGEXEXTRACT({args[0]},{args[1]},2)" if groups == 1 else None


def _match(args: list[str]) -> str | None:
    """A pattern that is a plain text is one to be found: the sample sheets are made with such texts in mind, not with patterns."""
    if len(args) != 2:
        return None
    return f"ISNUMBER(FIND({args[1]},{args[0]}))" if re.fullmatch(r'"[\w -]+"', args[1]) else f"REGEXTEST({args[0]},{args[1]})"


_SPECIAL: dict[str, Callable[[list[str]], str | None]] = {
    "ARRAYFORMULA": lambda args: args[0] if len(args) == 1 else None,
    "FILTER": _filter,
    "SORT": _sort,
    "SORTN": _sortn,
    "SPLIT": _split,
    "JOIN": lambda args: f"TEXTJOIN({args[0]},FALSE,{args[1]})" if len(args) == 2 else None,
    "COUNTUNIQUE": lambda args: f"COUNTA(UNIQUE(TOCOL({args[0]},1)))" if len(args) == 1 else None,
    "FLATTEN": lambda args: f"TOCOL({args[0]})" if len(args) == 1 else None,
    "IFERROR": lambda args: f'IFERROR({args[0]},{args[1] if len(args) > 1 else chr(34) * 2})' if args else None,
    "ISBETWEEN": lambda args: f"(({args[0]})>=({args[1]}))*(({args[0]})<=({args[2]}))" if len(args) == 3 else None,
    "REGEXMATCH": _match,
    "REGEXEXTRACT": _extract,
    "TO_TEXT": lambda args: f'(({args[0]})&"")' if len(args) == 1 else None,
}
