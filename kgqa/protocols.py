"""The verbs of kgqa: what a part must do to take its place in the flow.

Batch first: one result per input, in order; an empty batch gives an empty result; a single call is a batch of one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, Protocol

from kgqa.types import Evidence, Filters, GraphFinding, Hit, Link, Passage, Span, Vectors

Role = Literal["query", "passage"]


class Encoder(Protocol):
    """Turns text into vectors."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    @property
    def fingerprint(self) -> str:
        """Identify weights, tokenizer, pooling, prefix and length; vectors of two fingerprints are never compared."""

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Vectors:
        """Return unit rows, shape (len(texts), dim), float32. The same text gives the same row in any batch."""


class Retriever(Protocol):
    """Finds passages."""

    def retrieve(
        self,
        questions: Sequence[str],
        k: int = 10,
        *,
        filters: Filters | None = None,
        boost: Sequence[Collection[str]] | None = None,
    ) -> list[list[Hit]]:
        """Return at most ``k`` hits for each question, best first.

        :param filters: applied by the index, not after the cut: a selective filter does not shorten the list.
        :param boost: for each question ids of documents whose passages are lifted (close to the linked entities).
        """


class Reranker(Protocol):
    """Orders passages by reading them together with the question."""

    def rerank(self, questions: Sequence[str], hits: Sequence[Sequence[Hit]]) -> list[list[Hit]]:
        """Return the same hits for each question in a new order, with new scores."""


class Linker(Protocol):
    """Finds the graph's entities in text."""

    def link(self, questions: Sequence[str], filters: Sequence[Filters] | None = None) -> list[list[Link]]:
        """Return all links of each question, alternatives included, best first within a mention.

        :param filters: of each question; names that they hide from the asker are not found.
        """


class Graph(Protocol):
    """The knowledge graph as the answering flow sees it."""

    def find(
        self, questions: Sequence[str], links: Sequence[Sequence[Link]], filters: Filters
    ) -> list[list[GraphFinding]]:
        """Return what the graph says to each question, best first; empty when it has nothing that fits."""

    def label(self, iri: str, language: str = "en") -> str:
        """Return the best label in a language, or the IRI's last part."""


class Reader(Protocol):
    """Marks answers in passages."""

    def read(
        self, questions: Sequence[str], passages: Sequence[Sequence[Passage]], n_best: int = 5
    ) -> list[list[Span]]:
        """Return the best spans over all passages of each question, best first, at most ``n_best``.

        Spans of one passage do not overlap. A passage without an answer yields spans with a score below 0, or none.
        """


class Quoter(Protocol):
    """Picks the sentences of passages that answer a question which no short phrase answers."""

    def quote(
        self, questions: Sequence[str], passages: Sequence[Sequence[Passage]], n_best: int = 4
    ) -> list[list[Span]]:
        """Return runs of whole sentences for each question, best first, at most ``n_best``."""


class Library(Protocol):
    """The documents behind the passages."""

    def text(self, doc_id: str) -> str:
        """Return a document's text.

        :raises KeyError: there is no such document.
        """

    def about(self, entities: Collection[str]) -> frozenset[str]:
        """Return ids of the documents whose subject is one of the entities."""

    def own(self, entity: str) -> frozenset[str]:
        """Return ids of the documents that are an entity's own text, as a contract's file is the contract's."""

    def subject(self, doc_id: str, language: str = "en", filters: Filters | None = None) -> Link | None:
        """Return the thing whose own text a document is, as a link without a place; ``None`` when there is none or several."""

    def written(self, language: str) -> frozenset[str]:
        """Return ids of the documents in a language."""

    def known(self, words: Sequence[str]) -> list[bool]:
        """Tell for each word whether it stands anywhere in the documents."""

    def named(self, name: str, filters: Filters) -> frozenset[str]:
        """Return ids of the documents that call themselves by a name, at most two."""

    def joint(self, entities: Sequence[str], kinds: Collection[str], filters: Filters) -> tuple[frozenset[str], int]:
        """Return ids of the documents that are the own text of what the graph joins most of some things with, and of how many.

        :param kinds: classes that are named, which decide between several such texts.
        """

    def pointed_at(self, question: str) -> tuple[tuple[int, int], frozenset[str]] | None:
        """Return where a question names a document by its number ("case note 1"), and which; ``None`` where it does not."""


class Composer(Protocol):
    """Writes prose from evidence; each sentence must be supported by it."""

    def compose(self, questions: Sequence[str], evidence: Sequence[Sequence[Evidence]]) -> list[str | None]:
        """Return an answer in prose for each question, ``None`` when the evidence supports none."""
