"""Kinds of IF: two outcomes, calculations and cells as outcomes, several conditions, several steps."""

from slm_jax.domains.excel.criteria import Test
from slm_jax.domains.excel.kinds.row_parts import outcome_pair, pair, rate, row_kind, row_test
from slm_jax.domains.excel.literals import Literal
from slm_jax.domains.excel.scene import Draft, NoColumn, Scene


@row_kind("if_flag", share=9, wordings='''
telegraphic: if {test.row} @show {yes}[,|] @otherwise {no}
telegraphic: if {test.row}[,|] [then|] @show {yes}, @otherwise @show {no}
telegraphic: if {test.row} then {yes} else {no}
telegraphic: {yes} if {test.row}, else {no}
telegraphic: {test.row} {yes} otherwise {no}
telegraphic: if {test.row}: {yes}, if not: {no}
imperative: @Show {yes} if {test.row}[,|] @otherwise {no}
imperative: @Show {yes} when {test.row} and {no} [otherwise|in all other cases|if it doesn't|when not]
imperative: @Check @whether {test.row} and @show {yes}[,| if so,] @otherwise {no}
imperative: Write an IF [formula|] that [shows|returns|gives] {yes} if {test.row} and {no} [otherwise|if not]
question: @how_to @show {yes} if {test.row} and {no} [otherwise|if not]?
question: @how_to @show {yes} when {test.row}, @otherwise {no}?
question: @how_to @check if {test.row} and @show {yes} or {no}?
question: what formula [shows|returns|gives] {yes} if {test.row} and {no} otherwise?
narrative: I have [a value|something] in {x} to check. If {test.row} @show {yes}, @otherwise {no}.
narrative: When {test.row} the answer is {yes}. In all other cases it should be {no}.
narrative: @need_to label my data. If {test.row} @show {yes}[,|] @otherwise @show {no}.
narrative: Our rule: if {test.row} it is {yes}, else it is {no}. @i_need the formula for it.
telegraphic/column: for each row, if {test} @show {yes} @otherwise {no}
telegraphic/column: if {test} then {yes} else {no}, row by row
imperative/column: @Flag rows where {test} [with|as] {yes} and the [others|rest] [with|as] {no}
imperative/column: @Show {yes} in every row where {test} and {no} in the others
question/column: @how_to @flag rows where {test} as {yes} and all others as {no}?
narrative/column: @need_to go through the list row by row. If {test} @show {yes}, @otherwise {no}.
''')
def if_flag(s: Scene) -> Draft:
    by_column = s.style == "column" and s.rng.random() < 0.3
    if by_column:
        s.current_row = 2
    test, (yes, no) = row_test(s), outcome_pair(s)
    return Draft(f"IF({test.formula},{yes.formula},{no.formula})", result="flag", wording="column" if by_column else "", test=test, x=test.ref.cell_name, yes=yes, no=no)


@row_kind("if_or_blank", share=4, wrap=False, wordings='''
telegraphic: if {test.row} @show {yes}[,|] @otherwise [leave blank|leave it empty|nothing|blank]
telegraphic: if {test.row} then {yes}, else [blank|empty|leave blank]
telegraphic: {yes} if {test.row}, blank [if not|otherwise]
telegraphic: if {test.row} @show {yes}
telegraphic: {yes} when {test.row} else nothing
telegraphic: if {test.row}[,|] {yes}, if not leave the cell empty
imperative: @Show {yes} if {test.row}[,|] @otherwise [leave the cell blank|leave it blank|show nothing|leave it empty]
imperative: @Show {yes} only if {test.row}
imperative: @Show {yes} when {test.row} and [an empty string|nothing|a blank] [otherwise|if not]
imperative: @Check if {test.row} and @show {yes}, @otherwise leave [it|the cell] blank
question: @how_to @show {yes} if {test.row} and leave the cell blank [otherwise|if not]?
question: @how_to @show {yes} only when {test.row}?
question: @how_to @show {yes} if {test.row}, @otherwise nothing?
question: what formula [shows|returns|gives] {yes} if {test.row} and [a blank|nothing] otherwise?
narrative: I only want to see {yes} if {test.row}. The cell should stay [empty|blank] otherwise.
narrative: If {test.row} @show {yes}. If not, leave the cell [empty|blank].
narrative: @need_to mark some rows. Put {yes} if {test.row} and leave the others blank.
''')
def if_or_blank(s: Scene) -> Draft:
    test, yes = row_test(s), outcome_pair(s)[0]
    return Draft(f'IF({test.formula},{yes.formula},"")', result="flag", test=test, yes=yes)


@row_kind("if_compare_cells", share=4, wordings='''
telegraphic/more: if {a} {verb} {b} @show {yes}[,|] @otherwise {no}
telegraphic/more: if {a} {verb} {b} then {yes} else {no}
telegraphic/more: {yes} if {a} {verb} {b}, else {no}
imperative/more: @Show {yes} if {a} {verb} {b}[,|] @otherwise {no}
imperative/more: Compare {a} with {b} and @show {yes} if {a} {verb} {b}, @otherwise {no}
imperative/more: @Check @whether {a} {verb} {b} and @show {yes} or {no}
question/more: @how_to @show {yes} if {a} {verb} {b} and {no} [otherwise|if not]?
question/more: @how_to compare {a} and {b} and @show {yes} when {a} {verb} {b}, @otherwise {no}?
narrative/more: @need_to compare two cells. If {a} {verb} {b} @show {yes}, @otherwise {no}.
narrative/more: {a} and {b} are two amounts. If {a} {verb} {b}, @show {yes}, else {no}.
telegraphic/same: if {a} [equals|=|is the same as|matches] {b} @show {yes}[,|] @otherwise {no}
telegraphic/same: if {a} and {b} [match|are the same|are equal] {yes} else {no}
imperative/same: @Show {yes} if {a} [equals|matches|is the same as] {b}[,|] @otherwise {no}
imperative/same: Compare {a} and {b} and @show {yes} if they [match|are the same|are equal], @otherwise {no}
question/same: @how_to @show {yes} if {a} and {b} [match|are the same|are equal] and {no} if not?
question/same: @how_to compare {a} with {b} and @show {yes} if they are the same, @otherwise {no}?
narrative/same: @need_to compare two cells. If {a} and {b} are the same @show {yes}, @otherwise {no}.
''')
def if_compare_cells(s: Scene) -> Draft:
    a, b = pair(s, s.numbers)
    (operator, verb), (yes, no) = s.comparison(), outcome_pair(s)
    if s.rng.random() < 0.4:
        return Draft(f"IF({a.cell}={b.cell},{yes.formula},{no.formula})", result="flag", wording="same", a=a.cell_name, b=b.cell_name, yes=yes, no=no)
    return Draft(f"IF({a.cell}{operator}{b.cell},{yes.formula},{no.formula})", result="flag", wording="more", a=a.cell_name, b=b.cell_name, verb=verb, yes=yes, no=no)


@row_kind("if_return_cell", share=3, wordings='''
telegraphic/else: if {test.row} @show {a}[,|] @otherwise {b}
telegraphic/else: if {test.row} then {a} else {b}
telegraphic/else: {a} if {test.row}, else {b}
imperative/else: @Show {a} if {test.row}[,|] @otherwise {b}
imperative/else: @Show [the value of|what is in] {a} if {test.row}[,|] @otherwise [the value of|what is in] {b}
question/else: @how_to @show {a} if {test.row} and {b} [otherwise|if not]?
question/else: @how_to use {a} if {test.row}, @otherwise {b}?
narrative/else: @need_to pick one of two cells. If {test.row} @show {a}, @otherwise {b}.
telegraphic/zero: if {test.row} @show {a}[,|] @otherwise 0
telegraphic/zero: {a} if {test.row} else 0
imperative/zero: @Show {a} if {test.row}[,|] @otherwise [0|zero]
question/zero: @how_to @show {a} if {test.row} and 0 [otherwise|if not]?
narrative/zero: The amount only counts if {test.row}. @Show {a} then, @otherwise 0.
telegraphic/blank: if {test.row} @show {a}[,|] @otherwise [leave blank|leave it empty|nothing]
telegraphic/blank: {a} if {test.row} else blank
imperative/blank: @Show {a} if {test.row}[,|] @otherwise leave [it|the cell] [blank|empty]
question/blank: @how_to @show {a} if {test.row} and leave the cell blank [otherwise|if not]?
narrative/blank: I only want to see {a} if {test.row}. Otherwise the cell should stay empty.
''')
def if_return_cell(s: Scene) -> Draft:
    test, last = row_test(s), s.rng.choice(("else", "else", "zero", "blank"))
    if last == "else":
        a, b = pair(s, s.numbers)
        return Draft(f"IF({test.formula},{a.cell},{b.cell})", result="any", wording=last, test=test, a=a.cell_name, b=b.cell_name)
    a = s.numbers()
    return Draft(f"IF({test.formula},{a.cell},{'0' if last == 'zero' else chr(34) * 2})", result="any", wording=last, test=test, a=a.cell_name)


@row_kind("if_calculate", share=4, wordings='''
telegraphic/part: if {test.row} give {p} of {a} @otherwise 0
telegraphic/part: {p} of {a} if {test.row}, else 0
imperative/part: @Compute {p} of {a} if {test.row}[,|] @otherwise [0|zero]
question/part: @how_to @compute {p} of {a} if {test.row}, @otherwise 0?
narrative/part: A bonus of {p} of {a} is paid if {test.row}. @Show 0 otherwise.
telegraphic/rates: if {test.row} {p} of {a} else {q}
imperative/rates: @Compute {p} of {a} if {test.row}[,|] @otherwise {q}
question/rates: @how_to @compute {p} of {a} if {test.row} and {q} of it [otherwise|if not]?
narrative/rates: The commission is {p} of {a} if {test.row} and {q} of it otherwise. @Compute it.
telegraphic/less: if {test.row} take {p} off {a}, @otherwise keep {a}
imperative/less: Reduce {a} by {p} if {test.row}[,|] @otherwise leave it [unchanged|as it is]
question/less: @how_to reduce {a} by {p} only if {test.row}?
narrative/less: Customers get {p} off {a} if {test.row}. Otherwise the price stays the same.
telegraphic/times: if {test.row} multiply {a} by {b} @otherwise 0
imperative/times: Multiply {a} by {b} if {test.row}[,|] @otherwise @show 0
question/times: @how_to multiply {a} by {b} if {test.row} and @show 0 [otherwise|if not]?
narrative/times: The amount is {a} times {b} if {test.row}. Otherwise it is 0.
telegraphic/more: if {test.row} add {n} to {a}, @otherwise keep {a}
imperative/more: Add {n} to {a} if {test.row}[,|] @otherwise leave it [unchanged|as it is]
question/more: @how_to add {n} to {a} only if {test.row}?
narrative/more: A fee of {n} is added to {a} if {test.row}. Otherwise the amount stays the same.
''')
def if_calculate(s: Scene) -> Draft:
    how = s.rng.choice(("part", "part", "rates", "less", "times", "more"))
    test = row_test(s)
    if how == "times":
        a, b = pair(s, s.numbers)
        return Draft(f"IF({test.formula},{a.cell}*{b.cell},0)", result="number", wording=how, test=test, a=a.cell_name, b=b.cell_name)
    a, p, q, n = s.numbers(), rate(s), rate(s), s.number(2, 500)
    first, last = {
        "part": (f"{a.cell}*{p.formula}", "0"),
        "rates": (f"{a.cell}*{p.formula}", f"{a.cell}*{q.formula}"),
        "less": (f"{a.cell}*(1-{p.formula})", a.cell),
        "more": (f"{a.cell}+{n.formula}", a.cell),
    }[how]
    return Draft(f"IF({test.formula},{first},{last})", result="number", wording=how, test=test, a=a.cell_name, p=p, q=q, n=n)


@row_kind("and_flag", share=4, wordings='''
telegraphic: if {t.row} and {u.row} @show {yes}[,|] @otherwise {no}
telegraphic: if both {t.row} and {u.row} then {yes} else {no}
telegraphic: {yes} if {t.row} and {u.row}, else {no}
telegraphic: {t.row} and {u.row}: {yes}, otherwise {no}
imperative: @Show {yes} if {t.row} and {u.row}[,|] @otherwise {no}
imperative: @Show {yes} only if both {t.row} and {u.row}[,|] @otherwise {no}
imperative: Check that {t.row} and [that|] {u.row}[,|] and @show {yes} or {no}
imperative: @Show {yes} when {t.row} and at the same time {u.row}, @otherwise {no}
imperative: Use IF with AND to @show {yes} when {t.row} and {u.row}, @otherwise {no}
question: @how_to @show {yes} if {t.row} and {u.row}, @otherwise {no}?
question: @how_to @show {yes} if both {t.row} and {u.row} and {no} if not?
question: @how_to check two conditions, {t.row} and {u.row}, and @show {yes} if both are [true|met], @otherwise {no}?
question: what formula [shows|gives|returns] {yes} when {t.row} and {u.row}, @otherwise {no}?
narrative: Two things must be true: {t.row} and {u.row}. @Show {yes} if both are [true|met], @otherwise {no}.
narrative: @need_to check two conditions. If {t.row} and {u.row}, @show {yes}, else {no}.
narrative: A row counts only when {t.row} and {u.row}. @Show {yes} for it and {no} for the others.
''')
def and_flag(s: Scene) -> Draft:
    t, u, (yes, no) = row_test(s), row_test(s), outcome_pair(s)
    return Draft(f"IF(AND({t.formula},{u.formula}),{yes.formula},{no.formula})", result="flag", t=t, u=u, yes=yes, no=no)


@row_kind("or_flag", share=3, wordings='''
telegraphic: if {t.row} or {u.row} @show {yes}[,|] @otherwise {no}
telegraphic: if either {t.row} or {u.row} then {yes} else {no}
telegraphic: {yes} if {t.row} or {u.row}, else {no}
telegraphic: {t.row} or {u.row}: {yes}, otherwise {no}
imperative: @Show {yes} if {t.row} or {u.row}[,|] @otherwise {no}
imperative: @Show {yes} if at least one is true: {t.row} or {u.row}[,|] @otherwise {no}
imperative: @Check @whether {t.row} or {u.row}[,|] and @show {yes}, @otherwise {no}
imperative: @Show {yes} when either {t.row} or {u.row}, @otherwise {no}
imperative: Use IF with OR to @show {yes} when {t.row} or {u.row}, @otherwise {no}
question: @how_to @show {yes} if {t.row} or {u.row}, @otherwise {no}?
question: @how_to @show {yes} if either {t.row} or {u.row} and {no} if not?
question: @how_to check two conditions, {t.row} or {u.row}, and @show {yes} if one of them is [true|met], @otherwise {no}?
question: what formula [shows|gives|returns] {yes} when {t.row} or {u.row}, @otherwise {no}?
narrative: One of two things must be true: {t.row} or {u.row}. @Show {yes} if so, @otherwise {no}.
narrative: @need_to check two conditions. If {t.row} or {u.row}, @show {yes}, else {no}.
narrative: A row counts as soon as {t.row} or {u.row}. @Show {yes} for it and {no} for the others.
''')
def or_flag(s: Scene) -> Draft:
    t, u, (yes, no) = row_test(s), row_test(s), outcome_pair(s)
    return Draft(f"IF(OR({t.formula},{u.formula}),{yes.formula},{no.formula})", result="flag", t=t, u=u, yes=yes, no=no)


@row_kind("either_value", share=2, wordings='''
telegraphic: if {x} is {v} or {w} @show {yes}[,|] @otherwise {no}
telegraphic: if {x} = {v} or {w} then {yes} else {no}
telegraphic: {yes} if {x} is {v} or {w}, else {no}
telegraphic: {x} is either {v} or {w}: {yes}, if not {no}
imperative: @Show {yes} if {x} is {v} or {w}[,|] @otherwise {no}
imperative: @Show {yes} if {x} [equals|is equal to|matches] {v} or {w}[,|] @otherwise {no}
imperative: @Check @whether {x} is [one of|either] {v} or {w} and @show {yes}, @otherwise {no}
imperative: @Show {yes} when {x} is either {v} or {w} and {no} in all other cases
question: @how_to @show {yes} if {x} is {v} or {w}, @otherwise {no}?
question: @how_to @show {yes} when {x} equals either {v} or {w} and {no} if not?
question: @how_to @check if {x} is one of two values, {v} or {w}, and @show {yes} or {no}?
question: what formula [shows|gives|returns] {yes} when {x} is {v} or {w}, @otherwise {no}?
narrative: Only {v} and {w} are allowed in {x}. @Show {yes} if it is one of them, @otherwise {no}.
narrative: Two values count for us. If {x} is {v} or {w} @show {yes}, @otherwise {no}.
narrative: @need_to check {x}. If it is {v} or {w}, @show {yes}, else {no}.
narrative: {x} can have many values. If it is either {v} or {w} @show {yes}, @otherwise {no}.
''')
def either_value(s: Scene) -> Draft:
    x, (yes, no) = s.category(), outcome_pair(s)
    v, w = s.value_of(x), s.value_of(x)
    if v.raw == w.raw:
        raise NoColumn("two different values")
    return Draft(f"IF(OR({x.cell}={v.formula},{x.cell}={w.formula}),{yes.formula},{no.formula})", result="flag", x=x.cell_name, v=v, w=w, yes=yes, no=no)


@row_kind("between_flag", share=2.5, wordings='''
telegraphic: if {b.row} @show {yes}[,|] @otherwise {no}
telegraphic: if {b.row} then {yes} else {no}
telegraphic: {yes} if {b.row}, else {no}
telegraphic: {b.row}: {yes}, if not {no}
imperative: @Show {yes} if {b.row}[,|] @otherwise {no}
imperative: @Check @whether {b.row} and @show {yes}[,| if so,] @otherwise {no}
imperative: @Show {yes} when {b.row} and {no} [in all other cases|otherwise]
imperative: @Show {no} unless {b.row}, then @show {yes}
question: @how_to @show {yes} if {b.row}, @otherwise {no}?
question: @how_to @check if {b.row} and @show {yes} or {no}?
question: @how_to @show {yes} when {b.row} and {no} if it is outside?
question: what formula [shows|gives|returns] {yes} when {b.row}, @otherwise {no}?
narrative: The allowed values have a lower and an upper limit. If {b.row} @show {yes}, @otherwise {no}.
narrative: @need_to check a limit. If {b.row}, both ends included, @show {yes}, else {no}.
narrative: Values outside the limits are {no}. If {b.row} @show {yes}.
narrative: When {b.row} the result is {yes}. In all other cases it should be {no}.
''')
def between_flag(s: Scene) -> Draft:
    b, (yes, no) = s.between(s.numbers() if s.rng.random() < 0.8 else s.dates()), outcome_pair(s)
    return Draft(f"IF({b.on(b.ref.cell)},{yes.formula},{no.formula})", result="flag", b=b, yes=yes, no=no)


def _steps(s: Scene) -> tuple[Test, Test, list[Literal]]:
    """Two tests on one cell, the stricter one first, and three outcomes."""
    outcomes = s.words(3) if s.rng.random() < 0.8 else [s.number(0, 500) for _ in range(3)]
    if len({outcome.raw for outcome in outcomes}) < 3:
        raise NoColumn("three different outcomes")
    if s.rng.random() < 0.35:
        x = s.category()
        t, u = s.equals(x), s.equals(x)
        if t.literal.raw == u.literal.raw:
            raise NoColumn("two different values")
        return t, Test(x, "=", u.literal, t.verb, t.form), outcomes
    x, (operator, verb) = s.numbers(), s.comparison()
    low, high = sorted((s.threshold(x), s.threshold(x)), key=lambda literal: literal.value)
    if low.value == high.value:
        raise NoColumn("two different limits")
    first, second = (high, low) if operator[0] == ">" else (low, high)
    return Test(x, operator, first, verb, 0), Test(x, operator, second, verb, 0), outcomes


@row_kind("nested_if", share=4, wordings='''
telegraphic: if {t.row} @show {one}, if it {u.predicate} @show {two}, @otherwise {three}
telegraphic: {one} if {t.row}, {two} if it {u.predicate}, else {three}
telegraphic: if {t.row} then {one}, else if it {u.predicate} then {two}, else {three}
telegraphic: {t.row}: {one}, {u.bare}: {two}, everything else: {three}
imperative: @Show {one} if {t.row}, {two} if it {u.predicate}[,|] and {three} [otherwise|in all other cases|for the rest]
imperative: @Show {one} when {t.row}, {two} when it {u.predicate}, @otherwise {three}
imperative: @Show {one}, {two} or {three}: {one} if {t.row}, {two} if it {u.predicate}, {three} if neither
imperative: Check {x}: @show {one} if it {t.predicate}, {two} if it {u.predicate}, @otherwise {three}
question: @how_to @show {one} if {t.row}, {two} if it {u.predicate} and {three} otherwise?
question: @how_to write a nested if with {one} when {t.row}, {two} when it {u.predicate}, else {three}?
question: @how_to check three cases: {one} if {t.row}, {two} if it {u.predicate}, @otherwise {three}?
question: what formula [shows|gives|returns] {one} if {t.row}, {two} if it {u.predicate}, @otherwise {three}?
narrative: I have three [levels|groups|grades]. If {t.row} @show {one}, if it {u.predicate} @show {two}, @otherwise {three}.
narrative: Our grades: {one} when {t.row}, {two} when it {u.predicate}, and {three} for everything else. @i_need the formula.
narrative: @need_to grade {x}. It is {one} if it {t.predicate}, {two} if it {u.predicate}, @otherwise {three}.
narrative: There are three outcomes. If {t.row} it is {one}. If it {u.predicate} it is {two}. All the rest is {three}.
''')
def nested_if(s: Scene) -> Draft:
    t, u, (one, two, three) = _steps(s)
    return Draft(f"IF({t.formula},{one.formula},IF({u.formula},{two.formula},{three.formula}))", result="flag", t=t, u=u, x=t.ref.cell_name, one=one, two=two, three=three)


@row_kind("ifs", share=1.5, wordings='''
telegraphic: IFS: if {t.row} @show {one}, if it {u.predicate} @show {two}, @otherwise {three}
telegraphic: ifs {t.row} {one}, {u.bare} {two}, else {three}
telegraphic: {one} if {t.row}, {two} if it {u.predicate}, else {three}, using ifs
telegraphic: ifs formula: {t.row} {one}, {u.bare} {two}, everything else {three}
imperative: Use IFS to @show {one} if {t.row}, {two} if it {u.predicate} and {three} otherwise
imperative: Use the IFS function to @show {one} when {t.row}, {two} when it {u.predicate}, @otherwise {three}
telegraphic: with IFS, @show {one} if {t.row}, {two} if it {u.predicate}, {three} if neither
imperative: Write an IFS that shows {one} if {t.row}, {two} if it {u.predicate}, @otherwise {three}
question: @how_to use IFS to @show {one} if {t.row}, {two} if it {u.predicate} and {three} otherwise?
question: @how_to write an ifs formula with {one} when {t.row}, {two} when it {u.predicate}, else {three}?
question: @how_to check three cases with IFS: {one} if {t.row}, {two} if it {u.predicate}, @otherwise {three}?
question: what IFS formula [shows|gives|returns] {one} if {t.row}, {two} if it {u.predicate}, @otherwise {three}?
narrative: I have three [levels|groups|grades] and want IFS. If {t.row} @show {one}, if it {u.predicate} @show {two}, @otherwise {three}.
narrative: Our grades: {one} when {t.row}, {two} when it {u.predicate}, and {three} for everything else. @i_need an IFS formula.
narrative: @need_to grade {x} using IFS. It is {one} if it {t.predicate}, {two} if it {u.predicate}, @otherwise {three}.
narrative: Nested ifs are hard to read, so use IFS. If {t.row} it is {one}, if it {u.predicate} it is {two}, else {three}.
''')
def ifs(s: Scene) -> Draft:
    t, u, (one, two, three) = _steps(s)
    return Draft(f"IFS({t.formula},{one.formula},{u.formula},{two.formula},TRUE,{three.formula})", result="flag", t=t, u=u, x=t.ref.cell_name, one=one, two=two, three=three)
