"""What tells whether a query is meant: features of query and question, and the weight of each.

The weights are set by hand and the same for every graph; what a graph's own questions teach stands in :mod:`kgqa.graph.memory`
and :mod:`kgqa.graph.likeness`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BIAS = -7.0
_WEIGHTS = {
    "support_min": 3.0,  # the least supported hop
    "support_mean": 1.0,
    "coverage": 9.0,  # share of the content words that the query accounts for
    "unexplained": -1.5,  # number of content words that nothing accounts for
    "head_agrees": 1.5,  # what is asked for is what the query gives
    "head_disagrees": -3.0,
    "wh_agrees": 1.0,
    "wh_disagrees": -4.0,
    "polarity": -5.0,  # a denying relation for an asserting question, or the other way round
    "hops": -0.5,
    "placed": 1.5,  # a hop in a hierarchy where the question speaks of one
    "misplaced": -4.0,  # a hierarchy is spoken of and not walked, or walked the other way
    "unused": -4.0,  # anchors, periods, bounds or superlatives that the query leaves out
    "back": -9.0,  # there and back again by one relation, without "other", "same", ...
    "also": 0.5,  # the same, with such a word
    "order": 1.0,  # words nearer to the mention belong to earlier hops
    "direct": -3.0,  # closure where "direct" is said
    "general": -0.5,  # a union of sub-relations where one of them fits better, or one where the union fits as well
    "repeated": -2.0,  # a word that is said twice, walked once
    "clipped": -6.0,  # words beside a mention that nothing accounts for: it may be part of a longer name
    "qualified": -4.0,  # an unexplained word right before one that names the relation ("effective date")
    "idle": -1.5,  # hops that account for no word that others do not
    "anchor": 0.5,  # score of the links
}
FEATURES = tuple(_WEIGHTS)
"""Names of the features, in the order of an array of them."""


def sureness(features: NDArray[np.float32]) -> float:
    """Return how sure it is that a query is meant, in [0, 1].

    :param features: one value for each of :data:`FEATURES`.
    """
    weighed = sum(weight * float(x) for weight, x in zip(_WEIGHTS.values(), features, strict=True))
    return float(1.0 / (1.0 + np.exp(-np.clip(_BIAS + weighed, -30, 30))))
