"""The main job in small: launch, generate, evaluate, load, and what they say to bad input."""

import json
import shutil
from pathlib import Path

import pytest

DEV = Path(__file__).parents[1] / "data" / "excel_dev.jsonl"
SPLITS = {"iid", "new_literal", "new_phrasing", "new_skeleton"}


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def one_line_error(done, *words: str) -> None:
    assert done.returncode == 2, done.stdout[-500:] + done.stderr[-2000:]
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and "Traceback" not in done.stderr, done.stderr
    for word in words:
        assert word in errors[0], errors[0]


def test_run_directory_is_complete(tiny_run):
    directory, printed = tiny_run
    assert {"config.json", "metrics.jsonl", "checkpoints", "tokenizer", "result.json", "curves.svg", "tensorboard"} <= {path.name for path in directory.iterdir()}
    metrics = lines(directory / "metrics.jsonl")
    logged = [row for row in metrics if "train/loss" in row]
    assert [row["step"] for row in logged] == [1, *range(5, 41, 5)]
    assert {"train/learning_rate", "train/grad_norm", "perf/tokens_per_second"} <= logged[0].keys()
    assert logged[-1]["train/loss"] < logged[0]["train/loss"] - 1  # it learns
    assert {row["step"] for row in metrics if "eval/iid/executed" in row} == {20, 40}
    result = json.loads((directory / "result.json").read_text())
    assert set(result["splits"]) == SPLITS and result["best_checkpoint"].startswith(str(directory))
    for said in ("embed/embedding", "memory", "tokens a step", "drafts dropped", "ETA", "wanted", "best checkpoint", "executed (95 %)"):
        assert said in printed, said


def test_same_command_again_changes_nothing(tiny_run, command, cache):
    directory, _ = tiny_run
    before = lines(directory / "metrics.jsonl")
    done = command("launch.py", "--config=configs/excel_slm.py:tiny", f"--workdir={directory}", f"--config.data.cache_dir={cache}")
    assert done.returncode == 0 and "step 40 of 40" in done.stdout
    assert lines(directory / "metrics.jsonl") == before


def test_another_configuration_is_refused_with_the_difference(tiny_run, command, cache):
    directory, _ = tiny_run
    done = command("launch.py", "--config=configs/excel_slm.py:tiny", f"--workdir={directory}", f"--config.data.cache_dir={cache}", "--config.optimizer.learning_rate=0.1")
    one_line_error(done, "config.optimizer.learning_rate: 0.004 -> 0.1", "--workdir")


def test_generate_answers_one_line_each(tiny_run, command, tmp_path):
    directory, _ = tiny_run
    table = tmp_path / "sales.csv"
    table.write_text("Region,Units,When\nNorth,4,2024-01-05\nSouth,2.5,2024-02-01\n")
    done = command("-m", "slm_jax.generate", f"--checkpoint={directory}", "total units", "count rows", f"--table={table}")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_generate_reports_a_bad_row_and_answers_the_rest(tiny_run, command, tmp_path):
    directory, _ = tiny_run
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows = [{"instruction": "sum A"}, {"instruction": "sum\u0007 A"}, {"instruction": "x " * 50_000}]
    rows += [{"instruction": ""}, {"question": "sum A"}, {"instruction": "count B", "id": "last"}]
    source.write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n")
    done = command("-m", "slm_jax.generate", f"--checkpoint={directory}", f"--input={source}", f"--output={target}")
    assert done.returncode == 0, done.stderr
    answers = lines(target)
    assert [isinstance(row["prediction"], str) for row in answers] == [True, False, False, False, False, True, False]
    assert answers[5]["id"] == "last"
    reported = [line for line in done.stderr.splitlines() if f"{source} line" in line]
    assert len(reported) == 5 and "line 2" in reported[0] and "line 7" in reported[-1]


@pytest.mark.parametrize("instruction", ["", "bell \u0007", "x" * 100_000, "sum " * 400])
def test_instruction_that_cannot_be_asked(tiny_run, command, instruction):
    directory, _ = tiny_run
    one_line_error(command("-m", "slm_jax.generate", f"--checkpoint={directory}", instruction))


def test_evaluate_ends_with_one_json_object(tiny_run, command, tmp_path):
    directory, _ = tiny_run
    data, output = tmp_path / "dev.jsonl", tmp_path / "judged.jsonl"
    data.write_text("".join(DEV.read_text().splitlines(keepends=True)[:6]) + '{"instruction": "no answer"}\n')
    done = command("-m", "slm_jax.evaluate", f"--checkpoint={directory}", f"--data={data}", f"--output={output}")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["n"] == 6 and summary["bad_rows"] == 1
    assert {"parses", "exact", "executed", "loss", "bits_per_byte", "errors"} <= summary.keys()
    judged = lines(output)
    assert len(judged) == 7 and all("prediction" in row for row in judged[:6]) and "problem" in judged[6]


@pytest.mark.parametrize("damage", ["missing", "empty", "not a checkpoint", "flipped byte"])
def test_checkpoint_that_cannot_be_opened(tiny_run, command, tmp_path, damage):
    path = tmp_path / "there"
    if damage != "missing":
        path.mkdir()
    if damage == "not a checkpoint":
        (path / "notes.txt").write_text("hello")
    if damage == "flipped byte":
        shutil.copytree(tiny_run[0] / "checkpoints" / "40", path, dirs_exist_ok=True)
        victim = max((file for file in (path / "params").rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
    one_line_error(command("-m", "slm_jax.generate", f"--checkpoint={path}", "sum A"), str(path))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config=configs/excel_slm.py:tiny", "--config.train.totl_steps=3"], ["config.train.totl_steps", "did you mean 'config.train.total_steps'"]),
        (["--config=configs/excel_slm.py:tny"], ["tny", "tiny"]),
        (["--config=configs/nope.py"], ["configs/nope.py"]),
        ([], ["--config=configs/excel_slm.py"]),
        (["--config=configs/excel_slm.py:tiny", "--config.train.total_steps=many"], ["config.train.total_steps"]),
        (["--config.train.total_steps=0", "--config=configs/excel_slm.py:tiny"], ["config.train.total_steps=0", "write 1 or more"]),
        (["--config=configs/excel_slm.py:tiny", "--wrkdir=x"], ["wrkdir"]),
        (["--config=configs/excel_slm.py:tiny", "steps=3"], ["steps=3", "--config.field=value"]),
        (["--config=configs/excel_slm.py:tiny", "--config.data.train=missing.jsonl"], ["missing.jsonl"]),
        (["--config=configs/excel_slm.py:tiny", "--config.parallel.mode=mesh", "--config.parallel.mesh.data=3"], ["config.parallel.mesh", "1 device"]),
        (["--config=configs/lm.py"], ["config.data.train is empty"]),
    ],
)
def test_bad_command_line(command, tmp_path, arguments, words):
    workdir = tmp_path / "run"
    one_line_error(command("launch.py", *arguments, f"--workdir={workdir}"), *words)


def test_bad_rows_of_training_data_are_named(command, tmp_path):
    data = tmp_path / "mine.jsonl"
    cases = {
        '{"instruction": "sum A", "response": "=SUM(A:A"}': "not a formula",
        '{"instruction": "sum A"}': "response",
        '{"response": "=A1"}': "instruction",
        "": "empty",
    }
    for text, word in cases.items():
        data.write_text('{"instruction": "count A", "formula": "=COUNT(A:A)"}\n' * bool(text) + text + "\n" * bool(text))
        done = command("launch.py", "--config=configs/excel_slm.py:tiny", f"--workdir={tmp_path / 'run'}", f"--config.data.train={data}")
        one_line_error(done, str(data), word, *(["line 2"] if text else []))
