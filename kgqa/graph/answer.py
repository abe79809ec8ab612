"""Answers questions over the graph: reads, lists queries, scores, runs them and says how sure it is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from kgqa.asking import of_words
from kgqa.graph import asof
from kgqa.graph.described import Description, descriptions
from kgqa.graph.features import FEATURES
from kgqa.graph.kinds import asked_kind
from kgqa.graph.matching import Match
from kgqa.graph.objections import objection
from kgqa.graph.operations import Result, Runner
from kgqa.graph.query import Query, sparql
from kgqa.graph.question import Reading
from kgqa.graph.ranking import Ranker, Scored
from kgqa.graph.schema_words import Relation, SchemaWords
from kgqa.graph.sheet import entity_sheet
from kgqa.graph.store import GraphStore
from kgqa.graph.truth import verdict
from kgqa.graph.verbalise import path_words
from kgqa.graph.view import Access, View
from kgqa.graph.vocabulary import ALIASES, LABELS, XSD
from kgqa.graph.wording import say
from kgqa.language import detect, simplified
from kgqa.protocols import Encoder
from kgqa.types import AnswerKind, Entity, Filters, GraphFinding, Link, Path, Term, Triple

_MOST_RUN = 8
_MOST_FINDINGS = 5
_MOST_FILLS = 5
_MOST_ALONE = 3
_SURE = 0.9
_WHAT_IS = re.compile(
    r"^\W*(?:(?:what|who)(?:['’]s| is| are| was| were) (?:an? |the )?⟦\d+⟧|(?:什么是|何为|何谓)⟦\d+⟧|⟦\d+⟧是(?:什么|啥|谁))\W*$",
    re.I,
)
_CODE = re.compile(r"[A-Z]{0,8}[-:]?\d[\w.:-]*")
_OBJECTED = 0.95
"""Support of a statement that speaks against what leave is asked for: it is there, but the question did not name its relation."""
_NAMING = frozenset({*LABELS, *ALIASES})
_HEAD = FEATURES.index("head_agrees")
_COVERAGE = FEATURES.index("coverage")


class GraphSearch:
    """The graph side of answering; implements :class:`kgqa.protocols.Graph` together with the store's own descriptions.

    :param model: folder of the trained path scorer; plain weights when ``None``.
    :param documents: gives the ids of the documents that are an entity's own text.
    :param access: gives the groups that may see a source; needed where filters name groups.
    :param threshold: findings that score below are left out.
    """

    def __init__(
        self,
        store: GraphStore,
        encoder: Encoder | None = None,
        model: FilePath | None = None,
        *,
        threshold: float = 0.5,
        documents: Callable[[str], tuple[str, ...]] | None = None,
        access: Access | None = None,
    ) -> None:
        self._store = store
        self.words = SchemaWords(store, encoder)
        self._ranker = Ranker(store, self.words, encoder, model, threshold)
        self._threshold = threshold
        self._documents = documents or (lambda iri: ())
        self._access = access

    def find(
        self, questions: Sequence[str], links: Sequence[Sequence[Link]], filters: Filters | None = None
    ) -> list[list[GraphFinding]]:
        """Return what the graph says to each question, best first; empty when it has nothing that fits.

        A question that the graph understands but has no answer to gets one finding of kind ``none`` without values.
        """
        wanted = filters or Filters()
        # Cues and names of relations are in simplified characters; places in the question stay what they are.
        read = [simplified(question) for question in questions]
        return [self._dated(question, found, wanted) for question, found in zip(read, links, strict=True)]

    def describe(self, iri: str, language: str = "en") -> Entity | None:
        """Return the entity sheet, ``None`` when the graph does not know the IRI."""
        return entity_sheet(self._store, iri, language)

    def facts(self, iris: Collection[str], limit: int = 50) -> list[Triple]:
        """Return statements that have one of the entities as subject or object."""
        found = [triple for iri in iris for triple in self._store.triples_of(iri, limit)]
        return list(dict.fromkeys(found))[:limit]

    def label(self, iri: str, language: str = "en") -> str:
        """Return the best label in a language, or the IRI's last part."""
        return self._store.label(iri, language)

    def rank(self, question: str, links: Sequence[Link]) -> tuple[Match, list[Scored]]:
        """Return the queries that a question may mean, best first."""
        return self._ranker.rank(question, links)

    def _dated(self, question: str, links: Sequence[Link], filters: Filters) -> list[GraphFinding]:
        """Answer for the day that the question names, else for the day of the filters."""
        asked = asof.stated(question, links)
        if asked is not None:
            return self._find(asked.text, asked.links, replace(filters, as_of=asked.day))
        findings = self._find(question, links, filters)
        asked = asof.mentioned(question, links)
        if asked is None or (findings and asked.used(findings[0])):
            return findings
        then = self._find(asked.text, asked.links, replace(filters, as_of=asked.day))
        return then if any(finding.values for finding in then) else findings or then

    def _find(self, question: str, links: Sequence[Link], filters: Filters) -> list[GraphFinding]:
        view = View(self._store, filters, self._access)
        if stated := objection(question, links, self.words, view):
            return [self._objected(stated, links, view, detect(question))]
        match, ranked = self.rank(asof.in_force(question) if filters.as_of else question, links)
        if _WHAT_IS.search(match.reading.masked):  # a kind or a description tells it, any other property does not
            ranked = [item for item in ranked if item.query.last is None or _tells_what(item.query.last.relation)]
        findings, empty = self._run(match, ranked, view)
        if not findings and match.reading.content and (other := self._ranker.attribute(question, links)):
            match, ranked = other
            findings, empty = self._run(match, ranked, view)
        if match.reading.wh in ("how", "why"):
            findings = [finding for finding in findings if not _code(finding)]
        sure = findings and findings[0].score >= _SURE and not _words_left(ranked, findings[0])
        manner = match.reading.wh in ("how", "why") or of_words(question)  # asks for what a graph seldom has
        if match.reading.operation == "ask" or (sure and not manner and not _bare(match)):
            return findings or empty
        described = self._described(match, links, view)
        if described is None or not described.values:
            return findings or ([described] if described else empty)
        if findings and set(findings[0].values) == set(described.values):
            return [replace(findings[0], fills=described.fills), *findings[1:]]
        return [described, *(finding for finding in findings if finding.score >= _SURE)]

    def _objected(self, stated: Query, links: Sequence[Link], view: View, language: str) -> GraphFinding:
        """Answer no to a question that asks leave, by the statement that speaks against it."""
        result = Runner(view).run(stated)
        values = ((Term("false", "literal"), "false"),)
        paths = _told(result.paths, view, language)
        return GraphFinding(
            "boolean",
            values,
            _OBJECTED,
            sparql(stated),
            paths,
            True,
            tuple(links),
            (),
            _said(stated, view, language),
        )

    def _described(self, match: Match, links: Sequence[Link], view: View) -> GraphFinding | None:
        """Return the thing that a part of the question describes, when the graph knows it; the rest is left to the text."""
        for part in descriptions(match, links):
            inner, ranked = self.rank(part.text, part.links)
            item = next(
                (
                    item
                    for item in ranked[:3]
                    if item.coverage > 0.99 and item.head and item.score >= _SURE and item.query.operation == "list"
                ),
                None,
            )
            if item is None:
                continue
            item, result = self._of_kind(inner, item, Runner(view), view)
            if result.terms and len(result.terms) <= _MOST_FILLS and all(term.kind == "iri" for term in result.terms):
                return self._filled(inner, item, result, part, view)
            # The longest description that makes sense names nothing: a shorter one would name something else.
            return None if result.terms else self._void(item)
        return None

    def _filled(self, match: Match, item: Scored, result: Result, part: Description, view: View) -> GraphFinding:
        language = match.reading.language
        fills = tuple(self._link(part, term, item.score, view, language) for term in result.terms)
        links = tuple(anchor.link for anchor in item.anchors.values() if anchor.link is not None)
        values = tuple((term, view.label(term.value, language)) for term in result.terms)
        return GraphFinding(
            "none",
            values,
            item.score,
            sparql(item.query),
            _told(result.paths, view, language),
            result.complete,
            links,
            fills,
            _said(item.query, view, language),
        )

    def _link(self, part: Description, term: Term, score: float, view: View, language: str) -> Link:
        label, types = view.label(term.value, language), view.types(term.value)
        documents = self._documents(term.value)
        return Link(part.start, part.end, part.text, term.value, label, score, "given", types, documents)

    def _void(self, item: Scored) -> GraphFinding:
        """Return the finding that the graph understands a question and has nothing."""
        links = tuple(anchor.link for anchor in item.anchors.values() if anchor.link is not None)
        return GraphFinding("none", (), item.score, sparql(item.query), links=links)

    def _run(self, match: Match, ranked: Sequence[Scored], view: View) -> tuple[list[GraphFinding], list[GraphFinding]]:
        """Return what the queries find, and what it says of the best of them that finds nothing, if that comes first."""
        runner = Runner(view)
        findings: list[GraphFinding] = []
        empty: Scored | None = None
        for number, item in enumerate(ranked[: 4 * _MOST_RUN]):
            if item.score < self._threshold or number - len(findings) > _MOST_RUN or len(findings) == _MOST_FINDINGS:
                break
            if empty is not None and not _substitutes(item, empty):
                continue  # what the question most likely asks has no answer here; a less likely reading is no substitute
            finding = self._finding(match, item, runner, view)
            if finding is not None and all(finding.values != other.values for other in findings):
                findings.append(finding)
            elif finding is None and not findings:
                empty = empty or item
        return findings, [self._void(empty)] if empty else []

    def _of_kind(self, match: Match, item: Scored, runner: Runner, view: View) -> tuple[Scored, Result]:
        """Run a query, again with the class that is asked for where it gives others as well."""
        result = runner.run(item.query)
        kind = asked_kind(match, item.query, result.terms, self.words, view)
        if not kind:
            return item, result
        item = replace(item, query=replace(item.query, kind=kind))
        return item, runner.run(item.query)

    def _finding(self, match: Match, item: Scored, runner: Runner, view: View) -> GraphFinding | None:
        item, result = self._of_kind(match, item, runner, view)
        reading = match.reading
        links = tuple(anchor.link for anchor in item.anchors.values() if anchor.link is not None)
        if item.query.operation == "ask":
            truth = verdict(view, self.words, item.query, result)
            if truth is None:
                return None
            values: tuple[tuple[Term, str], ...] = ((Term(str(truth).lower(), "literal"), str(truth).lower()),)
            return GraphFinding(
                "boolean",
                values,
                item.score,
                sparql(item.query),
                _told(result.paths, view, reading.language),
                True,
                links,
                (),
                _said(item.query, view, reading.language),
            )
        if not result.terms:
            return None
        result = replace(result, terms=_unsaid(item, view.in_force(result.terms)))
        if not result.terms:
            return None
        kind, values = _values(item.query, result, reading, view)
        return GraphFinding(
            kind,
            values,
            item.score,
            sparql(item.query),
            _told(result.paths, view, reading.language),
            result.complete,
            links,
            (),
            _said(item.query, view, reading.language),
        )


def _told(paths: Sequence[Path], view: View, language: str) -> tuple[Path, ...]:
    """Return paths with their words; sentences are cheap, and there are a few dozen paths at most."""
    return tuple(replace(path, words=path_words(view, path, language)) for path in paths)


def _said(query: Query, view: View, language: str) -> str:
    note = view.note(language)
    return say(query, view, language) + (f" [{note}]" if note else "")


def _values(
    query: Query, result: Result, reading: Reading, view: View
) -> tuple[AnswerKind, tuple[tuple[Term, str], ...]]:
    last = query.last
    numeric = last is not None and last.relation.side(last.forward).kind == "number"
    if query.operation == "count" and not numeric and not _amount(view, result):
        number = str(len(result.terms))
        return "number", ((Term(number, "literal", datatype=XSD + "integer"), number),)
    prefix = last.relation.prefix if last and last.forward else ""
    values = tuple((term, _shown(term, prefix, view, reading.language)) for term in result.terms)
    side = last.relation.side(last.forward) if last else None
    kinds: dict[str, AnswerKind] = {"date": "date", "number": "number", "text": "span"}
    return kinds.get(side.kind if side else "entity", "entities"), values


def _shown(term: Term, prefix: str, view: View, language: str) -> str:
    return term.value.removeprefix(prefix) if term.kind == "literal" else view.label(term.value, language)


def _unsaid(item: Scored, terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Leave out, where other names are asked for, the name that the question says already."""
    if item.query.last is None or not _NAMING.intersection(item.query.last.relation.predicates):
        return terms
    said = {anchor.link.mention.casefold() for anchor in item.anchors.values() if anchor.link is not None}
    return tuple(term for term in terms if term.kind != "literal" or term.value.casefold() not in said)


def _amount(view: View, result: Result) -> bool:
    """Tell whether the one value found is itself the asked amount ("how many inhabitants ...": "28,619")."""
    if len(result.terms) != 1:
        return False
    term = result.terms[0]
    text = term.value if term.kind == "literal" else view.label(term.value)
    return re.match(r"\W*(?:约|大约|about |approximately )?\d", text) is not None and (
        term.kind == "literal" or len(text) < 16
    )


def _tells_what(relation: Relation) -> bool:
    """Tell whether a relation leads to what a thing is."""
    return relation.member or relation.object.kind == "text"


def _code(finding: GraphFinding) -> bool:
    """Tell whether a finding is codes of a thing, which say neither how nor why."""
    return finding.kind == "span" and all(_CODE.fullmatch(label) for _, label in finding.values)


def _bare(match: Match) -> bool:
    """Tell whether the question only asks what a thing is, so that the graph's answer may not be all that is wanted."""
    return (
        re.search(
            r"^\W*(?:what|who)(?:['’]s| is| are)\b|\bexplain\b|\btell me\b|\bknow about\b|是什么|介绍|解释",
            match.reading.masked,
            re.I,
        )
        is not None
    )


def _words_left(ranked: Sequence[Scored], finding: GraphFinding) -> bool:
    """Tell whether the query of a finding leaves words of the question unexplained."""
    return any(item.coverage < 0.9 and sparql(item.query) == finding.sparql for item in ranked)


def _substitutes(item: Scored, empty: Scored) -> bool:
    """Tell whether a query says as much of the question as a better one that has no result."""
    nearly = _logit(item.score) >= _logit(empty.score) - 1.5
    return nearly and item.coverage >= empty.coverage - 0.01 and item.support >= empty.support - 0.1


def _logit(score: float) -> float:
    inner = min(max(score, 1e-9), 1 - 1e-9)
    return math.log(inner / (1 - inner))
