import pytest

from kgqa.amounts import measure
from kgqa.asking import asked, fits, plain


@pytest.mark.parametrize(
    ("question", "kind", "style"),
    [
        ("How many drugs treat gout?", "number", "span"),
        ("有多少种药物可以治疗痛风？", "number", "span"),
        ("Is there a change-of-control clause in the lease?", "boolean", "exists"),
        ("Does warfarin interact with aspirin?", "boolean", "truth"),
        ("该合同是否包含竞业限制条款？", "boolean", "exists"),
        ("哮喘患者可以使用普萘洛尔吗？", "boolean", "truth"),
        ("When does the agreement expire?", "date", "span"),
        ("合同何时到期？", "date", "span"),
        ("Quote the clause on audits.", "span", "quote"),
        ("How is asthma treated?", "span", "quote"),
        ("如何治疗哮喘？", "span", "quote"),
        ("What is gout?", "span", "quote"),
        ("How long is the initial term?", "span", "span"),
        ("Which gene is implicated in Canavan disease?", "span", "span"),
        ("Which drugs treat gout?", "entities", "span"),
        ("哪些药物禁用于哮喘？", "entities", "span"),
        ("What is the target of Inebilizumab?", "span", "span"),
        ("Can you explain what the disease is?", "span", "quote"),
        ("Could you please tell me which drugs treat gout?", "entities", "span"),
        ("Do you know when the agreement expires?", "date", "span"),
        ("您能解释一下不可抗力条款吗？", "span", "quote"),
        ("Can you take it with food?", "boolean", "truth"),
        ("哮喘是什么？", "span", "quote"),
        ("合同什麼時候生效？", "date", "span"),
        ("為什麼禁用普萘洛爾？", "span", "quote"),
        ("承租人是否可以轉租？", "boolean", "truth"),
        ("每次最多可以吃几片？", "number", "span"),
        ("哮喘的编码是什么？", "span", "span"),
    ],
)
def test_what_a_question_asks_for(question: str, kind: str, style: str) -> None:
    found = asked(question)
    assert (found.kind, found.style) == (kind, style)


@pytest.mark.parametrize("question", ["", "?", "？", "\U0001f600", "a" * 5000, "\u202e"])
def test_any_text_is_classified(question: str) -> None:
    assert asked(question).kind in ("span", "entities")


@pytest.mark.parametrize(
    ("question", "form", "good", "bad"),
    [
        ("When does the agreement expire?", "date", "December 31, 1998", "Section 3.5"),
        ("How long is the initial term?", "duration", "three (3) years", "Effective Date"),
        ("What notice period is needed to stop the renewal?", "duration", "ninety (90) calendar days", "Section 13"),
        ("通知期是多久？", "duration", "三十天", "书面形式"),
        ("How high is the dose?", "number", "40 mg", "with food"),
        ("Below which eGFR is the drug stopped?", "number", "30 mL/min", "kidney failure"),
        ("At what age may it be given?", "number", "12 years", "in the evening"),
    ],
)
def test_a_phrase_must_have_the_form_that_is_asked_for(question: str, form: str, good: str, bad: str) -> None:
    found = asked(question)
    assert found.form == form
    assert fits(found.form, good)
    assert not fits(found.form, bad)


@pytest.mark.parametrize(
    ("after", "unit"),
    [
        (" years of age", " years"),
        ("% of patients", "%"),
        (" mg/dL in adults", " mg/dL"),
        ("岁以上", "岁"),
        ("个月内", "个月"),
        (" of the parties", ""),
        (" great men", ""),
        ("", ""),
    ],
)
def test_the_unit_of_a_number(after: str, unit: str) -> None:
    assert after[: measure(after)] == unit


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("甲巯咪唑的疗程一般是多长？", "duration"),
        ("血管有多长？", "number"),
        ("多大年龄可以接种？", "number"),
        ("增多长期存在的是什么？", "any"),
        ("影响有多大程度？", "any"),
    ],
)
def test_chinese_measures_ask_for_a_number_or_a_time(question: str, form: str) -> None:
    assert asked(question).form == form


@pytest.mark.parametrize(
    ("question", "bare"),
    [
        ("Can you give me the symptoms of gout?", "give me the symptoms of gout?"),
        ("Would you kindly list the side effects of metformin?", "list the side effects of metformin?"),
        ("May I ask which drugs treat gout?", "which drugs treat gout?"),
        ("Can I give ibuprofen in heart failure?", "Can I give ibuprofen in heart failure?"),
        ("May we show the contract to a third party?", "May we show the contract to a third party?"),
    ],
)
def test_polite_words_are_taken_away_and_a_question_for_leave_stays_one(question, bare):
    assert plain(question) == bare


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When must it not be given?", "span"),
        ("When may the licensor terminate?", "span"),
        ("什么时候不能使用β受体阻滞剂？", "span"),
        ("When was the lease signed?", "date"),
        ("When does the lease end?", "date"),
        ("合同什么时候到期？", "date"),
    ],
)
def test_in_what_case_is_no_question_for_a_day(question: str, kind: str) -> None:
    assert asked(question).kind == kind
