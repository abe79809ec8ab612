"""The sentence around a phrase is read with the question; the phrases themselves stay as they are."""

from __future__ import annotations

from dataclasses import replace

from kgqa.models.registry import WEIGHTS
from kgqa.reading.judging import SentenceJudge
from kgqa.retrieval.rerank import CrossEncoderReranker
from kgqa.types import Passage, Span

TEXT = "𝔘 The bridge was painted green in 1931. The Northfield bridge was opened in 1907 by the mayor. It is 410 metres long."
PASSAGE = Passage("b@100", "bridge.md", TEXT, "en", 100, 100 + len(TEXT), title="Bridge")


def span(words: str, passage: Passage = PASSAGE) -> Span:
    at = passage.start + passage.text.index(words)
    return Span(passage, at, at + len(words), words, 1.0)


def test_the_sentence_that_answers_is_found_more_relevant():
    judge = SentenceJudge(CrossEncoderReranker(WEIGHTS / "reranker"))
    given = [[span("1931"), span("1907"), span("410 metres")], []]
    judged = judge.judge(["When was the Northfield bridge opened?", "Who?"], given)
    assert [[replace(s, relevance=0.0) for s in row] for row in judged] == given
    assert max(judged[0], key=lambda s: s.relevance).text == "1907"


def test_spans_of_one_sentence_are_read_once_and_judged_alike():
    read = []

    class Counting:
        def rerank(self, questions, hits):
            read.extend(hit.passage.text for row in hits for hit in row)
            return [[replace(hit, parts={"rerank": 2.0}) for hit in row] for row in hits]

    (judged,) = SentenceJudge(Counting()).judge(["Which?"], [[span("1907"), span("the mayor"), span("1931")]])
    assert [s.relevance for s in judged] == [2.0, 2.0, 2.0]
    assert len(read) == 2
    assert all(text in TEXT for text in read)
