"""What of an answer somebody may see: pure, over two questions about a source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from kgqa.types import Answer, Candidate, Evidence, Link, Path, Reason, Triple


class Sight(Protocol):
    """What somebody may see of a graph."""

    def sees(self, triple: Triple) -> bool:
        """Tell whether a statement is visible."""

    def linked(self, link: Link) -> Link | None:
        """Return a link without what is closed; ``None`` when its thing or its name is closed."""

    def calls(self, iri: str, name: str) -> bool:
        """Tell whether a thing may be called by a name."""

    def worded(self, path: Path) -> Path:
        """Return a walk in words that use visible names."""


def permitted(answer: Answer, document: Callable[[str], bool], sight: Sight | None) -> Answer:
    """Return an answer as far as the asker may see it.

    Readings of names that only closed sources know are left out, and evidence that is closed; an answer that loses evidence,
    or gives a name that is closed, is no answer any more.

    :param document: tells whether a document is visible.
    :param sight: what is visible of the graph, where there is one.
    """

    def shows(one: Evidence) -> bool:
        if one.passage is not None:
            return document(one.passage.doc_id)
        return sight is None or all(sight.sees(step.triple) for step in (one.path.steps if one.path else ()))

    def worded(one: Evidence) -> Evidence:
        return one if one.path is None or sight is None else replace(one, path=sight.worded(one.path))

    def named(one: Answer | Candidate) -> bool:
        return sight is None or all(map(sight.calls, one.iris, one.items))

    kept = tuple(map(worded, filter(shows, answer.evidence)))
    others = [one for one in answer.alternatives if named(one) and all(map(shows, one.evidence))]
    links = answer.links if sight is None else tuple(filter(None, map(sight.linked, answer.links)))
    seen = replace(
        answer,
        links=links,
        evidence=kept,
        conflicts=tuple(one for one in answer.conflicts if shows(one.one) and shows(one.other)),
        alternatives=tuple(replace(one, evidence=tuple(map(worded, one.evidence))) for one in others),
    )
    return seen if named(answer) and len(kept) == len(answer.evidence) else _withdrawn(seen)


def _withdrawn(answer: Answer) -> Answer:
    return replace(
        answer, text=None, kind="none", items=(), iris=(), complete=None, reason=Reason.NOT_PERMITTED, explanation="",
        prose="", alternatives=(),
    )  # fmt: skip
