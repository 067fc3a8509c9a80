"""Aggregates, conditionals, lookups and arrays: every kind can be asked in every wording, and means what it says."""

import random

import pytest

from slm_jax.domains.excel.framing import phrase
from slm_jax.domains.excel.kinds import all_kinds
from slm_jax.domains.excel.kinds.registry import HELD_OUT_SHARE, REGISTERS, kind
from slm_jax.domains.excel.refs import Draft, NoColumn
from slm_jax.domains.excel.scene import Scene
from slm_jax.domains.excel.world import make_world

MODULES = ("aggregate", "conditional", "spans", "lookup", "arrays", "relative")
KINDS = {name: kind for name, kind in all_kinds().items() if kind.draw.__module__.rsplit(".", 1)[-1] in MODULES}


def drafts(kind, count, *, held_out=False):
    """`count` drafts of the kind with their scenes."""
    made = []
    for seed in range(40 * count):
        rng = random.Random(seed)
        scene = Scene(make_world(rng, held_out=held_out), rng)
        try:
            made.append((kind.draw(scene), scene))
        except NoColumn:
            continue
        if len(made) == count:
            return made
    raise AssertionError(f"{kind.name} finds no columns")


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_wording_can_be_said(name):
    kind = KINDS[name]
    assert len(kind.wordings) >= 16
    assert {wording.register for wording in kind.wordings} == set(REGISTERS)
    assert 1 <= sum(wording.held_out for wording in kind.wordings) <= 3
    left = {wording.id for wording in kind.wordings}
    for draft, scene in drafts(kind, 10):
        for wording in kind.usable(draft, held_out=False) + kind.usable(draft, held_out=True):
            said = phrase(draft, wording, wrap=kind.wrap, scene=scene)
            assert said.formula.startswith("=") and len(said.instruction) > 4
            left.discard(wording.id)
        assert len(kind.usable(draft, held_out=False)) >= 2, f"variant {draft.wording!r} has too few wordings"
    assert not left, "wordings that no draft uses"


def test_held_out_wordings_keep_their_identity():
    share = sum(w.held_out for k in KINDS.values() for w in k.wordings) / sum(len(k.wordings) for k in KINDS.values())
    assert abs(share - HELD_OUT_SHARE) < 0.03
    ids = [wording.id for kind in all_kinds().values() for wording in kind.wordings]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("lines", ["shout: sum it", "imperative sum it", "imperative: sum [it", "imperative: a\nimperative: a"])
def test_a_wrong_wording_is_refused(lines):
    with pytest.raises(ValueError, match="kind 'never'|template"):
        kind("never", share=1, wordings=lines)(lambda scene: Draft("1", result="number"))
    assert "never" not in all_kinds()


SHEET = [
    ["Region", "Units", "Day", "Name"],
    ["North", 10, {"date": "2024-03-01"}, "Ann"],
    ["South", 5, {"date": "2024-03-31"}, "Bob"],
    ["North", 7, {"date": "2024-04-01"}, "Cid"],
    ["West", 2, {"date": "2024-02-29"}, "Dan"],
]


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ('=SUMIF(A:A,"North",B:B)', 17),
        ('=SUMIFS(B:B,C:C,">="&DATE(2024,3,1),C:C,"<"&DATE(2024,4,1))', 15),
        ("=XLOOKUP(MAX(B:B),B:B,D:D)", "Ann"),
        ('=XLOOKUP("North",A:A,D:D,,0,-1)', "Cid"),
        ('=XLOOKUP(1,(A2:A5="North")*(D2:D5="Cid"),B2:B5)', 7),
        ("=COUNTA(UNIQUE(A2:A5))", 3),
        ("=SUM(LARGE(B:B,SEQUENCE(2)))", 17),
        ("=SUMPRODUCT(B:B,B:B)/SUM(B:B)", 178 / 24),
        ('=INDEX(B2:D5,MATCH("South",A2:A5,0),MATCH("Name",B1:D1,0))', "Bob"),
        ("=XLOOKUP(6,B:B,D:D,,-1)", "Bob"),
        ('=COUNTIF(B:B,">"&AVERAGE(B:B))', 2),
    ],
)
def test_the_shapes_mean_what_the_wordings_ask(formula, value):
    from slm_jax.domains.excel.engine import cross_check, evaluate_trusted

    for outcome in (*evaluate_trusted(SHEET, [formula]), *cross_check(SHEET, [formula])):
        assert outcome.value[0][0] == (pytest.approx(value) if isinstance(value, float) else value)
