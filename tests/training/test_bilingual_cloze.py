"""Chinese questions made of statements: what is asked for stands in the passage, and not in the question."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.evaluation.squad import Example
from kgqa.reading.extractive import load_tokenizer
from kgqa.training.bilingual_cloze import clause_asks, cloze, named_asks, neighbours, passages, widened, word_asks

TEXT = (
    "利马是秘鲁的首都，位于太平洋沿岸。由于寒流经过，这座城市几乎没有降雨。1535年皮萨罗建立了这座城市，"
    "当地的居民种植玉米、棉花和甘蔗。《秘鲁传说》收录了二十三个故事𠮷。他主持编写了第一部当地语言的词典，并把它送给国王。"
)


def asked(kind, sentence, seed=0):
    return [(ask, sentence[ask.start : ask.end]) for ask in kind(sentence, 0, len(sentence), random.Random(seed))]


def test_causes_definitions_and_lists_are_asked_for():
    found = asked(named_asks, "由于寒流经过，这座城市几乎没有降雨")
    assert [
        (ask.word in {"为什么", "为何", "因为什么", "原因是什么"}, "寒流经过" in answer) for ask, answer in found
    ] == [(True, True)]
    assert any(answer.endswith("秘鲁的首都") for _, answer in asked(named_asks, "利马是秘鲁的首都"))
    assert ("棉花、甘蔗和玉米", "种植的作物包括") in [
        (answer, ask.before) for ask, answer in asked(named_asks, "种植的作物包括棉花、甘蔗和玉米")
    ]


@pytest.mark.parametrize("effect", ["因此", "所以", "于是"])
def test_what_comes_before_an_effect_is_its_cause(effect):
    ((ask, answer),) = asked(named_asks, f"河水漫过了堤岸，{effect}居民离开了村庄", seed=3)
    assert answer.startswith("河水漫过了堤岸")
    assert "居民离开了村庄" in ask.before + ask.after


def test_names_works_and_years_are_asked_for_by_words_of_their_kind():
    found = {answer: ask.word for ask, answer in asked(word_asks, "1535年《秘鲁传说》收录了二十三个故事")}
    assert found["1535年"] in {"哪一年", "什么时候", "何时"}
    assert found["《秘鲁传说》"] in {"哪部作品", "什么作品"}


def test_what_follows_a_verb_is_asked_for():
    assert any("词典" in answer and ask.word for ask, answer in asked(clause_asks, "他主持编写了第一部当地语言的词典"))


@given(st.integers(0, 200))
@settings(max_examples=25, deadline=None)
def test_each_answer_stands_where_its_example_says(seed):
    made = cloze([("利马", TEXT)], 12, {"城市": ["都市"], "居民": ["住户"]}, random.Random(seed))
    assert made
    for example in made:
        ((at, answer),) = example.answers
        assert example.context[at : at + len(answer)] == answer
        assert answer not in example.question
        assert example.question.endswith("？")
        assert example.context in TEXT


def test_the_same_seed_makes_the_same_questions():
    assert cloze([("利马", TEXT)], 9, {}, random.Random(4)) == cloze([("利马", TEXT)], 9, {}, random.Random(4))


def test_no_text_makes_no_question():
    assert cloze([("", ""), ("x", "no Chinese here")], 5, {}, random.Random(0)) == []


def test_passages_are_taken_once_and_in_simplified_characters():
    twice = [Example(str(n), "?", "羅馬的歷史", (), "羅馬") for n in range(2)]
    assert passages(twice) == [("罗马", "罗马的历史")]


def test_neighbours_are_other_words_of_the_rows(tiny_base):
    tokenizer = load_tokenizer(tiny_base)
    rows = [at for at in range(tokenizer.get_vocab_size()) if len(tokenizer.id_to_token(at)) > 3][:40]
    found = neighbours(tiny_base, rows, least=-1.0, most=2)
    names = {tokenizer.id_to_token(at) for at in rows}
    assert set(found) == names
    assert all(1 <= len(ways) <= 2 + 1 and name not in ways and set(ways) <= names for name, ways in found.items())


def test_a_widened_answer_is_the_clause_or_the_sentence_that_it_is_in():
    example = Example("1", "谁？", "他出生于利马，后来住在罗马。她没有。", ((9, "住在罗马"),), "a")
    clause, sentence, same = (
        widened(example, random.Random(0), shares) for shares in ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0))
    )
    assert clause.answers == ((7, "后来住在罗马"),)
    assert sentence.answers == ((0, "他出生于利马，后来住在罗马"),)
    assert same == example
    nothing = Example("2", "谁？", "她没有。", (), "a")
    assert widened(nothing, random.Random(0), (1.0, 0.0)) is nothing
