"""Google Sheets assistant: a question, with or without a table, to a formula in Sheets' dialect, from examples that the domain makes.

    python launch.py --config=configs/sheets_assistant.py
    python -m slm_jax.generate --checkpoint=runs/sheets_assistant "list the unique values of column B"

variant    hardware       time           what it is
(none)     not run        not measured   LoRA on SmolLM2-135M-Instruct; score not measured
:scratch   2 CPU cores    not measured   1 M parameters from scratch, sized for about 2 min; score not measured
:tiny      2 CPU cores    < 1 min        a smoke test: everything runs, nothing is learnt
"""

from slm_jax import recipes
from slm_jax.config import default_config


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "sheets"
    config.data.sequence_length = 256
    config.eval.max_tokens = 112

    if variant == "":
        recipes.lora_on_smollm2(config, steps=300, every=150)
        config.data.examples = 6_000
        config.data.eval_examples = config.eval.final_examples = 100
    elif variant == "scratch":
        recipes.small_model(config, layers=4, dim=128, ff_dim=352, pieces=1024, steps=900, every=450)
        config.data.examples = 30_000
        config.data.eval_examples = config.eval.final_examples = 150
    elif variant == "tiny":
        recipes.smoke_test(config)
    else:
        raise recipes.unknown_variant("sheets_assistant", variant, ["scratch", "tiny"])
    return config
