"""What the pages work with: the knowledge bases, their labels, and the stores for conversations and feedback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, Protocol

from kgqa.cli.speech import translate
from kgqa.errors import KgqaError, UsageError
from kgqa.feedback import FeedbackStore
from kgqa.types import Answer, Document, Entity, Filters, Hit, Link, Term

from .history import Conversation, HistoryStore
from .keeping import Keeper
from .strings import t

log = logging.getLogger("kgqa.ui")
MAX_QUESTION = 2000
"""Characters of a question; longer ones are refused before anything reads them."""


class KnowledgeBase(Protocol):
    """What the chat needs of a knowledge base; :func:`kgqa.open` gives one."""

    @property
    def name(self) -> str:
        """Short name."""

    @property
    def title(self) -> str:
        """Title for people."""

    @property
    def languages(self) -> Sequence[str]:
        """Languages of its sources."""

    @property
    def folder(self) -> FilePath:
        """Folder of its sources."""

    @property
    def generation(self) -> str:
        """Name of the index generation in use."""

    def ask(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        links: Sequence[Link] = (),
        history: Sequence[Answer] = (),
        progress: Callable[[str], None] | None = None,
    ) -> Answer:
        """Answer one question."""

    def ask_many(
        self,
        questions: Sequence[str],
        *,
        filters: Sequence[Filters | None] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[Answer]:
        """Answer several questions."""

    def search(self, query: str, k: int = 10, *, mode: Any = "rerank", filters: Filters | None = None) -> list[Hit]:
        """Find passages."""

    def entity(self, name_or_iri: str, language: str = "en", *, filters: Filters | None = None) -> Entity:
        """Return an entity's sheet."""

    def sparql(self, query: str, *, limit: int = 1000, filters: Filters | None = None) -> Any:
        """Run a query: a table, or a truth value."""

    def document(self, doc_id: str) -> Document:
        """Return a document."""

    def documents(self, filters: Filters | None = None) -> list[tuple[str, str]]:
        """Return id and title of every document that filters do not hide."""

    def add(self, *sources: FilePath) -> Any:
        """Add files."""

    def reopen(self) -> None:
        """Open it anew after its models were changed."""

    def remove(self, *doc_ids: str) -> Any:
        """Remove documents and all that came from them."""

    def label(self, iri: str, language: str = "en", *, filters: Filters | None = None) -> str:
        """Return the name of an entity or relation."""

    def verify_erasure(self, doc_id: str) -> list[str]:
        """Return what remains of a removed document."""

    def examples(self, filters: Filters | None = None) -> list[str]:
        """Return questions that this knowledge base can answer."""

    def permitted(self, answer: Answer, filters: Filters) -> Answer:
        """Return an earlier answer as far as the asker may see it now."""

    def stats(self, filters: Filters | None = None) -> dict[str, Any]:
        """Return counts."""

    def attribution(
        self, answer: Answer, citation: int = 1, *, side: Any = "passage"
    ) -> Sequence[tuple[str, int, int, float]]:
        """Return the words that decided a citation."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The knowledge bases on offer and the stores beside them.

    :param owners: users who may see the review page and change a knowledge base; ``None`` lets everyone.
    :param groups: groups of each user; ``None`` means that no access rule is in force.
    :param keeper: writes to the stores what answers bring.
    :param proven: by name and index generation the examples that were answered rightly, see :mod:`ui.proving`.
    """

    bases: dict[str, KnowledgeBase]
    history: HistoryStore
    feedback: FeedbackStore
    owners: frozenset[str] | None = None
    groups: Callable[[str], frozenset[str]] | None = None
    labels: dict[tuple[str, str, str, frozenset[str] | None], Callable[[Term], str]] = field(default_factory=dict)
    offered: dict[tuple[str, str, frozenset[str] | None], list[str]] = field(default_factory=dict)
    proven: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    keeper: Keeper = field(default_factory=Keeper)

    def base(self, name: str) -> KnowledgeBase:
        """Return a knowledge base by name.

        :raises UsageError: there is none of this name.
        """
        try:
            return self.bases[name]
        except KeyError:
            raise UsageError(f"no knowledge base {name!r} here; there are: {', '.join(self.bases)}") from None

    def owns(self, user: str) -> bool:
        """Tell whether a user may review feedback and change knowledge bases."""
        return self.owners is None or user in self.owners

    def filters(
        self, user: str, as_of: str | None = "", documents: Sequence[str] = (), language: str = "en"
    ) -> Filters:
        """Return what a question may see: the user's rights, narrowed by what the user chose.

        :raises UsageError: the date is not one.
        """
        day = None
        as_of = (as_of or "").strip()
        if as_of:
            try:
                day = date.fromisoformat(as_of)
            except ValueError:
                raise UsageError(t("bad_date", language, value=as_of[:40])) from None
        groups = self.groups(user) if self.groups else None
        return Filters(as_of=day, groups=groups, documents=frozenset(documents) or None)

    def examples(self, base: KnowledgeBase, user: str) -> list[str]:
        """Return questions to begin with that a user may have answered; remembered per index generation and groups."""
        filters = self.filters(user)
        if filters.groups is None and (proven := self.proven.get((base.name, base.generation))):
            return proven
        key = (base.name, base.generation, filters.groups)
        if key not in self.offered:
            self.offered[key] = base.examples(filters)
        return self.offered[key]

    def stats(self, base: KnowledgeBase, user: str) -> dict[str, Any]:
        """Return what a knowledge base holds, as far as a user may know; what could not be used is told to owners."""
        stats = {"languages": base.languages, **base.stats(self.filters(user))}
        if not self.owns(user):
            stats.pop("problems", None)
        return stats

    def permitted(self, conversation: Conversation, user: str) -> Conversation:
        """Return an earlier conversation as far as a user may see it now: rights can have been taken away since."""
        if self.groups is None:
            return conversation
        filters = self.filters(user)
        turns = tuple(
            replace(turn, answer=self.bases[turn.base].permitted(turn.answer, filters))
            if turn.base in self.bases
            else turn
            for turn in conversation.turns
        )
        return replace(conversation, turns=turns)

    def document(self, base: KnowledgeBase, doc_id: str, user: str) -> Document:
        """Return a document that a user may see.

        :raises UsageError: there is none, or it is not for this user; the message is the same.
        """
        document = base.document(doc_id)
        if not self._admits(document.access, user):
            raise UsageError(f"{base.name}: has no document {doc_id!r}")
        return document

    def documents(self, base: KnowledgeBase, user: str) -> list[tuple[str, str]]:
        """Return id and title of the documents that a user may see."""
        return base.documents(self.filters(user))

    def entity(self, base: KnowledgeBase, name: str, language: str, user: str) -> Entity:
        """Return an entity's sheet, narrowed to what a user may see.

        :raises UsageError: nothing has this name.
        """
        return base.entity(name, language, filters=self.filters(user))

    def query(self, base: KnowledgeBase, query: str, language: str, user: str) -> Any:
        """Run a query over what a user may see of the graph.

        :raises UsageError: the query is refused.
        """
        return base.sparql(query, filters=self.filters(user))

    def forget(self, doc_id: str) -> None:
        """Take what a removed document said out of conversations and feedback."""

        def work() -> None:
            self.feedback.forget(doc_id)
            self.history.forget(doc_id)

        self.keeper.after(work)

    def _admits(self, access: frozenset[str], user: str) -> bool:
        return self.groups is None or not access or bool(access & self.groups(user))

    def labeller(self, base: KnowledgeBase, language: str, user: str) -> Callable[[Term], str]:
        """Return the function that names a term in a language by a name that a user may know.

        Names are remembered per index generation and groups.
        """
        filters = self.filters(user)
        key = (base.name, base.generation, language, filters.groups)
        if key not in self.labels:
            self.labels[key] = _labeller(base, language, filters)
        return self.labels[key]


def check_question(question: str | None, language: str = "en") -> str:
    """Return the question without surrounding blanks.

    :raises UsageError: it is empty or too long.
    """
    question = (question or "").strip()
    if not question:
        raise UsageError(t("empty_question", language))
    if len(question) > MAX_QUESTION:
        raise UsageError(t("long_question", language, n=len(question), limit=MAX_QUESTION))
    return question


def explain_fault(fault: Exception, language: str = "en") -> str:
    """Return what the user is told: the message of our own errors; of others only that there was one (it is logged)."""
    if isinstance(fault, KgqaError):
        return translate(str(fault), language=language)
    log.error("an internal fault reached the chat", exc_info=fault)
    return t("internal", language)


def _labeller(base: KnowledgeBase, language: str, filters: Filters) -> Callable[[Term], str]:
    @lru_cache(maxsize=4096)
    def named(iri: str) -> str:
        try:
            return base.label(iri, language, filters=filters)
        except KgqaError:
            return iri

    def label(term: Term) -> str:
        return named(term.value) if term.kind == "iri" else term.value

    return label
