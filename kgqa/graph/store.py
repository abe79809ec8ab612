"""The graph on disk: built once, opened read-only, hopped and queried."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kgqa.errors import IndexFault
from kgqa.graph import describe, excerpts, guard, naming, remarks
from kgqa.graph import vocabulary as v
from kgqa.graph.adjacency import Adjacency
from kgqa.graph.load import LoadReport, Progress
from kgqa.graph.remarks import Annotation
from kgqa.graph.schema import Name, Schema
from kgqa.graph.tables import TableMapping
from kgqa.graph.terms import name, node, spoken, tail
from kgqa.graph.worker import QueryWorker
from kgqa.types import Excerpt, Term, Triple, Validity

if TYPE_CHECKING:
    from kgqa.graph.excerpts import ReadFromText
    from kgqa.graph.rules import RuleSet

__all__ = ["FORMAT", "GraphStore", "LoadReport", "Table"]

FORMAT = 1
"""Number of the folder's format; another one is refused."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a SELECT; an unbound cell is ``None``.

    :param truncated: whether the row limit cut the result.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]
    truncated: bool = False


class GraphStore:
    """A knowledge graph in a folder, read-only, safe to share between threads.

    An entity is named by its IRI as text (a blank node by ``_:label``); what may be a literal is a :class:`Term`. All
    methods accept names that the graph does not know and then return nothing.

    :ivar graph: the numbered arrays, for walks where a microsecond counts.
    """

    def __init__(self, folder: Path) -> None:
        """Open a graph folder; see :meth:`open`."""
        self.folder = folder
        try:
            meta = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
            if meta["format"] != FORMAT:
                raise IndexFault(f"the graph in {folder} has format {meta['format']}, not {FORMAT}; build it again")
            self._origins = [_origin(data) for data in meta["origins"]]
            self._sets: list[list[int]] = meta["sets"]
            self.files: tuple[tuple[str, int], ...] = tuple((file, count) for file, count in meta["files"])
            self._schema, self._naming = describe.load(folder / "schema.json")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexFault(f"the graph in {folder} is missing or damaged ({error}); build it again") from None
        self.graph = Adjacency(folder / "adjacency")
        self._worker = QueryWorker(folder / "oxigraph")
        self._local = threading.local()
        self._dated: bool | None = None
        self._read = (folder / excerpts.FILE).is_file()
        self._naming_numbers = [
            (number, predicate, kind)
            for predicate, kind in self._naming.items()
            if (number := self.graph.number(Term(predicate))) is not None
        ]
        self.labels = lru_cache(maxsize=50_000)(self.labels)  # type: ignore[method-assign]

    @classmethod
    def build(
        cls,
        files: Sequence[Path],
        root: Path,
        folder: Path,
        tables: Sequence[TableMapping] = (),
        progress: Progress | None = None,
        rules: RuleSet | None = None,
        shapes: Sequence[Path] = (),
        read: ReadFromText | None = None,
    ) -> LoadReport:
        """Load RDF files into a new graph folder; a bad file is reported and the rest is loaded.

        :param root: sources are named relative to this folder.
        :param folder: where the graph goes; must not exist or be empty.
        :param rules: what to derive (see :func:`kgqa.graph.rules.read_rules`).
        :param shapes: files of SHACL shapes to validate against.
        :param read: statements that were read from text.
        :raises IndexFault: if the folder holds something.
        """
        from kgqa.graph.build import build_graph

        return build_graph(files, root, folder, tables, rules, progress, shapes=shapes, read=read)

    @classmethod
    def open(cls, folder: Path) -> GraphStore:
        """Open a graph folder that :meth:`build` made.

        :raises IndexFault: if it is missing, damaged or of another format.
        """
        return cls(folder)

    def close(self) -> None:
        """End the process that runs SPARQL; the store can still be used and starts it again."""
        self._worker.close()

    # --- hops -------------------------------------------------------------------------------------------------------

    def out(self, iri: str) -> tuple[tuple[str, Term], ...]:
        """Return (predicate, object) of all statements about an entity."""
        number = self.graph.number(node(iri))
        if number is None:
            return ()
        predicates, objects, _ = self.graph.out(number)
        term = self.graph.term
        return tuple((term(p).value, term(o)) for p, o in zip(predicates.tolist(), objects.tolist(), strict=True))

    def into(self, term: str | Term) -> tuple[tuple[str, str], ...]:
        """Return (subject, predicate) of all statements that have a term as object."""
        number = self.graph.number(_term(term))
        if number is None:
            return ()
        subjects, statements = self.graph.into(number)
        predicates = self.graph.out_predicates[statements]
        get = self.graph.term
        return tuple((name(get(s)), get(p).value) for s, p in zip(subjects.tolist(), predicates.tolist(), strict=True))

    def objects(self, iri: str, predicate: str) -> tuple[Term, ...]:
        """Return the objects of an entity's statements with a predicate."""
        subject, key = self.graph.number(node(iri)), self.graph.number(Term(predicate))
        if subject is None or key is None:
            return ()
        return tuple(self.graph.term(number) for number in self.graph.objects(subject, key).tolist())

    def subjects(self, term: str | Term, predicate: str) -> tuple[str, ...]:
        """Return the subjects of the statements with a predicate and an object."""
        thing, key = self.graph.number(_term(term)), self.graph.number(Term(predicate))
        if thing is None or key is None:
            return ()
        return tuple(name(self.graph.term(number)) for number in self.graph.subjects(thing, key).tolist())

    def closure(self, iri: str, predicate: str, direction: Literal["out", "into"] = "out") -> frozenset[str]:
        """Return all that is reached from an entity by a predicate in any number of steps; itself only in a cycle."""
        start, key = self.graph.number(node(iri)), self.graph.number(Term(predicate))
        if start is None or key is None:
            return frozenset()
        step = self.graph.objects if direction == "out" else self.graph.subjects
        seen: set[int] = set()
        front = [start]
        while front:
            fresh = set(step(front.pop(), key).tolist()) - seen
            seen |= fresh
            front += fresh
        terms = (self.graph.term(number) for number in seen)
        return frozenset(name(term) for term in terms if term.kind != "literal")

    def has(self, subject: str, predicate: str, object: str | Term) -> bool:
        """Tell whether a statement is in the graph."""
        return self._statement(node(subject), Term(predicate), _term(object)) is not None

    def knows(self, iri: str) -> bool:
        """Tell whether an entity is subject or object of a statement."""
        number = self.graph.number(node(iri))
        return number is not None and (len(self.graph.out(number)[1]) > 0 or len(self.graph.into(number)[0]) > 0)

    def __len__(self) -> int:
        """Return the number of distinct statements."""
        return self.graph.statements

    # --- statements and their sources -------------------------------------------------------------------------------

    def triple(self, subject: str, predicate: str, object: str | Term) -> Triple:
        """Return a statement with its sources, validity, rule and premises; bare when it is not in the graph."""
        terms = node(subject), Term(predicate), _term(object)
        number = self._statement(*terms)
        return Triple(*terms) if number is None else self.statement(number)

    def statement(self, number: int, depth: int = 3) -> Triple:
        """Return the statement with a number of :attr:`graph`.

        :param depth: how many levels of premises are filled in.
        """
        terms = [self.graph.subject_of(number), self.graph.out_predicates[number], self.graph.out_objects[number]]
        subject, predicate, thing = (self.graph.term(int(term)) for term in terms)
        origins = [self._origins[origin] for origin in self._sets[int(self.graph.out_contexts[number])]]
        said = self._annotation(number)
        sources = [origin.file for origin in origins if origin.file]
        validity, rule = Validity(), ""
        premises: tuple[Triple, ...] = ()
        for general in (origin.said for origin in origins):
            if general is not None:
                sources += general.sources
                validity = general.validity if validity == Validity() else validity
        if said is not None:
            sources += said.sources
            validity = said.validity if said.validity != Validity() else validity
            if all(origin.rule for origin in origins):
                rule = said.rule
                premises = tuple(self.statement(premise, depth - 1) for premise in said.premises) if depth else ()
        if rule:
            sources += [source for premise in premises for source in premise.sources]
        read = self._excerpts(number)
        return Triple(subject, predicate, thing, tuple(dict.fromkeys(sources)), validity, rule, premises, read)

    def triples_of(self, iri: str, limit: int = 1000) -> list[Triple]:
        """Return statements that have an entity as subject or object, with their sources; those about it first."""
        number = self.graph.number(node(iri))
        if number is None:
            return []
        predicates, _, first = self.graph.out(number)
        numbers = [*range(first, first + len(predicates)), *self.graph.into(number)[1].tolist()]
        return [self.statement(statement) for statement in dict.fromkeys(numbers[:limit])]

    def sources(self, triple: Triple) -> tuple[str, ...]:
        """Return the files and documents that state a triple; of a derived one, those of its premises."""
        number = self._statement(triple.subject, triple.predicate, triple.object)
        return () if number is None else self.statement(number).sources

    @cached_property
    def named(self) -> bool:
        """Tell whether any statement was made in a named graph."""
        return any(origin.graph for origin in self._origins)

    def graphs(self, triple: Triple) -> tuple[str, ...]:
        """Return the IRIs of the named graphs that state a triple, with empty text where it stands in none."""
        number = self._statement(triple.subject, triple.predicate, triple.object)
        if number is None:
            return ()
        origins = (self._origins[origin] for origin in self._sets[int(self.graph.out_contexts[number])])
        return tuple(origin.graph for origin in origins)

    @property
    def dated(self) -> bool:
        """Tell whether the validity of any statement is limited."""
        if self._dated is None:
            told = any(origin.said is not None and origin.said.validity != Validity() for origin in self._origins)
            self._dated = told or any(
                remarks.from_json(json.loads(row[0])).validity != Validity()
                for row in self._annotations().execute("SELECT data FROM annotation")
            )
        return self._dated

    def annotated(self) -> frozenset[int]:
        """Return the numbers of the statements of which sources, validity or premises are told one by one."""
        return frozenset(row[0] for row in self._annotations().execute("SELECT statement FROM annotation"))

    def _statement(self, subject: Term, predicate: Term, thing: Term) -> int | None:
        numbers = [self.graph.number(term) for term in (subject, predicate, thing)]
        known = [number for number in numbers if number is not None]
        return self.graph.statement(known[0], known[1], known[2]) if len(known) == 3 else None

    def _annotations(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            path = self.folder / "annotations.sqlite"
            db = self._local.db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        return db

    def _annotation(self, statement: int) -> Annotation | None:
        row = self._annotations().execute("SELECT data FROM annotation WHERE statement = ?", (statement,)).fetchone()
        return remarks.from_json(json.loads(row[0])) if row else None

    def _excerpts(self, statement: int) -> tuple[Excerpt, ...]:
        """Return the sentences that a statement was read from."""
        if not self._read:
            return ()
        db: sqlite3.Connection | None = getattr(self._local, "excerpts", None)
        if db is None:
            db = self._local.excerpts = excerpts.connect(self.folder)
        return excerpts.of(db, statement)

    # --- names ------------------------------------------------------------------------------------------------------

    def types(self, iri: str) -> tuple[str, ...]:
        """Return the classes of an entity as stated."""
        return tuple(term.value for term in self.objects(iri, v.TYPE) if term.kind == "iri")

    def classes(self, iri: str) -> tuple[str, ...]:
        """Return the classes that say what an entity is: its types, and the roots of the class hierarchy it is in.

        The classes of the languages themselves (``owl:Class``, ``owl:NamedIndividual``) say nothing and are left out.
        """
        stated = [kind for kind in self.types(iri) if not kind.startswith((v.OWL, v.RDFS))]
        above = self.closure(iri, v.SUBCLASS) if self.objects(iri, v.SUBCLASS) else frozenset()
        roots = sorted(kind for kind in above if kind in self._schema.classes and not self.objects(kind, v.SUBCLASS))
        return tuple(dict.fromkeys([*stated, *roots]))

    def label(self, iri: str, language: str = "en") -> str:
        """Return the best name in a language, else in any language, else the IRI's last part as words."""
        found = naming.best(self.labels(iri), language)
        return found.text if found else spoken(iri)

    def labels(self, iri: str) -> tuple[Name, ...]:
        """Return all names of an entity as stated: labels first, then aliases and abbreviations, then codes."""
        number = self.graph.number(node(iri))
        return () if number is None else self._names(number)

    def _names(self, number: int) -> tuple[Name, ...]:
        predicates, objects, _ = self.graph.out(number)
        stated: dict[int, list[int]] = {}
        for predicate, thing in zip(predicates.tolist(), objects.tolist(), strict=True):
            stated.setdefault(predicate, []).append(thing)
        found: dict[tuple[str, str], Name] = {}
        labelled: dict[str, str] = {}
        for key, predicate, kind in self._naming_numbers:
            for thing in stated.get(key, ()):
                term = self.graph.term(thing)
                text = term.value.strip()
                if term.kind == "literal" and 0 < len(text) <= naming.MAX_NAME:
                    # Only the most telling predicate gives the label; a title beside an rdfs:label is one more name.
                    if kind == "label" and labelled.setdefault(term.language, predicate) != predicate:
                        kind = "alias"
                    said = Name(text, naming.kind_of(text, kind), term.language, predicate)
                    found.setdefault((text, term.language), said)
        return tuple(found.values())

    def codes(self, iri: str) -> tuple[str, ...]:
        """Return codes that no literal states: in the entity's IRI and in the IRIs that it is matched with."""
        own = naming.own_code(iri)
        matched = [
            tail(t.value) for p in v.SYMMETRIC for t in self.objects(iri, p) if t.kind == "iri" and "match" in p.lower()
        ]
        return tuple(dict.fromkeys([*([own] if own else []), *matched]))

    def entities(self) -> Iterator[tuple[str, tuple[Name, ...], tuple[str, ...]]]:
        """Yield (IRI, names, types) of every IRI that is a thing, in order of first mention.

        Predicates are left out, and so is what is only the object of matches, types and the like.
        """
        for number, iri in self.things():
            yield iri, self._names(number), self.types(iri)

    def things(self) -> Iterator[tuple[int, str]]:
        """Yield number and IRI of what :meth:`entities` yields."""
        predicates = set(self._schema.predicates)
        aside = {n for p in predicates if p in v.ASIDE and (n := self.graph.number(Term(p))) is not None}
        for number in range(self.graph.terms):
            if self.graph.out_starts[number] == self.graph.out_starts[number + 1]:
                statements = self.graph.into(number)[1]
                if not len(statements) or aside.issuperset(self.graph.out_predicates[statements].tolist()):
                    continue
            term = self.graph.term(number)
            if term.kind == "iri" and term.value not in predicates and not term.value.startswith("kgqa:/"):
                yield number, term.value

    def schema(self) -> Schema:
        """Return the predicates and classes, declared and observed; computed when the graph was built."""
        return self._schema

    # --- queries ----------------------------------------------------------------------------------------------------

    def select(
        self, sparql: str, *, limit: int = 1000, timeout: float = 10.0, worker: QueryWorker | None = None
    ) -> Table | bool:
        """Run a SELECT or ASK query over all statements, in a process of its own.

        :param limit: most rows returned; ``Table.truncated`` tells whether there were more.
        :param timeout: seconds.
        :param worker: a process that holds a part of the statements; the query then runs over that.
        :raises QueryError: if the query is malformed, not allowed, or ran into a limit.
        """
        answer = (worker or self._worker).run(guard.check(sparql), limit, timeout)
        if "boolean" in answer:
            return bool(answer["boolean"])
        rows = tuple(tuple(None if cell is None else Term(*cell) for cell in row) for row in answer["rows"])
        return Table(tuple(answer["columns"]), rows, answer["truncated"])

    def visible(self, triple: Triple, files: Collection[str]) -> bool:
        """Tell whether one of a statement's sources is among some files."""
        return any(source in files for source in triple.sources)


@dataclass(frozen=True, slots=True)
class _Origin:
    file: str
    graph: str
    rule: str
    said: Annotation | None


def _origin(data: dict[str, str]) -> _Origin:
    said = data.get("said")
    return _Origin(data["file"], data.get("graph", ""), data["rule"], remarks.from_json(said) if said else None)  # type: ignore[arg-type]


def _term(value: str | Term) -> Term:
    return node(value) if isinstance(value, str) else value
