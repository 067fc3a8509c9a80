"""Kinds that read a part of a date or write it in another form."""

from slm_jax.domains.excel.kinds.row_parts import row_kind, value_of
from slm_jax.domains.excel.scene import Draft, NoColumn, Scene


@row_kind("year_month_day", share=2.5, wrap=False, wordings='''
imperative/year: @Extract the year from {x}
imperative/year: @Display only the year of [the date in|] {x}
question/year: @how_to @extract the year from {x}?
question/year: which year is {x} in?
telegraphic/year: year of {x}
telegraphic/year: year from [date|] {x}
narrative/year: {x} is a full date but @i_need only the year.
imperative/month: @Extract the month number from {x}
imperative/month: @Display the month of {x} as a number
question/month: @how_to @extract the month number from {x}?
question/month: what number is the month of {x}?
telegraphic/month: month number of {x}
telegraphic/month: month of {x} as number
narrative/month: {x} is a full date but @i_need only the month number.
imperative/day: @Extract the day of the month from {x}
imperative/day: @Display only the day number of [the date in|] {x}
question/day: @how_to @extract the day of the month from {x}?
telegraphic/day: day of the month of {x}
telegraphic/day: day number of {x}
narrative/day: {x} is a full date but @i_need only the day of the month.
''')
def year_month_day(s: Scene) -> Draft:
    x, part = s.dates(), s.rng.choice(["year", "month", "day"])
    return Draft(f"{part.upper()}({x.cell})", result="number", wording=part, x=x.cell_name)


@row_kind("date_name", share=3, wordings='''
imperative/weekday: @Display the [day of the week|weekday|name of the day] [of|for] {x}
imperative/weekday: @Extract the [weekday|day] name from {x}
imperative/weekday: @Convert {x} to the name of the [weekday|day]
question/weekday: what day of the week is {x}?
question/weekday: @how_to @extract the [day of the week|weekday name|name of the day] from {x}?
telegraphic/weekday: [weekday|day] name of {x}
telegraphic/weekday: day of [the|] week {x}
telegraphic/weekday: [weekday|day of the week] of {x} as text
narrative/weekday: {x} is a date. I [want|need|have] to know [which day of the week|what weekday] it is.
imperative/month: @Display the [month name|name of the month] [of|for] {x}
imperative/month: @Extract the month name from {x}
imperative/month: @Convert {x} to the name of the month
question/month: what is the name of the month in {x}?
question/month: @how_to @extract the month name from {x}?
telegraphic/month: month name of {x}
telegraphic/month: name of the month {x}
narrative/month: {x} is a date. @i_need the name of its month.
imperative/dow3: @Display the [short|abbreviated|three letter] [weekday|day] name of {x}
question/dow3: @how_to @extract the [short|abbreviated] [weekday|day] name from {x}?
telegraphic/dow3: short [weekday|day] name of {x}
imperative/mon3: @Display the [short|abbreviated|three letter] month name of {x}
question/mon3: @how_to @extract the [short|abbreviated] month name from {x}?
telegraphic/mon3: short month name of {x}
''')
def date_name(s: Scene) -> Draft:
    x, part = s.dates(), s.rng.choice(["weekday", "weekday", "month", "month", "dow3", "mon3"])
    pattern = {"weekday": "dddd", "month": "mmmm", "dow3": "ddd", "mon3": "mmm"}[part]
    return Draft(f'TEXT({x.cell},"{pattern}")', result="text", wording=part, x=x.cell_name)


@row_kind("weekday_number", share=1.5, wrap=False, wordings='''
imperative/monday: @Display the weekday number of {x} with Monday as 1
imperative/monday: @Convert {x} to a weekday number where Monday is 1
question/monday: @how_to @extract the weekday number of {x} if Monday is 1?
question/monday: what number is the weekday of {x} when the week starts on Monday?
telegraphic/monday: weekday number of {x}, Monday = 1
telegraphic/monday: {x} day of week number, monday first
narrative/monday: Our week begins on Monday. @i_need the weekday number of {x}.
imperative/plain: @Display the weekday number of {x}
imperative/plain: @Convert {x} to a weekday number
question/plain: @how_to @extract the weekday number from {x}?
telegraphic/plain: weekday number of {x}
telegraphic/plain: {x} day of week as number
narrative/plain: {x} is a date. @i_need the number of its weekday.
imperative/week: @Display the week number of {x}
imperative/week: @Extract the week of the year from {x}
question/week: @how_to @extract the week number from {x}?
question/week: which week of the year is {x} in?
telegraphic/week: week number of {x}
telegraphic/week: week of the year {x}
narrative/week: We plan by week. @i_need the week number of {x}.
''')
def weekday_number(s: Scene) -> Draft:
    x, which = s.dates(), s.rng.choice(["monday", "plain", "week"])
    formula = {"monday": f"WEEKDAY({x.cell},2)", "plain": f"WEEKDAY({x.cell})", "week": f"WEEKNUM({x.cell})"}[which]
    return Draft(formula, result="number", wording=which, x=x.cell_name)


@row_kind("weekend", share=1.5, wordings='''
imperative/flag: @Show {yes} if {x} [is|falls] on a weekend, @otherwise {no}
imperative/flag: @Check @whether {x} falls on a weekend and @show {yes} or {no}
question/flag: @how_to @show {yes} if {x} is a weekend day and {no} if it is not?
question/flag: @how_to @show {yes} when {x} [is|falls] on a weekend, @otherwise {no}?
telegraphic/flag: if {x} is a weekend {yes} else {no}
telegraphic/flag: if {x} falls on a Saturday or Sunday @show {yes} @otherwise {no}
narrative/flag: {x} is a date. If it falls on a weekend @show {yes}, @otherwise {no}.
imperative/bare: @Check @whether {x} [is|falls] on a weekend
imperative/bare: @Check @whether {x} is a Saturday or Sunday
imperative/bare: @Display TRUE if {x} is a weekend day
question/bare: does {x} fall on a weekend?
question/bare: is {x} a weekend?
question/bare: @how_to @check if {x} [is a weekend day|falls on a weekend]?
telegraphic/bare: is {x} a weekend
telegraphic/bare: {x} weekend true or false
narrative/bare: We are closed on Saturdays and Sundays. @Check @whether {x} falls on a weekend.
''')
def weekend(s: Scene) -> Draft:
    x = s.dates()
    if s.rng.random() < 0.5:
        return Draft(f"WEEKDAY({x.cell},2)>5", result="flag", wording="bare", x=x.cell_name)
    yes, no = s.outcomes()
    return Draft(f"IF(WEEKDAY({x.cell},2)>5,{yes.formula},{no.formula})", result="flag", wording="flag", x=x.cell_name, yes=yes, no=no)


@row_kind("quarter", share=1.5, wordings='''
imperative/number: @Compute the quarter [number|] of {x}
imperative/number: @Extract the quarter [number|] from {x}
imperative/number: @Convert {x} to a quarter number [from 1 to 4|]
question/number: which quarter is {x} in?
question/number: @how_to @extract the quarter from {x}?
question/number: @what_is the quarter of {x}?
telegraphic/number: quarter of {x}
telegraphic/number: {x} quarter number
narrative/number: Reports are made by quarter. @Compute the quarter of {x}.
imperative/q: @Display the quarter of {x} as Q1, Q2, Q3 or Q4
imperative/q: @Display the quarter of {x} with a Q in front
imperative/q: @Convert {x} to a quarter label like Q1
question/q: @how_to @display the quarter of {x} as Q1 to Q4?
telegraphic/q: quarter of {x} as Q1..Q4
telegraphic/q: {x} to quarter like "Q1"
narrative/q: I want labels like Q1 for my chart. @Display the quarter of {x} that way.
''')
def quarter(s: Scene) -> Draft:
    x, style = s.dates(), s.rng.choice(["number", "number", "q"])
    formula = f"ROUNDUP(MONTH({x.cell})/3,0)"
    return Draft(f'"Q"&{formula}' if style == "q" else formula, result="text" if style == "q" else "number", wording=style, x=x.cell_name)


PATTERNS = (
    "dd/mm/yyyy", "mm/dd/yyyy", "yyyy-mm-dd", "dd-mm-yyyy", "dd.mm.yyyy", "mmm yyyy", "mmmm yyyy", "yyyy-mm", "mm/yyyy", "dd mmm yyyy", "d mmmm yyyy", "yyyymmdd",
    "mmm-yy", "dd/mm/yy", "mm-dd-yyyy", "mmmm d", "d mmm", "ddd dd mmm", "dddd d mmmm",
)


@row_kind("date_format", share=2.5, wordings='''
imperative: Format {x} as {f}
imperative: @Convert {x} to the format {f}
imperative: @Show [the date in|] {x} as [text in the form|] {f}
imperative: @Display {x} as text in {f} format
imperative: @Convert the date in {x} to text like {f}
imperative: Write {x} in the form {f}
question: @how_to format {x} as {f}?
question: @how_to @convert {x} to {f} format?
question: @how_to @display {x} as text in {f} format?
question: @how_to write the date in {x} in the form {f}?
telegraphic: {x} as {f}
telegraphic: format {x} {f}
telegraphic: date {x} to text {f}
telegraphic: {x} in {f} format
narrative: {x} is a date. @i_need it as text in the format {f}.
narrative: The import file wants dates written as {f}. @Convert {x} to that format.
narrative: I have a date in {x} and @need_to @display it in the form {f}.
''')
def date_format(s: Scene) -> Draft:
    x, pattern = s.dates(), s.rng.choice(PATTERNS)
    said = s.rng.choice([pattern, f'"{pattern}"', f"'{pattern}'", pattern])
    return Draft(f'TEXT({x.cell},"{pattern}")', result="text", x=x.cell_name, f=said)


@row_kind("date_from_parts", share=1, wordings='''
imperative: Make a date from the year in {a}, the month in {b} and the day in {c}
imperative: Build a date with year {a}, month {b} and day {c}
imperative: Create a date out of {a} (year), {b} (month) and {c} (day)
imperative: @Join the year in {a}, month in {b} and day in {c} into a date
imperative: @Convert year {a}, month {b}, day {c} into a real date
question: @how_to make a date from year {a}, month {b} and day {c}?
question: @how_to build a date from the year in {a}, the month in {b} and the day in {c}?
question: @how_to create a date when the year is in {a}, the month in {b} and the day in {c}?
question: @how_to @join {a} (year), {b} (month) and {c} (day) into a date?
telegraphic: date from year {a} month {b} day {c}
telegraphic: make date from {a} (year), {b} (month), {c} (day)
telegraphic: year {a}, month {b}, day {c} to date
telegraphic: date out of year in {a}, month in {b}, day in {c}
narrative: The year is in {a}, the month in {b} and the day in {c}. Make a date from them.
narrative: I have year, month and day in {a}, {b} and {c}. @need_to build a date.
narrative: Year, month and day are in three cells: {a}, {b} and {c}. @Join them into one date.
''')
def date_from_parts(s: Scene) -> Draft:
    a, b, c = s.numbers(), s.numbers(), s.numbers()
    if any((value_of(s, ref) or 0) > 2500 for ref in (a, b, c)):
        raise NoColumn("numbers that can be a year, a month and a day")
    return Draft(f"DATE({a.cell},{b.cell},{c.cell})", result="date", a=a.cell_name, b=b.cell_name, c=c.cell_name)


@row_kind("now", share=0.3, wrap=False, wordings='''
imperative/today: @Display today's date
imperative/today: @Display the current date
imperative/today: Insert today's date that updates by itself
question/today: @how_to @display today's date?
question/today: @how_to insert the current date?
telegraphic/today: today's date
telegraphic/today: current date
narrative/today: The sheet should always have the current date on top. @Display today's date.
imperative/now: @Display the current date and time
imperative/now: Insert the current date and time
question/now: @how_to @display the current date and time?
question/now: @how_to insert date and time of now?
telegraphic/now: current date and time
telegraphic/now: date and time now
narrative/now: @i_need a time stamp. @Display the current date and time.
imperative/year: @Display the current year
question/year: @how_to @display the current year?
telegraphic/year: current year
telegraphic/year: this year as a number
''')
def now(s: Scene) -> Draft:
    which = s.rng.choice(["today", "now", "year"])
    return Draft({"today": "TODAY()", "now": "NOW()", "year": "YEAR(TODAY())"}[which], result="date", wording=which)
