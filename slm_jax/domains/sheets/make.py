"""Examples for training and evaluation, made from kinds and scenes. The right answer is known by construction; each one is read back before it is kept."""

from __future__ import annotations

import collections
import random
import re
from collections.abc import Callable

from slm_jax.config import Config
from slm_jax.data.sources import content_key
from slm_jax.domains.base import Example, Splits
from slm_jax.domains.excel.mill import literal_units
from slm_jax.domains.excel.phrasing import expand
from slm_jax.domains.sheets import dialect
from slm_jax.domains.sheets.kinds import KINDS, Kind
from slm_jax.domains.sheets.scene import Scene

_SLOT = re.compile(r"<([a-z]+)(?:\.([a-z]+))?>")
_TRIES = 20  # drafts for one example, before its kind is passed over
_LOWER_SHARE, _MARK_SHARE = 0.2, 0.3  # of instructions: in lower case up to their literals, with a full stop
_FRAMES = (
    ("", "", 50), ("please ", "", 5), ("how do I ", "?", 10), ("how can I ", "?", 6), ("how to ", "", 5), ("I need to ", "", 5), ("can you ", "?", 4),
    ("in google sheets, ", "", 4),
    ("google sheets: ", "", 4), ("formula to ", "", 4), ("write a formula to ", "", 4), ("sheets formula to ", "", 3), ("hi, I want to ", "", 2), ("is there a way to ", "?", 2),
)
_PLAIN_FRAMES = (("", "", 80), ("google sheets: ", "", 6), ("in sheets: ", "", 4), ("formula for: ", "", 5), ("need a formula: ", "", 5))


def make_examples(config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
    """Training examples and three splits: `iid`, `new_literal` (no word or number of a training literal), `new_phrasing` (wordings never trained).

    No instruction is in two splits or twice in one. Deterministic in (config.seed, config.data.examples, config.data.eval_examples).
    """
    seen: set[str] = set()
    fresh: set[str] = set()
    notes: list[str] = []
    made = {}
    wanted = {"new_literal": config.data.eval_examples, "iid": config.data.eval_examples, "new_phrasing": config.data.eval_examples, "train": config.data.examples}
    for name, count in wanted.items():  # training last: it takes what the others have not
        made[name] = _split(name, count, config.seed, seen, fresh, progress)
        if name == "new_literal":
            fresh = {unit for example in made[name] for unit in units_of(example)}
        if len(made[name]) < count:
            notes.append(f"{name}: {len(made[name]):,} examples, fewer than the {count:,} asked for: the kinds had no more that differ")
    kinds = collections.Counter(example.tags["kind"] for example in made["train"])
    wordings = {example.tags["wording"] for example in made["train"]}
    notes.insert(0, f"{len(made['train']):,} training examples of {len(kinds)} kinds in {len(wordings)} wordings, each formula read back by the dialect's parser")
    evaluation = {name: made[name] for name in ("iid", "new_literal", "new_phrasing")}
    return Splits(train=made["train"], evaluation=evaluation, notes=notes)


def units_of(example: Example) -> set[str]:
    """The words and numbers of its literals."""
    return {unit for literal in example.tags["literals"].split("\t") if literal for unit in literal_units(literal)}


def _split(name: str, count: int, seed: int, seen: set[str], refused: set[str], progress: Callable[[str, int, int], None]) -> list[Example]:
    """`count` examples, none of them `seen`, none with a word of a literal that is `refused`."""
    rng = random.Random(f"{seed}/{name}")
    kept: list[Example] = []
    spent = collections.Counter()  # drafts in vain, by kind
    while len(kept) < count:
        kinds = [kind for kind in KINDS.values() if spent[kind.name] < _TRIES]
        if not kinds:
            break
        rng.shuffle(kinds)
        for kind in kinds[: count - len(kept)]:
            example = _draft(kind, rng, split=name, number=len(kept))
            key = content_key(example) if example else ""
            if not example or key in seen or units_of(example) & refused:
                spent[kind.name] += 1
                continue
            spent[kind.name] = 0
            seen.add(key)
            kept.append(example)
        progress(f"making {name} examples", len(kept), count)
    return kept


def _draft(kind: Kind, rng: random.Random, *, split: str, number: int) -> Example | None:
    """One example; None where the scene has not what it takes."""
    fresh = split == "new_literal"
    scene = Scene(rng, fresh=fresh, tables=kind.tables)
    wordings = kind.wordings[-1:] if split == "new_phrasing" else kind.wordings[:-1]
    wording = rng.choice(wordings)
    try:
        slots = scene.slots(kind.slots)
    except LookupError:
        return None
    if any("'" in word for word in scene.literals) or fresh and not all(map(literal_units, scene.literals or [""])):
        return None  # a quote would end a text inside QUERY
    formula = _SLOT.sub(lambda match: str(getattr(slots[match[1]], match[2]) if match[2] else slots[match[1]]), kind.formula)
    problem = dialect.syntax_error(formula)
    if problem:
        raise RuntimeError(f"kind {kind.name} made {formula!r}: {problem}")
    tags = {"kind": kind.name, "wording": f"{kind.name}/{kind.wordings.index(wording)}", "literals": "\t".join(scene.literals)}
    return Example(instruction=_phrase(wording, slots, rng), response=formula, table=scene.table(), id=f"{split}-{number}", tags=tags)


def _phrase(wording: str, slots: dict, rng: random.Random) -> str:
    """The wording filled in and framed. What comes from a slot stays as it is."""
    plain = wording.startswith("~")
    frames = _PLAIN_FRAMES if plain else _FRAMES
    before, after, _ = rng.choices(frames, [weight for *_, weight in frames])[0]
    parts = expand(wording.removeprefix("~"), slots, rng)
    lower = rng.random() < _LOWER_SHARE
    text = "".join(part.text.lower() if lower and not part.fixed else part.text for part in parts)
    text = (before.lower() if lower else before) + text + after
    if not lower and not before and not parts[0].fixed:
        text = text[:1].upper() + text[1:]
    elif not lower and before:
        text = before[0].upper() + text[1:]
    if not plain and not after and rng.random() < _MARK_SHARE:
        text += "."
    return text
