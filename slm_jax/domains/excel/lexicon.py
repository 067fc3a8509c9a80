"""Classes of synonyms that wordings share, so that a word met in one kind is known in the next."""

from __future__ import annotations

_CLASSES: dict[str, list[str]] = {}


def lexicon(name: str, alternatives: str) -> None:
    """Adds `a|b|c` to the class `name`; a class may be added to from several places. Alternatives may hold `[..|..]` when they are registered one at a time."""
    entries = _CLASSES.setdefault(name, [])
    entries += [text for text in alternatives.split("|") if text not in entries]


def synonyms(name: str) -> list[str]:
    """The alternatives of a class. KeyError with the known classes if there is none."""
    if name not in _CLASSES:
        raise KeyError(f"no lexicon class {name!r}; known: {', '.join(sorted(_CLASSES))}")
    return _CLASSES[name]


# Verbs
lexicon("sum", "sum|add up|total|sum up|add together|add|total up|tally up")
lexicon("count", "count|count up|count the number of|work out the number of")
lexicon("average", "average|take the average of|find the average of|get the mean of|calculate the average of|compute the mean of")
lexicon("find", "find|get|look up|fetch|pull|return|retrieve|bring back|give me|show|find out")
lexicon("get", "get|find|calculate|compute|work out|give me|determine|show|return|figure out")
lexicon("lookup", "look up|find|get|fetch|pull|return|retrieve|search for|bring back")
lexicon("list", "list|show|return|get|give me|pull|display|extract|list out")
lexicon("sort", "sort|order|arrange|put in order")
lexicon("show", "show|return|display|give|put|write|output|say")
lexicon("filter", "filter|keep|extract|return|show|list|pull out|get")
lexicon("want", "want|need|would like|am looking for|am after")
lexicon("wantto", "want to|need to|would like to|have to|am trying to")
# Nouns
lexicon("total", "total|sum|overall total|grand total|combined total|total amount")
lexicon("mean", "average|mean|average value|mean value")
lexicon("max", "highest|largest|biggest|maximum|greatest|top|max")
lexicon("min", "lowest|smallest|minimum|least|min")
lexicon("number", "number|count|total number|quantity")
lexicon("rows", "rows|records|entries|lines|items")
lexicon("row", "row|record|entry|line|item")
lexicon("value", "value|number|amount|figure")
lexicon("values", "values|numbers|amounts|figures|entries")
lexicon("unique", "unique|distinct|different")
lexicon("holds", "holds|has|contains|lists|shows|stores|gives")
# Connectives
lexicon("where", "where|if|when|for rows where|for which|only where|provided that|in rows where|only when|as long as|only if")
lexicon("for", "for|belonging to|of")
lexicon("matching", "matching|corresponding|associated|related")
lexicon("asc", "ascending|from low to high|smallest to largest|smallest first|lowest first|in ascending order|in increasing order")
lexicon("desc", "descending|from high to low|largest to smallest|largest first|highest first|in descending order|in decreasing order")
lexicon("latest", "latest|most recent|last|newest")
lexicon("earliest", "earliest|first|oldest")
