"""Fit the confidence of answers: a monotone logistic model per way of answering, and the threshold of abstaining.

Weights are constrained to be zero or more, and every feature is made so that more of it can only speak for the candidate; so
the model cannot learn a quirk of the questions that it is fitted on. Fitted by projected gradient on the log-loss.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kgqa.evaluation.answers import Gold, expected_calibration_error, score
from kgqa.fusion import WAYS, Calibration, Weights, decide
from kgqa.types import Answer, Candidate
from kgqa.wording import joined

Floats = NDArray[np.float64]
NEVER = frozenset({"is_span", "is_quote", "is_exists", "support_only"})
"""Marks of a candidate that are no evidence."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A gold question and the candidates that the flow had for it."""

    gold: Gold
    candidates: tuple[Candidate, ...]


def fit(rows: Sequence[Considered], *, strength: float = 0.0005) -> Calibration:
    """Return the calibration that fits these questions.

    :param strength: weight of the quadratic penalty; larger is smoother.
    """
    sides = {way: _fit_way([c for c in _labelled(rows) if c[0] == way], strength) for way in WAYS}
    base = Calibration(sides)
    return Calibration(sides, best_threshold(rows, base), base.agreement)


def _labelled(rows: Sequence[Considered]) -> list[tuple[str, Mapping[str, float], bool, float]]:
    """Return (way, features, right, weight); the candidates of one question share a weight of 1."""
    found = []
    for row in rows:
        for candidate in row.candidates:
            way = "graph" if candidate.side != "text" else way_of(candidate)
            found.append((way, candidate.features, is_right(row.gold, candidate), 1 / len(row.candidates)))
    return found


def way_of(candidate: Candidate) -> str:
    """Return how a text candidate answers."""
    return next((w for w in ("quote", "exists") if candidate.features.get(f"is_{w}")), "span")


def is_right(gold: Gold, candidate: Candidate) -> bool:
    """Tell whether a candidate would be scored as correct."""
    answer = Answer(
        gold.question,
        joined(candidate.items, "en"),
        candidate.kind,
        1.0,
        items=candidate.items,
        iris=candidate.iris,
        evidence=candidate.evidence,
    )
    return score(gold, answer).correct


def _fit_way(rows: Sequence[tuple[str, Mapping[str, float], bool, float]], strength: float) -> Weights:
    if not rows:
        return Weights(-2.0, {})
    names = sorted({name for _, features, _, _ in rows for name in features} - NEVER)
    x = np.array([[features.get(name, 0.0) for name in names] for _, features, _, _ in rows])
    y = np.array([float(right) for _, _, right, _ in rows])
    w = np.array([weight for *_, weight in rows])
    weights, bias = monotone_logistic(x, y, w / w.sum(), strength)
    return Weights(float(bias), {name: round(float(v), 4) for name, v in zip(names, weights, strict=True) if v > 1e-4})


def monotone_logistic(x: Floats, y: Floats, weight: Floats, strength: float, steps: int = 4000) -> tuple[Floats, float]:
    """Fit a logistic model whose weights are zero or more.

    :param x: features, shape (n, d).
    :param y: 1.0 or 0.0, shape (n,).
    :param weight: importance of each row, summing to 1, shape (n,).
    :returns: weights of shape (d,) and the bias.
    """
    scale = np.maximum(x.std(axis=0), 1e-3)
    z = x / scale
    coefficients, bias, momentum, drift = np.zeros(x.shape[1]), 0.0, np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(z @ coefficients + bias, -30, 30)))
        slope = (p - y) * weight
        momentum = 0.9 * momentum + z.T @ slope + strength * coefficients
        drift = 0.9 * drift + float(slope.sum())
        coefficients = np.maximum(0.0, coefficients - 0.1 * momentum)
        bias -= 0.1 * drift
    return coefficients / scale, bias


def best_threshold(rows: Sequence[Considered], calibration: Calibration) -> float:
    """Return the threshold below which abstaining gives more right outcomes than answering."""
    outcomes = []
    for row in rows:
        decision = decide(row.candidates, Calibration(calibration.sides, 0.0, calibration.agreement))
        if decision.best is not None:
            outcomes.append((decision.confidence, is_right(row.gold, decision.best), row.gold.kind == "none"))
    grid = [t / 100 for t in range(5, 90)]
    value = [sum(right if c >= t else none for c, right, none in outcomes) for t in grid]
    good = [t for t, v in zip(grid, value, strict=True) if v >= max(value, default=0) - 0.5]
    return good[len(good) // 2] if good else 0.5


def cross_validate(rows: Sequence[Considered], folds: int = 5, seed: int = 13) -> dict[str, float]:
    """Return accuracy, coverage and ECE on questions that were not fitted on, by folds."""
    order = list(rows)
    random.Random(seed).shuffle(order)
    right, answered = 0, []
    for fold in range(folds):
        held = order[fold::folds]
        calibration = fit([row for at, row in enumerate(order) if at % folds != fold])
        for row in held:
            decision = decide(row.candidates, calibration)
            if decision.best is None:
                right += row.gold.kind == "none"
            else:
                ok = is_right(row.gold, decision.best)
                right += ok
                answered.append((decision.confidence, ok))
    n = max(1, len(order))
    return {
        "accuracy": right / n,
        "coverage": len(answered) / n,
        "ece": expected_calibration_error(answered) or 0.0,
    }
