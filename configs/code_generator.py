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

from slm_jax import recipes
from slm_jax.config import default_config


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
        recipes.lora_on_smollm2(config, steps=300, every=100)
    elif variant == "scratch":
        recipes.small_model(config, layers=6, dim=224, ff_dim=608, pieces=2048, steps=3000, every=500)
    elif variant == "tiny":
        recipes.smoke_test(config)
    else:
        raise recipes.unknown_variant("code_generator", variant, ["scratch", "tiny"])
    return config
