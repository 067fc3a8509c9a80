"""What row-wise kinds share: cells of one row, pairs of cells, signs and separators with the words for them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

from slm_jax.domains.excel.criteria import Test
from slm_jax.domains.excel.kinds import lexicon_rows  # noqa: F401  registers the synonym classes
from slm_jax.domains.excel.kinds.registry import kind
from slm_jax.domains.excel.literals import Literal, NumberLiteral, Percent
from slm_jax.domains.excel.scene import Draft, NoColumn, Ref, Scene


def row_kind(name: str, *, share: float, wordings: str, wrap: bool = True) -> Callable[[Callable[[Scene], Draft]], Callable[[Scene], Draft]]:
    """As `kind`, for a formula that answers for one row: the scene chooses that row before anything is drawn."""

    def register(draw: Callable[[Scene], Draft]) -> Callable[[Scene], Draft]:
        @functools.wraps(draw)
        def draw_on_a_row(s: Scene) -> Draft:
            s.row()
            return draw(s)

        return kind(name, share=share, wordings=wordings, wrap=wrap)(draw_on_a_row)

    return register


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell of the sheet: `cell` "E3", `cell_name` its phrase, `value` what it holds."""

    cell: str
    cell_name: str
    value: object


def value_of(s: Scene, ref: Ref) -> object:
    """What the column holds in the scene's row."""
    return ref.column.values[s.current_row - 2]


def cell_in_row(s: Scene, ref: Ref) -> str:
    """The cell's phrase, never the bare column name, which would mean the whole column where that makes sense too."""
    return f"the {s.lower(ref.header)} in row {s.current_row}" if s.style == "header" else ref.cell_name


def pair(s: Scene, take: Callable[[], Ref], *, explicit: bool = False) -> tuple[Cell, Cell]:
    """Two cells of one type: of two columns where the sheet has them, else of neighbouring rows or an input cell. NoColumn if there is none.

    `explicit` names the row even where the header alone would do, see `cell_in_row`.
    """
    name = functools.partial(cell_in_row, s) if explicit else Ref.cell_name.fget
    first = take()
    a = Cell(first.cell, name(first), value_of(s, first))
    if s.style == "header" or s.rng.random() < 0.75:
        try:
            second = take()
            return a, Cell(second.cell, name(second), value_of(s, second))
        except NoColumn:
            if s.style == "header" and s.rng.random() < 0.8:
                raise
    if s.style == "header" or s.current_row > s.world.rows or s.rng.random() < 0.4:
        other = s.input(first)
        return a, Cell(other.cell, str(other), other.value)
    below = first.at(s.current_row + 1)
    return a, Cell(below, "cell " + below if a.cell_name.startswith("cell ") else below, first.column.values[s.current_row - 1])


def in_order(pair_of_cells: tuple[Cell, Cell]) -> tuple[Cell, Cell]:
    """The pair with the smaller value first. NoColumn if one of them is blank."""
    a, b = pair_of_cells
    if a.value is None or b.value is None:
        raise NoColumn("two filled cells")
    return (a, b) if a.value <= b.value else (b, a)


def some_text(s: Scene) -> Ref:
    """A column of words of any sort: free text, names, categories or codes."""
    for take in s.rng.sample((s.text, s.text, s.category, s.category, s.codes), 5):
        try:
            return take()
        except NoColumn:
            continue
    raise NoColumn("text")


def sign_in_text(s: Scene) -> tuple[Literal, Ref]:
    """A delimiter without its article ("comma", "@"), and a column whose texts have it."""
    drawn = s.delimiter()
    if drawn.raw == " " and s.rng.random() < 0.6:
        raise NoColumn("a sign other than the space")  # most sheets have names, and would ask for nothing else
    phrase = str(drawn).removeprefix("the ").removeprefix("a ")
    return Literal(drawn.raw, phrase=f'"{phrase}"' if phrase in ",;:" else phrase), s.text_with(drawn)


def sign_word(s: Scene) -> Literal:
    """A sign to put into a text: "a dash" and the like."""
    raw, names = s.rng.choice(tuple(_SIGNS.items()))
    return Literal(raw, phrase=s.rng.choice(names))


_SIGNS = {
    "-": ("a dash", "a hyphen", "dashes", '"-"', "-"),
    "_": ("an underscore", "underscores", '"_"', "_"),
    "/": ("a slash", "slashes", '"/"', "/"),
    " ": ("a space", "spaces", "a blank", '" "'),
    ".": ("a dot", "a period", '"."'),
    ":": ("a colon", '":"'),
    "*": ("an asterisk", '"*"'),
    "+": ("a plus sign", '"+"'),
}
_SEPARATORS = {
    " ": ("a space", "space", "one space", '" "', "a blank"),
    ", ": ("a comma", "comma", "commas", "a comma and a space", '", "', "', '", "comma and space"),
    ",": ('","', "','", "a comma without a space", "a comma and no space"),
    "-": ("a dash", "dash", "a hyphen", "hyphen", '"-"', "'-'", "-"),
    " - ": ('" - "', "' - '", "a dash with spaces around it", "space dash space"),
    "/": ("a slash", "slash", '"/"', "/"),
    "; ": ("a semicolon", "semicolon", "semicolons", '"; "'),
    ";": ('";"', "';'"),
    "_": ("an underscore", "underscore", '"_"', "_"),
    ": ": ('": "', "a colon and a space"),
    " | ": ('" | "', "' | '"),
    "|": ("a pipe", '"|"', "pipe"),
    ".": ("a dot", "a period", '"."'),
    " and ": ('" and "', "' and '"),
    " / ": ('" / "', "' / '"),
    " & ": ('" & "', "' & '"),
}


def separator(s: Scene) -> Literal:
    """What stands between joined texts. "comma" means a comma and a space, as lists are written; in quotes it is what the quotes hold."""
    raws = [" ", " ", " ", ", ", ", ", ", ", "-", "-", *_SEPARATORS]
    raw = s.rng.choice(raws)
    return Literal(raw, phrase=s.rng.choice(_SEPARATORS[raw]))


def part_of_cell(s: Scene, ref: Ref) -> Literal:
    """A piece of the column's texts, where possible of the text in the scene's row."""
    literal = s.part_of(ref, "contains")
    for _ in range(5):
        if literal.raw in str(value_of(s, ref)):
            break
        literal = s.part_of(ref, "contains")
    return literal


def rate(s: Scene, high: int = 60) -> Percent:
    """A percentage, sometimes with a decimal: "7.5%"."""
    drawn = s.percent(1, high)
    if s.rng.random() < 0.15:
        drawn = dataclasses.replace(drawn, value=drawn.value + s.rng.choice((0.5, 0.25, 0.2, 0.9)))
    return drawn


def row_test(s: Scene) -> Test:
    """A test on a cell of the row: a number's comparison, a word, sometimes a date or a piece of text."""
    draw = s.rng.choices(("number", "word", "date", "text"), (48, 34, 9, 9))[0]
    if draw == "number":
        ref = s.numbers()
        return s.compare(ref) if s.rng.random() < 0.9 else s.equals(ref)
    if draw == "word":
        return s.test(s.category())
    return s.date_test(s.dates()) if draw == "date" else s.contains(some_text(s))


def outcome_pair(s: Scene) -> tuple[Literal | NumberLiteral, Literal | NumberLiteral]:
    """What an IF answers: two texts, or two numbers."""
    if s.rng.random() < 0.82:
        return s.outcomes()
    if s.rng.random() < 0.4:
        return NumberLiteral(1), NumberLiteral(0)
    first, second = s.number(0, 1000), s.number(0, 100)
    if first.value == second.value:
        raise NoColumn("two different numbers")
    return first, second


def sign_forms(sign: Literal) -> dict[str, str]:
    """A sign's name as it stands after a bare verb, after "every", and after "all": the comma, comma, commas."""
    one = str(sign)
    if not one.replace(" ", "").isalpha():
        return {"old": one, "each": one, "all": one}
    many = one + ("es" if one.endswith("sh") else "s")
    return {"old": f"the {one}", "each": one, "all": many}
