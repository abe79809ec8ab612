"""Follow-ups are made whole; questions that stand alone are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.followup import resolve
from kgqa.types import Answer, Link


def said(
    question: str, *mentions: str, items: tuple[str, ...] = (), language: str = "en", kind: str = "span"
) -> Answer:
    links = tuple(
        Link(question.index(m), question.index(m) + len(m), m, f"x:{m}", m, 0.9 - 0.1 * n)
        for n, m in enumerate(mentions)
    )
    return Answer(
        question,
        ", ".join(items) or "x",
        kind,
        0.9,
        items=items,
        iris=("",) * len(items),
        links=links,
        language=language,
    )


def linker(*names: str):
    def link(question: str) -> list[Link]:
        return [
            Link(
                question.casefold().index(n.casefold()),
                question.casefold().index(n.casefold()) + len(n),
                n,
                f"x:{n}",
                n,
                0.95,
            )
            for n in names
            if n.casefold() in question.casefold()
        ]

    return link


ASTHMA = said("What are the symptoms of asthma?", "asthma")
CONTRACT = said("What does clause 5 of the Supply Agreement say?", "Supply Agreement")
LIST = said("Which drugs treat gout?", "gout", items=("allopurinol", "colchicine"), kind="entities")
CHINESE = said("二甲双胍的适应症是什么？", "二甲双胍", language="zh")
LAW = said("劳动法第五条规定了什么？", "劳动法", language="zh")
NAMES = linker("asthma", "COPD", "gout", "Supply Agreement", "metformin", "二甲双胍", "华法林", "colchicine")


@pytest.mark.parametrize(
    ("history", "question", "whole"),
    [
        (ASTHMA, "and its side effects?", "What are asthma's side effects?"),
        (ASTHMA, "What causes it?", "What causes asthma?"),
        (ASTHMA, "How is it treated?", "How is asthma treated?"),
        (ASTHMA, "What about COPD?", "What are the symptoms of COPD?"),
        (ASTHMA, "How about the causes?", "What are the causes of asthma?"),
        (ASTHMA, "And in children?", "What are the symptoms of asthma in children?"),
        (ASTHMA, "And who treats it?", "Who treats asthma?"),
        (ASTHMA, "Is this disease hereditary?", "Is asthma hereditary?"),
        (ASTHMA, "What are the complications?", "What are the complications of asthma?"),
        (CONTRACT, "what about clause 7?", "What does clause 7 of the Supply Agreement say?"),
        (CONTRACT, "And Section 9.2?", "What does Section 9.2 of the Supply Agreement say?"),
        (CONTRACT, "Who are the parties to this agreement?", "Who are the parties to the Supply Agreement?"),
        (
            LIST,
            "Which of them interact with metformin?",
            "Which of allopurinol and colchicine interact with metformin?",
        ),
        (
            LIST,
            "What are the side effects of these drugs?",
            "What are the side effects of the drugs allopurinol and colchicine?",
        ),
        (CHINESE, "那禁忌症呢？", "二甲双胍的禁忌症是什么？"),
        (CHINESE, "它的副作用有哪些？", "二甲双胍的副作用有哪些？"),
        (CHINESE, "该药能否用于孕妇？", "二甲双胍能否用于孕妇？"),
        (CHINESE, "那它的禁忌症呢？", "二甲双胍的禁忌症是什么？"),
        (CHINESE, "华法林呢？", "华法林的适应症是什么？"),
        (CHINESE, "副作用有哪些？", "二甲双胍的副作用有哪些？"),
        (CHINESE, "其副作用是什么？", "二甲双胍的副作用是什么？"),
        (LAW, "第七条呢？", "劳动法第七条规定了什么？"),
        (CHINESE, "老年人呢？", "老年人，二甲双胍的适应症是什么？"),
        (CHINESE, "孕妇能吃吗？", "孕妇能吃二甲双胍吗？"),
        (CHINESE, "那可以长期服用吗", "可以长期服用二甲双胍吗"),
    ],
)
def test_a_follow_up_becomes_a_whole_question(history, question, whole):
    found = resolve(question, [history], NAMES)
    assert found.question == whole
    assert found.changed


@pytest.mark.parametrize(
    "question",
    [
        "What are the symptoms of COPD?",
        "Which drugs treat gout?",
        "Is it true that metformin causes weight loss?",
        "Does metformin lose its effect over time?",
        "What is the capital of the country called Chad?",
        "华法林的禁忌症是什么？",
        "哪些药物禁用于孕妇？",
        "How many agreements are there?",
        "",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question):
    found = resolve(question, [ASTHMA], NAMES)
    assert found.question == question
    assert not found.changed


def test_without_a_conversation_nothing_is_filled_in():
    assert resolve("and its side effects?", []).question == "and its side effects?"
    nameless = Answer("?", None, "none", 0.9)
    assert resolve("and its side effects?", [nameless]).question == "and its side effects?"


def test_the_entity_is_carried_over_an_abstention():
    lost = Answer("What is the colour of asthma's soul?", None, "none", 0.9)
    assert resolve("What causes it?", [ASTHMA, lost]).question == "What causes asthma?"


def test_a_single_entity_answer_is_what_it_means():
    answer = Answer("Who wrote the report?", "Ada Lovelace", "entities", 0.9, items=("Ada Lovelace",), iris=("x:ada",))
    assert resolve("When was she born?", [answer]).question == "When was Ada Lovelace born?"


def test_works_without_a_linker_by_the_writing_alone():
    assert resolve("What about COPD?", [ASTHMA]).question == "What are the symptoms of COPD?"
    assert resolve("what about the causes?", [ASTHMA]).question == "What are the causes of asthma?"


def test_a_year_takes_the_place_of_a_year():
    answer = said("What was agreed in 2018 by Acme?", "Acme")
    assert resolve("and in 2019?", [answer]).question == "What was agreed in 2019 by Acme?"


@given(st.text(max_size=200))
def test_any_text_is_survived_and_resolving_twice_changes_nothing_of_a_pointer(question):
    once = resolve(question, [ASTHMA], NAMES)
    assert isinstance(once.question, str)
    if once.how == "pointer" and once.focus in once.question:
        assert "asthma" in once.question
