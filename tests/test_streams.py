"""Pieces of a list worked on side by side."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.streams import pieces


@settings(deadline=None)
@given(st.lists(st.integers()), st.integers(1, 7), st.integers(1, 4))
def test_every_item_comes_once_and_keeps_its_place(items, size, streams):
    found = [None] * len(items)
    for at, results in pieces(items, lambda part: [-item for item in part], size=size, streams=streams):
        assert found[at : at + len(results)] == [None] * len(results)
        found[at : at + len(results)] = results
    assert found == [-item for item in items]


def test_pieces_run_side_by_side():
    both = threading.Barrier(2, timeout=10)  # passes only when two pieces are at work at once

    def work(part):
        both.wait()
        return part

    assert sorted(at for at, _ in pieces([1, 2, 3, 4], work, size=1, streams=2)) == [0, 1, 2, 3]


def test_a_fault_ends_it_and_nothing_more_is_begun():
    begun = []

    def work(part):
        begun.extend(part)
        raise ValueError(f"{part[0]}")

    with pytest.raises(ValueError):
        list(pieces(list(range(100)), work, size=1, streams=2))
    assert len(begun) <= 4


def test_a_caller_that_stops_leaves_no_thread_behind():
    before = threading.active_count()
    stream = pieces(list(range(50)), lambda part: part, size=1, streams=3)
    next(stream)
    stream.close()
    assert threading.active_count() == before
