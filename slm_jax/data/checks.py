"""What is wrong with a value of a row, in clauses that say what to write instead."""

from __future__ import annotations

import re

# C0 and C1 controls except tab, line feed and carriage return, and lone surrogates (which UTF-8 cannot say).
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class BadRow(Exception):
    """What is wrong with a row."""


def text_problem(what: str, value: object, *, write: str) -> str:
    """What is wrong with a value that should be text that says something, in a clause; empty if nothing is. `what` names it, `write` says what belongs there."""
    if not isinstance(value, str):
        return f"{what} is {kind_of(value)}: write text"
    if not value.strip():
        return f"{what} is empty: {write}"
    control = CONTROL.search(value)
    if control:
        return f"{what} has a control character (U+{ord(control[0]):04X}, character {control.start() + 1}): take it out"
    return ""


def kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
    return names[type(value)] if type(value) in names else f"a {type(value).__name__}"
