"""What an example is about: columns with their letters and names, texts and numbers to look for, other sheets and addresses; each as a formula writes it and as people say it."""

from __future__ import annotations

import dataclasses
import datetime
import random
import re

from slm_jax.domains.base import Table
from slm_jax.domains.excel.cells import letters
from slm_jax.domains.excel.words import Words, is_held_out

TABLE_SHARE, BOUNDED_SHARE = 0.3, 0.2  # of scenes: with a table, and with ranges that end at a row that the instruction names
_CLASSES = {  # of the words that stand in a text column, by its header (see excel/words.py)
    "Region": "region", "Status": "status", "Product": "product", "Department": "department", "City": "city", "Team": "colour", "Name": "first", "Category": "category",
}
_ANY_TEXT_SHARE = 0.5  # of texts: codes, pairs, made-up words, whatever the column is called; copying is learnt from many different ones only
_NUMBERS = ("Amount", "Price", "Quantity", "Revenue", "Cost", "Hours", "Score", "Units", "Profit", "Stock", "Weight", "Budget")
_DATES = ("Date", "Order Date", "Due Date", "Start Date", "Invoice Date", "Ship Date")
_SHEETS = ("Prices", "Data", "Orders", "Clients", "Inventory", "Staff", "Rates", "Products", "Log", "Budget 2025", "Raw Data", "Q1", "Summary", "Contacts")
_SITES = ("example.com", "en.wikipedia.org/wiki/Tides", "stats.example.org", "news.example.net", "weather.example.com", "open.example.edu", "shop.example.org", "city.example.net")
_EXCHANGES = ("NASDAQ", "NASDAQ", "NYSE", "NYSE", "LON", "FRA", "TSE", "EPA")
_CURRENCIES = ["USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "SEK", "NOK", "INR", "MXN", "BRL", "PLN", "CZK"]
_LANGUAGES = {"French": "fr", "German": "de", "Spanish": "es", "Italian": "it", "English": "en", "Japanese": "ja", "Dutch": "nl", "Polish": "pl", "Swedish": "sv", "Turkish": "tr"}
_OUTCOMES = (
    "High Low|Yes No|Pass Fail|Big Small|Over Under|OK Check|Good Bad|Hot Cold|Late Early|Full Part|Keep Drop|Win Lose|Rich Poor|Above Below|Fast Slow"
)
_DELIMITERS = {
    ",": ("comma", "the comma", '","'), "-": ("dash", "the hyphen", '"-"'), "/": ("slash", "the slash", '"/"'),
    ";": ("semicolon", '";"'), "|": ("pipe", '"|"'), " ": ("space", "a space"),
}
_JOINERS = {", ": ("commas", "a comma and a space", '", "'), " - ": ('" - "',), "; ": ("semicolons", '"; "'), " | ": ('" | "',), " / ": ('" / "',)}
MISSING = ("not found", "missing", "n/a", "none", "unknown", "no match", "check", "-")


@dataclasses.dataclass(frozen=True)
class Said:
    """A piece with a `formula` that says it; str is what the instruction says."""

    formula: str
    phrase: str
    raw: str = ""

    def __str__(self) -> str:
        return self.phrase


@dataclasses.dataclass(frozen=True)
class Column:
    """`data` E2:E or E2:E100, `all` E:E or E2:E100, `cell` E2, `position` within the scene's span, from 1."""

    letter: str
    position: int
    phrase: str
    rows: int  # last row of the ranges that the instruction names; 0 = it names none
    header: str = ""

    @property
    def data(self) -> str:
        return f"{self.letter}2:{self.letter}{self.rows or ''}"

    @property
    def all(self) -> str:
        return self.data if self.rows else f"{self.letter}:{self.letter}"

    @property
    def cell(self) -> str:
        return f"{self.letter}2"

    def __str__(self) -> str:
        return self.phrase


@dataclasses.dataclass(frozen=True)
class Span:
    """All the columns. `data` A2:F, `all` A:F, `head` A1:F with the header row."""

    first: str
    last: str
    rows: int
    phrase: str

    @property
    def data(self) -> str:
        return f"{self.first}2:{self.last}{self.rows or ''}"

    @property
    def all(self) -> str:
        return f"{self.first}1:{self.last}{self.rows}" if self.rows else f"{self.first}:{self.last}"

    def __str__(self) -> str:
        return self.phrase


class Scene:
    """One draw of everything that a wording may mention, by the first letter of a slot's name.

    fresh: literals from words (and numbers) of the held-out pool. Raises KeyError for a slot that there is no rule for.
    """

    def __init__(self, rng: random.Random, *, fresh: bool, tables: bool):
        self.rng, self.fresh, self.words = rng, fresh, Words(rng, fresh)
        self.has_table = tables and rng.random() < TABLE_SHARE
        self.rows = rng.choice((20, 30, 50, 60, 100, 200, 500)) if not self.has_table and rng.random() < BOUNDED_SHARE else 0
        self.width = rng.randint(4, 7)
        self.first = 1 if self.has_table or rng.random() < 0.7 else rng.randint(2, 8)
        kinds = rng.sample(list(_CLASSES), min(4, self.width - 2))
        numbers = rng.sample(_NUMBERS, 3)
        roles = [("text", name) for name in kinds] + [("number", name) for name in numbers]
        rng.shuffle(roles)
        roles = roles[: self.width - 1] + [("date", rng.choice(_DATES))]
        rng.shuffle(roles)
        self.width = len(roles)
        self._roles, self._used = roles, set()
        self._style = rng.choice(("column {}", "column {}", "col {}", "{}", "{}", "Column {}"))
        self._quote = rng.choice(('"', '"', "'", "", ""))
        self.literals: list[str] = []  # those that are drawn by `fresh`
        self._cells: dict[int, list[str]] = {}  # texts that the instruction names, by column

    def slots(self, names: set[str]) -> dict[str, object]:
        """A value for each name. Raises LookupError where the scene has not enough columns."""
        made: dict[str, object] = {}
        for name in sorted(names):  # columns come before the texts that stand in them: a, b, .. t, u before w, x, y
            if name not in made:
                made[name] = _MAKERS[name](self, made) if name in _MAKERS else self._column(name)
        return made

    def table(self) -> Table | None:
        """The table that the instruction is about, if there is one; its texts are those that the instruction names, and others."""
        if not self.has_table:
            return None
        rng, rows = self.rng, []
        for number in range(rng.randint(3, 6)):
            row: list = []
            for index, (role, name) in enumerate(self._roles):
                if role == "text":
                    named = self._cells.get(index, [])
                    row.append(named[number] if number < len(named) else self.words.root(_CLASSES[name]))
                elif role == "number":
                    row.append(rng.randint(1, 900))
                else:
                    row.append({"date": str(datetime.date(2025, 1, 1) + datetime.timedelta(days=rng.randrange(360)))})
            rows.append(row)
        return [[name for _, name in self._roles], *rows]

    def _column(self, name: str) -> Column:
        """Slots n, m, o are numbers, d a date, all others texts."""
        role = "number" if name[0] in "nmo" else "date" if name[0] == "d" else "text"
        index = self.rng.choice([index for index, (kind, _) in enumerate(self._roles) if kind == role and index not in self._used])  # IndexError is a LookupError
        self._used.add(index)
        letter, header = letters(self.first + index), self._roles[index][1]
        if self.has_table:
            phrase = self.rng.choice((header, header, header.lower(), f"the {header.lower()} column", f"column {letter}"))
        else:
            phrase = f"{letter}2:{letter}{self.rows}" if self.rows else self._style.format(letter)
        return Column(letter, index + 1, phrase, self.rows, header)

    def span(self) -> Span:
        first, last = letters(self.first), letters(self.first + self.width - 1)
        phrase = f"{first}1:{last}{self.rows}" if self.rows else self.rng.choice((f"{first}:{last}", f"columns {first} to {last}", f"columns {first}:{last}"))
        return Span(first, last, self.rows, phrase)

    def text(self, word: str) -> Said:
        quote = self._quote if " " not in word or self._quote else '"'
        return Said(f'"{word}"', f"{quote}{word}{quote}", word)

    def text_of(self, column: Column | None) -> Said:
        """A text that may stand in the column."""
        header = column.header if column is not None else self.rng.choice(list(_CLASSES))
        word = self.words.literal() if self.rng.random() < _ANY_TEXT_SHARE else self.words.root(_CLASSES[header])
        if column is not None:
            self._cells.setdefault(column.position - 1, []).append(word)
        self.literals.append(word)
        return self.text(word)

    def number(self, low: int = 2, high: int = 5000) -> Said:
        """Round ones mostly; those with the right remainder are kept for fresh scenes."""
        while True:
            value = self.rng.randint(low, high)
            value = round(value, -1) if value > 40 and self.rng.random() < 0.6 else value
            if value >= low and is_held_out(str(value)) == self.fresh:
                self.literals.append(str(value))
                return Said(str(value), f"{value:,}" if value >= 1000 and self.rng.random() < 0.2 else str(value), str(value))

    def small(self, high: int) -> Said:
        value = str(self.rng.randint(2, high))
        return Said(value, value, value)

    def day(self) -> Said:
        day = datetime.date(2023, 1, 1) + datetime.timedelta(days=self.rng.randrange(1000))
        phrase = self.rng.choice((day.isoformat(), f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}, {day.year}", f"{day:%b} {day.day} {day.year}"))
        return Said(f"DATE({day.year},{day.month},{day.day})", phrase, day.isoformat())

    def sheet(self) -> Said:
        name = self.rng.choice(_SHEETS)
        plain = re.fullmatch(r"[A-Za-z]+", name)
        return Said(name if plain else f"'{name}'", self.rng.choice((name, f"'{name}'", f'"{name}"')), name)

    def identifier(self) -> Said:
        key = "1" + "".join(self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789", k=9))
        return Said(f"https://docs.google.com/spreadsheets/d/{key}", f"https://docs.google.com/spreadsheets/d/{key}", key)

    def outcomes(self) -> tuple[str, str]:
        first, second = self.rng.choice([pair.split() for pair in _OUTCOMES.split("|")])
        return first, second


def _language(scene: Scene) -> Said:
    name = scene.rng.choice(list(_LANGUAGES))
    return Said(f'"{_LANGUAGES[name]}"', name, _LANGUAGES[name])


def _named(scene: Scene, names: dict[str, tuple[str, ...]]) -> Said:
    mark = scene.rng.choice(list(names))
    return Said(f'"{mark}"', scene.rng.choice(names[mark]), mark)


def _site(scene: Scene) -> Said:
    address = f"https://{scene.rng.choice(_SITES)}"
    if scene.rng.random() < 0.8:
        scene.literals.append(scene.words.root("noun"))
        address += f"/{scene.literals[-1]}" + scene.rng.choice(("", "", f"/{scene.rng.randint(2, 99)}"))
    return Said(f'"{address}"', address, address)


def _currencies(scene: Scene) -> Said:
    one, two = scene.rng.sample(_CURRENCIES, 2)
    return Said(f'"CURRENCY:{one}{two}"', scene.rng.choice((f"{one} to {two}", f"{one}/{two}", f"{one} in {two}", f"{one} into {two}")))


def _second_outcome(scene: Scene, made: dict) -> Said:
    first, second = scene.outcomes()
    made["yes"] = scene.text(first)
    return scene.text(second)


def _ticker(scene: Scene) -> Said:
    scene.literals.append(scene.words.pick(lambda: "".join(scene.rng.choices("ABCDEFGHIKLMNOPRSTVWXZ", k=scene.rng.choice((2, 3, 4, 4))))))
    name = f"{scene.rng.choice(_EXCHANGES)}:{scene.literals[-1]}"
    return Said(f'"{name}"', name, name)


_MAKERS = {
    "span": lambda scene, made: scene.span(),
    "x": lambda scene, made: scene.text_of(made.get("t")),
    "y": lambda scene, made: scene.text_of(made.get("u")),
    "k": lambda scene, made: scene.number(),
    "few": lambda scene, made: scene.small(12),
    "nth": lambda scene, made: scene.small(4),
    "day": lambda scene, made: scene.day(),
    "later": lambda scene, made: scene.day(),
    "sheet": lambda scene, made: scene.sheet(),
    "key": lambda scene, made: scene.identifier(),
    "site": lambda scene, made: _site(scene),
    "language": lambda scene, made: _language(scene),
    "delimiter": lambda scene, made: _named(scene, _DELIMITERS),
    "joiner": lambda scene, made: _named(scene, _JOINERS),
    "missing": lambda scene, made: scene.text(scene.rng.choice(MISSING)),
    "no": _second_outcome,
    "pair": lambda scene, made: _currencies(scene),
    "ticker": lambda scene, made: _ticker(scene),
    "lookup": lambda scene, made: Said(f"{letters(scene.first + scene.width + 1)}2", f"{letters(scene.first + scene.width + 1)}2"),
}
