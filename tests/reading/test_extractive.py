"""The ONNX reader: spans, scores, offsets, windows, batches and bad folders, on a model worked out by hand."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.errors import ModelError
from kgqa.reading.extractive import OnnxReader, ReaderSettings
from kgqa.types import Passage


def passage(text, start=0, id="p", **more):
    return Passage(id, "d", text, "en", start, start + len(text), **more)


def test_spans_come_best_first_with_their_distance_to_no_answer(city_reader):
    found = OnnxReader(city_reader).read(["where is"], [[passage("the dose in Paris . Rome of")]])[0]
    assert [(span.text, span.score) for span in found[:2]] == [("Rome", 3.0), ("Paris", 1.0)]
    assert found[2].score < 0


def test_offsets_are_those_of_the_document(city_reader):
    document = "😀𠮷 the dose . in Rome ."
    span = OnnxReader(city_reader).read(["where"], [[passage(document[3:], start=3)]])[0][0]
    assert document[span.start : span.end] == span.text == "Rome"


def test_several_questions_with_several_passages_keep_their_order(city_reader):
    reader = OnnxReader(city_reader)
    one, other, third = passage("in Rome", id="1"), passage("in Paris", id="2"), passage("the dose", id="3")
    found = reader.read(["where", "who", "is"], [[other, one], [], [third, other]])
    assert [[s.text for s in spans[:1]] for spans in found] == [["Rome"], [], ["Paris"]]
    assert found[0][0].passage is one and found[2][0].passage is other


def test_a_question_alone_gives_what_it_gives_in_a_batch(city_reader):
    reader = OnnxReader(city_reader)
    passages = [[passage("of the " * n + "in Paris", id=str(n))] for n in range(40)]
    together = reader.read(["where is"] * 40, passages)
    assert together == [reader.read(["where is"], [group])[0] for group in passages]


def test_nothing_in_nothing_out(city_reader):
    reader = OnnxReader(city_reader)
    assert reader.read([], []) == []
    assert reader.read(["where"], [[]]) == [[]]
    assert reader.read(["where"], [[passage("")]]) == [[]]
    assert reader.read([""], [[passage("Rome")]])[0][0].text == "Rome"


def test_an_answer_in_a_late_window_is_found_once(tmp_path, write_reader):
    liked = {"rome": 2.0, "[CLS]": 0.5}
    folder = write_reader(tmp_path / "m", liked, liked, {"length": 32, "overlap": 8})
    text = "the dose . " * 60 + "Rome" + " of the" * 5
    found = OnnxReader(folder).read(["where"], [[passage(text)]], n_best=10)[0]
    assert (found[0].start, found[0].text) == (660, "Rome")
    assert [span.text for span in found].count("Rome") == 1


def test_spans_of_a_passage_do_not_overlap(city_reader):
    text = "Rome Paris Rome in Rome . Paris"
    found = OnnxReader(city_reader).read(["where"], [[passage(text)]], n_best=20)[0]
    taken = [at for span in found for at in range(span.start, span.end)]
    assert len(taken) == len(set(taken))


def test_the_threshold_moves_the_border_of_no_answer(tmp_path, write_reader):
    liked = {"rome": 2.0, "[CLS]": 0.5}
    folder = write_reader(tmp_path / "m", liked, liked, {"threshold": 3.5})
    assert OnnxReader(folder).read(["where"], [[passage("in Rome")]])[0][0].score == pytest.approx(-0.5)


def test_a_language_may_have_a_border_of_its_own(tmp_path, write_reader):
    liked = {"药": 2.0, "rome": 2.0, "[CLS]": 0.5}
    folder = write_reader(tmp_path / "m", liked, liked, {"threshold": 3.5, "borders": {"zh": 1.0}})
    passages = [passage("in Rome"), Passage("z", "d", "药", "zh", 0, 1)]
    found = OnnxReader(folder).read(["where", "where"], [[p] for p in passages])
    assert [spans[0].score for spans in found] == pytest.approx([-0.5, 2.0])


def test_titles_are_read_but_never_marked(tmp_path, write_reader):
    liked = {"rome": 2.0, "dose": 1.0, "[CLS]": 0.5}
    folder = write_reader(tmp_path / "m", liked, liked, {"titles": True})
    found = OnnxReader(folder).read(["where"], [[passage("the dose", start=7, title="Rome", heading="Rome")]])[0]
    assert (found[0].text, found[0].start) == ("dose", 11)


def test_a_passage_that_the_tokenizer_cannot_see_is_not_read(city_reader):
    assert OnnxReader(city_reader).read(["where"], [[passage("青霉素每日两次Rome")]]) == [[]]


def test_the_fingerprint_follows_weights_and_settings(tmp_path, write_reader):
    one = write_reader(tmp_path / "1", {"rome": 2.0}, {})
    same = write_reader(tmp_path / "2", {"rome": 2.0}, {})
    other = write_reader(tmp_path / "3", {"rome": 2.0}, {}, {"threshold": 1.0})
    prints = [OnnxReader(folder).fingerprint for folder in (one, same, other)]
    assert prints[0] == prints[1] != prints[2]


def test_a_language_may_have_its_own_way_of_picking_spans(tmp_path, write_reader):
    liked = {"rome": 2.0, "paris": 1.9, "药": 1.9}
    plain = OnnxReader(write_reader(tmp_path / "1", liked, liked, {"unknown": 1.0}))
    loose = OnnxReader(write_reader(tmp_path / "2", liked, liked, {"unknown": 1.0, "shared": {"en": 3.0}}))
    assert plain.fingerprint != loose.fingerprint
    (short,), (long,) = (reader.read(["where is"], [[passage("rome or paris")]], 1)[0] for reader in (plain, loose))
    assert (short.text, long.text) == ("rome", "rome or paris")
    assert short.score == pytest.approx(long.score)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_or_broken_file_is_named(city_reader, name):
    (city_reader / name).write_bytes(b"\x80broken")
    with pytest.raises(ModelError, match=name):
        OnnxReader(city_reader)
    (city_reader / name).unlink()
    with pytest.raises(ModelError, match=name):
        OnnxReader(city_reader)


@pytest.mark.parametrize("card", ["{", '{"settings": {"length": "many"}}', '{"settings": {"speed": 1}}', "[]"])
def test_a_card_with_wrong_settings_is_refused(city_reader, card):
    (city_reader / "card.json").write_text(card, encoding="utf-8")
    with pytest.raises(ModelError, match=r"card\.json"):
        ReaderSettings.of(city_reader)


def test_settings_of_a_card_are_used(city_reader):
    (city_reader / "card.json").write_text(json.dumps({"settings": {"length": 99, "titles": True}}), encoding="utf-8")
    assert ReaderSettings.of(city_reader) == ReaderSettings(length=99, titles=True)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="Rome paris药\n.5mg😀 é", max_size=80), st.integers(0, 1000))
def test_every_span_is_a_slice_of_its_document(shared_reader, text, start):
    for span in shared_reader.read(["where is"], [[passage(text, start=start)]], n_best=9)[0]:
        assert text[span.start - start : span.end - start] == span.text != ""


@pytest.fixture(scope="module")
def shared_reader(tmp_path_factory, write_reader):
    liked = {"rome": 2.0, "paris": 1.0, "[CLS]": 0.5}
    return OnnxReader(write_reader(tmp_path_factory.mktemp("m") / "m", liked, liked, {"length": 32, "unknown": 1.0}))


def test_full_width_letters_are_read_and_offsets_hold(city_reader):
    reader = OnnxReader(city_reader)
    text = "Ｗｈｅｒｅ is Ｒｏｍｅ ？"
    found = reader.read(["Ｗｈｅｒｅ ?"], [[Passage("p", "d", text, "en", 100, 100 + len(text))]])[0][0]
    assert (found.text, found.start) == ("Ｒｏｍｅ", 100 + text.index("Ｒ"))
