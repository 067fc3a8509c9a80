"""The rows of what `config.data.train` and the like name, read one after the other and never held all at once.

    FILE.jsonl, FILE.csv, FILE.parquet    one row a line (.ndjson too; a .json file may also be one list of objects, which is held in memory)
    'PATTERN*.jsonl'                      all files that match, by name
    DIRECTORY                             what `datasets` saved there (`save_to_disk`), or all .jsonl, .csv and .parquet files below it, by name
    OWNER/NAME                            a dataset of the Hugging Face hub, downloaded if it is not in the local cache

A directory or a dataset with several splits takes ":SPLIT" at its end (`DIRECTORY:train`), a dataset with several subsets ":SUBSET:SPLIT". The split of a plain file in a
directory is what its name, or that of the folder it lies in, begins with: train, validation (valid, val, dev) or test (eval).
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import difflib
import glob
import json
import os
import re
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from slm_jax.data.checks import kind_of
from slm_jax.errors import UserError

_ROW_SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")
_NO_ROWS = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")  # what `datasets` writes beside its data
_HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")
_SPLIT_NAMES = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation", "test": "test", "eval": "test"}
_SPLIT_WORD = re.compile(rf"({'|'.join(_SPLIT_NAMES)})(?![a-z])", re.IGNORECASE)
_PARQUET_ROWS = 1024  # read at once
_REACH_SECONDS = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """One row as it was read, or what is wrong with it."""

    where: str  # file and line, or dataset and row, for messages
    line: int  # from 1; the number of the row where there are no lines
    fields: Mapping  # {} if it could not be read
    problem: str = ""


def read_records(path: str | Path) -> Iterator[Record]:
    """Every row that is not blank. Raises UserError for a path that names nothing, and for what cannot be read."""
    text = os.fspath(path)
    if not text:
        raise UserError("the path of the data file is empty: write the path of a JSONL, CSV or Parquet file")
    if Path(text).expanduser().exists():
        return _from_place(path, "")
    if glob.has_magic(text):
        files = [file for file in map(Path, sorted(glob.glob(os.path.expanduser(text), recursive=True))) if file.is_file()]
        if not files:
            raise UserError(f"no file matches {text!r}: write the path of a JSONL, CSV or Parquet file, or a pattern like 'data/*.jsonl'")
        return _from_files(files)
    name, *chosen = text.split(":")
    if chosen and name and Path(name).expanduser().exists():
        if len(chosen) > 1 or not chosen[0]:
            raise UserError(f"{text}: write {name}:SPLIT")
        return _from_place(name, chosen[0])
    place = Path(name).expanduser()
    if place.suffix.lower() not in (*_ROW_SUFFIXES, ".txt", ".arrow") and _HUB_NAME.fullmatch(name) and ("/" not in name or not place.parent.is_dir()):
        if len(chosen) > 2 or not all(chosen):
            raise UserError(f"{text}: write {name}:SPLIT, or {name}:SUBSET:SPLIT")
        return _from_hub(name, chosen)
    return _json_records(existing_file(text))  # says what is wrong


def existing_file(path: str | Path) -> Path:
    """The file of that path. Raises UserError, with the nearest name there is, where it is none."""
    file = Path(path).expanduser()
    if not str(path):
        raise UserError("the path of the data file is empty: write the path of a JSONL, CSV or Parquet file")
    if file.is_dir():
        raise UserError(f"{path} is a directory: write the path of a file in it")
    if not file.exists():
        if not file.parent.is_dir():
            raise UserError(f"{path} does not exist, nor does the directory {file.parent}: write the path of a file")
        raise UserError(f"{path} does not exist: {_did_you_mean(file) or 'write the path of a file'}")
    return file


def read_text(file: Path) -> str:
    """All of a text file. Raises UserError, with the line that is not UTF-8."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(f"{file} line {line}: not UTF-8 text; save the file as UTF-8") from None
    if not text.strip():
        raise UserError(f"{file} is empty: write text into it")
    return text


def file_records(file: Path) -> Iterator[Record]:
    """The rows of one file, by the ending of its name."""
    suffix = file.suffix.lower()
    if suffix == ".csv":
        return _csv_records(file)
    if suffix == ".parquet":
        return _parquet_records(file)
    return _json_records(file)


def _did_you_mean(file: Path) -> str:
    close = difflib.get_close_matches(file.name, [entry.name for entry in file.parent.iterdir()], n=1)
    return f"did you mean {file.parent / close[0]}?" if close else ""


# --- directories and datasets ---


def _from_place(path: str | Path, split: str) -> Iterator[Record]:
    place = Path(path).expanduser()
    if not place.is_dir():
        if split:
            raise UserError(f"{path} is a file, which has no splits: write {path} alone")
        return file_records(Path(path).expanduser())
    if (place / "dataset_dict.json").exists() or (place / "state.json").exists():
        return _saved_records(place, split)
    files = sorted(file for file in place.rglob("*") if file.suffix.lower() in _ROW_SUFFIXES and file.name not in _NO_ROWS and file.is_file())
    files = [file for file in files if not any(part.startswith(".") for part in file.relative_to(place).parts)]
    if not files:
        raise UserError(f"{path} is a directory without data: write one that has .jsonl, .csv or .parquet files or what datasets.save_to_disk wrote, or the path of a file")
    splits: dict[str, list[Path]] = {}
    for file in files:
        word = _SPLIT_WORD.match(file.name) or _SPLIT_WORD.match(file.parent.name if file.parent != place else "")
        splits.setdefault(_SPLIT_NAMES[word[1].lower()] if word else "", []).append(file)
    if split:
        split = _SPLIT_NAMES.get(split, split)
        if split not in splits:
            raise UserError(f"{path} has no split '{split}': {_choose(path, splits)}")
        return _from_files(splits[split])
    if len(splits) > 1:
        raise UserError(f"{path} has several splits: {_choose(path, splits)}")
    return _from_files(files)


def _choose(path: str | Path, splits: Iterable[str]) -> str:
    known = sorted(split for split in splits if split)
    return f"write {' or '.join(f'{path}:{split}' for split in known)}" if known else f"write {path} alone, or the path of a file in it"


def _from_files(files: list[Path]) -> Iterator[Record]:
    for file in files:
        yield from file_records(file)


def _saved_records(place: Path, split: str) -> Iterator[Record]:
    import datasets

    try:
        found = datasets.load_from_disk(str(place))
    except Exception as error:  # a damaged directory fails in many ways
        raise UserError(f"{place} cannot be read as what datasets.save_to_disk writes ({_line(error)}): save it again, or write the path of a file") from None
    if isinstance(found, datasets.DatasetDict):
        if not split and len(found) == 1:
            split = next(iter(found))
        if split not in found:
            raise UserError(f"{place} has {f'no split {split!r}' if split else 'several splits'}: {_choose(place, found)}")
        found = found[split]
    elif split:
        raise UserError(f"{place} has one split: write {place} alone")
    return _dataset_records(found, str(place))


def _from_hub(name: str, chosen: list[str]) -> Iterator[Record]:
    import datasets

    subset, split = chosen if len(chosen) == 2 else (None, chosen[0] if chosen else None)
    try:
        with _offline_if_unreachable():
            found = datasets.load_dataset(name, subset)  # kept on disk and memory-mapped
    except ValueError as error:  # a subset has to be chosen, or there is none of that name
        raise UserError(f"dataset '{name}' cannot be opened ({_line(error)}): write {name}:SUBSET:SPLIT") from None
    except Exception as error:  # no network, no such dataset, not allowed, a script
        close = _did_you_mean(Path(name)) if Path(name).parent.is_dir() else ""
        advice = close or "write the path of a file or directory, or the name of a dataset that can be downloaded from here"
        raise UserError(f"'{name}' is no file or directory here, and no dataset of that name can be reached ({_line(error)}): {advice}") from None
    if isinstance(found, datasets.DatasetDict):
        if split is None and len(found) == 1:
            split = next(iter(found))
        if split not in found:
            raise UserError(f"dataset '{name}' has {f'no split {split!r}' if split else 'several splits'}: {_choose(':'.join([name, *([subset] if subset else [])]), found)}")
        found = found[split]
    return _dataset_records(found, name)


@contextlib.contextmanager
def _offline_if_unreachable() -> Iterator[None]:
    """Where the hub cannot be reached, its client tries again for half a minute; told that it is offline, it looks into its cache at once."""
    import datasets
    import huggingface_hub.constants as hub

    before = hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    if not before[0] and not urllib.request.getproxies():
        address = urllib.parse.urlsplit(hub.ENDPOINT)
        try:
            socket.create_connection((address.hostname, address.port or (80 if address.scheme == "http" else 443)), timeout=_REACH_SECONDS).close()
        except OSError:
            hub.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before


def _dataset_records(rows: Iterable[Mapping], name: str) -> Iterator[Record]:
    for number, fields in enumerate(rows, 1):
        yield Record(where=f"{name} row {number}", line=number, fields={key: value for key, value in fields.items() if value is not None})


# --- files ---


def _json_records(file: Path) -> Iterator[Record]:
    try:
        with open(file, "rb") as stream:
            if file.suffix.lower() == ".json" and stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[":
                yield from _json_list_records(file)
                return
            stream.seek(0)
            for number, line in enumerate(stream, 1):
                line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                if line.strip():
                    yield _json_record(file, number, line)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None


def _json_record(file: Path, number: int, line: bytes) -> Record:
    fields, problem = {}, ""
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        problem = "not UTF-8 text: save the file as UTF-8, one JSON object a line"
    except (RecursionError, ValueError) as error:
        why = f"{error.msg}, character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else "too deep or too large a value"
        problem = f"not a JSON object ({why}): write one object a line"
    else:
        if isinstance(value, dict):
            fields = value
        else:
            problem = f"{kind_of(value)}, not a JSON object: write one object a line"
    return Record(where=f"{file} line {number}", line=number, fields=fields, problem=problem)


def _json_list_records(file: Path) -> Iterator[Record]:
    try:
        rows = json.loads(read_text(file))
    except (RecursionError, ValueError) as error:
        where, why = (f" line {error.lineno}", error.msg) if isinstance(error, json.JSONDecodeError) else ("", "too deep or too large a value")
        raise UserError(f"{file}{where}: not JSON ({why}): write a list of objects, or one object a line") from None
    for number, fields in enumerate(rows, 1):
        good = isinstance(fields, dict)
        problem = "" if good else f"{kind_of(fields)}, not a JSON object: write a list of objects"
        yield Record(where=f"{file} row {number}", line=number, fields=fields if good else {}, problem=problem)


def _csv_records(file: Path) -> Iterator[Record]:
    number = 0
    try:
        with open(file, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            for fields in reader:
                number = reader.line_num
                where = f"{file} line {number}"
                if None in fields:
                    problem = f"{len(reader.fieldnames) + len(fields[None])} cells for {len(reader.fieldnames)} columns: put cells that hold a comma in double quotes"
                    yield Record(where=where, line=number, fields={}, problem=problem)
                else:
                    yield Record(where=where, line=number, fields={name: value for name, value in fields.items() if value not in (None, "")})
    except csv.Error as error:
        raise UserError(f"{file} line {reader.line_num}: not CSV ({error})") from None
    except UnicodeDecodeError:
        read_text(file)  # knows the line
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None


def _parquet_records(file: Path) -> Iterator[Record]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(file) as content:
            for batch in content.iter_batches(batch_size=_PARQUET_ROWS):
                for fields in batch.to_pylist():
                    number += 1
                    yield Record(where=f"{file} row {number}", line=number, fields={name: value for name, value in fields.items() if value is not None})
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{file} is not a Parquet file: {_line(error)}") from None


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
