"""Sentences of a text as character spans, for English, Chinese and lists."""

from __future__ import annotations

import re

_ENDS = re.compile(
    r"""
    (?<=[。！？；])[”’」』）】]*          # Chinese ends need no space after them
    | (?<=[.!?])["'”’)\]]*(?=\s+["'“‘(\[]?[A-Z0-9\u00c0-\u00de\u3400-\u9fff])
    | \n+
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|al|approx|ca|no|nos|art|arts|sec|para|fig|ch|vol|pp?|dr|mr|mrs|ms|prof|st|inc|ltd|co|corp|jr|sr|v"
    r"|u\.s|u\.k|[A-Za-z])\.)$",
    re.IGNORECASE,
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of each sentence in order, without surrounding white space; blank ones are left out."""
    found: list[tuple[int, int]] = []
    begin = 0
    for match in _ENDS.finditer(text):
        end = match.end()
        if end == begin or (text[end - 1 : end] == "." and _ABBREVIATION.search(text, max(begin, end - 12), end)):
            continue
        found.append((begin, end))
        begin = end
    found.append((begin, len(text)))
    return [(start, end) for start, end in (_strip(text, *span) for span in found) if start < end]


def sentence_at(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the stretch of whole sentences around ``text[start:end]``."""
    around = [span for span in sentences(text) if span[0] < end and span[1] > start]
    return (min(start, around[0][0]), max(end, around[-1][1])) if around else (start, end)


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
