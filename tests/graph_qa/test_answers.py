"""Questions over a graph that no wording was made for."""

from __future__ import annotations

import pytest

from kgqa.graph.store import Table
from kgqa.types import Filters, Term

ANSWERED = [
    ("Who is the captain of Aurora?", {"Åsa Lindqvist"}),
    ("Which ships are commanded by Chidi Okafor?", {"Corvus", "Dorado 𝔖"}),
    ("Which ports does Borealis supply?", {"Bergen", "Tromsø"}),
    ("Which ports does Aurora serve?", {"Oban", "Bergen"}),
    ("Which vessels serve Bergen?", {"Aurora", "Borealis", "Corvus"}),
    ("Which vessels supply Bergen?", {"Borealis"}),
    ("Which ports must Borealis not enter?", {"Oban"}),
    ("When was Corvus launched?", {"2011-01-15"}),
    ("Which ships were launched in 2011?", {"Corvus", "Dorado 𝔖"}),
    ("Which ships were launched before 2005?", {"Aurora", "Borealis"}),
    ("Which ships were launched between 2000 and 2010?", {"Borealis"}),
    ("Which ships were launched in January 2011?", {"Corvus"}),
    ("How many ships serve Bergen?", {"3"}),
    ("How many ships were launched in 2011?", {"2"}),
    ("Which ships serve both Bergen and Oban?", {"Aurora", "Corvus"}),
    ("Which ships serve Bergen but not Oban?", {"Borealis"}),
    ("Which other ships are commanded by the captain of Aurora?", {"Borealis"}),
    ("What kind of craft is a schooner?", {"sailing craft"}),
    ("What are the siblings of schooner?", {"ketch", "brigantine"}),
    ("How many direct subtypes does sailing craft have?", {"3"}),
    ("What is the IMO code of schooner?", {"7781"}),
    ("Which watercraft has the Lloyd code K12?", {"ketch"}),
    ("What is schooner also called?", {"two-masted Marblehead"}),
    ("Is Aurora commanded by Åsa Lindqvist?", {"true"}),
    ("Is Aurora commanded by Chidi Okafor?", {"false"}),
    ("Does Borealis serve Oban?", {"false"}),
    ("Is topsail schooner a kind of watercraft?", {"true"}),
    ("Is ketch a kind of schooner?", {"false"}),
    ("极光号的船长是谁？", {"Åsa Lindqvist"}),
    ("极光号的下水日期是什么时候？", {"1999-05-03"}),
]

REFUSED = [
    "Who built Aurora?",
    "What is the insurance value of Corvus?",
    "How many crew members does Borealis have?",
    "Which ships serve Port Nevermore?",
    "What is the weather in Bergen?",
    "Who is the captain of the Zephyrine?",
    "What is the ISO code of schooner?",
    "Does Dorado 𝔖 serve Bergen?",  # not stated, and nothing denies it: unknown, not false
    "",
    "?",
]


@pytest.mark.parametrize(("question", "gold"), ANSWERED)
def test_answers(sea, question: str, gold: set[str]) -> None:
    assert sea.answers(question) == gold


@pytest.mark.parametrize("question", REFUSED)
def test_refuses_what_the_graph_lacks(sea, question: str) -> None:
    assert sea.answers(question) is None


@pytest.mark.parametrize("question", [question for question, _ in ANSWERED])
def test_the_query_that_is_shown_gives_the_answer_again(sea, question: str) -> None:
    finding = sea.findings(question)[0]
    result = sea.store.select(finding.sparql, limit=10_000)
    if finding.kind == "boolean":
        stated = finding.values[0][1] == "true"
        assert result is stated
    else:
        assert isinstance(result, Table)
        rows = {row[0] for row in result.rows}
        assert rows == {term for term, _ in finding.values}


def test_a_finding_carries_links_paths_and_sources(sea) -> None:
    finding = sea.findings("Which vessels serve Bergen?")[0]
    assert finding.complete
    assert 0.5 <= finding.score <= 1.0
    assert [link.label for link in finding.links] == ["Bergen"]
    steps = [step for path in finding.paths for step in path.steps]
    assert {step.triple.subject.value.rsplit("/", 1)[-1] for step in steps} == {"aurora", "borealis", "corvus"}
    assert all(step.triple.sources == ("sea.ttl",) and not step.forward for step in steps)
    assert "Bergen" in finding.words


def test_a_described_thing_is_named_and_the_rest_left_to_the_text(sea) -> None:
    finding = sea.findings("What colour is the hull of the ship that was launched on 20 November 2004?")[0]
    assert finding.kind == "none"
    assert [link.label for link in finding.fills] == ["Borealis"]


def test_a_batch_is_answered_in_order(sea) -> None:
    questions = ["Who is the captain of Corvus?", "", "When was Aurora launched?"]
    found = sea.search.find(questions, sea.linker.link(questions), Filters())
    assert [item[0].values[0][1] if item else None for item in found] == ["Chidi Okafor", None, "1999-05-03"]
    assert sea.search.find([], [], Filters()) == []


@pytest.mark.parametrize(
    "question",
    [
        'Who is the captain of "Aurora" } UNION { ?a ?b ?c } # ?',
        'Which ships serve Bergen\\" . ?s ?p ?o } ; DROP ALL ; ASK { <x> ?',
        "ASK { ?s ?p ?o }",
        "Who is the captain of " + "Aurora " * 1500 + "?",
        "⟦0⟧ ⟦1⟧ Aurora ⟦0⟧?",
        "\x00\ud7ff𝔖" * 40,
    ],
)
def test_hostile_questions_return_cleanly(sea, question: str) -> None:
    before = len(sea.store)
    for finding in sea.findings(question):
        sea.store.select(finding.sparql)
    assert len(sea.store) == before


def test_sheets_and_facts_come_from_the_store(sea) -> None:
    iri = "http://example.org/thing/aurora"
    sheet = sea.search.describe(iri)
    assert sheet is not None
    assert sheet.label == "Aurora"
    assert sea.search.describe("http://example.org/thing/none") is None
    assert sea.search.label(iri, "zh") == "极光号"
    assert any(triple.object == Term("http://example.org/thing/lind") for triple in sea.search.facts([iri]))
    assert len(sea.search.facts([iri], limit=2)) == 2


WORDED = [
    ("Which ship was launched first?", {"Aurora"}),
    ("Which ship has the largest tonnage?", {"Corvus"}),
    ("极光号的下水日期是哪一天？", {"1999-05-03"}),
    ("Which ships of Chidi Okafor do not serve Bergen?", {"Dorado 𝔖"}),
    ("Which ships are forbidden to enter Oban?", {"Borealis"}),
]


@pytest.mark.parametrize(("question", "gold"), WORDED)
def test_denials_comparisons_and_question_words(sea, question: str, gold: set[str]) -> None:
    assert sea.answers(question) == gold
