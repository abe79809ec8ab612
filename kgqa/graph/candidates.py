"""Lists the query graphs that a question may mean, from its anchors and the schema; cost follows the question, not the graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

from kgqa.graph.denials import lacking
from kgqa.graph.joined import joined
from kgqa.graph.listing import wholes
from kgqa.graph.matching import Match
from kgqa.graph.query import TRUE, Chain, Condition, Hop, Query
from kgqa.graph.question import Reading
from kgqa.graph.schema_words import Relation, SchemaWords
from kgqa.graph.store import GraphStore
from kgqa.graph.vocabulary import OWL
from kgqa.types import Link, Term

_BEAM = 10  # hops kept from one node by their words
_LEAST = 0.15  # a hop that fits the words less is not tried
_SAMPLE = 24  # nodes looked at to learn what may follow a hop
_MOST = 600  # queries listed for one question


@dataclass(frozen=True, slots=True)
class Anchor:
    """A thing that the question names.

    :param mention: index of the mention, -1 for a thing found by a literal; ``start`` and ``end`` count in ``Reading.masked``.
    :param words: words of the class of the thing, for coverage.
    """

    term: Term
    mention: int
    score: float
    link: Link | None = None
    span: tuple[int, int] = (0, 0)


class Enumerator:
    """Lists queries over one graph."""

    def __init__(self, store: GraphStore, words: SchemaWords) -> None:
        self._store = store
        self._words = words
        self._by_predicate: dict[str, list[Relation]] = {}
        for relation in words.relations:
            for predicate in relation.predicates if relation.key != "names" else ():
                self._by_predicate.setdefault(predicate, []).append(relation)
        self._follows: dict[tuple[str, bool], dict[Hop, int]] = {}
        self._hierarchies = tuple(
            p for relation in words.relations if relation.hierarchical for p in relation.predicates
        )
        self._sided = {
            cls for relation in words.relations for side in (relation.subject, relation.object) for cls in side.classes
        }

    def queries(self, match: Match, anchors: Sequence[Sequence[Anchor]]) -> list[Query]:
        """Return candidate queries.

        :param anchors: for each place of the question the things that it may name.
        """
        reading = match.reading
        found: dict[Query, None] = {}
        for choice in product(*(group[:4] for group in anchors)):
            for query in self._of_choice(match, choice):
                found[query] = None
                if len(found) >= _MOST:
                    return list(found)
        if not anchors:
            found.update(dict.fromkeys(wholes(match, self._words)))
        if not anchors and (reading.periods or reading.bounds or reading.superlative):
            found.update(dict.fromkeys(self._unanchored(match)))
        return list(found)

    def hops(self, term: Term) -> list[Hop]:
        """Return the hops that a node itself has."""
        return self._hops(term)

    def follows(self, hop: Hop) -> list[Hop]:
        """Return all hops that may follow one."""
        if hop.relation.side(hop.forward).kind != "entity":
            return []
        key = (hop.relation.key, hop.forward)
        if key not in self._follows:
            self._follows[key] = self._sampled(hop)
        return list(self._follows[key])

    def recalled(self, match: Match, anchor: Anchor, paths: Iterable[tuple[tuple[str, bool], ...]]) -> Iterator[Query]:
        """Yield the queries of paths that were learnt on this graph, where it has their relations."""
        for path in paths:
            relations = [self._words.by_key.get(key) for key, _ in path]
            if all(relations):
                hops = tuple(
                    Hop(relation, forward) for relation, (_, forward) in zip(relations, path, strict=True) if relation
                )
                chain = Chain(anchor.term, hops, anchor.mention, apart=len(hops) > 1)
                yield Query((chain,), operation=match.reading.operation)

    def _of_choice(self, match: Match, anchors: Sequence[Anchor]) -> Iterator[Query]:
        reading = match.reading
        if not anchors:
            return
        if reading.operation == "ask":
            yield from self._yes_no(match, anchors)
            return
        wanted = [anchor for anchor in anchors if anchor.mention not in reading.without]
        barred = [anchor for anchor in anchors if anchor.mention in reading.without]
        if not wanted:
            return
        if len(wanted) == 1 and not barred:
            yield from self._single(match, wanted[0])
        elif len(wanted) + len(barred) <= 3:
            yield from self._several(match, wanted, barred)

    def _single(self, match: Match, anchor: Anchor) -> Iterator[Query]:
        chains = list(self._chains(match, anchor, 3))
        yield from (Query((chain,), operation=match.reading.operation) for chain in self._named(match, anchor))
        yield from joined(match, anchor.term, anchor.mention, self._hops(anchor.term))
        for chain in chains:
            yield from self._finish(match, Query((chain,)))
        if match.reading.periods or match.reading.bounds:
            for chain in chains:
                if len(chain.hops) == 2 and not chain.apart:
                    core = Query((Chain(chain.anchor, chain.hops[:1], chain.mention),), tail=chain.hops[1:])
                    yield from self._finish(match, core)

    def _named(self, match: Match, anchor: Anchor) -> Iterator[Chain]:
        """Yield the way from another name to the thing itself ("the disease that is also called ...")."""
        relation = self._words.by_key.get("names")
        head = match.reading.head
        if relation is None or anchor.link is None or not head or match.fit(relation).support < 0.8:
            return
        kinds = [match.names(self._words.class_names(cls)) for cls in self._classes(anchor.term.value)]
        if all(kind[head[-1]] < 0.8 for kind in kinds):
            return
        said = anchor.link.mention.strip("\"'“”‘’").lower()
        for predicate in relation.predicates:
            for term in self._store.objects(anchor.term.value, predicate):
                if term.value.lower() == said and said != anchor.link.label.lower():
                    yield Chain(term, (Hop(relation, False),), anchor.mention)
                    return

    def _several(self, match: Match, wanted: Sequence[Anchor], barred: Sequence[Anchor]) -> Iterator[Query]:
        if match.reading.denied >= 0 and barred:
            yield from self._denied(match, wanted, barred)
            return
        lists = [list(self._chains(match, anchor, 2))[:24] for anchor in wanted]
        for chains in product(*lists):
            if not self._meet(chains):
                continue
            without = [chain for anchor in barred for chain in self._like(match, anchor, chains[0])]
            plain = tuple(replace(chain, apart=False) for chain in chains)
            exclude = () if without else tuple(anchor.term for anchor in barred)
            query = Query(
                plain, without=tuple(without), exclude=exclude, either=match.reading.either and not match.reading.both
            )
            yield from self._finish(match, query)
            if all(len(chain.hops) == 1 for chain in plain) and not barred:
                for hop in self._next(match, plain[0].hops[-1])[:6]:
                    yield from self._finish(match, replace(query, tail=(hop,)))

    def _denied(self, match: Match, wanted: Sequence[Anchor], barred: Sequence[Anchor]) -> Iterator[Query]:
        """Yield "those of A that are not of B": what B bars may hang on another relation than what A wants."""
        lists = [list(self._chains(match, anchor, 1))[:12] for anchor in wanted]
        shut = [list(self._chains(match, anchor, 1))[:6] for anchor in barred]
        for chains in product(*lists):
            if not self._meet(chains):
                continue
            yield from self._finish(match, Query(tuple(chains), exclude=tuple(anchor.term for anchor in barred)))
            for without in product(*shut):
                if self._meet([*chains, *without]):
                    yield from self._finish(match, Query(tuple(chains), without=tuple(without)))

    def _like(self, match: Match, anchor: Anchor, chain: Chain) -> Iterator[Chain]:
        """Yield the chain from a barred thing that matches the chain of a wanted one."""
        present = {(hop.relation.key, hop.forward) for hop in self._hops(anchor.term)}
        if match.reading.denied >= 0:
            yield from list(self._chains(match, anchor, 1))[:4]
        elif (chain.hops[0].relation.key, chain.hops[0].forward) in present:
            yield Chain(anchor.term, chain.hops, anchor.mention)

    def _finish(self, match: Match, query: Query) -> Iterator[Query]:
        """Yield a query with the question's operation and its conditions on literals."""
        reading = match.reading
        query = replace(query, operation="list" if reading.operation == "ask" else reading.operation)
        bare = not query.hops
        if reading.periods or reading.bounds:
            for conditioned in self._conditioned(match, query):
                yield from self._ordered(match, conditioned)
        if not bare:
            yield from self._ordered(match, query)
            yield from lacking(match, query, self._words)

    def _conditioned(self, match: Match, query: Query) -> Iterator[Query]:
        reading = match.reading
        for relation in self._literals(match, "date")[:3] if reading.periods else []:
            yield replace(query, conditions=tuple(Condition.of_period(relation, item) for item in reading.periods))
        for relation in self._literals(match, "number")[:3] if reading.bounds else []:
            yield replace(query, conditions=tuple(Condition.of_bound(relation, item) for item in reading.bounds))

    def _ordered(self, match: Match, query: Query) -> Iterator[Query]:
        yield query
        ends = query.last.relation.side(query.last.forward).kind if query.last else "entity"
        if match.reading.superlative and query.operation == "list" and ends == "entity":
            literals = self._literals(match, "date")[:4] + self._literals(match, "number")[:4]
            for relation in sorted(literals, key=lambda item: -match.fit(item).support)[:4]:
                yield replace(query, operation=match.reading.superlative, order=relation)

    def _unanchored(self, match: Match) -> Iterator[Query]:
        """Yield lists over a whole class that a condition or a superlative narrows."""
        for condition in [Query(()), *self._conditioned(match, Query(()))]:
            relations = [item.relation for item in condition.conditions] or self._literals(
                match, "date"
            ) + self._literals(match, "number")
            for relation in dict.fromkeys(relations):
                for cls in relation.subject.classes[:2] or ("",):
                    base = replace(condition, cls=cls if self._is_type(cls) else "", operation=match.reading.operation)
                    if condition.conditions:
                        yield base
                        for hop in self._tails(match, relation)[:6]:
                            yield replace(base, tail=(hop,))
                    if match.reading.superlative:
                        yield replace(base, operation=match.reading.superlative, order=relation)

    def _tails(self, match: Match, relation: Relation) -> list[Hop]:
        classes = set(relation.subject.classes)
        return self._best(
            match, [Hop(other, True) for other in self._words.relations if classes & set(other.subject.classes)]
        )

    def _is_type(self, cls: str) -> bool:
        info = self._words.schema.classes.get(cls)
        return bool(info and info.instances and not cls.startswith(OWL))

    def _literals(self, match: Match, kind: str) -> list[Relation]:
        found = [relation for relation in self._words.relations if relation.object.kind == kind and not relation.prefix]
        return sorted(found, key=lambda relation: -match.fit(relation).support)

    def _yes_no(self, match: Match, anchors: Sequence[Anchor]) -> Iterator[Query]:
        if len(anchors) == 1 and (match.reading.periods or match.reading.bounds):
            base = Query((Chain(anchors[0].term, (), anchors[0].mention),), operation="ask")
            yield from self._conditioned(match, base)
        for chain in self._chains(match, anchors[0], 1, ask=True) if len(anchors) == 1 else ():
            if chain.hops[0].forward and chain.hops[0].relation.truth:
                yield Query((chain,), operation="ask", target=TRUE)
        if len(anchors) == 2:
            direct = list(self._claims(match, anchors, 1))
            yield from direct or self._claims(match, anchors, 2)  # "have a clause on X": by way of the clause
            yield from self._names(match, anchors)

    def _claims(self, match: Match, anchors: Sequence[Anchor], most: int) -> Iterator[Query]:
        for one, two in permutations(anchors, 2):
            if two.link is None and two.term.kind == "literal":
                continue  # quoted text can only be a name
            for chain in self._chains(match, one, most, ask=True):
                tree = any(hop.relation.hierarchical for hop in chain.hops)
                if not (len(chain.hops) > 1 and (chain.apart or tree)) and self._may_reach(chain.hops[-1], two.term):
                    yield Query((replace(chain, apart=False),), operation="ask", target=two.term)

    def _may_reach(self, hop: Hop, term: Term) -> bool:
        """Tell whether a thing is of the kind that a hop reaches."""
        side = hop.relation.side(hop.forward)
        if term.kind == "literal" or side.kind != "entity":
            return term.kind == "literal" and side.kind != "entity"
        classes = self._classes(term.value)
        return bool(classes & set(side.classes)) or (not side.classes and not classes & self._sided)

    def _names(self, match: Match, anchors: Sequence[Anchor]) -> Iterator[Query]:
        """Yield the question whether one mention is a name of the other's entity."""
        relation = self._words.by_key.get("names")
        if relation is None or match.fit(relation).support < 0.5:
            return
        for one, two in permutations(anchors, 2):
            said = (
                two.term.value if two.term.kind == "literal" else two.link.mention.strip("\"'“”‘’") if two.link else ""
            )
            if said and one.term.kind == "iri":
                literals = [term for p in relation.predicates for term in self._store.objects(one.term.value, p)]
                target = next((term for term in literals if term.value.lower() == said.lower()), Term(said, "literal"))
                yield Query((Chain(one.term, (Hop(relation, True),), one.mention),), operation="ask", target=target)

    def _chains(self, match: Match, anchor: Anchor, most: int, ask: bool = False) -> Iterator[Chain]:
        first = self._placed(match.reading, anchor, ask)
        first += self._best(
            match,
            [hop for hop in self._hops(anchor.term) if hop not in first and not (ask and hop.relation.hierarchical)],
        )
        for hop in first:
            yield Chain(anchor.term, (hop,), anchor.mention)
        if most < 2:
            return
        if match.reading.place(anchor.mention) == "side":
            for hop in first:
                if hop.relation.hierarchical and hop.forward:
                    yield Chain(anchor.term, (hop, Hop(hop.relation, False)), anchor.mention, apart=True)
        for one in first:
            for two in self._next(match, one):
                back = two.relation.key == one.relation.key and two.forward != one.forward
                yield Chain(anchor.term, (one, two), anchor.mention, apart=back)
                for three in self._next(match, two) if most > 2 and not two.closure and not one.closure else ():
                    again = back or (three.relation.key == two.relation.key and three.forward != two.forward)
                    yield Chain(anchor.term, (one, two, three), anchor.mention, apart=again)

    def _placed(self, reading: Reading, anchor: Anchor, ask: bool) -> list[Hop]:
        """Return the hops in a hierarchy that the question's words ask for."""
        place = reading.place(anchor.mention)
        wide = place == "down" and not ask
        relations = [
            hop.relation
            for hop in self._hops(anchor.term)
            if hop.relation.hierarchical or (wide and hop.relation.member and not hop.forward)
        ]
        relations = list(dict.fromkeys(relations))
        if ask:
            return [Hop(relation, True, closure=True) for relation in relations]
        if place == "up" or place == "side":
            return [Hop(relation, True) for relation in relations]
        if place == "down":
            return [
                hop
                for relation in relations
                for hop in (Hop(relation, False, True), Hop(relation, False))
                if relation.hierarchical or not hop.closure
            ]
        return []

    def _hops(self, term: Term) -> list[Hop]:
        """Return the hops that a node has."""
        found: dict[Hop, None] = {}
        if term.kind == "iri":
            for predicate, _ in self._store.out(term.value):
                found.update((Hop(relation, True), None) for relation in self._by_predicate.get(predicate, ()))
            for cls in self._classes(term.value):
                found.update((hop, None) for hop in self._of_class(cls))
        for _, predicate in self._store.into(term):
            found.update((Hop(relation, False), None) for relation in self._by_predicate.get(predicate, ()))
        return list(found)

    def _classes(self, iri: str) -> set[str]:
        """Return the classes that a thing counts for: its types and, where it is a class itself, the root of its hierarchy."""
        above = {cls for p in self._hierarchies for cls in self._store.closure(iri, p)} & self._sided
        return {*self._store.types(iri), *above, *({iri} & self._sided)}

    def _of_class(self, cls: str) -> Iterator[Hop]:
        for relation in self._words.relations:
            if relation.key == "names":
                continue
            if cls in relation.subject.classes:
                yield Hop(relation, True)
            if cls in relation.object.classes:
                yield Hop(relation, False)

    def _best(self, match: Match, hops: Iterable[Hop]) -> list[Hop]:
        ranked = sorted(((hop_score(match, hop), hop) for hop in hops), key=lambda pair: -pair[0])
        return [hop for score, hop in ranked if score >= _LEAST][:_BEAM]

    def _next(self, match: Match, hop: Hop) -> list[Hop]:
        """Return the hops that may follow one, best first."""
        return self._best(match, self.follows(hop))

    def _sampled(self, hop: Hop) -> dict[Hop, int]:
        """Learn what may follow a hop from some of the nodes that it reaches."""
        counts: dict[Hop, int] = {}
        var = "o" if hop.forward else "s"
        for predicate in hop.relation.predicates:
            table = self._store.select(f"SELECT DISTINCT ?{var} WHERE {{ ?s <{predicate}> ?o }}", limit=_SAMPLE * 8)
            rows = table.rows if not isinstance(table, bool) else ()
            for row in rows[:: max(1, len(rows) // _SAMPLE)]:
                node = row[0]
                if node is not None and node.kind == "iri":
                    for after in self._hops(node):
                        counts[after] = counts.get(after, 0) + 1
        for cls in hop.relation.side(hop.forward).classes:
            for after in self._of_class(cls):
                counts.setdefault(after, 1)
        return counts

    def _meet(self, chains: Sequence[Chain]) -> bool:
        """Tell whether the ends of chains can be the same thing."""
        sides = [chain.hops[-1].relation.side(chain.hops[-1].forward) for chain in chains]
        if any(side.kind != "entity" for side in sides):
            return False
        known = [set(side.classes) for side in sides if side.classes]
        return (
            len(known) < 2
            or bool(set.intersection(*known))
            or any(chain.hops[-1].relation.hierarchical for chain in chains)
        )


def hop_score(match: Match, hop: Hop) -> float:
    """Return how well a hop by itself fits the question's words; used to prune, not to decide."""
    fit = match.fit(hop.relation)
    if hop.relation.prefix and not fit.support:
        return 0.0
    named = match.side(hop.relation.side(hop.forward))[2]
    again = 0.2 if match.reading.other else 0.0
    return fit.support + 0.5 * named + 0.1 * min(1.0, float((fit.explains * match.weights).sum())) + again
