"""Kinds of checks: contains, blank, number or error, same, duplicate, in a list, overdue; and what to show instead of an error."""

from slm_jax.domains.excel.kinds.row_parts import cell_in_row, outcome_pair, pair, part_of_cell, row_kind, row_test, some_text
from slm_jax.domains.excel.scene import Draft, NoColumn, Scene


@row_kind("contains_flag", share=5, wordings='''
telegraphic/has: if {x} @contains {w} @show {yes}[,|] @otherwise {no}
telegraphic/has: {yes} if {x} @contains {w} else {no}
telegraphic/has: {x} @contains {w} then {yes} else {no}
telegraphic/has: if {w} is [found|anywhere] in {x} @show {yes}, @otherwise {no}
imperative/has: @Show {yes} if {x} @contains [the word|the text|] {w}[,|] @otherwise {no}
imperative/has: @Check @whether {x} @contains [the word|the text|] {w} and @show {yes}, @otherwise {no}
imperative/has: Search {x} for {w} and @show {yes} if it is there, @otherwise {no}
imperative/has: Look for {w} [anywhere|] in {x} and @show {yes} if [found|it is found], {no} if not
question/has: @how_to @check if {x} @contains {w} and @show {yes} or {no}?
question/has: @how_to @show {yes} if {x} @contains [the word|the text|] {w} and {no} if [not|it doesn't]?
question/has: @how_to @show {yes} when {w} appears [somewhere|anywhere|] in {x}, @otherwise {no}?
narrative/has: {x} is a longer text. If it @contains {w} @show {yes}, @otherwise {no}.
narrative/has: @need_to search a text. If {w} appears in {x}, @show {yes}, else {no}.
telegraphic/not: if {x} does not @contain {w} @show {yes}[,|] @otherwise {no}
imperative/not: @Show {yes} if {x} does not @contain {w}[,|] @otherwise {no}
question/not: @how_to @show {yes} if {x} doesn't @contain {w} and {no} if it does?
narrative/not: Texts without {w} need work. If {x} does not @contain it @show {yes}, @otherwise {no}.
telegraphic/bare: {x} @contains {w} true or false
imperative/bare: @Check @whether {x} @contains {w}
question/bare: does {x} @contain {w}?
question/bare: @how_to @check if {x} @contains {w}?
''')
def contains_flag(s: Scene) -> Draft:
    x, (yes, no) = some_text(s), outcome_pair(s)
    w, how = part_of_cell(s, x), s.rng.choices(("has", "not", "bare"), (70, 15, 15))[0]
    found = f"ISNUMBER(SEARCH({w.formula},{x.cell}))"
    formula = {"has": f"IF({found},{yes.formula},{no.formula})", "not": f"IF(NOT({found}),{yes.formula},{no.formula})", "bare": found}[how]
    return Draft(formula, result="flag", wording=how, x=cell_in_row(s, x) if how == "bare" else x.cell_name, w=w, yes=yes, no=no)


@row_kind("contains_either", share=1.5, wordings='''
telegraphic: if {x} @contains {v} or {w} @show {yes}[,|] @otherwise {no}
telegraphic: {yes} if {x} @contains {v} or {w} else {no}
telegraphic: {x} @contains either {v} or {w} then {yes} else {no}
telegraphic: if {v} or {w} is [found|anywhere] in {x} @show {yes}, @otherwise {no}
imperative: @Show {yes} if {x} @contains {v} or {w}[,|] @otherwise {no}
imperative: @Check @whether {x} @contains {v} or {w} and @show {yes}, @otherwise {no}
imperative: Search {x} for {v} or {w} and @show {yes} if one of them is there, @otherwise {no}
imperative: @Show {yes} when {x} @contains one of the words {v} or {w}, @otherwise {no}
question: @how_to @check if {x} @contains {v} or {w} and @show {yes} or {no}?
question: @how_to @show {yes} if {x} @contains either {v} or {w} and {no} if not?
question: @how_to @show {yes} when {v} or {w} appears in {x}, @otherwise {no}?
question: what formula [shows|gives|returns] {yes} if {x} @contains {v} or {w}, @otherwise {no}?
narrative: {x} is a longer text. If it @contains {v} or {w} @show {yes}, @otherwise {no}.
narrative: @need_to search for two words. If {v} or {w} appears in {x}, @show {yes}, else {no}.
narrative: Texts with {v} or {w} are special. If {x} @contains one of them @show {yes}, @otherwise {no}.
narrative: There are two key words, {v} and {w}. If {x} @contains either of them, @show {yes}, @otherwise {no}.
''')
def contains_either(s: Scene) -> Draft:
    x, (yes, no) = some_text(s), outcome_pair(s)
    v, w = part_of_cell(s, x), s.word()
    if v.raw == w.raw:
        raise NoColumn("two different words")
    formula = f"IF(OR(ISNUMBER(SEARCH({v.formula},{x.cell})),ISNUMBER(SEARCH({w.formula},{x.cell}))),{yes.formula},{no.formula})"
    return Draft(formula, result="flag", x=x.cell_name, v=v, w=w, yes=yes, no=no)


@row_kind("edge_flag", share=2, wordings='''
telegraphic: if {test.row} @show {yes}[,|] @otherwise {no}
telegraphic: {yes} if {test.row} else {no}
telegraphic: {test.row} then {yes} else {no}
telegraphic: if the text in {x} {test.predicate} @show {yes}, @otherwise {no}
imperative: @Show {yes} if {test.row}[,|] @otherwise {no}
imperative: @Check @whether {test.row} and @show {yes}, @otherwise {no}
imperative: @Show {yes} when {test.row} and {no} [if not|in all other cases]
imperative: Look at {x} and @show {yes} if it {test.predicate}, @otherwise {no}
question: @how_to @check if {test.row} and @show {yes} or {no}?
question: @how_to @show {yes} if {test.row} and {no} if [not|it doesn't]?
question: @how_to @show {yes} when {test.row}, @otherwise {no}?
question: what formula [shows|gives|returns] {yes} if {test.row}, @otherwise {no}?
narrative: {x} holds a [code|text]. If it {test.predicate} @show {yes}, @otherwise {no}.
narrative: @need_to tell codes apart. If {test.row} @show {yes}, else {no}.
narrative: Our codes tell the type. If {test.row} @show {yes}, @otherwise {no}.
narrative: @need_to look at the text in {x}. If it {test.predicate} @show {yes}, @otherwise {no}.
''')
def edge_flag(s: Scene) -> Draft:
    test, (yes, no) = s.contains(some_text(s)), outcome_pair(s)
    if test.operator == "contains":
        raise NoColumn("a beginning or an end")
    return Draft(f"IF({test.formula},{yes.formula},{no.formula})", result="flag", test=test, x=test.ref.cell_name, yes=yes, no=no)


@row_kind("blank_flag", share=4, wrap=False, wordings='''
telegraphic/empty: if {x} is @empty @show {yes}[,|] @otherwise {no}
telegraphic/empty: {yes} if {x} is @empty else {no}
telegraphic/empty: if nothing is in {x} then {yes} else {no}
imperative/empty: @Show {yes} if {x} is @empty[,|] @otherwise {no}
imperative/empty: @Check @whether {x} is @empty and @show {yes} or {no}
question/empty: @how_to @show {yes} if {x} is @empty and {no} if [not|it isn't]?
narrative/empty: Some entries are missing. If {x} is @empty @show {yes}, @otherwise {no}.
telegraphic/filled: if {x} is not @empty @show {yes}[,|] @otherwise {no}
telegraphic/filled: {yes} if {x} has [a value|something in it|any text] else {no}
imperative/filled: @Show {yes} if {x} is [filled in|not empty|not blank][,|] @otherwise {no}
question/filled: @how_to @show {yes} if {x} is not @empty, @otherwise {no}?
narrative/filled: Only filled cells count. If {x} is not @empty @show {yes}, @otherwise {no}.
telegraphic/else: if {x} is @empty @show {yes}, @otherwise {x}
imperative/else: @Show {yes} if {x} is @empty[,|] @otherwise [the value of|what is in|] {x}
question/else: @how_to @show {yes} if {x} is @empty and otherwise {x} itself?
narrative/else: {x} may be @empty. @Show {yes} then, and {x} itself in all other cases.
telegraphic/times: leave blank if {x} is @empty, otherwise {x} times {b}
imperative/times: Multiply {x} by {b} but leave the cell blank if {x} is @empty
question/times: @how_to multiply {x} by {b} and @show nothing if {x} is @empty?
narrative/times: {x} is sometimes @empty. Leave the cell blank then, @otherwise multiply {x} by {b}.
''')
def blank_flag(s: Scene) -> Draft:
    how = s.rng.choices(("empty", "filled", "else", "times"), (35, 22, 20, 23))[0]
    if how == "times":
        x, b = pair(s, s.numbers)
        return Draft(f'IF({x.cell}="","",{x.cell}*{b.cell})', result="any", wording=how, x=x.cell_name, b=b.cell_name)
    x, (yes, no) = s.any(), outcome_pair(s)
    mark, last = "<>" if how == "filled" else "=", x.cell if how == "else" else no.formula
    formula = f'IF({x.cell}{mark}"",{yes.formula},{last})'
    return Draft(formula, result="flag", wording=how, x=x.cell_name, yes=yes, no=no)


@row_kind("is_type", share=2, wrap=False, wordings='''
imperative/ISNUMBER: @Check @whether {x} is a number
imperative/ISNUMBER: @Check @whether {x} @contains a number
question/ISNUMBER: is {x} a number?
question/ISNUMBER: @how_to @check if {x} is numeric?
telegraphic/ISNUMBER: {x} is number true or false
narrative/ISNUMBER: The data is mixed. @Check @whether {x} is a number.
imperative/ISTEXT: @Check @whether {x} is text
question/ISTEXT: is {x} a text?
question/ISTEXT: @how_to @check if {x} holds text?
telegraphic/ISTEXT: {x} is text true or false
imperative/ISBLANK: @Check @whether {x} is @empty
imperative/ISBLANK: @Display TRUE if {x} is @empty
question/ISBLANK: is {x} @empty?
question/ISBLANK: @how_to @check if {x} is @empty?
telegraphic/ISBLANK: {x} is @empty true or false
narrative/ISBLANK: Some values are missing. @Check @whether {x} is @empty.
imperative/ISERROR: @Check @whether {x} is an error
imperative/ISERROR: @Check @whether {x} [gives|has|shows] an error
question/ISERROR: is {x} an error?
question/ISERROR: @how_to @check if {x} has an error?
telegraphic/ISERROR: {x} is error true or false
''')
def is_type(s: Scene) -> Draft:
    x, function = s.any(), s.rng.choice(("ISNUMBER", "ISTEXT", "ISBLANK", "ISERROR"))
    return Draft(f"{function}({x.cell})", result="flag", wording=function, x=x.cell_name)


@row_kind("test_only", share=1.5, wordings='''
imperative: @Check @whether {test.row}
imperative: @Display TRUE if {test.row} and FALSE if not
imperative: @Display TRUE or FALSE for {test.row}
imperative: @Display TRUE when {test.row}[, else FALSE|]
imperative: Check if it is true that {test.row}
question: @how_to @check if {test.row}?
question: is it true that {test.row}?
question: @how_to @display TRUE if {test.row} and FALSE otherwise?
question: @how_to test @whether {test.row}?
telegraphic: {test.row} true or false
telegraphic: true if {test.row}
telegraphic: TRUE/FALSE {test.row}
telegraphic: check {test.row}
narrative: I only need TRUE or FALSE. @Check @whether {test.row}.
narrative: @need_to check something. Is it true that {test.row}?
narrative: For a filter @i_need TRUE if {test.row} and FALSE if not.
''')
def test_only(s: Scene) -> Draft:
    test = row_test(s)
    return Draft(test.formula, result="flag", test=test)


@row_kind("safe_divide", share=3, wrap=False, wordings='''
imperative/zero: Divide {a} by {b} and @show 0 if there is an error
imperative/zero: Divide {a} by {b}[,|] @show 0 instead of an error
question/zero: @how_to divide {a} by {b} and @show 0 [on error|instead of an error|if it fails]?
telegraphic/zero: {a} divided by {b}, 0 if error
telegraphic/zero: {a} / {b} or 0 on error
narrative/zero: {b} can be zero. Divide {a} by {b} and @show 0 if that fails.
imperative/blank: Divide {a} by {b} and leave [it|the cell] blank if there is an error
imperative/blank: Divide {a} by {b} and hide the error if {b} is zero
question/blank: @how_to divide {a} by {b} and [show nothing|leave the cell blank] [on error|if it fails]?
question/blank: @how_to avoid the #DIV/0 error when dividing {a} by {b} and leave the cell empty?
telegraphic/blank: {a} divided by {b}, blank if error
telegraphic/blank: {a} / {b}, empty on error
narrative/blank: I get a division error sometimes. Divide {a} by {b} but leave the cell blank on an error.
imperative/text: Divide {a} by {b} and @show {w} if there is an error
imperative/text: Divide {a} by {b} or @show {w} if that is not possible
question/text: @how_to divide {a} by {b} and @show {w} [on error|instead of an error|if it fails]?
telegraphic/text: {a} divided by {b}, {w} if error
telegraphic/text: {a} / {b} or {w} on error
narrative/text: {b} can be zero. Divide {a} by {b} and @show {w} if that fails.
''')
def safe_divide(s: Scene) -> Draft:
    (a, b), w, how = pair(s, s.numbers), s.word(), s.rng.choice(("zero", "blank", "text"))
    last = {"zero": "0", "blank": '""', "text": w.formula}[how]
    return Draft(f"IFERROR({a.cell}/{b.cell},{last})", result="any", wording=how, a=a.cell_name, b=b.cell_name, w=w)


@row_kind("same_text", share=1.5, wordings='''
imperative/exact: @Check @whether {a} and {b} are exactly the same, including case
imperative/exact: Compare {a} and {b} case-sensitively
imperative/exact: @Display TRUE if {a} and {b} match exactly, upper and lower case included
question/exact: are {a} and {b} exactly the same with upper and lower case?
question/exact: @how_to compare {a} and {b} case-sensitively?
telegraphic/exact: exact match {a} {b}
telegraphic/exact: case-sensitive compare {a} and {b}
telegraphic/exact: {a} and {b} identical incl. case
narrative/exact: Case matters to us. @Check @whether {a} and {b} are the same.
imperative/same: @Check @whether {a} and {b} are [equal|the same]
imperative/same: @Check @whether {a} [equals|matches|is the same as] {b}
imperative/same: @Display TRUE if {a} and {b} are [equal|the same]
question/same: are {a} and {b} [equal|the same]?
question/same: @how_to @check if {a} and {b} are [equal|the same]?
telegraphic/same: {a} equal to {b} true or false
telegraphic/same: are {a} and {b} the same
narrative/same: @need_to compare two cells. @Check @whether {a} and {b} are [equal|the same].
imperative/differ: @Check @whether {a} and {b} are @different
question/differ: are {a} and {b} @different?
telegraphic/differ: {a} @different from {b} true or false
''')
def same_text(s: Scene) -> Draft:
    (a, b), how = pair(s, lambda: some_text(s)), s.rng.choice(("exact", "exact", "same", "same", "differ"))
    formula = {"exact": f"EXACT({a.cell},{b.cell})", "same": f"{a.cell}={b.cell}", "differ": f"{a.cell}<>{b.cell}"}[how]
    return Draft(formula, result="flag", wording=how, a=a.cell_name, b=b.cell_name)


@row_kind("duplicate_flag", share=2.5, wordings='''
imperative/flag: @Show {yes} if {c} [appears|occurs] more than once in {x}[,|] @otherwise {no}
imperative/flag: @Check @whether {c} is a duplicate in {x} and @show {yes} or {no}
imperative/flag: @Flag {c} as {yes} if it [occurs|appears] more than once in {x}, else {no}
question/flag: @how_to @show {yes} if {c} is a duplicate in {x} and {no} if not?
question/flag: @how_to @check if {c} [appears|occurs] more than once in {x} and @show {yes} or {no}?
telegraphic/flag: if {c} is [a duplicate|repeated] in {x} {yes} else {no}
telegraphic/flag: {yes} if {c} more than once in {x}, otherwise {no}
narrative/flag: {x} may have duplicates. If {c} occurs more than once @show {yes}, @otherwise {no}.
imperative/bare: @Check @whether {c} [appears|occurs] more than once in {x}
imperative/bare: @Check @whether {c} is a duplicate in {x}
question/bare: is {c} a duplicate in {x}?
question/bare: @how_to @check if {c} is a duplicate in {x}?
telegraphic/bare: {c} duplicate in {x} true or false
narrative/bare: {x} should have no duplicates. @Check @whether {c} occurs more than once.
imperative/count: Count how many times {c} [appears|occurs] in {x}
question/count: how many times does the value of {c} [appear|occur] in {x}?
telegraphic/count: count of {c} in {x}
narrative/count: I [want|need|have] to know how common {c} is. Count how often it [appears|occurs] in {x}.
''')
def duplicate_flag(s: Scene) -> Draft:
    x, (yes, no), how = some_text(s), outcome_pair(s), s.rng.choice(("flag", "flag", "bare", "count"))
    count = f"COUNTIF({x.range},{x.cell})"
    formula = {"flag": f"IF({count}>1,{yes.formula},{no.formula})", "bare": f"{count}>1", "count": count}[how]
    return Draft(formula, result="flag", wording=how, x=x, c=cell_in_row(s, x), yes=yes, no=no)


@row_kind("first_occurrence", share=1, wordings='''
imperative: @Show {yes} if {c} is the first [occurrence|appearance] in {x}[,|] @otherwise {no}
imperative: @Show {yes} if {c} appears for the first time in {x}[,|] @otherwise {no}
imperative: @Flag {c} as {yes} the first time it appears in {x} and as {no} after that
imperative: @Check @whether {c} has not appeared before in {x} and @show {yes} or {no}
imperative: @Show {yes} for the first [occurrence|appearance] of {c} in {x} and {no} for repeats
question: @how_to @show {yes} if {c} is the first [occurrence|appearance] in {x} and {no} if not?
question: @how_to @check if {c} appears for the first time in {x} and @show {yes} or {no}?
question: @how_to @flag {c} as {yes} the first time it appears in {x}, @otherwise {no}?
question: @how_to tell first occurrences of {c} in {x} from repeats with {yes} and {no}?
telegraphic: first occurrence of {c} in {x} {yes} else {no}
telegraphic: if {c} appears for the first time in {x} {yes}, otherwise {no}
telegraphic: {yes} if first {c} in {x}, {no} for repeats
telegraphic: {c} first time in {x}: {yes}, repeated: {no}
narrative: Values repeat in {x}. If {c} is there for the first time @show {yes}, @otherwise {no}.
narrative: I want to keep first entries only. @Show {yes} if {c} is the first occurrence in {x}, else {no}.
narrative: {x} has repeats. The first {c} should be {yes} and later ones {no}.
''')
def first_occurrence(s: Scene) -> Draft:
    x, (yes, no) = some_text(s), outcome_pair(s)
    return Draft(f"IF(COUNTIF({x.letter}$2:{x.cell},{x.cell})=1,{yes.formula},{no.formula})", result="flag", x=x.column_name, c=cell_in_row(s, x), yes=yes, no=no)


@row_kind("in_list", share=2.5, wordings='''
imperative/flag: @Show {yes} if {c} is [in|found in|listed in] {x}[,|] @otherwise {no}
imperative/flag: @Check @whether {c} [is|exists|occurs] in {x} and @show {yes} or {no}
imperative/flag: Look for {c} in {x} and @show {yes} if it is there, @otherwise {no}
question/flag: @how_to @show {yes} if {c} is in {x} and {no} if not?
question/flag: @how_to @check if {c} exists in {x} and @show {yes} or {no}?
telegraphic/flag: if {c} is in {x} {yes} else {no}
telegraphic/flag: {yes} if {c} found in {x}, otherwise {no}
telegraphic/flag: {c} in list {x}? {yes} / {no}
narrative/flag: {x} is my list. If {c} is in it @show {yes}, @otherwise {no}.
narrative/flag: @need_to compare with a list. If {c} appears in {x} @show {yes}, @otherwise {no}.
imperative/bare: @Check @whether {c} [is|exists|occurs] in {x}
imperative/bare: @Check @whether the list in {x} @contains {c}
question/bare: is {c} in {x}?
question/bare: @how_to @check if {c} exists in {x}?
telegraphic/bare: {c} in {x} true or false
narrative/bare: {x} is my list. @Check @whether {c} is in it.
''')
def in_list(s: Scene) -> Draft:
    x, (yes, no) = some_text(s), outcome_pair(s)
    cell = s.input(x)
    found = f"COUNTIF({x.range},{cell.formula})>0"
    if s.rng.random() < 0.3:
        return Draft(found, result="flag", wording="bare", x=x, c=cell)
    return Draft(f"IF({found},{yes.formula},{no.formula})", result="flag", wording="flag", x=x, c=cell, yes=yes, no=no)


@row_kind("overdue", share=2, wordings='''
imperative/past: @Show {yes} if {x} is [in the past|before today|earlier than today][,|] @otherwise {no}
imperative/past: @Check @whether {x} has passed and @show {yes} or {no}
question/past: @how_to @show {yes} if {x} is [before today|in the past] and {no} if not?
question/past: @how_to @check if the date in {x} has passed and @show {yes} or {no}?
telegraphic/past: if {x} < today {yes} else {no}
telegraphic/past: if {x} is before today's date @show {yes}, @otherwise {no}
telegraphic/past: {x} in the past {yes}, otherwise {no}
narrative/past: {x} is a due date. If it is before today @show {yes}, @otherwise {no}.
imperative/future: @Show {yes} if {x} is [in the future|after today|later than today][,|] @otherwise {no}
question/future: @how_to @show {yes} if {x} is [after today|in the future] and {no} if not?
telegraphic/future: if {x} > today {yes} else {no}
telegraphic/future: {x} in the future {yes}, otherwise {no}
narrative/future: {x} is an event date. If it is still in the future @show {yes}, @otherwise {no}.
imperative/old: @Show {yes} if {x} is more than {n} days ago[,|] @otherwise {no}
question/old: @how_to @show {yes} if {x} is more than {n} days ago, @otherwise {no}?
telegraphic/old: if {x} is older than {n} days {yes} else {no}
telegraphic/old: if more than {n} days have passed since {x} @show {yes} @otherwise {no}
narrative/old: {x} is the last contact. If that is more than {n} days ago @show {yes}, @otherwise {no}.
''')
def overdue(s: Scene) -> Draft:
    x, (yes, no), n, how = s.dates(), outcome_pair(s), s.number(3, 365), s.rng.choice(("past", "past", "future", "old"))
    test = {"past": f"{x.cell}<TODAY()", "future": f"{x.cell}>TODAY()", "old": f"TODAY()-{x.cell}>{n.formula}"}[how]
    return Draft(f"IF({test},{yes.formula},{no.formula})", result="flag", wording=how, x=x.cell_name, yes=yes, no=no, n=n)
