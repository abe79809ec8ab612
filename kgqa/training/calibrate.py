"""Fit the confidence of answers: a monotone logistic model per way of answering, and the threshold of abstaining.

Weights are constrained to be zero or more, and every feature is made so that more of it can only speak for the candidate; so
the model cannot learn a quirk of the questions that it is fitted on.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kgqa.evaluation.answers import Gold, expected_calibration_error, score
from kgqa.fusion import WAYS, Calibration, Weights, decide, way_of, winning
from kgqa.types import Answer, Candidate
from kgqa.wording import joined

Floats = NDArray[np.float64]
NEVER = frozenset({"is_span", "is_quote", "is_sentence", "is_exists", "is_truth", "support_only", "typed"})
"""Marks of a candidate that are no evidence."""


LEAST_SPREAD = 0.02
"""Features whose standard deviation is below it get no weight."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A gold question and the candidates that the flow had for it."""

    gold: Gold
    candidates: tuple[Candidate, ...]


def fit(
    rows: Sequence[Considered], *, strength: float = 0.01, folds: int = 5, base: Calibration | None = None
) -> Calibration:
    """Return the calibration that fits these questions.

    A model per way ranks the candidates; a second one tells how often a winner of that way is right, which is another
    thing: a phrase that beats a silent graph is right more often than phrases are. It is fitted on questions that the
    first has not seen.

    :param strength: weight of the quadratic penalty; larger is smoother.
    :param base: whose models stay for ways of answering that occur in fewer than :data:`FEWEST` of the questions, and whose
        threshold stays where there are fewer questions than that.
    """
    order = list(rows)
    random.Random(1).shuffle(order)
    wins: dict[str, list[tuple[dict[str, float], float]]] = {way: [] for way in WAYS}
    for fold in range(folds):
        model = _ranking([row for at, row in enumerate(order) if at % folds != fold], strength, folds, base)
        for row in order[fold::folds]:
            ranked = decide(row.candidates, Calibration(model, 0.0)).ranked
            if ranked:
                wins[way_of(ranked[0][0])].append((winning(ranked), float(is_right(row.gold, ranked[0][0]))))
    sides = _ranking(rows, strength, folds, base)
    final = dict(base.final) if base else {}
    final |= {way: _winner(pairs) for way, pairs in wins.items() if len(pairs) >= FEWEST}
    if base and len(rows) < FEWEST:
        return Calibration(sides, base.threshold, final)
    return Calibration(sides, best_threshold(rows, Calibration(sides, 0.0, final)), final)


FEWEST = 20
"""Questions with candidates of a way from which its models are fitted."""


def _winner(pairs: Sequence[tuple[dict[str, float], float]]) -> Weights:
    names = ("odds", "margin")
    x = np.array([[features[name] for name in names] for features, _ in pairs])
    y = np.array([right for _, right in pairs])
    weights, bias = monotone_logistic(x, y, np.full(len(y), 1 / len(y)), 0.003)
    return Weights(bias, {name: round(float(v), 4) for name, v in zip(names, weights, strict=True)})


def _ranking(rows: Sequence[Considered], strength: float, folds: int, base: Calibration | None) -> dict[str, Weights]:
    """Return a model for each way; its log-odds are stretched (Platt 1999) to fit its best candidates of held-out rows."""
    raw = _raw(rows, strength)
    order = list(rows)
    random.Random(0).shuffle(order)
    best: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for fold in range(folds):
        model = _raw([row for at, row in enumerate(order) if at % folds != fold], strength)
        for row in order[fold::folds]:
            for way, candidate in _best_of_each_way(row, model).items():
                logit = math.log(model[way].probability(candidate.features) + 1e-9)
                logit -= math.log(1 - model[way].probability(candidate.features) + 1e-9)
                best[way].append((logit, float(is_right(row.gold, candidate))))
    kept = base.sides if base else {}
    return {
        way: kept[way] if way in kept and len(best[way]) < FEWEST else _stretched(raw[way], best[way]) for way in WAYS
    }


def _raw(rows: Sequence[Considered], strength: float) -> dict[str, Weights]:
    labelled = _labelled(rows)
    return {way: _fit_way([c for c in labelled if c[0] == way], strength) for way in WAYS}


def _best_of_each_way(row: Considered, model: Mapping[str, Weights]) -> dict[str, Candidate]:
    best: dict[str, tuple[float, Candidate]] = {}
    for candidate in row.candidates:
        way = way_of(candidate)
        p = model[way].probability(candidate.features)
        if way not in best or p > best[way][0]:
            best[way] = (p, candidate)
    return {way: candidate for way, (_, candidate) in best.items()}


def _stretched(weights: Weights, pairs: Sequence[tuple[float, float]]) -> Weights:
    if len(pairs) < 20 or len({right for _, right in pairs}) < 2:
        return weights
    x = np.array([[logit] for logit, _ in pairs])
    y = np.array([right for _, right in pairs])
    slope, shift = monotone_logistic(x, y, np.full(len(y), 1 / len(y)), 1e-4)
    scaled = {name: round(value * float(slope[0]), 4) for name, value in weights.weights.items()}
    return Weights(float(slope[0]) * weights.bias + shift, scaled)


def _labelled(rows: Sequence[Considered]) -> list[tuple[str, Mapping[str, float], bool, float]]:
    """Return (way, features, right, weight); the candidates of one question share a weight of 1."""
    found = []
    for row in rows:
        for candidate in row.candidates:
            found.append(
                (way_of(candidate), candidate.features, is_right(row.gold, candidate), 1 / len(row.candidates))
            )
    return found


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


def monotone_logistic(x: Floats, y: Floats, weight: Floats, strength: float) -> tuple[Floats, float]:
    """Fit a logistic model whose weights are zero or more, by L-BFGS-B (Byrd et al. 1995) on the penalised log-loss.

    A feature that hardly varies here gets no weight: what it would do elsewhere cannot be learned from these rows.

    :param x: features, shape (n, d).
    :param y: 1.0 or 0.0, shape (n,).
    :param weight: importance of each row, summing to 1, shape (n,).
    :param strength: weight of the quadratic penalty on the coefficients of the standardised features.
    :returns: weights of shape (d,) and the bias.
    """
    from scipy.optimize import minimize

    mean, scale = weight @ x, np.sqrt(weight @ (x - weight @ x) ** 2)
    varies = scale > LEAST_SPREAD
    z = np.where(varies, (x - mean) / np.where(varies, scale, 1.0), 0.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        coefficients, bias = parameters[:-1], parameters[-1]
        logit = z @ coefficients + bias
        value = float(weight @ (np.logaddexp(0.0, logit) - y * logit)) + strength / 2 * float(
            coefficients @ coefficients
        )
        slope = (1 / (1 + np.exp(-np.clip(logit, -50, 50))) - y) * weight
        return value, np.append(z.T @ slope + strength * coefficients, slope.sum())

    start = np.zeros(x.shape[1] + 1)
    bounds = [(0.0, None)] * x.shape[1] + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = np.where(varies, found[:-1] / np.where(varies, scale, 1.0), 0.0)
    return weights, float(found[-1] - weights @ mean)


WRONG = 0.4
"""What a wrong answer costs, where a right outcome (an answer, or abstaining where there is none) gains 1."""


def best_threshold(rows: Sequence[Considered], calibration: Calibration) -> float:
    """Return the threshold of the largest gain: right outcomes, less :data:`WRONG` for each wrong answer."""
    outcomes = []
    for row in rows:
        decision = decide(row.candidates, Calibration(calibration.sides, 0.0, calibration.final))
        if decision.best is not None:
            outcomes.append((decision.confidence, is_right(row.gold, decision.best), row.gold.kind == "none"))
    grid = [t / 100 for t in range(5, 90)]
    value = [sum((right or -WRONG) if c >= t else none for c, right, none in outcomes) for t in grid]
    good = [t for t, v in zip(grid, value, strict=True) if v >= max(value, default=0) - 0.5]
    return good[len(good) // 2] if good else 0.5


def cross_validate(
    rows: Sequence[Considered], folds: int = 5, seed: int = 13, base: Calibration | None = None
) -> dict[str, float]:
    """Return accuracy, coverage and ECE on questions that were not fitted on, by folds.

    :param base: see :func:`fit`.
    """
    order = list(rows)
    random.Random(seed).shuffle(order)
    pairs: list[tuple[Considered, Calibration]] = []
    for fold in range(folds):
        fitted = fit([row for at, row in enumerate(order) if at % folds != fold], base=base)
        pairs += [(row, fitted) for row in order[fold::folds]]
    return _figures(pairs)


def measure(rows: Sequence[Considered], calibration: Calibration) -> dict[str, float]:
    """Return accuracy, coverage and ECE of one calibration on questions."""
    return _figures([(row, calibration) for row in rows])


def _figures(pairs: Sequence[tuple[Considered, Calibration]]) -> dict[str, float]:
    right, answered = 0, []
    for row, calibration in pairs:
        decision = decide(row.candidates, calibration)
        if decision.best is None:
            right += row.gold.kind == "none"
        else:
            ok = is_right(row.gold, decision.best)
            right += ok
            answered.append((decision.confidence, ok))
    n = max(1, len(pairs))
    return {
        "accuracy": right / n,
        "coverage": len(answered) / n,
        "ece": expected_calibration_error(answered) or 0.0,
    }
