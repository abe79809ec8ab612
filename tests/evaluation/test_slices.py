"""Slices of a reading measure: which question is where, and intervals that hold what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import UsageError
from kgqa.evaluation.slices import SLICES, SMALL, Marked, interval, mark, question_type, report, size
from kgqa.evaluation.squad import Example
from kgqa.types import Span


def marked(question="Who?", context="Anna is here.", f1=1.0, article="A", file="f", answer="Anna"):
    return Marked(Example("1", question, context, ((0, answer),) if answer else (), article), file, float(f1 == 1), f1)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who wrote it?", "person"),
        ("In what year did it end?", "time"),
        ("How many beds are there?", "number"),
        ("How is it made?", "manner"),
        ("Why?", "reason"),
        ("Is it safe?", "yes or no"),
        ("What is gout?", "thing"),
        ("Name it.", "other"),
        ("谁是院长？", "person"),
        ("何时开业？", "time"),
        ("有多少床位？", "number"),
        ("位于哪里？", "place"),
        ("为什么？", "reason"),
        ("这是药吗？", "yes or no"),
        ("是什么药？", "thing"),
    ],
)
def test_the_type_of_a_question_in_two_languages(question, kind):
    assert question_type(question) == kind


def test_lengths_count_words_and_characters():
    assert size("two words") == 2
    assert size("糖尿病 drug 𠮷") == 5
    assert SLICES["length"](marked(context="w " * 80)).strip() == "76-150 words"
    assert SLICES["answer"](marked(answer="")) == "none"


def test_languages_that_differ_are_a_slice_of_their_own():
    assert SLICES["language"](marked(question="谁是院长？", context="这是一家医院。")) == "zh"
    assert (
        SLICES["language"](marked(question="Who is the head?", context="这是一家医院。")) == "en question, zh passage"
    )


def test_a_slice_that_is_worse_is_named_so():
    good = [marked(context=f"good {n}", f1=1.0, article="good") for n in range(60)]
    bad = [marked(context=f"bad {n}", f1=0.1, article="bad") for n in range(20)]
    few = [marked(context="few", article="few")]
    found = report([*good, *bad, *few], ["source"])
    sources = found["by"]["source"]
    assert sources["bad"]["differs"] == "worse" and sources["good"]["differs"] == "better"
    assert sources["bad"]["n"] == 20 and sources[SMALL]["n"] == 1
    assert found["all"]["low"] <= found["all"]["f1"] <= found["all"]["high"]


def test_an_unknown_slice_is_said():
    with pytest.raises(UsageError, match="language"):
        report([marked()], ["colour"])
    with pytest.raises(ValueError, match="no questions"):
        report([], ["type"])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_is_inside_the_values(values):
    low, high = interval(values, range(len(values)), draws=50)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_questions_of_one_passage_count_as_one_draw():
    values = [0.0, 1.0] * 50
    alone = interval(values, range(100))
    together = interval(values, [at // 25 % 2 for at in range(100)])  # two passages, equal means
    halves = interval([0.0] * 50 + [1.0] * 50, [0] * 50 + [1] * 50)
    assert together == (0.5, 0.5) or together[1] - together[0] < 0.1
    assert halves == (0.0, 1.0) and alone[1] - alone[0] < 0.25


def test_the_interval_holds_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        values = rng.random(60) < 0.7
        low, high = interval(values.astype(float).tolist(), range(60), draws=300)
        held += low <= 0.7 <= high
    assert 0.88 <= held / 200 <= 0.99


def test_marks_are_of_spans_only():
    class First:
        def read(self, questions, passages, n_best=5):
            return [[Span(p, 0, 4, p.text[:4], 1.0) for p in group] for group in passages]

    rows = [
        Example("1", "Who?", "Anna is here.", ((0, "Anna"),), "A"),
        Example("2", "Is she?", "Anna is here.", ((-1, "YES"),), "A"),
    ]
    found = mark(rows, "f.json", First())
    assert [(row.example.id, row.f1, row.file) for row in found] == [("1", 1.0, "f.json")]
