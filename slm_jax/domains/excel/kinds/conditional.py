"""Sums, counts, averages and extremes of the rows that meet conditions."""

from __future__ import annotations

from slm_jax.domains.excel.kinds.registry import kind
from slm_jax.domains.excel.scene import Draft, Scene


def _tests(s: Scene, count: int) -> list:
    """Tests on different columns: the first on a category, the others on categories, numbers or dates."""
    refs = [s.category()] + [s.rng.choices((s.category, s.numbers, s.dates), (35, 40, 25))[0]() for _ in range(count - 1)]
    s.rng.shuffle(refs)
    return s.tests(refs)


def _pairs(tests: list) -> str:
    return ",".join(f"{test.ref.range},{test.criterion}" for test in tests)


@kind("sum_if", share=10.8, sheets=True, wordings="""
imperative: @Sum {value} @where {test}
imperative: @Sum [the |all |][values|numbers|amounts] in {value} @where {test}
imperative: @Get the @total of {value} @where {test}
imperative: @Sum {value} but only for rows where {test}
imperative: @Sum only the {value} rows @where {test}
imperative: Take the rows where {test} and @sum {value}
imperative: Add the @value in {value} to the total if {test}
imperative: @Sum {value} {test.short}
imperative: Use SUMIF to total {value} @where {test}
question: what is the @total of {value} @where {test}?
question: what's the sum of {value} {test.short}?
question: how much is {value} in total @where {test}?
question: how much {value} do we have @where {test}?
question: what do the @rows where {test} add up to in {value}?
question: what is the total {value} {test.short}?
telegraphic: sum {value} if {test}
telegraphic: total {value} {test.short}
telegraphic: sumif {test}, {value}
telegraphic: {value} total where {test}
telegraphic: add up {value} if {test}
telegraphic: sum of {value} when {test}
narrative: {key} [@holds the groups|is the category] and {value} the amounts. I @want the total where {test}.
narrative: I have amounts in {value}. I only want to add the ones where {test}.
narrative: {value} @holds [amounts|numbers]. @Sum them when {test}.
""")
def sum_if(s: Scene) -> Draft:
    key = s.rng.choices((s.category, s.names, s.dates), (80, 8, 12))[0]()
    value, test = s.numbers(), s.test(key)
    return Draft(f"SUMIF({key.range},{test.criterion},{value.range})", result="number", key=key, value=value, test=test)


@kind("sum_if_same", share=3.6, wordings="""
imperative: @Sum the [values|numbers|amounts] in {value} that are {test.bare}
imperative: @Sum only the {value} @values {test.bare}
imperative: @Sum everything in {value} that {test.predicate}
imperative: @Get the @total of all @values in {value} that are {test.bare}
imperative: Add up [all |]{value} @values if they are {test.bare}
imperative: @Sum {value}, but only [numbers|values|amounts] {test.bare}
question: what is the @total of the [numbers|values|amounts] in {value} that are {test.bare}?
question: what do the [numbers|amounts] {test.bare} in {value} add up to?
question: how much do @values {test.bare} in {value} add up to?
question: what is the sum of {value} for [amounts|values] {test.bare}?
telegraphic: sum {value} if {test.bare}
telegraphic: total of {value} {test.bare}
telegraphic: sum values {test.bare} in {value}
telegraphic: add up {value} only {test.bare}
narrative: {value} @holds amounts. I @wantto add only those {test.bare}.
narrative: I have numbers in {value}. @Sum the ones that are {test.bare}.
narrative: Some [values|amounts] in {value} do not count. @Sum only those {test.bare}.
""")
def sum_if_same(s: Scene) -> Draft:
    value = s.numbers()
    test = s.compare(value)
    return Draft(f"SUMIF({value.range},{test.criterion})", result="number", value=value, test=test)


@kind("sum_ifs", share=8.1, sheets=True, wordings="""
imperative: @Sum {value} @where {a} and {b}
imperative: @Sum {value} only for rows where {a} and {b}
imperative: @Get the @total of {value} @where {a} and {b}
imperative: @Sum the @values in {value} when both {a} and {b}
imperative: @Sum {value} if {a} and also {b}
imperative: Take the rows where {a} and {b}, and @sum {value}
imperative: @Sum {value} {a.short} and {b.bare_with}
imperative: Use SUMIFS to total {value} @where {a} and {b}
question: what is the @total of {value} @where {a} and {b}?
question: what's the sum of {value} {a.short} and {b.bare_with}?
question: how much is {value} in total @where {a} and {b}?
question: what do the rows where {a} and {b} add up to in {value}?
telegraphic: sum {value} if {a} and {b}
telegraphic: sumifs {value}, {a}, {b}
telegraphic: total {value} where {a}, {b}
telegraphic: total {value} {a.short} and {b.bare_with}
telegraphic: add up {value} if {a} & {b}
narrative: I @want the total of {value}. Only count rows where {a} and {b}.
narrative: {value} @holds amounts. I @wantto add them [if|when] {a} and {b}.
narrative: I have two conditions: {a} and {b}. @Sum {value} when both are [true|met].
""")
def sum_ifs(s: Scene) -> Draft:
    value = s.numbers()
    a, b = _tests(s, 2)
    return Draft(f"SUMIFS({value.range},{_pairs([a, b])})", result="number", value=value, a=a, b=b)


@kind("sum_ifs_three", share=2.2, wordings="""
imperative: @Sum {value} @where {a}, {b} and {c}
imperative: @Sum {value} @where {a} and {b} and {c}
imperative: @Get the @total of {value} @where {a}, {b}, and {c}
imperative: @Sum {value} only for rows where {a}, {b} and {c}
imperative: @Sum {value} if {a} and {b}, and also {c}
imperative: Take the rows where {a}, {b} and {c}, and @sum {value}
question: what is the @total of {value} @where {a}, {b} and {c}?
question: what's the sum of {value} if {a} and {b} and {c}?
question: how much is {value} in total @where {a}, {b} and {c}?
question: what do the rows where {a}, {b} and {c} add up to in {value}?
telegraphic: sum {value} if {a}, {b}, {c}
telegraphic: sumifs {value}, {a}, {b}, {c}
telegraphic: total {value} where {a} and {b} and {c}
narrative: I @want the total of {value}. Only count rows where {a}, {b} and {c}.
narrative: I have three conditions: {a}, {b} and {c}. @Sum {value} when all are [true|met].
narrative: {value} @holds amounts. Add them when {a}, {b} and {c}.
""")
def sum_ifs_three(s: Scene) -> Draft:
    value = s.numbers()
    a, b, c = _tests(s, 3)
    return Draft(f"SUMIFS({value.range},{_pairs([a, b, c])})", result="number", value=value, a=a, b=b, c=c)


@kind("count_if", share=9, wrap=False, sheets=True, wordings="""
imperative: Count [the |]@rows where {test}
imperative: Count how many [times|rows|cells] {test}
imperative: Count [the |]rows @where {test}
imperative: @Get the @number of @rows where {test}
imperative: Count the cells in {key} that are {test.bare}
imperative: Count how many [times|cells] in {key} are {test.bare}
imperative: Tally [the |]@rows where {test}
imperative: @Get how many @rows have {key} {test.bare}
question: how many @rows have {key} {test.bare}?
question: how many [times|rows|cells] is {key} {test.bare}?
question: how many @rows are there @where {test}?
question: what is the @number of @rows where {test}?
question: in how many @rows {test_is}?
question: how many cells in {key} are {test.bare}?
telegraphic: count if {test}
telegraphic: countif {test}
telegraphic: number of @rows where {test}
telegraphic: count {key} {test.bare}
telegraphic: how many {key} {test.bare}
telegraphic: count rows if {test}
narrative: I have a list in {key}. I @wantto know how many are {test.bare}.
narrative: {key} @holds [data|values]. Count the ones that are {test.bare}.
narrative: I @wantto count my @rows, but only if {test}.
""")
def count_if(s: Scene) -> Draft:
    key = s.rng.choices((s.category, s.numbers, s.names, s.dates), (55, 27, 5, 13))[0]()
    test = s.equals(key) if key.column.kind in ("category", "names") and s.rng.random() < 0.9 else s.test(key)
    if test.operator in ("begins", "ends", "contains"):
        test = s.equals(key)
    return Draft(f"COUNTIF({key.range},{test.criterion})", result="number", key=key, test=test, test_is=f"is it true that {test}")


@kind("count_occurrences", share=3.6, wrap=False, sheets=True, wordings="""
imperative: Count how [many times|often] {word} [appears|occurs|shows up] in {key}
imperative: @Get the number of times {word} [appears|occurs] in {key}
imperative: Count {word} in {key}
imperative: Count [every|each] {word} in {key}
imperative: Tally {word} in {key}
imperative: Count the number of {word} in {key}
imperative: Count the [cells|rows|entries] with {word} in {key}
question: how many times does {word} [appear|occur|show up] in {key}?
question: how often does {word} [appear|occur] in {key}?
question: how many {word} are [there |]in {key}?
question: what is the count of {word} in {key}?
question: how many [cells|rows|entries] in {key} [are|say] {word}?
telegraphic: count {word} in {key}
telegraphic: countif {key} {word}
telegraphic: number of {word} in {key}
telegraphic: how many {word} in {key}
narrative: {key} repeats [some|the same] values. I @wantto know how often {word} [appears|occurs].
narrative: I have a list in {key}. How many times does {word} occur?
""")
def count_occurrences(s: Scene) -> Draft:
    key = s.category()
    word = s.value_of(key)
    return Draft(f"COUNTIF({key.range},{word.formula})", result="number", key=key, word=word)


@kind("count_ifs", share=5.8, wrap=False, sheets=True, wordings="""
imperative: Count [the |]@rows where {a} and {b}
imperative: Count how many @rows have both {a} and {b}
imperative: @Get the @number of @rows where {a} and {b}
imperative: Count [the |]rows [if|when] {a} and [also |]{b}
imperative: Tally the @rows where {a} and {b}
imperative: Count the @rows {a.short} and {b.bare_with}
imperative: Use COUNTIFS to count rows where {a} and {b}
question: how many @rows are there @where {a} and {b}?
question: how many @rows [meet|satisfy] both {a} and {b}?
question: what is the @number of @rows where {a} and {b}?
question: how many times is it the case that {a} and {b}?
question: how many @rows {a.short} and {b.bare_with} are there?
telegraphic: count if {a} and {b}
telegraphic: countifs {a}, {b}
telegraphic: count rows where {a} and {b}
telegraphic: number of @rows {a.short} and {b.bare_with}
telegraphic: how many rows where {a} and {b}
narrative: I @wantto count my @rows, but only those where {a} and {b}.
narrative: I have two conditions: {a} and {b}. Count the @rows that meet both.
narrative: A row counts when {a} and {b}. How many are there?
""")
def count_ifs(s: Scene) -> Draft:
    a, b = _tests(s, 2)
    return Draft(f"COUNTIFS({_pairs([a, b])})", result="number", a=a, b=b)


@kind("count_ifs_three", share=1.4, wrap=False, wordings="""
imperative: Count [the |]@rows where {a}, {b} and {c}
imperative: Count how many @rows have {a}, {b} and {c}
imperative: @Get the @number of @rows where {a} and {b} and {c}
imperative: Count [the |]rows [if|when] {a}, {b} and [also |]{c}
imperative: Tally the @rows where {a}, {b} and {c}
question: how many @rows are there @where {a}, {b} and {c}?
question: how many @rows [meet|satisfy] {a}, {b} and {c}?
question: what is the @number of @rows where {a}, {b} and {c}?
question: how many times is it the case that {a}, {b} and {c}?
telegraphic: count if {a}, {b}, {c}
telegraphic: countifs {a}, {b}, {c}
telegraphic: count rows where {a} and {b} and {c}
telegraphic: number of @rows where {a}, {b}, {c}
narrative: I @wantto count my @rows, but only those where {a}, {b} and {c}.
narrative: I have three conditions: {a}, {b} and {c}. Count the @rows that meet all of them.
narrative: A row counts when {a}, {b} and {c}. How many are there?
""")
def count_ifs_three(s: Scene) -> Draft:
    a, b, c = _tests(s, 3)
    return Draft(f"COUNTIFS({_pairs([a, b, c])})", result="number", a=a, b=b, c=c)


@kind("average_if", share=4.5, sheets=True, wordings="""
imperative: Average {value} @where {test}
imperative: @Get the @mean of {value} @where {test}
imperative: @Get the average {value} {test.short}
imperative: Take the average of {value} @where {test}
imperative: Average the @values in {value} only for rows where {test}
imperative: Take the rows where {test} and average {value}
imperative: Use AVERAGEIF on {value} @where {test}
question: what is the @mean of {value} @where {test}?
question: what's the average {value} {test.short}?
question: what is the mean {value} @where {test}?
question: what is {value} on average @where {test}?
question: how much is {value} on average when {test}?
telegraphic: average {value} if {test}
telegraphic: averageif {test}, {value}
telegraphic: avg {value} where {test}
telegraphic: mean of {value} {test.short}
telegraphic: average {value} {test.short}
narrative: {key} @holds the groups and {value} the @values. I @want the average where {test}.
narrative: I have @values in {value}. I only need the mean of the ones where {test}.
narrative: I @wantto average {value}, but only when {test}.
""")
def average_if(s: Scene) -> Draft:
    key = s.rng.choices((s.category, s.dates), (85, 15))[0]()
    value, test = s.numbers(), s.test(key)
    return Draft(f"AVERAGEIF({key.range},{test.criterion},{value.range})", result="number", key=key, value=value, test=test)


@kind("average_nonzero", share=1.4, wordings="""
imperative: Average {value} ignoring zeros
imperative: Average {value} without the zeros
imperative: @Get the @mean of {value}, [ignoring|excluding|leaving out|skipping] zeros
imperative: Average only the non-zero @values in {value}
imperative: @Get the average of {value} but skip cells that are 0
imperative: Take the average of {value} without counting zeros
question: what is the @mean of {value} [without|excluding|ignoring|not counting] zeros?
question: what's the average of the non-zero @values in {value}?
question: what is the mean of {value} if zeros are ignored?
question: what is {value} on average, leaving out zeros?
telegraphic: average {value} excluding zeros
telegraphic: avg {value} ignore 0
telegraphic: average nonzero {value}
telegraphic: mean of {value} without zeros
narrative: {value} has some zeros that should not count. I @want the average of the rest.
narrative: I @want the average of {value}. Zeros must be [ignored|left out|skipped].
""")
def average_nonzero(s: Scene) -> Draft:
    value = s.numbers()
    return Draft(f'AVERAGEIF({value.range},"<>0")', result="number", value=value)


@kind("average_ifs", share=2.3, wordings="""
imperative: Average {value} @where {a} and {b}
imperative: @Get the @mean of {value} @where {a} and {b}
imperative: Take the average of {value} when both {a} and {b}
imperative: Average {value} {a.short} and {b.bare_with}
imperative: Average the @values in {value} only for rows where {a} and {b}
imperative: Take the rows where {a} and {b}, and average {value}
question: what is the @mean of {value} @where {a} and {b}?
question: what's the average {value} {a.short} and {b.bare_with}?
question: what is {value} on average if {a} and {b}?
question: what is the mean {value} when {a} and also {b}?
telegraphic: average {value} if {a} and {b}
telegraphic: averageifs {value}, {a}, {b}
telegraphic: avg {value} where {a}, {b}
telegraphic: mean of {value} if {a} & {b}
narrative: I @want the average of {value}. Only count rows where {a} and {b}.
narrative: I have two conditions: {a} and {b}. Average {value} when both are [true|met].
narrative: {value} @holds @values. I @want their mean when {a} and {b}.
""")
def average_ifs(s: Scene) -> Draft:
    value = s.numbers()
    a, b = _tests(s, 2)
    return Draft(f"AVERAGEIFS({value.range},{_pairs([a, b])})", result="number", value=value, a=a, b=b)


@kind("extreme_ifs", share=5.4, sheets=True, wordings="""
imperative/MAX: @Find the @max {value} @where {test}
imperative/MAX: @Get the @max @value in {value} @where {test}
imperative/MAX: @Find the [maximum|largest|highest|biggest] of {value} for rows where {test}
imperative/MAX: @Get the max of {value} {test.short}
imperative/MIN: @Find the @min {value} @where {test}
imperative/MIN: @Get the @min @value in {value} @where {test}
imperative/MIN: @Find the [minimum|smallest|lowest|least] of {value} for rows where {test}
imperative/MIN: @Get the min of {value} {test.short}
question/MAX: what is the @max {value} @where {test}?
question/MAX: what's the @max @value in {value} {test.short}?
question/MIN: what is the @min {value} @where {test}?
question/MIN: what's the @min @value in {value} {test.short}?
telegraphic/MAX: max {value} if {test}
telegraphic/MAX: highest {value} where {test}
telegraphic/MAX: maxifs {value}, {test}
telegraphic/MIN: min {value} if {test}
telegraphic/MIN: lowest {value} where {test}
telegraphic/MIN: minifs {value}, {test}
narrative/MAX: I @want the @max @value in {value}, but only when {test}.
narrative/MIN: I @want the @min @value in {value}, but only when {test}.
narrative/MAX: {value} @holds @values. I only look at rows where {test} and need the @max one.
narrative/MIN: {value} @holds @values. I only look at rows where {test} and need the @min one.
""")
def extreme_ifs(s: Scene) -> Draft:
    value, function = s.numbers(), s.rng.choice(("MAX", "MIN"))
    test = s.test(s.rng.choices((s.category, s.dates), (85, 15))[0]())
    return Draft(f"{function}IFS({value.range},{test.ref.range},{test.criterion})", result="number", wording=function, value=value, test=test)


@kind("date_extreme_if", share=2.7, wordings="""
imperative/MAX: @Find the @latest [date in |]{value} @where {test}
imperative/MAX: @Get the [latest|most recent|last|newest] date in {value} @where {test}
imperative/MAX: @Get the @latest {value} {test.short}
imperative/MIN: @Find the @earliest [date in |]{value} @where {test}
imperative/MIN: @Get the [earliest|first|oldest] date in {value} @where {test}
imperative/MIN: @Get the @earliest {value} {test.short}
question/MAX: what is the @latest date in {value} @where {test}?
question/MAX: when is the [last|latest|most recent] {value} {test.short}?
question/MIN: what is the @earliest date in {value} @where {test}?
question/MIN: when is the [first|earliest|oldest] {value} {test.short}?
telegraphic/MAX: latest {value} if {test}
telegraphic/MAX: most recent date {value} {test.short}
telegraphic/MIN: earliest {value} if {test}
telegraphic/MIN: oldest date {value} {test.short}
narrative/MAX: {value} @holds dates. I @want the @latest one where {test}.
narrative/MIN: {value} @holds dates. I @want the @earliest one where {test}.
""")
def date_extreme_if(s: Scene) -> Draft:
    value, function = s.dates(), s.rng.choice(("MAX", "MIN"))
    test = s.equals(s.rng.choices((s.category, s.names), (85, 15))[0]())
    return Draft(f"{function}IFS({value.range},{test.ref.range},{test.criterion})", result="date", wording=function, value=value, test=test)
