"""The documents behind the passages, and which thing of the graph each of them is about (:class:`kgqa.protocols.Library`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kgqa.language import fold
from kgqa.naming import numbered, place_of, self_named
from kgqa.types import Filters, Link, Passage

if TYPE_CHECKING:
    from kgqa.graph.store import GraphStore
    from kgqa.graph.view import View
    from kgqa.store.passages import PassageStore


_SAME = 2
"""Documents that may call themselves by the same number; more, and it tells none."""


class DocumentLibrary:
    """The documents of one index generation.

    :param graph: the graph and its entity linker, where there is one.
    :param retriever: searches the passages, where there are some.
    :param view: gives what filters show of the graph, where there is one.
    """

    def __init__(
        self,
        store: PassageStore,
        graph: GraphStore | None,
        linker: Any,
        retriever: Any,
        view: Callable[[Filters], View] | None = None,
    ) -> None:
        self._view = view if graph is not None else None
        self._store, self._graph, self._linker, self._retriever = store, graph, linker, retriever

    @cached_property
    def _titles(self) -> dict[str, list[str]]:
        titles: dict[str, list[str]] = {}
        for doc_id, title in self._store.documents():
            titles.setdefault(fold(title).strip(), []).append(doc_id)
        return titles

    def text(self, doc_id: str) -> str:
        """Return a document's text.

        :raises KeyError: there is no such document.
        """
        return self._store.text(doc_id)

    def passages_of(self, doc_id: str) -> list[Passage]:
        """Return the passages of a document in order; none when there is no such document."""
        return self._store.passages(self._store.rows_of([doc_id]))

    def about(self, entities: Collection[str]) -> frozenset[str]:
        """Return ids of the documents whose title is a name of one of the entities."""
        if self._graph is None:
            return frozenset()
        names = {fold(name.text).strip() for iri in entities for name in self._graph.labels(iri)}
        return frozenset(doc_id for name in names for doc_id in self._titles.get(name, ()))

    def own(self, entity: str) -> frozenset[str]:
        """Return ids of the documents that are an entity's own text."""
        return frozenset(self._linker.documents(entity)) if self._linker else frozenset()

    def subject(self, doc_id: str, language: str = "en", filters: Filters | None = None) -> Link | None:
        """Return the entity whose own text a document is, as a link without a place, by a name that filters do not hide."""
        entity = self._subjects.get(doc_id)
        found: Link | None = self._linker.given(entity, language, filters) if entity is not None else None
        return found

    @cached_property
    def _subjects(self) -> dict[str, str]:
        from kgqa.graph.subjects import subjects

        return subjects(self._graph, self._linker.documents) if self._graph is not None else {}

    def joint(self, entities: Sequence[str], kinds: Collection[str], filters: Filters) -> tuple[frozenset[str], int]:
        """Return ids of the documents that are the own text of what the graph joins most of some things with, and of how many."""
        from kgqa.graph.joint import joint_texts

        return (
            joint_texts(self._view(filters), entities, kinds, self._linker.documents)
            if self._view
            else (frozenset(), 0)
        )

    def named(self, name: str, filters: Filters) -> frozenset[str]:
        """Return ids of the documents that call themselves by a name on their first page, at most two."""
        if self._retriever is None:
            return frozenset()
        return self_named(name, self._retriever.retrieve([name], 40, filters=filters, mode="lexical")[0])

    def pointed_at(self, question: str) -> tuple[tuple[int, int], frozenset[str]] | None:
        """Return where a question names a document by its number ("case note 1"), and which."""
        for name, documents in self._numbered.items():
            if place := place_of(name, question):
                return place, frozenset(documents)
        return None

    @cached_property
    def _numbered(self) -> dict[str, list[str]]:
        """Return documents by the numbers that they call themselves by, the longest first."""
        found: dict[str, list[str]] = {}
        for doc_id, title in self._store.documents():
            if name := numbered(title):
                found.setdefault(name, []).append(doc_id)
        return {name: found[name] for name in sorted(found, key=len, reverse=True) if len(found[name]) <= _SAME}

    def written(self, language: str) -> frozenset[str]:
        """Return ids of the documents in a language."""
        return self._store.written(language)

    def known(self, words: Sequence[str]) -> list[bool]:
        """Tell for each word whether it stands anywhere in the documents."""
        return self._retriever.known(words) if self._retriever else [False] * len(words)
