"""Kinds that reckon with dates and times: differences, shifts, deadlines, working days, hours."""

from slm_jax.domains.excel.kinds.row_parts import in_order, pair, row_kind
from slm_jax.domains.excel.scene import Draft, Scene


@row_kind("days_between", share=4, wrap=False, wordings='''
imperative: @Compute the [number of days|days] [between {a} and {b}|from {a} to {b}]
imperative: Count the days from {a} to {b}
imperative: @Compute the difference in days between {a} and {b}
imperative: @Display how many days [lie between|passed between|there are between] {a} and {b}
imperative: @Compute how many days {b} is after {a}
imperative: Subtract {a} from {b} to get the number of days
question: how many days are [there|] between {a} and {b}?
question: @how_to @compute the [number of days|days|difference in days] between {a} and {b}?
question: @what_is the number of days [between {a} and {b}|from {a} to {b}]?
question: how long is it from {a} to {b} in days?
telegraphic: days between {a} and {b}
telegraphic: days from {a} to {b}
telegraphic: number of days {a} to {b}
telegraphic: difference in days {a} {b}
narrative: {a} is the start and {b} the end. I [want|need|have] to know how many days lie between them.
narrative: The [task|order|project|stay] began on {a} and ended on {b}. @Compute the number of days.
narrative: I have a start date in {a} and an end date in {b}. @i_need the days between them.
''')
def days_between(s: Scene) -> Draft:
    a, b = in_order(pair(s, s.dates))
    return Draft(f"{b.cell}-{a.cell}", result="number", a=a.cell_name, b=b.cell_name)


@row_kind("months_or_years_between", share=2.5, wrap=False, wordings='''
imperative/m: @Compute the number of [full|complete|whole|] months between {a} and {b}
imperative/m: @Compute the difference in months between {a} and {b}
imperative/m: Count the [full|complete|whole|] months from {a} to {b}
question/m: how many [full|complete|whole|] months are [there|] between {a} and {b}?
question/m: @how_to @compute the [months|number of months] between {a} and {b}?
telegraphic/m: months between {a} and {b}
telegraphic/m: number of months from {a} to {b}
telegraphic/m: datedif months {a} {b}
narrative/m: {a} is the start date and {b} the end date. @i_need the number of [full|complete|] months between them.
narrative/m: The contract runs from {a} to {b}. @Compute how many months that is.
imperative/y: @Compute the number of [full|complete|whole|] years between {a} and {b}
imperative/y: @Compute the difference in years between {a} and {b}
imperative/y: Count the [full|complete|whole|] years from {a} to {b}
question/y: how many [full|complete|whole|] years are [there|] between {a} and {b}?
question/y: @how_to @compute the [years|number of years] between {a} and {b}?
telegraphic/y: years between {a} and {b}
telegraphic/y: number of years from {a} to {b}
telegraphic/y: datedif years {a} {b}
narrative/y: {a} is the start date and {b} the end date. @i_need the number of [full|complete|] years between them.
narrative/y: The contract runs from {a} to {b}. @Compute how many years that is.
''')
def months_or_years_between(s: Scene) -> Draft:
    a, b = in_order(pair(s, s.dates))
    unit = s.rng.choice("my")
    return Draft(f'DATEDIF({a.cell},{b.cell},"{unit}")', result="number", wording=unit, a=a.cell_name, b=b.cell_name)


@row_kind("age", share=2, wrap=False, wordings='''
imperative: @Compute the age in years [of someone born on|from the date of birth in|from the birth date in] {x}
imperative: @Compute the age from {x}
imperative: @Compute the current age [from|using|based on] {x}
imperative: @Compute how old someone born on {x} is [today|now]
imperative: @Compute the full years from {x} until today
question: @how_to @compute the age from {x}?
question: @how_to @compute [someone's|a person's] age from the [date of birth|birth date] in {x}?
question: how old is someone born on {x}?
question: how many full years have passed since {x}?
question: @what_is the age today for the birth date in {x}?
telegraphic: age from {x}
telegraphic: age in years from dob {x}
telegraphic: current age, birth date {x}
telegraphic: full years since {x}
narrative: {x} is a date of birth. @i_need the [current age|age today|age in years].
narrative: The employee was hired on {x}. @Compute the full years of service until today.
narrative: I have a birthday in {x}. @need_to @compute the person's age.
''')
def age(s: Scene) -> Draft:
    x = s.dates()
    return Draft(f'DATEDIF({x.cell},TODAY(),"y")', result="number", x=x.cell_name)


@row_kind("days_to_today", share=2, wrap=False, wordings='''
imperative/until: @Compute the [number of days|days] [from today until|until|left until|remaining until] {x}
imperative/until: Count the days from today to {x}
imperative/until: @Display how many days are left until {x}
question/until: how many days are [left|remaining|there] until {x}?
question/until: @how_to count the days until {x}?
question/until: @how_to @compute the days remaining to {x}?
telegraphic/until: days until {x}
telegraphic/until: days left to {x}
telegraphic/until: today to {x} in days
narrative/until: {x} is the deadline. @i_need the number of days left.
imperative/since: @Compute the [number of days|days] since {x}
imperative/since: Count the days from {x} to today
imperative/since: @Display how many days have passed since {x}
question/since: how many days have passed since {x}?
question/since: @how_to count the days since {x}?
question/since: how many days ago was {x}?
telegraphic/since: days since {x}
telegraphic/since: days from {x} to today
telegraphic/since: how many days ago {x}
narrative/since: The last order was on {x}. @i_need the number of days that have passed since.
''')
def days_to_today(s: Scene) -> Draft:
    x, which = s.dates(), s.rng.choice(["until", "since"])
    return Draft(f"{x.cell}-TODAY()" if which == "until" else f"TODAY()-{x.cell}", result="number", wording=which, x=x.cell_name)


@row_kind("shift_days", share=3, wordings='''
imperative/plus: Add {n} days to {x}
imperative/plus: @Compute the date {n} days after {x}
imperative/plus: @Display the due date {n} days after {x}
imperative/plus: Move {x} forward by {n} days
question/plus: @how_to add {n} days to {x}?
question/plus: [what is|what's] the date {n} days [after|from] {x}?
question/plus: which date is {n} days after {x}?
telegraphic/plus: {x} plus {n} days
telegraphic/plus: {n} days after {x}
telegraphic/plus: due date {n} days from {x}
narrative/plus: The invoice date is in {x} and payment is due {n} days later. @i_need the due date.
narrative/plus: We ship {n} days after the date in {x}. @Compute the shipping date.
imperative/minus: Subtract {n} days from {x}
imperative/minus: @Compute the date {n} days before {x}
imperative/minus: Move {x} back by {n} days
question/minus: @how_to subtract {n} days from {x}?
question/minus: [what is|what's] the date {n} days before {x}?
telegraphic/minus: {x} minus {n} days
telegraphic/minus: {n} days before {x}
narrative/minus: The event is on {x} and the reminder goes out {n} days earlier. @Compute the reminder date.
''')
def shift_days(s: Scene) -> Draft:
    x, n, way = s.dates(), s.number(2, 120), s.rng.choice(["plus", "plus", "minus"])
    return Draft(f"{x.cell}{'+' if way == 'plus' else '-'}{n.formula}", result="date", wording=way, x=x.cell_name, n=n)


@row_kind("shift_months", share=2.5, wordings='''
imperative/plus: Add {n} months to {x}
imperative/plus: @Compute the date {n} months after {x}
imperative/plus: Move {x} forward by {n} months
question/plus: @how_to add {n} months to {x}?
question/plus: [what is|what's|which is] the date {n} months [after|from] {x}?
telegraphic/plus: {x} plus {n} months
telegraphic/plus: {n} months after {x}
narrative/plus: The contract starts on {x} and runs for {n} months. @Compute the end date.
narrative/plus: The next check is {n} months after the date in {x}. @i_need that date.
imperative/minus: Subtract {n} months from {x}
imperative/minus: @Compute the date {n} months before {x}
question/minus: @how_to subtract {n} months from {x}?
question/minus: [what is|what's] the date {n} months before {x}?
telegraphic/minus: {x} minus {n} months
telegraphic/minus: {n} months before {x}
narrative/minus: Notice must be given {n} months before {x}. @Compute the latest date.
imperative/years: Add {n} years to {x}
imperative/years: @Compute the date {n} years after {x}
question/years: @how_to add {n} years to {x}?
telegraphic/years: {x} plus {n} years
telegraphic/years: {n} years after {x}
narrative/years: The warranty lasts {n} years from the date in {x}. @Compute the date it ends.
''')
def shift_months(s: Scene) -> Draft:
    x, n, way = s.dates(), s.number(2, 30), s.rng.choice(["plus", "plus", "minus", "years"])
    months = {"plus": n.formula, "minus": f"-{n.formula}", "years": f"12*{n.formula}"}[way]
    return Draft(f"EDATE({x.cell},{months})", result="date", wording=way, x=x.cell_name, n=n)


@row_kind("month_edge", share=2, wordings='''
imperative/end: @Compute the last day of the month [of|for|in] {x}
imperative/end: @Compute the end of the month [of|for] {x}
imperative/end: @Display the month end date [of|for] {x}
question/end: @what_is the last day of the month of {x}?
question/end: @how_to @compute the end of the month for {x}?
telegraphic/end: end of month {x}
telegraphic/end: last day of the month of {x}
telegraphic/end: month end for {x}
narrative/end: Bills are due at the end of the month of {x}. @Compute that date.
imperative/start: @Compute the first day of the month [of|for|in] {x}
imperative/start: @Compute the [start|beginning] of the month [of|for] {x}
question/start: @what_is the first day of the month of {x}?
question/start: @how_to @compute the [start|beginning] of the month for {x}?
telegraphic/start: [start|beginning] of month {x}
telegraphic/start: first day of the month of {x}
narrative/start: I group dates by month. @i_need the first day of the month of {x}.
imperative/next: @Compute the last day of the next month after {x}
question/next: @what_is the end of the month [following|after] {x}?
telegraphic/next: end of next month after {x}
narrative/next: Payment is due at the end of the month [following|after] {x}. @Compute that date.
''')
def month_edge(s: Scene) -> Draft:
    x, edge = s.dates(), s.rng.choice(["end", "end", "start", "start", "next"])
    formula = {"end": f"EOMONTH({x.cell},0)", "start": f"EOMONTH({x.cell},-1)+1", "next": f"EOMONTH({x.cell},1)"}[edge]
    return Draft(formula, result="date", wording=edge, x=x.cell_name)


@row_kind("networkdays", share=2, wrap=False, wordings='''
imperative: @Compute the [number of working days|working days|workdays] between {a} and {b}
imperative: Count the [working days|workdays|business days|weekdays] from {a} to {b}
imperative: @Compute how many [business days|working days|workdays] there are between {a} and {b}
imperative: Count the days from {a} to {b} without weekends
imperative: @Display the number of [business days|working days] from {a} to {b}
question: how many [working days|workdays|business days|weekdays] are [there|] between {a} and {b}?
question: @how_to count the [working days|workdays|business days] between {a} and {b}?
question: @how_to count the days between {a} and {b} excluding weekends?
question: @what_is the number of [working days|business days] from {a} to {b}?
telegraphic: [working days|workdays|business days] between {a} and {b}
telegraphic: [working days|workdays|business days] {a} to {b}
telegraphic: networkdays {a} {b}
telegraphic: days between {a} and {b} excluding weekends
narrative: The project starts on {a} and ends on {b}. @i_need the number of [working days|business days].
narrative: Weekends do not count for us. @Compute the days from {a} to {b} without weekends.
narrative: I have a start date in {a} and an end date in {b}. @Compute the [working days|workdays|business days] between them.
''')
def networkdays(s: Scene) -> Draft:
    a, b = in_order(pair(s, s.dates))
    return Draft(f"NETWORKDAYS({a.cell},{b.cell})", result="number", a=a.cell_name, b=b.cell_name)


@row_kind("workday", share=1.5, wordings='''
imperative: Add {n} [working days|workdays|business days] to {x}
imperative: @Compute the date {n} [working days|workdays|business days] after {x}
imperative: @Display the due date {n} [working days|business days] after {x}
imperative: Move {x} forward by {n} [working days|workdays|business days]
imperative: Add {n} days to {x}, skipping weekends
question: @how_to add {n} [working days|workdays|business days] to {x}?
question: [what is|what's] the date {n} [working days|business days] after {x}?
question: which date is {n} [working days|business days|workdays] after {x}?
question: @how_to add {n} days to {x} without counting weekends?
telegraphic: {x} plus {n} [working days|workdays|business days]
telegraphic: {n} [working days|workdays|business days] after {x}
telegraphic: due date {n} [working days|business days] from {x}
telegraphic: workday {x} {n}
narrative: The order came in on {x} and delivery takes {n} [working days|business days]. @Compute the delivery date.
narrative: We answer within {n} [working days|business days] of {x}. @i_need the deadline.
narrative: The date in {x} plus {n} days without weekends is our deadline. @Compute it.
''')
def workday(s: Scene) -> Draft:
    x, n = s.dates(), s.number(2, 60)
    return Draft(f"WORKDAY({x.cell},{n.formula})", result="date", x=x.cell_name, n=n)


@row_kind("hours_between", share=2.5, wordings='''
imperative/h: @Compute the [number of hours|hours] [between {a} and {b}|from {a} to {b}]
imperative/h: @Compute the difference in hours between {a} and {b}
imperative/h: @Compute the hours worked from {a} to {b}
imperative/h: @Display the time between {a} and {b} [in|as a number of|in decimal] hours
question/h: how many hours are [there|] between {a} and {b}?
question/h: @how_to @compute the hours [between {a} and {b}|from {a} to {b}]?
telegraphic/h: hours between {a} and {b}
telegraphic/h: hours from {a} to {b}
telegraphic/h: hours worked {a} to {b}
narrative/h: {a} is the start time and {b} the end time. @i_need the number of hours.
narrative/h: The shift began at {a} and ended at {b}. @Compute the hours worked.
imperative/min: @Compute the [number of minutes|minutes] [between {a} and {b}|from {a} to {b}]
imperative/min: @Compute the difference in minutes between {a} and {b}
question/min: how many minutes are [there|] between {a} and {b}?
question/min: @how_to @compute the minutes [between {a} and {b}|from {a} to {b}]?
telegraphic/min: minutes between {a} and {b}
telegraphic/min: minutes from {a} to {b}
narrative/min: {a} is the start time and {b} the end time. @i_need the number of minutes.
imperative/night: @Compute the hours from {a} to {b} when the shift [may run|runs] past midnight
question/night: @how_to @compute the hours between {a} and {b} if the shift [goes past|crosses] midnight?
telegraphic/night: hours {a} to {b} past midnight
telegraphic/night: overnight hours from {a} to {b}
narrative/night: The night shift starts at {a} and ends at {b} the next day. @Compute the hours worked.
''')
def hours_between(s: Scene) -> Draft:
    unit = s.rng.choice(["h", "h", "h", "min", "night"])
    a, b = pair(s, s.times) if unit == "night" else in_order(pair(s, s.times))
    formula = {"h": f"({b.cell}-{a.cell})*24", "min": f"({b.cell}-{a.cell})*1440", "night": f"MOD({b.cell}-{a.cell},1)*24"}[unit]
    return Draft(formula, result="number", wording=unit, a=a.cell_name, b=b.cell_name)
