import pytest

from kgqa.graph.shapes import expectations, load, missing, read_shapes
from kgqa.graph.sheet import entity_sheet
from kgqa.graph.verbalise import is_verb, path_words, sentence
from kgqa.graph.view import View
from kgqa.types import Path, Step, Term

EX = "http://example.org/"
HEAD = """@prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
GRAPH = (
    HEAD
    + """
ex:Drug a owl:Class ; rdfs:label "drug"@en , "药物"@zh . ex:Opioid rdfs:subClassOf ex:Drug ; rdfs:label "opioid" .
ex:symptomatic rdfs:label "is a symptomatic treatment of"@en , "用于缓解"@zh .
ex:contraindication rdfs:label "contraindication"@en , "禁忌症"@zh .
ex:doseForm rdfs:label "dose forms"@en . ex:locatedIn rdfs:label "located in" .
ex:aspirin a ex:Drug ; rdfs:label "aspirin"@en , "阿司匹林"@zh ; skos:altLabel "ASA" ; skos:definition "A salicylate."@en ;
  ex:symptomatic ex:pain , ex:fever ; ex:contraindication ex:ulcer ; ex:doseForm "tablet" , "powder" ;
  ex:hasSideEffect ex:nausea ; ex:treats ex:pain ; ex:about [ ex:note "😀" ] .
ex:morphine a ex:Opioid ; rdfs:label "morphine" .
ex:pain rdfs:label "pain"@en , "疼痛"@zh . ex:fever rdfs:label "fever"@en , "发热"@zh .
ex:ulcer rdfs:label "peptic ulcer"@en , "消化性溃疡"@zh ; ex:locatedIn ex:stomach .
"""
)
SHAPES = (
    HEAD
    + """
ex:DrugShape a sh:NodeShape ; sh:targetClass ex:Drug ;
  sh:property [ sh:path ex:contraindication ; sh:minCount 1 ; sh:name "contraindication"@en , "禁忌症"@zh ] ;
  sh:property [ sh:path ex:dose ; sh:minCount 1 ] ;
  sh:property [ sh:path [ sh:inversePath ex:treatedWith ] ; sh:minCount 1 ; sh:name "patients" ] ;
  sh:property [ sh:path ex:optional ; sh:maxCount 1 ] .
"""
)


@pytest.fixture
def store(make, tmp_path):
    shape = tmp_path / "drug.ttl"
    shape.write_text(SHAPES)
    broken = tmp_path / "broken.ttl"
    broken.write_text("oops")
    store, report = make({"g.ttl": GRAPH}, shapes=[shape, broken])
    assert [name for name, _ in report.problems] == ["broken.ttl"]
    assert report.violations == 5
    return store


def triple(store, predicate, thing, subject="aspirin"):
    return store.triple(EX + subject, EX + predicate, thing if isinstance(thing, Term) else EX + thing)


@pytest.mark.parametrize(
    ("predicate", "thing", "english", "chinese"),
    [
        ("symptomatic", "pain", "aspirin is a symptomatic treatment of pain.", "阿司匹林用于缓解疼痛。"),
        (
            "contraindication",
            "ulcer",
            "The contraindication of aspirin is peptic ulcer.",
            "阿司匹林的禁忌症是消化性溃疡。",
        ),
        ("hasSideEffect", "nausea", "aspirin has side effect nausea.", "阿司匹林 has side effect nausea."),
        ("treats", "pain", "aspirin treats pain.", None),
    ],
)
def test_statements_become_sentences(store, predicate, thing, english, chinese):
    assert sentence(store, triple(store, predicate, thing)) == english
    if chinese:
        assert sentence(store, triple(store, predicate, thing), "zh") == chinese


def test_verbs_and_nouns():
    assert all(map(is_verb, ["treats", "is part of", "has party", "causes", "belongs to", "was signed by", "governs"]))
    assert not any(
        map(is_verb, ["parties", "symptoms", "indications", "address", "status", "agreement date", "members"])
    )


def test_paths_become_sentences(store):
    steps = (Step(triple(store, "contraindication", "ulcer")), Step(triple(store, "locatedIn", "stomach", "ulcer")))
    assert path_words(store, Path(steps)) == (
        "The contraindication of aspirin is peptic ulcer. peptic ulcer is located in stomach."
    )


def test_the_sheet_says_what_is_known_and_what_is_missing(store):
    sheet = entity_sheet(store, EX + "aspirin", "zh")
    assert sheet.label == "阿司匹林" and set(sheet.synonyms) == {"aspirin", "ASA"}
    assert sheet.types == ("药物",) and sheet.definition == "A salicylate."
    assert ("禁忌症", "消化性溃疡") in {(relation, thing) for relation, thing, _ in sheet.outgoing}
    assert all(said.sources == ("g.ttl",) for _, _, said in sheet.outgoing)
    assert set(sheet.missing) == {"dose", "patients"}
    assert set(entity_sheet(store, EX + "morphine", "zh").missing) == {"禁忌症", "dose", "patients"}
    assert entity_sheet(store, EX + "pain").missing == ()
    assert [thing for _, thing, _ in entity_sheet(store, EX + "pain").incoming] == ["aspirin", "aspirin"]
    assert entity_sheet(store, EX + "nobody") is None


def test_results_of_the_validation_are_kept(store):
    wanted, violations = load(store.folder / "shapes.json")
    assert len(wanted) == 3
    assert {(v.focus, v.path) for v in violations} >= {
        (EX + "aspirin", EX + "dose"),
        (EX + "morphine", EX + "contraindication"),
    }


def test_targets_other_than_classes(make, tmp_path):
    shape = tmp_path / "s.ttl"
    shape.write_text(
        HEAD
        + """
    ex:One a sh:NodeShape ; sh:targetNode ex:pain ; sh:property [ sh:path ex:code ; sh:minCount 1 ] .
    ex:Two a sh:NodeShape ; sh:targetSubjectsOf ex:treats ; sh:property [ sh:path ex:maker ; sh:minCount 1 ] .
    ex:Three a sh:NodeShape ; sh:targetObjectsOf ex:treats ; sh:property [ sh:path ex:sign ; sh:minCount 1 ] ."""
    )
    shapes, problems = read_shapes([shape], tmp_path)
    wanted = expectations(shapes)
    store, _ = make({"g.ttl": GRAPH})
    assert problems == [] and len(wanted) == 3
    assert missing(View(store), wanted, EX + "aspirin") == ("maker",)
    assert set(missing(View(store), wanted, EX + "pain")) == {"code", "sign"}
    assert missing(View(store), wanted, EX + "fever") == ()


@pytest.mark.parametrize(
    "shape",
    [
        "ex:S sh:targetClass ex:Drug ; sh:node ex:Named . ex:Named sh:property [ sh:path ex:name ; sh:minCount 1 ] .",
        "ex:S sh:targetClass ex:Drug ; sh:and ( [ sh:property [ sh:path ex:x ] ] [ sh:property [ sh:path ex:name ; sh:minCount 1 ] ] ) .",
        "ex:P a sh:PropertyShape ; sh:targetClass ex:Drug ; sh:path ex:name ; sh:minCount 1 .",
        "ex:S sh:targetClass ex:Drug ; sh:property [ sh:path ex:name ; sh:qualifiedMinCount 1 ; sh:qualifiedValueShape [ sh:class ex:C ] ] .",
        "ex:S sh:targetClass ex:Drug ; sh:property [ sh:path ex:name ; sh:hasValue ex:v ] .",
        "ex:Drug a rdfs:Class, sh:NodeShape ; sh:node ex:S . ex:S sh:node ex:S ; sh:property [ sh:path ex:name ; sh:minCount 1 ] .",
    ],
)
def test_what_is_wanted_is_found_wherever_a_shape_leads_to_it(make, tmp_path, shape):
    file = tmp_path / "s.ttl"
    prefixes = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
    file.write_text(prefixes + shape, encoding="utf-8")
    shapes, problems = read_shapes([file], tmp_path)
    assert not problems
    data = "@prefix ex: <http://example.org/> . ex:a a ex:Drug . ex:b a ex:Drug ; ex:name ex:v . ex:c a ex:Other ."
    store, _ = make({"g.ttl": data})
    wanted = expectations(shapes)
    lacks = {name: missing(View(store), wanted, f"http://example.org/{name}") for name in "abc"}
    assert lacks == {"a": ("name",), "b": (), "c": ()}


def test_alternatives_are_wanted_of_nobody(tmp_path):
    file = tmp_path / "s.ttl"
    file.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .\n"
        "ex:S sh:targetClass ex:Drug ; sh:or ( [ sh:property [ sh:path ex:x ; sh:minCount 1 ] ] ) .",
        encoding="utf-8",
    )
    assert expectations(read_shapes([file], tmp_path)[0]) == ()
