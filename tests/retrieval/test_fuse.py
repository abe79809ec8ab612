import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.retrieval.fuse import normalised, ranked, reciprocal_rank

runs = st.lists(st.dictionaries(st.integers(0, 30), st.floats(-1e3, 1e3), max_size=12), max_size=4)
ways = pytest.mark.parametrize("fuse", [reciprocal_rank, normalised])


@ways
@given(given_runs=runs)
def test_inputs_are_unchanged(fuse, given_runs):
    before = copy.deepcopy(given_runs)
    fuse(given_runs)
    assert given_runs == before


@ways
@given(given_runs=runs, data=st.data())
def test_neither_order_matters(fuse, given_runs, data):
    expected = fuse(given_runs)
    shuffled = [dict(data.draw(st.permutations(list(run.items())))) for run in given_runs]
    assert fuse(data.draw(st.permutations(shuffled))) == expected


@ways
@given(given_runs=runs)
def test_every_row_of_a_run_is_ranked_once(fuse, given_runs):
    rows = set().union(*given_runs)
    fused = fuse(given_runs)
    assert set(fused) == rows
    assert sorted(ranked(fused, 99)) == sorted(rows)


@ways
@given(run=st.dictionaries(st.integers(0, 30), st.integers(-100, 100), min_size=1, max_size=12))
def test_one_run_keeps_its_order(fuse, run):
    assert ranked(fuse([run]), 99) == ranked(run, 99)


def test_reciprocal_rank_by_hand():
    fused = reciprocal_rank([{1: 9.0, 2: 8.0, 3: 8.0}, {2: 0.5}])
    assert fused == pytest.approx({1: 1 / 61, 2: 1 / 62 + 1 / 61, 3: 1 / 62})
    assert reciprocal_rank([{1: 1.0}, {2: 1.0}], [3.0, 1.0]) == pytest.approx({1: 3 / 61, 2: 1 / 61})


def test_normalised_by_hand():
    fused = normalised([{1: 10.0, 2: 5.0, 3: 0.0}, {2: 0.9, 4: 0.1}], [0.25, 0.75])
    assert fused == pytest.approx({1: 0.25, 2: 0.125 + 0.75, 3: 0.0, 4: 0.0})
    assert normalised([{1: 3.0}]) == {1: 1.0}


def test_ties_go_by_row():
    assert ranked({5: 1.0, 2: 1.0, 9: 2.0}, 2) == [9, 2]
