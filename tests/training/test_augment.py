"""Augmentation: what changes, that answers stay at their offsets, and that a translation is really run."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.errors import ModelError, UsageError
from kgqa.evaluation.squad import Example
from kgqa.reading.words import content_words
from kgqa.training.augment import KINDS, Augmentation, augment, faithful
from kgqa.training.names import Names, names_of
from kgqa.training.paraphrase import paraphrase
from kgqa.training.translating import BackTranslation, translator

pytestmark = pytest.mark.torch

DRUG, CITY = "http://e/Drug", "http://e/City"
NAMES = Names.of(
    [
        ("http://e/salbutamol", ["salbutamol", "albuterol", "沙丁胺醇", "舒喘灵"], [DRUG]),
        ("http://e/propranolol", ["propranolol", "普萘洛尔"], [DRUG]),
        ("http://e/uric", ["uric acid lowering agent", "allopurinol"], [DRUG]),
        ("http://e/paris", ["Paris", "City of Light"], [CITY]),
        ("http://e/one", ["twice"], []),
        ("http://e/two", ["twice"], []),
    ]
)


def example(question, context, answer=None, id="1"):
    at = context.index(answer) if answer else 0
    return Example(id, question, context, ((at, answer),) if answer else (), "a")


def one(kind, old, **given):
    found = augment([old], Augmentation((kind,), 1.0, names=NAMES, **given))
    return found[1] if len(found) > 1 else None


def test_a_synonym_in_the_question_leaves_the_passage():
    old = example("What is Salbutamol for?", "salbutamol is for asthma.", "asthma")
    new = one("synonyms", old)
    assert new.question == "What is Albuterol for?" and new.context == old.context and new.answers == old.answers
    new = one("synonyms", example("沙丁胺醇治疗什么？", "沙丁胺醇治疗哮喘。", "哮喘"))
    assert new.question == "舒喘灵治疗什么？"


def test_a_synonym_in_the_passage_moves_the_answer():
    new = one("synonyms", example("What is it for?", "Drug: salbutamol, for 𠮷 asthma.", "asthma"))
    ((at, text),) = new.answers
    assert "albuterol" in new.context and new.context[at : at + len(text)] == "asthma"


def test_a_thing_is_exchanged_in_question_passage_and_answer():
    old = example("Is salbutamol a drug?", "Salbutamol, or SALBUTAMOL, is one; albuterol too.", "SALBUTAMOL")
    new = one("entities", old)
    ((at, text),) = new.answers
    assert new.context[at : at + len(text)] == text and text.isupper() and text != "SALBUTAMOL"
    assert "albut" not in new.context.lower() and "albut" not in new.question.lower()
    assert text.lower() in new.question


def test_chinese_things_are_exchanged_for_chinese_ones():
    new = one("entities", example("哮喘禁用什么？", "哮喘患者禁用普萘洛尔。", "普萘洛尔"))
    assert new.answers[0][1] in ("沙丁胺醇", "舒喘灵") and new.context == f"哮喘患者禁用{new.answers[0][1]}。"


def test_names_of_several_things_and_things_without_a_peer_are_left():
    assert one("entities", example("Where?", "It is in Paris twice.", "twice")) is None
    assert [m.iri for m in NAMES.mentions("twice in the CITY OF LIGHT")] == ["http://e/paris"]


def test_an_answer_that_an_edit_would_cut_is_left():
    assert one("entities", example("What?", "the uric acid lowering agent works", "agent works")) is None


ALPHABET = st.sampled_from(
    ["salbutamol", "Paris", "沙丁胺醇", "普萘洛尔", "uric acid lowering agent", " ", "x", "药", "𠮷", ".", "ﬁ", "İ"]
)


@settings(deadline=None, max_examples=150)
@given(st.lists(ALPHABET, min_size=1, max_size=12), st.lists(ALPHABET, max_size=6), st.data())
def test_answers_always_stand_at_their_offset(words, asked, data):
    context = "".join(words)
    start = data.draw(st.integers(0, len(context) - 1))
    end = data.draw(st.integers(start + 1, len(context)))
    old = Example("1", " ".join(asked), context, ((start, context[start:end]),), "a")
    found = augment([old], Augmentation(("synonyms", "entities", "paraphrase"), 1.0, names=NAMES))
    assert found[0] == old
    for new in found[1:]:
        ((at, text),) = new.answers
        assert text and new.context[at : at + len(text)] == text
        assert (new.question, new.context) != (old.question, old.context)
        if not any(m.start < end and start < m.end for m in NAMES.mentions(context)):
            assert text == old.answers[0][1]


@given(st.integers(0, 10_000), st.sampled_from([
    "What is the name of the river in Rome?", "Who wrote Hamlet?", "When did Anna arrive?", "How many beds are there?",
    "Why does ice float?", "In what year did it end?", "Name the drug.", "沙丁胺醇是什么？", "谁写了红楼梦？", "何时开业？", "如何治疗痛风？",
]))  # fmt: skip
def test_a_paraphrase_keeps_what_is_asked_about(seed, question):
    new = paraphrase(question, random.Random(seed))
    assert new != question
    asked = [w for w in content_words(question) if w not in ("name", "people", "year", "beds", "写了")]
    assert all(word in " ".join(content_words(new)) for word in asked if len(word) > 2 and word.isascii())
    for name in ("Rome", "Hamlet", "Anna", "沙丁胺醇", "红楼梦", "开业", "治疗痛风"):
        assert (name in question) == (name in new)


def test_some_paraphrases_by_hand():
    said = {paraphrase("What is the capital of France?", random.Random(n)) for n in range(60)}
    assert "Tell me what the capital of France is." in said
    assert "According to the text, what is the capital of France?" in said
    assert paraphrase("", random.Random(1)) == ""
    assert "请问痛风是什么？" in {paraphrase("痛风是什么？", random.Random(n)) for n in range(60)}


def test_the_share_bounds_what_is_made():
    rows = [example(f"Who saw {n}?", f"Anna saw {n}.", "Anna", str(n)) for n in range(10)]
    found = augment(rows, Augmentation(("paraphrase",), 0.3))
    assert len(found) == 13 and found[:10] == rows and len({e.id for e in found}) == 13
    assert augment(rows, Augmentation(("paraphrase",), 0.3)) == found


def test_a_translation_that_loses_the_matter_is_dropped():
    assert faithful("Where does Anna live?", "In which town is Anna living?")
    assert not faithful("Where does Anna live?", "Where does Anna LIVE?")
    assert not faithful("Where does Anna live?", "The weather is fine.")
    assert not faithful("Where does Anna live?", "安娜住在哪里？")
    there = BackTranslation(lambda texts: texts, lambda texts: [t.replace("Where", "In what town") for t in texts])
    new = one("back-translate", example("Where does Anna live?", "Anna lives in Rome.", "Rome"), translate=there)
    assert new.question == "In what town does Anna live?" and new.answers == ((14, "Rome"),)


def test_a_model_folder_translates(seq2seq):
    translate = translator(seq2seq, longest=6, batch=2)
    found = translate(["where does anna live ?", "who is in rome ?", "anna"])
    assert len(found) == 3 and all(isinstance(text, str) for text in found)
    assert translate(["where does anna live ?"])[0] == found[0]  # the same in any batch
    back = BackTranslation(translate, translate)
    assert len(back(["where does anna live ?"])) == 1 and back([]) == []


def test_wrong_use_is_said(tmp_path, tiny_base):
    old = example("Who?", "Anna.", "Anna")
    with pytest.raises(UsageError, match="unknown augmentation"):
        augment([old], Augmentation(("magic",)))
    with pytest.raises(UsageError, match="needs a graph"):
        augment([old], Augmentation(("entities",)))
    with pytest.raises(UsageError, match="THERE BACK"):
        augment([old], Augmentation(("back-translate",)))
    with pytest.raises(ModelError, match="no such folder"):
        translator(tmp_path / "none")
    with pytest.raises(ModelError, match="translation model"):
        translator(tiny_base)
    assert set(KINDS) == {"synonyms", "entities", "paraphrase", "back-translate"}


def test_names_come_from_an_index_a_file_or_a_folder(built, tmp_path):
    for place in (built, built / "graph", built / "graph" / "facts.ttl"):
        names = names_of(place)
        (found,) = names.mentions("Salbutamol is given.")
        assert names.synonyms(found.iri, "salbutamol") == ["albuterol"]
    with pytest.raises(UsageError, match="no RDF files"):
        names_of(tmp_path)
