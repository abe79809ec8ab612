import gzip
import json
import os

import pytest

from kgqa.graph.load import Limits, Parsed, parse_files
from kgqa.graph.tables import ColumnMapping, TableMapping
from kgqa.types import Term

TURTLE = """@prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:aspirin a ex:Drug ; rdfs:label "aspirin"@en , "阿司匹林"@zh ; ex:treats ex:pain ; ex:dose 500 .
ex:pain rdfs:label "pain 😀" .
"""
NTRIPLES = """<http://example.org/aspirin> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/Drug> .
<http://example.org/aspirin> <http://www.w3.org/2000/01/rdf-schema#label> "aspirin"@en .
<http://example.org/aspirin> <http://www.w3.org/2000/01/rdf-schema#label> "\\u963F\\u53F8\\u5339\\u6797"@zh .
<http://example.org/aspirin> <http://example.org/treats> <http://example.org/pain> .
<http://example.org/aspirin> <http://example.org/dose> "500"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://example.org/pain> <http://www.w3.org/2000/01/rdf-schema#label> "pain \\U0001F600" .
"""
RDFXML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE rdf:RDF [ <!ENTITY ex "http://example.org/"> <!ENTITY smile '&#x1F600;'> ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
  xmlns:ex="http://example.org/">
 <ex:Drug rdf:about="&ex;aspirin"><rdfs:label xml:lang="en">aspirin</rdfs:label>
  <rdfs:label xml:lang="zh">阿司匹林</rdfs:label>
  <ex:treats rdf:resource="&ex;pain"/><ex:dose rdf:datatype="http://www.w3.org/2001/XMLSchema#integer">500</ex:dose></ex:Drug>
 <rdf:Description rdf:about="http://example.org/pain"><rdfs:label>pain &smile;</rdfs:label></rdf:Description>
</rdf:RDF>"""
JSONLD = json.dumps(
    {
        "@context": {"ex": "http://example.org/", "rdfs": "http://www.w3.org/2000/01/rdf-schema#"},
        "@graph": [
            {
                "@id": "ex:aspirin",
                "@type": "ex:Drug",
                "rdfs:label": [{"@value": "aspirin", "@language": "en"}, {"@value": "阿司匹林", "@language": "zh"}],
                "ex:treats": {"@id": "ex:pain"},
                "ex:dose": 500,
            },
            {"@id": "ex:pain", "rdfs:label": "pain 😀"},
        ],
    }
)
FORMATS = {
    "g.ttl": TURTLE,
    "g.nt": NTRIPLES,
    "g.nq": NTRIPLES,
    "g.trig": TURTLE,
    "g.rdf": RDFXML,
    "g.owl": RDFXML,
    "turtle.owl": TURTLE,
    "utf16.rdf": RDFXML.replace("UTF-8", "UTF-16").encode("utf-16"),
    "g.jsonld": JSONLD,
    "g.ttl.gz": gzip.compress(TURTLE.encode()),
    "g.jsonld.gz": gzip.compress(JSONLD.encode()),
}


def triples(store):
    return {(t.subject, t.predicate, t.object) for t in (store.statement(n) for n in range(store.graph.statements))}


def test_every_format_gives_the_same_triples(make):
    expected, _ = make({"g.ttl": TURTLE})
    store, report = make(FORMATS)
    assert report.problems == ()
    assert [count for _, count in report.files] == [6] * len(FORMATS)
    assert triples(store) == triples(expected)
    for number in range(store.graph.statements):
        assert set(store.statement(number).sources) == set(FORMATS)
    assert store.label("http://example.org/aspirin", "zh") == "阿司匹林"
    assert store.label("http://example.org/pain") == "pain 😀"


BAD = [
    ("broken.ttl", "@prefix ex: <http://example.org/> .\nex:a ex:b ex:c .\nex:a ex:b ,\n", "line 3"),
    ("prefix.ttl", "<http://a> <http://b> ex:c .", "prefix"),
    ("iri.nt", "<http://a> <http://b> <http://c> .\n<http://a> <http://b> <not an iri> .\n", "line 2"),
    (
        "broken.rdf",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n<rdf:Description></b></rdf:RDF>",
        "line 2",
    ),
    ("owlxml.owl", '<?xml version="1.0"?>\n<Ontology xmlns="http://www.w3.org/2002/07/owl#"/>', "OWL/XML"),
    ("broken.jsonld", '{"@context": {', "line 1"),
    ("remote.jsonld", '{"@context": "https://example.org/context.jsonld", "name": "x"}', "context"),
    ("local.jsonld", '{"@context": "file:///etc/passwd", "name": "x"}', "context"),
    ("empty.ttl", "", "empty"),
    ("latin.ttl", b'<http://a> <http://b> "caf\xe9" .', "line 1"),
    ("cut.ttl.gz", gzip.compress(TURTLE.encode())[:40], "compressed"),
    ("no.ttl.gz", b"not gzip at all", "compressed"),
    ("data.xyz", "x", ".xyz"),
    ("unmapped.csv", "a,b\n1,2\n", "mapping"),
    ("broken.obo", "format-version: 1.2\n\n[Term]\nid: X:1\nname without a colon\n", "line 5"),
]


def test_bad_files_are_named_with_their_reasons_and_the_rest_is_loaded(make):
    store, report = make({name: text for name, text, _ in BAD} | {"good.ttl": TURTLE})
    reasons = dict(report.problems)
    assert list(reasons) == [name for name, _, _ in BAD]
    for name, _, words in BAD:
        assert words in reasons[name], (name, reasons[name])
        assert "\n" not in reasons[name]
    assert len(store) == report.triples == 6
    assert report.files == (("good.ttl", 6),)


def test_a_file_that_breaks_midway_leaves_nothing(make):
    store, report = make({"half.ttl": TURTLE + "<http://x> <http://y> oops", "b.ttl": "<http://x> <http://y> 1 ."})
    assert len(store) == 1
    assert report.problems[0][0] == "half.ttl"


def test_a_file_that_needs_too_much_memory_is_reported_and_the_next_is_read(tmp_path):
    big = tmp_path / "big.jsonld"
    big.write_text('{"@id": "http://a", "http://b": [' + ",".join(['{"http://c": "x"}'] * 400_000) + "]}")
    good = tmp_path / "good.ttl"
    good.write_text(TURTLE)
    (tmp_path / "work").mkdir()
    limits = Limits(memory=300 << 20)
    first, second = parse_files([big, good], tmp_path, tmp_path / "work", limits=limits)
    assert first[0] == "big.jsonld" and "memory" in first[1]
    assert isinstance(second, Parsed) and second.runs == (("", 6),)


def test_a_fifo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.ttl")
    (tmp_path / "work").mkdir()
    assert list(parse_files([tmp_path / "pipe.ttl"], tmp_path, tmp_path / "work")) == [
        ("pipe.ttl", "not a regular file")
    ]


def test_blank_nodes_of_two_files_stay_apart_and_keep_their_names(make):
    text = '_:b0 <http://example.org/p> "%s" .'
    one, _ = make({"a.nt": text % "1", "b.nt": text % "2"})
    two, _ = make({"a.nt": text % "1", "b.nt": text % "2"})
    subjects = {t.subject for t in (one.statement(n) for n in range(2))}
    assert len(subjects) == 2
    assert triples(one) == triples(two)


def test_relative_iris_are_resolved_against_the_file(make):
    store, _ = make({"sub/a b.ttl": "<#x> <http://example.org/p> <> ."})
    assert store.objects("kgqa:/sub/a%20b.ttl#x", "http://example.org/p") == (Term("kgqa:/sub/a%20b.ttl"),)


def test_progress_counts_all_files(make):
    seen = []
    make({"a.ttl": TURTLE, "b.ttl": "broken", "c.nt": ""}, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_notes_to_people_are_no_problem(make):
    _, report = make({"a.ttl": TURTLE, "README.md": "# read", "LICENSE": "mine"})
    assert report.problems == ()
    assert len(report.notes) == 2


# --- tables ----------------------------------------------------------------------------------------------------------

DRUGS = TableMapping(
    "drugs.csv",
    "ex:drug/{id}",
    "ex:Drug",
    (
        ColumnMapping("name", "rdfs:label", language="zh"),
        ColumnMapping("symptoms", "ex:symptom", language="zh", separator=" ", object="ex:symptom/{value}"),
        ColumnMapping("approved", "ex:approved", datatype="xsd:date"),
    ),
    (("ex", "http://example.org/"),),
)
CSV = "id,name,symptoms,approved\nA 1,阿司匹林,头痛 发热 头痛,1899-03-06\nB/2,布洛芬,,\n,无名,发热,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_a_table_becomes_triples_in_any_encoding(make, encoding):
    store, report = make({"drugs.csv": CSV.encode(encoding)}, tables=[DRUGS])
    assert report.problems == ()
    one = "http://example.org/drug/A%201"
    assert store.label(one, "zh") == "阿司匹林"
    assert store.types(one) == ("http://example.org/Drug",)
    symptoms = store.objects(one, "http://example.org/symptom")
    assert {store.label(t.value, "zh") for t in symptoms} == {"头痛", "发热"}
    assert store.objects(one, "http://example.org/approved")[0].datatype.endswith("date")
    assert store.label("http://example.org/drug/B%2F2", "zh") == "布洛芬"
    assert len(store.subjects("http://example.org/Drug", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,name\n1,x\n", "symptoms"),
        ("id,name,symptoms,approved\n1,x,y\n", "line 2"),
        ('id,name,symptoms,approved\n1,"x,y,z\n', "line"),
        ("id,name,symptoms,approved\n1,x\0,y,z\n", "NUL"),
    ],
)
def test_a_table_that_does_not_fit_is_reported(make, text, words):
    _, report = make({"drugs.csv": text}, tables=[DRUGS])
    assert len(report.problems) == 1
    assert words in report.problems[0][1]


# --- OBO -------------------------------------------------------------------------------------------------------------

OBO = """format-version: 1.2
ontology: x

[Term]
id: X:1
name: Ewing tumour
def: "A \\"bone\\" tumour." [PMID:1]
synonym: "ET" EXACT []
synonym: "bone thing" RELATED [X:y]
xref: MESH:D012512 "odd xref, with: text"
is_a: X:2 ! tumour
relationship: part_of X:3 ! bone

[Term]
id: X:2
name: tumour
is_obsolete: true

[Typedef]
id: part_of
name: part of
is_transitive: true
"""


def test_obo_uses_the_vocabulary_of_owl(make):
    store, report = make({"x.obo": OBO})
    assert report.problems == ()
    one = "http://purl.obolibrary.org/obo/X_1"
    assert store.label(one) == "Ewing tumour"
    said = dict(store.out(one))
    assert said["http://www.w3.org/2004/02/skos/core#definition"].value == 'A "bone" tumour.'
    assert said["http://www.w3.org/2004/02/skos/core#altLabel"].value == "ET"
    assert said["http://www.geneontology.org/formats/oboInOwl#hasDbXref"].value == "MESH:D012512"
    assert said["http://www.w3.org/2000/01/rdf-schema#subClassOf"].value == "http://purl.obolibrary.org/obo/X_2"
    assert said["http://purl.obolibrary.org/obo/part_of"].value == "http://purl.obolibrary.org/obo/X_3"
    assert store.schema().predicates["http://purl.obolibrary.org/obo/part_of"].transitive


@pytest.mark.data
def test_real_ontologies_load(make, data):
    folder = data / "medical"
    names = ("doid-2016-03-04.obo.gz", "doid-cancer-slim.owl.gz")
    store, report = make({name: (folder / name).read_bytes() for name in names})
    assert report.problems == ()
    assert min(count for _, count in report.files) > 10_000
    assert store.label("http://purl.obolibrary.org/obo/DOID_1612") == "breast cancer"
