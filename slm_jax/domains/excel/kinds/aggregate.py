"""Sums, averages, counts, extremes and other figures of whole columns."""

from __future__ import annotations

from slm_jax.domains.excel.kinds.registry import kind
from slm_jax.domains.excel.scene import Draft, Scene


@kind("sum", share=7.2, sheets=True, wordings="""
imperative: @Sum {value}
imperative: @Sum [all |all the |][values|numbers|amounts|figures] in {value}
imperative: @Get the @total of {value}
imperative: @Get the total [for|in] {value}
imperative: Sum everything in {value}
imperative: Use SUM on {value}
imperative: Give me a sum of {value}
question: what is the @total of {value}?
question: what's the total of [all the |]@values in {value}?
question: how much is {value} in total?
question: how much does {value} add up to?
question: can you tell me the sum of {value}?
question: what do the @values in {value} add up to?
telegraphic: sum {value}
telegraphic: total {value}
telegraphic: sum of {value}
telegraphic: add up {value}
telegraphic: {value} total
telegraphic: total of {value}
narrative: {value} [has|holds|contains] [numbers|amounts]. I @want the [total|sum].
narrative: There are [numbers|amounts|figures] in {value} and I need them added [up|together].
narrative: I @want one figure: the total of {value}.
""")
def total(s: Scene) -> Draft:
    value = s.numbers()
    return Draft(f"SUM({value.range})", result="number", value=value)


@kind("sum_columns", share=2.9, wordings="""
imperative: @Sum {a} and {b}
imperative: @Sum [the values in |]{a} and {b} together
imperative: @Get the combined total of {a} and {b}
imperative: @Get the total of both {a} and {b}
imperative: Add [all of |everything in ]{a} to [all of |everything in ]{b}
imperative: @Get the grand total of {a} plus {b}
question: what is the combined [sum|total] of {a} and {b}?
question: what is the total of {a} and {b} together?
question: how much are {a} and {b} in total?
question: what do {a} and {b} add up to?
telegraphic: sum {a} and {b}
telegraphic: total {a} + {b}
telegraphic: combined total {a} and {b}
telegraphic: add up {a} and {b}
narrative: I have [numbers|amounts] in {a} and [also |]in {b}. I @want one total of both.
narrative: {a} and {b} both hold amounts. @Sum both of them.
narrative: The amounts are split between {a} and {b}. I @want the overall total.
""")
def sum_columns(s: Scene) -> Draft:
    a, b = s.numbers(), s.numbers()
    return Draft(f"SUM({a.range},{b.range})", result="number", a=a, b=b)


@kind("average", share=4.5, sheets=True, wordings="""
imperative: Average {value}
imperative: @Get the @mean of {value}
imperative: @Get the average [of the @values|number|amount] in {value}
imperative: Take the @mean of [all |all the |]@values in {value}
imperative: @Get the mean for {value}
imperative: Average out [all |][the |]@values in {value}
question: what is the @mean of {value}?
question: what's the average of [the |all the |]@values in {value}?
question: what is {value} on average?
question: how much is {value} on average?
question: what does {value} average?
question: what is the mean [number|value|amount] in {value}?
telegraphic: average {value}
telegraphic: mean of {value}
telegraphic: avg {value}
telegraphic: average of {value}
telegraphic: {value} average
narrative: {value} @holds [numbers|the scores|amounts]. I @want the average.
narrative: I have @values in {value} and need their mean.
narrative: I @wantto know the typical value of {value}, so take the average.
""")
def average(s: Scene) -> Draft:
    value = s.numbers()
    return Draft(f"AVERAGE({value.range})", result="number", value=value)


@kind("count_numbers", share=2.5, wordings="""
imperative: Count [the |how many |]numbers in {value}
imperative: Count the cells [in|of] {value} that [contain|hold|have] [a number|numbers]
imperative: @Get the @number of numeric [values|cells|entries] in {value}
imperative: @Get how many numbers there are in {value}
imperative: Count [the |all |]numeric [values|cells|entries] in {value}
question: how many numbers are [there |]in {value}?
question: how many cells [in|of] {value} [contain|have|hold] numbers?
question: how many numeric [values|entries|cells] does {value} have?
question: what is the count of numbers in {value}?
telegraphic: count numbers in {value}
telegraphic: number of numeric cells in {value}
telegraphic: how many numbers in {value}
telegraphic: count of numeric values {value}
narrative: {value} [may have|has] text and numbers. I @wantto count only the numbers.
narrative: I @wantto know how many cells of {value} are numeric.
narrative: Some cells of {value} hold numbers. Count them.
""")
def count_numbers(s: Scene) -> Draft:
    value = s.numbers()
    return Draft(f"COUNT({value.range})", result="number", value=value)


@kind("count_filled", share=2.9, sheets=True, wordings="""
imperative: Count [the |all |]non-empty cells in {value}
imperative: Count [the |all |]non-blank cells in {value}
imperative: Count [the |all |]cells in {value} that are not [blank|empty]
imperative: @Get the @number of [filled|filled in|non-blank|non-empty|used] cells in {value}
imperative: Count how many cells in {value} have [something in them|data|a value|content]
imperative: Count [the |all the |]entries in {value}
question: how many entries are [there |]in {value}?
question: how many cells in {value} are [filled|not blank|not empty|filled in|non-blank]?
question: how many non-empty cells does {value} have?
question: how many cells of {value} contain [data|something|any value]?
question: what is the @number of entries in {value}?
telegraphic: count non-blank cells in {value}
telegraphic: count nonblank {value}
telegraphic: number of filled cells in {value}
telegraphic: count entries in {value}
telegraphic: how many entries in {value}
narrative: Some cells of {value} are blank. I @wantto count the ones that are [filled|not blank].
narrative: {value} is a list. I @wantto know how many entries it has.
""")
def count_filled(s: Scene) -> Draft:
    value = s.any()
    return Draft(f"COUNTA({value.range})", result="number", value=value)


@kind("count_blank", share=1.8, wrap=False, wordings="""
imperative: Count [the |all |]blank cells in {value}
imperative: Count [the |all |]empty cells in {value}
imperative: @Get the @number of [blank|empty] cells in {value}
imperative: Count how many cells in {value} are [blank|empty|missing|left blank]
imperative: @Get the number of missing values in {value}
imperative: Count the cells in {value} that have nothing in them
question: how many blank cells are [there |]in {value}?
question: how many cells in {value} are [empty|blank|not filled in]?
question: how many [blanks|empty cells|missing values] does {value} have?
question: what is the number of [blanks|empty cells] in {value}?
telegraphic: count blanks in {value}
telegraphic: count empty cells {value}
telegraphic: number of blank cells in {value}
telegraphic: how many blanks in {value}
narrative: Some of {value} is not filled in. I @wantto know how many cells are [blank|empty].
narrative: {value} has gaps. Count the [empty|blank] cells.
narrative: I @wantto check for missing data: how many cells in {value} are [blank|empty]?
""")
def count_blank(s: Scene) -> Draft:
    s.need_bounded()  # a whole column has a million blanks
    value = s.any()
    return Draft(f"COUNTBLANK({value.bounded})", result="number", value=value)


@kind("maximum", share=3.6, sheets=True, wordings="""
imperative: @Find the @max [value|number|amount|] in {value}
imperative: @Get the @max of {value}
imperative: @Find the [maximum|largest|highest|biggest] @value in {value}
imperative: Show [me |]the @max @value [in|from] {value}
imperative: Return the maximum of {value}
question: what is the @max [value|number|amount] in {value}?
question: what's the @max of {value}?
question: which is the [largest|highest|biggest] @value in {value}?
question: what is the most in {value}?
question: how high does {value} go?
telegraphic: max {value}
telegraphic: max of {value}
telegraphic: highest {value}
telegraphic: largest value in {value}
telegraphic: biggest number in {value}
telegraphic: maximum of {value}
narrative: {value} @holds @values. I @want the @max one.
narrative: I have a list in {value} and need the largest number.
""")
def maximum(s: Scene) -> Draft:
    value = s.numbers()
    return Draft(f"MAX({value.range})", result="number", value=value)


@kind("minimum", share=2.9, sheets=True, wordings="""
imperative: @Find the @min [value|number|amount|] in {value}
imperative: @Get the @min of {value}
imperative: @Find the [minimum|smallest|lowest] @value in {value}
imperative: Show [me |]the @min @value [in|from] {value}
imperative: Return the minimum of {value}
question: what is the @min [value|number|amount] in {value}?
question: what's the @min of {value}?
question: which is the [smallest|lowest|least] @value in {value}?
question: what is the least in {value}?
question: how low does {value} go?
telegraphic: min {value}
telegraphic: min of {value}
telegraphic: lowest {value}
telegraphic: smallest value in {value}
telegraphic: smallest number in {value}
telegraphic: minimum of {value}
narrative: {value} @holds @values. I @want the @min one.
narrative: I have a list in {value} and need the smallest number.
""")
def minimum(s: Scene) -> Draft:
    value = s.numbers()
    return Draft(f"MIN({value.range})", result="number", value=value)


@kind("date_extreme", share=2.2, wordings="""
imperative/MAX: @Find the @latest date in {value}
imperative/MAX: @Get the [latest|most recent|last|newest] date [in|from] {value}
imperative/MAX: Show the most recent [date|day] in {value}
imperative/MIN: @Find the @earliest date in {value}
imperative/MIN: @Get the [earliest|first|oldest] date [in|from] {value}
imperative/MIN: Show the oldest [date|day] in {value}
question/MAX: what is the @latest date in {value}?
question/MAX: when is the [last|latest|most recent] date in {value}?
question/MIN: what is the @earliest date in {value}?
question/MIN: when is the [first|earliest|oldest] date in {value}?
telegraphic/MAX: latest date in {value}
telegraphic/MAX: most recent {value}
telegraphic/MIN: earliest date in {value}
telegraphic/MIN: oldest {value}
narrative/MAX: {value} @holds dates. I @want the @latest one.
narrative/MIN: {value} @holds dates. I @want the @earliest one.
""")
def date_extreme(s: Scene) -> Draft:
    value, function = s.dates(), s.rng.choice(("MAX", "MIN"))
    return Draft(f"{function}({value.range})", result="date", wording=function, value=value)


@kind("median", share=1.6, wordings="""
imperative: @Find the median of {value}
imperative: @Get the median [value|number|amount] in {value}
imperative: @Get the middle value of {value}
imperative: Calculate the median for {value}
imperative: Take the median of [all |all the |]@values in {value}
imperative: Return the median from {value}
question: what is the median of {value}?
question: what's the median @value in {value}?
question: what is the middle @value of {value}?
question: which value is in the middle of {value}?
telegraphic: median {value}
telegraphic: median of {value}
telegraphic: middle value of {value}
telegraphic: {value} median
narrative: {value} has some outliers, so I @want the median.
narrative: I have @values in {value} and need the median [instead of the average|].
""")
def median(s: Scene) -> Draft:
    value = s.numbers()
    return Draft(f"MEDIAN({value.range})", result="number", value=value)


@kind("spread", share=1.6, wordings="""
imperative: Subtract the smallest [value|number] in {value} from the largest
imperative: @Find the difference between the largest and [the |]smallest [value|number] in {value}
imperative: @Get the difference between the highest and [the |]lowest @value in {value}
imperative: @Get the [gap|spread] between [max and min|maximum and minimum] of {value}
imperative: Calculate max minus min of {value}
imperative: @Get the maximum minus the minimum of {value}
question: what is the difference between the @max and the @min @value in {value}?
question: how far apart are the highest and lowest @values in {value}?
question: what is the [gap|spread] between the biggest and smallest number in {value}?
question: how much is the largest @value in {value} above the smallest?
telegraphic: max minus min {value}
telegraphic: difference between max and min of {value}
telegraphic: highest minus lowest {value}
telegraphic: spread of {value}
narrative: I @wantto know how much {value} varies: the largest minus the smallest.
narrative: {value} @holds @values. I @want the gap between the highest and the lowest.
""")
def spread(s: Scene) -> Draft:
    value = s.numbers()
    return Draft(f"MAX({value.range})-MIN({value.range})", result="number", value=value)


@kind("deviation", share=1.6, wordings="""
imperative: @Find the standard deviation of {value}
imperative: @Get the standard deviation for {value}
imperative: Calculate the [sample |]standard deviation of the @values in {value}
imperative: Compute the stdev of {value}
imperative: Measure how spread out {value} is with the standard deviation
imperative: Return the std dev of {value}
question: what is the standard deviation of {value}?
question: what's the [sample |]standard deviation in {value}?
question: what is the std dev of {value}?
question: how large is the standard deviation of {value}?
telegraphic: stdev {value}
telegraphic: standard deviation of {value}
telegraphic: std dev {value}
telegraphic: {value} standard deviation
narrative: {value} @holds measurements. I @want the standard deviation.
narrative: I have a sample in {value} and need its standard deviation.
""")
def deviation(s: Scene) -> Draft:
    value = s.numbers()
    return Draft(f"STDEV.S({value.range})", result="number", value=value)


@kind("mode", share=1.4, wordings="""
imperative: @Find the most [common|frequent] number in {value}
imperative: @Get the mode of {value}
imperative: @Find the number that [occurs|appears] most often in {value}
imperative: @Get the most frequent @value in {value}
imperative: Return the most common value in {value}
imperative: Calculate the mode for {value}
question: what is the most common number in {value}?
question: which number [occurs|appears|shows up] most often in {value}?
question: what is the mode of {value}?
question: which value is the most frequent in {value}?
telegraphic: mode {value}
telegraphic: most common number in {value}
telegraphic: most frequent value {value}
telegraphic: mode of {value}
narrative: {value} @holds numbers. I @want the one that occurs most often.
narrative: Some numbers in {value} repeat. Which one is the most common?
""")
def mode(s: Scene) -> Draft:
    value = s.integers()
    return Draft(f"MODE.SNGL({value.range})", result="number", value=value)
