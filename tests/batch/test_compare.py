"""Two runs are compared by what they say and why; the summary page is inert and puts doubt first."""

import json
from dataclasses import replace

import pytest

from kgqa import batch
from kgqa.errors import UsageError


def test_a_run_equals_itself(kb, questions, tmp_path):
    batch.run(questions, kb, tmp_path / "a.csv")
    batch.run(questions, kb, tmp_path / "b.xlsx")
    found = batch.diff(tmp_path / "a.csv", tmp_path / "b.xlsx")
    assert (found.changes, found.gone, found.new, found.same, found.causes) == ((), (), (), 5, ())


def test_changes_are_named_with_their_causes(kb, questions, tmp_path, monkeypatch):
    batch.run(questions, kb, tmp_path / "a.csv")
    plain = kb._answer

    def otherwise(question, links):
        answer = plain(question, links)
        if "treat" in question:
            return replace(answer, text="metformin", items=("metformin",), confidence=0.5)
        return replace(answer, confidence=answer.confidence - 0.01)

    monkeypatch.setattr(kb, "_answer", otherwise)
    monkeypatch.setattr(kb, "generation", "gen-000002")
    questions.write_text(
        questions.read_text(encoding="utf-8").replace("What is the meaning", "What was the meaning"), encoding="utf-8"
    )
    batch.run(questions, kb, tmp_path / "b.jsonl")
    found = batch.diff(tmp_path / "a.csv", tmp_path / "b.jsonl")
    assert [(change.question, change.what) for change in found.changes] == [
        ("Which drugs treat type 2 diabetes?", ("answer", "index", "confidence"))
    ]
    assert found.gone == ("What is the meaning of life? 𝄞",)
    assert found.new == ("What was the meaning of life? 𝄞",)
    assert (found.same, found.causes) == (3, ("index",))
    assert found.changes[0].why == (
        "was not among the first alternatives before",
        "the same evidence, weighed otherwise",
        "another index: gen-000001 before, gen-000002 now",
    )
    told = "\n".join(found.lines())
    assert "- metformin, warfarin, aspirin (94%)" in told and "+ metformin (50%)" in told


def test_causes_are_told_from_the_records(tmp_path):
    plain = {
        "question": "Wer zahlt? 𝄞", "answer": "Anna", "kind": "span", "confidence": 0.9, "alternatives": "Berta\nCarl",
        "citations": "[1] a.md [0:4] “Anna”\n[2] b.md [2:7] “Berta”", "models": "encoder=1, reader=2",
    }  # fmt: skip
    later = [
        {**plain, "answer": "Carl", "citations": "[1] b.md [2:7] “Berta”\n[2] c.md [0:4] “Carl”"},
        {
            **plain,
            "answer": "",
            "kind": "none",
            "reason": "reader_unsure",
            "citations": "",
            "models": "encoder=1, reader=3",
        },
        {**plain, "confidence": 0.7},
    ]
    (tmp_path / "a.jsonl").write_text(json.dumps(plain), encoding="utf-8")
    why = []
    for number, record in enumerate(later):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(record), encoding="utf-8")
        why.append(batch.diff(tmp_path / "a.jsonl", tmp_path / f"{number}.jsonl").changes[0].why)
    assert why[0] == (
        "was alternative 2 before",
        "no longer cited: a.md [0:4] “Anna”",
        "newly cited: c.md [0:4] “Carl”",
    )
    assert why[1][0] == "no answer is sure enough now: reader_unsure" and why[1][-1] == "another model: reader"
    assert why[2] == ()


def test_what_is_no_output_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    (tmp_path / "y.jsonl").write_text("[]")
    for file in ("x.csv", "y.jsonl", "gone.csv"):
        with pytest.raises(UsageError):
            batch.diff(tmp_path / file, tmp_path / file)


def test_the_summary_page_is_inert_and_puts_doubt_first(kb, tmp_path):
    file = tmp_path / "q.jsonl"
    asked = [
        "Which drugs treat type 2 diabetes?",
        "<img src=x onerror=alert(1)>",
        "What are the side effects of metformin?",
        "",
    ]
    file.write_text(
        "".join(json.dumps({"question": q, "id": str(n)}) + "\n" for n, q in enumerate(asked)), encoding="utf-8"
    )
    report = batch.run(file, kb, tmp_path / "a.csv", page=tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert report.page == tmp_path / "a.html"
    assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page
    order = [page.index(mark) for mark in ("the question is empty", "side effects", "type 2 diabetes", "&lt;img")]
    assert order == sorted(order)
    assert "<b>2</b>answered" in page and "http" not in page.split("</style>")[1].split("<tbody>")[0]
