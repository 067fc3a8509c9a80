"""The model families of the Hugging Face hub, as data: how a config.json becomes the decoder's knobs and back, and what each tensor is called there.

A family is one row of `FAMILIES`: values that its architecture fixes, keys that hold a knob as it is, defaults of keys that a config.json may leave out
(those of transformers' configuration classes), the parts of the shape that take code, and a table of names. The rows serve import and export alike.

config.json is read in the spelling of transformers 4 (rope_theta, rope_scaling, layer type "mamba") and of 5 (rope_parameters, "linear_attention"),
and written in that of 4, which both read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from slm_jax.config import ModelConfig
from slm_jax.errors import UserError
from slm_jax.models import family_parts as parts
from slm_jax.models.layers import layer_runs

Path = tuple[str, ...]  # of a parameter: ("layers", "mlp", "up", "kernel")
Shape = tuple[int, ...]

_NOT_THE_MODEL = ("init_from", "remat", "scan_unroll")  # fields of ModelConfig that say where it comes from and how it is computed


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family:
    model_type: str
    architecture: str  # transformers' class
    layer: Mapping[str, str]  # our module in a layer -> theirs; several of ours, "a b" = one matrix of theirs that holds their rows in that order
    top: Mapping[str, str]  # our module outside the layers -> theirs
    fixed: Mapping[str, object] = dataclasses.field(default_factory=dict)  # knob -> its value in this family
    keys: Mapping[str, str] = dataclasses.field(default_factory=dict)  # knob -> the key of config.json that holds it
    defaults: Mapping[str, object] = dataclasses.field(default_factory=dict)  # of keys, where they are not those of `_DEFAULTS`
    parts: tuple[parts.Part, ...] = ()
    whole_heads: bool = False  # transformers wants hidden_size to be a multiple of num_attention_heads, though head_dim is a key


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tensor:
    """A tensor of a Hugging Face checkpoint, and where it lives in our tree."""

    name: str
    shape: Shape
    leaves: tuple[Path, ...]  # whose rows (columns of ours) it holds, one after the other
    layer: int | None  # its index in the stacked leaves; None = they are not stacked
    layout: str  # "same" | "transposed" | "conv": [channels, 1, taps] for our [taps, channels]


def model_config(hf: Mapping) -> ModelConfig:
    """The decoder that a parsed config.json describes. Raises UserError, naming what is not supported and what is nearest."""
    family = _supported(hf)
    keys = parts.Keys(hf, model_type=family.model_type, defaults={**_DEFAULTS, **family.defaults})
    knobs = dict(family.fixed)
    for knob, key in {**_COMMON_KEYS, **family.keys}.items():
        knobs[knob] = keys.get(key, type(getattr(_PLAIN, knob)))
    for part in (*_COMMON_PARTS, *family.parts):
        knobs.update(part.read(keys))
    keys.positive("vocab_size", int)  # 0 means something else in ModelConfig
    config = dataclasses.replace(_PLAIN, **knobs)
    try:
        config.check()
    except UserError as error:
        raise UserError(f"config.json describes a model that cannot be: {error}") from None
    return config


def huggingface_config(config: ModelConfig, *, family: str, dtype: str, bos_id: int | None, eos_ids: Sequence[int], pad_id: int | None) -> dict:
    """The config.json of `config` as a model of that family, which must be able to express it (`export_family`). dtype: of the stored tensors, "float32" or "bfloat16"."""
    row = FAMILIES[family]
    hf: dict = {"architectures": [row.architecture], "model_type": family}
    for knob, key in {**_COMMON_KEYS, **row.keys}.items():
        hf[key] = getattr(config, knob)
    for part in (*_COMMON_PARTS, *row.parts):
        hf.update(part.write(config))
    return {**hf, "bos_token_id": bos_id, "eos_token_id": one_or_list(eos_ids), "pad_token_id": pad_id, "torch_dtype": dtype, "use_cache": True}


def one_or_list(eos_ids: Sequence[int]) -> int | list[int] | None:
    """How the hub's files write the tokens that end an answer."""
    return list(eos_ids) if len(eos_ids) > 1 else next(iter(eos_ids), None)


def export_family(config: ModelConfig) -> str:
    """The model_type of the first family that expresses `config` exactly. Raises UserError naming the knobs that the nearest one does not have."""
    nearest: tuple[list[str], str, ModelConfig] | None = None
    for name, family in FAMILIES.items():
        try:
            theirs = model_config(huggingface_config(config, family=name, dtype="float32", bos_id=None, eos_ids=(), pad_id=None))
        except UserError:
            continue
        different = differing_knobs(config, theirs)
        if family.whole_heads and config.dim % config.heads:
            different.append("heads")
        if not different:
            return name
        if nearest is None or len(different) < len(nearest[0]):
            nearest = different, name, theirs
    if nearest is None:
        raise UserError("no Hugging Face family can express this model's shape: convert it with --format=slm_jax")
    different, name, theirs = nearest
    said = ", ".join(f"config.model.{knob}={getattr(config, knob)!r}" for knob in different[:4])
    raise UserError(f"no Hugging Face family can express this model (the nearest, {name}, all but {said}): convert it with --format=slm_jax")


def differing_knobs(ours: ModelConfig, theirs: ModelConfig) -> list[str]:
    """The fields in which two configurations are different models; what they were made from, and how they are computed, does not count."""
    one, other = _effective(ours), _effective(theirs)
    return [name for name in one if name not in other or one[name] != other[name]]


def tensors(config: ModelConfig, *, family: str, leaves: Mapping[Path, Shape]) -> Iterator[Tensor]:
    """Every tensor of a checkpoint of that family, in its usual order, for parameters `leaves` of the decoder with `config`.

    Raises UserError for a parameter that the family has no name for.
    """
    row, named = FAMILIES[family], set()

    def of_module(prefix: Path, modules: str, theirs: str, layer: int | None) -> Iterator[Tensor]:
        for leaf, (suffix, layout) in _LEAVES.items():
            paths = tuple((*prefix, *module.split("/"), *filter(None, [leaf])) for module in modules.split())
            if paths[0] not in leaves:
                continue
            named.update(paths)
            layout = "conv" if theirs.endswith(".conv1d") and leaf == "kernel" else layout
            shapes = [leaves[path] if layer is None else leaves[path][1:] for path in paths]
            if layout != "same":
                shapes = [shape[::-1] for shape in shapes]
            rest = shapes[0][1:] if layout != "conv" else (1, *shapes[0][1:])
            yield Tensor(name=theirs + suffix, shape=(sum(shape[0] for shape in shapes), *rest), leaves=paths, layer=layer, layout=layout)

    yield from of_module((), "embed", row.top["embed"], None)
    for run in layer_runs(config):
        for i in range(run.length):
            for modules, theirs in row.layer.items():
                yield from of_module((run.name,), modules, f"model.layers.{run.first + i}.{theirs}", i)
    for module, theirs in row.top.items():
        if module != "embed":
            yield from of_module((), module, theirs, None)
    if unnamed := sorted(set(leaves) - named):
        raise UserError(f"{family} models have no tensor for {'/'.join(unnamed[0])}: convert with --format=slm_jax")


def ignored(name: str, config: ModelConfig) -> bool:
    """Whether a tensor that `tensors` does not list may be in a file all the same: it holds nothing that is not known."""
    return name.endswith(".rotary_emb.inv_freq") or (config.tied and name == "lm_head.weight")


def _supported(hf: Mapping) -> Family:
    model_type = hf.get("model_type")
    if not isinstance(model_type, str):
        raise UserError("config.json has no model_type: write the family's, for example llama")
    family = FAMILIES.get(model_type)
    for key in ("num_local_experts", "num_experts", "n_routed_experts"):
        if count := hf.get(key, family.defaults.get(key) if family else None):
            raise UserError(f"a mixture of experts ({model_type}, {key}={count}) is not supported: use a dense checkpoint, for example ibm-granite/granite-4.0-350m")
    if "vision_config" in hf or "text_config" in hf:
        raise UserError(f"a model that takes more than text ({model_type}) is not supported: use a text-only checkpoint, for example google/gemma-3-270m")
    if family is None:
        raise UserError(f"model_type '{model_type}' is not supported: use a checkpoint of one of {', '.join(sorted(FAMILIES))}")
    if quantization := hf.get("quantization_config"):
        method = quantization.get("quant_method", "?") if isinstance(quantization, Mapping) else "?"
        raise UserError(f"config.json: a quantized checkpoint (quant_method {method}) is not supported: use the one in bfloat16 that it was made from, or a .gguf file")
    return family


def _effective(config: ModelConfig) -> dict:
    """The knobs with their defaults written out, and without those that nothing reads."""
    knobs = {name: value for name, value in dataclasses.asdict(config).items() if name not in _NOT_THE_MODEL}
    kinds = config.layer_types or ("attention",) * config.layers
    thetas = config.layer_rope_thetas or (config.rope_theta,) * config.layers
    windows = config.layer_windows or (0,) * config.layers
    knobs["layer_types"] = kinds
    knobs["layer_rope_thetas"] = tuple(theta if kind == "attention" else 0.0 for theta, kind in zip(thetas, kinds, strict=True))
    knobs["layer_windows"] = tuple(window if kind == "attention" else 0 for window, kind in zip(windows, kinds, strict=True))
    knobs["attention_scale"] = config.attention_scale or config.head_dim**-0.5
    if not config.rope_scaling or config.rope_theta not in knobs["layer_rope_thetas"]:
        knobs["rope_theta"], knobs["rope_scaling"] = 0.0, ()
    if not any(knobs["layer_rope_thetas"]):
        knobs["rope_fraction"] = 1.0
    if "mamba" not in kinds:
        knobs = {name: value for name, value in knobs.items() if not name.startswith("mamba_")}
    return knobs


# The rows

_PLAIN = ModelConfig(qk_norm=False, tied=False)  # a knob that nothing below mentions is as here
_COMMON_KEYS = {
    "vocab_size": "vocab_size",
    "layers": "num_hidden_layers",
    "dim": "hidden_size",
    "ff_dim": "intermediate_size",
    "norm_epsilon": "rms_norm_eps",
    "tied": "tie_word_embeddings",
    "context_length": "max_position_embeddings",
    "initializer_std": "initializer_range",
}
_COMMON_PARTS = (parts.HEADS, parts.ROPE)
_DEFAULTS = {
    "num_key_value_heads": None,
    "head_dim": None,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
    "max_position_embeddings": 2048,
    "initializer_range": 0.02,
    "rope_theta": 10_000.0,
    "attention_bias": False,
    "mlp_bias": False,
    "sliding_window": None,
    "use_sliding_window": False,
}
_LEAVES = {"kernel": (".weight", "transposed"), "scale": (".weight", "same"), "embedding": (".weight", "same"), "bias": (".bias", "same"), "": ("", "same")}

_ACTIVATION = parts.activation("hidden_act")
_BIASES = {"qkv_bias": "attention_bias", "out_bias": "attention_bias"}
_MULTIPLIERS = {"embed_multiplier": "embedding_multiplier", "residual_multiplier": "residual_multiplier", "logit_divisor": "logits_scaling"}
_NO_MULTIPLIERS = {"embedding_multiplier": 1.0, "residual_multiplier": 1.0, "logits_scaling": 1.0, "attention_multiplier": 1.0}
_QWEN = {"max_position_embeddings": 32_768, "num_key_value_heads": 32, "sliding_window": 4096, "max_window_layers": 28}

_TOP = {"embed": "model.embed_tokens", "final_norm": "model.norm", "head": "lm_head"}
_NORMS = {"norm1": "input_layernorm", "norm2": "post_attention_layernorm"}
_QKV = {"attention/q": "self_attn.q_proj", "attention/k": "self_attn.k_proj", "attention/v": "self_attn.v_proj"}
_ATTENTION = {**_QKV, "attention/o": "self_attn.o_proj"}
_QK_NORMS = {"attention/q_norm": "self_attn.q_norm", "attention/k_norm": "self_attn.k_norm"}
_MLP = {"mlp/gate": "mlp.gate_proj", "mlp/up": "mlp.up_proj", "mlp/down": "mlp.down_proj"}
_LAYER = {"norm1": "input_layernorm", **_ATTENTION, "norm2": "post_attention_layernorm", **_MLP}

_ROWS = (  # in the order in which a model of our own looks for its family
    Family(
        model_type="llama",
        architecture="LlamaForCausalLM",
        keys={**_BIASES, "mlp_bias": "mlp_bias"},
        parts=(_ACTIVATION,),
        layer=_LAYER,
        top=_TOP,
        whole_heads=True,
    ),
    Family(
        model_type="qwen3",
        architecture="Qwen3ForCausalLM",
        fixed={"qk_norm": True},
        keys=_BIASES,
        defaults={**_QWEN, "head_dim": 128},
        parts=(_ACTIVATION, parts.LAST_LAYERS_SLIDE),
        layer={**_LAYER, **_QK_NORMS},
        top=_TOP,
    ),
    Family(
        model_type="qwen2",
        architecture="Qwen2ForCausalLM",
        fixed={"qkv_bias": True},
        defaults=_QWEN,
        parts=(_ACTIVATION, parts.LAST_LAYERS_SLIDE),
        layer=_LAYER,
        top=_TOP,
    ),
    Family(
        model_type="mistral",
        architecture="MistralForCausalLM",
        defaults={"max_position_embeddings": 131_072, "num_key_value_heads": 8, "sliding_window": 4096},
        parts=(_ACTIVATION, parts.ONE_WINDOW),
        layer=_LAYER,
        top=_TOP,
    ),
    Family(
        model_type="smollm3",
        architecture="SmolLM3ForCausalLM",
        keys={**_BIASES, "mlp_bias": "mlp_bias"},
        defaults={"max_position_embeddings": 32_768, "num_key_value_heads": 4, "tie_word_embeddings": True, "rope_theta": 2_000_000.0, "no_rope_layer_interval": 4},
        parts=(_ACTIVATION, parts.NO_ROPE_LAYERS),
        layer=_LAYER,
        top=_TOP,
    ),
    Family(
        model_type="granite",
        architecture="GraniteForCausalLM",
        keys={**_BIASES, "mlp_bias": "mlp_bias", **_MULTIPLIERS},
        defaults=_NO_MULTIPLIERS,
        parts=(_ACTIVATION, parts.SCALE),
        layer=_LAYER,
        top=_TOP,
    ),
    Family(
        model_type="granitemoehybrid",
        architecture="GraniteMoeHybridForCausalLM",
        keys={**_BIASES, **_MULTIPLIERS, "ff_dim": "shared_intermediate_size"},
        defaults={
            **_NO_MULTIPLIERS,
            "num_local_experts": 8,
            "shared_intermediate_size": 1024,
            "position_embedding_type": None,
            "mamba_n_heads": 128,
            "mamba_d_head": "auto",
            "mamba_expand": 2,
            "mamba_d_state": 256,
            "mamba_n_groups": 1,
            "mamba_d_conv": 4,
            "mamba_conv_bias": True,
            "mamba_proj_bias": False,
        },
        parts=(_ACTIVATION, parts.SCALE, parts.HYBRID_LAYERS),
        layer={
            **_NORMS,
            **_ATTENTION,
            "mlp/gate mlp/up": "shared_mlp.input_linear",
            "mlp/down": "shared_mlp.output_linear",
            "mamba/in_proj": "mamba.in_proj",
            "mamba/conv": "mamba.conv1d",
            "mamba/dt_bias": "mamba.dt_bias",
            "mamba/a_log": "mamba.A_log",
            "mamba/d": "mamba.D",
            "mamba/norm": "mamba.norm",
            "mamba/out_proj": "mamba.out_proj",
        },
        top=_TOP,
    ),
    Family(
        model_type="gemma3_text",
        architecture="Gemma3ForCausalLM",
        fixed={"norm_plus_one": True, "post_norms": True, "qk_norm": True},
        keys=_BIASES,
        defaults={
            "max_position_embeddings": 131_072,
            "num_key_value_heads": 4,
            "head_dim": 256,
            "hidden_activation": "gelu_pytorch_tanh",
            "tie_word_embeddings": True,
            "rope_theta": 1_000_000.0,
            "rope_local_base_freq": 10_000.0,
            "query_pre_attn_scalar": 256,
            "sliding_window": 4096,
            "use_sliding_window": True,
            "sliding_window_pattern": 6,
            "final_logit_softcapping": None,
        },
        parts=(parts.activation("hidden_activation"), parts.GEMMA_LAYERS),
        layer={
            "norm1": "input_layernorm",
            **_ATTENTION,
            **_QK_NORMS,
            "post_norm1": "post_attention_layernorm",  # what this name means in no other family
            "norm2": "pre_feedforward_layernorm",
            **_MLP,
            "post_norm2": "post_feedforward_layernorm",
        },
        top=_TOP,
        whole_heads=True,
    ),
    Family(
        model_type="phi",
        architecture="PhiForCausalLM",
        fixed={"norm": "layer", "parallel_block": True, "qkv_bias": True, "out_bias": True, "mlp_bias": True, "head_bias": True, "gated": False},
        keys={"norm_epsilon": "layer_norm_eps", "qk_norm": "qk_layernorm"},
        defaults={"layer_norm_eps": 1e-5, "hidden_act": "gelu_new", "partial_rotary_factor": 0.5, "qk_layernorm": False},
        parts=(parts.activation("hidden_act", tanh="gelu_new"), parts.FRACTION),
        layer={
            "norm1": "input_layernorm",
            **_QKV,
            "attention/o": "self_attn.dense",
            "attention/q_norm": "self_attn.q_layernorm",
            "attention/k_norm": "self_attn.k_layernorm",
            "mlp/up": "mlp.fc1",
            "mlp/down": "mlp.fc2",
        },
        top={"embed": "model.embed_tokens", "final_norm": "model.final_layernorm", "head": "lm_head", "head_bias": "lm_head.bias"},
    ),
    Family(
        model_type="phi3",
        architecture="Phi3ForCausalLM",
        defaults={"max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "partial_rotary_factor": 1.0},
        parts=(_ACTIVATION, parts.FRACTION, parts.ONE_WINDOW),
        layer={
            **_NORMS,
            "attention/q attention/k attention/v": "self_attn.qkv_proj",
            "attention/o": "self_attn.o_proj",
            "mlp/gate mlp/up": "mlp.gate_up_proj",
            "mlp/down": "mlp.down_proj",
        },
        top=_TOP,
    ),
)
FAMILIES: Mapping[str, Family] = {row.model_type: row for row in _ROWS}  # by config.json's model_type
