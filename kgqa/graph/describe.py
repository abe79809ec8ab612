"""Works out a graph's schema from its statements, once, when the graph is built."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgqa.graph import vocabulary as v
from kgqa.graph.adjacency import Adjacency
from kgqa.graph.naming import MAX_NAME, Roles
from kgqa.graph.schema import ClassInfo, Name, NameKind, PredicateInfo, Schema
from kgqa.types import Term

FUNCTIONAL_FROM = 10
"""A predicate counts as functional when no subject has two objects and at least this many subjects have one."""
_META = (v.RDF, v.RDFS, v.OWL)
_CLASS_TYPES = (v.OWL + "Class", v.RDFS + "Class")


def describe(graph: Adjacency) -> Schema:
    """Return the schema of a graph."""
    return _Describer(graph).schema()


def save(schema: Schema, naming: Roles, path: Path) -> None:
    """Write a schema and the naming predicates as JSON."""
    data = {
        "predicates": [asdict(info) for info in schema.predicates.values()],
        "classes": [asdict(info) for info in schema.classes.values()],
        "naming": naming,
    }
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def load(path: Path) -> tuple[Schema, Roles]:
    """Read what :func:`save` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    predicates = [PredicateInfo(**_frozen(fields)) for fields in data["predicates"]]
    classes = [ClassInfo(**_frozen(fields)) for fields in data["classes"]]
    schema = Schema({info.iri: info for info in predicates}, {info.iri: info for info in classes})
    return schema, data["naming"]


def _frozen(fields: dict[str, Any]) -> dict[str, Any]:
    names = tuple(Name(**name) for name in fields.pop("names"))
    return {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()} | {"names": names}


class _Describer:
    """Counts over the arrays of a graph."""

    def __init__(self, graph: Adjacency) -> None:
        self._graph = graph
        self._subjects = np.repeat(np.arange(graph.terms, dtype=np.uint32), np.diff(graph.out_starts).astype(np.int64))
        self._predicates: NDArray[np.uint32] = np.asarray(graph.out_predicates)
        self._objects: NDArray[np.uint32] = np.asarray(graph.out_objects)
        self._kinds = _term_kinds(graph)
        self._classes = self._classes_of()

    def schema(self) -> Schema:
        """Return the schema."""
        numbers = [int(number) for number in np.unique(self._predicates)]
        found = {self._iri(number): self._predicate(number) for number in numbers}
        for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty"):
            for number in self._instances(v.OWL + kind):
                found.setdefault(self._iri(number), self._predicate(number))
        for number in self._instances(v.RDF + "Property"):
            found.setdefault(self._iri(number), self._predicate(number))
        found = {iri: info for iri, info in found.items() if iri}
        return Schema(found, self._class_infos(found))

    # --- classes ----------------------------------------------------------------------------------------------------

    def _classes_of(self) -> dict[int, tuple[int, ...]]:
        """Return for each term its classes; a class in a hierarchy counts for the hierarchy's roots."""
        types = self._pairs(v.TYPE)
        classes: dict[int, tuple[int, ...]] = {}
        meta: set[int | None] = {
            number for name in (*_CLASS_TYPES, v.OWL + "NamedIndividual") if (number := self._number(name)) is not None
        }
        for subject, kind in types:
            if kind not in meta:
                classes[subject] = (*classes.get(subject, ()), kind)
        parents: dict[int, list[int]] = {}
        for below, above in self._pairs(v.SUBCLASS):
            if self._kinds[above] == 0:
                parents.setdefault(below, []).append(above)
        tops: dict[int, frozenset[int]] = {}
        for number in parents:
            for root in _tops(number, parents, tops):
                classes[number] = (*classes.get(number, ()), root)
        # A root counts for itself only where its members are used as things, which its descendants' statements show.
        return classes

    def _class_infos(self, predicates: Mapping[str, PredicateInfo]) -> dict[str, ClassInfo]:
        counts: Counter[int] = Counter(kind for kinds in self._classes.values() for kind in kinds)
        for name in _CLASS_TYPES:
            for number in self._instances(name):
                counts.setdefault(number, 0)
        declared = {iri for info in predicates.values() for iri in (*info.domain, *info.range)}
        for iri in declared:
            known = self._number(iri)
            if known is not None and not iri.startswith(v.XSD):
                counts.setdefault(known, 0)
        wanted = self._own_classes(counts)
        return {
            self._iri(number): ClassInfo(
                self._iri(number),
                self._names(number),
                self._comment(number),
                counts[number],
                self._iris(number, v.SUBCLASS),
            )
            for number in wanted
        }

    def _own_classes(self, counts: Counter[int]) -> list[int]:
        """Leave out the thousands of classes that are the graph's things themselves, not its schema."""
        members = {below for below, _ in self._pairs(v.SUBCLASS)}
        used = {number for number, count in counts.items() if count}
        few = len(counts) <= 300
        return [
            number
            for number in sorted(counts)
            if self._kinds[number] == 0
            and (few or number in used or number not in members)
            and not self._iri(number).startswith(_META)
        ]

    # --- predicates -------------------------------------------------------------------------------------------------

    def _predicate(self, number: int) -> PredicateInfo:
        rows = np.flatnonzero(self._predicates == number)
        subjects, objects = self._subjects[rows], self._objects[rows]
        distinct = len(np.unique(subjects))
        literal = self._kinds[objects] == 1
        kinds = set(self._iris(number, v.TYPE))
        functional = v.OWL + "FunctionalProperty" in kinds
        return PredicateInfo(
            iri=self._iri(number),
            names=self._names(number),
            comment=self._comment(number),
            count=len(rows),
            subjects=distinct,
            objects=len(np.unique(objects)),
            domain=self._iris(number, v.RDFS + "domain"),
            range=self._iris(number, v.RDFS + "range"),
            subject_classes=self._histogram(subjects),
            object_classes=self._histogram(objects[~literal]),
            datatypes=self._datatypes(objects[literal]),
            superpredicates=self._iris(number, v.SUBPROPERTY),
            subpredicates=self._below(number),
            inverse=self._inverse(number),
            symmetric=v.OWL + "SymmetricProperty" in kinds or self._iri(number) in v.SYMMETRIC,
            transitive=v.OWL + "TransitiveProperty" in kinds or self._iri(number) in v.HIERARCHIES,
            functional=functional or (distinct == len(rows) and distinct >= FUNCTIONAL_FROM),
        )

    def _histogram(self, terms: NDArray[np.uint32]) -> dict[str, int]:
        counts: Counter[int] = Counter()
        values, numbers = np.unique(terms, return_counts=True)
        for value, count in zip(values.tolist(), numbers.tolist(), strict=True):
            for kind in self._classes.get(value, ()):
                counts[kind] += count
        return {self._iri(kind): count for kind, count in counts.most_common(50)}

    def _datatypes(self, literals: NDArray[np.uint32]) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for number in literals[:: max(1, len(literals) // 20_000)].tolist():
            term = self._graph.term(number)
            counts[v.RDF + "langString" if term.language else term.datatype] += 1
        scale = len(literals) / max(1, sum(counts.values()))
        return {datatype: round(count * scale) for datatype, count in counts.most_common()}

    def _below(self, number: int) -> tuple[str, ...]:
        predicate = self._number(v.SUBPROPERTY)
        if predicate is None:
            return ()
        found: dict[int, None] = {}
        front = [number]
        while front:
            for below in self._graph.subjects(front.pop(), predicate).tolist():
                if below not in found and below != number:
                    found[below] = None
                    front.append(below)
        return tuple(self._iri(below) for below in found)

    def _inverse(self, number: int) -> tuple[str, ...]:
        predicate = self._number(v.OWL + "inverseOf")
        back = [] if predicate is None else self._graph.subjects(number, predicate).tolist()
        return tuple(dict.fromkeys((*self._iris(number, v.OWL + "inverseOf"), *(self._iri(other) for other in back))))

    # --- small things -----------------------------------------------------------------------------------------------

    def _names(self, number: int) -> tuple[Name, ...]:
        groups: tuple[tuple[NameKind, tuple[str, ...]], ...] = (("label", v.LABELS), ("alias", v.ALIASES))
        return tuple(
            Name(term.value, kind, term.language, predicate)
            for kind, predicates in groups
            for predicate in predicates
            for term in self._literals(number, predicate)
            if len(term.value) <= MAX_NAME
        )

    def _comment(self, number: int) -> str:
        texts = [term for predicate in v.DEFINITIONS for term in self._literals(number, predicate)]
        texts.sort(key=lambda term: term.language not in ("", "en"))
        return texts[0].value if texts else ""

    def _literals(self, number: int, predicate: str) -> list[Term]:
        key = self._number(predicate)
        if key is None:
            return []
        terms = (self._graph.term(n) for n in self._graph.objects(number, key).tolist())
        return [term for term in terms if term.kind == "literal"]

    def _iris(self, number: int, predicate: str) -> tuple[str, ...]:
        key = self._number(predicate)
        found = [] if key is None else self._graph.objects(number, key).tolist()
        return tuple(self._iri(n) for n in found if self._kinds[n] == 0)

    def _pairs(self, predicate: str) -> list[tuple[int, int]]:
        key = self._number(predicate)
        rows = np.flatnonzero(self._predicates == key) if key is not None else np.zeros(0, np.intp)
        return list(zip(self._subjects[rows].tolist(), self._objects[rows].tolist(), strict=True))

    def _instances(self, kind: str) -> list[int]:
        predicate, number = self._number(v.TYPE), self._number(kind)
        if predicate is None or number is None:
            return []
        return [n for n in self._graph.subjects(number, predicate).tolist() if self._kinds[n] == 0]

    def _number(self, iri: str) -> int | None:
        return self._graph.number(Term(iri))

    def _iri(self, number: int) -> str:
        return self._graph.term(number).value if self._kinds[number] == 0 else ""


def _tops(number: int, parents: Mapping[int, list[int]], known: dict[int, frozenset[int]]) -> frozenset[int]:
    """Return the roots above a class; each walk is bounded by the class's own ancestors, cycles included."""
    if number in known:
        return known[number]
    seen, front = {number}, [number]
    roots: set[int] = set()
    while front:
        for above in parents.get(front.pop(), ()):
            if above in seen:
                continue
            seen.add(above)
            if above in known:
                roots |= known[above]
            elif above in parents:
                front.append(above)
            else:
                roots.add(above)
    known[number] = frozenset(roots)
    return known[number]


def _term_kinds(graph: Adjacency) -> NDArray[np.uint8]:
    """Return 0 for each IRI, 1 for each literal, 2 for blank nodes and quoted triples."""
    starts = graph.term_starts()[:-1].astype(np.int64)
    if not len(starts):
        return np.zeros(0, np.uint8)
    blob = np.frombuffer(graph.blob(), np.uint8)
    first = blob[starts]
    second = blob[np.minimum(starts + 1, len(blob) - 1)]
    iri = (first == ord("<")) & (second != ord("<"))
    return np.where(iri, 0, np.where(first == ord('"'), 1, 2)).astype(np.uint8)
