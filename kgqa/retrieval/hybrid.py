"""Passages for a question: BM25 and dense search, fused, filtered and lifted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import UsageError
from kgqa.language import UNKNOWN, detect
from kgqa.protocols import Encoder
from kgqa.retrieval.dense import DenseIndex
from kgqa.retrieval.fuse import RANK_CONSTANT, normalised, ranked, reciprocal_rank
from kgqa.retrieval.lexical import LexicalIndex, best
from kgqa.types import Filters, Hit, Passage, Vectors

Mode = Literal["lexical", "dense", "hybrid"]
Fusion = Literal["normalised", "rank"]
Mask = NDArray[np.bool_]

_LONGEST = 10_000
"""Characters of a question that are searched for; a bound on work."""


class Passages(Protocol):
    """Where the passages are kept; row numbers are those of the indexes."""

    def __len__(self) -> int: ...

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return the passages of row numbers, in the order asked for."""

    def rows_of(self, doc_ids: Collection[str]) -> NDArray[np.int64]:
        """Return the row numbers of the passages of documents; unknown ids have none."""

    def mask(self, filters: Filters | None) -> Mask | None:
        """Return which rows the filters admit, ``None`` for all."""

    def written(self, language: str) -> frozenset[str]:
        """Return ids of the documents in a language."""


@dataclass(frozen=True, slots=True)
class HybridConfig:
    """How the two searches become one.

    :param fusion: by normalised score or by reciprocal rank.
    :param depth: candidates taken from each search; at least ``k`` are.
    :param lexical: weight of BM25; dense search has the rest of 1.
    :param lexical_foreign: the same for a question in a language that the encoder was not trained on.
    :param lexical_chinese: the same for a Chinese question, where the built-in encoder is weaker than in English.
    :param across: what a passage in another language than the question has of its dense score; words cannot find it.
    :param boost: what a passage of a boosted document gains, as a share of the best score that a passage can have.
    :param boosted: candidates taken from the boosted documents beside the others.
    """

    fusion: Fusion = "normalised"
    depth: int = 100
    lexical: float = 0.5
    lexical_foreign: float = 0.9
    lexical_chinese: float = 0.7
    across: float = 0.8
    boost: float = 0.3
    boosted: int = 20


@runtime_checkable
class _Vocabulary(Protocol):
    """An encoder that can tell everyday words from names."""

    def everyday(self, words: Sequence[str]) -> list[bool]:
        """Tell for each word whether it is common."""


class HybridRetriever:
    """Finds passages by words, by meaning, or by both.

    :param passages: row ``i`` of both indexes is row ``i`` here.
    :param mode: what :meth:`retrieve` does unless it is told.
    """

    def __init__(
        self,
        passages: Passages,
        lexical: LexicalIndex,
        dense: DenseIndex,
        encoder: Encoder,
        *,
        mode: Mode = "hybrid",
        config: HybridConfig | None = None,
    ) -> None:
        self._passages = passages
        self._lexical = lexical
        self._dense = dense
        self._encoder = encoder
        self._mode: Mode = mode
        self._config = config or HybridConfig()
        self._foreign: dict[str, frozenset[int]] = {}

    def retrieve(
        self,
        questions: Sequence[str],
        k: int = 10,
        *,
        filters: Filters | None = None,
        boost: Sequence[Collection[str]] | None = None,
        mode: Mode | None = None,
    ) -> list[list[Hit]]:
        """Return at most ``k`` hits for each question, best first; a blank question has none.

        :param filters: judged before the search: a selective filter does not shorten the list.
        :param boost: for each question ids of documents whose passages are lifted.
        :param mode: the retriever's own when ``None``.
        :raises UsageError: when ``k`` is below 1, or ``boost`` is not one for each question.
        """
        mode = mode or self._mode
        if k < 1:
            raise UsageError(f"k is {k}; ask for at least 1 passage")
        if boost is not None and len(boost) != len(questions):
            raise UsageError(f"boost has {len(boost)} entries for {len(questions)} questions; give one for each")
        allowed = self._passages.mask(filters)
        questions = [question[:_LONGEST] for question in questions]
        asked = [i for i, question in enumerate(questions) if question.strip()]
        if not len(self._passages) or (allowed is not None and not allowed.any()):
            asked = []
        vectors = self._encode([questions[i] for i in asked], mode)
        found: list[list[Hit]] = [[] for _ in questions]
        for number, i in enumerate(asked):
            vector = None if vectors is None else vectors[number]
            lifted = boost[i] if boost is not None else ()
            found[i] = self._one(questions[i], vector, k, allowed, lifted, mode)
        return found

    def known(self, words: Sequence[str]) -> list[bool]:
        """Tell for each word whether it stands anywhere in the passages, or is an everyday word that need not."""
        found = self._lexical.known(words)
        if not isinstance(self._encoder, _Vocabulary):
            return found
        return [known or common for known, common in zip(found, self._encoder.everyday(words), strict=True)]

    def _encode(self, questions: list[str], mode: Mode) -> Vectors | None:
        return self._encoder.encode(questions, "query") if mode != "lexical" and questions else None

    def _one(
        self, question: str, vector: Vectors | None, k: int, allowed: Mask | None, lifted: Collection[str], mode: Mode
    ) -> list[Hit]:
        """Search for one question.

        :param vector: the question's, shape (dim,); ``None`` in lexical mode.
        """
        depth = max(k, self._config.depth)
        near = self._rows_to_lift(lifted, allowed)
        words = self._lexical.scores(question) if mode != "dense" else None
        candidates = [np.zeros(0, np.int64)]
        if words is not None:
            candidates += [best(words, depth, allowed)[0], near[best(words[near], self._config.boosted)[0]]]
        known: dict[int, float] = {}
        if vector is not None:
            ((rows, cosines),) = self._dense.search(vector[None], depth, allowed)
            known = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
            candidates += [
                rows,
                near[np.argsort(-self._dense.cosines(vector, near), kind="stable")[: self._config.boosted]],
            ]
        union = np.unique(np.concatenate(candidates))
        # Each candidate gets its true score in both searches, also where only one of them has found it.
        runs: dict[str, dict[int, float]] = {}
        if words is not None:
            runs["lexical"] = dict(zip(union.tolist(), words[union].tolist(), strict=True))
        if vector is not None:
            unknown = np.array([row for row in union.tolist() if row not in known], np.int64)
            known.update(zip(unknown.tolist(), self._dense.cosines(vector, unknown).tolist(), strict=True))
            runs["dense"] = {row: known[row] for row in union.tolist()}
        return self._hits(runs, self._lexical_weight(question), set(near.tolist()), k, self._across(question))

    def _lexical_weight(self, question: str) -> float:
        read = getattr(self._encoder, "languages", ())
        language = detect(question) if read else UNKNOWN
        foreign = language != UNKNOWN and language not in read
        if foreign:
            return self._config.lexical_foreign
        return self._config.lexical_chinese if language == "zh" else self._config.lexical

    def _across(self, question: str) -> frozenset[int]:
        """Return the rows of passages in another language than the question's that the encoder reads, too."""
        read = frozenset(getattr(self._encoder, "languages", ()))
        language = detect(question) if len(read) > 1 else UNKNOWN
        if language not in read:
            return frozenset()
        if language not in self._foreign:
            documents = [doc for other in read - {language} for doc in self._passages.written(other)]
            self._foreign[language] = frozenset(self._passages.rows_of(documents).tolist() if documents else ())
        return self._foreign[language]

    def _rows_to_lift(self, lifted: Collection[str], allowed: Mask | None) -> NDArray[np.int64]:
        rows = self._passages.rows_of(lifted) if lifted else np.zeros(0, np.int64)
        return rows if allowed is None else rows[allowed[rows]]

    def _hits(
        self, runs: dict[str, dict[int, float]], weight: float, near: set[int], k: int, across: frozenset[int]
    ) -> list[Hit]:
        fused, top = self._fuse(runs, weight)
        if across and len(runs) > 1 and not across.issuperset(fused):
            dense = normalised([runs["dense"]], [1.0])
            fused |= {row: max(fused[row], self._config.across * top * dense[row]) for row in fused.keys() & across}
        lift = self._config.boost * top if near else 0.0
        scores = {row: score + (lift if row in near else 0.0) for row, score in fused.items()}
        rows = ranked(scores, k)
        hits = []
        for row, passage in zip(rows, self._passages.passages(rows), strict=True):
            parts = {name: run[row] for name, run in runs.items() if row in run}
            if row in near:
                parts["boost"] = lift
            hits.append(Hit(passage, scores[row], parts))
        return hits

    def _fuse(self, runs: dict[str, dict[int, float]], weight: float) -> tuple[dict[int, float], float]:
        """Return the fused scores and the best score that a passage could have."""
        if len(runs) == 1:
            (run,) = runs.values()
            return dict(run), max(run.values(), default=0.0)
        both = [runs["lexical"], runs["dense"]]
        if self._config.fusion == "rank":
            return reciprocal_rank(both, [2 * weight, 2 * (1.0 - weight)]), 2.0 / (RANK_CONSTANT + 1)
        return normalised(both, [weight, 1.0 - weight]), 1.0
