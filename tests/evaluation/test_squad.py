"""SQuAD files and metrics, against values worked out by hand."""

import gzip
import json

import pytest

from kgqa.evaluation.squad import Example, evaluate, predict, read_examples, score
from kgqa.evaluation.text import chinese, exact_match, f1, normalise, tokens
from kgqa.types import Span


class FirstWords:
    """Marks the first ``count`` characters of each passage with a score taken from the question."""

    def __init__(self, count=5):
        self.count = count

    def read(self, questions, passages, n_best=5):
        return [
            [Span(p, p.start, p.start + self.count, p.text[: self.count], float(q)) for p in group]
            for q, group in zip(questions, passages, strict=True)
        ]


def squad(*qas, context="Paris is the capital.", title="France"):
    return {"version": "x", "data": [{"title": title, "paragraphs": [{"context": context, "qas": list(qas)}]}]}


def qa(id, question, *answers, impossible=None):
    made = {"id": id, "question": question, "answers": [{"text": t, "answer_start": a} for a, t in answers]}
    return made if impossible is None else made | {"is_impossible": impossible}


@pytest.mark.parametrize(
    ("found", "wanted", "exact", "overlap"),
    [
        ("the Eiffel Tower!", "Eiffel tower", True, 1.0),
        ("Eiffel", "Eiffel Tower", False, 2 / 3),
        ("a b b", "b b c", False, 0.8),  # "a" is an article
        ("", "", True, 1.0),
        ("", "x", False, 0.0),
        ("800元", "800 元。", True, 1.0),
        ("夫妻感情破裂", "因夫妻感情破裂", False, 12 / 13),
        ("感情破裂夫妻", "夫妻感情破裂", False, 4 / 6),  # the longest common run counts, not the bag
        ("使用 CT 检查", "ct检查", False, 6 / 8),
        ("𠮷野家", "𠮷野家", True, 1.0),
    ],
)
def test_exact_and_f1(found, wanted, exact, overlap):
    assert exact_match(found, wanted) is exact
    assert f1(found, wanted) == pytest.approx(overlap)


def test_normal_forms():
    assert normalise("  The  CAT, an animal-lover's pet. ") == "cat animallovers pet"
    assert tokens("2型糖尿病（T2DM）用药3.5mg", mixed=True) == [*"2型糖尿病", "t2dm", *"用药", "3", "5mg"]
    assert chinese("青霉素 G") and not chinese("Beijing (北京) is a city")


def test_metrics_of_a_version_2_file():
    rows = [
        Example("1", "", "x", ((0, "red fox"), (0, "fox")), "a"),
        Example("2", "", "x", ((0, "blue bird"),), "a"),
        Example("3", "", "x", (), "a"),
        Example("4", "", "x", (), "a"),
    ]
    got = score(rows, {"1": "the fox", "2": "bird", "3": "", "4": "x"})
    assert got["has_answer_exact"] == pytest.approx(50)
    assert got["has_answer_f1"] == pytest.approx(100 * (1 + 2 / 3) / 2)
    assert got["no_answer_exact"] == got["no_answer_f1"] == pytest.approx(50)
    assert got["exact"] == pytest.approx(50)
    assert got["f1"] == pytest.approx(100 * (1 + 2 / 3 + 1) / 4)
    assert got["n"] == 4


def test_a_question_without_prediction_is_wrong_even_if_it_has_no_answer():
    assert score([Example("1", "", "x", (), "a")], {})["f1"] == 0


def test_yes_and_no_are_counted_apart():
    rows = [Example("1", "", "原告胜诉", ((-1, "YES"),), "a"), Example("2", "", "NO way", ((0, "NO"),), "a")]
    got = score(rows, {"1": "原告", "2": "NO"})
    assert (got["n"], got["n_yes_no"], got["exact"]) == (1, 1, 100)


def test_version_1_files_allow_no_null_and_version_2_files_do(tmp_path):
    path = tmp_path / "v1.json"
    path.write_text(json.dumps(squad(qa("1", "-3", (0, "Paris")))), encoding="utf-8")
    assert evaluate(path, FirstWords())["exact"] == 100
    path.write_text(
        json.dumps(squad(qa("1", "-3", (0, "Paris")), qa("2", "-1", impossible=True), qa("3", "2", impossible=False))),
        encoding="utf-8",
    )
    got = evaluate(path, FirstWords())
    assert (got["has_answer_exact"], got["no_answer_exact"]) == (0, 50)


def test_a_part_of_a_file_is_measured_by_the_rule_of_the_file(tmp_path):
    data = squad(qa("1", "-3", (0, "Paris")))
    data["data"] += squad(qa("2", "-1", impossible=True), title="Other")["data"]
    path = tmp_path / "v2.json.gz"
    with gzip.open(path, "wt", encoding="utf-8") as out:
        json.dump(data, out)
    assert evaluate(path, FirstWords(), articles=frozenset({"France"}))["exact"] == 0
    assert evaluate(path, FirstWords(), 1)["n"] == 1


def test_impossible_is_read_as_boolean_and_as_text(tmp_path):
    path = tmp_path / "x.json"
    rows = [qa("1", "q", (0, "Paris"), impossible="true"), qa("2", "q", (0, "Paris"), impossible="false")]
    path.write_text(json.dumps(squad(*rows)), encoding="utf-8")
    assert [e.answers for e in read_examples(path)] == [(), ((0, "Paris"),)]


def test_passages_keep_script_and_offsets():
    rows = [Example("1", "1", "巴黎是首都", ((0, "巴黎"),), "法国")]
    assert predict(rows, FirstWords(2)) == {"1": "巴黎"}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"data": [{}]}', b'{"data": 3}', b"\xff\xfe\x00", b'{"data": [1]}']
)
@pytest.mark.parametrize("name", ["x.json", "x.json.gz"])
def test_a_file_of_another_shape_is_one_clear_line(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a SQuAD file") as caught:
        read_examples(path)
    assert "\n" not in str(caught.value)


def test_nothing_to_measure_and_repeated_ids_are_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(squad(qa("1", "1", (0, "Paris")), qa("1", "1", (0, "Paris")))), encoding="utf-8")
    with pytest.raises(ValueError, match="more than once"):
        evaluate(path, FirstWords())
    with pytest.raises(ValueError, match="no questions"):
        evaluate(path, FirstWords(), articles=frozenset({"none"}))
