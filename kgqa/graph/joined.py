"""Two relations of one thing that a question joins by "and": "the buyer and the seller of X", "X的买方和卖方"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations

from kgqa.graph.matching import Match
from kgqa.graph.query import Chain, Hop, Query
from kgqa.types import Term

_SAID = 0.85  # support of a relation that the question names


def joined(match: Match, term: Term, mention: int, hops: Iterable[Hop]) -> Iterator[Query]:
    """Yield what either of two relations says of a thing, where the question names both with nothing but "and" between.

    :param hops: hops that the thing has.
    """
    reading = match.reading
    if reading.operation != "list" or not reading.both:
        return
    named = [(match.places(hop.relation), hop) for hop in hops if not hop.relation.prefix]
    named = [(places, hop) for places, hop in named if len(places) == 1 and match.fit(hop.relation).support >= _SAID]
    for (one, first), (two, second) in permutations(named, 2):
        if reading.joined(one[0], two[0]) and _parallel(first, second):
            yield Query(tuple(Chain(term, (hop,), mention) for hop in (first, second)), either=True)


def _parallel(one: Hop, other: Hop) -> bool:
    """Tell whether two hops go the same way to values of the same kind."""
    same = one.relation.side(one.forward).kind == other.relation.side(other.forward).kind
    return same and one.forward == other.forward and one.relation is not other.relation
