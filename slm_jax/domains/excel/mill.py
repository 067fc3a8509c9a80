"""Where questions are ground out: worlds, drafts, phrases, and two engines that must agree on every answer. Runs in processes of its own (`python -m`), without JAX.

What a batch holds depends on its order alone, so the result does not depend on how many processes there are.
"""

from __future__ import annotations

import collections
import dataclasses
import os
import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from multiprocessing import connection
from pathlib import Path

from slm_jax.domains.base import Table

_REGISTERS = {"imperative": 40, "question": 26, "telegraphic": 19, "narrative": 15}
_ZERO_SHARE = 0.15  # of the answers that are 0 for want of a match; the others are dropped as trivial
_OTHER_SHEET_SHARE = 0.35  # of the drafts that can, in a world that has another sheet
_TRIES = 4  # kinds tried for a draft when the world lacks a column


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order:
    """One world's worth of work. `weights`: kind -> chance."""

    seed: int
    stream: str
    index: int
    drafts: int
    phrasings: int  # of each draft: running its formula costs more than saying it
    weights: dict[str, float]
    held_out_words: bool = False  # literals of the held-out pool, and only questions that have some
    held_out_wordings: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """A question whose answer both engines agree on."""

    instruction: str
    formula: str
    canonical: str
    skeleton: str
    kind: str
    register: str
    wording: str
    style: str
    wrapper: str
    with_table: bool
    literals: tuple[str, ...]
    words: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Batch:
    table: Table
    made: list[Made]
    drafts: collections.Counter  # kind -> drafts
    dropped: collections.Counter  # (kind, reason) -> drafts


def literal_units(text: str) -> set[str]:
    """The words of a literal by which pools are compared: what blanks divide, of three characters or more."""
    return {unit for unit in text.casefold().split() if len(unit) >= 3}


def grind(order: Order) -> Batch:
    """The order's world with its questions."""
    from slm_jax.domains.excel.world import make_world

    rng = random.Random(f"{order.seed}/{order.stream}/{order.index}")
    world = make_world(rng, held_out=order.held_out_words)
    drafts, dropped = collections.Counter(), collections.Counter()
    drawn = [made for _ in range(order.drafts) for made in _draw(world, random.Random(rng.getrandbits(64)), order, drafts, dropped)]
    book = world.book()
    reasons = _judge(book, [made.formula for made in drawn], rng)
    dropped.update((made.kind, reason) for made, reason in zip(drawn, reasons, strict=True) if reason)
    return Batch(table=book["Sheet1"], made=[made for made, reason in zip(drawn, reasons, strict=True) if not reason], drafts=drafts, dropped=dropped)


def _draw(world, rng: random.Random, order: Order, drafts: collections.Counter, dropped: collections.Counter) -> list[Made]:
    """One draft in as many phrasings as are ordered; none if no kind that was tried fits the world."""
    from slm_jax.domains.excel.kinds import all_kinds
    from slm_jax.domains.excel.scene import NoColumn, Scene

    kinds = all_kinds()
    for _ in range(_TRIES):
        kind = kinds[rng.choices(list(order.weights), list(order.weights.values()))[0]]
        scene = Scene(world, rng)
        if kind.sheets and rng.random() < _OTHER_SHEET_SHARE:
            scene.use_other_sheet()
        drafts[kind.name] += order.phrasings
        try:
            draft = kind.draw(scene)
        except NoColumn as error:
            dropped[kind.name, f"the sheet has no {error}"] += order.phrasings
            continue
        usable = kind.usable(draft, held_out=order.held_out_wordings)
        if not usable:
            dropped[kind.name, "no held-out wording for the variant"] += order.phrasings
            continue
        literals = tuple(raw for raw in dict.fromkeys(scene.drawn) if raw in draft.formula)
        if order.held_out_words and not any(map(literal_units, literals)):
            dropped[kind.name, "no literal"] += order.phrasings
            continue
        return [_phrase(kind, draft, usable, scene, literals) for _ in range(order.phrasings)]
    return []


def _phrase(kind, draft, usable: list, scene, literals: tuple[str, ...]) -> Made:
    from slm_jax.domains.excel.formula import canonical, skeleton
    from slm_jax.domains.excel.framing import phrase

    rng = scene.rng
    registers = sorted({wording.register for wording in usable})
    register = rng.choices(registers, [_REGISTERS[name] for name in registers])[0]
    wording = rng.choice([wording for wording in usable if wording.register == register])
    phrased = phrase(draft, wording, wrap=kind.wrap, scene=scene)
    return Made(
        instruction=phrased.instruction, formula=phrased.formula, canonical=canonical(phrased.formula), skeleton=skeleton(phrased.formula),
        kind=kind.name, register=register, wording=wording.id, style=scene.style, wrapper=phrased.wrapper, with_table=scene.with_table,
        literals=literals, words=phrased.words,
    )


def _judge(sheets: Table | dict[str, Table], formulas: list[str], rng: random.Random) -> list[str]:
    """For each formula why it is dropped, or ""."""
    from slm_jax.domains.excel.engine import cross_check, evaluate_trusted

    distinct = list(dict.fromkeys(formulas))
    first = evaluate_trusted(sheets, distinct)
    fine = [index for index, outcome in enumerate(first) if outcome.kind == "value"]
    second = dict(zip(fine, cross_check(sheets, [distinct[index] for index in fine], like=[first[index] for index in fine]), strict=True))
    reasons = {}
    for index, (text, outcome) in enumerate(zip(distinct, first, strict=True)):
        reasons[text] = _reason(text, outcome, second.get(index), zero_is_fine=rng.random() < _ZERO_SHARE)
    return [reasons[text] for text in formulas]


def _reason(formula: str, first, second, *, zero_is_fine: bool) -> str:
    from slm_jax.domains.excel.engine import same_value

    if first.kind != "value":
        return f"{first.kind} {first.detail}"[:40].strip()
    cells = [cell for row in first.value for cell in row]
    if any(isinstance(cell, str) and re.fullmatch(r"#[A-Z/0!?]+", cell) for cell in cells):
        return "an error inside the result"
    meant_blank = '""' in formula and not formula.startswith("=IFERROR")
    if all(cell in (None, "") for cell in cells) and not meant_blank:
        return "the result is blank"
    if not same_value(first, second):
        return "the engines differ" if second.kind == "value" else f"the second engine: {second.kind}"
    if cells == [0.0] and not isinstance(cells[0], bool) and not zero_is_fine and not formula.startswith("=COUNTBLANK"):
        return "the result is 0"
    return ""


class Mill:
    """Processes that grind orders. A context manager; leaving it ends them."""

    def __init__(self, workers: int):
        root = str(Path(__file__).resolve().parents[3])
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH")))), "PYTHONHASHSEED": "0"}
        self._workers: list[tuple[subprocess.Popen, connection.Connection]] = []
        for _ in range(workers):
            ours, theirs = socket.socketpair()
            # Not multiprocessing's pool: its spawn would import the caller's main module, and with it JAX, in every process.
            process = subprocess.Popen([sys.executable, "-m", "slm_jax.domains.excel.mill"], stdin=theirs, env=environment)
            theirs.close()
            self._workers.append((process, connection.Connection(ours.detach())))

    def grind(self, orders: Sequence[Order]) -> Iterator[Batch]:
        """A batch for each order, in their order. RuntimeError with the worker's own words if one fails."""
        ready, sent = {}, 0
        pipes = {pipe: 0 for _, pipe in self._workers}
        for wanted in range(len(orders)):
            while wanted not in ready:
                for pipe in pipes:
                    while pipes[pipe] < 2 and sent < len(orders) and sent - wanted < 32 * len(pipes):
                        pipe.send((sent, orders[sent]))
                        pipes[pipe] += 1
                        sent += 1
                for pipe in connection.wait(list(pipes)):
                    try:
                        index, batch = pipe.recv()
                    except (EOFError, OSError) as error:
                        raise RuntimeError("a process that makes examples ended before its time; its message is above") from error
                    if isinstance(batch, str):
                        raise RuntimeError(batch)
                    ready[index] = batch
                    pipes[pipe] -= 1
            yield ready.pop(wanted)

    def __enter__(self) -> Mill:
        return self

    def __exit__(self, *_) -> None:
        for process, pipe in self._workers:
            pipe.close()
            process.kill()
            process.wait()


def _serve() -> None:
    pipe = connection.Connection(os.dup(0))
    while True:
        try:
            index, order = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            batch = grind(order)
        except Exception as error:  # whatever it is, the caller must hear of it with the world that does it
            batch = f"world {order.stream}/{order.index} of seed {order.seed}: {type(error).__name__}: {error}"
        pipe.send((index, batch))


if __name__ == "__main__":
    from slm_jax.domains.excel import mill  # under its own name, so that what is sent can be read by the caller

    mill._serve()
