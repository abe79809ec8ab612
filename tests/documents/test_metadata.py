from datetime import date

import pytest

from kgqa.documents.metadata import front_matter, interpret
from kgqa.errors import SourceError


def test_front_matter_reads_quotes_lists_and_odd_names():
    text = (
        "---\r\nTitle: 'It''s: here'\r\nValid-From: 2020-05-01\r\naccess:\r\n"
        '  - a\r\n  - "b"\r\n# note\r\nx: null\r\n---\r\nbody'
    )
    values, start = front_matter(text)
    assert values == {"title": "It's: here", "valid_from": "2020-05-01", "access": "a, b", "x": ""}
    assert text[start:] == "body"


@pytest.mark.parametrize("text", ["", "---\nnever closed: yes\n", "----\na: b\n---\n", "text\n---\na: b\n---\n"])
def test_what_is_no_front_matter_is_content(text):
    assert front_matter(text) == ({}, 0)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2020-02-01", "2020-02-29", (date(2020, 2, 1), date(2020, 2, 29))),
        ("2020", "2020", (date(2020, 1, 1), date(2020, 12, 31))),
        ("2020-02", "2020-02", (date(2020, 2, 1), date(2020, 2, 29))),
        ("2020年2月1日", "2021/3/4", (date(2020, 2, 1), date(2021, 3, 4))),
        ("2020-02-01T10:00:00Z", "", (date(2020, 2, 1), None)),
    ],
)
def test_dates(first, last, expected):
    validity, _, _ = interpret({"valid_from": first, "valid_to": last})
    assert (validity.valid_from, validity.valid_to) == expected


@pytest.mark.parametrize("value", ["soon", "2020-02-30", "01.02.2020"])
def test_a_wrong_date_is_refused(value):
    with pytest.raises(SourceError, match="is no date"):
        interpret({"valid_to": value})


def test_access_is_a_set_of_groups():
    _, access, rest = interpret({"access": "a, b；c,", "note": "kept"})
    assert access == {"a", "b", "c"}
    assert rest == {"note": "kept"}
