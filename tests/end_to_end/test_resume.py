"""A run that is stopped and started again ends bit for bit like one that never stopped."""

import hashlib
import json
import signal
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from slm_jax.checkpoints.orbax_store import _restore_item

RECIPE = ("--config=configs/lm.py:tiny", "--config.train.total_steps=60", "--config.train.accumulation_steps=2")
RECIPE += ("--config.checkpoint.every_steps=100", "--config.log.every_steps=1")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "book.txt"
    rng = np.random.default_rng(0)
    words = ["sum", "count", "north", "south", "total", "value", "row", "column", "table", "cell", "price", "date"]
    path.write_text("\n\n".join(" ".join(rng.choice(words, size=60)) for _ in range(150)))
    return path


def parameters(directory: Path) -> dict[str, str]:
    """A hash of every leaf of the last checkpoint, optimizer state too."""
    last = max((path for path in (directory / "checkpoints").iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
    assert last.name == "60"
    leaves = [*jax.tree_util.tree_leaves_with_path(_restore_item(last, "params", None)), *jax.tree_util.tree_leaves_with_path(_restore_item(last, "opt_state", None))]
    return {jax.tree_util.keystr(path): hashlib.sha256(np.asarray(leaf).tobytes()).hexdigest() for path, leaf in leaves}


def losses(directory: Path) -> dict[int, float]:
    rows = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    return {row["step"]: row["train/loss"] for row in rows if "train/loss" in row}


def launch(command, directory, book, cache, **options):
    return command("launch.py", *RECIPE, f"--workdir={directory}", f"--config.data.train={book}", f"--config.data.cache_dir={cache}", **options)


def wait_for_step(directory: Path, step: int, process) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()
        if (directory / "metrics.jsonl").exists() and max(losses(directory), default=0) >= step:
            return
        time.sleep(0.02)
    raise AssertionError("the run did not get there")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stopped_and_resumed_equals_uninterrupted(command, book, cache, tmp_path, stop):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    done = launch(command, whole, book, cache)
    assert done.returncode == 0, done.stderr

    process = launch(command, halves, book, cache, wait=False)
    wait_for_step(halves, 3, process)
    process.send_signal(stop)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and f"stopped by {stop.name}" in printed and "to resume: python launch.py" in printed, printed

    done = launch(command, halves, book, cache)
    assert done.returncode == 0 and "starts from" in done.stdout and "checkpoint" in done.stdout, done.stderr
    assert losses(halves) == losses(whole) and len(losses(whole)) == 60
    assert parameters(halves) == parameters(whole)
