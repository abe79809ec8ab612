"""A reader of one's own passes the gate or not, answers once it is in force, and can be taken back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import kgqa
from kgqa.errors import ModelError, UsageError
from kgqa.models.registry import builtin
from kgqa.promotion import acceptance_spans, past, promote_reader, reader_in_force, take_back
from kgqa.types import Document

GATE = {
    "version": "v2.0",
    "data": [
        {
            "title": "gout",
            "paragraphs": [
                {
                    "context": "Colchicine is given at the first sign of a gout flare. The first dose is 1.2 mg. \U00020000",
                    "qas": [
                        {"id": "1", "question": "How large is the first dose of colchicine?", "is_impossible": False,
                         "answers": [{"text": "1.2 mg", "answer_start": 73}]},
                        {"id": "3", "question": "Who sells it?", "is_impossible": True, "answers": []},
                    ],
                }
            ],
        }
    ],
}  # fmt: skip


def copy(target: Path, threshold: float | None = None) -> Path:
    shutil.copytree(builtin("reader"), target)
    card = json.loads((target / "card.json").read_text(encoding="utf-8"))
    if threshold is not None:
        card["settings"]["threshold"] = threshold
    card["metrics"] = {}
    (target / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return target


def test_an_equal_reader_is_put_in_force_and_a_worse_one_is_not(tmp_path: Path) -> None:
    index, said = tmp_path / "index", []
    good, deaf = copy(tmp_path / "good"), copy(tmp_path / "deaf", threshold=1e6)
    gate = {"own": GATE, "none": {"data": []}, "with none": _impossible()}
    first = promote_reader(index, good, gate, progress=said.append)
    assert first.version == "v000001" and first.before == first.after and first.fault == ""
    assert set(first.after) == {"own", "with none"} and said == ["own", "with none"] * 2
    worse = promote_reader(index, deaf, gate)
    assert worse.version == "" and "not promoted" in worse.fault and worse.after["own"] < worse.before["own"]
    assert reader_in_force(index).name == "v000001"
    assert promote_reader(index, good, gate).version == "v000002"
    assert take_back(index) == "v000001" and take_back(index) == "" and reader_in_force(index) is None
    with pytest.raises(UsageError, match="nothing to take back"):
        take_back(index)
    assert [one.action for one in past(index)] == ["rollback", "rollback", "promote", "promote"]


def _impossible() -> dict[str, object]:
    question = {"id": "2", "question": "Who invented the telephone?", "is_impossible": True, "answers": []}
    return {
        "data": [{"title": "x", "paragraphs": [{"context": "Gout is treated with colchicine.", "qas": [question]}]}]
    }


def test_what_is_no_reader_or_has_no_gate_is_refused(tmp_path: Path) -> None:
    good = copy(tmp_path / "good")
    with pytest.raises(UsageError, match="no question"):
        promote_reader(tmp_path / "index", good, {"empty": {"data": []}})
    (good / "code.py").write_text("x")
    with pytest.raises(ModelError, match="refused"):
        promote_reader(tmp_path / "index", good, {"own": GATE})
    assert reader_in_force(tmp_path / "index") is None and past(tmp_path / "index") == []


def test_a_promoted_reader_answers_and_its_version_is_told(tmp_path: Path) -> None:
    kb = tmp_path / "kb" / "own"
    (kb / "documents").mkdir(parents=True)
    text = "# Gout\n\nColchicine is given at the first sign of a gout flare. The first dose is 1.2 mg.\n"
    (kb / "documents" / "gout.md").write_text(text, encoding="utf-8")
    start = text.index("1.2 mg")
    span = {"document": "gout.md", "start": start, "end": start + 6, "quote": "1.2 mg"}
    gone = {"document": "gone.md", "start": 0, "end": 1, "quote": "x"}
    rows = [
        {
            "id": "a",
            "question": "How large is the first dose of colchicine?",
            "kind": "span",
            "answers": ["1.2 mg"],
            "spans": [span],
        },
        {"id": "b", "question": "Who?", "kind": "span", "answers": ["x"], "spans": [gone]},
        {"id": "c", "question": "None?", "kind": "none", "answers": []},
    ]
    (kb / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    kgqa.build(kb)
    base = kgqa.open(kb)
    gate = acceptance_spans(base.folder, base.document)
    assert [article["title"] for article in gate["data"]] == ["gout.md"]
    paragraph = gate["data"][0]["paragraphs"][0]
    answer = paragraph["qas"][0]["answers"][0]
    assert paragraph["context"][answer["answer_start"] :].startswith(answer["text"])
    before = base.ask("How large is the first dose of colchicine?")
    own = copy(tmp_path / "own", threshold=1e6)
    promote_reader(base.index, own, {"own": GATE}, tolerance=1000)
    base.reopen()
    after = base.ask("How large is the first dose of colchicine?")
    assert before.text == "1.2 mg" != after.text
    assert base.stats()["models"]["reader"] == before.models["reader"], (
        "the weights are the same, only the card differs"
    )
    base.close()


def test_spans_of_acceptance_questions_need_no_quote_but_one_that_changed_is_left_out(tmp_path: Path) -> None:
    text = "Colchicine is given first. The first dose is 1.2 mg."
    place = {"document": "gout.md", "start": 45, "end": 51}
    changed, outside = {**place, "quote": "2.4 mg"}, {**place, "start": 500, "end": 506}
    rows = [
        {"id": str(n), "question": "How much?", "answers": answers, "spans": [span]}
        for n, (answers, span) in enumerate([(["1.2 mg"], place), ([], place), (["2.4 mg"], changed), (["x"], outside)])
    ]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    gate = acceptance_spans(tmp_path, lambda name: Document(name, name, text, "text/markdown", "en"))
    asked = [article["paragraphs"][0]["qas"][0] for article in gate["data"]]
    assert [one["id"] for one in asked] == ["0", "1"]
    assert all(one["answers"] == [{"text": "1.2 mg", "answer_start": 45}] for one in asked)
