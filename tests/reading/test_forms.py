"""Phrases of the form that a Chinese question asks for are offered beside what the trained reader marks."""

from __future__ import annotations

from kgqa.models.making import make_reader
from kgqa.reading.forms import FormReader
from kgqa.reading.lexical import LexicalReader, formed
from kgqa.types import Passage, Span

TEXT = "𠀀离职后竞业限制期限为十二个月，用人单位按月支付补偿。租金每月三千元。"
PASSAGE = Passage("c@10", "c.md", TEXT, "zh", 10, 10 + len(TEXT))


class Marking:
    """Marks the clause around the answer, as trained readers do."""

    def read(self, questions, passages, n_best=5):
        clause = "离职后竞业限制期限为十二个月"
        at = TEXT.index(clause)
        return [[Span(p, 10 + at, 10 + at + len(clause), clause, 2.5) for p in group] for group in passages]


def test_a_phrase_of_the_form_is_offered_below_the_mark_that_holds_it():
    (found,) = FormReader(Marking(), LexicalReader()).read(["竞业限制期限多长？"], [[PASSAGE]])
    assert found[0].text == "离职后竞业限制期限为十二个月"
    phrase = next(span for span in found if span.text == "十二个月")
    assert 0 < phrase.score < found[0].score
    assert all(TEXT[s.start - 10 : s.end - 10] == s.text for s in found)


def test_where_no_form_is_asked_for_the_trained_reader_decides():
    assert not formed("竞业限制是什么意思？")
    (found,) = FormReader(Marking(), LexicalReader()).read(["竞业限制是什么意思？"], [[PASSAGE]])
    assert [span.text for span in found] == ["离职后竞业限制期限为十二个月"]


def test_the_built_in_reader_offers_both():
    (found,) = make_reader().read(["离职后竞业限制的期限是多长时间？"], [[PASSAGE]], 8)
    assert any("十二个月" in span.text for span in found[:3])
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
