"""Answers for a day, a place and a group of readers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.graph.store import GraphStore
from kgqa.types import Filters, GraphFinding

TURTLE = """
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix schema: <https://schema.org/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix s: <http://example.org/sea#> .
@prefix x: <http://example.org/thing/> .
s:Port a rdfs:Class ; rdfs:label "port"@en , "港口"@zh .
s:Ship a rdfs:Class ; rdfs:label "ship"@en , "船"@zh .
s:draught a rdf:Property ; rdfs:label "permitted draught"@en , "允许吃水"@zh ; rdfs:domain s:Port ; rdfs:range xsd:integer .
s:calls a rdf:Property ; rdfs:label "calls at"@en , "停靠"@zh ; rdfs:domain s:Ship ; rdfs:range s:Port .
x:oban a s:Port ; rdfs:label "Oban"@en , "奥本"@zh ; s:draught 9 , 12 .
x:aurora a s:Ship ; rdfs:label "Aurora" ; s:calls x:oban .
x:corvus a s:Ship ; rdfs:label "Corvus" ; s:calls x:oban .
x:one a rdf:Statement ; rdf:subject x:oban ; rdf:predicate s:draught ; rdf:object 9 ; schema:validFrom "2001-01-01"^^xsd:date ;
  schema:validThrough "2015-06-30"^^xsd:date .
x:two a rdf:Statement ; rdf:subject x:oban ; rdf:predicate s:draught ; rdf:object 12 ; schema:validFrom "2015-07-01"^^xsd:date ;
  schema:spatialCoverage "UK" .
x:three a rdf:Statement ; rdf:subject x:corvus ; rdf:predicate s:calls ; rdf:object x:oban ; dcterms:source "secret.md" .
"""


def _groups(source: str) -> frozenset[str]:
    return frozenset({"harbour master"}) if source == "secret.md" else frozenset()


class Asker:
    """Asks with filters."""

    def __init__(self, folder: Path) -> None:
        (folder / "source").mkdir()
        (folder / "source" / "sea.ttl").write_text(TURTLE, encoding="utf-8")
        report = GraphStore.build([folder / "source" / "sea.ttl"], folder / "source", folder / "graph")
        assert not report.problems
        store = GraphStore.open(folder / "graph")
        self.linker = EntityLinker(store)
        self.search = GraphSearch(store, access=_groups)

    def findings(self, question: str, filters: Filters | None = None) -> list[GraphFinding]:
        return self.search.find([question], self.linker.link([question]), filters)[0]

    def answers(self, question: str, filters: Filters | None = None) -> set[str]:
        found = self.findings(question, filters)
        return {label for _, label in found[0].values} if found else set()


@pytest.fixture(scope="module")
def sea(tmp_path_factory: pytest.TempPathFactory) -> Asker:
    return Asker(tmp_path_factory.mktemp("view"))


DRAUGHT = "What is the permitted draught of Oban?"


def test_what_was_replaced_gives_way(sea: Asker) -> None:
    assert sea.answers(DRAUGHT) == {"12"}


def test_the_day_of_the_filters(sea: Asker) -> None:
    assert sea.answers(DRAUGHT, Filters(as_of=date(2015, 6, 30))) == {"9"}
    assert sea.answers(DRAUGHT, Filters(as_of=date(2015, 7, 1))) == {"12"}
    assert sea.answers(DRAUGHT, Filters(as_of=date(1999, 1, 1))) == set()


@pytest.mark.parametrize(
    "question",
    [
        "What was the permitted draught of Oban as of 1 June 2010?",
        "As of 2010, what was the permitted draught of Oban?",
        "What was the permitted draught of Oban in 2010?",
        "截至2010年，奥本的允许吃水是多少？",
        "在2010年6月1日，奥本的允许吃水是多少？",
    ],
)
def test_the_day_of_the_question(sea: Asker, question: str) -> None:
    assert sea.answers(question) == {"9"}


def test_the_place(sea: Asker) -> None:
    wanted = Filters(as_of=date(2020, 1, 1), jurisdiction="UK")
    assert sea.answers(DRAUGHT, wanted) == {"12"}
    assert sea.answers(DRAUGHT, Filters(as_of=date(2020, 1, 1), jurisdiction="NO")) == set()


def test_an_edge_is_seen_by_those_who_may_see_its_source(sea: Asker) -> None:
    question = "Which ships call at Oban?"
    assert sea.answers(question) == {"Aurora", "Corvus"}
    assert sea.answers(question, Filters(groups=frozenset())) == {"Aurora"}
    assert sea.answers(question, Filters(groups=frozenset({"harbour master"}))) == {"Aurora", "Corvus"}
    assert sea.answers("How many ships call at Oban?", Filters(groups=frozenset())) == {"1"}


def test_a_hidden_edge_leaves_no_trace(sea: Asker) -> None:
    for finding in sea.findings("Does Corvus call at Oban?", Filters(groups=frozenset())):
        assert finding.values[0][1] != "true"
        assert not finding.paths


def test_paths_are_told_in_the_language_of_the_question(sea: Asker) -> None:
    assert sea.findings("Which ships call at Oban?")[0].paths[0].words == "Aurora calls at Oban."
    assert all(path.words for path in sea.findings("哪些船停靠奥本？")[0].paths)
    assert "as of 2015-06-30" in sea.findings(DRAUGHT, Filters(as_of=date(2015, 6, 30)))[0].words
