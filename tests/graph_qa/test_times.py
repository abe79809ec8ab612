"""Dates, periods and numbers in questions."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.graph.times import bounds, periods

DAY = (date(2005, 3, 9), date(2005, 3, 10))


@pytest.mark.parametrize(
    "text",
    [
        "March 9, 2005",
        "9 March 2005",
        "2005-03-09",
        "3/9/2005",
        "the 9th of March 2005",
        "2005年3月9日",
        "Mar. 9, 2005",
    ],
)
def test_forms_of_a_day(text: str) -> None:
    (found,) = periods(f"signed on {text}?")
    assert (found.first, found.end) == DAY
    assert found.is_day


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("in 2015", date(2015, 1, 1), date(2016, 1, 1)),
        ("in December 2015", date(2015, 12, 1), date(2016, 1, 1)),
        ("before 2015", None, date(2015, 1, 1)),
        ("after May 2015", date(2015, 6, 1), None),
        ("since 2015", date(2015, 1, 1), None),
        ("in the 1990s", date(1990, 1, 1), date(2000, 1, 1)),
        ("between 2010 and 2012", date(2010, 1, 1), date(2013, 1, 1)),
        ("from May 2010 to June 2011", date(2010, 5, 1), date(2011, 7, 1)),
        ("2015年之前", None, date(2015, 1, 1)),
        ("2015年5月以后", date(2015, 6, 1), None),
    ],
)
def test_periods(text: str, low: date | None, high: date | None) -> None:
    (found,) = periods(text)
    assert found.bounds() == (low, high)


@pytest.mark.parametrize("text", ["code C35033", "ICD-10 H40.22", "31 February 2001", "room 12", "DOID:2015x", ""])
def test_what_is_no_date(text: str) -> None:
    assert not [found for found in periods(text) if found.is_day]


def test_numbers_that_something_is_compared_with() -> None:
    assert [(b.value, b.relation) for b in bounds("more than 1,200 but at most 3000")] == [
        (1200, "above"),
        (3000, "at_most"),
    ]
    assert [(b.value, b.relation) for b in bounds("超过500")] == [(500, "above")]
    assert bounds("the 12 ships") == []


@given(st.dates(date(1000, 1, 1), date(2199, 12, 30)))
def test_any_day_is_read_back(day: date) -> None:
    (found,) = periods(f"on {day.isoformat()}")
    assert found.first == day


@given(st.text(max_size=80))
def test_any_text_is_taken(text: str) -> None:
    for found in periods(text):
        assert 0 <= found.start < found.stop <= len(text)
        assert found.first < found.end
