"""Phrases inside amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.amounts import whole_amount
from kgqa.types import Passage, Span


def marked(text, part):
    at = text.index(part)
    passage = Passage("p", "d", text, "en", 100, 100 + len(text), "")
    return Span(passage, 100 + at, 100 + at + len(part), part, 1.0)


@pytest.mark.parametrize(
    ("text", "part", "whole"),
    [
        ("at least thirty (30) days prior", "thirty", "thirty (30) days"),
        ("at least thirty (30) days prior", "30", "thirty (30) days"),
        ("a credit of two (2) percent of the fee", "2) percent", "two (2) percent"),
        ("within eight (8) working days of it", "eight", "eight (8) working days"),
        ("is four and a half percent (4.5 %) of sales", "four", "four and a half percent (4.5 %)"),
        ("for twenty-four (24) months after", "twenty-four", "twenty-four (24) months"),
        ("pays EUR 214,272.00 with interest", "272.00", "EUR 214,272.00"),
        ("up to 17.5 million pounds or more", "17.5", "17.5 million pounds"),
        ("five hundred thousand dollars ($500,000) a year", "500,000", "five hundred thousand dollars ($500,000)"),
        ("25 years of age", "25", "25 years"),
        ("服用25毫克", "25", "25毫克"),
        ("百分之八十的人", "八十", "百分之八十"),
    ],
)
def test_a_part_of_an_amount_becomes_all_of_it(text, part, whole):
    found = whole_amount(marked(text, part))
    assert found.text == whole == found.passage.text[found.start - 100 : found.end - 100]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("within thirty (30) days of notice", "within thirty (30) days of notice"),
        ("the two parties agree", "two"),
        ("one (1) copy and two (2) days", "one (1) copy"),
        ("on 5 May 2020 it ends", "5 May 2020"),
        ("someone ten metres away", "ten metres"),
        ("the board decides", "the board"),
    ],
)
def test_other_phrases_stay_as_they_are(text, part):
    assert whole_amount(marked(text, part)).text == part


@given(st.text(alphabet="two thir(30)days%$, 年三百", min_size=1, max_size=60), st.data())
def test_a_whole_amount_holds_the_part_and_is_what_the_passage_says(text, data):
    begin = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(begin + 1, len(text)))
    passage = Passage("p", "d", text, "en", 7, 7 + len(text), "")
    found = whole_amount(Span(passage, 7 + begin, 7 + end, text[begin:end], 0.0))
    assert found.start <= 7 + begin and found.end >= 7 + end
    assert found.text == text[found.start - 7 : found.end - 7]
