"""A question that asks leave is answered by what the graph states against it, directly or of a wider thing; never by silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.graph.store import GraphStore

TURTLE = """
@prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
ex:Drug a owl:Class ; rdfs:label "drug" . ex:State a owl:Class ; rdfs:label "state of health" .
ex:clash a owl:ObjectProperty ; rdfs:label "interacts with"@en , "相互作用"@zh ; rdfs:domain ex:Drug ; rdfs:range ex:Drug .
ex:barred a owl:ObjectProperty ; rdfs:label "must not be given in"@en ; rdfs:domain ex:Drug ; rdfs:range ex:State .
ex:treats a owl:ObjectProperty ; rdfs:label "treats"@en ; rdfs:domain ex:Drug ; rdfs:range ex:State .
skos:broader rdfs:label "is a kind of" .
ex:norvane a ex:Drug ; rdfs:label "norvane"@en , "诺凡"@zh ; ex:clash ex:tibrol ; ex:barred ex:gravidity ; ex:treats ex:ague .
ex:tibrol a ex:Drug ; rdfs:label "tibrol"@en , "替布洛"@zh .
ex:pelmidol a ex:Drug ; rdfs:label "pelmidol"@en .
ex:gravidity a ex:State ; rdfs:label "gravidity" .
ex:twins a ex:State ; rdfs:label "twin gravidity" ; skos:broader ex:gravidity .
ex:ague a ex:State ; rdfs:label "ague" .
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("objections")
    (folder / "g.ttl").write_text(TURTLE, encoding="utf-8")
    GraphStore.build([folder / "g.ttl"], folder, folder / "graph")
    store = GraphStore.open(folder / "graph")
    linker, search = EntityLinker(store), GraphSearch(store)

    def ask(question: str):
        return search.find([question], linker.link([question]))[0]

    return ask


@pytest.mark.parametrize(
    ("question", "stated"),
    [
        ("Can norvane be taken together with tibrol?", "interacts with"),
        ("Can tibrol be taken together with norvane?", "interacts with"),
        ("可以同时服用诺凡和替布洛吗？", "相互作用"),
        ("Is norvane safe in gravidity?", "must not be given"),
        ("Is norvane safe in twin gravidity?", "must not be given"),
    ],
)
def test_what_is_stated_against_it_says_no(ask, question, stated):
    (found,) = ask(question)
    assert (found.kind, found.values[0][1]) == ("boolean", "false")
    assert found.sparql.startswith("ASK")
    assert stated in found.paths[0].words


@pytest.mark.parametrize(
    "question",
    [
        "Can norvane be taken together with pelmidol?",
        "Is pelmidol safe in gravidity?",
        "Is norvane recommended in ague?",
    ],
)
def test_silence_gives_no_leave(ask, question):
    assert all(found.values[0][1] != "false" for found in ask(question) if found.kind == "boolean" and found.values)
    assert all(found.values[0][1] != "true" for found in ask(question) if found.kind == "boolean" and not found.paths)
