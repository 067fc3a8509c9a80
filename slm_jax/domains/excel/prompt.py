"""The text that the model sees: `<TABLE>date A|region B|revenue E|13</TABLE><INSTRUCTION>Total revenue?</INSTRUCTION><FORMULA>`, the table only where there is one.

The table comes first, so that a column's name in the instruction can find its letter right behind the same name in the table. Headers are lower-case
words, as people write them in a sentence; the number is the sheet's last row. Nothing else of the table is shown.
"""

from __future__ import annotations

import re
import unicodedata

from slm_jax.domains.base import Table
from slm_jax.errors import UserError

SYMBOLS = ("<INSTRUCTION>", "</INSTRUCTION>", "<TABLE>", "</TABLE>", "<FORMULA>")  # one token each
MAX_CHARACTERS = 20_000
MAX_COLUMNS = 20  # further ones are counted: "+7"
MAX_HEADER = 32  # characters; longer ones end in "~"

_TAG = re.compile(r"<(?=/?(?:INSTRUCTION|TABLE|FORMULA)>)", re.IGNORECASE)
_WRAPPED = re.compile(r"\s*<INSTRUCTION>(.*)</INSTRUCTION>\s*", re.DOTALL | re.IGNORECASE)
_PLAIN = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\ufeff": None, "\u200b": None, "\u200c": None, "\u200d": None, "\u2060": None})


def write_prompt(instruction: str, table: Table | None = None) -> str:
    """The prompt of an instruction, which may already stand in its tags. Blanks are folded, typographic quotes made plain, tags inside the text broken.

    Raises UserError for an instruction that is empty, too long, or has control characters.
    """
    if not isinstance(instruction, str):
        raise UserError(f"instruction {instruction!r} is not text: write a question such as 'Sum values in E where B is North'")
    wrapped = _WRAPPED.fullmatch(instruction)
    text = _clean(wrapped[1] if wrapped else instruction, "instruction")
    if not text:
        raise UserError("the instruction is empty: write a question such as 'Sum values in E where B is North'")
    context = f"<TABLE>{describe_table(table)}</TABLE>" if table else ""
    return f"{context}<INSTRUCTION>{text}</INSTRUCTION><FORMULA>"


def describe_table(table: Table) -> str:
    """"date A|region B|revenue E|13": headers with their letters, then the last row.

    A first row without any text is no header: the columns are then told by what they hold, and both rows are given ("(number) A|(date) B|1-12").
    A column without a header, beside others that have one, is left out. Raises UserError for control characters in a header.
    """
    last = max((number for number, row in enumerate(table, 1) if any(cell not in (None, "") for cell in row)), default=0)
    if not last:
        return "empty"
    first = table[0] if any(isinstance(cell, str) and cell.strip() for cell in table[0]) else None
    names = []
    for index in range(max(map(len, table))):
        if first is not None:
            name = _header(first[index] if index < len(first) else None)
        else:
            name = _type_of([row[index] for row in table if index < len(row)])
        if name:
            names.append(f"{name} {_letters(index + 1)}")
    shown = names[:MAX_COLUMNS] + ([f"+{len(names) - MAX_COLUMNS}"] if len(names) > MAX_COLUMNS else [])
    return "|".join([*shown, str(last) if first is not None else f"1-{last}"])


def header_words(header: str) -> str:
    """"UnitPrice", "unit_price" and "Unit Price" as "unit price"."""
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header.replace("_", " ")).lower().split())


def _header(cell: object) -> str:
    if isinstance(cell, dict):
        cell = cell.get("date")
    text = header_words(_clean("" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell), "header").replace("|", "/"))
    return text if len(text) <= MAX_HEADER else f"{text[: MAX_HEADER - 1].rstrip()}~"


def _type_of(cells: list) -> str:
    filled = [cell for cell in cells if cell not in (None, "")]
    if not filled:
        return ""
    if all(isinstance(cell, dict) for cell in filled):
        return "(date)"
    return "(number)" if all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in filled) else "(text)"


def _clean(text: str, what: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise UserError(f"the {what} has {len(text):,} characters: write {MAX_CHARACTERS:,} or fewer")
    text = " ".join(text.translate(_PLAIN).split())
    for place, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise UserError(f"the {what} has the control character U+{ord(character):04X} at position {place + 1}: leave it out")
    return _TAG.sub("< ", text)


def _letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
