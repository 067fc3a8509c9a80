"""For all tests: the CPU, and no silent broadcasting between arrays of different rank."""

import json
import os

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

CHAT_TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"


@pytest.fixture(scope="session")
def published_model(tmp_path_factory):
    """A Hugging Face directory as people publish them, but tiny: a random Llama of 2 layers, a byte-level tokenizer, a chat template, both of its config files."""
    import jax
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, trainers

    from slm_jax.checkpoints.huggingface import export_directory
    from slm_jax.config import ModelConfig
    from slm_jax.models.decoder import Decoder

    directory = tmp_path_factory.mktemp("published") / "tiny-chat"
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(["What is the sum of north and south?", "the total of the values"] * 20, trainer)
    config = ModelConfig(layers=2, dim=32, heads=4, kv_heads=2, head_dim=8, ff_dim=48, vocab_size=320, qk_norm=False, tied=False, norm_epsilon=1e-5, context_length=128)
    params = jax.jit(lambda key: Decoder(config, "float32").init(key, jax.numpy.zeros((1, 2), int))["params"])(jax.random.key(0))
    params = jax.tree.map(lambda x: x, jax.tree.map(lambda x: getattr(x, "value", x), params, is_leaf=lambda x: hasattr(x, "value")))
    export_directory(directory, config=config, params=params, source_config=None, dtype="float32", bos_id=1, eos_ids=(2,), pad_id=2)
    tokenizer.save(str(directory / "tokenizer.json"))
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>", "chat_template": CHAT_TEMPLATE}
    (directory / "tokenizer_config.json").write_text(json.dumps(about))
    config_json = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config_json | {"a_key_of_its_own": "kept"}))
    (directory / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 0], "temperature": 0.7}))
    return directory
