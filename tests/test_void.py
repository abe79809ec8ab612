"""What the graph understands and has no answer to weighs against what the text seems to say."""

from __future__ import annotations

import kgqa
from kgqa.qa import Request


def void(base: kgqa.KnowledgeBase, question: str) -> set[float]:
    return {c.features["void"] for c in base.qa.candidates([Request(question)])[0] if c.side == "text"}


def test_a_question_that_the_graph_understands_and_cannot_answer_weighs_against_the_text(small) -> None:
    found = void(small, "Which drugs treat both gout and asthma?")
    assert found
    assert max(found) < -0.5
    assert small.ask("Which drugs treat both gout and asthma?").text is None


def test_a_question_that_the_graph_answers_or_does_not_understand_weighs_nothing(small) -> None:
    assert void(small, "Which drugs treat gout?") == {0.0}
    assert void(small, "In which year was salbutamol first sold?") == {0.0}
