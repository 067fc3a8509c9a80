"""The limit of parity is worth something: every known way to get a family wrong moves a logit by more than it.

Each mistake is made in the configuration or in the parameters of an otherwise right model. Beside it: the largest difference of a logit that it makes; right is 4e-5 or less.
"""

import dataclasses

import jax
import numpy as np
import pytest

pytest.importorskip("torch", reason="parity compares with transformers, which computes with torch")
pytest.importorskip("transformers", reason="parity compares with transformers")

from pairs import LIMIT, Ours  # noqa: E402


def swapped(one: str, other: str):
    """Two modules of every layer exchanged."""

    def change(params, config):
        def swap(layer: dict) -> dict:
            a, b = _get(layer, one), _get(layer, other)
            return _set(_set(layer, one, b), other, a)

        return {name: swap(value) if name.startswith("layers") and _has(value, one) else value for name, value in params.items()}

    return change


def changed(path: str, function):
    """function(leaf) in place of each leaf of that path: in every run of layers that has it, or outside the layers."""

    def change(params, config):
        if _has(params, path):
            return _set(params, path, function(_get(params, path)))
        return {name: _set(value, path, function(_get(value, path))) if name.startswith("layers") and _has(value, path) else value for name, value in params.items()}

    return change


def zeroed(path: str):
    return changed(path, lambda leaf: leaf * 0)


def interleaved_rope(params, config):
    """Dimensions 2i and 2i + 1 of a head turned together, as in the first rotary models, or by a .gguf file of a Llama read as it is; right is i and i + d/2."""

    def permute(kernel):  # [L, D, heads * d]
        heads = kernel.reshape(*kernel.shape[:2], -1, config.head_dim // 2, 2)
        return heads.swapaxes(-1, -2).reshape(kernel.shape)

    return changed("attention/k/kernel", permute)(changed("attention/q/kernel", permute)(params, config), config)


def tiled_groups(params, config):
    """Query head h reads key head h modulo K; right is h // G."""

    def permute(kernel, axis: int):
        shape = kernel.shape[:axis] + (-1, config.kv_heads, config.head_dim) + kernel.shape[axis + 1 :]
        return kernel.reshape(shape).swapaxes(axis, axis + 1).reshape(kernel.shape)

    params = changed("attention/q/kernel", lambda kernel: permute(kernel, 2))(params, config)
    return changed("attention/o/kernel", lambda kernel: permute(kernel, 1))(params, config)


def swapped_parts_of_in_proj(first: int, length: int):
    """Two neighbouring blocks of `length` columns of Mamba2's in_proj exchanged, the first of them from column `first` on."""

    def permute(kernel):
        a, b = slice(first, first + length), slice(first + length, first + 2 * length)
        return kernel.at[..., a].set(kernel[..., b]).at[..., b].set(kernel[..., a])

    return changed("mamba/in_proj/kernel", permute)


def without_layer_biases(params, config):
    return jax.tree_util.tree_map_with_path(lambda path, leaf: leaf * 0 if path[-1].key == "bias" else leaf, params)


CONFIG_MISTAKES = {
    "rms epsilon 1e-6 for 1e-5": ("llama", {"norm_epsilon": 1e-6}),  # 1.1e-2
    "layer norm epsilon 1e-6 for 1e-5": ("phi", {"norm_epsilon": 1e-6}),  # 1.7e-3
    "1 not added to the norms' weights": ("gemma3", {"norm_plus_one": False}),  # 40
    "queries and keys not normalised": ("qwen3", {"qk_norm": False}),  # 16
    "gelu for silu": ("llama", {"activation": "gelu"}),  # 2.9
    "exact gelu for gelu_new": ("phi", {"activation": "gelu"}),  # 2.4e-3
    "exact gelu for its tanh form, gated": ("gemma3", {"activation": "gelu"}),  # 2.7e-3
    "attention_multiplier ignored": ("granite", {"attention_scale": 0.0}),  # 2.5
    "query_pre_attn_scalar ignored": ("gemma3", {"attention_scale": 0.0}),  # 0.9
    "embedding_multiplier ignored": ("granite4_dense", {"embed_multiplier": 1.0}),  # 19
    "embeddings not scaled by sqrt(D)": ("gemma3", {"embed_multiplier": 1.0}),  # 25
    "residual_multiplier ignored": ("granite4_dense", {"residual_multiplier": 1.0}),  # 4.4
    "logits_scaling ignored": ("granite4_dense", {"logit_divisor": 1.0}),  # 13
    "rope forgotten": ("granite4_dense", {"layer_rope_thetas": (0.0,) * 3}),  # 10
    "rope where there are no positions": ("granite4_hybrid", {"layer_rope_thetas": ()}),  # 10
    "rope on the layers without positions": ("smollm3", {"layer_rope_thetas": ()}),  # 4.8
    "theta 1e4 for 1e6": ("qwen2", {"rope_theta": 1e4}),  # 19
    "rope scaling ignored": ("llama_tied_rope3", {"rope_scaling": ()}),  # 21
    "half of a head turned for 0.4": ("phi", {"rope_fraction": 0.5}),  # 5.7
    "the windowed layers' own theta ignored": ("gemma3", {"layer_rope_thetas": ()}),  # 2.6
    "window ignored": ("mistral", {"layer_windows": ()}),  # 22
    "window one too wide": ("mistral", {"layer_windows": (10,) * 3}),  # 13
    "window one too narrow": ("gemma3", {"layer_windows": (8, 8, 8, 8, 8, 0)}),  # 4.4
    "the full layer one too early": ("gemma3", {"layer_windows": (9, 9, 9, 9, 0, 9)}),  # 4.8
}
PARAMETER_MISTAKES = {
    "gate and up swapped": ("llama", swapped("mlp/gate", "mlp/up")),  # 14
    "gate and up swapped in a fused matrix": ("granite4_dense", swapped("mlp/gate", "mlp/up")),  # 13
    "keys and values swapped in a fused matrix": ("phi3", swapped("attention/k", "attention/v")),  # 22
    "norms of a layer swapped": ("llama", swapped("norm1", "norm2")),  # 17
    "post_attention_layernorm taken for the second norm": ("gemma3", swapped("post_norm1", "norm2")),  # 7.2
    "norms of queries and keys swapped": ("qwen3", swapped("attention/q_norm", "attention/k_norm")),  # 7.2
    "interleaved rope": ("llama", interleaved_rope),  # 19
    "key heads tiled for repeated": ("llama", tiled_groups),  # 21
    "head's bias forgotten": ("phi", zeroed("head/bias")),  # 0.6
    "biases of queries, keys and values forgotten": ("qwen2", without_layer_biases),  # 21
    "output's bias forgotten": ("llama_biases", zeroed("attention/o/bias")),  # 8.8
    "MLP's bias forgotten": ("llama_biases", zeroed("mlp/down/bias")),  # 3.9
    "convolution's taps reversed": ("granite4_hybrid", changed("mamba/conv/kernel", lambda kernel: kernel[:, ::-1])),  # 18
    "convolution's bias forgotten": ("granite4_hybrid", zeroed("mamba/conv/bias")),  # 8.7
    "A without its logarithm undone": ("granite4_hybrid", changed("mamba/a_log", lambda leaf: np.log(np.abs(leaf) + 1e-6))),  # 12
    "D forgotten": ("granite4_hybrid", zeroed("mamba/d")),  # 24
    "dt_bias forgotten": ("granite4_hybrid", zeroed("mamba/dt_bias")),  # 12
    "z and x swapped": ("granite4_hybrid", swapped_parts_of_in_proj(0, 128)),  # 17
    "B and C swapped": ("granite4_hybrid", swapped_parts_of_in_proj(256, 16)),  # 15
    "groups of B swapped": ("granite4_hybrid_2groups", swapped_parts_of_in_proj(256, 16)),  # 16
    "Mamba's norm forgotten": ("granite4_hybrid", changed("mamba/norm/scale", lambda leaf: leaf * 0 + 1)),  # 11
}


@pytest.mark.parametrize("mistake", CONFIG_MISTAKES)
def test_a_mistake_in_the_configuration_is_seen(pair, mistake):
    name, change = CONFIG_MISTAKES[mistake]
    sides = pair(name)
    config = dataclasses.replace(sides.ours.config, **change)
    assert config != sides.ours.config
    _assert_seen(Ours(config, sides.ours.params), sides)


@pytest.mark.parametrize("mistake", PARAMETER_MISTAKES)
def test_a_mistake_in_the_parameters_is_seen(pair, mistake):
    name, change = PARAMETER_MISTAKES[mistake]
    sides = pair(name)
    _assert_seen(Ours(sides.ours.config, change(sides.ours.params, sides.ours.config)), sides)


def _assert_seen(wrong: Ours, sides):
    difference = np.abs(wrong.logits() - sides.theirs.all_logits).max()
    assert difference > LIMIT


def _has(tree, path: str) -> bool:
    for key in path.split("/"):
        if not isinstance(tree, dict) or key not in tree:
            return False
        tree = tree[key]
    return True


def _get(tree: dict, path: str):
    for key in path.split("/"):
        tree = tree[key]
    return tree


def _set(tree: dict, path: str, value) -> dict:
    """A copy with the entry at `path` replaced."""
    key, _, rest = path.partition("/")
    return {**tree, key: _set(tree[key], rest, value) if rest else value}
