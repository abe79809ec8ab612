"""Questions that a small change leaves without answer."""

import random

import pytest

from kgqa.evaluation.squad import Example
from kgqa.training.twisting import negated, opposite, other_name, twisted

TEXT = (
    "The bridge at Arles was built by Gaius Marius in 104. Since then Julius Caesar held the town, and in 46 a colony was "
    "founded there. The largest theatre of the province stands in Arles."
)


def example(number, question, answer):
    return Example(f"q{number}", question, TEXT, ((TEXT.find(answer), answer),) if answer else (), "Arles")


SOME = [
    example(0, "What did Gaius Marius build at Arles?", "The bridge"),
    example(1, "Where does the largest theatre stand?", "Arles"),
    example(2, "What was founded in 46?", "a colony"),
    example(3, "Who sang?", ""),
]


def test_a_name_gives_way_to_another_one_of_the_passage_that_is_not_the_answer():
    for seed in range(20):
        changed = other_name("What did Gaius Marius build?", TEXT, ["The bridge at Arles"], random.Random(seed))
        assert changed == "What did Julius Caesar build?"


def test_a_number_gives_way_to_another_one_of_the_passage():
    assert other_name("What was founded in 46?", TEXT, ["a colony"], random.Random(1)) == "What was founded in 104?"


def test_a_question_without_name_or_number_keeps_its_words():
    assert other_name("where does the theatre stand?", TEXT, ["Arles"], random.Random(1)) is None


@pytest.mark.parametrize(
    ("question", "changed"),
    [
        ("Where is the largest theatre?", "Where is the smallest theatre?"),
        ("What came before it?", "What came after it?"),
    ],
)
def test_a_word_gives_way_to_its_opposite(question, changed):
    assert opposite(question, TEXT, [], random.Random(3)) == changed
    assert opposite(changed, TEXT, [], random.Random(3)) == question


def test_what_is_denied_already_is_not_denied_again():
    assert negated("What wasn't built?", TEXT, [], random.Random(1)) is None
    changed = {negated("What was built?", TEXT, [], random.Random(seed)) for seed in range(9)}
    assert changed == {"What wasn't built?", "What was never built?"}


def test_twisted_questions_have_no_answer_ids_of_their_own_and_the_old_passage():
    made = twisted(SOME * 3, 6, seed=5)
    assert 3 <= len(made) <= 6
    assert all(not e.answers and e.context == TEXT and e.id.endswith("-twisted") for e in made)
    asked = {e.question for e in SOME}
    assert not asked & {e.question for e in made}
    assert twisted(SOME * 3, 6, seed=5) == made


def test_nothing_is_made_of_questions_without_answer():
    assert twisted([SOME[3]], 5) == []
