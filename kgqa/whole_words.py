"""Whole Chinese words: a phrase that a reader marked from or up to the middle of a word is given all of the word.

A reader of characters may begin at "华人民共和国" or stop at "中华人民共". Words are those of jieba's dictionary alone, not of
its statistics, and only long ones count: of two characters next to each other nobody can tell.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from kgqa.types import Span

LEAST = 3
"""Characters of a word that is completed."""
_REACH = 24
"""Characters on each side of a boundary that are cut into words."""
_HAN = re.compile("[\u4e00-\u9fff]")
_RUN = re.compile("[\u4e00-\u9fff]+")


def whole_word(span: Span) -> Span:
    """Return a span whose ends do not fall inside a long Chinese word; others stay as they are."""
    text, at = span.passage.text, span.passage.start
    begin, end = span.start - at, span.end - at
    first = _around(text, begin)[0] if _inside(text, begin) else begin
    last = _around(text, end)[1] if _inside(text, end) else end
    if (first, last) == (begin, end):
        return span
    return replace(span, start=at + first, end=at + last, text=text[first:last])


def _inside(text: str, place: int) -> bool:
    """Tell whether Chinese characters stand on both sides of a place."""
    return 0 < place < len(text) and bool(_HAN.match(text[place - 1]) and _HAN.match(text[place]))


def _around(text: str, place: int) -> tuple[int, int]:
    """Return where the long word around a place begins and ends; the place itself where none is around it."""
    near = max(0, place - _REACH)
    run = next(found for found in _RUN.finditer(text, near, place + _REACH) if found.start() < place < found.end())
    start = run.start()
    for word in _jieba().cut(run[0], HMM=False):
        if start < place < start + len(word):
            return (start, start + len(word)) if len(word) >= LEAST else (place, place)
        start += len(word)
    return place, place


@cache
def _jieba() -> Any:
    import logging

    import jieba  # a dictionary of 5 MB: only loaded for Chinese

    jieba.setLogLevel(logging.WARNING)
    return jieba
