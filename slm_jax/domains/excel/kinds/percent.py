"""Kinds of percentages, prices, rounding and simple finance."""

import dataclasses

from slm_jax.domains.excel.kinds.row_parts import pair, rate, row_kind
from slm_jax.domains.excel.literals import NumberLiteral
from slm_jax.domains.excel.scene import Draft, Scene


@row_kind("percent_of", share=2.5, wordings='''
imperative/rate: @Compute {p} of {a}
imperative/rate: Take {p} of {a}
question/rate: what is {p} of {a}?
question/rate: @how_to @compute {p} of {a}?
telegraphic/rate: {p} of {a}
narrative/rate: The commission is {p} of {a}. @Compute it.
narrative/rate: {p} of {a} goes to charity. @Compute that amount.
imperative/share: Divide {a} by {b} to get the [percentage|share]
narrative/rate: We pay a fee of {p} on {a}. @Compute the fee.
imperative/share: @Compute what [percentage|percent] {a} is of {b}
imperative/share: @Compute {a} as a [percentage|percent|share] of {b}
question/share: what [percentage|percent] of {b} is {a}?
question/share: @how_to @compute {a} as a [percentage|percent] of {b}?
telegraphic/share: {a} as [percent|%|percentage] of {b}
telegraphic/share: percentage {a} of {b}
narrative/share: {a} is the part and {b} the whole. @Compute the percentage.
''')
def percent_of(s: Scene) -> Draft:
    if s.rng.random() < 0.55:
        a, p = s.numbers(), rate(s)
        return Draft(f"{a.cell}*{p.formula}", result="number", wording="rate", a=a.cell_name, p=p)
    a, b = pair(s, s.numbers, explicit=True)
    return Draft(f"{a.cell}/{b.cell}", result="number", wording="share", a=a.cell_name, b=b.cell_name)


@row_kind("percent_change", share=2.5, wordings='''
imperative: @Compute the [percentage|percent] change from {a} to {b}
imperative: @Compute the [percentage|percent|%] [increase|growth] from {a} to {b}
imperative: @Compute the growth rate from {a} to {b}
imperative: @Compute by how many percent {b} [changed|rose|grew] compared to {a}
imperative: @Compute the relative change from {a} to {b}
question: what is the [percentage|percent] change from {a} to {b}?
question: @how_to @compute the [percentage|percent] change [from {a} to {b}|between {a} and {b}]?
question: by how many percent did {b} [change|grow] compared to {a}?
question: @what_is the growth from {a} to {b} in percent?
telegraphic: [percentage|percent|%] change from {a} to {b}
telegraphic: % change {a} to {b}
telegraphic: growth rate {a} to {b}
telegraphic: percent increase from {a} to {b}
narrative: {a} is the old value and {b} the new one. @Compute the [percentage|percent] change.
narrative: Sales went from {a} to {b}. @Compute the growth in percent.
narrative: Last year's figure is in {a} and this year's in {b}. @i_need the [percentage|percent] change.
''')
def percent_change(s: Scene) -> Draft:
    a, b = pair(s, s.numbers)
    return Draft(f"({b.cell}-{a.cell})/{a.cell}", result="number", a=a.cell_name, b=b.cell_name)


@row_kind("discount", share=3, wordings='''
imperative/rate: @Compute {a} after a {p} discount
imperative/rate: Apply a {p} discount to {a}
imperative/rate: Reduce {a} by {p}
imperative/rate: Take {p} off {a}
question/rate: what is {a} after a {p} discount?
question/rate: @how_to apply a discount of {p} to {a}?
question/rate: @how_to reduce {a} by {p}?
telegraphic/rate: {a} minus {p}
telegraphic/rate: {a} after {p} discount
telegraphic/rate: {a} with {p} off
narrative/rate: {a} is the list price and the customer gets {p} off. @Compute the final price.
narrative/rate: We give a discount of {p} on {a}. @Compute what is left to pay.
imperative/cell: @Compute {a} after the discount rate in {r}
imperative/cell: Reduce {a} by the [percentage|percent] in {r}
question/cell: @how_to apply the discount rate in {r} to {a}?
question/cell: @how_to reduce {a} by the percentage in {r}?
telegraphic/cell: {a} minus the discount percentage in {r}
telegraphic/cell: {a} after discount of {r}
narrative/cell: The price is in {a} and the discount rate in {r}. @Compute the final price.
narrative/cell: {r} holds the discount in percent and {a} the price. @Compute the price after discount.
''')
def discount(s: Scene) -> Draft:
    a = s.numbers()
    if s.rng.random() < 0.65:
        p = rate(s, 90)
        return Draft(f"{a.cell}*(1-{p.formula})", result="number", wording="rate", a=a.cell_name, p=p)
    r = s.percents()
    return Draft(f"{a.cell}*(1-{r.cell})", result="number", wording="cell", a=a.cell_name, r=r.cell_name)


@row_kind("markup", share=3, wordings='''
imperative/rate: Add {p} to {a}
imperative/rate: Add {p} [tax|VAT|sales tax] to {a}
imperative/rate: Increase {a} by {p}
imperative/rate: @Compute {a} with {p} [tax|VAT|markup] added
question/rate: what is {a} plus {p}?
question/rate: @how_to add {p} [tax|VAT|sales tax|] to {a}?
question/rate: @how_to increase {a} by {p}?
telegraphic/rate: {a} plus {p}
telegraphic/rate: {a} plus {p} [tax|VAT|markup]
telegraphic/rate: {a} increased by {p}
narrative/rate: {a} is the net price and the tax is {p}. @Compute the price including tax.
narrative/rate: Prices go up by {p} next year. @Compute the new value of {a}.
imperative/cell: @Compute {a} with the tax rate in {r} added
imperative/cell: Increase {a} by the [percentage|percent] in {r}
question/cell: @how_to add the tax rate in {r} to {a}?
question/cell: @how_to increase {a} by the percentage in {r}?
telegraphic/cell: {a} plus the tax percentage in {r}
telegraphic/cell: {a} plus tax rate of {r}
narrative/cell: The net price is in {a} and the tax rate in {r}. @Compute the price including tax.
narrative/cell: {r} holds the markup in percent and {a} the cost. @Compute the cost with the markup added.
''')
def markup(s: Scene) -> Draft:
    a = s.numbers()
    if s.rng.random() < 0.65:
        p = rate(s, 90)
        return Draft(f"{a.cell}*(1+{p.formula})", result="number", wording="rate", a=a.cell_name, p=p)
    r = s.percents()
    return Draft(f"{a.cell}*(1+{r.cell})", result="number", wording="cell", a=a.cell_name, r=r.cell_name)


@row_kind("margin", share=1, wordings='''
imperative/margin: @Compute the [profit|] margin with revenue {a} and cost {b}
imperative/margin: @Compute the margin as a [share|percentage] of the selling price {a} with cost {b}
imperative/margin: @Compute the profit margin when sales are in {a} and costs in {b}
question/margin: @how_to @compute the [profit|] margin from revenue {a} and cost {b}?
question/margin: what is the profit margin if {a} is the revenue and {b} the cost?
telegraphic/margin: profit margin, revenue {a}, cost {b}
telegraphic/margin: margin from price {a} and cost {b}
narrative/margin: The selling price is in {a} and the cost in {b}. @Compute the profit margin.
narrative/margin: {a} holds revenue and {b} costs. @i_need the profit margin.
imperative/net: Remove {p} [tax|VAT] from the gross price {a}
imperative/net: @Compute the net price of {a} which includes {p} [tax|VAT]
question/net: @how_to take {p} [tax|VAT] out of {a} that includes it?
question/net: @what_is the price without tax if {a} includes {p} [tax|VAT]?
telegraphic/net: {a} without the included {p} [tax|VAT]
telegraphic/net: net price of {a} incl. {p} [tax|VAT]
narrative/net: {a} is a gross price that includes {p} [tax|VAT]. @Compute the net price.
''')
def margin(s: Scene) -> Draft:
    if s.rng.random() < 0.55:
        a, b = pair(s, s.numbers)
        return Draft(f"({a.cell}-{b.cell})/{a.cell}", result="number", wording="margin", a=a.cell_name, b=b.cell_name)
    a, p = s.numbers(), rate(s, 30)
    return Draft(f"{a.cell}/(1+{p.formula})", result="number", wording="net", a=a.cell_name, p=p)


@row_kind("round_places", share=3, wrap=False, wordings='''
imperative/near: Round {a} to {n} decimal places
imperative/near: Round {a} to {n} [decimals|digits after the decimal point|places]
imperative/near: @Display {a} rounded to {n} decimals
question/near: @how_to round {a} to {n} [decimals|decimal places]?
question/near: [what is|what's] {a} rounded to {n} decimals?
telegraphic/near: round {a} to {n} [decimals|decimal places|places]
telegraphic/near: {a} rounded to {n} decimals
narrative/near: {a} has too many digits. Round it to {n} [decimals|decimal places].
imperative/up: Round {a} up to {n} [decimals|decimal places]
imperative/up: Round up {a} to {n} [decimals|decimal places]
question/up: @how_to round {a} up to {n} [decimals|decimal places]?
telegraphic/up: round up {a} {n} decimals
telegraphic/up: {a} rounded up to {n} decimals
narrative/up: {a} must never be rounded down. Round it up to {n} decimals.
imperative/down: Round {a} down to {n} [decimals|decimal places]
imperative/down: Round down {a} to {n} [decimals|decimal places]
question/down: @how_to round {a} down to {n} [decimals|decimal places]?
telegraphic/down: round down {a} {n} decimals
telegraphic/down: {a} rounded down to {n} decimals
narrative/down: {a} must never be rounded up. Round it down to {n} decimals.
''')
def round_places(s: Scene) -> Draft:
    a, n, way = s.numbers(), s.number(2, 5), s.rng.choice(["near", "near", "up", "down"])
    function = {"near": "ROUND", "up": "ROUNDUP", "down": "ROUNDDOWN"}[way]
    return Draft(f"{function}({a.cell},{n.formula})", result="number", wording=way, a=a.cell_name, n=n)


@row_kind("round_whole", share=2, wrap=False, wordings='''
imperative/near: Round {a} to the nearest [whole number|integer]
imperative/near: Round {a} to a whole number
question/near: @how_to round {a} to the nearest [whole number|integer]?
telegraphic/near: round {a} to [nearest|a] [whole number|integer]
narrative/near: {a} has decimals. Round it to the nearest [whole number|integer].
imperative/up: Round {a} up to the next [whole number|integer]
imperative/up: Always round up {a} to a whole number
question/up: @how_to round {a} up to the [next|nearest] [whole number|integer]?
telegraphic/up: round up {a} to [next|nearest] [whole number|integer]
narrative/up: We bill every started hour. Round {a} up to the next whole number.
imperative/down: Round {a} down to the [next|nearest] [whole number|integer]
question/down: @how_to round {a} down to the [next|nearest] [whole number|integer]?
telegraphic/down: round down {a} to [next|nearest] [whole number|integer]
narrative/down: Only complete hours count. Round {a} down to the nearest whole number.
imperative/int: @Display only the integer part of {a}
imperative/int: @Extract the whole number part of {a}
question/int: @how_to @extract the integer part of {a}?
telegraphic/int: integer part of {a}
narrative/int: {a} has decimals. @i_need the integer part only.
''')
def round_whole(s: Scene) -> Draft:
    a, way = s.numbers(), s.rng.choice(["near", "up", "down", "int"])
    formula = {"near": f"ROUND({a.cell},0)", "up": f"ROUNDUP({a.cell},0)", "down": f"ROUNDDOWN({a.cell},0)", "int": f"INT({a.cell})"}[way]
    return Draft(formula, result="number", wording=way, a=a.cell_name)


@dataclasses.dataclass(frozen=True)
class Step:
    """A number, and the word or digits for it."""

    formula: str
    said: str

    def __str__(self) -> str:
        return self.said


STEPS = {"ten": "10", "hundred": "100", "thousand": "1000", **{text: text for text in ("5", "10", "25", "50", "100", "500", "1000", "0.5", "0.25", "0.05", "0.1")}}


def step(s: Scene) -> Step | NumberLiteral:
    """What to round to a multiple of: a usual step, also in words, or any number."""
    if s.rng.random() < 0.4:
        return s.number(2, 100)
    said = s.rng.choice(tuple(STEPS))
    return Step(STEPS[said], said)


@row_kind("round_multiple", share=2, wrap=False, wordings='''
imperative/near: Round {a} to the nearest {n}
imperative/near: Round {a} to the nearest multiple of {n}
imperative/near: @Display {a} rounded to the nearest {n}
question/near: @how_to round {a} to the nearest [multiple of|] {n}?
telegraphic/near: round {a} to nearest {n}
telegraphic/near: {a} to the nearest multiple of {n}
narrative/near: Our prices come in steps of {n}. Round {a} to the nearest step.
imperative/up: Round {a} up to the [nearest|next] {n}
imperative/up: Round {a} up to the [nearest|next] multiple of {n}
question/up: @how_to round {a} up to the [nearest|next] [multiple of|] {n}?
telegraphic/up: round up {a} to [nearest|next] {n}
telegraphic/up: {a} up to the next multiple of {n}
narrative/up: We sell packs of {n} only. Round {a} up to the next multiple.
imperative/down: Round {a} down to the [nearest|next] {n}
imperative/down: Round {a} down to the [nearest|next] multiple of {n}
question/down: @how_to round {a} down to the [nearest|next] [multiple of|] {n}?
telegraphic/down: round down {a} to [nearest|next] {n}
telegraphic/down: {a} down to a multiple of {n}
narrative/down: Only full packs of {n} count. Round {a} down to a multiple of that.
''')
def round_multiple(s: Scene) -> Draft:
    a, n, way = s.numbers(), step(s), s.rng.choice(["near", "up", "down"])
    function = {"near": "MROUND", "up": "CEILING", "down": "FLOOR"}[way]
    return Draft(f"{function}({a.cell},{n.formula})", result="number", wording=way, a=a.cell_name, n=n)


@row_kind("loan", share=1.5, wordings='''
imperative/cells: @Compute the monthly payment for a loan of {a} at [an annual rate of|an annual interest rate of|] {r} [per year|] over {c} months
imperative/cells: @Compute the monthly loan payment with principal {a}, annual rate {r} and {c} months
question/cells: what is the monthly payment on a loan of {a} at the yearly rate {r} over {c} months?
question/cells: @how_to @compute the monthly payment for loan amount {a}, annual rate {r} and {c} months?
telegraphic/cells: monthly payment: loan {a}, annual rate {r}, months {c}
telegraphic/cells: pmt loan {a} yearly rate {r} months {c}
narrative/cells: The loan amount is in {a}, the yearly interest rate in {r} and the number of months in {c}. @Compute the monthly payment.
narrative/cells: We borrow {a} at the annual rate in {r} for {c} months. @i_need the monthly payment.
imperative/rate: @Compute the monthly payment for a loan of {a} at {p} per year over {n} months
imperative/rate: @Compute the monthly payment on {a} with {p} annual interest and {n} months
question/rate: what is the monthly payment on a loan of {a} at {p} a year over {n} months?
question/rate: @how_to @compute the monthly payment for a loan of {a} at {p} over {n} months?
telegraphic/rate: monthly payment loan {a}, {p} yearly, {n} months
telegraphic/rate: loan payment {a} {p} {n} months
narrative/rate: A loan of {a} costs {p} interest per year and runs for {n} months. @Compute the monthly payment.
question/cells: how much is the monthly payment if the loan is {a}, the annual rate {r} and the term {c} months?
narrative/rate: I borrow {a} at {p} annual interest. @Compute the monthly payment over {n} months.
''')
def loan(s: Scene) -> Draft:
    a = s.money()
    if s.rng.random() < 0.4:
        r, c = s.percents(), s.numbers()
        return Draft(f"PMT({r.cell}/12,{c.cell},-{a.cell})", result="number", wording="cells", a=a.cell_name, r=r.cell_name, c=c.cell_name)
    p, n = rate(s, 15), s.number(6, 360)
    return Draft(f"PMT({p.formula}/12,{n.formula},-{a.cell})", result="number", wording="rate", a=a.cell_name, p=p, n=n)


@row_kind("interest", share=1, wordings='''
imperative/compound: @Compute what {a} is worth after {n} years at {p} [compound|] interest [per year|a year|]
imperative/compound: @Compute the future value of {a} after {n} years at {p} a year
imperative/compound: Compound {a} at {p} for {n} years
question/compound: what is {a} worth after {n} years at {p} interest a year?
question/compound: @how_to @compute the compound value of {a} after {n} years at {p}?
telegraphic/compound: {a} compounded at {p} for {n} years
telegraphic/compound: future value of {a}, {p} a year, {n} years
narrative/compound: I put {a} in the bank at {p} a year. @Compute its value after {n} years.
imperative/simple: @Compute the simple interest on {a} at {p} for {n} years
imperative/simple: @Compute the simple interest that {a} earns in {n} years at {p} a year
question/simple: what is the simple interest on {a} at {p} over {n} years?
question/simple: @how_to @compute simple interest on {a} at {p} for {n} years?
telegraphic/simple: simple interest {a} {p} {n} years
telegraphic/simple: simple interest on {a} at {p} for {n} years
narrative/simple: {a} is lent for {n} years at {p}. @Compute the simple interest.
narrative/simple: No compounding here. @Compute the simple interest on {a} at {p} over {n} years.
''')
def interest(s: Scene) -> Draft:
    a, p, n, how = s.numbers(), rate(s, 15), s.number(2, 30), s.rng.choice(["compound", "simple"])
    formula = f"{a.cell}*(1+{p.formula})^{n.formula}" if how == "compound" else f"{a.cell}*{p.formula}*{n.formula}"
    return Draft(formula, result="number", wording=how, a=a.cell_name, p=p, n=n)
