"""Questions that ask leave are told from others, and what sources say for or against is found, negated or not."""

import pytest

from kgqa.advising import against, asks_leave, in_favour
from kgqa.reading.assertion import stance


@pytest.mark.parametrize(
    "question",
    [
        "Can ibuprofen be taken together with lisinopril?",
        "Is warfarin safe in pregnancy?",
        "May the tenant sublet the flat?",
        "Is it lawful to record a call?",
        "Should aspirin be given to children?",
        "孕妇可以服用华法林吗？",
        "能不能同时服用阿司匹林和华法林？",
        "未经同意是否可以转租？",
    ],
)
def test_asks_leave(question):
    assert asks_leave(question)


@pytest.mark.parametrize(
    "question",
    [
        "Can lisinopril cause a cough?",
        "Is warfarin contraindicated in pregnancy?",
        "Is warfarin not safe in pregnancy?",
        "Does aspirin interact with warfarin?",
        "What can be taken with warfarin?",
        "华法林会引起出血吗？",
        "孕妇不能服用华法林吗？",
    ],
)
def test_asks_no_leave(question):
    assert not asks_leave(question)


def said(question, text):
    return stance(question, text, 0, len(text))


def test_words_against_decide_where_nothing_is_denied():
    asked = "Can ibuprofen be taken together with lisinopril?"
    assert said(asked, "Ibuprofen weakens the effect of lisinopril and can harm the kidneys.") == "negated"
    assert said(asked, "The two are compatible, and ibuprofen can be combined with it.") == "affirmed"
    assert said(asked, "There is no evidence that ibuprofen is harmful here.") == "affirmed"
    assert said("Is it safe in pregnancy?", "It is not recommended in pregnancy.") == "negated"
    assert said("孕妇可以服用华法林吗？", "妊娠期禁用华法林，因为它有害于胎儿。") == "negated"


def test_a_question_that_asks_no_leave_is_untouched_by_advice():
    assert said(
        "Does lisinopril cause a cough?", "Lisinopril causes a harmless cough that is dangerous to nobody."
    ) == ("affirmed")


def test_places_are_of_the_text():
    text = "𝔘 avoid it; 安全"
    assert [text[a:b] for a, b in against(text)] == ["avoid"]
    assert [text[a:b] for a, b in in_favour(text)] == ["安全"]


def test_what_is_said_of_a_relative_is_not_said_of_the_patient():
    assert said("Does she have type 2 diabetes?", "Her mother has type 2 diabetes.") == "family"
    assert said("Does her mother have type 2 diabetes?", "Her mother has type 2 diabetes.") == "affirmed"
