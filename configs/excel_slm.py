"""The flagship: an Excel-formula model trained from scratch on examples that two spreadsheet engines agree on.

    python launch.py --config=configs/excel_slm.py

variant   hardware       time         what it is
(none)    2 CPU cores    18:07 min    1.5 M parameters; executed: iid 94 %, new_literal 87 %, new_phrasing 86 %,
                                       new_skeleton 75 %, excel_dev 34 % (seed 0; see README)
:tiny     2 CPU cores    < 1 min      a smoke test: everything runs, nothing is learnt
:base     a TPU host     not run      62 M parameters
"""

from slm_jax.config import default_config
from slm_jax.errors import UserError, nearest


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "excel"

    config.model.layers = 4
    config.model.dim = 160
    config.model.heads = 5
    config.model.kv_heads = 5
    config.model.head_dim = 32
    config.model.ff_dim = 416
    config.model.scan_unroll = 4  # no loop over layers: 15 % less CPU time a step

    config.tokenizer.vocab_size = 1536
    config.tokenizer.spacing = "copy"
    config.data.sequence_length = 256
    config.data.examples = 140_000

    config.train.total_steps = 5200
    config.train.global_batch_size = 8  # 2,048 tokens an update
    config.optimizer.name = "muon"
    config.optimizer.learning_rate = 4e-3
    config.schedule.name = "wsd"
    config.schedule.warmup_steps = 60
    config.schedule.decay_share = 0.4

    config.eval.every_steps = 500
    config.checkpoint.every_steps = 500

    if variant == "tiny":
        config.model.layers = 2
        config.model.scan_unroll = 1
        config.model.dim = 64
        config.model.heads = config.model.kv_heads = 2
        config.model.ff_dim = 128
        config.tokenizer.vocab_size = 512
        config.data.examples = 400
        config.data.eval_examples = 16
        config.train.total_steps = 40
        config.train.global_batch_size = 4
        config.schedule.warmup_steps = 5
        config.log.every_steps = 5
        config.eval.every_steps = 20
        config.eval.examples = 8
        config.eval.final_examples = 16
        config.checkpoint.every_steps = 20
    elif variant == "base":
        config.model.layers = 12
        config.model.dim = 640
        config.model.heads = config.model.kv_heads = 10
        config.model.head_dim = 64
        config.model.ff_dim = 1728
        config.model.scan_unroll = 1
        config.model.remat = "dots"
        config.tokenizer.vocab_size = 4096
        config.data.examples = 2_000_000
        config.data.sequence_length = 512
        config.train.total_steps = 30_000
        config.train.global_batch_size = 256
        config.schedule.warmup_steps = 500
        config.optimizer.learning_rate = 2e-3
        config.eval.every_steps = 2000
        config.checkpoint.every_steps = 1000
    elif variant:
        raise UserError(f"excel_slm has no variant '{variant}': {nearest(variant, ['tiny', 'base'])}")
    return config
