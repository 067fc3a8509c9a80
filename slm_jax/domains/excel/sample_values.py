"""Values for the cells of a sample sheet: plausible, close to what the formula compares with, on both sides of it."""

from __future__ import annotations

import calendar
import datetime
import operator
import random
import re

from slm_jax.domains.excel.engine import TODAY
from slm_jax.domains.excel.sample_roles import Group

_WORDS = re.findall(
    r"\w+",
    "amber basil cedar Delta ember Falcon granite harbor indigo Juniper kestrel Lagoon marble Nectar olive pepper Quartz raven saffron timber umber Velvet walnut "
    "Yarrow zephyr alder birch cobalt Dahlia elm fern ginger hazel iris jasper Kiwi lotus Maple nickel onyx plum quill rowan Sage topaz",
)
_HOLDS = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "=": operator.eq, "<>": operator.ne}
_LARGEST = 1e12  # a cell's number
_EPOCH = datetime.date(1899, 12, 30)


class Values:
    """The values of one group on one sheet. `hit` meets what the formula asks for where that can be told; `free` may or may not.

    absent: neither does: no text or number is equal to one that the formula names.
    """

    def __init__(self, group: Group, rng: random.Random, *, rounding: bool, absent: bool):
        self.group, self._rng, self._absent = group, rng, absent
        kind = group.kind
        self.kind = rng.choice(("number", "text")) if kind == "any" else kind
        self._words = rng.sample(_WORDS, 9)
        digits = group.kinds["number_text"] > 0  # a text that becomes a number after something is taken away
        self._style = rng.choice(("digits", "digits", "mixed") if digits else ("word", "word", "code", "digits" if group.kinds["number"] else "mixed"))
        self._decimals = 4 if rounding and not group.count else rng.choice((0, 0, 2))
        self._scale = rng.choice((12, 60, 400, 400, 3000))

    def hit(self) -> object:
        return self._make(not self._absent)

    def free(self) -> object:
        if self.group.blanks and self._rng.random() < 0.2:
            return None
        return self._make(False)

    def miss(self) -> object:
        """A value that the formula does not ask for, where that can be told."""
        if self.kind == "text":
            return self._word()
        if self.kind in ("number", "date") and self.group.numbers:
            tries = (self._make(False) for _ in range(20))
            return next((value for value in tries if not all(_HOLDS[sign](value, limit) for sign, limit in self.group.numbers)), 0.0)
        return self.free()

    def outsider(self) -> object:
        """A value that stands in none of the group's columns."""
        return {"text": f"{self._word()} elsewhere", "any": "elsewhere", "number": -98_765.5, "date": 36_526.0}.get(self.kind, "elsewhere")

    def _make(self, hit: bool) -> object:
        match self.kind:
            case "number":
                value = self._number(hit)
                return value + 0.5 if self._absent and ("=", value) in self.group.numbers else value
            case "date":
                return self._date(hit)
            case "time":
                return self._rng.randrange(1440) / 1440
            case "logical":
                return hit or self._rng.random() < 0.5
            case "number_text":
                return self._number_text()
            case "date_text":
                day = _EPOCH + datetime.timedelta(self._rng.randrange(44_000, 46_900))
                return self._rng.choice((day.isoformat(), f"{day.month}/{day.day}/{day.year}", f"{day.day} {calendar.month_abbr[day.month]} {day.year}"))
        return self._text(hit)

    def _number(self, hit: bool) -> float:
        rng = self._rng
        limits = [(sign, limit) for sign, limit in self.group.numbers if abs(limit) < _LARGEST]  # 9.99E+307 means "beyond all numbers"
        if self.group.zeros and rng.random() < 0.2:
            return 0.0
        if self.group.count:
            return float(rng.randint(1, 5))
        if not limits:
            value = round(rng.uniform(1, self._scale), self._decimals)
            return float(-value if rng.random() < 0.06 else value)
        return self._near(limits, hit, unit=1.0 if all(limit == int(limit) for _, limit in limits) else 0.1, whole=self._decimals == 0)

    def _near(self, limits: list[tuple[str, float]], hit: bool, *, unit: float, whole: bool) -> float:
        """A number on, just beside, or in the region of what the formula compares with."""
        rng, decimals = self._rng, 0 if unit == 1.0 and whole else 2
        lowest, highest = min(limit for _, limit in limits), max(limit for _, limit in limits)
        width = max(highest - lowest, 0.25 * abs(highest), 6 * unit)
        value = 0.0
        for _ in range(20 if hit else 1):
            limit = rng.choice(limits)[1]
            way = rng.random()
            if way < 0.25:
                value = limit
            elif way < 0.55:
                value = limit + rng.choice((-1, 1)) * rng.choice((unit, unit, 2 * unit, 0.5 * unit if decimals else unit))
            elif way < 0.8:
                value = round(rng.uniform(lowest - width, highest + width), decimals)
            else:
                value = round(rng.uniform(min(0, 2 * lowest), 2 * max(highest, 5)), decimals)
            if all(_HOLDS[sign](value, limit) for sign, limit in limits):
                break
        return float(round(value, 6))

    def _date(self, hit: bool) -> float:
        rng = self._rng
        if self.group.numbers and all(limit > 3000 for _, limit in self.group.numbers):
            limits = list(self.group.numbers)
            if rng.random() < 0.8:
                return float(int(self._near(limits, hit, unit=1.0, whole=True))) if rng.random() < 0.2 else float(int(self._near_day(limits, hit)))
        serial = int(TODAY) + rng.randrange(-60, 60) if rng.random() < 0.25 else rng.randrange(44_600, 46_900)  # 2022 to mid 2028
        day = _EPOCH + datetime.timedelta(serial)
        for part, value in self.group.parts:
            if part in ("MONTH", "YEAR", "DAY") and rng.random() < (0.9 if hit else 0.3):
                changed = {"MONTH": "month", "YEAR": "year", "DAY": "day"}[part]
                if (changed != "month" or 1 <= value <= 12) and (changed != "day" or 1 <= value <= 28) and (changed != "year" or 1901 <= value <= 9990):
                    day = day.replace(day=min(day.day, 28)).replace(**{changed: int(value)})
        return float((day - _EPOCH).days)

    def _near_day(self, limits: list[tuple[str, float]], hit: bool) -> float:
        rng, value = self._rng, 0.0
        lowest, highest = min(limit for _, limit in limits), max(limit for _, limit in limits)
        for _ in range(20 if hit else 1):
            limit = rng.choice(limits)[1]
            value = limit + rng.choice((0, 0, 1, -1, 2, rng.randint(-40, 40), rng.randint(-400, 400))) if rng.random() < 0.6 else rng.uniform(lowest - 20, highest + 20)
            if all(_HOLDS[sign](value, limit) for sign, limit in limits):
                break
        return value

    def _number_text(self) -> str:
        rng = self._rng
        return rng.choice((f"{rng.randint(1, 9999)}", f"{rng.uniform(1, 900):.2f}", f"{rng.randint(1, 99)}.5", f" {rng.randint(1, 999)}", f"{rng.randint(1, 99)}%"))

    def _text(self, hit: bool) -> str:
        rng, group = self._rng, self.group
        equals = list(group.equals)
        pieces = bool(group.contains or group.affixes) and not self._absent
        way = rng.random()
        if equals and not self._absent and (hit or way < 0.35) and not (pieces and rng.random() < 0.5):
            text = rng.choice(equals)
            return self._other_case(text) if rng.random() < 0.2 else text
        if equals and way < 0.55:
            text = rng.choice(equals)
            return rng.choice((text + rng.choice("sx1"), text[:-1] or "x", f"{text} {self._word()}", f"{self._word()} {text}", text[:1] + text))
        if pieces and (hit or way < 0.75):
            return self._composed()
        if group.fragments and way < 0.6:
            return " ".join(rng.sample(self._words, rng.randint(2, 3)))
        lengths = [int(value) for part, value in group.parts if part == "LEN"]
        if lengths and way < 0.8:
            wanted = max(1, rng.choice(lengths) + rng.choice((-1, 0, 0, 1, 2)))
            return ("".join(self._words) * (wanted // 20 + 1))[:wanted]
        return self._word() if self.group.sorted or self._style == "word" or group.fragments else self._token()

    def _other_case(self, text: str) -> str:
        return self._rng.choice((text.upper(), text.lower(), text.swapcase(), text.capitalize()))

    def _word(self) -> str:
        return self._rng.choice(self._words)

    def _token(self) -> str:
        rng = self._rng
        match self._style:
            case "digits":
                return str(rng.randint(1, 10 ** rng.randint(2, 6)))
            case "code":
                return f"{self._word()[:3].upper()}{rng.randint(10, 99999)}"
        one, other, number = self._word(), self._word(), rng.randint(1, 999)
        return rng.choice((one, f"{one} {other}", f"{number} {one}", f"{one}{number}", f" {one}  {other} "))

    def _composed(self) -> str:
        """A text that holds the searched pieces, in the formula's order, at places that vary."""
        rng = self._rng
        text = self._token() if rng.random() < 0.85 else ""
        pieces = list(self.group.contains)
        words = [piece for piece in pieces if re.search(r"[A-Za-z0-9]", piece)]
        if len(words) > 1 and rng.random() < 0.4:  # one of several is enough for an OR
            pieces = [rng.choice(words)]
        if pieces and rng.random() < 0.5:
            pieces.append(rng.choice(pieces))
        for piece in pieces:
            if re.search(r"[A-Za-z0-9]", piece):
                piece = self._other_case(piece) if rng.random() < 0.3 else piece
                text += rng.choice((" ", "", "-")) + piece + rng.choice((" ", "", "s "))
            else:
                text += piece
            text += self._token()
        for side, affix in self.group.affixes:
            if rng.random() < 0.75:
                text = affix + text if side == "prefix" else text + affix
        return text

