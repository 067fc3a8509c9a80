"""Templates, and what is put around them."""

import random
import types

import pytest

from slm_jax.domains.excel import framing
from slm_jax.domains.excel.kinds.registry import Wording
from slm_jax.domains.excel.lexicon import synonyms
from slm_jax.domains.excel.phrasing import expand, parse_template, words_of
from slm_jax.domains.excel.refs import Draft


def text_of(template, seed=0, **slots):
    return "".join(part.text for part in expand(template, slots, random.Random(seed)))


def test_alternatives_nest_and_may_be_empty():
    texts = {text_of("a[ b[1|2]|] c", seed) for seed in range(60)}
    assert texts == {"a c", "a b1 c", "a b2 c"}


def test_synonyms_and_capitals():
    assert {text_of("@sum x", seed) for seed in range(200)} == {f"{word} x" for word in synonyms("sum")}
    assert all(text_of("@Sum x", seed)[0].isupper() for seed in range(20))
    with pytest.raises(KeyError, match="no lexicon class 'nonsense'"):
        text_of("@nonsense")


def test_a_slot_is_taken_as_it_is():
    ref = types.SimpleNamespace(cell="B2")
    assert text_of("{word} in {ref.cell} @ home", word="[x|y] {z} @sum", ref=ref) == "[x|y] {z} @sum in B2 @ home"
    with pytest.raises(KeyError):
        text_of("{missing}")


@pytest.mark.parametrize("template", ["a [b|c", "a b] c", "a {b", "a } b", "{Up}"])
def test_a_broken_template_is_refused(template):
    with pytest.raises(ValueError, match="template"):
        parse_template(template)


def test_words_of_every_alternative():
    assert set(words_of("Add [up|together [now|]] {value} @min")) == {"add", "up", "together", "now"} | {word for text in synonyms("min") for word in text.split()}


def phrase(template, register, seed, *, result="number", wrap=True, **slots):
    scene = types.SimpleNamespace(rng=random.Random(seed), free_cell=lambda: "K2", sheet_clause="")
    wording = Wording(id="x/1", register=register, variant="", text=template, held_out=False)
    return framing.phrase(Draft("SUM(E:E)", result=result, **slots), wording, wrap=wrap, scene=scene)


def test_a_clause_goes_with_its_wrapper_and_only_with_it():
    wrappers = set()
    for seed in range(400):
        made = phrase("sum {value} up", "imperative", seed, value="E")
        text, error, rounded = made.instruction.lower(), "IFERROR(" in made.formula, "ROUND(" in made.formula
        wrappers.add(made.wrapper)
        assert made.formula == {"": "=SUM(E:E)"}.get(made.wrapper, made.formula)
        if "typo" not in text:
            assert rounded == (made.wrapper == "ROUND") and error == (made.wrapper == "IFERROR")
        if not made.wrapper:
            assert made.formula == "=SUM(E:E)" and "decimal" not in text and "error" not in text
        if rounded:
            assert any(word in made.words for word in ("round", "rounded", "decimals", "decimal"))
    assert wrappers == {"", "ROUND", "IFERROR"}


def test_no_wrapper_where_the_kind_forbids_it():
    assert all(phrase("sum {value}", "imperative", seed, wrap=False, value="E").formula == "=SUM(E:E)" for seed in range(100))


@pytest.mark.parametrize("register", ["imperative", "question", "telegraphic", "narrative"])
def test_literals_and_references_survive_every_noise(register):
    for seed in range(300):
        made = phrase("sum {value} where region is {word} for me", register, seed, value="column E", word="nOrth Wall")
        assert "nOrth Wall" in made.instruction and "olumn E" in made.instruction
        assert "  " not in made.instruction and made.instruction == made.instruction.strip()
        assert not any(made.instruction.endswith(end) for end in ("..", "?.", ".?", "??", "!."))
        assert "{" not in made.instruction and "[" not in made.instruction


def test_an_imperative_is_framed_in_many_ways_and_capitalised():
    texts = [phrase("Sum {value}", "imperative", seed, value="E", wrap=False).instruction for seed in range(500)]
    assert len(set(texts)) > 60
    assert any(text.startswith("How do I sum E") for text in texts) and any(text.startswith("Please sum") for text in texts)
    assert not any("How do I Sum" in text or "Please Sum" in text for text in texts)


def test_give_me_is_not_put_after_how_do_i():
    assert not any("I give me" in phrase("Give me {value}", "imperative", seed, value="E").instruction for seed in range(400))
