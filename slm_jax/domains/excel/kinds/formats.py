"""Kinds that turn values into text and back: number formats, leading zeros, text to number, digits out of text."""

from slm_jax.domains.excel.kinds.row_parts import row_kind, sign_in_text
from slm_jax.domains.excel.scene import Draft, Scene


@row_kind("pad_zeros", share=2, wordings='''
imperative: Pad {x} with zeros to {n} digits
imperative: Pad {x} with leading zeros to {n} [digits|characters|places]
imperative: Add leading zeros to {x} so that it has {n} digits
imperative: Make {x} {n} digits long with leading zeros
imperative: @Display {x} as a {n} digit number with leading zeros
imperative: Zero-pad {x} to {n} digits
question: @how_to pad {x} with zeros to {n} digits?
question: @how_to add leading zeros to {x} so it has {n} digits?
question: @how_to @display {x} as a {n} digit code with leading zeros?
question: @how_to keep leading zeros in {x} with {n} digits?
telegraphic: pad {x} to {n} digits
telegraphic: leading zeros {x} {n} digits
telegraphic: {x} with leading zeros, {n} digits
telegraphic: zero pad {x} {n}
narrative: Codes must have {n} digits. Add leading zeros to {x}.
narrative: {x} lost its leading zeros. @Display it with {n} digits again.
narrative: The system wants numbers with {n} digits. Pad {x} with zeros.
''')
def pad_zeros(s: Scene) -> Draft:
    x, n = s.numbers(), s.number(4, 9)
    return Draft(f'TEXT({x.cell},"{"0" * int(n.formula)}")', result="text", x=x.cell_name, n=n)


@row_kind("number_format", share=2, wordings='''
imperative/two: Format {x} as text with 2 decimals
imperative/two: @Display {x} as text with two decimal places
question/two: @how_to @display {x} as text with 2 decimals?
telegraphic/two: {x} as text, 2 decimals
narrative/two: @need_to use {x} in a sentence. @Convert it to text with 2 decimals.
imperative/thousand: Format {x} as text with a thousands separator
imperative/thousand: @Display {x} as text with [commas for thousands|thousands separators]
question/thousand: @how_to @display {x} as text with [commas for thousands|a thousands separator]?
telegraphic/thousand: {x} as text with thousands separator
narrative/thousand: Large numbers are hard to read. @Display {x} as text with a thousands separator.
imperative/percent: @Display {x} as a percentage text without decimals
imperative/percent: Format {x} as text with a percent sign
question/percent: @how_to @display {x} as text with a percent sign?
telegraphic/percent: {x} as percent text
narrative/percent: {x} is a fraction. @Convert it to text with a percent sign.
imperative/dollar: Format {x} as dollars with two decimals and thousands separators
imperative/dollar: @Display {x} as [text in|] dollar format
question/dollar: @how_to format {x} as dollars [in text|as text]?
telegraphic/dollar: {x} as text in dollar format
narrative/dollar: The letter should show a dollar amount. @Convert {x} to text in dollar format.
''')
def number_format(s: Scene) -> Draft:
    style = s.rng.choice(["two", "thousand", "percent", "dollar"])
    x = s.percents() if style == "percent" else s.numbers()
    pattern = {"two": "0.00", "thousand": "#,##0", "percent": "0%", "dollar": "$#,##0.00"}[style]
    return Draft(f'TEXT({x.cell},"{pattern}")', result="text", wording=style, x=x.cell_name)


@row_kind("text_to_number", share=1.5, wordings='''
imperative: @Convert the text in {x} to a number
imperative: @Convert {x} from text to a number
imperative: Turn the number stored as text in {x} into a real number
imperative: Make the text in {x} a numeric value
imperative: Change {x} from text to number
question: @how_to @convert the text in {x} to a number?
question: @how_to @convert {x} from text to number?
question: @how_to turn a number stored as text in {x} into a real number?
question: @what_is the numeric value of the text in {x}?
telegraphic: text to number {x}
telegraphic: {x} text to numeric
telegraphic: {x} from text to a number
telegraphic: value of text {x}
narrative: {x} looks like a number but is text. @Convert it to a number.
narrative: The import stored numbers as text. @need_to turn {x} into a real number.
narrative: SUM ignores {x} because it is text. @Convert it to a number.
''')
def text_to_number(s: Scene) -> Draft:
    x = s.numbers()
    return Draft(f"VALUE({x.cell})", result="number", x=x.cell_name)


@row_kind("number_to_text", share=0.8, wordings='''
imperative: @Convert the number in {x} to text
imperative: @Convert {x} from a number to text
imperative: Turn the number in {x} into text
imperative: Make the number in {x} a text value
imperative: Store the number in {x} as text
question: @how_to @convert the number in {x} to text?
question: @how_to @convert {x} from number to text?
question: @how_to store the number in {x} as text?
question: @how_to turn a number in {x} into text?
telegraphic: number to text {x}
telegraphic: {x} number as text
telegraphic: {x} from number to text
narrative: {x} is a number and the codes are text. @Convert it to text.
narrative: My lookup needs text. @need_to turn the number in {x} into text.
narrative: The keys are text but {x} holds a number. @Convert it to text.
narrative: The other system wants text. @Convert the number in {x}.
''')
def number_to_text(s: Scene) -> Draft:
    x = s.numbers()
    return Draft(f'TEXT({x.cell},"0")', result="text", x=x.cell_name)


@row_kind("digits", share=1.5, wordings='''
imperative: @Extract only the [digits|numbers] from {x}
imperative: @Extract all digits @of {x}
imperative: Keep only the [digits|numbers] of {x}
imperative: @Remove all [letters|non-numeric characters|text] from {x} and keep the digits
imperative: @Extract the digits from the text in {x}
imperative: @Display {x} with digits only
question: @how_to @extract only the [digits|numbers] from {x}?
question: @how_to @remove all letters from {x} and keep the digits?
question: @how_to keep only the [digits|numbers] in {x}?
question: what digits are in {x}?
telegraphic: digits only {x}
telegraphic: @extract digits from {x}
telegraphic: only the [digits|numbers] of {x}
telegraphic: {x} without letters, digits only
narrative: {x} mixes letters and digits. @i_need only the digits.
narrative: The [code|text] in {x} has numbers in it. @Extract only the digits.
narrative: There is text around the number in {x}. @need_to keep the digits only.
''')
def digits(s: Scene) -> Draft:
    x = s.codes()
    return Draft(f'TEXTJOIN("",TRUE,IFERROR(MID({x.cell},SEQUENCE(LEN({x.cell})),1)*1,""))', result="text", x=x.cell_name)


@row_kind("split", share=1.5, wordings='''
imperative: Split {x} at the {d}
imperative: Split {x} by {d} into [separate|several] [columns|cells]
imperative: Split the text in {x} into columns at [each|every] {d}
imperative: Separate {x} into columns by {d}
imperative: Break {x} [apart|up] at every {d}
question: @how_to split {x} at the {d}?
question: @how_to split {x} into [columns|separate cells] by {d}?
question: @how_to separate the text in {x} at [each|every] {d}?
question: @how_to break {x} [up|apart] by {d}?
telegraphic: split {x} by {d}
telegraphic: split {x} at {d} into columns
telegraphic: textsplit {x} {d}
telegraphic: {x} into columns at {d}
narrative: {x} has several parts. Split it at the {d} into columns.
narrative: The parts of {x} are separated by {d}. @need_to split them into columns.
narrative: @i_need the parts of {x} in separate columns. Split it at every {d}.
''')
def split(s: Scene) -> Draft:
    d, x = sign_in_text(s)
    return Draft(f"TEXTSPLIT({x.cell},{d.formula})", result="array", x=x.cell_name, d=d)
