"""Tasks about lists."""

from __future__ import annotations

import functools
import itertools
import statistics
from collections import Counter

from slm_jax.domains.code.tasks import kind, matrix, numbers, some_numbers, whole, words

F = "lists"

kind(
    F, "sum_of_evens|even_sum(numbers)",
    "the sum of the even numbers in {numbers}"
    "|the total of all even {numbers}"
    "|what those of {numbers} that divide by 2 add up to",
    "return sum(v for v in numbers if v % 2 == 0)",
    lambda ns: sum(ns) - sum(v for v in ns if v & 1),
    numbers,
)
kind(
    F, "sum_of_odds|odd_sum(numbers)",
    "the sum of the odd numbers in {numbers}"
    "|the total of all odd {numbers}"
    "|what those of {numbers} that do not divide by 2 add up to",
    "return sum(v for v in numbers if v % 2 != 0)",
    lambda ns: sum(v for v in ns if v & 1),
    numbers,
)
kind(
    F, "count_greater|count_above(numbers)",
    "how many of {numbers} are greater than $k"
    "|the number of elements of {numbers} above $k"
    "|the count of {numbers} that exceed $k",
    "return sum(1 for v in numbers if v > $k)",
    lambda ns, k: len([v for v in ns if not v <= k]),
    numbers, k=(0, 2, 5, 7, 10),
)
kind(
    F, "keep_smaller|below_limit(numbers)",
    "a list of the {numbers} that are less than $k"
    "|those of {numbers} below $k, in order"
    "|a list of {numbers} without those that are $k or more",
    "return [v for v in numbers if v < $k]",
    lambda ns, k: list(itertools.filterfalse(lambda v: v >= k, ns)),
    numbers, k=(0, 3, 5, 8),
)
kind(
    F, "keep_divisible|multiples_only(numbers)",
    "a list of the {numbers} that divide by $k"
    "|those of {numbers} that are multiples of $k, in order"
    "|a list of {numbers} with no remainder when divided by $k",
    "return [v for v in numbers if v % $k == 0]",
    lambda ns, k: [v for v in ns if v // k * k == v],
    numbers, k=(2, 3, 4, 5),
)
kind(
    F, "squares|squared(numbers)",
    "a list of the squares of {numbers}"
    "|{numbers}, each squared, as a list"
    "|a list with each of {numbers} times itself",
    "return [v ** 2 for v in numbers]",
    lambda ns: [v * v for v in ns],
    numbers,
)
kind(
    F, "add_to_all|increased(numbers)",
    "a list of {numbers}, each increased by $k"
    "|{numbers} with $k added to each"
    "|a list in which each of {numbers} is $k larger",
    "return [v + $k for v in numbers]",
    lambda ns, k: [*map(k.__add__, ns)],
    numbers, k=(1, 2, 3, 5, 10),
)
kind(
    F, "multiply_all|scaled(numbers)",
    "a list of {numbers}, each multiplied by $k"
    "|{numbers} with each element times $k"
    "|a list in which each of {numbers} is $k times as large",
    "return [v * $k for v in numbers]",
    lambda ns, k: [sum([v] * k) for v in ns],
    numbers, k=(2, 3, 4, 7),
)
kind(
    F, "largest|maximum|find_max(numbers)",
    "the largest of {numbers}, or None if there are none"
    "|the maximum of {numbers}, None for an empty list"
    "|the greatest element of {numbers} (None if empty)",
    "return max(numbers, default=None)",
    lambda ns: sorted(ns)[-1] if ns else None,
    numbers,
)
kind(
    F, "smallest|minimum|find_min(numbers)",
    "the smallest of {numbers}, or None if there are none"
    "|the minimum of {numbers}, None for an empty list"
    "|the least element of {numbers} (None if empty)",
    "return min(numbers, default=None)",
    lambda ns: sorted(ns)[0] if ns else None,
    numbers,
)
kind(
    F, "second_largest|runner_up(numbers)",
    "the second largest different value in {numbers}, or None if there is none"
    "|the largest of {numbers} below their maximum, None if there is none"
    "|the runner-up among the distinct {numbers}, or None",
    """
    different = sorted(set(numbers))
    return different[-2] if len(different) > 1 else None
    """,
    lambda ns: max((v for v in ns if v < max(ns)), default=None),
    numbers,
)
kind(
    F, "value_range|spread(numbers)",
    "the difference between the largest and the smallest of {numbers}"
    "|how far apart the maximum and the minimum of {numbers} are"
    "|the maximum of {numbers} minus their minimum",
    "return max(numbers) - min(numbers)",
    lambda ns: sorted(ns)[-1] - sorted(ns)[0],
    some_numbers,
)
kind(
    F, "average|mean_of(numbers)",
    "the mean of {numbers}, or 0.0 if there are none"
    "|the average of {numbers}, 0.0 for an empty list"
    "|the sum of {numbers} divided by how many there are (0.0 if empty)",
    "return sum(numbers) / len(numbers) if numbers else 0.0",
    lambda ns: statistics.fmean(ns) if ns else 0.0,
    numbers,
)
kind(
    F, "median_of|middle_value(numbers)",
    "the median of {numbers} as a float"
    "|the middle of the sorted {numbers}, or the mean of the two middle ones, as a float"
    "|the float in the middle of {numbers} by size",
    """
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[middle])
    return (ordered[middle - 1] + ordered[middle]) / 2
    """,
    lambda ns: float(statistics.median(ns)),
    some_numbers,
)
kind(
    F, "product_of|multiply_together(numbers)",
    "the product of {numbers}, 1 if there are none"
    "|all {numbers} multiplied together, 1 for an empty list"
    "|what {numbers} multiply to (1 if empty)",
    """
    result = 1
    for v in numbers:
        result *= v
    return result
    """,
    lambda ns: functools.reduce(int.__mul__, ns, 1),
    numbers,
)
kind(
    F, "running_totals|cumulative_sums(numbers)",
    "a list of the running totals of {numbers}"
    "|the cumulative sums of {numbers} as a list"
    "|a list whose elements are the sums of {numbers} up to each place",
    """
    result, total = [], 0
    for v in numbers:
        total += v
        result.append(total)
    return result
    """,
    lambda ns: list(itertools.accumulate(ns)),
    numbers,
)
kind(
    F, "without_duplicates|unique_items|deduplicate(items)",
    "a list of the {items} without repeats, in the order of their first occurrence"
    "|{items} with duplicates removed, order kept"
    "|a list in which each of {items} stands once, where it came first",
    """
    result = []
    for e in items:
        if e not in result:
            result.append(e)
    return result
    """,
    lambda es: list(dict.fromkeys(es)),
    numbers,
)
kind(
    F, "has_duplicates|contains_repeats(items)",
    "True if any of {items} occurs more than once, else False"
    "|whether {items} has repeated elements"
    "|whether something stands in {items} twice or more",
    "return len(set(items)) != len(items)",
    lambda es: any(count > 1 for count in Counter(es).values()),
    numbers,
)
kind(
    F, "last_items|tail_of(items)",
    "a list of the last $k of {items}"
    "|the final $k elements of {items}"
    "|the end of the list {items}, $k elements of it",
    "return items[-$k:]",
    lambda es, k: [e for i, e in enumerate(es) if i + k >= len(es)],
    numbers, k=(2, 3, 4),
)
kind(
    F, "skip_first|without_first(items)",
    "a list of {items} without the first $k"
    "|{items} from the element after the first $k on"
    "|what is left of {items} when $k are dropped at the front",
    "return items[$k:]",
    lambda es, k: list(itertools.islice(es, k, None)),
    numbers, k=(1, 2, 3),
)
kind(
    F, "rotate_left|rotated(items)",
    "{items} rotated to the left by $k places"
    "|{items} with the first $k moved to the end"
    "|a list that begins with element $k of {items}, counted from 0, and ends with those before it",
    "return items[$k:] + items[:$k]",
    lambda es, k: [*itertools.islice(es, k, None), *itertools.islice(es, k)],
    numbers, k=(1, 2, 3),
)
kind(
    F, "chunks_of|split_in_chunks(items)",
    "a list of lists of $k of {items} each, the last one perhaps shorter"
    "|{items} cut into lists of length $k"
    "|{items} in groups of $k, the rest in a smaller last group",
    "return [items[i:i + $k] for i in range(0, len(items), $k)]",
    lambda es, k: [list(es[j * k : (j + 1) * k]) for j in range(-(-len(es) // k))],
    numbers, k=(2, 3, 4),
)
kind(
    F, "flatten|merge_lists(items)",
    "one list of all elements of the lists in {items}"
    "|the lists in {items} put together into one"
    "|a flat list of what the lists in {items} hold, in order",
    "return [e for inner in items for e in inner]",
    lambda es: sum(es, []),
    matrix,
)
kind(
    F, "transpose|swap_rows_and_columns(items)",
    "the transpose of the matrix {items} as a list of lists"
    "|{items}, a list of rows, as a list of columns"
    "|the matrix {items} with rows and columns exchanged",
    "return [list(column) for column in zip(*items)]",
    lambda es: [[row[i] for row in es] for i in range(len(es[0]))],
    matrix,
)
kind(
    F, "row_sums|totals_by_row(items)",
    "a list of the sum of each row of {items}"
    "|the sums of the lists in {items}"
    "|a list with the total of every row of the matrix {items}",
    "return [sum(row) for row in items]",
    lambda es: list(map(sum, es)),
    matrix,
)
kind(
    F, "interleave|alternate(a, b)",
    "a list that takes turns between {a} and {b}, as long as the shorter allows"
    "|elements of {a} and {b} by turns, until one of them ends"
    "|a list of {a}[0], {b}[0], {a}[1], {b}[1] and so on while both last",
    """
    result = []
    for left, right in zip(a, b):
        result.append(left)
        result.append(right)
    return result
    """,
    lambda a, b: [e for pair in zip(a, b, strict=False) for e in pair],
    numbers, numbers,
)
kind(
    F, "common_items|shared(a, b)",
    "a sorted list of the different values that are in both {a} and {b}"
    "|the sorted intersection of {a} and {b} as a list"
    "|a list, in rising order, of what {a} and {b} share, each once",
    "return sorted(set(a) & set(b))",
    lambda a, b: sorted(v for v in dict.fromkeys(a) if v in b),
    numbers, numbers,
)
kind(
    F, "only_in_first|difference(a, b)",
    "a list of the elements of {a} that are not in {b}, in order"
    "|{a} without everything that {b} has"
    "|those elements of {a} that {b} lacks, order kept",
    "return [e for e in a if e not in b]",
    lambda a, b: [*filter(lambda e: b.count(e) == 0, a)],
    numbers, numbers,
)
kind(
    F, "dot_product|scalar_product(a, b)",
    "the sum of the products of the elements of {a} and {b} at equal places"
    "|the dot product of {a} and {b}"
    "|what {a} and {b} give when multiplied place by place and added up, the shorter one deciding",
    "return sum(left * right for left, right in zip(a, b))",
    lambda a, b: sum(a[i] * b[i] for i in range(min(len(a), len(b)))),
    numbers, numbers,
)
kind(
    F, "is_sorted|is_ascending(numbers)",
    "True if {numbers} are in rising order, equal neighbours allowed, else False"
    "|whether {numbers} never fall from one to the next"
    "|whether {numbers} are sorted from small to large",
    "return all(left <= right for left, right in zip(numbers, numbers[1:]))",
    lambda ns: ns == sorted(ns),
    lambda g: sorted(numbers(g)) if g.random() < 0.5 else numbers(g),
)
kind(
    F, "sort_descending|sorted_down(numbers)",
    "{numbers} sorted from large to small"
    "|a list of {numbers} in falling order"
    "|{numbers} in descending order, as a list",
    "return sorted(numbers, reverse=True)",
    lambda ns: sorted(ns, key=lambda v: -v),
    numbers,
)
kind(
    F, "top_values|largest_values(numbers)",
    "a list of the $k largest of {numbers}, the largest first"
    "|the $k greatest {numbers} in falling order"
    "|the top $k of {numbers}, in descending order",
    "return sorted(numbers, reverse=True)[:$k]",
    lambda ns, k: sorted(ns)[::-1][:k],
    numbers, k=(2, 3, 4),
)
kind(
    F, "sort_by_length|by_length(words)",
    "{words} sorted by length, equal lengths in their old order"
    "|a list of {words} from short to long, ties as they stood"
    "|{words} ordered by how many characters they have, stable",
    "return sorted(words, key=len)",
    lambda ws: [w for size in range(max(map(len, ws), default=0) + 1) for w in ws if len(w) == size],
    words,
)
kind(
    F, "adjacent_differences|steps_between(numbers)",
    "a list of the differences between neighbours in {numbers}, each minus the one before"
    "|by how much {numbers} grow from one to the next, as a list"
    "|a list of each of {numbers} but the first, less its predecessor",
    "return [right - left for left, right in zip(numbers, numbers[1:])]",
    lambda ns: [ns[i + 1] - ns[i] for i in range(len(ns) - 1)],
    numbers,
)
kind(
    F, "index_of_largest|position_of_max(numbers)",
    "the index of the first largest of {numbers}"
    "|where the maximum of {numbers} stands first, counted from 0"
    "|the position, from 0, of the greatest of {numbers}, the earliest of equals",
    "return numbers.index(max(numbers))",
    lambda ns: max(range(len(ns)), key=lambda i: (ns[i], -i)),
    some_numbers,
)
kind(
    F, "replace_negatives|clip_below_zero(numbers)",
    "a list of {numbers} with the negative ones replaced by $k"
    "|{numbers}, but with $k for each that is below zero"
    "|a list of {numbers} where every negative has become $k",
    "return [$k if v < 0 else v for v in numbers]",
    lambda ns, k: [v if v >= 0 else k for v in ns],
    numbers, k=(0, 1, 5),
)
kind(
    F, "pairs_with_sum|count_pairs(numbers)",
    "the number of pairs of places in {numbers} whose elements add up to $k"
    "|how many pairs of {numbers} at different places sum to $k"
    "|the count of ways to pick two of {numbers} with a sum of $k",
    """
    count = 0
    for i in range(len(numbers)):
        for j in range(i + 1, len(numbers)):
            if numbers[i] + numbers[j] == $k:
                count += 1
    return count
    """,
    lambda ns, k: sum(sum(pair) == k for pair in itertools.combinations(ns, 2)),
    numbers, k=(5, 7, 10),
)
kind(
    F, "element_or_none|safe_get(items, n)",
    "the element of {items} at index {n}, or None if {n} is not below its length"
    "|{items}[{n}], but None when the list is too short"
    "|what stands at place {n} of {items}, from 0; None past the end",
    "return items[n] if n < len(items) else None",
    lambda es, n: dict(enumerate(es)).get(n),
    numbers, whole(0, 8),
)
