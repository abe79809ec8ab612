"""The trained part of the scorer: the features of a query and their weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FEATURES = (
    "support_min",  # the least supported hop
    "support_mean",
    "coverage",  # share of the content words that the query accounts for
    "unexplained",  # number of content words that nothing accounts for
    "head_agrees",  # what is asked for is what the query gives
    "head_disagrees",
    "wh_agrees",
    "wh_disagrees",
    "polarity",  # a denying relation for an asserting question, or the other way round
    "hops",
    "placed",  # a hop in a hierarchy where the question speaks of one
    "misplaced",  # a hierarchy is spoken of and not walked, or walked the other way
    "unused",  # anchors, periods, bounds or superlatives that the query leaves out
    "back",  # there and back again by one relation, without "other", "same", ...
    "also",  # the same, with such a word
    "order",  # words nearer to the mention belong to earlier hops
    "direct",  # closure where "direct" is said
    "general",  # a union of sub-relations where one of them fits better, or one where the union fits as well
    "repeated",  # a word that is said twice, walked once
    "clipped",  # words beside a mention that nothing accounts for: it may be part of a longer name
    "qualified",  # an unexplained word right before one that names the relation ("effective date")
    "idle",  # hops that account for no word that others do not
    "anchor",  # score of the links
)
_DEFAULT = {
    "bias": -7.0,
    "support_min": 3.0,
    "support_mean": 1.0,
    "coverage": 9.0,
    "unexplained": -1.5,
    "head_agrees": 1.5,
    "head_disagrees": -3.0,
    "wh_agrees": 1.0,
    "wh_disagrees": -4.0,
    "polarity": -5.0,
    "hops": -0.5,
    "placed": 1.5,
    "misplaced": -4.0,
    "unused": -4.0,
    "back": -3.0,
    "also": 0.5,
    "order": 1.0,
    "direct": -3.0,
    "general": -0.5,
    "repeated": -2.0,
    "idle": -1.5,
    "qualified": -4.0,
    "clipped": -6.0,
    "anchor": 0.5,
}


@dataclass(frozen=True, slots=True)
class PathModel:
    """Weights of the features, and a bias."""

    weights: Mapping[str, float]

    @classmethod
    def load(cls, folder: Path | None) -> PathModel:
        """Read ``model.json`` of a folder; the plain weights where there is none."""
        file = folder / "model.json" if folder else None
        if file is None or not file.is_file():
            return cls(_DEFAULT)
        return cls(json.loads(file.read_text(encoding="utf-8"))["weights"])

    def score(self, features: NDArray[np.float32]) -> float:
        """Return how sure it is that a query is meant, in [0, 1]."""
        logit = self.weights["bias"] + sum(
            self.weights[name] * float(x) for name, x in zip(FEATURES, features, strict=True)
        )
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))))
