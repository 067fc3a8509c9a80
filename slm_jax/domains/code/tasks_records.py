"""Tasks about dictionaries, records and dates (as ISO texts, "2024-03-01")."""

from __future__ import annotations

import calendar
import datetime
from collections import Counter

from slm_jax.domains.code.tasks import counts, date, kind, numbers, pairs, records, some_counts, text, whole, word, words

F = "records"

kind(
    F, "count_items|frequencies|tally(items)",
    "a dictionary of how often each of {items} occurs"
    "|a dict from each different element of {items} to its count"
    "|the counts of the elements of {items} as a dict",
    """
    result = {}
    for e in items:
        result[e] = result.get(e, 0) + 1
    return result
    """,
    lambda es: dict(Counter(es)),
    words,
)
kind(
    F, "letter_counts|count_letters(text)",
    "a dictionary of how often each letter occurs in {text}, in lower case"
    "|a dict from each letter of {text}, made lowercase, to its count"
    "|the frequencies of the lowercased letters of {text}, other characters left out",
    """
    result = {}
    for c in text.lower():
        if c.isalpha():
            result[c] = result.get(c, 0) + 1
    return result
    """,
    lambda t: dict(Counter(filter(str.isalpha, t.lower()))),
    text,
)
kind(
    F, "most_common|most_frequent(items)",
    "the most frequent of {items}, the first one of equals, or None if there are none"
    "|the element that occurs most often in {items}, the earliest of equals; None for an empty list"
    "|which of {items} there is most of (the one seen first if several, None if empty)",
    "return max(items, key=items.count, default=None)",
    lambda es: Counter(es).most_common(1)[0][0] if es else None,
    words,
)
kind(
    F, "invert|swap_keys_and_values(mapping)",
    "a dictionary with keys and values of {mapping} swapped, later ones winning"
    "|a dict from the values of {mapping} to its keys, the last key for equal values"
    "|{mapping} turned around: values to keys (the last one counts)",
    "return {value: key for key, value in mapping.items()}",
    lambda m: dict(zip(m.values(), m, strict=True)),
    counts,
)
kind(
    F, "total_of_values|sum_values(mapping)",
    "the sum of the values of {mapping}"
    "|the total of all values in the dictionary {mapping}"
    "|what the values of {mapping} add up to, 0 if it is empty",
    "return sum(mapping.values())",
    lambda m: sum(m[key] for key in m),
    counts,
)
kind(
    F, "key_of_largest|best_key(mapping)",
    "the key of the largest value in {mapping}, the first one of equals"
    "|the key whose value in {mapping} is greatest, the earliest of equals"
    "|which key of {mapping} has the maximum (the first if several)",
    "return max(mapping, key=mapping.get)",
    lambda m: next(key for key in m if m[key] == max(m.values())),
    some_counts,
)
kind(
    F, "keys_above|keys_over(mapping)",
    "a sorted list of the keys of {mapping} whose values are greater than $k"
    "|the keys with a value above $k in {mapping}, sorted"
    "|in alphabetical order, which keys of {mapping} have more than $k",
    "return sorted(key for key, value in mapping.items() if value > $k)",
    lambda m, k: sorted(key for key in m if m[key] >= k + 1),
    counts, k=(0, 2, 5, 8),
)
kind(
    F, "only_positive|positive_entries(mapping)",
    "a dictionary of those entries of {mapping} whose value is positive"
    "|{mapping} without entries of zero or less"
    "|a dict of what {mapping} holds with values above 0",
    "return {key: value for key, value in mapping.items() if value > 0}",
    lambda m: {key: m[key] for key in m if not m[key] <= 0},
    counts,
)
kind(
    F, "add_counts|merge_counts(a, b)",
    "a dictionary with the values of {a} and {b} added up by key"
    "|{a} and {b} merged, values of equal keys summed"
    "|a dict over the keys of both {a} and {b} with the sums of their values",
    """
    result = dict(a)
    for key, value in b.items():
        result[key] = result.get(key, 0) + value
    return result
    """,
    lambda a, b: {key: a.get(key, 0) + b.get(key, 0) for key in [*a, *b]},
    counts, counts,
)
kind(
    F, "shared_keys|common_keys(a, b)",
    "a sorted list of the keys that {a} and {b} both have"
    "|the keys in both dictionaries {a} and {b}, sorted"
    "|in alphabetical order, the keys of {a} that are in {b} as well",
    "return sorted(a.keys() & b.keys())",
    lambda a, b: sorted(key for key in a if key in b),
    counts, counts,
)
kind(
    F, "group_by_length|words_by_length(words)",
    "a dictionary from length to the list of {words} of that length, in order"
    "|{words} grouped by length, as a dict of lists"
    "|a dict whose keys are lengths and whose values are the lists of {words} so long",
    """
    result = {}
    for w in words:
        result.setdefault(len(w), []).append(w)
    return result
    """,
    lambda ws: {size: [w for w in ws if len(w) == size] for size in map(len, ws)},
    words,
)
kind(
    F, "group_pairs|collect_pairs(items)",
    "a dictionary from the first of each pair in {items} to the list of the second ones, in order"
    "|the pairs in {items} grouped by their first element, as a dict of lists"
    "|a dict that holds, for every first element in {items}, all second ones as a list",
    """
    result = {}
    for key, value in items:
        result.setdefault(key, []).append(value)
    return result
    """,
    lambda ps: {key: [v for k, v in ps if k == key] for key, _ in ps},
    pairs,
)
kind(
    F, "totals_by_key|sum_by_key(items)",
    "a dictionary from the first of each pair in {items} to the sum of the second ones"
    "|the pairs in {items} added up by their first element, as a dict"
    "|a dict of the total of second elements for each first one in {items}",
    """
    result = {}
    for key, value in items:
        result[key] = result.get(key, 0) + value
    return result
    """,
    lambda ps: {key: sum(v for k, v in ps if k == key) for key, _ in ps},
    pairs,
)
kind(
    F, "names_in_city|people_from(items)",
    "a list of the 'name' of each dictionary in {items} whose 'city' is '$c'"
    "|the names of those {items} with city '$c', in order"
    "|a list of who in {items} (dicts with name and city) lives in '$c'",
    'return [e["name"] for e in items if e["city"] == "$c"]',
    lambda es, c: [e["name"] for e in filter(lambda e: e["city"] == c, es)],
    records, c=("Rome", "Oslo", "Lima"),
)
kind(
    F, "oldest_name|name_of_oldest(items)",
    "the 'name' of the dictionary in {items} with the largest 'age', or None if there are none"
    "|the name of the oldest of {items} (dicts with name and age), None for an empty list"
    "|who of {items} has the greatest 'age' by name, the first of equals, or None",
    """
    if not items:
        return None
    return max(items, key=lambda e: e["age"])["name"]
    """,
    lambda es: sorted(es, key=lambda e: -e["age"])[0]["name"] if es else None,
    records,
)
kind(
    F, "sort_by_age|by_age(items)",
    "a list of the names of {items}, dictionaries with 'name' and 'age', from young to old"
    "|the 'name' values of {items} in rising order of 'age'"
    "|names of the {items} sorted by their 'age', equal ages in the old order",
    'return [e["name"] for e in sorted(items, key=lambda e: e["age"])]',
    lambda es: [es[i]["name"] for i in sorted(range(len(es)), key=lambda i: (es[i]["age"], i))],
    records,
)
kind(
    F, "index_by_name|positions(words)",
    "a dictionary from each of {words} to the index of its first occurrence"
    "|a dict of where each different string stands first in {words}"
    "|for every string of {words} its first position from 0, as a dict",
    """
    result = {}
    for i, w in enumerate(words):
        result.setdefault(w, i)
    return result
    """,
    lambda ws: {w: ws.index(w) for w in ws},
    words,
)
kind(
    F, "lookup_or_default|get_or_default(mapping, key)",
    "the value of {key} in {mapping}, or $k if it is missing"
    "|{mapping}[{key}], but $k where there is no such key"
    "|what {mapping} has for {key}, $k by default",
    "return mapping.get(key, $k)",
    lambda m, key, k: dict.get({**{key: k}, **m}, key),
    some_counts, word, k=(0, -1, 100),
)
kind(
    F, "split_even_odd|by_parity(numbers)",
    "a dictionary with the lists of the even and the odd {numbers} under 'even' and 'odd'"
    "|{numbers} as {{'even': [...], 'odd': [...]}}, in order"
    "|a dict that has the even {numbers} as 'even' and the others as 'odd'",
    'return {"even": [v for v in numbers if v % 2 == 0], "odd": [v for v in numbers if v % 2 != 0]}',
    lambda ns: {"even": [v for v in ns if not v & 1], "odd": [v for v in ns if v & 1]},
    numbers,
)

F = "dates"


def _date(value: str) -> datetime.date:
    return datetime.date(*map(int, value.split("-")))


kind(
    F, "year_of|get_year(date)",
    "the year of {date}, a text like '2024-03-01', as an int"
    "|the year as an int in the ISO date {date}"
    "|which year the text {date} (YYYY-MM-DD) is in, as a number",
    "return int(date[:4])",
    lambda d: _date(d).year,
    date,
)
kind(
    F, "day_name|weekday_name(date)",
    "the English weekday name of {date}, a text like '2024-03-01'"
    "|the name of the day of the week of the ISO date {date}, as 'Monday'"
    "|which weekday the text {date} (YYYY-MM-DD) falls on, in English",
    """
    from datetime import datetime

    return datetime.strptime(date, "%Y-%m-%d").strftime("%A")
    """,
    lambda d: calendar.day_name[_date(d).weekday()],
    date,
)
kind(
    F, "is_weekend|on_weekend(date)",
    "True if {date}, a text like '2024-03-01', is a Saturday or Sunday, else False"
    "|whether the ISO date {date} is on a weekend"
    "|whether the text {date} (YYYY-MM-DD) is no working day of Monday to Friday",
    """
    from datetime import datetime

    return datetime.fromisoformat(date).weekday() >= 5
    """,
    lambda d: _date(d).isoweekday() in (6, 7),
    date,
)
kind(
    F, "days_between|day_difference(a, b)",
    "the number of days from {a} to {b}, two texts like '2024-03-01'"
    "|how many days the ISO date {b} is after the ISO date {a}"
    "|the days that pass from {a} until {b}, both YYYY-MM-DD; negative if {b} is earlier",
    """
    from datetime import date

    return (date.fromisoformat(b) - date.fromisoformat(a)).days
    """,
    lambda a, b: _date(b).toordinal() - _date(a).toordinal(),
    date, date,
)
kind(
    F, "add_days|days_later(date)",
    "the date $k days after {date} as a text, both like '2024-03-01'"
    "|the ISO text of the day $k days later than the ISO text {date}"
    "|what {date} (YYYY-MM-DD) is $k days on, in the same form",
    """
    from datetime import datetime, timedelta

    moved = datetime.fromisoformat(date) + timedelta(days=$k)
    return moved.date().isoformat()
    """,
    lambda d, k: datetime.date.fromordinal(_date(d).toordinal() + k).isoformat(),
    date, k=(1, 7, 10, 30, 90),
)
kind(
    F, "is_leap_year|leap(n)",
    "True if the year {n} is a leap year, else False"
    "|whether {n} is a leap year"
    "|whether February has 29 days in the year {n}",
    "return n % 4 == 0 and (n % 100 != 0 or n % 400 == 0)",
    calendar.isleap,
    lambda g: g.choice((g.randint(1890, 2100), 100 * g.randint(16, 24), 4 * g.randint(480, 520))),
)
kind(
    F, "to_day_first|reformat_date(date)",
    "{date}, a text like '2024-03-01', as day, month and year like '01$c03$c2024'"
    "|the ISO date {date} in the form DD$cMM$cYYYY"
    "|{date} (YYYY-MM-DD) turned around to DD$cMM$cYYYY",
    """
    year, month, rest = date.split("-")
    return rest + "$c" + month + "$c" + year
    """,
    lambda d, c: c.join(reversed(d.split("-"))),
    date, c=(".", "/"),
)
kind(
    F, "quarter_of|get_quarter(date)",
    "the quarter, 1 to 4, of {date}, a text like '2024-03-01'"
    "|which quarter of the year the ISO date {date} is in, as an int"
    "|1, 2, 3 or 4 for the quarter of the text {date} (YYYY-MM-DD)",
    "return (int(date[5:7]) - 1) // 3 + 1",
    lambda d: {m: q for q in (1, 2, 3, 4) for m in range(3 * q - 2, 3 * q + 1)}[_date(d).month],
    date,
)
kind(
    F, "clock_text|minutes_as_clock(n)",
    "{n} minutes as hours and minutes like '2:05'"
    "|a text of {n} minutes in the form H:MM"
    "|hours, a colon and two digits of minutes for {n} minutes in all",
    'return f"{n // 60}:{n % 60:02d}"',
    lambda n: ":".join((str(divmod(n, 60)[0]), str(divmod(n, 60)[1]).zfill(2))),
    whole(0, 600),
)
