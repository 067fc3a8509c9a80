"""Which directory is whose, and which checkpoint a path means."""

import dataclasses
import json
import os

import pytest

from slm_jax.checkpoints.directory import claim_run_directory, find_checkpoint
from slm_jax.config import Config, LogConfig, OptimizerConfig, TrainConfig, parse_config
from slm_jax.errors import UserError


def checkpoint(directory, best_value=None):
    directory.mkdir(parents=True)
    (directory / "checkpoint.json").write_text(json.dumps({"best_value": best_value}))


def test_a_new_directory_is_claimed_and_the_same_run_goes_on(tmp_path):
    config = dataclasses.replace(Config(), seed=3)
    assert claim_run_directory(tmp_path / "a" / "run", config) == []
    assert parse_config(json.loads((tmp_path / "a" / "run" / "config.json").read_text())) == config
    assert claim_run_directory(tmp_path / "a" / "run", config) == []
    assert os.listdir(tmp_path / "a" / "run") == ["config.json"]


def test_another_configuration_is_refused_with_every_difference(tmp_path):
    claim_run_directory(tmp_path, Config())
    before = (tmp_path / "config.json").read_text()
    other = dataclasses.replace(Config(), optimizer=OptimizerConfig(learning_rate=0.5), train=TrainConfig(total_steps=7), log=LogConfig(every_steps=1))
    with pytest.raises(UserError) as error:
        claim_run_directory(tmp_path, other)
    assert "config.optimizer.learning_rate: 0.001 -> 0.5" in str(error.value) and "config.train.total_steps: 1000 -> 7" in str(error.value)
    assert "config.log.every_steps" not in str(error.value) and "\n" not in str(error.value)
    assert (tmp_path / "config.json").read_text() == before


def test_how_often_it_logs_may_change_and_is_said(tmp_path):
    claim_run_directory(tmp_path, Config())
    other = dataclasses.replace(Config(), log=LogConfig(every_steps=1))
    assert claim_run_directory(tmp_path, other) == ["config.log.every_steps: 20 -> 1"]
    assert claim_run_directory(tmp_path, other) == []


@pytest.mark.parametrize("content", ["{", "[]", '{"sed": 1}', ""])
def test_an_unreadable_config_is_refused(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match="config.json cannot be read as a configuration"):
        claim_run_directory(tmp_path, Config())


def test_checkpoints_without_a_config_and_a_file_are_refused(tmp_path):
    checkpoint(tmp_path / "run" / "checkpoints" / "5")
    with pytest.raises(UserError, match="no config.json"):
        claim_run_directory(tmp_path / "run", Config())
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be used as a run's directory"):
        claim_run_directory(tmp_path / "file", Config())


def test_a_run_means_its_best_checkpoint_else_its_latest(tmp_path, monkeypatch):
    run = tmp_path / "run"
    for step, value in ((5, None), (40, None), (100, None)):
        checkpoint(run / "checkpoints" / str(step), value)
    assert find_checkpoint(run).name == "100"
    checkpoint(run / "checkpoints" / "60", -2.0)
    checkpoint(run / "checkpoints" / "70", -1.0)
    checkpoint(run / "checkpoints" / "80", -1.5)
    assert find_checkpoint(run) == find_checkpoint(run / "checkpoints") == run / "checkpoints" / "70"
    assert find_checkpoint(str(run / "checkpoints" / "5")).name == "5"
    (run / "checkpoints" / "70" / "checkpoint.json").write_text("{")  # unreadable: cannot be told to be the best
    assert find_checkpoint(run).name == "80"
    monkeypatch.chdir(tmp_path)
    assert find_checkpoint("run") == run / "checkpoints" / "80"


def test_what_is_no_checkpoint_is_told_so(tmp_path):
    (tmp_path / "excel").mkdir()
    with pytest.raises(UserError, match=r"there is no checkpoint .*exel: did you mean 'excel'\?"):
        find_checkpoint(tmp_path / "exel")
    with pytest.raises(UserError, match="there is no checkpoint"):
        find_checkpoint(tmp_path / "a" / "b")
    with pytest.raises(UserError, match="is empty"):
        find_checkpoint(tmp_path / "excel")
    (tmp_path / "excel" / "notes.txt").write_text("")
    with pytest.raises(UserError, match="neither a run's directory, a checkpoint nor"):
        find_checkpoint(tmp_path / "excel")
    with pytest.raises(UserError, match="is a file"):
        find_checkpoint(tmp_path / "excel" / "notes.txt")
    claim_run_directory(tmp_path / "new", Config())
    with pytest.raises(UserError, match="has no checkpoint yet"):
        find_checkpoint(tmp_path / "new")
