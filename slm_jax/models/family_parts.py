"""The aspects of a model's shape that a config.json does not simply hold under one key, each read and written by one `Part`; `families.py` puts them together."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping

from slm_jax.config import ModelConfig
from slm_jax.errors import UserError, nearest

_ACTIVATIONS = {  # theirs -> ours
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
}
_LAYER_TYPES = {"mamba": "mamba", "linear_attention": "mamba", "attention": "attention", "full_attention": "attention"}
_NO_LIMIT = ([0.0, math.inf], [0.0, {"__float__": "Infinity"}])  # time_step_limit as transformers 4 and 5 write it


class Keys:
    """A config.json, typed, with its family's defaults for keys that are not there."""

    def __init__(self, hf: Mapping, *, model_type: str, defaults: Mapping):
        self.values = {**defaults, **hf}
        self.model_type = model_type

    def over(self, inner: Mapping) -> Keys:
        """The same with the values of `inner` before them."""
        return Keys(inner, model_type=self.model_type, defaults=self.values)

    def get(self, key: str, kind: type, *, optional: bool = False):
        """The key's value. Raises UserError where it is missing without a default, null without `optional`, or of another type."""
        if key not in self.values:
            raise UserError(f"config.json of this {self.model_type} model has no {key}: get the whole file")
        value = self.values[key]
        if value is None and optional:
            return None
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind or (kind is float and not math.isfinite(value)):
            raise UserError(f"config.json: {key}={value!r}: write a {'finite number' if kind is float else f'value of type {kind.__name__}'}")
        return value

    def positive(self, key: str, kind: type):
        value = self.get(key, kind)
        if value <= 0:
            raise UserError(f"config.json: {key}={value}: write a number above 0")
        return value

    def one_of(self, key: str, known: Mapping[str, str]) -> str:
        """What `known` says for the key's value."""
        value = self.get(key, str)
        if value not in known:
            raise UserError(f"config.json: {key}='{value}' is not supported: {nearest(value, known)}")
        return known[value]

    def per_layer(self, key: str, kind: type) -> list | None:
        """A list with one entry for each layer; None where there is none."""
        values, layers = self.values.get(key), self.get("num_hidden_layers", int)
        if values is None:
            return None
        if not isinstance(values, list | tuple) or len(values) < layers or not all(type(value) is kind for value in values):
            raise UserError(f"config.json: {key} must be a list of {kind.__name__} with an entry for each of the {layers} layers")
        return list(values[:layers])


@dataclasses.dataclass(frozen=True)
class Part:
    """One aspect of the shape, both ways."""

    read: Callable[[Keys], dict]  # config.json -> knobs
    write: Callable[[ModelConfig], dict]  # knobs -> keys of config.json


def _scale(config: ModelConfig) -> float:
    return config.attention_scale or config.head_dim**-0.5


def _thetas(config: ModelConfig) -> tuple[float, ...]:
    return config.layer_rope_thetas or (config.rope_theta,) * config.layers


def _read_heads(keys: Keys) -> dict:
    heads, dim = keys.positive("num_attention_heads", int), keys.get("hidden_size", int)
    head_dim, kv_heads = keys.get("head_dim", int, optional=True), keys.get("num_key_value_heads", int, optional=True)
    return {"heads": heads, "kv_heads": heads if kv_heads is None else kv_heads, "head_dim": dim // heads if head_dim is None else head_dim}


def _write_heads(config: ModelConfig) -> dict:
    return {"num_attention_heads": config.heads, "num_key_value_heads": config.kv_heads, "head_dim": config.head_dim}


HEADS = Part(_read_heads, _write_heads)


def activation(key: str, *, tanh: str = "gelu_pytorch_tanh") -> Part:
    """`tanh`: what the family calls GELU with the tanh approximation."""
    return Part(lambda keys: {"activation": keys.one_of(key, _ACTIVATIONS)}, lambda config: {key: tanh if config.activation == "gelu_tanh" else config.activation})


SCALE = Part(lambda keys: {"attention_scale": keys.positive("attention_multiplier", float)}, lambda config: {"attention_multiplier": _scale(config)})


# Rotary positions


def _rope_parameters(keys: Keys) -> Mapping:
    """What transformers 4 calls rope_scaling and 5 rope_parameters."""
    parameters = keys.values.get("rope_scaling") or keys.values.get("rope_parameters") or {}
    if not isinstance(parameters, Mapping):
        raise UserError(f"config.json: rope_scaling={parameters!r}: write an object, or null")
    return parameters


def _read_rope(keys: Keys) -> dict:
    parameters = _rope_parameters(keys)
    if any(isinstance(value, Mapping) for value in parameters.values()):  # one entry a layer type; only Gemma 3's differ, and it has a part of its own
        parameters = parameters.get("full_attention") or {}
    keys = keys.over(parameters)
    kind = parameters.get("rope_type") or parameters.get("type") or "default"
    if kind not in ("default", "linear", "llama3"):
        raise UserError(f"config.json: rope_scaling of type '{kind}' is not supported, linear and llama3 are: use a checkpoint without it, often the one of shorter context")
    scaling = ()
    if kind != "default":
        scaling = (keys.positive("factor", float),)
    if kind == "llama3":
        original = "original_max_position_embeddings" if keys.values.get("original_max_position_embeddings") else "max_position_embeddings"
        scaling += (keys.get("low_freq_factor", float), keys.get("high_freq_factor", float), keys.positive(original, float))
        if not scaling[1] < scaling[2]:
            raise UserError(f"config.json: rope_scaling: low_freq_factor={scaling[1]} must be below high_freq_factor={scaling[2]}")
    return {"rope_theta": keys.positive("rope_theta", float), "rope_scaling": scaling}


def _write_rope(config: ModelConfig) -> dict:
    scaling = None
    if len(config.rope_scaling) == 1:
        scaling = {"rope_type": "linear", "factor": config.rope_scaling[0]}
    elif config.rope_scaling:
        factor, low, high, original = config.rope_scaling
        scaling = {"rope_type": "llama3", "factor": factor, "low_freq_factor": low, "high_freq_factor": high, "original_max_position_embeddings": int(original)}
    return {"rope_theta": config.rope_theta, "rope_scaling": scaling}


ROPE = Part(_read_rope, _write_rope)
FRACTION = Part(
    lambda keys: {"rope_fraction": keys.over(_rope_parameters(keys)).get("partial_rotary_factor", float)},
    lambda config: {"partial_rotary_factor": config.rope_fraction},
)


# Windows and what else differs from layer to layer


def _window(config: ModelConfig) -> int | None:
    return next((window for window in config.layer_windows if window), None)


def _read_one_window(keys: Keys) -> dict:
    window = keys.get("sliding_window", int, optional=True)
    return {"layer_windows": (window,) * keys.get("num_hidden_layers", int) if window else ()}


ONE_WINDOW = Part(_read_one_window, lambda config: {"sliding_window": _window(config)})


def _layer_windows(keys: Keys, slides: Callable[[int], bool]) -> tuple[int, ...]:
    """The window of each layer, from layer_types or, where that is missing, on the layers for which `slides` is true."""
    window = keys.get("sliding_window", int, optional=True)
    if not window or not keys.get("use_sliding_window", bool):
        return ()
    types = keys.per_layer("layer_types", str)
    if types and (unknown := set(types) - {"sliding_attention", "full_attention"}):
        raise UserError(f"config.json: layer_types has '{min(unknown)}', which this family does not have: {nearest(min(unknown), ('sliding_attention', 'full_attention'))}")
    which = [kind == "sliding_attention" for kind in types] if types else [slides(i) for i in range(keys.get("num_hidden_layers", int))]
    return tuple(window if slide else 0 for slide in which) if any(which) else ()


def _write_layer_windows(config: ModelConfig) -> dict:
    windows = config.layer_windows or (0,) * config.layers
    first = next((i for i, window in enumerate(windows) if window), config.layers)
    types = ["sliding_attention" if window else "full_attention" for window in windows]
    return {"use_sliding_window": any(windows), "sliding_window": _window(config), "max_window_layers": first, "layer_types": types}


def _read_last_layers_slide(keys: Keys) -> dict:
    first = keys.get("max_window_layers", int)
    return {"layer_windows": _layer_windows(keys, lambda i: i >= first)}


LAST_LAYERS_SLIDE = Part(_read_last_layers_slide, _write_layer_windows)


def _read_no_rope(keys: Keys) -> dict:
    theta = _read_rope(keys)["rope_theta"]
    turned = keys.per_layer("no_rope_layers", int)  # despite its name, 1 = has positions
    if turned is None:
        interval = keys.positive("no_rope_layer_interval", int)
        turned = [int((i + 1) % interval != 0) for i in range(keys.get("num_hidden_layers", int))]
    thetas = () if all(turned) else tuple(theta if turn else 0.0 for turn in turned)
    return {"layer_rope_thetas": thetas, "layer_windows": _layer_windows(keys, lambda i: not turned[i])}


def _write_no_rope(config: ModelConfig) -> dict:
    return {"no_rope_layers": [int(theta != 0) for theta in _thetas(config)], **_write_layer_windows(config)}


NO_ROPE_LAYERS = Part(_read_no_rope, _write_no_rope)


def _read_gemma(keys: Keys) -> dict:
    for key in ("attn_logit_softcapping", "use_bidirectional_attention"):
        if value := keys.values.get(key):
            raise UserError(f"config.json: {key}={value!r} is not supported: use a checkpoint without it, for example google/gemma-3-270m")
    pattern = keys.positive("sliding_window_pattern", int)
    windows = _layer_windows(keys, lambda i: bool((i + 1) % pattern))
    theta, scaling = _read_rope(keys).values()
    local = _rope_parameters(keys).get("sliding_attention") or {}
    local_theta = keys.over(local).positive("rope_theta" if "rope_theta" in local else "rope_local_base_freq", float)
    if windows and scaling and local_theta == theta:
        raise UserError(f"config.json: rope_scaling on some layers, and the same rope_theta={theta} on all, is not supported: use a checkpoint without it")
    return {
        "layer_windows": windows,
        "layer_rope_thetas": tuple(local_theta if window else theta for window in windows),
        "attention_scale": keys.positive("query_pre_attn_scalar", float) ** -0.5,
        "embed_multiplier": keys.positive("hidden_size", int) ** 0.5,  # HF rounds it as the weights: where a model 640 wide runs in bfloat16, 25.298 is 25.25
        "logit_softcap": keys.get("final_logit_softcapping", float, optional=True) or 0.0,
    }


def _write_gemma(config: ModelConfig) -> dict:
    written = _write_layer_windows(config)
    local = next((theta for theta, window in zip(_thetas(config), config.layer_windows, strict=False) if window), 10_000.0)
    return {
        "sliding_window": written["sliding_window"],
        "layer_types": written["layer_types"],
        "rope_local_base_freq": local,
        "query_pre_attn_scalar": round(_scale(config) ** -2),
        "final_logit_softcapping": config.logit_softcap or None,
        "attn_logit_softcapping": None,
    }


GEMMA_LAYERS = Part(_read_gemma, _write_gemma)


def _read_hybrid(keys: Keys) -> dict:
    layers, dim = keys.get("num_hidden_layers", int), keys.get("hidden_size", int)
    types = keys.per_layer("layer_types", str) or keys.per_layer("layers_block_type", str) or ["mamba"] * layers
    if unknown := set(types) - set(_LAYER_TYPES):
        raise UserError(f"config.json: layer_types has '{min(unknown)}', which is not supported: {nearest(min(unknown), _LAYER_TYPES)}")
    types = tuple(_LAYER_TYPES[kind] for kind in types)
    positions = keys.get("position_embedding_type", str, optional=True)
    if positions not in (None, "nope", "rope"):
        raise UserError(f"config.json: position_embedding_type='{positions}' is not supported: {nearest(positions, ('rope', 'nope'))}")
    knobs = {"layer_types": types if "mamba" in types else (), "layer_rope_thetas": () if positions == "rope" else (0.0,) * layers}
    if "mamba" not in types:
        return knobs
    limit = keys.values.get("time_step_limit")
    if limit is not None and list(limit) not in _NO_LIMIT:
        raise UserError(f"config.json: time_step_limit={limit!r} is not supported: use a checkpoint with the usual one, from 0 to infinity")
    heads, width = keys.positive("mamba_n_heads", int), keys.positive("mamba_expand", int) * dim
    head_dim = width // heads if keys.values["mamba_d_head"] == "auto" else keys.get("mamba_d_head", int)
    if heads * head_dim != width:
        raise UserError(f"config.json: mamba_n_heads={heads} times mamba_d_head={head_dim} must be mamba_expand times hidden_size, {width}")
    return knobs | {
        "mamba_heads": heads,
        "mamba_head_dim": head_dim,
        "mamba_state_dim": keys.get("mamba_d_state", int),
        "mamba_groups": keys.get("mamba_n_groups", int),
        "mamba_conv_width": keys.get("mamba_d_conv", int),
        "mamba_conv_bias": keys.get("mamba_conv_bias", bool),
        "mamba_proj_bias": keys.get("mamba_proj_bias", bool),
    }


def _write_hybrid(config: ModelConfig) -> dict:
    types = config.layer_types or ("attention",) * config.layers
    turned = any(theta for theta, kind in zip(_thetas(config), types, strict=True) if kind == "attention")
    written = {"layer_types": list(types), "position_embedding_type": "rope" if turned else "nope", "num_local_experts": 0, "num_experts_per_tok": 0}
    if "mamba" not in types:  # transformers checks the product of these two all the same
        heads = math.gcd(2 * config.dim, 128)
        return written | {"mamba_n_heads": heads, "mamba_d_head": 2 * config.dim // heads}
    return written | {
        "mamba_n_heads": config.mamba_heads,
        "mamba_d_head": config.mamba_head_dim,
        "mamba_expand": config.mamba_heads * config.mamba_head_dim // config.dim,
        "mamba_d_state": config.mamba_state_dim,
        "mamba_n_groups": config.mamba_groups,
        "mamba_d_conv": config.mamba_conv_width,
        "mamba_conv_bias": config.mamba_conv_bias,
        "mamba_proj_bias": config.mamba_proj_bias,
    }


HYBRID_LAYERS = Part(_read_hybrid, _write_hybrid)
