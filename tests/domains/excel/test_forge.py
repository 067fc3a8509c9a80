"""Made examples: the same on any number of processes, disjoint as promised, right by both engines, and kept on disk."""

import dataclasses
import random
import subprocess
import sys

import pytest

from slm_jax.config import Config, DataConfig
from slm_jax.domains.excel import forge, forge_cache, mill
from slm_jax.domains.excel.engine import cross_check, evaluate_trusted
from slm_jax.domains.excel.kinds import all_kinds
from slm_jax.domains.excel.world import make_world

WEIGHTS = {name: kind.share for name, kind in all_kinds().items()}


def config(folder, *, workers=1, seed=0):
    return Config(seed=seed, data=DataConfig(examples=500, eval_examples=20, workers=workers, cache_dir=str(folder)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("forge")


@pytest.fixture(scope="module")
def splits(folder):
    seen = []
    made = forge.make_examples(config(folder, workers=2), progress=lambda *state: seen.append(state))
    assert seen and all(0 <= done <= total for _, done, total in seen)
    return made


def rows(splits):
    return [(name, example) for name, examples in {"train": splits.train, **splits.evaluation}.items() for example in examples]


def test_counts_and_tags(splits):
    assert len(splits.train) == 500 and tuple(splits.evaluation) == forge.EVALUATIONS
    assert all(len(examples) == 20 for name, examples in splits.evaluation.items() if name != "new_skeleton")
    assert len(splits.evaluation["new_skeleton"]) >= 5  # at most a twentieth of so small a set may be withheld
    for _, example in rows(splits):
        assert example.response.startswith("=") and example.tags["kind"] in WEIGHTS
        assert (example.table is not None) >= (example.tags["style"] == "header")
    assert len({example.id for _, example in rows(splits)}) == len(rows(splits))
    assert len({example.tags["kind"] for example in splits.train}) > 100


def test_the_number_of_processes_and_the_cache_change_nothing(splits, folder, tmp_path):
    alone = forge.make_examples(config(tmp_path, workers=1), progress=lambda *_: None)
    assert rows(alone) == rows(splits)
    cached = forge.make_examples(config(folder), progress=lambda *_: pytest.fail("made again"))
    assert rows(cached) == rows(splits) and "read from" in cached.notes[-1]
    assert forge_cache.path_for(config(folder, seed=1)) != forge_cache.path_for(config(folder))


def test_a_broken_cache_is_made_again(splits, tmp_path):
    path = tmp_path / "x.jsonl.gz"
    forge_cache.write(path, splits)
    assert rows(forge_cache.read(path)) == rows(splits)
    path.write_bytes(path.read_bytes()[:-200])
    assert forge_cache.read(path) is None
    assert forge_cache.read(tmp_path / "missing") is None


def test_tables_are_shared_not_copied(splits, folder):
    for made in (splits, forge_cache.read(forge_cache.path_for(config(folder)))):
        tables = [id(example.table) for example in made.train if example.table is not None]
        assert len(set(tables)) < len(tables) / 2


def test_disjoint_as_it_is_and_every_overlap_is_found(splits):
    forge.check_disjoint(splits)
    train = splits.train[0]
    literal = next(example for example in splits.train if any(map(mill.literal_units, forge.literals_of(example))))

    def changed(name, index=0, **tags):
        example = splits.evaluation[name][index]
        example = dataclasses.replace(example, tags={**example.tags, **tags})
        return dataclasses.replace(splits, evaluation={**splits.evaluation, name: [example]})

    for wrong, said in (
        (dataclasses.replace(splits, evaluation={**splits.evaluation, "iid": [train]}), "is a training pair"),
        (changed("new_literal", literals=literal.tags["literals"]), "literal's word"),
        (changed("new_literal", literals=""), "no literal"),
        (changed("new_phrasing", wording=train.tags["wording"]), "trained wording"),
        (changed("new_skeleton", skeleton=train.tags["skeleton"]), "trained skeleton"),
    ):
        with pytest.raises(RuntimeError, match=said):
            forge.check_disjoint(wrong)


def test_notes_say_what_was_dropped(splits):
    text = "\n".join(splits.notes)
    assert "500 training examples of" in text and "drafts dropped" in text and "new_phrasing:" in text and "withheld skeletons" in text


def test_answers_run_in_both_engines():
    batch = mill.grind(mill.Order(seed=5, stream="train", index=1, drafts=12, phrasings=2, weights=WEIGHTS))
    formulas = [made.formula for made in batch.made]
    assert len(formulas) > 10
    book = make_world(random.Random("5/train/1"), held_out=False).book()  # the order's world, with its second sheet
    assert book["Sheet1"] == batch.table
    first = evaluate_trusted(book, formulas)
    assert all(outcome.kind == "value" for outcome in (*first, *cross_check(book, formulas, like=first)))
    assert sum(batch.drafts.values()) == len(batch.made) + sum(batch.dropped.values())


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("=SUM(A1:A2)", ""), ("=1/0", "error #DIV/0!"), ("=SUM(", "syntax"), ("=T(A1)", "the result is blank"), ('=IF(A1=1,"",A2)', ""),
        ('=IFERROR(T(A1),"")', "the result is blank"), ("=A9:A9", "the result is"), ("=A1-1", "the result is 0"), ("=0/A1:A3", "inside"),
        ('=PROPER("2nd st")', "the engines differ"),
    ],
)
def test_bad_and_trivial_answers_are_dropped_with_a_reason(formula, reason, monkeypatch):
    monkeypatch.setattr(mill, "_ZERO_SHARE", 0.0)
    said = mill._judge([[1], [2], [0]], [formula], random.Random(0))[0]
    assert said.startswith(reason) or reason in said
    assert bool(said) == bool(reason)


def test_a_worker_that_fails_says_which_world():
    with mill.Mill(1) as running, pytest.raises(RuntimeError, match="world train/7 of seed 3"):
        list(running.grind([mill.Order(seed=3, stream="train", index=7, drafts=1, phrasings=1, weights={"no such kind": 1.0})]))


def test_no_jax_in_the_processes():
    modules = ", ".join(f"slm_jax.domains.excel.{name}" for name in ("mill", "kinds", "framing", "engine", "formula"))
    code = f"import sys, {modules}; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
