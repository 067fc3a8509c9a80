"""Kinds that join, replace, clean, measure and re-case text."""

from slm_jax.domains.excel.kinds.row_parts import cell_in_row, part_of_cell, row_kind, separator, sign_forms, sign_in_text, sign_word, some_text
from slm_jax.domains.excel.literals import Literal
from slm_jax.domains.excel.scene import Draft, NoColumn, Ref, Scene


@row_kind("join_two", share=3, wordings='''
imperative: @Join {a} and {b} with {sep} between them
imperative: @Join {a} and {b}[,|] separated by {sep}
imperative: @Join {a} with {b} using {sep} as the separator
imperative: @Join the [text|contents|values] of {a} and {b} with {sep} in between
imperative: @Show {a}, then {sep}, then {b} in one cell
question: @how_to @join {a} and {b} with {sep} in between?
question: @how_to @join {a} and {b} separated by {sep}?
question: @how_to @join two cells, {a} and {b}, with {sep} between them?
question: @what_is {a} and {b} [joined|combined|merged] with {sep}?
telegraphic: @join {a} and {b} with {sep}
telegraphic: {a} and {b} [joined|combined|merged] with {sep}
telegraphic: @join {a} {b} separator {sep}
telegraphic: {a} {sep} {b} in one cell
narrative: {a} and {b} should stand in one cell. @Join them with {sep} between.
narrative: I have one part in {a} and the other in {b}. @need_to @join them with {sep} in between.
narrative: The label is made of {a} and {b}. @Join the two, separated by {sep}.
''')
def join_two(s: Scene) -> Draft:
    a, b, sep = some_text(s), some_text(s), separator(s)
    return Draft(f'{a.cell}&{sep.formula}&{b.cell}', result="text", a=a.cell_name, b=b.cell_name, sep=sep)


@row_kind("join_plain", share=1.5, wordings='''
imperative: @Join {a} and {b}
imperative: @Join {a} and {b} without [a separator|any separator|anything between them]
imperative: @Join the [text|contents|values] of {a} and {b} directly
imperative: @Join {a} with {b} into one [cell|text|string]
imperative: Put {b} right after {a} in [one|a single] [cell|text]
question: @how_to @join {a} and {b}?
question: @how_to @join {a} and {b} into one [cell|text|string]?
question: @how_to @join two cells {a} and {b} without [a separator|a space]?
question: @what_is {a} [joined|combined|merged] with {b}?
telegraphic: @join {a} and {b}
telegraphic: @join {a} {b} no [separator|space]
telegraphic: {a} and {b} in one cell
telegraphic: concat {a} and {b}
narrative: The two parts are in {a} and {b}. @Join them into one [text|string].
narrative: I have a [code|label] in two cells. @need_to @join {a} and {b} without [a separator|a space].
narrative: {a} and {b} belong together. @need_to @join them into a single cell.
''')
def join_plain(s: Scene) -> Draft:
    a, b = some_text(s), some_text(s)
    return Draft(f"{a.cell}&{b.cell}", result="text", a=a.cell_name, b=b.cell_name)


@row_kind("join_three", share=1.5, wordings='''
imperative: @Join {a}, {b} and {c} with {sep} between them
imperative: @Join {a}, {b} and {c}[,|] separated by {sep}
imperative: @Join {a}, {b} and {c} using {sep} as the separator
imperative: @Join {a}, {b}, {c} with {sep} in between
imperative: @Show {a}, {b} and {c} in one cell with {sep} between each
question: @how_to @join {a}, {b} and {c} with {sep} in between?
question: @how_to @join {a}, {b} and {c} separated by {sep}?
question: @how_to @join three cells, {a}, {b} and {c}, with {sep} between them?
question: @what_is {a}, {b} and {c} [joined|combined|merged] with {sep}?
telegraphic: @join {a}, {b}, {c} with {sep}
telegraphic: @join {a} {b} {c} separator {sep}
telegraphic: {a}, {b} and {c} [joined|combined|merged] with {sep}
telegraphic: {a} {b} {c} in one cell separated by {sep}
narrative: {a}, {b} and {c} should stand in one cell. @Join them with {sep} between.
narrative: I have three parts in {a}, {b} and {c}. @need_to @join them with {sep} in between.
narrative: The label is made of {a}, {b} and {c}. @Join the three, separated by {sep}.
''')
def join_three(s: Scene) -> Draft:
    a, b, c, sep = some_text(s), some_text(s), some_text(s), separator(s)
    return Draft(f"{a.cell}&{sep.formula}&{b.cell}&{sep.formula}&{c.cell}", result="text", a=a.cell_name, b=b.cell_name, c=c.cell_name, sep=sep)


@row_kind("textjoin", share=2, wordings='''
imperative: @Join all [the|] [values|texts|cells|entries] in {x} into one cell, separated by {sep}
imperative: @Join {x} into one [text|string|cell] with {sep} between the [values|entries]
imperative: @Join everything in {x} with {sep} as the separator, ignoring blanks
imperative: @Join all of {x} with {sep} and skip empty cells
imperative: List all [values|entries] of {x} in one cell separated by {sep}
imperative: Use TEXTJOIN to @join {x} with {sep}
question: @how_to @join all [values|cells] in {x} with {sep} between them?
question: @how_to list all of {x} in one cell separated by {sep}?
question: @how_to @join a [column|range] like {x} into one cell with {sep} as separator?
question: @what_is the TEXTJOIN formula for {x} with {sep}?
telegraphic: @join all of {x} with {sep}
telegraphic: textjoin {x} {sep}
telegraphic: {x} in one cell separated by {sep}
telegraphic: all [values|entries] of {x} joined with {sep}
narrative: {x} has a list. @Join all [values|entries] into one cell, separated by {sep}.
narrative: @need_to paste the list as one line. @Join everything in {x} with {sep} between the entries.
narrative: I have a list of [entries|names|values]. @i_need all of {x} in one cell with {sep} in between.
''')
def textjoin(s: Scene) -> Draft:
    s.need_bounded()
    x, sep = some_text(s), separator(s)
    return Draft(f"TEXTJOIN({sep.formula},TRUE,{x.bounded})", result="text", x=x, sep=sep)


@row_kind("affix", share=2, wordings='''
imperative/prefix: @Add {w} [before|in front of|at the beginning of|to the start of] {x}
imperative/prefix: @Add the prefix {w} to {x}
imperative/prefix: Put the text {w} in front of {x}
imperative/prefix: Prefix {x} with {w}
question/prefix: @how_to @add {w} [before|in front of|at the beginning of|to the start of] {x}?
question/prefix: @how_to @add a prefix {w} to {x}?
telegraphic/prefix: @add {w} [before|in front of] {x}
telegraphic/prefix: {w} as prefix [to|for] {x}
narrative/prefix: Every code needs a prefix. @Add {w} in front of {x}.
narrative/prefix: The value in {x} should start with {w}. @Add it [in front|at the beginning].
imperative/suffix: @Add {w} [after|behind|at the end of|to the end of] {x}
imperative/suffix: @Add the suffix {w} to {x}
imperative/suffix: Append the text {w} to {x}
question/suffix: @how_to @add {w} [after|behind|at the end of|to the end of] {x}?
question/suffix: @how_to @add a suffix {w} to {x}?
telegraphic/suffix: @add {w} [after|at the end of] {x}
telegraphic/suffix: {w} as suffix [to|for] {x}
narrative/suffix: Every code needs a suffix. @Add {w} at the end of {x}.
narrative/suffix: The value in {x} should end with {w}. @Add it at the end.
''')
def affix(s: Scene) -> Draft:
    x, w, side = some_text(s), s.word(), s.rng.choice(["prefix", "suffix"])
    return Draft(f"{w.formula}&{x.cell}" if side == "prefix" else f"{x.cell}&{w.formula}", result="text", wording=side, x=x.cell_name, w=w)


def replacement(s: Scene) -> tuple[Ref, Literal, Literal, dict[str, object]]:
    """A text, what is to be replaced in it, by what (words, or signs), and the phrases for what is replaced."""
    if s.rng.random() < 0.3:
        old, x = sign_in_text(s)
        new = sign_word(s)
        if new.raw == old.raw:
            raise NoColumn("two different signs")
        return x, old, new, sign_forms(old)
    x = some_text(s)
    old = part_of_cell(s, x)
    return x, old, s.word(), {"old": old, "each": old, "all": old}


@row_kind("replace_text", share=4, wordings='''
imperative: @Replace {old} with {new} in {x}
telegraphic: In {x}[,|] @replace {old} with {new}
imperative: @Replace every {each} in {x} [with|by] {new}
imperative: [Change|Turn] {old} [into|to] {new} in {x}
imperative: @Replace all {all} in {x} with {new}
imperative: Use {new} instead of {old} in {x}
question: @how_to @replace {old} with {new} in {x}?
question: @how_to change {old} to {new} in {x}?
question: @how_to [swap|substitute|exchange] {old} for {new} in {x}?
question: [what is|what's] {x} with {old} [replaced by|changed to|replaced with] {new}?
telegraphic: @replace {old} with {new} in {x}
telegraphic: {x} @replace {old} with {new}
telegraphic: @replace {old} by {new} {x}
telegraphic: {each} to {new} in {x}
narrative: {x} says {old} where it should say {new}. @Replace it.
narrative: The text in {x} has {old} in it. @need_to @replace it with {new}.
narrative: We renamed {old} to {new}. @Replace the old [name|word|text] in {x} with the new one.
''')
def replace_text(s: Scene) -> Draft:
    x, old, new, forms = replacement(s)
    return Draft(f"SUBSTITUTE({x.cell},{old.formula},{new.formula})", result="text", x=x.cell_name, new=new, **forms)


@row_kind("remove_text", share=3, wordings='''
imperative: @Remove {old} from {x}
imperative: @Remove every {each} from {x}
imperative: @Remove all {all} in {x}
telegraphic: In {x}[,|] @remove {old}
imperative: @Display {x} without {all}
imperative: @Replace {old} in {x} with nothing
question: @how_to @remove {old} from {x}?
question: @how_to @remove all {all} [from|in] {x}?
question: @how_to @display {x} without any {all}?
question: @what_is {x} without {old}?
telegraphic: @remove {old} from {x}
telegraphic: {x} without {all}
telegraphic: {x} @remove {old}
telegraphic: @replace {old} with nothing {x}
narrative: {x} has {old} in it. @need_to @remove it.
narrative: The [text|value|entry] in {x} should not have {old} in it. @Remove it.
narrative: I copied the text in {x} from a web page. @Remove {old} from it.
''')
def remove_text(s: Scene) -> Draft:
    if s.rng.random() < 0.5:
        old, x = sign_in_text(s)
        forms = sign_forms(old)
    else:
        x = some_text(s)
        old = part_of_cell(s, x)
        forms = {"old": old, "each": old, "all": old}
    return Draft(f'SUBSTITUTE({x.cell},{old.formula},"")', result="text", x=x.cell_name, **forms)


@row_kind("spaces", share=2.5, wordings='''
imperative/extra: @Remove [extra|unwanted|unnecessary|surplus] spaces from {x}
imperative/extra: Trim {x}
imperative/extra: @Remove leading and trailing spaces [from|in] {x}
imperative/extra: Clean up the [extra|double] spaces in {x}
question/extra: @how_to @remove [extra|leading and trailing|trailing|double|unwanted] spaces from {x}?
question/extra: @how_to trim [the text in|] {x}?
telegraphic/extra: trim {x}
telegraphic/extra: @remove extra spaces {x}
telegraphic/extra: {x} without extra spaces
narrative/extra: {x} was typed with stray spaces. @Remove the extra ones.
narrative/extra: My lookup fails because {x} has spaces at the end. @need_to trim it.
imperative/all: @Remove all [the|] spaces from {x}
imperative/all: @Remove every space [from|in] {x}
imperative/all: @Display {x} with no spaces at all
question/all: @how_to @remove all [the|] spaces from {x}?
question/all: @how_to get rid of every space in {x}?
telegraphic/all: @remove all spaces {x}
telegraphic/all: {x} no spaces
narrative/all: {x} must not have any spaces. @Remove all of them.
''')
def spaces(s: Scene) -> Draft:
    x, which = some_text(s), s.rng.choice(["extra", "extra", "all"])
    return Draft(f"TRIM({x.cell})" if which == "extra" else f'SUBSTITUTE({x.cell}," ","")', result="text", wording=which, x=x.cell_name)


@row_kind("case", share=2.5, wordings='''
imperative/upper: Make {x} [upper case|uppercase|all caps]
imperative/upper: @Convert {x} to [upper case|uppercase|capital letters|capitals]
imperative/upper: @Display {x} in [capital letters|upper case|all caps|capitals]
question/upper: @how_to make {x} [uppercase|upper case|all caps]?
question/upper: @how_to @convert {x} to [uppercase|upper case|capital letters]?
telegraphic/upper: {x} [uppercase|upper case|in capitals|all caps]
telegraphic/upper: [uppercase|upper] {x}
narrative/upper: Codes must be in capitals. @Convert {x} to [upper case|uppercase].
imperative/lower: Make {x} [lower case|lowercase|all small letters]
imperative/lower: @Convert {x} to [lower case|lowercase|small letters]
question/lower: @how_to make {x} [lowercase|lower case]?
question/lower: @how_to @convert {x} to [lowercase|lower case|small letters]?
telegraphic/lower: {x} [lowercase|lower case|in small letters]
telegraphic/lower: [lowercase|lower] {x}
narrative/lower: {x} was typed in capitals. @Convert it to [lower case|lowercase].
imperative/proper: Capitalize each word [in|of] {x}
imperative/proper: @Convert {x} to [proper case|title case]
imperative/proper: Make the first letter of [each|every] word in {x} a capital
question/proper: @how_to capitalize [each|every] word in {x}?
question/proper: @how_to @convert {x} to [proper case|title case]?
telegraphic/proper: {x} [proper case|title case]
telegraphic/proper: capitalize [each|every] word {x}
narrative/proper: Names are typed in all caps. @need_to have {x} in [proper case|title case].
''')
def case(s: Scene) -> Draft:
    x, to = some_text(s), s.rng.choice(["upper", "lower", "proper"])
    return Draft(f"{to.upper()}({x.cell})", result="text", wording=to, x=x.cell_name)


@row_kind("clean_case", share=1, wordings='''
imperative/sentence: Capitalize only the first letter of {x}
imperative/sentence: Make just the first letter of {x} upper case and leave the rest as it is
imperative/sentence: @Convert only the first character of {x} to a capital [letter|]
question/sentence: @how_to capitalize only the first letter of {x}?
question/sentence: @how_to make just the first letter of {x} a capital?
telegraphic/sentence: only first letter of {x} upper case
telegraphic/sentence: capitalize first letter only {x}
narrative/sentence: {x} is a sentence in small letters. @need_to capitalize only its first letter.
imperative/trimmed: @Remove extra spaces from {x} and capitalize each word
imperative/trimmed: Trim {x} and @convert it to [proper case|title case]
question/trimmed: @how_to trim {x} and capitalize each word?
question/trimmed: @how_to @remove extra spaces from {x} and @convert it to [proper case|title case]?
telegraphic/trimmed: trim and [proper case|title case] {x}
telegraphic/trimmed: {x} no extra spaces, each word capitalized
narrative/trimmed: Names were typed carelessly. Trim {x} and capitalize [each|every] word.
narrative/trimmed: {x} has stray spaces and wrong case. @Remove the extra spaces and @convert it to [proper case|title case].
''')
def clean_case(s: Scene) -> Draft:
    x, how = some_text(s), s.rng.choice(["sentence", "trimmed"])
    formula = f"UPPER(LEFT({x.cell},1))&MID({x.cell},2,LEN({x.cell}))" if how == "sentence" else f"PROPER(TRIM({x.cell}))"
    return Draft(formula, result="text", wording=how, x=x.cell_name)


@row_kind("length", share=2, wrap=False, wordings='''
imperative: Count the [characters|chars|letters] in {x}
imperative: Count how many characters {x} has
imperative: @Compute the length of {x}
imperative: Find the number of [characters|chars|letters] in {x}
imperative: @Display how long the text in {x} is
imperative: Tell me how many characters are in {x}
question: how many [characters|chars|letters] are [there|] in {x}?
question: how many characters does {x} have?
question: @how_to count the [characters|chars|letters] in {x}?
question: @what_is the length of {x}?
question: how long is the text in {x}?
telegraphic: length of {x}
telegraphic: number of [characters|chars|letters] in {x}
telegraphic: [character|char] count {x}
telegraphic: len {x}
narrative: Titles may not be too long. @Display how many characters {x} has.
narrative: {x} has a description. @need_to count its characters.
narrative: @need_to check the length of some texts. How many characters are in {x}?
''')
def length(s: Scene) -> Draft:
    x = some_text(s)
    return Draft(f"LEN({x.cell})", result="number", x=x.cell_name)


@row_kind("count_in_text", share=1.5, wrap=False, wordings='''
imperative/sign: Count how many times {d} [appears|occurs|is found] in {x}
imperative/sign: Count the [occurrences|number] of {all} in {x}
imperative/sign: Find how often {d} [appears|occurs] in {x}
question/sign: how many times does {d} [appear|occur] in {x}?
question/sign: @how_to count the [occurrences|number] of {all} in {x}?
question/sign: how often does {d} appear in {x}?
telegraphic/sign: count of {d} in {x}
telegraphic/sign: how many {all} in {x}
telegraphic/sign: number of {all} [in text|in] {x}
narrative/sign: {x} is a text with several signs in it. Count how many times {d} [appears|occurs].
imperative/words: Count the words in {x}
imperative/words: Count how many words {x} has
question/words: how many words are [there|] in {x}?
question/words: @how_to count the [words|number of words] in {x}?
telegraphic/words: word count [of|] {x}
telegraphic/words: number of words in {x}
narrative/words: {x} has a comment. I [want|need|have] to know how many words it has.
''')
def count_in_text(s: Scene) -> Draft:
    if s.rng.random() < 0.35:
        x = some_text(s)
        return Draft(f'LEN(TRIM({x.cell}))-LEN(SUBSTITUTE(TRIM({x.cell})," ",""))+1', result="number", wording="words", x=x.cell_name)
    d, x = sign_in_text(s)
    return Draft(f'LEN({x.cell})-LEN(SUBSTITUTE({x.cell},{d.formula},""))', result="number", wording="sign", x=cell_in_row(s, x), d=d, all=sign_forms(d)["all"])


@row_kind("find_position", share=1, wordings='''
imperative: Find the position of {d} in {x}
imperative: Find where {d} [is|occurs|appears|stands] in {x}
imperative: Find the position of the first {d} in {x}
imperative: @Display the position of {d} [in|within] {x}
imperative: Locate {d} in {x}
question: @what_is the position of {d} in {x}?
question: at which position is {d} in {x}?
question: @how_to find the position of {d} in {x}?
question: where is the first {d} in {x}?
question: @how_to find where {d} is in {x}?
telegraphic: position of {d} in {x}
telegraphic: find {d} in {x}
telegraphic: {x} position of {d}
telegraphic: index of {d} in {x}
narrative: {x} has {d} somewhere in it. I [want|need|have] to know its position.
narrative: Before splitting {x}, I [want|need|have] to know the position of {d}.
''')
def find_position(s: Scene) -> Draft:
    d, x = sign_in_text(s)
    return Draft(f"FIND({d.formula},{x.cell})", result="number", x=cell_in_row(s, x), d=d)


@row_kind("repeat", share=0.7, wrap=False, wordings='''
imperative: Repeat {w} {n} times
imperative: Repeat the text {w} {n} times
imperative: @Show {w} {n} times in one cell
imperative: @Show {w} repeated {n} times
imperative: Fill the cell with {w} {n} times
question: @how_to repeat {w} {n} times?
question: @how_to @show {w} {n} times in one cell?
question: @how_to repeat the text {w} {n} times in a row?
question: @what_is {w} repeated {n} times?
telegraphic: {w} {n} times
telegraphic: repeat {w} {n} times
telegraphic: {w} repeated {n}x
telegraphic: rept {w} {n}
narrative: @need_to make a filler. Repeat {w} {n} times.
narrative: @i_need a test string. It should be {w} repeated {n} times.
narrative: For a small chart in a cell, repeat {w} {n} times.
''')
def repeat(s: Scene) -> Draft:
    w, n = s.word(), s.number(2, 30)
    return Draft(f"REPT({w.formula},{n.formula})", result="text", w=w, n=n)
