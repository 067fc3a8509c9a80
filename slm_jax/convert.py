"""Take a model to where it is served, or bring one in: `python -m slm_jax.convert --from=SRC --to=DIR [--format=huggingface|slm_jax|peft]`.

SRC is anything that `slm_jax.load` opens: a run's directory (its best checkpoint), one checkpoint, a Hugging Face directory or hub name, a .gguf file, package:NAME.
"huggingface" writes a directory that `transformers` loads, adapters merged; "slm_jax" one that looks like a run with one checkpoint; "peft" the adapters alone.
The last line on stdout is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import math
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from slm_jax.cli import OneLineParser
from slm_jax.errors import UserError, front_door


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = OneLineParser(prog="python -m slm_jax.convert", description="Write a model in another format.")
    parser.add_argument("--from", required=True, dest="source", help="a run, one checkpoint, a Hugging Face directory or hub name, a .gguf file, package:NAME")
    parser.add_argument("--to", required=True, dest="target", help="the directory to write; it must not exist, or be empty")
    parser.add_argument("--format", choices=("huggingface", "slm_jax", "peft"), default="huggingface")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="of the tensors in a Hugging Face directory; float32 loses nothing")
    return parser.parse_args(argv)


@front_door
def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    started = time.monotonic()
    target = Path(arguments.target).expanduser().resolve()
    check_target(target)
    from slm_jax.checkpoints.source import open_source
    from slm_jax.models.host_memory import keep_freed_memory

    keep_freed_memory()
    source = open_source(arguments.source)
    print(f"reading {source.where}", file=sys.stderr)
    params = adapters_of(source) if arguments.format == "peft" else source.read_params()
    print(f"writing {target}", file=sys.stderr)
    with _whole_or_nothing(target) as making:
        match arguments.format:
            case "huggingface":
                notes = write_huggingface(making, source, params, dtype=arguments.dtype)
            case "slm_jax":
                notes = write_checkpoint(making, source, params)
            case "peft":
                notes = write_adapters(making, source, params)
    for note in notes:
        print(note, file=sys.stderr)
    parameters = _count(params)
    print(json.dumps({"from": str(source.where), "to": str(target), "format": arguments.format, "parameters": parameters, "seconds": round(time.monotonic() - started, 1)}))


def check_target(target: Path) -> None:
    """Raises UserError for a directory that has something in it, and for a file."""
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UserError(f"--to={target} {'is not empty' if target.is_dir() else 'is a file'}: write a directory that does not exist yet")
    except OSError as error:
        raise UserError(f"--to={target} cannot be read: {error.strerror}") from None


@contextlib.contextmanager
def _whole_or_nothing(target: Path) -> Iterator[Path]:
    """A directory beside `target` that gets its name when all is written, and is removed if it fails. Raises UserError where it cannot be made."""
    making = target.with_name(f".{target.name}.making-{os.getpid()}")
    try:
        making.mkdir(parents=True)
        yield making
        if target.exists():
            target.rmdir()
        making.rename(target)
    except OSError as error:
        raise UserError(f"--to={target} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def write_huggingface(target: Path, source, params, *, dtype: str) -> list[str]:
    """`params` of `source` as a Hugging Face directory; lines to be said. Raises UserError for a model that no family describes, and where nothing can be written."""
    from slm_jax.checkpoints.huggingface import export_directory
    from slm_jax.data.tokenizer_export import export_tokenizer

    config, tokenizer = source.config, source.tokenizer
    length = config.model.context_length or config.data.sequence_length
    ids = {"bos_id": tokenizer.bos_id, "eos_ids": tokenizer.stop_ids, "pad_id": tokenizer.pad_id}
    model = dataclasses.replace(config.model, context_length=length)
    notes = export_directory(target, config=model, params=params, source_config=source.huggingface.get("config.json"), dtype=dtype, **ids)
    notes += export_tokenizer(tokenizer, target, context_length=length)
    if "generation_config.json" in source.huggingface:  # the published model's own: it may have more than the ids
        (target / "generation_config.json").write_text(json.dumps(source.huggingface["generation_config.json"], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return notes


def write_checkpoint(target: Path, source, params) -> list[str]:
    """`params` of `source` as a run's directory with one checkpoint, of step 0, to load or to begin from."""
    from slm_jax.checkpoints.directory import claim_run_directory
    from slm_jax.checkpoints.orbax_store import CheckpointStore
    from slm_jax.checkpoints.source import keep_source_files
    from slm_jax.config import to_dict
    from slm_jax.training.state import TrainState

    claim_run_directory(target, source.config)
    source.tokenizer.save(target / "tokenizer")
    source_dir = keep_source_files(source, target)
    with CheckpointStore(target, source.config.checkpoint) as store:
        state = TrainState(step=0, params=params, opt_state=None)
        store.save(0, state, config_dict=to_dict(source.config), tokenizer_dir=target / "tokenizer", source_dir=source_dir, metrics={}, best_value=None)
    return []


def adapters_of(source):
    """What trained in a LoRA run, as it is. Raises UserError for anything else."""
    if source.trained is None or not source.trained.lora.rank:
        raise UserError(f"{source.where} has no adapters: write a run with config.lora.rank above 0, or --format=huggingface")
    return source.read_trained()


def write_adapters(target: Path, source, params) -> list[str]:
    """`params`, what trained in a LoRA run, as a directory for PEFT."""
    from slm_jax.checkpoints.peft import write_peft
    from slm_jax.checkpoints.source import family_of

    trained = source.trained
    return write_peft(target, params=params, config=source.config.model, lora=trained.lora, family=family_of(source), base_name=trained.model.init_from)


def _count(params) -> int:
    import jax

    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))


if __name__ == "__main__":
    main()
