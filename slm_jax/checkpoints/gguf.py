"""A GGUF file, the format of llama.cpp, as a pretrained model: tensors under Hugging Face's names, the configuration as a config.json, the tokenizer.

llama.cpp's converter changes some tensors, and here that is undone: queries and keys of its Llama-like architectures are interleaved for its rotary embedding, Gemma's
norms are stored plus one, Mamba's `A_log` as `-exp(A_log)`, fused matrices are cut. Names: gguf-py/gguf/constants.py and the converter, conversion/*.py, of llama.cpp.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from slm_jax.checkpoints.gguf_blocks import Container, open_container
from slm_jax.checkpoints.gguf_tokenizer import build_tokenizer
from slm_jax.errors import UserError, nearest

if TYPE_CHECKING:
    from slm_jax.data.hub_tokenizer import HubTokenizer

_TOP = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_ATTENTION = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj"}
_MLP = {"ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
_QK_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_SHARED_MLP = {"ffn_norm": "post_attention_layernorm", "ffn_gate": "shared_mlp.input_linear:0", "ffn_up": "shared_mlp.input_linear:1", "ffn_down": "shared_mlp.output_linear"}
_MAMBA = {"ssm_in": "mamba.in_proj", "ssm_conv1d": "mamba.conv1d", "ssm_norm": "mamba.norm", "ssm_out": "mamba.out_proj"}
_MAMBA_VECTORS = {"ssm_a": "mamba.A_log", "ssm_d": "mamba.D", "ssm_dt.bias": "mamba.dt_bias"}  # whole names, no suffix


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Architecture:
    """How llama.cpp writes a family."""

    model_type: str  # of the config.json
    layer: Mapping[str, str]  # llama.cpp's module of a layer -> Hugging Face's; ":N" is the N-th part, by rows, of a fused one
    top: Mapping[str, str] = dataclasses.field(default_factory=lambda: _TOP)
    vectors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    interleaved: bool = False  # rows of queries and keys are
    norm_offset: float = 0.0  # added to the scales of norms


_ARCHITECTURES = {
    "llama": _Architecture(model_type="llama", layer=_ATTENTION | _MLP, interleaved=True),
    "smollm3": _Architecture(model_type="smollm3", layer=_ATTENTION | _MLP, interleaved=True),
    "granite": _Architecture(model_type="granite", layer=_ATTENTION | _MLP, interleaved=True),
    "granitehybrid": _Architecture(
        model_type="granitemoehybrid", layer=_ATTENTION | _SHARED_MLP | _MAMBA, vectors=_MAMBA_VECTORS, interleaved=True
    ),
    "qwen2": _Architecture(model_type="qwen2", layer=_ATTENTION | _MLP),
    "qwen3": _Architecture(model_type="qwen3", layer=_ATTENTION | _MLP | _QK_NORMS),
    "gemma3": _Architecture(
        model_type="gemma3_text",
        layer=_ATTENTION
        | _MLP
        | _QK_NORMS
        | {"post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm", "post_ffw_norm": "post_feedforward_layernorm"},
        norm_offset=1.0,
    ),
    "phi2": _Architecture(
        model_type="phi",
        layer=_ATTENTION | {"attn_output": "self_attn.dense", "ffn_up": "mlp.fc1", "ffn_down": "mlp.fc2"},
        top=_TOP | {"output_norm": "model.final_layernorm"},
    ),
    "phi3": _Architecture(
        model_type="phi3",
        layer={"attn_norm": "input_layernorm", "attn_qkv": "self_attn.qkv_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm"}
        | {"ffn_up": "mlp.gate_up_proj", "ffn_down": "mlp.down_proj"},
    ),
}
_ROPE_FREQUENCIES = "rope_freqs.weight"
_LLAMA3_ROPE = (1.0, 4.0, 8192)  # low and high frequency factor, original context: of every Llama 3.1, 3.2 and 3.3
_UNLIMITED_CONTEXT = 2**20  # the converter's stand-in for a hybrid's context, which has no rotary embedding to limit it
_HYBRID_CONTEXT = 32_768  # what the smallest of the Granite 4 hybrids were trained for


class GgufFile:
    """A .gguf file. `shapes` and `read` are those of Hugging Face's tensors, `where` is its path.

    Opening reads the metadata and checks that every tensor lies inside the file and is one of its architecture's. Raises UserError, one line that begins with the
    file's path, for a file that is damaged, of an architecture that is not supported, or lacking something.
    """

    def __init__(self, path: str | os.PathLike):
        self._container: Container = open_container(path)
        self.where = str(self._container.path)
        self._metadata = self._container.metadata
        self._name = str(self._need("general.architecture"))
        if self._name not in _ARCHITECTURES:
            known = ", ".join(sorted(_ARCHITECTURES))
            raise UserError(f"{self.where}: the architecture {self._name!r:.60} is not supported from GGUF ({known} are): load the safetensors instead, or another model")
        self._refuse_variants()
        self._layers = self._need_key("block_count")
        if self._layers > len(self._container.tensors):
            raise self._damaged(f"{self._name}.block_count is {self._layers:,}, and the file has {len(self._container.tensors):,} tensors")
        self._architecture = _ARCHITECTURES[self._name]
        if self._name == "granite" and not self._rotary():  # a dense Granite 4 without positions: only the hybrid's configuration can say so
            self._architecture = dataclasses.replace(_ARCHITECTURES["granitehybrid"], layer=_ATTENTION | _SHARED_MLP)
        self._heads = self._per_layer("attention.head_count")
        self._kv_heads = self._per_layer("attention.head_count_kv", default=self._heads)
        self._parts: dict[str, list[str]] = self._parts_by_name()  # Hugging Face's name -> the file's, one for each part
        self.shapes: dict[str, tuple[int, ...]] = {name: self._shape(name) for name in self._parts}
        self._config = self._build_config()

    def read(self, name: str) -> np.ndarray:
        """float32 values of a tensor, dequantized, as Hugging Face has them. Raises KeyError for a name that is not in `shapes`."""
        parts = [self._container.read(part) for part in self._parts[name]]
        values = parts[0] if len(parts) == 1 else np.concatenate(parts)
        module, _, leaf = name.rpartition(".")
        if leaf == "A_log":
            if not (values < 0).all():
                raise self._damaged(f"the tensor '{self._parts[name][0]}' has values that are not below 0")
            values = np.log(-values)
        elif module.endswith("norm") and self._architecture.norm_offset:
            values = values - np.float32(self._architecture.norm_offset)
        elif self._architecture.interleaved and module.endswith(("q_proj", "k_proj")):
            values = _halves(values, heads=max(self._heads if module.endswith("q_proj") else self._kv_heads))
        return values.reshape(self.shapes[name])

    def huggingface_config(self) -> dict:
        """What the model's config.json says, in the spelling of transformers 4."""
        from slm_jax.models.families import FAMILIES

        return {"architectures": [FAMILIES[self._architecture.model_type].architecture], **self._config}

    def tokenizer(self) -> HubTokenizer:
        """The file's own tokenizer. Raises UserError for a kind that is not supported."""
        from slm_jax.data.hub_tokenizer import HubTokenizer

        built = build_tokenizer(self._metadata, where=self.where)
        size, rows = built.tokenizer.get_vocab_size(), self.shapes["model.embed_tokens.weight"][0]
        if size > rows:
            raise self._damaged(f"its tokenizer has {size:,} tokens and its embedding {rows:,} rows")
        return HubTokenizer(
            built.tokenizer,
            bos_id=built.bos_id,
            eos_id=built.eos_id,
            pad_id=built.pad_id,
            stop_ids=built.stop_ids,
            prompt_prefix=built.prompt_prefix,
            chat_template=built.chat_template,
        )

    # --- tensors ---

    def _parts_by_name(self) -> dict[str, list[str]]:
        modules = {**{f"{module}.{leaf}": f"{to}.{leaf}" for module, to in self._architecture.layer.items() for leaf in ("weight", "bias")}, **self._architecture.vectors}
        top = {f"{module}.{leaf}": f"{to}.{leaf}" for module, to in self._architecture.top.items() for leaf in ("weight", "bias")}
        parts: dict[str, dict[int, str]] = {}
        for stored in self._container.tensors:
            if stored == _ROPE_FREQUENCIES:
                continue  # _rope_scaling reads it
            block, number, module = (stored.split(".", 2) + ["", ""])[:3]
            in_layer = block == "blk" and number.isdecimal()
            name = modules.get(module) if in_layer else top.get(stored)
            if name is None or (in_layer and int(number) >= self._layers):
                known = [f"blk.{number}.{module}" for module in modules] if in_layer else list(top)
                raise UserError(f"{self.where}: the tensor '{stored}' is not one of the architecture '{self._name}' with {self._layers} layers ({nearest(stored, known)})")
            to, colon, rest = name.partition(":")  # "shared_mlp.input_linear:1.weight"
            part = int(rest[0]) if colon else 0
            name = to + rest[1:] if colon else name
            parts.setdefault(f"model.layers.{int(number)}.{name}" if in_layer else name, {})[part] = stored
        for name, found in parts.items():
            if ".input_linear." in name and len(found) != 2:
                raise self._damaged(f"a half of '{name}' is missing (it has {', '.join(found.values())} only)")
        if "model.embed_tokens.weight" not in parts or len(self._container.tensors["token_embd.weight"].shape) != 2:
            raise self._damaged("the matrix 'token_embd.weight' is missing")
        return {name: [found[part] for part in sorted(found)] for name, found in parts.items()}

    def _shape(self, name: str) -> tuple[int, ...]:
        shapes = [self._container.tensors[part].shape for part in self._parts[name]]
        if any(shape[1:] != shapes[0][1:] for shape in shapes):
            raise self._damaged(f"the halves of '{name}' do not fit ({shapes})")
        shape = (sum(shape[0] for shape in shapes), *shapes[0][1:])
        if name.endswith("conv1d.weight"):
            return shape[0], 1, shape[-1]
        if self._architecture.interleaved and name.rpartition(".")[0].endswith(("q_proj", "k_proj")):
            heads = max(self._heads if "q_proj" in name else self._kv_heads)
            if shape[0] % (2 * heads):
                raise self._damaged(f"the tensor '{self._parts[name][0]}' has {shape[0]} rows for {heads} heads")
        return (math.prod(shape),) if ".mamba." in name and not name.endswith(("_proj.weight",)) else shape

    # --- configuration ---

    def _build_config(self) -> dict:
        model_type = self._architecture.model_type
        vocab_size, dim = self.shapes["model.embed_tokens.weight"]
        heads, kv_heads = max(self._heads), max(self._kv_heads)
        head_dim = self._head_dim(heads, kv_heads, dim)
        if (said := self._need_key("embedding_length")) != dim:
            raise self._damaged(f"the metadata say a width of {said}, and the embedding has {dim}")
        config = {
            "model_type": model_type,
            "vocab_size": vocab_size,
            "hidden_size": dim,
            "intermediate_size": self._ff_dim(),
            "num_hidden_layers": self._layers,
            "num_attention_heads": heads,
            "num_key_value_heads": kv_heads,
            "head_dim": head_dim,
            "hidden_act": "silu",
            "max_position_embeddings": self._need_key("context_length"),
            "rope_theta": self._key("rope.freq_base", 10_000.0),
            "attention_bias": self._has(".self_attn.q_proj.bias"),
            "mlp_bias": self._has(".mlp.up_proj.bias"),
            "tie_word_embeddings": "lm_head.weight" not in self.shapes,
            "torch_dtype": "float32",
        }
        for name in ("bos", "eos", "padding"):
            value = self._metadata.get(f"tokenizer.ggml.{name}_token_id")
            config[f"{name.removesuffix('ding')}_token_id"] = value
        if model_type != "phi":
            config["rms_norm_eps"] = self._need_key("attention.layer_norm_rms_epsilon")
        if scaling := self._rope_scaling(config["rope_theta"], head_dim):
            config["rope_scaling"] = scaling
        self._rotated_part(config, head_dim)
        own = getattr(self, f"_{model_type}_config", None)
        return config | (own(config) if own else {})

    def _phi_config(self, config: Mapping) -> dict:
        return {"layer_norm_eps": self._need_key("attention.layer_norm_epsilon"), "hidden_act": "gelu_new", "qk_layernorm": False}

    def _phi3_config(self, config: Mapping) -> dict:
        return {"sliding_window": self._key("attention.sliding_window", 0) or None}

    def _smollm3_config(self, config: Mapping) -> dict:
        return {"no_rope_layers": [int((layer + 1) % 4 != 0) for layer in range(self._layers)], "use_sliding_window": False}  # as fixed in llama.cpp

    def _gemma3_text_config(self, config: Mapping) -> dict:
        layers, pattern = self._layers, self._metadata.get("gemma3.attention.sliding_window_pattern", 6)
        slides = [bool(slide) for slide in pattern] if isinstance(pattern, np.ndarray) else [(layer + 1) % int(pattern) != 0 for layer in range(layers)]
        if len(slides) != layers:
            raise self._damaged(f"gemma3.attention.sliding_window_pattern has {len(slides)} entries for {layers} layers")
        return {
            "hidden_activation": "gelu_pytorch_tanh",
            "query_pre_attn_scalar": config["hidden_size"] // config["num_attention_heads"] if layers == 62 else config["head_dim"],  # 62: the 27B, as in llama.cpp
            "sliding_window": self._need_key("attention.sliding_window"),
            "layer_types": ["sliding_attention" if slide else "full_attention" for slide in slides],
            "rope_theta": self._key("rope.freq_base", 1_000_000.0),
            "rope_local_base_freq": self._key("rope.freq_base_swa", 10_000.0),
            "final_logit_softcapping": self._key("final_logit_softcapping", None),
        }

    def _granite_config(self, config: Mapping) -> dict:
        return {
            "attention_multiplier": self._key("attention.scale", config["head_dim"] ** -0.5),
            "embedding_multiplier": self._key("embedding_scale", 1.0),
            "residual_multiplier": self._key("residual_scale", 1.0),
            "logits_scaling": self._key("logit_scale", 1.0),
        }

    def _granitemoehybrid_config(self, config: Mapping) -> dict:
        context = config["max_position_embeddings"]
        kinds = ["attention" if heads else "mamba" for heads in self._kv_heads]
        mamba: dict = {}
        if "mamba" in kinds:
            heads, inner = self._need_key("ssm.time_step_rank"), self._need_key("ssm.inner_size")
            mamba = {
                "mamba_n_heads": heads,
                "mamba_d_head": inner // max(heads, 1),
                "mamba_d_state": self._need_key("ssm.state_size"),
                "mamba_n_groups": self._need_key("ssm.group_count"),
                "mamba_d_conv": self._need_key("ssm.conv_kernel"),
                "mamba_expand": inner // config["hidden_size"],
                "mamba_conv_bias": self._has(".mamba.conv1d.bias"),
                "mamba_proj_bias": self._has(".mamba.in_proj.bias"),
            }
        return {
            **self._granite_config(config),
            **mamba,
            "shared_intermediate_size": config["intermediate_size"],
            "num_local_experts": 0,
            "num_experts_per_tok": 0,
            "layer_types": kinds,
            "position_embedding_type": "rope" if self._rotary() else "nope",
            "max_position_embeddings": _HYBRID_CONTEXT if context == _UNLIMITED_CONTEXT else context,
        }

    def _head_dim(self, heads: int, kv_heads: int, dim: int) -> int:
        """From the matrices, whose rows are heads: the metadata say it only where it is unusual."""
        for name, shape in self.shapes.items():
            if name.endswith("self_attn.q_proj.weight"):
                return shape[0] // heads
            if name.endswith("self_attn.qkv_proj.weight"):
                return shape[0] // (heads + 2 * kv_heads)
        return dim // heads

    def _ff_dim(self) -> int:
        """From the matrix that leads back to the residual stream: its columns."""
        for name, shape in self.shapes.items():
            if name.endswith((".down_proj.weight", ".fc2.weight", ".output_linear.weight")):
                return shape[-1]
        raise self._damaged("the tensor 'blk.0.ffn_down.weight' is missing")

    def _rotated_part(self, config: dict, head_dim: int) -> None:
        rotated = self._key("rope.dimension_count", head_dim)
        if config["model_type"] in ("phi", "phi3"):
            share = rotated / head_dim
            config["partial_rotary_factor"] = share if int(head_dim * share) == rotated else math.nextafter(share, 1.0)
        elif rotated != head_dim:
            raise UserError(f"{self.where}: rotates {rotated} of the {head_dim} dimensions of a head, which '{self._name}' is not known for: load the safetensors instead")

    def _rope_scaling(self, theta: float, head_dim: int) -> dict | None:
        kind = self._key("rope.scaling.type", "none")
        if kind == "linear":
            return {"rope_type": "linear", "type": "linear", "factor": self._need_key("rope.scaling.factor")}
        if kind != "none":
            raise UserError(f"{self.where}: stretches its positions by {kind!r:.60}, which is not supported: take a model with linear or Llama 3's scaling, or none")
        if _ROPE_FREQUENCIES not in self._container.tensors:
            return None
        # The file holds what each frequency is divided by. Which of Llama 3's numbers made it is not written down, so those that all have are tried.
        divisors = self._container.read(_ROPE_FREQUENCIES).astype(np.float64).ravel()
        factor, (low, high, context) = round(float(divisors.max()), 3), _LLAMA3_ROPE
        rotations = context * theta ** (-np.arange(0, head_dim, 2) / head_dim) / (2 * math.pi)  # within the original context
        kept = np.clip((rotations - low) / (high - low), 0, 1)
        if divisors.shape != kept.shape or not np.allclose(divisors, 1 / ((1 - kept) / factor + kept), rtol=1e-3):
            raise UserError(f"{self.where}: '{_ROPE_FREQUENCIES}' is not of Llama 3's kind (low 1, high 4, context 8192): load the safetensors instead")
        names = ("low_freq_factor", "high_freq_factor", "original_max_position_embeddings")
        return {"rope_type": "llama3", "factor": factor, **dict(zip(names, _LLAMA3_ROPE, strict=True))}

    def _rotary(self) -> bool:
        return bool(self._key("rope.scaling.finetuned", True))  # what Granite's converter says it with

    def _refuse_variants(self) -> None:
        """What has the architecture's name and another computation."""
        if self._key("expert_count", 0):
            raise UserError(f"{self.where}: is a mixture of {self._key('expert_count')} experts, which is not supported: take a dense model")
        if self._metadata.get("split.count", 0) not in (0, 1):
            raise UserError(f"{self.where}: is one of {self._metadata['split.count']!r:.20} parts of a file: put them together with llama-gguf-split --merge")
        if self._name == "llama" and self._key("attention.sliding_window", 0):
            raise UserError(f"{self.where}: has a sliding window, which is not supported from GGUF for 'llama': load the safetensors instead")
        if self._name == "phi3" and any(name.startswith("rope_factors") for name in self._container.tensors):
            raise UserError(f"{self.where}: stretches its positions by 'longrope', which is not supported: take a Phi-3 of the 4k kind")

    # --- metadata ---

    def _has(self, ending: str) -> bool:
        return any(name.endswith(ending) for name in self.shapes)

    def _per_layer(self, key: str, *, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """One count for each layer, 0 where it has no attention; those of the others are equal."""
        if default is not None and f"{self._name}.{key}" not in self._metadata:
            return default
        value, layers = self._need_key(key), self._layers
        counts = tuple(map(int, value)) if isinstance(value, np.ndarray) else (value,) * layers
        if len(counts) != layers or len(set(counts) - {0}) != 1 or min(counts) < 0:
            raise UserError(f"{self.where}: {self._name}.{key} is not one count that all of the {layers} layers share, which is not supported ({str(value):.60})")
        return counts

    def _need(self, key: str):
        if key not in self._metadata:
            raise UserError(f"{self.where}: the metadata '{key}' is missing: the file is damaged or of another program, get another one")
        return self._metadata[key]

    def _need_key(self, key: str):
        value = self._need(f"{self._name}.{key}")
        if isinstance(value, (str, list)) or (isinstance(value, (int, float)) and not 0 < value < 2**31):
            raise self._damaged(f"{self._name}.{key} is {value!r:.60}")
        return value

    def _key(self, key: str, default=None):
        """A value that may be missing, of its default's kind."""
        value = self._metadata.get(f"{self._name}.{key}", default)
        if default is not None and isinstance(value, str) != isinstance(default, str) or isinstance(value, (list, np.ndarray)):
            raise self._damaged(f"{self._name}.{key} is {value!r:.60}")
        return value

    def _damaged(self, what: str) -> UserError:
        return UserError(f"{self.where}: {what}: the file is damaged, get it again")


def _halves(values: np.ndarray, *, heads: int) -> np.ndarray:
    """Rows of each head from llama.cpp's order (0, half, 1, half + 1, ...) to Hugging Face's (0, 1, ..., half, half + 1, ...)."""
    pairs = values.reshape(heads, values.shape[0] // heads // 2, 2, -1)
    return pairs.swapaxes(1, 2).reshape(values.shape)
