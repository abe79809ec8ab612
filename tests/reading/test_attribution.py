"""Which words decided: weights of readers whose scores are known, and of the built-in one."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.errors import UsageError
from kgqa.explaining import attribution
from kgqa.reading.attribution import Asked, attribute, words
from kgqa.types import Passage, Span

TEXT = "Snow fell on Oslo. Anna lives in Rome since 1999. Nobody knows why."
START = 1000  # the passage begins here in its document


class Additive:
    """Sees the word ``answer`` and scores it by the words that stand in question and passage."""

    def __init__(self, answer="Rome", **worth):
        self.answer, self.worth, self.readings = answer, worth, 0

    def read(self, questions, passages, n_best=5):
        out = []
        for question, group in zip(questions, passages, strict=True):
            spans = []
            for p in group:
                self.readings += 1
                at = p.text.find(self.answer)
                there = set(re.findall(r"\w+", f"{question} {p.text}"))
                score = sum(w for word, w in self.worth.items() if word in there)
                if at >= 0:
                    spans.append(Span(p, p.start + at, p.start + at + len(self.answer), self.answer, score))
            out.append(spans)
        return out


def asked(question="Where does Anna live?", text=TEXT, answer="Rome"):
    at = text.index(answer)
    passage = Passage("p", "d", text, "en", START, START + len(text))
    return Asked(question, Span(passage, START + at, START + at + len(answer), answer, 5.0))


@pytest.mark.parametrize("method", ["occlusion", "shapley"])
def test_an_additive_reader_gets_its_own_weights_back(method):
    reader = Additive(lives=3.0, since=-1.0, Snow=0.5)
    found = {w.word: w.weight for w in attribute(reader, asked(), "passage", method)}
    assert found["lives"] == 3.0 and found["since"] == -1.0 and found["Snow"] == 0.5
    assert all(weight == 0 for word, weight in found.items() if word not in ("lives", "since", "Snow"))
    assert "Rome" not in found


def test_places_are_the_documents_and_the_questions():
    document = "x" * START + TEXT
    for word, start, end, _ in attribute(Additive(lives=1.0), asked(), "passage"):
        assert document[start:end] == word
    one = asked()
    found = attribute(Additive(live=2.0), one, "question")
    assert [(w.word, one.question[w.start : w.end]) for w in found] == [(w.word, w.word) for w in found]
    assert max(found, key=lambda w: w.weight).word == "live"


def test_words_that_stand_for_each_other_share_under_shapley_alone():
    class Either(Additive):
        def read(self, questions, passages, n_best=5):
            self.worth = {}
            return [
                [Span(p, p.start, p.start + 1, p.text[:1], 4.0 * ("red" in p.text or "blue" in p.text)) for p in group]
                for group in passages
            ]

    one = asked(text="A is red or blue.", answer="A")
    alone = {w.word: w.weight for w in attribute(Either(), one, "passage", "occlusion")}
    shared = {w.word: w.weight for w in attribute(Either(), one, "passage", "shapley")}
    assert alone["red"] == alone["blue"] == 0
    assert shared["red"] == pytest.approx(2.0) and shared["blue"] == pytest.approx(2.0)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.sampled_from(TEXT.replace(".", "").split()), st.integers(-4, 4)), st.integers(0, 9))
def test_shapley_weights_add_up_to_what_all_words_give(worth, seed):
    worth.pop("Rome", None)
    reader = Additive(**worth)
    found = attribute(reader, asked("Where?"), "passage", "shapley", readings=200, seed=seed)
    assert sum(w.weight for w in found) == pytest.approx(sum(worth.values()), abs=1e-3)


@pytest.mark.parametrize("method", ["occlusion", "shapley"])
@pytest.mark.parametrize("readings", [8, 20, 96])
def test_a_long_passage_stays_within_its_readings(method, readings):
    text = " ".join(f"Sentence {n} says nothing of use at all." for n in range(60)) + " Anna lives in Rome since 1999."
    reader = Additive(lives=3.0)
    found = attribute(reader, asked(text=text), "passage", method, readings=readings)
    assert reader.readings <= readings + 2
    if readings > 20:
        assert max(found, key=lambda w: w.weight).word == "lives"


def test_an_answer_that_is_no_longer_seen_costs_all_of_its_score():
    class Needs(Additive):
        def read(self, questions, passages, n_best=5):
            return [
                [s for s in spans if "lives" in s.passage.text] for spans in super().read(questions, passages, n_best)
            ]

    found = {w.word: w.weight for w in attribute(Needs(Anna=2.0), asked("Where?"), "passage")}
    assert found["lives"] == 2.0


def test_chinese_words_are_cut():
    text = "患者出现头痛\U00020000 and fever"
    cut = [text[a:b] for a, b in words(text)]
    assert "".join(cut).replace("\U00020000", "") == "患者出现头痛andfever"
    assert "头痛" in cut and "fever" in cut


def test_the_built_in_reader_explains_itself(small):
    answer = small.ask("What is the first dose of colchicine?")
    found = attribution(small.qa.parts, answer, 1)
    evidence = next(e for e in answer.evidence if e.kind == "passage")
    text = small.document(evidence.passage.doc_id).text
    assert found and all(text[w.start : w.end] == w.word for w in found)
    best = max(found, key=lambda w: w.weight)
    assert best.weight > 0
    question = attribution(small.qa.parts, answer, 1, "question")
    assert max(question, key=lambda w: w.weight).word in ("dose", "first", "colchicine")


def test_a_citation_that_is_not_there_is_said(small):
    answer = small.ask("What is the first dose of colchicine?")
    with pytest.raises(UsageError, match="quotations from text"):
        attribution(small.qa.parts, answer, 99)


def test_the_command_shows_the_words(capsys, built, small):
    import json

    from kgqa.cli.main import main

    main(["ask", "What is the first dose of colchicine?", "--kb", str(built), "--explain-words", "1", "--json"])
    found = json.loads(capsys.readouterr().out)["words"]
    assert {word["word"] for word in found["question"]} >= {"dose", "colchicine"}
    answer = small.ask("What is the first dose of colchicine?")
    assert [tuple(one.values()) for one in found["passage"]] == list(small.attribution(answer, 1))
