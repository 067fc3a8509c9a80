"""Questions about a table that name a value and leave its column unsaid: "total revenue for North". The prompt marks the value with its column, as it marks headers."""

from __future__ import annotations

from slm_jax.domains.excel.kinds.registry import kind
from slm_jax.domains.excel.scene import Draft, NoColumn, Ref, Scene


def _said_value(s: Scene, ref: Ref) -> object:
    """An equality test on a value that the column has. NoColumn where no table is shown, or the value is in two columns."""
    if s.style != "header":
        raise NoColumn("a table to be shown")
    test = s.equals(ref)
    text = str(test.literal.raw).casefold()
    owners = [column.letter for column in s.world.columns if text in {str(value).casefold() for value in column.values} or text == column.header.casefold()]
    if owners != [ref.letter] or test.operator != "=":
        raise NoColumn("a value of one column")
    return test


@kind("sum_of_value", share=6, wordings="""
imperative: @Sum {value} for {word}
imperative: @Sum the {value.header} of {word}
imperative: @Get the @total of {value} for {word}
imperative: @Get [the |]total {value.header} for {word}
imperative: @Sum {value} for all {word} rows
imperative: @Sum {value} but only for {word}
imperative: Add up {value} of everything [from|in] {word}
question: what is the total {value.header} for {word}?
question: what's the sum of {value} for {word}?
question: how much {value.header} did {word} have in total?
question: how much {value.header} is there for {word}?
question: what is {word}'s total {value.header}?
question: what do the {word} rows add up to in {value}?
telegraphic: total {value.header} for {word}
telegraphic: {word} total {value.header}
telegraphic: sum of {value} for {word}
telegraphic: total {value.header} {word}
telegraphic: {value.header} total {word} only
narrative: I @want to know about {word} only. What is the total of {value}?
narrative: The table lists {value}. @Sum it for {word}.
narrative: We have many groups here. I need [the |]total {value.header} for {word}.
""")
def sum_of_value(s: Scene) -> Draft:
    key = s.category() if s.rng.random() < 0.75 else s.names()
    test, value = _said_value(s, key), s.numbers()
    return Draft(f"SUMIF({key.range},{test.criterion},{value.range})", result="number", value=value, word=test.literal)


@kind("count_of_value", share=6, wordings="""
imperative: Count the {word} rows
imperative: Count [how many |]rows [are|have] {word}
imperative: Count how often {word} appears
imperative: Count everything [from|in] {word}
imperative: @Get the number of {word} entries
imperative: @Get the number of rows for {word}
question: how many {word} are there?
question: how many rows are {word}?
question: how many entries do we have for {word}?
question: how many are {word}?
question: how often is {word} listed?
question: how many {word} rows does the table have?
telegraphic: count {word}
telegraphic: number of {word}
telegraphic: how many {word}
telegraphic: {word} count
telegraphic: count of rows for {word}
narrative: I @want to know how common {word} is. Count the rows.
narrative: Some rows are {word}. How many of them are there?
narrative: I only care about {word}. Count its rows.
""")
def count_of_value(s: Scene) -> Draft:
    key = s.category() if s.rng.random() < 0.75 else s.names()
    test = _said_value(s, key)
    return Draft(f"COUNTIF({key.range},{test.criterion})", result="number", word=test.literal)


@kind("average_of_value", share=4, wordings="""
imperative: Average {value} for {word}
imperative: @Get the average {value.header} of {word}
imperative: @Get the mean {value.header} for {word}
imperative: Work out the average of {value} for the {word} rows
imperative: Average the {value.header} of all {word} rows
question: what is the average {value.header} for {word}?
question: what's the mean {value.header} of {word}?
question: how much {value.header} does {word} have on average?
question: what is {word}'s average {value.header}?
question: what {value.header} does {word} have on average?
telegraphic: average {value.header} {word}
telegraphic: avg {value.header} for {word}
telegraphic: mean {value.header} of {word}
telegraphic: {word} average {value.header}
narrative: I only look at {word}. What is the average of {value}?
narrative: The table lists {value}. I @want the average for {word}.
narrative: We compare groups. Give me the mean {value.header} of {word}.
""")
def average_of_value(s: Scene) -> Draft:
    key = s.category()
    test, value = _said_value(s, key), s.numbers()
    return Draft(f"AVERAGEIF({key.range},{test.criterion},{value.range})", result="number", value=value, word=test.literal)


@kind("extreme_of_value", share=4, wordings="""
imperative/MAX: @Get the [highest|largest|biggest|maximum] {value.header} for {word}
imperative/MAX: @Get the max of {value} for {word}
imperative/MAX: Show the [highest|top] {value.header} of {word}
imperative/MIN: @Get the [lowest|smallest|minimum] {value.header} for {word}
imperative/MIN: @Get the min of {value} for {word}
imperative/MIN: Show the [lowest|smallest] {value.header} of {word}
question/MAX: what is the [highest|largest|biggest|maximum] {value.header} for {word}?
question/MAX: what's the most {value.header} that {word} has?
question/MAX: how high does {value} go for {word}?
question/MIN: what is the [lowest|smallest|minimum] {value.header} for {word}?
question/MIN: what's the least {value.header} that {word} has?
question/MIN: how low does {value} go for {word}?
telegraphic/MAX: max {value.header} {word}
telegraphic/MAX: highest {value.header} for {word}
telegraphic/MIN: min {value.header} {word}
telegraphic/MIN: lowest {value.header} for {word}
narrative/MAX: I only look at {word}. What is the [highest|biggest|maximum] {value.header}?
narrative/MAX: Find {word} in the table. I @want its largest {value.header}.
narrative/MIN: I only look at {word}. What is the [lowest|smallest|minimum] {value.header}?
narrative/MIN: Find {word} in the table. I @want its smallest {value.header}.
""")
def extreme_of_value(s: Scene) -> Draft:
    key = s.category()
    test, value = _said_value(s, key), s.numbers()
    name = s.rng.choice(("MAX", "MIN"))
    return Draft(f"{name}IFS({value.range},{key.range},{test.criterion})", result="number", wording=name, value=value, word=test.literal)


@kind("lookup_of_value", share=8, wordings="""
imperative: @Get the {value.header} of {word}
imperative: @Get the {value.header} for {word}
imperative: Look up the {value.header} of {word}
imperative: Look up {word} and return [its |the ]{value.header}
imperative: Find {word} and @show {value}
imperative: Search for {word} and give me the {value.header}
imperative: Show the {value.header} that belongs to {word}
question: what is the {value.header} of {word}?
question: what is {word}'s {value.header}?
question: which {value.header} does {word} have?
question: what {value.header} belongs to {word}?
question: what's the {value.header} for {word}?
telegraphic: {value.header} of {word}
telegraphic: {word} {value.header}
telegraphic: lookup {word}, {value.header}
telegraphic: {value.header} for {word}
narrative: {word} is in the table. I @want the {value.header}.
narrative: I know the name {word}. I need the {value.header} that goes with it.
narrative: Find {word} in my list. Then return the {value.header}.
""")
def lookup_of_value(s: Scene) -> Draft:
    key = s.key()
    test = _said_value(s, key)
    value = s.any()
    return Draft(f"XLOOKUP({test.literal.formula},{key.range},{value.range})", result="any", value=value, word=test.literal)


@kind("filter_of_value", share=3, wordings="""
imperative: @List all {value} entries for {word}
imperative: @List every {value.header} of {word}
imperative: Show all {value.header} values for {word}
imperative: Return all the {value.header} entries that belong to {word}
imperative: Filter {value} for {word}
imperative: Filter {value} to {word} only
question: which {value.header} entries are there for {word}?
question: what are all the {value.header} values of {word}?
question: which {value.header} entries belong to {word}?
question: how can I list every {value.header} for {word}?
telegraphic: all {value.header} for {word}
telegraphic: list {value.header} {word}
telegraphic: filter {value.header} by {word}
telegraphic: every {value.header} of {word}
narrative: I only look at {word}. List all {value.header} values.
narrative: There are several rows for {word}. I @want every {value.header} of them.
""", wrap=False)
def filter_of_value(s: Scene) -> Draft:
    s.need_bounded()
    key = s.category()
    test, value = _said_value(s, key), s.any()
    return Draft(f"FILTER({value.bounded},{test.on(key.bounded)})", result="array", value=value, word=test.literal)
