"""What a thing is, is told by its kind or a description, not by any other property; how it is done, not by a code."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.graph.store import GraphStore

TURTLE = """
@prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
ex:Malady a owl:Class ; rdfs:label "malady"@en , "疾患"@zh . ex:Ward a owl:Class ; rdfs:label "ward"@en , "病房"@zh .
ex:Test a owl:Class ; rdfs:label "test"@en . ex:Deal a owl:Class ; rdfs:label "agreement"@en . ex:Firm a owl:Class ; rdfs:label "company"@en .
skos:broader rdfs:label "is a kind of"@en , "属于"@zh .
ex:ward a owl:ObjectProperty ; rdfs:label "treated in"@en , "就诊病房"@zh ; rdfs:domain ex:Malady ; rdfs:range ex:Ward .
ex:code a owl:DatatypeProperty ; rdfs:label "code of the diagnosis"@en ; rdfs:domain ex:Malady .
ex:test a owl:ObjectProperty ; rdfs:label "diagnosed by"@en ; rdfs:domain ex:Malady ; rdfs:range ex:Test .
ex:party a owl:ObjectProperty ; rdfs:label "has party"@en ; rdfs:comment "Between whom it was made." ; rdfs:domain ex:Deal ; rdfs:range ex:Firm .
ex:grelt a ex:Malady ; rdfs:label "greltosis"@en , "格雷病"@zh ; ex:ward ex:west ; ex:code "G48" ; ex:test ex:echo ; skos:broader ex:rheum .
ex:plain a ex:Malady ; rdfs:label "plainitis"@en , "普兰炎"@zh ; ex:ward ex:west .
ex:rheum a ex:Malady ; rdfs:label "joint malady"@en , "关节疾患"@zh .
ex:west a ex:Ward ; rdfs:label "west ward"@en , "西病房"@zh . ex:echo a ex:Test ; rdfs:label "echo scan"@en .
ex:deal a ex:Deal ; rdfs:label "Quill Hosting Agreement"@en ; ex:party ex:one , ex:two .
ex:one a ex:Firm ; rdfs:label "Onyx Ltd"@en . ex:two a ex:Firm ; rdfs:label "Twill GmbH"@en .
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("what-is")
    (folder / "g.ttl").write_text(TURTLE, encoding="utf-8")
    GraphStore.build([folder / "g.ttl"], folder, folder / "graph")
    store = GraphStore.open(folder / "graph")
    linker, search = EntityLinker(store), GraphSearch(store)

    def said(question: str) -> list[set[str]]:
        return [{label for _, label in found.values} for found in search.find([question], linker.link([question]))[0]]

    return said


def test_the_ward_does_not_tell_what_a_malady_is(said):
    assert all("西病房" not in labels for labels in said("什么是普兰炎？"))
    assert all("west ward" not in labels for labels in said("What is plainitis?"))
    assert said("格雷病是什么？")[:1] == [{"关节疾患"}]
    assert said("普兰炎的就诊病房是什么？")[:1] == [{"西病房"}]


def test_a_code_does_not_tell_how(said):
    answers = said("How is greltosis diagnosed?")
    assert {"G48"} not in answers
    assert {"echo scan"} in answers


def test_a_question_of_small_words_is_still_answered(said):
    assert said("Between whom was the Quill Hosting Agreement made?")[:1] == [{"Onyx Ltd", "Twill GmbH"}]
