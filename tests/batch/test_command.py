"""The command line of batches: a file of questions without a subcommand, and the difference of two runs."""

import json

import pytest
from click.testing import CliRunner

from kgqa import batch
from kgqa.cli import batch as module
from kgqa.cli import speech


@pytest.fixture
def call(kb, monkeypatch):
    monkeypatch.setattr(module, "open_kb", lambda name: kb)
    return lambda *args: CliRunner().invoke(module.command, [str(arg) for arg in args])


@pytest.mark.parametrize("word", [(), ("run",)])
def test_questions_need_no_subcommand(call, questions, tmp_path, word):
    done = call(*word, questions, "--kb", "medical", "-o", tmp_path / "a.csv", "--page", tmp_path / "a.html", "--json")
    assert done.exit_code == 0
    report = json.loads(done.stdout)["report"] if "report" in json.loads(done.stdout) else json.loads(done.stdout)
    assert (report["total"], report["answered"] + report["abstained"]) == (5, 5)
    assert (tmp_path / "a.csv").is_file() and (tmp_path / "a.html").is_file()


def test_the_difference_of_two_runs(call, kb, questions, tmp_path):
    batch.run(questions, kb, tmp_path / "a.csv")
    kb.generation = "gen-000002"
    batch.run(questions, kb, tmp_path / "b.jsonl")
    done = call("diff", tmp_path / "a.csv", tmp_path / "b.jsonl")
    assert done.exit_code == 0
    assert done.output.splitlines() == ["0 changed, 5 the same, 0 gone, 0 new", "differs between the runs: index"]
    assert json.loads(call("diff", tmp_path / "a.csv", tmp_path / "b.jsonl", "--json").stdout)["same"] == 5


def test_help_names_both(call):
    said = call("--help").output
    assert "diff" in said and "run" in said


def test_what_is_wrong_with_a_row_is_said_in_chinese_too(call, tmp_path):
    file = tmp_path / "q.csv"
    file.write_text("question,as_of\nWhat is gout?,soon\n", encoding="utf-8")
    speech.speak("zh")
    try:
        done = call(file, "--kb", "medical", "-o", tmp_path / "a.csv", "--page", tmp_path / "a.html")
    finally:
        speech.speak("en")
    assert "第 1 行：'soon' 不是日期" in done.stderr
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "不是日期" in page and "is no date" not in page


def test_an_earlier_file_of_answers_may_be_the_one_that_is_replaced(call, kb, questions, tmp_path):
    batch.run(questions, kb, tmp_path / "a.csv")
    kb._answer = lambda question, links: kb._none(question)
    done = call(questions, "--kb", "medical", "-o", tmp_path / "a.csv", "--compare", tmp_path / "a.csv")
    assert "4 changed, 1 the same, 0 gone, 0 new" in done.output
