"""Nouns for kinds of things over graphs without classes: "the *film* X", "which *movies*", "the *books* written by X".

Such a graph says nowhere what its things are. Yet its statements have a side that things are described on: a noun beside a
thing that is described, or for an answer or a thing between that is described, names its kind and needs no relation of its
own. A noun for what the statements tell ("which *composer*") is never taken so: a relation must account for it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from kgqa.graph.query import Chain
from kgqa.graph.question import Reading

_ACTED = r"(?:\w+ed|written|made|shot|sung|won|that|which|whose|who)"
_BETWEEN = (
    re.compile(rf"\b(?:the|of|in|for|their|by) (?P<noun>\w+) {_ACTED}\b", re.I),
    re.compile(r"⟦\d+⟧ (?:\w+ed|written) (?P<noun>\w+)", re.I),
)


def kind_words(reading: Reading, chain: Chain) -> set[int]:
    """Return the positions of the words that name kinds of described things on the way of a chain."""
    hops, mention = chain.hops, chain.mention
    if not hops or reading.language != "en":
        return set()
    masked = reading.masked
    spots: list[int] = []
    if hops[0].forward:
        spots += [match.start("noun") for match in re.finditer(rf"(?P<noun>\w+) ⟦{mention}⟧", masked)]
    if not hops[-1].forward:
        spots += [reading.words[k].start for k in reading.head]
    if any(not one.forward and two.forward for one, two in pairwise(hops)):
        spots += [match.start("noun") for pattern in _BETWEEN for match in pattern.finditer(masked)]
    places = set(spots)
    return {k for k in reading.content if reading.words[k].start in places}
