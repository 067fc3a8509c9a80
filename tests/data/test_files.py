"""What a path may name: files, patterns, directories, saved datasets, names; and the line that says what is wrong with it."""

import json
import socket
import time

import pytest

from slm_jax.data import files
from slm_jax.errors import UserError


def write(path, *names):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"name": name}) + "\n" for name in names))
    return path


def names(path):
    return [record.fields["name"] for record in files.read_records(path)]


def test_a_pattern_and_a_directory_of_files(tmp_path):
    write(tmp_path / "d" / "b.jsonl", "b1", "b2")
    write(tmp_path / "d" / "sub" / "a.jsonl", "a")
    (tmp_path / "d" / "a.csv").write_text("name\nc\n")
    (tmp_path / "d" / "README.md").write_text("not data")
    write(tmp_path / "d" / ".cache" / "a.jsonl", "hidden")
    assert names(tmp_path / "d") == ["c", "b1", "b2", "a"]
    assert names(str(tmp_path / "d" / "*.jsonl")) == ["b1", "b2"]
    assert names(str(tmp_path / "d" / "**" / "*.jsonl")) == ["b1", "b2", "a"]
    where = [record.where for record in files.read_records(tmp_path / "d")]
    assert where[0] == f"{tmp_path}/d/a.csv line 2" and where[2] == f"{tmp_path}/d/b.jsonl line 2"
    with pytest.raises(UserError, match="no file matches"):
        names(str(tmp_path / "*.jsonl"))


def test_splits_of_a_directory_of_files(tmp_path):
    write(tmp_path / "data" / "train-00000-of-00002.jsonl", "1")
    write(tmp_path / "data" / "train-00001-of-00002.jsonl", "2")
    write(tmp_path / "data" / "test" / "part.jsonl", "3")
    assert names(f"{tmp_path}/data:train") == ["1", "2"] and names(f"{tmp_path}/data:test") == ["3"]
    with pytest.raises(UserError, match=rf"several splits: write {tmp_path}/data:test or {tmp_path}/data:train$"):
        names(tmp_path / "data")
    with pytest.raises(UserError, match="has no split 'dev': write|has no split 'validation': write"):
        names(f"{tmp_path}/data:dev")
    write(tmp_path / "one" / "training_notes.jsonl", "x")  # "training" is no split
    assert names(tmp_path / "one") == ["x"]
    with pytest.raises(UserError, match="is a file, which has no splits"):
        names(f"{tmp_path}/one/training_notes.jsonl:train")


def test_what_datasets_saved(tmp_path):
    import datasets

    train, test = (datasets.Dataset.from_list([{"name": name, "other": None}]) for name in ("a", "b"))
    train.save_to_disk(str(tmp_path / "one"))
    datasets.DatasetDict(train=train, test=test).save_to_disk(str(tmp_path / "two"))
    assert names(tmp_path / "one") == ["a"] and names(f"{tmp_path}/two:test") == ["b"]
    record = next(files.read_records(tmp_path / "one"))
    assert record.where == f"{tmp_path}/one row 1" and record.fields == {"name": "a"}
    with pytest.raises(UserError, match="has several splits: write .*two:test or .*two:train"):
        names(tmp_path / "two")
    with pytest.raises(UserError, match="has no split 'dev'"):
        names(f"{tmp_path}/two:dev")
    with pytest.raises(UserError, match="has one split"):
        names(f"{tmp_path}/one:train")
    (tmp_path / "one" / "state.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read as what datasets.save_to_disk writes"):
        names(tmp_path / "one")


def test_a_json_file_may_be_a_list(tmp_path):
    (tmp_path / "a.json").write_text('\ufeff[{"name": "x"},\n 3]')
    good, bad = files.read_records(tmp_path / "a.json")
    assert good.fields == {"name": "x"} and bad.problem.startswith("a number, not a JSON object") and bad.where.endswith("a.json row 2")
    (tmp_path / "a.json").write_text('[{"name": "x"},\n {"name": ]')
    with pytest.raises(UserError, match="a.json line 2: not JSON"):
        names(tmp_path / "a.json")
    (tmp_path / "b.json").write_text('{"name": "x"}\n{"name": "y"}\n')
    assert names(tmp_path / "b.json") == ["x", "y"]


def test_rows_are_read_as_they_are_asked_for(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"name": "x"}\n' + b"\xff\n")
    (tmp_path / "a.csv").write_bytes(b"name\nx\n" + b"y\n" * 100_000 + b'"\n')
    for name in ("a.jsonl", "a.csv"):
        assert next(files.read_records(tmp_path / name)).fields == {"name": "x"}


def test_a_dataset_that_cannot_be_reached_is_one_line_and_at_once(monkeypatch):
    def unreachable(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    import datasets
    import huggingface_hub.constants as hub

    before = hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    monkeypatch.setattr(socket, "create_connection", unreachable)
    monkeypatch.setattr(files.urllib.request, "getproxies", dict)
    began = time.monotonic()
    with pytest.raises(UserError) as error:
        names("nobody/no-such-data:train")
    assert str(error.value).startswith("'nobody/no-such-data' is no file or directory here, and no dataset of that name can be reached") and "\n" not in str(error.value)
    assert time.monotonic() - began < 10
    assert before == (hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE)
    with pytest.raises(UserError, match="write nobody/no-such-data:SPLIT, or"):
        names("nobody/no-such-data:a:b:c")


def test_a_dataset_of_the_hub(monkeypatch):
    import datasets

    asked = []

    def load(name, subset):
        asked.append((name, subset))
        if subset is None and name == "o/many":
            raise ValueError("Config name is missing.\nPlease pick one among ['main', 'socratic']")
        return datasets.DatasetDict({split: datasets.Dataset.from_list([{"name": split}]) for split in ("train", "test")})

    monkeypatch.setattr(datasets, "load_dataset", load)
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: socket.socket())
    assert names("o/data:train") == ["train"] and names("o/many:main:test") == ["test"]
    assert asked == [("o/data", None), ("o/many", "main")]
    with pytest.raises(UserError, match="'o/data' has several splits: write o/data:test or o/data:train"):
        names("o/data")
    with pytest.raises(UserError, match="'o/many' cannot be opened .*main.*: write o/many:SUBSET:SPLIT"):
        names("o/many")
    with pytest.raises(UserError, match="'o/many' has no split 'dev': write o/many:main:test or"):
        names("o/many:main:dev")
