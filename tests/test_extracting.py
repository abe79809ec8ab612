"""``kgqa extract`` over a real index: read, review, answer with the sentence shown, forget; and by a model, cost first."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

import kgqa
from kgqa.cli.main import main
from kgqa.errors import UsageError
from kgqa.graph.excerpts import ACCEPTED, UNREVIEWED
from kgqa.unreviewed import NOTE

E = "http://example.org/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
PEOPLE = ("Ada Byron", "Bo Lindqvist", "Chen Wei")
TOLD = "Film Qx was directed by Bo Lindqvist."


def film(n: int) -> str:
    return f"Film {chr(65 + n)}x"


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "kb" / "films"
    (root / "graph").mkdir(parents=True)
    (root / "documents").mkdir()
    lines = [f'<{E}directedBy> <{LABEL}> "directed by"@en .']
    lines += [f'<{E}p{n}> <{LABEL}> "{name}" .' for n, name in enumerate(PEOPLE)]
    for n in range(16):
        lines += [f'<{E}f{n}> <{LABEL}> "{film(n)}" .', f"<{E}f{n}> <{E}directedBy> <{E}p{n % 3}> ."]
    lines.append(f'<{E}q> <{LABEL}> "Film Qx" .')
    (root / "graph" / "films.nt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for n in range(6):
        text = f"# {film(n)}\n\n{film(n)} was directed by {PEOPLE[n % 3]}. 影片很长。\n"
        (root / "documents" / f"{n}.md").write_text(text, encoding="utf-8")
    (root / "documents" / "q.md").write_text(f"# Film Qx\n\nIt is long \U00020bb7. {TOLD}\n", encoding="utf-8")
    return root


def opened(folder, use):
    (folder / "kb.toml").write_text(f'title = "Films"\n[extraction]\nuse = "{use}"\n', encoding="utf-8")
    kgqa.build(folder)
    return kgqa.open(folder)


def row_of(base):
    return next(row for row in base.extraction.rows() if row.document == "q.md")


def paths(answer):
    return [e for e in answer.evidence if e.path is not None]


def test_what_was_read_answers_with_its_sentence_and_says_that_nobody_has_reviewed_it(folder):
    base = opened(folder, "all")
    report = base.extraction.read()
    assert report.new == report.statements > 0
    base.update()
    answer = base.ask("Who is Film Qx directed by?")
    assert answer.items == ("Bo Lindqvist",)
    assert all(NOTE["en"] in e.path.words for e in paths(answer))
    triple = paths(answer)[0].path.steps[0].triple
    assert not triple.reviewed and triple.sources == ("q.md",)
    quotes = [e.quote for e in answer.evidence if e.passage is not None and e.passage.doc_id == "q.md"]
    assert TOLD in quotes
    stated = base.ask(f"Who is {film(9)} directed by?")
    assert stated.items and NOTE["en"] not in " ".join(e.path.words for e in paths(stated))
    assert base.sparql(f"ASK {{ GRAPH <{UNREVIEWED}> {{ <{E}q> <{E}directedBy> <{E}p1> }} }}") is True


def test_by_default_only_accepted_statements_answer_and_rejected_ones_are_gone(folder):
    base = opened(folder, "accepted")
    base.extraction.read()
    base.update()
    row = row_of(base)
    assert base.sparql(f"ASK {{ <{E}q> <{E}directedBy> ?x }}") is False
    assert base.extraction.review([row.id], "accepted") == 1
    base.update()
    answer = base.ask("Who is Film Qx directed by?")
    assert answer.items == ("Bo Lindqvist",)
    assert NOTE["en"] not in " ".join(e.path.words for e in paths(answer))
    assert base.sparql(f"ASK {{ GRAPH <{ACCEPTED}> {{ <{E}q> ?p ?o }} }}") is True
    base.extraction.review([row.id], "rejected")
    base.extraction.read()  # a new run does not bring it back
    base.update()
    assert row_of(base).state == "rejected"
    assert base.sparql(f"ASK {{ <{E}q> <{E}directedBy> ?x }}") is False
    assert base.sparql(f"ASK {{ GRAPH ?g {{ <{E}q> <{E}directedBy> ?x }} }}") is False


def test_removing_a_document_removes_what_was_read_from_it(folder):
    base = opened(folder, "all")
    base.extraction.read()
    base.update()
    assert base.extraction.remains("q.md")
    base.remove("q.md")
    assert base.verify_erasure("q.md") == []
    assert not [row for row in base.extraction.rows() if row.document == "q.md"]
    assert base.sparql(f"ASK {{ <{E}q> <{E}directedBy> ?x }}") is False


def test_a_changed_document_takes_its_statements_back(folder):
    base = opened(folder, "all")
    base.extraction.read()
    base.update()
    (folder / "documents" / "q.md").write_text("# Film Qx\n\nNobody knows who made it.\n", encoding="utf-8")
    base.update()
    assert base.sparql(f"ASK {{ <{E}q> <{E}directedBy> ?x }}") is False


def test_a_damaged_ledger_is_reported_and_the_rest_is_built(folder):
    (folder / "extracted").mkdir()
    (folder / "extracted" / "statements.jsonl").write_text("{nonsense\n", encoding="utf-8")
    report = kgqa.build(folder)
    assert [name for name, _ in report.problems] == ["extracted/statements.jsonl"]
    assert report.triples > 0


def test_review_of_what_was_never_read_is_the_callers_mistake(folder):
    base = opened(folder, "accepted")
    with pytest.raises(UsageError, match="nothing was read"):
        base.extraction.review(["all"], "accepted")
    base.extraction.read()
    with pytest.raises(UsageError, match="'nope'"):
        base.extraction.review(["nope"], "accepted")


def test_the_command_reads_lists_accepts_and_prints_one_object(folder, capsys):
    kgqa.build(folder)
    main(["extract", str(folder), "--json", "--limit", "100"])
    found = json.loads(capsys.readouterr().out)
    assert found["new"] == found["statements"] == len(found["shown"])
    one = found["shown"][0]
    assert {"id", "subject", "predicate", "object", "document", "start", "end", "quote", "confidence"} <= set(one)
    main(["extract", str(folder), "--accept", "all", "--min-confidence", "0.2", "--json"])
    accepted = json.loads(capsys.readouterr().out)
    assert accepted["accepted"] == found["statements"] and accepted["new"] == 0
    main(["extract", str(folder), "--list"])
    assert one["id"] in capsys.readouterr().out


# --- by a model ---


class Service(BaseHTTPRequestHandler):
    """Answers OpenAI's chat protocol with what a hostile or careless model might write."""

    prompts: ClassVar[list[str]] = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body["messages"][0]["content"]
        Service.prompts.append(text)
        lines = ["none"]
        if TOLD in text:
            lines = [
                "1. Film Qx | directed by | Bo Lindqvist",
                "Film Qx | directed by | Somebody Absent",
                "Film Qx | is the owner of | Bo Lindqvist",
                "Film Qx | directed by | Film Qx",
                "Ignore the schema | DROP ALL",
            ]
        reply = json.dumps({"choices": [{"message": {"content": "\n".join(lines)}}]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Service.prompts = []
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_is_bound_by_schema_and_text_and_costs_are_told_first(folder, service, capsys):
    kgqa.build(folder)
    main(["extract", str(folder), "--model", service, "--json"])
    cost = json.loads(capsys.readouterr().out)["cost"]
    assert cost["passages"] == 7 and cost["prompt_tokens"] > 7 * 40
    assert Service.prompts == []  # an estimate sends nothing
    main(["extract", str(folder), "--model", service, "--yes", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert len(Service.prompts) == 7
    assert all("directed by" in prompt for prompt in Service.prompts)
    assert [(row["names"], row["method"]) for row in found["shown"]] == [
        (["Film Qx", "directed by", "Bo Lindqvist"], "model")
    ]
    base = kgqa.open(folder)
    assert base.document("q.md").text[found["shown"][0]["start"] : found["shown"][0]["end"]] == TOLD
    base.extraction.read()
    assert len([row for row in base.extraction.rows() if row.document == "q.md"]) == 1  # found both ways, kept once


def test_without_a_composer_the_message_says_what_to_set(folder):
    base = opened(folder, "accepted")
    with pytest.raises(UsageError, match="composer"):
        base.extraction.draft("composer")
