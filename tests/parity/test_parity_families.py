"""Every family gives here what it gives in transformers: logits, gradients, packed rows, cached and padded decoding, greedy answers, and what is exported again."""

import json
import shutil

import numpy as np
import pytest

pytest.importorskip("torch", reason="parity compares with transformers, which computes with torch")
pytest.importorskip("transformers", reason="parity compares with transformers")

from pairs import CUT, LIMIT, B, T, Theirs, cached_step, tokens  # noqa: E402
from tiny_checkpoints import NAMES, VOCAB, make, respell  # noqa: E402

from slm_jax.checkpoints.huggingface import export_directory, import_params, open_safetensors, read_config  # noqa: E402
from slm_jax.inference.generation import Generator  # noqa: E402
from slm_jax.models.decoder import init_cache  # noqa: E402
from slm_jax.models.families import FAMILIES, model_config  # noqa: E402

# Compiling takes nearly all the time. Logits are compared for every checkpoint; what is one code for all of them, in the quick run for those that differ most
EVERY_KNOB = ("llama", "phi", "granite4_hybrid_2groups", "qwen3", "smollm3", "gemma3")


def quick_for(quick):
    return pytest.mark.parametrize("name", [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in NAMES])


each_checkpoint = quick_for(NAMES)
IDS = {"bos_id": 256, "eos_ids": (257,), "pad_id": 258}


def test_every_family_is_compared(checkpoint):
    assert {read_config(checkpoint(name))["model_type"] for name in NAMES} == set(FAMILIES)


@each_checkpoint
def test_logits(pair, name):
    sides = pair(name)
    expected = sides.theirs.all_logits
    assert 5 < np.abs(expected).max() < 40  # or the limit would mean something else
    assert expected.shape == (B, T, sides.hf["vocab_size"])
    np.testing.assert_allclose(sides.ours.logits(), expected, rtol=0, atol=LIMIT)


@quick_for(EVERY_KNOB)
def test_gradients(pair, name, tmp_path):
    """Exported as if they were parameters, gradients have transformers' names. Those of transformers in float32 are themselves up to 6e-6 off."""
    sides = pair(name)
    expected_loss, expected = sides.theirs.loss_and_gradients(tokens())
    loss, gradients = sides.ours.loss_and_gradients(tokens())
    assert loss == pytest.approx(expected_loss, rel=2e-6)
    export_directory(tmp_path, config=sides.ours.config, params=gradients, source_config=sides.hf, dtype="float32", **IDS)
    exported = open_safetensors(tmp_path)
    assert set(exported.shapes) == set(expected)
    ours = {key: exported.read(key) for key in expected}
    norm = np.sqrt(sum(np.square(value).sum() for value in expected.values()))
    assert np.sqrt(sum(np.square(value).sum() for value in ours.values())) == pytest.approx(norm, rel=1e-5)
    for key, value in expected.items():
        assert np.linalg.norm(ours[key] - value) <= 2e-5 * max(np.linalg.norm(value), 0.01 * norm), key


@each_checkpoint
def test_two_documents_in_one_row_are_as_by_themselves(pair, name):
    """And so is one with padding on its right."""
    sides = pair(name)
    ids, segments = tokens(), np.ones((B, T), np.int32)
    segments[0, CUT:] = 2
    segments[1, CUT:] = 0
    logits = sides.ours.logits(ids, segments)
    expected = [sides.theirs.logits(part)[0] for part in (ids[:1, :CUT], ids[:1, CUT:], ids[1:, :CUT])]
    np.testing.assert_allclose(logits[0], np.concatenate(expected[:2]), rtol=0, atol=LIMIT)
    np.testing.assert_allclose(logits[1, :CUT], expected[2], rtol=0, atol=LIMIT)


@quick_for(EVERY_KNOB)
def test_cached_decoding_of_rows_of_unlike_length(pair, name):
    """A prompt at once, then token by token; the second row has padding on its left."""
    ours, theirs = pair(name).ours, pair(name).theirs
    padding = 6
    ids, segments = tokens(), np.ones((B, T), np.int32)
    segments[1, :padding] = 0
    cache = init_cache(ours.config, B, T, precision="float32")
    logits = []
    for start, end in [(0, CUT), *((t, t + 1) for t in range(CUT, CUT + 8))]:
        some, cache = cached_step(ours.decoder, ours.params, ids[:, start:end], segments[:, start:end], cache)
        logits.append(np.asarray(some))
    logits = np.concatenate(logits, axis=1)
    np.testing.assert_allclose(logits[0], theirs.all_logits[0, : CUT + 8], rtol=0, atol=LIMIT)
    np.testing.assert_allclose(logits[1, padding:], theirs.logits(ids[1:, padding : CUT + 8])[0], rtol=0, atol=LIMIT)


@quick_for(("llama", "granite4_hybrid_2groups"))
def test_greedy_answers(pair, name):
    """Two prompts of unlike length in one batch, 12 tokens each."""
    sides = pair(name)
    prompts = [tokens()[0, :CUT].tolist(), tokens()[1, :9].tolist()]
    generator = Generator(sides.ours.decoder, sides.ours.params, max_length=T, vocab_size=sides.hf["vocab_size"], batch_size=2)
    answers = [answer.ids for answer in generator.generate(prompts, max_tokens=12, eos_ids=())]
    assert answers == [sides.theirs.greedy(prompt, 12) for prompt in prompts]


@each_checkpoint
def test_export_is_read_by_transformers(pair, name, tmp_path):
    """With a config.json that we wrote. With the original one, the tensors are those of the original file, bit by bit."""
    sides = pair(name)
    settings = {"config": sides.ours.config, "params": sides.ours.params, "dtype": "float32", **IDS}
    export_directory(tmp_path / "ours", source_config=None, **settings)
    exported = Theirs(tmp_path / "ours")
    assert not any(exported.loading.values()), exported.loading
    np.testing.assert_allclose(exported.all_logits, sides.theirs.all_logits, rtol=0, atol=LIMIT)
    export_directory(tmp_path / "kept", source_config=sides.hf, **settings)
    original, kept = open_safetensors(sides.directory), open_safetensors(tmp_path / "kept")
    assert dict(kept.shapes) == dict(original.shapes)
    assert all(np.array_equal(kept.read(key), original.read(key)) for key in original.shapes)


@each_checkpoint
def test_config_json_of_older_files(pair, name, tmp_path):
    """As transformers 4 wrote it: the same model, here and there."""
    sides = pair(name)
    older = shutil.copytree(sides.directory, tmp_path / "older")
    respell(older)
    assert read_config(older) != sides.hf
    assert model_config(read_config(older)) == sides.ours.config
    np.testing.assert_array_equal(Theirs(older).all_logits, sides.theirs.all_logits)  # or the respelling would be ours alone


@pytest.mark.parametrize("how", [{"max_shard_size": "100KB"}, {"dtype": "bfloat16"}], ids=["several files", "bfloat16"])
def test_other_files_of_the_same_model(how, tmp_path, pair):
    directory = make("granite4_hybrid", tmp_path / "tiny", **how)
    assert (len(list(directory.glob("*.safetensors"))) > 2) == ("max_shard_size" in how)
    ours = pair("granite4_hybrid").ours
    params = import_params(open_safetensors(directory), config=ours.config, family="granitemoehybrid")
    logits = type(ours)(ours.config, params).logits()
    np.testing.assert_allclose(logits, Theirs(directory).all_logits, rtol=0, atol=LIMIT)


def test_one_vocabulary_is_no_multiple_of_64():
    assert VOCAB % 64


def test_sizes_come_from_the_file(checkpoint):
    """head_dim is not hidden_size / heads where the file says so."""
    about = json.loads((checkpoint("qwen3") / "config.json").read_text())
    assert model_config(about).head_dim == 24 != about["hidden_size"] // about["num_attention_heads"]
