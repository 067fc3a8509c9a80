"""How good a model is: loss of the answers, and answers judged by the domain. `python -m slm_jax.evaluate --checkpoint=DIR --data=FILE.jsonl [--output=FILE.jsonl]`.

The last line on stdout is one JSON object: n, bad_rows, the domain's rates (executed, exact, parses ...), loss (nats a token), bits_per_byte, errors.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np

from slm_jax.cli import OneLineParser, write_jsonl
from slm_jax.config import Config
from slm_jax.data.batches import eval_batches
from slm_jax.data.packing import PackedRows, pack
from slm_jax.data.prompts import prompt_format
from slm_jax.data.tokenizer import Tokenizer
from slm_jax.domains.base import Domain, Example, Score
from slm_jax.errors import UserError, front_door
from slm_jax.inference.generation import Generator
from slm_jax.models.decoder import Decoder
from slm_jax.training.loss import LossSums
from slm_jax.training.parallel import Parallel
from slm_jax.training.step import eval_step

Progress = Callable[[str, int, int], None]
ANSWERED_BETWEEN_REPORTS = 128


@dataclasses.dataclass(frozen=True, kw_only=True)
class SplitResult:
    """One split under one set of parameters. Loss and bits per byte are those of all its answers; the score is that of the examples that were answered."""

    name: str
    loss: float  # nats per answer token
    bits_per_byte: float
    token_accuracy: float  # share of answer tokens that are the argmax given the right ones before
    score: Score
    examples: Sequence[Example]
    predictions: Sequence[str]

    @property
    def first_rate(self) -> float | None:
        """The rate that the domain judges by; None where it has none."""
        return next(iter(self.score.rates.values()), None)


class Evaluator:
    """Measures parameters on splits of examples. Rows are packed and functions compiled once."""

    def __init__(self, splits: Mapping[str, Sequence[Example]], *, config: Config, domain: Domain, tokenizer: Tokenizer, model: Decoder, parallel: Parallel):
        self._config, self._domain, self._tokenizer, self._model, self._parallel = config, domain, tokenizer, model, parallel
        answers_only = dataclasses.replace(config.data, prompt_loss_weight=0.0)  # so that the loss is comparable whatever the training weight
        self._splits = splits
        self._rows = {name: pack(examples, domain=domain, tokenizer=tokenizer, data=answers_only) for name, examples in splits.items()}
        self._slots = max(rows.report.loss_slots for rows in self._rows.values())
        self._step = functools.partial(eval_step, model=model, loss_chunk_tokens=config.train.loss_chunk_tokens)
        self._compiled = None

    @property
    def notes(self) -> list[str]:
        return [f"{name}: {note}" for name, rows in self._rows.items() for note in rows.report.notes]

    def run(self, params, *, examples: int, progress: Progress) -> list[SplitResult]:
        """Every split: the loss of all its rows, and its first `examples` answered and judged."""
        results = []
        for name, all_examples in self._splits.items():
            sums, answer_bytes = self._loss(params, self._rows[name])
            asked = all_examples[:examples] if self._domain.judged else []
            predictions = self.answer(params, asked, progress=lambda done, total, name=name: progress(f"answering {name}", done, total))
            score = self._domain.score(asked, predictions, workers=self._config.data.workers, progress=progress)
            results.append(
                SplitResult(
                    name=name,
                    loss=float(sums.mean_loss),
                    bits_per_byte=float(sums.loss) / math.log(2) / max(1, answer_bytes),
                    token_accuracy=float(sums.accuracy),
                    score=score,
                    examples=asked,
                    predictions=predictions,
                )
            )
        return results

    def answer(self, params, examples: Sequence[Example], *, progress: Callable[[int, int], None]) -> list[str]:
        """The model's greedy answers, in order."""
        settings, tokenizer = self._config.eval, self._tokenizer
        room = self._config.model.context_length or self._config.data.sequence_length
        generator = Generator(self._model, params, max_length=room, vocab_size=tokenizer.vocab_size, batch_size=settings.batch_size)
        written = prompt_format(self._domain, tokenizer, self._config.data)
        prompts = [written.prompt_ids(example.instruction, example.table, history=example.history) for example in examples]
        answers = []
        for first in range(0, len(prompts), ANSWERED_BETWEEN_REPORTS):
            some = generator.generate(prompts[first : first + ANSWERED_BETWEEN_REPORTS], max_tokens=settings.max_tokens, eos_ids=tokenizer.stop_ids)
            answers += [tokenizer.decode(generation.ids) for generation in some]
            progress(len(answers), len(prompts))
        return answers

    def _loss(self, params, rows: PackedRows) -> tuple[LossSums, int]:
        total, answer_bytes = LossSums.zeros(), 0
        for batch in eval_batches(rows, self._config.train.global_batch_size):
            answer_bytes += int(batch.pop("target_bytes").sum())
            missing = self._slots - batch["targets"].shape[1]  # one shape, one compilation, for all splits
            batch |= {name: np.pad(batch[name], ((0, 0), (0, missing))) for name in ("loss_positions", "targets", "weights")}
            if self._compiled is None:
                self._compiled = self._parallel.compile_eval_step(self._step, params=params, batch=batch)
            total = total + self._compiled(params, self._parallel.put_batch(batch))
        return jax.device_get(total), answer_bytes


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = OneLineParser(prog="python -m slm_jax.evaluate", description="Measure a checkpoint on a file of examples.")
    parser.add_argument("--checkpoint", required=True, help="a run's directory (its best checkpoint), one checkpoint, a Hugging Face directory or hub name, a .gguf file")
    parser.add_argument("--data", required=True, help="JSONL, CSV or Parquet with instruction, response (or formula), optional table and id")
    parser.add_argument("--output", help="JSONL to write: every row with its prediction and verdict")
    parser.add_argument("--domain", help="what to judge by, if not what the model was trained for: excel, sheets, code, summary, prices, instruct, text")
    parser.add_argument("--max_tokens", type=int, help="longest answer")
    arguments = parser.parse_args(argv)
    if arguments.max_tokens is not None and arguments.max_tokens < 1:
        raise UserError(f"--max_tokens={arguments.max_tokens}: write 1 or more")
    return arguments


@front_door
def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    from slm_jax.checkpoints.pretrained import load
    from slm_jax.data.sources import read_rows
    from slm_jax.models.host_memory import keep_freed_memory
    from slm_jax.reporting.progress import progress_bar
    from slm_jax.training.parallel import make_parallel

    keep_freed_memory()
    loaded = load(arguments.checkpoint, domain=arguments.domain)
    rows = read_rows(arguments.data, loaded.config.data)
    good, problems = [], {}
    for number, row in enumerate(rows):
        problem = row.problem or loaded.prompt_problem(row.example.instruction, row.example.table, row.example.history)
        if problem:
            problems[number] = problem
            print(f"{row.where}: {problem}: row skipped", file=sys.stderr)
        else:
            good.append(number)
    if not good:
        raise UserError(f"{arguments.data} has no row that can be evaluated: {next(iter(problems.values()))}")
    examples = [rows[number].example for number in good]
    with progress_bar() as progress:
        config = dataclasses.replace(loaded.config, parallel=dataclasses.replace(loaded.config.parallel, mode="pmap"))
        if arguments.max_tokens:
            config = dataclasses.replace(config, eval=dataclasses.replace(config.eval, max_tokens=arguments.max_tokens))
        parallel = make_parallel(config.parallel, devices=jax.devices()[:1])
        evaluator = Evaluator({"data": examples}, config=config, domain=loaded.domain, tokenizer=loaded.tokenizer, model=loaded.model, parallel=parallel)
        result = evaluator.run(loaded.params, examples=len(examples), progress=progress)[0]
    for note in evaluator.notes:
        print(note, file=sys.stderr)
    if arguments.output:
        _write_rows(arguments.output, rows, good, problems, result)
    summary = {"n": len(examples), "bad_rows": len(problems), **result.score.rates, "loss": result.loss, "bits_per_byte": result.bits_per_byte, "errors": dict(result.score.errors)}
    print(json.dumps(summary))


def _write_rows(path: str, rows, good, problems, result: SplitResult) -> None:
    verdicts = dict(zip(good, zip(result.predictions, result.score.rows, strict=True), strict=True))

    def fields(number):
        if number not in verdicts:
            return {**rows[number].fields, "problem": problems[number]}
        prediction, verdict = verdicts[number]
        return {**rows[number].fields, "prediction": prediction, **verdict}

    write_jsonl(path, (fields(number) for number in range(len(rows))))


if __name__ == "__main__":
    main()
