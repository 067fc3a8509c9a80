"""Other files and the web, text, lookup, errors, charts."""

from __future__ import annotations

from slm_jax.domains.sheets.kinds.registry import kind

# Other files and the web
kind(
    "import_range", '=IMPORTRANGE("<key.formula>","<sheet.raw>!A:D")',
    "import columns A to D of [sheet |]{sheet} from {key}", "~importrange {sheet}!A:D from {key}", "pull A:D of the {sheet} tab from the spreadsheet {key}",
    "bring in A:D found on {sheet} of another file, {key}", tables=False,
)
kind(
    "import_query", "=QUERY(IMPORTRANGE(\"<key.formula>\",\"<sheet.raw>!A:D\"),\"select Col1, Col3 where Col2 = '<x.raw>'\",1)",
    "import A:D of {sheet} from {key} and query the first and third column where the second is {x}", "~query importrange {key} {sheet}!A:D: Col1, Col3 where Col2 = {x}",
    "use QUERY with IMPORTRANGE on {sheet} A:D of {key} to get columns 1 and 3 where column 2 is {x}",
    "bring in columns 1 and 3 of {sheet} A:D found in {key}, only with {x} in column 2", tables=False,
)
kind(
    "import_html", '=IMPORTHTML(<site.formula>,"table",<few.formula>)',
    "import table [number |]{few} from {site}", "~importhtml table {few} of {site}", "pull the table no. {few} on the page {site}",
    "bring in HTML table {few} found at {site}", tables=False,
)
kind(
    "import_list", '=IMPORTHTML(<site.formula>,"list",<few.formula>)',
    "import list [number |]{few} from {site}", "~importhtml list {few} of {site}", "pull the list no. {few} on the page {site}", "bring in HTML list {few} found at {site}",
    tables=False,
)
kind(
    "import_xml", '=IMPORTXML(<site.formula>,"//h2")',
    "import all h2 headings from {site}", "~importxml h2 of {site}", "scrape the h2 titles on {site}", "bring in each h2 found at {site}", tables=False,
)
kind(
    "import_data", "=IMPORTDATA(<site.formula>)",
    "import the [csv|CSV file] at {site}", "~importdata {site}", "load the csv from {site}", "bring in CSV data found at {site}", tables=False,
)
kind(
    "finance_price", '=GOOGLEFINANCE(<ticker.formula>,"price")',
    "get the [current|latest] [stock |share |]price of {ticker}", "~price of {ticker}", "~what is {ticker} trading at?", "~googlefinance {ticker} price",
    "show how much a share of {ticker} costs now", tables=False,
)
kind(
    "finance_currency", "=GOOGLEFINANCE(<pair.formula>)",
    "get the exchange rate {pair}", "~{pair} rate", "~what is the current rate {pair}?", "show the conversion rate {pair} of today", tables=False,
)
kind(
    "finance_history", '=GOOGLEFINANCE(<ticker.formula>,"close",<day.formula>,TODAY(),"DAILY")',
    "get the daily closing prices of {ticker} since {day}", "~daily close of {ticker} from {day} to today",
    "show closing prices for {ticker} from {day} until today, daily", "list how {ticker} closed each day starting {day}", tables=False,
)
kind(
    "translate", '=GOOGLETRANSLATE(<t.cell>,"auto",<language.formula>)',
    "translate {t.cell} [in|]to {language}", "~{t.cell} in {language}", "put the text of {t.cell} into {language}", "turn what {t.cell} says into {language}", tables=False,
)
kind(
    "translate_column", '=ARRAYFORMULA(GOOGLETRANSLATE(<t.data>,"en",<language.formula>))',
    "translate {t} from English to {language} for every row", "~arrayformula: {t} from English into {language}", "use ARRAYFORMULA to translate English {t} to {language}",
    "turn the English texts of {t} into {language} all at once", tables=False,
)
kind(
    "detect_language", "=DETECTLANGUAGE(<t.cell>)",
    "detect the language of {t.cell}", "~what language is {t.cell} in?", "~language of {t.cell}", "find out in which language {t.cell} is written", tables=False,
)
kind(
    "image", "=IMAGE(<site.formula>)",
    "show the [image|picture] at {site}", "~image {site}", "insert the picture {site} in the cell", "put the image found under {site} here", tables=False,
)
kind(
    "hyperlink", "=HYPERLINK(<site.formula>,<x.formula>)",
    "[link|make a link] to {site} with the text {x}", "~hyperlink {site} as {x}", "create a hyperlink to {site} that says {x}", "turn {x} into a clickable link for {site}",
    tables=False,
)
# Text
kind(
    "regex_match", "=REGEXMATCH(<t.cell>,<x.formula>)",
    "check whether {t.cell} contains {x} with REGEXMATCH", "~regexmatch {x} in {t.cell}", "use REGEXMATCH to test if {x} is in {t.cell}",
    "say with REGEXMATCH if {t.cell} mentions {x}", tables=False,
)
kind(
    "regex_digits", '=REGEXEXTRACT(<t.cell>,"\\d+")',
    "extract the [number|digits] from {t.cell}", "~first number in {t.cell}", "pull the number out of {t.cell}", "get only the first digits of {t.cell} with a regex",
    tables=False,
)
kind(
    "regex_domain", '=REGEXEXTRACT(<t.cell>,"@(.+)")',
    "extract the domain of the [email|e-mail address] in {t.cell}", "~email domain of {t.cell}", "get everything after the at sign in {t.cell}",
    "pull what follows @ from {t.cell}", tables=False,
)
kind(
    "regex_column", '=ARRAYFORMULA(IFERROR(REGEXEXTRACT(<t.data>,"\\d+")))',
    "extract the [number|digits] from every cell of {t}, blank if there is none", "~arrayformula: digits out of {t}, blank on error",
    "use ARRAYFORMULA to pull the number from {t}, hiding errors", "get the first digits in each row of {t}, leaving nothing otherwise", tables=False,
)
kind(
    "regex_only_digits", '=REGEXREPLACE(<t.cell>,"[^0-9]","")',
    "remove everything but digits from {t.cell}", "~only the digits of {t.cell}", "strip all non-digits from {t.cell}", "delete any character of {t.cell} that is no digit",
    tables=False,
)
kind(
    "regex_replace", '=REGEXREPLACE(<t.cell>,<x.formula>,<y.formula>)',
    "replace {x} with {y} in {t.cell} using REGEXREPLACE", "~regexreplace {x} by {y} in {t.cell}", "use REGEXREPLACE to change {x} to {y} in {t.cell}",
    "swap {x} for {y} within {t.cell} through REGEXREPLACE", tables=False,
)
kind(
    "split", "=SPLIT(<t.cell>,<delimiter.formula>)",
    "split {t.cell} [by|at|on] {delimiter}", "~{t.cell} split by {delimiter}", "separate {t.cell} into columns by {delimiter}",
    "break up {t.cell} wherever there is {delimiter}", tables=False,
)
kind(
    "split_part", "=INDEX(SPLIT(<t.cell>,<delimiter.formula>),1,<nth.formula>)",
    "split {t.cell} by {delimiter} and get part {nth}", "~part {nth} of {t.cell} split by {delimiter}", "get item number {nth} of {t.cell}, separated by {delimiter}",
    "take piece {nth} after breaking {t.cell} at {delimiter}", tables=False,
)
kind(
    "join", "=JOIN(<joiner.formula>,<t.data>)",
    "use JOIN to combine {t} with {joiner}", "~JOIN {t} with {joiner}", "JOIN all cells of {t}, separated by {joiner}",
    "put {t} in one cell through JOIN, {joiner} between",
)
kind(
    "text_join", "=TEXTJOIN(<joiner.formula>,TRUE,<t.data>)",
    "combine {t} into one cell with {joiner}, skipping blanks", "~textjoin {t} with {joiner}, ignore empty", "join the non-empty cells of {t}, separated by {joiner}",
    "put {t} in one cell, {joiner} between, without empties",
)
kind(
    "text_join_filter", "=TEXTJOIN(<joiner.formula>,TRUE,FILTER(<a.data>,<t.data>=<x.formula>))",
    "join {a} with {joiner} where {t} is {x}", "~textjoin {a} for {x} in {t}, separated by {joiner}",
    "combine all {a} with {x} in {t} into one cell, separated by {joiner}", "put {a} belonging to {x} in {t} in one cell, {joiner} between",
)
kind(
    "is_email", "=ISEMAIL(<t.cell>)",
    "check [if|whether] {t.cell} is a valid [email|e-mail address]", "~is {t.cell} an email?", "~valid email in {t.cell}", "validate the e-mail of {t.cell}", tables=False,
)
# Lookup, errors, stacks, charts
kind(
    "vlookup", "=VLOOKUP(<lookup.formula>,<sheet.formula>!A:D,<nth.formula>,FALSE)",
    "look up {lookup} in A:D of [sheet |]{sheet} and return column {nth}", "~vlookup {lookup} in {sheet} A:D, column {nth}, exact match",
    "find {lookup} in the first column of {sheet} A:D and get column {nth}", "fetch column {nth} of {sheet} A:D for the key in {lookup}", tables=False,
)
kind(
    "vlookup_error", "=IFERROR(VLOOKUP(<lookup.formula>,<sheet.formula>!A:D,<nth.formula>,FALSE),<missing.formula>)",
    "look up {lookup} in A:D of [sheet |]{sheet}, return column {nth}, or {missing} if it is not there",
    "~vlookup {lookup} in {sheet} A:D column {nth}, {missing} on error", "find {lookup} in {sheet} A:D and get column {nth}; show {missing} if that fails",
    "fetch column {nth} of {sheet} A:D for the key in {lookup}, else say {missing}", tables=False,
)
kind(
    "xlookup", "=XLOOKUP(<x.formula>,<t.all>,<n.all>,<missing.formula>)",
    "use XLOOKUP to find {x} in {t} and return {n}, or {missing}", "~xlookup {x} in {t} giving {n}, {missing} if absent",
    "XLOOKUP {n} for {x} in {t}, with {missing} if there is none", "fetch {n} for {x} of {t} through XLOOKUP, else say {missing}",
)
kind(
    "index_match", "=INDEX(<n.all>,MATCH(<x.formula>,<t.all>,0))",
    "use INDEX and MATCH to get {n} where {t} is {x}", "~index match: {n} for {x} in {t}", "find {n} of {x} in {t} with INDEX/MATCH",
    "fetch {n} through INDEX MATCH on {x} in {t}",
)
kind(
    "safe_division", "=IFERROR(<n.cell>/<m.cell>,0)",
    "divide {n.cell} by {m.cell}, [show|with] 0 on error", "~{n.cell} / {m.cell} or 0 if error", "calculate {n.cell} divided by {m.cell} and return 0 if it fails",
    "put {n.cell} over {m.cell}, zero when that errors", tables=False,
)
kind(
    "stack", "={<a.data>;<b.data>}",
    "stack {a} on top of {b}", "~{a} and {b} in one column", "append {b} below {a}", "put {b} underneath {a} as a single list",
)
kind(
    "side_by_side", "={<a.data>,<n.data>}",
    "put {a} and {n} side by side", "~{a} next to {n}", "show {a} with {n} to its right", "place {n} beside {a}",
)
kind(
    "unique_stack", "=UNIQUE({<a.data>;<b.data>})",
    "list the unique values of {a} and {b} together", "~unique values across {a} and {b}", "stack {a} and {b} and remove duplicates",
    "show each value once from {a} followed by {b}",
)
kind(
    "flatten", "=FLATTEN(<span.data>)",
    "flatten {span} into one column", "~{span} as a single column", "turn {span} into one column", "unroll {span} to a long list",
)
kind(
    "transpose", "=TRANSPOSE(<span.data>)",
    "transpose {span}", "swap rows and columns of {span}", "~{span} transposed", "turn the rows of {span} into columns",
)
kind(
    "sparkline", "=SPARKLINE(<n.data>)",
    "draw a sparkline of {n}", "~sparkline for {n}", "~mini line chart of {n} in a cell", "show the trend of {n} inside one cell",
)
kind(
    "sparkline_bar", '=SPARKLINE(<n.cell>,{"charttype","bar";"max",<k.formula>})',
    "draw a bar sparkline of {n.cell} with max {k}", "~bar sparkline {n.cell}, maximum {k}", "~progress bar for {n.cell} out of {k}",
    "show {n.cell} as an in-cell bar up to {k}", tables=False,
)
