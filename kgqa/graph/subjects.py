"""Which entity a document is the own text of: the other way round of an entity's documents."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kgqa.graph import vocabulary as v
from kgqa.graph.store import GraphStore
from kgqa.types import Term


def subjects(store: GraphStore, documents: Callable[[str], tuple[str, ...]]) -> dict[str, str]:
    """Return the entity of each document that is the own text of exactly one.

    :param documents: gives the ids of an entity's own documents.
    """
    graph = store.graph
    numbers = [number for predicate in v.TEXTS if (number := graph.number(Term(predicate))) is not None]
    statements = np.flatnonzero(np.isin(graph.out_predicates, numbers))
    by_document: dict[str, set[str]] = {}
    for number in sorted({graph.subject_of(int(statement)) for statement in statements}):
        entity = graph.term(number)
        for doc_id in documents(entity.value) if entity.kind == "iri" else ():
            by_document.setdefault(doc_id, set()).add(entity.value)
    return {doc_id: next(iter(entities)) for doc_id, entities in by_document.items() if len(entities) == 1}
