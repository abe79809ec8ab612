"""The face that programs, commands, chat and batch use: open a knowledge base, ask it, look things up, change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kgqa import changing
from kgqa.assemble import Opened
from kgqa.config import KbConfig, index_folder, kb_folder, read_config
from kgqa.errors import UsageError
from kgqa.knowledge import BuildReport, Step
from kgqa.knowledge import build as build_index
from kgqa.streams import pieces
from kgqa.types import Answer, Document, Entity, Filters, Hit, Link

if TYPE_CHECKING:
    from kgqa.audit import Journal
    from kgqa.extracting import Extracting
    from kgqa.graph.store import Table
    from kgqa.qa import QA, Request, Side

Mode = Literal["lexical", "dense", "hybrid", "rerank"]
MAX_QUESTION = 4000
"""Longest question in characters."""

TRIED = 16
"""Examples that are tried for somebody to whom some sources are closed."""

PATIENCE = 60.0
"""Seconds that a removal waits for answers that still read what is removed."""


def open(name: str | Path) -> KnowledgeBase:
    """See :func:`kgqa.open`."""
    return KnowledgeBase(read_config(kb_folder(str(name))))


def _question(text: str) -> str:
    # Half of a surrogate pair is no character: no tokenizer takes it and no output can hold it.
    stripped = text.encode("utf-8", "replace").decode().strip()
    if not stripped:
        raise UsageError("the question is empty; write what you want to know")
    if len(stripped) > MAX_QUESTION:
        raise UsageError(f"the question has {len(stripped):,} characters; {MAX_QUESTION:,} are the most, shorten it")
    return stripped


class KnowledgeBase:
    """An open knowledge base; it stays on its index generation until it changes itself or is opened again.

    Many threads may use it at once. Who is answering while another adds or removes finishes on the old generation.

    :param config: its settings.
    :param index: folder of its index; the usual place if not given.
    :raises IndexFault: there is no index, it is damaged, or it was made with another encoder.
    """

    def __init__(self, config: KbConfig, index: Path | None = None) -> None:
        self.config = config
        self.index = index or index_folder(config.folder)
        self._now = Opened(config, self.index)

    @contextmanager
    def _work(self) -> Iterator[Opened]:
        """Work with the present generation, which stays open at least until the context ends."""
        now = self._now
        while not now.enter():
            if now is self._now:
                raise UsageError(f"{self.name}: is closed; open it again")
            now = self._now  # replaced and closed since it was looked up
        try:
            yield now
        finally:
            now.leave()

    def close(self) -> None:
        """Let go of the index generation."""
        self._now.retire()

    # --- what it is -

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.config.folder.resolve().name

    @property
    def title(self) -> str:
        """Title for people."""
        return self.config.title

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of its sources."""
        return self.config.languages

    @property
    def folder(self) -> Path:
        """Folder of its sources."""
        return self.config.folder

    @property
    def generation(self) -> str:
        """Name of the index generation that it is open on."""
        return self._now.generation.name

    def stats(self, filters: Filters | None = None) -> dict[str, Any]:
        """Return counts of documents, passages, triples and entities, when it was built, and what was not used.

        :param filters: where they hide something from the asker, only what they do not hide is counted: the documents.
        """
        with self._work() as now:
            facts: dict[str, Any] = {**now.generation.manifest.facts, **now.census}
            if filters is not None and now.hides(filters):
                facts = {"documents": len(self._visible(now, filters)), "built": facts.get("built", "")}
            return {**facts, "generation": now.generation.name, "models": now.fingerprints}

    def examples(self, filters: Filters | None = None) -> list[str]:
        """Return questions to begin with: the first of its acceptance questions of each family that have answers.

        :param filters: where they hide something from the asker, only questions that have an answer for the asker.
        """
        from kgqa.examples import examples

        offered = examples(self.folder)
        with self._work() as now:
            if filters is None or not now.hides(filters):
                return offered
        answers = self.ask_many(offered[:TRIED], filters=[filters] * len(offered[:TRIED]))
        return [question for question, answer in zip(offered, answers, strict=False) if answer.text is not None]

    @property
    def qa(self) -> QA:
        """The answering flow over the generation that it is open on."""
        return self._now.qa

    # --- asking -

    def ask(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        links: Sequence[Link] = (),
        history: Sequence[Answer] = (),
        progress: Callable[[str], None] | None = None,
    ) -> Answer:
        """Answer a question with evidence, or say why there is no answer.

        :param links: entities that the asker has chosen for mentions.
        :param history: earlier answers of the conversation, oldest first; a follow-up is resolved against them.
        :param progress: called with the name of each stage.
        :raises UsageError: the question is empty.
        """
        from kgqa.qa import Request

        asked = self._resolved(_question(question), history, filters or Filters())
        request = Request(asked, filters or Filters(), tuple(links))
        return self.answer([request], progress=progress)[0]

    def ask_many(
        self,
        questions: Sequence[str],
        *,
        filters: Sequence[Filters | None] | None = None,
        progress: Callable[[int], None] | None = None,
        batch: int = 4,
    ) -> list[Answer]:
        """Answer questions in batches through every stage, a batch on each core; each answer is what :meth:`ask` gives.

        :param filters: one for each question.
        :param progress: called with the number of questions done.
        :param batch: questions that go through the stages together.
        """
        from kgqa.qa import Request

        limits = filters or [None] * len(questions)
        requests = [Request(_question(q), f or Filters()) for q, f in zip(questions, limits, strict=True)]
        asked = Counter(requests)  # a question that stands there twice is answered once
        different, found, done = list(asked), dict[Request, Answer](), 0
        for at, answers in pieces(different, self.answer, size=batch):
            some = different[at : at + len(answers)]
            found.update(zip(some, answers, strict=True))
            done += sum(asked[request] for request in some)
            if progress:
                progress(done)
        return [found[request] for request in requests]

    def answer(
        self,
        requests: Sequence[Request],
        *,
        sides: frozenset[Side] | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> list[Answer]:
        """Answer requests as they are, from both sides or one."""
        from dataclasses import replace

        from kgqa.qa import BOTH
        from kgqa.unreviewed import marked

        with self._work() as now:
            answers = now.qa.ask(requests, sides=sides or BOTH, progress=progress)
            marks = [marked(answer, now.library.passages_of) for answer in answers]
            seen = [now.permitted(a, request.filters) for a, request in zip(marks, requests, strict=True)]
            done = [replace(a, models=now.fingerprints, generation=now.generation.name) for a in seen]
        if self.config.audit and sides is None:
            from kgqa.audit import record

            record(self.name, self.journal, requests, done)
        return done

    @property
    def journal(self) -> Journal:
        """The audit records of its answers; kept where ``audit = true`` stands in its ``kb.toml``."""
        from kgqa.audit import Journal

        return Journal(self.index / "audit.jsonl")

    def permitted(self, answer: Answer, filters: Filters) -> Answer:
        """Return an earlier answer as far as the asker may see it now; one that loses evidence is withdrawn."""
        with self._work() as now:
            return now.permitted(answer, filters)

    def _resolved(self, question: str, history: Sequence[Answer], filters: Filters) -> str:
        if not history:
            return question
        from kgqa.followup import resolve

        with self._work() as now:
            linker = now.linker
            found = (lambda text: linker.link([text], [filters])[0]) if linker else None
            return resolve(question, history, found).question

    def attribution(
        self, answer: Answer, citation: int = 1, *, side: Literal["passage", "question"] = "passage"
    ) -> tuple[tuple[str, int, int, float], ...]:
        """Return the words that decided a citation as (word, start, end, weight); see :mod:`kgqa.explaining`."""
        from kgqa.explaining import attribution

        return attribution(self.qa.parts, answer, citation, side)

    # --- looking things up -

    def search(self, query: str, k: int = 10, *, mode: str = "rerank", filters: Filters | None = None) -> list[Hit]:
        """Return the best passages for a query.

        :param mode: ``lexical``, ``dense``, ``hybrid``, or ``rerank`` (hybrid, then read together with the query).
        :raises UsageError: the query is empty or the mode unknown.
        """
        if mode not in ("lexical", "dense", "hybrid", "rerank"):
            raise UsageError(f"unknown mode {mode!r}; use lexical, dense, hybrid or rerank")
        asked = _question(query)
        with self._work() as now:
            if now.retriever is None:
                return []
            if mode != "rerank" or now.reranker is None:
                found: list[Hit] = now.retriever.retrieve([asked], k, filters=filters, mode=mode)[0]
                return found
            hits = now.retriever.retrieve([asked], max(k, 20), filters=filters)
            return now.reranker.rerank([asked], hits)[0][:k]

    def entity(self, name_or_iri: str, language: str = "en", *, filters: Filters | None = None) -> Entity:
        """Return all that is known of an entity, and what the shapes expect but nobody has stated.

        :param filters: hide what only sources state that are closed to the asker.
        :raises UsageError: there is no graph, or the name is not in it.
        """
        from dataclasses import replace

        with self._work() as now:
            if now.graph is None:
                raise UsageError(f"{self.name}: has no graph")
            seen = filters or Filters()
            iri = now.iri(name_or_iri, seen)
            entity = now.sheet(iri, language, seen) if iri else None
        if entity is None:
            raise UsageError(f"{self.name}: knows no entity {name_or_iri!r}; try another name or its IRI")
        hits = self.search(entity.label, 3, mode="hybrid", filters=filters)
        return replace(entity, passages=tuple(hit.passage for hit in hits))

    def label(self, iri: str, language: str = "en", *, filters: Filters | None = None) -> str:
        """Return the best label of an entity or relation in a language, or the IRI's last part.

        :param filters: hide names that only sources state that are closed to the asker.
        """
        with self._work() as now:
            if now.graph is not None:
                return now.view(filters or Filters()).label(iri, language)
        return iri.rstrip("/#").replace("#", "/").rsplit("/", 1)[-1]

    def sparql(self, query: str, *, limit: int = 1000, filters: Filters | None = None) -> Table | bool:
        """Run a SELECT or ASK query on the graph.

        :param filters: the query sees only what they do not hide from the asker.
        :raises QueryError: it is malformed, not allowed, or runs into a limit.
        :raises UsageError: there is no graph.
        """
        with self._work() as now:
            if now.graph is None:
                raise UsageError(f"{self.name}: has no graph")
            return now.select(query, limit, filters or Filters())

    def document(self, doc_id: str) -> Document:
        """Return a document.

        :raises UsageError: there is no such document.
        """
        try:
            with self._work() as now:
                return now.store.document(doc_id)
        except KeyError:
            raise UsageError(
                f"{self.name}: has no document {doc_id!r}; its documents are listed by kgqa search"
            ) from None

    def documents(self, filters: Filters | None = None) -> list[tuple[str, str]]:
        """Return id and title of each document.

        :param filters: leave out the documents that are closed to the asker.
        """
        with self._work() as now:
            return self._visible(now, filters or Filters())

    @staticmethod
    def _visible(now: Opened, filters: Filters) -> list[tuple[str, str]]:
        closed = now.closed
        return [pair for pair in now.store.documents() if filters.sees(closed.get(pair[0], frozenset()))]

    # --- changing -

    def add(self, *sources: str | Path, progress: Step | None = None) -> BuildReport:
        """Copy files into the knowledge base, update the index, and go on with the new generation.

        RDF and its tables go to ``graph/``, everything else to ``documents/``. A file that cannot be used does not stay.

        :returns: what the build did; its problems name the files that were not taken.
        :raises UsageError: a source does not exist, or one of that name is there already.
        """
        return changing.bring(self.config, [Path(source) for source in sources], lambda: self._rebuilt(progress))

    def remove(self, *doc_ids: str, progress: Step | None = None) -> BuildReport:
        """Delete documents, their passages and vectors, and older generations that still hold them.

        Waits for answers that are being made from an older generation, at most :data:`PATIENCE` seconds.

        :raises UsageError: there is no such document, or it is one row of a table.
        """
        from kgqa.store.generations import Generations

        sources = [changing.source_of(self.config, self.name, doc_id) for doc_id in doc_ids]
        Generations(self.index).promise_erasure()
        for path in sources:
            path.unlink()
        self.extraction.forget(doc_ids)
        before = self._now
        report = self._rebuilt(progress)
        before.wait(PATIENCE)
        if forget := getattr(before.encoder, "forget", None):
            forget()  # it may remember sentences of what is gone
        Generations(self.index).prune()
        return report

    @property
    def extraction(self) -> Extracting:
        """Statements read from its documents: read, list, accept, reject them."""
        from kgqa.extracting import Extracting

        return Extracting(self.config, self._work)

    def update(self, progress: Step | None = None) -> BuildReport:
        """Build from the sources as they are now, and go on with the new generation."""
        return self._rebuilt(progress)

    def reopen(self) -> None:
        """Open it anew, after its models or its index were changed from elsewhere; who is answering finishes on the old one."""
        before, self._now = self._now, Opened(self.config, self.index, self._now.encoder)
        before.retire()

    def _rebuilt(self, progress: Step | None) -> BuildReport:
        report = build_index(self.config, self.index, self._now.encoder, progress=progress)
        self.reopen()
        return report

    def verify_erasure(self, doc_id: str) -> list[str]:
        """Return where remains of a document were found: its source, or any generation on the disk; empty when clean."""
        from kgqa.store.erasure import remains

        return [*remains(self.config.documents, self.index, doc_id), *self.extraction.remains(doc_id)]
