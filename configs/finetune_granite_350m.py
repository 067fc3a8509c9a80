"""Fine-tune IBM's Granite 4.0 350M on spreadsheet formulas.

    python launch.py --config=configs/finetune_granite_350m.py            # :lora, the same
    python launch.py --config=configs/finetune_granite_350m.py:full

variant   hardware       time         what it is
:lora     one GPU        not run      rank 16; runs on a CPU too, slowly
:full     one GPU, 16 GB not run      everything trains

The hybrid with Mamba2 is --config.model.init_from=ibm-granite/granite-4.0-h-350m.

Another domain or your own file: --config.domain=instruct --config.data.train=mine.jsonl. A copy on disk: --config.model.init_from=DIRECTORY.
"""

from slm_jax import recipes
from slm_jax.config import default_config


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "excel"
    recipes.fine_tune(config, variant, recipe="finetune_granite_350m", source="ibm-granite/granite-4.0-350m", lora_rate=5e-4, full_rate=1e-4)
    if config.lora.rank:
        config.lora.base_dtype = "bfloat16"  # frozen: half the memory on a GPU or TPU, and what its matrix products read anyway
    return config
