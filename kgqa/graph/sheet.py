"""The entity sheet: all that a graph says of one entity, and what its shapes expect but nobody has stated."""

from __future__ import annotations

from collections.abc import Sequence

from kgqa.graph import shapes
from kgqa.graph import vocabulary as v
from kgqa.graph.shapes import Expectation
from kgqa.graph.store import GraphStore
from kgqa.graph.terms import name
from kgqa.graph.verbalise import shown
from kgqa.graph.view import View
from kgqa.types import Entity, Triple

MAX_STATEMENTS = 500
"""Most statements in each direction."""


def entity_sheet(
    store: GraphStore,
    iri: str,
    language: str = "en",
    wanted: tuple[Expectation, ...] | None = None,
    view: View | None = None,
) -> Entity | None:
    """Return the sheet of an entity, ``None`` when nothing is stated about it that may be seen.

    :param wanted: what the shapes expect; by default what was saved when the graph was built.
    :param view: shows what the reader may see; everything by default.
    """
    view = view or View(store)
    said = [triple for triple in store.triples_of(iri, 2 * MAX_STATEMENTS) if view.sees(triple)]
    if not store.knows(iri) or (not said and view.filters.groups is not None):
        return None
    if wanted is None:
        wanted = shapes.load(store.folder / "shapes.json")[0]
    label = view.label(iri, language)
    names = dict.fromkeys(name.text for name in view.labels(iri) if name.kind != "code" and name.text != label)
    outgoing, incoming = _statements(said, view, iri, language)
    return Entity(
        iri=iri,
        label=label,
        synonyms=tuple(names),
        types=tuple(view.label(kind, language) for kind in view.classes(iri)),
        definition=_definition(view, iri, language),
        outgoing=outgoing,
        incoming=incoming,
        missing=shapes.missing(view, wanted, iri, language),
    )


_Said = tuple[tuple[str, str, Triple], ...]


def _statements(said: Sequence[Triple], view: View, iri: str, language: str) -> tuple[_Said, _Said]:
    """Return what is said of an entity and what is said with it; names, definition and class have their own place."""
    silent = {*v.DEFINITIONS, *v.LABELS, *v.ALIASES, v.RDF + "reifies"}
    outgoing: list[tuple[str, str, Triple]] = []
    incoming: list[tuple[str, str, Triple]] = []
    for triple in said:
        predicate = triple.predicate.value
        relation = view.label(predicate, language)
        if name(triple.subject) != iri:
            incoming.append((relation, shown(view, triple.subject, language), triple))
        elif predicate not in silent and not (predicate == v.TYPE and triple.object.value.startswith(v.OWL)):
            outgoing.append((relation, shown(view, triple.object, language), triple))
    return tuple(outgoing[:MAX_STATEMENTS]), tuple(incoming[:MAX_STATEMENTS])


def _definition(view: View, iri: str, language: str) -> str:
    for predicate in v.DEFINITIONS:
        terms = [term for term in view.objects(iri, predicate) if term.kind == "literal"]
        for wanted in (language, "", "en"):
            for term in terms:
                if term.language.split("-")[0] == wanted:
                    return term.value
        if terms:
            return terms[0].value
    return ""
