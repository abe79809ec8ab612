from __future__ import annotations

from dataclasses import replace

import pytest

from kgqa.asking import topic
from kgqa.models.making import make_encoder
from kgqa.reading.clauses import ClauseQuoter
from kgqa.types import Passage

AUDIT = (
    "7.2 Audits\nThe Supplier shall keep books. The Customer may audit the books of the Supplier once a year, on ten days' "
    "notice. The price list is in Annex B. Deliveries are made on Mondays."
)
ZH = "第十二条 审计\n甲方每年可以对乙方的账簿进行一次审计。\U00020000价格见附件二。每周一交货。"


def passage(text: str, heading: str = "", start: int = 0) -> Passage:
    return Passage(f"p{start}", "d.txt", text, "en", start, start + len(text), heading=heading)


@pytest.fixture(scope="module")
def quoter() -> ClauseQuoter:
    return ClauseQuoter(make_encoder(), length=120)


def test_the_run_about_the_topic_is_quoted_without_its_heading(quoter) -> None:
    given = passage(AUDIT, "7.2 Audits", start=500)
    (span,) = quoter.quote(["What does the document say about audits?"], [[given]])[0]
    assert "The Customer may audit the books" in span.text
    assert not span.text.startswith("7.2")
    assert span.text == AUDIT[span.start - 500 : span.end - 500]


def test_chinese_offsets_hold_beyond_the_basic_plane(quoter) -> None:
    (span,) = quoter.quote(["文件中关于审计是怎么规定的？"], [[passage(ZH, "第十二条 审计", start=7)]])[0]
    assert "审计" in span.text
    assert span.text == ZH[span.start - 7 : span.end - 7]


def test_a_better_ranked_passage_wins_over_an_equal_one(quoter) -> None:
    first, second = passage(AUDIT, "7.2 Audits"), passage(AUDIT, "7.2 Audits", start=900)
    spans = quoter.quote(["What about audits?"], [[first, second]])[0]
    assert [span.start < 900 for span in spans] == [True, False]


def test_empty_groups_and_an_empty_batch_give_nothing(quoter) -> None:
    assert quoter.quote([], []) == []
    assert quoter.quote(["a?", "b?"], [[], []]) == [[], []]
    assert quoter.quote(["a?", "b?"], [[], [passage("One sentence here.")]])[0] == []


@pytest.mark.parametrize("text", ["-", "#", "  x", "Heading", "\U0001f600\U0001f600", "a" * 5000])
def test_odd_passages_do_not_break_it(quoter, text: str) -> None:
    for span in quoter.quote(["what?"], [[passage(text, "Heading")]])[0]:
        assert span.text == text[span.start : span.end]


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("What does the document say about audits?", "audits"),
        ("Quote the clause on termination for convenience in the document.", "termination for convenience"),
        ("Does the document include a non-compete clause?", "non-compete clause"),
        ("文件中关于竞业限制是怎么规定的？", "竞业限制"),
        ("?", "?"),
        ("", ""),
    ],
)
def test_the_topic_of_a_question(question: str, about: str) -> None:
    assert topic(question) == about


class Preferring:
    """A reranker that likes passages with one word."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[str] = []

    def rerank(self, questions, hits):
        self.asked += questions
        return [[replace(hit, parts={"rerank": float(self.word in hit.passage.text)}) for hit in row] for row in hits]


def test_the_reranker_reads_each_quotation_alone_with_the_topic() -> None:
    judge = Preferring("audit")
    passages = [
        passage("The buyer may audit the books. Rent is due."),
        passage("Insurance is kept by the seller.", start=500),
    ]
    (spans,) = ClauseQuoter(make_encoder(), judge).quote(["What does the document say about audits?"], [passages])
    assert judge.asked == ["audits"]
    assert {span.relevance for span in spans if "audit" in span.text} == {1.0}
    assert {span.relevance for span in spans if "audit" not in span.text} == {0.0}
    assert all(span.passage in passages for span in spans)
