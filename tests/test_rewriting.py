"""Edits of a text: what stays, where it goes, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.rewriting import Edit, rewrite

TEXTS = st.text(alphabet="ab 药\U00020000.", min_size=1, max_size=30)


@st.composite
def rewrites(draw):
    text = draw(TEXTS)
    places = st.integers(0, len(text) - 1)
    edits = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(places)
        edits.append(Edit(start, draw(st.integers(start + 1, len(text))), draw(st.text("xy\U00020001", max_size=4))))
    return rewrite(text, edits)


@given(rewrites(), st.data())
def test_what_no_edit_touches_keeps_its_text_there_and_back(done, data):
    start = data.draw(st.integers(0, len(done.old)))
    end = data.draw(st.integers(start, len(done.old)))
    new = done.span(start, end)
    if not done.touches(start, end):
        assert done.text[slice(*new)] == done.old[start:end]
        if start < end:
            assert done.back(*new) == (start, end)
    assert 0 <= new[0] <= new[1] <= len(done.text)


@given(rewrites(), st.data())
def test_back_is_inside_the_old_text_and_in_order(done, data):
    start = data.draw(st.integers(0, len(done.text)))
    end = data.draw(st.integers(start, len(done.text)))
    old = done.back(start, end)
    assert 0 <= old[0] <= max(old) <= len(done.old)
    assert start == end or old[0] <= old[1]


@given(rewrites())
def test_each_edit_stands_where_its_span_says(done):
    for edit in done.edits:
        assert done.text[slice(*done.span(edit.start, edit.end))] == edit.text


def test_of_two_that_overlap_the_longer_stays():
    done = rewrite("New York City", [Edit(0, 3, "Old"), Edit(0, 8, "Paris"), Edit(9, 13, "Town")])
    assert done.text == "Paris Town"
    assert done.span(9, 13) == (6, 10)


def test_a_span_that_an_edit_cuts_takes_all_of_it():
    done = rewrite("in New York now", [Edit(3, 11, "Rome")])
    assert done.cuts(7, 15) and not done.cuts(0, 11)
    assert done.text[slice(*done.span(7, 15))] == "Rome now"


@pytest.mark.parametrize("edit", [Edit(2, 2, "x"), Edit(-1, 2, "x"), Edit(1, 9, "x")])
def test_an_edit_outside_the_text_is_refused(edit):
    with pytest.raises(ValueError, match="outside"):
        rewrite("text", [edit])
