"""Chinese wordings over a graph of drugs that no wording was made for."""

from __future__ import annotations

import pytest

from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.graph.store import GraphStore

DRUGS = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix d: <http://example.org/d#> .

d:Drug a owl:Class ; rdfs:label "药物"@zh , "drug"@en .
d:Disease a owl:Class ; rdfs:label "疾病"@zh , "disease"@en .
d:Company a owl:Class ; rdfs:label "公司"@zh , "company"@en .
d:treats a owl:ObjectProperty ; rdfs:label "治疗"@zh , "treats"@en ; rdfs:domain d:Drug ; rdfs:range d:Disease .
d:maker a owl:ObjectProperty ; rdfs:label "生产商"@zh , "maker"@en ; rdfs:domain d:Drug ; rdfs:range d:Company .
d:dealer a owl:ObjectProperty ; rdfs:label "经销商"@zh , "dealer"@en ; rdfs:domain d:Drug ; rdfs:range d:Company .
d:law a owl:ObjectProperty ; rdfs:label "适用法律"@zh , "governing law"@en ; rdfs:domain d:Drug ; rdfs:range d:Country .
d:dose a owl:DatatypeProperty ; rdfs:label "每日最大剂量"@zh , "maximum daily dose"@en ; rdfs:domain d:Drug ; rdfs:range xsd:integer .
d:a a d:Drug ; rdfs:label "青石碱"@zh , "petrine"@en ; d:treats d:x ; d:dose 40 ; d:maker d:c1 ; d:dealer d:c2 ; d:law d:n .
d:b a d:Drug ; rdfs:label "白𠮷碱"@zh , "albine"@en ; d:treats d:x ; d:maker d:c2 ; d:dealer d:c1 .
d:x a d:Disease ; rdfs:label "海风病"@zh , "sea fever"@en .
d:c1 a d:Company ; rdfs:label "远舟药业"@zh .
d:c2 a d:Company ; rdfs:label "北辰药业"@zh .
d:n a d:Country ; rdfs:label "海国"@zh .
"""


@pytest.fixture(scope="module")
def drugs(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("drugs")
    (folder / "source").mkdir()
    source = folder / "source" / "d.ttl"
    source.write_text(DRUGS, encoding="utf-8")
    assert not GraphStore.build([source], folder / "source", folder / "graph").problems
    store = GraphStore.open(folder / "graph")
    search, linker = GraphSearch(store), EntityLinker(store)
    return lambda question: search.find([question], linker.link([question]))[0]


def test_a_lack_is_only_told_where_the_whole_question_is_read(drugs) -> None:
    (void,) = drugs("白𠮷碱的每日最大剂量是多少？")
    assert (void.kind, void.values) == ("none", ())
    assert drugs("小剂量白𠮷碱首剂是多少？") == []
    assert drugs("海边疗养时白𠮷碱的最大剂量是多少？") == []


def test_things_are_no_answer_to_how_long(drugs) -> None:
    assert not any(finding.values for finding in drugs("青石碱治疗海风病的疗程一般是多长？"))


@pytest.mark.parametrize(
    "question", ["青石碱的生产商和经销商是哪些公司？", "Who are the maker and the dealer of petrine?"]
)
def test_two_relations_of_one_thing_are_listed_together(drugs, question: str) -> None:
    found = drugs(question)[0]
    assert {label for _, label in found.values} == {"远舟药业", "北辰药业"}
    assert "UNION" in found.sparql


def test_traditional_questions_are_read_over_simplified_names(drugs) -> None:
    found = drugs("青石鹼的生產商和經銷商是哪些公司？")[0]
    assert {label for _, label in found.values} == {"远舟药业", "北辰药业"}


def test_a_relation_is_known_by_the_pieces_of_its_name(drugs) -> None:
    assert [label for _, label in drugs("青石碱适用哪里的法律？")[0].values] == ["海国"]
