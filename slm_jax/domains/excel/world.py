"""Sheets to ask about: a header row, typed columns at random letters, 8-20 data rows, and a few input cells beside them."""

from __future__ import annotations

import dataclasses
import datetime
import random

from slm_jax.domains.excel.themes import COMMON, THEMES
from slm_jax.domains.excel.words import Words

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CATEGORY_CLASSES = ("city", "region", "product", "status", "department", "category", "colour", "company")


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of the sheet. `values` are the data rows, row 2 first: str, int, float, datetime.date, or None for a blank."""

    letter: str
    header: str
    kind: str  # "category" | "text" | "names" | "codes" | "dates" | "integers" | "money" | "decimals" | "percents" | "times"
    values: tuple
    delimiter: str = ""  # what splits each value of a text column, if anything does


@dataclasses.dataclass(frozen=True)
class World:
    """A sheet. `inputs` gives, for each column's letter, an input cell outside the table that holds a value of that column."""

    columns: tuple[Column, ...]
    rows: int  # data rows; the last row of the sheet is rows + 1
    inputs: dict[str, str]
    input_values: dict[str, object]
    with_table: bool  # whether questions about it come with the table
    other_sheet: str  # name of a second sheet with the same cells; empty = there is none
    words: Words

    @property
    def last_row(self) -> int:
        return self.rows + 1

    def book(self) -> dict[str, list[list]]:
        """All sheets by name; formulas stand on the first one."""
        sheet = self.sheet()
        return {"Sheet1": sheet} | ({self.other_sheet: sheet} if self.other_sheet else {})

    def sheet(self) -> list[list]:
        """The sheet as a `Table`: cell A1 first, dates as {"date": ISO}."""
        used = [column.letter for column in self.columns] + [cell[0] for cell in self.inputs.values()]
        width = max(LETTERS.index(letter) for letter in used) + 1
        table: list[list] = [[None] * width for _ in range(self.last_row)]
        for column in self.columns:
            index = LETTERS.index(column.letter)
            table[0][index] = column.header
            for row, value in enumerate(column.values, 1):
                table[row][index] = _cell(value)
        for letter, cell in self.inputs.items():
            table[int(cell[1:]) - 1][LETTERS.index(cell[0])] = _cell(self.input_values[letter])
        return table


def make_world(rng: random.Random, *, held_out: bool) -> World:
    """A world whose text and numbers come from the training pool, or from the held-out one."""
    words = Words(rng, held_out)
    theme = THEMES[rng.choice(tuple(THEMES))]
    rows = rng.randint(8, 20)
    with_table = rng.random() < 0.33
    kinds = ["category", "category", "money", rng.choice(("integers", "integers", "money", "decimals")), "dates", rng.choice(("names", "names", "text"))]
    extra = ["codes", "percents", "times", "dates", "integers", "text", "category", "money", "decimals", "names", "text"]
    rng.shuffle(extra)
    kinds += extra[: rng.choice((0, 0, 1, 1, 2, 3) if with_table else (2, 3, 4, 5, 6))]  # a table that is shown must be short
    if "times" in kinds and rng.random() < 0.8:
        kinds.append("times")
    rng.shuffle(kinds)
    letters = _letters(rng, len(kinds), contiguous=rng.random() < (0.85 if with_table else 0.35))
    headers = _headers(rng, theme, kinds)
    blank = rng.randrange(len(kinds)) if rng.random() < 0.2 else -1
    columns = []
    for index, (kind, letter, header) in enumerate(zip(kinds, letters, headers, strict=True)):
        values, delimiter = _values(rng, words, kind, header, rows)
        if index == blank:
            values[rng.randrange(1, rows)] = None
        columns.append(Column(letter, header, kind, tuple(values), delimiter))
    free = [letter for letter in LETTERS if letter not in letters]
    spots = rng.sample([f"{letter}{row}" for letter in rng.sample(free, min(3, len(free))) for row in range(2, min(rows, 9))], len(columns))
    inputs = {column.letter: spot for column, spot in zip(columns, spots, strict=True)}
    picks = {column.letter: rng.choice([value for value in column.values if value is not None]) for column in columns}
    other = _sheet_name(rng, words) if not with_table and rng.random() < 0.35 else ""
    return World(tuple(columns), rows, inputs, picks, with_table, other, words)


def _sheet_name(rng: random.Random, words: Words) -> str:
    name = rng.choice((*("Sheet2",) * 6, "Sheet3", "Data", "Data", "Raw Data", "Master", "Orders", "Sales", "Lookup", "Report", "", "", ""))
    return name or rng.choice((words.root("noun").capitalize(), f"{words.root('city')} {rng.randint(2020, 2026)}", f"{words.root('department')} {words.root('noun')}"))


def _letters(rng: random.Random, count: int, *, contiguous: bool) -> list[str]:
    if contiguous:
        start = 0 if rng.random() < 0.75 else rng.randint(1, 4)
        return list(LETTERS[start : start + count])
    return sorted(rng.sample(LETTERS, count))


def _cell(value):
    return {"date": value.isoformat()} if isinstance(value, datetime.date) else value


def _headers(rng: random.Random, theme: dict[str, str], kinds: list[str]) -> list[str]:
    """One header a column, all different, in one casing a sheet."""
    casing = rng.choice((str, str, str, str.title, str.lower, str.upper, _snake, _camel))
    taken: list[str] = []
    for kind in kinds:
        group = {"integers": "counts", "decimals": "measures"}.get(kind, kind)
        own = [header for header in theme.get(group, "").split("|") if header and header not in taken]
        common = [header for header in COMMON[group].split("|") if header not in taken]
        taken.append(rng.choice(own if own and (rng.random() < 0.75 or not common) else common))
    return [casing(header) for header in taken]


def _snake(text: str) -> str:
    return text.lower().replace(" ", "_")


def _camel(text: str) -> str:
    return text.title().replace(" ", "")


_CLASS_HINTS = {
    "region": "region territory zone area district market",
    "city": "city branch location office country site destination origin venue",
    "product": "product item article part material",
    "status": "status state stage result outcome",
    "department": "department dept subject team ward specialty course",
    "colour": "colour color",
    "company": "supplier vendor client customer carrier brand company bank account manufacturer",
}
_CLASS_OF = {word: name for name, words in _CLASS_HINTS.items() for word in words.split()}


def _class_of(rng: random.Random, header: str) -> str:
    for word in reversed(header.lower().replace("_", " ").split()):
        if word in _CLASS_OF:
            return _CLASS_OF[word]
    return rng.choice(CATEGORY_CLASSES) if rng.random() < 0.3 else "category"


def _values(rng: random.Random, words: Words, kind: str, header: str, rows: int) -> tuple[list, str]:
    if kind == "category":
        values = words.category_values(_class_of(rng, header), rng.randint(3, 5))
        column = [rng.choice(values) for _ in range(rows)]
        column[: len(values)] = values
        rng.shuffle(column)
        return column, ""
    if kind == "names":
        return [words.name() for _ in range(rows)], " "
    if kind == "codes":
        prefix = words.code().rstrip("0123456789-_") or "K"
        width = rng.choice((3, 4))
        start = rng.randrange(10 ** (width - 1), 10**width - 2 * rows)
        numbers = sorted(rng.sample(range(start, start + 2 * rows), rows))
        return [f"{prefix}-{number}" for number in numbers], "-"
    if kind == "text":
        delimiter = rng.choice("@@,,/;-  _|:")
        return [_delimited(rng, words, delimiter) for _ in range(rows)], delimiter
    if kind == "dates":
        start = datetime.date(rng.randint(2021, 2025), rng.randint(1, 12), 1)
        span = rng.choice((60, 120, 200, 365, 500))
        days = [start + datetime.timedelta(days=rng.randrange(span)) for _ in range(rows)]
        return sorted(days) if rng.random() < 0.6 else days, ""
    if kind == "times":
        early = "start" in header.lower() or "in" in header.lower().split() or rng.random() < 0.3
        return [(rng.randrange(6 * 4, 11 * 4) if early else rng.randrange(13 * 4, 23 * 4)) / 96 for _ in range(rows)], ""
    if kind == "percents":
        return [rng.randrange(1, 100) / 100 for _ in range(rows)], ""
    top = rng.choice((20, 60, 100, 100, 300)) if kind == "integers" else rng.choice((60, 100, 500, 1000, 5000, 20_000))
    low = max(1, top // 50)
    if kind == "integers":
        pool = [rng.randint(low, top) for _ in range(rows if rng.random() < 0.5 else max(4, rows // 2))]  # half of these columns repeat numbers
        return [rng.choice(pool) for _ in range(rows)], ""
    whole = kind == "money" and rng.random() < 0.5
    return [rng.randint(low, top) if whole else round(rng.uniform(low, top), 2) for _ in range(rows)], ""


def _delimited(rng: random.Random, words: Words, delimiter: str) -> str:
    first, last = words.root("first").lower(), words.root("last").lower()
    if delimiter == "@":
        return f"{first}{rng.choice(['.', '_', ''])}{last}@{words.root('company').lower()}.{rng.choice(('com', 'org', 'net', 'io'))}"
    if delimiter == ",":
        return f"{words.root('last')}, {words.root('first')}" if rng.random() < 0.5 else f"{words.root('city')}, {words.root('region')}"
    if delimiter == " ":
        return f"{words.root('colour')} {words.root('product')} {words.root('noun')}"
    if delimiter in "-_":
        return delimiter.join((words.root("product"), words.root("colour"), str(rng.randrange(10, 999))))
    return f"{words.root('department')}{delimiter}{words.root('city')}"
