"""The command line of batches: a file of questions without a subcommand, and the difference of two runs."""

import json

import pytest
from click.testing import CliRunner

from kgqa import batch
from kgqa.cli import batch as module


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
