"""Passages in another language than the question are not blamed for lacking its words."""

from kgqa.asking import asked
from kgqa.candidates import from_text
from kgqa.searching import Search
from kgqa.types import Filters, Hit, Passage, Span

ENGLISH = "What rent does the tenant owe for the quay?"
CHINESE = Passage("z", "d", "承租人每月支付租金九千元。", "zh", 0, 13, "租约", "租金")
OTHER = Passage("e", "d", "The harbour master sings on Sundays.", "en", 0, 36, "Songs", "")


def features(passage, question=ENGLISH):
    span = Span(passage, 0, 4, passage.text[:4], 2.0)
    search = Search(question, question, Filters(), names=("quay",))
    [first, *_] = from_text(search, asked(question), [Hit(passage, 1.0)], [span], [], "en", Words())
    return first.features


class Words:
    """A library that has heard of no word."""

    def known(self, words):
        return [False] * len(words)


def test_a_text_of_the_other_language_is_neither_blamed_nor_praised_for_words():
    found = features(CHINESE)
    assert (found["coverage"], found["titled"], found["named"], found["unknown"]) == (0.5, 0.5, 0.5, 0.0)


def test_a_text_of_the_same_language_is():
    found = features(OTHER)
    assert (found["coverage"], found["titled"], found["named"], found["unknown"]) == (0.0, 0.0, 0.0, -1.0)
