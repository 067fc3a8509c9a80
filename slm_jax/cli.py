"""What the commands share: complaints in one line, and files of rows."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping

from slm_jax.errors import UserError


class OneLineParser(argparse.ArgumentParser):
    """argparse whose complaints are one line, as everywhere else."""

    def error(self, message):
        raise UserError(f"{message}; {self.prog} --help says what can be written")


def write_jsonl(path: str, rows: Iterable[Mapping]) -> None:
    """One JSON object a line. Raises UserError where the file cannot be written."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
