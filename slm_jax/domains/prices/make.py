"""Offers with their answers. An example is kept only if the reader of read.py, which knows nothing of how it was written, comes to the same answer."""

from __future__ import annotations

import collections
import datetime
import random
import re
from collections.abc import Callable

from slm_jax.config import Config
from slm_jax.data.sources import content_key
from slm_jax.domains.base import Example, Splits
from slm_jax.domains.prices import texts
from slm_jax.domains.prices.read import read
from slm_jax.domains.prices.score import parse_answer, write_answer

_DATELESS_SHARE, _OTHER_CURRENCY_SHARE, _LIMIT_IS_PRICE_SHARE, _OTHER_STYLE_SHARE = 0.12, 0.08, 0.1, 0.3
_DRAFTS = 20  # for each example at most
_INLINE = re.compile(r" \| |, \{extras\}|^\{person\}: \{extras\}", re.MULTILINE)


def make_examples(config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
    """Training examples and three splits: `iid`, `new_item` (no brand and no product of a training item), `new_layout` (layouts never trained).

    No text is in two splits or twice in one. Deterministic in (config.seed, config.data.examples, config.data.eval_examples).
    """
    seen: set[str] = set()
    dropped = collections.Counter()
    made = {}
    counts = {name: config.data.eval_examples for name in ("iid", "new_item", "new_layout")} | {"train": config.data.examples}
    for name, count in counts.items():
        rng = random.Random(f"{config.seed}/{name}")
        kept: list[Example] = []
        for _ in range(_DRAFTS * count):
            if len(kept) == count:
                break
            example = draft(rng, fresh=name == "new_item", held_out=name == "new_layout", id=f"{name}-{len(kept)}")
            key = content_key(example)
            problem = "made before" if key in seen else "read back differently" if disagreement(example) else ""
            if problem:
                dropped[problem] += 1
                continue
            seen.add(key)
            kept.append(example)
            if len(kept) % 500 == 0 or len(kept) == count:
                progress(f"making {name} examples", len(kept), count)
        made[name] = kept
    notes = [f"{len(made['train']):,} training examples in {len({example.tags['layout'] for example in made['train']})} layouts, each read back by a second reader"]
    notes += [f"{sum(dropped.values()):,} drafts dropped: " + ", ".join(f"{count:,} {reason}" for reason, count in dropped.most_common())] if dropped else []
    notes += [f"{name}: {len(made[name]):,} examples, fewer than the {count:,} asked for" for name, count in counts.items() if len(made[name]) < count]
    return Splits(train=made.pop("train"), evaluation=made, notes=notes)


def disagreement(example: Example) -> str:
    """In what the second reader differs from the example's answer; empty if in nothing."""
    answer, reading = parse_answer(example.response).fields, read(example.instruction)
    if reading.problem:
        return reading.problem
    if answer["item"] not in example.instruction:
        return "item"
    theirs = {"price": round(reading.price, 2), "currency": reading.currency, "date": reading.date, "alert": reading.alert}
    return next((name for name in theirs if theirs[name] != answer[name]), "")


def draft(rng: random.Random, *, fresh: bool, held_out: bool, id: str = "") -> Example:
    """One offer with its rule and its answer; fresh: an item never trained, held_out: a layout never trained."""
    kind = rng.choice(list(texts.LAYOUTS))
    layouts = texts.LAYOUTS[kind][-1:] if held_out else texts.LAYOUTS[kind][:-1]
    layout = rng.choice(layouts)
    currency = "EUR" if kind == "german" and rng.random() < 0.6 else "CHF" if kind == "german" else texts.draw_currency(rng)
    money = texts.draw_money(rng, currency)
    price, thing = texts.draw_price(rng, currency), texts.draw_item(rng, fresh=fresh)
    item = str(thing)
    day = datetime.date(2024, 1, 1) + datetime.timedelta(days=rng.randrange(900))
    dated = rng.random() >= _DATELESS_SHARE
    text = re.sub(r"<(?!\s*$)([^<>]*\{date\}[^<>]*)>", r"\1" if dated else "", layout)
    extras = _extras(rng, kind, money, price, day, item, fresh)
    glue = " | " if " | " in layout else ", " if _INLINE.search(layout) else "\n"
    if not extras:
        text = re.sub(r"( \| |, )\{extras\}|\{person\}: \{extras\}\n", "", text).replace("{extras}\n", "").replace("\n{extras}", "")
    person, shop = rng.choice(texts.PEOPLE), rng.choice(texts.SHOPS)
    body = text.format(
        item=item, price=money.write(price), date=texts.write_date(day, rng, german=kind == "german"), extras=glue.join(extras), person=person, shop=shop,
    )
    comparison, rule, alert = _rule(rng, money, price)
    response = write_answer(item=item, price=price, currency=currency, date=day.isoformat() if dated else None, alert=alert)
    tags = {"kind": kind, "layout": f"{kind}/{texts.LAYOUTS[kind].index(layout)}", "rule": comparison, "brand": thing.brand, "product": thing.product}
    return Example(instruction=f"Rule: {rule}\n{body.strip()}", response=response, id=id, tags=tags)


def _extras(rng: random.Random, kind: str, money: texts.Money, price: float, day: datetime.date, item: str, fresh: bool) -> list[str]:
    """What else stands in the text: other amounts and other dates, each with the words that tell it apart."""
    names = ["german"] if kind == "german" else [name for name in texts.EXTRAS if name not in ("german", "receipt")] + ["receipt"] * 4 * (kind == "receipt")
    chosen = [rng.choice(texts.EXTRAS[rng.choice(names)]) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))]
    written = []
    for form in dict.fromkeys(chosen):
        style = texts.draw_money(rng, money.currency) if rng.random() < _OTHER_STYLE_SHARE else money
        share = rng.uniform(1.05, 1.6) if form.lower().startswith(texts.ABOVE_THE_PRICE) else rng.uniform(0.02, 0.4)
        amount = round(max(1.0, price * share), 0 if money.currency == "JPY" else rng.choice((0, 1, 2)))
        late = day + datetime.timedelta(days=rng.randint(2, 40))
        other = str(texts.draw_item(rng, fresh=fresh))
        written.append(form.format(a=style.write(amount), late=texts.write_date(late, rng, german=kind == "german"), other=other if other != item else "gift box"))
    return written


def _rule(rng: random.Random, money: texts.Money, price: float) -> tuple[str, str, bool]:
    """(comparison, the rule's text, whether it holds). A limit in another currency is never reached: the agent does not convert."""
    comparison = rng.choices(list(texts.RULES), (5, 3, 2))[0]
    limit = price * rng.uniform(0.6, 1.5)
    limit = price if rng.random() < _LIMIT_IS_PRICE_SHARE else float(max(1, round(limit, -1 if limit > 100 else 0)))
    currency = money.currency
    if rng.random() < _OTHER_CURRENCY_SHARE:
        currency = rng.choice([name for name in texts.CURRENCIES if name != currency])
        limit = float(max(1, round(limit)))
    holds = {"<": price < limit, "<=": price <= limit, ">": price > limit}[comparison]
    text = rng.choice(texts.RULES[comparison]).format(t=texts.draw_money(rng, currency).write(limit))
    return comparison, text, holds and currency == money.currency
