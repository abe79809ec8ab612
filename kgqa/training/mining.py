"""Negatives for training: passages that look like an answer and are none, found by BM25 among the passages themselves.

Hard negatives from a first retriever are what makes rerankers and encoders of this size good (Karpukhin et al. 2020,
section 3.2; Xiong et al. 2021). The very first hits are skipped with a probability, as many of them are answers that
nobody marked.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Group:
    """A question with one text that answers it and some that do not."""

    question: str
    positive: str
    negatives: tuple[str, ...]


class Miner:
    """BM25 over texts in memory.

    :param texts: at least one.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s

        self.texts = list(texts)
        self._engine = bm25s.BM25()
        self._engine.index([_words(text) for text in self.texts], show_progress=False)

    def similar(self, queries: Sequence[str], k: int) -> list[list[int]]:
        """Return for each query the numbers of the ``k`` best texts, best first."""
        if not queries:
            return []
        tokens = [_words(query) or ["-"] for query in queries]
        found, _ = self._engine.retrieve(tokens, k=min(k, len(self.texts)), show_progress=False)
        return [[int(number) for number in row] for row in found]


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


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text) if len(word) > 1]
