"""Rules that derive statements: SPARQL CONSTRUCT to a fixed point, with the premises of each derived statement."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kgqa.errors import SourceError
from kgqa.graph import vocabulary as v
from kgqa.graph.closure import RDFS as CLOSURE
from kgqa.graph.closure import closure
from kgqa.graph.guard import mask
from kgqa.graph.rule import Rule
from kgqa.graph.terms import from_ox, to_ox
from kgqa.types import Term

__all__ = ["CLOSURE", "Derived", "Rule", "RuleSet", "apply_rules", "closure", "read_rules"]

Statement = tuple[Term, Term, Term]
Walk = tuple[Term, tuple[Statement, ...]]
_LONGEST_WALK = 50


class URIRef(str):
    """Stands for any predicate where only the ends of a pattern are filled in."""


_ANY = URIRef("urn:any")


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules and how far they may go.

    :param max_rounds: most passes over all rules; a derivation chain longer than this is cut, and the report says so.
    :param max_triples: most derived statements.
    :param max_seconds: longest time for all of it; looked at between two results, so a single query can take longer.
    """

    rules: tuple[Rule, ...] = ()
    max_rounds: int = 30
    max_triples: int = 1_000_000
    max_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Derived:
    """A statement that a rule derived, and the statements that it follows from."""

    triple: Statement
    rule: str
    premises: tuple[Statement, ...]


def read_rules(folder: Path) -> tuple[tuple[Rule, ...], tuple[tuple[str, str], ...]]:
    """Read ``*.rq`` of a folder in order of their names; return the rules and pairs of file and what is wrong."""
    rules: list[Rule] = []
    problems: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.rq")):
        try:
            rule = Rule(path.stem, path.read_text(encoding="utf-8"))
            _Prepared(rule)
            rules.append(rule)
        except (SourceError, OSError, UnicodeDecodeError) as error:
            problems.append((path.name, " ".join(str(error).split())))
    return tuple(rules), tuple(problems)


def apply_rules(
    store: Any, rules: RuleSet, notes: list[str] | None = None, problems: list[tuple[str, str]] | None = None
) -> list[Derived]:
    """Add what the rules derive to an Oxigraph store, to a fixed point; return it in order of derivation.

    :param notes: takes a line when a bound cut the derivation.
    :param problems: takes name and reason of each rule that cannot be used; the others are applied.
    :raises SourceError: if a rule cannot be used and ``problems`` is not given.
    """
    prepared = _usable(rules.rules, problems)
    found: list[Derived] = []
    end = time.monotonic() + rules.max_seconds
    for _ in range(rules.max_rounds):
        before = len(found)
        for rule in list(prepared):
            try:
                fresh = rule.derive(store, rules.max_triples - len(found), end)
            except SourceError as error:
                if problems is None:
                    raise
                problems.append((rule.name, str(error)))
                prepared.remove(rule)
                continue
            store.extend(ox.Quad(*(to_ox(term) for term in item.triple)) for item in fresh)
            found += fresh
            if len(found) >= rules.max_triples:
                _note(notes, f"rules were stopped at {rules.max_triples} derived statements")
                return found
            if time.monotonic() > end:
                _note(notes, f"rules were stopped after {rules.max_seconds:g} seconds")
                return found
        if len(found) == before:
            return found
    _note(notes, f"rules were stopped after {rules.max_rounds} rounds")
    return found


def _usable(rules: Sequence[Rule], problems: list[tuple[str, str]] | None) -> list[_Prepared]:
    prepared: list[_Prepared] = []
    for rule in rules:
        try:
            prepared.append(_Prepared(rule))
        except SourceError as error:
            if problems is None:
                raise
            problems.append((rule.name, str(error)))
    return prepared


def _note(notes: list[str] | None, text: str) -> None:
    if notes is not None:
        notes.append(text)


class _Prepared:
    """A rule as a SELECT query, with the patterns of its head and of its premises."""

    def __init__(self, rule: Rule) -> None:
        self.name = rule.name
        try:
            algebra = _algebra(rule.sparql)
        except Exception as error:  # the parser raises many kinds, down to RecursionError
            reason = " ".join(str(error).split())[:300]
            raise SourceError(f"rule {rule.name!r} is no valid CONSTRUCT query: {reason}") from None
        self._body = tuple(dict.fromkeys(_patterns(algebra.p)))
        self._head = tuple(tuple(pattern) for pattern in algebra.template or self._body)
        if any(type(term).__name__ == "BNode" for pattern in self._head for term in pattern):
            raise SourceError(f"rule {rule.name!r} makes blank nodes, which never come to a fixed point; use IRIs")
        self._select = _as_select(rule)

    def derive(self, store: Any, limit: int, end: float) -> list[Derived]:
        found: dict[Statement, Derived] = {}
        try:
            for solution in store.query(self._select):
                for pattern in self._head:
                    triple = _fill(pattern, solution)
                    if triple is None or triple in found or not _sound(triple) or _quad(triple) in store:
                        continue
                    premises = [premise for part in self._body for premise in _premises(part, solution, store)]
                    found[triple] = Derived(triple, self.name, tuple(dict.fromkeys(premises)))
                if len(found) >= limit or time.monotonic() > end:
                    break
        except (SyntaxError, ValueError) as error:
            raise SourceError(f"rule {self.name!r} cannot be run: {' '.join(str(error).split())[:300]}") from None
        return list(found.values())[:limit]


def _algebra(sparql: str) -> Any:
    from rdflib.plugins.sparql import prepareQuery

    mask(sparql)
    algebra = prepareQuery(sparql).algebra
    if algebra.name != "ConstructQuery":
        raise SourceError(f"it is a {algebra.name}")
    return algebra


def _patterns(part: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the triple patterns that must hold or may hold; not those under NOT EXISTS or MINUS."""
    if getattr(part, "name", "") == "BGP":
        yield from (tuple(pattern) for pattern in part.triples)
        return
    for key in ("p", "p1", "p2", "part"):
        if key == "p2" and part.name == "Minus":
            continue
        inner = part.get(key) if hasattr(part, "get") else None
        if hasattr(inner, "name"):
            yield from _patterns(inner)


def _as_select(rule: Rule) -> str:
    """Return the query with ``CONSTRUCT {…}`` replaced by ``SELECT *``."""
    masked = mask(rule.sparql)
    start = masked.upper().index("CONSTRUCT")
    after = start + len("CONSTRUCT")
    rest = masked[after:]
    if rest.lstrip().startswith("{"):
        at = after + rest.index("{")
        depth = 0
        for end in range(at, len(masked)):
            depth += (masked[end] == "{") - (masked[end] == "}")
            if not depth:
                break
        after = end + 1
    return rule.sparql[:start] + "SELECT * " + rule.sparql[after:]


def _premises(pattern: Sequence[Any], solution: Any, store: Any) -> list[Statement]:
    """Return the statements that make a pattern true; of a property path those of one walk along it."""
    subject, path, thing = pattern
    ends = _fill((subject, _ANY, thing), solution)
    if ends is None:
        return []
    if type(path).__name__ in ("URIRef", "Variable"):
        filled = _fill(pattern, solution)
        return [filled] if filled is not None and _quad(filled) in store else []
    for end, trail in _walks(path, ends[0], store):
        if end == ends[2]:
            return list(trail)
    return []


def _walks(path: Any, start: Term, store: Any) -> Iterator[Walk]:
    """Yield where a property path leads from a term, each place once for repeated paths, with the statements walked."""
    kind = type(path).__name__
    if kind == "URIRef":
        if start.kind != "literal":
            for quad in store.quads_for_pattern(to_ox(start), ox.NamedNode(str(path)), None, None):
                end = from_ox(quad.object)
                yield end, ((start, Term(str(path)), end),)
    elif kind == "InvPath" and type(path.arg).__name__ == "URIRef":
        for quad in store.quads_for_pattern(None, ox.NamedNode(str(path.arg)), to_ox(start), None):
            end = from_ox(quad.subject)
            yield end, ((end, Term(str(path.arg)), start),)
    elif kind == "AlternativePath":
        for part in path.args:
            yield from _walks(part, start, store)
    elif kind == "SequencePath":
        yield from _in_turn(path.args, start, store)
    elif kind == "MulPath":
        yield from _repeated(path, start, store)


def _in_turn(parts: Sequence[Any], start: Term, store: Any) -> Iterator[Walk]:
    for middle, trail in _walks(parts[0], start, store):
        if len(parts) == 1:
            yield middle, trail
        else:
            yield from ((end, trail + more) for end, more in _in_turn(parts[1:], middle, store))


def _repeated(path: Any, start: Term, store: Any) -> Iterator[Walk]:
    if path.mod in ("*", "?"):
        yield start, ()
    seen = {start}
    front: list[Walk] = [(start, ())]
    for _ in range(1 if path.mod == "?" else _LONGEST_WALK):
        following = []
        for node, trail in front:
            for end, more in _walks(path.path, node, store):
                if end not in seen or end == start:
                    seen.add(end)
                    following.append((end, trail + more))
                    yield end, trail + more
        front = [item for item in following if item[0] != start]
        if not front:
            return


def _fill(pattern: Sequence[Any], solution: Any) -> Statement | None:
    terms: list[Term] = []
    for part in pattern:
        kind = type(part).__name__
        if kind == "URIRef":
            terms.append(Term(str(part)))
        elif kind == "Literal":
            terms.append(Term(str(part), "literal", (part.language or "").lower(), str(part.datatype or "")))
        else:
            try:
                bound = solution[str(part)]
            except KeyError:
                return None
            if bound is None:
                return None
            terms.append(from_ox(bound))
    return terms[0], terms[1], terms[2]


def _sound(triple: Statement) -> bool:
    """Tell whether the terms can stand where they are, and the statement says more than that a thing is itself."""
    subject, predicate, thing = triple
    if thing.value.startswith("<<") or subject.value.startswith("<<"):
        return False
    return (
        subject.kind != "literal"
        and predicate.kind == "iri"
        and (subject != thing or predicate.value not in _REFLEXIVE)
    )


_REFLEXIVE = frozenset({v.SUBCLASS, v.SUBPROPERTY, *v.SYMMETRIC})


def _quad(triple: Statement) -> Any:
    return ox.Quad(*(to_ox(term) for term in triple))
