"""Quote whole sentences: the answer to "what does X say about Y", "describe", "how is X treated".

A sentence is scored by three things that fail in different ways: words it shares with the question (rare ones weigh
more, and words that the passage's title already answers weigh little), nearness in meaning, and the best span a reader
marked in it. :func:`quotations` is pure; :class:`SentenceQuoter` brings it the vectors.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kgqa.language import has_cjk, sentences
from kgqa.protocols import Encoder, Reader
from kgqa.reading.assertion import status
from kgqa.reading.words import content_words, stem, topic
from kgqa.types import Passage, Span, Vectors

Scorer = Callable[[Sequence[tuple[str, str]]], list[float]]
"""From pairs of a question and a text to how well the text answers, as logits."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each sign counts, and where "this sentence answers" begins; fitted on held-out questions.

    :param words: for the weighted share of the question's words that the sentence or its heading has.
    :param meaning: for the cosine of question and sentence.
    :param span: for the score of the best span inside.
    :param order: taken for each place that a passage is ranked lower.
    :param pair: for the score of a cross-encoder, where there is one.
    :param border: sum at which a sentence is as likely to answer as not.
    :param fragment: Latin letters under which a sentence is a stump and takes its successor along, as headings do.
    """

    words: float = 4.0
    meaning: float = 4.0
    span: float = 0.02
    order: float = 0.15
    pair: float = 0.5
    border: float = 3.5
    fragment: int = 25


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of a passage, in characters of the passage."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        """The sentence."""
        return self.passage.text[self.start : self.end]

    @property
    def shown(self) -> str:
        """The sentence with the heading it stands under, as it is compared with a question."""
        heading = self.passage.heading.rsplit(" > ", 1)[-1]
        return f"{heading}: {self.text}" if heading else self.text


def pieces(passages: Sequence[Passage], fragment: int = 25) -> list[Piece]:
    """Return the sentences of passages in order; a stump is joined with the sentence after it."""
    found = []
    for passage in passages:
        begin = None
        spans = sentences(passage.text)
        for number, (start, end) in enumerate(spans):
            begin = start if begin is None else begin
            if not _stump(passage.text[begin:end], fragment) or number == len(spans) - 1:
                found.append(Piece(passage, begin, end))
                begin = None
    return found


def quotations(
    question: str,
    given: Sequence[Piece],
    nearness: Sequence[float] | None = None,
    spans: Sequence[Span] = (),
    weights: Weights | None = None,
    n_best: int = 3,
    pairs: Scorer | None = None,
) -> list[Span]:
    """Return the sentences that answer a question, best first, at most ``n_best``.

    :param nearness: cosine of the question and each piece; without it words count alone.
    :param spans: what a reader marked in the same passages.
    :param pairs: a second opinion on the best dozen.
    """
    weights = weights or Weights()
    shares = _shares(question, given)
    rank = {id: place for place, id in enumerate(dict.fromkeys(piece.passage.id for piece in given))}
    scored = []
    for number, piece in enumerate(given):
        score = weights.words * shares[number] - weights.border - weights.order * rank[piece.passage.id]
        score += weights.meaning * (nearness[number] if nearness is not None else 0.6 * shares[number])
        score += weights.span * max((_clip(s.score) for s in spans if _inside(s, piece)), default=0.0)
        scored.append((score, number))
    best = sorted(scored, key=_best_first)[: max(n_best, 12 if pairs else 0)]
    if pairs and best:
        opinions = pairs([(topic(question), given[number].shown) for _, number in best])
        both = zip(best, opinions, strict=True)
        best = sorted(((score + weights.pair * said, number) for (score, number), said in both), key=_best_first)
    return [_span(given[number], score) for score, number in best[:n_best]]


class SentenceQuoter:
    """Quotes the sentences of passages.

    :param encoder: gives the nearness in meaning; without it words count alone.
    :param reader: gives the spans; may be absent.
    :param pairs: a cross-encoder's scores of (question, sentence) pairs; may be absent.
    """

    def __init__(
        self,
        encoder: Encoder | None = None,
        reader: Reader | None = None,
        weights: Weights | None = None,
        pairs: Scorer | None = None,
    ) -> None:
        self._encoder = encoder
        self._reader = reader
        self._pairs = pairs
        self._weights = weights or Weights()

    def quote(
        self, questions: Sequence[str], passages: Sequence[Sequence[Passage]], n_best: int = 3
    ) -> list[list[Span]]:
        """Return sentences for each question, best first, at most ``n_best``."""
        cut = [pieces(group, self._weights.fragment) for group in passages]
        spans = self._reader.read(questions, passages, 10) if self._reader else [[] for _ in questions]
        near = self._nearness(questions, cut)
        return [
            quotations(*row, weights=self._weights, n_best=n_best, pairs=self._pairs)
            for row in zip(questions, cut, near, spans, strict=True)
        ]

    def _nearness(self, questions: Sequence[str], cut: Sequence[Sequence[Piece]]) -> list[list[float] | None]:
        if self._encoder is None:
            return [None for _ in questions]
        asked = [number for number, group in enumerate(cut) if group]
        if not asked:
            return [[] for _ in questions]
        vectors: Vectors = self._encoder.encode([topic(questions[number]) for number in asked], "query")
        rows = self._encoder.encode([piece.shown for number in asked for piece in cut[number]], "passage")
        out: list[list[float] | None] = [[] for _ in questions]
        at = 0
        for vector, number in zip(vectors, asked, strict=True):
            out[number] = [float(x) for x in np.asarray(rows[at : at + len(cut[number])] @ vector)]
            at += len(cut[number])
        return out


def _shares(question: str, given: Sequence[Piece]) -> list[float]:
    """Return for each piece the share of the question's words in it, rare words weighing more."""
    asked = {stem(word) for word in content_words(topic(question))}
    if not asked or not given:
        return [0.0] * len(given)
    titles = {stem(word) for piece in given for word in content_words(piece.passage.title)}
    held = [{stem(word) for word in content_words(piece.shown)} & asked for piece in given]
    counts = Counter(word for words in held for word in words)
    value = {
        word: math.log(1 + len(given) / (0.5 + counts[word])) * (0.15 if word in titles else 1.0) for word in asked
    }
    total = sum(value.values())
    return [sum(value[word] for word in words) / total for words in held]


def _best_first(scored: tuple[float, int]) -> tuple[float, int]:
    return -scored[0], scored[1]


def _inside(span: Span, piece: Piece) -> bool:
    if span.passage.id != piece.passage.id:
        return False
    start = span.start - piece.passage.start
    return piece.start <= start < piece.end


def _clip(score: float) -> float:
    return max(-10.0, min(10.0, score)) + 10.0


def _stump(text: str, fragment: int) -> bool:
    """Tell a heading, a list number or another piece that says nothing alone: short, or every long word capitalised."""
    words = [word for word in text.split() if len(word) > 3]
    titled = not has_cjk(text) and len(text) < 60 and all(word[0].isupper() for word in words)
    return titled or _width(text) < fragment


def _width(text: str) -> int:
    """Length of a text in Latin letters: a Chinese character says about as much as three."""
    return 3 * len(text) if has_cjk(text) else len(text)


def _span(piece: Piece, score: float) -> Span:
    shift = piece.passage.start
    found = status(piece.passage.text, piece.start, piece.end)
    return Span(piece.passage, shift + piece.start, shift + piece.end, piece.text, score, found)
