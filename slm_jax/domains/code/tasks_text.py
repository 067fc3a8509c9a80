"""Tasks about texts and words."""

from __future__ import annotations

import re
import string
from collections import Counter

from slm_jax.domains.code.tasks import character, kind, text, whole, word, words

F = "text"

kind(
    F, "count_vowels|vowel_count|num_vowels(text)",
    "the number of vowels in {text}"
    "|how many vowels {text} has"
    "|how often a, e, i, o or u occur in {text}, in any case",
    'return sum(1 for c in text.lower() if c in "aeiou")',
    lambda t: len(re.findall("[aeiouAEIOU]", t)),
    text,
)
kind(
    F, "count_consonants|consonant_count(text)",
    "the number of consonants in {text}"
    "|how many consonants are in {text}"
    "|the count of letters in {text} that are not vowels",
    'return sum(1 for c in text.lower() if c.isalpha() and c not in "aeiou")',
    lambda t: len(re.findall("(?i)[b-df-hj-np-tv-z]", t)),
    text,
)
kind(
    F, "reverse_text|reversed_text|backwards(text)",
    "{text} reversed"
    "|{text} with its characters in reverse order"
    "|{text} read from the end to the start",
    "return text[::-1]",
    lambda t: "".join(reversed(t)),
    text,
)
kind(
    F, "is_palindrome|reads_both_ways(text)",
    "True if {text} is the same backwards, ignoring case, else False"
    "|whether {text} reads the same in both directions, ignoring case"
    "|True for a palindrome and False otherwise, where upper and lower case are the same in {text}",
    """
    text = text.lower()
    return text == text[::-1]
    """,
    lambda t: all(a == b for a, b in zip(t.lower(), reversed(t.lower()), strict=True)),
    lambda g: word(g) if g.random() < 0.8 else text(g),
)
kind(
    F, "count_words|word_count|number_of_words(text)",
    "the number of words in {text}"
    "|how many words separated by blanks {text} has"
    "|the count of whitespace-separated words of {text}",
    "return len(text.split())",
    lambda t: len(re.findall(r"\S+", t)),
    text,
)
kind(
    F, "longest_word|find_longest_word(text)",
    "the longest word of {text}, the first one of equals, or '' if there is none"
    "|the first of the longest words in {text}, or '' without words"
    "|the word of {text} that has the most characters ('' if it has no words; the earliest if several do)",
    'return max(text.split(), key=len, default="")',
    lambda t: sorted(t.split(), key=lambda w: -len(w))[0] if t.split() else "",
    text,
)
kind(
    F, "shortest_word|find_shortest_word(text)",
    "the shortest word of {text}, the first one of equals, or '' if there is none"
    "|the first of the shortest words in {text}, or '' without words"
    "|the word of {text} that has the fewest characters ('' if it has no words; the earliest if several do)",
    'return min(text.split(), key=len, default="")',
    lambda t: sorted(t.split(), key=len)[0] if t.split() else "",
    text,
)
kind(
    F, "capitalize_words|title_words(text)",
    "the words of {text}, each capitalized, joined by single spaces"
    "|{text} with every word capitalized and one space between words"
    "|the words of {text} with a large first letter and small other letters, one space apart",
    'return " ".join(w.capitalize() for w in text.split())',
    lambda t: " ".join(w[:1].upper() + w[1:].lower() for w in t.split()),
    text,
)
kind(
    F, "remove_vowels|without_vowels|strip_vowels(text)",
    "{text} without its vowels"
    "|{text} with all vowels removed"
    "|what is left of {text} when a, e, i, o and u are taken out, in any case",
    'return "".join(c for c in text if c.lower() not in "aeiou")',
    lambda t: re.sub("(?i)[aeiou]", "", t),
    text,
)
kind(
    F, "remove_spaces|without_spaces(text)",
    "{text} without spaces"
    "|{text} with every space removed"
    "|what is left of {text} when the spaces are taken out",
    'return text.replace(" ", "")',
    lambda t: "".join(t.split(" ")),
    text,
)
kind(
    F, "count_character|occurrences|count_char(text, c)",
    "how often the character {c} occurs in {text}"
    "|the number of times {c} appears in {text}"
    "|the count of {c} in {text}",
    "return text.count(c)",
    lambda t, c: sum(x == c for x in t),
    text, character,
)
kind(
    F, "swap_case|flip_case(text)",
    "{text} with upper and lower case swapped"
    "|{text} with every letter in the other case"
    "|{text}, its large letters made small and its small letters large",
    "return text.swapcase()",
    lambda t: "".join(c.lower() if c.isupper() else c.upper() for c in t),
    text,
)
kind(
    F, "first_characters|prefix_of|take_first(text)",
    "the first $k characters of {text}"
    "|the beginning of {text}, $k characters long"
    "|{text} cut after $k characters",
    "return text[:$k]",
    lambda t, k: "".join(c for i, c in enumerate(t) if i < k),
    text, k=(2, 3, 4, 5, 6),
)
kind(
    F, "last_characters|suffix_of|take_last(text)",
    "the last $k characters of {text}"
    "|the end of {text}, $k characters long"
    "|what {text} ends with, $k characters of it",
    "return text[-$k:]",
    lambda t, k: "".join(c for i, c in enumerate(t) if i >= len(t) - k),
    text, k=(2, 3, 4, 5, 6),
)
kind(
    F, "every_nth_character|sample_characters(text)",
    "every $k-th character of {text}, beginning with the first"
    "|the characters of {text} at positions 0, $k and so on in steps of $k"
    "|the first character of {text} and then each one $k further",
    "return text[::$k]",
    lambda t, k: "".join(c for i, c in enumerate(t) if i % k == 0),
    text, k=(2, 3, 4, 5),
)
kind(
    F, "repeat_text|repeated(text)",
    "{text} repeated $k times"
    "|{text} written $k times in a row"
    "|$k copies of {text}, one after the other",
    "return text * $k",
    lambda t, k: "".join(t for _ in range(k)),
    text, k=(2, 3, 4, 5),
)
kind(
    F, "caesar_shift|shift_letters(text)",
    "{text} with each lowercase letter moved $k places on in the alphabet, wrapping around"
    "|{text} where lowercase letters are shifted by $k, z wrapping to a"
    "|{text} in a Caesar cipher with a shift of $k for its lowercase letters",
    """
    result = ""
    for c in text:
        if "a" <= c <= "z":
            result += chr((ord(c) - ord("a") + $k) % 26 + ord("a"))
        else:
            result += c
    return result
    """,
    lambda t, k: t.translate(str.maketrans(string.ascii_lowercase, string.ascii_lowercase[k:] + string.ascii_lowercase[:k])),
    text, k=(1, 3, 5, 13),
)
kind(
    F, "first_letters|initials(text)",
    "the first letters of the words of {text} in upper case, joined"
    "|the initials of {text} in upper case"
    "|an upper-case acronym of the words of {text}",
    'return "".join(w[0].upper() for w in text.split())',
    lambda t: "".join(re.findall(r"(?:^|(?<=\s))\S", t)).upper(),
    text,
)
kind(
    F, "reverse_words|words_backwards(text)",
    "the words of {text} in reverse order, joined by single spaces"
    "|{text} with the order of its words reversed and one space between them"
    "|the last word of {text}, then the one before, and so on, one space apart",
    'return " ".join(text.split()[::-1])',
    lambda t: " ".join(reversed(t.split())),
    text,
)
kind(
    F, "unique_characters|distinct_characters(text)",
    "the number of different characters in {text}"
    "|how many distinct characters {text} has"
    "|the size of the set of characters of {text}",
    "return len(set(text))",
    lambda t: len(Counter(t)),
    text,
)
kind(
    F, "are_anagrams|is_anagram(a, b)",
    "True if {a} and {b} have the same letters in any order, else False"
    "|whether {a} is an anagram of {b}, upper and lower case being the same"
    "|whether {a} and {b} are made of the same characters, each as often, whatever their case",
    "return sorted(a.lower()) == sorted(b.lower())",
    lambda a, b: Counter(a.lower()) == Counter(b.lower()),
    lambda g: g.choice(("listen", "Silent", "noon", "tar", "rats")), lambda g: g.choice(("silent", "enlist", "noon", "no", "Rat", "star")),
)
kind(
    F, "digits_only|keep_digits|only_digits(text)",
    "the digits of {text}, in order, as a string"
    "|a string of only the digits in {text}"
    "|{text} with everything but digits removed",
    'return "".join(c for c in text if c.isdigit())',
    lambda t: re.sub(r"\D", "", t),
    text,
)
kind(
    F, "sum_of_digits_in|digit_total(text)",
    "the sum of the digits that occur in {text}"
    "|the total of all single digits in {text}"
    "|what the digits in {text} add up to, 0 if there are none",
    "return sum(int(c) for c in text if c.isdigit())",
    lambda t: sum(map(int, re.findall(r"\d", t))),
    text,
)
kind(
    F, "count_uppercase|capitals(text)",
    "the number of uppercase letters in {text}"
    "|how many letters of {text} are uppercase"
    "|the count of capital letters in {text}",
    "return sum(1 for c in text if c.isupper())",
    lambda t: len(re.findall("[A-Z]", t)),
    text,
)
kind(
    F, "pad_left|left_padded(text)",
    "{text} padded on the left with '$c' to a width of $k"
    "|{text} right-aligned in $k characters, filled with '$c'"
    "|{text} with '$c' put before it until it has $k characters",
    'return text.rjust($k, "$c")',
    lambda t, k, c: c * (k - len(t)) + t,
    lambda g: text(g)[:9], k=(6, 8, 10), c=("*", "0", "."),
)
kind(
    F, "words_longer_than|long_words(text)",
    "a list of the words of {text} with more than $k characters"
    "|the words in {text} that are longer than $k characters, as a list"
    "|a list of those words of {text} whose length is above $k",
    "return [w for w in text.split() if len(w) > $k]",
    lambda t, k: list(filter(lambda w: len(w) >= k + 1, t.split())),
    text, k=(2, 3, 4),
)
kind(
    F, "words_starting_with|starting_words(words)",
    "a list of the strings in {words} that start with '$c'"
    "|those of {words} whose first letter is '$c', in order"
    "|the strings of {words} that begin with the letter '$c'",
    'return [w for w in words if w.startswith("$c")]',
    lambda ws, c: [w for w in ws if w[:1] == c],
    words, c=("r", "b", "t", "s", "n"),
)
kind(
    F, "join_words|joined(words)",
    "the strings in {words} joined by '$c'"
    "|one string of all {words} with '$c' between them"
    "|{words} as a single string, separated by '$c'",
    'return "$c".join(words)',
    lambda ws, c: "".join(w if i == 0 else c + w for i, w in enumerate(ws)),
    words, c=("-", ", ", "/", ";", "_"),
)
kind(
    F, "total_length|combined_length(words)",
    "the total number of characters of all strings in {words}"
    "|the sum of the lengths of {words}"
    "|how many characters {words} have together",
    "return sum(len(w) for w in words)",
    lambda ws: len("".join(ws)),
    words,
)
kind(
    F, "has_prefix|begins_with(a, b)",
    "True if {a} starts with {b}, else False"
    "|whether {b} is how {a} begins"
    "|whether {b} is a prefix of {a}",
    "return a.startswith(b)",
    lambda a, b: a[: len(b)] == b,
    lambda g: g.choice(("stone", "store", "restore", "tone", "")), lambda g: g.choice(("st", "sto", "re", "tone", "", "on")),
)
kind(
    F, "position_of|index_of(text, c)",
    "the position of the first {c} in {text}, or -1 if there is none"
    "|the index where {c} occurs first in {text}, -1 if it does not"
    "|where {c} is found first in {text}, counted from 0; -1 if nowhere",
    "return text.find(c)",
    lambda t, c: t.index(c) if c in t else -1,
    text, character,
)
kind(
    F, "double_letters|each_character_twice(text)",
    "{text} with every character written twice"
    "|{text} with each of its characters doubled"
    "|a string in which each character of {text} stands two times",
    'return "".join(c * 2 for c in text)',
    lambda t: re.sub("(.)", r"\1\1", t, flags=re.S),
    text,
)
kind(
    F, "character_at|nth_character(text, n)",
    "the character of {text} at position {n}, or '' if {n} is not below its length"
    "|the character with index {n} in {text}, '' if {text} is too short"
    "|what stands at index {n} of {text} ('' past the end)",
    'return text[n] if n < len(text) else ""',
    lambda t, n: t[n : n + 1],
    text, whole(0, 12),
)
