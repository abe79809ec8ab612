"""Finds descriptions inside a question ("the lease that X signed on 3 March 2000"), so that the text is asked the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kgqa.graph.matching import Match
from kgqa.types import Link

_ARTICLE_WORDS = """
the this that an a any each some one
"""
_ARTICLE = frozenset(_ARTICLE_WORDS.split())
_KIND = re.compile(r"^(?:kind|type|form|sort|variant|case|example)s?$", re.I)
_WHICH = {"en": "which ", "zh": "哪些"}
_MOST = 14


@dataclass(frozen=True, slots=True)
class Description:
    """A part of a question that describes a thing, as a question of its own.

    :param start: first character of the part in the question; ``end`` one past its last.
    :param rest: what the question says beside it.
    """

    text: str
    links: tuple[Link, ...]
    start: int
    end: int
    rest: str


def descriptions(match: Match, links: Sequence[Link]) -> Iterator[Description]:
    """Yield the parts of a question that may describe a thing, longest first."""
    reading = match.reading
    spots = {place for place in _starts(match)}
    found = [(start, end) for start in spots for end in _ends(match, start)]
    for start, end in sorted(found, key=lambda pair: (pair[0] - pair[1], pair[0]))[:_MOST]:
        first, last = _unmask(match, start), _unmask(match, end)
        yield _cut(reading.text, first, last, links, reading.language)


def _starts(match: Match) -> Iterator[int]:
    """Yield the places in the masked text behind the article of a noun phrase whose noun is a class, or "kind of" something."""
    words = match.reading.words
    for k, word in enumerate(words):
        if word.text.lower() not in _ARTICLE:
            continue
        phrase = words[k + 1 : k + 6]
        nouns = [j for j, other in enumerate(phrase, start=k + 1) if match.classes[j] >= 0.8 or _KIND.match(other.text)]
        if nouns and not any(
            other.text.lower() in ("of", "in", "on", "with", "by") for other in words[k + 1 : nouns[0]]
        ):
            yield phrase[0].start


def _ends(match: Match, start: int) -> Iterator[int]:
    """Yield the places where the phrase may end: behind a mention or date, or some words later."""
    reading = match.reading
    named = [word.end for word in reading.words if word.text.startswith("⟦") and word.start >= start] + [
        item.stop for item in reading.periods if item.start >= start
    ]
    if not named:
        return
    first = min(named)
    ends = {
        word.end
        for word in reading.words
        if word.end >= first and any(0 <= sum(1 for w in reading.words if n < w.end <= word.end) <= 3 for n in named)
    }
    yield from sorted(ends | set(named))


def _unmask(match: Match, place: int) -> int:
    """Return the place in the question of a place in the masked text."""
    shift = 0
    for k, mention in enumerate(match.reading.mentions):
        mark = f"⟦{k}⟧"
        at = match.reading.masked.find(mark)
        if at < 0 or at >= place:
            break
        shift += (mention.end - mention.start) - len(mark)
    return place + shift


def _cut(text: str, start: int, end: int, links: Sequence[Link], language: str) -> Description:
    lead = _WHICH.get(language, "which ")
    offset = len(lead) - start
    inside = tuple(
        replace(link, start=link.start + offset, end=link.end + offset)
        for link in links
        if start <= link.start and link.end <= end
    )
    return Description(lead + text[start:end], inside, start, end, (text[:start] + "…" + text[end:]).strip())
