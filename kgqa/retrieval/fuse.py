"""One ranking out of several: pure functions over scores by row.

A run maps a row to its score in one ranking; larger is better. Inputs are never changed, and neither the order of the
runs nor the order inside a run matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Run = Mapping[int, float]

RANK_CONSTANT = 60
"""Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet", SIGIR 2009."""


def reciprocal_rank(
    runs: Sequence[Run], weights: Sequence[float] | None = None, constant: int = RANK_CONSTANT
) -> dict[int, float]:
    """Return for each row the weighted sum of ``1 / (constant + rank)`` of its runs; equals share a rank.

    :param weights: one for each run; all 1 when ``None``.
    """
    parts: dict[int, list[float]] = {}
    for run, weight in zip(runs, weights or [1.0] * len(runs), strict=True):
        rank_of = {score: 1 + rank for rank, score in reversed(list(enumerate(sorted(run.values(), reverse=True))))}
        for row, score in run.items():
            parts.setdefault(row, []).append(weight / (constant + rank_of[score]))
    return {row: math.fsum(values) for row, values in parts.items()}


def normalised(runs: Sequence[Run], weights: Sequence[float] | None = None) -> dict[int, float]:
    """Return for each row the weighted sum of its scores, each run stretched to [0, 1]; a run without it adds 0.

    A run whose scores are all equal gives 1 to each.

    :param weights: one for each run; all 1 when ``None``.
    """
    parts: dict[int, list[float]] = {}
    for run, weight in zip(runs, weights or [1.0] * len(runs), strict=True):
        low, high = min(run.values(), default=0.0), max(run.values(), default=0.0)
        for row, score in run.items():
            share = (score - low) / (high - low) if high > low else 1.0
            parts.setdefault(row, []).append(weight * share)
    return {row: math.fsum(values) for row, values in parts.items()}


def ranked(scores: Mapping[int, float], k: int) -> list[int]:
    """Return the ``k`` rows of largest score, best first, ties by row."""
    return sorted(scores, key=lambda row: (-scores[row], row))[:k]
