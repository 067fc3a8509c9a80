"""Row-wise kinds (logic, text, dates, numbers): formulas that both engines can run, instructions that determine them.

Run as a script to read examples: `PYTHONPATH=. python tests/domains/excel/test_kinds_b.py [kind ...]`.
"""

import collections
import random
import re
import sys

import pytest

from slm_jax.domains.excel import engine, formula, kinds
from slm_jax.domains.excel.framing import phrase
from slm_jax.domains.excel.kinds.registry import REGISTERS, Kind
from slm_jax.domains.excel.phrasing import expand
from slm_jax.domains.excel.scene import Draft, NoColumn, Scene
from slm_jax.domains.excel.world import make_world

MODULES = {"logic", "flags", "text", "text_parts", "dates", "date_parts", "numbers", "percent", "formats"}
ROW_KINDS = {name: kind for name, kind in kinds.all_kinds().items() if kind.draw.__module__.rsplit(".", 1)[-1] in MODULES}
WORLDS = 40

# Constants that a kind's words imply without spelling them: the zeros of a format, the 12 months of a year, the blank of "leave it empty".
IMPLIED = {
    "age": ["y"],
    "blank_flag": [""],
    "clean_case": [1, 2],
    "count_in_text": ["", " ", 1],
    "date_name": ["dddd", "ddd", "mmmm", "mmm"],
    "digits": ["", "TRUE", 1],
    "discount": [1],
    "duplicate_flag": [1],
    "email_part": ["@"],
    "first_occurrence": [1],
    "first_or_last_char": [1],
    "hours_between": [24, 1440, 1],
    "if_calculate": [0, 1],
    "if_or_blank": [""],
    "if_return_cell": [0, ""],
    "ifs": ["TRUE"],
    "in_list": [0],
    "interest": [1],
    "loan": [12],
    "margin": [1],
    "markup": [1],
    "month_edge": [0, 1],
    "months_or_years_between": ["m", "y"],
    "name_part": [" ", 1],
    "number_format": ["0.00", "#,##0", "0%", "$#,##0.00"],
    "number_to_text": ["0"],
    "power": [2],
    "quarter": [3, 0, "Q"],
    "remove_text": [""],
    "reverse_name": [" ", ", ", 1],
    "round_whole": [0],
    "row_number": [1],
    "safe_divide": [0, ""],
    "shift_months": [12],
    "spaces": [" ", ""],
    "text_after_find": [1],
    "text_after_last": [1],
    "text_before_find": [1],
    "textjoin": ["TRUE"],
    "weekday_number": [2],
    "weekend": [2, 5],
}
WORDS = {"10": "ten", "100": "hundred", "1000": "thousand", "0": "zero"}
SIGNS = {",": "comma", "-": "dash|hyphen", " ": "space|blank", "/": "slash", ";": "semicolon", "_": "underscore", "|": "pipe", ":": "colon"}
SIGNS |= {".": "dot|period", "*": "asterisk", "+": "plus", "@": "at sign"}


def drafts(kind: Kind, worlds: list) -> list[tuple[Scene, Draft]]:
    """One draft a world, where the world has the columns for it."""
    made = []
    for index, world in enumerate(worlds):
        for attempt in range(3):
            scene = Scene(world, random.Random(f"{kind.name}/{index}/{attempt}"))
            try:
                made.append((scene, kind.draw(scene)))
                break
            except NoColumn:
                continue
    return made


@pytest.fixture(scope="module")
def worlds() -> list:
    return [make_world(random.Random(index), held_out=index % 5 == 0) for index in range(WORLDS)]


def test_each_kind_has_many_wordings_in_all_registers_for_every_variant():
    assert len(ROW_KINDS) >= 35
    for name, kind in ROW_KINDS.items():
        assert len(kind.wordings) >= 16, name
        assert {wording.register for wording in kind.wordings} == set(REGISTERS), name
        counts = collections.Counter(wording.variant for wording in kind.wordings)
        assert min(counts.values()) >= 3, (name, counts)  # with one held out, two are left to learn from
        trained = collections.Counter(wording.variant for wording in kind.wordings if not wording.held_out)
        assert set(trained) == set(counts), name


def test_every_wording_fills_for_the_drafts_of_its_variant(worlds):
    rng = random.Random(1)
    worlds = worlds + [make_world(rng, held_out=False) for _ in range(160)]  # some variants need a rare column
    for name, kind in ROW_KINDS.items():
        seen = set()
        for _, draft in drafts(kind, worlds):
            fitting = [wording for wording in kind.wordings if wording.variant == draft.wording]
            assert fitting, (name, draft.wording)
            seen.add(draft.wording)
            for wording in fitting:
                text = "".join(segment.text for segment in expand(wording.text, draft.slots, rng))
                assert text and not re.search(r"\{\w|@[a-z]{3}|Literal\(|object at", text), (wording.id, text)
        assert seen == {wording.variant for wording in kind.wordings}, name


def test_the_engines_agree_on_a_value(worlds):
    tried, agreed, failures = collections.Counter(), collections.Counter(), collections.defaultdict(list)
    made = {name: {id(scene.world): draft for scene, draft in drafts(kind, worlds)} for name, kind in ROW_KINDS.items()}
    for world in worlds:
        batch = [(name, by_world[id(world)]) for name, by_world in made.items() if id(world) in by_world]
        formulas = [f"={draft.formula}" for _, draft in batch]
        sheet = {"Sheet1": world.sheet()}
        first = engine.evaluate_trusted(sheet, formulas)
        second = engine.cross_check(sheet, formulas, like=first)
        for (name, _), text, a, b in zip(batch, formulas, first, second, strict=True):
            assert formula.syntax_error(text) is None, (name, text)
            tried[name] += 1
            if a.kind == "value" and engine.same_value(a, b):
                agreed[name] += 1
            else:
                failures[name].append((text, a, b))
    rates = {name: agreed[name] / tried[name] for name in ROW_KINDS}
    print({name: f"{rate:.0%} of {tried[name]}" for name, rate in rates.items() if rate < 1})
    bad = {name: failures[name][:3] for name, rate in rates.items() if rate < 0.9 or tried[name] < 3}
    assert not bad, bad


def said(value: object, text: str, implied: list) -> bool:
    """Whether a constant of the formula is in the instruction's words."""
    if isinstance(value, bool):
        return "TRUE" in implied
    if value in implied:
        return True
    raw = value if isinstance(value, str) else f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, str) and re.fullmatch("0+", raw) and str(len(raw)) in text:
        return True  # leading zeros: their number is said
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    names = [WORDS.get(raw), *(SIGNS.get(sign) for sign in raw.strip() or raw[:1])]
    return raw in plain or any(name and re.search(name, plain, re.IGNORECASE) for name in names)


def test_instructions_name_every_constant_and_reference(worlds):
    rng = random.Random(2)
    for name, kind in ROW_KINDS.items():
        for scene, draft in drafts(kind, worlds):
            for wording in (wording for wording in kind.wordings if wording.variant == draft.wording):
                text = "".join(segment.text for segment in expand(wording.text, draft.slots, rng))
                body = re.sub(r"DATE\(\d+,\d+,\d+\)", "TODAY()", draft.formula) if "DATE(" in draft.formula and name != "date_from_parts" else draft.formula
                body = re.sub(r"LEFT\((\w+),\d+\)=|RIGHT\((\w+),\d+\)=", r"\1\2=", body)  # the length of a text that is said
                for value in formula.literals(f"={body}"):
                    assert said(value, text, IMPLIED.get(name, [])), (wording.id, value, text, draft.formula)
                if scene.style == "header":
                    continue
                for reference in formula.references(f"={draft.formula}"):
                    cell = reference.replace("$", "").split(":")[-1]
                    column = cell.rstrip("0123456789")
                    whole = draft.wording == "column" or ":" in reference
                    assert re.search(rf"\b{column}\d*\b" if whole else rf"\b{cell}\b", text, re.IGNORECASE), (wording.id, reference, text)


def test_the_clock_and_the_row_are_the_only_formulas_without_a_reference(worlds):
    without = {name for name, kind in ROW_KINDS.items() for _, draft in drafts(kind, worlds[:8]) if not formula.references(f"={draft.formula}")}
    assert without == {"now", "repeat", "row_number"}


if __name__ == "__main__":
    rng = random.Random(0)
    for kind_name, one_kind in ROW_KINDS.items():
        if sys.argv[1:] and kind_name not in sys.argv[1:]:
            continue
        print(f"## {kind_name}: {len(one_kind.wordings)} wordings")
        for one_scene, one_draft in drafts(one_kind, [make_world(rng, held_out=False) for _ in range(12)]):
            one_wording = rng.choice([wording for wording in one_kind.wordings if wording.variant == one_draft.wording])
            example = phrase(one_draft, one_wording, wrap=one_kind.wrap, scene=one_scene)
            print(f"  {example.instruction}\n      {example.formula}")
