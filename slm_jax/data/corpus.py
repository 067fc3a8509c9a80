"""The user's examples as training and validation sets: one source or a mixture, split by content, checked for leaks.

In this order: what is held out (`config.data.validation`, or a slice by content); training examples whose question is held out too are left out; those whose question is nearly
a held-out one are reported or left out (`config.data.near_duplicates`); then the mixture's weights are applied to what remains of each source.

A weight is a share of the training examples. Together they are as many as all sources have, so a source whose share is larger than its own size is repeated, whole, and then
in part, and one whose share is smaller is drawn from without replacement, by `config.seed`.

With `config.data.streaming` every step here reads the sources once more, and keeps ten bytes an example and the validation set.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from slm_jax.config import Config, DataConfig
from slm_jax.data.conversations import opening
from slm_jax.data.duplicates import NearDuplicates
from slm_jax.data.sources import content_key, read_examples
from slm_jax.data.streams import ExampleFile, ExampleStream, Part
from slm_jax.domains.base import Example, Splits
from slm_jax.errors import UserError

Progress = Callable[[str, int, int], None]
_KEY_DIGITS = 12  # hexadecimal digits of a content's hash that are looked at
_CHUNK = 4096  # questions looked up at once
_SHOWN = 80  # characters of a question in a note


def load_splits(config: Config, *, progress: Progress) -> Splits:
    """Training and validation examples of `config.data`. Raises UserError for data that is missing, bad, too small to split, or in both sets."""
    data = config.data
    paths = data.mixture or (data.train,)
    steps = 2 + len(paths)
    progress("reading examples", 0, steps)
    sources = []
    for path in paths:
        sources.append(ExampleFile(path=path, data=data) if data.streaming else read_examples(path, data))
        progress("reading examples", len(sources), steps)
    notes: list[str] = []
    if data.validation:
        validation = read_examples(data.validation, data)
        parts = _without(validation, sources, paths, data, notes)
    else:
        validation, parts = _hold_out(sources, paths, data, notes)
    progress("reading examples", steps - 1, steps)
    parts = _without_near_duplicates(validation, parts, data, notes)
    if len(paths) > 1:
        parts = _mix(parts, data, config.seed, notes)
    stream = ExampleStream(parts)
    if not len(stream):
        raise UserError(f"no training example is left of {_named(paths, data)}: write data whose questions are not those of the validation set")
    if data.streaming:
        notes.append(f"{len(stream):,} training examples are read from disk, not held in memory (config.data.streaming)")
    progress("reading examples", steps, steps)
    return Splits(train=stream if data.streaming else list(stream), evaluation={"validation": validation}, notes=notes)


def _keys(examples: Iterable[Example]) -> np.ndarray:
    """The content of each example as a number below 16^12, uint64."""
    return np.fromiter((int(content_key(example)[:_KEY_DIGITS], 16) for example in examples), np.uint64)


def _without(validation: Sequence[Example], sources: Sequence[Iterable[Example]], paths: Sequence[str], data: DataConfig, notes: list[str]) -> list[Part]:
    """The training examples whose question is not one of `validation`."""
    held_out = np.unique(_keys(validation))
    parts = [Part(path=path, examples=examples, times=(~np.isin(_keys(examples), held_out)).astype(np.uint16)) for path, examples in zip(paths, sources, strict=True)]
    total, kept = _counts(parts)
    if not kept:
        raise UserError(f"every instruction of {_named(paths, data)} is in config.data.validation={data.validation} too: write two different files")
    if kept < total:
        notes.append(f"{total - kept:,} of {total:,} training examples left out, as their instructions are in {data.validation} too")
    return parts


def _hold_out(sources: Sequence[Iterable[Example]], paths: Sequence[str], data: DataConfig, notes: list[str]) -> tuple[list[Example], list[Part]]:
    """A slice by content, the same as `sources.split_by_content` of all sources together."""
    keys = [_keys(examples) for examples in sources]
    contents = np.unique(np.concatenate(keys))
    if len(contents) < 2:
        found = f"{_named(paths, data)} has {len(contents)} different question(s)"
        raise UserError(f"{found}, which cannot be split into training and validation: write more rows, or set config.data.validation to a file")
    # in a set so small that a side would be empty, one content goes there
    limit = min(max(np.uint64(math.ceil(data.validation_share * 16**_KEY_DIGITS)), contents[0] + np.uint64(1)), contents[-1])
    # strict=False: a file that was changed meanwhile is refused when it is trained on (data/streams.py)
    validation = [example for examples, numbers in zip(sources, keys, strict=True) for example, number in zip(examples, numbers, strict=False) if number < limit]
    parts = [Part(path=path, examples=examples, times=(numbers >= limit).astype(np.uint16)) for path, examples, numbers in zip(paths, sources, keys, strict=True)]
    total, _ = _counts(parts)
    notes.append(f"{len(validation):,} of {total:,} examples held out for validation, by content (config.data.validation_share={data.validation_share})")
    return validation, parts


def _without_near_duplicates(validation: Sequence[Example], parts: Sequence[Part], data: DataConfig, notes: list[str]) -> list[Part]:
    questions = list(dict.fromkeys(opening(example) for example in validation))
    index = NearDuplicates(questions)
    found, shown, changed = 0, "", []
    for part in parts:
        times = part.times.copy()
        for first, chunk in _chunks(part.examples):
            asked = [n for n in range(first, min(first + len(chunk), len(part.times))) if part.times[n]]
            for n, match in zip(asked, index.find([opening(chunk[n - first]) for n in asked]), strict=True):
                if match is not None:
                    found += 1
                    example = chunk[n - first]
                    shown = shown or f"{example.where or part.path} {_short(opening(example))} is nearly {_short(questions[match])}"
                    times[n] = 0
        changed.append(dataclasses.replace(part, times=times))
    if not found:
        return list(parts)
    total, _ = _counts(parts)
    dropped = data.near_duplicates == "drop"
    did = "left out" if dropped else "kept; config.data.near_duplicates='drop' leaves them out"
    notes.append(f"{found:,} of {total:,} examples ask in training nearly what is asked in validation ({did}): {shown}")
    return changed if dropped else list(parts)


def _mix(parts: Sequence[Part], data: DataConfig, seed: int, notes: list[str]) -> list[Part]:
    sizes = [int(part.times.sum(dtype=np.int64)) for part in parts]
    weights = data.mixture_weights or sizes
    wanted = [round(sum(sizes) * weight / sum(weights)) for weight in weights]
    mixed = []
    for n, (part, size, count) in enumerate(zip(parts, sizes, wanted, strict=True)):
        if not size:
            raise UserError(f"no training example is left of {part.path}: take it out of config.data.mixture")
        if count > size * np.iinfo(np.uint16).max:
            raise UserError(f"config.data.mixture_weights would repeat {part.path} {count // size:,} times: write a smaller weight for it")
        if not count:
            raise UserError(f"config.data.mixture_weights leaves no example of {part.path}: write a larger weight for it, or take it out")
        kept = np.flatnonzero(part.times)
        more = np.random.default_rng([seed, n]).permutation(size)[: count % size]
        times = part.times * np.uint16(count // size)
        times[kept[more]] += 1
        mixed.append(dataclasses.replace(part, times=times))
        each = f"all {size:,}" if count == size else f"{count:,} of {size:,}" if count < size else f"{count:,}, each of its {size:,} {count / size:.1f} times"
        notes.append(f"mixture: {part.path} gives {each} ({count / sum(wanted):.1%} of the training examples)")
    return mixed


def _chunks(examples: Iterable[Example]) -> Iterator[tuple[int, list[Example]]]:
    """(number of the first, examples), some thousands at once."""
    first, chunk = 0, []
    for example in examples:
        chunk.append(example)
        if len(chunk) == _CHUNK:
            yield first, chunk
            first, chunk = first + _CHUNK, []
    if chunk:
        yield first, chunk


def _counts(parts: Sequence[Part]) -> tuple[int, int]:
    """Examples in all, and those trained on."""
    return sum(len(part.times) for part in parts), sum(int(part.times.sum(dtype=np.int64)) for part in parts)


def _named(paths: Sequence[str], data: DataConfig) -> str:
    return f"config.data.mixture={tuple(paths)}" if data.mixture else f"config.data.train={data.train}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}...")
