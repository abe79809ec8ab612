"""Quoting whole sentences: which sentence, its offsets, and that names do not drown the topic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.reading.quoting import SentenceQuoter, Weights, pieces, quotations
from kgqa.reading.words import content_words, topic
from kgqa.types import Passage, Span

CONTRACT = (
    "This Supply Agreement is made by Acme, Inc. and Bolt GmbH. Acme shall deliver the goods within ten days. "
    "Bolt may audit the books of Acme once a year. Neither party may assign this Agreement."
)


def passage(text, start=0, id="p", language="en", **more):
    return Passage(id, "d", text, language, start, start + len(text), **more)


class WordVectors:
    """Vectors that hold which of a few words a text has: a function of the text."""

    words = ("audit", "inspect", "deliver", "assign", "fee", "fever", "rest")
    dim = len(words)
    fingerprint = "words"

    def encode(self, texts, role="passage"):
        rows = np.array([[float(w in t.lower()) for w in self.words] for t in texts], dtype=np.float32)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def test_the_sentence_on_the_topic_is_quoted_not_the_one_with_the_names():
    question = "What does the Supply Agreement between Acme, Inc. and Bolt GmbH say about audits?"
    best = SentenceQuoter().quote([question], [[passage(CONTRACT, 100)]])[0][0]
    assert best.text == "Bolt may audit the books of Acme once a year."
    assert CONTRACT[best.start - 100 : best.end - 100] == best.text


def test_meaning_finds_what_no_word_finds():
    text = "Goods are delivered in May. The books may be inspected by Bolt. A fee is due."

    class Synonyms(WordVectors):
        def encode(self, texts, role="passage"):
            return super().encode([t.replace("check", "inspect") for t in texts], role)

    best = SentenceQuoter(Synonyms()).quote(["Quote the clause on checks."], [[passage(text)]])[0][0]
    assert best.text == "The books may be inspected by Bolt."


def test_a_marked_span_lifts_its_sentence():
    one = passage("It rains often here now. It snows often there too.")
    span = Span(one, 25, 27, "It", 9.0)
    plain = quotations("How is the weather?", pieces([one], 5))
    lifted = quotations("How is the weather?", pieces([one], 5), spans=[span], weights=Weights(span=1.0))
    assert (plain[0].start, lifted[0].start) == (0, 25)


def test_a_stump_takes_its_successor_along():
    text = "Audits. Bolt may inspect the books of Acme once in each calendar year."
    assert [piece.text for piece in pieces([passage(text)])] == [text]


def test_the_heading_counts_as_part_of_the_sentence():
    under = passage("The parties may look into the books.", id="1", heading="Contract > Audits")
    other = passage("The parties may look into the matter.", id="2", heading="Contract > Notices")
    found = SentenceQuoter().quote(["What is agreed about audits?"], [[other, under]])[0]
    assert found[0].passage is under


def test_chinese_sentences_are_quoted():
    text = "第十条 承租人应当按月支付租金。第十一条 承租人不得擅自转租房屋。第十二条 押金为两个月租金。😀"
    best = SentenceQuoter().quote(["关于转租是如何规定的？"], [[passage(text, language="zh")]])[0][0]
    assert "不得擅自转租" in best.text and "押金" not in best.text


def test_quotations_carry_their_status():
    text = "He was well. His mother had a severe fever in childhood."
    best = SentenceQuoter().quote(["Tell me about the fever."], [[passage(text)]])[0][0]
    assert best.status == "affirmed" and "fever" in best.text


def test_order_and_empty_input():
    quoter = SentenceQuoter(WordVectors())
    assert quoter.quote([], []) == []
    rows = quoter.quote(["audits?", "delivery?", "x"], [[passage(CONTRACT)], [], [passage("   ")]])
    assert [len(row) for row in rows] == [3, 0, 0]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What are the treatments for Meige disease?", "What are the treatments for Meige disease?"),
        ("Which clause of the Master Services Agreement of Foo Bar Ltd. limits liability?", "limits liability?"),
        ("ACME WIDGETS INC.", "ACME WIDGETS INC."),
        ("《民法典》关于押金如何规定？", "关于押金如何规定？"),
    ],
)
def test_the_topic_is_the_question_without_names(question, wanted):
    assert topic(question).endswith(wanted)


def test_content_words():
    assert content_words("What does the Treaty say about Fishing rights?") == ["treaty", "fishing", "rights"]
    assert content_words("押金如何退还？") == ["押金", "退还"]


@given(st.text(max_size=200), st.integers(0, 50))
def test_quotations_are_slices_of_the_document(text, start):
    for span in SentenceQuoter().quote(["What about the rest?"], [[passage(text, start)]])[0]:
        assert text[span.start - start : span.end - start] == span.text != ""


def test_a_second_opinion_reorders_the_best():
    text = "Goods are delivered to the buyer in May. The goods may be audited by the seller. Fees for goods are due."
    plain = SentenceQuoter().quote(["What about goods?"], [[passage(text)]])[0][0]
    liked = SentenceQuoter(pairs=lambda pairs: [9.0 * ("Fees" in t) for _, t in pairs])
    assert "delivered" in plain.text
    assert liked.quote(["What about goods?"], [[passage(text)]])[0][0].text == "Fees for goods are due."


def test_among_equals_the_better_ranked_passage_is_quoted():
    one, two = (
        passage("An audit is possible once a year.", id="1"),
        passage("An audit is possible once a month.", id="2"),
    )
    for group in ([one, two], [two, one]):
        assert SentenceQuoter().quote(["What about audits?"], [group])[0][0].passage is group[0]
