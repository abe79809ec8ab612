"""Which classes relations join."""

from __future__ import annotations

from collections.abc import Sequence

from kgqa.graph import cues
from kgqa.graph.schema_words import Relation, Side


def is_person(side: Side) -> bool:
    """Tell whether a side is of persons or bodies, by the words of its classes."""
    return any(stem in cues.PERSON for words in (*side.names, *side.hints) for stem in words.stems)


def bridges(relations: Sequence[Relation]) -> dict[tuple[str, str], int]:
    """Return how many relations join each pair of classes."""
    counts: dict[tuple[str, str], int] = {}
    parts = {sub for relation in relations if len(relation.predicates) > 1 for sub in relation.predicates}
    for relation in relations:
        if relation.prefix or relation.negative or relation.key in parts:
            continue
        for subject in relation.subject.classes:
            for object in relation.object.classes or ("",):
                counts[(subject, object)] = counts.get((subject, object), 0) + 1
    return counts
