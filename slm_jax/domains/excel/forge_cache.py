"""Made examples on disk, by the content of everything that makes them: counts, seed, engines, and the source code of the forge."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import importlib.metadata
import json
import os
import tempfile
from pathlib import Path

from slm_jax.config import Config
from slm_jax.domains.base import Example, Splits

_HERE = Path(__file__).resolve().parent
_NOT_MADE_OF = ("score", "sample", "prompt", "__init__")  # files of this folder that do not change what is made


def path_for(config: Config) -> Path:
    """Where the examples of this configuration are, or will be."""
    content = hashlib.sha256(json.dumps([config.seed, config.data.examples, config.data.eval_examples]).encode())
    for engine in ("formulon", "cellrune", "formualizer"):
        content.update(f"{engine} {importlib.metadata.version(engine)}".encode())
    for file in sorted(_HERE.rglob("*.py")):
        if file.parent != _HERE or not file.name.startswith(_NOT_MADE_OF):
            content.update(file.relative_to(_HERE).as_posix().encode() + file.read_bytes())
    return Path(config.data.cache_dir) / f"excel-examples-{content.hexdigest()[:24]}.jsonl.gz"


def read(path: Path) -> Splits | None:
    """The splits in the file; None if there is none, or not a whole one. Tables that were one list are one list again."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            head = json.loads(next(file))
            tables = [json.loads(next(file)) for _ in range(head["tables"])]
            made = {name: [_example(json.loads(next(file)), tables) for _ in range(count)] for name, count in head["splits"].items()}
    except (OSError, EOFError, StopIteration, ValueError, KeyError):
        return None
    return Splits(train=made.pop("train"), evaluation=made, notes=[*head["notes"], f"read from {path}"])


def write(path: Path, splits: Splits) -> None:
    """Writes the file, whole or not at all."""
    splits_by_name = {"train": splits.train, **splits.evaluation}
    tables: dict[int, tuple[int, list]] = {}
    for examples in splits_by_name.values():
        for example in examples:
            if example.table is not None:
                tables.setdefault(id(example.table), (len(tables), example.table))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as raw, gzip.open(raw, "wt", compresslevel=1, encoding="utf-8") as file:
            lines = [{"notes": list(splits.notes), "tables": len(tables), "splits": {name: len(examples) for name, examples in splits_by_name.items()}}]
            for line in lines + [table for _, table in tables.values()]:
                file.write(json.dumps(line) + "\n")
            for examples in splits_by_name.values():
                for example in examples:
                    row = dataclasses.asdict(dataclasses.replace(example, table=None))
                    row["table"] = None if example.table is None else tables[id(example.table)][0]
                    file.write(json.dumps(row) + "\n")
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _example(row: dict, tables: list) -> Example:
    return Example(**(row | {"table": None if row["table"] is None else tables[row["table"]]}))
