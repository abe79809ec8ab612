"""What a follow-up may lean on: the last answer, what it was about, and the entities that the new question names itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kgqa.types import Answer, Link

MAX_LISTED = 5
"""Members of a list answer that "these" or "them" may stand for; a longer list would make the question unreadable."""
SURE = 0.6
"""Score from which a link names an entity."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A question that stands alone.

    :param question: the whole question.
    :param how: ``same`` (nothing was missing), ``pointer``, ``replaced``, ``aspect`` or ``bearer``.
    :param focus: label of the entity that was carried over, or empty.
    """

    question: str
    how: str = "same"
    focus: str = ""

    @property
    def changed(self) -> bool:
        """Tell whether anything was filled in."""
        return self.how != "same"


@dataclass(frozen=True, slots=True)
class Context:
    """What a follow-up may lean on.

    :param last: the answer that it follows.
    :param focus: what that answer was about, in the words of its question; empty when nobody can tell.
    :param named: entities in the new question, ``None`` when nobody looked.
    """

    last: Answer
    focus: str
    named: tuple[Link, ...] | None

    @property
    def names_own(self) -> bool:
        """Tell whether the new question names an entity itself."""
        return any(link.score >= SURE for link in self.named or ())

    @property
    def several(self) -> str:
        """The members of a short list answer, as one phrase."""
        items = self.last.items
        if not 2 <= len(items) <= MAX_LISTED:
            return ""
        if self.last.language == "zh":
            return "、".join(items)
        return f"{', '.join(items[:-1])} and {items[-1]}"

    def named_before(self, place: int) -> bool:
        """Tell whether an entity stands before a place of the new question."""
        return any(link.score >= SURE and link.end <= place for link in self.named or ())

    def alike(self) -> tuple[Link | None, bool]:
        """Return the entity of the last question that is of a kind with the one that is named now.

        :returns: the link, ``None`` where there is none; and whether all kinds are known, so that none is alike for sure.
        """
        new = max((link for link in self.named or () if link.score >= SURE), key=lambda link: link.score, default=None)
        old = best_links(self.last)
        if new is None or not new.types or not old or not all(link.types for link in old):
            return None, False
        same = [link for link in old if _of_a_kind(new, link)]
        return max(same, key=lambda link: (link.score, link.end - link.start), default=None), True


def _of_a_kind(one: Link, other: Link) -> bool:
    """Tell whether two entities share a type, or a family of names (".../contract/x" and ".../contract/y")."""
    families = {re.sub(r"[^/#_]*$", "", link.entity) for link in (one, other)}
    return bool(set(one.types).intersection(other.types)) or len(families) == 1


def best_links(answer: Answer) -> list[Link]:
    """Return the best link of each mention, in the order of the question."""
    best: dict[tuple[int, int], Link] = {}
    for link in answer.links:
        place = (link.start, link.end)
        if place not in best or link.score > best[place].score:
            best[place] = link
    return [best[place] for place in sorted(best)]


def focus_of(answer: Answer) -> str:
    """Return what an answer is about: the entity of its question, or the one entity that it gives."""
    links = best_links(answer)
    if links:
        top = max(links, key=lambda link: (link.score, link.end - link.start))
        return _spoken(answer, top)
    if answer.kind == "entities" and len(answer.items) == 1:
        return answer.items[0]
    return ""


_BEARER = (
    re.compile(r"^(?:请问|請問)?(?P<bearer>[^的，,？?]{2,16})的"),
    re.compile(r"\b(?:of|for) (?:the |an? )?(?P<bearer>[\w'’-]+(?: [\w'’-]+){0,5})\W*$", re.I),
)


def bearer_of(answer: Answer) -> str:
    """Return what a question without known entities is about, by its words alone: "X的Y是什么", "What is the Y of X?"."""
    found = (pattern.search(answer.question) for pattern in _BEARER)
    return next((match["bearer"] for match in found if match), "")


_BETWEEN = re.compile(
    r"\b(?:the|this|that|our)\s+(?P<whole>(?:[\w'’-]+\s+){1,6}between\s+(?:the\s+)?[A-Z][^,;?!]*?\s+and\s+(?:the\s+)?"
    r"[A-Z][\w.&'’-]*(?:\s+(?:of\s+)?[A-Z][\w.&'’-]*)*)"
)
"""What two parties have between them: "the term loan between Northgate and Halden"."""


def _spoken(answer: Answer, link: Link) -> str:
    """Return the words used for an entity; its label only where the words do not stand in the question.

    One of the two parties to something stands for what they have between them, which the question is about.
    """
    if (both := _BETWEEN.search(answer.question)) and both.start("whole") <= link.start and link.end <= both.end():
        return both["whole"].rstrip(".")
    said = answer.question[link.start : link.end].strip()
    return said if said and said.casefold() == link.mention.casefold() else link.mention or link.label


def resolvable(history: Sequence[Answer]) -> tuple[Answer, str] | None:
    """Return the answer that a follow-up leans on, and what it was about: the last one that names an entity, else the last."""
    for answer in reversed(history):
        if focus := focus_of(answer):
            return answer, focus
    return (history[-1], bearer_of(history[-1])) if history else None
