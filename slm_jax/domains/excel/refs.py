"""What formulas refer to: columns, cells and blocks of a sheet, each with the phrase that a person would use for it; and the draft that a kind returns."""

from __future__ import annotations

import dataclasses
import typing

from slm_jax.domains.excel.world import Column

if typing.TYPE_CHECKING:
    from slm_jax.domains.excel.scene import Scene


class NoColumn(Exception):
    """The world has no unused column of the kind that was asked for; the draft is given up and counted."""


class Draft:
    """A formula (without "=") with what its wordings may mention. `result`: "number", "text", "date", "flag", "array" or "any"."""

    def __init__(self, formula: str, *, result: str, wording: str = "", **slots: object):
        self.formula = formula
        self.result = result
        self.wording = wording
        self.slots = slots


@dataclasses.dataclass(frozen=True, eq=False)
class Ref:
    """A column of the sheet as this scene writes and says it."""

    scene: Scene
    column: Column

    @property
    def letter(self) -> str:
        return self.column.letter

    @property
    def header(self) -> str:
        return self.column.header

    @property
    def range(self) -> str:
        """The whole column in the scene's style: "E:E", "E2:E13" or "$E$2:$E$13"; on another sheet "Data!E:E"."""
        return f"{self.scene.sheet_prefix}{self.plain_range}"

    @property
    def plain_range(self) -> str:
        """As `range`, without the name of a sheet."""
        if self.scene.style != "range":
            return f"{self.letter}:{self.letter}"
        mark = "$" if self.scene.absolute else ""
        return f"{mark}{self.letter}{mark}{self.scene.first}:{mark}{self.letter}{mark}{self.scene.last}"

    @property
    def bounded(self) -> str:
        """"E2:E13": never a whole column. Call `scene.need_bounded()` before the first phrase."""
        if self.scene.style == "range":
            return self.range
        return f"{self.scene.sheet_prefix}{self.letter}2:{self.letter}{self.scene.world.last_row}"

    @property
    def area(self) -> str:
        """For UNIQUE, SORT and FILTER: the whole column where only that was said, else the data rows without their header."""
        return self.range if self.scene.style == "column" else self.bounded

    @property
    def locked(self) -> str:
        """"$E$2:$E$13": as `bounded`, for formulas that are filled down."""
        return f"${self.letter}${self.scene.first}:${self.letter}${self.scene.last}"

    @property
    def cell(self) -> str:
        """The cell in the scene's row: "E2"."""
        return f"{self.letter}{self.scene.current_row}"

    def at(self, row: int) -> str:
        return f"{self.letter}{row}"

    def __str__(self) -> str:
        return self.scene.say_column(self)

    @property
    def cell_name(self) -> str:
        """The phrase for `cell`: "E2", "cell E2", "the revenue in row 2"."""
        return self.scene.say_cell(self)

    @property
    def what(self) -> str:
        """A singular noun phrase: "the revenue", "the value in column E"."""
        if self.scene.style == "header":
            return f"the {self.scene.lower(self.header)}"
        return f"the value in {self}"

    @property
    def column_name(self) -> str:
        """As str(ref), but never a range: "column E", "the revenue"."""
        return str(self) if self.scene.style != "range" else f"column {self.letter}"


@dataclasses.dataclass(frozen=True)
class CellRef:
    """A cell outside the table that holds a value of a column: `formula` "H2", `locked` "$H$2", str "H2" or "cell H2"."""

    formula: str
    phrase: str
    value: object

    @property
    def locked(self) -> str:
        return f"${self.formula[0]}${self.formula[1:]}"

    @property
    def cell(self) -> str:
        return self.formula

    def __str__(self) -> str:
        return self.phrase


@dataclasses.dataclass(frozen=True)
class Block:
    """Neighbouring columns: `formula` "B:E" or "B2:E13", `width` in columns; str is its phrase."""

    formula: str
    phrase: str
    width: int

    def __str__(self) -> str:
        return self.phrase
