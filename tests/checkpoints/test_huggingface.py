import dataclasses
import errno
import json
import os
import tracemalloc

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from slm_jax.checkpoints import huggingface
from slm_jax.checkpoints.huggingface import export_directory, import_params, open_safetensors, param_shapes, read_config
from slm_jax.config import ModelConfig
from slm_jax.errors import UserError
from slm_jax.models.families import model_config, tensors

SIZES = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2}
HYBRID = {"num_local_experts": 0, "shared_intermediate_size": 24, "mamba_n_heads": 4, "mamba_d_state": 6}
TINY = {  # config.json of a tiny model of each family
    "llama": {},
    "llama tied": {"tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True},
    "qwen3": {"head_dim": 8, "tie_word_embeddings": True},
    "qwen2": {},
    "mistral": {"sliding_window": 8},
    "smollm3": {},
    "granite": {"embedding_multiplier": 3.0},
    "granitemoehybrid": {**HYBRID, "layer_types": ["attention"] * 4, "position_embedding_type": "rope"},
    "granitemoehybrid runs": {**HYBRID, "layer_types": ["mamba", "mamba", "attention", "mamba"], "mamba_proj_bias": True, "tie_word_embeddings": True},
    "gemma3_text": {"head_dim": 8},
    "phi": {"qk_layernorm": True},
    "phi tied": {"tie_word_embeddings": True},
    "phi3": {},
}


def tiny(name):
    return {"model_type": name.split()[0], **SIZES, **TINY[name], "torch_dtype": "bfloat16"}


def random_params(config, seed=0):
    """Numbers that bfloat16 holds exactly, no two parameters alike."""
    rng, params = np.random.default_rng(seed), {}
    for path, shape in param_shapes(config).items():
        tree = params
        for key in path[:-1]:
            tree = tree.setdefault(key, {})
        tree[path[-1]] = rng.normal(size=shape).astype(ml_dtypes.bfloat16).astype(np.float32)
    return params


def export(directory, *, config, params, **changes):
    options = {"source_config": None, "dtype": "float32", "bos_id": 1, "eos_ids": (2,), "pad_id": 0, **changes}
    return export_directory(directory, config=config, params=params, **options)


def assert_same(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(np.testing.assert_array_equal, one, other)


def save(directory, arrays, hf):
    from safetensors.numpy import save_file

    directory.mkdir(exist_ok=True)
    save_file(arrays, directory / "model.safetensors")
    (directory / "config.json").write_text(json.dumps(hf))


def load(directory):
    hf = read_config(directory)
    return import_params(open_safetensors(directory), config=model_config(hf), family=hf["model_type"])


@pytest.fixture
def stored():
    """A tiny Llama as a checkpoint's tensors, and its config.json."""
    hf = tiny("llama")
    config, rng = model_config(hf), np.random.default_rng(0)
    return {tensor.name: rng.normal(size=tensor.shape).astype(np.float32) for tensor in tensors(config, family="llama", leaves=param_shapes(config))}, hf


@pytest.mark.parametrize("name", TINY)
def test_every_family_comes_back_bit_by_bit(name, tmp_path):
    hf = tiny(name)
    config = model_config(hf)
    params = random_params(config)
    export(tmp_path / "whole", config=config, params=params, source_config=hf)
    assert_same(load(tmp_path / "whole"), params)
    export(tmp_path / "shards", config=config, params=params, source_config=hf, dtype="bfloat16", max_shard_bytes=3000)
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 2
    assert_same(load(tmp_path / "shards"), params)


def test_where_the_rows_go(stored):
    arrays, _ = stored
    hf = {**tiny("phi3"), "num_hidden_layers": 2}
    config, rng = model_config(hf), np.random.default_rng(0)
    arrays = {tensor.name: rng.normal(size=tensor.shape).astype(np.float16) for tensor in tensors(config, family="phi3", leaves=param_shapes(config))}

    class Source:
        where, shapes, read = "here", {name: array.shape for name, array in arrays.items()}, staticmethod(arrays.__getitem__)

    placed = {}
    params = import_params(Source(), config=config, family="phi3", place=lambda path, array: placed.setdefault(path, array))
    qkv, gate_up = arrays["model.layers.1.self_attn.qkv_proj.weight"], arrays["model.layers.1.mlp.gate_up_proj.weight"]
    attention, mlp = params["layers"]["attention"], params["layers"]["mlp"]
    np.testing.assert_array_equal(attention["q"]["kernel"][1], qkv[:16].T)
    np.testing.assert_array_equal(attention["k"]["kernel"][1], qkv[16:24].T)
    np.testing.assert_array_equal(attention["v"]["kernel"][1], qkv[24:].T)
    np.testing.assert_array_equal(mlp["gate"]["kernel"][1], gate_up[:24].T)
    np.testing.assert_array_equal(mlp["up"]["kernel"][1], gate_up[24:].T)
    np.testing.assert_array_equal(params["head"]["kernel"], arrays["lm_head.weight"].T)
    np.testing.assert_array_equal(params["embed"]["embedding"], arrays["model.embed_tokens.weight"])
    assert {path: array.shape for path, array in placed.items()} == param_shapes(config)
    assert all(array.dtype == np.float32 for array in placed.values())


def test_the_convolution_keeps_its_taps(tmp_path):
    config = model_config(tiny("granitemoehybrid runs"))
    params = random_params(config)
    export(tmp_path / "hf", config=config, params=params)
    source = open_safetensors(tmp_path / "hf")
    kernel = params["layers_0"]["mamba"]["conv"]["kernel"]  # [layer, tap, channel]
    assert source.shapes["model.layers.1.mamba.conv1d.weight"] == (kernel.shape[2], 1, 4)
    np.testing.assert_array_equal(source.read("model.layers.1.mamba.conv1d.weight")[5, 0], kernel[1, :, 5])


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_files_of_the_safetensors_package_are_read(stored, dtype, tmp_path):
    arrays, hf = stored
    arrays = {name: array.astype(dtype) for name, array in arrays.items()}
    save(tmp_path / "hf", arrays, hf)
    params = load(tmp_path / "hf")
    assert params["layers"]["mlp"]["up"]["kernel"].dtype == jnp.float32
    for i in range(4):
        np.testing.assert_array_equal(params["layers"]["mlp"]["up"]["kernel"][i], arrays[f"model.layers.{i}.mlp.up_proj.weight"].astype(np.float32).T)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_our_files_are_read_by_the_safetensors_package(dtype, tmp_path):
    from safetensors import safe_open

    config = model_config(tiny("llama tied"))
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf) * 1.2345, random_params(config))
    export(tmp_path / "hf", config=config, params=params, dtype=dtype)
    with safe_open(tmp_path / "hf" / "model.safetensors", "np") as file:
        assert file.metadata() == {"format": "pt"}
        assert "lm_head.weight" not in list(file.keys())
        down = file.get_tensor("model.layers.2.mlp.down_proj.weight")
    assert down.dtype == jnp.dtype(dtype)
    np.testing.assert_array_equal(down, np.asarray(params["layers"]["mlp"]["down"]["kernel"][2]).T.astype(dtype))


def test_a_model_of_our_own_is_written_for_its_family(tmp_path):
    config = ModelConfig(vocab_size=40, layers=2, dim=16, heads=2, kv_heads=2, head_dim=8, ff_dim=24, context_length=64)
    notes = export(tmp_path / "hf", config=config, params=random_params(config), eos_ids=(2, 5), pad_id=None)
    assert "model_type qwen3, 24 tensors" in notes[0] and "model.safetensors" in notes[0]
    assert sorted(path.name for path in (tmp_path / "hf").iterdir()) == ["config.json", "generation_config.json", "model.safetensors"]
    hf = read_config(tmp_path / "hf")
    assert (hf["architectures"], hf["max_position_embeddings"], hf["torch_dtype"], hf["eos_token_id"]) == (["Qwen3ForCausalLM"], 64, "float32", [2, 5])
    assert json.loads((tmp_path / "hf" / "generation_config.json").read_text()) == {"bos_token_id": 1, "eos_token_id": [2, 5]}


@pytest.mark.parametrize("spelling", ["torch_dtype", "dtype"])
def test_a_fine_tuned_model_keeps_its_config(spelling, tmp_path):
    hf = {"model_type": "llama", **SIZES, "initializer_range": 0.1, "something_of_theirs": [1, {"a": None}], spelling: "float16"}
    config = dataclasses.replace(model_config(hf), vocab_size=48, context_length=99, remat="full")
    notes = export(tmp_path / "hf", config=config, params=random_params(config), source_config=hf, dtype="bfloat16")
    assert read_config(tmp_path / "hf") == {**hf, spelling: "bfloat16", "vocab_size": 48}
    assert any("vocab_size 40 -> 48" in note for note in notes)


def test_a_model_that_left_its_config_is_refused(tmp_path):
    hf = tiny("llama")
    config = dataclasses.replace(model_config(hf), rope_theta=5e4)
    with pytest.raises(UserError, match="no longer what its config.json says: config.model.layer_rope_thetas"):
        export(tmp_path / "hf", config=config, params=random_params(config), source_config=hf)
    assert not (tmp_path / "hf").exists()


def test_shards_and_their_index(tmp_path):
    config = model_config(tiny("llama"))
    params = random_params(config)
    notes = export(tmp_path / "hf", config=config, params=params, max_shard_bytes=4000)
    index = json.loads((tmp_path / "hf" / "model.safetensors.index.json").read_text())
    files = sorted(path.name for path in (tmp_path / "hf").glob("*.safetensors"))
    assert files[0] == f"model-00001-of-{len(files):05d}.safetensors" and sorted(set(index["weight_map"].values())) == files
    assert index["metadata"]["total_size"] == 4 * sum(leaf.size for leaf in jax.tree.leaves(params))
    assert all(os.path.getsize(tmp_path / "hf" / file) < 4000 + 2000 for file in files)  # the header besides
    assert f"in {len(files)} safetensors files" in notes[0]


def test_what_holds_nothing_new_is_left_out(stored, tmp_path):
    arrays, hf = stored
    extra = {"model.layers.0.self_attn.rotary_emb.inv_freq": np.ones(2, np.float32)}
    save(tmp_path / "old", {**arrays, **extra}, hf)
    assert "head" in load(tmp_path / "old")
    save(tmp_path / "tied", arrays, {**hf, "tie_word_embeddings": True})  # with lm_head.weight
    assert "head" not in load(tmp_path / "tied")


def without(arrays, *names):
    return {name: array for name, array in arrays.items() if name not in names}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: without(a, "model.norm.weight"), "1 missing (model.norm.weight)"),
        (lambda a: without(a, *[f"model.layers.{i}.mlp.up_proj.weight" for i in range(4)], "lm_head.weight"), "5 missing (model.layers.0.mlp.up_proj.weight, "),
        (lambda a: {**a, "model.layers.4.input_layernorm.weight": np.ones(16, np.float32)}, "1 unexpected (model.layers.4.input_layernorm.weight)"),
        (lambda a: {**a, "model.layers.0.self_attn.q_proj.bias": np.ones(16, np.float32)}, "1 unexpected (model.layers.0.self_attn.q_proj.bias)"),
        (
            lambda a: {**a, "model.embed_tokens.weight": np.ones((48, 16), np.float32)},
            "1 of 39 tensors have another shape than config.json says: model.embed_tokens.weight is [48, 16], config.json wants [40, 16]",
        ),
        (lambda a: {**a, "lm_head.weight": np.ones((40, 16), np.int8)}, "lm_head.weight is stored as I8"),
    ],
)
def test_tensors_that_do_not_fit_are_named(stored, change, words, tmp_path):
    arrays, hf = stored
    save(tmp_path / "hf", change(arrays), hf)
    with pytest.raises(UserError) as error:
        load(tmp_path / "hf")
    assert words in str(error.value) and str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def rewrite_header(path, change):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = change(data[8 : 8 + length])
    path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + length :])


def moved(header):
    tree = json.loads(header)
    tree["model.norm.weight"]["data_offsets"] = tree["lm_head.weight"]["data_offsets"][:1] * 2
    tree["model.norm.weight"]["data_offsets"][1] += 64
    return json.dumps(tree).encode()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "and its header wants"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "and its header wants"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "cut off"),
        (lambda path: path.write_bytes(b""), "(0 bytes) is no safetensors file"),
        (lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "git lfs pull"),
        (lambda path: rewrite_header(path, lambda header: b"[" + header[1:]), "no sound safetensors file"),
        (lambda path: rewrite_header(path, lambda header: b"[1, 2]"), "no sound safetensors file (its header is not an object)"),
        (lambda path: rewrite_header(path, lambda header: header.replace(b"[40,16]", b"[40,17]")), "other bytes than its shape wants"),
        (lambda path: rewrite_header(path, lambda header: header.replace(b'"shape"', b'"form"', 1)), "no sound safetensors file"),
        (lambda path: rewrite_header(path, lambda header: header.replace(b"lm_head.weight", b"model.norm.weight")), "'model.norm.weight' stands twice"),
        (lambda path: rewrite_header(path, moved), "overlap"),
        (lambda path: path.unlink(), "no model.safetensors and no model.safetensors.index.json"),
        (lambda path: path.rename(path.with_name("consolidated.safetensors")), "consolidated.safetensors must have the first name"),
        (lambda path: path.rename(path.with_name("pytorch_model.bin")), "as .bin files only"),
    ],
)
def test_damaged_files_are_refused_in_one_line(stored, damage, words, tmp_path):
    save(tmp_path / "hf", *stored)
    damage(tmp_path / "hf" / "model.safetensors")
    with pytest.raises(UserError) as error:
        open_safetensors(tmp_path / "hf")
    assert words in str(error.value) and str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def edit_index(directory, change):
    index = json.loads((directory / "model.safetensors.index.json").read_text())
    (directory / "model.safetensors.index.json").write_text(json.dumps(change(index)))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda hf: sorted(hf.glob("*.safetensors"))[1].unlink(), "has no model-00002-of-"),
        (lambda hf: edit_index(hf, lambda index: {"weight_map": {**index["weight_map"], "more": "model-00001-of-00012.safetensors"}}), "says that more is in"),
        (lambda hf: edit_index(hf, lambda index: {"weight_map": {"model.norm.weight": "../model.safetensors"}}), "not a file beside it"),
        (lambda hf: edit_index(hf, lambda index: {}), "has no weight_map"),
        (lambda hf: (hf / "model.safetensors.index.json").write_text("{"), "is not JSON"),
        (lambda hf: sorted(hf.glob("*.safetensors"))[0].write_bytes(sorted(hf.glob("*.safetensors"))[1].read_bytes()), "is in model-00001-of-00012.safetensors and in"),
    ],
)
def test_damaged_shards_are_refused_in_one_line(damage, words, tmp_path):
    config = model_config(tiny("llama"))
    export(tmp_path / "hf", config=config, params=random_params(config), max_shard_bytes=4000)
    assert len(list((tmp_path / "hf").glob("*.safetensors"))) == 12
    damage(tmp_path / "hf")
    with pytest.raises(UserError) as error:
        open_safetensors(tmp_path / "hf")
    assert words in str(error.value) and str(tmp_path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has no config.json"),
        ({"adapter_config.json": "{}"}, "is an adapter"),
        ({"config.json": "{,}"}, "is not JSON"),
        ({"config.json": "[]"}, "holds a JSON list"),
        ({"config.json": "\udcff"}, "is not JSON"),
    ],
)
def test_a_directory_without_a_config_is_refused(files, words, tmp_path):
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=words):
        read_config(tmp_path)
    with pytest.raises(UserError, match="is not a directory"):
        read_config(tmp_path / "nowhere")


def test_a_directory_in_use_is_left_alone(tmp_path):
    config = model_config(tiny("llama"))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty: give a new directory"):
        export(tmp_path, config=config, params=random_params(config))
    with pytest.raises(UserError, match="cannot write .*notes.txt"):
        export(tmp_path / "notes.txt" / "hf", config=config, params=random_params(config))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"] and (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("last", ["model-00003-of-00012.safetensors", "config.json"])
def test_a_full_disk_leaves_nothing(last, monkeypatch, tmp_path):
    config = model_config(tiny("llama"))
    params = random_params(config)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    real_write, real_replace = huggingface.write_safetensors, os.replace

    def write(path, *args, **options):
        real_write(path, *args, **options)
        if path.name == last:
            full()

    monkeypatch.setattr(huggingface, "write_safetensors", write)
    monkeypatch.setattr("os.replace", lambda part, path: full() if path.name == last else real_replace(part, path))
    with pytest.raises(UserError, match="cannot write .*: No space left on device"):
        export(tmp_path / "hf", config=config, params=params, max_shard_bytes=4000)
    assert list((tmp_path / "hf").iterdir()) == []
    monkeypatch.undo()
    export(tmp_path / "hf", config=config, params=params)
    assert_same(load(tmp_path / "hf"), params)


def test_config_json_comes_last(monkeypatch, tmp_path):
    config = model_config(tiny("llama"))
    written, replace = [], os.replace

    def note(part, path):
        written.append((path.name, sorted(other.name for other in path.parent.iterdir())))
        replace(part, path)

    monkeypatch.setattr("os.replace", note)
    export(tmp_path / "hf", config=config, params=random_params(config))
    assert written[-1] == ("config.json", ["config.json.part", "generation_config.json", "model.safetensors"])


def test_hardly_more_memory_than_the_parameters_fill(tmp_path):
    hf = {**tiny("llama tied"), "hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 8, "vocab_size": 4000}
    config = model_config(hf)
    params = random_params(config)
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(params))

    def peak(work):
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    param_shapes(config)  # traced once before: that is not what is measured
    assert peak(lambda: export(tmp_path / "hf", config=config, params=params, source_config=hf, dtype="bfloat16")) < 0.5 * size
    source, held = open_safetensors(tmp_path / "hf"), []
    assert peak(lambda: held.append(import_params(source, config=config, family="llama"))) < 1.3 * size
