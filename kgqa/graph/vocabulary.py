"""IRIs of the standard vocabularies that the graph understands by itself."""

from __future__ import annotations

from typing import Final

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
SKOSXL: Final = "http://www.w3.org/2008/05/skos-xl#"
DC: Final = "http://purl.org/dc/elements/1.1/"
DCTERMS: Final = "http://purl.org/dc/terms/"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
OBO: Final = "http://purl.obolibrary.org/obo/"
OBO_IN_OWL: Final = "http://www.geneontology.org/formats/oboInOwl#"
PROV: Final = "http://www.w3.org/ns/prov#"
SHACL: Final = "http://www.w3.org/ns/shacl#"
ELI: Final = "http://data.europa.eu/eli/ontology#"
SCHEMA_ORG: Final = ("http://schema.org/", "https://schema.org/")

TYPE: Final = RDF + "type"
LABEL: Final = RDFS + "label"
COMMENT: Final = RDFS + "comment"
SUBCLASS: Final = RDFS + "subClassOf"
SUBPROPERTY: Final = RDFS + "subPropertyOf"
PREF_LABEL: Final = SKOS + "prefLabel"
ALT_LABEL: Final = SKOS + "altLabel"


def both(*tails: str) -> tuple[str, ...]:
    """Return names of schema.org in its http and its https form."""
    return tuple(base + tail for tail in tails for base in SCHEMA_ORG)


LABELS: Final = (
    LABEL,
    PREF_LABEL,
    *both("name"),
    FOAF + "name",
    DCTERMS + "title",
    DC + "title",
    ELI + "title",
    SKOSXL + "literalForm",
)
"""Predicates whose literal names a thing, the most telling first."""

ALIASES: Final = (
    ALT_LABEL,
    SKOS + "hiddenLabel",
    *both("alternateName", "legalName"),
    OBO_IN_OWL + "hasExactSynonym",
    OBO_IN_OWL + "hasRelatedSynonym",
    OBO_IN_OWL + "hasNarrowSynonym",
    OBO_IN_OWL + "hasBroadSynonym",
    OBO + "IAO_0000118",
    DCTERMS + "alternative",
    FOAF + "nick",
    ELI + "title_alternative",
    ELI + "title_short",
)
"""Predicates whose literal is another name of a thing."""

CODES: Final = (
    DCTERMS + "identifier",
    DC + "identifier",
    SKOS + "notation",
    OBO_IN_OWL + "id",
    OBO_IN_OWL + "hasDbXref",
    OBO_IN_OWL + "hasAlternativeId",
    *both("identifier", "code"),
)
"""Predicates whose literal is a code of a thing."""

DEFINITIONS: Final = (
    SKOS + "definition",
    OBO + "IAO_0000115",
    COMMENT,
    *both("description"),
    DCTERMS + "description",
    DC + "description",
)
"""Predicates whose literal describes a thing."""

TEXTS: Final = (
    DCTERMS + "source",
    DC + "source",
    *both("url", "subjectOf", "mainEntityOfPage"),
    FOAF + "page",
    FOAF + "isPrimaryTopicOf",
    RDFS + "seeAlso",
    DCTERMS + "isReferencedBy",
    PROV + "wasDerivedFrom",
)
"""Predicates that may lead from a thing to a document about it."""

SYMMETRIC: Final = frozenset({SKOS + "exactMatch", SKOS + "closeMatch", SKOS + "related", OWL + "sameAs"})
HIERARCHIES: Final = (SUBCLASS, SKOS + "broader", OBO + "BFO_0000050", DCTERMS + "isPartOf")
"""Predicates that lead from the narrower to the wider thing."""
ASIDE: Final = frozenset(
    {*SYMMETRIC, TYPE, RDFS + "domain", RDFS + "range", RDFS + "seeAlso", RDFS + "isDefinedBy", OWL + "imports"}
    | {OWL + "versionIRI", SKOS + "broadMatch", SKOS + "narrowMatch", SKOS + "relatedMatch", SKOS + "inScheme"}
    | {*TEXTS, DCTERMS + "license", DCTERMS + "conformsTo", *both("license", "sameAs")}
)
"""Predicates whose object is not made a thing of the graph by being one."""
NO_THINGS: Final = frozenset(
    {OWL + name for name in ("Ontology", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "Restriction")}
    | {RDF + "Property", RDF + "Statement", OWL + "AllDisjointClasses", SHACL + "NodeShape", SHACL + "PropertyShape"}
    | {RDFS + "Datatype", "http://www.w3.org/ns/prov#Bundle"}
)
"""Types of what is no thing that a question could be about."""
