"""Labelled questions as people write them: offsets are found, rows that cannot be used are told with their reason."""

import json

import pytest

from kgqa.errors import SourceError, UsageError
from kgqa.training.labelled import read_labelled
from kgqa.training.mining import Miner, documents_of, passages_of, retrieved_without_answer

GOUT = "Colchicine is given at the first sign of a flare. The first dose is 1.2 mg."
ASTHMA = "The reliever is salbutamol. Propranolol must not be given."
ZH = "哮喘首选缓解药物是沙丁胺醇。𠀀"


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "kb" / "documents"
    folder.mkdir(parents=True)
    for name, text in (("gout.txt", GOUT), ("asthma.txt", ASTHMA), ("哮喘.txt", ZH)):
        (folder / name).write_text(text, encoding="utf-8")
    return tmp_path / "kb"


def test_a_table_finds_its_answers_in_the_documents(tmp_path, corpus):
    rows = [
        "question,answer,document",
        "What is the first dose?,1.2 MG,gout.txt",
        "首选药物是什么？,沙丁胺醇,哮喘.txt",
        "Which drug is the reliever?,salbutamol,",
        "Who discovered it?,,gout.txt",
        "What is the dose?,12 mg,gout.txt",
        "When?,1.2 mg,none.txt",
    ]
    (tmp_path / "q.csv").write_text("\ufeff" + "\n".join(rows), encoding="utf-8")
    found = read_labelled(tmp_path / "q.csv", corpus)
    assert [(e.article, [t for _, t in e.answers]) for e in found.examples] == [
        ("gout.txt", ["1.2 mg"]),
        ("哮喘.txt", ["沙丁胺醇"]),
        ("asthma.txt", ["salbutamol"]),
        ("gout.txt", []),
    ]
    assert all(e.context[at : at + len(t)] == t for e in found.examples for at, t in e.answers)
    assert [line.split(": ", 1)[0] for line in found.problems] == ["q.csv, row 6", "q.csv, row 7"]
    assert "no passage of gout.txt" in found.problems[0] and "none.txt: no such document" in found.problems[1]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_may_be_separated_as_the_spreadsheet_does_it(tmp_path, corpus, mark):
    rows = [("question", "answer", "document"), ("What is the first dose, if any?", "1.2 mg", "gout.txt")]
    (tmp_path / "q.csv").write_text("\n".join(map(mark.join, rows)), encoding="utf-8")
    found = read_labelled(tmp_path / "q.csv", corpus)
    assert [e.question for e in found.examples] == ["What is the first dose, if any?"] and not found.problems


def test_json_lines_may_bring_their_passages_or_be_acceptance_questions(tmp_path, corpus):
    rows = [
        {"question": "Where?", "answer": "Lima", "passage": "Anna is in Lima 😀 ."},
        {"question": "Where?", "answer": "Lim", "passage": "Anna is in Lima."},
        {"question": "Dose?", "kind": "span", "answers": ["2.4 mg", "1.2 mg"], "documents": ["gout.txt"]},
        {"question": "Is it?", "kind": "boolean", "answers": ["yes"]},
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = read_labelled(tmp_path / "q.jsonl", corpus)
    assert [[t for _, t in e.answers] for e in found.examples] == [["Lima"], ["1.2 mg"]]
    assert "boolean" in found.problems[1] and "does not stand in its passage" in found.problems[0]


@pytest.mark.parametrize(
    ("name", "text", "error", "says"),
    [
        ("q.jsonl", '{"question": "a", "answer": "b"}', UsageError, "--corpus"),
        ("q.jsonl", "{", SourceError, "line 1"),
        ("q.jsonl", "[1]", SourceError, "line 1"),
        ("q.csv", "ask,answer\na,b", SourceError, "row 2.*has no question"),
        ("q.jsonl", '\n{"ask": "a"}', SourceError, "line 2.*has no question"),
        ("q.csv", "question,answer,passage\n,b,c", SourceError, "empty"),
        ("none.csv", None, SourceError, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(tmp_path, name, text, error, says):
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error, match=says):
        read_labelled(tmp_path / name)


def test_negatives_are_what_retrieval_brings_without_the_answer(tmp_path, corpus):
    (corpus / "documents" / "flare.txt").write_text("A flare of gout hurts. The dose is not known.", encoding="utf-8")
    (tmp_path / "q.csv").write_text(
        "question,answer,document\nWhat is the first dose in a flare?,1.2 mg,gout.txt", encoding="utf-8"
    )
    example = read_labelled(tmp_path / "q.csv", corpus).examples
    made = retrieved_without_answer(example, Miner(passages_of(corpus)).texts_for, 1.0)
    assert [(e.question, e.answers) for e in made] == [(example[0].question, ())]
    assert made[0].context.startswith("A flare of gout hurts.")


def test_an_empty_folder_is_said(tmp_path):
    with pytest.raises(UsageError, match="no file in it"):
        documents_of(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        passages_of(tmp_path / "none")
