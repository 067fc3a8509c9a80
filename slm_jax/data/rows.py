"""A row as examples: an instruction with its response, or a chat (data/conversations.py)."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import re
from collections.abc import Mapping

from slm_jax.config import DataConfig
from slm_jax.data.checks import CONTROL, BadRow, kind_of, text_problem
from slm_jax.data.conversations import SHAREGPT_COLUMN, conversation_examples
from slm_jax.data.files import Record
from slm_jax.domains.base import Example, Table

_FORMULA_COLUMN = "formula"  # accepted where the response column is missing
_JUDGED_BY = ("tests", "facts")  # columns that the code and summary domains judge by: kept in the example's tags


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its examples, or what is wrong with it."""

    where: str  # file and line, for messages
    line: int  # from 1; the number of the row where there are no lines
    fields: Mapping  # the row as it was read, {} if it could not be
    examples: tuple[Example, ...]  # of a chat one an answer; none = a bad row
    problem: str = ""  # empty = a good row

    @property
    def example(self) -> Example | None:
        """The row's one example, of a chat that of its last answer."""
        return self.examples[-1] if self.examples else None


def read_row(record: Record, data: DataConfig, *, need_response: bool) -> Row:
    """The row of a record. Never raises for what can stand in a file."""
    examples, problem = (), record.problem
    if not problem:
        try:
            examples = _examples(record.fields, data, where=record.where, need_response=need_response)
        except BadRow as bad:
            problem = str(bad)
    return Row(where=record.where, line=record.line, fields=record.fields, examples=examples, problem=problem)


def _examples(fields: Mapping, data: DataConfig, *, where: str, need_response: bool) -> tuple[Example, ...]:
    identity = fields.get("id", "")
    if not isinstance(identity, (str, int)) or isinstance(identity, bool):
        raise BadRow(f"the id is {kind_of(identity)}: write text or a whole number")
    if data.instruction_column in fields:
        return (_example(fields, data, id=str(identity), where=where, need_response=need_response),)
    for column in (data.messages_column, SHAREGPT_COLUMN):
        if column in fields:
            return conversation_examples(fields[column], column=column, id=str(identity), where=where, need_response=need_response)
    raise BadRow(missing("instruction", data.instruction_column, "config.data.instruction_column", fields, more=" (for chats, config.data.messages_column)"))


def _example(fields: Mapping, data: DataConfig, *, id: str, where: str, need_response: bool) -> Example:
    instruction = fields[data.instruction_column]
    problem = text_problem("the instruction", instruction, write="write what is asked")
    if problem:
        raise BadRow(problem)
    about = fields.get(data.input_column)
    if about is not None and about != "":
        problem = text_problem(f"the {data.input_column}", about, write="write text, or leave it away")
        if problem:
            raise BadRow(problem)
        instruction = f"{instruction}\n\n{about}"
    column = data.response_column if data.response_column in fields or _FORMULA_COLUMN not in fields else _FORMULA_COLUMN
    response = ""
    if column in fields:
        response = fields[column]
        if not isinstance(response, str):
            raise BadRow(f"the {column} is {kind_of(response)}: write text")
        if CONTROL.search(response):
            raise BadRow(f"the {column} has a control character (U+{ord(CONTROL.search(response)[0]):04X}): take it out")
        if need_response and not response.strip():
            raise BadRow(f"the {column} is empty: write the answer")
    elif need_response:
        raise BadRow(missing("response", column, "config.data.response_column", fields))
    table = _table(fields[data.table_column]) if data.table_column in fields else None
    return Example(instruction=instruction, response=response, table=table, id=id, tags=_tags(fields), where=where)


def _tags(fields: Mapping) -> dict[str, str]:
    """What a domain judges by, one item a line; what is not text is not for it."""
    tags = {}
    for name in _JUDGED_BY:
        value = fields.get(name)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = "\n".join(value)
        if isinstance(value, str) and value.strip():
            tags[name] = value
    return tags


def _table(value: object) -> Table | None:
    """A table cell by cell; in CSV and Parquet it may be JSON text. Raises BadRow."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadRow('the table is text that is not JSON: write a list of rows, as [["Name", "Total"], ["Ann", 3]]') from None
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise BadRow('the table is not two-dimensional: write a list of rows, as [["Name", "Total"], ["Ann", 3]]')
    for r, row in enumerate(value, 1):
        for c, cell in enumerate(row, 1):
            if not _is_cell(cell):
                raise BadRow(f'row {r}, column {c} of the table is {kind_of(cell)}: write text, a number, true, false, null or {{"date": "2024-03-01"}}')
    return value if any(value) else None


def _is_cell(cell: object) -> bool:
    if isinstance(cell, dict):
        return list(cell) == ["date"] and isinstance(cell["date"], str) and re.fullmatch(r"\d{4}-\d\d-\d\d", cell["date"]) is not None
    if isinstance(cell, float):
        return math.isfinite(cell)
    if isinstance(cell, str):
        return not CONTROL.search(cell)
    return cell is None or isinstance(cell, (bool, int))


def missing(what: str, column: str, field: str, fields: Mapping, *, more: str = "") -> str:
    """A clause that says which column is missing, and which ones there are."""
    names = [str(name) for name in fields]
    close = difflib.get_close_matches(column, names, n=1, cutoff=0.6)
    hint = (f"did you mean '{close[0]}'? " if close else "") + f"the row has {', '.join(names)}" if names else "the row is empty"
    return f"no {what} (column '{column}'; {hint}): write it, or name its column in {field}{more}"


def sample(data: DataConfig, need_response: bool) -> str:
    """A row as it should be, for messages."""
    fields = {data.instruction_column: "Sum column E"} | ({data.response_column: "=SUM(E:E)"} if need_response else {})
    return json.dumps(fields)
