"""Metrics on disk: one line a logged step, over restarts too, and no TensorFlow needed."""

import importlib.util
import json
import math
import subprocess
import sys
import types
from pathlib import Path

import pytest

from slm_jax.errors import UserError
from slm_jax.reporting.writers import METRICS_FILE, create_writer

ROOT = Path(__file__).parents[2]


def log(run, steps, *, first_step):
    with create_writer(run, first_step=first_step, process_index=0) as writer:
        for step in steps:
            writer.write_scalars(step, {"train/loss": 1.0 / step})
        return writer.dropped_lines


def rows(run):
    return [json.loads(line) for line in (run / METRICS_FILE).read_text().splitlines()]


def test_one_object_a_logged_step(tmp_path):
    with create_writer(tmp_path / "run", first_step=0, process_index=0) as writer:
        writer.write_scalars(20, {"train/loss": 2.5, "train/grad_norm": math.nan})
        assert rows(tmp_path / "run")[0].items() >= {"step": 20, "train/loss": 2.5, "train/grad_norm": None}.items()  # there before anything is flushed or closed
        writer.write_texts(20, {"sample": "=A1"})
        writer.write_hparams({"model": {"dim": 8}})
        writer.flush()
    assert rows(tmp_path / "run")[0]["time"] > 1.7e9


def test_a_resumed_run_has_no_step_twice(tmp_path):
    log(tmp_path, [10, 20, 30, 40], first_step=0)
    with open(tmp_path / METRICS_FILE, "a") as file:
        file.write('{"step": 20, "train/loss": 1}')  # killed before the line's end
    assert log(tmp_path, [30, 40, 50], first_step=20) == 3
    assert [row["step"] for row in rows(tmp_path)] == [10, 20, 30, 40, 50]
    assert log(tmp_path, [10], first_step=0) == 5  # nothing was saved: it begins again
    assert [row["step"] for row in rows(tmp_path)] == [10]


def test_event_files_are_readable(tmp_path):
    from tensorboardX.proto.event_pb2 import Event

    with create_writer(tmp_path, first_step=0, process_index=0) as writer:
        writer.write_scalars(5, {"train/loss": 0.5})
    content = next((tmp_path / "tensorboard").glob("events*")).read_bytes()
    events = []
    while content:  # TFRecord: length 8 bytes, crc 4, data, crc 4
        length = int.from_bytes(content[:8], "little")
        events.append(Event.FromString(content[12 : 12 + length]))
        content = content[16 + length :]
    assert [(event.step, value.tag, value.simple_value) for event in events for value in event.summary.value] == [(5, "train/loss", 0.5)]


def test_other_processes_write_nothing(tmp_path):
    with create_writer(tmp_path, first_step=0, process_index=1) as writer:
        writer.write_scalars(1, {"train/loss": 1.0})
    assert list(tmp_path.iterdir()) == []


def test_no_tensorflow_and_no_torch_is_needed(tmp_path):
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
sys.modules["tensorflow"] = sys.modules["torch"] = None  # an import of them fails; tensorboardX takes torch where it is
from slm_jax.reporting.writers import create_writer
import importlib.util
importlib.util.find_spec = (lambda find: lambda name: None if name == "tensorflow" else find(name))(importlib.util.find_spec)
with create_writer({str(tmp_path)!r}, first_step=0, process_index=0) as writer:
    writer.write_scalars(1, {{"train/loss": 1.0}})
assert "clu.metric_writers" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert rows(tmp_path)[0]["step"] == 1 and list((tmp_path / "tensorboard").glob("events*"))


def test_clus_writer_is_used_where_tensorflow_is(tmp_path, monkeypatch):
    calls = []

    class SummaryWriter:
        def __init__(self, directory):
            calls.append(directory)

        def __getattr__(self, name):
            return lambda *arguments: calls.append((name, *arguments))

    import clu

    module = types.SimpleNamespace(SummaryWriter=SummaryWriter)
    monkeypatch.setitem(sys.modules, "clu.metric_writers", module)
    monkeypatch.setattr(clu, "metric_writers", module, raising=False)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name == "tensorflow" else find(name))
    with create_writer(tmp_path, first_step=0, process_index=0) as writer:
        writer.write_scalars(1, {"train/loss": 1.0})
    assert calls == [str(tmp_path / "tensorboard"), ("write_scalars", 1, {"train/loss": 1.0}), ("close",)]
    assert rows(tmp_path)[0]["step"] == 1


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(UserError, match="metrics.jsonl cannot be written"):
        create_writer(tmp_path / "run", first_step=0, process_index=0)
