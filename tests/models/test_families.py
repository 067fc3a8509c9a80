import dataclasses
import importlib.util
import json
import math
from pathlib import Path

import pytest

from slm_jax.checkpoints.huggingface import param_shapes
from slm_jax.config import Config, ModelConfig, parse_config
from slm_jax.errors import UserError
from slm_jax.models.families import FAMILIES, differing_knobs, export_family, huggingface_config, model_config, tensors

MULTIPLIERS = {"attention_multiplier": 0.015625, "embedding_multiplier": 12}


def sizes(dim, layers, heads, kv_heads, ff_dim, vocab_size):
    return {
        "hidden_size": dim,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "intermediate_size": ff_dim,
        "vocab_size": vocab_size,
    }


GRANITE_H_TYPES = ["attention" if i in (10, 13, 17, 27) else "mamba" for i in range(32)]
# Real checkpoints: how many parameters they have, and the keys of their config.json that matter here.
REAL = {
    "TinyLlama-1.1B": (1_100_048_384, {"model_type": "llama", **sizes(2048, 22, 32, 4, 5632, 32000), "rms_norm_eps": 1e-5, "rope_scaling": None, "tie_word_embeddings": False}),
    "SmolLM2-135M": (134_515_008, {"model_type": "llama", **sizes(576, 30, 9, 3, 1536, 49152), "rope_theta": 100000, "max_position_embeddings": 8192, "tie_word_embeddings": True}),
    "Llama-3.2-1B": (
        1_235_814_400,
        {
            "model_type": "llama",
            **sizes(2048, 16, 32, 8, 8192, 128256),
            "head_dim": 64,
            "rope_theta": 500000.0,
            "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"},
            "tie_word_embeddings": True,
        },
    ),
    "Mistral-7B": (7_241_732_096, {"model_type": "mistral", **sizes(4096, 32, 32, 8, 14336, 32000), "sliding_window": 4096}),
    "Qwen2.5-0.5B": (494_032_768, {"model_type": "qwen2", **sizes(896, 24, 14, 2, 4864, 151936), "rope_theta": 1e6, "max_window_layers": 24, "tie_word_embeddings": True}),
    "Qwen3-0.6B": (596_049_920, {"model_type": "qwen3", **sizes(1024, 28, 16, 8, 3072, 151936), "head_dim": 128, "rope_theta": 1000000, "tie_word_embeddings": True}),
    "SmolLM3-3B": (3_075_098_624, {"model_type": "smollm3", **sizes(2048, 36, 16, 4, 11008, 128256), "rope_theta": 5000000.0}),
    "gemma-3-270m": (268_098_176, {"model_type": "gemma3_text", **sizes(640, 18, 4, 1, 2048, 262144), "head_dim": 256, "sliding_window": 512, "query_pre_attn_scalar": 256}),
    "phi-2": (2_779_683_840, {"model_type": "phi", **sizes(2560, 32, 32, None, 10240, 51200), "partial_rotary_factor": 0.4, "layer_norm_eps": 1e-05, "hidden_act": "gelu_new"}),
    "Phi-3-mini-4k": (3_821_079_552, {"model_type": "phi3", **sizes(3072, 32, 32, 32, 8192, 32064), "sliding_window": 2047}),
    "granite-4.0-350m": (
        352_379_904,
        {
            "model_type": "granitemoehybrid",
            **sizes(1024, 28, 16, 4, 2048, 100352),
            **MULTIPLIERS,
            "logits_scaling": 4,
            "residual_multiplier": 0.263,
            "layer_types": ["attention"] * 28,
            "num_local_experts": 0,
            "position_embedding_type": "rope",
            "rope_theta": 10000000,
            "shared_intermediate_size": 2048,
            "tie_word_embeddings": True,
        },
    ),
    "granite-4.0-h-350m": (
        340_332_224,
        {
            "model_type": "granitemoehybrid",
            **sizes(768, 32, 12, 4, 2048, 100352),
            **MULTIPLIERS,
            "logits_scaling": 3,
            "residual_multiplier": 0.246,
            "layer_types": GRANITE_H_TYPES,
            "mamba_d_conv": 4,
            "mamba_d_head": 32,
            "mamba_d_state": 128,
            "mamba_expand": 2,
            "mamba_n_groups": 1,
            "mamba_n_heads": 48,
            "num_local_experts": 0,
            "position_embedding_type": "nope",
            "shared_intermediate_size": 2048,
            "tie_word_embeddings": True,
        },
    ),
    "granite-3.1-2b": (
        2_533_531_648,
        {"model_type": "granite", **sizes(2048, 40, 32, 8, 8192, 49155), **MULTIPLIERS, "logits_scaling": 8.0, "residual_multiplier": 0.22, "tie_word_embeddings": True},
    ),
}


def real(name, **changes):
    return {**REAL[name][1], **changes}


def written(config, family):
    return huggingface_config(config, family=family, dtype="float32", bos_id=1, eos_ids=(2,), pad_id=0)


@pytest.mark.parametrize("name", REAL)
def test_real_configurations_have_the_parameters_of_the_checkpoints(name):
    count, hf = REAL[name]
    assert sum(math.prod(shape) for shape in param_shapes(model_config(hf)).values()) == count


def test_knobs_of_the_families_that_are_unlike():
    granite = model_config(real("granite-4.0-350m"))
    assert (granite.attention_scale, granite.embed_multiplier, granite.logit_divisor, granite.residual_multiplier) == (1 / 64, 12.0, 4.0, 0.263)
    assert granite.layer_types == () and granite.layer_rope_thetas == () and granite.rope_theta == 1e7
    hybrid = model_config(real("granite-4.0-h-350m"))
    assert hybrid.layer_types == tuple(GRANITE_H_TYPES) and hybrid.layer_rope_thetas == (0.0,) * 32
    assert (hybrid.mamba_heads, hybrid.mamba_head_dim, hybrid.mamba_state_dim, hybrid.mamba_groups, hybrid.mamba_conv_width) == (48, 32, 128, 1, 4)
    gemma = model_config(real("gemma-3-270m"))
    assert gemma.layer_windows == (512, 512, 512, 512, 512, 0) * 3 and gemma.layer_rope_thetas == (1e4, 1e4, 1e4, 1e4, 1e4, 1e6) * 3
    assert gemma.norm_plus_one and gemma.post_norms and gemma.qk_norm and gemma.activation == "gelu_tanh" and gemma.embed_multiplier == 640**0.5
    phi = model_config(real("phi-2"))
    assert (phi.norm, phi.norm_epsilon, phi.rope_fraction, phi.kv_heads, phi.head_dim, phi.activation) == ("layer", 1e-5, 0.4, 32, 80, "gelu_tanh")
    assert phi.parallel_block and phi.head_bias and phi.qkv_bias and phi.out_bias and phi.mlp_bias and not phi.gated and not phi.tied
    assert model_config(real("Llama-3.2-1B")).rope_scaling == (32.0, 1.0, 4.0, 8192.0)
    assert model_config(real("SmolLM3-3B")).layer_rope_thetas == (5e6, 5e6, 5e6, 0.0) * 9
    assert model_config(real("Qwen3-0.6B")).head_dim == 128
    assert model_config(real("Qwen2.5-0.5B")).qkv_bias and not model_config(real("Qwen2.5-0.5B")).out_bias
    assert model_config(real("SmolLM2-135M")).context_length == 8192
    assert model_config(real("Phi-3-mini-4k")).layer_windows == (2047,) * 32
    slides = model_config(real("Qwen2.5-0.5B", use_sliding_window=True, sliding_window=100, max_window_layers=21))
    assert slides.layer_windows == (0,) * 21 + (100,) * 3 and model_config(real("Qwen2.5-0.5B", sliding_window=100)).layer_windows == ()


@pytest.mark.parametrize(
    ("name", "absent", "version_5"),
    [
        ("SmolLM2-135M", "rope_theta", {"rope_parameters": {"rope_theta": 100000.0, "rope_type": "default"}, "dtype": "bfloat16"}),
        ("Llama-3.2-1B", "rope_theta rope_scaling", {"rope_parameters": {"rope_theta": 5e5, **REAL["Llama-3.2-1B"][1]["rope_scaling"]}}),
        ("phi-2", "partial_rotary_factor", {"rope_parameters": {"partial_rotary_factor": 0.4, "rope_theta": 10000.0, "rope_type": "default"}}),
        (
            "gemma-3-270m",
            "",
            {
                "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 3,
                "rope_parameters": {"full_attention": {"rope_theta": 1e6, "rope_type": "default"}, "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"}},
            },
        ),
        (
            "granite-4.0-h-350m",
            "",
            {"layer_types": [{"mamba": "linear_attention", "attention": "full_attention"}[kind] for kind in GRANITE_H_TYPES], "time_step_limit": [0.0, {"__float__": "Infinity"}]},
        ),
        ("granite-4.0-h-350m", "layer_types", {"layers_block_type": GRANITE_H_TYPES}),
        ("SmolLM3-3B", "", {"no_rope_layers": [1, 1, 1, 0] * 9}),
    ],
)
def test_both_spellings_mean_the_same(name, absent, version_5):
    other = {key: value for key, value in real(name, **version_5).items() if key not in absent.split()}
    assert model_config(other) == model_config(real(name))


@pytest.mark.parametrize("family", FAMILIES)
def test_absent_keys_have_the_defaults_of_transformers(family):
    transformers = pytest.importorskip("transformers")
    given = {**sizes(512, 8, 4, None, 96, 128), "num_local_experts": 0} if family == "granitemoehybrid" else sizes(512, 8, 4, None, 96, 128)
    del given["num_key_value_heads"]
    if FAMILIES[family].defaults.get("num_key_value_heads") == 32:
        given["num_attention_heads"] = 32
    if family == "mistral":
        given["num_attention_heads"] = 8
    theirs = json.loads(transformers.AutoConfig.for_model(family, **given).to_json_string(use_diff=False))
    assert model_config({"model_type": family, **given}) == model_config(theirs)


@pytest.mark.parametrize("name", REAL)
def test_what_is_written_reads_the_same(name):
    config = model_config(real(name))
    hf = json.loads(json.dumps(written(config, REAL[name][1]["model_type"])))
    assert model_config(hf) == config
    assert hf["architectures"] == [FAMILIES[hf["model_type"]].architecture]
    assert (hf["torch_dtype"], hf["bos_token_id"], hf["eos_token_id"], hf["pad_token_id"]) == ("float32", 1, 2, 0)


def test_several_stop_tokens_are_a_list():
    assert huggingface_config(model_config(real("phi-2")), family="phi", dtype="bfloat16", bos_id=None, eos_ids=(1, 106), pad_id=None)["eos_token_id"] == [1, 106]


OURS = dataclasses.replace(Config().model, vocab_size=1536, context_length=256)


@pytest.mark.parametrize(
    ("family", "knobs"),
    [
        ("qwen3", {}),
        ("llama", {"qk_norm": False}),
        ("llama", {"qk_norm": False, "tied": False, "mlp_bias": True, "activation": "gelu_tanh", "rope_scaling": (4.0,)}),
        ("qwen2", {"qk_norm": False, "qkv_bias": True}),
        ("qwen3", {"layer_windows": (0, 64, 0, 64)}),
        ("mistral", {"qk_norm": False, "heads": 6, "kv_heads": 6}),  # 160 is no multiple of 6, which transformers wants of a llama
        ("smollm3", {"qk_norm": False, "layer_rope_thetas": (1e4, 1e4, 1e4, 0.0)}),
        ("granite", {"qk_norm": False, "logit_divisor": 8.0}),
        ("granite", {"qk_norm": False, "attention_scale": 0.5}),
        ("granitemoehybrid", {"qk_norm": False, "layer_types": ("mamba", "attention") * 2, "mamba_heads": 10, "mamba_head_dim": 32, "mamba_state_dim": 16}),
        ("qwen3", {"attention_scale": 32**-0.5, "layer_rope_thetas": (1e4,) * 4, "layer_types": ("attention",) * 4, "layer_windows": (0,) * 4}),  # said, but nothing new
        ("qwen3", {"remat": "full", "scan_unroll": 4, "init_from": "elsewhere", "mamba_heads": 3}),
    ],
)
def test_a_model_of_our_own_finds_its_family(family, knobs):
    config = dataclasses.replace(OURS, **knobs)
    assert export_family(config) == family
    assert differing_knobs(config, model_config(written(config, family))) == []


def test_the_flagship_is_a_qwen3():
    spec = importlib.util.spec_from_file_location("excel_slm", Path(__file__).parents[2] / "configs" / "excel_slm.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    config = parse_config(recipe.get_config()).model
    assert export_family(dataclasses.replace(config, vocab_size=1536, context_length=256)) == "qwen3"


@pytest.mark.parametrize(
    ("knobs", "named"),
    [
        ({"norm": "layer"}, "norm='layer'"),
        ({"layer_rope_thetas": (1e4, 1e4, 1e4, 0.0)}, "layer_rope_thetas"),
        ({"residual_multiplier": 0.5}, "residual_multiplier=0.5"),
        ({"rope_fraction": 0.5}, "rope_fraction=0.5"),
        ({"layer_windows": (8, 16, 8, 16)}, "layer_windows"),
    ],
)
def test_a_model_of_no_family_is_refused_by_its_knob(knobs, named):
    with pytest.raises(UserError, match="nearest, qwen3") as error:
        export_family(dataclasses.replace(OURS, **knobs))
    assert named in str(error.value)


@pytest.mark.parametrize(
    ("hf", "words"),
    [
        ({}, "no model_type"),
        ({"model_type": "lfm2"}, "'lfm2' is not supported: use a checkpoint of one of gemma3_text, granite"),
        ({"model_type": "qwen2_moe", "num_experts": 60}, "mixture of experts (qwen2_moe, num_experts=60)"),
        ({"model_type": "gemma3", "text_config": {}, "vision_config": {}}, "more than text (gemma3)"),
        (real("granite-4.0-350m", num_local_experts=62), "num_local_experts=62"),
        ({key: value for key, value in real("granite-4.0-350m").items() if key != "num_local_experts"}, "num_local_experts=8"),  # the default of the class
        (real("TinyLlama-1.1B", quantization_config={"quant_method": "bitsandbytes"}), "quantized checkpoint (quant_method bitsandbytes)"),
        (real("Phi-3-mini-4k", rope_scaling={"type": "longrope", "short_factor": [1.0]}), "'longrope' is not supported, linear and llama3 are"),
        (real("TinyLlama-1.1B", rope_scaling={"rope_type": "yarn", "factor": 2.0}), "'yarn'"),
        (real("TinyLlama-1.1B", rope_scaling={"type": "dynamic", "factor": 2.0}), "'dynamic'"),
        (real("TinyLlama-1.1B", rope_scaling={"type": "linear"}), "no factor"),
        (real("TinyLlama-1.1B", rope_scaling=2.0), "rope_scaling=2.0: write an object"),
        (real("TinyLlama-1.1B", hidden_act="relu2"), "hidden_act='relu2' is not supported"),
        (real("TinyLlama-1.1B", hidden_size="2048"), "hidden_size='2048': write a value of type int"),
        (real("TinyLlama-1.1B", tie_word_embeddings=None), "tie_word_embeddings=None"),
        (real("TinyLlama-1.1B", rms_norm_eps=float("nan")), "rms_norm_eps=nan: write a finite number"),
        (real("TinyLlama-1.1B", num_key_value_heads=5), "cannot be"),
        (real("TinyLlama-1.1B", num_attention_heads=0), "num_attention_heads=0"),
        (real("TinyLlama-1.1B", vocab_size=0), "vocab_size=0"),
        ({"model_type": "llama"}, "no vocab_size"),
        (real("granite-4.0-h-350m", position_embedding_type="alibi"), "position_embedding_type='alibi'"),
        (real("granite-4.0-h-350m", layer_types=["mamba", "conv"] * 16), "'conv'"),
        (real("granite-4.0-h-350m", layer_types=["mamba"]), "each of the 32 layers"),
        (real("granite-4.0-h-350m", mamba_n_heads=40), "mamba_n_heads=40 times mamba_d_head=32 must be"),
        (real("granite-4.0-h-350m", time_step_limit=[0.001, 0.1]), "time_step_limit"),
        (real("gemma-3-270m", attn_logit_softcapping=50.0), "attn_logit_softcapping=50.0"),
        (real("gemma-3-270m", rope_scaling={"rope_type": "linear", "factor": 8.0}, rope_local_base_freq=1e6), "same rope_theta"),
        (real("SmolLM3-3B", no_rope_layers=[1, 0]), "each of the 36 layers"),
        (real("Qwen3-0.6B", use_sliding_window=True, layer_types=["chunked_attention"] * 28), "'chunked_attention'"),
    ],
)
def test_what_is_not_supported_is_refused_in_one_line(hf, words):
    with pytest.raises(UserError) as error:
        model_config(hf)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_names_and_shapes_of_the_tensors():
    hf = {**real("granite-4.0-h-350m"), **sizes(16, 2, 4, 2, 1, 40), "shared_intermediate_size": 24, "layer_types": ["mamba", "attention"]}
    config = model_config({**hf, "mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 6})
    table = {tensor.name: tensor.shape for tensor in tensors(config, family="granitemoehybrid", leaves=param_shapes(config))}
    norms = ("input_layernorm.weight", "post_attention_layernorm.weight")
    mlp = {"shared_mlp.input_linear.weight": (48, 16), "shared_mlp.output_linear.weight": (16, 24)}
    mamba = {"in_proj.weight": (32 + 44 + 4, 16), "conv1d.weight": (44, 1, 4), "conv1d.bias": (44,), "norm.weight": (32,), "out_proj.weight": (16, 32)}
    mamba |= dict.fromkeys(("dt_bias", "A_log", "D"), (4,))
    attention = {"q_proj": (16, 16), "k_proj": (8, 16), "v_proj": (8, 16), "o_proj": (16, 16)}
    wanted = {"model.embed_tokens.weight": (40, 16), "model.norm.weight": (16,)}
    wanted |= {f"model.layers.{i}.{name}": (16,) for i in (0, 1) for name in norms} | {f"model.layers.{i}.{name}": shape for i in (0, 1) for name, shape in mlp.items()}
    wanted |= {f"model.layers.0.mamba.{name}": shape for name, shape in mamba.items()}
    wanted |= {f"model.layers.1.self_attn.{name}.weight": shape for name, shape in attention.items()}
    assert table == wanted


def test_names_that_mean_something_else_elsewhere():
    def places(name, **changes):
        hf = real(name, **sizes(16, 2, 4, 2, 24, 40), **changes)
        config = model_config(hf)
        return {tensor.name: ["/".join(path) for path in tensor.leaves] for tensor in tensors(config, family=hf["model_type"], leaves=param_shapes(config))}

    gemma, llama, phi, phi3 = places("gemma-3-270m", head_dim=8), places("TinyLlama-1.1B"), places("phi-2", partial_rotary_factor=0.5, qk_layernorm=True), places("Phi-3-mini-4k")
    layer = "model.layers.1."
    assert gemma[layer + "post_attention_layernorm.weight"] == ["layers/post_norm1/scale"] and llama[layer + "post_attention_layernorm.weight"] == ["layers/norm2/scale"]
    assert gemma[layer + "pre_feedforward_layernorm.weight"] == ["layers/norm2/scale"] and gemma[layer + "post_feedforward_layernorm.weight"] == ["layers/post_norm2/scale"]
    assert gemma[layer + "self_attn.k_norm.weight"] == ["layers/attention/k_norm/scale"]
    assert phi[layer + "mlp.fc1.bias"] == ["layers/mlp/up/bias"] and phi[layer + "mlp.fc2.weight"] == ["layers/mlp/down/kernel"]
    assert phi[layer + "self_attn.dense.weight"] == ["layers/attention/o/kernel"] and phi[layer + "self_attn.q_layernorm.bias"] == ["layers/attention/q_norm/bias"]
    assert phi["model.final_layernorm.bias"] == ["final_norm/bias"] and phi["lm_head.bias"] == ["head/bias"]
    assert places("phi-2", partial_rotary_factor=0.5, tie_word_embeddings=True)["lm_head.bias"] == ["head_bias"]
    assert phi3[layer + "self_attn.qkv_proj.weight"] == [f"layers/attention/{name}/kernel" for name in "qkv"]
    assert phi3[layer + "mlp.gate_up_proj.weight"] == ["layers/mlp/gate/kernel", "layers/mlp/up/kernel"]


def test_a_parameter_without_a_name_is_refused():
    config = ModelConfig(vocab_size=40, layers=2, dim=16, heads=2, kv_heads=2, head_dim=8, ff_dim=24)
    with pytest.raises(UserError, match="llama models have no tensor for layers/attention/k_norm/scale"):
        list(tensors(config, family="llama", leaves=param_shapes(config)))
