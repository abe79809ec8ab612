"""Decides yes/no questions with three outcomes: true, false, unknown."""

from __future__ import annotations

import re

from kgqa.graph.operations import Result
from kgqa.graph.query import TRUE, Query
from kgqa.graph.schema_words import Relation, SchemaWords
from kgqa.graph.store import GraphStore
from kgqa.graph.view import View
from kgqa.types import Term

_COMPLETE = re.compile(
    r"^\s*all\b|\ball\b[^.]*\b(?:stated|given|listed|known|recorded)\b|\bcomplete(?:ly)?\b|\bexhaustive\b|全部|完整|所有",
    re.I,
)


def verdict(store: GraphStore | View, words: SchemaWords, query: Query, result: Result) -> bool | None:
    """Return whether what a yes/no query asks holds, ``None`` when the graph does not settle it.

    What is not stated is false only where the graph is closed: in a hierarchy that has both things, among the names of a thing,
    for a predicate that has another value there and one value at most (or is described as complete), and where a denying
    predicate, or a rival that never holds together with it, is stated.
    """
    if result.terms:
        return True
    chain = query.chains[0]
    if not chain.hops:
        stated = [
            p for item in query.conditions for p in item.relation.predicates if store.objects(chain.anchor.value, p)
        ]
        return False if stated else None
    hop = chain.hops[0]
    relation = hop.relation
    if query.target is None or chain.anchor.kind != "iri" or len(chain.hops) != 1 or relation.negative:
        return None
    if relation.key == "names":
        return False
    if query.target == TRUE:  # a statement that is itself yes or no
        return False if any(store.objects(chain.anchor.value, p) for p in relation.predicates) else None
    if query.target.kind != "iri":
        return None
    one, two = (chain.anchor, query.target) if hop.forward else (query.target, chain.anchor)
    if relation.hierarchical:
        return False if _in_tree(store, relation, one) and _in_tree(store, relation, two) else None
    if _denied(store, words, relation, one, two) or _rivalled(store, words, relation, one, two):
        return False
    return False if _closed(store, relation, one, two) else None


def _in_tree(store: GraphStore | View, relation: Relation, term: Term) -> bool:
    return any(store.objects(term.value, p) or store.subjects(term, p) for p in relation.predicates)


def _denied(store: GraphStore | View, words: SchemaWords, relation: Relation, one: Term, two: Term) -> bool:
    """Tell whether a denying predicate between the same classes is stated."""
    deniers = [other for other in words.relations if other.negative and _parallel(relation, other)]
    return any(store.has(one.value, p, two) for other in deniers for p in other.predicates)


def _rivalled(store: GraphStore | View, words: SchemaWords, relation: Relation, one: Term, two: Term) -> bool:
    """Tell whether a sister predicate is stated that never holds together with this one."""
    parents = set(relation.info.superpredicates)
    sisters = [
        other for other in words.relations if other.key != relation.key and parents & set(other.info.superpredicates)
    ]
    return any(
        store.has(one.value, p, two)
        and store.select(f"ASK {{ ?s <{p}> ?o . ?s <{relation.predicates[0]}> ?o }}") is False
        for other in sisters
        for p in other.predicates
    )


def _closed(store: GraphStore | View, relation: Relation, one: Term, two: Term) -> bool:
    stated = any(store.objects(one.value, p) for p in relation.predicates)
    fitting = not relation.object.classes or bool(set(store.types(two.value)) & set(relation.object.classes))
    return stated and fitting and (_single(relation) or _COMPLETE.search(relation.info.comment) is not None)


def _single(relation: Relation) -> bool:
    """Tell whether a thing has one value, exceptions (two laws for one contract) apart."""
    info = relation.info
    return info.functional or (info.subjects >= 20 and info.count <= 1.05 * info.subjects)


def _parallel(relation: Relation, other: Relation) -> bool:
    return bool(set(relation.subject.classes) & set(other.subject.classes)) and bool(
        set(relation.object.classes) & set(other.object.classes)
    )
