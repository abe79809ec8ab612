"""What reviewed judgements of answers teach besides reading: questions with their answers, and names that the graph lacks.

The questions are a file as ``kgqa eval answers``, ``kgqa train paths`` and ``kgqa train calibrate`` take it; the names are RDF
that ``kgqa add`` takes, so that the linker knows them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from kgqa.feedback import Feedback
from kgqa.language import has_cjk

ALT_LABEL = "http://www.w3.org/2004/02/skos/core#altLabel"


def questions(judgements: Sequence[Feedback], base: str) -> list[dict[str, Any]]:
    """Return the questions about a knowledge base whose right answer the judgements say, one row each.

    The last judgement of a question counts. Where a judgement says which thing a name means, the row has it under ``links``.
    """
    rows: dict[str, dict[str, Any]] = {}
    for item in judgements:
        if item.base == base and (row := _row(item)):
            rows.pop(item.question, None)
            rows[item.question] = row
    return list(rows.values())


def _row(item: Feedback) -> dict[str, Any] | None:
    answers, iris = json.loads(item.items), json.loads(item.iris)
    if not item.kind or (not answers and item.kind != "none"):
        return None
    row: dict[str, Any] = {"id": item.id, "question": item.question, "kind": item.kind, "answers": answers}
    if iris:
        row["answer_iris"] = iris
    if item.doc_id and item.kind != "none":
        row["documents"] = [item.doc_id]
    if item.entity and item.mention:
        row["links"] = [{"mention": item.mention, "entity": item.entity}]
    return row


def names(judgements: Sequence[Feedback], base: str) -> str:
    """Return the names that the graph lacked for things of a knowledge base, as N-Triples (which are Turtle too)."""
    return "".join(sorted(set(_names(judgements, base))))


def _names(judgements: Sequence[Feedback], base: str) -> Iterator[str]:
    from pyoxigraph import Literal, NamedNode, Triple

    for item in judgements:
        if item.base != base or not item.unknown or not item.mention:
            continue
        try:
            thing = NamedNode(item.entity)
        except ValueError:  # was typed, and is no IRI
            continue
        name = Literal(item.mention, language="zh" if has_cjk(item.mention) else "en")
        yield f"{Triple(thing, NamedNode(ALT_LABEL), name)} .\n"
