"""Tiny random checkpoints of every family, made by transformers itself: what the parity tests compare with.

Every parameter is random, also norms, biases and Mamba's scalars: a fresh model (norms 1, biases 0) would hide a swapped norm, a forgotten bias or Gemma's 1 + w.
The scale is such that logits reach 5 to 30, where the limit of 2e-4 lies well above rounding and well below every mistake of test_mistakes.py.
"""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path

import numpy as np

VOCAB = 272  # 256 bytes and a few more; not a multiple of 64, and more rows than the tokenizer has tokens, as real checkpoints have
BOS, EOS, PAD = 256, 257, 258
COMMON = {
    "vocab_size": VOCAB,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "pad_token_id": PAD,
}
LLAMA3_ROPE = {"rope_type": "llama3", "rope_theta": 500.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
GRANITE = {"embedding_multiplier": 12.0, "attention_multiplier": 0.2, "residual_multiplier": 0.8, "logits_scaling": 0.25, "rms_norm_eps": 1e-5}
GRANITE4 = {
    **GRANITE,
    "num_key_value_heads": 2,
    "intermediate_size": 48,  # of the experts, of which there are none: shared_intermediate_size counts
    "shared_intermediate_size": 96,
    "num_local_experts": 0,
    "num_experts_per_tok": 0,
    "tie_word_embeddings": True,
}
HYBRID = {
    **GRANITE4,
    "layer_types": ["linear_attention", "full_attention", "linear_attention", "linear_attention"],
    "num_hidden_layers": 4,
    "mamba_n_heads": 8,
    "mamba_d_head": 16,
    "mamba_d_state": 16,
    "mamba_chunk_size": 16,
    "position_embedding_type": "nope",
}
# name -> (model_type, what differs from COMMON)
CHECKPOINTS = {
    "llama": ("llama", {"num_key_value_heads": 2, "rms_norm_eps": 1e-5, "tie_word_embeddings": False}),
    "llama_tied_rope3": ("llama", {"num_key_value_heads": 2, "rms_norm_eps": 1e-5, "tie_word_embeddings": True, "rope_parameters": LLAMA3_ROPE, "vocab_size": 320}),
    "llama_biases": ("llama", {"num_key_value_heads": 1, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": False}),
    "mistral": ("mistral", {"num_key_value_heads": 2, "sliding_window": 9, "head_dim": 24, "tie_word_embeddings": False}),
    "phi": ("phi", {"hidden_size": 80, "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.4}, "tie_word_embeddings": False}),
    "phi_qk_norm": ("phi", {"qk_layernorm": True, "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5}}),
    "granite": ("granite", {**GRANITE, "num_key_value_heads": 2, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True}),
    "granite4_dense": (
        "granitemoehybrid",
        {**GRANITE4, "layer_types": ["full_attention"] * 3, "position_embedding_type": "rope", "rope_parameters": {"rope_type": "default", "rope_theta": 1e7}},
    ),
    "granite4_hybrid": ("granitemoehybrid", {**HYBRID, "mamba_n_groups": 1}),
    "granite4_hybrid_2groups": (
        "granitemoehybrid",
        {**HYBRID, "layer_types": ["linear_attention", "linear_attention", "full_attention"], "num_hidden_layers": 3, "mamba_n_groups": 2, "mamba_proj_bias": True},
    ),
    "qwen2": ("qwen2", {"num_key_value_heads": 2, "tie_word_embeddings": True, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}),
    "qwen3": ("qwen3", {"num_key_value_heads": 2, "head_dim": 24, "tie_word_embeddings": True, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}),
    "smollm3": ("smollm3", {"num_hidden_layers": 4, "num_key_value_heads": 2, "rope_parameters": {"rope_type": "default", "rope_theta": 2e6}}),
    "gemma3": (
        "gemma3_text",
        {
            "num_hidden_layers": 6,  # the last is the only one that sees everything
            "num_key_value_heads": 1,
            "head_dim": 24,
            "query_pre_attn_scalar": 32,
            "sliding_window": 9,
            "rope_parameters": {
                "full_attention": {"rope_type": "default", "rope_theta": 1e6},
                "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
            },
        },
    ),
    "phi3": ("phi3", {"num_key_value_heads": 2, "sliding_window": None, "tie_word_embeddings": False}),
}
NAMES = tuple(CHECKPOINTS)


def make(name: str, directory: str | Path, *, dtype: str = "float32", max_shard_size: str = "5GB") -> Path:
    """Write the checkpoint `name` (one of NAMES) with a byte tokenizer to `directory`, and return that. Always the same numbers.

    dtype: "float32" | "bfloat16", of the file. max_shard_size: "100KB" or so makes several files with an index.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    model_type, differs = CHECKPOINTS[name]
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(model_type, **{**COMMON, **differs}), attn_implementation="eager")
    embed_scale = 0.1 if "embedding_multiplier" in differs else 0.5 if model.config.tie_word_embeddings else 0.2
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            value = _random(key, tuple(parameter.shape), plus_one=model_type == "gemma3_text", embed_scale=embed_scale)
            parameter.copy_(torch.from_numpy(value))
    model = model.to(getattr(torch, dtype))
    model.generation_config.eos_token_id = EOS
    model.save_pretrained(directory, max_shard_size=max_shard_size)
    write_tokenizer(directory)
    return Path(directory)


def _random(key: str, shape: tuple[int, ...], *, plus_one: bool, embed_scale: float) -> np.ndarray:
    """A parameter's value, from its name alone."""
    normal = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)
    leaf = key.rsplit(".", 2)[-2] if key.endswith((".weight", ".bias")) else key.rsplit(".", 1)[-1]
    if key.endswith("bias"):  # dt_bias too
        value = 0.2 * normal - (1 if leaf == "dt_bias" else 0)
    elif leaf == "A_log":
        value = np.log(1 + np.abs(normal) * 4)
    elif key in ("model.norm.weight", "model.final_layernorm.weight"):  # of both signs: a tied head would else prefer the token just read, and all greedy answers be one token
        value = normal - (1 if plus_one else 0)
    elif leaf == "D" or "norm" in leaf:
        value = 0.3 * normal + (0 if plus_one else 1)
    elif leaf == "conv1d":
        value = 0.5 * normal
    elif leaf == "embed_tokens":
        value = embed_scale * normal
    elif leaf == "lm_head":
        value = 3 * normal / math.sqrt(shape[-1])
    else:
        value = 1.3 * normal / math.sqrt(shape[-1])
    return value.astype(np.float32)


def write_tokenizer(directory: str | Path) -> None:
    """tokenizer.json and tokenizer_config.json of a tokenizer whose tokens are the 256 bytes, <s>, </s> and <pad>."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in ("<s>", "</s>", "<pad>")])
    tokenizer.save(str(Path(directory) / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "clean_up_tokenization_spaces": False}
    Path(directory, "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def respell(directory: str | Path) -> None:
    """Rewrite config.json as transformers 4.x wrote it: what most checkpoints on the hub look like."""
    file = Path(directory) / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    rope = config.pop("rope_parameters", None) or {}
    if "full_attention" in rope:  # Gemma 3
        config["rope_theta"] = rope["full_attention"]["rope_theta"]
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        del config["layer_types"]  # older files have only the pattern
        config["sliding_window_pattern"] = 6
    else:
        for key in ("rope_theta", "partial_rotary_factor"):
            if key in rope:
                config[key] = rope.pop(key)
        config["rope_scaling"] = rope if rope.get("rope_type", "default") != "default" else None
    if config["model_type"] == "granitemoehybrid":
        config["layer_types"] = [{"linear_attention": "mamba", "full_attention": "attention"}[kind] for kind in config["layer_types"]]
        config.pop("time_step_limit", None)
    if config["model_type"] == "smollm3":
        config.pop("layer_types", None)
    config["torch_dtype"] = config.pop("dtype", "float32")
    config["transformers_version"] = "4.46.0"
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")
