"""A number is answered with its unit, and a Chinese share with its whole."""

from __future__ import annotations

import pytest

from kgqa.amounts import whole_amount
from kgqa.types import Passage, Span

TEXT = (
    "𠀀 The dose is 25 mg a day. 试用期工资不得低于约定工资的百分之八十，租期三年，质保二十四个月，46个工作日内补办。"
)
PASSAGE = Passage("d@7", "d.md", TEXT, "zh", 7, 7 + len(TEXT))


@pytest.mark.parametrize(
    ("marked", "whole"),
    [
        ("25", "25 mg"),
        ("八十", "百分之八十"),
        ("百分之八十", "百分之八十"),
        ("三年", "三年"),
        ("The dose", "The dose"),
        ("二十四", "二十四个月"),
        ("46", "46个工作日"),
        ("46个", "46个工作日"),
    ],
)
def test_the_whole_amount_is_answered(marked, whole):
    at = 7 + TEXT.index(marked)
    span = whole_amount(Span(PASSAGE, at, at + len(marked), marked, 1.0))
    assert span.text == whole
    assert TEXT[span.start - 7 : span.end - 7] == whole
