"""What is said about statements: when and where they hold, who says so, and what they were derived from.

Three standard forms are read (see ``docs/guides/graph.md``): a reifier of RDF 1.2 (``rdf:reifies``, ``<< s p o >>``
and ``{| … |}``), a reified statement of RDF 1.1 (``rdf:Statement``), and statements about a named graph or about the
file itself (``<>``).
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kgqa.graph import vocabulary as v
from kgqa.graph.adjacency import Adjacency
from kgqa.graph.terms import from_ox
from kgqa.types import Term, Triple, Validity

FROM = (
    *v.both("validFrom", "startDate", "legislationDateVersion"),
    v.ELI + "first_date_entry_in_force",
    v.DCTERMS + "issued",
)
UNTIL = (*v.both("validThrough", "validUntil", "endDate", "expires"), v.ELI + "date_no_longer_in_force")
PLACE = (*v.both("legislationJurisdiction", "spatialCoverage"), v.ELI + "jurisdiction", v.DCTERMS + "spatial")
REPLACED = (v.DCTERMS + "isReplacedBy", v.ELI + "repealed_by", *v.both("supersededBy"))
SOURCE = (
    v.DCTERMS + "source",
    v.DC + "source",
    v.PROV + "wasDerivedFrom",
    v.PROV + "hadPrimarySource",
    *v.both("isBasedOn", "citation"),
)
ALWAYS = Validity()
MEANT = frozenset({*FROM, *UNTIL, *PLACE, *REPLACED, *SOURCE})


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is said about a statement.

    :param sources: who says it, beside the file that holds it.
    :param premises: statements that a derived one follows from, as numbers of the adjacency.
    """

    validity: Validity = ALWAYS
    sources: tuple[str, ...] = ()
    rule: str = ""
    premises: tuple[int, ...] = ()


def day(text: str) -> date | None:
    """Return the day that an xsd:date, xsd:dateTime, xsd:gYearMonth or xsd:gYear begins with, or ``None``."""
    for form in (text[:10], text[:7] + "-01", text[:4] + "-01-01"):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(form)
    return None


def annotation(said: Iterable[tuple[str, Term]]) -> Annotation | None:
    """Return what (predicate, object) pairs about a statement, graph or file mean, or ``None``."""
    start = end = place = replaced = None
    sources: list[str] = []
    for predicate, term in said:
        if predicate in FROM:
            start = max(filter(None, (start, day(term.value))), default=None)
        elif predicate in UNTIL:
            end = min(filter(None, (end, _last(term.value))), default=None)
        elif predicate in PLACE:
            place = place or term.value
        elif predicate in REPLACED:
            replaced = replaced or term.value
        elif predicate in SOURCE:
            sources.append(term.value)
    if not (start or end or place or replaced or sources):
        return None
    return Annotation(Validity(start, end, place, replaced), tuple(sources))


def _last(text: str) -> date | None:
    first = day(text)
    if first is None or len(text) >= 10:
        return first
    if len(text) == 7:
        return date(first.year + (first.month == 12), first.month % 12 + 1, 1) - date.resolution
    return date(first.year, 12, 31)


def of_statements(graph: Adjacency) -> dict[int, Annotation]:
    """Return the annotations of all reified statements that the graph also states."""
    found: dict[int, Annotation] = {}
    for reifier, triple in (*_reifiers(graph), *_statements(graph)):
        statement = _lookup(graph, triple)
        said = _about(graph, reifier)
        if statement is not None and (new := annotation(said)) is not None:
            found[statement] = _merged(found.get(statement), new)
    return found


def _merged(old: Annotation | None, new: Annotation) -> Annotation:
    if old is None:
        return new
    validity = old.validity if old.validity != Validity() else new.validity
    return Annotation(validity, tuple(dict.fromkeys(old.sources + new.sources)), old.rule, old.premises)


def _about(graph: Adjacency, subject: int) -> list[tuple[str, Term]]:
    predicates, objects, _ = graph.out(subject)
    names = [graph.term(n).value for n in predicates.tolist()]
    return [(name, graph.term(o)) for name, o in zip(names, objects.tolist(), strict=True) if name in MEANT]


def _reifiers(graph: Adjacency) -> Iterable[tuple[int, tuple[Term, Term, Term]]]:
    predicate = graph.number(Term(v.RDF + "reifies"))
    if predicate is None:
        return
    for statement in (graph.out_predicates == predicate).nonzero()[0].tolist():
        text = graph.term(int(graph.out_objects[statement])).value
        quads = list(ox.parse(f"_:x <{v.RDF}reifies> {text} .".encode(), ox.RdfFormat.N_TRIPLES))
        inner = quads[0].object
        yield graph.subject_of(statement), (from_ox(inner.subject), from_ox(inner.predicate), from_ox(inner.object))


def _statements(graph: Adjacency) -> Iterable[tuple[int, tuple[Term, Term, Term]]]:
    parts = [graph.number(Term(v.RDF + name)) for name in ("subject", "predicate", "object")]
    if None in parts:
        return
    for statement in (graph.out_predicates == parts[0]).nonzero()[0].tolist():
        node = graph.subject_of(statement)
        terms = [graph.objects(node, part).tolist() for part in parts if part is not None]
        if all(len(objects) == 1 for objects in terms):
            subject, predicate, thing = (graph.term(objects[0]) for objects in terms)
            yield node, (subject, predicate, thing)


def _lookup(graph: Adjacency, triple: tuple[Term, Term, Term]) -> int | None:
    subject, predicate, thing = (graph.number(term) for term in triple)
    return None if subject is None or predicate is None or thing is None else graph.statement(subject, predicate, thing)


# --- on disk ---------------------------------------------------------------------------------------------------------


def save(path: Path, found: Mapping[int, Annotation]) -> None:
    """Write annotations to a new SQLite file."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE annotation (statement INTEGER PRIMARY KEY, data TEXT NOT NULL)")
        rows = ((number, json.dumps(to_json(item), ensure_ascii=False)) for number, item in found.items())
        db.executemany("INSERT INTO annotation VALUES (?, ?)", rows)


def to_json(item: Annotation) -> dict[str, Any]:
    """Return an annotation as plain data."""
    validity = item.validity
    return {
        "from": validity.valid_from and validity.valid_from.isoformat(),
        "to": validity.valid_to and validity.valid_to.isoformat(),
        "place": validity.jurisdiction,
        "replaced": validity.superseded_by,
        "sources": item.sources,
        "rule": item.rule,
        "premises": item.premises,
    }


def from_json(data: Mapping[str, Any]) -> Annotation:
    """Return the annotation that :func:`to_json` wrote."""
    start, end = (date.fromisoformat(text) if text else None for text in (data["from"], data["to"]))
    validity = Validity(start, end, data["place"], data["replaced"])
    return Annotation(validity, tuple(data["sources"]), data["rule"], tuple(data["premises"]))


def premises(triple: Triple, graph: Adjacency) -> int | None:
    """Return the number of a statement, ``None`` if it is not in the graph."""
    return _lookup(graph, (triple.subject, triple.predicate, triple.object))
