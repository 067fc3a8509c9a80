"""Kinds of cell arithmetic: sums, differences, products, remainders, powers, limits."""

from slm_jax.domains.excel.kinds.row_parts import cell_in_row, pair, row_kind
from slm_jax.domains.excel.scene import Draft, Scene


@row_kind("add_cells", share=2, wordings='''
imperative/two: Add {a} and {b}
imperative/two: Add {a} to {b}
imperative/two: @Compute {a} plus {b}
imperative/two: @Compute the sum of {a} and {b}
question/two: @how_to add {a} and {b}?
question/two: what is {a} plus {b}?
telegraphic/two: {a} plus {b}
telegraphic/two: {a} + {b}
telegraphic/two: add {a} {b}
narrative/two: The total is made of {a} and {b}. Add them.
imperative/three: Add {a}, {b} and {c}
imperative/three: Add up {a}, {b} and {c}
imperative/three: @Compute the sum of {a}, {b} and {c}
question/three: @how_to add {a}, {b} and {c}?
question/three: what is {a} plus {b} plus {c}?
telegraphic/three: {a} + {b} + {c}
telegraphic/three: add {a} {b} {c}
narrative/three: I have three amounts in {a}, {b} and {c}. @need_to add them [up|together].
''')
def add_cells(s: Scene) -> Draft:
    if s.style != "header" and s.rng.random() < 0.4:
        a, b = pair(s, s.numbers)
        return Draft(f"{a.cell}+{b.cell}", result="number", wording="two", a=a.cell_name, b=b.cell_name)
    a, b = s.numbers(), s.numbers()
    if s.rng.random() < 0.35:
        return Draft(f"{a.cell}+{b.cell}", result="number", wording="two", a=cell_in_row(s, a), b=cell_in_row(s, b))
    c = s.numbers()
    return Draft(f"{a.cell}+{b.cell}+{c.cell}", result="number", wording="three", a=cell_in_row(s, a), b=cell_in_row(s, b), c=cell_in_row(s, c))


@row_kind("subtract_cells", share=2, wordings='''
imperative: Subtract {b} from {a}
imperative: @Compute {a} minus {b}
imperative: Take {b} away from {a}
imperative: Deduct {b} from {a}
imperative: @Compute what is left of {a} after {b}
imperative: @Compute how much {a} exceeds {b}
question: @how_to subtract {b} from {a}?
question: what is {a} minus {b}?
question: how much is left of {a} after {b} is deducted?
question: @how_to deduct {b} from {a}?
question: by how much is {a} higher than {b}?
telegraphic: {a} minus {b}
telegraphic: {a} - {b}
telegraphic: {a} less {b}
telegraphic: subtract {b} from {a}
narrative: {a} is what came in and {b} is what went out. Subtract {b} from {a}.
narrative: From {a} @need_to deduct {b}. @Display what is left.
''')
def subtract_cells(s: Scene) -> Draft:
    a, b = pair(s, s.numbers)
    return Draft(f"{a.cell}-{b.cell}", result="number", a=a.cell_name, b=b.cell_name)


@row_kind("multiply", share=2, wordings='''
imperative/cells: Multiply {a} by {b}
imperative/cells: Multiply {a} and {b}
imperative/cells: @Compute {a} times {b}
imperative/cells: @Compute the product of {a} and {b}
question/cells: @how_to multiply {a} by {b}?
question/cells: what is {a} times {b}?
telegraphic/cells: {a} times {b}
telegraphic/cells: {a} * {b}
telegraphic/cells: {a} x {b}
narrative/cells: {a} is the quantity and {b} the price. Multiply them.
narrative/cells: The amount is {a} multiplied by {b}. @Compute it.
imperative/factor: Multiply {a} by {n}
imperative/factor: @Compute {a} times {n}
imperative/factor: @Convert {a} with the factor {n}
question/factor: @how_to multiply {a} by {n}?
question/factor: what is {a} times {n}?
telegraphic/factor: {a} times {n}
telegraphic/factor: {a} * {n}
narrative/factor: {a} is in another unit. Multiply it by the factor {n}.
narrative/factor: One unit equals {n} of the other. @Convert {a} by multiplying it with {n}.
''')
def multiply(s: Scene) -> Draft:
    if s.rng.random() < 0.5:
        a, b = pair(s, s.numbers)
        return Draft(f"{a.cell}*{b.cell}", result="number", wording="cells", a=a.cell_name, b=b.cell_name)
    a, n = s.numbers(), s.number(2, 60, decimals=s.rng.choice([0, 1, 2, 4]))
    return Draft(f"{a.cell}*{n.formula}", result="number", wording="factor", a=a.cell_name, n=n)


@row_kind("divide", share=2, wordings='''
imperative/cells: Divide {a} by {b}
imperative/cells: @Compute {a} divided by {b}
imperative/cells: @Compute the ratio of {a} to {b}
imperative/cells: @Compute {a} per {b}
question/cells: @how_to divide {a} by {b}?
question/cells: what is {a} divided by {b}?
telegraphic/cells: {a} divided by {b}
telegraphic/cells: {a} / {b}
telegraphic/cells: ratio of {a} to {b}
narrative/cells: {a} is the total and {b} the [count|number]. Divide {a} by {b}.
imperative/factor: Divide {a} by {n}
imperative/factor: @Compute {a} divided by {n}
imperative/factor: Split {a} into {n} equal parts
question/factor: @how_to divide {a} by {n}?
question/factor: what is {a} divided by {n}?
telegraphic/factor: {a} divided by {n}
telegraphic/factor: {a} / {n}
narrative/factor: {a} is shared among {n} people. @Compute what each of them gets.
narrative/factor: {a} is an amount for {n} months. Divide it by {n}.
''')
def divide(s: Scene) -> Draft:
    if s.rng.random() < 0.6:
        a, b = pair(s, s.numbers)
        return Draft(f"{a.cell}/{b.cell}", result="number", wording="cells", a=a.cell_name, b=b.cell_name)
    a, n = s.numbers(), s.number(2, 60)
    return Draft(f"{a.cell}/{n.formula}", result="number", wording="factor", a=a.cell_name, n=n)


@row_kind("two_step", share=2, wordings='''
imperative/plus: Add {a} and {b} and multiply the [sum|result] by {c}
imperative/plus: Multiply the sum of {a} and {b} by {c}
question/plus: @how_to add {a} and {b} and multiply the [sum|result] by {c}?
question/plus: what is the sum of {a} and {b} times {c}?
telegraphic/plus: ({a} + {b}) * {c}
telegraphic/plus: sum of {a} and {b} times {c}
narrative/plus: {a} and {b} are added first. Then multiply the [sum|result] by {c}.
imperative/minus: Subtract {b} from {a} and multiply the [difference|result] by {c}
imperative/minus: Multiply the difference of {a} and {b} by {c}
question/minus: @how_to subtract {b} from {a} and multiply the [difference|result] by {c}?
telegraphic/minus: ({a} - {b}) * {c}
telegraphic/minus: {a} minus {b}, then times {c}
narrative/minus: {b} is deducted from {a} first. Then multiply the [difference|result] by {c}.
imperative/after: Multiply {a} by {b} and subtract {c}
imperative/after: Multiply {a} and {b} and then deduct {c}
question/after: @how_to multiply {a} by {b} and then subtract {c}?
telegraphic/after: {a} * {b} - {c}
telegraphic/after: {a} times {b} minus {c}
narrative/after: The amount is {a} times {b}. Then {c} is deducted. @Compute the result.
''')
def two_step(s: Scene) -> Draft:
    a, b, c, how = s.numbers(), s.numbers(), s.numbers(), s.rng.choice(["plus", "minus", "after"])
    formula = {"plus": f"({a.cell}+{b.cell})*{c.cell}", "minus": f"({a.cell}-{b.cell})*{c.cell}", "after": f"{a.cell}*{b.cell}-{c.cell}"}[how]
    return Draft(formula, result="number", wording=how, a=a.cell_name, b=b.cell_name, c=c.cell_name)


@row_kind("average_cells", share=1.5, wordings='''
imperative/two: Average {a} and {b}
imperative/two: @Compute the [average|mean] of {a} and {b}
imperative/two: Take the [average|mean] of {a} and {b}
question/two: what is the [average|mean] of {a} and {b}?
question/two: @how_to average {a} and {b}?
telegraphic/two: [average|mean|avg] of {a} and {b}
telegraphic/two: [average|avg] {a} {b}
narrative/two: I have two scores in {a} and {b}. @Compute their [average|mean].
imperative/three: Average {a}, {b} and {c}
imperative/three: @Compute the [average|mean] of {a}, {b} and {c}
imperative/three: Take the [average|mean] of {a}, {b} and {c}
question/three: what is the [average|mean] of {a}, {b} and {c}?
question/three: @how_to average {a}, {b} and {c}?
telegraphic/three: [average|mean|avg] of {a}, {b} and {c}
telegraphic/three: [average|avg] {a} {b} {c}
narrative/three: I have three scores in {a}, {b} and {c}. @Compute their [average|mean].
''')
def average_cells(s: Scene) -> Draft:
    a, b = s.numbers(), s.numbers()
    if s.rng.random() < 0.5:
        return Draft(f"AVERAGE({a.cell},{b.cell})", result="number", wording="two", a=cell_in_row(s, a), b=cell_in_row(s, b))
    c = s.numbers()
    return Draft(f"AVERAGE({a.cell},{b.cell},{c.cell})", result="number", wording="three", a=cell_in_row(s, a), b=cell_in_row(s, b), c=cell_in_row(s, c))


@row_kind("cell_limits", share=2, wordings='''
imperative/larger: @Display the [larger|higher|greater|bigger] of {a} and {b}
imperative/larger: @Compute the maximum of {a} and {b}
question/larger: which is the [larger|higher|greater] value, {a} or {b}?
question/larger: @how_to @display the [larger|higher|bigger] of {a} and {b}?
telegraphic/larger: [larger|higher|bigger] of {a} and {b}
narrative/larger: We pay the higher of two amounts. @Display the [larger|higher] of {a} and {b}.
imperative/smaller: @Display the [smaller|lower|lesser] of {a} and {b}
imperative/smaller: @Compute the minimum of {a} and {b}
question/smaller: which is the [smaller|lower] value, {a} or {b}?
question/smaller: @how_to @display the [smaller|lower] of {a} and {b}?
telegraphic/smaller: [smaller|lower] of {a} and {b}
narrative/smaller: We pay the lower of two amounts. @Display the [smaller|lower] of {a} and {b}.
imperative/cap: Cap {a} at {n}
imperative/cap: Limit {a} to [at most|a maximum of] {n}
imperative/cap: @Display {a} but never more than {n}
question/cap: @how_to cap {a} at {n}?
question/cap: @how_to limit {a} to [at most|a maximum of] {n}?
telegraphic/cap: {a} capped at {n}
telegraphic/cap: {a}, maximum {n}
narrative/cap: {a} may not exceed {n}. @Display it with that limit.
imperative/floor: @Display {a} but never less than {n}
imperative/floor: @Display {a} or {n}, whichever is higher
question/floor: @how_to @display {a} but at least {n}?
telegraphic/floor: {a} but at least {n}
narrative/floor: {a} may not fall below {n}. @Display it with that minimum.
''')
def cell_limits(s: Scene) -> Draft:
    how = s.rng.choice(["larger", "smaller", "cap", "cap", "floor"])
    function = "MAX" if how in ("larger", "floor") else "MIN"
    if how in ("larger", "smaller"):
        a, b = pair(s, s.numbers)
        return Draft(f"{function}({a.cell},{b.cell})", result="number", wording=how, a=a.cell_name, b=b.cell_name)
    a = s.numbers()
    n = s.threshold(a)
    return Draft(f"{function}({a.cell},{n.formula})", result="number", wording=how, a=a.cell_name, n=n)


@row_kind("absolute", share=1, wordings='''
imperative/difference: @Compute the absolute difference between {a} and {b}
imperative/difference: Subtract {b} from {a} and drop the sign
imperative/difference: @Compute the difference between {a} and {b} as a positive number
question/difference: @how_to @compute the absolute difference between {a} and {b}?
question/difference: @how_to @display the difference between {a} and {b} without the minus sign?
telegraphic/difference: absolute difference {a} {b}
telegraphic/difference: difference of {a} and {b}, always positive
narrative/difference: I only care about how far {a} and {b} are apart. @Compute the absolute difference.
imperative/value: @Compute the absolute value of {a}
imperative/value: @Display {a} without its [sign|minus sign]
imperative/value: Make {a} a positive number
question/value: @what_is the absolute value of {a}?
question/value: @how_to make {a} positive?
telegraphic/value: absolute value of {a}
telegraphic/value: abs {a}
narrative/value: {a} may be negative. @i_need it without the sign.
''')
def absolute(s: Scene) -> Draft:
    if s.rng.random() < 0.5:
        a = s.numbers()
        return Draft(f"ABS({a.cell})", result="number", wording="value", a=a.cell_name)
    a, b = pair(s, s.numbers)
    return Draft(f"ABS({a.cell}-{b.cell})", result="number", wording="difference", a=a.cell_name, b=b.cell_name)


@row_kind("remainder", share=1.5, wordings='''
imperative/rest: @Compute the remainder of {a} divided by {n}
imperative/rest: Divide {a} by {n} and @display the remainder
question/rest: @what_is the remainder when {a} is divided by {n}?
question/rest: @how_to @compute the remainder of {a} divided by {n}?
telegraphic/rest: remainder of {a} / {n}
telegraphic/rest: {a} mod {n}
narrative/rest: {a} items are packed in boxes of {n}. @Compute how many are left over.
imperative/even: @Check @whether {a} is even
question/even: is {a} an even number?
question/even: @how_to @check if {a} is even?
telegraphic/even: is {a} even
narrative/even: Even numbers go to the left. @Check @whether {a} is even.
imperative/odd: @Check @whether {a} is odd
question/odd: is {a} an odd number?
question/odd: @how_to @check if {a} is odd?
telegraphic/odd: is {a} odd
narrative/odd: Odd numbers go to the right. @Check @whether {a} is odd.
imperative/times: @Compute how many full {n}s fit into {a}
question/times: how many times does {n} go into {a} as a whole number?
telegraphic/times: whole number of times {n} goes into {a}
narrative/times: {a} items are packed in boxes of {n}. @Compute the number of full boxes.
''')
def remainder(s: Scene) -> Draft:
    a, n, how = s.numbers(), s.number(2, 60), s.rng.choice(["rest", "rest", "even", "odd", "times"])
    formula = {"rest": f"MOD({a.cell},{n.formula})", "even": f"ISEVEN({a.cell})", "odd": f"ISODD({a.cell})", "times": f"QUOTIENT({a.cell},{n.formula})"}[how]
    return Draft(formula, result="flag" if how in ("even", "odd") else "number", wording=how, a=a.cell_name, n=n)


@row_kind("power", share=1, wordings='''
imperative/power: Raise {a} to the power of {n}
imperative/power: @Compute {a} to the power of {n}
question/power: @how_to raise {a} to the power of {n}?
question/power: what is {a} to the power of {n}?
telegraphic/power: {a} to the power {n}
telegraphic/power: {a} ^ {n}
narrative/power: The model needs a power. Raise {a} to the power of {n}.
imperative/square: Square {a}
imperative/square: @Compute the square of {a}
question/square: @how_to square {a}?
telegraphic/square: {a} squared
imperative/root: @Compute the square root of {a}
imperative/root: Take the square root of {a}
question/root: @what_is the square root of {a}?
question/root: @how_to @compute the square root of {a}?
telegraphic/root: square root of {a}
telegraphic/root: sqrt {a}
narrative/root: {a} is an area. @i_need its square root.
''')
def power(s: Scene) -> Draft:
    a, n, how = s.numbers(), s.number(3, 9), s.rng.choice(["power", "square", "root", "root"])
    return Draft({"power": f"{a.cell}^{n.formula}", "square": f"{a.cell}^2", "root": f"SQRT({a.cell})"}[how], result="number", wording=how, a=a.cell_name, n=n)


@row_kind("row_number", share=1.5, wrap=False, wordings='''
imperative: Number the rows [starting at|from] 1 below the header
imperative: Number the rows automatically
imperative: @Display the row number minus the header [row|]
imperative: Make a running number for each row
imperative: Insert a serial number for every row below the header
question: @how_to number the rows [automatically|starting at 1|]?
question: @how_to make a serial number for each row?
question: @how_to @show a row counter that skips the header?
question: @how_to get row numbers that start at 1 in row 2?
telegraphic: row number without header
telegraphic: number rows 1, 2, 3
telegraphic: serial number for each row
telegraphic: auto numbering of rows
narrative: My table has a header in row 1. @need_to number the rows below it.
narrative: @i_need a serial number column. Number the rows starting at 1 below the header.
narrative: The list should be numbered. @Show 1 in the first row below the header, 2 in the next and so on.
''')
def row_number(s: Scene) -> Draft:
    return Draft("ROW()-1", result="number")
