"""What the graph says against something, where a question asks leave: "can A be taken with B?" when A interacts with B.

An objection is a statement between two of the named things, or between one of them and a wider thing of the other, whose
relation speaks against ("contraindicated in", "interacts with", "prohibits"), by its label, aliases or description. Where
there is none the graph is silent: that nothing was stated against something is no leave.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import permutations, product

from kgqa.advising import against, asks_leave, in_favour
from kgqa.graph.query import Chain, Hop, Query
from kgqa.graph.schema_words import Relation, SchemaWords
from kgqa.graph.view import View
from kgqa.types import Link, Term

_FORBIDDEN = re.compile(r"\b(?:must|may|shall|should) not\b|不得|不应|不宜|不可", re.I)
_MOST_NAMED, _MOST_WIDER = 4, 12


def objection(question: str, links: Sequence[Link], words: SchemaWords, view: View) -> Query | None:
    """Return the query of a statement that speaks against what a question asks leave for, ``None`` where there is none.

    :param links: the things that the question names.
    """
    named = list(dict.fromkeys(link.entity for link in links))[:_MOST_NAMED]
    if len(named) < 2 or not asks_leave(question):
        return None
    adverse = [relation for relation in words.relations if speaks_against(relation)]
    kinds = {iri: list(_wider(iri, words, view)) for iri in named} if adverse else {}
    for one, other in permutations(kinds, 2):
        for subject, object in product(kinds[one], kinds[other]):
            for relation in adverse:
                if any(view.has(subject, predicate, Term(object)) for predicate in relation.predicates):
                    return Query((Chain(Term(subject), (Hop(relation, True),)),), operation="ask", target=Term(object))
    return None


def speaks_against(relation: Relation) -> bool:
    """Tell whether a relation's names speak against the thing, and none of them for it."""
    if relation.prefix or relation.object.kind != "entity":
        return False
    names = [relation.label, *(phrase.text for phrase in relation.phrases)]
    return any(any(against(name)) or _FORBIDDEN.search(name) for name in names) and not any(
        any(in_favour(name)) for name in names
    )


def _wider(iri: str, words: SchemaWords, view: View) -> Iterator[str]:
    """Yield a thing and the things that it is a kind of, nearest first."""
    found, ahead = {iri: None}, [iri]
    above = [p for relation in words.relations if relation.member for p in relation.predicates]
    while ahead and len(found) < _MOST_WIDER:
        thing = ahead.pop(0)
        new = [term.value for p in above for term in view.objects(thing, p) if term.kind == "iri"]
        ahead += [wider for wider in dict.fromkeys(new) if wider not in found]
        found |= dict.fromkeys(new)
    yield from found
