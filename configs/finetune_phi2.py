"""Fine-tune Microsoft's Phi-2 (2.8 B) on spreadsheet formulas.

    python launch.py --config=configs/finetune_phi2.py            # :lora, the same
    python launch.py --config=configs/finetune_phi2.py:full

variant   hardware       time         what it is
:lora     one GPU, 24 GB not run      rank 16
:full     a TPU host     not run      everything trains; 45 GB of parameters and optimizer state

Phi-2 has no chat template: prompts stand as the domain writes them.

Another domain or your own file: --config.domain=instruct --config.data.train=mine.jsonl. A copy on disk: --config.model.init_from=DIRECTORY.
"""

from slm_jax.config import default_config
from slm_jax.errors import UserError, nearest


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "excel"
    config.model.init_from = "microsoft/phi-2"
    config.model.remat = "full"  # recomputes a layer in the backward pass: a third more work, a fraction of the memory
    config.data.prompt_format = "plain"  # it has no chat template
    config.data.sequence_length = 512
    config.data.examples = 100_000
    config.data.eval_examples = 100

    config.train.total_steps = 2000
    config.train.global_batch_size = 16
    config.schedule.name = "cosine"
    config.schedule.warmup_steps = 60
    config.schedule.final_share = 0.1
    config.optimizer.name = "adamw"
    config.optimizer.beta2 = 0.999
    config.log.every_steps = 10
    config.eval.every_steps = 250
    config.eval.examples = 32
    config.eval.final_examples = 100
    config.eval.early_stopping = 4
    config.checkpoint.every_steps = 250

    if variant in ("", "lora"):
        config.lora.rank = 16
        config.lora.alpha = 32.0
        config.lora.base_dtype = "bfloat16"  # frozen: half the memory, and what its matrix products read anyway
        config.optimizer.learning_rate = 3e-4
        config.optimizer.weight_decay = 0.0
    elif variant == "full":
        config.optimizer.learning_rate = 5e-5
        config.optimizer.weight_decay = 0.01
    else:
        raise UserError(f"finetune_phi2 has no variant '{variant}': {nearest(variant, ['lora', 'full'])}")
    return config
