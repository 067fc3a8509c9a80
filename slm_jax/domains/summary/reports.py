"""Texts made from facts, with a summary that says them: meetings, incidents, releases, mails, weather, sales, and two kinds that only evaluation sees.

A text is sentences that hold the facts, in an order and a wording drawn anew, among others that hold none or lead astray. The summary follows a rule of its kind. An example is
kept only where every fact stands both in the text and in the summary.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from slm_jax.config import Config
from slm_jax.data.sources import content_key
from slm_jax.domains.base import Example, Splits
from slm_jax.domains.summary.score import names_fact

_ASKS = (
    "Summarize this text in one or two sentences.",
    "Write a short summary of this text.",
    "Sum up the key facts of this text.",
    "Give me the main points in one or two sentences.",
)
_FIRST = ["Ann", "Ben", "Carla", "David", "Elena", "Farid", "Grace", "Hiro", "Ines", "Jonas", "Kofi", "Lena", "Marta", "Nils", "Olga", "Priya", "Quentin", "Rosa", "Samir", "Tara"]
_LAST = [
    "Abbott",
    "Berg",
    "Costa",
    "Dietz",
    "Evans",
    "Fischer",
    "Gupta",
    "Hansen",
    "Ivanova",
    "Jansen",
    "Keller",
    "Lopez",
    "Meyer",
    "Novak",
    "Okafor",
    "Patel",
    "Rossi",
    "Silva",
    "Tanaka",
    "Weber",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_CITIES = ["Lisbon", "Oslo", "Vienna", "Porto", "Leeds", "Turin", "Ghent", "Bergen", "Malaga", "Krakow", "Lyon", "Bonn"]
_PROJECTS = ["Atlas", "Beacon", "Comet", "Delta", "Ember", "Falcon", "Harbor", "Juniper", "Lotus", "Orion", "Pioneer", "Quartz"]
_SYSTEMS = ["payment service", "search index", "login page", "mail gateway", "order database", "image store", "reporting API", "mobile backend"]
_CAUSES = [
    "an expired certificate",
    "a full disk",
    "a wrong configuration",
    "a failed database migration",
    "a memory leak",
    "a network outage",
    "a bad deployment",
    "an overloaded cache",
]
_FIXES = ["rolled back the last release", "renewed the certificate", "restarted the servers", "added disk space", "corrected the configuration", "switched to the backup site"]
_PRODUCTS = ["desk lamps", "office chairs", "water bottles", "backpacks", "headphones", "notebooks", "coffee mugs", "phone cases", "keyboards", "rain jackets"]
_FEATURES = ["dark mode", "offline search", "shared calendars", "two-factor login", "bulk export", "voice notes", "live captions", "custom dashboards", "file previews"]
_DECISIONS = [
    "move to the new office",
    "hire two testers",
    "change the supplier",
    "delay the launch",
    "cut the travel budget",
    "replace the old printers",
    "open a second store",
    "start a pilot project",
]
_FILLER = {
    "meeting": [
        "The coffee machine was out of order again.",
        "Everyone agreed that the last sprint went well.",
        "There was a short discussion about the seating plan.",
        "Nobody had questions about the minutes of the last meeting.",
        "The room was booked for an hour.",
        "A colleague joined by video and had trouble with the sound.",
    ],
    "incident": [
        "Customers were informed on the status page.",
        "The team met afterwards to talk about it.",
        "No data was lost.",
        "Support answered several mails.",
        "The alert was noticed by the engineer on duty.",
        "A detailed report will follow.",
    ],
    "release": [
        "Thanks to everyone who sent feedback.",
        "As always, the update installs itself.",
        "We also fixed a few small bugs.",
        "The team worked on it for several weeks.",
        "Screenshots are in the help pages.",
        "Older devices are still supported.",
    ],
    "mail": [
        "I hope you had a nice weekend.",
        "The weather here is lovely.",
        "Please greet the team from me.",
        "Sorry for the late reply.",
        "Let me know if anything is unclear.",
        "It was good to see you last month.",
    ],
    "weather": [
        "People enjoyed the parks.",
        "The forecast is updated every hour.",
        "Pollen levels stay low.",
        "Traffic was normal in the morning.",
        "Tourists took many pictures.",
        "The records go back a long way.",
    ],
    "sales": [
        "The sales team was pleased.",
        "Details are in the attached sheet.",
        "The holiday season had little effect.",
        "Shipping costs did not change.",
        "The new website helped.",
        "Returns stayed at their usual level.",
    ],
    "travel": [
        "Breakfast is included.",
        "Please bring your passport.",
        "The rooms have a view of the river.",
        "A guide will meet the group.",
        "Evenings are free.",
        "The weather is usually mild then.",
    ],
    "job": [
        "The office has a bicycle garage.",
        "Lunch is paid for.",
        "The team is friendly and small.",
        "Parking is free.",
        "There are regular training days.",
        "The building was renovated lately.",
    ],
}


class Draw:
    """Random facts."""

    def __init__(self, generator: random.Random):
        self.random, self.one = generator, generator.choice

    def person(self) -> str:
        return f"{self.one(_FIRST)} {self.one(_LAST)}"

    def date(self) -> str:
        return f"{self.random.randint(1, 28)} {self.one(_MONTHS)}"

    def time(self) -> str:
        return f"{self.random.randint(7, 18)}:{self.random.choice((0, 15, 30, 45)):02d}"

    def number(self, first: int, last: int, step: int = 1) -> str:
        return f"{self.random.randrange(first, last, step):,}"

    def order(self, *sentences: str) -> list[str]:
        return self.random.sample(sentences, len(sentences))


# Each kind: draw -> (facts, sentences that hold them or lead astray, summary).
Made = tuple[list[str], list[str], str]


def _meeting(d: Draw) -> Made:
    project, lead, day, decision, budget, people = f"project {d.one(_PROJECTS)}", d.person(), d.date(), d.one(_DECISIONS), f"{d.number(5, 95)},000 euros", d.number(4, 15)
    first = d.one((f"On {day} the team of {project} met.", f"The team of {project} held its meeting on {day}.", f"Minutes of the meeting about {project}, {day}."))
    rest = d.order(
        d.one((f"{people} people were present.", f"The meeting had {people} participants.")),
        d.one((f"After some debate the team decided to {decision}.", f"It was decided to {decision}.", f"The main decision: the team will {decision}.")),
        d.one((f"{lead} will take care of it.", f"{lead} is responsible for the next steps.", f"The task went to {lead}.")),
        d.one((f"The budget for this is {budget}.", f"Up to {budget} may be spent on it.", f"A budget of {budget} was approved.")),
    )
    return [project, decision, lead, budget], [first, *rest], f"The team of {project} decided to {decision}. {lead} is responsible, with a budget of {budget}."


def _incident(d: Draw) -> Made:
    system, cause, minutes, customers, fix, day = (
        d.one(_SYSTEMS),
        d.one(_CAUSES),
        f"{d.number(11, 240)} minutes",
        f"{d.number(100, 9000, 50)} customers",
        d.one(_FIXES),
        d.one(_DAYS),
    )
    first = d.one((f"On {day} at {d.time()} the {system} stopped working.", f"The {system} went down on {day} at {d.time()}.", f"Incident report: {system}, {day}, {d.time()}."))
    rest = d.order(
        d.one((f"The outage lasted {minutes}.", f"It took {minutes} until everything worked again.", f"Service was back after {minutes}.")),
        d.one((f"About {customers} were affected.", f"The outage hit {customers}.", f"{customers} could not use it.")),
        d.one((f"The cause was {cause}.", f"It was caused by {cause}.", f"Engineers traced it to {cause}.")),
        d.one((f"To solve the problem, the team {fix}.", f"The team on duty {fix}.", f"In the end engineers {fix}.")),
    )
    return [system, minutes, cause, customers], [first, *rest], f"The {system} was down for {minutes} because of {cause}, which affected {customers}. The team {fix}."


def _release(d: Draw) -> Made:
    product, version, feature, faster, price, day = (
        d.one(_PROJECTS),
        f"{d.number(2, 9)}.{d.number(0, 9)}",
        d.one(_FEATURES),
        f"{d.number(10, 70)} percent",
        f"{d.number(3, 30)} euros",
        d.date(),
    )
    first = d.one((f"{product} {version} is here.", f"We are happy to announce {product} {version}.", f"Today we present {product} {version}."))
    rest = d.order(
        d.one((f"The most wanted feature is now in: {feature}.", f"It brings {feature}.", f"With this release you get {feature}.")),
        d.one((f"It starts {faster} faster than before.", f"Loading is {faster} faster.", f"We made it {faster} faster.")),
        d.one((f"It is available from {day}.", f"You can download it from {day}.", f"The rollout begins on {day}.")),
        d.one((f"The price stays at {price} a month.", f"It still costs {price} a month.", f"A month costs {price}, as before.")),
    )
    return [f"{product} {version}", feature, faster, day], [first, *rest], f"{product} {version} brings {feature} and is {faster} faster. It is available from {day}."


def _mail(d: Draw) -> Made:
    sender, city, day, at, topic, old = d.person(), d.one(_CITIES), d.one(_DAYS), d.time(), d.one(_PROJECTS), d.one(_DAYS)
    first = d.one(("Hello everyone,", "Dear colleagues,", "Hi all,"))
    rest = d.order(
        d.one(
            (
                f"The review of project {topic} has to move.",
                f"We need a new time for the review of project {topic}.",
                f"The review of project {topic} cannot take place as planned.",
            )
        ),
        d.one((f"The new date is {day} at {at}.", f"We meet on {day} at {at} instead.", f"Please come on {day} at {at}.")),
        d.one((f"We meet in {city}.", f"The place is our office in {city}.", f"It will be held in {city}.")),
    )
    if old != day:
        rest.insert(1, d.one((f"It was planned for {old}.", f"The old date, {old}, no longer works.")))
    rest.append(d.one((f"Best regards, {sender}", f"Yours, {sender}", f"Thanks, {sender}")))
    return [sender, f"project {topic}", day, at, city], [first, *rest], f"{sender} moves the review of project {topic} to {day} at {at} in {city}."


def _weather(d: Draw) -> Made:
    city, high, low, rain, wind, sky = (
        d.one(_CITIES),
        f"{d.number(12, 38)} degrees",
        f"{d.number(1, 11)} degrees",
        f"{d.number(2, 60)} mm",
        f"{d.number(20, 110)} km/h",
        d.one(_DAYS),
    )
    first = d.one((f"{city} had changeable weather on {sky}.", f"The weather in {city} on {sky} was mixed.", f"{sky} brought all kinds of weather to {city}."))
    rest = d.order(
        d.one((f"Temperatures rose to {high}.", f"The highest temperature was {high}.", f"It got as warm as {high}.")),
        d.one((f"At night it cooled down to {low}.", f"The lowest value was {low}.")),
        d.one((f"{rain} of rain fell.", f"Gauges counted {rain} of rain.", f"There was {rain} of rain in the afternoon.")),
        d.one((f"Gusts reached {wind}.", f"The wind blew at up to {wind}.", f"Gusts of {wind} were measured.")),
    )
    return [city, sky, high, rain, wind], [first, *rest], f"On {sky} {city} had up to {high}, {rain} of rain and gusts of {wind}."


def _sales(d: Draw) -> Made:
    product, city, units, change, month, before = d.one(_PRODUCTS), d.one(_CITIES), d.number(200, 9900, 10), f"{d.number(2, 60)} percent", d.one(_MONTHS), d.number(200, 9900, 10)
    up, best = d.one((("rose", "more than"), ("fell", "less than"))), d.person()
    first = d.one((f"This is the sales report of {month}.", f"Here are the figures for {month}.", f"{month} is over, and the figures are in."))
    rest = d.order(
        d.one((f"The store in {city} sold {units} {product}.", f"{units} {product} were sold in {city}.", f"In {city} customers bought {units} {product}.")),
        d.one((f"That is {change} {up[1]} in the month before.", f"Compared with the month before, sales {up[0]} by {change}.", f"Sales {up[0]} by {change}.")),
        d.one((f"A year ago the figure was {before}.", f"The plan had been {before}.")),
        d.one((f"{best} sold the most.", f"The best seller was {best}.", f"Nobody sold more than {best}.")),
    )
    return (
        [month, f"{units} {product}", city, change, best],
        [first, *rest],
        f"In {month} the store in {city} sold {units} {product}; sales {up[0]} by {change}. {best} sold the most.",
    )


def _travel(d: Draw) -> Made:
    start, end, day, nights, price, seats = *d.random.sample(_CITIES, 2), d.date(), f"{d.number(2, 15)} nights", f"{d.number(190, 2400, 10)} euros", d.number(8, 40)
    first = d.one((f"A new tour takes you from {start} to {end}.", f"Travel with us from {start} to {end}."))
    rest = d.order(f"The trip takes {nights}.", f"It leaves on {day}.", f"The price is {price} per person.", f"There are {seats} seats.")
    return [start, end, day, nights, price], [first, *rest], f"A tour from {start} to {end} leaves on {day}, takes {nights} and costs {price}."


def _job(d: Draw) -> Made:
    role, city, pay, hours, day, contact = (
        d.one(["nurse", "baker", "welder", "teacher", "gardener", "cook", "driver"]),
        d.one(_CITIES),
        f"{d.number(22, 60)},000 euros",
        f"{d.number(20, 41)} hours",
        d.date(),
        d.person(),
    )
    first = d.one((f"We are looking for a {role} in {city}.", f"Our company in {city} needs a {role}."))
    rest = d.order(f"You work {hours} a week.", f"The salary is {pay} a year.", f"Please apply by {day}.", f"Send your letter to {contact}.")
    return [role, city, pay, day, contact], [first, *rest], f"A {role} is wanted in {city} for {pay} a year. Apply to {contact} by {day}."


KINDS: Mapping[str, Callable[[Draw], Made]] = {
    "meeting": _meeting, "incident": _incident, "release": _release, "mail": _mail, "weather": _weather, "sales": _sales, "travel": _travel, "job": _job,
}  # fmt: skip
NEW_KINDS = ("travel", "job")  # never trained on


def make_examples(config: Config, *, progress: Callable[[str, int, int], None]) -> Splits:
    """`config.data.examples` for training and `config.data.eval_examples` each of the same kinds (iid) and of others (new_kind). No text and no set of facts stands in two."""
    seen: set[str] = set()
    sizes = {"iid": config.data.eval_examples, "new_kind": config.data.eval_examples, "train": config.data.examples}
    made: dict[str, list[Example]] = {}
    dropped = 0
    for name, size in sizes.items():  # evaluation first, so that more training examples leave it as it is
        kinds = [kind for kind in KINDS if (kind in NEW_KINDS) == (name == "new_kind")]
        generator, made[name] = random.Random(f"{config.seed} {name}"), []
        while len(made[name]) < size:
            example = make_example(kinds[len(made[name]) % len(kinds)], generator)
            keys = {content_key(example), f"{example.tags['kind']} {example.tags['facts']}"}
            if keys & seen or not verified(example):
                dropped += 1
                continue
            seen |= keys
            made[name].append(example)
            if len(made[name]) % 2000 == 0 or len(made[name]) == size:
                progress(f"writing {name}", len(made[name]), size)
    train = made.pop("train")
    notes = [f"{len(KINDS) - len(NEW_KINDS)} kinds of text in training, {len(NEW_KINDS)} others in new_kind; every fact stands in its text and its summary"]
    if dropped:
        notes.append(f"{dropped:,} made examples left out: a text or its facts had been made before, or a fact was not to be found")
    return Splits(train=train, evaluation=made, notes=notes)


def make_example(kind: str, generator: random.Random) -> Example:
    """A text of this kind and its summary."""
    facts, sentences, summary = KINDS[kind](Draw(generator))
    for filler in generator.sample(_FILLER[kind], generator.randint(1, 4)):
        sentences.insert(generator.randint(1, len(sentences) - 1), filler)
    text = "\n".join(sentences) if generator.random() < 0.2 else " ".join(sentences)
    ask = generator.choice(_ASKS)
    instruction = f"{ask}\n\n{text}" if generator.random() < 0.7 else f"{text}\n\n{ask}"
    return Example(instruction=instruction, response=summary, tags={"kind": kind, "facts": "\n".join(facts)})


def verified(example: Example) -> bool:
    """Whether every fact stands in the text and in the summary."""
    return all(names_fact(example.instruction, fact) and names_fact(example.response, fact) for fact in example.tags["facts"].splitlines())
