"""SHACL: validation by pySHACL, and what a shape expects of an entity that nobody has stated."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kgqa.graph import vocabulary as v
from kgqa.graph.load import Parsed, parse_files
from kgqa.graph.store import GraphStore
from kgqa.graph.terms import from_ox
from kgqa.graph.view import View
from kgqa.types import Term

MAX_VALIDATED = 500_000
"""Largest graph in statements that is validated when it is built; pySHACL holds it in memory."""
_SH = v.SHACL


@dataclass(frozen=True, slots=True)
class Violation:
    """One result of a validation.

    :param focus: entity that is wrong.
    :param path: predicate concerned, or empty.
    :param severity: ``Violation``, ``Warning`` or ``Info``.
    """

    focus: str
    path: str
    message: str
    severity: str = "Violation"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A property that a shape wants of the entities it is for.

    :param classes: entities of these classes or of their subclasses are meant; ``nodes`` are named one by one.
    :param subjects_of: entities with one of these predicates are meant; ``objects_of`` likewise.
    :param inverse: whether the entity is the object of the wanted statements.
    :param least: how many statements are wanted.
    :param names: what the shape calls the property: pairs of language and text.
    """

    path: str
    least: int
    inverse: bool = False
    classes: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    subjects_of: tuple[str, ...] = ()
    objects_of: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()


def read_shapes(files: Sequence[Path], root: Path) -> tuple[Any, list[tuple[str, str]]]:
    """Read shape files into an Oxigraph store; return it and pairs of file and what is wrong."""
    shapes = ox.Store()
    problems: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as work:
        for result in parse_files(files, root, Path(work)):
            if isinstance(result, Parsed):
                shapes.load(path=str(result.triples), format=ox.RdfFormat.N_TRIPLES)
            else:
                problems.append(result)
    return shapes, problems


def expectations(shapes: Any) -> tuple[Expectation, ...]:
    """Return the properties that the shapes in a store want at least one value of.

    Property shapes count wherever a shape with a target leads to them: by ``sh:property``, by ``sh:node``, in the parts of
    ``sh:and``, or because they have a target themselves. What stands in ``sh:or``, ``sh:xone`` or ``sh:not`` is wanted of nobody
    for sure and is left out.
    """
    found: dict[Expectation, None] = {}
    for shape in _targeted(shapes):
        target = {
            "classes": _values(shapes, shape, "targetClass") + _implicit(shapes, shape),
            "nodes": _values(shapes, shape, "targetNode"),
            "subjects_of": _values(shapes, shape, "targetSubjectsOf"),
            "objects_of": _values(shapes, shape, "targetObjectsOf"),
        }
        if any(target.values()):
            for prop in _properties(shapes, shape, frozenset()):
                found.update((item, None) for item in _expected(shapes, prop, target))
    return tuple(sorted(found, key=lambda item: (item.classes, item.path)))


def _targeted(shapes: Any) -> list[Any]:
    """Return the shapes that may have a target, in a fixed order."""
    told = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "property", "node", "and")
    found = {q.subject for name in told for q in shapes.quads_for_pattern(None, _node(_SH + name), None, None)}
    return sorted(found, key=str)


def _properties(shapes: Any, shape: Any, seen: frozenset[Any]) -> Iterator[Any]:
    """Yield the property shapes that whatever conforms to a shape conforms to."""
    if shape in seen:
        return
    if _objects(shapes, shape, "path"):
        yield shape
        return
    seen = seen | {shape}
    parts = [*_objects(shapes, shape, "property"), *_objects(shapes, shape, "node")]
    for head in _objects(shapes, shape, "and"):
        parts += _list(shapes, head)
    for part in parts:
        yield from _properties(shapes, part, seen)


def _list(shapes: Any, head: Any) -> list[Any]:
    """Return the members of an RDF list."""
    members: list[Any] = []
    visited: set[Any] = set()
    while head not in visited and head != _node(v.RDF + "nil"):
        visited.add(head)
        members += [q.object for q in shapes.quads_for_pattern(head, _node(v.RDF + "first"), None, None)]
        head = next((q.object for q in shapes.quads_for_pattern(head, _node(v.RDF + "rest"), None, None)), head)
    return members


def missing(view: View, wanted: Iterable[Expectation], iri: str, language: str = "en") -> tuple[str, ...]:
    """Return the names of the properties that the shapes want of an entity and that are not visibly stated often enough."""
    kinds: set[str] = set()
    for kind in view.types(iri):
        kinds |= {kind, *view.store.closure(kind, v.SUBCLASS)}
    found: list[str] = []
    for item in wanted:
        if not _meant(view, item, iri, kinds):
            continue
        count = len(view.subjects(iri, item.path)) if item.inverse else len(view.objects(iri, item.path))
        if count < item.least:
            names = dict(item.names)
            found.append(names.get(language) or names.get("") or view.label(item.path, language))
    return tuple(dict.fromkeys(found))


def _meant(view: View, item: Expectation, iri: str, kinds: set[str]) -> bool:
    return (
        bool(kinds.intersection(item.classes))
        or iri in item.nodes
        or any(view.objects(iri, predicate) for predicate in item.subjects_of)
        or any(view.subjects(iri, predicate) for predicate in item.objects_of)
    )


def save(path: Path, wanted: Sequence[Expectation], found: Sequence[Violation]) -> None:
    """Write expectations and the results of the validation as JSON."""
    data = {"expectations": [asdict(item) for item in wanted], "violations": [asdict(item) for item in found]}
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def load(path: Path) -> tuple[tuple[Expectation, ...], tuple[Violation, ...]]:
    """Read what :func:`save` wrote; nothing where there is no file."""
    if not path.exists():
        return (), ()
    data = json.loads(path.read_text(encoding="utf-8"))
    fields: list[dict[str, Any]] = data["expectations"]
    wanted = [Expectation(**{key: _frozen(value) for key, value in item.items()}) for item in fields]
    return tuple(wanted), tuple(Violation(**item) for item in data["violations"])


def validate(store: GraphStore, shapes: Any) -> list[Violation]:
    """Check the whole graph against shapes with pySHACL."""
    from pyshacl import validate as run

    data, wanted = _rdflib(_dump(store)), _rdflib(_lines(shapes))
    _, report, _ = run(
        data, shacl_graph=wanted, inference="none", advanced=False, do_owl_imports=False, meta_shacl=False
    )
    return sorted(_results(report), key=lambda item: (item.focus, item.path, item.message))


def _results(report: Any) -> Iterable[Violation]:
    from rdflib import RDF, Namespace

    sh = Namespace(_SH)
    for result in report.subjects(RDF.type, sh.ValidationResult):
        message = report.value(result, sh.resultMessage)
        severity = str(report.value(result, sh.resultSeverity) or "").rpartition("#")[2]
        path = report.value(result, sh.resultPath)
        focus = report.value(result, sh.focusNode)
        yield Violation(str(focus), str(path or ""), " ".join(str(message or "").split()), severity or "Violation")


def _rdflib(text: str) -> Any:
    from rdflib import Graph

    return Graph().parse(data=text, format="nt")


def _dump(store: GraphStore) -> str:
    # rdflib knows no quoted triples, and shapes are not about them.
    blob, starts = store.graph.blob(), store.graph.term_starts()
    terms = [str(blob[int(starts[n]) : int(starts[n + 1])], "utf-8") for n in range(store.graph.terms)]
    graph = store.graph
    lines = []
    for subject in range(graph.terms):
        predicates, objects, _ = graph.out(subject)
        for predicate, thing in zip(predicates.tolist(), objects.tolist(), strict=True):
            if not terms[thing].startswith("<<"):
                lines.append(f"{terms[subject]} {terms[predicate]} {terms[thing]} .")
    return "\n".join(lines) + "\n"


def _lines(shapes: Any) -> str:
    return "".join(f"{quad.subject} {quad.predicate} {quad.object} .\n" for quad in shapes)


def _expected(shapes: Any, prop: Any, target: dict[str, tuple[str, ...]]) -> Iterator[Expectation]:
    counts = [*_terms(shapes, prop, "minCount"), *_terms(shapes, prop, "qualifiedMinCount")]
    least = max((int(term.value) for term in counts if term.value.isdigit()), default=0)
    least = max(least, len(_objects(shapes, prop, "hasValue")))
    path = next(iter(_objects(shapes, prop, "path")), None)
    if least < 1 or path is None:
        return
    inverse = not isinstance(path, ox.NamedNode)
    iri = _values(shapes, path, "inversePath") if inverse else (path.value,)
    if iri:  # longer paths have no single statement that could be missing
        names = tuple((term.language.split("-")[0], term.value) for term in _terms(shapes, prop, "name"))
        yield Expectation(iri[0], least, inverse, names=names, **target)


def _implicit(shapes: Any, shape: Any) -> tuple[str, ...]:
    kinds = {q.object.value for q in shapes.quads_for_pattern(shape, _node(v.TYPE), None, None)}
    return (shape.value,) if kinds & {v.OWL + "Class", v.RDFS + "Class"} else ()


def _objects(shapes: Any, subject: Any, predicate: str) -> list[Any]:
    return [q.object for q in shapes.quads_for_pattern(subject, _node(_SH + predicate), None, None)]


def _values(shapes: Any, subject: Any, predicate: str) -> tuple[str, ...]:
    return tuple(sorted(o.value for o in _objects(shapes, subject, predicate) if isinstance(o, ox.NamedNode)))


def _terms(shapes: Any, subject: Any, predicate: str) -> list[Term]:
    return [term for o in _objects(shapes, subject, predicate) if (term := from_ox(o)).kind == "literal"]


def _node(iri: str) -> Any:
    return ox.NamedNode(iri)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
