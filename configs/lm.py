"""Plain-text pre-training on your own files.

    python launch.py --config=configs/lm.py --config.data.train='books/*.txt'
    python launch.py --config=configs/lm.py --config.data.train=documents.jsonl --config.data.text_column=text

variant   hardware       time         what it is
(none)    2 CPU cores    your choice  6 M parameters; set --config.train.total_steps
:tiny     2 CPU cores    < 1 min      a smoke test
"""

from slm_jax.config import default_config
from slm_jax.errors import UserError, nearest


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "text"

    config.model.layers = 6
    config.model.dim = 256
    config.model.heads = config.model.kv_heads = 4
    config.model.head_dim = 64
    config.model.ff_dim = 688

    config.tokenizer.vocab_size = 4096
    config.data.sequence_length = 512
    config.data.over_length = "truncate"

    config.train.total_steps = 2000
    config.train.global_batch_size = 8
    config.optimizer.name = "adamw"
    config.optimizer.learning_rate = 1e-3
    config.schedule.name = "cosine"
    config.schedule.warmup_steps = 100
    config.schedule.final_share = 0.1

    if variant == "tiny":
        config.model.layers = 2
        config.model.dim = 64
        config.model.heads = config.model.kv_heads = 2
        config.model.head_dim = 32
        config.model.ff_dim = 128
        config.tokenizer.vocab_size = 400
        config.data.sequence_length = 64
        config.train.total_steps = 30
        config.train.global_batch_size = 4
        config.schedule.warmup_steps = 5
        config.log.every_steps = 5
        config.eval.every_steps = 15
        config.checkpoint.every_steps = 15
    elif variant:
        raise UserError(f"lm has no variant '{variant}': {nearest(variant, ['tiny'])}")
    return config
