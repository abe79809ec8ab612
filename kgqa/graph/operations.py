"""Runs query graphs on a store, hop by hop, and keeps how each node was reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kgqa.graph.query import WIDER, Chain, Condition, Hop, Query, kinds_of
from kgqa.graph.store import GraphStore, Table
from kgqa.graph.view import View
from kgqa.graph.vocabulary import TYPE
from kgqa.types import Path, Step, Term

_MOST_NODES = 50_000  # a hop that reaches more is cut, and the result is called incomplete
_MOST_PATHS = 24


@dataclass(slots=True)
class Reached:
    """Nodes reached from an anchor.

    :param parents: for each node and depth the node before it, the predicate and the direction.
    """

    nodes: dict[Term, None]
    parents: list[dict[Term, tuple[Term, str, bool]]] = field(default_factory=list)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gives: the terms in order of discovery, and whether all were found."""

    terms: tuple[Term, ...]
    paths: tuple[Path, ...] = ()
    complete: bool = True


class Runner:
    """Runs queries; keeps the hops of one question, because its candidates share them.

    :param store: the graph, or the part of it that the question may use.
    :param most: a hop that reaches more nodes is cut.
    """

    def __init__(self, store: GraphStore | View, most: int = _MOST_NODES) -> None:
        self._store = store
        self._all_of_it = store.store if isinstance(store, View) else store
        self._most = most
        self._chains: dict[Chain, Reached] = {}

    def run(self, query: Query) -> Result:
        """Return the answers of a query (for a count: the counted; for yes/no: the target if it holds)."""
        core, complete = self._core(query)
        tail = self._walk(core, query.tail, None) if query.tail else None
        terms = dict.fromkeys(tail.nodes if tail else core)
        for term in query.exclude:
            terms.pop(term, None)
        if query.kind:
            terms = {term: None for term in terms if query.kind in self._kinds(term)}
        if query.target is not None:
            terms = {term: None for term in terms if term == query.target}
        found = self._best(query, list(terms))
        return Result(tuple(found), self._paths(query, found, tail), complete and (tail is None or tail.complete))

    def reach(self, chain: Chain) -> Reached:
        """Return the nodes at the end of a chain."""
        if chain not in self._chains:
            if len(chain.hops) > 1:
                before = self.reach(Chain(chain.anchor, chain.hops[:-1], chain.mention, chain.apart))
                last = self._walk(before.nodes, chain.hops[-1:], chain.anchor if chain.apart else None)
                reached = Reached(last.nodes, [*before.parents, *last.parents], before.complete and last.complete)
            else:
                reached = self._walk({chain.anchor: None}, chain.hops, None)
            self._chains[chain] = reached
        return self._chains[chain]

    def _core(self, query: Query) -> tuple[dict[Term, None], bool]:
        reached = [self.reach(chain) for chain in query.chains] or [self._all(query)]
        complete = all(item.complete for item in reached)
        if query.either:
            nodes = {term: None for item in reached for term in item.nodes}
        else:
            nodes = {term: None for term in reached[0].nodes if all(term in item.nodes for item in reached[1:])}
        for chain in query.without:
            drop = self.reach(chain).nodes
            nodes = {term: None for term in nodes if term not in drop}
        if query.cls:
            wanted = Term(query.cls)
            nodes = {
                term: None for term in nodes if term.kind == "iri" and wanted in self._store.objects(term.value, TYPE)
            }
        nodes = {term: None for term in nodes if not self._shut(term, query)}
        for condition in query.conditions:
            nodes = {term: None for term in nodes if self._holds(term, condition)}
        return nodes, complete

    def _shut(self, term: Term, query: Query) -> bool:
        """Tell whether a thing is of the barred class or has what it must lack."""
        if term.kind != "iri":
            return False
        barred = bool(query.barred) and Term(query.barred) in self._store.objects(term.value, TYPE)
        predicates = query.lacks.predicates if query.lacks is not None else ()
        return barred or any(self._store.objects(term.value, p) for p in predicates)

    def _holds(self, term: Term, condition: Condition) -> bool:
        return term.kind == "iri" and any(
            condition.holds(value)
            for p in condition.relation.predicates
            for value in self._store.objects(term.value, p)
        )

    def _kinds(self, term: Term) -> set[str]:
        if term.kind != "iri":
            return set()
        return kinds_of(term, self._all_of_it, [kind.value for kind in self._store.objects(term.value, TYPE)])

    def _walk(self, nodes: Iterable[Term], hops: tuple[Hop, ...], apart: Term | None) -> Reached:
        reached = Reached(dict.fromkeys(nodes))
        for hop in hops:
            parents: dict[Term, tuple[Term, str, bool]] = {}
            front, seen = list(reached.nodes), set()
            while front:
                fresh = []
                for node in front:
                    for other, predicate in self._near(node, hop):
                        if other not in parents and other != apart:
                            parents[other] = (node, predicate, hop.forward)
                            fresh.append(other)
                    if len(parents) > self._most:
                        reached.complete = False
                        break
                seen.update(front)
                front = [node for node in fresh if node not in seen] if hop.closure and reached.complete else []
            reached.nodes = dict.fromkeys(parents)
            reached.parents.append(parents)
        return reached

    def _near(self, node: Term, hop: Hop) -> Iterable[tuple[Term, str]]:
        prefix = hop.relation.prefix
        for predicate in hop.relation.predicates:
            if not hop.forward:
                for iri in self._store.subjects(node, predicate):
                    yield Term(iri[2:], "blank") if iri.startswith("_:") else Term(iri), predicate
            elif node.kind == "iri":
                for term in self._store.objects(node.value, predicate):
                    if not prefix or term.value.startswith(prefix):
                        yield term, predicate

    def _best(self, query: Query, terms: list[Term]) -> list[Term]:
        if query.operation not in ("max", "min") or query.order is None:
            return terms
        valued = [
            (_comparable(value), term)
            for term in terms
            if term.kind == "iri"
            for p in query.order.predicates
            for value in self._store.objects(term.value, p)
        ]
        if not valued:
            return []
        best = (max if query.operation == "max" else min)(value for value, _ in valued)
        return list(dict.fromkeys(term for value, term in valued if value == best))

    def _all(self, query: Query) -> Reached:
        """Return all things that a query without an anchor chooses from: a class, or what has the compared literal."""
        relations = [item.relation for item in query.conditions] + ([query.order] if query.order else [])
        if query.cls or query.kind:
            found: Iterable[str] = self._members(query.cls or query.kind)
        else:
            predicates = " ".join(f"<{p}>" for p in (relations[0].predicates if relations else ()))
            table = self._store.select(
                f"SELECT DISTINCT ?s WHERE {{ VALUES ?p {{ {predicates} }} ?s ?p ?o }}", limit=self._most
            )
            rows = table.rows if isinstance(table, Table) else ()
            found = [row[0].value for row in rows if row[0] is not None and row[0].kind == "iri"]
        nodes = {Term(iri): None for iri in list(found)[: self._most] if not iri.startswith("_:")}
        return Reached(nodes, complete=len(nodes) < self._most)

    def _members(self, cls: str) -> list[str]:
        """Return the things of a class or of a narrower one."""
        below = {iri for p in WIDER for iri in self._all_of_it.closure(cls, p, "into")}
        return list(dict.fromkeys(iri for kind in (cls, *sorted(below)) for iri in self._store.subjects(kind, TYPE)))

    def _classed(self, query: Query, node: Term) -> Iterable[Path]:
        """Return the statement of a thing's class, where that is all that makes it an answer."""
        if query.kind and not query.chains and node.kind == "iri":
            stated = [kind for kind in self._store.objects(node.value, TYPE) if query.kind in self._kinds(kind)]
            yield from (Path((Step(self._store.triple(node.value, TYPE, kind)),)) for kind in stated[:1])

    def _paths(self, query: Query, terms: list[Term], tail: Reached | None) -> tuple[Path, ...]:
        found: list[Path] = []
        for term in terms:
            steps, node = self._trace(tail.parents, term) if tail else ([], term)
            for chain in query.chains:
                reached = self.reach(chain)
                if node in reached.nodes:
                    before, _ = self._trace(reached.parents, node)
                    if before or steps:
                        found.append(Path(tuple([*before, *steps])))
            found += [Path((step,)) for step in self._conditions(query, node)]
            found += self._classed(query, node)
            if len(found) >= _MOST_PATHS:
                break
        return tuple(found[:_MOST_PATHS])

    def _conditions(self, query: Query, node: Term) -> Iterable[Step]:
        for condition in query.conditions:
            for predicate in condition.relation.predicates:
                for value in self._store.objects(node.value, predicate) if node.kind == "iri" else ():
                    if condition.holds(value):
                        yield Step(self._store.triple(node.value, predicate, value))

    def _trace(self, parents: list[dict[Term, tuple[Term, str, bool]]], node: Term) -> tuple[list[Step], Term]:
        """Return the steps to a node in walking order, and where they begin; a closure may take several steps in one hop."""
        steps: list[Step] = []
        for depth in range(len(parents) - 1, -1, -1):
            for _ in range(64):
                before, predicate, forward = parents[depth][node]
                one, two = (before, node) if forward else (node, before)
                steps.append(Step(self._store.triple(one.value, predicate, two), forward))
                node = before
                start = depth == 0 or node in parents[depth - 1]
                if start and (depth > 0 or node not in parents[depth]):
                    break
                if node not in parents[depth]:
                    break
        return steps[::-1], node


def _comparable(term: Term) -> tuple[int, float, str]:
    try:
        return (1, float(term.value), "")
    except ValueError:
        return (0, 0.0, term.value)
