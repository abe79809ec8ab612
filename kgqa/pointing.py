"""A question that is asked of one document speaks of it as "this agreement", or not at all: "Governing law". Pure.

The words that point at the document are linked to the thing whose own text it is, so that graph and text read the question as
if it had named that thing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kgqa.language import is_chinese
from kgqa.types import Link

_NOUN = (
    "agreement|contract|document|lease|licen[cs]e|policy|act|statute|law|regulation|deed|deal|paper|text|file|guideline|leaflet"
    "|report|article|study|filing|amendment"
)
_POINTS = re.compile(
    rf"\b(?:this|the present|the above|said)\s+(?:\w+\s+)?(?P<one>{_NOUN})\b|\bthis\s+(?P<two>[^\W\d_]{{3,}})\b"
    rf"|\bthe\s+(?P<three>{_NOUN})\b(?!\s+(?:of|between|with|for|dated)\b)",
    re.I,
)
_POINTS_ZH = re.compile(
    "(?:本|该|此|这[份个部项]|上述)(?P<one>合同|协议|文件|文档|契约|租约|保单|条例|法律|法规|法|指南|说明书|报告|文章|文)"
)
_TIMES = frozenset({"case", "day", "kind", "moment", "month", "point", "time", "way", "week", "year"})
_ASKS = re.compile(
    r"[?？]|\b(is|are|was|were|do|does|did|has|have|can|could|may|must|shall|should|will|would|who|what|which|when|where|why|how"
    r"|list|name|give|quote|find|show|tell|summari[sz]e|explain|describe)\b|什么|哪|谁|何|如何|怎|为什么|多少|几|吗|是否|有没有",
    re.I,
)


def pointed(question: str, subject: Link) -> tuple[str, Link]:
    """Return a question that speaks of its document, and the link from the words that do to what the document is of.

    A question whose words already point at the document stays as it is; a bare topic becomes the topic "of this document",
    any other question one "in this document".

    >>> from kgqa.types import Link
    >>> pointed("Governing law", Link(0, 0, "", "urn:a", "Alpha Agreement", 1.0))[0]
    'Governing law of this document'
    """
    found = _place(question)
    if found is None:
        question, found = _told(question)
    start, end = found
    return question, replace(subject, start=start, end=end, mention=question[start:end], score=1.0, method="given")


def _place(question: str) -> tuple[int, int] | None:
    """Return where the noun stands that points at the document; the last such place, as a question ends with its subject."""
    spans = [
        match.span(name)
        for pattern in (_POINTS, _POINTS_ZH)
        for match in pattern.finditer(question)
        for name in match.groupdict()
        if match.group(name) and match.group(name).lower() not in _TIMES
    ]
    return spans[-1] if spans else None


def _told(question: str) -> tuple[str, tuple[int, int]]:
    words = question.strip().rstrip("?？.。:： ")
    mark = question.strip()[len(words) :].strip(":： ")
    if is_chinese(question):
        told = f"该文件的{words}{mark}" if bare(question) else f"{words}，在该文件中{mark}"
        at = told.index("该文件") + 1
        return told, (at, at + 2)
    told = f"{words} {'of' if bare(question) else 'in'} this document"
    return told + mark, (len(told) - len("document"), len(told))


def bare(question: str) -> bool:
    """Tell whether a text is a topic and no question: "Governing law"; what the document says of it is wanted."""
    return not _ASKS.search(question)


def names_a_text(links: Sequence[Link]) -> bool:
    """Tell whether a question names a thing that has a text of its own; then it needs no pointing."""
    return any(link.documents and link.method in ("exact", "alias", "code", "given") for link in links)
