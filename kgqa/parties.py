"""A text that a question describes by those who take part in it: "the loan from Yuanzhou to Beichen", "A与B的保密协议". Pure.

The graph knows what joins the named; when one thing with a text of its own joins them all, that text is meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from kgqa.types import Link

CLASSES = ("http://www.w3.org/2002/07/owl#Class", "http://www.w3.org/2000/01/rdf-schema#Class")
"""Types of what is a class, not a thing."""
_SURE = 0.8
_BETWEEN = re.compile(r"(?:\s|,|、|&|and\b|with\b|to\b|from\b|for\b|by\b|the\b|和|与|跟|同|向|对|给|及)*")
_BEFORE = re.compile(
    r"(?:\bthe |\ban? |\bthis )(?:[\w-]+ ){1,5}?(?:between|of|with|from|by|to|for|concerning) (?:the )?$", re.I
)
_AFTER = re.compile(
    r"(?:之间|双方)?(?:签订|签署|订立|签|达成)?的?[\u4e00-\u9fff]{0,6}?(?:合同|协议书?|契约|借款|贷款|租约|备忘录|一案|案件?)+"
)


def parties(links: Sequence[Link]) -> list[Link]:
    """Return the surest link of each place that names a thing without a text of its own, no class, and none inside another."""
    sure = [
        link
        for link in links
        if link.score >= _SURE and not link.documents and not any(kind in CLASSES for kind in link.types)
    ]
    outer = [
        link
        for link in sure
        if not any(
            other.start <= link.start and link.end <= other.end and other.end - other.start > link.end - link.start
            for other in links
        )
    ]
    best: dict[tuple[int, int], Link] = {}
    for link in sorted(outer, key=lambda link: -link.score):
        best.setdefault((link.start, link.end), link)
    return sorted(best.values(), key=lambda link: link.start)


def kinds(links: Sequence[Link]) -> frozenset[str]:
    """Return the classes that a question names."""
    return frozenset(link.entity for link in links if any(kind in CLASSES for kind in link.types))


def described(question: str, named: Sequence[Link]) -> tuple[int, int] | None:
    """Return where a question describes a text by those who take part in it, ``None`` where it only speaks of them.

    :param named: those who take part, one at least, in the order of the question.
    """
    if any(not _BETWEEN.fullmatch(question[a.end : b.start]) for a, b in pairwise(named)):
        return None
    start, end = named[0].start, named[-1].end
    if before := _BEFORE.search(question[:start]):
        return before.start(), end
    after = _AFTER.match(question, end)
    return (start, after.end()) if after else None
