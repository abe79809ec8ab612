"""What the axioms of an ontology imply, with the premises of each conclusion."""

import pytest

from kgqa.graph.closure import OWL_RL, RDFS, closure
from kgqa.graph.rules import RuleSet
from kgqa.types import Term

PREFIXES = """@prefix : <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
E = "http://example.org/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
SAME = "http://www.w3.org/2002/07/owl#sameAs"
SUB = "http://www.w3.org/2000/01/rdf-schema#subClassOf"


@pytest.mark.parametrize(
    ("given", "subject", "predicate", "object", "rule"),
    [
        (":treats rdfs:domain :Drug . :a :treats :b .", "a", TYPE, "Drug", "domain"),
        (":treats rdfs:range :Disease . :a :treats :b .", "b", TYPE, "Disease", "range"),
        (":A owl:equivalentClass :B . :x a :A .", "x", TYPE, "B", "member of a subclass"),
        (":p owl:equivalentProperty :q . :x :q :y .", "x", "p", "y", "subproperty"),
        (":uncle owl:propertyChainAxiom (:parent :brother) . :a :parent :b . :b :brother :c .", *["a", "uncle", "c"], "property chain"),
        (":p owl:propertyChainAxiom (:q :r :t) . :a :q :b . :b :r :c . :c :t :d .", *["a", "p", "d"], "property chain of three"),
        (":x owl:sameAs :y . :x :p :o .", *["y", "p", "o"], "same subject"),
        (":x owl:sameAs :y . :s :p :x .", *["s", "p", "y"], "same object"),
        (":p a owl:FunctionalProperty . :s :p :x, :y .", "x", SAME, "y", "functional"),
        (":p a owl:InverseFunctionalProperty . :x :p :o . :y :p :o .", "x", SAME, "y", "inverse functional"),
        (":C owl:hasValue :w ; owl:onProperty :p . :x a :C .", *["x", "p", "w"], "has value, forward"),
        (":C owl:hasValue :w ; owl:onProperty :p . :x :p :w .", "x", TYPE, "C", "has value, backward"),
        (":D owl:equivalentClass [ owl:hasValue :w ; owl:onProperty :p ] . :x a :D .", *["x", "p", "w"], "has value of a class"),
        (":C owl:someValuesFrom :D ; owl:onProperty :p . :x :p :y . :y a :D .", "x", TYPE, "C", "some values from"),
        (":E owl:equivalentClass [ owl:someValuesFrom :D ; owl:onProperty :p ] . :x :p :y . :y a :D .", "x", TYPE, "E", "class of some values"),
        (":E rdfs:subClassOf [ owl:allValuesFrom :D ; owl:onProperty :p ] . :x a :E ; :p :y .", "y", TYPE, "D", "all values from"),
        (":C owl:equivalentClass [ owl:intersectionOf (:A :B) ] . :x a :A, :B .", "x", TYPE, "C", "in all of an intersection"),
        (":C owl:intersectionOf (:A :B) . :x a :C .", "C", SUB, "B", "part of an intersection"),
        (":C owl:unionOf (:A :B) . :x a :B .", "B", SUB, "C", "part of a union"),
    ],
)  # fmt: skip
def test_owl_rl_draws_the_conclusion_and_says_why(make, given, subject, predicate, object, rule):
    store, report = make({"o.ttl": PREFIXES + given}, rules=RuleSet(closure("owl-rl")))
    assert not report.problems
    wanted = predicate if "://" in predicate else E + predicate
    triple = store.triple(E + subject, wanted, Term(E + object))
    assert store.has(E + subject, wanted, Term(E + object))
    assert triple.rule == rule
    assert triple.premises and all(store.sources(p) == ("o.ttl",) or p.rule for p in triple.premises)
    assert triple.sources == ("o.ttl",)


def test_what_is_in_one_part_of_an_intersection_is_not_in_it(make):
    text = PREFIXES + ":C owl:intersectionOf (:A :B) . :x a :A ."
    store, _ = make({"o.ttl": text}, rules=RuleSet(OWL_RL))
    assert not store.has(E + "x", TYPE, Term(E + "C"))


def test_rdfs_leaves_domain_and_identity_alone(make):
    text = PREFIXES + ":p rdfs:domain :D . :x :p :y ; owl:sameAs :z ."
    store, report = make({"o.ttl": text}, rules=RuleSet(RDFS))
    assert report.derived == 0
    assert not store.has(E + "z", E + "p", Term(E + "y"))


def test_a_closure_comes_to_an_end_on_cycles(make):
    text = (
        PREFIXES
        + ":A owl:equivalentClass :B . :B rdfs:subClassOf :C . :C rdfs:subClassOf :A . :x a :A ; owl:sameAs :y ."
    )
    store, report = make({"o.ttl": text}, rules=RuleSet(OWL_RL))
    assert {k for k in store.types(E + "y") if k.startswith(E)} == {E + "A", E + "B", E + "C"}
    assert not any("stopped" in note for note in report.notes)
