"""Answers that spill: all matches, unique values, sorted lists, the top of a list; and the counts that go with them."""

from __future__ import annotations

from slm_jax.domains.excel.kinds.registry import kind
from slm_jax.domains.excel.scene import Draft, Scene


@kind("filter", share=6.1, sheets=True, wordings="""
imperative: @List all {value} @where {test}
imperative: @List [all |all the |]@values [in|from] {value} @where {test}
imperative: @Filter {value} [to |for |by |]rows where {test}
imperative: @List every {value} {test.short}
imperative: Return all matches from {value} @where {test}
imperative: Use FILTER to @list {value} @where {test}
imperative: Keep only the {value} rows where {test}
question: which {value} have {test_pair}?
question: what are [all |]the @values in {value} @where {test}?
question: which @values in {value} are there {test.short}?
question: what are all the {value} @rows where {test}?
telegraphic: filter {value} where {test}
telegraphic: list {value} if {test}
telegraphic: all {value} {test.short}
telegraphic: all matches {value} where {test}
telegraphic: show all {value} where {test}
narrative: I @want a list, not just the first match. Return every {value} where {test}.
narrative: Several @rows can match. @List all {value} where {test}.
narrative: {value} is a long list. Show only the ones where {test}.
""")
def filtered(s: Scene) -> Draft:
    value = s.rng.choices((s.key, s.numbers, s.dates), (65, 20, 15))[0]()
    test = s.test(s.rng.choices((s.category, s.numbers, s.dates), (65, 25, 10))[0]())
    return Draft(f"FILTER({value.area},{test.on(test.ref.area)})", result="array", value=value, test=test, test_pair=f"{test.ref} {test.bare}")


@kind("filter_two", share=3.2, wordings="""
imperative: @List all {value} @where {a} and {b}
imperative: @List [all |all the |]@values [in|from] {value} @where {a} and {b}
imperative: @Filter {value} [to |for |]rows where {a} and {b}
imperative: Return all matches from {value} @where both {a} and {b}
imperative: Use FILTER to @list {value} @where {a} and {b}
imperative: Keep only the {value} rows where {a} and {b}
question: which {value} are there where {a} and {b}?
question: what are [all |]the @values in {value} @where {a} and {b}?
question: which @values of {value} [meet|satisfy] both {a} and {b}?
question: what are all the {value} @rows where {a} and also {b}?
telegraphic: filter {value} where {a} and {b}
telegraphic: list {value} if {a} and {b}
telegraphic: all {value} where {a}, {b}
telegraphic: all matches {value} where {a} & {b}
narrative: I @want a list with two conditions. Return every {value} where {a} and {b}.
narrative: Several @rows can match. @List all {value} where {a} and {b}.
""")
def filter_two(s: Scene) -> Draft:
    s.need_bounded()
    value = s.key()
    a, b = s.tests([s.category(), s.rng.choice((s.category, s.numbers, s.dates))()])
    return Draft(f"FILTER({value.bounded},({a.on(a.ref.bounded)})*({b.on(b.ref.bounded)}))", result="array", value=value, a=a, b=b)


@kind("unique", share=3.2, sheets=True, wordings="""
imperative: @List the @unique @values in {key}
imperative: @List [all |all the |]@unique @values [from|of] {key}
imperative: @List {key} without duplicates
imperative: Remove [the |]duplicates from {key}
imperative: @List each value in {key} [only |just |]once
imperative: Use UNIQUE on {key}
imperative: @List every different value in {key}
question: what are the @unique @values in {key}?
question: which @unique values does {key} have?
question: what are the different entries in {key} without repeats?
question: which values occur in {key}, each listed once?
telegraphic: unique {key}
telegraphic: unique values in {key}
telegraphic: distinct list of {key}
telegraphic: {key} without duplicates
telegraphic: dedupe {key}
narrative: {key} repeats values. I @want each one only once.
narrative: I have a list in {key} with duplicates. @List the @unique entries.
""")
def unique(s: Scene) -> Draft:
    key = s.rng.choices((s.category, s.names, s.codes), (85, 10, 5))[0]()
    return Draft(f"UNIQUE({key.area})", result="array", key=key)


@kind("unique_sorted", share=1.8, wordings="""
imperative: @List the @unique @values in {key} sorted
imperative: @List the @unique @values in {key} in alphabetical order
imperative: @List the @unique entries of {key}, sorted [from |]A to Z
imperative: Remove duplicates from {key} and sort the rest
imperative: Sort the @unique @values of {key}
imperative: @List each value in {key} once, in order
question: what are the @unique @values in {key} in alphabetical order?
question: what are the sorted @unique entries of {key}?
question: which different values does {key} have, sorted A to Z?
question: how can I get a sorted list of {key} without duplicates?
telegraphic: sorted unique {key}
telegraphic: unique values in {key} sorted
telegraphic: sort unique {key}
telegraphic: alphabetical distinct list of {key}
narrative: {key} repeats values. I @want each one once, sorted.
narrative: I @wantto build a dropdown. @List the @unique @values of {key} in alphabetical order.
""")
def unique_sorted(s: Scene) -> Draft:
    key = s.category()
    return Draft(f"SORT(UNIQUE({key.area}))", result="array", key=key)


@kind("count_unique", share=3.6, wrap=False, sheets=True, wordings="""
imperative: Count [the |how many |]@unique @values in {key}
imperative: Count [the |]@unique entries in {key}
imperative: @Get the @number of @unique @values in {key}
imperative: Count {key} without duplicates
imperative: Count each value in {key} only once
imperative: Count the distinct values [of|in|from] {key}
question: how many @unique @values are [there |]in {key}?
question: how many @unique entries does {key} have?
question: how many different [values|entries|ones] are there in {key}?
question: what is the @number of @unique @values in {key}?
question: how many values does {key} have without duplicates?
telegraphic: count unique {key}
telegraphic: count distinct values in {key}
telegraphic: number of unique values in {key}
telegraphic: how many different {key}
telegraphic: unique count of {key}
narrative: {key} repeats values. I @wantto know how many @unique ones there are.
narrative: I have a list in {key} with duplicates. Count every value only once.
""")
def count_unique(s: Scene) -> Draft:
    key = s.rng.choices((s.category, s.names, s.codes, s.dates), (76, 12, 5, 7))[0]()
    return Draft(f"COUNTA(UNIQUE({key.area}))", result="number", key=key)


@kind("sort", share=3.6, wordings="""
imperative/up: @Sort {key} @asc
imperative/up: @Sort {key} in ascending order
imperative/up: @Sort the @values in {key} @asc
imperative/up: Return {key} sorted @asc
imperative/down: @Sort {key} @desc
imperative/down: @Sort {key} in descending order
imperative/down: @Sort the @values in {key} @desc
imperative/down: Return {key} sorted @desc
question/up: what is {key} sorted @asc?
question/up: how do I sort {key} in ascending order?
question/down: what is {key} sorted @desc?
question/down: how do I sort {key} in descending order?
telegraphic/up: sort {key} @asc
telegraphic/up: sort {key} asc
telegraphic/down: sort {key} @desc
telegraphic/down: sort {key} desc
narrative/up: {key} is in no order. I @want it sorted @asc.
narrative/down: {key} is in no order. I @want it sorted @desc.
""")
def sort(s: Scene) -> Draft:
    key = s.rng.choices((s.numbers, s.dates, s.percents), (80, 10, 10))[0]()
    up = s.rng.random() < 0.5
    return Draft(f"SORT({key.area},1,{1 if up else -1})", result="array", wording="up" if up else "down", key=key)


@kind("sort_text", share=2.2, wordings="""
imperative/up: @Sort {key} alphabetically
imperative/up: @Sort {key} from A to Z
imperative/up: @Sort {key} in alphabetical order
imperative/up: @List {key} in alphabetical order
imperative/down: @Sort {key} from Z to A
imperative/down: @Sort {key} in reverse alphabetical order
imperative/down: @Sort {key} alphabetically, Z first
imperative/down: @List {key} from Z to A
question/up: how do I sort {key} alphabetically?
question/up: what is {key} in alphabetical order?
question/down: how do I sort {key} from Z to A?
question/down: what is {key} in reverse alphabetical order?
telegraphic/up: sort {key} a-z
telegraphic/up: {key} alphabetical
telegraphic/down: sort {key} z-a
telegraphic/down: {key} reverse alphabetical
narrative/up: {key} is a list in no order. I @want it in alphabetical order.
narrative/down: {key} is a list in no order. I @want it from Z to A.
""")
def sort_text(s: Scene) -> Draft:
    key = s.rng.choice((s.category, s.names, s.key))()
    up = s.rng.random() < 0.6
    return Draft(f"SORT({key.area},1,{1 if up else -1})", result="array", wording="up" if up else "down", key=key)


@kind("sort_by", share=2.5, wordings="""
imperative/up: @Sort {key} by {value} @asc
imperative/up: @List {key} sorted by {value} @asc
imperative/up: @Sort {key} on {value}, @asc
imperative/down: @Sort {key} by {value} @desc
imperative/down: @List {key} sorted by {value} @desc
imperative/down: @Sort {key} on {value}, @desc
question/up: how do I sort {key} by {value} @asc?
question/up: what is the order of {key} by {value} @asc?
question/down: how do I sort {key} by {value} @desc?
question/down: what is the order of {key} by {value} @desc?
telegraphic/up: sort {key} by {value} @asc
telegraphic/up: sortby {key} {value} asc
telegraphic/down: sort {key} by {value} @desc
telegraphic/down: sortby {key} {value} desc
narrative/up: {value} @holds @values. I @want {key} sorted by them @asc.
narrative/down: {value} @holds @values. I @want {key} sorted by them @desc.
""")
def sort_by(s: Scene) -> Draft:
    key, value = s.rng.choice((s.key, s.category))(), s.rng.choice((s.numbers, s.numbers, s.dates))()
    up = s.rng.random() < 0.45
    return Draft(f"SORTBY({key.area},{value.area},{1 if up else -1})", result="array", wording="up" if up else "down", key=key, value=value)


_ORDINALS = {2: ("2nd", "second"), 3: ("3rd", "third"), 4: ("4th", "fourth"), 5: ("5th", "fifth"),
             6: ("6th", "sixth"), 7: ("7th", "seventh"), 8: ("8th", "eighth"), 10: ("10th", "tenth")}


@kind("nth_largest", share=4, wordings="""
imperative/LARGE: @Find the {nth} [largest|highest|biggest|greatest] [value |number |amount |]in {value}
imperative/LARGE: @Get the {nth} [largest|highest|biggest] of {value}
imperative/LARGE: Return the {nth} [largest|highest|biggest] {value}
imperative/SMALL: @Find the {nth} [smallest|lowest|least] [value |number |amount |]in {value}
imperative/SMALL: @Get the {nth} [smallest|lowest] of {value}
imperative/SMALL: Return the {nth} [smallest|lowest] {value}
question/LARGE: what is the {nth} [largest|highest|biggest] @value in {value}?
question/LARGE: which {value} is the {nth} [largest|highest|biggest]?
question/SMALL: what is the {nth} [smallest|lowest] @value in {value}?
question/SMALL: which {value} is the {nth} [smallest|lowest]?
telegraphic/LARGE: {nth} largest {value}
telegraphic/LARGE: {nth} highest in {value}
telegraphic/SMALL: {nth} smallest {value}
telegraphic/SMALL: {nth} lowest in {value}
narrative/LARGE: Not the maximum: I @want the {nth} [largest|highest] @value in {value}.
narrative/SMALL: Not the minimum: I @want the {nth} [smallest|lowest] @value in {value}.
""")
def nth_largest(s: Scene) -> Draft:
    value, n, function = s.numbers(), s.rng.choice((2, 2, 2, 3, 3, 3, 4, 5, 6, 7, 8, 10)), s.rng.choice(("LARGE", "LARGE", "SMALL"))
    return Draft(f"{function}({value.range},{n})", result="number", wording=function, value=value, nth=s.rng.choice(_ORDINALS[n]))


_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 10: "ten"}


def _count(s: Scene) -> tuple[int, str]:
    n = s.rng.choice((2, 3, 3, 3, 4, 5, 5, 5, 6, 7, 8, 10))
    return n, _COUNTS[n] if s.rng.random() < 0.35 else str(n)


@kind("top_n", share=3.2, wordings="""
imperative/top: @List the top {n} [@values |numbers |]in {value}
imperative/top: @List the {n} [largest|highest|biggest] [@values |numbers |]in {value}
imperative/top: Return the {n} [largest|highest|biggest|greatest] {value} [@values|]
imperative/bottom: @List the bottom {n} [@values |numbers |]in {value}
imperative/bottom: @List the {n} [smallest|lowest] [@values |numbers |]in {value}
imperative/bottom: Return the {n} [smallest|lowest|least] {value} [@values|]
question/top: what are the top {n} @values in {value}?
question/top: what are the {n} [largest|highest|biggest] @values in {value}?
question/bottom: what are the bottom {n} @values in {value}?
question/bottom: what are the {n} [smallest|lowest] @values in {value}?
telegraphic/top: top {n} {value}
telegraphic/top: {n} largest in {value}
telegraphic/bottom: bottom {n} {value}
telegraphic/bottom: {n} smallest in {value}
narrative/top: {value} is a long list. I @want the {n} [largest|highest] @values.
narrative/bottom: {value} is a long list. I @want the {n} [smallest|lowest] @values.
""")
def top_n(s: Scene) -> Draft:
    value, (n, said), top = s.numbers(), _count(s), s.rng.random() < 0.65
    return Draft(f"TAKE(SORT({value.area},1,{-1 if top else 1}),{n})", result="array", wording="top" if top else "bottom", value=value, n=said)


@kind("sum_top", share=2.5, wordings="""
imperative/LARGE: @Sum the top {n} [values |numbers |]in {value}
imperative/LARGE: @Sum the {n} [largest|highest|biggest] [values |numbers |]in {value}
imperative/LARGE: @Get the total of the {n} [largest|highest|biggest] @values in {value}
imperative/SMALL: @Sum the bottom {n} [values |numbers |]in {value}
imperative/SMALL: @Sum the {n} [smallest|lowest] [values |numbers |]in {value}
imperative/SMALL: @Get the total of the {n} [smallest|lowest] @values in {value}
question/LARGE: what is the @total of the top {n} @values in {value}?
question/LARGE: what do the {n} [largest|highest|biggest] @values in {value} add up to?
question/SMALL: what is the @total of the bottom {n} @values in {value}?
question/SMALL: what do the {n} [smallest|lowest] @values in {value} add up to?
telegraphic/LARGE: sum top {n} {value}
telegraphic/LARGE: total of {n} largest in {value}
telegraphic/SMALL: sum bottom {n} {value}
telegraphic/SMALL: total of {n} smallest in {value}
narrative/LARGE: {value} @holds @values. I only need the {n} largest added up.
narrative/SMALL: {value} @holds @values. I only need the {n} smallest added up.
""")
def sum_top(s: Scene) -> Draft:
    value, (n, said), function = s.numbers(), _count(s), s.rng.choice(("LARGE", "LARGE", "SMALL"))
    return Draft(f"SUM({function}({value.range},SEQUENCE({n})))", result="number", wording=function, value=value, n=said)
