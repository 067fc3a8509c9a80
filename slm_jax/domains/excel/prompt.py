"""The text that the model sees: `<TABLE>date A|13</TABLE><INSTRUCTION>Total revenue@E where region@B is North@B</INSTRUCTION><FORMULA>`, the table only where there is one.

A column's name in the instruction, and a text that stands in a column, are followed by the column's letter: finding them in the table is string matching, which a program
does without error and a small model hardly learns (see docs/flagship.md). The table lists what is left: the headers that the instruction does not name, in lower case, and
the sheet's last row. Nothing else of it is shown.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from slm_jax.domains.base import Table
from slm_jax.domains.excel.cells import letters
from slm_jax.errors import UserError

SYMBOLS = ("<INSTRUCTION>", "</INSTRUCTION>", "<TABLE>", "</TABLE>", "<FORMULA>")  # one token each
MAX_CHARACTERS = 20_000
MAX_COLUMNS = 20  # further ones are counted: "+7"
MAX_HEADER = 32  # characters; longer ones end in "~"
MARKED_ROWS = 500  # of a table are searched for texts that the instruction names

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # Unicode's categories Cc and Cs
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
    if not table:
        return f"<INSTRUCTION>{text}</INSTRUCTION><FORMULA>"
    text, named = _mark_columns(text, table)
    return f"<TABLE>{describe_table(table, without=named)}</TABLE><INSTRUCTION>{text}</INSTRUCTION><FORMULA>"


def describe_table(table: Table, *, without: Collection[int] = ()) -> str:
    """"date A|region B|revenue E|13": headers with their letters, but for the columns (from 0) in `without`, then the last row.

    A first row without any text is no header: the columns are then told by what they hold, and both rows are given ("(number) A|(date) B|1-12").
    A column without a header, beside others that have one, is left out. Raises UserError for control characters in a header.
    """
    last = max((number for number, row in enumerate(table, 1) if any(cell not in (None, "") for cell in row)), default=0)
    if not last:
        return "empty"
    first = table[0] if any(isinstance(cell, str) and cell.strip() for cell in table[0]) else None
    names = []
    for index in range(max(map(len, table))):
        if index in without:
            continue
        if first is not None:
            name = _header(first[index] if index < len(first) else None)
        else:
            name = _type_of([row[index] for row in table if index < len(row)])
        if name:
            names.append(f"{name} {letters(index + 1)}")
    shown = names[:MAX_COLUMNS] + ([f"+{len(names) - MAX_COLUMNS}"] if len(names) > MAX_COLUMNS else [])
    return "|".join([*shown, str(last) if first is not None else f"1-{last}"])


def _mark_columns(text: str, table: Table) -> tuple[str, set[int]]:
    """The instruction with "@" and its letter behind every header that it names and every text that stands in the table, and the columns (from 0) whose headers it names.

    Case does not matter; in headers, blanks, underscores and a plural s neither. The longest of overlapping ones is meant, and of equal ones the first. Inside double quotes only
    the whole text is marked.
    """
    headers, texts = {}, {}
    for index, cell in enumerate(table[0]):
        words = header_words(cell) if isinstance(cell, str) else ""
        if len(words) > 1:
            headers.setdefault(words, index)
    for row in table[1:MARKED_ROWS]:
        for index, cell in enumerate(row):
            words = " ".join(cell.lower().split()) if isinstance(cell, str) else ""
            if 1 < len(words) <= MAX_HEADER and words not in headers:
                texts.setdefault(words, index)
    if not headers and not texts:
        return text, set()
    lowered = text.lower()
    found = []  # (start, end, words)
    for words in headers:
        if words.split()[0][:3] in lowered:
            found += [(*match.span(), words) for match in _header_pattern(words).finditer(text)]
    for words in texts:
        if words in lowered:
            found += [(*match.span(), words) for match in re.finditer(rf"(?<![A-Za-z0-9]){re.escape(words)}(?![A-Za-z0-9])", text, re.IGNORECASE)]
    quoted = [match.span() for match in re.finditer(r'"[^"]*"', text)] if found else []
    pieces, done, marked, named = [], 0, 0, set()
    for start, place, words in sorted(found, key=lambda span: (span[0], -len(span[2]))):
        if start < done:
            continue
        done = place
        inside = next((span for span in quoted if span[0] < start < span[1]), None)
        if inside is not None:
            if inside != (start - 1, place + 1):
                continue
            place += 1  # behind the closing quote
        if words in headers:
            named.add(headers[words])
        pieces += [text[marked:place], f"@{letters(headers.get(words, texts.get(words)) + 1)}"]
        marked = place
    return "".join([*pieces, text[marked:]]), named


@functools.lru_cache(maxsize=4096)
def _header_pattern(words: str) -> re.Pattern:
    """A header as people write it: any case, blanks or underscores or nothing between its words, with or without a plural s."""
    *rest, last = words.split()
    stem = last[:-1] if len(last) > 3 and last.endswith("s") else last
    between = r"[\s_-]*".join(map(re.escape, (*rest, stem)))
    return re.compile(rf"(?<![A-Za-z0-9]){between}(?:e?s)?(?![A-Za-z0-9])", re.IGNORECASE)


@functools.lru_cache(maxsize=4096)
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
    control = _CONTROL.search(text)
    if control:
        raise UserError(f"the {what} has the control character U+{ord(control[0]):04X} at position {control.start() + 1}: leave it out")
    return _TAG.sub("< ", text)
