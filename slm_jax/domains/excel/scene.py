"""What a kind sees: columns and literals to build a formula from, each with the phrase that a person would use for it.

A `Scene` is one question's view of a `World`. It fixes a reference style for the whole question, so that phrase and formula always agree:
- "column": formula `E:E`, said "column E"; `need_bounded()` turns it into "range".
- "range": formula `E2:E13` (or `$E$2:$E$13`), said "E2:E13", "cells E2 to E13" ...
- "header": the table comes with the question; formula `E:E`, said "Revenue", "the revenue" ...
Row-wise formulas use `ref.cell`, which is in row 2 unless `row()` chose another one.
"""

from __future__ import annotations

import dataclasses
import datetime
import random

from slm_jax.domains.excel.criteria import Between, Test, compare_words, date_words, draw_test, equals_test
from slm_jax.domains.excel.literals import OUTCOMES, DateLiteral, Literal, Month, NumberLiteral, Percent, delimiter_phrases
from slm_jax.domains.excel.prompt import header_words
from slm_jax.domains.excel.refs import Block, CellRef, Draft, NoColumn, Ref
from slm_jax.domains.excel.words import is_held_out
from slm_jax.domains.excel.world import LETTERS, World

__all__ = ["Block", "CellRef", "Draft", "NoColumn", "Ref", "Scene"]

NUMERIC = ("integers", "money", "decimals")
_RANGE_FORMS = ("{r}",) * 9 + ("cells {a} to {b}", "{a} to {b}", "{a} through {b}", "the range {r}", "cells {r}", "range {r}", "cells {a} through {b}")
_COLUMN_FORMS = ("column {c}",) * 10 + ("{c}",) * 8 + ("col {c}", "Column {c}", "column {C}", "the {c} column", "{c}:{c}", "{c}:{c}")
_HEADER_FORMS = ("{same}", "{same}", "{lower}", "{lower}", "the {lower}", "the {lower}", "the {same} column", "the {lower} column", "column {same}", "'{same}'")


class Scene:
    """One question's view of a world. `drawn` collects the raw text of every literal that was drawn."""

    def __init__(self, world: World, rng: random.Random):
        self.world = world
        self.rng = rng
        self.pool = dataclasses.replace(world.words, rng=rng)
        self.used: set[str] = set()
        self.drawn: list[str] = []
        self.current_row = 2
        self.absolute = False
        self.sheet = ""  # the other sheet's name, when the columns are on it
        self._sheet_form = ""  # how each column says so; empty = one clause says it for all of them
        self.first, self.last = 2, world.last_row
        if world.with_table:
            self.style = rng.choices(("header", "column", "range"), (84, 10, 6))[0]
        else:
            self.style = rng.choices(("column", "range"), (62, 38))[0]
        if self.style == "range":
            self.absolute = rng.random() < 0.07
            if rng.random() < 0.4:
                self.last = max(self.last, rng.choice((20, 25, 30, 40, 50, 100, 100, 120, 150, 200, 250, 500, 1000, rng.randint(21, 999))))
            self.first = rng.choices((2, 1, 3, 4, 5), (84, 10, 2, 2, 2))[0]
        self._quote = rng.choices(('"', "", "'"), (48, 34, 18))[0]
        self._forms = {"column": rng.choice(_COLUMN_FORMS), "range": rng.choice(_RANGE_FORMS), "header": rng.choice(_HEADER_FORMS)}
        self._forms["cell"] = rng.choice(("{c}", "{c}", "{c}", "cell {c}", "cell {c}"))
        self._row_form = rng.choice(("{n}", "{n}", "{n}", "the {n}", "the {n} in row 2", "{n} in the first row", "the {n} of the first row", "{c}"))
        self._date_form = rng.randrange(9)

    @property
    def with_table(self) -> bool:
        return self.world.with_table

    @property
    def sheet_prefix(self) -> str:
        """"Data!", "'Raw Data'!" or nothing."""
        return "" if not self.sheet else f"{self.sheet}!" if self.sheet.isalnum() else f"'{self.sheet}'!"

    def use_other_sheet(self) -> None:
        """Puts all columns on the world's other sheet; call it before anything is drawn."""
        self.sheet = self.world.other_sheet
        if self.sheet and self.rng.random() < 0.45:
            self._sheet_form = self.rng.choice(("{c} of {s}", "{c} in {s}", "{c} on {s}", "{c} in the {s} sheet", "{s} {c}", "{p}{r}", "{p}{r}", "{p}{r}"))

    @property
    def sheet_clause(self) -> str:
        """"Sheet2" where the question still has to say on which sheet its columns are, else nothing."""
        return "" if self._sheet_form else self.sheet

    # Columns
    def numbers(self) -> Ref:
        return self._take(*NUMERIC)

    def integers(self) -> Ref:
        return self._take("integers")

    def money(self) -> Ref:
        return self._take("money")

    def category(self) -> Ref:
        return self._take("category")

    def text(self) -> Ref:
        return self._take("text", "names")

    def names(self) -> Ref:
        return self._take("names")

    def codes(self) -> Ref:
        return self._take("codes")

    def dates(self) -> Ref:
        return self._take("dates")

    def percents(self) -> Ref:
        return self._take("percents")

    def times(self) -> Ref:
        return self._take("times")

    def key(self) -> Ref:
        """A column to look things up in: names, codes, or a free text without many repeats."""
        return self._take("names", "codes", "text")

    def any(self) -> Ref:
        """Any column."""
        return self._take("category", "text", "names", "codes", "dates", "integers", "money", "decimals", "percents")

    def _take(self, *kinds: str) -> Ref:
        fits = [column for column in self.world.columns if column.kind in kinds and column.letter not in self.used]
        if not fits:
            raise NoColumn("/".join(kinds))
        column = self.rng.choice(fits)
        self.used.add(column.letter)
        return Ref(self, column)

    def need_bounded(self) -> None:
        """For array formulas: whole columns are said, and written, as ranges. Call it before anything is said."""
        if self.style == "column":
            self.style = "range"

    def need_range(self) -> None:
        """For kinds that name blocks of cells: no headers. NoColumn in a scene with headers."""
        if self.style == "header":
            raise NoColumn("a scene without headers")
        self.style, self.absolute, self.first, self.last = "range", False, 2, self.world.last_row

    def matching(self, first: Ref, second: Ref) -> tuple[Test, Test]:
        """Two equality tests that one row of the sheet meets."""
        rows = [row for row, pair in enumerate(zip(first.column.values, second.column.values, strict=True)) if None not in pair]
        row = self.rng.choice(rows)
        return tuple(equals_test(self, ref, self._literal(str(ref.column.values[row]))) for ref in (first, second))

    def header_literal(self, letters: list[str]) -> Literal:
        """A header of one of these columns, quoted."""
        letter = self.rng.choice(letters)
        return Literal(next(column.header for column in self.world.columns if column.letter == letter), self._quote)

    def row(self) -> int:
        """Chooses the row that `ref.cell` is in: 2 in three cases of four, except with headers, where it is mostly the first one."""
        if self.rng.random() < (0.1 if self.style == "header" else 0.25):
            self.current_row = self.rng.randint(3, min(self.world.last_row, 12))
        return self.current_row

    def input(self, ref: Ref) -> CellRef:
        """A cell outside the table that holds one of the column's values."""
        cell = self.world.inputs[ref.letter]
        self.used.add(cell)
        return CellRef(cell, self._forms["cell"].format(c=cell), self.world.input_values[ref.letter])

    def free_cell(self) -> str:
        """An empty cell outside the table, "K2"."""
        taken = {column.letter for column in self.world.columns} | {cell[0] for cell in self.world.inputs.values()}
        return f"{self.rng.choice([letter for letter in LETTERS if letter not in taken] or ['AA'])}{self.rng.choice((1, 2, 2, 2, 3, 5, 10))}"

    def block(self, first: Ref, last: Ref) -> Block:
        """The columns from `first` to `last`. NoColumn if they are not in this order."""
        width = LETTERS.index(last.letter) - LETTERS.index(first.letter) + 1
        if width < 2:
            raise NoColumn("columns in order")
        a, b = first.plain_range.split(":")[0], last.plain_range.split(":")[1]
        if self.style == "range":
            said = self.rng.choice((f"{a}:{b}", f"the table {a}:{b}", f"the range {a}:{b}"))
        else:
            said = self.rng.choice((f"columns {a} to {b}", f"{a}:{b}", f"columns {a}:{b}", f"the table in columns {a} to {b}", f"columns {a} through {b}"))
        if self._sheet_form:
            said = self._sheet_form.format(c=said, s=self.sheet, p=self.sheet_prefix, r=f"{a}:{b}")
        return Block(f"{self.sheet_prefix}{a}:{b}", said, width)

    # Literals
    def _literal(self, raw: str) -> Literal:
        self.drawn.append(raw)
        return Literal(raw, self._quote)

    def word(self) -> Literal:
        """A fresh text literal."""
        return self._literal(self.pool.literal())

    def words(self, count: int) -> list[Literal]:
        """`count` different text literals."""
        raws: dict[str, None] = {}
        while len(raws) < count:
            raws[self.pool.literal()] = None
        return [self._literal(raw) for raw in raws]

    def outcomes(self) -> tuple[Literal, Literal]:
        """A natural pair of outcomes: Pass and Fail, Yes and No; or two of any words."""
        pairs = OUTCOMES[self.pool.held_out]
        if pairs and self.rng.random() < 0.5:
            first, second = self.rng.choice(pairs)
            if self.rng.random() < 0.15:
                first, second = first.lower(), second.lower()
            return self._literal(first), self._literal(second)
        if self.rng.random() < 0.5:
            first, second = self.pool.root("outcome"), self.pool.root("outcome")
            if first != second:
                return self._literal(first), self._literal(second)
        first, second = self.words(2)
        return first, second

    def text_literal(self, raw: str) -> Literal:
        """A literal of a kind's own, "N/A", quoted as the scene quotes. It belongs to no pool, so draw it for training only."""
        return Literal(raw, self._quote)

    def value_of(self, ref: Ref) -> Literal:
        """A value that occurs in a text column."""
        return self._literal(str(self.rng.choice([value for value in ref.column.values if value is not None])))

    def number_of(self, ref: Ref) -> NumberLiteral:
        """A value that occurs in a numeric column, where the pool allows it; else a number of its span."""
        values = [value for value in ref.column.values if value is not None]
        for _ in range(20):
            literal = NumberLiteral(self.rng.choice(values))
            if len(literal.formula) < 3 or is_held_out(literal.formula) == self.pool.held_out:
                self.drawn.append(literal.formula)
                return literal
        return self.threshold(ref)

    def part_of(self, ref: Ref, operator: str) -> Literal:
        """A piece that some value of a text column begins with, ends with or contains: a word of it, or 2-5 characters."""
        value = str(self.rng.choice([value for value in ref.column.values if value is not None]))
        pieces = value.replace("@", " ").replace(",", " ").replace("-", " ").replace("_", " ").split()
        piece = pieces[0] if operator == "begins" else pieces[-1] if operator == "ends" else self.rng.choice(pieces)
        if self.rng.random() < 0.4 and len(piece) > 4:
            size = self.rng.randint(3, min(5, len(piece) - 1))
            piece = piece[-size:] if operator == "ends" else piece[:size]
        return self._literal(piece)

    def number(self, low: float, high: float, decimals: int = 0) -> NumberLiteral:
        value = self.pool.number(low, high, decimals)
        self.drawn.append(NumberLiteral(value).formula)
        return NumberLiteral(value, grouped=self.rng.random() < 0.12)

    def percent(self, low: int = 1, high: int = 100) -> Percent:
        """A rate: formula "15%", str "15%" or "15 percent"."""
        value = self.pool.number(low, high)
        return Percent(value, self.rng.choice(("{}%", "{}%", "{}%", "{} percent", "{} %")))

    def delimiter(self) -> Literal:
        """A delimiter that some unused text column of the world really contains; its str is a word or a sign ("comma", "a dash", "@")."""
        fits = [column.delimiter for column in self.world.columns if column.delimiter and column.letter not in self.used]
        if not fits:
            raise NoColumn("delimited text")
        raw = self.rng.choice(fits)
        return Literal(raw, self._quote, phrase=self.rng.choice(delimiter_phrases(raw)))

    def text_with(self, delimiter: Literal) -> Ref:
        """A text column whose values contain the delimiter."""
        fits = [column for column in self.world.columns if column.delimiter == delimiter.raw and column.letter not in self.used]
        if not fits:
            raise NoColumn("delimited text")
        self.used.add(fits[0].letter)
        return Ref(self, fits[0])

    def date_literal(self, ref: Ref | None = None) -> DateLiteral:
        """A day, of the column's span where one is given."""
        days = [value for value in ref.column.values if value] if ref else [datetime.date(2022, 1, 1), datetime.date(2026, 12, 31)]
        low, high = min(days), max(days)
        day = self.pool.pick(lambda: low + datetime.timedelta(days=self.rng.randint(0, max(1, (high - low).days))))
        self.drawn.append(DateLiteral(day, 0).formula)
        return DateLiteral(day, self._date_form)

    def month(self, ref: Ref | None = None) -> Month:
        """A month, one that occurs in the column where one is given."""
        day = self.rng.choice([value for value in ref.column.values if value]) if ref else datetime.date(self.rng.randint(2021, 2026), self.rng.randint(1, 12), 1)
        return Month(day.year, day.month, self.rng.randrange(5))

    # Tests
    def test(self, ref: Ref) -> Test:
        """A test that fits the column's type: text equals (sometimes not equal, begins, ends, contains), number compares, date is after or before."""
        if ref.column.kind == "dates":
            return draw_test(self, ref, "date")
        if ref.column.kind in (*NUMERIC, "percents", "times"):
            return draw_test(self, ref, "number")
        return draw_test(self, ref, self.rng.choices(("equals", "not", "begins", "ends", "contains"), (78, 8, 5, 2, 7))[0])

    def tests(self, refs: list[Ref]) -> list[Test]:
        """A test on each of the columns; together they mostly have a row that passes."""
        tests = [self.test(ref) for ref in refs]
        for _ in range(12):
            if any(all(test.holds(test.ref.column.values[row]) for test in tests) for row in range(self.world.rows)):
                break
            tests = [self.test(ref) for ref in refs]
        return tests

    def equals(self, ref: Ref) -> Test:
        return draw_test(self, ref, "equals" if ref.column.kind not in (*NUMERIC, "percents") else "same")

    def compare(self, ref: Ref) -> Test:
        return draw_test(self, ref, "number")

    def contains(self, ref: Ref) -> Test:
        """A wildcard test: contains, begins with or ends with."""
        return draw_test(self, ref, self.rng.choices(("contains", "begins", "ends"), (60, 28, 12))[0])

    def date_test(self, ref: Ref) -> Test:
        return draw_test(self, ref, "date")

    def between(self, ref: Ref) -> Between:
        """From a low to a high bound, both counted: two tests on one column."""
        if ref.column.kind == "dates":
            low, high = self.date_literal(ref), self.date_literal(ref)
            low, high = (low, high) if low.day < high.day else (high, low)
        else:
            low, high = self.threshold(ref), self.threshold(ref)
            low, high = (low, high) if low.value < high.value else (high, low)
        if str(low) == str(high):
            raise NoColumn("two different bounds")
        return Between(ref, low, high, self.rng.randrange(6))

    def threshold(self, ref: Ref) -> NumberLiteral:
        """A number inside the span of a numeric column."""
        values = sorted(value for value in ref.column.values if value is not None)
        low, high = values[0], values[-1]
        span = high - low
        low, high = low + span * 0.1, low + span * 0.9
        if ref.column.kind in ("percents", "times"):
            return self.number(low, high, 2)
        if ref.column.kind == "decimals" and self.rng.random() < 0.4:
            return self.number(low, high, 1)
        return self.number(max(1, round(low)), max(2, round(high)))

    def comparison(self) -> tuple[str, str]:
        """An operator with its words: (">", "is over")."""
        return compare_words(self.rng)

    def date_comparison(self) -> tuple[str, str]:
        """An operator with its words for days: (">", "is after")."""
        return date_words(self.rng)

    # Phrases
    def lower(self, header: str) -> str:
        """A header as it is said in running text: "unit_price" -> "unit price"; abbreviations keep their case."""
        return header if header.isupper() and len(header) <= 4 else header_words(header)

    def say_column(self, ref: Ref) -> str:
        said = self._say_plain(ref)
        return self._sheet_form.format(c=said, s=self.sheet, p=self.sheet_prefix, r=ref.plain_range) if self._sheet_form else said

    def _say_plain(self, ref: Ref) -> str:
        if self.style == "header":
            return self._forms["header"].format(same=ref.header, lower=self.lower(ref.header))
        if self.style == "column":
            return self._forms["column"].format(c=ref.letter, C=ref.letter.lower())
        a, b = ref.plain_range.split(":")
        return self._forms["range"].format(a=a, b=b, r=ref.plain_range)

    def say_cell(self, ref: Ref) -> str:
        if self.style == "header":
            if self.current_row == 2:
                return self._row_form.format(n=self.lower(ref.header), c=ref.cell)
            return f"the {self.lower(ref.header)} in row {self.current_row}"
        return self._forms["cell"].format(c=ref.cell)
