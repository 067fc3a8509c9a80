"""Reads offers by rules: every amount and date in a text, what each stands for, and the answer that follows.

It shares nothing with what writes the texts, so that each checks the other.

An amount or a date counts for what the words of its own clause say; the offer's are those that no such word claims.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterator

_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "C$": "CAD", "A$": "AUD", "$": "USD", "Fr.": "CHF"}
_CODES = ("EUR", "GBP", "JPY", "INR", "PLN", "CAD", "AUD", "USD", "CHF", "SEK", "NOK", "CZK")
_SIGN = "|".join(map(re.escape, [*_SIGNS, *_CODES]))
_NUMBER = r"\d{1,3}(?:[.,'’ \u00a0]\d{3}){1,4}(?!\d)(?:[.,]\d{2}(?!\d)|[.,][-–])?|\d{1,15}(?:[.,]\d{2}(?!\d)|[.,][-–])?"
_AMOUNT = re.compile(rf"(?<![\w.,])(?:(?P<before>{_SIGN})\s?(?P<one>{_NUMBER})(?!\w|[.,]\d)|(?P<two>{_NUMBER})\s?(?P<after>{_SIGN})(?!\w))")
_CLAUSE = re.compile(r"\n| \| |[();]|, (?!20\d\d(?!\d|[.,]\d))|(?<!\d)[.!] (?=[A-Z])| - (?=[A-Za-z])")
_NOT_THE_PRICE = re.compile(  # words of a clause whose amount is not what the item costs now
    r"\b(was|old|before|rrp|instead|regular|list price|statt|uvp|bisher|shipping|delivery|postage|versand|per|pro stück|unit|save|saves|saving|rebate|cashback|off|spart|"
    r"ersparnis|also|similar|tax|vat amount|mwst|total|cash|change|deposit|pfand|month|months|used|gift card)\b|/\s?(?:kg|l|100|unit|mo)", re.IGNORECASE
)
_NOT_THE_DATE = re.compile(r"\b(deliver(?:y|ed|s)|arriv(?:es|ed|al)|ends?|until|valid|expires?|return by|lieferung|gültig|bis|since|warranty)\b", re.IGNORECASE)
_RULE = re.compile(r"Rule:(.*)")
_NAMES = (  # of the months, January first
    "jan january januar", "feb february februar", "mar march märz", "apr april", "may mai", "jun june juni", "jul july juli", "aug august",
    "sep sept september", "oct october oktober okt", "nov november", "dec december dezember dez",
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_DATE = re.compile(
    r"(?<!\d)(?:(?P<y1>\d{4})-(?P<m1>\d\d)-(?P<d1>\d\d)|(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>\d{4})|(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y3>\d{4})|"
    r"(?P<d4>\d{1,2})\.? (?P<m4>[A-Za-zä]{3,9})\.? (?P<y4>\d{4})|(?P<m5>[A-Za-z]{3,9})\.? (?P<d5>\d{1,2}), (?P<y5>\d{4}))(?!\d)"
)


@dataclasses.dataclass(frozen=True)
class Amount:
    value: float
    currency: str
    clause: str  # the words that it stands among


@dataclasses.dataclass(frozen=True)
class Reading:
    """What the text says of the offer; `problem` says why it could not be read."""

    price: float = 0.0
    currency: str = ""
    date: str | None = None
    alert: bool = False
    problem: str = ""


def amounts(text: str) -> Iterator[Amount]:
    """Every number with a currency's sign or code, in order."""
    for clause in _CLAUSE.split(text):
        spans = [match.span() for match in _DATE.finditer(clause)]
        for match in _AMOUNT.finditer(clause):
            if not any(start <= match.start("one" if match["one"] else "two") < end for start, end in spans):
                sign = match["before"] or match["after"]
                yield Amount(_number(match["one"] or match["two"]), _SIGNS.get(sign, sign), clause)


def read(instruction: str) -> Reading:
    """The price, its currency, the date and the alert of a rule and a text."""
    rule = _RULE.search(instruction)
    if rule is None:
        return Reading(problem="no rule")
    text = instruction[: rule.start()] + instruction[rule.end() :]
    prices = [amount for amount in amounts(text) if not _NOT_THE_PRICE.search(amount.clause)]
    limits = list(amounts(rule[1]))
    if len(prices) != 1 or len(limits) != 1:
        return Reading(problem=f"{len(prices)} prices and {len(limits)} limits")
    dates = [date for clause in _CLAUSE.split(text) if not _NOT_THE_DATE.search(clause) for date in _dates(clause)]
    if len(dates) > 1:
        return Reading(problem=f"{len(dates)} dates")
    price, limit = prices[0], limits[0]
    return Reading(price.value, price.currency, dates[0] if dates else None, price.currency == limit.currency and _holds(rule[1].lower(), price.value, limit.value))


def _holds(rule: str, price: float, limit: float) -> bool:
    if re.search(r"at most|or less|or cheaper|no more than|not more than", rule):
        return price <= limit
    if re.search(r"at least|or more", rule):
        return price >= limit
    if re.search(r"above|over|more than|exceeds", rule):
        return price > limit
    return price < limit


def _number(text: str) -> float:
    text = re.sub(r"[.,][-–]$", "", text)
    decimals = re.search(r"[.,](\d{2})$", text)
    whole = text[: decimals.start()] if decimals else text
    return int(re.sub(r"\D", "", whole)) + (int(decimals[1]) / 100 if decimals else 0)


def _dates(clause: str) -> Iterator[str]:
    for match in _DATE.finditer(clause):
        if match["y1"]:
            year, month, day = match["y1"], int(match["m1"]), match["d1"]
        elif match["y2"]:
            year, month, day = match["y2"], int(match["m2"]), match["d2"]
        elif match["y3"]:  # only one of the two orders can be meant
            first, second = int(match["a"]), int(match["b"])
            year, month, day = match["y3"], min(first, second), max(first, second)
        else:
            year, month, day = (match["y4"], match["m4"], match["d4"]) if match["y4"] else (match["y5"], match["m5"], match["d5"])
            month = _MONTHS.get(month.lower(), 0)
        try:
            yield datetime.date(int(year), month, int(day)).isoformat()
        except ValueError:
            continue
