"""The training loop. Read it top to bottom: build -> restore -> [step, log, eval, save] -> report."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Mapping
from pathlib import Path

import jax

from slm_jax.checkpoints.directory import claim_run_directory
from slm_jax.checkpoints.orbax_store import CheckpointStore, restore_or_init, restore_params
from slm_jax.checkpoints.source import SOURCE_DIRECTORY, begin_from
from slm_jax.config import Config, ModelConfig, parse_config, to_dict
from slm_jax.data.batches import Batches, prefetch
from slm_jax.data.prepare import prepare
from slm_jax.data.tokenizer import Tokenizer
from slm_jax.domains import get_domain
from slm_jax.errors import UserError
from slm_jax.evaluate import Evaluator, SplitResult
from slm_jax.interrupt import StopRequest
from slm_jax.models.decoder import Decoder
from slm_jax.models.host_memory import keep_freed_memory
from slm_jax.reporting.report import Report
from slm_jax.training.optimizer import make_optimizer
from slm_jax.training.parallel import Parallel, make_parallel, set_cache_dir
from slm_jax.training.schedule import make_schedule
from slm_jax.training.state import TrainState, Tuning, count_parameters
from slm_jax.training.step import row_report, train_step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What a run came to."""

    directory: Path
    steps: int  # updates done so far, over all starts
    best_checkpoint: Path | None
    results: list[SplitResult]  # of the best checkpoint, on every split; empty if the run was stopped before its end
    stopped_by: str | None  # the signal that ended it early


def run(config: Config | Mapping, workdir: str | os.PathLike, *, command: str = "") -> Run:
    """Train `config` in `workdir`, or go on where an earlier start of the same configuration stopped. Raises UserError for what the user can mend.

    `command` is how to start it again, for the message of a run that was stopped.
    """
    config = config if isinstance(config, Config) else parse_config(config)
    workdir = Path(os.path.abspath(os.path.expanduser(workdir)))
    beginning = begin_from(config, workdir)  # config.model.init_from: sizes, tokenizer and parameters are those of another model
    config, source = beginning.config, beginning.source
    harmless = claim_run_directory(workdir, config)
    set_cache_dir(os.path.join(config.data.cache_dir, "compiled"))
    keep_freed_memory()

    with Report(workdir, config=config) as report, StopRequest() as stop, CheckpointStore(workdir, config.checkpoint) as store:
        # ---- build: examples -> tokenizer -> rows; model, optimizer, devices ----
        parallel = make_parallel(config.parallel)
        parallel.check_rows(global_batch_size=config.train.global_batch_size, accumulation_steps=config.train.accumulation_steps)
        domain = get_domain(config.domain)
        given = source.tokenizer if source else None
        prepared = prepare(config, domain=domain, tokenizer_directory=workdir / "tokenizer", given=given, progress=report.progress)
        splits, tokenizer, rows = prepared.splits, prepared.tokenizer, prepared.rows
        batches = Batches(rows, global_batch_size=config.train.global_batch_size, seed=config.seed)

        model = Decoder(sized(config.model, tokenizer), config.precision)
        schedule = make_schedule(config.schedule, peak=config.optimizer.learning_rate, total_steps=config.train.total_steps)
        tx = make_optimizer(config.optimizer, schedule, precision=config.precision)
        tuning = Tuning.of(config)  # what of the model trains
        evaluator = Evaluator(splits.evaluation, config=config, domain=domain, tokenizer=tokenizer, model=model, parallel=parallel)

        # ---- restore: own checkpoints, else init_from, else scratch (the ladder is in checkpoints/orbax_store.py) ----
        restored = restore_or_init(
            store,
            init_state=functools.partial(_first_state, parallel=parallel, seed=config.seed, model=model, tx=tx, tuning=tuning),
            abstract_state=parallel.abstract_state(model=model, tx=tx, tuning=tuning),
            abstract_params=parallel.abstract_params(model=model),
            source=source,
        )
        state = restored.state
        first_step = int(state.step)

        # ---- compile ----
        make_batch = functools.partial(_train_batch, batches)
        sizes = {"accumulation_steps": config.train.accumulation_steps, "loss_chunk_tokens": config.train.loss_chunk_tokens}
        step_function = functools.partial(train_step, model=model, tx=tx, seed=config.seed, **sizes)
        step = parallel.compile_train_step(step_function, state=state, batch=make_batch(first_step))

        report.start(
            parallel=parallel,
            params=state.params,
            step=step,
            tokens_per_step=config.train.global_batch_size * config.data.sequence_length,
            first_step=first_step,
            facts={
                "training rows": f"{rows.report.rows:,} of {config.data.sequence_length} tokens with {rows.report.examples:,} examples, {1 - rows.report.fill_share:.1%} padding",
                "evaluation": ", ".join(f"{name} {len(examples):,}" for name, examples in splits.evaluation.items()),
                "trains": _share_that_trains(state),
                "starts from": f"{restored.source}{f' {restored.directory}' if restored.directory else ''}, step {first_step} of {config.train.total_steps}",
            },
            notes=[*harmless, *beginning.notes, *prepared.notes, *evaluator.notes, *restored.notes],
        )

        def evaluate_and_save(done: int) -> None:
            """Measure the state after `done` updates where that is due, and save it."""
            results = []
            if done % config.eval.every_steps == 0 or done == config.train.total_steps:
                results = evaluator.run(state.all_params, examples=config.eval.examples, progress=report.progress)
                report.evaluation(done, results)
            store.save(
                done,
                state,
                config_dict=to_dict(config),
                tokenizer_dir=workdir / "tokenizer",
                source_dir=workdir / SOURCE_DIRECTORY,
                base=restored.base,
                metrics={f"{r.name}/loss": r.loss for r in results},
                best_value=_best_value(results),
            )

        # ---- the loop: batch i is a function of (seed, i), so there is nothing to rewind ----
        read = functools.partial(_read_metrics, config=config, schedule=schedule, report=report, parallel=parallel, model=model, batches=batches)
        unread = None  # metrics of the step before: read while the next one runs, so that the devices never wait for the host
        enough = functools.partial(_no_longer_better, store, config)
        steps = range(first_step, first_step if enough(first_step) else config.train.total_steps)
        for i, batch in zip(steps, prefetch(lambda i: parallel.put_batch(make_batch(i)), steps.start, steps.stop), strict=True):
            state, metrics = step(state, batch)
            if unread is not None:
                read(unread, done=i, state=state)
            unread, done, stopping = metrics, i + 1, stop.signal
            if stopping or done == config.train.total_steps or done % config.eval.every_steps == 0 or done % config.checkpoint.every_steps == 0:
                read(unread, done=done, state=state)
                unread = None
                with report.pause():
                    evaluate_and_save(done)
            store.check()
            if stopping or (done % config.eval.every_steps == 0 and enough(done)):
                break

        # ---- report: the best checkpoint on every split ----
        done = int(state.step)
        best = store.best()
        if done < config.train.total_steps and not enough(done):
            report.stopped(stop.signal, done, command=command)
            return Run(directory=workdir, steps=done, best_checkpoint=best, results=[], stopped_by=stop.signal)
        if done < config.train.total_steps:
            report.stopped_early(done, best=store.best_since)
        if best.name != str(done):
            state = state.replace(params=restore_params(best, jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), state.params)))
        results = evaluator.run(state.all_params, examples=config.eval.final_examples, progress=report.progress)
        report.close_run(results, best_checkpoint=best)
        return Run(directory=workdir, steps=done, best_checkpoint=best, results=results, stopped_by=None)


def _no_longer_better(store: CheckpointStore, config: Config, done: int) -> bool:
    """Whether config.eval.early_stopping evaluations in a row, up to the one after `done` updates, were no better than an earlier one."""
    patience = config.eval.early_stopping * config.eval.every_steps
    return bool(patience) and store.best_since is not None and done - store.best_since >= patience


def _share_that_trains(state: TrainState) -> str:
    trained, of_all = count_parameters(state.params), count_parameters(state.all_params)
    return f"{trained:,} of {of_all:,} parameters ({trained / of_all:.2%})"


def _first_state(params, *, parallel: Parallel, seed: int, model: Decoder, tx, tuning: Tuning) -> TrainState:
    """The state before the first update: of these parameters or, for None, of fresh ones."""
    if params is None:
        return parallel.init_state(seed, model=model, tx=tx, tuning=tuning)
    return parallel.state_from_params(params, model=model, tx=tx, tuning=tuning)


def sized(model: ModelConfig, tokenizer: Tokenizer) -> ModelConfig:
    """The model's configuration with its vocabulary filled in. Raises UserError for one that is too small for the tokenizer."""
    if model.vocab_size == 0:
        return dataclasses.replace(model, vocab_size=-(-tokenizer.vocab_size // 64) * 64)
    if model.vocab_size < tokenizer.vocab_size:
        raise UserError(f"config.model.vocab_size={model.vocab_size} is less than the tokenizer's {tokenizer.vocab_size} pieces: write that number or more, or 0")
    return model


def _train_batch(batches: Batches, i: int) -> dict:
    batch = batches.batch(i)
    del batch["target_bytes"]  # for evaluation only
    return batch


def _best_value(results: list[SplitResult]) -> float | None:
    """What the best checkpoint is chosen by, larger is better: the domain's first rate, the mean over the splits; the negative loss where nothing is judged."""
    if not results:
        return None
    rates = [result.first_rate for result in results if result.first_rate is not None]
    return sum(rates) / len(rates) if rates else -results[0].loss


def _read_metrics(metrics, *, done: int, state: TrainState, config: Config, schedule, report: Report, parallel: Parallel, model: Decoder, batches: Batches) -> None:
    """Log the metrics of update `done` where that is due. Raises UserError if it was not finite, naming the step and the rows."""
    if not bool(metrics["finite"]):
        batch = _train_batch(batches, done - 1)
        rows = parallel.row_report(functools.partial(row_report, model=model, loss_chunk_tokens=config.train.loss_chunk_tokens), state=state, batch=batch)
        indices = batches.row_indices(done - 1)
        bad = [index for index, loss, norm in zip(indices, rows.loss, rows.grad_norm, strict=True) if not (math.isfinite(loss) and math.isfinite(norm))]
        which = f"packed rows {bad}" if bad else f"no row by itself, but the batch of packed rows {indices}"
        raise UserError(
            f"step {done}: the loss or its gradient is not finite, caused by {which}; the parameters were left as they were and earlier checkpoints are intact: "
            f"lower config.optimizer.learning_rate={config.optimizer.learning_rate}, or set config.precision=float32, in another --workdir"
        )
    if done % config.log.every_steps == 0 or done in (1, config.train.total_steps):
        report.step(done, parallel.to_host(metrics), learning_rate=float(schedule(done - 1)), epoch=batches.epoch(done))
