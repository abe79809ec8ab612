"""What a sentence asserts of a span: affirmed, negated, hypothetical, historical, about the family, or conditional.

The method is ConText (Harkema et al. 2009), the successor of NegEx (Chapman et al. 2001): a cue word opens a scope to
its right or left, which ends at a stop word, at the end of the sentence, or after a number of characters; a pseudo cue
("not only", "不仅") opens none. Cues inside the span do not count: a quotation "no fever" affirms what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kgqa.advising import against, asks_leave, in_favour
from kgqa.language import fold, sentences, simplified
from kgqa.reading.cues import ADDS, DENIES, EXCEPTION, PROVISO, Cues, chinese, english
from kgqa.reading.leave import permitted
from kgqa.reading.words import content_words, stem
from kgqa.types import Status

_ORDER: tuple[Status, ...] = ("negated", "family", "hypothetical", "conditional", "historical")
"""The first that applies is reported: what matters most to one who would act on the answer."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_COMMA = re.compile(r"[,，]")
_NEGATIVE = re.compile(
    r"contraindicat|prohibit|forbid|forbidden|avoid|exclu|except|refus|lack|absen|禁|忌|避免|排除|除外|缺",
    re.IGNORECASE,
)
_FAMILY = re.compile(
    r"famil|mother|father|parent|sibling|brother|sister|relative|家族|父|母|兄|弟|姐|妹|亲属", re.IGNORECASE
)
_EXCEPT = re.compile(r"(?:except|other than|apart from|aside from|除)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """A status and the cue it rests on, as characters of the text; (0, 0) when affirmed."""

    status: Status
    start: int = 0
    end: int = 0


def status(text: str, start: int, end: int) -> Status:
    """Return what the sentence around ``text[start:end]`` asserts of it.

    :param text: the passage.
    :param start: first character of the span.
    :param end: one past its last character.
    """
    return explain(text, start, end).status


def explain(text: str, start: int, end: int) -> Finding:
    """Return the status of ``text[start:end]`` together with the cue that decided it."""
    begin, stop = _around(text, start, end)
    sentence = simplified(text[begin:stop])
    cues = chinese() if _HAN.search(sentence) else english()
    found = list(_findings(sentence, start - begin, end - begin, cues))
    if any(_EXCEPT.match(sentence, f.start) and _negation(sentence[: f.start], cues) for f in found):
        # "no drug except X" leaves X in: an exception to a negation affirms.
        found = [f for f in found if f.status != "negated"]
    best = min(found, key=lambda f: _ORDER.index(f.status), default=Finding("affirmed"))
    return best if best.status == "affirmed" else Finding(best.status, best.start + begin, best.end + begin)


def stance(question: str, text: str, start: int, end: int) -> Status:
    """Return what ``text[start:end]`` asserts of what a yes/no question says.

    The sentence that shares most words with the question decides, by what it asserts of these words: "The tenant may not
    sublet" negates "May the tenant sublet?", and affirms "Is the tenant not allowed to sublet?". Where leave is asked for,
    what that sentence says against it decides ("avoid", "not recommended"), if it does.

    :returns: ``affirmed`` also where nothing is shared.
    """
    wanted = {stem(word) for word in content_words(question)}
    spoken = [(begin, stop) for begin, stop in sentences(text) if begin < end and stop > start]
    if (same := permitted(question, [text[begin:stop] for begin, stop in spoken])) is not None:
        return "affirmed" if same else "negated"
    shared = [(_shared(text, begin, stop, wanted), (begin, stop)) for begin, stop in spoken]
    places, sentence = max(shared, key=lambda pair: len(pair[0]), default=([], (start, end)))
    advice = _advice(text, *sentence) if asks_leave(question) else None
    if advice:
        return advice
    found = {status(text, *place) for place in places}
    asked = {status(question, *place) for place in _shared(question, 0, len(question), wanted)[-1:]}
    if ("negated" in found) != ("negated" in asked):
        return "negated"
    if "family" in found and not agrees(question, "family"):
        return "family"
    other = found - {"negated"}
    return "affirmed" if "affirmed" in other else min(other, key=_ORDER.index, default="affirmed")


def _advice(text: str, begin: int, stop: int) -> Status | None:
    """Return what a sentence says against something (or that nothing is to be said against it), ``None`` where neither."""

    def found(places: Iterator[tuple[int, int]]) -> set[Status]:
        return {status(text, at, until) for at, until in places if begin <= at < stop}

    bad, good = found(against(text)), found(in_favour(text))
    if bad - {"negated"} or "negated" in good:
        return "negated"
    return "affirmed" if bad and not good else None


def _shared(text: str, begin: int, stop: int, wanted: set[str]) -> list[tuple[int, int]]:
    """Return the places of a sentence where words of a question stand."""
    if _HAN.search(text[begin:stop]):
        pairs = [(at, at + 2) for at in range(begin, stop - 1)]
        return [(a, b) for a, b in pairs if fold(text[a:b]) in wanted]
    words = [(begin + m.start(), begin + m.end()) for m in re.finditer(r"[\w'’]+", text[begin:stop])]
    return [(a, b) for a, b in words if stem(fold(text[a:b])) in wanted]


def agrees(question: str, found: Status) -> bool:
    """Tell whether a span of this status can answer the question.

    A negated span answers only a question that itself asks for the negative ("What must the tenant not do?"); a span
    about the family only one about the family. The other statuses are shown to the user but exclude nothing.
    """
    question = simplified(question)
    cues = chinese() if _HAN.search(question) else english()
    if found == "negated":
        return bool(_NEGATIVE.search(question)) or _negation(question, cues)
    if found == "family":
        return bool(_FAMILY.search(question))
    return True


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the stretch of whole sentences that a span touches."""
    touched = [span for span in sentences(text) if span[0] < end and span[1] > start]
    return (min(start, touched[0][0]), max(end, touched[-1][1])) if touched else (start, end)


def _findings(sentence: str, start: int, end: int, cues: Cues) -> Iterator[Finding]:
    taken = []
    if cues is chinese():
        for match in EXCEPTION.finditer(sentence):
            taken.append((match.start(), match.start("after")))  # the clause after it has cues of its own
            if match.start("inside") <= start and end <= match.end("inside") and not ADDS.match(match["after"]):
                if PROVISO.search(match["inside"]):
                    yield Finding("conditional", *match.span())
                elif not DENIES.match(match["after"]):  # "除青霉素外，无其他过敏" leaves penicillin in
                    yield Finding("negated", *match.span())
    for match in cues.pattern.finditer(sentence):
        if any(at <= match.start() < until for at, until in taken):
            continue
        direction, kind = cues.kinds[str(match.lastgroup)]
        if _governs(sentence, match.start(), match.end(), start, end, direction, kind, cues):
            yield Finding(kind, *match.span())


def _governs(
    sentence: str, at: int, until: int, start: int, end: int, direction: str, kind: Status, cues: Cues
) -> bool:
    if direction in ("forward", "both") and until <= start:
        between = sentence[until:start]
    elif direction in ("backward", "both") and end <= at:
        between = sentence[end:at]
    else:
        return False
    # A condition ends with its clause; a negation runs on over the items of a list.
    clause = kind == "conditional" and _COMMA.search(between)
    return len(between) <= cues.reach and not clause and not cues.stop.search(between)


def _negation(text: str, cues: Cues) -> bool:
    kinds = (cues.kinds[str(match.lastgroup)] for match in cues.pattern.finditer(text))
    return any(direction != "pseudo" and kind == "negated" for direction, kind in kinds)
