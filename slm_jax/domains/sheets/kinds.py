"""What people ask of Google Sheets, and in what words.

A kind's formula holds `<slot>` and `<slot.attribute>`, its wordings `{slot}`, `{slot.attribute}` and `[a|b]` (see excel/phrasing.py); the slots are drawn by scene.py.
A wording that begins with ~ stands as it is; any other begins with a verb and may be framed ("how do I ...?"). The last wording of each kind is never trained.
"""

from __future__ import annotations

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    formula: str
    wordings: tuple[str, ...]
    tables: bool  # whether it may be asked of a table with headers

    @property
    def slots(self) -> set[str]:
        return {match[1] for text in (self.formula, *self.wordings) for match in re.finditer(r"[<{]([a-z]+)(?:\.[a-z]+)?[>}]", text)}


KINDS: dict[str, Kind] = {}


def _kind(name: str, formula: str, *wordings: str, tables: bool = True) -> None:
    KINDS[name] = Kind(name, formula, wordings, tables)


# Totals with criteria
_kind(
    "sum_if", "=SUMIF(<t.all>,<x.formula>,<n.all>)",
    "[sum|add up|total] {n} where {t} is {x}", "~total of {n} for {x} in {t}", "~what is the [total|sum] of {n} if {t} = {x}?", "~sum {n} if {t} equals {x}",
    "work out how much {n} adds up to in rows with {x} in {t}",
)
_kind(
    "sum_ifs", "=SUMIFS(<n.all>,<t.all>,<x.formula>,<u.all>,<y.formula>)",
    "[sum|add up|total] {n} where {t} is {x} and {u} is {y}", "~sum of {n} for {x} in {t} and {y} in {u}", "~total {n} if {t} = {x} and {u} = {y}",
    "add together {n} [but |]only when {t} says {x} while {u} says {y}",
)
_kind(
    "sum_over", '=SUMIF(<n.all>,"><k.formula>")',
    "[sum|add up|total] the values of {n} [over|above|greater than] {k}", "~sum of {n} where it is more than {k}", "~total {n} if > {k}",
    "add everything in {n} that exceeds {k}",
)
_kind(
    "count_if", "=COUNTIF(<t.all>,<x.formula>)",
    "count [the rows|how many rows|the cells] where {t} is {x}", "~how many times does {x} [appear|occur] in {t}?", "~number of {x} in {t}", "~count {t} = {x}",
    "tell how often {x} shows up in {t}",
)
_kind(
    "count_ifs", '=COUNTIFS(<t.all>,<x.formula>,<n.all>,"><k.formula>")',
    "count the rows where {t} is {x} and {n} is [over|above|greater than] {k}", "~how many rows have {x} in {t} and more than {k} in {n}?",
    "~count if {t} = {x} and {n} > {k}", "find the number of entries whose {t} is {x} with {n} exceeding {k}",
)
_kind(
    "average_if", "=AVERAGEIF(<t.all>,<x.formula>,<n.all>)",
    "average {n} where {t} is {x}", "~[mean|average] of {n} for {x} in {t}", "~what is the average of {n} when {t} = {x}?", "take the mean {n} over rows with {x} in {t}",
)
_kind(
    "max_ifs", "=MAXIFS(<n.all>,<t.all>,<x.formula>)",
    "find the [largest|highest|biggest] {n} where {t} is {x}", "~[max|maximum] of {n} for {x} in {t}", "~what is the highest {n} if {t} = {x}?",
    "get the top value of {n} among rows with {x} in {t}",
)
_kind(
    "min_ifs", "=MINIFS(<n.all>,<t.all>,<x.formula>)",
    "find the [smallest|lowest] {n} where {t} is {x}", "~[min|minimum] of {n} for {x} in {t}", "~what is the lowest {n} if {t} = {x}?",
    "get the least value of {n} among rows with {x} in {t}",
)
# FILTER
_kind(
    "filter_text", "=FILTER(<span.data>,<t.data>=<x.formula>)",
    "filter {span} [to|for] rows where {t} is {x}", "show [all|the] rows of {span} where {t} is {x}", "~rows of {span} with {x} in {t}",
    "~which rows in {span} have {t} = {x}?", "keep only {x} rows of {span}, going by {t}",
)
_kind(
    "filter_number", "=FILTER(<span.data>,<n.data>><k.formula>)",
    "filter {span} [to|for] rows where {n} is [over|above|greater than] {k}", "show rows of {span} with {n} [more than|above] {k}", "~rows of {span} where {n} > {k}",
    "pull the lines of {span} whose {n} exceeds {k}",
)
_kind(
    "filter_two", "=FILTER(<span.data>,<t.data>=<x.formula>,<n.data>><k.formula>)",
    "filter {span} where {t} is {x} and {n} is [over|above] {k}", "show rows of {span} with {x} in {t} and {n} more than {k}",
    "~rows of {span} where {t} = {x} and {n} > {k}", "keep those lines of {span} that have {x} in {t} plus {n} greater than {k}",
)
_kind(
    "filter_column", "=FILTER(<a.data>,<t.data>=<x.formula>)",
    "list {a} where {t} is {x}", "~all values of {a} for {x} in {t}", "~which {a} have {t} = {x}?", "return {a} for every row with {x} in {t}",
    "pull out {a} belonging to {x} in {t}",
)
_kind(
    "filter_contains", "=FILTER(<span.data>,REGEXMATCH(<t.data>,<x.formula>))",
    "filter {span} [to|for] rows where {t} contains {x}", "~rows of {span} with {t} containing {x}", "show rows of {span} whose {t} has {x} [in it|somewhere]",
    "keep lines of {span} that mention {x} within {t}",
)
_kind(
    "filter_not_blank", '=FILTER(<t.data>,<t.data><>"")',
    "list {t} without [the blanks|blank cells|empty cells]", "remove [blanks|empty cells] from {t}", "~{t} [with no blanks|skipping blanks]",
    "filter out the empty cells of {t}", "drop whatever is blank in {t}",
)
_kind(
    "filter_dates", "=FILTER(<span.data>,<d.data>>=<day.formula>)",
    "filter {span} to rows with {d} on or after {day}", "show rows of {span} where {d} is {day} or later", "~rows of {span} since {day} by {d}",
    "keep lines of {span} from {day} onwards, using {d}",
)
_kind(
    "filter_recent", "=FILTER(<span.data>,<d.data>>=TODAY()-<few.formula>)",
    "filter {span} to the last {few} days by {d}", "show rows of {span} where {d} is [within|in] the last {few} days",
    "~rows of {span} from the past {few} days, dates in {d}", "keep lines of {span} no older than {few} days according to {d}",
)
# UNIQUE, SORT, SORTN
_kind(
    "unique", "=UNIQUE(<t.data>)",
    "list the unique values [in|of] {t}", "get distinct values from {t}", "~unique values of {t}", "remove duplicates from {t}", "~distinct {t}",
    "show each value of {t} once",
)
_kind(
    "unique_sorted", "=SORT(UNIQUE(<t.data>))",
    "list the unique values of {t} [sorted|in alphabetical order|alphabetically]", "~sorted unique values of {t}", "get distinct values of {t} and sort them",
    "show each value of {t} once, in order",
)
_kind(
    "count_unique", "=COUNTUNIQUE(<t.data>)",
    "count the [unique|distinct] values [in|of] {t}", "~how many different values are in {t}?", "~number of [unique|distinct] values in {t}",
    "tell how many distinct entries {t} has",
)
_kind(
    "unique_filter", "=UNIQUE(FILTER(<a.data>,<t.data>=<x.formula>))",
    "list the unique {a} where {t} is {x}", "~distinct {a} for {x} in {t}", "get unique values of {a} for rows with {x} in {t}",
    "show each {a} once, only where {t} says {x}",
)
_kind(
    "sort_ascending", "=SORT(<span.data>,<n.position>,TRUE)",
    "sort {span} by {n} [ascending|from lowest to highest|smallest first]", "~{span} sorted by {n} ascending", "order {span} by {n}, lowest first",
    "arrange {span} so {n} increases",
)
_kind(
    "sort_descending", "=SORT(<span.data>,<n.position>,FALSE)",
    "sort {span} by {n} [descending|from highest to lowest|largest first]", "~{span} sorted by {n} descending", "order {span} by {n}, highest first",
    "arrange {span} so {n} decreases",
)
_kind(
    "sort_two", "=SORT(<span.data>,<t.position>,TRUE,<n.position>,FALSE)",
    "sort {span} by {t} ascending and then by {n} descending", "~{span} sorted by {t} A-Z then {n} high to low", "order {span} by {t} (A to Z), then {n} largest first",
    "arrange {span} alphabetically by {t} with ties going to bigger {n}",
)
_kind(
    "top_n", "=SORTN(<span.data>,<few.formula>,0,<n.position>,FALSE)",
    "show the top {few} rows of {span} by {n}", "~top {few} of {span} by {n}", "get the {few} rows of {span} with the [highest|largest] {n}",
    "return the {few} best lines of {span} ranked on {n}",
)
_kind(
    "filter_sorted", "=SORT(FILTER(<span.data>,<t.data>=<x.formula>),<n.position>,FALSE)",
    "filter {span} where {t} is {x} and sort by {n} descending", "show rows of {span} with {x} in {t}, highest {n} first",
    "~{span} where {t} = {x}, sorted by {n} high to low", "keep only {x} in {t} from {span} with biggest {n} on top",
)
# QUERY
_kind(
    "query_select", "=QUERY(<span.all>,\"select <a.letter>, <n.letter> where <t.letter> = '<x.raw>'\",1)",
    "use QUERY on {span} to select {a} and {n} where {t} is {x}", "~query {span}: {a} and {n} where {t} = {x}", "query {span} for {a} and {n} of rows with {x} in {t}",
    "write a QUERY returning {a} with {n} from {span}, limited to {x} in {t}",
)
_kind(
    "query_sum", '=QUERY(<span.all>,"select <t.letter>, sum(<n.letter>) where <t.letter> is not null group by <t.letter>",1)',
    "query {span} for the [sum|total] of {n} [by|per|for each] {t}", "~query: total {n} by {t} in {span}", "use QUERY on {span} to sum {n} grouped by {t}",
    "write a QUERY over {span} that adds up {n} within every {t}",
)
_kind(
    "query_count", '=QUERY(<span.all>,"select <t.letter>, count(<t.letter>) where <t.letter> is not null group by <t.letter>",1)',
    "query {span} for the number of rows [by|per|for each] {t}", "~query: count of rows by {t} in {span}", "use QUERY on {span} to count by {t}",
    "write a QUERY over {span} that tells how many rows every {t} has",
)
_kind(
    "query_average", '=QUERY(<span.all>,"select <t.letter>, avg(<n.letter>) where <t.letter> is not null group by <t.letter>",1)',
    "query {span} for the average {n} [by|per|for each] {t}", "~query: average {n} by {t} in {span}", "use QUERY on {span} to average {n} grouped by {t}",
    "write a QUERY over {span} that gives the mean {n} within every {t}",
)
_kind(
    "query_top", '=QUERY(<span.all>,"select * order by <n.letter> desc limit <few.formula>",1)',
    "use QUERY to get the top {few} rows of {span} by {n}", "~query {span} ordered by {n} descending, limit {few}", "query {span} for the {few} rows with the highest {n}",
    "write a QUERY giving the {few} biggest {n} rows in {span}",
)
_kind(
    "query_where", '=QUERY(<span.all>,"select * where <n.letter> > <k.formula>",1)',
    "use QUERY to show rows of {span} where {n} is [over|above|more than] {k}", "~query {span} where {n} > {k}", "query {span} for rows with {n} greater than {k}",
    "write a QUERY keeping lines of {span} whose {n} exceeds {k}",
)
_kind(
    "query_and", "=QUERY(<span.all>,\"select * where <t.letter> = '<x.raw>' and <n.letter> > <k.formula>\",1)",
    "use QUERY on {span} where {t} is {x} and {n} is [over|above] {k}", "~query {span} where {t} = {x} and {n} > {k}",
    "query {span} for rows with {x} in {t} and {n} greater than {k}", "write a QUERY keeping {x} in {t} from {span} with {n} exceeding {k}",
)
_kind(
    "query_contains", "=QUERY(<span.all>,\"select * where <t.letter> contains '<x.raw>'\",1)",
    "use QUERY on {span} to find rows where {t} contains {x}", "~query {span} where {t} contains {x}", "query {span} for rows with {x} anywhere in {t}",
    "write a QUERY matching lines of {span} that mention {x} within {t}",
)
_kind(
    "query_pivot", '=QUERY(<span.all>,"select <t.letter>, sum(<n.letter>) where <t.letter> is not null group by <t.letter> pivot <u.letter>",1)',
    "query {span} for the sum of {n} by {t}, pivoted by {u}", "~query pivot in {span}: {t} down, {u} across, sum of {n}",
    "use QUERY on {span} to sum {n} by {t} with a column for each {u}", "write a QUERY over {span}: totals of {n} with {t} as rows and {u} as headings",
)
_kind(
    "query_label", "=QUERY(<span.all>,\"select <t.letter>, sum(<n.letter>) group by <t.letter> label sum(<n.letter>) 'Total'\",1)",
    "query {span} for the sum of {n} by {t} and label it Total", "~query: sum {n} by {t} in {span}, label Total",
    "use QUERY on {span} to sum {n} per {t}, with the heading Total", "write a QUERY over {span} adding up {n} within every {t} under the title Total",
)
# ARRAYFORMULA
_kind(
    "array_product", "=ARRAYFORMULA(<n.data>*<m.data>)",
    "multiply {n} by {m} for [every|each] row with one formula", "~arrayformula: {n} times {m}", "use ARRAYFORMULA to multiply {n} by {m}",
    "fill the whole column with {n} times {m} at once",
)
_kind(
    "array_blank", '=ARRAYFORMULA(IF(<t.data>="","",<n.data>*<m.data>))',
    "multiply {n} by {m} for every row, [leaving it blank|blank] where {t} is empty", "~arrayformula: {n} times {m} unless {t} is blank",
    "use ARRAYFORMULA to multiply {n} by {m} only if {t} is not blank", "fill the column with {n} times {m}, nothing when {t} is empty",
)
_kind(
    "array_join", '=ARRAYFORMULA(<a.data>&" "&<b.data>)',
    "combine {a} and {b} with a space for [every|each] row", "~arrayformula: {a} and {b} joined by a space", "use ARRAYFORMULA to join {a} and {b} with a space",
    "fill the whole column with {a}, a space, then {b}",
)
_kind(
    "array_flag", "=ARRAYFORMULA(IF(<n.data>><k.formula>,<yes.formula>,<no.formula>))",
    "label every row {yes} if {n} is [over|above] {k}, otherwise {no}", "~arrayformula: {yes} when {n} > {k}, else {no}",
    "use ARRAYFORMULA to show {yes} where {n} is more than {k} and {no} elsewhere", "fill the column with {yes} or {no}, depending on {n} exceeding {k}",
)
_kind(
    "array_lookup", '=ARRAYFORMULA(IFERROR(VLOOKUP(<t.data>,<sheet.formula>!A:B,2,FALSE)))',
    "look up every value of {t} in columns A:B of [sheet |]{sheet} and return the second column, blank on error",
    "~arrayformula vlookup of {t} in {sheet} A:B, second column, blank if missing",
    "use ARRAYFORMULA with VLOOKUP to get column B of {sheet} for each {t}, blank when not there", "fill the column with {sheet} column B matched on {t}, hiding errors",
    tables=False,
)
# Other files and the web
_kind(
    "import_range", '=IMPORTRANGE("<key.formula>","<sheet.raw>!A:D")',
    "import columns A to D of [sheet |]{sheet} from {key}", "~importrange {sheet}!A:D from {key}", "pull A:D of the {sheet} tab from the spreadsheet {key}",
    "bring in A:D found on {sheet} of another file, {key}", tables=False,
)
_kind(
    "import_query", "=QUERY(IMPORTRANGE(\"<key.formula>\",\"<sheet.raw>!A:D\"),\"select Col1, Col3 where Col2 = '<x.raw>'\",1)",
    "import A:D of {sheet} from {key} and query the first and third column where the second is {x}", "~query importrange {key} {sheet}!A:D: Col1, Col3 where Col2 = {x}",
    "use QUERY with IMPORTRANGE on {sheet} A:D of {key} to get columns 1 and 3 where column 2 is {x}",
    "bring in columns 1 and 3 of {sheet} A:D found in {key}, only with {x} in column 2", tables=False,
)
_kind(
    "import_html", '=IMPORTHTML(<site.formula>,"table",<few.formula>)',
    "import table [number |]{few} from {site}", "~importhtml table {few} of {site}", "pull the table no. {few} on the page {site}",
    "bring in HTML table {few} found at {site}", tables=False,
)
_kind(
    "import_list", '=IMPORTHTML(<site.formula>,"list",<few.formula>)',
    "import list [number |]{few} from {site}", "~importhtml list {few} of {site}", "pull the list no. {few} on the page {site}", "bring in HTML list {few} found at {site}",
    tables=False,
)
_kind(
    "import_xml", '=IMPORTXML(<site.formula>,"//h2")',
    "import all h2 headings from {site}", "~importxml h2 of {site}", "scrape the h2 titles on {site}", "bring in each h2 found at {site}", tables=False,
)
_kind(
    "import_data", "=IMPORTDATA(<site.formula>)",
    "import the [csv|CSV file] at {site}", "~importdata {site}", "load the csv from {site}", "bring in CSV data found at {site}", tables=False,
)
_kind(
    "finance_price", '=GOOGLEFINANCE(<ticker.formula>,"price")',
    "get the [current|latest] [stock |share |]price of {ticker}", "~price of {ticker}", "~what is {ticker} trading at?", "~googlefinance {ticker} price",
    "show how much a share of {ticker} costs now", tables=False,
)
_kind(
    "finance_currency", "=GOOGLEFINANCE(<pair.formula>)",
    "get the exchange rate {pair}", "~{pair} rate", "~what is the current rate {pair}?", "show the conversion rate {pair} of today", tables=False,
)
_kind(
    "finance_history", '=GOOGLEFINANCE(<ticker.formula>,"close",<day.formula>,TODAY(),"DAILY")',
    "get the daily closing prices of {ticker} since {day}", "~daily close of {ticker} from {day} to today",
    "show closing prices for {ticker} from {day} until today, daily", "list how {ticker} closed each day starting {day}", tables=False,
)
_kind(
    "translate", '=GOOGLETRANSLATE(<t.cell>,"auto",<language.formula>)',
    "translate {t.cell} [in|]to {language}", "~{t.cell} in {language}", "put the text of {t.cell} into {language}", "turn what {t.cell} says into {language}", tables=False,
)
_kind(
    "translate_column", '=ARRAYFORMULA(GOOGLETRANSLATE(<t.data>,"en",<language.formula>))',
    "translate {t} from English to {language} for every row", "~arrayformula: {t} from English into {language}", "use ARRAYFORMULA to translate English {t} to {language}",
    "turn the English texts of {t} into {language} all at once", tables=False,
)
_kind(
    "detect_language", "=DETECTLANGUAGE(<t.cell>)",
    "detect the language of {t.cell}", "~what language is {t.cell} in?", "~language of {t.cell}", "find out in which language {t.cell} is written", tables=False,
)
_kind(
    "image", "=IMAGE(<site.formula>)",
    "show the [image|picture] at {site}", "~image {site}", "insert the picture {site} in the cell", "put the image found under {site} here", tables=False,
)
_kind(
    "hyperlink", "=HYPERLINK(<site.formula>,<x.formula>)",
    "[link|make a link] to {site} with the text {x}", "~hyperlink {site} as {x}", "create a hyperlink to {site} that says {x}", "turn {x} into a clickable link for {site}",
    tables=False,
)
# Text
_kind(
    "regex_match", "=REGEXMATCH(<t.cell>,<x.formula>)",
    "check whether {t.cell} contains {x} with REGEXMATCH", "~regexmatch {x} in {t.cell}", "use REGEXMATCH to test if {x} is in {t.cell}",
    "say with REGEXMATCH if {t.cell} mentions {x}", tables=False,
)
_kind(
    "regex_digits", '=REGEXEXTRACT(<t.cell>,"\\d+")',
    "extract the [number|digits] from {t.cell}", "~first number in {t.cell}", "pull the number out of {t.cell}", "get only the first digits of {t.cell} with a regex",
    tables=False,
)
_kind(
    "regex_domain", '=REGEXEXTRACT(<t.cell>,"@(.+)")',
    "extract the domain of the [email|e-mail address] in {t.cell}", "~email domain of {t.cell}", "get everything after the at sign in {t.cell}",
    "pull what follows @ from {t.cell}", tables=False,
)
_kind(
    "regex_column", '=ARRAYFORMULA(IFERROR(REGEXEXTRACT(<t.data>,"\\d+")))',
    "extract the [number|digits] from every cell of {t}, blank if there is none", "~arrayformula: digits out of {t}, blank on error",
    "use ARRAYFORMULA to pull the number from {t}, hiding errors", "get the first digits in each row of {t}, leaving nothing otherwise", tables=False,
)
_kind(
    "regex_only_digits", '=REGEXREPLACE(<t.cell>,"[^0-9]","")',
    "remove everything but digits from {t.cell}", "~only the digits of {t.cell}", "strip all non-digits from {t.cell}", "delete any character of {t.cell} that is no digit",
    tables=False,
)
_kind(
    "regex_replace", '=REGEXREPLACE(<t.cell>,<x.formula>,<y.formula>)',
    "replace {x} with {y} in {t.cell} using REGEXREPLACE", "~regexreplace {x} by {y} in {t.cell}", "use REGEXREPLACE to change {x} to {y} in {t.cell}",
    "swap {x} for {y} within {t.cell} through REGEXREPLACE", tables=False,
)
_kind(
    "split", "=SPLIT(<t.cell>,<delimiter.formula>)",
    "split {t.cell} [by|at|on] {delimiter}", "~{t.cell} split by {delimiter}", "separate {t.cell} into columns by {delimiter}",
    "break up {t.cell} wherever there is {delimiter}", tables=False,
)
_kind(
    "split_part", "=INDEX(SPLIT(<t.cell>,<delimiter.formula>),1,<nth.formula>)",
    "split {t.cell} by {delimiter} and get part {nth}", "~part {nth} of {t.cell} split by {delimiter}", "get item number {nth} of {t.cell}, separated by {delimiter}",
    "take piece {nth} after breaking {t.cell} at {delimiter}", tables=False,
)
_kind(
    "join", "=JOIN(<joiner.formula>,<t.data>)",
    "use JOIN to combine {t} with {joiner}", "~JOIN {t} with {joiner}", "JOIN all cells of {t}, separated by {joiner}",
    "put {t} in one cell through JOIN, {joiner} between",
)
_kind(
    "text_join", "=TEXTJOIN(<joiner.formula>,TRUE,<t.data>)",
    "combine {t} into one cell with {joiner}, skipping blanks", "~textjoin {t} with {joiner}, ignore empty", "join the non-empty cells of {t}, separated by {joiner}",
    "put {t} in one cell, {joiner} between, without empties",
)
_kind(
    "text_join_filter", "=TEXTJOIN(<joiner.formula>,TRUE,FILTER(<a.data>,<t.data>=<x.formula>))",
    "join {a} with {joiner} where {t} is {x}", "~textjoin {a} for {x} in {t}, separated by {joiner}",
    "combine all {a} with {x} in {t} into one cell, separated by {joiner}", "put {a} belonging to {x} in {t} in one cell, {joiner} between",
)
_kind(
    "is_email", "=ISEMAIL(<t.cell>)",
    "check [if|whether] {t.cell} is a valid [email|e-mail address]", "~is {t.cell} an email?", "~valid email in {t.cell}", "validate the e-mail of {t.cell}", tables=False,
)
# Lookup, errors, stacks, charts
_kind(
    "vlookup", "=VLOOKUP(<lookup.formula>,<sheet.formula>!A:D,<nth.formula>,FALSE)",
    "look up {lookup} in A:D of [sheet |]{sheet} and return column {nth}", "~vlookup {lookup} in {sheet} A:D, column {nth}, exact match",
    "find {lookup} in the first column of {sheet} A:D and get column {nth}", "fetch column {nth} of {sheet} A:D for the key in {lookup}", tables=False,
)
_kind(
    "vlookup_error", "=IFERROR(VLOOKUP(<lookup.formula>,<sheet.formula>!A:D,<nth.formula>,FALSE),<missing.formula>)",
    "look up {lookup} in A:D of [sheet |]{sheet}, return column {nth}, or {missing} if it is not there",
    "~vlookup {lookup} in {sheet} A:D column {nth}, {missing} on error", "find {lookup} in {sheet} A:D and get column {nth}; show {missing} if that fails",
    "fetch column {nth} of {sheet} A:D for the key in {lookup}, else say {missing}", tables=False,
)
_kind(
    "xlookup", "=XLOOKUP(<x.formula>,<t.all>,<n.all>,<missing.formula>)",
    "use XLOOKUP to find {x} in {t} and return {n}, or {missing}", "~xlookup {x} in {t} giving {n}, {missing} if absent",
    "XLOOKUP {n} for {x} in {t}, with {missing} if there is none", "fetch {n} for {x} of {t} through XLOOKUP, else say {missing}",
)
_kind(
    "index_match", "=INDEX(<n.all>,MATCH(<x.formula>,<t.all>,0))",
    "use INDEX and MATCH to get {n} where {t} is {x}", "~index match: {n} for {x} in {t}", "find {n} of {x} in {t} with INDEX/MATCH",
    "fetch {n} through INDEX MATCH on {x} in {t}",
)
_kind(
    "safe_division", "=IFERROR(<n.cell>/<m.cell>,0)",
    "divide {n.cell} by {m.cell}, [show|with] 0 on error", "~{n.cell} / {m.cell} or 0 if error", "calculate {n.cell} divided by {m.cell} and return 0 if it fails",
    "put {n.cell} over {m.cell}, zero when that errors", tables=False,
)
_kind(
    "stack", "={<a.data>;<b.data>}",
    "stack {a} on top of {b}", "~{a} and {b} in one column", "append {b} below {a}", "put {b} underneath {a} as a single list",
)
_kind(
    "side_by_side", "={<a.data>,<n.data>}",
    "put {a} and {n} side by side", "~{a} next to {n}", "show {a} with {n} to its right", "place {n} beside {a}",
)
_kind(
    "unique_stack", "=UNIQUE({<a.data>;<b.data>})",
    "list the unique values of {a} and {b} together", "~unique values across {a} and {b}", "stack {a} and {b} and remove duplicates",
    "show each value once from {a} followed by {b}",
)
_kind(
    "flatten", "=FLATTEN(<span.data>)",
    "flatten {span} into one column", "~{span} as a single column", "turn {span} into one column", "unroll {span} to a long list",
)
_kind(
    "transpose", "=TRANSPOSE(<span.data>)",
    "transpose {span}", "swap rows and columns of {span}", "~{span} transposed", "turn the rows of {span} into columns",
)
_kind(
    "sparkline", "=SPARKLINE(<n.data>)",
    "draw a sparkline of {n}", "~sparkline for {n}", "~mini line chart of {n} in a cell", "show the trend of {n} inside one cell",
)
_kind(
    "sparkline_bar", '=SPARKLINE(<n.cell>,{"charttype","bar";"max",<k.formula>})',
    "draw a bar sparkline of {n.cell} with max {k}", "~bar sparkline {n.cell}, maximum {k}", "~progress bar for {n.cell} out of {k}",
    "show {n.cell} as an in-cell bar up to {k}", tables=False,
)
