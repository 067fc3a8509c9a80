"""The one exception for what a user can cause; front doors print it as one line and exit with 2."""

from __future__ import annotations

import difflib
import functools
import sys
from collections.abc import Iterable


class UserError(Exception):
    """Bad input. The message is one line: what, where, what to write instead."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause that names the known word closest to `name`, for the end of an error line."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(known)}"


def front_door(main):
    """Wrap a command's main function: a `UserError` becomes one line on stderr and exit code 2, never a traceback."""

    @functools.wraps(main)
    def wrapped(*args, **kwargs):
        try:
            return main(*args, **kwargs)
        except UserError as error:
            print(f"error: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
            raise SystemExit(2) from None

    return wrapped
