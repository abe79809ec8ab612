"""Answers that rest on statements which were read from text and nobody has reviewed: they say so, with the sentences. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from kgqa.language import is_chinese
from kgqa.types import Answer, Candidate, Evidence, Excerpt, GraphFinding, Passage, Path, Triple

PassagesOf = Callable[[str], Sequence[Passage]]
"""Gives the passages of a document."""

NOTE = {"en": "read from text, not reviewed", "zh": "由文本读出，未经审核"}
_MOST = 6
"""Sentences shown with an answer."""


def trust(finding: GraphFinding) -> float:
    """Return how far what a finding rests on can be relied on: 1 for what is stated or reviewed, else a confidence, in (0, 1].

    Each path counts by its weakest statement; a list by the mean of its paths.
    """
    paths = [min((_trust(step.triple) for step in path.steps), default=1.0) for path in finding.paths]
    return sum(paths) / len(paths) if paths else 1.0


def _trust(triple: Triple) -> float:
    if triple.reviewed:
        return 1.0
    if triple.excerpts:
        return max(excerpt.confidence for excerpt in triple.excerpts)
    return min((_trust(premise) for premise in triple.premises), default=1.0)


def marked(answer: Answer, passages: PassagesOf) -> Answer:
    """Return an answer whose paths say which of their statements nobody has reviewed, with the sentences as quotations."""
    excerpts = [e for one in answer.evidence if one.path is not None for e in _unreviewed(one.path)]
    if not excerpts:
        return answer
    language = "zh" if is_chinese(answer.question) else "en"
    evidence = tuple(_noted(one, language) for one in answer.evidence)
    shown = {(one.passage.doc_id, one.start) for one in evidence if one.passage is not None}
    quoted: list[Evidence] = []
    for excerpt in dict.fromkeys(excerpts):
        place = (excerpt.document, excerpt.start)
        found = _quotation(excerpt, passages) if place not in shown and len(quoted) < _MOST else None
        if found is not None:
            shown.add(place)
            quoted.append(found)
    return replace(
        answer,
        evidence=(*evidence, *quoted),
        alternatives=tuple(_noted_candidate(one, language) for one in answer.alternatives),
    )


def _noted_candidate(candidate: Candidate, language: str) -> Candidate:
    return replace(candidate, evidence=tuple(_noted(one, language) for one in candidate.evidence))


def _noted(one: Evidence, language: str) -> Evidence:
    if one.path is None or not any(_unreviewed(one.path)):
        return one
    note = f"[{NOTE[language]}]"
    return (
        one if one.path.words.endswith(note) else replace(one, path=replace(one.path, words=f"{one.path.words} {note}"))
    )


def _unreviewed(path: Path) -> Iterator[Excerpt]:
    for step in path.steps:
        yield from _of(step.triple)


def _of(triple: Triple) -> Iterator[Excerpt]:
    if triple.reviewed:
        return
    yield from triple.excerpts[:1]
    for premise in triple.premises:
        yield from _of(premise)


def _quotation(excerpt: Excerpt, passages: PassagesOf) -> Evidence | None:
    passage = next((p for p in passages(excerpt.document) if p.start <= excerpt.start and excerpt.end <= p.end), None)
    if passage is None:
        return None
    start, end = excerpt.start, excerpt.end
    quote = passage.text[start - passage.start : end - passage.start]
    return Evidence("passage", excerpt.confidence, passage, start, end, quote)
