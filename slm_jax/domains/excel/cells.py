"""Names of cells."""

from __future__ import annotations


def letters(column: int) -> str:
    """A column's letters: 1 -> A, 27 -> AA."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
