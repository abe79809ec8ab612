"""Which words of a question a knowledge base has never heard of."""

from __future__ import annotations


def test_an_everyday_word_is_known_though_no_document_has_it_and_a_strange_name_is_not(small) -> None:
    assert small._now.library.known(["salbutamol", "recognised", "durnovan", "zorbaquelle"]) == [
        True,
        True,
        False,
        False,
    ]
