"""Fine-tune Microsoft's Phi-2 (2.8 B) on spreadsheet formulas.

    python launch.py --config=configs/finetune_phi2.py            # :lora, the same
    python launch.py --config=configs/finetune_phi2.py:full

variant   hardware       time         what it is
:lora     one GPU, 24 GB not run      rank 16
:full     a TPU host     not run      everything trains; 45 GB of parameters and optimizer state

Phi-2 has no chat template: prompts stand as the domain writes them.

Another domain or your own file: --config.domain=instruct --config.data.train=mine.jsonl. A copy on disk: --config.model.init_from=DIRECTORY.
"""

from slm_jax import recipes
from slm_jax.config import default_config


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "excel"
    recipes.fine_tune(config, variant, recipe="finetune_phi2", source="microsoft/phi-2", lora_rate=3e-4, full_rate=5e-5)
    if config.lora.rank:
        config.lora.base_dtype = "bfloat16"  # frozen: half the memory on a GPU or TPU, and what its matrix products read anyway
    return config
