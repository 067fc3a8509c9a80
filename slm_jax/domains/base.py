"""The protocol of a domain, and the plain data that crosses it. No JAX here, nor in any domain."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from slm_jax.config import Config

Table = list[list]  # cell A1 first; str, int, float, bool, None, or {"date": "YYYY-MM-DD"} as a date cell


@dataclasses.dataclass(frozen=True, kw_only=True)
class Example:
    """One question with its right answer."""

    instruction: str  # empty in the plain-text domain
    response: str
    table: Table | None = None
    id: str = ""
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)  # what made it: kind, register, skeleton ...
    history: Sequence[Mapping[str, str]] = ()  # a chat's messages before the instruction, {"role", "content"}, a system message included
    where: str = dataclasses.field(default="", compare=False)  # file and line it was read from, for messages

    def __post_init__(self):
        if isinstance(self.history, list):  # as JSON gives it: equal histories are equal
            object.__setattr__(self, "history", tuple(self.history))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Score:
    """What a domain says of a set of answers. `rates` are shares of `n`; the first of them is the one that the best checkpoint is chosen by."""

    n: int
    rates: Mapping[str, float]  # e.g. {"executed": .93, "exact": .90, "parses": 1.0}; each has a 95 % interval in reports
    errors: Mapping[str, int]  # error class -> count
    rows: Sequence[Mapping]  # one an example, in order: {"executed": True, "error": ""}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Splits:
    train: Sequence[Example]  # under config.data.streaming a data.streams.ExampleStream, which is read anew for each pass and should not be indexed
    evaluation: Mapping[str, Sequence[Example]]  # name -> examples never trained on; the first one gives the validation loss
    notes: Sequence[str]  # what was dropped, deduplicated, shared: lines for the start page


class Domain(Protocol):
    name: str
    symbols: Sequence[str]  # texts that the tokenizer must keep as one token each
    judged: bool  # whether `score` says anything; if not, only the loss is measured

    def splits(self, config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
        """Examples to train and evaluate on. `progress(what, done, total)` is called while it works. Raises UserError."""

    def prompt(self, instruction: str, table: Table | None = None) -> str:
        """The text that the model sees before it answers. Raises UserError for an instruction that cannot be one."""

    def score(self, examples: Sequence[Example], predictions: Sequence[str], *, workers: int = 0, progress: Callable[[str, int, int], None] | None = None) -> Score:
        """Judge answers. Never raises for what a model can produce."""
