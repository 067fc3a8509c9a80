"""Is the answer right? It is one JSON object, and each of its fields is compared with the reference's."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import json
import math
import re
from collections.abc import Sequence

from slm_jax.domains.base import Example, Score
from slm_jax.domains.prices.read import amounts
from slm_jax.errors import UserError

FIELDS = ("item", "price", "currency", "date", "alert")
ERRORS = ("not JSON", "schema", "item", "distractor", "price", "currency", "date", "alert")  # "distractor": the text does hold that price, but it is another one
SAMPLE = '{"item": "Desk lamp", "price": 45.00, "currency": "EUR", "date": "2025-03-04", "alert": true}'

_FENCED = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL | re.IGNORECASE)
_LONGEST = 10_000  # characters of an answer that are read


@dataclasses.dataclass(frozen=True)
class Answer:
    """`fields`: what the object holds under the names of FIELDS; `problem`: why it does not fit the schema, empty if it does."""

    fields: dict
    problem: str = ""


def write_answer(*, item: str, price: float, currency: str, date: str | None, alert: bool) -> str:
    """The answer's text: price with two decimals, date as YYYY-MM-DD or null."""
    text = {name: json.dumps(value, ensure_ascii=False) for name, value in (("item", item), ("currency", currency), ("date", date), ("alert", alert))}
    return f'{{"item": {text["item"]}, "price": {price:.2f}, "currency": {text["currency"]}, "date": {text["date"]}, "alert": {text["alert"]}}}'


def parse_answer(text: str) -> Answer:
    """What an answer says, whatever the text is; a code fence round it is taken off."""
    text = text.strip()
    fenced = _FENCED.fullmatch(text)
    try:
        found = json.loads(fenced[1] if fenced else text, parse_constant=lambda name: None) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        return Answer({}, "not JSON")
    if not isinstance(found, dict):
        return Answer({}, "not JSON")
    fields = {name: found[name] for name in FIELDS if name in found}
    missing = [name for name in FIELDS if name not in found]
    extra = [str(name)[:20] for name in found if name not in FIELDS]
    if missing or extra:
        return Answer(fields, f"no field {missing[0]}" if missing else f"field {extra[0]} is not one of {', '.join(FIELDS)}")
    good = {
        "item": isinstance(fields["item"], str) and bool(fields["item"].strip()),
        "price": _is_price(fields["price"]),
        "currency": isinstance(fields["currency"], str) and bool(re.fullmatch("[A-Z]{3}", fields["currency"])),
        "date": fields["date"] is None or _is_date(fields["date"]),
        "alert": isinstance(fields["alert"], bool),
    }
    wrong = next((name for name in FIELDS if not good[name]), None)
    return Answer(fields, f"{wrong} is {_shown(fields[wrong])}" if wrong else "")


def score(examples: Sequence[Example], predictions: Sequence[str]) -> Score:
    """Rates: answers with every field right ("correct"), mean share of right fields ("fields"), JSON that fits the schema ("valid").

    Each row: correct, fields, valid, error ("" or one of ERRORS), detail. Whatever a prediction holds, nothing is raised. Raises UserError where the lengths differ, or a
    reference does not fit the schema.
    """
    if len(examples) != len(predictions):
        raise UserError(f"{len(examples)} examples but {len(predictions)} predictions: give one prediction for each example")
    rows = []
    for number, (example, prediction) in enumerate(zip(examples, predictions, strict=True), 1):
        reference = parse_answer(example.response)
        if reference.problem:
            raise UserError(f"example {example.id or number}: the response {example.response[:60]!r} is no answer ({reference.problem}): write one like {SAMPLE}")
        rows.append(_judge(example.instruction, reference.fields, prediction))
    count = max(1, len(rows))
    rates = {name: sum(row[name] for row in rows) / count for name in ("correct", "fields", "valid")}
    return Score(n=len(rows), rates=rates, errors=dict(collections.Counter(row["error"] for row in rows if row["error"])), rows=rows)


def _judge(text: str, reference: dict, prediction: str) -> dict:
    answer = parse_answer(prediction)
    right = {name: name in answer.fields and _same(name, reference[name], answer.fields[name]) for name in FIELDS}
    wrong = next((name for name in FIELDS if not right[name]), "")
    if answer.problem:
        error = "not JSON" if answer.problem == "not JSON" else "schema"
    else:
        error = wrong
    if error == "price" and any(_cents(amount.value) == _cents(answer.fields["price"]) for amount in amounts(text)):
        error = "distractor"
    detail = answer.problem or (f"{wrong} {_shown(answer.fields[wrong])} instead of {_shown(reference[wrong])}" if wrong else "")
    return {"correct": not error, "fields": sum(right.values()) / len(FIELDS), "valid": not answer.problem, "error": error, "detail": detail}


def _same(name: str, ours: object, theirs: object) -> bool:
    if name == "price":
        return _is_price(theirs) and _cents(theirs) == _cents(ours)
    if name == "item":
        return isinstance(theirs, str) and " ".join(theirs.split()).casefold() == " ".join(ours.split()).casefold()
    return type(ours) is type(theirs) and ours == theirs


def _shown(value: object) -> str:
    return repr(value)[:40] if value is None or isinstance(value, (str, int, float)) else "a list" if isinstance(value, list) else "an object"


def _cents(value: float) -> int:
    return round(value * 100)


def _is_price(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e12 and math.isfinite(value)


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        return False
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return False
    return True
