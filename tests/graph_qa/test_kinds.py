"""What is asked for names a class: only things of that class answer, also where a relation leads to others."""

import pytest

from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.graph.store import GraphStore
from kgqa.types import Filters, GraphFinding

TURTLE = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix : <http://example.org/> .
:Agreement a owl:Class ; rdfs:label "agreement"@en , "合同"@zh .
:Lease a owl:Class ; rdfs:subClassOf :Agreement ; rdfs:label "lease"@en , "租赁合同"@zh .
:Sublease a owl:Class ; rdfs:subClassOf :Lease ; rdfs:label "sublease"@en .
:Loan a owl:Class ; rdfs:subClassOf :Agreement ; rdfs:label "loan"@en , "借款合同"@zh .
:Charter a owl:Class ; rdfs:subClassOf :Agreement ; rdfs:label "charter"@en .
:party a owl:ObjectProperty ; rdfs:label "party"@en , "当事人"@zh ; rdfs:domain :Agreement .
:yuan rdfs:label "Yuan Shipping"@en , "远航公司"@zh .
:bei rdfs:label "Bei Machines"@en .
:a1 a :Loan ; rdfs:label "A-1" ; :party :yuan , :bei .
:a2 a :Lease ; rdfs:label "A-2" ; :party :yuan .
:a3 a :Sublease ; rdfs:label "A-3" ; :party :yuan .
:a4 a :Charter ; rdfs:label "A-4" ; :party :bei .
"""


@pytest.fixture(scope="module")
def deals(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "source").mkdir()
    (folder / "source" / "deals.ttl").write_text(TURTLE, encoding="utf-8")
    GraphStore.build([folder / "source" / "deals.ttl"], folder / "source", folder / "graph")
    store = GraphStore.open(folder / "graph")
    return store, EntityLinker(store), GraphSearch(store)


def first(deals, question: str) -> GraphFinding:
    _, linker, search = deals
    return search.find([question], linker.link([question]), Filters())[0][0]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which agreements is Yuan Shipping a party to?", {"A-1", "A-2", "A-3"}),
        ("Which leases is Yuan Shipping a party to?", {"A-2", "A-3"}),
        ("Which loans is Yuan Shipping a party to?", {"A-1"}),
        ("远航公司是哪些租赁合同的当事人？", {"A-2", "A-3"}),
        ("Which charters is Yuan Shipping a party to?", set()),
    ],
)
def test_only_things_of_the_class_that_is_named_answer(deals, question: str, names: set[str]) -> None:
    assert {label for _, label in first(deals, question).values} == names


def test_they_are_counted_and_the_query_says_so(deals) -> None:
    finding = first(deals, "How many leases is Yuan Shipping a party to?")
    assert [label for _, label in finding.values] == ["2"]
    listed = first(deals, "Which leases is Yuan Shipping a party to?")
    table = deals[0].select(listed.sparql)
    assert {row[0] for row in table.rows} == {term for term, _ in listed.values}
    assert "lease" in listed.words


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which leases are there?", {"A-2", "A-3"}),
        ("List all agreements.", {"A-1", "A-2", "A-3", "A-4"}),
        ("What are the charters?", {"A-4"}),
        ("有哪些合同？", {"A-1", "A-2", "A-3", "A-4"}),
        ("How many leases are there?", {"2"}),
        ("一共有多少份租赁合同？", {"2"}),
    ],
)
def test_all_that_there_is_of_a_class(deals, question: str, names: set[str]) -> None:
    finding = first(deals, question)
    assert {label for _, label in finding.values} == names
    assert all(path.steps for path in finding.paths) and finding.paths
    table = deals[0].select(finding.sparql)
    assert (len(table.rows) if finding.kind == "entities" else 1) == len(finding.values)


@pytest.mark.parametrize("question", ["What is a lease?", "Which leases ended early?", "What are leases good for?"])
def test_what_says_more_is_no_list_of_a_class(deals, question: str) -> None:
    _, linker, search = deals
    found = search.find([question], linker.link([question]), Filters())[0]
    assert not any(label in ("A-2", "A-3") for finding in found for _, label in finding.values)
