"""The text that the model sees."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_jax.domains.excel.prompt import MAX_CHARACTERS, SYMBOLS, describe_table, write_prompt
from slm_jax.errors import UserError

TABLE = [["Date", "Region", None, "Unit_Price", "TotalCost"], [{"date": "2024-01-02"}, "North", None, 5, 2.5], [None, "South", None, 6, 1]]


def test_a_prompt_with_and_without_a_table():
    assert write_prompt("  Sum   E\n where B is\t“North” ") == '<INSTRUCTION>Sum E where B is "North"</INSTRUCTION><FORMULA>'
    assert write_prompt("x", TABLE) == "<TABLE>date A|region B|unit price D|total cost E|3</TABLE><INSTRUCTION>x</INSTRUCTION><FORMULA>"
    assert write_prompt("x", []) == write_prompt("x")


def test_tags_are_accepted_around_and_broken_inside():
    assert write_prompt("<INSTRUCTION> Sum E </INSTRUCTION>") == write_prompt("Sum E")
    inside = write_prompt("a <FORMULA> b </instruction> c <b> d<e")
    assert inside == "<INSTRUCTION>a < FORMULA> b < /instruction> c <b> d<e</INSTRUCTION><FORMULA>"
    assert describe_table([["<TABLE>", "a|b"], [1, 2]]) == "< table> A|a/b B|2"


def test_a_table_without_headers_is_told_by_types():
    assert describe_table([[1, {"date": "2024-01-01"}, None], [2, {"date": "2024-01-02"}, "x"]]) == "(number) A|(date) B|(text) C|1-2"
    assert describe_table([[None, None], [1, "a"], [2, "b"]]) == "(number) A|(text) B|1-3"
    assert describe_table([[None], [""]]) == "empty"
    assert describe_table([["Year", 2023, 2024.0], ["a", 1, 2]]) == "year A|2023 B|2024 C|2"


def test_long_tables_are_cut_and_say_so():
    assert describe_table([[f"h{index}" for index in range(30)], [1] * 30]).endswith("|h19 T|+10|2")
    assert describe_table([["x" * 100], [1]]) == "x" * 31 + "~ A|2"
    assert describe_table([["a"], [1], [None], [""]]) == "a A|2"
    assert describe_table([["a"], [1, 2, 3]]) == "a A|2"


@pytest.mark.parametrize("text", ["", "  \n", "<INSTRUCTION></INSTRUCTION>", "a\x00b", "a\x1bb", "\ud800", "x" * (MAX_CHARACTERS + 1), None, 5])
def test_what_is_no_instruction_is_a_user_error_of_one_line(text):
    with pytest.raises(UserError) as error:
        write_prompt(text)
    assert "\n" not in str(error.value) and len(str(error.value)) < 200


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*SYMBOLS, "<", ">", "INSTRUCTION", "</", " ", "\n", "a", "<table>", "“", "\u200b", "é"]), max_size=15).map("".join))
def test_symbols_stand_only_where_they_belong(text):
    try:
        prompt = write_prompt(text)
    except UserError:
        return
    body = prompt.removeprefix("<INSTRUCTION>").removesuffix("</INSTRUCTION><FORMULA>")
    assert not any(symbol.lower() in body.lower() for symbol in SYMBOLS)
    assert write_prompt(body) == prompt, "idempotent"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Total unit_price where REGION is North", "Total unit_price@D where REGION@B is North@B"),
        ("UnitPrice by date", "UnitPrice@D by date@A"),
        ('the "Region" column says "unit price is high"', 'the "Region"@B column says "unit price is high"'),  # a literal that only contains a header stays as it is
        ("unit prices and regions", "unit prices@D and regions@B"),
        ("dated, regional, update", "dated, regional, update"),  # parts of words are no headers
        ("total costs, not total", "total costs@E, not total"),
        ("sum D for \"south\" or Southern", "sum D for \"south\"@B or Southern"),
    ],
)
def test_headers_in_the_instruction_carry_their_letters(text, wanted):
    assert f"<INSTRUCTION>{wanted}</INSTRUCTION>" in write_prompt(text, TABLE)


def test_of_overlapping_headers_the_longest_is_meant_and_of_equal_ones_the_first():
    assert "<INSTRUCTION>task names@B of task@A</INSTRUCTION>" in write_prompt("task names of task", [["Task", "Task Name", "task"], [1, 2, 3]])


def test_headers_that_are_named_are_not_listed_again():
    assert write_prompt("sum of Region", TABLE).startswith("<TABLE>date A|unit price D|total cost E|3</TABLE>")
