import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import IndexFault
from kgqa.retrieval.analysis import Analyser
from kgqa.retrieval.lexical import LexicalConfig, LexicalIndex, best
from kgqa.types import Passage


def texts(*items, language="en"):
    return [Passage(str(i), str(i), text, language, 0, len(text)) for i, text in enumerate(items)]


def found(index, question, k=10, allowed=None):
    return index.search(question, k, allowed)[0].tolist()


def test_scores_are_bm25s():
    items = ["alpha beta", "alpha alpha gamma delta", "gamma"]
    index = LexicalIndex.build(texts(*items), LexicalConfig(k1=1.5, b=0.6))
    mean = 7 / 3
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    expected = [idf * tf / (tf + 1.5 * (0.4 + 0.6 * length / mean)) for tf, length in ((1, 2), (2, 4))]
    assert index.scores("Alpha")[:2] == pytest.approx(expected, rel=1e-5)
    assert index.scores("alpha alpha").tolist() == index.scores("alpha").tolist()
    assert index.scores("alpha")[2] == 0


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("symptom of INFLUENZA fever", 0),
        ("metformins", 2),
        ("糖尿病首选什么药", 3),
        ("糖尿病首選什麼藥", 3),  # traditional characters find simplified ones
        ("rent 1,250.50", 4),
        ("naive cafe facade", 5),
        ("Ｆａｃａｄｅ", 5),
    ],
)
def test_terms_find_their_passage_in_any_script(passages, question, row):
    assert found(LexicalIndex.build(passages), question)[0] == row


def test_only_passages_that_share_a_term_are_found(passages):
    index = LexicalIndex.build(passages)
    assert found(index, "zeppelin") == []
    assert found(index, "the of and") == []
    assert found(index, "") == []
    assert found(index, "fever", k=0) == []


def test_title_counts_more_than_text():
    with_title = Passage("a", "a", "words on many things", "en", 0, 5, title="Metformin")
    in_text = Passage("b", "b", "words on metformin things", "en", 0, 5, title="Many")
    index = LexicalIndex.build([in_text, with_title])
    assert found(index, "metformin") == [1, 0]


def test_headings_are_searched():
    passage = Passage("a", "a", "See below.", "en", 0, 5, heading="Dosage > Children")
    assert found(LexicalIndex.build([passage]), "child dosage") == [0]


def test_each_language_has_its_stemmer():
    german = Passage("d", "d", "Die Häuser der Mieter", "de", 0, 5)
    index = LexicalIndex.build([german, *texts("houses of tenants")])
    assert index.languages == ("de", "en")
    assert found(index, "Haus") == [0]
    assert found(index, "house") == [1]


def test_a_filter_hides_rows_before_the_cut():
    index = LexicalIndex.build(texts(*["apple"] * 50, "apple pie and much else beside it"))
    allowed = np.zeros(51, bool)
    allowed[50] = True
    assert 50 not in found(index, "apple", 5)
    assert found(index, "apple", 5, allowed) == [50]


def test_known_words(passages):
    index = LexicalIndex.build(passages)
    assert index.known(["Metformin", "zeppelin", "the", "糖尿病", "𠮷野家"]) == [True, False, True, True, False]


def test_saved_and_loaded_it_answers_alike(passages, tmp_path):
    index = LexicalIndex.build(passages)
    index.save(tmp_path / "词")
    again = LexicalIndex.load(tmp_path / "词")
    assert len(again) == len(passages)
    for question in ("fever cough", "糖尿病", "naïve 𝔘", "rent"):
        assert again.scores(question).tolist() == index.scores(question).tolist()
    assert "糖".encode() in (tmp_path / "词" / "terms.json").read_bytes()


def test_nothing_can_be_indexed(tmp_path):
    for content in ([], texts(""), texts("the", "。！")):
        folder = tmp_path / f"{len(content)}{content[0].text if content else ''}"
        LexicalIndex.build(content).save(folder)
        assert found(LexicalIndex.load(folder), "anything") == []


def test_damage_is_refused(passages, tmp_path):
    LexicalIndex.build(passages).save(tmp_path / "a")
    whole = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    for name, data in whole.items():
        for damaged in (b"", data[: len(data) // 2], None):
            path = tmp_path / "a" / name
            if damaged is None:
                path.unlink()
            else:
                path.write_bytes(damaged)
            with pytest.raises(IndexFault, match="damaged"):
                LexicalIndex.load(tmp_path / "a")
            path.write_bytes(data)
    np.save(tmp_path / "a" / "indices.npy", np.full(len(np.load(tmp_path / "a" / "indices.npy")), 999, np.int32))
    with pytest.raises(IndexFault, match="names passages that it does not have"):
        LexicalIndex.load(tmp_path / "a")


def test_a_pickle_is_not_loaded(passages, tmp_path):
    LexicalIndex.build(passages).save(tmp_path / "a")
    np.save(tmp_path / "a" / "data.npy", np.array([{"code": 1}], object), allow_pickle=True)
    with pytest.raises(IndexFault, match="damaged"):
        LexicalIndex.load(tmp_path / "a")


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5]), max_size=30), st.integers(0, 12), st.data())
def test_best_is_a_sorted_cut(values, k, data):
    scores = np.array(values, np.float32)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))), bool)
    rows, kept = best(scores, k, allowed)
    expected = sorted((-score, row) for row, score in enumerate(values) if score > 0 and allowed[row])[:k]
    assert list(zip((-kept).tolist(), rows.tolist(), strict=True)) == expected


@given(st.text(max_size=60), st.sampled_from(["en", "zh", "de", "und", "xx"]))
def test_any_text_can_be_cut(text, language):
    analyser = Analyser()
    terms = analyser.terms(text, language)
    assert all(terms)
    assert set(analyser.query_terms(text, [language])) == set(terms)


def test_an_article_is_found_by_its_number_in_any_numerals() -> None:
    heads = ("第三百一十一条", "第三百一十二条", "第三百一十三条")
    passages = [
        Passage(str(n), "law", f"{head} 物。", "zh", 0, 9, title="刑法", heading=head) for n, head in enumerate(heads)
    ]
    index = LexicalIndex.build(passages)
    for question in ("刑法第312条", "刑法第三百一十二条", "刑法第３１２条规定了什么？"):
        assert index.search(question, 1)[0].tolist() == [1]


def test_everyday_words_find_the_formal_ones_but_count_less() -> None:
    texts = ("患者出现腹泻。", "患者出现头痛。", "他说拉肚子。")
    passages = [Passage(str(n), str(n), text, "zh", 0, len(text)) for n, text in enumerate(texts)]
    assert LexicalIndex.build(passages).search("为什么会拉肚子？", 3)[0].tolist() == [2, 0]
