"""A small graph of its own: ships, ports and captains, in English and Chinese, with a hierarchy, codes, dates and unions."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.graph.store import GraphStore
from kgqa.types import GraphFinding

TURTLE = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix oboInOwl: <http://www.geneontology.org/formats/oboInOwl#> .
@prefix s: <http://example.org/sea#> .
@prefix x: <http://example.org/thing/> .

s:Ship a owl:Class ; rdfs:label "ship"@en , "船"@zh ; skos:altLabel "vessel" .
s:Port a owl:Class ; rdfs:label "port"@en , "港口"@zh ; skos:altLabel "harbour" .
s:Sailor a owl:Class ; rdfs:label "sailor" ; rdfs:comment "A person who works on a ship." .
s:serves a owl:ObjectProperty ; rdfs:label "serves"@en , "服务于"@zh ; rdfs:domain s:Ship ; rdfs:range s:Port .
s:supplies a owl:ObjectProperty ; rdfs:label "supplies"@en ; rdfs:subPropertyOf s:serves .
s:ferries a owl:ObjectProperty ; rdfs:label "carries passengers to"@en ; rdfs:subPropertyOf s:serves .
s:mustAvoid a owl:ObjectProperty ; rdfs:label "must not enter"@en ; rdfs:domain s:Ship ; rdfs:range s:Port .
s:captain a owl:ObjectProperty ; rdfs:label "is commanded by"@en , "船长"@zh ; skos:altLabel "captain" ; rdfs:domain s:Ship ; rdfs:range s:Sailor ;
  a owl:FunctionalProperty .
s:launched a owl:DatatypeProperty ; rdfs:label "launch date"@en , "下水日期"@zh ; skos:altLabel "was launched on" ; rdfs:domain s:Ship ; rdfs:range xsd:date .
s:tonnage a owl:DatatypeProperty ; rdfs:label "tonnage"@en ; rdfs:domain s:Ship ; rdfs:range xsd:integer .
oboInOwl:hasDbXref rdfs:label "has the code" .
rdfs:subClassOf rdfs:label "is a kind of" .
skos:altLabel rdfs:label "is also called" .

x:vessel a owl:Class ; rdfs:label "watercraft" .
x:sailing a owl:Class ; rdfs:label "sailing craft" ; rdfs:subClassOf x:vessel .
x:schooner a owl:Class ; rdfs:label "schooner" ; rdfs:subClassOf x:sailing ; skos:altLabel "two-masted Marblehead" ;
  oboInOwl:hasDbXref "LLOYD:S44" , "IMO:7781" .
x:ketch a owl:Class ; rdfs:label "ketch" ; rdfs:subClassOf x:sailing ; oboInOwl:hasDbXref "LLOYD:K12" , "IMO:8000" .
x:brig a owl:Class ; rdfs:label "brigantine" ; rdfs:subClassOf x:sailing .
x:topsail a owl:Class ; rdfs:label "topsail schooner" ; rdfs:subClassOf x:schooner .

x:aurora a s:Ship ; rdfs:label "Aurora"@en , "极光号"@zh ; s:supplies x:oban ; s:ferries x:bergen ; s:captain x:lind ; s:launched "1999-05-03"^^xsd:date ; s:tonnage 1200 .
x:borealis a s:Ship ; rdfs:label "Borealis" ; s:supplies x:bergen , x:tromso ; s:mustAvoid x:oban ; s:captain x:lind ; s:launched "2004-11-20"^^xsd:date ; s:tonnage 800 .
x:corvus a s:Ship ; rdfs:label "Corvus" ; s:ferries x:bergen , x:oban ; s:captain x:okafor ; s:launched "2011-01-15"^^xsd:date ; s:tonnage 4100 .
x:dorado a s:Ship ; rdfs:label "Dorado 𝔖" ; s:supplies x:tromso ; s:captain x:okafor ; s:launched "2011-08-30"^^xsd:date ; s:tonnage 300 .
x:oban a s:Port ; rdfs:label "Oban" .
x:bergen a s:Port ; rdfs:label "Bergen"@en , "卑尔根"@zh .
x:tromso a s:Port ; rdfs:label "Tromsø" .
x:lind a s:Sailor ; rdfs:label "Åsa Lindqvist" .
x:okafor a s:Sailor ; rdfs:label "Chidi Okafor" .
"""


class Asker:
    """Links and answers questions over the graph."""

    def __init__(self, folder: Path, turtle: str = TURTLE) -> None:
        source = folder / "source"
        source.mkdir()
        (source / "sea.ttl").write_text(turtle, encoding="utf-8")
        report = GraphStore.build([source / "sea.ttl"], source, folder / "graph")
        assert not report.problems
        self.store = GraphStore.open(folder / "graph")
        self.linker = EntityLinker(self.store)
        self.search = GraphSearch(self.store)

    def findings(self, question: str) -> list[GraphFinding]:
        return self.search.find([question], self.linker.link([question]))[0]

    def answers(self, question: str) -> set[str] | None:
        found = self.findings(question)
        return {label for _, label in found[0].values} if found and found[0].values else None


@pytest.fixture(scope="session")
def sea(tmp_path_factory: pytest.TempPathFactory) -> Asker:
    return Asker(tmp_path_factory.mktemp("sea"))
