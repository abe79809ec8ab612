"""An answer as plain text and as the documented JSON object (docs/guides/answer-json.md). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kgqa.types import Answer, Candidate, Conflict, Evidence, Excerpt, Link, Path, Triple

Say = Callable[[str], str]

FORMAT = 1
"""Version of the JSON object; it grows only when a field changes its meaning or goes."""


def as_object(answer: Answer) -> dict[str, Any]:
    """Return an answer as values of JSON's types."""
    return {
        "format": FORMAT,
        "question": answer.question,
        "answer": answer.text,
        "kind": answer.kind,
        "items": list(answer.items),
        "iris": list(answer.iris),
        "confidence": round(answer.confidence, 4),
        "complete": answer.complete,
        "reason": answer.reason.value if answer.reason else None,
        "explanation": answer.explanation,
        "language": answer.language,
        "prose": answer.prose,
        "evidence": [_evidence(e) for e in answer.evidence],
        "conflicts": [_conflict(c) for c in answer.conflicts],
        "links": [_link(link) for link in answer.links],
        "alternatives": [_candidate(c) for c in answer.alternatives],
        "seconds": {name: round(value, 4) for name, value in answer.seconds.items()},
        "models": dict(answer.models),
        "generation": answer.generation,
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    if one.kind == "path":
        return {
            "kind": "path",
            "words": one.path.words if one.path else "",
            "triples": [_triple(step.triple) for step in one.path.steps] if one.path else [],
            "sparql": one.sparql,
            "score": round(one.score, 4),
        }
    assert one.passage is not None
    return {
        "kind": "passage",
        "document": one.passage.doc_id,
        "title": one.passage.title,
        "heading": one.passage.heading,
        "page": one.passage.page,
        "start": one.start,
        "end": one.end,
        "quote": one.quote,
        "status": one.status,
        "score": round(one.score, 4),
        "valid_from": _day(one.passage.validity.valid_from),
        "valid_to": _day(one.passage.validity.valid_to),
    }


def _day(value: Any) -> str | None:
    return value.isoformat() if value else None


def _triple(triple: Triple) -> dict[str, Any]:
    return {
        "subject": triple.subject.value,
        "predicate": triple.predicate.value,
        "object": triple.object.value,
        "sources": list(triple.sources),
        "rule": triple.rule or None,
        "premises": [_triple(premise) for premise in triple.premises],
        "reviewed": triple.reviewed,
        "read_from": [_excerpt(excerpt) for excerpt in triple.excerpts],
        "valid_from": _day(triple.validity.valid_from),
        "valid_to": _day(triple.validity.valid_to),
    }


def _excerpt(one: Excerpt) -> dict[str, Any]:
    return {
        "document": one.document,
        "start": one.start,
        "end": one.end,
        "confidence": round(one.confidence, 4),
        "accepted": one.accepted,
    }


def _conflict(one: Conflict) -> dict[str, Any]:
    return {
        "about": one.about,
        "one": {"says": one.one_says, **_evidence(one.one)},
        "other": {"says": one.other_says, **_evidence(one.other)},
    }


def _link(one: Link) -> dict[str, Any]:
    return {
        "mention": one.mention,
        "start": one.start,
        "end": one.end,
        "iri": one.entity,
        "label": one.label,
        "score": round(one.score, 4),
        "method": one.method,
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    return {"kind": one.kind, "items": list(one.items), "side": one.side, "score": round(one.score, 4)}


# --- plain text ---


def as_text(answer: Answer, width: int = 5, say: Say = str) -> str:
    """Return an answer for a terminal: answer, confidence, quotations with their place, paths in words, ambiguous names.

    :param width: quotations, paths and alternatives shown of each.
    :param say: turns the English words around the answer into the reader's language.
    """
    return "\n".join(
        [*_head(answer, say), *_quotations(answer, width, say), *_paths(answer, width, say), *_foot(answer, say)]
    )


def _head(answer: Answer, say: Say) -> list[str]:
    sure = f"{answer.confidence:.2f}"
    if answer.text is None:
        reason = f"  {say(f'reason: {answer.reason}, confidence {sure}')}"
        return [say(f"No answer: {answer.explanation}"), reason]
    lines = [answer.text, f"  {say(f'{answer.kind}, confidence {sure} ({confidence_words(answer.confidence)})')}"]
    if answer.complete is not None and answer.kind == "entities":
        whole = f"{len(answer.items)} in all: the complete list of the graph"
        lines.append(f"  {say(whole if answer.complete else 'from text: there may be more')}")
    return lines


def confidence_words(confidence: float) -> str:
    """Return a confidence in a word: sure, likely, or unsure."""
    return "sure" if confidence >= 0.9 else "likely" if confidence >= 0.7 else "unsure"


def _quotations(answer: Answer, width: int, say: Say) -> list[str]:
    found = [e for e in answer.evidence if e.kind == "passage" and e.passage][:width]
    lines = ["", say("Text:" if answer.text is not None else "Nearest text:")] if found else []
    for number, one in enumerate(found, 1):
        assert one.passage is not None
        page = f", {say(f'page {one.passage.page}')}" if one.passage.page else ""
        quote = " ".join(one.quote.split())
        lines.append(f'  [{number}] "{quote[:400]}{"…" if len(quote) > 400 else ""}"')
        lines.append(
            f"      {one.passage.doc_id}{page} [{one.start}:{one.end}]  {one.passage.heading or one.passage.title}"
        )
        if one.status != "affirmed":
            lines.append(f"      {say(f'note: {one.status}')}")
    return lines


def _paths(answer: Answer, width: int, say: Say) -> list[str]:
    found = [e for e in answer.evidence if e.kind == "path"]
    paths = [e.path for e in found if e.path]
    lines = ["", say("Graph:")] if found else []
    lines += [f"  {path.words or _walk(path)}{_sources(path)}" for path in paths[:width]]
    if len(paths) > width:
        lines.append(f"  {say(f'… and {len(paths) - width} more')}")
    query = next((e.sparql for e in found if e.sparql), "")
    return [*lines, *([f"  SPARQL: {' '.join(query.split())}"] if query else [])]


def _walk(path: Path) -> str:
    return "; ".join(f"{s.triple.subject.value} {s.triple.predicate.value} {s.triple.object.value}" for s in path.steps)


def _sources(path: Path) -> str:
    names = dict.fromkeys(source for step in path.steps for source in step.triple.sources)
    return f"   ({', '.join(names)})" if names else ""


def _foot(answer: Answer, say: Say) -> list[str]:
    lines: list[str] = []
    for conflict in answer.conflicts:
        lines += ["", say(f"The sources disagree: {conflict.one_says!r} against {conflict.other_says!r}")]
        lines += [f"  {_place(e)}" for e in (conflict.one, conflict.other)]
    for mention, labels in _ambiguous(answer.links):
        lines += ["", say(f"{mention!r} may mean: {', '.join(labels)} (choose with --link '{mention}=IRI')")]
    return lines


def _place(one: Evidence) -> str:
    if one.passage is not None:
        validity = one.passage.validity
        since = f", in force from {validity.valid_from}" if validity.valid_from else ""
        return f'"{" ".join(one.quote.split())[:200]}"  {one.passage.doc_id}{since}'
    return one.path.words or _walk(one.path) if one.path else "the graph"


def _ambiguous(links: Iterable[Link]) -> list[tuple[str, list[str]]]:
    by_mention: dict[tuple[int, int, str], dict[str, str]] = {}
    for link in links:
        by_mention.setdefault((link.start, link.end, link.mention), {})[link.entity] = f"{link.label} <{link.entity}>"
    return [(mention, list(labels.values())[:5]) for (_, _, mention), labels in by_mention.items() if len(labels) > 1]
