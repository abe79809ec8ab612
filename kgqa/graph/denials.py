"""Queries for what a question denies: "... that are no X", "... that have no Y"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kgqa.graph.matching import Match
from kgqa.graph.query import Query
from kgqa.graph.schema_words import SchemaWords
from kgqa.graph.vocabulary import OWL

_NAMED = 0.8  # support at which the words behind the denial name a relation
_MEANT = 0.7  # a hop that they support so much is what is denied, not what is listed


def lacking(match: Match, query: Query, words: SchemaWords) -> Iterator[Query]:
    """Yield a list without the class, or without the relation, that stands behind the question's denial."""
    place, last = match.reading.denied, query.last
    if place < 0 or query.without or query.tail or last is None or query.operation == "ask":
        return
    side = last.relation.side(last.forward)
    if side.kind != "entity" or any(match.behind(hop.relation, place) >= _MEANT for hop in query.hops):
        return
    for iri in _classes(match, words):
        yield replace(query, barred=iri)
    ranked = sorted(
        ((match.behind(item, place), item) for item in words.relations if _on(item.subject.classes, side.classes)),
        key=lambda pair: -pair[0],
    )
    for support, relation in ranked[:3]:
        if support >= _NAMED:
            yield replace(query, lacks=relation)


def _on(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return bool(set(one) & set(other))


def _classes(match: Match, words: SchemaWords) -> list[str]:
    """Return the classes that the words behind the denial name in full."""
    behind = {word.stem for word in match.reading.words if word.start >= match.reading.denied and word.content}
    classes = words.schema.classes
    return [
        iri
        for iri in classes
        if classes[iri].instances
        and not iri.startswith(OWL)
        and any(set(name.stems) == behind for name in words.class_names(iri))
    ][:2]
