"""Tests on a column, in the three forms that formulas need: a criterion for SUMIF, a boolean expression, and words."""

from __future__ import annotations

import dataclasses
import operator
import random

COMPARISONS = {
    ">": ("is greater than", "is over", "is above", "exceeds", ">", "is more than", "is larger than", "is bigger than", "is higher than", "greater than"),
    ">=": ("is at least", ">=", "is greater than or equal to", "is no less than", "is not less than", "is not below", "is a minimum of", "is more than or equal to"),
    "<": ("is less than", "is under", "is below", "is smaller than", "<", "is lower than", "less than", "is fewer than"),
    "<=": ("is at most", "<=", "is less than or equal to", "is no more than", "is not more than", "does not exceed", "is not above", "is up to"),
}
_EQUAL = ("is", "is", "is", "equals", "=", "is equal to", "matches", "says")
_SAME = ("is", "equals", "=", "is equal to", "is exactly")
_UNEQUAL = ("is not", "is not", "<>", "does not equal", "is not equal to", "isn't", "is anything but", "is different from")
_BEGINS = ("begins with", "starts with", "starts with", "has text starting with")
_ENDS = ("ends with", "ends in", "has text ending with")
_CONTAINS = ("contains", "includes", "has the word", "contains the text", "has", "mentions", "includes the word")
_DATES = {
    ">": ("is after", "is later than", "is after", "falls after"), ">=": ("is on or after", "is from", "is since", "is no earlier than", ">="),
    "<": ("is before", "is earlier than", "is before", "falls before", "is prior to"),
    "<=": ("is on or before", "is by", "is up to", "is no later than", "<="), "=": ("is", "is on", "is dated", "=", "equals"),
}
_SHORT = {
    "is": "", "=": "=", ">": ">", "<": "<", ">=": ">=", "<=": "<=", "<>": "<>", "equals": "equal to", "exceeds": "exceeding",
    "begins with": "beginning with", "starts with": "starting with", "ends with": "ending with", "ends in": "ending in", "contains": "containing",
    "includes": "including", "matches": "matching", "says": "saying", "mentions": "mentioning", "does not equal": "not equal to", "isn't": "not",
    "does not exceed": "not exceeding", "falls after": "after", "falls before": "before",
}
_WILD = {"begins": str.startswith, "ends": str.endswith, "contains": str.__contains__}
_ORDER = {"=": operator.eq, "<>": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@dataclasses.dataclass(frozen=True, eq=False)
class Test:
    """A test on the column `ref`. `literal` is what it compares with; `operator` one of = <> > >= < <= begins ends contains.

    Phrases: str(test) "column B is North"; `.predicate` "is North"; `.row` "B2 is North", for formulas on one row;
    `.short` "with column B over 50", a form that names the column with a preposition; `.bare` "over 50" or "North", for use right after the column.
    """

    ref: object
    operator: str
    literal: object
    verb: str
    form: int

    __test__ = False  # for pytest: not a test class

    @property
    def value(self) -> object:
        return getattr(self.literal, "value", getattr(self.literal, "raw", None))

    @property
    def _wildcard(self) -> str:
        return {"begins": "{}*", "ends": "*{}", "contains": "*{}*"}[self.operator].format(self.literal.raw.replace('"', '""'))

    @property
    def criterion(self) -> str:
        """As SUMIF takes it: '"North"', '">50"', '50', '"No*"', '">="&DATE(2024,3,1)'."""
        if self.operator in ("begins", "ends", "contains"):
            return f'"{self._wildcard}"'
        if self.operator == "=":
            return self.literal.formula
        if self.literal.formula[0] == '"':
            return f'"{self.operator}{self.literal.formula[1:]}'
        if self.literal.formula[0].isalpha():
            return f'"{self.operator}"&{self.literal.formula}'
        return f'"{self.operator}{self.literal.formula}"'

    def on(self, cell: str) -> str:
        """As a boolean expression on a cell or a range: 'B2="North"', 'B2:B13>50'."""
        if self.operator == "contains":
            return f"ISNUMBER(SEARCH({self.literal.formula},{cell}))"
        if self.operator in ("begins", "ends"):
            side = "LEFT" if self.operator == "begins" else "RIGHT"
            return f"{side}({cell},{len(self.literal.raw)})={self.literal.formula}"
        return f"{cell}{self.operator}{self.literal.formula}"

    def holds(self, cell: object) -> bool:
        """Whether a cell of the sheet passes."""
        if cell is None:
            return self.operator == "<>"
        if self.operator in _WILD:
            return _WILD[self.operator](str(cell).casefold(), self.literal.raw.casefold())
        value = self.value
        if isinstance(value, str):
            value, cell = value.casefold(), str(cell).casefold()
        return _ORDER[self.operator](cell, value)

    @property
    def formula(self) -> str:
        """The expression on the scene's row: 'B2="North"'."""
        return self.on(self.ref.cell)

    @property
    def predicate(self) -> str:
        return f"{self.verb} {self.literal}"

    @property
    def bare(self) -> str:
        verb = _SHORT.get(self.verb, self.verb.removeprefix("is "))
        return f"{verb} {self.literal}".strip()

    @property
    def short(self) -> str:
        if self.operator == "=" and self.form % 3 == 0 and self.literal.formula[0] == '"':
            return f"for {self.literal} in {self.ref}"
        return f"with {self.ref} {self.bare}" if self.form % 2 else f"for {self.ref} {self.bare}"

    @property
    def bare_with(self) -> str:
        """"column B over 50": what follows the `short` form of another test and "and"."""
        return f"{self.ref} {self.bare}"

    @property
    def row(self) -> str:
        return self._said_of(self.ref.cell_name)

    def __str__(self) -> str:
        return self._said_of(str(self.ref))

    def _said_of(self, name: str) -> str:
        close = self.form < 3 and self.verb in _ORDER and " " not in name and " " not in str(self.literal)  # B="North" as well as B = "North"
        return f"{name}{self.verb}{self.literal}" if close else f"{name} {self.predicate}"


@dataclasses.dataclass(frozen=True, eq=False)
class Between:
    """From `low` to `high`, both counted: `criteria` are the two criteria, `tests` the two tests; str "column E is between 10 and 50"; `.bare` "between 10 and 50"."""

    ref: object
    low: object
    high: object
    form: int

    @property
    def tests(self) -> tuple[Test, Test]:
        return Test(self.ref, ">=", self.low, ">=", 0), Test(self.ref, "<=", self.high, "<=", 0)

    @property
    def criteria(self) -> tuple[str, str]:
        low, high = self.tests
        return low.criterion, high.criterion

    def on(self, cell: str) -> str:
        """"AND(E2>=10,E2<=50)"."""
        low, high = self.tests
        return f"AND({low.on(cell)},{high.on(cell)})"

    @property
    def bare(self) -> str:
        low, high = self.low, self.high
        forms = ("between {} and {}", "from {} to {}", "between {} and {}", "between {} and {} inclusive", "in the range {} to {}", "from {} through {}")
        return forms[self.form].format(low, high)

    @property
    def predicate(self) -> str:
        return f"is {self.bare}"

    @property
    def row(self) -> str:
        return f"{self.ref.cell_name} {self.predicate}"

    def __str__(self) -> str:
        return f"{self.ref} {self.predicate}"


def compare_words(rng: random.Random) -> tuple[str, str]:
    """An operator with words for it."""
    sign = rng.choices((">", ">=", "<", "<="), (40, 18, 27, 15))[0]
    return sign, rng.choice(COMPARISONS[sign])


def date_words(rng: random.Random) -> tuple[str, str]:
    """An operator for days with words for it."""
    sign = rng.choices((">", ">=", "<", "<="), (35, 20, 30, 15))[0]
    return sign, rng.choice(_DATES[sign])


def equals_test(scene, ref, literal) -> Test:
    return Test(ref, "=", literal, scene.rng.choice(_EQUAL), scene.rng.randrange(6))


def draw_test(scene, ref, flavour: str) -> Test:
    """A test of a flavour: "equals", "not", "begins", "ends", "contains" (text), "number", "same" (numbers), "date"."""
    rng = scene.rng
    form = rng.randrange(6)
    if flavour == "number":
        sign, verb = compare_words(rng)
        if rng.random() < 0.05:
            sign, verb = "<>", rng.choice(_UNEQUAL)
        return Test(ref, sign, scene.threshold(ref), verb, form)
    if flavour == "same":
        return Test(ref, "=", scene.number_of(ref), rng.choice(_SAME), form)
    if flavour == "date":
        sign = rng.choices((">", ">=", "<", "<=", "="), (33, 20, 27, 14, 6))[0]
        return Test(ref, sign, scene.date_literal(ref), rng.choice(_DATES[sign]), form)
    if flavour == "equals":
        return equals_test(scene, ref, scene.value_of(ref))
    if flavour == "not":
        return Test(ref, "<>", scene.value_of(ref), rng.choice(_UNEQUAL), form)
    sign, verbs = {"begins": ("begins", _BEGINS), "ends": ("ends", _ENDS), "contains": ("contains", _CONTAINS)}[flavour]
    return Test(ref, sign, scene.part_of(ref, sign), rng.choice(verbs), form)
