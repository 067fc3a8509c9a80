"""Finding one value: by a key, by several, from the end, by position, by band."""

from __future__ import annotations

from slm_jax.domains.excel.kinds.registry import kind
from slm_jax.domains.excel.scene import Draft, NoColumn, Scene


def _key(s: Scene) -> tuple:
    """(key column, its value as a literal or a cell): names, codes, texts; sometimes a category."""
    key = s.rng.choices((s.key, s.category), (82, 18))[0]()
    return key, s.input(key) if s.rng.random() < 0.45 else s.value_of(key)


def _value(s: Scene):
    """A column to return something from."""
    return s.rng.choices((s.numbers, s.category, s.dates, s.key), (50, 22, 18, 10))[0]()


@kind("lookup", share=12.6, sheets=True, wordings="""
imperative: @Lookup {word} in {key} and return [the @matching @value from |]{value}
imperative: @Lookup [the |]{value} [for|of] {word} in {key}
imperative: @Lookup the {value} @where {key} is {word}
imperative: Match {word} in {key} and @find [the value from |]{value}
imperative: @Find {word} in {key} and give [me |]{value} [from the same row|]
imperative: Search {key} for {word} and return {value}
imperative: Return {value} for the row where {key} [is|equals|matches] {word}
imperative: Use XLOOKUP to @find {value} for {word} in {key}
imperative: Pull [in |]{value} [by matching|that matches] {word} [with|in|against] {key}
question: what is the {value} [for|of] {word} in {key}?
question: what is the @value in {value} @where {key} is {word}?
question: which {value} [belongs to|goes with|corresponds to] {word} in {key}?
question: which {value} does {word} in {key} have?
question: how [do|can] I look up {word} in {key} and return {value}?
question: what is in {value} on the row where {key} is {word}?
telegraphic: lookup {word} in {key} return {value}
telegraphic: xlookup {word} {key} {value}
telegraphic: {value} for {word} in {key}
telegraphic: find {value} where {key} = {word}
telegraphic: get {value} of {word} ({key})
telegraphic: match {word} in {key}, return {value}
narrative: {key} @holds the keys and {value} what I need. @Find the @matching one for {word}.
narrative: I have {word} and want the [corresponding|matching] {value}. The list to search is {key}.
narrative: I @wantto search {key} for {word}. When it is found, return {value} from that row.
""")
def lookup(s: Scene) -> Draft:
    key, word = _key(s)
    value = _value(s)
    return Draft(f"XLOOKUP({word.formula},{key.range},{value.range})", result="any", key=key, word=word, value=value)


@kind("vlookup", share=2.9, sheets=True, wordings="""
imperative: Use VLOOKUP to find {word} in {block} and return column {index}
imperative: VLOOKUP {word} in {block}, column {index}, exact match
imperative: Look up {word} in {block} with VLOOKUP and return the value from column [number |]{index}
imperative: Do a VLOOKUP of {word} in {block} [and|to] get column {index}
imperative: Write a VLOOKUP that finds {word} in {block} and gives column {index}
imperative: Return column {index} of {block} for {word} using VLOOKUP
question: how do I VLOOKUP {word} in {block} and return column {index}?
question: what VLOOKUP finds {word} in {block} and returns column {index}?
question: which VLOOKUP gives column {index} of {block} for {word}?
question: can VLOOKUP search {block} for {word} and return column {index}?
telegraphic: vlookup {word} in {block} col {index}
telegraphic: vlookup {word}, {block}, {index}, exact
telegraphic: vlookup {word} {block} column {index}
telegraphic: column {index} of {block} for {word}, vlookup
narrative: My table is {block}. Use VLOOKUP to find {word} and return column {index}.
narrative: I have a table in {block}. I @want the value in column {index} for {word}, with VLOOKUP.
""")
def vlookup(s: Scene) -> Draft:
    key, word = _key(s)
    block = s.block(key, _value(s))
    index = s.rng.randint(2, block.width)
    return Draft(f"VLOOKUP({word.formula},{block.formula},{index},FALSE)", result="any", word=word, block=block, index=index)


@kind("index_match", share=4, sheets=True, wordings="""
imperative: Use INDEX MATCH to @find {value} for {word} in {key}
imperative: Use INDEX and MATCH to return {value} @where {key} is {word}
imperative: @Lookup {value} for {word} in {key} with INDEX MATCH
imperative: @Lookup {word} in {key} and return {value} using INDEX and MATCH
imperative: Write an INDEX/MATCH that returns {value} @where {key} equals {word}
imperative: Return {value} with INDEX MATCH by matching {word} in {key}
question: how do I use INDEX MATCH to get {value} for {word} in {key}?
question: what INDEX MATCH returns {value} @where {key} is {word}?
question: which INDEX and MATCH finds {word} in {key} and returns {value}?
question: can INDEX MATCH give me {value} for {word} in {key}?
telegraphic: index match {word} in {key} return {value}
telegraphic: index/match {value} where {key} = {word}
telegraphic: {value} for {word} in {key} using index match
telegraphic: index match {value} {key} {word}
narrative: I don't have XLOOKUP. Use INDEX and MATCH to find {word} in {key} and return {value}.
narrative: {key} @holds the keys. With INDEX MATCH, I @want {value} for {word}.
narrative: My Excel is old, so use INDEX MATCH. Search {key} for {word} and return {value}.
""")
def index_match(s: Scene) -> Draft:
    key, word = _key(s)
    value = _value(s)
    return Draft(f"INDEX({value.range},MATCH({word.formula},{key.range},0))", result="any", key=key, word=word, value=value)


@kind("lookup_or", share=3.6, wrap=False, sheets=True, wordings="""
imperative: @Lookup {word} in {key} and return {value}, or {other} if [it is |]not found
imperative: @Lookup [the |]{value} for {word} in {key} and show {other} if there is no match
imperative: @Lookup {value} @where {key} is {word}, otherwise [show|return] {other}
imperative: Match {word} in {key} and return {value}, or {other} if missing
imperative: Search {key} for {word} and return {value}; if nothing is found, show {other}
imperative: Use XLOOKUP to find {word} in {key} and return {value}, with {other} when not found
question: what is the {value} for {word} in {key}, or {other} if it is not there?
question: how do I look up {word} in {key} and return {value}, or {other} if not found?
question: which {value} belongs to {word} in {key}, with {other} if there is no match?
question: how can I return {value} for {word} in {key} and show {other} when it is missing?
telegraphic: lookup {word} in {key} return {value} else {other}
telegraphic: xlookup {word} {key} {value} if not found {other}
telegraphic: {value} for {word} in {key} or {other}
telegraphic: find {word} in {key}, return {value}, not found {other}
narrative: I @want {value} for {word} in {key}. If it is not found, show {other}.
narrative: {key} may not have {word}. If it does return {value}, otherwise {other}.
""")
def lookup_or(s: Scene) -> Draft:
    key, word = _key(s)
    value = _value(s)
    common = ["Not found", "N/A", "None", "Missing", "Unknown", "-", "No match", "0"]
    other = s.text_literal(s.rng.choice(common)) if not s.pool.held_out and s.rng.random() < 0.6 else s.word()
    return Draft(f"XLOOKUP({word.formula},{key.range},{value.range},{other.formula})", result="any", key=key, word=word, value=value, other=other)


@kind("lookup_two", share=4.7, sheets=True, wordings="""
imperative: @Lookup {value} @where {a} and {b}
imperative: @Lookup [the |]{value} of the [one |]row where {a} and {b}
imperative: Return {value} for the row that has {a} and {b}
imperative: @Lookup {value} [by|with] two criteria: {a} and {b}
imperative: Match on two columns, {a} and {b}, and return {value}
imperative: Use XLOOKUP with two conditions, {a} and {b}, to get {value}
question: what is the {value} of the row where {a} and {b}?
question: which {value} has {a} and {b}?
question: what is in {value} when both {a} and {b}?
question: how [do|can] I look up {value} where {a} and {b}?
telegraphic: lookup {value} where {a} and {b}
telegraphic: xlookup {value}, {a}, {b}
telegraphic: {value} for row with {a} and {b}
telegraphic: find {value} matching {a} and {b}
narrative: I @wantto look something up by two keys. Return {value} where {a} and {b}.
narrative: One condition is not enough to find the row. It must have {a} and {b}, and I need its {value}.
""")
def lookup_two(s: Scene) -> Draft:
    s.need_bounded()
    first, second = s.category(), s.rng.choice((s.category, s.names, s.codes))()
    a, b = s.matching(first, second)
    value = s.rng.choices((s.numbers, s.dates, s.key), (60, 20, 20))[0]()
    return Draft(f"XLOOKUP(1,({a.on(first.bounded)})*({b.on(second.bounded)}),{value.bounded})", result="any", a=a, b=b, value=value)


@kind("lookup_last", share=3.2, sheets=True, wordings="""
imperative: @Find the last {value} @where {key} is {word}
imperative: @Lookup the last [match|occurrence] of {word} in {key} and return {value}
imperative: @Get the [most recent|latest|last] entry in {value} for {word} in {key}
imperative: Return {value} from the last row where {key} [is|equals] {word}
imperative: Search {key} from the bottom [up |]for {word} and return {value}
imperative: @Lookup {word} in {key} starting from the end and return {value}
question: what is the last {value} for {word} in {key}?
question: what is the most recent {value} @where {key} is {word}?
question: which {value} comes last for {word} in {key}?
question: what is {value} on the last row that has {word} in {key}?
telegraphic: last {value} for {word} in {key}
telegraphic: last match of {word} in {key} return {value}
telegraphic: lookup last {word} {key} {value}
telegraphic: most recent {value} where {key} = {word}
narrative: {word} occurs several times in {key}. I @want {value} from the last one.
narrative: New @rows are added at the bottom. @Find the last {value} where {key} is {word}.
""")
def lookup_last(s: Scene) -> Draft:
    key = s.category()
    word = s.input(key) if s.rng.random() < 0.4 else s.value_of(key)
    value = _value(s)
    return Draft(f"XLOOKUP({word.formula},{key.range},{value.range},,0,-1)", result="any", key=key, word=word, value=value)


@kind("lookup_extreme", share=4.7, sheets=True, wordings="""
imperative/MAX: @Find the {name} with the @max {value}
imperative/MAX: Return the {name} that has the @max {value}
imperative/MAX: @Get [the |]{name} for the [row with the |]@max @value in {value}
imperative/MIN: @Find the {name} with the @min {value}
imperative/MIN: Return the {name} that has the @min {value}
imperative/MIN: @Get [the |]{name} for the [row with the |]@min @value in {value}
question/MAX: which {name} has the @max {value}?
question/MAX: what is the {name} with the @max {value}?
question/MAX: which {name} has the most {value}?
question/MIN: which {name} has the @min {value}?
question/MIN: what is the {name} with the @min {value}?
question/MIN: which {name} has the least {value}?
telegraphic/MAX: {name} with @max {value}
telegraphic/MAX: {name} of max {value}
telegraphic/MIN: {name} with @min {value}
telegraphic/MIN: {name} of min {value}
narrative/MAX: {value} @holds @values and {name} the labels. I @want the {name} of the @max one.
narrative/MIN: {value} @holds @values and {name} the labels. I @want the {name} of the @min one.
narrative/MAX: Look for the @max @value in {value}. Then return {name} from the same row.
narrative/MIN: Look for the @min @value in {value}. Then return {name} from the same row.
""")
def lookup_extreme(s: Scene) -> Draft:
    value, function = s.rng.choices((s.numbers, s.dates), (92, 8))[0](), s.rng.choice(("MAX", "MIN"))
    name = s.rng.choices((s.key, s.category, s.dates), (62, 28, 10))[0]()
    return Draft(f"XLOOKUP({function}({value.range}),{value.range},{name.range})", result="any", wording=function, value=value, name=name)


@kind("lookup_table", share=2.3, wordings="""
imperative: @Lookup the value in {block} at the row where {key} is {word} and the column headed {head}
imperative: @Lookup in {block} with row {word} from {key} and column {head} from {heads}
imperative: Do a two-way lookup in {block}: {word} in {key} and {head} in {heads}
imperative: Return the cell of {block} where {key} matches {word} and {heads} matches {head}
imperative: Use INDEX MATCH MATCH on {block} with {word} in {key} and {head} in {heads}
imperative: @Find the intersection of {word} in {key} and {head} in {heads} in {block}
question: what is the value in {block} for {word} in {key} and {head} in {heads}?
question: which cell of {block} is at {word} in {key} and {head} in {heads}?
question: how do I do a two-way lookup in {block} for {word} in {key} and {head} in {heads}?
question: what is in {block} where row {word} of {key} meets column {head} of {heads}?
telegraphic: two-way lookup {block}, {word} in {key}, {head} in {heads}
telegraphic: 2d lookup {block} {key} {word} {heads} {head}
telegraphic: index match match {block}, {word} in {key}, {head} in {heads}
telegraphic: value in {block} at row {word} ({key}) and column {head} ({heads})
narrative: The row labels are in {key} and the headers in {heads}. @Find the value of {block} for {word} and {head}.
narrative: My table is {block}. The row is where {key} is {word}, the column where {heads} is {head}.
""")
def lookup_table(s: Scene) -> Draft:
    s.need_range()
    key = s.key()
    values = [column.letter for column in s.world.columns if column.letter > key.letter]
    if len(values) < 2:
        raise NoColumn("columns after the key")
    first, last, row = values[0], values[-1], s.world.last_row
    block, heads, labels = f"{first}2:{last}{row}", f"{first}1:{last}1", f"{key.letter}2:{key.letter}{row}"
    word = s.input(key) if s.rng.random() < 0.6 else s.value_of(key)
    head = s.header_literal(values)
    formula = f"INDEX({block},MATCH({word.formula},{labels},0),MATCH({head.formula},{heads},0))"
    return Draft(formula, result="any", block=block, heads=heads, key=labels, word=word, head=head)


@kind("lookup_band", share=2.7, wordings="""
imperative: @Lookup {word} in the [brackets|bands|tiers|thresholds] in {key} and return {value}
imperative: @Lookup the {value} [band|bracket|tier] for {word} from the thresholds in {key}
imperative: @Lookup {word} in {key} with an approximate match and return {value}
imperative: @Lookup the closest value not above {word} in {key} and return {value}
imperative: Match {word} to the next smaller value in {key} and return {value}
imperative: Use an approximate XLOOKUP of {word} in {key} to get {value}
question: which {value} applies to {word} if {key} has the lower limits?
question: what is the {value} [tier|band|bracket] for {word} with thresholds in {key}?
question: which [bracket|band|tier] of {key} does {word} fall in, returning {value}?
question: what is {value} for {word} by the lower bounds in {key}?
telegraphic: approximate lookup {word} in {key} return {value}
telegraphic: tier lookup {word}, thresholds {key}, result {value}
telegraphic: bracket of {word} in {key} return {value}
telegraphic: xlookup {word} {key} {value} next smaller
narrative: {key} has lower limits and {value} the rate for each. @Find the one for {word}.
narrative: It is a tier table: thresholds in {key}, results in {value}. @Find the tier of {word}.
""")
def lookup_band(s: Scene) -> Draft:
    key = s.numbers()
    word = s.input(key) if s.rng.random() < 0.6 else s.threshold(key)
    value = s.rng.choice((s.percents, s.category, s.numbers))()
    return Draft(f"XLOOKUP({word.formula},{key.range},{value.range},,-1)", result="any", key=key, word=word, value=value)


@kind("position", share=2.2, sheets=True, wordings="""
imperative: @Find the position of {word} in {key}
imperative: @Get the row position of {word} in {key}
imperative: @Get the relative position of {word} in {key}
imperative: Use MATCH to find {word} in {key}
imperative: Return [the position|where] {word} [first |]is in {key}
imperative: @Find where in {key} {word} is
question: what is the position of {word} in {key}?
question: at which position is {word} in {key}?
question: where in {key} is {word}?
question: what place does {word} have in {key}?
telegraphic: position of {word} in {key}
telegraphic: match {word} in {key}
telegraphic: where is {word} in {key}
telegraphic: index of {word} in {key}
narrative: {key} is a list. I @want the position of {word} in it.
narrative: I don't need the value itself. Just tell me at which position of {key} {word} is.
""")
def position(s: Scene) -> Draft:
    key, word = _key(s)
    return Draft(f"MATCH({word.formula},{key.range},0)", result="number", key=key, word=word)


@kind("exists", share=3.2, wrap=False, sheets=True, wordings="""
imperative: Check [if|whether] {word} is in {key}
imperative: Check [if|whether] {word} [exists|appears|occurs] in {key}
imperative: Test [if|whether] {key} contains {word}
imperative: Return TRUE if {word} is [anywhere |]in {key}
imperative: Tell me whether {word} [can be found|is found] in {key}
imperative: See if {key} has {word}
question: is {word} in {key}?
question: does {key} contain {word}?
question: does {word} [exist|appear|occur] in {key}?
question: is there a {word} in {key}?
telegraphic: check if {word} in {key}
telegraphic: is {word} in {key}
telegraphic: true if {key} contains {word}
telegraphic: {word} exists in {key}
narrative: {key} is a list. I @wantto know [if|whether] {word} is in it.
narrative: I @want TRUE or FALSE: does {word} appear in {key}?
""")
def exists(s: Scene) -> Draft:
    key, word = _key(s)
    return Draft(f"COUNTIF({key.range},{word.formula})>0", result="flag", key=key, word=word)
