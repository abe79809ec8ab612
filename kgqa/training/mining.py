"""Negatives for training: passages that look like an answer and are none, found by retrieval.

Hard negatives from a first retriever are what makes rerankers and encoders of this size good (Karpukhin et al. 2020,
section 3.2; Xiong et al. 2021). The very first hits are skipped with a probability, as many of them are answers that
nobody marked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kgqa.errors import UsageError
from kgqa.evaluation.squad import Example
from kgqa.language import detect, fold
from kgqa.protocols import Encoder
from kgqa.retrieval.analysis import Analyser
from kgqa.types import Document

Retrieve = Callable[[Sequence[str], int], list[list[str]]]
"""From questions and a number to so many passages for each, best first."""

_ANALYSER = Analyser()
_SAME = 0.8
"""A passage that shares this much of its terms with the answering one is taken for the same."""


@dataclass(frozen=True, slots=True)
class Group:
    """A question with one text that answers it and some that do not.

    :param scores: what a teacher thinks of the texts, the answering one first; empty where there is no teacher.
    """

    question: str
    positive: str
    negatives: tuple[str, ...]
    scores: tuple[float, ...] = ()


class Miner:
    """BM25 over texts in memory, in any language that passages are searched in.

    :param texts: at least one.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s

        self.texts = list(texts)
        # One language decides the stemmer; Chinese characters are cut alike in any.
        self._language = detect(" ".join(self.texts[:: max(1, len(self.texts) // 20)]))
        self._engine = bm25s.BM25()
        terms = [_ANALYSER.terms(text, self._language) or ["-"] for text in self.texts]
        self._engine.index(terms, show_progress=False)

    def similar(self, queries: Sequence[str], k: int) -> list[list[int]]:
        """Return for each query the numbers of the ``k`` best texts, best first."""
        if not queries:
            return []
        tokens = [_ANALYSER.query_terms(query, [self._language]) or ["-"] for query in queries]
        found, _ = self._engine.retrieve(tokens, k=min(k, len(self.texts)), show_progress=False)
        return [[int(number) for number in row] for row in found]

    def texts_for(self, queries: Sequence[str], k: int) -> list[list[str]]:
        """Return for each query the ``k`` best texts, best first."""
        return [[self.texts[number] for number in row] for row in self.similar(queries, k)]


class VectorMiner:
    """Nearest texts by an encoder's vectors, in memory.

    :param texts: at least one.
    """

    def __init__(self, texts: Sequence[str], encoder: Encoder) -> None:
        self.texts, self._encoder = list(texts), encoder
        self._rows = encoder.encode(self.texts, "passage")

    def texts_for(self, queries: Sequence[str], k: int) -> list[list[str]]:
        """Return for each query the ``k`` best texts, best first."""
        if not queries:
            return []
        order = (-(self._encoder.encode(list(queries), "query") @ self._rows.T)).argsort(axis=1)[:, :k]
        return [[self.texts[int(number)] for number in row] for row in order]


def hard_negatives(
    question: str, candidates: Sequence[str], forbidden: Sequence[str], count: int, rng: random.Random
) -> tuple[str, ...]:
    """Choose negatives from ranked candidates: mostly the best ones, never an accepted answer text.

    :param candidates: texts, most similar first.
    :param forbidden: strings none of which a negative may contain, in any case (the answer, or the positive itself).
    """
    banned = [text.lower() for text in forbidden if text]
    kept = [text for text in candidates if not any(text.lower() in b or b in text.lower() for b in banned)]
    hard = [text for text in kept[: 3 * count] if rng.random() < 0.7]
    chosen = hard[:count] or kept[:count]
    rest = [text for text in kept if text not in chosen]
    return tuple(chosen + rng.sample(rest, min(len(rest), count - len(chosen))))


def retrieved_without_answer(
    examples: Sequence[Example], retrieve: Retrieve, share: float, seed: int = 13, depth: int = 20
) -> list[Example]:
    """Make questions without answer of what retrieval brings: the best passage that lacks every accepted answer.

    That is what a reader meets behind a retriever, so that "no answer here" is learnt for it. A passage that holds an
    answer's words, or is the answering passage cut in another way, is no negative.

    :param share: how many to make, as a share of the examples.
    :param depth: passages that are retrieved for a question.
    """
    rng = random.Random(seed)
    answered = [example for example in examples if example.answers]
    chosen = rng.sample(answered, min(len(answered), round(len(answered) * share)))
    made = []
    for example, found in zip(chosen, retrieve([e.question for e in chosen], depth), strict=True):
        own = _terms(example.context)
        texts = [fold(text) for _, text in example.answers]
        usable = (
            passage for passage in found if not any(t in fold(passage) for t in texts) and not _same(own, passage)
        )
        context = next(usable, None)
        if context is not None:
            made.append(Example(f"{example.id}-none", example.question, context, (), example.article))
    return made


def passages_of(folder: Path) -> list[str]:
    """Return the passages of a folder of documents, or of a knowledge base's ``documents/``; what cannot be read is left out.

    :raises UsageError: there is no such folder, or nothing in it can be read.
    """
    from kgqa.documents import Chunking, chunk

    texts = [passage.text for document in documents_of(folder) for passage in chunk(document, Chunking())]
    if not texts:
        raise UsageError(f"{folder}: holds no text; give a knowledge base or a folder of documents")
    return texts


def documents_of(folder: Path) -> list[Document]:
    """Return the documents of a folder, or of a knowledge base's ``documents/``.

    :raises UsageError: there is no such folder, or no file in it can be read.
    """
    from kgqa.documents import find, load

    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; give a knowledge base or a folder of documents")
    root = folder / "documents" if (folder / "documents").is_dir() else folder
    found = [document for loaded in load(find(root), root) for document in loaded.documents]
    if not found:
        raise UsageError(f"{root}: no file in it can be read as a document")
    return found


def _same(own: frozenset[str], passage: str) -> bool:
    other = _terms(passage)
    return len(own & other) >= _SAME * max(1, min(len(own), len(other)))


def _terms(text: str) -> frozenset[str]:
    return frozenset(_ANALYSER.terms(text, "en"))
