"""Phrases whose ends fall inside Chinese words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.types import Passage, Span
from kgqa.whole_words import whole_word


def marked(text, begin, end):
    return Span(Passage("p", "d", text, "zh", 100, 100 + len(text), ""), 100 + begin, 100 + end, text[begin:end], 1.0)


@pytest.mark.parametrize(
    ("text", "part", "whole"),
    [
        ("本合同的订立、效力和履行适用中华人民共和国法律。", "华人民共和国", "中华人民共和国"),
        ("本合同的订立、效力和履行适用中华人民共和国法律。", "中华人民共", "中华人民共和国"),
        ("争议向石家庄市公安局提出", "庄市公安局", "石家庄市公安局"),
        ("向个体工商户收取", "个体工", "个体工商户"),
    ],
)
def test_a_part_of_a_word_becomes_all_of_it(text, part, whole):
    at = text.index(part)
    found = whole_word(marked(text, at, at + len(part)))
    assert found.text == whole == found.passage.text[found.start - 100 : found.end - 100]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("适用中华人民共和国法律", "中华人民共和国"),
        ("他今天买苹果", "苹"),  # of two characters nobody can tell
        ("Which law governs this agreement?", "law"),
        ("", ""),
    ],
)
def test_other_phrases_stay_as_they_are(text, part):
    at = text.index(part)
    assert whole_word(marked(text, at, at + len(part))).text == part


@given(st.text(alphabet="中华人民共和国法律，a1。", min_size=1, max_size=60), st.data())
def test_a_whole_word_holds_the_part_and_is_what_the_passage_says(text, data):
    begin = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(begin + 1, len(text)))
    found = whole_word(marked(text, begin, end))
    assert found.start <= 100 + begin and found.end >= 100 + end
    assert found.text == text[found.start - 100 : found.end - 100]
