"""What surrounds a wording: politeness, where the result goes, rounding and error clauses, sentence case, and the noise of real typing."""

from __future__ import annotations

import dataclasses
import random
import re

from slm_jax.domains.excel.lexicon import lexicon
from slm_jax.domains.excel.phrasing import Segment, expand, words_of

lexicon("please", "please|pls|kindly")
# (before, after, weight), by register. What an imperative stands in takes a bare verb.
FRAMES = {
    "imperative": (
        ("", "", 60), ("@please ", "", 5), ("", " please", 1), ("help me ", "", 1), ("[hi|hello|hey], ", "", 1), ("excel: ", "", 1), ("[in|using] Excel, ", "", 2),
        ("how [do|can|would|should] I ", "?", 9), ("how to ", "[|?]", 4), ("how [do|can|would] you ", "?", 1), ("[can|could] you [please |]", "?", 4),
        ("I [need|want|would like|am trying|have] to ", "", 5), ("I'd like to ", "", 1), ("I need help [to|with a formula to] ", "", 1),
        ("[write|give me|create|make|build|I need|I want|generate] a formula [to|that will] ", "", 5), ("use a formula to ", "", 1), ("[excel |]formula to ", "", 3),
        ("[what|which] formula [do|can|should|would] I use to ", "?", 2), ("what is the formula to ", "?", 1), ("what's the [excel |]formula to ", "?", 1),
        ("is there a [way|formula] to ", "?", 2), ("what is the [best|easiest] way to ", "?", 1),
    ),
    "question": (
        ("", "", 84), ("[hi|hello|hey], ", "", 4), ("in Excel, ", "", 5), ("in my [sheet|spreadsheet|table], ", "", 4), ("quick question: ", "", 1),
        ("[please |]tell me: ", "", 2),
    ),
    "telegraphic": (
        ("", "", 80), ("formula: ", "", 4), ("excel formula: ", "", 3), ("excel ", "", 3), ("formula for ", "", 3), ("need ", "", 2), ("", " excel", 2),
        ("", " formula", 3),
    ),
    "narrative": (
        ("", "", 66), ("[hi|hello|hey][ all| everyone| there|]. ", "", 5), ("I have a [spreadsheet|sheet|workbook|table]. ", "", 6),
        ("I'm [working on|building] a [sheet|spreadsheet|report]. ", "", 4), ("", " thanks!", 5), ("", " thank you.", 3),
        ("", " [what|which] formula [should|can|do] I use?", 7), ("", " how [do|can|would] I do [this|that]?", 6),
    ),
}
_PLACE_BEFORE = ("in cell {cell}, ", "in {cell}, ", "in {cell} ", "for cell {cell}: ")
_PLACE_AFTER = (
    " in cell {cell}", " in {cell}", ", with the result in {cell}", " and put [it|the result|the answer] in [cell |]{cell}", ", result in {cell}", ", output in {cell}",
    " and [show|display|return] [it|the result] in [cell |]{cell}",
)
_SHEET_BEFORE = ("[in|on] [sheet |the sheet |]{sheet}, ", "[in|on] the {sheet} [sheet|tab], ")
_SHEET_AFTER = (" [in|on|from] {sheet}", " [in|on|from] [sheet|the sheet] {sheet}", " [in|on|from] the {sheet} [sheet|tab]", " using [the data on |]{sheet}")
_ROUND = (
    ", rounded to {digits} [decimals|decimal places|digits]", " and round [it|the result|the answer] to {digits} [decimals|decimal places]",
    ", round to {digits} [decimals|decimal places]", " rounded to {digits} decimal places", ", to {digits} decimal places",
)
_ROUND_WHOLE = (
    ", rounded to the nearest whole number", ", rounded to a whole number", " and round [it|the result] to the nearest integer", ", with no decimals",
    ", rounded to 0 decimals",
)
_ERROR = {
    "0": (
        ", [show|return|give] 0 if there is an error", ", or 0 [if there is|on] an error", " and [show|return] 0 [on error|for errors|instead of an error]",
        ", 0 if error", ", if it errors [show|return] 0",
    ),
    '""': (
        ", leave [it |]blank [on error|if there is an error]", " and [show|return] [blank|nothing|an empty cell] if there is an error", ", blank if error",
        ", [show|return] an empty string on error", ", if it errors leave it [blank|empty]",
    ),
}
_TWO = ("2", "2", "2", "two", "1", "one", "3")
_DIGITS = {"one": "1", "two": "2"}
ROUND_SHARE, ERROR_SHARE, PLACE_SHARE, TYPO_SHARE = 0.05, 0.05, 0.16, 0.03


@dataclasses.dataclass(frozen=True)
class Phrased:
    """An instruction with its formula (with "="); `wrapper` names the function put around the kind's formula, if any."""

    instruction: str
    formula: str
    wrapper: str
    words: tuple[str, ...]  # of the instruction, lower-case, without references, literals and typing errors


def phrase(draft, wording, *, wrap: bool, scene) -> Phrased:
    """A draft in words: the wording filled in, framed, and perhaps wrapped in ROUND or IFERROR with a clause that says so.

    Raises KeyError or AttributeError for a wording that mentions what the draft does not have.
    """
    rng: random.Random = scene.rng
    parts = expand(wording.text, draft.slots, rng)
    formula, wrapper, clause = _wrap(draft, rng) if wrap else (draft.formula, "", [])
    parts, mark = _open_end(parts)
    head: list[Segment] = []
    tail = clause
    if scene.sheet_clause:
        slots = {"sheet": scene.sheet_clause}
        if rng.random() < 0.35:
            head = expand(rng.choice(_SHEET_BEFORE), slots, rng)
        else:
            tail = expand(rng.choice(_SHEET_AFTER), slots, rng) + tail
    if rng.random() < PLACE_SHARE and draft.result != "array":
        slots = {"cell": scene.free_cell()}
        if rng.random() < 0.35 and wording.register != "telegraphic" and not head:
            head = expand(rng.choice(_PLACE_BEFORE), slots, rng)
        elif wording.register in ("imperative", "telegraphic"):
            tail = tail + expand(rng.choice(_PLACE_AFTER), slots, rng)
    frames = FRAMES[wording.register]
    before, after, _ = rng.choices(frames, [weight for _, _, weight in frames])[0]
    if wording.register == "imperative" and re.match(r"(give|show|tell|get) me\b", parts[0].text, re.IGNORECASE):
        before, after = rng.choice((("", ""), ("", ""), ("please ", ""), ("can you ", "?")))
    if after.strip("[|]") == "?":
        parts = head + expand(before, {}, rng) + _uncapital(parts) + tail
        mark = "".join(part.text for part in expand(after, {}, rng))
    else:
        parts = head + expand(before, {}, rng) + (_uncapital(parts) if before and not before.endswith(". ") or head else parts) + tail
        if after:
            parts = parts + [Segment(mark or ("." if wording.register == "narrative" else ""), False)] + expand(after, {}, rng)
            mark = None
    words = tuple(re.findall(r"[a-z]+", " ".join(part.text for part in parts if not part.fixed).lower()))
    return Phrased(_finish(parts, mark, wording.register, rng), f"={formula}", wrapper, words)


def frame_words() -> set[str]:
    """Every word that can come from here."""
    texts = [text for frames in FRAMES.values() for before, after, _ in frames for text in (before, after)]
    texts += [*_PLACE_BEFORE, *_PLACE_AFTER, *_SHEET_BEFORE, *_SHEET_AFTER, *_ROUND, *_ROUND_WHOLE, *(text for texts in _ERROR.values() for text in texts), *_TWO]
    return {word for text in texts for word in words_of(text)}


def _wrap(draft, rng: random.Random) -> tuple[str, str, list[Segment]]:
    chance = rng.random()
    if chance < ROUND_SHARE and draft.result == "number" and not draft.formula.startswith(("ROUND", "COUNT", "INT", "RANK")):
        if rng.random() < 0.2:
            return f"ROUND({draft.formula},0)", "ROUND", expand(rng.choice(_ROUND_WHOLE), {}, rng)
        digits = rng.choice(_TWO)
        return f"ROUND({draft.formula},{_DIGITS.get(digits, digits)})", "ROUND", expand(rng.choice(_ROUND), {"digits": digits}, rng)
    if ROUND_SHARE <= chance < ROUND_SHARE + ERROR_SHARE and draft.result in ("number", "text", "date") and not draft.formula.startswith(("IFERROR", "COUNT")):
        fallback = rng.choice(("0", '""'))
        return f"IFERROR({draft.formula},{fallback})", "IFERROR", expand(rng.choice(_ERROR[fallback]), {}, rng)
    return draft.formula, "", []


def _open_end(parts: list[Segment]) -> tuple[list[Segment], str]:
    """The parts without their last mark, and that mark."""
    last = parts[-1]
    if not last.fixed and last.text.rstrip()[-1:] in (".", "?", "!"):
        text = last.text.rstrip()
        return [*parts[:-1], Segment(text[:-1], False)], text[-1]
    return parts, ""


def _uncapital(parts: list[Segment]) -> list[Segment]:
    first = parts[0]
    if first.fixed or re.match(r"I\b|[A-Z]{2}", first.text):
        return parts
    return [Segment(first.text[:1].lower() + first.text[1:], False), *parts[1:]]


def _finish(parts: list[Segment], mark: str | None, register: str, rng: random.Random) -> str:
    """Case, typing errors and the last mark; a mark of None says that the text already has it."""
    lower = rng.random() < (0.7 if register == "telegraphic" else 0.1)
    if rng.random() < TYPO_SHARE:
        parts = _typo(parts, rng)
    if mark == "" and register in ("imperative", "narrative") and rng.random() < 0.45:
        mark = "."
    elif mark and rng.random() < 0.12:
        mark = ""
    if lower:
        parts = [part if part.fixed else Segment(part.text.lower(), False) for part in parts]
    else:
        parts = _sentence_case(parts)
    text = "".join(part.text for part in parts) + (mark or "")
    text = re.sub(r"\b([Tt]he|[Aa]n?) the\b", "the", re.sub(r" +", " ", text).strip())
    return re.sub(r" ([,.?;!])(?= |$)", r"\1", text)


_SPOKEN = re.compile(r"(column|columns|cells?|col|the|range) ")


def _sentence_case(parts: list[Segment]) -> list[Segment]:
    """Capitals after a sentence's end; never in a literal or a header."""
    done, start = [], True
    for part in parts:
        text = part.text
        if not text:
            continue
        if start and text.strip() and (not part.fixed or _SPOKEN.match(text)):
            stripped = text.lstrip()
            text = text[: len(text) - len(stripped)] + stripped[0].upper() + stripped[1:]
        if not part.fixed:
            text = re.sub(r"([.?!] )([a-z])", lambda match: match[1] + match[2].upper(), text)
        if text.strip():
            start = not part.fixed and text.rstrip()[-1] in ".?!"
        done.append(Segment(text, part.fixed))
    return done


def _typo(parts: list[Segment], rng: random.Random) -> list[Segment]:
    """One letter swapped, dropped or doubled in a word of the wording itself."""
    spots = [(index, match.start(), match.end()) for index, part in enumerate(parts) if not part.fixed for match in re.finditer(r"[a-z]{5,}", part.text)]
    if not spots:
        return parts
    index, begin, end = rng.choice(spots)
    text, at = parts[index].text, rng.randrange(begin + 1, end - 1)
    pair = rng.choice((text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1]))
    return [*parts[:index], Segment(text[:at] + pair + text[at + 2 :], False), *parts[index + 1 :]]
