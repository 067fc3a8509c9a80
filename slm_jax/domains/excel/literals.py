"""Literals as formulas write them and as people say them."""

from __future__ import annotations

import calendar
import dataclasses
import datetime

from slm_jax.domains.excel.words import is_held_out

_PAIRS = (
    "Pass Fail|Yes No|High Low|Good Bad|Over Under|Valid Invalid|Approved Rejected|True False|Big Small|Expensive Cheap|Early Late|Win Lose|"
    "OK Check|Reorder OK|Eligible Denied|Bonus None|Hot Cold|Above Below|Profit Loss|Match Mismatch|Adult Minor|Senior Junior|Keep Drop|"
    "Urgent Normal|Paid Due|Overdue Current|Y N|In Out|Active Inactive|Met Missed|Rich Poor|Safe Risky|Flag Skip|Renew Expire|Full Part|Ship Hold|"
    "Accept Refuse|Include Exclude|Go Stop|Large Small|Old New|Warm Cool|Heavy Light|Fast Slow|Odd Even|Weekend Weekday|Peak Quiet|Gain Drop|"
    "Buy Sell"
)
OUTCOMES = {
    pool: [tuple(pair.split()) for pair in _PAIRS.split("|") if all(is_held_out(word) == pool for word in pair.split())] for pool in (False, True)
}
_DELIMITERS = {
    ",": ("comma", "the comma", "a comma", '","', ","),
    "-": ("dash", "the dash", "hyphen", "the hyphen", '"-"', "-"),
    "@": ("@", "the @", "the @ sign", '"@"', "at sign"),
    "/": ("slash", "the slash", '"/"', "/", "forward slash"),
    " ": ("space", "the space", "a space", "blank space"),
    ";": ("semicolon", "the semicolon", '";"', ";"),
    "_": ("underscore", "the underscore", '"_"', "_"),
    "|": ("pipe", "the pipe", '"|"'),
    ":": ("colon", "the colon", '":"', ":"),
}


def delimiter_phrases(raw: str) -> tuple[str, ...]:
    """What people call a delimiter."""
    return _DELIMITERS[raw]


@dataclasses.dataclass(frozen=True)
class Literal:
    """A text. `formula` '"Pass"', `raw` 'Pass'; str is the phrase, quoted as the scene quotes."""

    raw: str
    quote: str = '"'
    phrase: str = ""

    @property
    def formula(self) -> str:
        escaped = self.raw.replace('"', '""')
        return f'"{escaped}"'

    def __str__(self) -> str:
        return self.phrase or f"{self.quote}{self.raw}{self.quote}"


@dataclasses.dataclass(frozen=True)
class NumberLiteral:
    """A number: `formula` "1500", str "1500" or "1,500"."""

    value: float | int
    grouped: bool = False

    @property
    def formula(self) -> str:
        if isinstance(self.value, int):
            return str(self.value)
        text = f"{self.value:.6f}".rstrip("0").rstrip(".")
        return text or "0"

    @property
    def raw(self) -> str:
        return self.formula

    def __str__(self) -> str:
        return f"{self.value:,}" if self.grouped and isinstance(self.value, int) else self.formula


@dataclasses.dataclass(frozen=True)
class Percent:
    """A rate in percent: `formula` "15%", str "15%" or "15 percent", `fraction` "0.15"."""

    value: float | int
    form: str

    @property
    def formula(self) -> str:
        return f"{self.value:g}%"

    @property
    def fraction(self) -> str:
        return f"{self.value / 100:.4f}".rstrip("0").rstrip(".")

    def __str__(self) -> str:
        return self.form.format(f"{self.value:g}")


@dataclasses.dataclass(frozen=True)
class DateLiteral:
    """A day: `formula` "DATE(2024,3,1)", str "1 March 2024", "March 1, 2024", "2024-03-01" or, month first, "3/1/2024"."""

    day: datetime.date
    form: int

    @property
    def formula(self) -> str:
        return f"DATE({self.day.year},{self.day.month},{self.day.day})"

    @property
    def value(self) -> datetime.date:
        return self.day

    @property
    def raw(self) -> str:
        return self.day.isoformat()

    def __str__(self) -> str:
        d, month, short = self.day, calendar.month_name[self.day.month], calendar.month_abbr[self.day.month]
        return (f"{d.day} {month} {d.year}", f"{month} {d.day}, {d.year}", d.isoformat(), d.isoformat(), f"{d.day} {short} {d.year}", f"{short} {d.day}, {d.year}",
                f"{month} {d.day} {d.year}", f"{d.month}/{d.day}/{d.year}", f"{month} {d.day}, {d.year}")[self.form]


@dataclasses.dataclass(frozen=True)
class Month:
    """A month of a year: formulas `start` (its first day), `end` (its last) and `next` (the day after); str "March 2024"; `name` "March"."""

    year: int
    number: int
    form: int

    @property
    def start(self) -> str:
        return f"DATE({self.year},{self.number},1)"

    @property
    def end(self) -> str:
        return f"DATE({self.year},{self.number},{calendar.monthrange(self.year, self.number)[1]})"

    @property
    def next(self) -> str:
        return f"DATE({self.year + self.number // 12},{self.number % 12 + 1},1)"

    @property
    def name(self) -> str:
        return (calendar.month_abbr if self.form == 1 else calendar.month_name)[self.number]

    def __str__(self) -> str:
        return (f"{calendar.month_name[self.number]} {self.year}", f"{calendar.month_abbr[self.number]} {self.year}", f"{calendar.month_name[self.number]} {self.year}",
                f"{calendar.month_name[self.number]} of {self.year}", f"{self.year}-{self.number:02d}")[self.form]
