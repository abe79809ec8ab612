"""The reader without a model: Chinese answers by nearness and form, and the choice of reader by script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.reading.extractive import OnnxReader
from kgqa.reading.lexical import LexicalReader, ScriptReader
from kgqa.types import Passage

LEASE = "甲方与乙方于2021年3月5日签订租赁合同。月租金为8000元，押金为两个月租金。合同由上海市浦东新区人民法院管辖。"


def passage(text, start=0, id="p"):
    return Passage(id, "d", text, "zh", start, start + len(text))


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("租赁合同何时签订？", "2021年3月5日"),
        ("月租金是多少？", "8000元"),
        ("合同由哪个法院管辖？", "上海市浦东新区人民法院"),
        ("租賃合同什麼時候簽訂？", "2021年3月5日"),
    ],
)
def test_answers_stand_near_and_have_the_form_asked_for(question, wanted):
    best = LexicalReader().read([question], [[passage(LEASE, 40)]])[0][0]
    assert best.text == wanted
    assert LEASE[best.start - 40 : best.end - 40] == wanted


def test_a_passage_about_something_else_scores_below_the_right_one():
    other = passage("本公司成立于1998年，主要生产汽车零件。", id="other")
    found = LexicalReader().read(["租赁合同何时签订？"], [[other, passage(LEASE)]])[0]
    assert found[0].passage.id == "p" and found[0].score > 0
    assert all(span.score < 0 for span in found if span.passage.id == "other")


def test_the_status_of_an_answer_is_told():
    found = LexicalReader().read(["患者对什么过敏？"], [[passage("患者无青霉素过敏史。")]])[0]
    assert found[0].status == "negated"


def test_each_passage_goes_to_the_reader_of_its_script(city_reader):
    reader = ScriptReader(OnnxReader(city_reader), LexicalReader())
    english = Passage("e", "d", "the dose in Rome .", "en", 0, 18)
    rows = reader.read(["where is", "月租金是多少？", "x"], [[english], [passage(LEASE)], []])
    assert [row[0].text if row else None for row in rows] == ["Rome", "8000元", None]


def test_a_language_that_the_trained_reader_knows_is_its_own(city_reader):
    rows = ScriptReader(OnnxReader(city_reader), LexicalReader(), frozenset({"zh"})).read(
        ["月租金是多少？"], [[passage(LEASE), passage("本契約の賃料は月額八千円です。", id="ja")]]
    )
    assert {span.passage.id for span in rows[0]} <= {"ja"}  # this tiny model sees unknown tokens only, and reads none


def test_nothing_in_nothing_out():
    assert LexicalReader().read([], []) == []
    assert LexicalReader().read(["？", ""], [[passage(LEASE)], [passage("")]]) == [[], []]


@given(st.text(alphabet="租金合同甲乙2021年。，是的𠮷😀ﬁ", max_size=60), st.integers(0, 9))
def test_every_span_is_a_slice(text, start):
    for span in LexicalReader().read(["合同租金是多少？"], [[passage(text, start)]])[0]:
        assert text[span.start - start : span.end - start] == span.text != ""
