"""Sums and counts by a piece of text, by a condition that stands in a cell, by a span from one bound to another, and by month."""

from __future__ import annotations

from slm_jax.domains.excel.kinds.registry import kind
from slm_jax.domains.excel.scene import Draft, Scene


@kind("count_contains", share=4, wrap=False, wordings="""
imperative: Count [the |all |]cells in {key} that {test.verb} {test.literal}
imperative: Count how many @rows have {key} that {test.verb} {test.literal}
imperative: Count [the |]@rows where {test}
imperative: @Get the @number of cells in {key} that {test.verb} {test.literal}
imperative: Count {key} if it {test.verb} {test.literal}
imperative: Tally the @rows where {test}
question: how many cells in {key} {test.verb} {test.literal}?
question: how many @rows are there @where {test}?
question: what is the @number of @rows where {test}?
question: how many @values in {key} {test.verb} {test.literal}?
telegraphic: count if {test}
telegraphic: count cells in {key} that {test.verb} {test.literal}
telegraphic: countif {key} {test.verb} {test.literal}
telegraphic: how many {key} {test.verb} {test.literal}
narrative: {key} @holds text. I @wantto count the cells that {test.verb} {test.literal}.
narrative: I only care about @rows where {test}. How many are there?
""")
def count_contains(s: Scene) -> Draft:
    key = s.rng.choice((s.category, s.text, s.names))()
    test = s.contains(key)
    return Draft(f"COUNTIF({key.range},{test.criterion})", result="number", key=key, test=test)


@kind("sum_contains", share=2.9, sheets=True, wordings="""
imperative: @Sum {value} @where {test}
imperative: @Sum {value} for @rows whose {key} {test.verb} {test.literal}
imperative: @Sum the @values in {value} if the text in {key} {test.verb} {test.literal}
imperative: @Get the @total of {value} @where {test}
imperative: Add up {value} for every [row|line|record] where {test}
imperative: @Get the total {value} of cells in {key} that {test.verb} {test.literal}
question: what is the @total of {value} @where {test}?
question: how much is {value} in total if {test}?
question: what is the sum of {value} if the text in {key} {test.verb} {test.literal}?
question: what do @rows whose {key} {test.verb} {test.literal} add up to in {value}?
telegraphic: sum {value} if {test}
telegraphic: sumif {key} {test.verb} {test.literal}, {value}
telegraphic: total {value} where {test}
telegraphic: total {value} if {key} {test.verb} {test.literal}
narrative: {key} @holds text and {value} amounts. I @want the total where {test}.
narrative: I @wantto @sum {value}, but only if the text in {key} {test.verb} {test.literal}.
""")
def sum_contains(s: Scene) -> Draft:
    key = s.rng.choice((s.category, s.text, s.names))()
    value, test = s.numbers(), s.contains(key)
    return Draft(f"SUMIF({key.range},{test.criterion},{value.range})", result="number", key=key, value=value, test=test)


@kind("sum_cell_criterion", share=4, sheets=True, wordings="""
imperative: @Sum {value} @where {key} {verb} {cell}
imperative: @Sum {value} @where {key} {verb} the value in {cell}
imperative: @Get the @total of {value} @where {key} {verb} {cell}
imperative: @Sum the @values in {value} for rows where {key} {verb} what is in {cell}
imperative: @Sum {value} if {key} {verb} the [criterion|value|entry] in {cell}
imperative: Take the rows where {key} {verb} {cell} and @sum {value}
question: what is the @total of {value} @where {key} {verb} {cell}?
question: what's the sum of {value} if {key} {verb} the value in {cell}?
question: how much is {value} in total when {key} {verb} {cell}?
question: what do rows where {key} {verb} {cell} add up to in {value}?
telegraphic: sum {value} if {key} {verb} {cell}
telegraphic: sumif {key} {verb} {cell}, {value}
telegraphic: total {value} where {key} {verb} {cell}
telegraphic: sum {value} where {key} {verb} value in {cell}
narrative: The criterion is in {cell}. I @want the total of {value} where {key} {verb} it.
narrative: I type a value in {cell}. @Sum {value} for all rows where {key} {verb} that value.
""")
def sum_cell_criterion(s: Scene) -> Draft:
    value, (key, verb, criterion, cell) = s.numbers(), _cell_test(s)
    return Draft(f"SUMIF({key.range},{criterion},{value.range})", result="number", value=value, key=key, verb=verb, cell=cell)


@kind("count_cell_criterion", share=2.5, wrap=False, sheets=True, wordings="""
imperative: Count [the |]@rows where {key} {verb} {cell}
imperative: Count [the |]@rows where {key} {verb} the value in {cell}
imperative: @Get the @number of @rows where {key} {verb} {cell}
imperative: Count how many [rows|cells|times] {key} {verb} what is in {cell}
imperative: Count the rows @where {key} {verb} the value of {cell}
imperative: Tally the @rows where {key} {verb} {cell}
question: how many @rows are there @where {key} {verb} {cell}?
question: how many times {key_verb} the value in {cell}?
question: what is the @number of @rows where {key} {verb} {cell}?
question: how many @rows have {key} that {verb} {cell}?
telegraphic: count if {key} {verb} {cell}
telegraphic: countif {key} {verb} {cell}
telegraphic: number of @rows where {key} {verb} {cell}
telegraphic: count rows where {key} {verb} value in {cell}
narrative: The criterion is in {cell}. I @wantto count the @rows where {key} {verb} it.
narrative: I type a value in {cell}. Count all rows where {key} {verb} that value.
""")
def count_cell_criterion(s: Scene) -> Draft:
    key, verb, criterion, cell = _cell_test(s)
    return Draft(f"COUNTIF({key.range},{criterion})", result="number", key=key, verb=verb, key_verb=f"{key} {verb}", cell=cell)


def _cell_test(s: Scene) -> tuple:
    """(column, verb, criterion formula, cell): a test against a cell instead of a literal."""
    if s.rng.random() < 0.6:
        key = s.rng.choice((s.category, s.category, s.names))()
        cell = s.input(key)
        return key, s.rng.choice(("equals", "matches", "is equal to", "=", "is the same as", "is")), cell.formula, cell
    key = s.rng.choice((s.dates, s.integers, s.money))()
    cell = s.input(key)
    operator, verb = s.date_comparison() if key.column.kind == "dates" else s.comparison()
    return key, verb, f'"{operator}"&{cell.formula}', cell


@kind("sum_between", share=2.9, wordings="""
imperative: @Sum the @values in {value} that are {span.bare}
imperative: @Sum {value} where the @value is {span.bare}
imperative: @Sum [only |]@values {span.bare} in {value}
imperative: @Get the @total of {value} for @values {span.bare}
imperative: Add up {value} if {span}
imperative: @Sum {value} @where {span}
question: what is the @total of the @values in {value} {span.bare}?
question: what is the sum of {value} if {span}?
question: how much do @values {span.bare} in {value} add up to?
question: what do the numbers {span.bare} in {value} add up to?
telegraphic: sum {value} {span.bare}
telegraphic: total {value} if {span.bare}
telegraphic: sum values {span.bare} in {value}
telegraphic: add up {value} {span.bare}
narrative: {value} @holds amounts. I @wantto add only those {span.bare}.
narrative: I have numbers in {value}. @Sum the ones that are {span.bare}.
""")
def sum_between(s: Scene) -> Draft:
    value = s.numbers()
    span = s.between(value)
    low, high = span.criteria
    return Draft(f"SUMIFS({value.range},{value.range},{low},{value.range},{high})", result="number", value=value, span=span)


@kind("count_between", share=2.9, wrap=False, wordings="""
imperative: Count [the |]@values in {value} that are {span.bare}
imperative: Count [the |]@rows where {span}
imperative: Count how many @values in {value} are {span.bare}
imperative: @Get the @number of @values {span.bare} in {value}
imperative: Count cells in {value} if they are {span.bare}
imperative: Tally the @rows where {span}
question: how many @values in {value} are {span.bare}?
question: how many @rows have {value} {span.bare}?
question: what is the @number of @rows where {span}?
question: how many times is {value} {span.bare}?
telegraphic: count {value} {span.bare}
telegraphic: count if {span}
telegraphic: number of @values {span.bare} in {value}
telegraphic: how many {value} {span.bare}
narrative: {value} @holds @values. I @wantto count only those {span.bare}.
narrative: I have a list in {value}. How many are {span.bare}?
""")
def count_between(s: Scene) -> Draft:
    value = s.rng.choice((s.numbers, s.numbers, s.dates))()
    span = s.between(value)
    low, high = span.criteria
    return Draft(f"COUNTIFS({value.range},{low},{value.range},{high})", result="number", value=value, span=span)


@kind("sum_dates", share=4, sheets=True, wordings="""
imperative: @Sum {value} @where {span}
imperative: @Sum {value} for dates {span.bare} in {date}
imperative: @Get the @total of {value} for dates in {date} {span.bare}
imperative: @Sum {value} [only |]when the date in {date} is {span.bare}
imperative: Add up [all |]{value} with {date} {span.bare}
imperative: @Get the @total {value} {span.bare} based on {date}
question: what is the @total of {value} @where {span}?
question: how much is {value} in total with {date} {span.bare}?
question: what is the sum of {value} for dates {span.bare} in {date}?
question: what does {value} add up to for {date} {span.bare}?
telegraphic: sum {value} if {span}
telegraphic: total {value} for {date} {span.bare}
telegraphic: sum {value} {date} {span.bare}
telegraphic: total {value} with dates {span.bare} in {date}
narrative: {date} @holds dates and {value} amounts. I @want the total {span.bare}.
narrative: I @wantto @sum {value}, but only if the date in {date} is {span.bare}.
""")
def sum_dates(s: Scene) -> Draft:
    date, value = s.dates(), s.numbers()
    span = s.between(date)
    low, high = span.criteria
    return Draft(f"SUMIFS({value.range},{date.range},{low},{date.range},{high})", result="number", date=date, value=value, span=span)


@kind("sum_month", share=4, sheets=True, wordings="""
imperative: @Sum {value} for {month} [based on|using] [the dates in |]{date}
imperative: @Sum {value} @where {date} is in {month}
imperative: @Sum {value} @where {date} falls in {month}
imperative: @Get the @total of {value} for {month}, with dates in {date}
imperative: @Get the @total {value} in {month} by {date}
imperative: Add up [all |]{value} dated {month} in {date}
question: what is the @total of {value} @where {date} is in {month}?
question: how much is {value} in total for {month} [by|going by|based on] {date}?
question: what is the sum of {value} in {month} if dates are in {date}?
question: what does {value} add up to in {month}, going by {date}?
telegraphic: sum {value} for {month} by {date}
telegraphic: total {value} {month} ({date})
telegraphic: sum {value} if {date} in {month}
telegraphic: {month} total of {value} by {date}
narrative: {date} @holds dates and {value} amounts. I @want the total for {month}.
narrative: I @want a monthly total: {value} where {date} is in {month}.
""")
def sum_month(s: Scene) -> Draft:
    date, value = s.dates(), s.numbers()
    month = s.month(date)
    return Draft(f'SUMIFS({value.range},{date.range},">="&{month.start},{date.range},"<"&{month.next})', result="number", date=date, value=value, month=month)


@kind("count_month", share=2.3, wrap=False, wordings="""
imperative: Count [the |]@rows where {date} is in {month}
imperative: Count how many dates in {date} [are|fall] in {month}
imperative: @Get the @number of @rows where {date} falls in {month}
imperative: Count [the |all |]dates in {date} for {month}
imperative: Count {month} dates in {date}
imperative: Tally the @rows dated {month} in {date}
question: how many dates in {date} [are|fall] in {month}?
question: how many @rows are there @where {date} is in {month}?
question: what is the @number of @rows with {date} in {month}?
question: how many @rows are dated {month} in {date}?
telegraphic: count {date} in {month}
telegraphic: number of dates in {month} in {date}
telegraphic: count rows if {date} in {month}
telegraphic: how many {date} in {month}
narrative: {date} @holds dates. I @wantto know how many are in {month}.
narrative: I @want a monthly count: the @rows where {date} is in {month}.
""")
def count_month(s: Scene) -> Draft:
    date = s.dates()
    month = s.month(date)
    return Draft(f'COUNTIFS({date.range},">="&{month.start},{date.range},"<"&{month.next})', result="number", date=date, month=month)
