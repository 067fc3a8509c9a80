"""How offers are written: items, amounts and dates as shops and people write them, the layouts of texts, and what else stands in them."""

from __future__ import annotations

import dataclasses
import datetime
import random

from slm_jax.domains.excel.words import Words

_MADE_UP_SHARE = 0.5  # of brands, and of products: copying a name is learnt from many different ones only
_BRANDS = (
    "Bosch Makita Sonara Philora Kentwood Veltron Nordhem Astrix Lumio Calder Brevik Tamaro Quillon Hexa Marlow Ostra Pellix Ravenna Solis Tundra Umbra Vireo Wexford "
    "Yarrow Zephyr Ardent Borealis Corvid Dulcet Everest"
)
_PRODUCTS = (
    "Cordless Drill|Desk Lamp|Coffee Grinder|Office Chair|Running Shoes|Robot Vacuum|Gaming Mouse|Electric Kettle|Bluetooth Speaker|Mountain Bike|Camping Tent|Air Fryer|"
    "Travel Backpack|Mechanical Keyboard|Noise Cancelling Headphones|Smart Watch|Garden Hose|Stand Mixer|Standing Desk|Espresso Machine|Rain Jacket|Wireless Charger|"
    "Hair Dryer|Cast Iron Pan|Wool Blanket|Portable Projector|Water Filter|Yoga Mat|Pressure Washer|Baby Monitor"
)
BRANDS, PRODUCTS = _BRANDS.split(), _PRODUCTS.split("|")
_MODELS = ("", "", "", " 18V", " Pro", " X2", " 500", " Mini", " Plus", " 2.0", " XL", " MK3", " S", " 1200W", " Gen 4")
SHOPS = ("TechBarn", "HomeNest", "GadgetHub", "BuyRight", "NordShop", "Marktplatz24", "ToolTown", "DealCove", "ShopLane", "KaufEck")
PEOPLE = ("Anna", "ben", "Chris", "dora", "Eli", "Fay", "Gus", "hana")

# (currency, signs before, signs after); a sign alone stands for one currency only.
CURRENCIES = {
    "EUR": (("€", "EUR ", "€ "), (" €", " EUR", "€")), "USD": (("$", "USD ", "$"), (" USD",)), "GBP": (("£", "£", "GBP "), (" GBP",)), "CHF": (("CHF ", "CHF ", "Fr. "), (" CHF",)),
    "CAD": (("C$", "CAD "), (" CAD",)), "AUD": (("A$", "AUD "), (" AUD",)), "JPY": (("¥", "JPY "), (" JPY",)), "INR": (("₹", "INR "), (" INR",)), "PLN": ((), (" zł", " PLN")),
    "SEK": (("SEK ",), (" SEK",)), "NOK": (("NOK ",), (" NOK",)), "CZK": ((), (" CZK",)),
}
_SHARES = {"EUR": 6, "USD": 6, "GBP": 3, "CHF": 3}
_COMMA, _POINT, _SWISS, _SPACE = "comma", "point", "swiss", "space"
_STYLES = {"EUR": (_COMMA, _COMMA, _POINT), "CHF": (_SWISS,), "PLN": (_SPACE, _COMMA), "SEK": (_SPACE, _COMMA), "NOK": (_SPACE, _COMMA), "CZK": (_SPACE, _COMMA)}
_SCALE = {"JPY": 120, "INR": 80, "CZK": 25, "SEK": 10, "NOK": 10, "PLN": 4}
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_MONATE = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"]

# What is between < and > is left out where there is no date. The last layout of each kind is never trained.
LAYOUTS = {
    "page": (
        "{item}\n{price}\n{extras}<\nLast updated: {date}>",
        "{shop} - {item}\nNow only {price}\n{extras}<\nPrice as of {date}>",
        "{item} | {price} | {extras}< | updated {date}>",
        "<{date}\n>{shop}\n{extras}\nBuy now: {item}\nPrice: {price} incl. VAT",
        "Home > Deals > {item}\n{extras}\nToday: {price}\nIn stock<\n{date}>",
        "Product: {item}\nOur price: {price}\n{extras}<\nChecked on {date}>",
    ),
    "email": (
        "From: deals@{shop}\n<Date: {date}\n>Subject: {item} on sale\n\nHi,\nthe {item} is now {price}.\n{extras}",
        "Subject: Price drop\n<Sent: {date}\n>\nGood news! {item} costs {price} today.\n{extras}\nYour {shop} team",
        "Hello {person},\n\nthank you for watching {item}. The new price is {price}.\n{extras}\n<\nSent on {date}>",
        "<Date: {date}\n>\nHello again,\nwe lowered the price of {item} to {price}.\n{extras}\nBest, {shop}",
    ),
    "chat": (
        "<[{date}] >{person}: {item} is {price} at {shop}, {extras}",
        "{person}: hey, saw the {item} for {price}< on {date}>, {extras}",
        "{person}: {extras}\n{person}: {item} goes for {price} now<\n{person}: seen {date}>",
        "{person}: fyi {shop} has {item} at {price}, {extras}<, posted {date}>",
    ),
    "receipt": (
        "{shop}\n<{date}\n>{item}  {price}\n{extras}\nThank you!",
        "RECEIPT {shop}\n<Date {date}\n>1 x {item}: {price}\n{extras}",
        "{extras}\nitem {item}\namount {price}<\npaid on {date}>",
        "{shop} INVOICE\n{item} ... {price}\n{extras}<\nIssued {date}>",
    ),
    "german": (
        "{item}\nPreis: {price}\n{extras}<\nStand: {date}>",
        "{shop}: {item} jetzt {price}\n{extras}<\nAngebot vom {date}>",
        "{item} kostet heute {price}\n{extras}<\nDatum: {date}>",
    ),
}
EXTRAS = {
    "old": ("was {a}", "Old price: {a}", "RRP {a}", "instead of {a}", "regular price {a}", "before: {a}", "list price {a}"),
    "shipping": ("shipping {a}", "Delivery: {a}", "plus {a} postage", "shipping costs {a}"),
    "unit": ("{a} per unit", "unit price {a}", "{a} / kg", "{a} per 100 g"),
    "rebate": ("you save {a}", "{a} cashback", "rebate {a}", "save {a} today"),
    "other": ("also popular: {other} {a}", "similar: {other} for {a}", "used from {a}"),
    "months": ("or {a} per month", "12 months at {a} per month"),
    "later": ("delivery by {late}", "offer ends {late}", "valid until {late}", "arrives {late}"),
    "receipt": ("Total {a}", "Tax {a}", "Cash {a}", "Deposit {a}", "Change {a}"),
    "german": ("statt {a}", "UVP {a}", "Versand {a}", "{a} pro Stück", "gültig bis {late}", "bisher {a}"),
}
# First words of extras whose amount is larger than the price.
ABOVE_THE_PRICE = ("was", "old", "rrp", "instead", "regular", "before", "list", "statt", "uvp", "bisher", "total", "cash")
RULES = {  # what is said of the limit, by how the price must compare with it
    "<": ("alert me below {t}", "notify me if it costs less than {t}", "tell me when the price drops under {t}", "ping me if cheaper than {t}"),
    "<=": ("alert at {t} or less", "tell me when it is at most {t}", "notify me at {t} or cheaper"),
    ">": ("warn me above {t}", "alert me if it goes over {t}", "tell me when it costs more than {t}"),
}


@dataclasses.dataclass(frozen=True)
class Item:
    brand: str
    product: str
    model: str

    def __str__(self) -> str:
        return f"{self.brand} {self.product}{self.model}"


@dataclasses.dataclass(frozen=True)
class Money:
    """How amounts of one text are written."""

    currency: str
    style: str
    before: str
    after: str
    dash: bool  # whole amounts end with .- or ,-
    cents: bool

    def write(self, value: float) -> str:
        whole, cents = divmod(round(value * 100), 100)
        mark, point = {_COMMA: (".", ","), _POINT: (",", "."), _SWISS: ("'", "."), _SPACE: (" ", ",")}[self.style]
        digits = f"{whole:,}".replace(",", mark)
        if cents or not (self.dash or not self.cents):
            digits += f"{point}{cents:02d}"
        elif self.dash:
            digits += f"{point}-"
        return f"{self.before}{digits}{self.after}"


def draw_money(rng: random.Random, currency: str) -> Money:
    before, after = CURRENCIES[currency]
    first = bool(before) and (not after or rng.random() < 0.6)
    style = rng.choice(_STYLES.get(currency, (_POINT,)))
    dash = style in (_SWISS, _COMMA) and rng.random() < 0.4
    return Money(currency, style, rng.choice(before) if first else "", "" if first else rng.choice(after), dash, currency != "JPY" and rng.random() < 0.8)


def draw_currency(rng: random.Random) -> str:
    return rng.choices(list(CURRENCIES), [_SHARES.get(name, 1) for name in CURRENCIES])[0]


def draw_price(rng: random.Random, currency: str) -> float:
    """Shops' prices: most end in 99, 95, 90 or 00 cents."""
    whole = int(10 ** rng.uniform(0.8, 3.4) * _SCALE.get(currency, 1))
    if currency == "JPY":
        return float(max(100, round(whole, -1)))
    return max(1, whole) + rng.choice((0.99, 0.99, 0.95, 0.9, 0.5, 0, 0, 0, rng.randint(1, 99) / 100))


def draw_item(rng: random.Random, *, fresh: bool) -> Item:
    """fresh: brand and product of the pool that training never has."""
    words = Words(rng, fresh)
    brand = words.pseudo_word() if rng.random() < _MADE_UP_SHARE else words.pick(lambda: rng.choice(BRANDS))
    product = words.root("product") if rng.random() < _MADE_UP_SHARE else words.pick(lambda: rng.choice(PRODUCTS))
    return Item(brand, product, rng.choice(_MODELS))


def write_date(day: datetime.date, rng: random.Random, *, german: bool = False) -> str:
    """A date that can be read in one way only."""
    month = _MONTHS[day.month - 1]
    forms = [day.isoformat(), f"{day:%d.%m.%Y}", f"{day.day}.{day.month}.{day.year}"]
    if german:
        return rng.choice([*forms, f"{day.day}. {_MONATE[day.month - 1]} {day.year}"])
    forms += [f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", f"{day.day} {month[:3]} {day.year}", f"{month[:3]} {day.day}, {day.year}"]
    if day.day > 12:
        forms += [f"{day.day}/{day.month:02d}/{day.year}", f"{day.month}/{day.day}/{day.year}"]
    return rng.choice(forms)
