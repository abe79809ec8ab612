"""OBO files as triples, in the vocabulary that ontologies use in OWL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote

import pyoxigraph as ox

from kgqa.graph import vocabulary as v

_SCOPES = {
    "EXACT": v.ALT_LABEL,
    "RELATED": v.OBO_IN_OWL + "hasRelatedSynonym",
    "NARROW": v.OBO_IN_OWL + "hasNarrowSynonym",
    "BROAD": v.OBO_IN_OWL + "hasBroadSynonym",
}
_TEXT = {
    "name": v.LABEL,
    "comment": v.COMMENT,
    "alt_id": v.OBO_IN_OWL + "hasAlternativeId",
    "subset": v.OBO_IN_OWL + "inSubset",
    "exact_synonym": v.ALT_LABEL,
    "narrow_synonym": _SCOPES["NARROW"],
    "broad_synonym": _SCOPES["BROAD"],
}
_FLAGS = {
    "is_transitive": v.OWL + "TransitiveProperty",
    "is_symmetric": v.OWL + "SymmetricProperty",
    "is_functional": v.OWL + "FunctionalProperty",
}
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*([A-Z]*)')
_ESCAPE = re.compile(r"\\(.)")


class OboFault(ValueError):
    """An OBO file is broken; the message says where."""


def read_obo(handle: IO[bytes]) -> Iterator[Any]:
    """Yield the triples of an OBO file.

    Names become ``rdfs:label``, synonyms ``skos:altLabel`` or ``oboInOwl:has…Synonym`` by scope, definitions
    ``skos:definition``, ``is_a`` ``rdfs:subClassOf``, relationships statements between the terms, cross references
    ``oboInOwl:hasDbXref``, as in the OWL editions of the same ontologies.

    :raises OboFault: with line and reason.
    """
    from obonet.read import get_sections

    line = 0

    def lines() -> Iterator[str]:
        nonlocal line
        for raw in handle:
            line += 1
            yield raw.decode("utf-8-sig" if line == 1 else "utf-8")

    try:
        typedefs, terms, instances, _ = get_sections(lines())
    except (ValueError, UnicodeDecodeError) as error:
        raise OboFault(f"line {line}: {' '.join(str(error).split())[:200]}") from None
    for stanzas, kind in ((typedefs, "ObjectProperty"), (terms, "Class"), (instances, "NamedIndividual")):
        for stanza in stanzas:
            yield from _stanza(stanza, v.OWL + kind)


def iri(ident: str) -> str:
    """Return the IRI of an OBO identifier: ``DOID:633`` becomes ``http://purl.obolibrary.org/obo/DOID_633``."""
    text = _plain(ident.strip())
    if text.startswith(("http://", "https://", "urn:")):
        return text
    return v.OBO + "_".join(quote(part, safe="") for part in text.split(":", 1))


def _stanza(stanza: dict[str, Any], kind: str) -> Iterator[Any]:
    if not stanza.get("id"):
        raise OboFault(f"a stanza without an id (name {str(stanza.get('name'))[:60]!r})")
    ident = _plain(stanza["id"])
    subject = ox.NamedNode(iri(ident))
    yield ox.Triple(subject, ox.NamedNode(v.TYPE), ox.NamedNode(kind))
    yield ox.Triple(subject, ox.NamedNode(v.DCTERMS + "identifier"), ox.Literal(ident))
    for tag, values in stanza.items():
        for value in values if isinstance(values, list) else [values]:
            for predicate, thing in _clause(tag, value, kind):
                yield ox.Triple(subject, ox.NamedNode(predicate), thing)


def _clause(tag: str, value: str, kind: str) -> Iterator[tuple[str, Any]]:
    if tag in _TEXT:
        yield _TEXT[tag], ox.Literal(_plain(value) if not value.startswith('"') else _quoted(value)[0])
    elif tag == "def":
        yield v.DEFINITIONS[0], ox.Literal(_quoted(value)[0])
    elif tag == "synonym":
        text, scope = _quoted(value)
        yield _SCOPES.get(scope, _SCOPES["RELATED"]), ox.Literal(text)
    elif tag == "xref":
        yield v.OBO_IN_OWL + "hasDbXref", ox.Literal(_plain(value.split(' "', 1)[0]))
    elif tag == "is_a":
        yield (v.SUBPROPERTY if kind.endswith("Property") else v.SUBCLASS), ox.NamedNode(iri(value))
    elif tag in ("relationship", "instance_of", "inverse_of"):
        yield from _relation(tag, value)
    elif tag in _FLAGS and value == "true":
        yield v.TYPE, ox.NamedNode(_FLAGS[tag])
    elif tag == "is_obsolete" and value == "true":
        yield v.OWL + "deprecated", ox.Literal("true", datatype=ox.NamedNode(v.XSD + "boolean"))


def _relation(tag: str, value: str) -> Iterator[tuple[str, Any]]:
    if tag == "instance_of":
        yield v.TYPE, ox.NamedNode(iri(value))
    elif tag == "inverse_of":
        yield v.OWL + "inverseOf", ox.NamedNode(iri(value))
    else:
        parts = value.split()
        if len(parts) < 2:
            raise OboFault(f"a relationship without a target: {value[:80]!r}")
        yield iri(parts[0]), ox.NamedNode(iri(parts[1]))


def _quoted(value: str) -> tuple[str, str]:
    """Return a quoted text and the word after it."""
    match = _QUOTED.match(value)
    if match is None:
        raise OboFault(f"a quoted text is expected in {value[:80]!r}")
    return _plain(match[1]), match[2]


def _plain(value: str) -> str:
    return _ESCAPE.sub(lambda match: {"n": "\n", "t": "\t", "W": " "}.get(match[1], match[1]), value)
