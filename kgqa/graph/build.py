"""Makes a graph folder from source files.

``graph.json`` (format, counts, where statements are from), ``oxigraph/`` (each statement once, in the default graph;
statements of TriG and N-Quads also under their own graph's name), ``adjacency/``, ``schema.json``,
``annotations.sqlite``, ``names/`` (for entity linking), ``shapes.json`` (where there are shapes).

Statements are not put into a graph for each file, because the union of graphs counts a statement that two files make
twice; which files state it is kept in the adjacency instead.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import pyoxigraph as ox

from kgqa.errors import IndexFault
from kgqa.graph import describe, excerpts, linking, naming, remarks
from kgqa.graph.adjacency import Adjacency, AdjacencyBuilder
from kgqa.graph.excerpts import ACCEPTED, UNREVIEWED, ReadFromText
from kgqa.graph.load import LIMITS, Limits, LoadReport, Parsed, Progress, is_plain_note, parse_files
from kgqa.graph.remarks import Annotation
from kgqa.graph.rules import Derived, RuleSet, apply_rules
from kgqa.graph.store import FORMAT, GraphStore
from kgqa.graph.tables import TableMapping
from kgqa.graph.terms import node, to_ox
from kgqa.types import Term


@dataclass(frozen=True, slots=True)
class Origin:
    """Where statements are from: a file, a graph in it, or a rule."""

    file: str = ""
    graph: str = ""
    rule: str = ""


@dataclass(slots=True)
class _Parts:
    """What is collected while files are read."""

    adjacency: AdjacencyBuilder = field(default_factory=AdjacencyBuilder)
    origins: dict[Origin, int] = field(default_factory=dict)
    triples: list[Path] = field(default_factory=list)
    quads: list[Path] = field(default_factory=list)
    blank: list[tuple[Path, Any]] = field(default_factory=list)
    files: list[tuple[str, int]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def origin(self, origin: Origin) -> int:
        return self.origins.setdefault(origin, len(self.origins))


def build_graph(
    files: Sequence[Path],
    root: Path,
    folder: Path,
    tables: Sequence[TableMapping] = (),
    rules: RuleSet | None = None,
    progress: Progress | None = None,
    limits: Limits = LIMITS,
    shapes: Sequence[Path] = (),
    read: ReadFromText | None = None,
) -> LoadReport:
    """Make a graph folder; a bad file is reported and the rest is loaded.

    :param root: sources are named relative to this folder.
    :param folder: must not exist or be empty.
    :param shapes: files of SHACL shapes; named relative to their own folder in the report.
    :param read: statements that were read from text: those that may answer are statements of the graph like others and know
        their sentences; all of them are in named graphs of their own (:data:`~kgqa.graph.excerpts.ACCEPTED`,
        :data:`~kgqa.graph.excerpts.UNREVIEWED`).
    :raises IndexFault: if the folder holds something.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise IndexFault(f"{folder} is not empty; name another folder")
    work = folder / "parsing"
    work.mkdir()
    parts = _Parts()
    for result in parse_files(files, root, work, tables, progress, limits):
        _take(result, parts)
    store = ox.Store(str(folder / "oxigraph"))
    store.bulk_load(_joined(parts.triples), format=ox.RdfFormat.N_TRIPLES)
    store.bulk_load(_joined(parts.quads), format=ox.RdfFormat.N_QUADS)
    for path, kind in parts.blank:
        # Loading gives blank nodes new names; parsed one by one they keep those that the adjacency knows them by.
        store.bulk_extend(_named(quad) for quad in ox.parse(path=str(path), format=kind))
    shutil.rmtree(work)
    if read is not None:
        _take_read(read, store, parts)
    derived = apply_rules(store, rules, parts.notes, parts.problems) if rules else []
    for item in derived:
        subject, predicate, thing = item.triple
        parts.adjacency.add(subject, predicate, thing, parts.origin(Origin(rule=item.rule)))
    store.flush()
    del store
    report = _finish(folder, parts, derived, read)
    return _check(folder, shapes, report) if shapes else report


def _check(folder: Path, files: Sequence[Path], report: LoadReport) -> LoadReport:
    """Validate the graph and keep what the shapes expect."""
    from kgqa.graph import shapes as shacl

    wanted, problems = shacl.read_shapes(files, Path(os.path.commonpath([file.parent for file in files])))
    notes = list(report.notes)
    found: list[shacl.Violation] = []
    store = GraphStore.open(folder)
    if len(store) <= shacl.MAX_VALIDATED:
        try:
            found = shacl.validate(store, wanted)
        except Exception as error:  # pySHACL raises many kinds for shapes that it cannot run
            problems.append(("shapes", f"cannot be run: {' '.join(str(error).split())[:300]}"))
    else:
        notes.append(f"shapes: not validated, the graph has more than {shacl.MAX_VALIDATED} statements")
    shacl.save(folder / "shapes.json", shacl.expectations(wanted), found)
    return replace(report, problems=(*report.problems, *problems), violations=len(found), notes=tuple(notes))


def _take(result: Parsed | tuple[str, str], parts: _Parts) -> None:
    if not isinstance(result, Parsed):
        if is_plain_note(result[0]):
            parts.notes.append(f"{result[0]}: no graph file, left out")
        else:
            parts.problems.append(result)
        return
    runs = [(parts.origin(Origin(result.name, graph)), count) for graph, count in result.runs]
    parts.adjacency.read(result.triples, runs)
    if result.blanks:
        parts.blank.append((result.triples, ox.RdfFormat.N_TRIPLES))
        parts.blank += [(result.quads, ox.RdfFormat.N_QUADS)] if result.quads is not None else []
    else:
        parts.triples.append(result.triples)
        parts.quads += [result.quads] if result.quads is not None else []
    count = sum(count for _, count in runs)
    parts.files.append((result.name, count))
    if not count:
        parts.notes.append(f"{result.name}: no statements")


def _named(item: Any) -> Any:
    return ox.Quad(item.subject, item.predicate, item.object, getattr(item, "graph_name", ox.DefaultGraph()))


def _take_read(read: ReadFromText, store: Any, parts: _Parts) -> None:
    """Put statements that were read from text into the store, and those that may answer among the graph's own."""
    for item in read.statements:
        name = ACCEPTED if item.accepted else UNREVIEWED
        subject, predicate, thing = (to_ox(term) for term in item.triple)
        store.add(ox.Quad(subject, predicate, thing, ox.NamedNode(name)))
        if item.answers:
            store.add(ox.Quad(subject, predicate, thing))
            parts.adjacency.add(*item.triple, parts.origin(Origin(item.document, name)))


def _finish(folder: Path, parts: _Parts, derived: Sequence[Derived], read: ReadFromText | None = None) -> LoadReport:
    sets = parts.adjacency.write(folder / "adjacency")
    graph = Adjacency(folder / "adjacency")
    schema = describe.describe(graph)
    describe.save(schema, naming.roles(schema.predicates), folder / "schema.json")
    said = remarks.of_statements(graph)
    for item in derived:
        _explain(graph, item, said)
    remarks.save(folder / "annotations.sqlite", said)
    if read is not None and read.statements:
        excerpts.save(folder, ((n, i) for i in read.statements if (n := _number(graph, i.triple)) is not None))
    report = LoadReport(
        tuple(parts.files), tuple(parts.problems), graph.statements, len(derived), notes=tuple(parts.notes)
    )
    meta = {
        "format": FORMAT,
        "triples": graph.statements,
        "derived": len(derived),
        "files": parts.files,
        "origins": [_origin(graph, origin) for origin in parts.origins],
        "sets": sets,
    }
    (folder / "graph.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
    linking.write_names(GraphStore.open(folder), folder / "names")
    return report


def _explain(graph: Adjacency, item: Derived, said: dict[int, Annotation]) -> None:
    number = _number(graph, item.triple)
    if number is None:
        return
    premises = tuple(found for premise in item.premises if (found := _number(graph, premise)) is not None)
    old = said.get(number, Annotation())
    said[number] = Annotation(old.validity, old.sources, item.rule, premises)


def _number(graph: Adjacency, triple: tuple[Term, Term, Term]) -> int | None:
    subject, predicate, thing = (graph.number(term) for term in triple)
    return None if subject is None or predicate is None or thing is None else graph.statement(subject, predicate, thing)


def _origin(graph: Adjacency, origin: Origin) -> dict[str, Any]:
    """Return an origin with what the graph says about its file and its named graph."""
    from kgqa.graph.parsing import base_iri

    names = [base_iri(origin.file)] if origin.file else []
    names += [origin.graph] if origin.graph else []
    said: list[tuple[str, Term]] = []
    for name in names:
        number = graph.number(node(name))
        if number is not None:
            predicates, objects, _ = graph.out(number)
            said += [
                (graph.term(p).value, graph.term(o)) for p, o in zip(predicates.tolist(), objects.tolist(), strict=True)
            ]
    found = remarks.annotation(said)
    data = {"file": origin.file, "graph": origin.graph, "rule": origin.rule}
    return data | ({"said": remarks.to_json(found)} if found else {})


def _joined(paths: Sequence[Path]) -> IO[bytes]:
    return io.BufferedReader(_Joined(paths), 1 << 20)


class _Joined(io.RawIOBase):
    """Several files read as one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = iter(paths)
        self._now: IO[bytes] | None = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; 0 is the end of the last file."""
        while True:
            if self._now is None:
                path = next(self._paths, None)
                if path is None:
                    return 0
                self._now = path.open("rb")
            data = self._now.read(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
            self._now.close()
            self._now = None
