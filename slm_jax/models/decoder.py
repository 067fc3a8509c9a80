"""The decoder, one for all families: a family is a row of values in `ModelConfig`, a layer's own theta and window are data.

Shapes: B rows, T positions, D dim, V vocab_size, L layers of a run, S slots of a cache; those of a Mamba2 layer in mamba2.py.

Parameters (logical axis names of each in layers.py); matrices are [in, out]. The layers of a run, neighbours of one type, are stacked on the first axis; RUN is
"layers" if all layers are of one type, else "layers_0", "layers_1", ... (layers.py, `layer_runs`):

    embed/embedding [V, D]   final_norm/scale [D]   head/kernel [D, V], head/bias [V] (tied: only head_bias [V], if config.head_bias)
    RUN/{norm1,norm2,post_norm1,post_norm2}/scale [L, D]   RUN/mlp/{gate,up,down}/kernel
    RUN/attention/{q,k,v,o}/kernel, RUN/attention/{q_norm,k_norm}/scale; or in a run of Mamba2 layers
    RUN/mamba/in_proj/kernel [L, D, I + C + Hm] (z, x, B, C, dt)   RUN/mamba/conv/kernel [L, taps, C], RUN/mamba/conv/bias   RUN/mamba/out_proj/kernel [L, I, D]
    RUN/mamba/{a_log,d,dt_bias} [L, Hm]   RUN/mamba/norm/scale [L, I]
    and a bias beside every scale (norm = "layer", but not in mamba/) and every kernel whose `*_bias` is set; beside a kernel with an adapter also lora_a, lora_b ... (lora.py)
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import struct

from slm_jax.config import ModelConfig
from slm_jax.models.attention import Attention, LayerCache, LayerKinds, default_positions, layer_kinds, make_tables
from slm_jax.models.layers import MLP, Dense, LayerRun, Norm, layer_runs, matmul, operand_dtype, transpose
from slm_jax.models.lora import merge_adapters
from slm_jax.models.mamba2 import Mamba2, MambaCache, init_mamba_cache


@struct.dataclass
class Cache:
    """What the layers keep of the tokens seen so far: keys and values, or a Mamba2 layer's state.

    Rows of unlike length are padded on the left (segment 0), so that all of them go on in the same slot.
    """

    length: jax.Array  # int32 scalar: slots in use
    segment_ids_BS: jax.Array  # 0 in a padded or unused slot
    layers: tuple[LayerCache | MambaCache, ...]


def init_cache(config: ModelConfig, batch: int, length: int, *, precision: str) -> Cache:
    """An empty cache of `length` slots. The caller must not feed more tokens than that: the last slots would be overwritten.

    Keys and values have the dtype of matmul operands, but float32 on a CPU: XLA has no bfloat16 product of a single query there,
    and would convert the whole cache at every token.
    """
    shape = (batch, config.kv_heads, length, config.head_dim)
    dtype = jnp.float32 if jax.default_backend() == "cpu" else operand_dtype(precision)

    def layer(kind: str):
        return init_mamba_cache(config, batch) if kind == "mamba" else LayerCache(k_BKSd=jnp.zeros(shape, dtype), v_BKSd=jnp.zeros(shape, dtype))

    layers = tuple(layer(run.kind) for run in layer_runs(config) for _ in range(run.length))
    return Cache(length=jnp.zeros((), jnp.int32), segment_ids_BS=jnp.zeros((batch, length), jnp.int32), layers=layers)


def split_layers(params, model: Decoder):
    """`params` for decoding many tokens: each layer's parameters by themselves, adapters merged into their matrices, matrices already rounded to the dtype of matmul operands.

    The result is for calls with a cache and for `method="logits"`; an own head (without an adapter) and the embedding stay as they are.
    """
    params, dtype = merge_adapters(params), operand_dtype(model.precision)
    runs = layer_runs(model.config)

    def layer(run: LayerRun, i: int):
        def one(path, stack):
            is_matrix = path[-1].key == "kernel" and path[-2].key != "conv"
            return stack[i].astype(dtype if is_matrix else stack.dtype)

        return jax.tree_util.tree_map_with_path(one, params[run.name])

    rest = {name: leaf for name, leaf in params.items() if name not in {run.name for run in runs}}
    return {**rest, "layers": {f"layer_{run.first + i}": layer(run, i) for run in runs for i in range(run.length)}}


class Block(nn.Module):
    """One layer: x + mix(norm x), then x + mlp(norm x), where mix is attention or Mamba2; both from one norm if config.parallel_block."""

    config: ModelConfig
    precision: str
    kind: str  # "attention" | "mamba"

    def setup(self):
        config = self.config
        if self.kind == "mamba":
            self.mamba = Mamba2(config, self.precision)
        else:
            self.attention = Attention(config, self.precision)
        self.mlp = MLP(config, self.precision)
        self.norm1 = Norm(config, config.dim)
        if not config.parallel_block:
            self.norm2 = Norm(config, config.dim)
        if config.post_norms:
            self.post_norm1 = Norm(config, config.dim)
            self.post_norm2 = Norm(config, config.dim)

    def __call__(self, x_BTD, kinds: LayerKinds, tables, cache: LayerCache | MambaCache | None = None, slot=None):
        config = self.config
        normed = self.norm1(x_BTD)
        if self.kind == "mamba":
            mixed, cache = self.mamba(normed, tables.segments, cache)
        else:
            mixed, cache = self.attention(normed, kinds, tables, cache, slot)
        if config.post_norms:
            mixed = self.post_norm1(mixed)
        after = x_BTD + config.residual_multiplier * mixed
        fed = self.mlp(normed if config.parallel_block else self.norm2(after))
        if config.post_norms:
            fed = self.post_norm2(fed)
        return nn.with_logical_constraint(after + config.residual_multiplier * fed, ("batch", "seq", "act_embed")), cache


class Embedding(nn.Module):
    config: ModelConfig

    def setup(self):
        initializer = nn.with_logical_partitioning(nn.initializers.normal(self.config.initializer_std), ("vocab", "embed"))
        self.embedding = self.param("embedding", initializer, (self.config.vocab_size, self.config.dim), jnp.float32)

    def __call__(self, tokens_BT):
        return jnp.take(self.embedding, tokens_BT, axis=0, mode="clip").astype(jnp.float32)  # a frozen one may be held in bfloat16


class Decoder(nn.Module):
    """`apply({"params": p}, tokens [B, T])` -> logits [B, T, V] float32.

    `precision` is that of matmul operands, "bfloat16" or "float32"; parameters, norms, softmax, residual stream and all results are float32.
    `method="hidden"` stops before the head and `method="logits"` is the head, for callers that want logits at few positions.
    """

    config: ModelConfig
    precision: str

    def setup(self):
        config = self.config
        self.embed = Embedding(config)
        block = Block
        if config.remat != "none":
            policy = {"full": None, "dots": jax.checkpoint_policies.dots_with_no_batch_dims_saveable}[config.remat]
            block = nn.remat(Block, policy=policy, prevent_cse=False)

        def stack(run: LayerRun):
            return nn.scan(
                block,
                variable_axes={"params": 0},
                split_rngs={"params": True, "dropout": True},
                in_axes=(0, nn.broadcast),
                length=run.length,
                unroll=min(config.scan_unroll, run.length),
                metadata_params={nn.PARTITION_NAME: "layers"},
            )(config, self.precision, run.kind, name=run.name)

        self.runs = [stack(run) for run in layer_runs(config)]
        self.final_norm = Norm(config, config.dim)
        if not config.tied:
            scale = config.initializer_std * config.dim**0.5  # as the embedding: logits start near zero
            self.head = Dense(config.dim, config.vocab_size, ("embed", "vocab"), bias=config.head_bias, init_scale=scale, precision=self.precision)
        elif config.head_bias:
            self.head_bias = self.param("head_bias", nn.with_logical_partitioning(nn.initializers.zeros, ("vocab",)), (config.vocab_size,), jnp.float32)

    def __call__(self, tokens_BT, segment_ids=None, positions=None, cache: Cache | None = None):
        """Logits [B, T, V]; with a cache (logits, cache).

        segment_ids [B, T]: 0 = padding; a token sees the tokens of its own segment up to itself. None = one segment a row.
        positions [B, T]: for the rotary embedding; None = counted from the start of the segment.
        cache: what came before in each row; the new tokens' segments refer to the cached ones, and in cached use each row has one segment, 1, and padding.
        """
        if cache is None:
            return self.logits(self.hidden(tokens_BT, segment_ids, positions))
        hidden_BTD, cache = self.hidden(tokens_BT, segment_ids, positions, cache)
        return self.logits(hidden_BTD), cache

    def hidden(self, tokens_BT, segment_ids=None, positions=None, cache: Cache | None = None):
        """The residual stream after the last norm, [B, T, D]; with a cache (hidden, cache)."""
        x_BTD = self.embed(tokens_BT) * self.config.embed_multiplier
        x_BTD = nn.with_logical_constraint(x_BTD, ("batch", "seq", "act_embed"))
        if cache is not None:
            x_BTD, cache = self._cached_layers(x_BTD, segment_ids, positions, cache)
            return self.final_norm(x_BTD), cache
        if positions is None:
            positions = jnp.arange(tokens_BT.shape[1])[None] if segment_ids is None else default_positions(segment_ids)
        tables = make_tables(self.config, positions, segment_ids, segment_ids, 0)
        rope, mask = (jnp.asarray(entries) for entries in zip(*layer_kinds(self.config), strict=True))
        for run, layers in zip(layer_runs(self.config), self.runs, strict=True):
            own = slice(run.first, run.first + run.length)
            x_BTD, _ = layers(x_BTD, LayerKinds(rope=rope[own], mask=mask[own]), tables)
        return self.final_norm(x_BTD)

    def logits(self, hidden):
        """Hidden states [.., D] -> logits [.., V]."""
        config = self.config
        if config.tied:
            logits = matmul(hidden, transpose(self.embed.embedding), self.precision)
            if config.head_bias:
                logits = logits + self.head_bias
        else:
            logits = self.head(hidden)
        if hidden.ndim == 3:
            logits = nn.with_logical_constraint(logits, ("batch", "seq", "act_vocab"))
        if config.logit_divisor != 1:
            logits = logits / config.logit_divisor
        if config.logit_softcap:
            logits = config.logit_softcap * jnp.tanh(logits / config.logit_softcap)
        return logits

    def _cached_layers(self, x_BTD, segment_ids, positions, cache: Cache):
        """The same blocks, one by one: a scan would copy the whole cache at every step."""
        B, T, _ = x_BTD.shape
        if segment_ids is None:
            segment_ids = jnp.ones((B, T), jnp.int32)
        seen_BS = jax.lax.dynamic_update_slice(cache.segment_ids_BS, segment_ids.astype(jnp.int32), (0, cache.length))
        if positions is None:  # tokens of the row's only segment before this one
            before = (cache.segment_ids_BS > 0).sum(-1, keepdims=True)
            positions = before + jnp.maximum(jnp.cumsum(segment_ids > 0, axis=-1) - 1, 0)
        tables = make_tables(self.config, positions, segment_ids, seen_BS, cache.length)
        params, kinds = self.variables["params"], layer_kinds(self.config)
        is_split = "layer_0" in params.get("layers", {})
        layers = []
        for run in layer_runs(self.config):
            block = Block(self.config, self.precision, run.kind, parent=None)
            for i in range(run.length):
                at = run.first + i
                layer = params["layers"][f"layer_{at}"] if is_split else jax.tree.map(lambda stack, i=i: stack[i], params[run.name])
                rope, mask = kinds[at]
                x_BTD, layer_cache = block.apply({"params": layer}, x_BTD, LayerKinds(rope=rope, mask=mask), tables, cache.layers[at], cache.length)
                layers.append(layer_cache)
        return x_BTD, Cache(length=cache.length + T, segment_ids_BS=seen_BS, layers=tuple(layers))
