"""What of an answer somebody may see: pure, over two questions about a source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kgqa.types import Answer, Evidence, Reason, Triple


def permitted(
    answer: Answer,
    document: Callable[[str], bool],
    triple: Callable[[Triple], bool],
    entity: Callable[[str], bool],
) -> Answer:
    """Return an answer as far as the asker may see it.

    Readings of names that only closed sources know are left out, and evidence that is closed; an answer that loses evidence
    is no answer any more, since it may rest on that.

    :param document: tells whether a document is visible.
    :param triple: tells whether a statement is visible.
    :param entity: tells whether anything visible is stated about an entity.
    """

    def shows(one: Evidence) -> bool:
        if one.passage is not None:
            return document(one.passage.doc_id)
        return all(triple(step.triple) for step in (one.path.steps if one.path else ()))

    kept = tuple(filter(shows, answer.evidence))
    seen = replace(
        answer,
        links=tuple(link for link in answer.links if entity(link.entity)),
        evidence=kept,
        conflicts=tuple(one for one in answer.conflicts if shows(one.one) and shows(one.other)),
        alternatives=tuple(one for one in answer.alternatives if all(map(shows, one.evidence))),
    )
    return seen if len(kept) == len(answer.evidence) else _withdrawn(seen)


def _withdrawn(answer: Answer) -> Answer:
    return replace(
        answer, text=None, kind="none", items=(), iris=(), complete=None, reason=Reason.NOT_PERMITTED, explanation="",
        prose="", alternatives=(),
    )  # fmt: skip
