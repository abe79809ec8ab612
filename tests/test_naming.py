"""The document that a question names, found by its words alone."""

from __future__ import annotations

import pytest

import kgqa
from kgqa.naming import name_in, numbered, place_of, self_named
from kgqa.qa import Request
from kgqa.types import Hit, Passage


def hit(doc_id: str, text: str, start: int = 0) -> Hit:
    return Hit(Passage(f"{doc_id}-{start}", doc_id, text, "en", start, start + len(text)), 1.0)


NAME = "Supply Agreement between Acme, Inc. and Bolt GmbH"


@pytest.mark.parametrize(
    ("question", "name"),
    [
        (f"Which law governs the {NAME}?", NAME),
        (f"Does the {NAME} contain a cap on liability?", NAME),
        (
            "What is agreed about audits in the agreement between Orrin Castings Ltd and Valmont Pumps S.A.S.?",
            "Orrin Castings",
        ),
        ("《中华人民共和国合同法》何时生效？", "《中华人民共和国合同法》"),
        ("Which drugs treat gout?", None),
        ("What is the target of Inebilizumab?", None),
        ("", None),
    ],
)
def test_a_name_is_taken_when_it_is_long_enough_to_tell_a_document(question: str, name: str | None) -> None:
    place = name_in(question)
    assert (place is None) == (name is None)
    if place and name:
        assert question[slice(*place)].startswith(name)


def test_the_document_that_calls_itself_so_is_found() -> None:
    first = hit("supply.txt", "SUPPLY AGREEMENT\n\nbetween Acme, Inc. and Bolt GmbH")
    other = hit("lease.txt", "LEASE AGREEMENT between Acme, Inc. and Cliff Ltd")
    later = hit("annex.txt", "as in the Supply Agreement between Acme, Inc. and Bolt GmbH", start=9000)
    assert self_named(NAME, [other, later, first]) == {"supply.txt"}
    assert self_named(NAME, [other, later]) == frozenset()
    assert self_named(NAME, []) == frozenset()


def test_a_name_on_many_first_pages_tells_none() -> None:
    page = "SUPPLY AGREEMENT between Acme, Inc. and Bolt GmbH"
    assert self_named(NAME, [hit(f"{n}.txt", page) for n in range(3)]) == frozenset()
    assert len(self_named(NAME, [hit(f"{n}.txt", page) for n in range(2)])) == 2


CONTRACT = """{title} AGREEMENT

This {title} Agreement is made between {one} and {two}.

1. Delivery
The goods are delivered within ten days.

2. Governing law
This Agreement shall be governed by the laws of {law}.
"""


def test_without_a_graph_a_question_is_answered_from_the_document_that_it_names(tmp_path) -> None:
    documents = tmp_path / "kb" / "deals" / "documents"
    documents.mkdir(parents=True)
    for name, title, one, two, law in [
        ("a.txt", "Supply", "Acme, Inc.", "Bolt GmbH", "Bavaria"),
        ("b.txt", "Supply", "Acme, Inc.", "Cliff Ltd", "Ontario"),
        ("c.txt", "Reseller", "Dune LLC", "Bolt GmbH", "Nevada"),
    ]:
        text = CONTRACT.format(title=title, one=one, two=two, law=law)
        (documents / name).write_text(text, encoding="utf-8")
    kgqa.build(documents.parent)
    base = kgqa.open(documents.parent)
    for other, document, law in [("Bolt GmbH", "a.txt", "Bavaria"), ("Cliff Ltd", "b.txt", "Ontario")]:
        found = base.qa.candidates(
            [Request(f"Which law governs the Supply Agreement between Acme, Inc. and {other}?")]
        )[0]
        assert {c.evidence[0].passage.doc_id for c in found} == {document}
        assert any(law in c.items[0] for c in found)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Case note 1: cough and wheeze", "Case note 1"),
        ("病例示例一：发热伴咳嗽", "病例示例一"),
        ("Circular No. 14 – fees", "Circular No. 14"),
        ("Type 2 diabetes", None),
        ("Type 2 diabetes: what to know", None),
        ("Annual report 2016", None),
    ],
)
def test_a_title_may_begin_with_the_number_of_its_document(title, name):
    assert numbered(title) == name


@pytest.mark.parametrize(
    ("name", "question", "said"),
    [
        ("Case note 1", "What does the patient in case  note 1 take?", "case  note 1"),
        ("Case note 1", "What does the patient in case note 12 take?", None),
        ("病例示例一", "病例示例一的患者有哮喘吗？", "病例示例一"),
        ("病例示例一", "病例示例一百的患者有哮喘吗？", None),
        ("Circular No. 14", "What fee does Circular No.14 set? 𝔘", "Circular No.14"),
    ],
)
def test_a_number_is_found_where_a_question_says_it(name, question, said):
    place = place_of(name, question)
    assert (question[slice(*place)] if place else None) == said
