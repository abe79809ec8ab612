"""Rules of RDFS and of OWL 2 RL, as SPARQL: what the axioms of an ontology imply for its statements.

Left out is what only repeats a statement (every thing is the same as itself, every class its own sub-class), what makes
every thing an ``owl:Thing``, and what only finds contradictions; these conclusions answer no question and would fill the graph.
"""

from __future__ import annotations

from kgqa.graph import vocabulary as v
from kgqa.graph.rule import Rule

_PREFIXES = f"PREFIX rdf: <{v.RDF}> PREFIX rdfs: <{v.RDFS}> PREFIX owl: <{v.OWL}>\n"
_OWN = f'FILTER(!STRSTARTS(STR(?p), "{v.OWL}") && !STRSTARTS(STR(?p), "{v.RDFS}"))'
"""Domain and range of the languages' own predicates say nothing about the graph's things."""


def _rules(*rows: tuple[str, str, str]) -> tuple[Rule, ...]:
    return tuple(Rule(name, f"{_PREFIXES} CONSTRUCT {{ {head} }} WHERE {{ {body} }}") for name, head, body in rows)


RDFS: tuple[Rule, ...] = _rules(
    ("subclass of a subclass", "?a rdfs:subClassOf ?c", "?a rdfs:subClassOf ?b . ?b rdfs:subClassOf ?c"),
    ("member of a subclass", "?x a ?d", "?x a ?c . ?c rdfs:subClassOf ?d"),
    ("subproperty of a subproperty", "?p rdfs:subPropertyOf ?r", "?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?r"),
    ("subproperty", "?s ?q ?o", "?p rdfs:subPropertyOf ?q . ?s ?p ?o"),
    ("inverse", "?o ?q ?s", "{ ?p owl:inverseOf ?q } UNION { ?q owl:inverseOf ?p } ?s ?p ?o FILTER(isIRI(?o))"),
    ("symmetric", "?o ?p ?s", "?p a owl:SymmetricProperty . ?s ?p ?o FILTER(isIRI(?o))"),
    ("transitive", "?a ?p ?c", "?p a owl:TransitiveProperty . ?a ?p ?b . ?b ?p ?c"),
)
"""Hierarchies, and inverse, symmetric and transitive relations: what people expect of ``closure = "rdfs"``."""

_MORE: tuple[Rule, ...] = _rules(
    ("domain", "?x a ?c", f"?p rdfs:domain ?c . ?x ?p ?y FILTER(isIRI(?c)) {_OWN}"),
    ("range", "?y a ?c", f"?p rdfs:range ?c . ?x ?p ?y FILTER(isIRI(?y) && isIRI(?c)) {_OWN}"),
    (
        "equivalent class",
        "?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?c",
        "?c owl:equivalentClass ?d FILTER(isIRI(?c) && isIRI(?d) && ?c != ?d)",
    ),
    (
        "equivalent property",
        "?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?p",
        "?p owl:equivalentProperty ?q FILTER(isIRI(?p) && isIRI(?q) && ?p != ?q)",
    ),
    ("property chain", "?a ?p ?c", "?p owl:propertyChainAxiom (?q ?r) . ?a ?q ?b . ?b ?r ?c"),
    ("property chain of three", "?a ?p ?d", "?p owl:propertyChainAxiom (?q ?r ?t) . ?a ?q ?b . ?b ?r ?c . ?c ?t ?d"),
    ("same is symmetric", "?y owl:sameAs ?x", "?x owl:sameAs ?y FILTER(isIRI(?y))"),
    ("same is transitive", "?x owl:sameAs ?z", "?x owl:sameAs ?y . ?y owl:sameAs ?z FILTER(?x != ?z)"),
    ("same subject", "?y ?p ?o", "?x owl:sameAs ?y . ?x ?p ?o FILTER(isIRI(?y) && ?p != owl:sameAs)"),
    ("same object", "?s ?p ?y", "?x owl:sameAs ?y . ?s ?p ?x FILTER(isIRI(?y) && ?p != owl:sameAs)"),
    (
        "functional",
        "?x owl:sameAs ?y",
        "?p a owl:FunctionalProperty . ?s ?p ?x . ?s ?p ?y FILTER(isIRI(?x) && isIRI(?y) && ?x != ?y)",
    ),
    (
        "inverse functional",
        "?x owl:sameAs ?y",
        "?p a owl:InverseFunctionalProperty . ?x ?p ?o . ?y ?p ?o FILTER(isIRI(?x) && isIRI(?y) && ?x != ?y)",
    ),
    ("has value, forward", "?x ?p ?w", "?c owl:hasValue ?w ; owl:onProperty ?p . ?x a ?c"),
    ("has value, backward", "?x a ?c", "?c owl:hasValue ?w ; owl:onProperty ?p . ?x ?p ?w"),
    (
        "has value of a class",
        "?x ?p ?w",
        "?d rdfs:subClassOf|owl:equivalentClass ?c . ?c owl:hasValue ?w ; owl:onProperty ?p . ?x a ?d",
    ),
    ("some values from", "?x a ?c", "?c owl:someValuesFrom ?d ; owl:onProperty ?p . ?x ?p ?y . ?y a ?d"),
    (
        "class of some values",
        "?x a ?e",
        "?e owl:equivalentClass ?c . ?c owl:someValuesFrom ?d ; owl:onProperty ?p . ?x ?p ?y . ?y a ?d FILTER(isIRI(?e))",
    ),
    (
        "all values from",
        "?y a ?d",
        "?e rdfs:subClassOf|owl:equivalentClass ?c . ?c owl:allValuesFrom ?d ; owl:onProperty ?p . ?x a ?e ; ?p ?y "
        "FILTER(isIRI(?y) && isIRI(?d))",
    ),
    (
        "part of an intersection",
        "?c rdfs:subClassOf ?d",
        "?c owl:intersectionOf|(owl:equivalentClass/owl:intersectionOf) ?l . ?l rdf:rest*/rdf:first ?d "
        "FILTER(isIRI(?c) && isIRI(?d))",
    ),
    (
        "in all of an intersection",
        "?x a ?c",
        "?c owl:intersectionOf|(owl:equivalentClass/owl:intersectionOf) ?l . ?l rdf:first ?d . ?x a ?d FILTER(isIRI(?c)) "
        "FILTER NOT EXISTS { ?l rdf:rest*/rdf:first ?e FILTER NOT EXISTS { ?x a ?e } }",
    ),
    (
        "part of a union",
        "?d rdfs:subClassOf ?c",
        "?c owl:unionOf|(owl:equivalentClass/owl:unionOf) ?l . ?l rdf:rest*/rdf:first ?d FILTER(isIRI(?c) && isIRI(?d))",
    ),
)

OWL_RL: tuple[Rule, ...] = (*RDFS, *_MORE)
"""The rules of OWL 2 RL that give statements about things, their classes and relations."""


def closure(name: str) -> tuple[Rule, ...]:
    """Return the rules of a closure: ``none``, ``rdfs`` or ``owl-rl``."""
    return {"none": (), "rdfs": RDFS, "owl-rl": OWL_RL}[name]
