"""A second opinion on phrases: the reranker reads the question together with the sentence that holds each of them.

The reader marks phrases in windows of many sentences; the sentence alone shows whether what it says answers the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kgqa.language import sentences
from kgqa.protocols import Reranker
from kgqa.types import Hit, Passage, Span


class SentenceJudge:
    """Gives each span its sentence's logit as ``relevance`` (kgqa.protocols.Judge)."""

    def __init__(self, reranker: Reranker) -> None:
        self._reranker = reranker

    def judge(self, questions: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[list[Span]]:
        """Return the same spans in the same order, each with how relevant its sentence is to the question, as a logit."""
        places = [[_sentence(span) for span in row] for row in spans]
        hits = [
            [_alone(passage, *place) for passage, place in _distinct(r, p)] for r, p in zip(spans, places, strict=True)
        ]
        read = self._reranker.rerank(questions, hits)
        logits = [{hit.passage.id: hit.parts.get("rerank", 0.0) for hit in row} for row in read]
        return [
            [
                replace(span, relevance=found[_name(span.passage, *place)])
                for span, place in zip(row, where, strict=True)
            ]
            for row, where, found in zip(spans, places, logits, strict=True)
        ]


def _sentence(span: Span) -> tuple[int, int]:
    """Return the sentences that a span touches, in characters of its passage."""
    start, end = span.start - span.passage.start, span.end - span.passage.start
    touched = [(a, b) for a, b in sentences(span.passage.text) if a < end and b > start]
    return (touched[0][0], touched[-1][1]) if touched else (start, end)


def _distinct(spans: Sequence[Span], places: Sequence[tuple[int, int]]) -> list[tuple[Passage, tuple[int, int]]]:
    found = {_name(span.passage, *place): (span.passage, place) for span, place in zip(spans, places, strict=True)}
    return list(found.values())


def _name(passage: Passage, start: int, end: int) -> str:
    return f"{passage.id}#{start}-{end}"


def _alone(passage: Passage, start: int, end: int) -> Hit:
    at = passage.start
    return Hit(
        replace(passage, id=_name(passage, start, end), text=passage.text[start:end], start=at + start, end=at + end),
        0.0,
    )
