"""A value against its column: rank, share of the total, running totals, percentiles, weighted figures."""

from __future__ import annotations

from slm_jax.domains.excel.kinds.registry import kind
from slm_jax.domains.excel.scene import Draft, Scene


@kind("rank", share=3.2, wordings="""
imperative: Rank {value.cell_name} within {value}
imperative: Rank {value.cell_name} in {value} from highest to lowest
imperative: @Find the rank of {value.cell_name} in {value}
imperative: @Get the rank of {value.cell_name} among [all |the |]@values in {value}
imperative: Rank {value.cell_name} against {value}, with 1 for the [highest|largest]
imperative: Return the place of {value.cell_name} in {value}, largest first
question: what is the rank of {value.cell_name} in {value}?
question: how does {value.cell_name} rank in {value}?
question: what place does {value.cell_name} have among {value}?
question: where does {value.cell_name} rank within {value}?
telegraphic: rank {value.cell_name} in {value}
telegraphic: rank of {value.cell_name} within {value}
telegraphic: ranking {value.cell_name} {value} descending
telegraphic: rank {value.cell_name} against {value}
narrative: I @wantto rank each [row|entry] by {value}. Start with {value.cell_name}, where 1 is the [highest|largest].
narrative: {value} @holds the scores. What rank does {value.cell_name} have?
""")
def rank(s: Scene) -> Draft:
    value = s.numbers()
    s.row()
    return Draft(f"RANK({value.cell},{value.area})", result="number", value=value)


@kind("rank_ascending", share=1.3, wordings="""
imperative: Rank {value.cell_name} within {value} in ascending order
imperative: Rank {value.cell_name} in {value} from lowest to highest
imperative: @Find the rank of {value.cell_name} in {value}, smallest first
imperative: @Get the ascending rank of {value.cell_name} among @values in {value}
imperative: Rank {value.cell_name} against {value}, with 1 for the [lowest|smallest]
imperative: Return the place of {value.cell_name} in {value}, lowest first
question: what is the ascending rank of {value.cell_name} in {value}?
question: how does {value.cell_name} rank in {value} if the smallest is 1?
question: what place does {value.cell_name} have among {value}, counting from the lowest?
question: where does {value.cell_name} rank within {value} from smallest to largest?
telegraphic: rank {value.cell_name} in {value} ascending
telegraphic: rank of {value.cell_name} within {value}, smallest first
telegraphic: ascending ranking {value.cell_name} {value}
telegraphic: rank {value.cell_name} in {value} lowest = 1
narrative: I @wantto rank each [row|entry] by {value}. Start with {value.cell_name}, where 1 is the [lowest|smallest].
narrative: In {value} the lowest is the best. What rank does {value.cell_name} have?
""")
def rank_ascending(s: Scene) -> Draft:
    value = s.numbers()
    s.row()
    return Draft(f"RANK({value.cell},{value.area},1)", result="number", value=value)


@kind("share_of_total", share=3.6, wordings="""
imperative: Calculate what [percent|percentage|share] {value.cell_name} is of the total [of|in] {value}
imperative: @Get {value.cell_name} as a [percent|percentage|share] of the total [of|in] {value}
imperative: Divide {value.cell_name} by the [sum|total] of {value}
imperative: @Find the [percent|percentage|share] of {value} that {value.cell_name} makes up
imperative: Show {value.cell_name} as a share of all {value}
imperative: @Get the percent of total for {value.cell_name} in {value}
question: what [percent|percentage|share] of {value} is {value.cell_name}?
question: what is {value.cell_name} as a [percent|percentage] of the total of {value}?
question: how much of the total of {value} is {value.cell_name}?
question: what [percent|percentage|part] of the total [in|of] {value} does {value.cell_name} make up?
telegraphic: {value.cell_name} as percent of total {value}
telegraphic: percent of total {value.cell_name} / {value}
telegraphic: share of {value.cell_name} in {value}
telegraphic: {value.cell_name} divided by sum of {value}
narrative: I @wantto know each row's share of {value}. Start with {value.cell_name}.
narrative: {value} @holds amounts. What percentage of the total is {value.cell_name}?
""")
def share_of_total(s: Scene) -> Draft:
    value = s.numbers()
    s.row()
    return Draft(f"{value.cell}/SUM({value.range})", result="number", value=value)


@kind("share_if", share=2.7, wordings="""
imperative: Calculate what [percent|percentage|share] of @rows have {test_pair}
imperative: @Get the [percent|percentage|share] of @rows where {test}
imperative: @Find the [percent|percentage|proportion] of cells in {key} that are {test.bare}
imperative: @Get the proportion of {key} that is {test.bare}
imperative: Divide the count of {key} {test.bare} by the number of entries in {key}
imperative: Show the [percent|percentage] of entries in {key} that are {test.bare}
question: what [percent|percentage|share] of @rows have {test_pair}?
question: what [percent|percentage|proportion] of {key} is {test.bare}?
question: what share of entries in {key} are {test.bare}?
question: what is the percentage of @rows where {test}?
telegraphic: percent of {key} {test.bare}
telegraphic: percentage of rows where {test}
telegraphic: share of {key} {test.bare}
telegraphic: % of {key} that are {test.bare}
narrative: {key} @holds [values|entries]. What percentage of them are {test.bare}?
narrative: I @wantto know the share of my @rows where {test}.
""")
def share_if(s: Scene) -> Draft:
    key = s.category()
    test = s.equals(key)
    return Draft(f"COUNTIF({key.area},{test.criterion})/COUNTA({key.area})", result="number", key=key, test=test, test_pair=f"{key} {test.bare}")


@kind("sum_share_if", share=1.8, wordings="""
imperative: Calculate what [percent|percentage|share] of the total {value} comes from rows where {test}
imperative: @Get the [percent|percentage|share] of {value} @where {test}
imperative: @Find the [percent|percentage|proportion] of the total of {value} that has {test_pair}
imperative: Divide the sum of {value} where {test} by the total of {value}
imperative: Show how much of the total {value} is for {test_pair}, as a percentage
imperative: @Get the share of total {value} {test.short}
question: what [percent|percentage|share] of the total {value} comes from rows where {test}?
question: what [percent|percentage|proportion] of {value} is {test.short}?
question: how much of the total of {value} is from rows where {test}, in percent?
question: what is the share of {value} where {test}?
telegraphic: percent of total {value} where {test}
telegraphic: share of {value} {test.short}
telegraphic: % of {value} where {test}
telegraphic: {value} where {test} / total {value}
narrative: {value} @holds amounts. What percentage of the total is from rows where {test}?
narrative: I @wantto know how much of the total {value} comes from rows where {test}, as a share.
""")
def sum_share_if(s: Scene) -> Draft:
    key, value = s.category(), s.numbers()
    test = s.equals(key)
    return Draft(f"SUMIF({key.range},{test.criterion},{value.range})/SUM({value.range})", result="number", value=value, test=test, test_pair=f"{key} {test.bare}")


@kind("running_total", share=2.9, wordings="""
imperative: Calculate the running total of {value.column_name} [down to|up to] {value.cell_name}
imperative: Create a running total of {value.column_name} in row {row}
imperative: Add up {value.column_name} from the first row [down |up |]to row {row}
imperative: @Get the cumulative [sum|total] of {value.column_name} [for|at|in] row {row}
imperative: Make a cumulative total of {value.column_name} that I can fill down from row {row}
imperative: @Get the [year to date|total so far] of {value.column_name} at row {row}
question: what is the running total of {value.column_name} [at|in|for] row {row}?
question: what is the cumulative [sum|total] of {value.column_name} up to row {row}?
question: how do I make a running total of {value.column_name} for row {row}?
question: how much is {value.column_name} so far at row {row}?
telegraphic: running total {value.column_name} row {row}
telegraphic: cumulative sum of {value.column_name} at row {row}
telegraphic: running sum {value.column_name} to row {row}
telegraphic: {value.column_name} running total in row {row}
narrative: I @want a balance that grows with each row. Give me the running total of {value.column_name} for row {row}.
narrative: {value.column_name} @holds amounts. I @want the cumulative sum, to be filled down from row {row}.
""")
def running_total(s: Scene) -> Draft:
    value = s.numbers()
    row = s.row()
    return Draft(f"SUM({value.letter}$2:{value.cell})", result="number", value=value, row=row)


@kind("weighted_sum", share=3.2, wordings="""
imperative: @Sum the products of {a} and {b}
imperative: Multiply {a} by {b} and @sum the results
imperative: @Get the sum of {a} times {b}
imperative: @Get the sumproduct of {a} and {b}
imperative: Multiply {a} with {b} row by row and @sum [it|them|the products]
imperative: @Get the total of {a} times {b} over all rows
question: what is the sum of {a} times {b}?
question: what is the total of {a} multiplied by {b}?
question: how much do {a} times {b} add up to?
question: what is the sumproduct of {a} and {b}?
telegraphic: sumproduct {a} {b}
telegraphic: sum of {a} * {b}
telegraphic: total of {a} x {b}
telegraphic: multiply {a} by {b} and sum
narrative: {a} @holds @values and {b} the factors. Multiply them row by row and @sum the results.
narrative: I don't want a helper column. @Get the total of {a} times {b}.
""")
def weighted_sum(s: Scene) -> Draft:
    a, b = s.numbers(), s.rng.choices((s.numbers, s.percents), (85, 15))[0]()
    return Draft(f"SUMPRODUCT({a.range},{b.range})", result="number", a=a, b=b)


@kind("weighted_average", share=1.8, wordings="""
imperative: @Get the weighted average of {a} with weights [from |in |]{b}
imperative: Weight {a} by {b} and take the average
imperative: Calculate the weighted mean of {a}, weighted by {b}
imperative: Average {a} weighted by {b}
imperative: @Find the @mean of {a} using {b} as weights
imperative: @Get the average of {a}, where {b} @holds the weights
question: what is the weighted average of {a} with {b} as weights?
question: what is the average of {a} weighted by {b}?
question: what is the weighted mean of {a} if {b} has the weights?
question: how do I average {a} with the weights in {b}?
telegraphic: weighted average {a} by {b}
telegraphic: weighted avg of {a}, weights {b}
telegraphic: average {a} weighted by {b}
telegraphic: weighted mean {a} {b}
narrative: {a} @holds @values and {b} their weights. I @want the weighted average.
narrative: A plain average is wrong here. Weight {a} by {b}.
""")
def weighted_average(s: Scene) -> Draft:
    a, b = s.numbers(), s.rng.choices((s.numbers, s.percents), (75, 25))[0]()
    return Draft(f"SUMPRODUCT({a.range},{b.range})/SUM({b.range})", result="number", a=a, b=b)


@kind("percentile", share=2, wordings="""
imperative: @Find the {nth} percentile of {value}
imperative: @Get the {nth} percentile [for|in] {value}
imperative: Calculate the {nth} percentile of the @values in {value}
imperative: Return the {nth} percentile [value |number |]in {value}
imperative: @Get the value in {value} at the {nth} percentile
imperative: @Find the value that {n}% of {value} is below
question: what is the {nth} percentile of {value}?
question: what's the {nth} percentile in {value}?
question: which value is the {nth} percentile of {value}?
question: below which value are {n}% of {value}?
telegraphic: {nth} percentile of {value}
telegraphic: {nth} percentile {value}
telegraphic: percentile {n}% {value}
telegraphic: {value} {nth} percentile
narrative: {value} @holds @values. I @want the {nth} percentile.
narrative: To find a cut-off I @want the value of {value} at the {nth} percentile.
""")
def percentile(s: Scene) -> Draft:
    value, n = s.numbers(), s.rng.choice((5, 10, 15, 20, 30, 40, 60, 70, 80, 85, 90, 90, 95, 95, 99))
    fraction = f"{n / 100:g}"
    return Draft(f"PERCENTILE.INC({value.range},{fraction})", result="number", value=value, n=n, nth=f"{n}th")


@kind("quartile", share=1.4, wordings="""
imperative: @Find the {nth} quartile of {value}
imperative: @Get the {nth} quartile [for|in] {value}
imperative: Calculate the {nth} quartile of the @values in {value}
imperative: Return the {nth} quartile [value |number |]in {value}
imperative: @Get quartile {n} of {value}
imperative: Compute Q{n} of {value}
question: what is the {nth} quartile of {value}?
question: what's the {nth} quartile in {value}?
question: which value is the {nth} quartile of {value}?
question: what is Q{n} of {value}?
telegraphic: {nth} quartile of {value}
telegraphic: quartile {n} {value}
telegraphic: quartile Q{n} for {value}
telegraphic: {value} {nth} quartile
narrative: {value} @holds @values. I @want the {nth} quartile.
narrative: For a box plot I @want Q{n} of {value}.
""")
def quartile(s: Scene) -> Draft:
    value, n = s.numbers(), s.rng.choice((1, 3))
    return Draft(f"QUARTILE.INC({value.range},{n})", result="number", value=value, n=n, nth=s.rng.choice({1: ("first", "1st", "lower"), 3: ("third", "3rd", "upper")}[n]))


@kind("above_average", share=2.2, wrap=False, wordings="""
imperative/above: Count [the |how many |]@values in {value} [that are |]above [the |]average
imperative/above: Count [the |]@rows where {value} is above [its |the |]average
imperative/above: @Get the @number of @values in {value} [greater|higher|larger] than the average
imperative/below: Count [the |how many |]@values in {value} [that are |]below [the |]average
imperative/below: Count [the |]@rows where {value} is below [its |the |]average
imperative/below: @Get the @number of @values in {value} [smaller|lower|less] than the average
question/above: how many @values in {value} are above [the |]average?
question/above: how many @rows have {value} [over|above] the mean?
question/below: how many @values in {value} are below [the |]average?
question/below: how many @rows have {value} [under|below] the mean?
telegraphic/above: count {value} above average
telegraphic/above: number of @values above average in {value}
telegraphic/below: count {value} below average
telegraphic/below: number of @values below average in {value}
narrative/above: {value} @holds @values. I @wantto know how many are above the average.
narrative/below: {value} @holds @values. I @wantto know how many are below the average.
""")
def above_average(s: Scene) -> Draft:
    value, above = s.numbers(), s.rng.random() < 0.6
    return Draft(f'COUNTIF({value.range},"{">" if above else "<"}"&AVERAGE({value.range}))', result="number", wording="above" if above else "below", value=value)
