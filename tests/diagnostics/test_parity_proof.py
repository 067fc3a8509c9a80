"""The proof of parity and its command: what passes, what does not, and what cannot be tried."""

import dataclasses
import json
import math
import sys

import jax
import numpy as np
import pytest

from slm_jax import convert, doctor
from slm_jax.checkpoints.pretrained import LoadedModel
from slm_jax.diagnostics.parity import ParityReport, PromptParity, prove_parity
from slm_jax.errors import UserError

SHORT = ["--tokens=24", "--greedy_tokens=8"]


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where compiled functions are kept


def needs_transformers():
    pytest.importorskip("torch", reason="parity compares with transformers, which computes with torch")
    pytest.importorskip("transformers", reason="parity compares with transformers")


def prove(*arguments) -> int:
    """The command's exit code."""
    try:
        doctor.main(["--prove=parity", *arguments])
    except SystemExit as exit:
        return exit.code
    return 0


def test_a_published_model_passes(published_model, capsys):
    needs_transformers()
    assert prove(f"--checkpoint={published_model}", *SHORT) == 0
    lines = capsys.readouterr().out.splitlines()
    summary = json.loads(lines[-1])
    assert lines[-2].startswith("PASS parity: ") and "greedy answers are identical" in lines[-2]
    assert summary["passed"] and summary["max_abs_difference"] < 1e-5 and summary["limit"] == 2e-4
    assert summary["argmax_agreement"] == summary["greedy_agreement"] == 1.0
    assert summary["same_token_ids"] is True
    assert summary["prompts"] == 5 and "a chat" in lines[5]


def test_a_run_of_ours_is_exported_and_passes(published_model, tmp_path):
    needs_transformers()
    convert.main([f"--from={published_model}", f"--to={tmp_path / 'run'}", "--format=slm_jax"])
    report = prove_parity(tmp_path / "run", tokens=24, greedy_tokens=8)
    assert report.passed and report.max_abs_difference < 1e-5


@pytest.mark.parametrize(("wrong", "said"), [(1e-3, "above the limit of 2.0e-04"), (math.nan, "nan, above the limit")])
def test_other_logits_fail(published_model, capsys, monkeypatch, wrong, said):
    needs_transformers()
    right = LoadedModel.logits

    def logits(self, ids):
        result = np.array(right(self, ids))
        result[0, 3, 7] += wrong
        return result

    monkeypatch.setattr(LoadedModel, "logits", logits)
    assert prove(f"--checkpoint={published_model}", *SHORT) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("FAIL parity: ") and said in lines[-2]
    assert json.loads(lines[-1], parse_constant=pytest.fail)["passed"] is False


def test_a_smaller_tolerance(published_model):
    needs_transformers()
    assert prove(f"--checkpoint={published_model}", *SHORT, "--tolerance=1e-12") == 1


def report(*, tolerance=2e-4, **changes) -> ParityReport:
    same = PromptParity(
        name="one",
        tokens=10,
        logit_scale=20.0,
        max_abs_difference=1e-4,
        mean_abs_difference=1e-5,
        argmax_agreement=1.0,
        greedy_tokens=20,
        greedy_agreement=1.0,
        greedy_margin=0.0,
    )
    other = dataclasses.replace(same, name="other", tokens=30, **changes)
    return ParityReport(source="somewhere", tolerance=tolerance, prompts=(same, other), same_token_ids=None)


def test_another_greedy_answer_fails_unless_it_was_a_tie():
    assert report().passed
    assert not report(greedy_agreement=0.5, greedy_margin=0.3).passed
    assert report(greedy_agreement=0.5, greedy_margin=3e-4).passed
    assert "greedy answers agree to 75%" in report(greedy_agreement=0.5, greedy_margin=0.3).lines()[-1]


def test_the_limit_grows_with_large_logits_only():
    assert report(logit_scale=39.0, max_abs_difference=2.1e-4).passed is False
    large = report(logit_scale=80.0, max_abs_difference=3.9e-4)
    assert large.passed and large.limit == 4e-4 and "(2.0e-04 x 80/40, as the logits are large)" in large.lines()[-1]
    assert not report(logit_scale=80.0, max_abs_difference=4.1e-4).passed


def test_means_are_weighted_by_tokens():
    assert report(argmax_agreement=0.6).argmax_agreement == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prove=parities", "--checkpoint=x"], "did you mean 'parity'?"),
        (["--prove=resume", "--checkpoint=x"], "known: parity"),
        (["--prove=parity"], "--checkpoint"),
        (["--prove=parity", "--checkpoint=x", "--tolerance=small"], "--tolerance"),
        (["--prove=parity", "--checkpoint=x", "--tolerance=0"], "write a number above 0"),
        (["--prove=parity", "--checkpoint=x", "--tokens=0"], "tokens=0: write 1 or more"),
    ],
)
def test_complaints_are_one_line(arguments, said, capsys):
    with pytest.raises(SystemExit) as exit:
        doctor.main(arguments)
    assert exit.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and said in error


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_without_transformers(missing, monkeypatch, published_model):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UserError, match=f"{missing} cannot be imported: pip install torch transformers"):
        prove_parity(published_model)


def test_longer_than_the_model(published_model):
    needs_transformers()
    with pytest.raises(UserError, match="room for 128"):
        prove_parity(published_model, tokens=120, greedy_tokens=20)
