"""Which words decided where a reader sees the answer: words are taken out, and what that costs is their weight.

It works with any reader of the protocol, as it only reads again. Two methods:

- ``occlusion``: each word is left out once, and its weight is what the answer's score loses (Li, Monroe and Jurafsky 2016,
  "representation erasure"; for images Zeiler and Fergus 2014), in a passage against the median word. One reading for each
  word. To keep a long passage affordable sentences are left out first, and only words of the answer's sentence and of
  those that matter are weighed one by one.
- ``shapley``: words are added back in random orders, and a word's weight is its mean gain (permutation sampling, Štrumbelj
  and Kononenko 2014, each order read backwards too, Mitchell et al. 2022). Weights add up to what all words give together,
  and words that can stand for each other share it; it takes more readings.

A weight is in the reader's score (logits): above 0 the word speaks for the answer, below 0 against it.
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import median
from typing import Any, Literal, NamedTuple

from kgqa.language import has_cjk, sentences
from kgqa.protocols import Reader
from kgqa.rewriting import Edit, Rewrite, rewrite
from kgqa.types import Passage, Span

Side = Literal["question", "passage"]
Method = Literal["occlusion", "shapley"]
READINGS = 96
"""Readings that one explanation may take: about two seconds with the built-in reader on one core."""

_WORD = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")
_BATCH = 32
_MANY = 12


class Word(NamedTuple):
    """A word and what it adds to the answer's score.

    :param start: first character, counted in the question or in the document.
    """

    word: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer to be explained.

    :param span: where the reader saw it.
    :param whole: the answer is itself a quotation of sentences, so that its own words are weighed too.
    """

    question: str
    span: Span
    whole: bool = False


def attribute(
    reader: Reader,
    asked: Asked,
    side: Side = "passage",
    method: Method = "occlusion",
    *,
    readings: int = READINGS,
    seed: int = 13,
) -> tuple[Word, ...]:
    """Return the words that decided an answer, in the order of the text.

    :param side: whether words of the question or of the passage are weighed; the answer's own words are not.
    :param readings: passages read at most, at least 2; words for which there is no reading left are not returned.
    :param seed: fixes the orders of ``shapley``.
    """
    text = asked.question if side == "question" else asked.span.passage.text
    value = _Value(reader, asked, side)
    if method == "shapley":
        units = _near(asked, side, max(1, readings // 4))
        weights = _shapley(value, units, readings, random.Random(seed))
    else:
        weights = _occlusion(value, asked, side, readings)
    shift = 0 if side == "question" else asked.span.passage.start
    return tuple(Word(text[a:b], a + shift, b + shift, round(w, 4)) for (a, b), w in sorted(weights.items()))


Unit = tuple[int, int]
"""Start and end of a word or sentence in its text."""


class _Value:
    """The score of the answer when some words are left out."""

    def __init__(self, reader: Reader, asked: Asked, side: Side) -> None:
        self._reader, self._asked, self._side = reader, asked, side

    def __call__(self, left_out: Sequence[Sequence[Unit]]) -> list[float]:
        """Return one score for each set of units that are left out."""
        scores: list[float] = []
        for at in range(0, len(left_out), _BATCH):
            made = [self._without(units) for units in left_out[at : at + _BATCH]]
            found = self._reader.read([q for q, _, _ in made], [[p] for _, p, _ in made], 20)
            scores += [_score(spans, where) for spans, (_, _, where) in zip(found, made, strict=True)]
        return scores

    def _without(self, units: Sequence[Unit]) -> tuple[str, Passage, Unit]:
        asked, passage = self._asked, self._asked.span.passage
        text = asked.question if self._side == "question" else passage.text
        done = rewrite(text, [Edit(start, end, "") for start, end in units])
        start, end = asked.span.start - passage.start, asked.span.end - passage.start
        if self._side == "question":
            return done.text, passage, (start, end)
        return (
            asked.question,
            replace(passage, text=done.text, end=passage.start + len(done.text)),
            _moved(done, start, end),
        )


def _moved(done: Rewrite, start: int, end: int) -> Unit:
    return done.span(start, end)


def _score(spans: Sequence[Span], where: Unit) -> float:
    """Return the score of the span that is the answer's, or of the best that overlaps it.

    Where the reader no longer sees the answer at all it counts as its worst span, and at most as "no answer" (0).
    """
    start, end = where
    own = [s for s in spans if s.start - s.passage.start < end and start < s.end - s.passage.start]
    exact = [s.score for s in own if (s.start - s.passage.start, s.end - s.passage.start) == where]
    if exact or own:
        return max(exact or [s.score for s in own])
    return min([0.0, *(s.score for s in spans)])


# --- occlusion ---


def _occlusion(value: _Value, asked: Asked, side: Side, readings: int) -> dict[Unit, float]:
    units = _units(asked, side)
    if side == "passage" and len(units) > readings - 1:
        units, readings = _narrowed(value, asked, units, readings)
    units = units[: max(1, readings - 1)]
    whole, *scores = value([(), *[(unit,) for unit in units]])
    # Leaving out any word moves all others and the scale of an int8 model's numbers; that common shift says nothing of
    # one word, and is seen where there are many.
    usual = median(scores) if side == "passage" and len(scores) >= _MANY else whole
    return {unit: usual - score for unit, score in zip(units, scores, strict=True)}


def _narrowed(value: _Value, asked: Asked, units: Sequence[Unit], readings: int) -> tuple[list[Unit], int]:
    """Return the words to weigh first, those of the answer's sentence and of the sentences that matter most; and the
    readings that are left.
    """
    start, end = _local(asked)
    near = sorted(sentences(asked.span.passage.text), key=lambda c: max(c[0] - end, start - c[1], 0))
    cut = near[: 1 + readings // 3]
    own = [c for c in cut if c[0] < end and start < c[1]]
    others = [c for c in cut if c not in own]
    whole, *scores = value([(), *[(other,) for other in others]]) if others else [0.0]
    loss = {other: abs(whole - score) for other, score in zip(others, scores, strict=True)}
    order = [*own, *sorted(others, key=lambda c: -loss[c])]
    rank = {unit: next((at for at, (a, b) in enumerate(order) if a <= unit[0] < b), len(order)) for unit in units}
    first = sorted(units, key=lambda u: (rank[u], min(abs(u[0] - end), abs(start - u[1]))))
    return first, readings - 1 - len(others)


# --- Shapley values ---


def _shapley(value: _Value, units: Sequence[Unit], readings: int, rng: random.Random) -> dict[Unit, float]:
    if not units:
        return {}
    pairs = max(1, (readings - 2) // (2 * max(1, len(units) - 1)))
    orders: list[list[Unit]] = []
    for _ in range(pairs):
        order = rng.sample(list(units), len(units))
        orders += [order, order[::-1]]
    sets = {frozenset(order[at:]) for order in orders for at in range(len(order) + 1)}
    rows = sorted(sets, key=lambda s: (len(s), sorted(s)))
    known = dict(zip(rows, value([sorted(row) for row in rows]), strict=True))
    weights = dict.fromkeys(units, 0.0)
    for order in orders:
        for at, unit in enumerate(order):  # before this unit is added, it and all later ones are left out
            weights[unit] += (known[frozenset(order[at + 1 :])] - known[frozenset(order[at:])]) / len(orders)
    return weights


# --- words ---


def _near(asked: Asked, side: Side, most: int) -> list[Unit]:
    """Return at most so many words; in a passage those nearest to the answer."""
    start, end = _local(asked)
    units = _units(asked, side)
    if side == "passage":
        units.sort(key=lambda u: min(abs(u[0] - end), abs(start - u[1])))
    return units[:most]


def _units(asked: Asked, side: Side) -> list[Unit]:
    if side == "question":
        return list(words(asked.question))
    start, end = _local(asked)
    found = words(asked.span.passage.text)
    return [unit for unit in found if asked.whole or unit[1] <= start or unit[0] >= end]


def _local(asked: Asked) -> Unit:
    return asked.span.start - asked.span.passage.start, asked.span.end - asked.span.passage.start


def words(text: str) -> Iterator[Unit]:
    """Yield start and end of each word; Chinese is cut by a dictionary."""
    for match in _WORD.finditer(text):
        if not has_cjk(match[0]):
            yield match.span()
            continue
        at = match.start()
        for piece in _cut()(match[0]):
            yield at, at + len(piece)
            at += len(piece)


@cache
def _cut() -> Callable[[str], Any]:
    import jieba  # a dictionary of 5 MB: only loaded for Chinese

    jieba.setLogLevel(logging.WARNING)
    cut: Callable[[str], Any] = jieba.cut
    return cut
