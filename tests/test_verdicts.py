"""Yes/no questions that only the text answers: by what it asserts, not by whether it speaks of it."""

from __future__ import annotations

import kgqa
from kgqa.qa import Request


def verdicts(base: kgqa.KnowledgeBase, question: str) -> list[tuple[str, str]]:
    found = base.qa.candidates([Request(question)], sides=frozenset({"text"}))[0]
    return [(c.items[0], c.evidence[0].quote or "") for c in found if c.features.get("is_truth")]


def test_a_prohibition_says_no(small) -> None:
    found = verdicts(small, "May propranolol be given to people with asthma?")
    assert any(item == "no" and "must not be given" in quote for item, quote in found)


def test_a_statement_says_yes(small) -> None:
    found = verdicts(small, "Is asthma a chronic inflammation of the airways?")
    assert found[0][0] == "yes"
    assert "chronic inflammation" in found[0][1]


def test_a_chinese_prohibition_says_no(small) -> None:
    found = verdicts(small, "哮喘患者可以使用普萘洛尔吗？")
    assert any(item == "否" and "禁用普萘洛尔" in quote for item, quote in found)


def test_a_question_for_a_phrase_is_offered_the_sentence_too(small) -> None:
    found = small.qa.candidates([Request("Which reliever is used for asthma?")], sides=frozenset({"text"}))[0]
    sentences = [c for c in found if c.features.get("is_sentence")]
    assert any("reliever is salbutamol" in (c.evidence[0].quote or "") for c in sentences)
    assert any(c.features.get("is_span") for c in found)


def test_names_from_the_graph_do_not_agree_with_a_wish_for_a_description(small) -> None:
    found = small.qa.candidates([Request("How is gout treated?")], sides=frozenset({"graph"}))[0]
    assert all(c.features["kind"] == 0.0 for c in found)


def test_what_a_document_says_is_never_answered_by_a_name(small) -> None:
    found = small.qa.candidates([Request("What does the lease agreement say about notice?")])[0]
    assert any("ninety (90) days" in c.items[0] for c in found)
    assert all(c.side != "graph" or c.features["kind"] for c in found)
