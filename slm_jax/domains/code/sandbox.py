"""Runs an answer against unit tests, in a process that it cannot leave. The answer is a model's: wrong, endless, greedy, sometimes sly; see sandbox_worker for what holds it.

The tests are Python: asserts, and what they need before them. Of `assert CALL == LITERAL` only CALL goes to the answer's process and the value comes back to be compared here,
so nothing that an answer does in its process makes it pass but the right value. Any other assert, and any other statement, is decided over there.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from slm_jax.errors import UserError

CPU_SECONDS = 1.0  # of one answer with all its tests
WALL_SECONDS = 10.0  # generous: a busy machine must not fail a right answer
MEMORY_MB = 512  # address space, the interpreter's own included

_START_SECONDS = 60.0
_MAX_SOURCE = 100_000  # characters of an answer that are looked at
_HERE = Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Test:
    """One statement of the tests."""

    kind: str  # "value": the expression's value is compared here; "truth": it must be true over there; "run": the statement must not raise
    text: str
    expected: object = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of an answer. error: "" if it passed, else one of "syntax", "wrong", "raised", "missing", "timeout", "memory", "exit", "output", "crash"."""

    parses: bool
    error: str
    detail: str = ""

    @property
    def passes(self) -> bool:
        return not self.error


def read_tests(text: str) -> list[Test]:
    """The statements of `text`. Raises UserError where it does not parse or asserts nothing."""
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"the tests are not Python ({getattr(error, 'msg', error)}): write lines like assert double(2) == 4") from None
    if not any(isinstance(node, ast.Assert) for statement in statements for node in ast.walk(statement)):
        raise UserError("the tests assert nothing: write lines like assert double(2) == 4")
    return [_test(statement) for statement in statements]


def _test(statement: ast.stmt) -> Test:
    if not isinstance(statement, ast.Assert):
        return Test("run", ast.unparse(statement))
    claim = statement.test
    if isinstance(claim, ast.Compare) and len(claim.ops) == 1 and isinstance(claim.ops[0], (ast.Eq, ast.Is)):
        for said, expected in ((claim.left, claim.comparators[0]), (claim.comparators[0], claim.left)):
            try:
                value = _unmarked(_marked(ast.literal_eval(expected)))
                if isinstance(claim.ops[0], ast.Eq) or value is None:
                    return Test("value", ast.unparse(said), value)
            except (ValueError, TypeError, MemoryError, RecursionError, SyntaxError):
                continue
    return Test("truth", ast.unparse(claim))


class Sandbox:
    """A worker process, started when first needed. A context manager; `close` ends it."""

    def __init__(self, *, cpu_seconds: float = CPU_SECONDS, wall_seconds: float = WALL_SECONDS, memory_mb: int = MEMORY_MB):
        if not hasattr(os, "fork"):
            raise UserError("answers are run in forked processes, which this system does not have: use Linux, macOS or WSL")
        self._limits = {"cpu_seconds": cpu_seconds, "wall_seconds": wall_seconds, "memory_mb": memory_mb}
        self._process: subprocess.Popen | None = None
        self._pipe: Connection | None = None
        self._directory: tempfile.TemporaryDirectory | None = None
        self.filtered = False  # whether the system call filter holds, known after the first answer

    def run(self, source: str, tests: Sequence[Test]) -> Outcome:
        """What came of `source` under `tests`. Never raises for what a model can write."""
        if len(source) > _MAX_SOURCE:
            return Outcome(parses=False, error="syntax", detail=f"{len(source):,} characters")
        try:
            job = json.dumps({"source": source, "tests": [[test.kind, test.text] for test in tests], **self._limits}).encode()
            if self._process is None:
                self._start()
            self._pipe.send_bytes(job)
            if not self._pipe.poll(self._limits["wall_seconds"] + _START_SECONDS):
                raise EOFError
            answer = json.loads(self._pipe.recv_bytes())
        except (EOFError, OSError, ValueError):
            self.close()
            return Outcome(parses=False, error="crash", detail="the process that runs answers ended")
        return _outcome(answer["ended"], answer["said"], tests)

    def _start(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="slm_jax-answers-")
        ours, theirs = socket.socketpair()
        # -s -P -S and an environment of one variable: isolated as by -I, but sets are in the same order every time.
        command = [sys.executable, "-s", "-P", "-S", str(_HERE / "sandbox_worker.py")]
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._directory.name, env={"PYTHONHASHSEED": "0"}, start_new_session=True
        )
        theirs.close()
        self._pipe = Connection(ours.detach())
        if not self._pipe.poll(_START_SECONDS):
            raise EOFError
        self.filtered = json.loads(self._pipe.recv_bytes())["filter"]

    def close(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._directory is not None:
            self._directory.cleanup()
        self._process = self._pipe = self._directory = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_process", None) is not None:
            self.close()


def _outcome(ended: str, said: list, tests: Sequence[Test]) -> Outcome:
    if said and said[0][0] == "syntax":
        return Outcome(parses=False, error="syntax", detail=str(said[0][1]))
    parses = bool(said) and said[0][0] == "parsed"
    results = said[1:]
    for (kind, value), test in zip(results, tests, strict=False):
        if kind != "value":
            break
        try:
            given = _unmarked(value)
            right = given is True if test.kind != "value" else same(given, test.expected)
        except (ValueError, TypeError, AttributeError, RecursionError, IndexError, OverflowError):
            given, right = "something that is no value", False
        if not right:
            what = f"{test.text} gave {_short(given)} instead of {_short(test.expected)}" if test.kind == "value" else f"{test.text} is false"
            return Outcome(parses=parses, error="wrong", detail=what[:300])
    if results and results[-1][0] == "raised":
        why = str(results[-1][1])
        at = tests[len(results) - 1].text if len(results) <= len(tests) else "the answer"
        name = why.split(":")[0]
        error = {"MemoryError": "memory", "SystemExit": "exit", "NameError": "missing", "AssertionError": "wrong"}.get(name, "raised")
        return Outcome(parses=parses, error=error, detail=f"{at[:150]}: {why}")
    if ended != "done":
        return Outcome(parses=parses, error=ended, detail={"timeout": "out of time", "output": "said too much", "crash": "its process ended"}[ended])
    if not parses or len(results) != len(tests):
        return Outcome(parses=parses, error="crash", detail="its process ended before the last test")
    return Outcome(parses=True, error="")


class _Strange:
    """A value that is none of the plain ones: equal to nothing."""

    def __init__(self, kind: str):
        self._kind = kind

    def __repr__(self) -> str:
        return f"<{self._kind}>"


def _marked(value: object) -> object:
    """As `sandbox_worker.plain`, for expected values. Raises TypeError for what is not plain."""
    if value is None or isinstance(value, bool):
        return value
    for mark, kind in (("l", list), ("t", tuple), ("u", set)):
        if isinstance(value, kind):
            return [mark, *map(_marked, value)]
    if isinstance(value, dict):
        return ["d", *([_marked(key), _marked(part)] for key, part in value.items())]
    if isinstance(value, int):
        return ["i", hex(value)]
    if isinstance(value, float):
        return ["n", value.hex()]
    if isinstance(value, str):
        return ["s", value]
    raise TypeError(type(value).__name__)


def _unmarked(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    mark, *parts = value
    if mark == "i":
        return int(parts[0], 16)
    if mark == "n":
        return float.fromhex(parts[0])
    if mark == "s":
        return str(parts[0])
    if mark in ("l", "t"):
        return [*map(_unmarked, parts)] if mark == "l" else tuple(map(_unmarked, parts))
    if mark == "u":
        return set(map(_unmarked, parts))
    if mark == "d":
        return {_unmarked(key): _unmarked(part) for key, part in parts}
    return _Strange(str(parts[0]))


def same(given: object, expected: object) -> bool:
    """Equality as `==` has it, but floats agree to 1 part in 10^9, also within lists, tuples and dictionaries."""
    if isinstance(given, float) or isinstance(expected, float):
        numbers = isinstance(given, (int, float)) and isinstance(expected, (int, float))
        return numbers and (given == expected or math.isclose(given, expected, rel_tol=1e-9, abs_tol=1e-12) or given != given and expected != expected)
    if isinstance(given, (list, tuple)) and type(given) is type(expected):
        return len(given) == len(expected) and all(map(same, given, expected))
    if isinstance(given, dict) and isinstance(expected, dict):
        return given.keys() == expected.keys() and all(same(given[key], expected[key]) for key in expected)
    return given == expected


def _short(value: object) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of too many digits
        text = "a very large value"
    return text if len(text) <= 80 else text[:77] + "..."
