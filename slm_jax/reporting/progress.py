"""What moves while a run works: a bar while data is made, a live line while it trains.

On a terminal by rich; elsewhere plain lines, so that a log file stays readable.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import time
from collections.abc import Callable, Iterator
from typing import TextIO


class StepClock:
    """Time spent on training steps. Compiling, evaluating and saving are not: wrap them in `paused()`.

    The clock runs from its making on; call `restart()` after the first step, which compiles.
    """

    def __init__(self, *, now: Callable[[], float] = time.perf_counter):
        self._now = now
        self.restart()

    def restart(self) -> None:
        """Forget all that was measured."""
        self._lap_start = self._start = self._now()
        self._lap_paused = self._paused = 0.0
        self._lap_tokens = self._steps = 0

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """What happens inside is not training."""
        start = self._now()
        try:
            yield
        finally:
            seconds = self._now() - start
            self._paused += seconds
            self._lap_paused += seconds

    def step(self, tokens: int) -> None:
        """One more step was done, over `tokens` tokens."""
        self._steps += 1
        self._lap_tokens += tokens

    def lap_tokens_per_second(self) -> float:
        """Tokens a second of training since the last call; 0 where no time went by."""
        now = self._now()
        seconds = now - self._lap_start - self._lap_paused
        rate = self._lap_tokens / seconds if seconds > 0 else 0.0
        self._lap_start, self._lap_paused, self._lap_tokens = now, 0.0, 0
        return rate

    def training_seconds(self) -> float:
        return self._now() - self._start - self._paused

    def eta_seconds(self, steps_left: int) -> float | None:
        """Seconds until `steps_left` more steps are done, pauses included at the rate they came so far; None before the first step."""
        return (self._now() - self._start) / self._steps * steps_left if self._steps else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepLine:
    """What the live line says of a logged step."""

    step: int
    total_steps: int
    loss: float  # nats a token
    learning_rate: float
    tokens_per_second: float
    padding_share: float  # of the places in the batch
    eta_seconds: float | None

    def text(self) -> str:
        width = len(str(self.total_steps))
        speed = f"{self.tokens_per_second:,.0f} tok/s  {self.padding_share:.1%} pad  ETA {format_seconds(self.eta_seconds)}"
        return f"step {self.step:>{width}}/{self.total_steps}  loss {self.loss:.4f}  lr {self.learning_rate:.2e}  {speed}"  # fits 80 columns


def format_seconds(seconds: float | None) -> str:
    """0:42, 3:07, 2:05:00; -- for None."""
    if seconds is None:
        return "--"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


class PlainProgress:
    """Lines on a stream that is no terminal: each logged step, and a stage of data making when it begins, every few seconds, and when it ends."""

    def __init__(self, stream: TextIO, *, every_seconds: float = 5.0, now: Callable[[], float] = time.monotonic):
        self._stream = stream
        self._every_seconds = every_seconds
        self._now = now
        self._stage = self._over = ""
        self._said = 0.0

    def say(self, text: str) -> None:
        """Print text that stays."""
        print(text, file=self._stream, flush=True)

    def stage(self, what: str, done: int, total: int) -> None:
        """`done` of `total` pieces of `what` are made: the `progress` callback of domains and data."""
        new, over = what != self._stage, done >= total
        if over and what == self._over:  # it was said already
            return
        self._over = what if over else ""
        if new or over or self._now() - self._said >= self._every_seconds:
            self._stage, self._said = "" if over else what, self._now()
            self.say(f"{what}: {done:,}/{total:,}")

    def step(self, line: StepLine) -> None:
        self.say(line.text())

    def close(self) -> None:
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self.close()


class LiveProgress(PlainProgress):
    """The same on a terminal: bars and the training line are redrawn in place, and what is said appears above them."""

    def __init__(self, stream: TextIO):
        from rich.console import Console
        from rich.progress import Progress, TextColumn

        super().__init__(stream)
        self._console = Console(file=stream, highlight=False)
        text = TextColumn("{task.description}", markup=False)  # formulas have brackets, which rich would take for markup
        self._live = Progress(text, console=self._console, refresh_per_second=4, transient=True)
        self._task = None
        self._task_name = ""

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def stage(self, what: str, done: int, total: int) -> None:
        if done >= total and what == self._over:
            return
        self._over = what if done >= total else ""
        filled = round(20 * min(1.0, done / max(1, total)))
        self._show(what, f"{what} {'━' * filled}{'─' * (20 - filled)} {done:,}/{total:,}")
        if done >= total:
            self._end(f"{what}: {done:,}/{total:,}")

    def step(self, line: StepLine) -> None:
        self._show("training", line.text())
        if line.step >= line.total_steps:
            self._end(line.text())

    def close(self) -> None:
        self._end("")
        self._live.stop()

    def _show(self, name: str, text: str) -> None:
        if self._task is None or name != self._task_name:
            self._end("")
            self._live.start()
            self._task, self._task_name = self._live.add_task(text), name
        self._live.update(self._task, description=text)

    def _end(self, text: str) -> None:
        if self._task is not None:
            self._live.remove_task(self._task)
            self._task = None
        if text:
            self.say(text)


def make_progress(stream: TextIO | None = None) -> PlainProgress:
    """Progress on `stream` (default: standard output): live on a terminal, plain lines elsewhere."""
    stream = stream or sys.stdout
    return LiveProgress(stream) if stream.isatty() else PlainProgress(stream)


@contextlib.contextmanager
def progress_bar(stream: TextIO | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """A `progress(what, done, total)` callback that shows itself on `stream` (default: standard error, so that standard output has the results alone)."""
    with make_progress(stream or sys.stderr) as progress:
        yield progress.stage
