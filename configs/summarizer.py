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

from slm_jax import recipes
from slm_jax.config import default_config


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
        recipes.lora_on_smollm2(config, steps=300, every=100)
    elif variant == "scratch":
        recipes.small_model(config, layers=6, dim=224, ff_dim=608, pieces=2048, steps=3000, every=500)
    elif variant == "tiny":
        recipes.smoke_test(config)
    else:
        raise recipes.unknown_variant("summarizer", variant, ["scratch", "tiny"])
    return config
