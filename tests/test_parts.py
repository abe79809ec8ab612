"""Numbered parts are the same in whatever numerals and language their number is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kgqa
from kgqa.parts import mentioned, numbers_in, part_in
from kgqa.searching import Search, parted
from kgqa.types import Filters, Hit, Passage


@pytest.mark.parametrize(
    ("question", "number", "law", "bare"),
    [
        ("劳动合同法第39条规定了什么？", "39", "劳动合同法", True),
        ("《勞動合同法》第三十九條的內容是什麼？", "39", "勞動合同法", True),
        ("请问民法典第１０４７条怎么说", "1047", "民法典", True),
        ("医师法第27条", "27", "医师法", True),
        ("刑法第一百三十三条之一是什么", "133-1", "刑法", True),
        ("GDPR第17条规定了什么", "17", "GDPR", True),
        ("GDPR Article 17规定了什么？", "17", "GDPR", True),
        ("消费者权益保护法第二十五条第一款规定几天内可以退货？", "25", "消费者权益保护法", False),
        ("What does section 52 of the Consumer Rights Act 2015 say?", "52", "Consumer Rights Act 2015", True),
        ("what does clause 7.2 say?", "7.2", "", True),
        ("What fine does Article 83 GDPR allow?", "83", "GDPR", False),
        ("哪个条文取代了《合同法》第九十四条？", "94", "合同法", False),
        ("取代《合同法》第九十四条的条文是什么？", "94", "合同法", False),
    ],
)
def test_a_question_names_one_part(question: str, number: str, law: str, bare: bool) -> None:
    part = part_in(question)
    assert part is not None
    assert (part.number, part.law, part.bare) == (number, law, bare)


@pytest.mark.parametrize(
    "question", ["第四十条和第四十二条有什么区别？", "Which drugs treat gout?", "第一次发作怎么办", ""]
)
def test_a_question_about_two_parts_or_none_names_none(question: str) -> None:
    assert part_in(question) is None


def passage(doc_id: str, text: str, heading: str = "", language: str = "zh") -> Passage:
    return Passage(f"{doc_id}:{text[:12]}{heading}", doc_id, text, language, 0, len(text), doc_id, heading)


@pytest.mark.parametrize(
    ("held", "numbers"),
    [
        (passage("d", "第三十八条　用人单位应当保证休息。"), {"38"}),
        (passage("d", "应当保证休息。", "总则 > 第三十八条 休息"), {"38"}),
        (passage("d", "## 第四章\n\n第三十六条 八小时。\n\n第三十七条 计件。"), {"36", "37"}),
        (passage("d", "Payment is due.", "3. Money > 3.2 Payment"), {"3", "3.2"}),
        (passage("d", "依照第三十八条解除的，应当通知。"), set()),
        (passage("d", "Section 9.1 Term\nTen years."), {"9", "9.1"}),
    ],
)
def test_a_passage_is_the_parts_that_begin_in_it_or_around_it(held: Passage, numbers: set[str]) -> None:
    assert numbers_in(held) == numbers


def hits(*passages: Passage) -> list[Hit]:
    return [Hit(one, 1.0 - 0.1 * at) for at, one in enumerate(passages)]


LAW = [passage("劳动法.md", f"第{n}条 内容{n}。") for n in ("三十六", "三十七", "三十八", "三十九")]
OTHER = passage("消费者权益保护法.md", "第三十八条 消费者组织。")


def asks(question: str, focus: str = "none") -> Search:
    return Search(question, question, Filters(), focus=focus, part=part_in(question))  # type: ignore[arg-type]


def test_only_the_part_is_left_where_nothing_else_is_asked() -> None:
    (found,) = parted(asks("劳动法第38条规定了什么？"), hits(OTHER, *LAW))
    assert found.passage == LAW[2]
    assert found.parts["part"] == 1.0


def test_the_part_comes_first_where_something_of_it_is_asked() -> None:
    found = parted(asks("劳动法第38条规定每周休息几天？"), hits(OTHER, *LAW))
    assert found[0].passage == LAW[2]
    assert len(found) == 5


def test_a_part_that_the_named_text_has_not_finds_nothing() -> None:
    assert parted(asks("劳动法第900条规定了什么？"), hits(OTHER, *LAW)) == []
    assert len(parted(asks("合同法第900条规定了什么？"), hits(OTHER, *LAW))) == 5  # that law is not here at all


def test_an_english_question_finds_the_part_in_the_one_text_that_has_it() -> None:
    (found,) = parted(asks("What does Article 39 of the Labour Law say?"), hits(OTHER, *LAW))
    assert found.passage == LAW[3]
    assert len(parted(asks("What does Article 38 of the Labour Law say?"), hits(OTHER, *LAW))) == 5  # which of two?


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    part = part_in(text)
    assert part is None or text[part.start : part.end]
    assert all(isinstance(one, str) for one in mentioned(text))


def test_articles_are_quoted_by_number_in_both_languages(tmp_path) -> None:
    folder = tmp_path / "kb" / "laws"
    (folder / "documents").mkdir(parents=True)
    body = {"三十七": "计件工作的定额应当合理。", "三十八": "每周至少休息一日。", "三十九": "其他休息办法须经批准。"}
    text = "# 劳动法\n\n" + "\n\n".join(f"第{n}条 用人单位的{rule}" for n, rule in body.items())
    (folder / "documents" / "劳动法.md").write_text(text, encoding="utf-8")
    kgqa.build(folder)
    kb = kgqa.open(folder)
    for question in (
        "劳动法第38条规定了什么？",
        "《勞動法》第三十八條的內容",
        "What does Article 38 of the Labour Law say?",
    ):
        answer = kb.ask(question)
        assert answer.text is not None and "每周至少休息一日" in answer.text, question
    assert kb.ask("劳动法第三百条规定了什么？").text is None
