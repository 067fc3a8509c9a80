"""`slm_jax.load`: from a directory alone, in another process, from any directory, on any number of devices."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import slm_jax
from slm_jax.checkpoints.orbax_store import CheckpointStore
from slm_jax.config import CheckpointConfig, Config, DataConfig, EvalConfig, ModelConfig, TokenizerConfig, to_dict
from slm_jax.data.tokenizer import train_tokenizer
from slm_jax.errors import UserError
from slm_jax.models.decoder import Decoder
from slm_jax.training.state import init_state

ROOT = Path(__file__).parents[2]
CONFIG = Config(
    domain="text",
    model=ModelConfig(layers=2, dim=32, heads=2, kv_heads=1, head_dim=16, ff_dim=48),
    data=DataConfig(sequence_length=32, cache_dir="cache"),
    eval=EvalConfig(max_tokens=6, batch_size=2),
    tokenizer=TokenizerConfig(vocab_size=300),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run directory with two checkpoints, the first one better; and the parameters of that one."""
    run = tmp_path_factory.mktemp("run")
    tokenizer = train_tokenizer([f"the sum of row {i} and column {i % 7}" for i in range(200)], config=CONFIG.tokenizer).tokenizer
    tokenizer.save(run / "tokenizer")
    model = Decoder(dataclasses.replace(CONFIG.model, vocab_size=-(-tokenizer.vocab_size // 64) * 64), "float32")
    first = jax.jit(lambda: init_state(0, model=model, tx=optax.adamw(1e-3)))()
    second = first.replace(params=jax.tree.map(lambda x: x + 1, first.params))
    with CheckpointStore(run, CheckpointConfig()) as store:
        for step, state, best_value in ((1, first, 0.9), (2, second, 0.8)):
            store.save(step, state, config_dict=to_dict(CONFIG), tokenizer_dir=run / "tokenizer", metrics={}, best_value=best_value)
    return run, model, first.params


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a compilation cache goes into the current directory


def test_a_run_is_its_best_checkpoint_and_logits_are_the_models(trained, here):
    run, model, params = trained
    loaded = slm_jax.load(run, precision="float32")
    assert loaded.directory == run / "checkpoints" / "1" and loaded.domain.name == "text"
    ids = np.arange(10, 22).reshape(2, 6)
    logits = loaded.logits(ids)
    assert logits.dtype == np.float32 and logits.shape == (2, 6, loaded.config.model.vocab_size)
    np.testing.assert_allclose(logits, model.apply({"params": params}, jnp.asarray(ids)), rtol=1e-5, atol=1e-5)
    assert slm_jax.load(run / "checkpoints" / "2").directory.name == "2"


def test_precision_is_the_runs_unless_asked_for(trained, here):
    run, _, _ = trained
    assert slm_jax.load(run).config.precision == "bfloat16"
    assert slm_jax.load(run, precision="float32").config.precision == "float32"
    with pytest.raises(UserError, match="precision='float64' is unknown"):
        slm_jax.load(run, precision="float64")


def test_generate_is_greedy_by_the_models_own_logits(trained, here):
    loaded = slm_jax.load(trained[0], precision="float32")
    prompts = ["the sum of row", "the", "column 3"]
    answers = loaded.generate(prompts)
    tokenizer = loaded.tokenizer
    for prompt, answer in zip(prompts, answers, strict=True):
        ids = [tokenizer.bos_id, *tokenizer.encode(prompt)]
        generated = []
        while len(generated) < CONFIG.eval.max_tokens:
            row = ids + generated
            logits = loaded.logits([row + [0] * (32 - len(row))])  # one shape, one compilation; what comes after a position does not change it
            choice = int(logits[0, len(row) - 1, : tokenizer.vocab_size].argmax())
            if choice == tokenizer.eos_id:
                break
            generated.append(choice)
        assert answer == tokenizer.decode(generated)


def test_what_cannot_be_asked_is_named(trained, here):
    loaded = slm_jax.load(trained[0])
    assert loaded.prompt_problem("the sum") == ""
    assert "model was trained on rows of 32" in loaded.prompt_problem("x" * 100_000)
    with pytest.raises(UserError, match="prompt 2: it has .* tokens"):
        loaded.generate(["the", "x" * 100])
    with pytest.raises(UserError, match="prompt 1: .* no table"):
        loaded.generate(["the"], tables=[[["a"]]])
    with pytest.raises(UserError, match="a list of instructions"):
        loaded.generate("the")
    for ids, message in (([1, 2], "batch, length"), ([[0.5]], "integers"), ([[10**6]], "token ids are from 0"), ([[-1]], "not -1")):
        with pytest.raises(UserError, match=message):
            loaded.logits(ids)


def test_the_directory_alone_is_enough_on_eight_devices(trained, tmp_path, here):
    """The checkpoint is a copy, far from its run, and the current directory cannot hold a cache of compiled functions."""
    run, _, _ = trained
    shutil.copytree(run / "checkpoints" / "1", tmp_path / "copy")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "cache").write_text("")
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import jax, numpy, slm_jax
loaded = slm_jax.load("../copy", precision="float32")
assert len(jax.devices()) == 8 and not {{"torch", "tensorflow", "datasets"}} & set(sys.modules)
numpy.save("logits.npy", loaded.logits([[5, 6, 7]]))
"""
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "elsewhere", env=environment, check=True)
    expected = slm_jax.load(run, precision="float32").logits([[5, 6, 7]])
    np.testing.assert_allclose(np.load(tmp_path / "elsewhere" / "logits.npy"), expected, rtol=1e-6, atol=1e-6)


def test_a_damaged_checkpoint_is_refused_also_where_only_its_optimizer_is(trained, tmp_path, here):
    shutil.copytree(trained[0] / "checkpoints" / "1", tmp_path / "copy")
    (tmp_path / "copy" / "opt_state" / "manifest.ocdbt").unlink()
    with pytest.raises(UserError, match="copy is damaged: opt_state/manifest.ocdbt is missing"):
        slm_jax.load(tmp_path / "copy")
