"""Examples for training and evaluation, made from nothing: every answer was run in two spreadsheet engines, and every split is proved disjoint from training.

Splits: `iid` (same wordings, other sheets; never a pair of instruction and formula that was trained), `new_literal` (no word of a literal occurs in a
training literal), `new_phrasing` (wordings never trained), `new_skeleton` (shapes of formulas never trained). The same (seed, counts) give the same
examples on any number of processes.
"""

from __future__ import annotations

import collections
import dataclasses
import os
import zlib
from collections.abc import Callable, Sequence

from slm_jax.config import Config
from slm_jax.domains.base import Example, Splits, Table
from slm_jax.domains.excel import forge_cache
from slm_jax.domains.excel.mill import Made, Mill, Order, literal_units

DRAFTS, PHRASINGS = 30, 2  # of a training world: loading a sheet is paid once, and so is running a formula
_EVAL_DRAFTS = 8  # fewer, for more different sheets; each in one phrasing
_EMPHASIS = 1.5  # power of the kinds' shares: what people ask most is asked much more often than what they ask rarely
_ROUNDS = 8  # of making what is still missing of each kind
_FIRST_ROUND = 0.8  # share of the examples that it aims at
_SKELETON_SHARE = 0.25  # a skeleton may be withheld if it is at most this share of each kind that has it
EVALUATIONS = ("iid", "new_literal", "new_phrasing", "new_skeleton")

Progress = Callable[[str, int, int], None]


@dataclasses.dataclass(frozen=True)
class _Kept:
    made: Made
    table: Table | None

    @property
    def question(self) -> tuple:
        """What the model sees, and what it should say."""
        return self.made.instruction, headers(self.table), self.made.canonical


def headers(table: Table | None) -> tuple:
    """The part of a table that a prompt shows."""
    return (*map(str, table[0]), len(table)) if table else ()


def make_examples(config: Config, *, progress: Progress) -> Splits:
    """Training examples and the four evaluation splits, from the cache where the same were made before. `notes` tell what was dropped and why.

    Deterministic in (config.seed, config.data.examples, config.data.eval_examples). RuntimeError if an engine breaks down or the splits overlap.
    """
    path = forge_cache.path_for(config)
    splits = forge_cache.read(path)
    if splits is None:
        with Mill(config.data.workers or len(os.sched_getaffinity(0))) as mill:
            splits = _Forge(mill, config, progress).splits()
        check_disjoint(splits)
        forge_cache.write(path, splits)
    else:
        check_disjoint(splits)
    return splits


def check_disjoint(splits: Splits) -> None:
    """Raises RuntimeError unless each split keeps what its name promises."""
    train = splits.train
    pairs = {(example.instruction, example.response) for example in train}
    units = {unit for example in train for literal in literals_of(example) for unit in literal_units(literal)}
    wordings = {example.tags["wording"] for example in train}
    skeletons = {example.tags["skeleton"] for example in train}
    for name, examples in splits.evaluation.items():
        for example in examples:
            problem = ""
            if (example.instruction, example.response) in pairs:
                problem = "is a training pair"
            elif name == "new_literal" and not any(map(literal_units, literals_of(example))):
                problem = "has no literal"
            elif name == "new_literal" and any(literal_units(literal) & units for literal in literals_of(example)):
                problem = "has a literal's word that training has"
            elif name == "new_phrasing" and example.tags["wording"] in wordings:
                problem = f"has the trained wording {example.tags['wording']}"
            elif name == "new_skeleton" and example.tags["skeleton"] in skeletons:
                problem = f"has the trained skeleton {example.tags['skeleton']}"
            if problem:
                raise RuntimeError(f"split {name}: {example.instruction!r} -> {example.response!r} {problem}")


def literals_of(example: Example) -> list[str]:
    """The literals that the example's scene drew."""
    return example.tags["literals"].split("\t") if example.tags["literals"] else []


class _Forge:
    def __init__(self, mill: Mill, config: Config, progress: Progress):
        from slm_jax.domains.excel.kinds import all_kinds

        self._mill, self._seed, self._progress = mill, config.seed, progress
        self._wanted, self._wanted_eval = config.data.examples, config.data.eval_examples
        self._kinds = all_kinds()
        total = sum(kind.share**_EMPHASIS for kind in self._kinds.values())
        self._shares = {name: kind.share**_EMPHASIS / total for name, kind in self._kinds.items()}
        self._withheld: set[str] = set()
        self._drafts, self._dropped = collections.Counter(), collections.Counter()

    def splits(self) -> Splits:
        train, skeletons = self._train()
        seen = {kept.question for kept in train} | {kept.question for kept in skeletons}
        pairs = {(kept.made.instruction, kept.made.formula) for kept in train}
        units = {unit for kept in train for literal in kept.made.literals for unit in literal_units(literal)}
        evaluation = {
            "iid": self._evaluation("iid", seen, pairs),
            "new_literal": self._evaluation("new_literal", seen, pairs, held_out_words=True, refuse=units),
            "new_phrasing": self._evaluation("new_phrasing", seen, pairs, held_out_wordings=True),
            "new_skeleton": skeletons,
        }
        notes = self._notes(train, evaluation)
        return Splits(train=_examples("train", train), evaluation={name: _examples(name, kept) for name, kept in evaluation.items()}, notes=notes)

    def _train(self) -> tuple[list[_Kept], list[_Kept]]:
        """Training examples by share of kind, and the ones whose skeletons are withheld."""
        kept: list[_Kept] = []
        withheld: list[_Kept] = []
        seen: set[tuple] = set()
        counts = collections.Counter()
        first_world = 0
        for turn in range(_ROUNDS):
            weights, drafts = self._missing(counts, len(kept))
            worlds = int(drafts * (_FIRST_ROUND if turn == 0 else 1) / (DRAFTS * PHRASINGS)) + 1
            orders = [Order(seed=self._seed, stream="train", index=first_world + index, drafts=DRAFTS, phrasings=PHRASINGS, weights=weights) for index in range(worlds)]
            first_world += worlds
            for item in self._grind(orders, "training examples", len(kept), self._wanted):
                if item.question in seen:
                    self._dropped[item.made.kind, "made before"] += 1
                    continue
                seen.add(item.question)
                if item.made.skeleton in self._withheld:
                    withheld.append(item)
                elif len(kept) < self._wanted or turn == 0:
                    kept.append(item)
                    counts[item.made.kind] += 1
            if turn == 0:
                self._withheld = _choose_skeletons(kept, 2 * self._wanted_eval, self._seed)
                withheld = [item for item in kept if item.made.skeleton in self._withheld]
                kept = [item for item in kept if item.made.skeleton not in self._withheld][: self._wanted]
                counts = collections.Counter(item.made.kind for item in kept)
            if len(kept) >= self._wanted:
                break
        return kept, _spread(withheld, self._wanted_eval)

    def _missing(self, counts: collections.Counter, made: int) -> tuple[dict[str, float], float]:
        """For each kind how many drafts it should take to reach its share, going by how many of its drafts were kept so far; and how many drafts all of them need."""
        missing = {name: share * self._wanted - counts[name] for name, share in self._shares.items()}
        missing = {name: count for name, count in missing.items() if count >= 1} or {name: share * (self._wanted - made) for name, share in self._shares.items()}
        weights = {name: count / max(0.02, (counts[name] + 1) / (self._drafts[name] + 1)) for name, count in missing.items()}
        return weights, sum(missing.values()) / 0.9

    def _evaluation(
        self, name: str, seen: set[tuple], pairs: set[tuple], *, held_out_words: bool = False, held_out_wordings: bool = False, refuse: set[str] = frozenset()
    ) -> list[_Kept]:
        """A split of examples that share no pair with training and no literal's word with `refuse`."""
        kept: list[_Kept] = []
        worlds = 2 * self._wanted_eval // _EVAL_DRAFTS + 2
        for turn in range(_ROUNDS):
            orders = [
                Order(
                    seed=self._seed, stream=name, index=turn * worlds + index, drafts=_EVAL_DRAFTS, phrasings=1, weights=self._shares,
                    held_out_words=held_out_words, held_out_wordings=held_out_wordings,
                )
                for index in range(worlds)
            ]
            for item in self._grind(orders, f"{name} examples", len(kept), self._wanted_eval):
                made = item.made
                if item.question in seen or (made.instruction, made.formula) in pairs:
                    self._dropped[made.kind, "made before"] += 1
                elif made.skeleton in self._withheld:
                    self._dropped[made.kind, "a withheld skeleton"] += 1
                elif any(literal_units(literal) & refuse for literal in made.literals):
                    self._dropped[made.kind, "a literal's word is in training"] += 1
                elif len(kept) < self._wanted_eval:
                    seen.add(item.question)
                    kept.append(item)
            if len(kept) >= self._wanted_eval:
                break
        return kept

    def _grind(self, orders: Sequence[Order], what: str, done: int, wanted: int):
        for batch in self._mill.grind(orders):
            self._drafts.update(batch.drafts)
            self._dropped.update(batch.dropped)
            done += len(batch.made)
            self._progress(f"making {what}", min(done, wanted), wanted)
            for made in batch.made:
                yield _Kept(made, batch.table if made.with_table else None)

    def _notes(self, train: list[_Kept], evaluation: dict[str, list[_Kept]]) -> list[str]:
        counts = collections.Counter(kept.made.kind for kept in train)
        wordings = len({kept.made.wording for kept in train})
        notes = [f"{len(train):,} training examples of {len(counts)} kinds in {wordings:,} wordings, each answer the same in two spreadsheet engines"]
        if len(train) < self._wanted:
            notes.append(f"{self._wanted - len(train):,} training examples fewer than config.data.examples={self._wanted}: the kinds had no more that differ")
        reasons = collections.Counter()
        for (_, reason), count in self._dropped.items():
            reasons["the sheet lacks a column" if reason.startswith("the sheet has no") else reason] += count
        listed = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
        notes.append(f"{sum(reasons.values()):,} of {sum(self._drafts.values()):,} drafts dropped: {listed}")
        losses = {name: sum(count for (kind, _), count in self._dropped.items() if kind == name) / self._drafts[name] for name in self._drafts}
        worst = sorted(losses, key=lambda name: (-losses[name], name))[:8]
        notes.append("kinds with the most drafts dropped: " + ", ".join(f"{name} {losses[name]:.0%}" for name in worst))
        quota = {name: share * self._wanted for name, share in self._shares.items()}
        short = [f"{name} {counts[name]:,} of {quota[name]:,.0f}" for name in quota if counts[name] < 0.5 * quota[name] - 1]
        if short:
            notes.append("kinds with less than half their share: " + ", ".join(short))
        for name, kept in evaluation.items():
            if len(kept) < self._wanted_eval:
                notes.append(f"{name}: {len(kept):,} examples, fewer than config.data.eval_examples={self._wanted_eval}")
        known = self._known_words()
        words = [word for kept in evaluation["new_phrasing"] for word in kept.made.words]
        unknown = sum(word not in known for word in words)
        notes.append(f"new_phrasing: {unknown / max(1, len(words)):.1%} of the words of its wordings are in no training wording")
        notes.append(f"new_skeleton: {len({kept.made.skeleton for kept in evaluation['new_skeleton']})} of {len(self._withheld)} withheld skeletons")
        return notes

    def _known_words(self) -> set[str]:
        from slm_jax.domains.excel.framing import frame_words
        from slm_jax.domains.excel.phrasing import words_of

        return frame_words().union(*(words_of(wording.text) for kind in self._kinds.values() for wording in kind.wordings if not wording.held_out))


def _choose_skeletons(kept: list[_Kept], wanted: int, seed: int) -> set[str]:
    """Skeletons for `new_skeleton`: rare ones within each kind that has them, by hash, until they make `wanted` examples (or 5 % of all, if that is less)."""
    by_kind = collections.Counter(item.made.kind for item in kept)
    both = collections.Counter((item.made.kind, item.made.skeleton) for item in kept)
    share = collections.defaultdict(float)
    totals = collections.Counter()
    for (kind, skeleton), count in both.items():
        share[skeleton] = max(share[skeleton], count / by_kind[kind])
        totals[skeleton] += count
    chosen, made, limit = set(), 0, min(wanted, len(kept) // 20)
    for skeleton in sorted(share, key=lambda text: zlib.crc32(f"{seed}/{text}".encode())):
        if made >= limit:
            break
        if share[skeleton] <= _SKELETON_SHARE and totals[skeleton] <= max(1, limit // 20):
            chosen.add(skeleton)
            made += totals[skeleton]
    return chosen


def _spread(items: list[_Kept], count: int) -> list[_Kept]:
    """`count` of the items, taken from each skeleton in turn."""
    rank = collections.Counter()
    order = []
    for item in items:
        order.append(rank[item.made.skeleton])
        rank[item.made.skeleton] += 1
    return [items[index] for index in sorted(range(len(items)), key=lambda index: (order[index], index))[:count]]


def _examples(split: str, kept: list[_Kept]) -> list[Example]:
    examples = []
    for index, item in enumerate(kept):
        made = item.made
        tags = {name: getattr(made, name) for name in ("kind", "register", "wording", "style", "wrapper", "skeleton")} | {"literals": "\t".join(made.literals)}
        examples.append(Example(instruction=made.instruction, response=made.formula, table=item.table, id=f"{split}-{index}", tags=tags))
    return examples
