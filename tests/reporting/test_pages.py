"""What the pages say: numbers against known values, nothing left out."""

import dataclasses
import json
import math
import types
import xml.etree.ElementTree
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from slm_jax.domains.base import Example, Score
from slm_jax.reporting.curves import write_curves
from slm_jax.reporting.pages import closing_page, evaluation_page, format_bytes, format_table, one_line, result_data, start_page, wilson_interval, write_result
from slm_jax.reporting.writers import create_writer


@dataclasses.dataclass
class Result:
    name: str
    score: Score
    examples: list
    predictions: list
    loss: float = 0.125
    bits_per_byte: float = 0.0625


@pytest.fixture
def results():
    examples = [Example(instruction='Sum E where B is "North"', response="=SUMIF(B:B,A1,E:E)"), Example(instruction="Count\x1b[2J\nA", response="=COUNT(A:A)")]
    rows = [{"executed": True, "error": ""}, {"executed": False, "error": "function"}]
    judged = Score(n=200, rates={"executed": 0.95, "exact": 0.9}, errors={"syntax": 3, "function": 7}, rows=rows)
    lost = Score(n=2, rates={"executed": 1.0}, errors={}, rows=rows)
    return [Result("iid", judged, examples, ["=SUMIF(B:B,A1,E:E)", "=COUNTA(A:A)"]), Result("new", lost, examples, ["=A", "=B"], loss=math.inf)]


# Newcombe, Statistics in Medicine 17 (1998), table I, method 3
@pytest.mark.parametrize(("right", "n", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)])
def test_wilson_interval_against_published_values(right, n, low, high):
    interval = wilson_interval(right / n, n)
    assert (interval.low, interval.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_wilson_interval_ends_where_the_score_test_does():
    """The definition: at its ends, the share seen is 1.96 standard errors away."""
    interval = wilson_interval(0.95, 300)
    for end in (interval.low, interval.high):
        assert abs(0.95 - end) / math.sqrt(end * (1 - end) / 300) == pytest.approx(1.96, abs=1e-3)


def test_wilson_interval_of_nothing_is_everything():
    assert dataclasses.astuple(wilson_interval(0.0, 0)) == (0.0, 1.0)


def test_start_page():
    memory = types.SimpleNamespace(argument_bytes=72_000_000, temp_bytes=1_500_000_000, total_bytes=1_572_000_000)
    params = {"embed": {"embedding": jax.ShapeDtypeStruct((64, 8), jnp.float32)}, "scale": jnp.ones((8,))}
    page = start_page(title="excel", devices=jax.devices(), params=params, memory=memory, tokens_per_step=2048, facts={"run": "runs/x"}, notes=["7 of 90 dropped"])
    for part in ("embed/embedding", "(64, 8)", "520", "1.6 GB a device", "2,048", f"{len(jax.devices())} x cpu", "runs/x", "note: 7 of 90 dropped"):
        assert part in page


def test_evaluation_page_marks_right_and_wrong_on_lines_of_their_own(results):
    lines = evaluation_page(40, results[:1], samples=2).splitlines()
    assert lines[0] == "eval  step 40  iid: loss 0.1250  0.062 bits/byte  executed 95.0%  exact 90.0%"
    assert lines[1].startswith("  right ") and lines[2].endswith("-> =SUMIF(B:B,A1,E:E)")
    assert lines[3] == r"  WRONG Count\x1b[2J\nA" and lines[4].endswith("-> =COUNTA(A:A)") and lines[5].endswith("wanted =COUNT(A:A)  (function)")
    assert len(evaluation_page(40, results, samples=0).splitlines()) == 2


def test_closing_page_and_result_json_agree(results, tmp_path):
    page = closing_page(results, best_checkpoint=Path("runs/x/checkpoints/40"), step=40, command="ask")
    assert "95.0% (91.0%-97.3%)" in page and "errors in iid: function 7, syntax 3" in page and "best checkpoint: runs/x/checkpoints/40" in page
    path = write_result(tmp_path, result_data(results, best_checkpoint=Path("runs/x/checkpoints/40"), step=40, facts={"seed": 3}))
    data = json.loads(path.read_text())
    assert (data["step"], data["seed"], data["best_checkpoint"]) == (40, 3, "runs/x/checkpoints/40")
    assert data["splits"]["iid"]["executed"] == 0.95 and data["splits"]["iid"]["executed_95"] == pytest.approx([0.9104, 0.9726], abs=1e-4)
    assert data["splits"]["iid"]["errors"] == {"function": 7, "syntax": 3} and data["splits"]["new"]["loss"] is None
    assert "exact" not in data["splits"]["new"]  # a rate that was not measured is not 0
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_curves_are_drawn_from_what_was_logged(tmp_path):
    with create_writer(tmp_path, first_step=0, process_index=0) as writer:
        for step in range(3000):
            writer.writers[0].write_scalars(step, {"train/loss": 4 / (step + 1), "train/learning_rate": 1e-3})
        writer.write_scalars(3000, {"eval/iid/loss": 0.5, "eval/iid/bits_per_byte": 0.2, "eval/iid/executed": 0.75, "eval/iid/exact": 0.5})
    svg = xml.etree.ElementTree.parse(write_curves(tmp_path)).getroot()
    space = "{http://www.w3.org/2000/svg}"
    lines = [line.get("points").split() for line in svg.iter(f"{space}polyline")]
    assert len(lines) == 3 and 900 <= len(lines[0]) <= 1001
    texts = [text.text for text in svg.iter(f"{space}text")]
    assert {"loss, nats a token", "executed", "eval/iid/loss: 0.5", "eval/iid/executed: 0.75"} <= set(texts)
    x, y = map(float, lines[0][0].split(","))
    assert (x, y) == (0, 0)  # 4.0 at step 0 is the top left corner: ticks go from 0 to 4


def test_forms():
    assert [format_bytes(n) for n in (12, 1_500, 2_000_000, 3_200_000_000)] == ["12 B", "1.5 kB", "2.0 MB", "3.2 GB"]
    assert format_table(["a", "b"], [["long", "1"]]) == ["a     b", "----  -", "long  1"]
    assert one_line("x" * 200, width=10) == "x" * 9 + "…"
