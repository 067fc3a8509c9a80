"""The text inside QUERY: Google's visualization query language, read as far as two texts can be told to mean the same."""

from __future__ import annotations

import re

CLAUSES = ("select", "where", "group by", "pivot", "order by", "limit", "offset", "label", "format", "options")  # in the only order that is allowed
_HOLE = "\x01"  # stands round what a formula puts into the text: "where B = "&D1 is `where B = \x01D1\x01`
_TOKEN = re.compile(r"\x01[^\x01]*\x01|'[^']*'|\"[^\"]*\"|`[^`]*`|\d+(?:\.\d+)?|<=|>=|!=|<>|[A-Za-z_]\w*|[(),*=<>+\-/]|\s+")
_KEYWORDS = (
    "select where group by pivot order limit offset label format options and or not is null contains starts ends with matches like asc desc date datetime timestamp "
    "timeofday true false sum avg count max min year month day hour minute second millisecond quarter dayofweek now datediff todate upper lower no_values no_format"
)
_WORDS = frozenset(_KEYWORDS.split())


def hole(text: str) -> str:
    """What stands in a query's text for a piece that the formula computes."""
    return f"{_HOLE}{text}{_HOLE}"


def normalise(text: str) -> str:
    """The one spelling of a query: case of keywords and column letters, blanks, kind of quotes, `!=`, a needless `asc` or `select *`, order of `and`.

    Idempotent. Raises ValueError with the reason for what is no query.
    """
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"{text[at : at + 12]!r} does not belong in a query")
        at = match.end()
        if not match[0].isspace():
            tokens.append(_token(match[0]))
    clauses = _clauses(tokens)
    if clauses.get("select") == ["*"] and len(clauses) > 1:
        del clauses["select"]
    if "order by" in clauses:
        clauses["order by"] = [token for token in clauses["order by"] if token != "asc"]
    where = clauses.get("where", [])
    if not {"or", "not", "("} & set(where):
        clauses |= {"where": " and ".join(sorted(" ".join(part) for part in _split(where, "and"))).split(" ")} if where else {}
    return " ".join(f"{name} {' '.join(body)}" for name, body in clauses.items())


def _token(text: str) -> str:
    if text[0] == '"' and "'" not in text:
        return f"'{text[1:-1]}'"
    if text == "!=":
        return "<>"
    if text[0].isalpha() or text[0] == "_":
        return text.lower() if text.lower() in _WORDS else text.upper()
    return text


def _clauses(tokens: list[str]) -> dict[str, list[str]]:
    """{name of the clause: its tokens}, in order."""
    clauses: dict[str, list[str]] = {}
    depth, index = 0, 0
    while index < len(tokens):
        token = tokens[index]
        name = f"{token} by" if token in ("group", "order") and tokens[index + 1 : index + 2] == ["by"] else token
        depth += (token == "(") - (token == ")")
        if depth < 0:
            raise ValueError("a query has ')' without '('")
        if name in CLAUSES and depth == 0 and not (name == "format" and tokens[index - 1 : index] == ["options"]):
            if clauses and CLAUSES.index(name) <= CLAUSES.index(next(reversed(clauses))):
                raise ValueError(f"a query has {name!r} after {next(reversed(clauses))!r}")
            clauses[name] = []
        elif not clauses:
            raise ValueError(f"a query begins with {token[:20]!r}, not with a clause such as select")
        else:
            clauses[next(reversed(clauses))].append(token)
        index += 2 if name != token else 1
    if depth:
        raise ValueError("a query has '(' without ')'")
    empty = next((name for name, body in clauses.items() if not body), None)
    if empty:
        raise ValueError(f"a query has nothing after {empty!r}")
    return clauses


def _split(tokens: list[str], at: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == at:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
