"""The graph on disk: built once, opened read-only, hopped and queried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyoxigraph as ox

from kgqa.errors import QueryError
from kgqa.graph import vocabulary as v
from kgqa.graph.schema import ClassInfo, Name, PredicateInfo, Schema
from kgqa.graph.tables import TableMapping
from kgqa.graph.terms import from_ox, spoken, to_ox
from kgqa.types import Term, Triple

Progress = Callable[[int, int], None]
"""Called with the number of files done and of files in all."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a SELECT; an unbound cell is ``None``.

    :param truncated: whether the row limit cut the result.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What came of each file.

    :param files: pairs of file (relative to the root) and number of statements.
    :param problems: pairs of file and reason, one line each.
    :param triples: distinct statements in all.
    """

    files: tuple[tuple[str, int], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    triples: int = 0


class GraphStore:
    """A knowledge graph in a folder, read-only.

    Terms of the API: an entity is named by its IRI as text (a blank node as ``_:label``); anything that may be a literal is a :class:`Term`.
    """

    def __init__(self, store: Any, folder: Path) -> None:
        self._store = store
        self.folder = folder

    @classmethod
    def build(
        cls,
        files: Sequence[Path],
        root: Path,
        folder: Path,
        tables: Sequence[TableMapping] = (),
        progress: Progress | None = None,
    ) -> LoadReport:
        """Load RDF files into a new graph folder; a bad file is reported and the rest is loaded.

        :param root: sources are named relative to this folder.
        :param folder: where the graph goes; must not exist or be empty.
        """
        folder.mkdir(parents=True, exist_ok=True)
        store = ox.Store(str(folder / "oxigraph"))
        done: list[tuple[str, int]] = []
        problems: list[tuple[str, str]] = []
        for number, file in enumerate(files):
            name = file.relative_to(root).as_posix()
            before = len(store)
            try:
                store.bulk_load(path=str(file), to_graph=ox.NamedNode("urn:kgqa:file:" + name.replace(" ", "%20")))
                done.append((name, len(store) - before))
            except (SyntaxError, OSError, ValueError) as error:
                problems.append((name, str(error)))
            if progress:
                progress(number + 1, len(files))
        store.flush()
        return LoadReport(tuple(done), tuple(problems), len(store))

    @classmethod
    def open(cls, folder: Path) -> GraphStore:
        """Open a graph folder that :meth:`build` made.

        :raises IndexFault: if it is missing or damaged.
        """
        return cls(ox.Store.read_only(str(folder / "oxigraph")), folder)

    # --- hops -----------------------------------------------------------------------------------------------------------

    def out(self, iri: str) -> tuple[tuple[str, Term], ...]:
        """Return (predicate, object) of all statements about an entity."""
        return tuple({(q.predicate.value, from_ox(q.object)): None for q in self._quads(Term(iri), None, None)})

    def into(self, term: str | Term) -> tuple[tuple[str, str], ...]:
        """Return (subject, predicate) of all statements that have a term as object."""
        node = Term(term) if isinstance(term, str) else term
        return tuple({(q.subject.value, q.predicate.value): None for q in self._quads(None, None, node)})

    def objects(self, iri: str, predicate: str) -> tuple[Term, ...]:
        """Return the objects of an entity's statements with a predicate."""
        return tuple({from_ox(q.object): None for q in self._quads(Term(iri), predicate, None)})

    def subjects(self, term: str | Term, predicate: str) -> tuple[str, ...]:
        """Return the subjects of the statements with a predicate and an object."""
        node = Term(term) if isinstance(term, str) else term
        return tuple({q.subject.value: None for q in self._quads(None, predicate, node)})

    def closure(self, iri: str, predicate: str, direction: Literal["out", "into"] = "out") -> frozenset[str]:
        """Return all entities reached from one by a predicate, any number of times, without itself unless it is in a cycle."""
        seen: set[str] = set()
        front = [iri]
        while front:
            node = front.pop()
            if direction == "out":
                near = [term.value for term in self.objects(node, predicate) if term.kind == "iri"]
            else:
                near = list(self.subjects(node, predicate))
            fresh = [other for other in near if other not in seen]
            seen.update(fresh)
            front.extend(fresh)
        return frozenset(seen)

    def has(self, subject: str, predicate: str, object: str | Term) -> bool:
        """Tell whether a statement is in the graph."""
        node = Term(object) if isinstance(object, str) else object
        return next(iter(self._quads(Term(subject), predicate, node)), None) is not None

    def triple(self, subject: str, predicate: str, object: Term) -> Triple:
        """Return a statement with its sources, validity, rule and premises."""
        bare = Triple(Term(subject), Term(predicate), object)
        return Triple(bare.subject, bare.predicate, bare.object, self.sources(bare))

    def triples_of(self, iri: str, limit: int = 1000) -> list[Triple]:
        """Return statements that have an entity as subject or object, with their sources; those about it first."""
        about = [self.triple(iri, predicate, term) for predicate, term in self.out(iri)[:limit]]
        return about + [self.triple(s, p, Term(iri)) for s, p in self.into(iri)[: limit - len(about)]]

    def sources(self, triple: Triple) -> tuple[str, ...]:
        """Return the files that state a triple."""
        quads = self._quads(triple.subject, triple.predicate.value, triple.object)
        return tuple(sorted({q.graph_name.value.removeprefix("urn:kgqa:file:") for q in quads}))

    def knows(self, iri: str) -> bool:
        """Tell whether an IRI is a subject or object in the graph."""
        return bool(self.out(iri) or self.into(iri))

    # --- names ----------------------------------------------------------------------------------------------------------

    def types(self, iri: str) -> tuple[str, ...]:
        """Return the classes of an entity as stated."""
        return tuple(term.value for term in self.objects(iri, v.TYPE))

    def label(self, iri: str, language: str = "en") -> str:
        """Return the best name in a language, else in any language, else the IRI's last part as words."""
        names = [name for name in self.labels(iri) if name.kind == "label"]
        best = [name for name in names if name.language.split("-")[0] == language]
        plain = [name for name in names if not name.language]
        return next((name.text for name in best + plain + names), spoken(iri))

    def labels(self, iri: str) -> tuple[Name, ...]:
        """Return all names of an entity: labels first, then aliases, abbreviations and codes."""
        found: list[Name] = []
        statements = self.out(iri)
        for kind, predicates in (("label", v.LABELS), ("alias", v.ALIASES), ("code", v.CODES)):
            for wanted in predicates:
                found += [
                    Name(term.value, kind, term.language, p)  # type: ignore[arg-type]
                    for p, term in statements
                    if p == wanted and term.kind == "literal"
                ]
        return tuple(found)

    def entities(self) -> Iterator[tuple[str, tuple[Name, ...], tuple[str, ...]]]:
        """Yield (IRI, names, types) of every IRI that is a subject; predicates of the schema are left out."""
        for iri in sorted({q.subject.value for q in self._store if isinstance(q.subject, ox.NamedNode)}):
            yield iri, self.labels(iri), self.types(iri)

    def schema(self) -> Schema:
        """Return the predicates and classes, declared and observed; computed when the graph was built."""
        used: dict[str, int] = {}
        for quad in self._store:
            used[quad.predicate.value] = used.get(quad.predicate.value, 0) + 1
        predicates = {iri: PredicateInfo(iri, self.labels(iri), count=n) for iri, n in used.items()}
        classes = {iri: ClassInfo(iri, self.labels(iri)) for iri in self.subjects(v.OWL + "Class", v.TYPE)}
        return Schema(predicates, classes)

    # --- queries --------------------------------------------------------------------------------------------------------

    def select(self, sparql: str, *, limit: int = 1000, timeout: float = 10.0) -> Table | bool:
        """Run a SELECT or ASK query over all statements.

        :param limit: most rows returned; ``Table.truncated`` tells whether there were more.
        :param timeout: seconds.
        :raises QueryError: if the query is malformed, not allowed, or ran into a limit.
        """
        try:
            result = self._store.query(sparql, use_default_graph_as_union=True)
        except SyntaxError as error:
            raise QueryError(f"SPARQL: {error}") from None
        if isinstance(result, ox.QueryBoolean):
            return bool(result)
        if isinstance(result, ox.QueryTriples):
            raise QueryError("SPARQL: only SELECT and ASK are answered")
        columns = tuple(variable.value for variable in result.variables)
        rows = []
        for solution in result:
            if len(rows) == limit:
                return Table(columns, tuple(rows), truncated=True)
            rows.append(tuple(None if cell is None else from_ox(cell) for cell in solution))
        return Table(columns, tuple(rows))

    def __len__(self) -> int:
        """Return the number of distinct statements."""
        return len(self._store)

    def _quads(self, subject: Term | None, predicate: str | None, object: Term | None) -> Iterator[Any]:
        quads: Iterator[Any] = self._store.quads_for_pattern(
            None if subject is None else to_ox(subject),
            None if predicate is None else ox.NamedNode(predicate),
            None if object is None else to_ox(object),
            None,
        )
        return quads
