"""Which spans are picked: the likeliest one, or the one that is expected to share most with the answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.reading.spans import Mark, disjoint, shared

NAME, CLAUSE, SENTENCE = Mark(10, 12, 3.0), Mark(4, 16, 2.5), Mark(0, 20, 2.4)
marks_of = st.lists(
    st.builds(
        lambda at, size, score: Mark(at, at + size, score), st.integers(0, 60), st.integers(1, 30), st.floats(-9, 9)
    ),
    max_size=25,
)


def test_a_clause_wins_over_a_likelier_name_where_both_long_spans_speak_for_it():
    assert disjoint([NAME, CLAUSE, SENTENCE], 1) == [NAME]
    (best,) = shared([NAME, CLAUSE, SENTENCE], 1, 1.0)
    assert (best.start, best.end) == (4, 16)


def test_its_score_is_that_of_the_best_span_there():
    (best,) = shared([NAME, CLAUSE, SENTENCE], 1, 1.0)
    assert best.score == NAME.score


def test_a_sure_span_stays():
    assert shared([Mark(10, 12, 9.0), CLAUSE, SENTENCE], 1, 1.0) == [Mark(10, 12, 9.0)]


def test_at_low_temperature_the_likeliest_span_is_picked():
    assert shared([SENTENCE, NAME, CLAUSE], 1, 1e-3) == [NAME]


def test_the_same_span_of_two_windows_counts_once():
    assert shared([NAME, CLAUSE, CLAUSE, CLAUSE], 1, 0.2) == shared([NAME, CLAUSE], 1, 0.2)


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_no_marks_no_spans(limit):
    assert shared([], limit, 1.0) == []
    assert len(shared([NAME, Mark(30, 33, 1.0)], limit, 1.0)) == min(limit, 2)


@given(marks_of, st.integers(1, 5), st.floats(0.05, 5.0))
@settings(max_examples=60, deadline=None)
def test_what_is_picked_was_found_and_does_not_overlap(found, limit, temperature):
    picked = shared(found, limit, temperature)
    assert len(picked) <= limit
    assert bool(picked) == bool(found)
    assert {(m.start, m.end) for m in picked} <= {(m.start, m.end) for m in found}
    assert all(a.end <= b.start or b.end <= a.start for n, a in enumerate(picked) for b in picked[:n])
    assert [m.score for m in picked] == sorted((m.score for m in picked), reverse=True)
