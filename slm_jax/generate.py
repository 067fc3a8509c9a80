"""Ask a trained model: `python -m slm_jax.generate --checkpoint=DIR "Sum values in E where B is North"`. One answer a line.

`--table=FILE.csv` says what the instructions are about; `--input=FILE.jsonl --output=FILE.jsonl` answers a file of instructions and adds "prediction" to its rows.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import sys
from collections.abc import Sequence

from slm_jax.cli import OneLineParser, write_jsonl
from slm_jax.domains.base import Table
from slm_jax.errors import UserError, front_door


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = OneLineParser(prog="python -m slm_jax.generate", description="Ask a trained model.")
    parser.add_argument("instructions", nargs="*", metavar="INSTRUCTION", help="what to ask, in quotes")
    parser.add_argument("--checkpoint", required=True, help="a run's directory (its best checkpoint), one checkpoint, a Hugging Face directory or hub name, a .gguf file")
    parser.add_argument("--table", help="a CSV file that the instructions are about; its first cell is A1")
    parser.add_argument("--input", help="JSONL, CSV or Parquet with a column of instructions")
    parser.add_argument("--output", help="JSONL to write: the rows of --input with their prediction")
    parser.add_argument("--domain", help="another than the model was trained for: excel, sheets, code, summary, prices, instruct, text")
    parser.add_argument("--max_tokens", type=int, help="longest answer")
    parser.add_argument("--precision", choices=("bfloat16", "float32"), help="of matmul operands; default: as trained")
    arguments = parser.parse_args(argv)
    if bool(arguments.instructions) == bool(arguments.input):
        raise UserError("write either an instruction in quotes, or --input=FILE.jsonl")
    if arguments.output and not arguments.input:
        raise UserError("--output goes with --input; answers to instructions on the command line are printed")
    return arguments


@front_door
def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    table = _read_table(arguments.table) if arguments.table else None
    from slm_jax.checkpoints.pretrained import load
    from slm_jax.models.host_memory import keep_freed_memory

    keep_freed_memory()
    loaded = load(arguments.checkpoint, precision=arguments.precision, domain=arguments.domain)
    if arguments.input:
        _answer_file(loaded, arguments, table)
        return
    for answer in loaded.generate(arguments.instructions, tables=[table] * len(arguments.instructions), max_tokens=arguments.max_tokens):
        print(answer)


def _answer_file(loaded, arguments: argparse.Namespace, table: Table | None) -> None:
    from slm_jax.data.sources import read_rows

    rows = read_rows(arguments.input, loaded.config.data, need_response=False)
    fields = [dict(row.fields) for row in rows]
    good = []
    for number, row in enumerate(rows):
        problem = row.problem or loaded.prompt_problem(row.example.instruction, row.example.table or table, row.example.history)
        if problem:
            fields[number] |= {"prediction": None, "problem": problem}
            print(f"{row.where}: {problem}: no answer", file=sys.stderr)
        else:
            good.append(number)
    examples = [rows[i].example for i in good]
    answers = loaded.generate(
        [example.instruction for example in examples],
        tables=[example.table or table for example in examples],
        histories=[example.history for example in examples],
        max_tokens=arguments.max_tokens,
    )
    for number, answer in zip(good, answers, strict=True):
        fields[number]["prediction"] = answer
    if arguments.output:
        write_jsonl(arguments.output, fields)
    else:
        for row in fields:
            print(json.dumps(row, ensure_ascii=False, default=str))
    if not good:
        raise UserError(f"{arguments.input} has no row that can be answered; each was reported above")


def _read_table(path: str) -> Table:
    """A CSV file as cells: numbers as numbers, TRUE and FALSE as such, ISO dates as dates, the rest as text."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [[_cell(text) for text in row] for row in csv.reader(file)]
    except OSError as error:
        raise UserError(f"--table={path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"--table={path} is not a CSV file in UTF-8: {error}") from error
    if not any(cell is not None for row in rows for cell in row):
        raise UserError(f"--table={path} is empty: write at least a row of headers")
    width = max(map(len, rows))
    return [row + [None] * (width - len(row)) for row in rows]


def _cell(text: str) -> object:
    text = text.strip()
    if not text:
        return None
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    for read in (int, float, lambda text: {"date": datetime.date.fromisoformat(text).isoformat()}):
        try:
            return read(text)
        except ValueError:
            continue
    return text


if __name__ == "__main__":
    main()
