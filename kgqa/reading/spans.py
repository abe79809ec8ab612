"""From logits to spans: the best token pairs of each window, as characters of the passage.

Decoding follows Devlin et al. 2019, section 4.3: a span scores the sum of its start and end logit, and the first token
of the window stands for "no answer here".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kgqa.reading.windows import Window


@dataclass(frozen=True, slots=True)
class Mark:
    """A span of a passage, in characters of the passage.

    :param score: logit of the span minus logit of "no answer here" of the same window. The difference is free of the
        window's own normalisation, so that marks of different windows and passages can be compared.
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Decoding:
    """How spans are picked.

    :param longest: tokens of a span at most.
    :param top: token pairs kept for each window.
    :param threshold: taken from each score, so that 0 is where "answer" begins; fitted on data, kept in the card.
    """

    longest: int = 30
    top: int = 20
    threshold: float = 0.0


def marks(
    start: NDArray[np.float32], end: NDArray[np.float32], window: Window, decoding: Decoding, skip: int = 0
) -> list[Mark]:
    """Return the best spans of one window, best first.

    :param start: start logits, shape (tokens of the window or more,).
    :param end: end logits, same shape.
    :param skip: characters at the head of the text that cannot be part of an answer (a title put before the passage).
    """
    count = len(window.offsets)
    first = next((i for i, (at, _) in enumerate(window.offsets) if at >= skip), count)
    if first == count:
        return []
    span = slice(window.context_at + first, window.context_at + count)
    pairs = start[span, None] + end[None, span]
    allowed = np.triu(np.ones(pairs.shape, dtype=bool)) & np.tril(
        np.ones(pairs.shape, dtype=bool), decoding.longest - 1
    )
    flat = np.where(allowed, pairs, -np.inf).ravel()
    keep = min(decoding.top, int(allowed.sum()))
    best = np.argpartition(-flat, keep - 1)[:keep]
    best = best[np.lexsort((best, -flat[best]))]
    null = float(start[0] + end[0]) + decoding.threshold
    size = count - first
    return [
        Mark(window.offsets[first + i][0], window.offsets[first + j][1], float(flat[i * size + j]) - null)
        for i, j in (divmod(int(at), size) for at in best)
    ]


def disjoint(found: Iterable[Mark], limit: int) -> list[Mark]:
    """Return the best marks that do not overlap, best first, at most ``limit``."""
    kept: list[Mark] = []
    for mark in sorted(found, key=lambda m: (-m.score, m.start, m.end)):
        if len(kept) == limit:
            break
        if mark.start < mark.end and all(mark.end <= k.start or k.end <= mark.start for k in kept):
            kept.append(mark)
    return kept


def length_sorted(windows: Sequence[Window], batch: int) -> list[list[int]]:
    """Return window numbers in batches of like length, longest first, so that little is padding."""
    order = sorted(range(len(windows)), key=lambda i: -len(windows[i].ids))
    return [order[at : at + batch] for at in range(0, len(order), batch)]
