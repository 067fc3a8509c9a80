"""Google Sheets formulas as text: is it one, and its one canonical spelling. Read by the Excel domain's parser once what is Sheets' own has been respelt.

Sheets' own are open ranges (`A2:A`, to the sheet's end), semicolons between arguments and backslashes in arrays where commas are decimal, and its functions.
"""

from __future__ import annotations

import dataclasses
import functools
import re

from slm_jax.domains.excel import formula as formulas
from slm_jax.domains.sheets import query
from slm_jax.domains.sheets.functions import FUNCTIONS

LAST_ROW = 1_048_576  # how an open range's end is written for the parser
_LAST_COLUMN = "XFD"
_OPEN_ROWS = re.compile(r"(?<![\w$.])(\$?[A-Z]{1,3}\$?[1-9]\d{0,6}:\$?[A-Z]{1,3})(?![\w$(.!])", re.IGNORECASE)
_OPEN_COLUMNS = re.compile(r"(?<![\w$.])(\$?[A-Z]{1,3}\$?[1-9]\d{0,6}:)(\$?[1-9]\d{0,6})(?![\w$(.!])", re.IGNORECASE)
_TRUE, _FALSE = {"node_type": "Literal", "value": True}, {"node_type": "Literal", "value": False}
_COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")

# Arguments (from 0) that are logical, so that 0 and 1 say the same as FALSE and TRUE.
_LOGICAL = {"VLOOKUP": (3,), "HLOOKUP": (3,), "TEXTJOIN": (1,), "UNIQUE": (1, 2), "SPLIT": (2, 3), "RANK": (2,), "ISBETWEEN": (3, 4), "SORT": (2, 4, 6, 8), "SORTN": (4, 6, 8)}
# What an argument (from 0) is when it is left out, as canonical text. A last argument that says so is dropped.
_DEFAULTS = {
    "VLOOKUP": {3: "TRUE"}, "HLOOKUP": {3: "TRUE"}, "MATCH": {2: "1"}, "XMATCH": {2: "0", 3: "1"}, "XLOOKUP": {4: "0", 5: "1"}, "UNIQUE": {1: "FALSE", 2: "FALSE"},
    "SPLIT": {2: "TRUE", 3: "TRUE"}, "IFERROR": {1: '""'}, "IFNA": {1: '""'}, "ROUND": {1: "0"}, "ROUNDUP": {1: "0"}, "ROUNDDOWN": {1: "0"}, "TRUNC": {1: "0"},
    "LEFT": {1: "1"}, "RIGHT": {1: "1"}, "SEQUENCE": {1: "1", 2: "1", 3: "1"}, "WEEKDAY": {1: "1"}, "LOG": {1: "10"}, "FIND": {2: "1"}, "SEARCH": {2: "1"}, "RANK": {2: "FALSE"},
    "GOOGLEFINANCE": {1: '"price"'}, "SORTN": {1: "1", 2: "0", 4: "TRUE"}, "SORT": {2: "TRUE", 4: "TRUE", 6: "TRUE"}, "IMAGE": {1: "1"}, "ISBETWEEN": {3: "TRUE", 4: "TRUE"},
}
_SINGLE = {"SUMIFS": "SUMIF", "AVERAGEIFS": "AVERAGEIF", "COUNTIFS": "COUNTIF"}
_ARRAY_CONTEXT = ("FILTER", "SORT", "SORTN", "SUMPRODUCT", "ARRAYFORMULA")  # expand what they hold by themselves
_KEYWORD_TEXTS = {"GOOGLEFINANCE": (1, 5), "IMPORTHTML": (1,), "GOOGLETRANSLATE": (1, 2)}  # texts that are read without regard to case
_OPERATOR_FUNCTIONS = {"ADD": "+", "MINUS": "-", "MULTIPLY": "*", "DIVIDE": "/", "POW": "^", "EQ": "=", "NE": "<>", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<=", "CONCAT": "&"}


def syntax_error(text: str) -> str | None:
    """Why the text is no Sheets formula: its brackets, its functions' names, its QUERY texts; None when it is one."""
    try:
        _tree(text)
    except ValueError as error:
        return str(error)
    return None


def canonical(text: str) -> str:
    """The one spelling of all formulas that mean the same but for case, blanks, `$`, separators, optional defaults, order of criteria or conditions, and a QUERY's spelling.

    Idempotent but for QUERY texts with computed pieces. Text that is no formula comes back stripped.
    """
    try:
        return formulas.to_text(_tree(text))
    except ValueError:
        return text.strip() if isinstance(text, str) else ""


def tree(text: str) -> dict:
    """The syntax tree of the canonical spelling, nodes as in `excel.formula.tree`. Shared: do not change it. Raises ValueError for what is no formula."""
    return _tree(text)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parts:
    """What a formula is made of, in order of appearance in its canonical spelling."""

    functions: list[str]
    ranges: list[str]  # cells, ranges, columns, names
    queries: list[str]  # the texts inside QUERY
    literals: list  # numbers, texts and logicals elsewhere


def parts(text: str) -> Parts:
    """The parts of a formula. Raises ValueError for what is none."""
    found = list(formulas.nodes(_tree(text)))
    called = [node for node in found if node["node_type"] == "Function"]
    queries = [node["args"][1] for node in called if node["name"] == "QUERY" and len(node["args"]) > 1]
    return Parts(
        functions=[node["name"] for node in called],
        ranges=[formulas.to_text(node) for node in found if node["node_type"] == "Reference"],
        queries=[formulas.to_text(node) for node in queries],
        literals=[node["value"] for node in found if node["node_type"] == "Literal" and not any(node is item for item in queries)],
    )


@functools.lru_cache(maxsize=8192)
def _tree(text: str) -> dict:
    if len(text) > formulas.MAX_CHARACTERS:
        raise ValueError(f"longer than {formulas.MAX_CHARACTERS} characters")
    respelt = respell(text.strip())
    root = formulas.tree(respelt)
    unknown = next((name for name, _ in formulas.calls(respelt) if name not in FUNCTIONS), None)
    if unknown:
        raise ValueError(f"{unknown[:40]} is no function of Google Sheets")
    root = _simplify(root)
    while root["node_type"] == "Function" and root["name"] == "ARRAYFORMULA" and len(root["args"]) == 1 and _expands_itself(root["args"][0]):
        root = root["args"][0]
    return root


def respell(text: str) -> str:
    """The formula with Excel's separators and closed ranges. What stands in quotes stays as it is."""
    pieces, stack, european, backslashes = [], [], False, False
    for piece in re.split(r"(\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*')", text):
        quoted = piece[:1] in "\"'" and len(piece) > 1
        for character in "" if quoted else piece:
            if character in "({":
                stack.append(character)
            elif character in ")}" and stack:
                stack.pop()
            european |= character == ";" and stack[-1:] == ["("]
            backslashes |= character == "\\" and stack[-1:] == ["{"]
        pieces.append((piece, quoted))
    stack, written = [], []
    for piece, quoted in pieces:
        if quoted:
            written.append(piece)
            continue
        piece = re.sub(r"(?<=\d),(?=\d)", ".", piece) if european else piece
        out = []
        for character in piece:
            if character in "({":
                stack.append(character)
            elif character in ")}" and stack:
                stack.pop()
            foreign = european and character == ";" and stack[-1:] == ["("] or backslashes and character == "\\" and stack[-1:] == ["{"]
            out.append("," if foreign else character)
        plain = _OPEN_ROWS.sub(rf"\g<1>{LAST_ROW}", "".join(out))
        written.append(_OPEN_COLUMNS.sub(rf"\g<1>{_LAST_COLUMN}\g<2>", plain))
    return "".join(written)


def _simplify(node: dict, in_array: bool = False) -> dict:
    """A copy of the tree with everything that may be written in several ways written in one."""
    match node["node_type"]:
        case "BinaryOp":
            return node | {"left": _simplify(node["left"], in_array), "right": _simplify(node["right"], in_array)}
        case "UnaryOp":
            return node | {"operand": _simplify(node["operand"], in_array)}
        case "Array":
            return node | {"rows": [[_simplify(item, in_array) for item in row] for row in node["rows"]]}
        case "Call":
            return node | {"callee": _simplify(node["callee"], in_array), "args": [_simplify(item, in_array) for item in node["args"]]}
        case "Function":
            return _function(node["name"].upper(), node["args"], in_array)
    return node


def _function(name: str, args: list[dict], in_array: bool) -> dict:
    if name == "ARRAYFORMULA" and in_array and len(args) == 1:
        return _simplify(args[0], True)
    args = [_simplify(item, in_array or name == "ARRAYFORMULA") for item in args]
    if name in ("CONCATENATE", "CONCAT") and len(args) > 1 and not any(_is_range(item) for item in args):
        return functools.reduce(lambda left, right: {"node_type": "BinaryOp", "operator": "&", "left": left, "right": right}, args)
    if name in _OPERATOR_FUNCTIONS and len(args) == 2:
        return {"node_type": "BinaryOp", "operator": _OPERATOR_FUNCTIONS[name], "left": args[0], "right": args[1]}
    for index in _LOGICAL.get(name, ()):
        if index < len(args) and args[index]["node_type"] == "Literal" and args[index]["value"] in (0, 1):
            args[index] = _TRUE if args[index]["value"] else _FALSE
    for index in _KEYWORD_TEXTS.get(name, ()):
        if index < len(args) and args[index]["node_type"] == "Literal" and isinstance(args[index]["value"], str):
            args[index] = args[index] | {"value": args[index]["value"].lower()}
    if name == "QUERY" and len(args) > 1:
        args = _query(args)
    elif name == "FILTER":
        args = args[:1] + sorted((part for item in args[1:] for part in _factors(item)), key=formulas.to_text)
    elif name in ("SUMIF", "AVERAGEIF", "COUNTIF") and len(args) > 1:
        args[1] = _criterion(args[1])
        if len(args) == 3 and formulas.to_text(args[0]) == formulas.to_text(args[2]):
            args.pop()
    elif name in ("COUNTIFS", "SUMIFS", "AVERAGEIFS", "MAXIFS", "MINIFS"):
        name, args = _criteria(name, args)
    while args and _DEFAULTS.get(name, {}).get(len(args) - 1) in (formulas.to_text(args[-1])[1:], "" if args[-1]["node_type"] != "Omitted" else '""'):
        args.pop()
    if name == "SORT" and len(args) == 2 and formulas.to_text(args[1]) == "=1":
        args.pop()
    return {"node_type": "Function", "name": name, "args": args}


def _criteria(name: str, args: list[dict]) -> tuple[str, list[dict]]:
    """Pairs of range and criterion in one order; a single pair as the function for one."""
    first = [] if name == "COUNTIFS" else args[:1]
    pairs = [[place, _criterion(what)] for place, what in zip(args[len(first) :: 2], args[len(first) + 1 :: 2], strict=False)]
    if len(first) + 2 * len(pairs) != len(args):
        return name, args
    pairs.sort(key=lambda pair: [formulas.to_text(item) for item in pair])
    if len(pairs) == 1 and name in _SINGLE:
        same = first and formulas.to_text(first[0]) == formulas.to_text(pairs[0][0])
        return _SINGLE[name], pairs[0] + ([] if same else first)
    return name, first + [item for pair in pairs for item in pair]


def _criterion(node: dict) -> dict:
    """`"=North"` as `"North"`, `"5"` as 5: a criterion reads them the same."""
    if node["node_type"] != "Literal" or not isinstance(node["value"], str):
        return node
    text = node["value"][1:] if len(node["value"]) > 1 and node["value"][0] == "=" else node["value"]
    if re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text):
        return {"node_type": "Literal", "value": float(text)}
    return node | {"value": text}


def _factors(node: dict) -> list[dict]:
    """The conditions of a product of comparisons, which is how some write "and" in FILTER."""
    if node["node_type"] == "BinaryOp" and node["operator"] == "*":
        parts = _factors(node["left"]) + _factors(node["right"])
        if all(part["node_type"] == "BinaryOp" and part["operator"] in _COMPARISONS for part in parts):
            return parts
    return [node]


def _query(args: list[dict]) -> list[dict]:
    """The query's text normalised; 1 header row is what Sheets finds by itself in a range that begins with row 1."""
    text = "".join(_pieces(args[1]))
    args[1] = {"node_type": "Literal", "value": query.normalise(text)} if text.strip() and not text.startswith("\x01") else args[1]
    if len(args) == 3:
        headers, from_first_row = formulas.to_text(args[2]), re.fullmatch(r"=(.*!)?([A-Z]{1,3}:[A-Z]{1,3}|[A-Z]{1,3}1:.*)", formulas.to_text(args[0]))
        if headers == "=-1" or headers == "=1" and from_first_row:
            args.pop()
    return args


def _pieces(node: dict) -> list[str]:
    if node["node_type"] == "BinaryOp" and node["operator"] == "&":
        return _pieces(node["left"]) + _pieces(node["right"])
    if node["node_type"] == "Literal" and isinstance(node["value"], str):
        return [node["value"]]
    return [query.hole(formulas.to_text(node)[1:])]


def _expands_itself(node: dict) -> bool:
    """Whether ARRAYFORMULA round this changes nothing."""
    if node["node_type"] != "Function":
        return False
    if node["name"] in _ARRAY_CONTEXT:
        return True
    return node["name"] in ("UNIQUE", "QUERY", "TRANSPOSE", "FLATTEN") and all(item["node_type"] in ("Reference", "Literal") for item in node["args"])


def _is_range(node: dict) -> bool:
    return node["node_type"] == "Array" or node["node_type"] == "Reference" and ":" in node["reference"]
