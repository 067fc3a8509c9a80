"""Sheets and literals: what a scene says must be what its formula does, and the two pools of words must not touch."""

import datetime
import random

import pytest

from slm_jax.domains.excel.criteria import COMPARISONS, Test
from slm_jax.domains.excel.literals import DateLiteral, Literal, Month, NumberLiteral, Percent
from slm_jax.domains.excel.mill import literal_units
from slm_jax.domains.excel.refs import NoColumn
from slm_jax.domains.excel.scene import Scene
from slm_jax.domains.excel.words import Words
from slm_jax.domains.excel.world import LETTERS, make_world


def scenes(count: int = 60, *, held_out: bool = False):
    for seed in range(count):
        rng = random.Random(seed)
        yield Scene(make_world(rng, held_out=held_out), rng)


def test_a_world_is_a_whole_sheet():
    for scene in scenes(40):
        world = scene.world
        table = world.sheet()
        assert len(table) == world.last_row and 9 <= len(table) <= 21
        assert len({column.header for column in world.columns}) == len(world.columns) >= 6
        for column in world.columns:
            index = LETTERS.index(column.letter)
            assert table[0][index] == column.header
            assert [row[index] is None for row in table[1:]] == [value is None for value in column.values]
        cells = set(world.inputs.values())
        assert len(cells) == len(world.columns)
        assert not {cell[0] for cell in cells} & {column.letter for column in world.columns}, "input cells stand outside the table"


def test_worlds_depend_on_their_seed_alone():
    assert make_world(random.Random(3), held_out=False).columns == make_world(random.Random(3), held_out=False).columns
    assert make_world(random.Random(3), held_out=False).columns != make_world(random.Random(4), held_out=False).columns


def test_phrase_and_formula_agree_in_every_style():
    seen = set()
    for scene in scenes():
        ref = scene.numbers()
        seen.add(scene.style)
        if scene.style == "header":
            assert ref.range == f"{ref.letter}:{ref.letter}" and ref.header.lower().replace("_", "")[:3] in str(ref).lower().replace(" ", "").replace("_", "")
        elif scene.style == "column":
            assert ref.range == f"{ref.letter}:{ref.letter}" and ref.letter.lower() in str(ref).lower().split(":")[0].split()[-1] + str(ref).lower()
        else:
            first, last = ref.range.split(":")
            assert first in str(ref) and last in str(ref), "the same corners, with the same $"
            assert ref.bounded == ref.range
    assert seen == {"header", "column", "range"}


def test_need_bounded_makes_columns_ranges():
    for scene in scenes():
        if scene.style == "column":
            scene.need_bounded()
            ref = scene.category()
            assert ref.bounded == f"{ref.letter}2:{ref.letter}{scene.world.last_row}" == ref.range
            assert ref.letter + "2" in str(ref)
            return
    raise AssertionError("no scene in column style")


def test_a_column_is_taken_once():
    scene = next(scenes(1))
    taken = []
    with pytest.raises(NoColumn):
        for _ in range(30):
            taken.append(scene.numbers().letter)
    assert len(set(taken)) == len(taken) > 0


@pytest.mark.parametrize(
    ("operator", "literal", "criterion", "expression"),
    [
        ("=", Literal("North"), '"North"', 'B2="North"'),
        ("<>", Literal("North"), '"<>North"', 'B2<>"North"'),
        ("=", NumberLiteral(50), "50", "B2=50"),
        (">", NumberLiteral(2.5), '">2.5"', "B2>2.5"),
        (">=", DateLiteral(datetime.date(2024, 3, 1), 0), '">="&DATE(2024,3,1)', "B2>=DATE(2024,3,1)"),
        ("begins", Literal("No"), '"No*"', 'LEFT(B2,2)="No"'),
        ("ends", Literal("th"), '"*th"', 'RIGHT(B2,2)="th"'),
        ("contains", Literal('a"b'), '"*a""b*"', 'ISNUMBER(SEARCH("a""b",B2))'),
    ],
)
def test_criteria_and_expressions(operator, literal, criterion, expression):
    test = Test(None, operator, literal, "", 0)
    assert test.criterion == criterion
    assert test.on("B2") == expression


def test_tests_together_mostly_have_a_row():
    passing = total = 0
    for scene in scenes(80):
        try:
            tests = scene.tests([scene.category(), scene.numbers(), scene.dates()])
        except NoColumn:
            continue
        total += 1
        passing += any(all(test.holds(test.ref.column.values[row]) for test in tests) for row in range(scene.world.rows))
    assert total > 40 and passing > 0.9 * total


def test_comparisons_say_what_they_do():
    for verb in COMPARISONS[">="]:
        assert verb not in COMPARISONS[">"] and verb not in COMPARISONS["<="]
    for scene in scenes(20):
        operator, verb = scene.comparison()
        assert verb in COMPARISONS[operator]


def test_literals_as_formulas():
    assert Literal('say "x"').formula == '"say ""x"""' and str(Literal("x", "'")) == "'x'"
    assert str(NumberLiteral(1500, grouped=True)) == "1,500" and NumberLiteral(1500, grouped=True).formula == "1500"
    assert NumberLiteral(0.1 + 0.2).formula == "0.3"
    assert Percent(15, "{} percent").formula == "15%" and Percent(7.5, "{}%").fraction == "0.075"
    assert {str(DateLiteral(datetime.date(2024, 3, 1), form)) for form in range(9)} >= {"1 March 2024", "March 1, 2024", "2024-03-01", "3/1/2024"}
    december = Month(2023, 12, 0)
    assert (december.start, december.end, december.next) == ("DATE(2023,12,1)", "DATE(2023,12,31)", "DATE(2024,1,1)")
    assert Month(2024, 2, 0).end == "DATE(2024,2,29)"


def test_the_pools_share_no_word():
    def units(held_out):
        words = Words(random.Random(1), held_out)
        texts = [words.literal() for _ in range(4000)] + [value for name in ("city", "status", "product") for value in words.category_values(name, 5)]
        texts += [str(words.number(100, 99_999)) for _ in range(300)]
        return set().union(*map(literal_units, texts))

    train, held_out = units(False), units(True)
    assert len(train) > 1500 and len(held_out) > 800, "thousands of words"
    assert not train & held_out


def test_category_values_are_distinct_even_in_the_small_pool():
    words = Words(random.Random(0), True)
    for _ in range(200):
        values = words.category_values("colour", 5)
        assert len(set(values)) == 5
