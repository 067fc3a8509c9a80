"""Models go out to Hugging Face's format and come in from it, whole or not at all."""

import json

import jax
import numpy as np
import pytest

import slm_jax
from slm_jax import convert
from slm_jax.config import Config, DataConfig, ModelConfig, TokenizerConfig, to_dict


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a compilation cache goes into the current directory


def same_leaves(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(a, b)


def last_line(capsys) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.fixture(scope="module")
def own_run(tmp_path_factory):
    """A run directory with a model of our own: its default knobs, so with qk_norm, and copy spacing."""
    import optax

    from slm_jax.checkpoints.orbax_store import CheckpointStore
    from slm_jax.data.tokenizer import train_tokenizer
    from slm_jax.models.decoder import Decoder
    from slm_jax.training.state import init_state

    run = tmp_path_factory.mktemp("own") / "run"
    config = Config(
        domain="instruct",
        model=ModelConfig(layers=2, dim=32, heads=2, kv_heads=1, head_dim=16, ff_dim=48, vocab_size=320),
        data=DataConfig(sequence_length=32, cache_dir="cache"),
        tokenizer=TokenizerConfig(vocab_size=300, spacing="copy"),
    )
    tokenizer = train_tokenizer([f'the sum of "row" {i} and (column) {i % 7}' for i in range(200)], config=config.tokenizer).tokenizer
    tokenizer.save(run / "tokenizer")
    state = jax.jit(lambda: init_state(0, model=Decoder(config.model, "float32"), tx=optax.sgd(0.1)))()
    with CheckpointStore(run, config.checkpoint) as store:
        store.save(1, state, config_dict=to_dict(config), tokenizer_dir=run / "tokenizer", metrics={}, best_value=None)
    return run


@pytest.mark.parametrize("through", ["huggingface", "slm_jax"])
def test_a_run_of_ours_goes_out_and_comes_back(own_run, through, here, tmp_path, capsys):
    convert.main([f"--from={own_run}", f"--to={tmp_path / 'out'}", f"--format={through}"])
    said = last_line(capsys)
    assert said["format"] == through and said["parameters"] == sum(x.size for x in jax.tree.leaves(slm_jax.load(own_run).params))
    there, back = slm_jax.load(own_run, precision="float32"), slm_jax.load(tmp_path / "out", precision="float32", domain="instruct")
    same_leaves(there.params, back.params)
    text = 'the sum of "row" 5 and (column) ☂'
    assert there.tokenizer.encode(text) == back.tokenizer.encode(text)
    assert there.generate(["the sum"], max_tokens=4) == back.generate(["the sum"], max_tokens=4)
    if through == "huggingface":
        about = json.loads((tmp_path / "out" / "config.json").read_text())
        assert (about["model_type"], about["max_position_embeddings"], about["bos_token_id"], about["eos_token_id"]) == ("qwen3", 32, 1, 2)


def test_a_published_model_goes_through_a_run_and_out_as_it_was(published_model, here, tmp_path, capsys):
    convert.main([f"--from={published_model}", f"--to={tmp_path / 'run'}", "--format=slm_jax"])
    run = slm_jax.load(tmp_path / "run", precision="float32")
    assert run.generate(["the sum"], max_tokens=4) == slm_jax.load(published_model, precision="float32").generate(["the sum"], max_tokens=4)
    convert.main([f"--from={tmp_path / 'run'}", f"--to={tmp_path / 'out'}"])
    same_leaves(run.params, slm_jax.load(tmp_path / "out").params)
    for name in ("config.json", "generation_config.json"):
        assert json.loads((tmp_path / "out" / name).read_text()) == json.loads((published_model / name).read_text())


def test_bfloat16_is_said_in_the_config(published_model, here, tmp_path):
    convert.main([f"--from={published_model}", f"--to={tmp_path / 'out'}", "--dtype=bfloat16"])
    about = json.loads((tmp_path / "out" / "config.json").read_text())
    assert about["torch_dtype"] == "bfloat16" and about["a_key_of_its_own"] == "kept"
    whole, half = slm_jax.load(published_model), slm_jax.load(tmp_path / "out")
    for a, b in zip(jax.tree.leaves(whole.params), jax.tree.leaves(half.params), strict=True):
        np.testing.assert_array_equal(np.asarray(a).astype(jax.numpy.bfloat16), np.asarray(b).astype(jax.numpy.bfloat16))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--to=out"], "--from"),
        (["--from=nowhere/at/all", "--to=out"], "there is no checkpoint"),
        (["--from={published}", "--to=full"], "full is not empty"),
        (["--from={published}", "--to=full/file"], "is a file"),
        (["--from={published}", "--to=out", "--format=onnx"], "invalid choice: 'onnx'"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(published_model, here, tmp_path, capsys, arguments, message):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    with pytest.raises(SystemExit) as stopped:
        convert.main([argument.format(published=published_model) for argument in arguments])
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert stopped.value.code == 2 and message in complaint
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".*making*"))


def test_a_model_that_cannot_be_written_leaves_nothing(published_model, here, tmp_path, monkeypatch, capsys):
    import slm_jax.data.tokenizer_export as module

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "export_tokenizer", fail)
    with pytest.raises(SystemExit):
        convert.main([f"--from={published_model}", f"--to={tmp_path / 'out'}"])
    assert "No space left on device" in capsys.readouterr().err
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".*making*"))
