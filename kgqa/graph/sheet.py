"""The entity sheet: all that a graph says of one entity, and what its shapes expect but nobody has stated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kgqa.graph import shapes
from kgqa.graph import vocabulary as v
from kgqa.graph.shapes import Expectation
from kgqa.graph.store import GraphStore
from kgqa.graph.terms import name
from kgqa.graph.verbalise import shown
from kgqa.types import Entity, Triple

MAX_STATEMENTS = 500
"""Most statements in each direction."""


def entity_sheet(
    store: GraphStore, iri: str, language: str = "en", wanted: tuple[Expectation, ...] | None = None
) -> Entity | None:
    """Return the sheet of an entity, ``None`` when the graph does not know it.

    :param wanted: what the shapes expect; by default what was saved when the graph was built.
    """
    if not store.knows(iri):
        return None
    if wanted is None:
        wanted = shapes.load(store.folder / "shapes.json")[0]
    label = store.label(iri, language)
    names = dict.fromkeys(name.text for name in store.labels(iri) if name.kind != "code" and name.text != label)
    outgoing, incoming = _statements(store, iri, language)
    return Entity(
        iri=iri,
        label=label,
        synonyms=tuple(names),
        types=tuple(store.label(kind, language) for kind in store.classes(iri)),
        definition=_definition(store, iri, language),
        outgoing=outgoing,
        incoming=incoming,
        missing=shapes.missing(store, wanted, iri, language),
    )


_Said = tuple[tuple[str, str, Triple], ...]


def _statements(store: GraphStore, iri: str, language: str) -> tuple[_Said, _Said]:
    """Return what is said of an entity and what is said with it; names, definition and class have their own place."""
    silent = {*v.DEFINITIONS, *v.LABELS, *v.ALIASES, v.RDF + "reifies"}
    outgoing: list[tuple[str, str, Triple]] = []
    incoming: list[tuple[str, str, Triple]] = []
    for triple in store.triples_of(iri, 2 * MAX_STATEMENTS):
        predicate = triple.predicate.value
        relation = store.label(predicate, language)
        if name(triple.subject) != iri:
            incoming.append((relation, shown(store, triple.subject, language), triple))
        elif predicate not in silent and not (predicate == v.TYPE and triple.object.value.startswith(v.OWL)):
            outgoing.append((relation, shown(store, triple.object, language), triple))
    return tuple(outgoing[:MAX_STATEMENTS]), tuple(incoming[:MAX_STATEMENTS])


def seen(store: GraphStore, entity: Entity, sees: Callable[[Triple], bool], language: str = "en") -> Entity | None:
    """Return a sheet without what the asker may not see, ``None`` when that is all that is stated about the entity.

    :param sees: tells whether a statement is visible.
    """
    shown = [triple for triple in store.triples_of(entity.iri, 2 * MAX_STATEMENTS) if sees(triple)]
    if not shown:
        return None
    own = [triple for triple in shown if name(triple.subject) == entity.iri]
    names = [triple.object.value for triple in own if triple.predicate.value in (*v.LABELS, *v.ALIASES)]
    defined = {triple.object.value for triple in own if triple.predicate.value in v.DEFINITIONS}
    kept = tuple(other for other in entity.synonyms if other in names)
    known = {triple.object.value for triple in own if triple.predicate.value == v.TYPE}
    closed = {store.label(kind, language) for kind in store.types(entity.iri) if kind not in known}
    closed -= {store.label(kind, language) for kind in known}
    return replace(
        entity,
        label=entity.label if entity.label in names else next(iter(names), entity.iri),
        synonyms=kept,
        types=tuple(kind for kind in entity.types if kind not in closed),
        definition=entity.definition if entity.definition in defined else "",
        outgoing=tuple(said for said in entity.outgoing if sees(said[2])),
        incoming=tuple(said for said in entity.incoming if sees(said[2])),
    )


def _definition(store: GraphStore, iri: str, language: str) -> str:
    for predicate in v.DEFINITIONS:
        terms = [term for term in store.objects(iri, predicate) if term.kind == "literal"]
        for wanted in (language, "", "en"):
            for term in terms:
                if term.language.split("-")[0] == wanted:
                    return term.value
        if terms:
            return terms[0].value
    return ""
