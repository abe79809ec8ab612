"""How a question is read."""

from __future__ import annotations

import pytest

from kgqa.graph.question import Mention, read
from kgqa.graph.words import parts
from kgqa.types import Link


def reading(text: str, *names: str):
    mentions = []
    for name in names:
        start = text.index(name)
        mentions.append(
            Mention(start, start + len(name), name, (Link(start, start + len(name), name, "x:" + name, name, 1.0),))
        )
    return read(text, mentions)


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("How many drugs treat X?", "count"),
        ("What is the number of parties?", "count"),
        ("Count the ships of X.", "count"),
        ("有多少种药物？", "count"),
        ("Does X treat Y?", "ask"),
        ("Is X a kind of Y?", "ask"),
        ("X是药物吗？", "ask"),
        ("Which drugs treat X?", "list"),
        ("Can you name the ships of X?", "list"),
        ("你知道X是什么吗？", "list"),
        ("Is there another name for X?", "list"),
    ],
)
def test_operation(text: str, operation: str) -> None:
    assert reading(text).operation == operation


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("What is A a kind of?", "up"),
        ("What kind of disease is A?", "up"),
        ("Under which class does A fall?", "up"),
        ("Which drugs treat a kind of A?", "down"),
        ("How many direct subtypes does A have?", "down"),
        ("Which diseases fall under A?", "down"),
        ("What are the siblings of A?", "side"),
        ("Which diseases share a parent class with A?", "side"),
        ("Who treats A?", None),
        ("属于A的有哪些？", "down"),
        ("A属于什么？", "up"),
    ],
)
def test_place_in_a_hierarchy(text: str, place: str | None) -> None:
    assert reading(text, "A").place(0) == place


def test_head_and_content_leave_out_mentions_and_operations() -> None:
    found = reading("How many other ships did Åsa 𝔖 Lind command in 1999?", "Åsa 𝔖 Lind")
    assert [found.words[k].text for k in found.head] == ["ships"]
    assert [found.words[k].text for k in found.content] == ["ships", "command"]
    assert found.masked == "How many other ships did ⟦0⟧ command in 1999?"


def test_exception_and_negation_are_told_apart() -> None:
    found = reading("Which ships serve A but not B?", "A", "B")
    assert found.without == (1,)
    assert not found.negated
    assert reading("Which ports must A not enter?", "A").negated


def test_a_measure_word_behind_which_names_nothing() -> None:
    found = reading("远舟公司最早签订的合同是哪一份？", "远舟公司")
    assert [found.words[k].text for k in found.content] == ["签订", "合同"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("哪些药物属于利尿剂？", "down"),
        ("有多少种药物属于利尿剂？", "down"),
        ("哪些药物不属于利尿剂？", None),
        ("利尿剂属于哪一类药物？", "up"),
    ],
)
def test_belonging_points_up_or_down(text: str, place: str | None) -> None:
    found = reading(text, "利尿剂")
    assert found.place(0) == place
    if place == "down":
        assert [found.words[k].text for k in found.head] == ["药物"]


@pytest.mark.parametrize(
    ("text", "one", "other", "joined"),
    [
        ("采购合同的买方和卖方是谁？", "买方", "卖方", True),
        ("采购合同的买方、卖方是谁？", "买方", "卖方", True),
        ("Who are the buyer and the seller of X?", "buyer", "seller", True),
        ("Who are the buyer, and who is the seller of X?", "buyer", "seller", False),
        ("采购合同的买方是谁？卖方是谁？", "买方", "卖方", False),
    ],
)
def test_only_words_that_and_alone_divides_are_joined(text: str, one: str, other: str, joined: bool) -> None:
    found = reading(text)
    places = [next(k for k, word in enumerate(found.words) if word.text == said) for said in (one, other)]
    assert found.joined(*places) is joined
    assert not found.joined(*reversed(places))


def test_compounds_are_cut_into_the_words_that_they_are_made_of() -> None:
    assert parts("适用法律") == ("适用", "法律")
    assert parts("法律") == parts("law") == parts("𠮷𠮷𠮷𠮷") == ()
