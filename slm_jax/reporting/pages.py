"""The pages of a run, as text: what it starts with, samples at an evaluation, the closing table; and the closing table as data in result.json."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import jax

from slm_jax.domains.base import Example, Score
from slm_jax.errors import UserError

RESULT_FILE = "result.json"
_Z = 1.959963984540054  # the normal distribution's 97.5 % point


class SplitResult(Protocol):
    """One split under one set of parameters, as an evaluation gives it."""

    name: str
    loss: float  # nats per answer token
    bits_per_byte: float
    score: Score
    examples: Sequence[Example]
    predictions: Sequence[str]


class Memory(Protocol):
    """What a compiled function needs on one device, in bytes, as `training.parallel.StepMemory` has it."""

    argument_bytes: int
    temp_bytes: int
    total_bytes: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interval:
    low: float
    high: float


def wilson_interval(share: float, n: int) -> Interval:
    """95 % confidence interval of a share seen in `n` trials. Unlike the normal one it stays in [0, 1] and is right near its ends (Wilson, JASA 22, 1927)."""
    if not n:
        return Interval(low=0.0, high=1.0)
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return Interval(low=max(0.0, middle - half), high=min(1.0, middle + half))


# --- the start ---


def start_page(
    *, title: str, devices: Sequence[jax.Device], params: Any, memory: Memory | None, tokens_per_step: int, facts: Mapping[str, str], notes: Sequence[str]
) -> str:
    """What is about to run.

    `params` is a tree of arrays or ShapeDtypeStructs; `facts` are further lines, name -> value; `notes` say all that was dropped, truncated, packed or restored.
    """
    from clu import parameter_overview

    kinds = sorted({f"{device.platform} ({device.device_kind})" for device in devices})
    lines = {"devices": f"{len(devices)} x {', '.join(kinds)}"}
    if memory is not None:
        parts = f"{format_bytes(memory.argument_bytes)} state and batch, {format_bytes(memory.temp_bytes)} while a step runs"
        lines["memory"] = f"{format_bytes(memory.total_bytes)} a device: {parts}"
    lines["tokens a step"] = f"{tokens_per_step:,}"
    lines |= facts
    width = max(map(len, lines))
    table = parameter_overview.get_parameter_overview(params, include_stats=False)
    return "\n".join([_rule(title), table, "", *(f"{name:<{width}}  {value}" for name, value in lines.items()), *(f"note: {note}" for note in notes), _rule()])


# --- an evaluation ---


def evaluation_page(step: int, results: Sequence[SplitResult], *, samples: int) -> str:
    """A line a split, and the first `samples` answers of each split that has any, marked right or wrong."""
    lines = []
    for result in results:
        rates = "".join(f"  {name} {rate:.1%}" for name, rate in result.score.rates.items())
        lines.append(f"eval  step {step}  {result.name}: loss {result.loss:.4f}  {result.bits_per_byte:.3f} bits/byte{rates}")
        lines += _samples(result, samples)
    return "\n".join(lines)


def _samples(result: SplitResult, count: int) -> list[str]:
    verdict = next(iter(result.score.rates), None)
    lines = []
    for example, prediction, row in list(zip(result.examples, result.predictions, result.score.rows, strict=True))[:count]:
        right = row.get(verdict) if verdict else None
        mark = {True: "  right ", False: "  WRONG "}.get(right, "        ")
        lines += [f"{mark}{one_line(example.instruction)}", f"           -> {one_line(prediction)}"]
        if verdict and right is not True:
            lines.append(f"        wanted {one_line(example.response)}{f'  ({error})' if (error := row.get('error')) else ''}")
    return lines


# --- the end ---


def closing_page(results: Sequence[SplitResult], *, best_checkpoint: Path, step: int, command: str) -> str:
    """The closing table: a row a split, each rate with its 95 % interval, then what the wrong answers were; the best checkpoint and how to ask it."""
    rates = list(dict.fromkeys(name for result in results for name in result.score.rates))
    head = ["split", "n", "loss", "bits/byte", *(f"{name} (95 %)" for name in rates)]
    rows, errors = [], []
    for result in results:
        score = result.score
        rows.append([result.name, f"{score.n:,}", f"{result.loss:.4f}", f"{result.bits_per_byte:.3f}", *(_rate(score, name) for name in rates)])
        if score.errors:
            errors.append(f"errors in {result.name}: {', '.join(f'{name} {count}' for name, count in _by_count(score.errors))}")
    ask = [f"ask it: {command}"] if command else []
    return "\n".join([_rule(f"result, step {step}"), *format_table(head, rows), *errors, f"best checkpoint: {best_checkpoint}", *ask, _rule()])


def result_data(results: Sequence[SplitResult], *, best_checkpoint: Path, step: int, facts: Mapping[str, Any]) -> dict:
    """The closing table as data: {"step", "best_checkpoint", ..facts, "splits": {name: {"n", "loss", "bits_per_byte", RATE, RATE_95: [low, high], "errors"}}}."""
    splits = {}
    for result in results:
        split = {"n": result.score.n, "loss": _finite(result.loss), "bits_per_byte": _finite(result.bits_per_byte)}
        for name, rate in result.score.rates.items():
            interval = wilson_interval(rate, result.score.n)
            split |= {name: rate, f"{name}_95": [interval.low, interval.high]}
        splits[result.name] = split | {"errors": dict(_by_count(result.score.errors))}
    return {"step": step, "best_checkpoint": str(best_checkpoint), **facts, "splits": splits}


def write_result(run_dir: str | os.PathLike, data: Mapping) -> Path:
    """Write RUN/result.json, whole or not at all. Raises UserError where it cannot be written."""
    path = Path(run_dir) / RESULT_FILE
    temporary = path.with_suffix(".tmp")
    try:
        temporary.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}): make room or give permission, and run the same command again") from error
    return path


# --- forms ---


def format_bytes(count: int) -> str:
    """1.5 GB: decimal, as device makers count."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells):
        return "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(cells, widths, strict=True)))

    return [line(head), line(["-" * width for width in widths]), *map(line, rows)]


def one_line(text: str, *, width: int = 150) -> str:
    """Text of unknown origin on one line of a terminal: control characters are written out, and the end is cut off."""
    text = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return text if len(text) <= width else text[: width - 1] + "…"


def _rate(score: Score, name: str) -> str:
    if name not in score.rates or not score.n:
        return "-"
    interval = wilson_interval(score.rates[name], score.n)
    return f"{score.rates[name]:.1%} ({interval.low:.1%}-{interval.high:.1%})"


def _by_count(errors: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(errors.items(), key=lambda item: (-item[1], item[0]))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _rule(title: str = "") -> str:
    return f"--- {title} ".ljust(100, "-") if title else "-" * 100
