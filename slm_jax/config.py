"""Every field of a run's configuration: its type, its unit, its check. Nothing below this file has a default of its own.

A recipe in `configs/` starts from `default_config()`, an ml_collections ConfigDict that mirrors the dataclasses here, and changes fields of it.
`parse_config` turns it back into the frozen dataclasses that the rest of the code reads; a wrong key, type or value is a `UserError` that says what to write instead.
"""

from __future__ import annotations

import dataclasses
import pathlib
import pkgutil
from collections.abc import Mapping

from slm_jax import config_tree
from slm_jax.config_tree import at_least, expression, one_of
from slm_jax.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The decoder's shape. One set of knobs describes every family (see models/decoder.py)."""

    init_from: str = ""  # a run, one checkpoint, a Hugging Face directory or hub name, a .gguf file: parameters, sizes and tokenizer are taken from it; empty = from scratch
    vocab_size: int = 0  # rows of the embedding; 0 = the tokenizer's size, rounded up to a multiple of 64
    layers: int = 4
    dim: int = 160  # width of the residual stream
    heads: int = 5  # query heads
    kv_heads: int = 5  # key/value heads; fewer than `heads` = grouped-query attention
    head_dim: int = 32
    ff_dim: int = 416  # inner width of the MLP
    norm: str = "rms"  # "rms" | "layer"
    norm_epsilon: float = 1e-6
    norm_plus_one: bool = False  # the stored scale is an offset from 1 (Gemma)
    post_norms: bool = False  # also normalise what attention and MLP return (Gemma 3)
    parallel_block: bool = False  # attention and MLP read the same normalised input (Phi)
    qk_norm: bool = True  # normalise queries and keys per head, before the rotary embedding
    qkv_bias: bool = False
    out_bias: bool = False
    mlp_bias: bool = False
    head_bias: bool = False
    gated: bool = True  # activation(gate) * up, else a plain two-matrix MLP
    activation: str = "silu"  # "silu" | "gelu" | "gelu_tanh"
    rope_theta: float = 10_000.0
    rope_fraction: float = 1.0  # share of each head's dimensions, the first ones, that are rotated
    rope_scaling: tuple[float, ...] = ()  # of the layers with rope_theta: (factor,) linear; (factor, low, high, original context) as Llama 3.1; empty = none
    layer_rope_thetas: tuple[float, ...] = ()  # one a layer, 0 = no positions there; empty = rope_theta everywhere
    layer_windows: tuple[int, ...] = ()  # one a layer: tokens seen back, itself counted, 0 = all; empty = all
    layer_types: tuple[str, ...] = ()  # one a layer: "attention" | "mamba" (Mamba2); empty = attention everywhere
    mamba_heads: int = 0  # the mamba fields are read only if a layer is of that type
    mamba_head_dim: int = 0
    mamba_state_dim: int = 0
    mamba_groups: int = 1  # heads of a group share B and C, and are normalised together
    mamba_conv_width: int = 4  # taps of the causal convolution, the current token counted
    mamba_conv_bias: bool = True
    mamba_proj_bias: bool = False
    attention_scale: float = 0.0  # multiplies query.key; 0 = 1/sqrt(head_dim)
    embed_multiplier: float = 1.0
    residual_multiplier: float = 1.0
    logit_divisor: float = 1.0
    logit_softcap: float = 0.0  # cap * tanh(logits / cap); 0 = off
    tied: bool = True  # the head is the embedding's transpose
    context_length: int = 0  # tokens, prompt and answer together, that a pretrained model was made for; 0 = data.sequence_length
    initializer_std: float = 0.02
    remat: str = "none"  # what the backward pass recomputes: "none" | "dots" (keep matmul results) | "full"
    scan_unroll: int = 1  # layers per iteration of the loop over layers; `layers` = no loop (faster on CPU, slower to compile)

    def check(self) -> None:
        one_of("model.norm", self.norm, ("rms", "layer"))
        one_of("model.activation", self.activation, ("silu", "gelu", "gelu_tanh"))
        one_of("model.remat", self.remat, ("none", "dots", "full"))
        for name in ("layers", "dim", "heads", "kv_heads", "head_dim", "ff_dim", "scan_unroll"):
            at_least(f"model.{name}", getattr(self, name), 1)
        at_least("model.vocab_size", self.vocab_size, 0)
        at_least("model.context_length", self.context_length, 0)
        for kind in self.layer_types:
            one_of("model.layer_types", kind, ("attention", "mamba"))
        if "mamba" in self.layer_types:
            for name in ("mamba_heads", "mamba_head_dim", "mamba_state_dim", "mamba_groups", "mamba_conv_width"):
                at_least(f"model.{name}", getattr(self, name), 1)
            if self.mamba_heads % self.mamba_groups:
                raise UserError(f"config.model.mamba_heads={self.mamba_heads} must be a multiple of config.model.mamba_groups={self.mamba_groups}")
        if self.heads % self.kv_heads:
            raise UserError(f"config.model.heads={self.heads} must be a multiple of config.model.kv_heads={self.kv_heads}")
        if not 0 < self.rope_fraction <= 1:
            raise UserError(f"config.model.rope_fraction={self.rope_fraction}: write a share above 0 and up to 1")
        if int(self.head_dim * self.rope_fraction) % 2:
            raise UserError(f"config.model.head_dim={self.head_dim}: the rotated part must be even; write an even number")
        if len(self.rope_scaling) not in (0, 1, 4):
            raise UserError("config.model.rope_scaling: write (factor,), (factor, low, high, original context), or () for none")
        for name in ("layer_rope_thetas", "layer_windows", "layer_types"):
            if len(getattr(self, name)) not in (0, self.layers):
                raise UserError(f"config.model.{name} has {len(getattr(self, name))} entries: write one for each of the {self.layers} layers, or ()")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """The SentencePiece tokenizer that a from-scratch run trains on its own training split."""

    vocab_size: int = 1024  # pieces asked for; a corpus too small for it gets as many as it carries, and the run says so
    model_type: str = "bpe"  # "bpe" | "unigram"
    spacing: str = "plain"  # "plain" | "copy": a word has the same pieces after a space and after a quote or bracket, so that copying is easier to learn
    train_lines: int = 50_000  # at most this many training texts are read to learn the pieces

    def check(self) -> None:
        one_of("tokenizer.model_type", self.model_type, ("bpe", "unigram"))
        one_of("tokenizer.spacing", self.spacing, ("plain", "copy"))
        at_least("tokenizer.vocab_size", self.vocab_size, 300)  # 256 bytes, the control and the protected symbols
        at_least("tokenizer.train_lines", self.train_lines, 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Where examples come from, and how they become rows of tokens."""

    train: str = ""  # a file of examples, a pattern of files, a directory or a dataset's name (data/files.py); empty = the domain makes its own
    validation: str = ""  # as `train`; empty = the domain's own splits, or a slice of `train`
    mixture: tuple[str, ...] = ()  # instruct domain: several of what `train` takes, in place of it
    mixture_weights: tuple[float, ...] = ()  # share of the training examples that each of `mixture` gives, in any unit; empty = all that each has, once
    streaming: bool = False  # instruct domain: examples are read from disk in several passes and never held all at once
    near_duplicates: str = "report"  # instruct domain: training examples that are nearly a validation example: "report" | "drop"
    instruction_column: str = "instruction"
    input_column: str = "input"  # what the instruction is about, where rows have it: put below the instruction
    response_column: str = "response"  # "formula" is accepted too
    messages_column: str = "messages"  # rows without an instruction: a chat, [{"role", "content"}, ...]; "conversations" with "from" and "value" is accepted too
    table_column: str = "table"
    text_column: str = "text"  # plain-text domain: the column of a JSONL file that holds a document
    validation_share: float = 0.02  # slice of `train` held out by content hash when `validation` is empty
    examples: int = 120_000  # training examples that the domain makes when `train` is empty
    eval_examples: int = 300  # examples in each evaluation split that the domain makes
    sequence_length: int = 256  # tokens in a row; several examples share a row and never see each other
    prompt_loss_weight: float = 0.0  # loss weight of a prompt token; an answer token has 1
    prompt_format: str = "auto"  # "chat": the prompt stands in the tokenizer's chat template; "plain": as the domain writes it; "auto": chat where there is a template
    system_prompt: str = ""  # the chat's system message; empty = the template's own, if any
    over_length: str = "drop"  # an example longer than a row: "drop" | "truncate" | "error"
    workers: int = 0  # processes that make examples; 0 = one a core
    cache_dir: str = ".cache/slm_jax"  # made data, packed rows and compiled steps, by content hash

    def check(self) -> None:
        one_of("data.prompt_format", self.prompt_format, ("auto", "plain", "chat"))
        one_of("data.over_length", self.over_length, ("drop", "truncate", "error"))
        one_of("data.near_duplicates", self.near_duplicates, ("report", "drop"))
        if self.mixture and self.train:
            raise UserError("config.data.mixture and config.data.train are both set: write all training data into config.data.mixture, and '' for config.data.train")
        if self.mixture_weights and len(self.mixture_weights) != len(self.mixture):
            wanted = f"write one weight for each of the {len(self.mixture)} parts of config.data.mixture, or ()"
            raise UserError(f"config.data.mixture_weights has {len(self.mixture_weights)} entries: {wanted}")
        if not all(0 < weight < float("inf") for weight in self.mixture_weights):
            raise UserError(f"config.data.mixture_weights={self.mixture_weights}: write numbers above 0")
        at_least("data.sequence_length", self.sequence_length, 8)
        at_least("data.examples", self.examples, 1)
        at_least("data.eval_examples", self.eval_examples, 1)
        at_least("data.workers", self.workers, 0)
        if not 0 <= self.prompt_loss_weight <= 1:
            raise UserError(f"config.data.prompt_loss_weight={self.prompt_loss_weight}: write a weight from 0 to 1")
        if not 0 < self.validation_share < 1:
            raise UserError(f"config.data.validation_share={self.validation_share}: write a share between 0 and 1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    total_steps: int = 1000  # optimizer updates
    global_batch_size: int = 8  # rows in an update, over all devices and micro-batches
    accumulation_steps: int = 1  # micro-batches that an update is summed over; the result does not depend on it
    loss_chunk_tokens: int = 256  # positions of a row whose logits exist at once
    trainable: str = ""  # regular expression of whole names in a parameter's path ("layers/mlp/up/kernel"): only these train, e.g. "mlp|head"; empty = all

    def check(self) -> None:
        expression("train.trainable", self.trainable)
        for name in ("total_steps", "global_batch_size", "accumulation_steps", "loss_chunk_tokens"):
            at_least(f"train.{name}", getattr(self, name), 1)
        if self.global_batch_size % self.accumulation_steps:
            raise UserError(f"config.train.global_batch_size={self.global_batch_size} does not divide by config.train.accumulation_steps={self.accumulation_steps}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """Low-rank adapters (arXiv:2106.09685): x W becomes x W + scale (x A) B; A and B train, W and all else is frozen.

    The expressions are searched for whole names in a path: "mlp" and "mlp/up" are in "layers/mlp/up", "p" is not.
    """

    rank: int = 0  # columns of A; 0 = no adapters, everything trains
    alpha: float = 16.0  # scale = alpha / rank
    rslora: bool = False  # scale = alpha / sqrt(rank) (arXiv:2312.03732): learning does not slow down with the rank
    dora: bool = False  # also train the length of each of W's columns (arXiv:2402.09353)
    dropout: float = 0.0  # share of the adapters' inputs that are zeroed in training
    targets: str = "attention/(q|k|v|o)|mlp/(gate|up|down)|mamba/(in_proj|out_proj)"  # regular expression of the matrices that get an adapter
    train_also: str = ""  # regular expression of parameters that train in full besides, e.g. "embed|head"
    base_dtype: str = "float32"  # how frozen matrices and embeddings are held: "float32" | "bfloat16": half the memory; on a CPU more, as XLA converts them back

    def check(self) -> None:
        at_least("lora.rank", self.rank, 0)
        if not self.alpha > 0:
            raise UserError(f"config.lora.alpha={self.alpha}: write a number above 0")
        if not 0 <= self.dropout < 1:
            raise UserError(f"config.lora.dropout={self.dropout}: write a share from 0 up to, not including, 1")
        one_of("lora.base_dtype", self.base_dtype, ("float32", "bfloat16"))
        expression("lora.targets", self.targets)
        expression("lora.train_also", self.train_also)
        if self.rank and not self.targets:
            raise UserError("config.lora.targets is empty: write the matrices that get an adapter, for example attention/(q|v)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    name: str = "adamw"  # "adamw" | "adam" | "adafactor" | "lion" | "muon"
    learning_rate: float = 1e-3  # the schedule's peak
    beta1: float = 0.9
    beta2: float = 0.98
    epsilon: float = 1e-8
    weight_decay: float = 0.1  # on matrices only; embeddings, norms and biases do not decay
    clip_norm: float = 1.0  # global gradient norm; 0 = no clipping
    momentum: float = 0.95  # Muon's, on the matrices; the rest of a Muon run is AdamW

    def check(self) -> None:
        one_of("optimizer.name", self.name, ("adamw", "adam", "adafactor", "lion", "muon"))
        if not self.learning_rate > 0:
            raise UserError(f"config.optimizer.learning_rate={self.learning_rate}: write a number above 0")
        for name in ("beta1", "beta2", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"config.optimizer.{name}={getattr(self, name)}: write a number from 0 up to, not including, 1")
        for name in ("epsilon", "weight_decay", "clip_norm"):
            if getattr(self, name) < 0:
                raise UserError(f"config.optimizer.{name}={getattr(self, name)}: write a number of 0 or more")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    name: str = "wsd"  # "constant" | "linear" | "cosine" | "wsd" (warm-up, stable, decay)
    warmup_steps: int = 60
    decay_share: float = 0.4  # wsd: the last share of the steps, over which the rate falls
    final_share: float = 0.0  # the last rate, as a share of the peak

    def check(self) -> None:
        one_of("schedule.name", self.name, ("constant", "linear", "cosine", "wsd"))
        at_least("schedule.warmup_steps", self.warmup_steps, 0)
        for name in ("decay_share", "final_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"config.schedule.{name}={getattr(self, name)}: write a share from 0 to 1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshConfig:
    """Sizes of the device mesh; the product is the number of devices. 0 (one axis only) = all that are left."""

    data: int = 0
    fsdp: int = 1
    tensor: int = 1

    def check(self) -> None:
        for name in ("data", "fsdp", "tensor"):
            at_least(f"parallel.mesh.{name}", getattr(self, name), 0)
        if (self.data, self.fsdp, self.tensor).count(0) > 1:
            raise UserError("config.parallel.mesh: only one of data, fsdp and tensor may be 0 (= all devices that are left)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParallelConfig:
    mode: str = "pmap"  # "pmap" (the state on every device) | "mesh" (the state sharded over data x fsdp x tensor)
    mesh: MeshConfig = MeshConfig()

    def check(self) -> None:
        one_of("parallel.mode", self.mode, ("pmap", "mesh"))


@dataclasses.dataclass(frozen=True, kw_only=True)
class CheckpointConfig:
    every_steps: int = 500
    keep_latest: int = 2  # the best checkpoint is kept besides

    def check(self) -> None:
        at_least("checkpoint.every_steps", self.every_steps, 1)
        at_least("checkpoint.keep_latest", self.keep_latest, 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvalConfig:
    every_steps: int = 500
    examples: int = 64  # examples of each split that are answered and scored during training; the loss takes them all
    samples: int = 3  # question and answer pairs shown
    final_examples: int = 300  # examples of each split that are answered and scored at the end
    batch_size: int = 32  # prompts answered at once
    max_tokens: int = 96  # longest answer
    early_stopping: int = 0  # end after so many evaluations in a row that are no better than the best one; 0 = go on to train.total_steps

    def check(self) -> None:
        for name in ("every_steps", "examples", "final_examples", "batch_size", "max_tokens"):
            at_least(f"eval.{name}", getattr(self, name), 1)
        at_least("eval.samples", self.samples, 0)
        at_least("eval.early_stopping", self.early_stopping, 0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LogConfig:
    every_steps: int = 20

    def check(self) -> None:
        at_least("log.every_steps", self.every_steps, 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    seed: int = 0
    domain: str = "excel"  # a module of slm_jax/domains: "excel" | "sheets" | "code" | "summary" | "prices" | "instruct" | "text", or one of your own there
    precision: str = "bfloat16"  # of matmul operands: "bfloat16" | "float32". Sums, parameters and optimizer are float32 always
    model: ModelConfig = ModelConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    data: DataConfig = DataConfig()
    train: TrainConfig = TrainConfig()
    lora: LoraConfig = LoraConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    parallel: ParallelConfig = ParallelConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    eval: EvalConfig = EvalConfig()
    log: LogConfig = LogConfig()

    def check(self) -> None:
        one_of("domain", self.domain, domain_names())
        one_of("precision", self.precision, ("bfloat16", "float32"))
        at_least("seed", self.seed, 0)
        if self.domain != "instruct" and (self.data.mixture or self.data.streaming):
            raise UserError("config.data.mixture and config.data.streaming are for config.domain='instruct': take them out, or write that domain")
        if self.lora.rank and self.train.trainable:
            raise UserError(f"config.train.trainable={self.train.trainable!r} is for training without adapters: write it as config.lora.train_also, or set config.lora.rank=0")
        if self.schedule.warmup_steps > self.train.total_steps:
            raise UserError(f"config.schedule.warmup_steps={self.schedule.warmup_steps} is more than config.train.total_steps={self.train.total_steps}")


def default_config():
    """All defaults as a locked `ml_collections.ConfigDict`, for the files in configs/ to change."""
    from ml_collections import ConfigDict

    config = ConfigDict(to_dict(Config()))
    config.lock()
    return config


def to_dict(config) -> dict:
    """A dataclass of this file as plain dicts and tuples."""
    return dataclasses.asdict(config)


def parse_config(tree: Mapping) -> Config:
    """A ConfigDict or a dict (as read from config.json) as a checked `Config`. Raises UserError; missing fields keep their defaults."""
    config = config_tree.parse(Config, tree.to_dict() if hasattr(tree, "to_dict") else tree, "config")
    config_tree.check(config)
    return config


def known_keys() -> list[str]:
    """Every dotted key, 'config.train.total_steps' and so on."""
    return config_tree.keys(Config, "config")


def differences(old: Config, new: Config) -> list[str]:
    """Lines 'config.key: old -> new' for every field in which two configurations differ."""
    return config_tree.differences(to_dict(old), to_dict(new), "config")


def domain_names() -> tuple[str, ...]:
    """The modules of slm_jax/domains: to add one is to add a file."""
    modules = pkgutil.iter_modules([str(pathlib.Path(__file__).parent / "domains")])
    return tuple(sorted(module.name for module in modules if module.name != "base"))
