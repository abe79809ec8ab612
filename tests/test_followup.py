"""Follow-ups are made whole; questions that stand alone are left alone."""

from dataclasses import replace

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
TRADITIONAL = said("個人信息保護法第十五條規定了什麼？", "個人信息保護法", language="zh")
DOSE = said("布洛芬成人一次吃多少？", "布洛芬", language="zh")
PAIR = said("阿司匹林能和布洛芬一起吃吗？", "阿司匹林", "布洛芬", language="zh")
SIGNED = said("设备采购合同是谁签的？", "设备采购合同", language="zh")
CODE = said("地高辛的ATC编码是什么？", "地高辛", language="zh")
DIAGNOSED = said("How is asthma diagnosed?", "asthma")
ADULTS = said("How much ibuprofen may adults take?", "ibuprofen")
NAMES = linker("asthma", "COPD", "gout", "Supply Agreement", "metformin", "二甲双胍", "华法林", "胺碘酮", "colchicine")


@pytest.mark.parametrize(
    ("history", "question", "whole"),
    [
        (ASTHMA, "and its side effects?", "What are asthma's side effects?"),
        (ASTHMA, "What causes it?", "What causes asthma?"),
        (ASTHMA, "How is it treated?", "How is asthma treated?"),
        (ASTHMA, "What about COPD?", "What are the symptoms of COPD?"),
        (ASTHMA, "and of COPD?", "What are the symptoms of COPD?"),
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
        (CHINESE, "怎么服用？", "二甲双胍怎么服用？"),
        (CHINESE, "会引起腹泻吗？", "二甲双胍会引起腹泻吗？"),
        (CHINESE, "疗程多长？", "二甲双胍的疗程多长？"),
        (CODE, "胺碘酮的呢？", "胺碘酮的ATC编码是什么？"),
        (SIGNED, "什么时候签的？", "设备采购合同什么时候签的？"),
        (DOSE, "那儿童呢？", "布洛芬儿童一次吃多少？"),
        (DOSE, "如果是孕妇呢", "布洛芬孕妇一次吃多少？"),
        (PAIR, "那和华法林呢？", "阿司匹林能和华法林一起吃吗？"),
        (PAIR, "换成华法林呢？", "阿司匹林能和华法林一起吃吗？"),
        (TRADITIONAL, "那第四十七條呢？", "個人信息保護法第四十七條規定了什麼？"),
        (TRADITIONAL, "它什麼時候施行？", "個人信息保護法什麼時候施行？"),
        (DIAGNOSED, "and treated?", "How is asthma treated?"),
        (ADULTS, "and children?", "How much ibuprofen may children take?"),
    ],
)
def test_a_follow_up_becomes_a_whole_question(history, question, whole):
    found = resolve(question, [history], NAMES)
    assert found.question == whole
    assert found.changed


CLAUSE = Link(4, 20, "cap on liability", "http://x/kind/cap", "cap on liability", 1.0, types=("x:Kind",))
LOAN = Answer(
    "Which law governs the term loan between Northgate and Halden?", "New York", "span", 0.9,
    links=(Link(40, 49, "Northgate", "http://x/party/northgate", "Northgate Mutual Bank", 0.95, types=("x:Company",)),
           Link(22, 31, "term loan", "http://x/contract/loan", "Term Loan Agreement", 0.45, types=("x:Loan",))),
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "named", "whole"),
    [
        ("and how much notice is required to end it?", (), "How much notice is required to end the {}?"),
        ("and how much notice is required?", (), "How much notice is required under the {}?"),
        ("what about the notice period?", (), "What is the notice period of the {}?"),
        ("and the cap on liability?", (CLAUSE,), "What is the cap on liability of the {}?"),
        ("and its maturity?", (), "What is the maturity of the {}?"),
        ("And who founded Kestrel?", (), "And who founded Kestrel?"),
        ("and how is gout treated?", (Link(11, 15, "gout", "x:gout", "gout", 1.0),), "and how is gout treated?"),
    ],
)
def test_what_two_parties_have_between_them_is_what_is_asked_on_about(question, named, whole):
    found = resolve(question, [LOAN], lambda text: named)
    assert found.question == whole.format("term loan between Northgate and Halden")


def test_a_chinese_question_that_only_adds_to_the_last_is_asked_of_its_entity():
    kind = Link(2, 4, "合同", "http://x/kind/contract", "合同", 1.0, types=("x:Class",))
    last = said("技术服务合同适用什么法律？", "技术服务合同", language="zh")
    asked = resolve("那解除合同要提前多久通知？", [last], lambda text: [kind])
    assert asked.question == "技术服务合同，解除合同要提前多久通知？"
    assert resolve("那赔偿上限是多少？", [last], lambda text: []).question == "技术服务合同的赔偿上限是多少？"
    deposit = Link(1, 3, "押金", "http://x/kind/deposit", "押金", 1.0, types=("x:Kind",))
    typed = replace(last, links=(Link(0, 6, "技术服务合同", "http://x/contract/1", "", 1.0, types=("x:Contract",)),))
    assert resolve("那押金是多少？", [typed], lambda text: [deposit]).question == "技术服务合同的押金是多少？"
    assert not resolve("阿司匹林是什么？", [typed], lambda text: [deposit]).changed
    assert not resolve("那个多少钱一斤？", [said("x", language="zh")], lambda text: []).changed
    other = Link(1, 4, "租赁法", "http://x/law", "租赁法", 1.0)
    assert not resolve("那租赁法要提前多久通知？", [last], lambda text: [other]).changed


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


@pytest.mark.parametrize(
    ("last", "question", "whole"),
    [
        ("员工婚假有几天？", "那丧假呢？", "员工丧假有几天？"),
        ("普通法系的判例有约束力吗？", "那大陆法系呢", "大陆法系的判例有约束力吗？"),
        ("第二条规定了什么？", "第七条呢", "第七条规定了什么？"),
        ("图书馆的借期是多久？", "罚款是多少？", "图书馆的罚款是多少？"),
        ("What is the fine of the library?", "and its opening hours?", "What are library's opening hours?"),
    ],
)
def test_where_nobody_knows_the_things_the_words_of_the_last_question_tell(last, question, whole):
    answer = Answer(last, "x", "span", 0.9, language="zh")
    assert resolve(question, [answer], lambda text: []).question == whole


def test_a_property_is_not_put_in_the_place_of_its_bearer():
    contract = Link(0, 6, "技术服务合同", "http://x/contract/1", "技术服务合同", 1.0, types=("x:Contract",))
    penalty = Link(0, 3, "违约金", "http://x/kind/penalty", "违约金", 1.0, types=("x:Kind",))
    last = Answer("技术服务合同的通知期是多少天？", "60", "number", 0.9, links=(contract,), language="zh")
    assert resolve("违约金呢？", [last], lambda text: [penalty]).question == "技术服务合同的违约金是什么？"


def test_among_them_is_left_alone_where_the_list_is_too_long():
    long = said("华法林和哪些药有相互作用？", "华法林", items=tuple("甲乙丙丁戊己"), language="zh", kind="entities")
    assert not resolve("其中哪些是抗生素？", [long], NAMES).changed
    short = said("华法林和哪些药有相互作用？", "华法林", items=("甲", "乙"), language="zh", kind="entities")
    assert resolve("其中哪些是抗生素？", [short], NAMES).question == "甲、乙之中，哪些是抗生素？"


def test_a_year_takes_the_place_of_a_year():
    answer = said("What was agreed in 2018 by Acme?", "Acme")
    assert resolve("and in 2019?", [answer]).question == "What was agreed in 2019 by Acme?"


@given(st.text(max_size=200))
def test_any_text_is_survived_and_resolving_twice_changes_nothing_of_a_pointer(question):
    once = resolve(question, [ASTHMA], NAMES)
    assert isinstance(once.question, str)
    if once.how == "pointer" and once.focus in once.question:
        assert "asthma" in once.question
