"""BioASQ measures against values worked out by hand."""

import json

import pytest

from kgqa.evaluation.bioasq import evaluate, ranked
from kgqa.types import Passage, Span


class Words:
    """Marks each word of a passage; a word's score is its length."""

    def read(self, questions, passages, n_best=5):
        return [[s for p in group for s in self.marks(p)] for group in passages]

    def marks(self, passage):
        at = 0
        for word in passage.text.split():
            at = passage.text.index(word, at)
            yield Span(passage, at, at + len(word), word, float(len(word)))


def question(id, texts, answers, type="factoid"):
    return {"id": id, "type": type, "body": "?", "snippets": [{"text": t} for t in texts], "exact_answer": answers}


def test_strict_lenient_and_rank(tmp_path):
    rows = [
        question("a", ["longest mid"], [["Longest!"]]),
        question("b", ["longest mid é😀"], [["x", "mid"]]),
        question("c", ["nothing here"], ["else"]),
        question("d", ["yes"], "yes", type="yesno"),
    ]
    path = tmp_path / "b.json"
    path.write_text(json.dumps({"questions": rows}), encoding="utf-8")
    got = evaluate(path, Words())
    assert got["strict"] == pytest.approx(100 / 3) and got["lenient"] == pytest.approx(200 / 3)
    assert got["mrr"] == pytest.approx(100 * (1 + 1 / 2) / 3) and got["n"] == 3
    assert evaluate(path, Words(), lambda id: id == "a")["strict"] == 100


def test_passages_that_agree_add_up():
    passage = Passage("p", "d", "", "en", 0, 0)
    spans = [Span(passage, 0, 0, "Lone", 5.0), Span(passage, 0, 0, "shared", 4.0), Span(passage, 0, 0, "Shared.", 4.0)]
    assert ranked(spans) == ["shared", "lone"]


@pytest.mark.parametrize("content", ["", "[]", '{"questions": [{}]}', '{"questions": []}'])
def test_other_files_are_one_clear_line(tmp_path, content):
    path = tmp_path / "b.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"b\.json") as caught:
        evaluate(path, Words())
    assert "\n" not in str(caught.value)
