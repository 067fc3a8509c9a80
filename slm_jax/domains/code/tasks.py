"""What a task is: how it is asked, a reference function, and a second way to know its result.

A `Kind` is a family of tasks: parameters, names and wordings make many of it. Its reference is Python source in the style that a model should learn; its `oracle` computes the
same by another way, on inputs drawn from `inputs`. Only where the two agree on every input does a task become an example, and those inputs are its unit tests.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import itertools
import random
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping

CASES = 16  # unit tests of a task
_ATTEMPTS = 200  # inputs drawn to find so many different ones

# How an argument may be called. The references use the first name, and none of the others for anything else.
_NAMES = {
    "text": ("text", "s", "string"),
    "words": ("words", "tokens", "strings"),
    "numbers": ("numbers", "values", "nums"),
    "items": ("items", "elements", "seq"),
    "n": ("n", "num", "number"),
    "mapping": ("mapping", "table", "d"),
    "a": ("a", "x", "first"),
    "b": ("b", "y", "second"),
    "date": ("date", "day", "iso_date"),
}


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    family: str  # "text" | "lists" | "numbers" | "records" | "dates"
    names: tuple[str, ...]  # of the function; the first is the kind's own
    arguments: tuple[str, ...]
    wordings: tuple[str, ...]  # noun phrases after "returns", with {argument} and $parameter; the last one is kept for evaluation
    body: str  # the reference's lines, with $parameter
    oracle: Callable  # (*arguments, **parameters) -> result
    inputs: tuple[Callable, ...]  # one a argument: random.Random -> value
    parameters: Mapping[str, tuple]

    @property
    def name(self) -> str:
        return self.names[0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """One choice of parameters and names."""

    kind: Kind
    function: str
    arguments: tuple[str, ...]
    parameters: Mapping[str, object]

    @property
    def signature(self) -> str:
        return f"{self.function}({', '.join(self.arguments)})"

    @property
    def source(self) -> str:
        """The reference."""
        body = self._filled(self.kind.body)
        for own, name in zip(self.kind.arguments, self.arguments, strict=True):
            body = re.sub(rf"(?<!\.)\b{own}\b", name, body)
        return f"def {self.signature}:\n{textwrap.indent(body, '    ')}"

    def clause(self, wording: str) -> str:
        """`wording` about this task: "the number of vowels in `text`"."""
        named = {own: f"`{name}`" for own, name in zip(self.kind.arguments, self.arguments, strict=True)}
        return self._filled(wording).format(**named)

    @property
    def tests(self) -> str:
        """Asserts, one a line."""
        return "\n".join(f"assert {self.function}({', '.join(map(repr, values))}) == {result!r}" for values, result in cases(self.kind, tuple(self.parameters.items())))

    def verified(self) -> bool:
        """Whether the reference gives the oracle's results. The source is our own, so it is run here."""
        names: dict = {}
        exec(compile(self.source, self.function, "exec"), names)
        function = names[self.function]
        return all(_agree(function(*copy.deepcopy(values)), result) for values, result in cases(self.kind, tuple(self.parameters.items())))

    def _filled(self, text: str) -> str:
        for name, value in self.parameters.items():
            text = text.replace(f"${name}", str(value))
        return text


def _agree(result: object, expected: object) -> bool:
    return type(result) is type(expected) and result == expected


@functools.lru_cache(maxsize=4096)
def cases(kind: Kind, parameters: tuple[tuple[str, object], ...]) -> tuple[tuple[tuple, object], ...]:
    """(arguments, result by the oracle) of the unit tests: the same ones for every name, wording and seed of a run."""
    generator = random.Random(f"{kind.name} {parameters}")
    found: dict[str, tuple] = {}
    for _ in range(_ATTEMPTS):
        values = tuple(draw(generator) for draw in kind.inputs)
        if repr(values) not in found:
            found[repr(values)] = (values, kind.oracle(*copy.deepcopy(values), **dict(parameters)))
    # Inputs with different results tell more than inputs that all give the same.
    by_result: dict[str, list] = {}
    for case in found.values():
        by_result.setdefault(repr(case[1]), []).append(case)
    turns = itertools.chain.from_iterable(itertools.zip_longest(*by_result.values()))
    return tuple(itertools.islice((case for case in turns if case is not None), CASES))


def tasks(kind: Kind) -> Iterator[Task]:
    """Every choice of parameters, function name and argument names."""
    argument_names = [names for names in itertools.product(*(_NAMES.get(own, (own,)) for own in kind.arguments)) if len(set(names)) == len(names)]
    for choice in itertools.product(*kind.parameters.values()):
        for function, arguments in itertools.product(kind.names, argument_names):
            yield Task(kind=kind, function=function, arguments=arguments, parameters=dict(zip(kind.parameters, choice, strict=True)))


KINDS: dict[str, Kind] = {}


def kind(family: str, signature: str, wordings: str, body: str, oracle: Callable, *inputs: Callable, **parameters: tuple) -> None:
    """Adds a kind. signature: "name|other_name(argument, ...)"; wordings: phrases between "|"."""
    names, arguments = signature.rstrip(")").split("(")
    made = Kind(
        family=family,
        names=tuple(names.split("|")),
        arguments=tuple(arguments.split(", ")),
        wordings=tuple(wordings.split("|")),
        body=textwrap.dedent(body).strip(),
        oracle=oracle,
        inputs=inputs,
        parameters=parameters,
    )
    if made.name in KINDS:
        raise ValueError(f"two kinds are called {made.name}")
    KINDS[made.name] = made


def all_kinds() -> dict[str, Kind]:
    from slm_jax.domains.code import tasks_lists, tasks_numbers, tasks_records, tasks_text  # noqa: F401  (each adds its own)

    return dict(sorted(KINDS.items()))  # not in the order of imports, on which no run may depend


# --- inputs ---

_WORDS = ["apple", "Bob", "river", "sky", "Level", "noon", "tree", "data", "Code", "moon", "racecar", "stone", "x", "green", "Ada", "rain", "kayak", "blue", "one", "two"]
_LETTERS = "abcdeABCiou xyz1290.,!-"


def text(generator: random.Random) -> str:
    """A few words, or a jumble of characters, now and then nothing."""
    roll = generator.random()
    if roll < 0.06:
        return ""
    if roll < 0.5:
        return "".join(generator.choice(_LETTERS) for _ in range(generator.randint(1, 12)))
    return generator.choice((" ", " ", "  ", ", ")).join(generator.choice(_WORDS) for _ in range(generator.randint(1, 6)))


def word(generator: random.Random) -> str:
    return generator.choice(_WORDS)


def character(generator: random.Random) -> str:
    return generator.choice("aeoltrn ")


def words(generator: random.Random) -> list[str]:
    return [generator.choice(_WORDS) for _ in range(generator.choice((0, 1, 2, 3, 4, 5, 6, 7)))]


def some_words(generator: random.Random) -> list[str]:
    return words(generator) or ["apple", "sky"]


def whole(first: int, last: int) -> Callable[[random.Random], int]:
    """A whole number of that range, more often one of its first few: mistakes are made at the edge."""
    return lambda generator: generator.randint(first, last if generator.random() < 0.7 else min(last, first + 4))


def numbers(generator: random.Random) -> list[int]:
    return [generator.randint(-9, 15) for _ in range(generator.choice((0, 1, 2, 3, 4, 5, 6, 7, 8)))]


def some_numbers(generator: random.Random) -> list[int]:
    return numbers(generator) or [generator.randint(-9, 15)]


def matrix(generator: random.Random) -> list[list[int]]:
    width = generator.randint(1, 4)
    return [[generator.randint(-5, 9) for _ in range(width)] for _ in range(generator.randint(1, 4))]


def pairs(generator: random.Random) -> list[tuple[str, int]]:
    return [(generator.choice("abcd"), generator.randint(-3, 9)) for _ in range(generator.randint(0, 6))]


def counts(generator: random.Random) -> dict[str, int]:
    return {generator.choice(_WORDS): generator.randint(-5, 12) for _ in range(generator.randint(0, 6))}


def some_counts(generator: random.Random) -> dict[str, int]:
    return counts(generator) or {"apple": 1}


def records(generator: random.Random) -> list[dict]:
    return [{"name": generator.choice(_WORDS), "age": generator.randint(5, 80), "city": generator.choice(("Rome", "Oslo", "Lima"))} for _ in range(generator.randint(0, 5))]


def date(generator: random.Random) -> str:
    return f"{generator.randint(1995, 2030)}-{generator.randint(1, 12):02d}-{generator.choice((1, 2, 9, 15, 27, 28)):02d}"
