"""Examples of the code domain: made of `tasks`, or read from the user's file, in both cases with tests that the response was run on."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from slm_jax.config import Config
from slm_jax.data.sources import content_key, read_rows
from slm_jax.domains.base import Example, Splits
from slm_jax.domains.code.sandbox import read_tests
from slm_jax.domains.code.score import run_answers
from slm_jax.domains.code.tasks import Kind, Task, all_kinds, tasks
from slm_jax.errors import UserError

# Kinds that no training example has: they show whether the model can write a function that it was never shown.
NEW_TASKS = (
    "count_consonants", "shortest_word", "last_characters", "sum_of_odds", "smallest", "keep_smaller",
    "skip_first", "sort_descending", "divisors", "is_multiple", "only_positive", "year_of",
)  # fmt: skip
_FRAMES = (
    "Write a Python function `{signature}` that returns {clause}.",
    "Implement `{signature}` in Python. It returns {clause}.",
    "I need a Python function `{signature}`. It should return {clause}.",
    "Complete this Python function, which returns {clause}:\ndef {signature}:",
)
_NEW_FRAMES = (
    "Define `{signature}`, a Python function whose result is {clause}.",
    "Give me the code of `def {signature}` in Python; what comes back is {clause}.",
)


def make_examples(config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
    """`config.data.examples` for training and `config.data.eval_examples` for each of iid, new_wording and new_task: no instruction stands in two of them."""
    kinds, known, dropped = all_kinds(), {}, 0
    for done, (name, kind) in enumerate(kinds.items(), 1):
        good = [task for task in tasks(kind) if task.verified()]
        dropped += sum(1 for _ in tasks(kind)) - len(good)
        known[name] = good
        if done % 20 == 0 or done == len(kinds):
            progress("running reference functions", done, len(kinds))
    trained = {name: some for name, some in known.items() if name not in NEW_TASKS}
    unseen = {name: some for name, some in known.items() if name in NEW_TASKS}
    count, seed = config.data.eval_examples, config.seed
    pool = _different(_ask(trained, _FRAMES, slice(0, -1), f"{seed} iid"))
    held_out = min(count, len(pool) // 4)
    evaluation = {
        "iid": pool[:held_out],
        "new_wording": _different(_ask(trained, _NEW_FRAMES, slice(-1, None), f"{seed} new_wording"))[:count],
        "new_task": _different(_ask(unseen, _FRAMES, slice(0, -1), f"{seed} new_task"))[:count],
    }
    train = pool[held_out : held_out + config.data.examples]
    random.Random(f"{seed} train").shuffle(train)
    notes = [f"{len(trained)} kinds of task in training, {len(unseen)} others in new_task; every reference passed its unit tests"]
    if len(train) < config.data.examples:
        notes.append(f"{len(train):,} training examples instead of config.data.examples={config.data.examples:,}: there are no more different ones")
    notes += [
        f"{name}: {len(some):,} examples instead of config.data.eval_examples={count:,}: there are no more different ones" for name, some in evaluation.items() if len(some) < count
    ]
    if dropped:
        notes.append(f"{dropped:,} tasks left out, as their reference fails its unit tests")
    return Splits(train=train, evaluation=evaluation, notes=notes)


def _ask(known: Mapping[str, Sequence[Task]], frames: Sequence[str], wordings: slice, seed: str) -> Iterator[Example]:
    """Every task in every wording and frame, the kinds by turns, so that any first part has about as many of each."""
    generator = random.Random(seed)
    stacks = []
    for some in known.values():
        choices = [(task, wording, frame) for task in some for wording in task.kind.wordings[wordings] for frame in frames]
        generator.shuffle(choices)
        stacks.append(choices)
    while stacks := [choices for choices in stacks if choices]:
        generator.shuffle(stacks)
        for choices in stacks:
            yield _example(*choices.pop())


def _example(task: Task, wording: str, frame: str) -> Example:
    kind: Kind = task.kind
    return Example(
        instruction=frame.format(signature=task.signature, clause=task.clause(wording)),
        response=task.source,
        tags={"kind": kind.name, "family": kind.family, "tests": task.tests},
    )


def _different(examples: Iterator[Example]) -> list[Example]:
    """The first of each instruction."""
    found: dict[str, Example] = {}
    for example in examples:
        found.setdefault(content_key(example), example)
    return list(found.values())


def read_file(path: str, config: Config, *, progress: Callable[[str, int, int], None]) -> tuple[list[Example], list[str]]:
    """The rows of a file and what is to be said of them. Column "tests", if there is one: asserts, as a list of lines or one text; they are run on the row's response.

    Raises UserError for the first row whose response does not parse, whose tests do not, or whose response fails them.
    """
    rows = read_rows(path, config.data)
    examples = []
    for row in rows:
        try:
            if row.problem:
                raise UserError(row.problem)
            tests = row.example.tags.get("tests", "") or tests_text(row.fields.get("tests"))
            if tests:
                read_tests(tests)
        except UserError as error:
            raise UserError(f"{row.where}: {error}") from None
        examples.append(dataclasses.replace(row.example, tags={**row.example.tags, "tests": tests} if tests else row.example.tags))
    outcomes = run_answers(
        [example.response for example in examples],
        [example.tags.get("tests", "") for example in examples],
        workers=config.data.workers,
        progress=lambda done, total: progress("running the tests of your file", done, total),
    )
    for row, outcome in zip(rows, outcomes, strict=True):
        if not outcome.passes:
            what = "is not Python" if outcome.error == "syntax" else "fails its own tests"
            raise UserError(f"{row.where}: the response {what} ({outcome.detail}): correct it, or take the row out")
    untested = sum("tests" not in example.tags for example in examples)
    notes = [f"{path}: {untested:,} of {len(examples):,} rows have no tests; an answer to them passes if it is the same code but for its layout"] if untested else []
    return examples, notes


def tests_text(tests: object) -> str:
    """A "tests" cell as lines. Raises UserError for what is neither text nor a list of texts."""
    if tests is None:
        return ""
    lines = [tests] if isinstance(tests, str) else tests
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise UserError('the tests are not text: write a list of lines, as ["assert double(2) == 4"]')
    return "\n".join(lines)
