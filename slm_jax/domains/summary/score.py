"""How good is a summary? ROUGE-L against the reference, the share of the key facts that it names, and whether it is short."""

from __future__ import annotations

import collections
import re
from collections.abc import Callable, Sequence

from slm_jax.domains.base import Example, Score
from slm_jax.errors import UserError

ERRORS = ("empty", "too long", "fact missing", "other words")
_MAX_CHARACTERS = 4000  # of a summary that are compared; past that it is no summary, and comparing takes time by the square
_GOOD_ROUGE = 0.5  # below it an answer that is short and has its facts still counts as one in "other words"
_CLOSE_ENOUGH = re.compile(r"(?<=\d)[,' \u00a0\u202f](?=\d{3}\b)")


def score(examples: Sequence[Example], predictions: Sequence[str], *, progress: Callable[[str, int, int], None] | None = None) -> Score:
    """Means over the examples of "rouge_l" (F1 of the longest common subsequence of words, Lin 2004), "facts" (the share of the key facts that are named) and "short"
    (the share of answers that have words, and not over 1.5 times as many as the reference, or 20).

    Key facts are the example's tag "facts", one a line; without it, the numbers of the reference, and where it has none an answer has all. ROUGE knows letters a-z and
    digits only: texts in other alphabets need other means. Each row: rouge_l, facts, short, error ("" or one of ERRORS), detail. Never raises for what a model can write.
    Raises UserError where the lengths differ.
    """
    from rouge_score import rouge_scorer

    if len(examples) != len(predictions):
        raise UserError(f"{len(examples)} examples but {len(predictions)} predictions: give one prediction for each example")
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    rows = []
    for done, (example, prediction) in enumerate(zip(examples, predictions, strict=True), 1):
        rows.append(_judge(example, prediction, scorer))
        if progress is not None and (done % 50 == 0 or done == len(examples)):
            progress("judging summaries", done, len(examples))
    count = max(1, len(rows))
    rates = {name: sum(row[name] for row in rows) / count for name in ("rouge_l", "facts", "short")}
    return Score(n=len(rows), rates=rates, errors=dict(collections.Counter(row["error"] for row in rows if row["error"])), rows=rows)


def _judge(example: Example, prediction: str, scorer) -> dict:
    compared = prediction[:_MAX_CHARACTERS]
    rouge = float(scorer.score(example.response, compared)["rougeL"].fmeasure)
    facts = key_facts(example)
    missing = [fact for fact in facts if not names_fact(compared, fact)]
    limit = word_limit(example)
    words = len(prediction.split())
    row = {"rouge_l": rouge, "facts": 1 - len(missing) / len(facts) if facts else 1.0, "short": 0 < words <= limit, "error": "", "detail": ""}
    if not words:
        row |= {"error": "empty", "detail": "no answer", "facts": 0.0}
    elif words > limit:
        row |= {"error": "too long", "detail": f"{words} words, {limit} are allowed"}
    elif missing:
        row |= {"error": "fact missing", "detail": ", ".join(missing)[:200]}
    elif rouge < _GOOD_ROUGE:
        row |= {"error": "other words", "detail": f"ROUGE-L {rouge:.2f}"}
    return row


def word_limit(example: Example) -> int:
    return max(20, int(1.5 * len(example.response.split())))


def key_facts(example: Example) -> list[str]:
    """What a summary must name: the tag "facts", or else the numbers of the reference."""
    if "facts" in example.tags:
        return [fact.strip() for fact in example.tags["facts"].splitlines() if fact.strip()]
    return list(dict.fromkeys(re.findall(r"\d+(?:[.,:]\d+)*", example.response)))


def names_fact(text: str, fact: str) -> bool:
    """Whether `fact` stands in `text` as whole words: case, blanks and separators of thousands aside."""
    return re.search(rf"(?<![\w.]){re.escape(_plain(fact))}(?!\w|[.,]\d)", _plain(text)) is not None


def _plain(text: str) -> str:
    return " ".join(_CLOSE_ENOUGH.sub("", text).casefold().split())
