"""Query graphs: what a question may ask of a graph, as data and as SPARQL.

A query has a *core*, the things that satisfy chains of hops from anchors and conditions on literals, and a *tail* of hops from
the core to the answer. Most have no tail. "Parties of contracts under the law of X in 2015": the core is contracts, the tail
leads to parties.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kgqa.graph import vocabulary as v
from kgqa.graph.question import Operation
from kgqa.graph.schema_words import Relation
from kgqa.graph.store import GraphStore
from kgqa.graph.times import Bound, Period
from kgqa.types import Term

WIDER = (v.SUBCLASS, v.SKOS + "broader")
"""What leads from a class to a wider one."""
TRUE = Term("true", "literal", datatype=v.XSD + "boolean")
"""Target of a yes/no question about a statement that is itself true or false."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A step along a relation; ``closure`` takes it any number of times."""

    relation: Relation
    forward: bool
    closure: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """Hops from an anchor. ``apart`` keeps later nodes different from the anchor ("other ...", "also ...").

    :param mention: index of the mention it starts from, -1 for none.
    """

    anchor: Term
    hops: tuple[Hop, ...]
    mention: int = -1
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A literal of the core must lie in a range; bounds are compared as ISO text, or as numbers."""

    relation: Relation
    low: str | float | None = None
    high: str | float | None = None
    strict: bool = False

    @classmethod
    def of_period(cls, relation: Relation, period: Period) -> Condition:
        """Make the condition that a date lies in a period."""
        low, high = period.bounds()
        return cls(relation, _short(low), _short(high))

    @classmethod
    def of_bound(cls, relation: Relation, bound: Bound) -> Condition:
        """Make the condition that a number lies above or below a bound."""
        if bound.relation in ("above", "at_least"):
            return cls(relation, low=bound.value, strict=bound.relation == "above")
        return cls(relation, high=bound.value, strict=bound.relation == "below")

    def holds(self, term: Term) -> bool:
        """Tell whether a value fits."""
        if isinstance(self.low, str) or isinstance(self.high, str):
            text = term.value
            return (self.low is None or text >= str(self.low)) and (self.high is None or text < str(self.high))
        try:
            value = float(term.value)
        except ValueError:
            return False
        low, high = self.low, self.high
        fits_low = low is None or value > float(low) or (not self.strict and value == float(low))
        return fits_low and (high is None or value < float(high) or (not self.strict and value == float(high)))


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query. ``target`` is what a yes/no question asks about; ``order`` is what a superlative compares.

    :param barred: class that no answer has; ``lacks`` a relation that no answer has.
    :param kind: class that each answer has, by itself or by a narrower one.
    """

    chains: tuple[Chain, ...]
    conditions: tuple[Condition, ...] = ()
    without: tuple[Chain, ...] = ()
    either: bool = False
    cls: str = ""
    tail: tuple[Hop, ...] = ()
    exclude: tuple[Term, ...] = ()
    operation: Operation = "list"
    order: Relation | None = None
    target: Term | None = None
    barred: str = ""
    lacks: Relation | None = None
    kind: str = ""

    @property
    def hops(self) -> tuple[Hop, ...]:
        """Return all hops, those of the chains first."""
        return tuple(hop for chain in (*self.chains, *self.without) for hop in chain.hops) + self.tail

    @property
    def joined(self) -> bool:
        """Tell whether it lists what any of several relations says of one thing."""
        return self.either and len({chain.mention for chain in self.chains}) < len(self.chains)

    @property
    def last(self) -> Hop | None:
        """Return the hop that reaches the answer."""
        if self.tail:
            return self.tail[-1]
        return next((chain.hops[-1] for chain in self.chains if chain.hops), None)


def _short(day: date | None) -> str | None:
    """Write a day without ``-01`` at the end: as text ``2015`` comes before each day of that year, in all of XSD's date types."""
    return None if day is None else day.isoformat().removesuffix("-01").removesuffix("-01")


def kinds_of(term: Term, store: GraphStore, stated: Iterable[str]) -> set[str]:
    """Return the classes of a thing, wider ones included; of a class, or a concept of a scheme, those above it.

    :param stated: classes that it is said to be of.
    """
    own = {term.value, *stated}
    return own | {above for kind in own for p in WIDER for above in store.closure(kind, p)}


# --- SPARQL --------------------------------------------------------------------------------------------------------------


def sparql(query: Query) -> str:
    """Write a query as SPARQL 1.1; ``?a`` is the answer, ``?n`` a count; yes/no is an ASK."""
    writer = _Writer()
    body = writer.body(query)
    if query.operation == "ask":
        return f"ASK {{ {body} }}"
    if query.operation == "count":
        return f"SELECT (COUNT(DISTINCT ?a) AS ?n) WHERE {{ {body} }}"
    if query.operation in ("max", "min") and query.order is not None:
        order = _path(query.order.predicates)
        inner = _Writer("m").body(query).replace("?a ", "?b ").replace("?a)", "?b)")
        best = query.operation.upper()
        return (
            f"SELECT DISTINCT ?a WHERE {{ {{ SELECT ({best}(?v) AS ?best) WHERE {{ {inner} ?b {order} ?v }} }} "
            f"{body} ?a {order} ?w FILTER(?w = ?best) }}"
        )
    return f"SELECT DISTINCT ?a WHERE {{ {body} }}"


class _Writer:
    def __init__(self, prefix: str = "x") -> None:
        self._count = 0
        self._prefix = prefix

    def body(self, query: Query) -> str:
        core = self._fresh() if query.tail else "?a"
        parts = []
        if query.either:
            parts.append(" UNION ".join(f"{{ {self.chain(chain, core)} }}" for chain in query.chains))
        else:
            parts += [self.chain(chain, core) for chain in query.chains]
        if query.cls:
            parts.append(f"{core} {_path((v.TYPE,))} {_term(Term(query.cls))} .")
        parts += [self.condition(item, core) for item in query.conditions]
        parts += [f"FILTER NOT EXISTS {{ {self.chain(chain, core)} }}" for chain in query.without]
        if query.barred:
            parts.append(f"FILTER NOT EXISTS {{ {core} {_path((v.TYPE,))} {_term(Term(query.barred))} }}")
        if query.lacks is not None:
            parts.append(f"FILTER NOT EXISTS {{ {core} {_path(query.lacks.predicates)} {self._fresh()} }}")
        if query.tail:
            parts.append(self.hops(core, query.tail, "?a", None))
        if query.kind:
            step = _path((v.TYPE,)) + (
                "?" if query.chains else ""
            )  # without a chain its members, not the classes below it
            parts.append(f"?a {step}/{_path(WIDER)}* {_term(Term(query.kind))} .")
        parts += [f"FILTER(?a != {_term(term)})" for term in query.exclude]
        if query.target is not None:
            parts.append(f"FILTER(?a = {_term(query.target)})")
        return " ".join(part for part in parts if part)

    def chain(self, chain: Chain, end: str) -> str:
        if not chain.hops:
            return f"BIND({_term(chain.anchor)} AS {end})"
        return self.hops(_term(chain.anchor), chain.hops, end, chain.anchor if chain.apart else None)

    def hops(self, start: str, hops: Sequence[Hop], end: str, apart: Term | None) -> str:
        parts = []
        at = start
        for number, hop in enumerate(hops, start=1):
            to = end if number == len(hops) else self._fresh()
            path = _path(hop.relation.predicates) + ("+" if hop.closure else "")
            parts.append(f"{at} {path} {to} ." if hop.forward else f"{to} {path} {at} .")
            if hop.relation.prefix and hop.forward:
                parts.append(f"FILTER(STRSTARTS(STR({to}), {_literal(hop.relation.prefix)}))")
            if apart is not None and number > 1:
                parts.append(f"FILTER({to} != {_term(apart)})")
            at = to
        return " ".join(parts)

    def condition(self, item: Condition, at: str) -> str:
        value = self._fresh()
        text = isinstance(item.low, str) or isinstance(item.high, str)
        shown = f"STR({value})" if text else f"<{v.XSD}double>(STR({value}))"
        tests = []
        if item.low is not None:
            tests.append(f"{shown} {'>' if item.strict else '>='} {_literal(item.low) if text else item.low}")
        if item.high is not None:
            tests.append(f"{shown} {'<' if item.strict or text else '<='} {_literal(item.high) if text else item.high}")
        return f"{at} {_path(item.relation.predicates)} {value} FILTER({' && '.join(tests)})"

    def _fresh(self) -> str:
        self._count += 1
        return f"?{self._prefix}{self._count}"


def _path(predicates: Iterable[str]) -> str:
    parts = [_term(Term(iri)) for iri in predicates]
    return parts[0] if len(parts) == 1 else "(" + "|".join(parts) + ")"


def _term(term: Term) -> str:
    if term.kind == "literal":
        text = _literal(term.value)
        return text + (f"@{term.language}" if term.language else f"^^<{_iri(term.datatype)}>" if term.datatype else "")
    return f"<{_iri(term.value)}>"


def _iri(value: str) -> str:
    """Escape what may not stand in an IRI, so that no name can end it early."""
    return "".join(char if char > " " and char not in '<>"{}|\\^`' else f"%{ord(char):02X}" for char in value)


def _literal(value: object) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(char, char) for char in str(value)) + '"'
