"""From a question to an answer with evidence. The five steps stand here in their order; read this file first.

1. understand  language, links to the graph, what kind of answer is asked for
2. walk        what the graph says, with the query that says it
3. retrieve    passages: in the named document, about the named entities, or anywhere
4. read        spans and quotations in the best passages
5. decide      merge both sides, calibrate, answer or abstain with the reason

Batch first: every step takes all questions at once. This file imports protocols, types, fusion and language only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from kgqa import candidates, fusion, pointing, searching
from kgqa.asking import Asked, asked, of_words, plain
from kgqa.fusion import Calibration, Decision
from kgqa.language import detect, halfwidth
from kgqa.protocols import Composer, Graph, Library, Linker, Quoter, Reader, Reranker, Retriever
from kgqa.searching import Search
from kgqa.types import Answer, Candidate, Evidence, Filters, GraphFinding, Hit, Link, Reason, Span
from kgqa.wording import explain, joined

Side = Literal["graph", "text"]
BOTH: frozenset[Side] = frozenset({"graph", "text"})
Listener = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """A question and what the asker has set.

    :param links: corrections: these entities are taken for their mentions, whatever the linker says.
    """

    question: str
    filters: Filters = field(default_factory=Filters)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """A request after the first step."""

    request: Request
    language: str
    asked: Asked
    links: tuple[Link, ...]

    @property
    def question(self) -> str:
        """The question's text."""
        return self.request.question


@dataclass(frozen=True, slots=True)
class Read:
    """What the text side has for one question: the search that found it, its passages, spans and quotations."""

    search: Search
    hits: tuple[Hit, ...] = ()
    spans: tuple[Span, ...] = ()
    quotes: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Effort:
    """How much each step may look at.

    :param retrieved: passages that are read together with the question by the reranker.
    :param read: passages that the reader reads.
    :param sentences: passages that are searched for a whole sentence where a phrase is asked for.
    :param spans: phrases of the reader that are weighed.
    """

    retrieved: int = 24
    reranked: int = 16
    read: int = 6
    sentences: int = 2
    spans: int = 10
    alternatives: int = 5


@dataclass(frozen=True, slots=True)
class Parts:
    """What the flow is made of; ``None`` where a knowledge base has no graph or no documents."""

    calibration: Calibration
    linker: Linker | None = None
    graph: Graph | None = None
    retriever: Retriever | None = None
    reranker: Reranker | None = None
    reader: Reader | None = None
    quoter: Quoter | None = None
    library: Library | None = None
    composer: Composer | None = None


@dataclass(slots=True)
class _Clock:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    listener: Listener | None = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        if self.listener:
            self.listener(name)
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


class QA:
    """Answers questions from the parts that it is given."""

    def __init__(self, parts: Parts, effort: Effort = Effort()) -> None:
        self._parts = parts
        self._effort = effort

    @property
    def parts(self) -> Parts:
        """What it answers with."""
        return self._parts

    def ask(
        self, requests: Sequence[Request], *, sides: frozenset[Side] = BOTH, progress: Listener | None = None
    ) -> list[Answer]:
        """Answer each request, in order.

        :param sides: which sides may speak; ``BOTH`` outside of evaluation.
        :param progress: called with the name of each stage as it begins.
        """
        if not requests:
            return []
        clock = _Clock(listener=progress)
        understood, findings, read = self._gather(requests, sides, clock)
        with clock.stage("decide"):
            share = {name: value / len(requests) for name, value in clock.seconds.items()}
            answers = [self._decide(u, f, r, share) for u, f, r in zip(understood, findings, read, strict=True)]
        return self._told(answers)

    def candidates(self, requests: Sequence[Request], *, sides: frozenset[Side] = BOTH) -> list[list[Candidate]]:
        """Return what :meth:`ask` would decide between, merged but not yet calibrated; calibration is fitted on this."""
        gathered = self._gather(requests, sides, _Clock())
        return [self._candidates(u, f, r) for u, f, r in zip(*gathered, strict=True)]

    def _gather(
        self, requests: Sequence[Request], sides: frozenset[Side], clock: _Clock
    ) -> tuple[list[Understood], list[list[GraphFinding]], list[list[Read]]]:
        """Take steps 1 to 4."""
        with clock.stage("link"):
            understood = self._understand(requests, sides)
        with clock.stage("graph"):
            findings = self._walk(understood) if "graph" in sides else [[] for _ in understood]
        read: list[list[Read]] = [[] for _ in understood]
        if "text" in sides and self._parts.retriever is not None:
            with clock.stage("retrieve"):
                read = self._retrieve(understood, findings)
            with clock.stage("read"):
                read = self._read(understood, read)
        return understood, findings, read

    # 1 understand
    def _understand(self, requests: Sequence[Request], sides: frozenset[Side]) -> list[Understood]:
        requests = [replace(request, question=halfwidth(request.question)) for request in requests]
        requests = [
            request if request.links else replace(request, question=plain(request.question)) for request in requests
        ]
        questions = [request.question for request in requests]
        linker = self._parts.linker if "graph" in sides else None
        limits = [request.filters for request in requests]
        found = linker.link(questions, limits) if linker else [[] for _ in questions]
        return [
            self._pointed(
                Understood(
                    request, detect(request.question), asked(request.question), _corrected(links, request.links)
                ),
                sides,
            )
            for request, links in zip(requests, found, strict=True)
        ]

    def _pointed(self, one: Understood, sides: frozenset[Side]) -> Understood:
        """Let "this agreement" mean the agreement when the question is asked of its document alone."""
        documents, library = one.request.filters.documents or (), self._parts.library
        if "graph" not in sides or library is None or len(documents) != 1 or pointing.names_a_text(one.links):
            return one
        subject = library.subject(next(iter(documents)), one.language, one.request.filters)
        if subject is None:
            return one
        question, link = pointing.pointed(one.question, subject)
        return replace(
            one,
            request=replace(one.request, question=question),
            asked=Asked("span", "quote") if pointing.bare(one.question) else asked(question),
            links=_corrected(one.links, (link,)),
        )

    # 2 walk
    def _walk(self, understood: Sequence[Understood]) -> list[list[GraphFinding]]:
        if self._parts.graph is None:
            return [[] for _ in understood]
        # Filters differ between questions, the graph takes one set: group by them.
        groups: dict[int, list[int]] = {}
        for at, one in enumerate(understood):
            groups.setdefault(id(one.request.filters), []).append(at)
        found: list[list[GraphFinding]] = [[] for _ in understood]
        for rows in groups.values():
            some = [understood[at] for at in rows]
            answers = self._parts.graph.find(
                [one.question for one in some], [one.links for one in some], some[0].request.filters
            )
            for at, findings in zip(rows, answers, strict=True):
                found[at] = list(findings)
        return found

    # 3 retrieve
    def _retrieve(
        self, understood: Sequence[Understood], findings: Sequence[Sequence[GraphFinding]]
    ) -> list[list[Read]]:
        plans = [
            searching.plan(u.question, u.links, f, u.request.filters, self._parts.library)
            for u, f in zip(understood, findings, strict=True)
        ]
        flat = [search for searches in plans for search in searches]
        hits = iter(self._search(flat))
        return [[Read(search, tuple(next(hits))) for search in searches] for searches in plans]

    def _search(self, searches: Sequence[Search]) -> list[list[Hit]]:
        retriever, effort = self._parts.retriever, self._effort
        assert retriever is not None
        groups: dict[Filters, list[int]] = {}
        for at, search in enumerate(searches):
            groups.setdefault(search.filters, []).append(at)
        found: list[list[Hit]] = [[] for _ in searches]
        for filters, rows in groups.items():
            lists = retriever.retrieve(
                [searches[at].query for at in rows],
                effort.retrieved,
                filters=filters,
                boost=[searches[at].boost for at in rows],
            )
            for at, hits in zip(rows, lists, strict=True):
                found[at] = hits
        found = [searching.parted(search, hits) for search, hits in zip(searches, found, strict=True)]
        if self._parts.reranker is None:
            return found
        ranked = self._parts.reranker.rerank(
            [search.query if search.focus == "document" else search.question for search in searches],
            [hits[: effort.reranked] for hits in found],
        )
        return [searching.parted(search, hits) for search, hits in zip(searches, ranked, strict=True)]

    # 4 read
    def _read(self, understood: Sequence[Understood], read: Sequence[Sequence[Read]]) -> list[list[Read]]:
        flat = [(u, r) for u, reads in zip(understood, read, strict=True) for r in reads]
        questions = [r.search.question for _, r in flat]
        passages = [[hit.passage for hit in r.hits[: self._effort.read]] for _, r in flat]
        phrases = [p if u.asked.style == "span" else [] for (u, _), p in zip(flat, passages, strict=True)]
        some = self._effort.sentences
        sentences = [p if u.asked.style != "span" else p[:some] for (u, _), p in zip(flat, passages, strict=True)]
        nothing: list[list[Span]] = [[] for _ in flat]
        spans = self._parts.reader.read(questions, phrases, self._effort.spans) if self._parts.reader else nothing
        quotes = self._parts.quoter.quote(questions, sentences) if self._parts.quoter else nothing
        done = iter(
            replace(r, spans=tuple(s), quotes=tuple(q)) for (_, r), s, q in zip(flat, spans, quotes, strict=True)
        )
        return [[next(done) for _ in reads] for reads in read]

    # 5 decide
    def _decide(
        self, one: Understood, findings: Sequence[GraphFinding], read: Sequence[Read], seconds: dict[str, float]
    ) -> Answer:
        decision = fusion.decide(self._candidates(one, findings, read), self._parts.calibration)
        base = Answer(
            question=one.question,
            text=None,
            kind="none",
            confidence=decision.confidence,
            language=one.language,
            links=one.links,
            seconds=seconds,
            alternatives=tuple(c for c, _ in decision.ranked[: self._effort.alternatives]),
        )
        if decision.best is None:
            return self._abstain(base, one, decision, read, void=candidates.voided(findings) > 0)
        return self._answer(base, decision.best, decision)

    def _candidates(self, one: Understood, findings: Sequence[GraphFinding], read: Sequence[Read]) -> list[Candidate]:
        library, hits = self._parts.library, [hit for r in read for hit in r.hits]
        graph = candidates.from_graph(one.asked, findings, hits, one.language)
        void = candidates.voided(findings)
        text = [
            candidate
            for r in read
            for candidate in candidates.from_text(
                r.search, one.asked, r.hits, r.spans, r.quotes, one.language, library, void
            )
        ]
        if text and of_words(one.question):
            graph = [
                candidate for candidate in graph if candidate.features["kind"]
            ]  # a name is not what a document says
        return fusion.merge(graph, text)

    def _answer(self, base: Answer, best: Candidate, decision: Decision) -> Answer:
        return replace(
            base,
            text=joined(best.items, base.language),
            kind=best.kind,
            items=best.items,
            iris=best.iris,
            complete=best.complete,
            evidence=tuple(e for e in best.evidence if self._holds(e)),
            conflicts=decision.conflicts,
            alternatives=tuple(c for c, _ in decision.ranked[1 : 1 + self._effort.alternatives]),
        )

    def _told(self, answers: Sequence[Answer]) -> list[Answer]:
        """Add the composer's prose to what is answered; the answer itself stays what fusion decided."""
        if self._parts.composer is None:
            return list(answers)
        given = [answer for answer in answers if answer.text is not None]
        told = iter(self._parts.composer.compose([a.question for a in given], [a.evidence for a in given]))
        return [answer if answer.text is None else replace(answer, prose=next(told) or "") for answer in answers]

    def _abstain(
        self, base: Answer, one: Understood, decision: Decision, read: Sequence[Read], *, void: bool
    ) -> Answer:
        unclear = not decision.ranked and any(r.spans or r.quotes for r in read)
        reason = fusion.reason_for_nothing(
            linked=bool(one.links),
            found=bool(decision.ranked) or unclear,
            retrieved=any(r.hits for r in read),
            hidden=not any(r.hits for r in read) and self._without(one, replace(one.request.filters, groups=None)),
            outdated=not any(r.hits for r in read) and self._without(one, replace(one.request.filters, as_of=None)),
            void=void,
            split=fusion.disagree(decision.ranked, self._parts.calibration.threshold),
        )
        nearest = tuple(
            Evidence("passage", h.score, h.passage, h.passage.start, h.passage.end, h.passage.text)
            for r in read[:1]
            for h in r.hits[:2]
        )
        related = (Reason.READER_UNSURE, Reason.NO_RELATION, Reason.SOURCES_DISAGREE)
        shown = nearest if reason in related else ()
        # Passages on the topic that settle nothing say nothing of whether the answer is in the sources.
        confidence = 0.5 if unclear else base.confidence
        words = explain(reason, base.language)
        return replace(base, reason=reason, confidence=confidence, explanation=words, evidence=shown)

    def _without(self, one: Understood, wider: Filters) -> bool:
        """Tell whether wider filters would have found passages; asked only where the filters in force found none."""
        if wider == one.request.filters or self._parts.retriever is None:
            return False
        return bool(self._parts.retriever.retrieve([one.question], 1, filters=wider)[0])

    def _holds(self, evidence: Evidence) -> bool:
        """Check a quotation against the document itself; a quotation that does not hold is not shown."""
        if evidence.kind != "passage" or evidence.passage is None or self._parts.library is None:
            return True
        return self._parts.library.text(evidence.passage.doc_id)[evidence.start : evidence.end] == evidence.quote


def _corrected(links: Sequence[Link], given: Sequence[Link]) -> tuple[Link, ...]:
    """Put the asker's links in the place of the linker's for the same characters."""
    if not given:
        return tuple(links)
    kept = [link for link in links if not any(g.start < link.end and link.start < g.end for g in given)]
    return (*given, *kept)
