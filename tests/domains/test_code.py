"""Functions are asked for, run where they can do no harm, and judged by tests that they cannot see."""

import dataclasses
import json
import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_jax.config import Config, DataConfig
from slm_jax.data.sources import content_key
from slm_jax.domains import get_domain
from slm_jax.domains.base import Example
from slm_jax.domains.code.forge import NEW_TASKS
from slm_jax.domains.code.sandbox import Sandbox, read_tests
from slm_jax.domains.code.score import ERRORS, code_of
from slm_jax.domains.code.tasks import KINDS, all_kinds, cases, tasks
from slm_jax.errors import UserError

CODE = get_domain("code")
TESTS = "assert f(2) == 4\nassert f(3) == 9\nassert f(0.5) == 0.25"
SQUARE = "def f(x):\n    return x * x"
# The way to os without an import.
OS = "next(c for c in ().__class__.__base__.__subclasses__() if c.__name__ == '_wrap_close').__init__.__globals__"


def silent(what, done, total):
    pass


def made(**data):
    return CODE.splits(Config(domain="code", data=DataConfig(**{"examples": 400, "eval_examples": 60, **data})), progress=silent)


@pytest.fixture(scope="module")
def splits():
    return made()


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(cpu_seconds=0.4, wall_seconds=3.0) as sandbox:
        assert sandbox.run(SQUARE, read_tests(TESTS)).passes
        yield sandbox


# --- what is asked ---


def test_every_reference_agrees_with_its_oracle():
    kinds = all_kinds()
    assert len(kinds) >= 100 and {kind.family for kind in kinds.values()} == {"text", "lists", "numbers", "records", "dates"} and set(NEW_TASKS) <= set(kinds)
    for kind in kinds.values():
        found = list(tasks(kind))
        assert all(task.verified() for task in found), kind.name
        assert "$" not in found[0].source and "$" not in found[0].clause(kind.wordings[0])
        inputs = cases(kind, tuple(found[0].parameters.items()))
        assert len(inputs) >= 8 and len({repr(result) for _, result in inputs}) >= 2, kind.name
        assert len(kind.wordings) == len(set(kind.wordings)) == 3, kind.name


def test_a_wrong_reference_makes_no_example(monkeypatch):
    kind = all_kinds()["count_vowels"]
    monkeypatch.setitem(KINDS, "count_vowels", dataclasses.replace(kind, body=kind.body.replace("aeiou", "aeio")))
    wrong = made()
    assert "tasks left out, as their reference fails its unit tests" in wrong.notes[-1]
    assert not any(example.tags["kind"] == "count_vowels" for some in (wrong.train, *wrong.evaluation.values()) for example in some)


def test_splits_are_disjoint_and_the_same_every_time(splits):
    keys = {name: [content_key(example) for example in some] for name, some in {"train": splits.train, **splits.evaluation}.items()}
    assert {name: len(some) for name, some in keys.items()} == {"train": 400, "iid": 60, "new_wording": 60, "new_task": 60}
    assert len({key for some in keys.values() for key in some}) == 580
    assert {example.tags["kind"] for example in splits.evaluation["new_task"]} == set(NEW_TASKS)
    assert not {example.tags["kind"] for example in splits.train} & set(NEW_TASKS)
    assert made() == splits
    more = made(examples=500)
    assert more.evaluation == splits.evaluation and {content_key(example) for example in more.train} >= set(keys["train"])
    assert CODE.splits(Config(domain="code", seed=1, data=DataConfig(examples=400, eval_examples=60)), progress=silent).train != splits.train


def test_new_wording_is_new(splits):
    for example in splits.evaluation["new_wording"]:
        kind = all_kinds()[example.tags["kind"]]
        trained = {task.clause(wording) for task in tasks(kind) for wording in kind.wordings[:-1]}
        assert not any(example.instruction.endswith(f" {clause}.") for clause in trained)
    openings = {example.instruction.split("`")[0] for example in [*splits.train, *splits.evaluation["iid"]]}
    assert not openings & {example.instruction.split("`")[0] for example in splits.evaluation["new_wording"]}


def test_too_few_different_examples_are_said():
    assert "training examples instead of config.data.examples=100,000: there are no more different ones" in " ".join(made(examples=100_000).notes)


# --- what is right ---


def test_references_pass_where_answers_run():
    """One task of every kind, all in the sandbox: nothing that a reference needs is missing there."""
    first = [next(iter(tasks(kind))) for kind in all_kinds().values()]
    examples = [Example(instruction="?", response=task.source, tags={"tests": task.tests}) for task in first]
    score = CODE.score(examples, [example.response for example in examples], workers=2)
    assert score.rates == {"passes": 1.0, "parses": 1.0, "exact": 1.0}, [row["detail"] for row in score.rows if row["error"]]
    assert list(score.rates)[0] == "passes"


def test_mutants_fail(splits):
    changes = (
        (" + ", " - "),
        (" > ", " >= "),
        (" == ", " != "),
        (" < ", " <= "),
        ("2", "3"),
        ("[1]", "[0]"),
        ("not in", "in"),
        ("max(", "min("),
        (" % ", " // "),
        ("[:", "[1:"),
        ("lower", "upper"),
    )
    some = splits.evaluation["iid"][:40] + splits.evaluation["new_task"][:30]
    mutants = [(example, example.response.replace(old, new, 1)) for example in some for old, new in changes if old in example.response]
    score = CODE.score([example for example, _ in mutants], [text for _, text in mutants], workers=2)
    assert score.n > 60 and score.rates["passes"] < 0.06 and score.rates["exact"] == 0


def test_rates_and_error_classes():
    answers = [
        SQUARE,
        "```python\n" + SQUARE + "\n```\nIt squares.",
        "def f(x): return x + x",
        "def f(x",
        " ",
        "def g(x): return x",
        "def f(x): return x.y",
        "def f(x): return 'f(2) == 4'",
    ]
    score = CODE.score([Example(instruction="?", response=SQUARE, tags={"tests": TESTS})] * len(answers), answers, workers=1)
    assert [row["error"] for row in score.rows] == ["", "", "wrong", "syntax", "empty", "missing", "raised", "wrong"]
    assert score.rates == {"passes": 2 / 8, "parses": 6 / 8, "exact": 2 / 8} and sum(score.errors.values()) == 6 and set(score.errors) <= set(ERRORS)
    assert score.rows[2]["detail"] == "f(3) gave 6 instead of 9"
    assert CODE.score([], []).rates == {"passes": 0.0, "parses": 0.0, "exact": 0.0}
    with pytest.raises(UserError, match="1 examples but 0 predictions"):
        CODE.score([Example(instruction="?", response=SQUARE)], [])
    with pytest.raises(UserError, match="a.jsonl line 3: the tests assert nothing"):
        CODE.score([Example(instruction="?", response=SQUARE, tags={"tests": "f(2)"}, where="a.jsonl line 3")], [SQUARE])


def test_without_tests_the_same_code_passes():
    score = CODE.score([Example(instruction="?", response=SQUARE)] * 3, [SQUARE, "def f(x):  # other layout\n  return (x*x)", "def f(x): return x ** 2"])
    assert [row["passes"] for row in score.rows] == [True, True, False] and [row["exact"] for row in score.rows] == [True, False, False]


def test_what_a_chat_writes_around_code():
    assert code_of("Sure!\n```py\na = 1\n```\n```\nb\n```") == "a = 1" and code_of("```\na\n") == "a\n" and code_of("a ``` b") == "a ``` b"


# --- what an answer may try ---

ATTACKS = {
    "endless loop": ("while True: pass", "timeout"),
    "endless output": ("def f(x):\n    while True: print('4' * 9999)", "timeout"),
    "endless wait": ("import queue\nqueue.Queue().get()", "timeout"),
    "backtracking": ("import re\nre.match('(a+)+b', 'a' * 99)", "timeout"),
    "memory": ("x = [0] * 10**10", "memory"),
    "memory by and by": ("x = []\nwhile True: x.append('x' * 10**6 + str(len(x)))", "memory|timeout"),
    "recursion": ("def f(x): return f(x)", "raised"),
    "exit": ("raise SystemExit(0)", "exit"),
    "interrupt": ("raise KeyboardInterrupt", "raised"),
    "import": ("import os", "raised"),
    "file": ("def f(x): return open('/etc/passwd').read()", "missing"),
    "file by the back door": (f"o = {OS}\no['close'](0)\no['open']('/etc/passwd', 0)", "raised"),
    "socket": (f"o = {OS}\no['close'](0)\no['sys'].modules['socket'].socket()", "raised"),
    "one child": (f"{OS}['fork']()", "raised"),
    "fork bomb": (f"o = {OS}\nwhile True: o['fork']()", "raised"),
    "hard exit": (f"def f(x): {OS}['_exit'](0)", "crash"),
    "kill the parent": (f"o = {OS}\no['kill'](o['getppid'](), 9)", "raised"),
    "deep recursion in C": ("def f(x):\n    t = ()\n    for _ in range(10**6): t = (t,)\n    return repr(t)", None),
    "closed pipe": (f"def f(x):\n    {OS}['closerange'](0, 99)\n    return 4", "crash"),
    "closed pipe, then a loop": (f"{OS}['close'](3)\nwhile True: pass", "timeout"),
    "too much said": (f"w = {OS}['write']\nfor _ in range(99): w(3, b'x' * 60000)", "output"),
    "verdict printed": ("def f(x):\n    print('passed: True')\n    return 'passed'", "wrong"),
    "verdict forged": (f"w = {OS}['write']\nfor _ in range(9): w(3, b'[\"\", \"value\", true]\\n')\ndef f(x): return None", "wrong"),
    "equal to anything": ("class Yes:\n    def __eq__(self, other): return True\ndef f(x): return Yes()", "wrong"),
    "a list that is equal to anything": ("class Yes(list):\n    def __eq__(self, other): return True\ndef f(x): return Yes()", "wrong"),
    "a text that raises": ("class Bad(Exception):\n    def __str__(self): raise self\ndef f(x): raise Bad", "raised"),
    "a list of itself": ("def f(x):\n    x = []\n    x.append(x)\n    return x", "raised"),
    "a huge number": ("def f(x): return 1 << 10**7", "wrong"),
    "nan": ("def f(x): return float('nan')", "wrong"),
    "nested source": ("-" * 90_000 + "1", "syntax"),
    "null character": ("def f(x): return 4\0", "syntax"),
    "surrogate": ("\ud800", "syntax"),
    "long source": ("#" * 200_000, "syntax"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_and_the_next_answer_runs(sandbox, name):
    source, error = ATTACKS[name]
    start = time.monotonic()
    outcome = sandbox.run(source, read_tests(TESTS))
    assert not outcome.passes and outcome.error in ERRORS and outcome.detail
    if sandbox.filtered:  # without the filter of system calls some of them get further
        assert outcome.error in (error or outcome.error).split("|"), outcome
    assert time.monotonic() - start < 10
    assert sandbox.run(SQUARE, read_tests(TESTS)).passes


def test_what_is_said_without_the_token_is_not_heard(sandbox):
    """A bare truth is decided where the answer runs; its line on the pipe has a token that the answer is not given."""
    forged = f"o = {OS}\no['write'](3, b'[\"\", \"value\", true]\\n')\no['_exit'](0)"
    assert sandbox.run(forged, read_tests("assert f(2)")).error == "crash"


def test_the_verdict_is_not_made_where_the_answer_runs(sandbox):
    """Its frames, and all objects there, hold no expected value."""
    spy = "import gc\ndef f(x):\n    return sorted({o for o in gc.get_objects() if o == 31337})"
    assert sandbox.run(spy.replace("import gc\n", f"gc = {OS}['sys'].modules['gc']\n"), read_tests("assert f(2) == 31337")).error == "wrong"
    looks = "\n".join(
        (
            "def f(x):",
            f"    frame = {OS}['sys']._getframe()",
            "    while frame:",
            "        if 'job' in frame.f_locals: return '31' + '337' in str(frame.f_locals['job'])",
            "        frame = frame.f_back",
        )
    )
    assert "gave False" in sandbox.run(looks, read_tests("assert f(2) == 31337")).detail


def test_a_lost_worker_is_replaced(sandbox):
    sandbox._process.kill()
    sandbox._process.wait()
    assert sandbox.run(SQUARE, read_tests(TESTS)).error == "crash"
    assert sandbox.run(SQUARE, read_tests(TESTS)).passes


def test_nothing_is_left_behind():
    with Sandbox() as sandbox:
        sandbox.run(SQUARE, read_tests(TESTS))
        process, directory = sandbox._process, sandbox._directory.name
        assert os.path.isdir(directory)
    assert process.poll() is not None and not os.path.exists(directory)


def test_three_hundred_answers_are_quick(splits):
    examples = (splits.evaluation["iid"] * 5)[:300]
    start = time.monotonic()
    CODE.score(examples, [example.response for example in examples], workers=2)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    "tests, source, passes",
    [
        ("assert 4 == f(2)", SQUARE, True),
        ("assert f(2) is None", "def f(x): pass", True),
        ("assert f(2) is True", "def f(x): return 1", False),
        ("assert f(2)", SQUARE, True),
        ("assert f(0)", SQUARE, False),
        ("assert not f(2)", SQUARE, False),
        ("assert abs(f(0.1) - 0.01) < 1e-9", SQUARE, True),
        ("x = 3\nassert f(x) == 9", SQUARE, True),
        ("def check(g):\n    assert g(2) == 4\n    assert g(3) == 8\ncheck(f)", SQUARE, False),
        ("assert f(3) == 0.30000000000000004", "def f(x): return 0.3", True),
        ("assert f(3) == [1, (2, {'a': {3}})]", "def f(x): return [1, (2, {'a': {3}})]", True),
        ("assert f(3) == [1, 2]", "def f(x): return (1, 2)", False),
        ("assert f(3) == {'a': 1}", "from collections import Counter\ndef f(x): return Counter('a')", True),
        ("assert f(3) == 1", "def f(x): return True", True),
        ("assert f('é\\n') == 'É\\n'", "def f(x): return x.upper()", True),
        ("import math\nassert f(math.pi) == math.pi", "def f(x): return x", True),
    ],
)
def test_kinds_of_assert(sandbox, tests, source, passes):
    assert sandbox.run(source, read_tests(tests)).passes is passes


_PIECES = st.sampled_from(["def f(x):", "return ", "lambda ", "*", "\n    ", "f(2)", " == ", "'", "```", "4", "(", "x"])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.text(max_size=60) | st.lists(_PIECES, max_size=12).map("".join), min_size=8, max_size=16))
def test_score_never_raises(answers):
    score = CODE.score([Example(instruction="?", response=SQUARE, tags={"tests": TESTS})] * len(answers), answers, workers=1)
    assert score.n == len(answers) and all(row["passes"] == (row["error"] == "") for row in score.rows)


# --- the user's own file ---


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_own_functions(tmp_path):
    rows = [{"instruction": f"times {i}", "response": f"def f(x):\n    return x * {i}", "tests": [f"assert f(2) == {2 * i}"]} for i in range(30)] + [
        {"instruction": "none", "response": "x = 1"}
    ]
    splits = CODE.splits(Config(domain="code", data=DataConfig(train=write(tmp_path / "a.jsonl", rows), validation_share=0.3, workers=1)), progress=silent)
    both = [*splits.train, *splits.evaluation["validation"]]
    assert len(both) == 31 and "1 of 31 rows have no tests" in splits.notes[0] and "held out" in splits.notes[1]
    assert {example.tags["tests"] for example in both if example.instruction == "times 7"} == {"assert f(2) == 14"}


@pytest.mark.parametrize(
    "row, message",
    [
        ({"response": "def f(x", "tests": ["assert f(1)"]}, r"line 2: the response is not Python \(SyntaxError"),
        ({"response": SQUARE, "tests": ["assert f(1) == 2"]}, r"line 2: the response fails its own tests \(f\(1\) gave 1 instead of 2\)"),
        ({"response": SQUARE, "tests": ["assert f(1"]}, "line 2: the tests are not Python"),
        ({"response": SQUARE, "tests": "f(1)"}, "line 2: the tests assert nothing"),
        ({"response": SQUARE, "tests": [1]}, "line 2: the tests are not text"),
        ({"response": ""}, "line 2: the response is empty"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, message):
    path = write(tmp_path / "a.jsonl", [{"instruction": "one", "response": SQUARE}, {"instruction": "two", **row}])
    with pytest.raises(UserError, match=message):
        CODE.splits(Config(domain="code", data=DataConfig(train=path, workers=1)), progress=silent)


def test_prompt():
    assert CODE.prompt("Write `f(x)`") == "Write `f(x)`"
    with pytest.raises(UserError, match="the instruction is empty"):
        CODE.prompt(" ")
    with pytest.raises(UserError, match="reads no table"):
        CODE.prompt("Write", [[1]])
