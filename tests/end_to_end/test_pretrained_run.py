"""A run that begins from a published model: trained, resumed without it, asked, and exported with the published model's own configuration."""

import json
import shutil

import pytest


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps({"instruction": f"the sum of {i}", "response": f"north {i}"}) + "\n" for i in range(60)))
    return path


def test_fine_tuned_resumed_and_exported(command, published_model, questions, cache, tmp_path):
    source, run = shutil.copytree(published_model, tmp_path / "source"), tmp_path / "run"
    recipe = ["launch.py", "--config=configs/lm.py:tiny", "--config.domain=instruct", f"--config.model.init_from={source}", f"--config.data.train={questions}"]
    recipe += [f"--workdir={run}", f"--config.data.cache_dir={cache}", "--config.train.total_steps=6", "--config.schedule.warmup_steps=1", "--config.data.sequence_length=64"]
    recipe += ["--config.eval.max_tokens=4", "--config.checkpoint.every_steps=3", "--config.optimizer.learning_rate=1e-2", "--config.log.every_steps=1"]
    done = command(*recipe)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "tokenizer: that of config.model.init_from" in done.stdout
    losses = [row["train/loss"] for row in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()) if "train/loss" in row]
    assert losses[-1] < losses[0]

    shutil.rmtree(source)  # the run does not need it any more
    shutil.rmtree(run / "checkpoints" / "6")
    again = command(*recipe)
    assert again.returncode == 0, again.stdout[-2000:] + again.stderr[-2000:]
    resumed = [row["train/loss"] for row in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()) if "train/loss" in row]
    assert resumed == losses

    out = command("-m", "slm_jax.convert", f"--from={run}", f"--to={tmp_path / 'out'}")
    assert out.returncode == 0, out.stderr
    assert json.loads((tmp_path / "out" / "config.json").read_text())["a_key_of_its_own"] == "kept"
    asked = [command("-m", "slm_jax.generate", f"--checkpoint={path}", "--precision=float32", "--max_tokens=4", "the sum of 3") for path in (run, tmp_path / "out")]
    assert asked[0].returncode == 0 and asked[0].stdout == asked[1].stdout, asked[0].stderr + asked[1].stderr
