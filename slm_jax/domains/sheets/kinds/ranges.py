"""Totals with criteria, FILTER, UNIQUE, SORT, QUERY, ARRAYFORMULA: what is asked of whole columns."""

from __future__ import annotations

from slm_jax.domains.sheets.kinds.registry import kind

# Totals with criteria
kind(
    "sum_if", "=SUMIF(<t.all>,<x.formula>,<n.all>)",
    "[sum|add up|total] {n} where {t} is {x}", "~total of {n} for {x} in {t}", "~what is the [total|sum] of {n} if {t} = {x}?", "~sum {n} if {t} equals {x}",
    "work out how much {n} adds up to in rows with {x} in {t}",
)
kind(
    "sum_ifs", "=SUMIFS(<n.all>,<t.all>,<x.formula>,<u.all>,<y.formula>)",
    "[sum|add up|total] {n} where {t} is {x} and {u} is {y}", "~sum of {n} for {x} in {t} and {y} in {u}", "~total {n} if {t} = {x} and {u} = {y}",
    "add together {n} [but |]only when {t} says {x} while {u} says {y}",
)
kind(
    "sum_over", '=SUMIF(<n.all>,"><k.formula>")',
    "[sum|add up|total] the values of {n} [over|above|greater than] {k}", "~sum of {n} where it is more than {k}", "~total {n} if > {k}",
    "add everything in {n} that exceeds {k}",
)
kind(
    "count_if", "=COUNTIF(<t.all>,<x.formula>)",
    "count [the rows|how many rows|the cells] where {t} is {x}", "~how many times does {x} [appear|occur] in {t}?", "~number of {x} in {t}", "~count {t} = {x}",
    "tell how often {x} shows up in {t}",
)
kind(
    "count_ifs", '=COUNTIFS(<t.all>,<x.formula>,<n.all>,"><k.formula>")',
    "count the rows where {t} is {x} and {n} is [over|above|greater than] {k}", "~how many rows have {x} in {t} and more than {k} in {n}?",
    "~count if {t} = {x} and {n} > {k}", "find the number of entries whose {t} is {x} with {n} exceeding {k}",
)
kind(
    "average_if", "=AVERAGEIF(<t.all>,<x.formula>,<n.all>)",
    "average {n} where {t} is {x}", "~[mean|average] of {n} for {x} in {t}", "~what is the average of {n} when {t} = {x}?", "take the mean {n} over rows with {x} in {t}",
)
kind(
    "max_ifs", "=MAXIFS(<n.all>,<t.all>,<x.formula>)",
    "find the [largest|highest|biggest] {n} where {t} is {x}", "~[max|maximum] of {n} for {x} in {t}", "~what is the highest {n} if {t} = {x}?",
    "get the top value of {n} among rows with {x} in {t}",
)
kind(
    "min_ifs", "=MINIFS(<n.all>,<t.all>,<x.formula>)",
    "find the [smallest|lowest] {n} where {t} is {x}", "~[min|minimum] of {n} for {x} in {t}", "~what is the lowest {n} if {t} = {x}?",
    "get the least value of {n} among rows with {x} in {t}",
)
# FILTER
kind(
    "filter_text", "=FILTER(<span.data>,<t.data>=<x.formula>)",
    "filter {span} [to|for] rows where {t} is {x}", "show [all|the] rows of {span} where {t} is {x}", "~rows of {span} with {x} in {t}",
    "~which rows in {span} have {t} = {x}?", "keep only {x} rows of {span}, going by {t}",
)
kind(
    "filter_number", "=FILTER(<span.data>,<n.data>><k.formula>)",
    "filter {span} [to|for] rows where {n} is [over|above|greater than] {k}", "show rows of {span} with {n} [more than|above] {k}", "~rows of {span} where {n} > {k}",
    "pull the lines of {span} whose {n} exceeds {k}",
)
kind(
    "filter_two", "=FILTER(<span.data>,<t.data>=<x.formula>,<n.data>><k.formula>)",
    "filter {span} where {t} is {x} and {n} is [over|above] {k}", "show rows of {span} with {x} in {t} and {n} more than {k}",
    "~rows of {span} where {t} = {x} and {n} > {k}", "keep those lines of {span} that have {x} in {t} plus {n} greater than {k}",
)
kind(
    "filter_column", "=FILTER(<a.data>,<t.data>=<x.formula>)",
    "list {a} where {t} is {x}", "~all values of {a} for {x} in {t}", "~which {a} have {t} = {x}?", "return {a} for every row with {x} in {t}",
    "pull out {a} belonging to {x} in {t}",
)
kind(
    "filter_contains", "=FILTER(<span.data>,REGEXMATCH(<t.data>,<x.formula>))",
    "filter {span} [to|for] rows where {t} contains {x}", "~rows of {span} with {t} containing {x}", "show rows of {span} whose {t} has {x} [in it|somewhere]",
    "keep lines of {span} that mention {x} within {t}",
)
kind(
    "filter_not_blank", '=FILTER(<t.data>,<t.data><>"")',
    "list {t} without [the blanks|blank cells|empty cells]", "remove [blanks|empty cells] from {t}", "~{t} [with no blanks|skipping blanks]",
    "filter out the empty cells of {t}", "drop whatever is blank in {t}",
)
kind(
    "filter_dates", "=FILTER(<span.data>,<d.data>>=<day.formula>)",
    "filter {span} to rows with {d} on or after {day}", "show rows of {span} where {d} is {day} or later", "~rows of {span} since {day} by {d}",
    "keep lines of {span} from {day} onwards, using {d}",
)
kind(
    "filter_recent", "=FILTER(<span.data>,<d.data>>=TODAY()-<few.formula>)",
    "filter {span} to the last {few} days by {d}", "show rows of {span} where {d} is [within|in] the last {few} days",
    "~rows of {span} from the past {few} days, dates in {d}", "keep lines of {span} no older than {few} days according to {d}",
)
# UNIQUE, SORT, SORTN
kind(
    "unique", "=UNIQUE(<t.data>)",
    "list the unique values [in|of] {t}", "get distinct values from {t}", "~unique values of {t}", "remove duplicates from {t}", "~distinct {t}",
    "show each value of {t} once",
)
kind(
    "unique_sorted", "=SORT(UNIQUE(<t.data>))",
    "list the unique values of {t} [sorted|in alphabetical order|alphabetically]", "~sorted unique values of {t}", "get distinct values of {t} and sort them",
    "show each value of {t} once, in order",
)
kind(
    "count_unique", "=COUNTUNIQUE(<t.data>)",
    "count the [unique|distinct] values [in|of] {t}", "~how many different values are in {t}?", "~number of [unique|distinct] values in {t}",
    "tell how many distinct entries {t} has",
)
kind(
    "unique_filter", "=UNIQUE(FILTER(<a.data>,<t.data>=<x.formula>))",
    "list the unique {a} where {t} is {x}", "~distinct {a} for {x} in {t}", "get unique values of {a} for rows with {x} in {t}",
    "show each {a} once, only where {t} says {x}",
)
kind(
    "sort_ascending", "=SORT(<span.data>,<n.position>,TRUE)",
    "sort {span} by {n} [ascending|from lowest to highest|smallest first]", "~{span} sorted by {n} ascending", "order {span} by {n}, lowest first",
    "arrange {span} so {n} increases",
)
kind(
    "sort_descending", "=SORT(<span.data>,<n.position>,FALSE)",
    "sort {span} by {n} [descending|from highest to lowest|largest first]", "~{span} sorted by {n} descending", "order {span} by {n}, highest first",
    "arrange {span} so {n} decreases",
)
kind(
    "sort_two", "=SORT(<span.data>,<t.position>,TRUE,<n.position>,FALSE)",
    "sort {span} by {t} ascending and then by {n} descending", "~{span} sorted by {t} A-Z then {n} high to low", "order {span} by {t} (A to Z), then {n} largest first",
    "arrange {span} alphabetically by {t} with ties going to bigger {n}",
)
kind(
    "top_n", "=SORTN(<span.data>,<few.formula>,0,<n.position>,FALSE)",
    "show the top {few} rows of {span} by {n}", "~top {few} of {span} by {n}", "get the {few} rows of {span} with the [highest|largest] {n}",
    "return the {few} best lines of {span} ranked on {n}",
)
kind(
    "filter_sorted", "=SORT(FILTER(<span.data>,<t.data>=<x.formula>),<n.position>,FALSE)",
    "filter {span} where {t} is {x} and sort by {n} descending", "show rows of {span} with {x} in {t}, highest {n} first",
    "~{span} where {t} = {x}, sorted by {n} high to low", "keep only {x} in {t} from {span} with biggest {n} on top",
)
# QUERY
kind(
    "query_select", "=QUERY(<span.all>,\"select <a.letter>, <n.letter> where <t.letter> = '<x.raw>'\",1)",
    "use QUERY on {span} to select {a} and {n} where {t} is {x}", "~query {span}: {a} and {n} where {t} = {x}", "query {span} for {a} and {n} of rows with {x} in {t}",
    "write a QUERY returning {a} with {n} from {span}, limited to {x} in {t}",
)
kind(
    "query_sum", '=QUERY(<span.all>,"select <t.letter>, sum(<n.letter>) where <t.letter> is not null group by <t.letter>",1)',
    "query {span} for the [sum|total] of {n} [by|per|for each] {t}", "~query: total {n} by {t} in {span}", "use QUERY on {span} to sum {n} grouped by {t}",
    "write a QUERY over {span} that adds up {n} within every {t}",
)
kind(
    "query_count", '=QUERY(<span.all>,"select <t.letter>, count(<t.letter>) where <t.letter> is not null group by <t.letter>",1)',
    "query {span} for the number of rows [by|per|for each] {t}", "~query: count of rows by {t} in {span}", "use QUERY on {span} to count by {t}",
    "write a QUERY over {span} that tells how many rows every {t} has",
)
kind(
    "query_average", '=QUERY(<span.all>,"select <t.letter>, avg(<n.letter>) where <t.letter> is not null group by <t.letter>",1)',
    "query {span} for the average {n} [by|per|for each] {t}", "~query: average {n} by {t} in {span}", "use QUERY on {span} to average {n} grouped by {t}",
    "write a QUERY over {span} that gives the mean {n} within every {t}",
)
kind(
    "query_top", '=QUERY(<span.all>,"select * order by <n.letter> desc limit <few.formula>",1)',
    "use QUERY to get the top {few} rows of {span} by {n}", "~query {span} ordered by {n} descending, limit {few}", "query {span} for the {few} rows with the highest {n}",
    "write a QUERY giving the {few} biggest {n} rows in {span}",
)
kind(
    "query_where", '=QUERY(<span.all>,"select * where <n.letter> > <k.formula>",1)',
    "use QUERY to show rows of {span} where {n} is [over|above|more than] {k}", "~query {span} where {n} > {k}", "query {span} for rows with {n} greater than {k}",
    "write a QUERY keeping lines of {span} whose {n} exceeds {k}",
)
kind(
    "query_and", "=QUERY(<span.all>,\"select * where <t.letter> = '<x.raw>' and <n.letter> > <k.formula>\",1)",
    "use QUERY on {span} where {t} is {x} and {n} is [over|above] {k}", "~query {span} where {t} = {x} and {n} > {k}",
    "query {span} for rows with {x} in {t} and {n} greater than {k}", "write a QUERY keeping {x} in {t} from {span} with {n} exceeding {k}",
)
kind(
    "query_contains", "=QUERY(<span.all>,\"select * where <t.letter> contains '<x.raw>'\",1)",
    "use QUERY on {span} to find rows where {t} contains {x}", "~query {span} where {t} contains {x}", "query {span} for rows with {x} anywhere in {t}",
    "write a QUERY matching lines of {span} that mention {x} within {t}",
)
kind(
    "query_pivot", '=QUERY(<span.all>,"select <t.letter>, sum(<n.letter>) where <t.letter> is not null group by <t.letter> pivot <u.letter>",1)',
    "query {span} for the sum of {n} by {t}, pivoted by {u}", "~query pivot in {span}: {t} down, {u} across, sum of {n}",
    "use QUERY on {span} to sum {n} by {t} with a column for each {u}", "write a QUERY over {span}: totals of {n} with {t} as rows and {u} as headings",
)
kind(
    "query_label", "=QUERY(<span.all>,\"select <t.letter>, sum(<n.letter>) group by <t.letter> label sum(<n.letter>) 'Total'\",1)",
    "query {span} for the sum of {n} by {t} and label it Total", "~query: sum {n} by {t} in {span}, label Total",
    "use QUERY on {span} to sum {n} per {t}, with the heading Total", "write a QUERY over {span} adding up {n} within every {t} under the title Total",
)
# ARRAYFORMULA
kind(
    "array_product", "=ARRAYFORMULA(<n.data>*<m.data>)",
    "multiply {n} by {m} for [every|each] row with one formula", "~arrayformula: {n} times {m}", "use ARRAYFORMULA to multiply {n} by {m}",
    "fill the whole column with {n} times {m} at once",
)
kind(
    "array_blank", '=ARRAYFORMULA(IF(<t.data>="","",<n.data>*<m.data>))',
    "multiply {n} by {m} for every row, [leaving it blank|blank] where {t} is empty", "~arrayformula: {n} times {m} unless {t} is blank",
    "use ARRAYFORMULA to multiply {n} by {m} only if {t} is not blank", "fill the column with {n} times {m}, nothing when {t} is empty",
)
kind(
    "array_join", '=ARRAYFORMULA(<a.data>&" "&<b.data>)',
    "combine {a} and {b} with a space for [every|each] row", "~arrayformula: {a} and {b} joined by a space", "use ARRAYFORMULA to join {a} and {b} with a space",
    "fill the whole column with {a}, a space, then {b}",
)
kind(
    "array_flag", "=ARRAYFORMULA(IF(<n.data>><k.formula>,<yes.formula>,<no.formula>))",
    "label every row {yes} if {n} is [over|above] {k}, otherwise {no}", "~arrayformula: {yes} when {n} > {k}, else {no}",
    "use ARRAYFORMULA to show {yes} where {n} is more than {k} and {no} elsewhere", "fill the column with {yes} or {no}, depending on {n} exceeding {k}",
)
kind(
    "array_lookup", '=ARRAYFORMULA(IFERROR(VLOOKUP(<t.data>,<sheet.formula>!A:B,2,FALSE)))',
    "look up every value of {t} in columns A:B of [sheet |]{sheet} and return the second column, blank on error",
    "~arrayformula vlookup of {t} in {sheet} A:B, second column, blank if missing",
    "use ARRAYFORMULA with VLOOKUP to get column B of {sheet} for each {t}, blank when not there", "fill the column with {sheet} column B matched on {t}, hiding errors",
    tables=False,
)
