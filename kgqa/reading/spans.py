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
    :param temperature: above 0, a span is picked by how much it is expected to share with the answer (:func:`shared`).
    """

    longest: int = 30
    top: int = 20
    threshold: float = 0.0
    temperature: float = 0.0


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


_WEIGHED = 40
"""Marks of a passage whose chances are weighed at most."""


def disjoint(found: Iterable[Mark], limit: int) -> list[Mark]:
    """Return the best marks that do not overlap, best first, at most ``limit``."""
    kept: list[Mark] = []
    for mark in sorted(found, key=lambda m: (-m.score, m.start, m.end)):
        if len(kept) == limit:
            break
        if mark.start < mark.end and all(mark.end <= k.start or k.end <= mark.start for k in kept):
            kept.append(mark)
    return kept


def shared(found: Iterable[Mark], limit: int, temperature: float) -> list[Mark]:
    """Return marks that do not overlap, each the one that is expected to share most characters with the answer (F1).

    Where a model holds both a name and its clause for the answer, the likeliest span says little of the other; this one
    weighs them all, each with its chance (minimum Bayes risk; Goel and Byrne 2000). Its score is that of the best mark that
    it overlaps, so that borders of "no answer" hold.

    :param temperature: by which scores are divided before they are chances; above 0.
    """
    once: dict[tuple[int, int], Mark] = {}  # neighbouring windows find the same span
    for mark in sorted(found, key=lambda m: (-m.score, m.start, m.end)):
        once.setdefault((mark.start, mark.end), mark)
    best = list(once.values())[:_WEIGHED]
    kept: list[Mark] = []
    while best and len(kept) < limit:
        at = np.array([(mark.start, mark.end) for mark in best], dtype=np.float64)
        chance = np.exp((np.array([mark.score for mark in best]) - best[0].score) / temperature)
        common = np.minimum(at[:, None, 1], at[None, :, 1]) - np.maximum(at[:, None, 0], at[None, :, 0])
        sizes = at[:, 1] - at[:, 0]
        gain = (2 * np.maximum(common, 0) / np.maximum(sizes[:, None] + sizes[None, :], 1)) @ chance
        first = best[int(gain.argmax())]
        near = [mark for mark in best if mark.start < first.end and first.start < mark.end]
        if not near:  # an empty span
            break
        kept.append(Mark(first.start, first.end, near[0].score))
        best = [mark for mark in best if mark.end <= first.start or first.end <= mark.start]
    return sorted(kept, key=lambda m: (-m.score, m.start, m.end))


def length_sorted(windows: Sequence[Window], batch: int) -> list[list[int]]:
    """Return window numbers in batches of like length, longest first, so that little is padding."""
    order = sorted(range(len(windows)), key=lambda i: -len(windows[i].ids))
    return [order[at : at + batch] for at in range(0, len(order), batch)]
