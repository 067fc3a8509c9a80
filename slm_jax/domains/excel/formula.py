"""Formulas as text: is it one, its one canonical spelling, its shape, and the references, literals and functions in it. No sheet and no engine needed.

Nothing else imports formualizer: its parser has hard limits on nesting and height (a parse takes 5 us), so no text can make these functions hang or overflow.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator

import formualizer

MAX_CHARACTERS = 8192  # Excel's limit for a formula

_ERRORS = frozenset(("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!"))
_FILE_PREFIX = re.compile(r"^(?:_XLFN\.|_XLWS\.|_XLPM\.)+")  # how a file spells functions newer than 2010, and names bound by LET and LAMBDA
_AREA = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})(?::([A-Z]{1,3})([1-9]\d{0,6}))?")
_COLUMNS = re.compile(r"([A-Z]{1,3}):([A-Z]{1,3})")
_ROWS = re.compile(r"([1-9]\d{0,6}):([1-9]\d{0,6})")
_PLACE = re.compile(  # what a reference may be besides a table's part: cells, columns, rows, a name
    r"(\$?[A-Z]{1,3}\$?[1-9]\d{0,6}(:\$?[A-Z]{1,3}\$?[1-9]\d{0,6})?|\$?[A-Z]{1,3}:\$?[A-Z]{1,3}|\$?[1-9]\d{0,6}:\$?[1-9]\d{0,6}|[^\W\d][\w.?]*|\\[\w.?]+|#REF!)", re.IGNORECASE
)
_PLAIN_SHEET = re.compile(r"[A-Z_][A-Z0-9_.]*")
_BINARY = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5, ",": 8, " ": 9, ":": 10}
_ERROR_ENDS = tuple(error[cut:] for error in ("#REF!", "#N/A", "#DIV/0!") for cut in range(1, len(error)))
_PREFIX, _POSTFIX, _ATOM = 6, 7, 11  # binding strength of -x, of x% and x#, and of what never needs parentheses


def syntax_error(formula: str) -> str | None:
    """Why the text is not a formula, in a few words; None when it is one. Names and numbers of arguments are the engine's to check."""
    try:
        _parse(formula)
    except ValueError as error:
        return str(error)
    return None


def canonical(formula: str) -> str:
    """The one spelling of all formulas that differ only in case, blanks, needless parentheses, `$`, order of corners, spelling of numbers, and file prefixes.

    Idempotent. Text that is no formula comes back stripped.
    """
    try:
        return to_text(_parse(formula))
    except ValueError:
        return formula.strip()


def skeleton(formula: str) -> str:
    """The shape: references become R, numbers N, texts S, TRUE and FALSE B, array constants A; "" for text that is no formula.

    `=SUMIF(B:B,">5",E2)` -> `SUMIF(R,S,R)`.
    """
    try:
        return _write(_parse(formula), _abstract)
    except ValueError:
        return ""


def references(formula: str) -> list[str]:
    """Every reference (cell, range, column, name) in order of appearance, in canonical spelling, repeats kept; [] for text that is no formula."""
    return [_reference(node["reference"]) for node in _walk(formula) if node["node_type"] == "Reference"]


def literals(formula: str) -> list[str | float | bool]:
    """Every number, text and logical constant in order of appearance; [] for text that is no formula."""
    return [node["value"] for node in _walk(formula) if node["node_type"] == "Literal" and node["value"] not in _ERRORS]


def functions(formula: str) -> list[str]:
    """Every function called, in order of appearance, upper case, without file prefixes; [] for text that is no formula."""
    return [name for name, _ in calls(formula)]


def calls(formula: str) -> list[tuple[str, int]]:
    """Every function called with its number of arguments, in order of appearance; functions that LET or LAMBDA bound in the formula itself are left out."""
    found, bound = [], set()
    for node in _walk(formula):
        if node["node_type"] == "Function":
            name = _name(node["name"])
            if name in ("LET", "LAMBDA"):
                bound.update(_name(argument["reference"]) for argument in node["args"] if argument["node_type"] == "Reference")
            found.append((name, len(node["args"])))
    return [(name, count) for name, count in found if name not in bound]


def tree(formula: str) -> dict:
    """The syntax tree as nested dicts with `node_type` Function | BinaryOp | UnaryOp | Reference | Literal | Array | Call | Omitted.

    Raises ValueError for text that is no formula. The tree is shared: do not change it.
    """
    return _parse(formula)


def to_text(root: dict) -> str:
    """The canonical formula of a tree, as `tree` gives it or changed by the caller."""
    return "=" + _write(root, _spell)


def nodes(root: dict) -> Iterator[dict]:
    """Every node of a tree, depth first, in order of appearance."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def children(node: dict) -> list[dict]:
    """The nodes right below one, in order of appearance."""
    match node["node_type"]:
        case "BinaryOp":
            return [node["left"], node["right"]]
        case "UnaryOp":
            return [node["operand"]]
        case "Function":
            return node["args"]
        case "Call":
            return [node["callee"], *node["args"]]
        case "Array":
            return [item for row in node["rows"] for item in row]
    return []


def viable_prefix(text: str) -> bool:
    """Whether some formula may begin with this text. Never refuses a true beginning; lets some dead ends through. 5 us."""
    if not text.startswith("="):
        return text == ""
    quote, stack = "", []
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "({[":
            stack.append(")}]"["({[".index(character)])
        elif character in ")}]" and (not stack or stack.pop() != character):
            return False
    # What could complete the last token: an operand, a name, or the rest of an error value; then every bracket is closed.
    ends = [quote, f"{quote}!A1", f"{quote}A1"] if quote else ["", "1", "A1", "A", "!", "(1)", "!A1", *_ERROR_ENDS]
    if "}" in stack:  # the rows of an array constant have equal lengths
        ends += [end + ",1" * count for end in ("", "1") for count in (1, 2, 3)]
    closing = "".join(reversed(stack))
    return any(_parses(text + end + closing) for end in ends)


def _parses(text: str) -> bool:
    try:
        formualizer.parse(text)
    except (formualizer.ParserError, formualizer.TokenizerError):
        return False
    return True


@functools.lru_cache(maxsize=4096)
def _parse(formula: str) -> dict:
    """The syntax tree. Raises ValueError with the reason."""
    formula = formula.strip()
    if not formula.startswith("="):
        raise ValueError("a formula starts with =")
    if len(formula) > MAX_CHARACTERS:
        raise ValueError(f"longer than {MAX_CHARACTERS} characters")
    if formula.startswith("=="):
        raise ValueError("starts with two equals signs")
    if any(ord(character) < 32 and character not in "\n\t\r" or "\ud800" <= character <= "\udfff" for character in formula):
        raise ValueError("holds a control character")
    try:
        root = formualizer.parse(formula).to_dict()
    except (formualizer.ParserError, formualizer.TokenizerError) as error:
        raise ValueError(str(error)) from None
    for node in nodes(root):
        if node["node_type"] == "Call" and node["callee"]["node_type"] == "Reference":  # `SUM (A1)`: a blank before the parenthesis is nothing
            node.update(node_type="Function", name=node.pop("callee")["reference"])
        if node["node_type"] == "Reference" and "[" not in node["reference"] and not _PLACE.fullmatch(node["reference"].rpartition("!")[2].strip() or "#REF!"):
            raise ValueError(f"{node['reference'][:40]} is no reference")
        if node["node_type"] == "Literal" and isinstance(node["value"], float) and not math.isfinite(node["value"]):
            raise ValueError("a number too large")
        if node["node_type"] == "Literal" and node["value"] in _ERRORS:  # the tree does not tell an error value from the same text in quotes
            node["quoted"] = f'"{node["value"]}"' in formula
    return root


def _walk(formula: str) -> Iterator[dict]:
    try:
        return nodes(_parse(formula))
    except ValueError:
        return iter(())


def _write(node: dict, leaf, strength: int = 0) -> str:
    """Text of a node, in parentheses when it binds less than `strength`; `leaf` writes constants and references."""
    match node["node_type"]:
        case "BinaryOp":
            left, operator, right = node["left"], node["operator"], node["right"]
            own = _BINARY[operator]
            if operator == ":" and left["node_type"] == right["node_type"] == "Reference":
                return leaf({"node_type": "Reference", "reference": f"{left['reference']}:{right['reference']}"})  # `a1 : a3`
            text = _write(left, leaf, own) + operator + _write(right, leaf, own + 1)
            if operator == ",":  # a union always stands in parentheses: a bare comma would separate arguments
                return f"({text})"
        case "UnaryOp" if node["operator"] == "+":  # changes nothing; habit from another spreadsheet
            return _write(node["operand"], leaf, strength)
        case "UnaryOp" if node["operator"] in "%#":
            own, text = _POSTFIX, _write(node["operand"], leaf, _POSTFIX) + node["operator"]
        case "UnaryOp":
            own, text = _PREFIX, node["operator"] + _write(node["operand"], leaf, _PREFIX)
        case "Function":
            name = _name(node["name"])
            if name in ("TRUE", "FALSE") and not node["args"]:
                return leaf({"node_type": "Literal", "value": name == "TRUE"})
            return f"{name}({','.join(_write(argument, leaf) for argument in node['args'])})"
        case "Call":
            return f"{_write(node['callee'], leaf, _ATOM)}({','.join(_write(argument, leaf) for argument in node['args'])})"
        case "Omitted":
            return ""
        case _:
            return leaf(node)
    return f"({text})" if own < strength else text


def _spell(node: dict) -> str:
    if node["node_type"] == "Reference":
        return _reference(node["reference"])
    if node["node_type"] == "Array":
        return "{" + ";".join(",".join(_write(item, _spell) for item in row) for row in node["rows"]) + "}"
    value = node["value"]
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value).upper()
    if value in _ERRORS and not node["quoted"]:
        return value
    return '"' + value.replace('"', '""') + '"'


def _abstract(node: dict) -> str:
    if node["node_type"] in ("Reference", "Array"):
        return node["node_type"][0]
    value = node["value"]
    return "B" if isinstance(value, bool) else "N" if isinstance(value, (int, float)) else "S"


def _name(name: str) -> str:
    return _FILE_PREFIX.sub("", name.upper())


def _reference(text: str) -> str:
    """`Prices!$b$4:a2` -> `PRICES!A2:B4`."""
    sheet, bang, place = text.upper().rpartition("!")
    if "[" not in place:
        place = _corners(place.replace("$", "").replace(" ", ""))
    bare = sheet[1:-1].replace("''", "'") if sheet.startswith("'") and sheet.endswith("'") else sheet
    plain = _PLAIN_SHEET.fullmatch(bare) and not _AREA.fullmatch(bare)  # a sheet named Q1 keeps its quotes
    return (bare if plain else sheet) + bang + place


def _corners(place: str) -> str:
    """Upper left corner first."""
    if match := _AREA.fullmatch(place):
        if not match[3]:
            return place
        left, right = sorted((match[1], match[3]), key=_column_order)
        top, bottom = sorted((match[2], match[4]), key=int)
        return f"{left}{top}:{right}{bottom}"
    if match := _COLUMNS.fullmatch(place):
        return ":".join(sorted(match.groups(), key=_column_order))
    if match := _ROWS.fullmatch(place):
        return ":".join(sorted(match.groups(), key=int))
    return _FILE_PREFIX.sub("", place)


def _column_order(letters: str) -> tuple[int, str]:
    return len(letters), letters
