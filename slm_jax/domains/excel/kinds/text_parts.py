"""Kinds that take a piece out of a text: by position, by delimiter, by word."""

from slm_jax.domains.excel.kinds.row_parts import row_kind, sign_forms, sign_in_text, some_text
from slm_jax.domains.excel.literals import Literal
from slm_jax.domains.excel.scene import Draft, NoColumn, Scene


@row_kind("left_n", share=3, wordings='''
imperative: @Extract the @first {n} @chars @of {x}
imperative: @Extract the {n} @first @chars from {x}
imperative: Keep only the @first {n} @chars of {x}
imperative: @Display just the beginning {n} @chars of {x}
telegraphic: From {x}[,|] @extract the @first {n} @chars
imperative: [Truncate|Cut|Shorten] {x} to {n} @chars
question: @how_to @extract the @first {n} @chars of {x}?
question: @what_is the first {n} @chars @of {x}?
question: @how_to keep only the @first {n} @chars of {x}?
question: which {n} @chars does {x} [start|begin] with?
telegraphic: @first {n} @chars of {x}
telegraphic: @first {n} @chars {x}
telegraphic: {x} @first {n} @chars only
telegraphic: left {n} @chars of {x}
telegraphic: @extract @first {n} from {x}
narrative: {x} [holds|has|contains] a long [code|text|entry]. @i_need only the @first {n} @chars.
narrative: The @first {n} @chars of {x} [tell|show|give] the group. @need_to @extract them.
narrative: I have a [text|value|string] in {x} and @need_to @extract the @first {n} @chars of it.
''')
def left_n(s: Scene) -> Draft:
    x, n = some_text(s), s.number(2, 9)
    return Draft(f"LEFT({x.cell},{n.formula})", result="text", x=x.cell_name, n=n)


@row_kind("right_n", share=3, wordings='''
imperative: @Extract the @last {n} @chars @of {x}
imperative: @Extract the {n} @last @chars from {x}
imperative: Keep only the @last {n} @chars of {x}
imperative: @Display just the [end|ending] {n} @chars of {x}
telegraphic: From {x}[,|] @extract the @last {n} @chars
question: @how_to @extract the @last {n} @chars of {x}?
question: @what_is the last {n} @chars @of {x}?
question: @how_to keep only the @last {n} @chars of {x}?
question: which {n} @chars does {x} end with?
telegraphic: @last {n} @chars of {x}
telegraphic: @last {n} @chars {x}
telegraphic: {x} @last {n} @chars only
telegraphic: right {n} @chars of {x}
telegraphic: @extract @last {n} from {x}
narrative: {x} [holds|has|contains] a long [code|text|entry]. @i_need only the @last {n} @chars.
narrative: The @last {n} @chars of {x} [tell|show|give] the [year|type|group]. @need_to @extract them.
narrative: I have a [text|value|string] in {x} and @need_to @extract the @last {n} @chars of it.
''')
def right_n(s: Scene) -> Draft:
    x, n = some_text(s), s.number(2, 9)
    return Draft(f"RIGHT({x.cell},{n.formula})", result="text", x=x.cell_name, n=n)


@row_kind("first_or_last_char", share=1.5, wordings='''
imperative/first: @Extract the first @char of {x}
imperative/first: @Extract the initial [letter|character] of {x}
imperative/first: @Extract only the [leading|very first] @char of {x}
question/first: @what_is the first @char of {x}?
question/first: @how_to @extract the [initial|first letter] @of {x}?
telegraphic/first: first @char of {x}
telegraphic/first: {x} first @char
telegraphic/first: initial of {x}
narrative/first: I sort people by [initial|first letter]. @i_need the first @char of {x}.
imperative/last: @Extract the last @char of {x}
imperative/last: @Extract only the [final|very last] @char of {x}
question/last: @what_is the last @char of {x}?
question/last: @how_to @extract the final @char @of {x}?
telegraphic/last: last @char of {x}
telegraphic/last: {x} last @char
narrative/last: The last @char of {x} is a check [digit|letter]. @need_to @extract it.
''')
def first_or_last_char(s: Scene) -> Draft:
    x, side = some_text(s), s.rng.choice(["first", "last"])
    return Draft(f"{'LEFT' if side == 'first' else 'RIGHT'}({x.cell},1)", result="text", wording=side, x=x.cell_name)


@row_kind("mid_n", share=2, wordings='''
imperative: @Extract {n} @chars from {x} starting at [position|character] {start}
imperative: @Extract {n} @chars @of {x}[,|] [starting|beginning] [with|from] character [number|] {start}
telegraphic: Starting at [character|position] {start}, @extract {n} @chars from {x}
telegraphic: From {x}[,|] @extract {n} @chars beginning at [character|position] {start}
imperative: @Extract the {n} @chars @of {x} that start at position {start}
question: @how_to @extract {n} @chars from {x} starting at [position|character] {start}?
question: @how_to @extract {n} @chars from the middle of {x}, starting at position {start}?
question: which {n} @chars of {x} start at position {start}?
question: @what_is the {n} @chars of {x} from position {start} on?
telegraphic: {n} @chars of {x} from position {start}
telegraphic: mid of {x} start {start} length {n}
telegraphic: {x} {n} @chars starting at {start}
telegraphic: substring of {x} from {start}, {n} @chars
telegraphic: @extract {n} @chars from {x} at position {start}
narrative: The [code|text|id] in {x} has a part in the middle. @need_to @extract {n} @chars starting at [position|character] {start}.
narrative: {x} [holds|has] a long [code|string]. @i_need {n} @chars from it, starting at [position|character] {start}.
narrative: I have a [text|value] in {x}. Starting at character {start}, @extract the next {n} @chars.
''')
def mid_n(s: Scene) -> Draft:
    x, start, n = some_text(s), s.number(2, 6), s.number(2, 6)
    return Draft(f"MID({x.cell},{start.formula},{n.formula})", result="text", x=x.cell_name, start=start, n=n)


@row_kind("drop_n", share=2.5, wordings='''
imperative/first: @Remove the @first {n} @chars from {x}
imperative/first: @Display {x} without [its|the] @first {n} @chars
imperative/first: @Extract everything @of {x} except the @first {n} @chars
imperative/first: Skip the @first {n} @chars of {x} and @display the rest
question/first: @how_to @remove the @first {n} @chars from {x}?
question/first: @how_to @extract {x} without the @first {n} @chars?
telegraphic/first: @remove @first {n} @chars from {x}
telegraphic/first: {x} without @first {n} @chars
telegraphic/first: all but the first {n} @chars of {x}
narrative/first: {x} starts with a prefix of {n} @chars. @need_to @remove it.
narrative/first: The @first {n} @chars of {x} are [noise|not needed|useless]. @Remove them.
imperative/last: @Remove the @last {n} @chars from {x}
imperative/last: @Display {x} without [its|the] @last {n} @chars
imperative/last: @Extract everything @of {x} except the @last {n} @chars
imperative/last: Cut the @last {n} @chars off {x} and @display the rest
question/last: @how_to @remove the @last {n} @chars from {x}?
question/last: @how_to @extract {x} without the @last {n} @chars?
telegraphic/last: @remove @last {n} @chars from {x}
telegraphic/last: {x} without @last {n} @chars
telegraphic/last: all but the last {n} @chars of {x}
narrative/last: {x} ends with a suffix of {n} @chars. @need_to @remove it.
narrative/last: The @last {n} @chars of {x} are [noise|not needed|useless]. @Remove them.
''')
def drop_n(s: Scene) -> Draft:
    x, n, side = some_text(s), s.number(2, 5), s.rng.choice(["first", "last"])
    return Draft(f"{'RIGHT' if side == 'first' else 'LEFT'}({x.cell},LEN({x.cell})-{n.formula})", result="text", wording=side, x=x.cell_name, n=n)


@row_kind("text_before", share=4, wordings='''
imperative: @Extract the @part @before the {d} @of {x}
imperative: @Extract everything @before the [first|] {d} @of {x}
imperative: @Extract what comes before the {d} @of {x}
telegraphic: From {x}[,|] @extract the @part @before the {d}
imperative: @Remove everything @after the {d} in {x}[, the {d} included|]
imperative: @Display only the text of {x} up to the {d}
question: @how_to @extract the @part @before the {d} @of {x}?
question: @how_to @extract everything @before the {d} @of {x}?
question: @what_is the @part @before the {d} @of {x}?
question: @what_is the text @before {d} in {x}?
telegraphic: text @before {d} @of {x}
telegraphic: @part @before the {d} @of {x}
telegraphic: @extract @part before {d} {x}
telegraphic: {x} @part @before {d}
narrative: {x} holds two parts with a {d} between them. @i_need the @part @before the {d}.
narrative: The [entry|text|value] in {x} has a {d} in it. @Extract what is @before the {d}.
narrative: I have a [value|string|text] in {x} that is separated by a {d}. @need_to @extract only the @part @before it.
''')
def text_before(s: Scene) -> Draft:
    d, x = sign_in_text(s)
    return Draft(f"TEXTBEFORE({x.cell},{d.formula})", result="text", x=x.cell_name, d=d)


@row_kind("text_after", share=4, wordings='''
imperative: @Extract the @part @after the {d} @of {x}
imperative: @Extract everything @after the [first|] {d} @of {x}
imperative: @Extract what comes after the {d} @of {x}
telegraphic: From {x}[,|] @extract the @part @after the {d}
imperative: @Remove everything @before the {d} in {x}[, the {d} included|]
imperative: @Display only the text of {x} that follows the {d}
question: @how_to @extract the @part @after the {d} @of {x}?
question: @how_to @extract everything @after the {d} @of {x}?
question: @what_is the @part @after the {d} @of {x}?
question: @what_is the text @after {d} in {x}?
telegraphic: text @after {d} @of {x}
telegraphic: @part @after the {d} @of {x}
telegraphic: @extract @part after {d} {x}
telegraphic: {x} @part @after {d}
narrative: {x} holds two parts with a {d} between them. @i_need the @part @after the {d}.
narrative: The [entry|text|value] in {x} has a {d} in it. @Extract what is @after the {d}.
narrative: I have a [value|string|text] in {x} that is separated by a {d}. @need_to @extract only the @part @after it.
''')
def text_after(s: Scene) -> Draft:
    d, x = sign_in_text(s)
    return Draft(f"TEXTAFTER({x.cell},{d.formula})", result="text", x=x.cell_name, d=d)


@row_kind("text_after_last", share=1, wordings='''
imperative: @Extract the @part @after the last {d} @of {x}
imperative: @Extract everything @after the final {d} @of {x}
imperative: @Extract what comes after the last {d} @of {x}
telegraphic: From {x}[,|] @extract the @part @after the last {d}
imperative: @Extract the last [part|piece|section] of {x} when it is split at [each|every] {d}
question: @how_to @extract the @part @after the last {d} @of {x}?
question: @how_to @extract everything @after the final {d} @of {x}?
question: @what_is the @part @after the last {d} @of {x}?
question: @how_to @extract what follows the last {d} in {x}?
telegraphic: text @after last {d} @of {x}
telegraphic: @part @after the last {d} {x}
telegraphic: {x} @part @after last {d}
telegraphic: @extract everything after final {d} {x}
narrative: {x} has more than one {d}. @i_need the @part @after the last {d}.
narrative: The [entry|text|value] in {x} has several parts. @Extract what is @after the last {d}.
narrative: There can be several {d} signs in {x}. @need_to @extract only what follows the last {d}.
''')
def text_after_last(s: Scene) -> Draft:
    d, x = sign_in_text(s)
    return Draft(f"TEXTAFTER({x.cell},{d.formula},-1)", result="text", x=x.cell_name, d=d)


@row_kind("text_before_find", share=1, wordings='''
telegraphic: Using LEFT and FIND, @extract the @part @before the {d} @of {x}
imperative: @Extract the @part @before the {d} @of {x} with LEFT and FIND
imperative: Use LEFT with FIND to @extract everything @before the {d} @of {x}
telegraphic: With LEFT/FIND @extract what is @before the {d} in {x}
telegraphic: Without TEXTBEFORE, @extract the @part @before the {d} @of {x}
question: @how_to use LEFT and FIND to @extract the @part @before the {d} @of {x}?
question: @how_to @extract everything @before the {d} @of {x} with LEFT and FIND?
question: @what_is the LEFT and FIND formula for the @part @before the {d} @of {x}?
question: @how_to @extract the text @before the {d} in {x} in an old Excel version without TEXTBEFORE?
telegraphic: left find @part @before {d} {x}
telegraphic: LEFT + FIND: text @before {d} @of {x}
telegraphic: text @before {d} @of {x} using left and find
telegraphic: {x} @part @before {d}, no TEXTBEFORE
narrative: My Excel has no TEXTBEFORE. @i_need the @part @before the {d} @of {x}.
narrative: {x} has a {d} in it. @Extract the @part @before the {d} using LEFT and FIND.
narrative: I use an old version of Excel, so only LEFT and FIND. @need_to @extract the @part @before the {d} @of {x}.
''')
def text_before_find(s: Scene) -> Draft:
    d, x = sign_in_text(s)
    return Draft(f"LEFT({x.cell},FIND({d.formula},{x.cell})-1)", result="text", x=x.cell_name, d=d)


@row_kind("text_after_find", share=1, wordings='''
telegraphic: Using MID and FIND, @extract the @part @after the {d} @of {x}
imperative: @Extract the @part @after the {d} @of {x} with MID and FIND
imperative: Use MID with FIND to @extract everything @after the {d} @of {x}
telegraphic: With MID/FIND @extract what is @after the {d} in {x}
telegraphic: Without TEXTAFTER, @extract the @part @after the {d} @of {x}
question: @how_to use MID and FIND to @extract the @part @after the {d} @of {x}?
question: @how_to @extract everything @after the {d} @of {x} with MID and FIND?
question: @what_is the MID and FIND formula for the @part @after the {d} @of {x}?
question: @how_to @extract the text @after the {d} in {x} in an old Excel version without TEXTAFTER?
telegraphic: mid find @part @after {d} {x}
telegraphic: MID + FIND: text @after {d} @of {x}
telegraphic: text @after {d} @of {x} using mid and find
telegraphic: {x} @part @after {d}, no TEXTAFTER
narrative: My Excel has no TEXTAFTER. @i_need the @part @after the {d} @of {x}.
narrative: {x} has a {d} in it. @Extract the @part @after the {d} using MID and FIND.
narrative: I use an old version of Excel, so only MID and FIND. @need_to @extract the @part @after the {d} @of {x}.
''')
def text_after_find(s: Scene) -> Draft:
    d, x = sign_in_text(s)
    return Draft(f"MID({x.cell},FIND({d.formula},{x.cell})+1,LEN({x.cell}))", result="text", x=x.cell_name, d=d)


@row_kind("name_part", share=3, wordings='''
imperative/first: @Extract the first [name|word] @of {x}
imperative/first: @Extract only the first [name|word] from the [full name|text] in {x}
telegraphic/first: From {x}[,|] @extract the first [name|word]
question/first: @how_to @extract the first [name|word] @of {x}?
question/first: @what_is the first [name|word] @of {x}?
telegraphic/first: first [name|word] @of {x}
telegraphic/first: {x} first [name|word] only
telegraphic/first: @extract @part before [the first|the] space {x}
narrative/first: {x} has a full name. @i_need [only|just] the first [name|word].
narrative/first: Full names are in {x}. @need_to @extract the [first name|given name|forename].
imperative/last: @Extract the last [name|word] @of {x}
imperative/last: @Extract only the last [name|word] from the [full name|text] in {x}
telegraphic/last: From {x}[,|] @extract the [surname|last name|family name|last word]
question/last: @how_to @extract the [last name|last word|surname] @of {x}?
question/last: @what_is the last [name|word] @of {x}?
telegraphic/last: last [name|word] @of {x}
telegraphic/last: {x} [last name|surname|last word] only
telegraphic/last: surname from {x}
narrative/last: {x} has a full name. @i_need [only|just] the last [name|word].
narrative/last: Full names are in {x}. @need_to @extract the [last name|surname|family name].
''')
def name_part(s: Scene) -> Draft:
    x, side = s.names(), s.rng.choice(["first", "last"])
    formula = f'TEXTBEFORE({x.cell}," ")' if side == "first" else f'TEXTAFTER({x.cell}," ",-1)'
    return Draft(formula, result="text", wording=side, x=x.cell_name)


@row_kind("email_part", share=1.5, wordings='''
imperative/domain: @Extract the domain from the email [address|] in {x}
imperative/domain: @Extract the domain [name|] of the email in {x}
imperative/domain: @Extract what comes after the @ in the email in {x}
question/domain: @how_to @extract the domain from the email [address|] in {x}?
question/domain: @what_is the domain of the email in {x}?
telegraphic/domain: email domain of {x}
telegraphic/domain: domain from email {x}
telegraphic/domain: {x} domain only
narrative/domain: {x} has an email address. @i_need only its domain.
imperative/user: @Extract the user name from the email [address|] in {x}
imperative/user: @Extract the part before the @ in the email in {x}
question/user: @how_to @extract the [user name|username|name before the @] from the email in {x}?
question/user: @what_is the [user name|username] in the email in {x}?
telegraphic/user: username from email {x}
telegraphic/user: {x} email user name
narrative/user: {x} has an email address. @i_need only the user name.
''')
def email_part(s: Scene) -> Draft:
    x, part = s.text_with(Literal("@")), s.rng.choice(("domain", "user"))
    return Draft(f'{"TEXTAFTER" if part == "domain" else "TEXTBEFORE"}({x.cell},"@")', result="text", wording=part, x=x.cell_name)


@row_kind("text_between", share=1.5, wordings='''
imperative: @Extract the @part between the first and second {d} @of {x}
imperative: @Extract the @part between the two [{d}|{all}] @of {x}
imperative: @Extract what is between the first {d} and the second {d} @of {x}
imperative: @Extract the middle @part of {x} between the {all}
imperative: @Extract the second part of {x} when it is split at {d}
question: @how_to @extract the @part between the first and second {d} @of {x}?
question: @how_to @extract the text between two {all} in {x}?
question: @what_is the @part between the {all} in {x}?
question: @how_to @extract the middle part of {x}, between the first and the second {d}?
telegraphic: text between the {all} in {x}
telegraphic: @part between first and second {d} {x}
telegraphic: {x} text between two {all}
telegraphic: middle part of {x} between {all}
narrative: {x} has three parts with a {d} between them. @i_need the middle one.
narrative: The text in {x} has two {all}. @need_to @extract what is between them.
narrative: @i_need the second part of {x}. The parts are separated by {all}.
''')
def text_between(s: Scene) -> Draft:
    d, x = sign_in_text(s)
    if any(str(value).count(d.raw) != 2 for value in x.column.values if value is not None):
        raise NoColumn("text in three parts")
    return Draft(f"TEXTBEFORE(TEXTAFTER({x.cell},{d.formula}),{d.formula})", result="text", x=x.cell_name, d=d, all=sign_forms(d)["all"])


@row_kind("reverse_name", share=1.5, wordings='''
imperative: @Convert the name in {x} to "Last, First"
imperative: @Display {x} as last name, comma, first name
imperative: Reverse the name in {x} so that it reads last name, first name
imperative: Swap first and last name @of {x} with a comma between them
imperative: Rewrite {x} in the form "Surname, Firstname"
imperative: Flip the name in {x} to "Last, First" order
question: @how_to @convert the name in {x} to "Last, First"?
question: @how_to swap first and last name in {x} with a comma between them?
question: @how_to reverse a name in {x} to last name, first name?
question: @how_to @display {x} as surname, first name?
telegraphic: {x} as last name, first name
telegraphic: reverse name in {x} to last, first
telegraphic: first last to "last, first" {x}
telegraphic: swap names in {x} with a comma
narrative: {x} has a name as "First Last". @i_need it as "Last, First".
narrative: Names are written first name then last name in {x}. @need_to flip them to last name, comma, first name.
narrative: Our list wants the surname first. @Convert the full name in {x} to "Last, First".
''')
def reverse_name(s: Scene) -> Draft:
    x = s.names()
    return Draft(f'TEXTAFTER({x.cell}," ",-1)&", "&TEXTBEFORE({x.cell}," ")', result="text", x=x.cell_name)
