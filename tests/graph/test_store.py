import threading
import time
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgqa.errors import IndexFault, QueryError
from kgqa.graph.store import GraphStore, Table
from kgqa.types import Term, Triple, Validity

EX = "http://example.org/"
HEAD = """@prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix schema: <http://schema.org/> .
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""
DRUGS = (
    HEAD
    + """
ex:Drug a owl:Class ; rdfs:label "drug"@en , "药物"@zh . ex:Disease a owl:Class ; rdfs:label "disease"@en .
ex:treats a owl:ObjectProperty ; rdfs:label "treats"@en ; rdfs:comment "Is a treatment." ; rdfs:domain ex:Drug .
ex:cures rdfs:subPropertyOf ex:treats . ex:eases rdfs:subPropertyOf ex:treats ; owl:inverseOf ex:easedBy .
ex:aspirin a ex:Drug ; rdfs:label "aspirin"@en , "阿司匹林"@zh ; skos:altLabel "ASA" , "acetylsalicylic acid" ;
  ex:eases ex:pain ; ex:cures ex:fever ; ex:atcCode "B01AC06" ; ex:dose 500 .
ex:ibuprofen a ex:Drug ; rdfs:label "ibuprofen" ; ex:eases ex:pain .
ex:pain a ex:Disease ; rdfs:label "pain" . ex:fever a ex:Disease .
"""
)


@pytest.fixture
def drugs(make):
    return make({"drugs.ttl": DRUGS, "more.ttl": HEAD + "ex:aspirin ex:eases ex:pain . ex:aspirin ex:dose 100 ."})[0]


def test_hops(drugs):
    assert set(drugs.objects(EX + "aspirin", EX + "eases")) == {Term(EX + "pain")}
    assert (EX + "cures", Term(EX + "fever")) in drugs.out(EX + "aspirin")
    assert set(drugs.into(EX + "pain")) == {(EX + "aspirin", EX + "eases"), (EX + "ibuprofen", EX + "eases")}
    assert drugs.subjects(Term("ibuprofen", "literal"), "http://www.w3.org/2000/01/rdf-schema#label") == (
        EX + "ibuprofen",
    )
    assert drugs.has(EX + "aspirin", EX + "eases", EX + "pain")
    assert not drugs.has(EX + "pain", EX + "eases", EX + "aspirin")


@pytest.mark.parametrize(
    "name", ["http://example.org/nobody", "x> } ; DROP ALL #", '"""', "\\u007D", "", "\ud800", "_:b"]
)
def test_what_the_graph_does_not_know_gives_nothing(drugs, name):
    assert drugs.out(name) == () and drugs.into(name) == () and drugs.labels(name) == ()
    assert drugs.triples_of(name) == [] and not drugs.knows(name)
    assert not drugs.has(name, name, name)
    assert isinstance(drugs.label(name), str)


def test_a_statement_of_two_files_is_one_with_two_sources(drugs):
    triple = drugs.triple(EX + "aspirin", EX + "eases", EX + "pain")
    assert triple.sources == ("drugs.ttl", "more.ttl")
    assert drugs.sources(Triple(Term(EX + "aspirin"), Term(EX + "cures"), Term(EX + "fever"))) == ("drugs.ttl",)
    counted = drugs.select(f"SELECT (COUNT(*) AS ?n) {{ <{EX}aspirin> <{EX}eases> ?o }}")
    assert counted.rows[0][0].value == "1"


def test_names(drugs):
    assert drugs.label(EX + "aspirin") == "aspirin"
    assert drugs.label(EX + "aspirin", "zh") == "阿司匹林"
    assert drugs.label(EX + "aspirin", "fr") == "aspirin"
    assert drugs.label(EX + "fever") == "fever"
    kinds = {name.text: name.kind for name in drugs.labels(EX + "aspirin")}
    assert kinds["ASA"] == "abbreviation" and kinds["acetylsalicylic acid"] == "alias" and kinds["B01AC06"] == "code"
    assert {iri for iri, _, _ in drugs.entities()} >= {EX + "aspirin", EX + "pain", EX + "Drug"}
    assert EX + "treats" not in {iri for iri, _, _ in drugs.entities()}


def test_the_schema_is_declared_and_observed(drugs):
    schema = drugs.schema()
    treats = schema.predicates[EX + "treats"]
    assert treats.count == 0 and set(treats.subpredicates) == {EX + "cures", EX + "eases"}
    assert treats.domain == (EX + "Drug",) and treats.comment == "Is a treatment."
    eases = schema.predicates[EX + "eases"]
    assert (
        eases.count == 2 and eases.subject_classes == {EX + "Drug": 2} and eases.object_classes == {EX + "Disease": 2}
    )
    assert eases.inverse == (EX + "easedBy",)
    assert schema.predicates[EX + "dose"].datatypes == {"http://www.w3.org/2001/XMLSchema#integer": 2}
    assert schema.classes[EX + "Drug"].instances == 2
    assert {name.text for name in schema.classes[EX + "Drug"].names} == {"drug", "药物"}


def test_hierarchies(make):
    text = HEAD + "\n".join(f"ex:c{n} rdfs:subClassOf ex:c{n + 1} ." for n in range(50))
    store, _ = make({"a.ttl": text + "ex:loop1 rdfs:subClassOf ex:loop2 . ex:loop2 rdfs:subClassOf ex:loop1 ."})
    above = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
    assert len(store.closure(EX + "c0", above)) == 50
    assert len(store.closure(EX + "c50", above, "into")) == 50
    assert store.closure(EX + "loop1", above) == {EX + "loop1", EX + "loop2"}
    assert store.classes(EX + "c0") == (EX + "c50",)
    assert store.schema().classes[EX + "c50"].instances == 50


STATEMENTS = (
    HEAD
    + """
ex:a ex:law ex:old , ex:new , ex:third , ex:fourth .
<< ex:a ex:law ex:old >> schema:validFrom "2001-01-01"^^xsd:date ; schema:validThrough "2009-12"^^xsd:gYearMonth .
ex:a ex:price 5 {| schema:validFrom "2010"^^xsd:gYear ; dcterms:source "prices.pdf" |} .
[] a rdf:Statement ; rdf:subject ex:a ; rdf:predicate ex:law ; rdf:object ex:new ; dcterms:source "law.txt" ;
  schema:spatialCoverage "Ohio" ; dcterms:isReplacedBy ex:fourth .
"""
)


def test_what_is_said_about_statements_is_kept(make):
    store, report = make({"a.ttl": STATEMENTS})
    assert report.problems == ()
    old = store.triple(EX + "a", EX + "law", EX + "old")
    assert old.validity == Validity(date(2001, 1, 1), date(2009, 12, 31))
    price = store.triple(EX + "a", EX + "price", Term("5", "literal", "", "http://www.w3.org/2001/XMLSchema#integer"))
    assert price.validity.valid_from == date(2010, 1, 1) and price.sources == ("a.ttl", "prices.pdf")
    new = store.triple(EX + "a", EX + "law", EX + "new")
    assert new.sources == ("a.ttl", "law.txt")
    assert new.validity == Validity(jurisdiction="Ohio", superseded_by=EX + "fourth")
    assert store.triple(EX + "a", EX + "law", EX + "third").validity == Validity()


def test_files_and_named_graphs_have_validity_too(make):
    trig = (
        HEAD
        + """
    ex:g1 schema:validFrom "2020-05-01"^^xsd:date . ex:g1 { ex:a ex:b ex:c } ex:g2 { ex:a ex:b ex:d } ex:a ex:b ex:e ."""
    )
    store, _ = make(
        {"a.trig": trig, "b.ttl": HEAD + '<> schema:validThrough "1999-12-31"^^xsd:date . ex:x ex:y ex:z .'}
    )
    assert store.triple(EX + "a", EX + "b", EX + "c").validity.valid_from == date(2020, 5, 1)
    assert store.triple(EX + "a", EX + "b", EX + "d").validity == Validity()
    assert store.triple(EX + "x", EX + "y", EX + "z").validity.valid_to == date(1999, 12, 31)
    assert store.select(f"SELECT ?g {{ GRAPH ?g {{ <{EX}a> <{EX}b> <{EX}c> }} }}").rows == ((Term(EX + "g1"),),)
    assert len(store.select(f"SELECT ?o {{ <{EX}a> <{EX}b> ?o }}").rows) == 3


# --- SPARQL ----------------------------------------------------------------------------------------------------------


def test_select_and_ask(drugs):
    table = drugs.select(f"SELECT ?d ?l {{ ?d <{EX}eases> <{EX}pain> OPTIONAL {{ ?d <{EX}none> ?l }} }} ORDER BY ?d")
    assert table == Table(("d", "l"), ((Term(EX + "aspirin"), None), (Term(EX + "ibuprofen"), None)))
    assert drugs.select(f"ASK {{ <{EX}aspirin> <{EX}eases> <{EX}pain> }}") is True
    assert drugs.select("ASK { ?s ?p 'nothing 😀' }") is False
    cut = drugs.select("SELECT * { ?s ?p ?o }", limit=3)
    assert len(cut.rows) == 3 and cut.truncated


def test_a_malformed_query_says_where(drugs):
    with pytest.raises(QueryError, match=r"1:\d+|line 1"):
        drugs.select("SELECT * { ?s ?p }")


def test_a_query_that_takes_too_long_is_ended_and_the_next_one_runs(make):
    numbers = " ".join(f"<http://a/{n}> <http://p> {n} ." for n in range(300))
    store, _ = make({"a.ttl": numbers})
    start = time.perf_counter()
    with pytest.raises(QueryError, match="within"):
        store.select("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }", timeout=1.0)
    assert time.perf_counter() - start < 30
    assert store.select("ASK { ?s ?p ?o }") is True


def test_a_slow_pattern_is_no_danger(drugs):
    assert drugs.select("ASK { BIND('aaaaaaaaaaaaaaaaaaaaaaaaaaaa!' AS ?a) FILTER(REGEX(?a, '^(a+)+$')) }") is False


def test_threads_share_a_store(drugs):
    results = []

    def ask():
        results.append((drugs.select("ASK { ?s ?p ?o }"), drugs.triples_of(EX + "aspirin")[0].sources))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [(True, ("drugs.ttl",))] * 6


# --- the folder ------------------------------------------------------------------------------------------------------


def test_a_graph_without_statements_opens(make):
    store, report = make({})
    assert len(store) == 0 and report.triples == 0 and list(store.entities()) == []
    assert store.select("ASK { ?s ?p ?o }") is False


@pytest.mark.parametrize("name", ["graph.json", "schema.json", "adjacency/out_objects.npy", "adjacency/terms.bin"])
def test_a_damaged_folder_is_refused(make, name):
    store, _ = make({"a.ttl": DRUGS})
    file = store.folder / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(IndexFault, match="build it again"):
        GraphStore.open(store.folder)


def test_missing_and_full_folders_are_refused(tmp_path):
    with pytest.raises(IndexFault):
        GraphStore.open(tmp_path / "none")
    (tmp_path / "x").write_text("mine")
    with pytest.raises(IndexFault, match="not empty"):
        GraphStore.build([], tmp_path, tmp_path)
    assert (tmp_path / "x").read_text() == "mine"


parts = st.sampled_from(["a", "b", "c", "药", "é😀"])


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.tuples(parts, parts, parts, st.booleans()), min_size=1, max_size=12))
def test_the_arrays_say_what_the_file_says(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("g")
    lines = [
        f"<{EX}{s}> <{EX}{p}> {f'<{EX}{o}>' if iri else repr(o).replace(chr(39), chr(34))} ." for s, p, o, iri in rows
    ]
    (folder / "a.nt").write_text("\n".join(lines))
    GraphStore.build([folder / "a.nt"], folder, folder / "g")
    store = GraphStore.open(folder / "g")
    wanted = {(EX + s, EX + p, Term(EX + o) if iri else Term(o, "literal")) for s, p, o, iri in rows}
    assert len(store) == len(wanted)
    assert {(s, p, o) for s in {s for s, _, _ in wanted} for p, o in store.out(s)} == wanted
    assert {(s, p, o) for o in {o for _, _, o in wanted} for s, p in store.into(o)} == wanted
    assert all(store.has(*row) for row in wanted)
