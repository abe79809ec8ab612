"""Which texts belong to what joins several things: the contract of two parties, the decision in a case between them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from kgqa.graph import vocabulary as v
from kgqa.graph.query import kinds_of
from kgqa.graph.view import View
from kgqa.types import Term

_MOST = 400
"""Statements of each thing that are looked at."""


def joint_texts(
    view: View, things: Sequence[str], kinds: Collection[str], documents: Callable[[str], tuple[str, ...]]
) -> tuple[frozenset[str], int]:
    """Return ids of the documents that are the own text of what joins most of some things, and how many it joins.

    :param kinds: where some of what joins them is of one of these classes, only that counts; of one thing nothing else does.
    :param documents: gives the documents that are a thing's own text.
    """
    joins: dict[str, set[str]] = {}
    for iri in things:
        for neighbour in _neighbours(view, iri):
            joins.setdefault(neighbour, set()).add(iri)
    own = {iri: ids for iri in joins if iri not in things and (ids := documents(iri))}
    most = max((len(joins[iri]) for iri in own), default=0)
    best = [iri for iri in own if len(joins[iri]) == most]
    fitting = [iri for iri in best if kinds and kinds_of(Term(iri), view.store, view.types(iri)).intersection(kinds)]
    chosen = fitting or (best if len(things) > 1 else [])
    return frozenset(doc for iri in chosen for doc in own[iri]), most


def _neighbours(view: View, iri: str) -> set[str]:
    """Return the things that a visible statement joins with one."""
    into = view.store.into(Term(iri))[:_MOST]
    out = [(p, thing) for p, thing in view.store.out(iri)[:_MOST] if thing.kind == "iri" and p != v.TYPE]
    found = {subject for subject, p in into if not subject.startswith("_:") and view.has(subject, p, iri)}
    return found | {thing.value for p, thing in out if view.has(iri, p, thing)}
