"""Confidence fitted on questions: it keeps the signs that its features mean, and means what it says on unseen questions."""

from __future__ import annotations

import random

import pytest

import kgqa
from kgqa.errors import ModelError
from kgqa.evaluation.answers import Gold, expected_calibration_error
from kgqa.fusion import Calibration, decide
from kgqa.models.making import load_calibration
from kgqa.training.calibrate import FEWEST, Considered, cross_validate, fit, is_right, measure, monotone_logistic
from kgqa.types import Candidate


def question(rng: random.Random, number: int) -> Considered:
    """A question whose text candidates are right as often as their reader is sure, and that the graph knows at times."""
    known = rng.random() < 0.4
    gold = Gold(f"q{number}", "What is right?", "span", ("right",))
    graph = (
        [Candidate("span", ("right",), ("",), "graph", 1.0, (), True, {"fit": rng.uniform(0.8, 1.0)})] if known else []
    )
    text = []
    for rank in range(3):
        sure = rng.random()
        says = "right" if not known and rng.random() < sure**2 else f"wrong {rank}"
        features = {"is_span": 1.0, "reader": sure, "noise": rng.random(), "against": 1 - sure}
        text.append(Candidate("span", (says,), ("",), "text", sure, (), None, features))
    return Considered(gold, (*graph, *text))


@pytest.fixture(scope="module")
def halves() -> tuple[list[Considered], list[Considered]]:
    rng = random.Random(7)
    rows = [question(rng, n) for n in range(1600)]
    return rows[:800], rows[800:]


@pytest.fixture(scope="module")
def fitted(halves) -> Calibration:
    return fit(halves[0])


def test_no_feature_may_speak_against_a_candidate(fitted) -> None:
    assert all(weight >= 0 for model in fitted.sides.values() for weight in model.weights.values())
    assert "against" not in fitted.sides["span"].weights
    assert fitted.sides["span"].weights["reader"] > 5 * fitted.sides["span"].weights.get("noise", 0.0)


def test_confidence_is_a_probability_on_questions_that_were_not_seen(halves, fitted) -> None:
    decided = [(row, decide(row.candidates, Calibration(fitted.sides, 0.0, fitted.final))) for row in halves[1]]
    pairs = [(d.confidence, is_right(row.gold, d.best)) for row, d in decided if d.best]
    assert (expected_calibration_error(pairs) or 1.0) < 0.06
    alone = [(d.ranked[0][1], right) for (_, d), (_, right) in zip(decided, pairs, strict=True)]
    assert (expected_calibration_error(alone) or 0.0) > (expected_calibration_error(pairs) or 1.0)


def test_abstaining_trades_answers_for_right_ones(halves, fitted) -> None:
    decided = [(row, decide(row.candidates, fitted)) for row in halves[1]]
    given = [is_right(row.gold, d.best) for row, d in decided if d.best]
    everything = [is_right(row.gold, decide(row.candidates, Calibration(fitted.sides, 0.0)).best) for row in halves[1]]
    assert 0 < len(given) < len(everything)
    assert sum(given) / len(given) > sum(everything) / len(everything) + 0.02


def test_a_feature_that_hardly_varies_gets_no_weight() -> None:
    import numpy as np

    rng = np.random.default_rng(1)
    x = np.column_stack([rng.random(200), 0.5 + 0.001 * rng.random(200)])
    y = (x[:, 0] > 0.5).astype(float)
    weights, _ = monotone_logistic(x, y, np.full(200, 1 / 200), 0.01)
    assert weights[0] > 1
    assert weights[1] == 0


def test_ways_that_few_questions_bring_keep_the_models_of_the_base(halves, fitted) -> None:
    few = halves[1][: FEWEST - 5]
    kept = fit(few, base=fitted)
    assert kept == fitted
    assert fit(few).sides != fitted.sides
    assert measure(halves[1], kept)["accuracy"] >= measure(halves[1], fit(few))["accuracy"]
    assert fit(halves[1], base=fitted).sides["span"] != fitted.sides["span"]


def test_a_calibration_is_measured_on_questions_it_was_not_fitted_on(halves) -> None:
    rows = halves[0][:200]
    assert 0.5 < cross_validate(rows)["accuracy"] <= measure(rows, fit(rows))["accuracy"] + 0.05


def test_kb_toml_names_the_calibration_that_decides(own) -> None:
    builtin = load_calibration()
    Calibration(builtin.sides, 1.0, builtin.final).save(own / "strict.json")
    question = "Which drugs treat gout?"
    assert kgqa.open(str(own)).ask(question).text
    (own / "kb.toml").write_text('[models]\ncalibration = "strict.json"\n', encoding="utf-8")
    assert kgqa.open(str(own)).ask(question).text is None
    (own / "kb.toml").write_text('[models]\ncalibration = "gone.json"\n', encoding="utf-8")
    with pytest.raises(ModelError, match=r"gone\.json: not a calibration file"):
        kgqa.open(str(own)).ask(question)
