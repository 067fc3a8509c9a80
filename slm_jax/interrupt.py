"""SIGINT and SIGTERM as a request: the loop ends its step, saves, and leaves. A second Ctrl-C stops at once."""

from __future__ import annotations

import signal
from types import FrameType


class StopRequest:
    """`with StopRequest() as stop:` then look at `stop.signal`: None, or the name of the signal that came."""

    def __init__(self):
        self.signal: str | None = None
        self._before = {}

    def __enter__(self) -> StopRequest:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = signal.Signals(number).name
