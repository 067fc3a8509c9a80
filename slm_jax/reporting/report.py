"""All that a run says, in one place: start page, live line, evaluations, closing table; on the terminal, in metrics.jsonl and event files, in curves.svg and result.json."""

from __future__ import annotations

import contextlib
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import jax

from slm_jax.config import Config, to_dict
from slm_jax.reporting.curves import write_curves
from slm_jax.reporting.pages import SplitResult, closing_page, evaluation_page, result_data, start_page, write_result
from slm_jax.reporting.progress import StepClock, StepLine, format_seconds, make_progress
from slm_jax.reporting.writers import Writers, create_writer


class Report:
    """Use it in `with`: leaving flushes what was written."""

    def __init__(self, run_dir: Path, *, config: Config):
        self._run_dir, self._config = run_dir, config
        self._progress = make_progress(sys.stdout)
        self._clock = StepClock()
        self._writers: Writers | None = None
        self._born = time.monotonic()
        self._stages: dict[str, float] = {}  # seconds
        self._since = 0  # the last update that was logged

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *_) -> None:
        self._progress.close()
        if self._writers is not None:
            self._writers.close()

    def progress(self, what: str, done: int, total: int) -> None:
        """`done` of `total` pieces of `what`: the callback of everything that takes long."""
        self._progress.stage(what, done, total)

    def start(self, *, parallel, params, step, tokens_per_step: int, first_step: int, facts: Mapping[str, str], notes: Sequence[str]) -> None:
        """The start page. `step` is the compiled step; what an earlier start logged beyond `first_step` is dropped from the logs."""
        self._writers = create_writer(self._run_dir, first_step=first_step, process_index=jax.process_index())
        self._writers.write_hparams(to_dict(self._config))
        notes = [*notes, f"{self._writers.dropped_lines} lines of metrics.jsonl beyond step {first_step} dropped"] if self._writers.dropped_lines and first_step else list(notes)
        facts = {**facts, "compiled in": f"{step.compile_seconds:.1f} s", "first step after": format_seconds(time.monotonic() - self._born)}
        page = start_page(
            title=str(self._run_dir), devices=parallel.devices, params=params, memory=step.memory, tokens_per_step=tokens_per_step, facts=facts, notes=notes
        )
        self._progress.say(page)
        self._since = first_step
        self._clock.restart()

    def step(self, done: int, metrics: Mapping[str, float], *, learning_rate: float, epoch: float) -> None:
        """The live line and the logs of update `done`, averaged over nothing: what that update saw."""
        config = self._config
        places = config.train.global_batch_size * config.data.sequence_length
        for _ in range(done - self._since):
            self._clock.step(places)
        self._since = done
        rate = self._clock.lap_tokens_per_second()
        eta = self._clock.eta_seconds(config.train.total_steps - done)
        self._progress.step(
            StepLine(
                step=done,
                total_steps=config.train.total_steps,
                loss=metrics["loss"],
                learning_rate=learning_rate,
                tokens_per_second=rate,
                padding_share=metrics["padding_share"],
                eta_seconds=eta,
            )
        )
        scalars = {f"train/{name}": value for name, value in metrics.items() if name != "finite"}
        self._writers.write_scalars(done, {**scalars, "train/learning_rate": learning_rate, "train/epoch": epoch, "perf/tokens_per_second": rate})

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """What happens inside is not training: the clock stands still."""
        with self._clock.paused():
            yield

    def evaluation(self, done: int, results: Sequence[SplitResult]) -> None:
        """Losses, rates and samples after `done` updates."""
        self._progress.say(evaluation_page(done, results, samples=self._config.eval.samples))
        scalars = {}
        for result in results:
            numbers = {"loss": result.loss, "bits_per_byte": result.bits_per_byte, **result.score.rates}
            scalars |= {f"eval/{result.name}/{name}": value for name, value in numbers.items()}
        self._writers.write_scalars(done, scalars)
        write_curves(self._run_dir)

    def stopped_early(self, done: int, *, best: int) -> None:
        why = f"{self._config.eval.early_stopping} evaluations no better than that of step {best} (config.eval.early_stopping)"
        self._progress.say(f"stopped early after step {done} of {self._config.train.total_steps}: {why}")

    def stopped(self, signal: str, done: int, *, command: str) -> None:
        again = f"; to resume: {command}" if command else "; the same command resumes"
        self._progress.say(f"stopped by {signal} after step {done} of {self._config.train.total_steps}, which is saved{again}")

    def close_run(self, results: Sequence[SplitResult], *, best_checkpoint: Path) -> None:
        """The closing table, result.json, curves.svg."""
        seconds = {"train_seconds": round(self._clock.training_seconds(), 1), "total_seconds": round(time.monotonic() - self._born, 1)}
        step = int(best_checkpoint.name)
        ask = f"python -m slm_jax.generate --checkpoint={self._run_dir} {shlex.quote(_a_question(results))}"
        self._progress.say(closing_page(results, best_checkpoint=best_checkpoint, step=step, command=ask))
        self._progress.say(f"this start: {format_seconds(seconds['total_seconds'])}, of which {format_seconds(seconds['train_seconds'])} training")
        write_result(self._run_dir, result_data(results, best_checkpoint=best_checkpoint, step=step, facts=seconds))
        write_curves(self._run_dir)


def _a_question(results: Sequence[SplitResult]) -> str:
    """The shortest of the questions that were just asked without a table; a beginning for a model that is asked nothing."""
    questions = [example.instruction for result in results for example in result.examples if example.instruction and not example.table]
    return min(questions, key=len, default="Once upon a time")
