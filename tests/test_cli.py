"""The command line: JSON on standard output and nothing else there, one line for an error, the right exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kgqa.cli.main import COMMANDS, main


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    status = 0
    try:
        main([str(a) for a in args])
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys, command: str) -> None:
    status, out, _ = run(capsys, command, "--help")
    assert status == 0
    assert "Usage:" in out


def test_ask_prints_one_json_object(capsys, built: Path) -> None:
    status, out, _ = run(capsys, "ask", "Which drugs treat gout?", "--kb", built, "--json")
    found = json.loads(out)
    assert status == 0
    assert set(found["items"]) == {"colchicine", "allopurinol"}
    assert found["generation"].startswith("gen-")


def test_ask_prints_answer_and_evidence(capsys, built: Path) -> None:
    status, out, _ = run(capsys, "ask", "哪些药物治疗痛风？", "--kb", built)
    assert status == 0
    assert "秋水仙碱" in out.splitlines()[0]
    assert "SPARQL" in out


def test_search_entity_and_sparql_print_json(capsys, built: Path) -> None:
    _, out, _ = run(capsys, "search", "uric acid", "--kb", built, "-k", "2", "--mode", "hybrid", "--json")
    assert json.loads(out)["hits"][0]["passage"]["doc_id"] == "gout.md"
    _, out, _ = run(capsys, "entity", "gout", "--kb", built, "--json")
    assert json.loads(out)["label"] == "gout"
    _, out, _ = run(capsys, "sparql", "ASK { ?a ?b ?c }", "--kb", built, "--json")
    assert json.loads(out) == {"boolean": True}


def test_answers_are_measured_on_each_side(capsys, built: Path, tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    rows = [
        {
            "question": "Which drugs treat gout?",
            "kind": "entities",
            "answers": ["colchicine", "allopurinol"],
            "needs": "graph",
        },
        {"question": "Which diseases does zorbafexine treat?", "kind": "none", "answers": []},
    ]
    questions.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    status, out, _ = run(capsys, "eval", "answers", questions, "--kb", built, "--json")
    figures = json.loads(out)
    assert status == 0
    assert list(figures["modes"]) == ["text_only", "graph_only", "fused"]
    assert figures["modes"]["fused"]["accuracy"] == 1.0
    assert figures["modes"]["text_only"]["accuracy"] < 1.0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["ask", "", "--kb", "{kb}"], "empty"),
        (["ask", "x" * 5000, "--kb", "{kb}"], "shorten"),
        (["ask", "What?", "--kb", "nowhere"], "nowhere"),
        (["ask", "What?", "--kb", "{kb}", "--as-of", "yesterday"], "YYYY-MM-DD"),
        (["ask", "What?", "--kb", "{kb}", "--link", "gout"], "MENTION=IRI"),
        (["ask", "What?", "--kb", "{kb}", "--magic"], "--magic"),
        (["ask"], "QUESTION"),
        (["sparql", "SELECT", "--kb", "{kb}"], ""),
        (["sparql", "INSERT DATA { <a:b> <a:b> <a:b> }", "--kb", "{kb}"], ""),
        (["entity", "zorbafexine", "--kb", "{kb}"], "zorbafexine"),
        (["remove", "none.md", "--kb", "{kb}"], "none.md"),
        (["add", "none.md", "--kb", "{kb}"], "none.md"),
        (["build", "nowhere"], "no such folder"),
        (["search", "x", "--kb", "{kb}", "-k", "0"], "0"),
        (["nonsense"], "nonsense"),
    ],
)
def test_the_callers_mistake_is_one_line_and_status_2(capsys, built: Path, args: list[str], says: str) -> None:
    status, out, err = run(capsys, *(a.replace("{kb}", str(built)) for a in args))
    assert status == 2
    assert out == ""
    lines = err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("kgqa: ")
    assert says in lines[0]


def test_a_file_of_questions_that_is_none_is_named_with_its_line(capsys, built: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text("not json\n")
    status, _, err = run(capsys, "eval", "answers", bad, "--kb", built)
    assert status == 1
    assert "line 1" in err
