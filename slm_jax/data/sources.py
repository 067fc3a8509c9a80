"""Examples and plain texts from the user's data, and the slice of them that is held out.

Where data may come from is in data/files.py, and what a row may be in data/rows.py. A bad row is a `UserError` that names the file, the line and what to write instead.
Training reads with `read_examples`, which stops at the first bad row; the front doors that answer rows read with `read_rows`, which reports a bad row and goes on.
"""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from slm_jax.config import DataConfig
from slm_jax.data.checks import kind_of
from slm_jax.data.conversations import opening
from slm_jax.data.files import existing_file, file_records, read_records, read_text
from slm_jax.data.rows import Row, missing, read_row, sample
from slm_jax.domains.base import Example
from slm_jax.errors import UserError

_DOCUMENT_CHARACTERS = 2000  # a .txt file is cut at the first blank line after so many characters ...
_LONGEST_PARAGRAPH = 8000  # ... or, where no blank line comes, at the first line end after so many


@dataclasses.dataclass(frozen=True, kw_only=True)
class Split:
    train: list[Example]
    validation: list[Example]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Disjoint:
    train: list[Example]
    dropped: int  # training examples whose content is in the held-out set too


def read_examples(path: str | Path, data: DataConfig, *, need_response: bool = True) -> list[Example]:
    """All examples of what `path` names (data/files.py): one a row, of a chat one an answer.

    `data` names the columns; `table` and `id` are optional, and so is the response if not `need_response`. Raises UserError for data that is missing, empty or
    unreadable, and for the first bad row.
    """
    rows = read_rows(path, data, need_response=need_response)
    bad = [row for row in rows if row.problem]
    if bad:
        more = f" ({len(bad) - 1} more bad rows)" if len(bad) > 1 else ""
        raise UserError(f"{bad[0].where}: {bad[0].problem}{more}")
    return [example for row in rows for example in row.examples]


def read_rows(path: str | Path, data: DataConfig, *, need_response: bool = True) -> list[Row]:
    """All rows, good and bad, in order. Raises UserError only for the data as a whole: missing, empty, not CSV."""
    return list(iterate_rows(path, data, need_response=need_response))


def iterate_rows(path: str | Path, data: DataConfig, *, need_response: bool = True) -> Iterator[Row]:
    """`read_rows`, one after the other."""
    row = None
    for record in read_records(path):
        row = read_row(record, data, need_response=need_response)
        yield row
    if row is None:
        raise UserError(f"{path} is empty: write one JSON object a line, as {sample(data, need_response)}")


def read_texts(pattern: str, data: DataConfig) -> list[str]:
    """Documents for plain-text training, from one file or from all that match a pattern like `books/*.txt`, in the order of their names.

    A `.jsonl` row is a document (column `data.text_column`). Any other file is text, cut into documents at blank lines so that each has about 2,000 characters or
    more; joined, they are the file's text again. Raises UserError for a file that is missing, empty or not UTF-8, and for a bad row.
    """
    path = Path(pattern).expanduser()
    if path.exists() or not glob.has_magic(pattern):
        files = [existing_file(pattern)]
    else:
        files = [file for file in map(Path, sorted(glob.glob(str(path), recursive=True))) if file.is_file()]
    if not files:
        raise UserError(f"no file matches {pattern!r}: write the path of a .txt or .jsonl file, or a pattern like 'books/*.txt'")
    documents = []
    for file in files:
        documents += _json_documents(file, data) if file.suffix in (".jsonl", ".ndjson", ".json") else _cut(read_text(file))
    return documents


def split_by_content(examples: Sequence[Example], *, share: float) -> Split:
    """Holds out about `share` of the examples by a hash of their content: the instruction (case and spaces aside), or the text where there is none.

    Of a chat it is the first message of the user, so that all of a conversation is on one side.

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
    content = " ".join(opening(example).split()).casefold() or example.response
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


# --- plain text ---


def _json_documents(file: Path, data: DataConfig) -> list[str]:
    documents = []
    for record in file_records(file):
        fields, problem = record.fields, record.problem
        if not problem and data.text_column not in fields:
            problem = missing("text", data.text_column, "config.data.text_column", fields)
        elif not problem and not (isinstance(fields[data.text_column], str) and fields[data.text_column].strip()):
            problem = f"the {data.text_column} is {'empty' if isinstance(fields[data.text_column], str) else kind_of(fields[data.text_column])}: write text"
        elif not problem and re.search("[\ud800-\udfff]", fields[data.text_column]):
            problem = f"the {data.text_column} has half a surrogate pair, which is not a character: take it out"
        if problem:
            raise UserError(f"{record.where}: {problem}")
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
