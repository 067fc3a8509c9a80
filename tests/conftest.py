"""For all tests: the CPU, and no silent broadcasting between arrays of different rank."""

import json
import os

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

CHAT_TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"


def publish(directory, config, *, family="llama", chat=True):
    """A Hugging Face directory as people publish them: random parameters of `config` in that family, a byte-level tokenizer, with a chat template or without, both config files."""
    import flax.linen as nn
    import jax
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, trainers

    from slm_jax.checkpoints.huggingface import export_directory
    from slm_jax.models.decoder import Decoder
    from slm_jax.models.families import huggingface_config
    from slm_jax.training.state import init_boxed_params

    ids = {"bos_id": 1, "eos_ids": (2,), "pad_id": 2}
    params = jax.jit(lambda: nn.meta.unbox(init_boxed_params(0, model=Decoder(config, "float32"))))()
    about = huggingface_config(config, family=family, dtype="float32", **ids) | {"a_key_of_its_own": "kept"}
    export_directory(directory, config=config, params=params, source_config=about, dtype="float32", **ids)
    (directory / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 0], "temperature": 0.7}))

    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(["What is the sum of north and south?", "the total of the values"] * 20, trainer)
    tokenizer.save(str(directory / "tokenizer.json"))
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>"}
    (directory / "tokenizer_config.json").write_text(json.dumps(about | ({"chat_template": CHAT_TEMPLATE} if chat else {})))
    return directory


@pytest.fixture(scope="session")
def published_model(tmp_path_factory):
    """A tiny Llama with a chat template."""
    from slm_jax.config import ModelConfig

    config = ModelConfig(layers=2, dim=32, heads=4, kv_heads=2, head_dim=8, ff_dim=48, vocab_size=320, qk_norm=False, tied=False, norm_epsilon=1e-5, context_length=128)
    return publish(tmp_path_factory.mktemp("published") / "tiny-chat", config)


@pytest.fixture(scope="session")
def publish_model():
    return publish
