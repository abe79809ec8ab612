"""The class that answers are to be of ("which *leases*"), where the relation that is walked leads to others, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kgqa.graph import vocabulary as v
from kgqa.graph.matching import Match
from kgqa.graph.query import Query, kinds_of
from kgqa.graph.schema_words import SchemaWords
from kgqa.graph.view import View
from kgqa.types import Term

_NAMED = 0.99
"""Share of the words of a class's name that the question must have, and of a word that they must account for."""


def asked_kind(match: Match, query: Query, terms: Iterable[Term], words: SchemaWords, view: View) -> str:
    """Return the class that the answers must be of; empty where none is named, or all are of it, or none could be.

    :param terms: what the query gives without it.
    """
    head, last = match.reading.head, query.last
    side = last.relation.side(last.forward) if last is not None else None
    if query.operation == "ask" or not head or last is None or side is None or side.kind != "entity":
        return ""
    if all(match.fit(last.relation).explains[k] >= _NAMED for k in head if k in match.reading.content):
        return ""  # "which risk factors": what they are by the relation, not by themselves
    kinds = [kinds_of(term, view.store, view.types(term.value)) for term in terms if term.kind == "iri"]
    if not all(kind & words.schema.classes.keys() for kind in kinds):
        return ""  # what has no class is of none for lack of knowledge
    possible = set(side.classes)
    for named in named_kinds(match, head, words):
        of_it = [named in kind for kind in kinds]
        if any(of_it) or named in possible:
            return "" if all(of_it) else named
    return ""


def named_kinds(match: Match, head: Sequence[int], words: SchemaWords) -> list[str]:
    """Return the classes that some words of a question name in full, the narrowest first.

    :param head: positions of the words; those without content may be left unnamed.
    """
    content = [k for k in head if k in match.reading.content]
    found = []
    for iri, info in words.schema.classes.items():
        if iri not in words.populated or iri.startswith((v.OWL, v.RDF, v.RDFS)):
            continue
        for name in words.class_names(iri):
            explains = match.names((name,))
            if content and match.phrase(name) >= _NAMED and all(explains[k] >= _NAMED for k in content):
                found.append((info.instances, iri))
                break
    return [iri for _, iri in sorted(found)]
