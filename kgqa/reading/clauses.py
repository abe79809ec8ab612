"""Quote the part of a passage that speaks of a topic: a clause, a paragraph, or a run of whole sentences from it.

A question such as "what does it say about audits" is answered by a piece of text that can stand alone, so the pieces are
runs of whole sentences, up to a length that a person reads at a glance; passages keep the order in which they were ranked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kgqa.asking import topic
from kgqa.language import has_cjk, sentences
from kgqa.protocols import Encoder, Reranker
from kgqa.reading.assertion import stance
from kgqa.types import Hit, Passage, Span

_READ_CLOSELY, _TRIES = 3, 4
"""Passages of which the judge reads several runs of sentences, and how many of each."""
_LONG, _LOWER = 2.0, 2.0
"""Logits that a run gains by using the allowed length, and loses for each place that its passage is ranked lower."""
_MARKS = re.compile(r"[\s#>*_\-.:;·|]*")


@dataclass(frozen=True, slots=True)
class _Part:
    """A sentence of a passage, by its characters in the passage."""

    start: int
    end: int


class ClauseQuoter:
    """Picks from each passage the run of sentences that is nearest to the question's topic (kgqa.protocols.Quoter).

    :param judge: reads each quotation alone with the topic; its logit becomes the span's ``relevance``.
    :param length: characters that a quotation may have; four tenths of it for Chinese. A single longer sentence is kept whole.
    :param fill: how much a run gains by using the allowed length, in units of cosine.
    :param order: how much a passage loses for each place that it is ranked lower, in units of cosine.
    """

    def __init__(
        self,
        encoder: Encoder,
        judge: Reranker | None = None,
        *,
        length: int = 320,
        fill: float = 0.25,
        order: float = 0.05,
    ) -> None:
        self._encoder = encoder
        self._judge = judge
        self._length = length
        self._fill = fill
        self._order = order

    def quote(
        self, questions: Sequence[str], passages: Sequence[Sequence[Passage]], n_best: int = 4
    ) -> list[list[Span]]:
        """Return one run of sentences from each of the best passages, best first, at most ``n_best``.

        Without a judge the run is the one that is nearest to the topic; with one it is chosen by what the judge says of the
        nearest ones.

        The status of each is what it asserts of what the question says.
        """
        parts = [[_parts(passage) for passage in group] for group in passages]
        topics = [topic(question) for question in questions]
        texts = [
            f"{passage.heading}. {passage.text[part.start : part.end]}"
            for group, cut in zip(passages, parts, strict=True)
            for passage, found in zip(group, cut, strict=True)
            for part in found
        ]
        if not texts:
            return [[] for _ in questions]
        queries = self._encoder.encode(topics, "query")
        vectors = iter(self._encoder.encode(texts))
        quoted = []
        for query, group, cut in zip(queries, passages, parts, strict=True):
            spans = []
            for rank, (passage, found) in enumerate(zip(group, cut, strict=True)):
                near = np.array([float(next(vectors) @ query) for _ in found])
                tries = 1 if self._judge is None or rank >= _READ_CLOSELY else _TRIES
                spans += self._best(passage, found, near, rank, tries)
            quoted.append(spans)
        chosen = [self._chosen(spans)[:n_best] for spans in self._weighed(topics, quoted)]
        return [[_judged(span, asked) for span in spans] for spans, asked in zip(chosen, questions, strict=True)]

    def _chosen(self, spans: Sequence[Span]) -> list[Span]:
        """Return the best run of each passage, best first: by the judge if there is one, else by cosine."""
        places = {passage: rank for rank, passage in enumerate(dict.fromkeys(span.passage.id for span in spans))}

        def value(span: Span) -> float:
            if self._judge is None:
                return span.score
            filled = min(1.0, (span.end - span.start) / self._limit(span.passage))
            return span.relevance + _LONG * filled - _LOWER * places[span.passage.id]

        best: dict[str, Span] = {}
        for span in sorted(spans, key=lambda span: -value(span)):
            best.setdefault(span.passage.id, span)
        return list(best.values())

    def _limit(self, passage: Passage) -> float:
        return self._length * 0.4 if has_cjk(passage.text) else self._length

    def _weighed(self, topics: Sequence[str], quoted: Sequence[Sequence[Span]]) -> list[list[Span]]:
        """Let the reranker read each quotation alone with the topic."""
        if self._judge is None:
            return [list(spans) for spans in quoted]
        alone = [
            [
                Hit(replace(s.passage, id=str(at), text=s.text, start=s.start, end=s.end), -at)
                for at, s in enumerate(spans)
            ]
            for spans in quoted
        ]
        logits = [
            {hit.passage.id: hit.parts.get("rerank") for hit in hits} for hits in self._judge.rerank(topics, alone)
        ]
        return [
            [replace(span, relevance=_relevance(span, found[str(at)])) for at, span in enumerate(spans)]
            for spans, found in zip(quoted, logits, strict=True)
        ]

    def _best(
        self, passage: Passage, parts: Sequence[_Part], near: NDArray[np.float64], rank: int, tries: int
    ) -> list[Span]:
        limit = self._limit(passage)
        scored = [
            (float(np.average(near[i : j + 1], weights=[p.end - p.start for p in parts[i : j + 1]])), i, j)
            for i, j in _runs(parts, limit)
        ]
        valued = []
        for value, i, j in scored:
            start, end = parts[i].start, parts[j].end
            valued.append((value + self._fill * min(1.0, (end - start) / limit) - self._order * rank, start, end))
        valued.sort(key=lambda run: (-run[0], run[1]))
        return [
            Span(passage, passage.start + start, passage.start + end, passage.text[start:end], score)
            for score, start, end in valued[:tries]
        ]


def _relevance(span: Span, logit: float | None) -> float:
    """Return the judge's logit, or where it cannot read the language, one that the nearness stands for."""
    return _STEEP * (span.score - _EVEN) if logit is None else logit


_STEEP, _EVEN = 12.0, 0.5
"""Logits for a unit of nearness, and the nearness at which a run is as likely to answer as not."""


def _judged(span: Span, question: str) -> Span:
    at = span.passage.start
    return replace(span, status=stance(question, span.passage.text, span.start - at, span.end - at))


def _parts(passage: Passage) -> list[_Part]:
    """Return the sentences after the passage's own heading, without marks around them."""
    body = _after_heading(passage)
    found = []
    for start, end in sentences(passage.text):
        begin = max(start, body)
        while begin < end and passage.text[begin].isspace():
            begin += 1
        if end - begin > 1:
            found.append(_Part(begin, end))
    return found


def _after_heading(passage: Passage) -> int:
    """Return where the text after the heading begins; 0 when nothing else is left."""
    at = _skip(passage.text, 0)
    for word in (passage.heading.rsplit(" > ", 1)[-1]).split():
        found = passage.text.find(word, at, at + len(word) + 40)
        if found < 0:
            return _skip(passage.text, 0)
        at = found + len(word)
    after = _skip(passage.text, at)
    return after if len(passage.text) - after > 20 else _skip(passage.text, 0)


def _skip(text: str, at: int) -> int:
    match = _MARKS.match(text, at)
    return match.end() if match else at


def _runs(parts: Sequence[_Part], limit: float) -> Iterator[tuple[int, int]]:
    for i in range(len(parts)):
        for j in range(i, len(parts)):
            if j > i and parts[j].end - parts[i].start > limit:
                break
            yield i, j
