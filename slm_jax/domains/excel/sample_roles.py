"""What a formula expects of the cells that it reads, inferred from where each reference stands: the ground that sample sheets are made on.

Places that must share values (a lookup value and the column it is looked up in, two sides of a comparison) share one `Group`.
"""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Sequence

from slm_jax.domains.excel import formula as formulas
from slm_jax.domains.excel.sample_places import Area, as_number, constant, inlined, parse_area

_CRITERION = re.compile(r"(<>|>=|<=|=|>|<)?(.*)", re.DOTALL)
_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NUMBER = _words(
    """SUM AVERAGE MIN MAX MEDIAN PRODUCT STDEV STDEV.S STDEV.P STDEVP VAR VAR.S VAR.P VARP SUMSQ GEOMEAN HARMEAN AVEDEV DEVSQ KURT SKEW COUNT LARGE SMALL RANK RANK.EQ
    RANK.AVG PERCENTILE PERCENTILE.INC PERCENTILE.EXC QUARTILE QUARTILE.INC QUARTILE.EXC PERCENTRANK PERCENTRANK.INC MODE MODE.SNGL TRIMMEAN CORREL SLOPE INTERCEPT RSQ
    FORECAST FORECAST.LINEAR COVARIANCE.S COVARIANCE.P SUMPRODUCT SUMXMY2 ROUND ROUNDUP ROUNDDOWN INT TRUNC ABS SQRT MOD POWER SIGN EVEN ODD CEILING FLOOR CEILING.MATH
    FLOOR.MATH MROUND QUOTIENT EXP LN LOG LOG10 FACT COMBIN PERMUT GCD LCM PMT FV PV NPER RATE NPV IRR IPMT PPMT SLN DB DDB SYD EFFECT NOMINAL CUMPRINC CUMIPMT ISEVEN
    ISODD RADIANS DEGREES SIN COS TAN DOLLAR FIXED CHAR UNICHAR ROMAN BASE DEC2BIN DEC2HEX NORM.DIST NORM.S.DIST STANDARDIZE MMULT MINVERSE MDETERM FREQUENCY CONVERT
    AVERAGEA MAXA MINA"""
)
_ROUNDING = _words("ROUND ROUNDUP ROUNDDOWN INT TRUNC CEILING FLOOR CEILING.MATH FLOOR.MATH MROUND MOD QUOTIENT FIXED TEXT DOLLAR EVEN ODD")
_TEXT = _words("LEFT RIGHT MID LEN UPPER LOWER PROPER TRIM CLEAN REPLACE EXACT CONCAT CONCATENATE TEXTJOIN CODE UNICODE REGEXEXTRACT REGEXREPLACE REGEXTEST T")
_DATE = _words("YEAR MONTH DAY WEEKDAY WEEKNUM ISOWEEKNUM EOMONTH EDATE NETWORKDAYS NETWORKDAYS.INTL WORKDAY WORKDAY.INTL DATEDIF DAYS DAYS360 YEARFRAC")
_DATED = _words("DATE TODAY NOW EDATE EOMONTH WORKDAY DATEVALUE")  # their values are dates
_TIME = _words("HOUR MINUTE SECOND")
_COUNTS = dict.fromkeys(_words("LEFT RIGHT EDATE EOMONTH WORKDAY LARGE SMALL REPT ROUND ROUNDUP ROUNDDOWN"), 1)  # which argument is a small number
_CRITERIA = {"SUMIF": (0, 1), "COUNTIF": (0, 1), "AVERAGEIF": (0, 1), "COUNTIFS": (0, 0), "SUMIFS": (1, 0), "AVERAGEIFS": (1, 0), "MAXIFS": (1, 0), "MINIFS": (1, 0)}
_GUARDS = _words("IFERROR ISERROR ISERR IFNA ERROR.TYPE ISNUMBER")
_LOOKUPS = _words("VLOOKUP HLOOKUP XLOOKUP MATCH XMATCH LOOKUP")
_PASSING = _words("FILTER SORT SORTBY UNIQUE TAKE DROP INDEX TRANSPOSE CHOOSECOLS CHOOSEROWS TOCOL TOROW OFFSET")  # what they give are values of their first argument
_KEEPING = _words("INDEX TRIM UPPER LOWER PROPER VALUE IFERROR UNIQUE SORT INT MAX MIN")  # what they give can be compared with their first argument's values
_DELIMITED = _words("TEXTBEFORE TEXTAFTER TEXTSPLIT SUBSTITUTE")


@dataclasses.dataclass(eq=False)
class Group:
    """Places whose values belong together, and everything the formula says of them."""

    kinds: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    equals: dict[str, None] = dataclasses.field(default_factory=dict)  # texts compared with, ordered
    contains: dict[str, None] = dataclasses.field(default_factory=dict)  # texts searched for inside, ordered
    affixes: dict[tuple[str, str], None] = dataclasses.field(default_factory=dict)  # ("prefix" | "suffix", text)
    numbers: dict[tuple[str, float], None] = dataclasses.field(default_factory=dict)  # (operator, threshold)
    parts: dict[tuple[str, float], None] = dataclasses.field(default_factory=dict)  # ("MONTH" | "YEAR" | "DAY" | "LEN", value) compared with
    blanks: bool = False
    fragments: bool = False  # a text looked for inside another
    sorted: int = 0  # 1 ascending, -1 descending: an approximate lookup's key
    count: bool = False  # small whole numbers
    zeros: bool = False  # a divisor where an error is provided for
    errors: bool = False  # asked whether it is an error, or read where an error is provided for

    @property
    def kind(self) -> str:
        """The kind with the most votes: number | text | date | time | logical | number_text | date_text | any."""
        return max(self.kinds, key=lambda kind: (self.kinds[kind], kind)) if self.kinds else "text" if self.equals or self.contains or self.affixes else "any"

    @property
    def asks(self) -> bool:
        """Whether the formula names a value, text or limit for it."""
        return bool(self.equals or self.numbers or self.contains or self.affixes or self.parts)

    @property
    def probes(self) -> list[float]:
        """The numbers on and just beside every limit that it is compared with."""
        if self.kind not in ("number", "date"):
            return []
        limits = dict.fromkeys(limit for _, limit in self.numbers)
        unit = 1.0 if self.kind == "date" or all(limit == int(limit) for limit in limits) else 0.01
        return [float(round(limit + way * unit, 6)) for limit in limits for way in (0, 1, -1)]

    def absorb(self, other: Group) -> None:
        self.kinds.update(other.kinds)
        for name in ("equals", "contains", "affixes", "numbers", "parts"):
            getattr(self, name).update(getattr(other, name))
        self.blanks, self.fragments, self.count = self.blanks or other.blanks, self.fragments or other.fragments, self.count or other.count
        self.sorted, self.zeros, self.errors = self.sorted or other.sorted, self.zeros or other.zeros, self.errors or other.errors


class Roles:
    """`areas` read, `groups` by slot (see `Area.slots`), and the functions used."""

    def __init__(self, formula: str):
        self.areas: list[Area] = []
        self.groups: dict[tuple[str, int, int], Group] = {}
        self.functions = frozenset(formulas.functions(formula))
        self.rounding = bool(self.functions & _ROUNDING)
        self._visit(inlined(formulas.tree(formula)), "any")

    def group(self, slot: tuple[str, int, int]) -> Group:
        return self.groups.setdefault(slot, Group())

    def _unite(self, slots: Sequence[tuple[str, int, int]]) -> Group:
        first = self.group(slots[0])
        for slot in slots[1:]:
            other = self.group(slot)
            if other is not first:
                first.absorb(other)
                self.groups.update({place: first for place, group in self.groups.items() if group is other})
        return first

    def _slots(self, node: dict) -> list[tuple[str, int, int]]:
        """The places whose own values an expression gives; [] when it makes new ones."""
        match node["node_type"]:
            case "Reference":
                area = parse_area(node["reference"])
                return area.slots if area else []
            case "Function" if node["name"].upper() in _KEEPING and node["args"]:
                return self._slots(node["args"][0])
            case "UnaryOp":
                return self._slots(node["operand"])
        return []

    def _visit(self, node: dict, kind: str, weight: int = 1) -> None:
        match node["node_type"]:
            case "Reference":
                area = parse_area(node["reference"])
                if area:
                    self.areas.append(area)
                    for slot in area.slots:
                        group = self.group(slot)
                        if kind != "any":
                            group.kinds[kind] += weight
                    if area.top == area.bottom and len(area.slots) > 1:
                        self._unite(area.slots)
            case "UnaryOp":
                self._visit(node["operand"], "number" if node["operator"] in "-+%" else kind, weight)
            case "BinaryOp":
                self._binary(node, kind)
            case "Function":
                self._function(node["name"].upper().removeprefix("_XLFN.").removeprefix("_XLWS."), node["args"], kind)
            case "Call" | "Array":
                for child in formulas.children(node):
                    self._visit(child, "any")

    def _binary(self, node: dict, kind: str) -> None:
        left, operator, right = node["left"], node["operator"], node["right"]
        if operator == "&":
            self._visit(left, "text")
            self._visit(right, "text")
        elif operator in "+-*/^":
            inner = "date" if operator in "+-" and (kind == "date" or _is_date(left) or _is_date(right)) else "number"
            for side in (left, right):
                logical = side["node_type"] == "BinaryOp" and side["operator"] in ("=", "<>", "<", ">", "<=", ">=")
                self._visit(side, "any" if logical else inner, 2)
            if operator == "/" and self.functions & _GUARDS:
                for slot in self._slots(right):
                    self.group(slot).zeros = True
        elif operator in (":", " ", ","):
            self._visit(left, kind)
            self._visit(right, kind)
        else:
            self._compare(left, operator, right)
            self._compare(right, _FLIPPED.get(operator, operator), left)
            slots = self._slots(left) + self._slots(right)
            if self._slots(left) and self._slots(right):
                self._unite(slots)

    def _compare(self, node: dict, operator: str, other: dict) -> None:
        """`node operator other`: visit node with what the other side tells."""
        value = constant(other)
        if value is None:
            self._visit(node, "date" if _is_date(other) else "any", 2)
        elif isinstance(value, bool):
            self._visit(node, "logical", 2)
        elif isinstance(value, str):
            self._visit(node, "text" if value else "any", 3)
            for group in self._each(node):
                self._text_hint(group, value, node)
        else:
            dated = _is_date(other)
            part = node["name"].upper() if node["node_type"] == "Function" else ""
            self._visit(node, "any" if part else "date" if dated else "number", 3)
            if part in ("MONTH", "YEAR", "DAY", "LEN", "WEEKDAY", "HOUR", "MOD"):
                for group in self._each(node):
                    group.parts[(part, value)] = None
            elif part in ("", "VALUE", "INT", "ROUND", "ABS"):
                for group in self._each(node):
                    group.numbers[(operator, value)] = None

    def _each(self, node: dict) -> list[Group]:
        """The groups of every reference in an expression's first operands: where a hint about the expression belongs."""
        while node["node_type"] == "Function" and node["args"]:
            node = node["args"][0]
        slots = self._slots(node)
        return list({id(self.group(slot)): self.group(slot) for slot in slots}.values())

    def _text_hint(self, group: Group, value: str, node: dict) -> None:
        outer = node["name"].upper() if node["node_type"] == "Function" else ""
        if not value:
            group.blanks = group.zeros = True  # a zero is no blank
        elif outer in ("LEFT", "RIGHT"):
            group.affixes[("prefix" if outer == "LEFT" else "suffix", value)] = None
        elif outer in ("MID", "TEXTBEFORE", "TEXTAFTER"):
            group.contains[value] = None
        elif outer != "TEXT":
            group.equals[value] = None

    def _criterion(self, where: dict, what: dict) -> None:
        """A criteria range and its criterion, as COUNTIF takes them."""
        self._visit(where, "any")
        groups = [self.group(slot) for slot in self._slots(where)]
        value = constant(what)
        operator = ""
        if value is None and what["node_type"] == "BinaryOp" and what["operator"] == "&":
            parts = _joined(what)
            texts = [constant(part) for part in parts]
            rest = [part for part, text in zip(parts, texts, strict=True) if text is None]
            if isinstance(texts[0], str) and texts[0].strip("<>=") == "":
                operator = texts[0]
                if len(parts) == 2 and constant(parts[1]) is not None:
                    value = constant(parts[1])
                    for group in groups:
                        group.kinds["date" if _is_date(parts[1]) else "number"] += 3
            for part in rest:
                number = operator in (">", "<", ">=", "<=")
                self._visit(part, "date" if _is_date(part) else "number" if number else "any")
                if self._slots(part) and self._slots(where):
                    group = self._unite(self._slots(where) + self._slots(part))
                    group.kinds["number" if number else "text"] += 1
                    group.fragments = group.fragments or any(isinstance(text, str) and "*" in text for text in texts)
            if value is None:
                return
        elif value is None:
            self._visit(what, "any")
            if self._slots(what) and self._slots(where):
                self._unite(self._slots(where) + self._slots(what))
            return
        if isinstance(value, str):
            found, value = _CRITERION.fullmatch(value).groups()
            operator = found or operator
            value = as_number(value)
        for group in groups:
            if isinstance(value, str):
                group.kinds["text"] += 3 if value else 0
                if not value or value == "*":
                    group.blanks = True
                elif "*" in value or "?" in value:
                    pieces = [piece for piece in re.split(r"(?<!~)[*?]+", value) if piece]
                    if value.endswith("*") and not value.startswith("*") and pieces:
                        group.affixes[("prefix", pieces[0])] = None
                    elif value.startswith("*") and not value.endswith("*") and pieces:
                        group.affixes[("suffix", pieces[-1])] = None
                    group.contains.update(dict.fromkeys(pieces))
                    if "?" in value:  # a length matters: offer a text of just that length
                        group.equals[value.replace("*", "").replace("?", "x")] = None
                else:
                    group.equals[value] = None
            elif isinstance(value, float) and not isinstance(value, bool):
                group.kinds["date" if group.kinds["date"] else "number"] += 3
                group.numbers[(operator or "=", value)] = None

    def _lookup(self, value: dict, keys: list, approximate: int) -> None:
        """A lookup value and the places where it is looked up."""
        known = constant(value)
        for slot in keys:
            self.group(slot).sorted = self.group(slot).sorted or approximate
        if isinstance(known, str) and keys:
            group = self._unite(keys)
            group.kinds["text"] += 3
            pieces = [piece for piece in known.split("*") if piece]
            (group.contains if "*" in known else group.equals).update(dict.fromkeys(pieces))
        elif isinstance(known, (int, float)) and not isinstance(known, bool) and keys:
            group = self._unite(keys)
            group.kinds["number"] += 3
            group.numbers[("=", float(known))] = None
        else:
            self._visit(value, "any")
            if keys and self._slots(value):
                group = self._unite(keys + self._slots(value))
                if value["node_type"] == "Function" and value["name"].upper() in ("MAX", "MIN"):
                    group.kinds["number"] += 2

    def _function(self, name: str, args: list[dict], kind: str) -> None:
        if name in _CRITERIA and len(args) > 1:
            first, values = _CRITERIA[name]
            pairs = [(0, 1)] if values or name == "COUNTIF" else [(at, at + 1) for at in range(first, len(args) - 1, 2)]
            for where, what in pairs:
                self._criterion(args[where], args[what])
            rest = set(range(len(args))) - {at for pair in pairs for at in pair}
            for at in rest:
                self._visit(args[at], "number", 2)
        elif name in ("VLOOKUP", "HLOOKUP") and len(args) > 2:
            self._visit(args[1], "any")
            area = parse_area(args[1].get("reference", "")) if args[1]["node_type"] == "Reference" else None
            last = constant(args[3]) if len(args) > 3 else True
            if area and name == "VLOOKUP":
                keys = area.slots[:1]
                column = constant(args[2])
                if isinstance(column, float) and 1 <= column <= len(area.slots) and kind != "any":
                    self.group(area.slots[int(column) - 1]).kinds[kind] += 1
            else:
                keys = []
                if area:  # the first row, cell by cell
                    self.areas.append(dataclasses.replace(area, bottom=area.top))
                    keys = self.areas[-1].slots
            if keys:
                self._unite(keys)
            self._lookup(args[0], keys, 1 if last in (True, 1.0) else 0)
            self._visit(args[2], "any")
        elif name in ("MATCH", "XMATCH", "LOOKUP", "XLOOKUP") and len(args) > 1:
            self._visit(args[1], "any")
            mode = constant(args[2]) if len(args) > 2 and name == "MATCH" else (1.0 if name in ("MATCH", "LOOKUP") else 0.0)
            self._lookup(args[0], self._slots(args[1]), int(mode) if isinstance(mode, (int, float)) else 0)
            for at, extra in enumerate(args[2:]):
                self._visit(extra, kind if name.endswith("LOOKUP") and at == 0 else "any")
        elif name in ("FIND", "SEARCH") and len(args) > 1:
            self._visit(args[1], "text", 2)
            self._search(args[1], args[0])
        elif name in _DELIMITED and len(args) > 1:
            self._visit(args[0], "text", 2)
            for delimiter in args[1:2] if name != "TEXTSPLIT" else args[1:3]:
                self._search(args[0], delimiter)
            for extra in args[2:]:
                self._visit(extra, "any")
        elif name in ("ISERROR", "ISERR", "ISNA", "ERROR.TYPE", "AGGREGATE"):
            for argument in args:
                self._visit(argument, "any" if name != "AGGREGATE" else "number")
                for slot in self._slots(argument):
                    self.group(slot).errors = True
        elif name in ("COUNTA", "COUNT", "COUNTBLANK", "ISBLANK"):
            for argument in args:
                self._visit(argument, "number" if name == "COUNT" else "any")
                for group in self._each(argument):
                    group.blanks = True
        elif name in ("AVERAGEIF", "IF", "IFS", "SWITCH", "IFERROR", "IFNA", "CHOOSE"):
            if name == "IFERROR" and args and not self.functions & _LOOKUPS:  # a lookup fails for want of a match, no error need be planted
                cells = [area for node in formulas.nodes(args[0]) if node["node_type"] == "Reference" and (area := parse_area(node["reference"]))]
                for slot in (area.slots[0] for area in cells if len(area.slots) == 1 and area.bottom == area.top):
                    self.group(slot).errors = True
            for at, argument in enumerate(args):
                condition = at == 0 and name in ("IF", "CHOOSE") or name == "IFS" and at % 2 == 0
                if name == "SWITCH" and at % 2 and at + 1 < len(args):
                    self._compare(args[0], "=", argument)
                elif name != "SWITCH" or at % 2 == 0:
                    self._visit(argument, ("logical" if name != "CHOOSE" else "number") if condition else kind)
        elif name in ("AND", "OR", "NOT", "XOR"):
            for argument in args:
                self._visit(argument, "logical")
        elif name in ("VALUE", "NUMBERVALUE", "DATEVALUE", "TIMEVALUE"):
            for argument in args[:1]:
                plain = argument["node_type"] == "Reference"
                self._visit(argument, "any" if not plain else "number_text" if "DATE" not in name and "TIME" not in name else "date_text", 3)
                for group in self._each(argument):
                    group.kinds["number_text"] += 0 if plain else 1
        elif name == "TEXT" and len(args) == 2:
            form = constant(args[1])
            form = form.lower() if isinstance(form, str) else ""
            self._visit(args[0], "date" if re.search("[yd]|mmm", form) else "time" if "h" in form or "ss" in form else "number", 3)
            self._visit(args[1], "any")
        else:
            inner = "number" if name in _NUMBER else "text" if name in _TEXT else "date" if name in _DATE else "time" if name in _TIME else None
            for at, argument in enumerate(args):
                if _COUNTS.get(name) == at or name == "MID" and at > 0 or name in ("DATE", "TIME", "SEQUENCE"):
                    self._visit(argument, "number", 2)
                    for slot in self._slots(argument):
                        self.group(slot).count = True
                elif name == "DATEDIF" and at == 2 or name == "TEXTJOIN" and at < 2:
                    self._visit(argument, "any")
                else:
                    dated = inner == "number" and (kind == "date" or _is_date(argument))
                    own = kind if name in _PASSING and at == 0 else "logical" if name == "FILTER" and at == 1 else "any"
                    wanted = "date" if dated else inner or own
                    self._visit(argument, wanted, 2 if inner in ("date", "time") else 1)

    def _search(self, within: dict, what: dict) -> None:
        value = constant(what)
        groups = self._each(within)
        if value is None and what["node_type"] == "Array":
            for item in (item for row in what["rows"] for item in row):
                self._search(within, item)
        elif value is None:
            self._visit(what, "text")
            if self._slots(what) and groups:
                self._unite(self._slots(what) + [slot for slot, group in self.groups.items() if group in groups]).fragments = True
        for group in groups:
            if value is not None and not isinstance(value, bool):
                group.contains[formulas.to_text(what)[1:] if isinstance(value, float) else value] = None


def _is_date(node: dict) -> bool:
    return any(item["node_type"] == "Function" and item["name"].upper() in _DATED for item in formulas.nodes(node))


def _joined(node: dict) -> list[dict]:
    """The operands of a chain of &."""
    if node["node_type"] == "BinaryOp" and node["operator"] == "&":
        return _joined(node["left"]) + _joined(node["right"])
    return [node]
