"""Hostile content is inert wherever the interface shows it, and no single cell can swell a page."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from inert import NAUGHTY, check, hostile, name_of

from kgqa.feedback import Feedback, Usage
from kgqa.types import Document, Entity, Hit, Reason, Term, Triple
from ui.answer_card import answer_card
from ui.conversation import failed, progress, turns, welcome
from ui.evidence_card import evidence_card
from ui.export import to_markdown, to_pdf
from ui.figures import (
    contents,
    dashboard,
    data_table,
    difference_table,
    documents_list,
    feedback_choices,
    feedback_table,
    file_report,
    side_by_side,
)
from ui.graph_view import graph_view, of_answer, of_entity
from ui.history import Conversation, Turn
from ui.history_panel import history_list
from ui.look import markable
from ui.models_page import outcome_card
from ui.sheets import document_sheet, entity_sheet, hits, result_table
from ui.words_card import deciding_words

HUGE = "x" * 1_000_000
MOST = 400_000
"""Characters of markup that any one card, sheet or table may have."""


def turn_of(bad):
    return Turn(bad, bad + "?", bad, hostile(bad), "2026-01-01T00:00:00+00:00")


def sheet_of(bad):
    triple = Triple(Term(bad), Term(bad), Term(bad, "literal", bad), (bad,))
    link = Triple(Term(bad), Term(bad + "p"), Term(bad + "2"), (bad,))
    return Entity(bad, bad, (bad,), (bad,), bad, ((bad, bad, triple), (bad, bad, link)), ((bad, bad, link),), (bad,))


def judged(bad):
    fields = {name: bad for name in Feedback.__dataclass_fields__}
    return Feedback(**{**fields, "verdict": "wrong", "items": "[]", "iris": "[]", "unknown": 0})


def table_of(bad):
    return SimpleNamespace(columns=(bad,), rows=((Term(bad),), (Term(bad, "literal"),), (None,)), truncated=True)


def version_of(bad):
    return SimpleNamespace(
        base=bad, generation=bad, models={bad: bad}, last=bad, asked=1, abstained=1, seconds=0.1, right=0, wrong=1
    )


def shown(bad, language="en"):
    """Everything that can show a text from outside, by its name."""
    answer = hostile(bad)
    passage = answer.evidence[0].passage
    usage = Usage(
        asked=2, abstained=1, seconds=(0.1, 0.2), days=((bad, 2, 1),), missed=((bad, 1),), right=1, wrong=1,
        versions=(version_of(bad),),
    )  # fmt: skip
    outcome = SimpleNamespace(version=bad, before={bad: 1.0}, after={bad: 0.5})
    word = (passage.text[:3], passage.start, passage.start + 3, 0.5)
    return {
        "conversation": turns([(0, turn_of(bad))], lambda name: name_of, language),
        "abstention": answer_card(replace(answer, text=None, kind="none", reason=Reason.NO_ENTITY), "t1", name_of, language),
        "welcome": welcome(bad, [bad], language),
        "progress": progress(bad, bad, bad, language),
        "fault": failed(bad, bad, language),
        "history": history_list([(bad, bad)], bad, language),
        "entity": entity_sheet(sheet_of(bad), language, name_of),
        "document": document_sheet(Document(bad, bad, bad, bad, bad), 0, len(bad), language),
        "hits": hits([Hit(passage, 1.0)], language),
        "documents": documents_list([(bad, bad)], "", language),
        "report": file_report([(bad, bad, False)], bad),
        "result": result_table(table_of(bad), name_of, language),
        "words": deciding_words(bad, [(bad[:1], 0, 1, 0.4)], passage, [word], language),
        "correction": markable(answer, language),
        "graph of an answer": graph_view(of_answer(bad, answer), name_of, language),
        "graph of a thing": graph_view(of_entity(bad, sheet_of(bad)), name_of, language),
        "figures": contents(bad, {"documents": 1, "languages": {bad: 1}, "built": bad, "problems": [(bad, bad)]}, language),
        "side by side": side_by_side([(bad, bad, {}), (bad, bad, {"documents": 1})], bad, language),
        "dashboard": dashboard(usage, language),
        "review": feedback_table([judged(bad)], language),
        "table": data_table(("question",), [(bad,)], bad, language),
        "comparison": difference_table([(bad, bad, bad, bad)], bad, language),
        "gate": outcome_card(outcome, language),
    }  # fmt: skip


@pytest.mark.parametrize("bad", NAUGHTY)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_hostile_content_is_inert_wherever_it_is_shown(bad, language):
    for where, markup in shown(bad, language).items():
        assert check(markup), where
    for reason in Reason:
        check(answer_card(replace(hostile(bad), text=None, kind="none", reason=reason), "t1", name_of, language))


SWOLLEN = shown(HUGE)


@pytest.mark.parametrize("where", list(SWOLLEN))
def test_a_text_of_a_million_characters_does_not_swell_a_page(where):
    assert len(SWOLLEN[where]) < MOST


def test_what_a_choice_is_called_turns_nothing_around():
    assert "\u202e" not in feedback_choices([judged("evil\u202excod.exe")])[0][0]


@pytest.mark.parametrize("bad", NAUGHTY)
def test_exports_hold_hostile_content_as_plain_words(bad):
    talk = Conversation().with_turn(turn_of(bad))
    written = to_markdown(talk).data.decode()
    for live in ("<script", "<img", "<svg", "<iframe", "<style", "javascript:", "http:", "\u202e"):
        assert live not in written
    assert not re.search(r"(?<!\\)\]\(", written), "a link"
    printed = to_pdf(talk).data
    assert printed.startswith(b"%PDF") and b"/JavaScript" not in printed and b"/URI" not in printed


def test_a_card_of_evidence_with_a_huge_quotation_can_still_be_opened():
    answer = hostile("word " * 1000)
    check(evidence_card(answer.evidence[0], 1, "t1-e1", name_of))
