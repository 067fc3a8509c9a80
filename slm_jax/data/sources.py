"""Examples and plain texts from the user's files, and the slice of them that is held out.

A bad file is a `UserError` that names the file, the line and what to write instead. Training reads with `read_examples`, which stops at the first bad row; the front
doors that answer rows read with `read_rows`, which reports a bad row and goes on.
"""

from __future__ import annotations

import csv
import dataclasses
import difflib
import glob
import hashlib
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from slm_jax.config import DataConfig
from slm_jax.domains.base import Example, Table
from slm_jax.errors import UserError, nearest

# C0 and C1 controls except tab, line feed and carriage return, and lone surrogates (which UTF-8 cannot say).
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_FORMULA_COLUMN = "formula"  # accepted where the response column is missing
_DOCUMENT_CHARACTERS = 2000  # a .txt file is cut at the first blank line after so many characters ...
_LONGEST_PARAGRAPH = 8000  # ... or, where no blank line comes, at the first line end after so many


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a file: its example, or what is wrong with it."""

    line: int  # from 1; in a Parquet file the number of the row
    fields: Mapping  # the row as it was read, {} if it could not be
    example: Example | None  # None = a bad row
    problem: str = ""  # empty = a good row


@dataclasses.dataclass(frozen=True, kw_only=True)
class Split:
    train: list[Example]
    validation: list[Example]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Disjoint:
    train: list[Example]
    dropped: int  # training examples whose content is in the held-out set too


def read_examples(path: str | Path, data: DataConfig, *, need_response: bool = True) -> list[Example]:
    """All rows of a JSONL, CSV or Parquet file as examples.

    `data` names the columns; `table` and `id` are optional, and so is the response if not `need_response`. Raises UserError for a file that is missing, empty or
    unreadable, and for the first bad row.
    """
    rows = read_rows(path, data, need_response=need_response)
    bad = [row for row in rows if row.problem]
    if bad:
        more = f" ({len(bad) - 1} more bad rows)" if len(bad) > 1 else ""
        raise UserError(f"{path} line {bad[0].line}: {bad[0].problem}{more}")
    return [row.example for row in rows]


def read_rows(path: str | Path, data: DataConfig, *, need_response: bool = True) -> list[Row]:
    """All rows of a JSONL, CSV or Parquet file, good and bad, in order. Raises UserError only for the file as a whole: missing, empty, a directory, not CSV."""
    rows = [_row(line, fields, problem, data, need_response) for line, fields, problem in _records(_file(path))]
    if not rows:
        raise UserError(f"{path} is empty: write one JSON object a line, as {_sample(data, need_response)}")
    return rows


def read_texts(pattern: str, data: DataConfig) -> list[str]:
    """Documents for plain-text training, from one file or from all that match a pattern like `books/*.txt`, in the order of their names.

    A `.jsonl` row is a document (column `data.text_column`). Any other file is text, cut into documents at blank lines so that each has about 2,000 characters or
    more; joined, they are the file's text again. Raises UserError for a file that is missing, empty or not UTF-8, and for a bad row.
    """
    path = Path(pattern).expanduser()
    if path.exists() or not glob.has_magic(pattern):
        files = [_file(pattern)]
    else:
        files = [file for file in map(Path, sorted(glob.glob(str(path), recursive=True))) if file.is_file()]
    if not files:
        raise UserError(f"no file matches {pattern!r}: write the path of a .txt or .jsonl file, or a pattern like 'books/*.txt'")
    documents = []
    for file in files:
        documents += _json_documents(file, data) if file.suffix in (".jsonl", ".ndjson", ".json") else _cut(_text(file))
    return documents


def split_by_content(examples: Sequence[Example], *, share: float) -> Split:
    """Holds out about `share` of the examples by a hash of their content: the instruction (case and spaces aside), or the text where there is none.

    The side of an example depends on nothing but its content, so equal instructions are on one side, and adding rows moves none. In a set so small that a side would
    be empty, one content goes to that side. Raises UserError where there are not two different contents.
    """
    keys = [content_key(example) for example in examples]
    held_out = {key for key in keys if int(key[:12], 16) < share * 16**12}
    contents = sorted(set(keys))
    if len(contents) < 2:
        raise UserError(f"{len(contents)} different example(s) cannot be split into training and validation: write more rows, or set config.data.validation to a file")
    if not held_out:
        held_out = {contents[0]}
    elif len(held_out) == len(contents):
        held_out.discard(contents[-1])
    return Split(
        train=[example for example, key in zip(examples, keys, strict=True) if key not in held_out],
        validation=[example for example, key in zip(examples, keys, strict=True) if key in held_out],
    )


def without_held_out(train: Sequence[Example], held_out: Sequence[Example]) -> Disjoint:
    """`train` without the examples whose content (see `split_by_content`) is in `held_out`, and how many those were."""
    keys = {content_key(example) for example in held_out}
    kept = [example for example in train if content_key(example) not in keys]
    return Disjoint(train=kept, dropped=len(train) - len(kept))


def content_key(example: Example) -> str:
    """A hash, in hexadecimal, of what is asked: the same for instructions that differ in case or spaces only."""
    content = " ".join(example.instruction.split()).casefold() or example.response
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def instruction_problem(instruction: object) -> str:
    """What is wrong with an instruction, in a clause that says what to write instead; empty if nothing is."""
    if not isinstance(instruction, str):
        return f"the instruction is {_kind(instruction)}: write text"
    if not instruction.strip():
        return "the instruction is empty: write what is asked"
    control = _CONTROL.search(instruction)
    if control:
        return f"the instruction has a control character (U+{ord(control[0]):04X}, character {control.start() + 1}): take it out"
    return ""


# --- files ---


def _file(path: str | Path) -> Path:
    file = Path(path).expanduser()
    if not str(path):
        raise UserError("the path of the data file is empty: write the path of a JSONL, CSV or Parquet file")
    if file.is_dir():
        raise UserError(f"{path} is a directory: write the path of a file in it")
    if not file.exists():
        if not file.parent.is_dir():
            raise UserError(f"{path} does not exist, nor does the directory {file.parent}: write the path of a file")
        close = difflib.get_close_matches(file.name, [entry.name for entry in file.parent.iterdir()], n=1)
        raise UserError(f"{path} does not exist: {f'did you mean {file.parent / close[0]}?' if close else 'write the path of a file'}")
    return file


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None


def _text(file: Path) -> str:
    content = _bytes(file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(f"{file} line {line}: not UTF-8 text; save the file as UTF-8") from None
    if not text.strip():
        raise UserError(f"{file} is empty: write text into it")
    return text


def _records(file: Path) -> Iterator[tuple[int, Mapping, str]]:
    """(line, fields, problem) of every row that is not blank."""
    if file.suffix == ".csv":
        yield from _csv_records(file)
    elif file.suffix == ".parquet":
        yield from _parquet_records(file)
    else:
        yield from _json_records(file)


def _json_records(file: Path) -> Iterator[tuple[int, Mapping, str]]:
    for number, line in enumerate(_bytes(file).removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            yield number, {}, "not UTF-8 text: save the file as UTF-8, one JSON object a line"
        except (json.JSONDecodeError, RecursionError, ValueError) as error:
            why = f"{error.msg}, character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else "too deep or too large a value"
            yield number, {}, f"not a JSON object ({why}): write one object a line"
        else:
            if isinstance(fields, dict):
                yield number, fields, ""
            else:
                yield number, {}, f"{_kind(fields)}, not a JSON object: write one object a line"


def _csv_records(file: Path) -> Iterator[tuple[int, Mapping, str]]:
    reader = csv.DictReader(io.StringIO(_text(file), newline=""), strict=True)
    try:
        for fields in reader:
            number = reader.line_num
            if None in fields:
                yield number, {}, f"{len(reader.fieldnames) + len(fields[None])} cells for {len(reader.fieldnames)} columns: put cells that hold a comma in double quotes"
            else:
                yield number, {name: value for name, value in fields.items() if value not in (None, "")}, ""
    except csv.Error as error:
        raise UserError(f"{file} line {reader.line_num}: not CSV ({error})") from None


def _parquet_records(file: Path) -> Iterator[tuple[int, Mapping, str]]:
    import pyarrow
    import pyarrow.parquet

    try:
        rows = pyarrow.parquet.read_table(file).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{file} is not a Parquet file: {str(error).splitlines()[0]}") from None
    for number, fields in enumerate(rows, 1):
        yield number, {name: value for name, value in fields.items() if value is not None}, ""


# --- rows ---


def _row(line: int, fields: Mapping, problem: str, data: DataConfig, need_response: bool) -> Row:
    if problem:
        return Row(line=line, fields=fields, example=None, problem=problem)
    try:
        return Row(line=line, fields=fields, example=_example(fields, data, need_response))
    except _BadRow as bad:
        return Row(line=line, fields=fields, example=None, problem=str(bad))


class _BadRow(Exception):
    """What is wrong with a row."""


def _example(fields: Mapping, data: DataConfig, need_response: bool) -> Example:
    if data.instruction_column not in fields:
        raise _BadRow(_missing("instruction", data.instruction_column, "config.data.instruction_column", fields))
    instruction = fields[data.instruction_column]
    problem = instruction_problem(instruction)
    if problem:
        raise _BadRow(problem)
    column = data.response_column if data.response_column in fields or _FORMULA_COLUMN not in fields else _FORMULA_COLUMN
    response = ""
    if column in fields:
        response = fields[column]
        if not isinstance(response, str):
            raise _BadRow(f"the {column} is {_kind(response)}: write text")
        if _CONTROL.search(response):
            raise _BadRow(f"the {column} has a control character (U+{ord(_CONTROL.search(response)[0]):04X}): take it out")
        if need_response and not response.strip():
            raise _BadRow(f"the {column} is empty: write the answer")
    elif need_response:
        raise _BadRow(_missing("response", column, "config.data.response_column", fields))
    identity = fields.get("id", "")
    if not isinstance(identity, (str, int)) or isinstance(identity, bool):
        raise _BadRow(f"the id is {_kind(identity)}: write text or a whole number")
    return Example(instruction=instruction, response=response, table=_table(fields[data.table_column]) if data.table_column in fields else None, id=str(identity))


def _table(value: object) -> Table | None:
    """A table cell by cell; in CSV and Parquet it may be JSON text. Raises _BadRow."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise _BadRow('the table is text that is not JSON: write a list of rows, as [["Name", "Total"], ["Ann", 3]]') from None
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise _BadRow('the table is not two-dimensional: write a list of rows, as [["Name", "Total"], ["Ann", 3]]')
    for r, row in enumerate(value, 1):
        for c, cell in enumerate(row, 1):
            if not _is_cell(cell):
                raise _BadRow(f'row {r}, column {c} of the table is {_kind(cell)}: write text, a number, true, false, null or {{"date": "2024-03-01"}}')
    return value if any(value) else None


def _is_cell(cell: object) -> bool:
    if isinstance(cell, dict):
        return list(cell) == ["date"] and isinstance(cell["date"], str) and re.fullmatch(r"\d{4}-\d\d-\d\d", cell["date"]) is not None
    if isinstance(cell, float):
        return math.isfinite(cell)
    if isinstance(cell, str):
        return not _CONTROL.search(cell)
    return cell is None or isinstance(cell, (bool, int))


def _missing(what: str, column: str, field: str, fields: Mapping) -> str:
    names = [str(name) for name in fields]
    hint = nearest(column, names) if names else "the row is empty"
    return f"no {what} (column '{column}'; {hint}): write it, or name its column in {field}"


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
    return names[type(value)] if type(value) in names else f"a {type(value).__name__}"


def _sample(data: DataConfig, need_response: bool) -> str:
    fields = {data.instruction_column: "Sum column E"} | ({data.response_column: "=SUM(E:E)"} if need_response else {})
    return json.dumps(fields)


# --- plain text ---


def _json_documents(file: Path, data: DataConfig) -> list[str]:
    documents = []
    for line, fields, problem in _records(file):
        if not problem and data.text_column not in fields:
            problem = _missing("text", data.text_column, "config.data.text_column", fields)
        elif not problem and not (isinstance(fields[data.text_column], str) and fields[data.text_column].strip()):
            problem = f"the {data.text_column} is {'empty' if isinstance(fields[data.text_column], str) else _kind(fields[data.text_column])}: write text"
        elif not problem and re.search("[\ud800-\udfff]", fields[data.text_column]):
            problem = f"the {data.text_column} has half a surrogate pair, which is not a character: take it out"
        if problem:
            raise UserError(f"{file} line {line}: {problem}")
        documents.append(fields[data.text_column])
    if not documents:
        raise UserError(f"{file} is empty: write one JSON object a line, as {json.dumps({data.text_column: 'Once upon a time ...'})}")
    return documents


def _cut(text: str) -> list[str]:
    """Pieces of about _DOCUMENT_CHARACTERS or more that end after blank lines; joined, they are the text."""
    pieces, start = [], 0
    while len(text) - start > _DOCUMENT_CHARACTERS:
        blank_line = _after(text, r"\n[ \t\r]*\n\s*", start + _DOCUMENT_CHARACTERS, start + _LONGEST_PARAGRAPH)
        end = blank_line or _after(text, r"\n", start + _LONGEST_PARAGRAPH, len(text)) or len(text)
        pieces.append(text[start:end])
        start = end
    if text[start:].strip():
        pieces.append(text[start:])
    elif pieces:  # trailing blank lines belong to the last document
        pieces[-1] += text[start:]
    return pieces


def _after(text: str, pattern: str, first: int, last: int) -> int:
    match = re.compile(pattern).search(text, first, last)
    return match.end() if match else 0
