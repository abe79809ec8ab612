"""A batch answers every good row once, whatever happens in between."""

import csv
import io
import json
import random
import resource
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kgqa import batch
from kgqa.batch.journal import Journal
from kgqa.batch.results import columns, record
from kgqa.errors import IndexFault, UsageError
from kgqa.types import Filters

ROOT = Path(__file__).parents[2]


def sheet(file):
    return io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")


def lines(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_answers_with_citations_that_can_be_checked(kb, questions, tmp_path):
    seen = []
    report = batch.run(
        questions, kb, tmp_path / "a.jsonl", progress=lambda done, total: seen.append((done, total)), chunk=2
    )
    assert (report.total, report.answered, report.abstained, report.faults) == (5, 4, 1, ())
    assert report.reasons == {"no_entity": 1}
    # Pieces of two, two and one are worked at side by side: the last one may be done before the second.
    assert [done for done, _ in seen] in ([0, 2, 4, 5], [0, 2, 3, 5], [0, 1, 3, 5])
    assert {total for _, total in seen} == {5}
    rows = lines(tmp_path / "a.jsonl")
    assert [row["id"] for row in rows] == ["r1", "r2", "r3", "r4", "r5"]
    cited = rows[1]
    assert kb.document(cited["document"]).text[cited["start"] : cited["end"]] == cited["quote"]
    assert cited["page"] == 1
    assert "severe renal impairment" in cited["citations"] and "graph: metformin" in cited["citations"]
    assert "limit of kidney function" in cited["conflicts"]
    assert rows[0]["complete"] == "complete" and rows[0]["sparql"].startswith("SELECT")
    assert rows[4]["answer"] == "" and rows[4]["reason"] == "no_entity"
    assert not (tmp_path / "a.jsonl.journal").exists()


def test_the_three_formats_say_the_same(kb, questions, tmp_path):
    read = {}
    for suffix in ("csv", "xlsx", "jsonl"):
        batch.run(questions, kb, tmp_path / f"a.{suffix}")
        read[suffix] = tmp_path / f"a.{suffix}"
    for other in ("xlsx", "jsonl"):
        assert batch.diff(read["csv"], read[other]).changes == ()
        assert batch.diff(read["csv"], read[other]).same == 5
    header = next(csv.reader(sheet(read["csv"])))
    assert header[:6] == ["row", "id", "question", "documents", "as_of", "answer"]
    assert load_workbook(read["xlsx"]).active["C4"].value == "二甲双胍的禁忌症是什么？"


def test_bad_rows_are_reported_and_the_rest_runs(kb, tmp_path):
    file = tmp_path / "q.csv"
    file.write_text(
        "question,as_of,Matter\nWhen is metformin contraindicated?,,A1\n,2020-01-01,A2\nx?,never,A3\n", encoding="utf-8"
    )
    report = batch.run(file, kb, tmp_path / "a.csv")
    assert [number for number, _ in report.faults] == [2, 3]
    assert report.answered == 1
    rows = list(csv.DictReader(sheet(tmp_path / "a.csv")))
    assert [row["Matter"] for row in rows] == ["A1", "A2", "A3"]
    assert rows[1]["error"] == "the question is empty"
    assert "no date" in rows[2]["error"]


def test_a_row_that_breaks_the_engine_loses_only_itself(kb, questions, tmp_path, monkeypatch):
    plain = kb.ask

    def breaking(question, **options):
        if "side effects" in question:
            raise RuntimeError("engine\nbroke")
        return plain(question, **options)

    monkeypatch.setattr(kb, "ask", breaking)
    report = batch.run(questions, kb, tmp_path / "a.jsonl")
    assert report.faults == ((4, "internal fault (RuntimeError): engine broke"),)
    assert report.answered + report.abstained == 4


def test_one_line_per_document(kb, tmp_path):
    file = tmp_path / "q.txt"
    file.write_text("When is metformin contraindicated?\nWhat are the side effects of metformin?\n", encoding="utf-8")
    batch.run(
        file, kb, tmp_path / "m.csv", each_document=True, documents=["drugs/metformin.md", "archive/metformin-2012.md"]
    )
    rows = list(csv.reader(sheet(tmp_path / "m.csv")))
    assert rows[0][:3] == ["documents", "title", "When is metformin contraindicated?"]
    assert len(set(rows[0])) == len(rows[0])
    assert [row[0] for row in rows[1:]] == ["drugs/metformin.md", "archive/metformin-2012.md"]
    assert {filters.documents for _, filters in kb.asked} == {
        frozenset({"drugs/metformin.md"}),
        frozenset({"archive/metformin-2012.md"}),
    }
    assert rows[0][5].endswith("· citation") and "metformin.md p. 1" in rows[1][5]
    with pytest.raises(UsageError, match="no document"):
        batch.run(file, kb, tmp_path / "m.csv", each_document=True, documents=["gone.md"])


def test_a_matrix_shows_what_was_not_found_and_keeps_the_whole_records(kb, tmp_path):
    file = tmp_path / "q.txt"
    file.write_text("When is metformin contraindicated?\nWhat is the meaning of life? 𝄞\n", encoding="utf-8")
    report = batch.run(file, kb, tmp_path / "m.xlsx", each_document=True, documents=["drugs/*"])
    book = load_workbook(tmp_path / "m.xlsx")
    assert book.sheetnames == ["matrix", "answers"]
    table, full = list(book["matrix"].values), list(book["answers"].values)
    assert [row[0] for row in table[1:]] == sorted(d for d, _ in kb.documents() if d.startswith("drugs/"))
    assert {row[1] for row in table[1:]} <= {title for _, title in kb.documents()}
    assert {(row[6], row[8]) for row in table[1:]} == {("not found", "no_entity")}
    assert len(full) == 1 + report.total == 1 + 2 * (len(table) - 1)
    assert {"start", "end", "quote", "page", "path"} <= set(full[0])
    again = batch.run(file, kb, tmp_path / "n.xlsx", each_document=True, documents=["drugs/*"])
    assert batch.diff(tmp_path / "m.xlsx", tmp_path / "n.xlsx").same == again.total


def test_a_broken_index_stops_the_run_and_the_next_goes_on(kb, questions, tmp_path, monkeypatch):
    plain = kb.ask

    def breaking(question, **options):
        if "side effects" in question:
            raise IndexFault("index is damaged; build it again")
        return plain(question, **options)

    monkeypatch.setattr(kb, "ask", breaking)
    with pytest.raises(IndexFault):
        batch.run(questions, kb, tmp_path / "a.jsonl", chunk=1)
    assert not (tmp_path / "a.jsonl").exists()
    monkeypatch.setattr(kb, "ask", plain)
    report = batch.run(questions, kb, tmp_path / "a.jsonl")
    assert report.resumed >= 1 and not report.faults and len(lines(tmp_path / "a.jsonl")) == 5


def test_an_access_rule_is_asked_of_every_row(kb, questions, tmp_path):
    batch.run(questions, kb, tmp_path / "a.csv", groups=frozenset({"ward"}))
    assert {filters.groups for _, filters in kb.asked} == {frozenset({"ward"})}


def test_each_row_says_what_is_said_to_who_asks_it_alone(small, tmp_path):
    file = tmp_path / "q.csv"
    file.write_text(
        "question,documents,as_of\nWhich drugs treat gout?,,\nWhich law governs the lease?,,\n哪些药物治疗痛风？,,\n"
        "Governing law,contracts/lease.txt,\nHow fast may one drive on the yard?,,2005-01-01\n"
        "Which drugs treat gout?,,\nHow fast may one drive on the yard?,,\n",
        encoding="utf-8",
    )
    batch.run(file, small, tmp_path / "a.jsonl")
    for row, written in zip(batch.read_questions(file), lines(tmp_path / "a.jsonl"), strict=True):
        alone = record(row, columns(small.ask(row.question, filters=row.filters)))
        assert {**written, "seconds": 0} == {**alone, "seconds": 0}
        if written["document"]:
            text = small.document(written["document"]).text
            assert text[written["start"] : written["end"]] == written["quote"]


def test_closed_documents_are_not_named_to_who_may_not_see_them(small, tmp_path):
    everybody, board = {name for name, _ in small.documents()}, {"board"}
    visible = {name for name, _ in small.documents(Filters(groups=frozenset()))}
    (closed, *_) = everybody - visible
    asked = tmp_path / "q.csv"
    asked.write_text(f"question,documents\nWhat is asthma?,\nWhat is asthma?,{closed}\n", encoding="utf-8")
    report = batch.run(asked, small, tmp_path / "a.csv", groups=frozenset())
    assert report.faults == ((2, f"no document {closed!r} in this knowledge base"),)
    asked.write_text("What is asthma?\n", encoding="utf-8")
    for groups, seen in ((frozenset(), visible), (frozenset(board), everybody)):
        batch.run(asked, small, tmp_path / "m.jsonl", each_document=True, groups=groups)
        assert {row["documents"] for row in lines(tmp_path / "m.jsonl")} == seen


def test_cells_that_would_run_are_quoted_in_both_table_formats(kb, tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps({"question": "=HYPERLINK(1)", "id": "@x", "Note": "a\n+1"}) + "\n", encoding="utf-8")
    for suffix in ("csv", "xlsx"):
        batch.run(file, kb, tmp_path / f"a.{suffix}")
    row = next(csv.DictReader(sheet(tmp_path / "a.csv")))
    assert (row["question"], row["id"], row["Note"]) == ("'=HYPERLINK(1)", "'@x", "a\n'+1")
    page = load_workbook(tmp_path / "a.xlsx").active
    assert [page["B2"].value, page["C2"].value] == ["'@x", "'=HYPERLINK(1)"]
    assert {cell.data_type for cell in page[2] if isinstance(cell.value, str)} == {"s"}


def test_the_output_is_refused_before_anything_is_asked(kb, questions, tmp_path):
    for output in (tmp_path / "a.pdf", tmp_path / "gone" / "a.csv", questions):
        with pytest.raises(UsageError):
            batch.run(questions, kb, output)
    assert kb.asked == []


def test_two_runs_cannot_share_an_output(kb, questions, tmp_path):
    held = Journal(tmp_path / "a.csv.journal", {"other": 1})
    try:
        with pytest.raises(UsageError, match="another run"):
            batch.run(questions, kb, tmp_path / "a.csv")
    finally:
        held.close()


class Cut(BaseException):
    """A run that ends at once, whatever it is doing."""


def cut_off(questions, kb, output, after=4):
    def stop(done, total):
        if done >= after:
            raise Cut

    with pytest.raises(Cut):
        batch.run(questions, kb, output, chunk=2, progress=stop)


def test_an_interrupted_run_goes_on(kb, questions, tmp_path):
    cut_off(questions, kb, tmp_path / "a.csv")
    journal = tmp_path / "a.csv.journal"
    journal.write_bytes(journal.read_bytes() + b'{"key": "5", "torn')
    kb.asked.clear()
    report = batch.run(questions, kb, tmp_path / "a.csv", chunk=2)
    assert report.resumed >= 4 and report.resumed + len(kb.asked) == 5
    assert not journal.exists()


def test_what_was_answered_counts_after_the_file_of_questions_has_changed(kb, questions, tmp_path):
    cut_off(questions, kb, tmp_path / "a.csv")
    header, *rows = questions.read_text(encoding="utf-8").splitlines()
    changed = [header, "new,Is this new?", *reversed(rows)]
    questions.write_text("\n".join(changed), encoding="utf-8")
    kb.asked.clear()
    report = batch.run(questions, kb, tmp_path / "a.csv")
    assert report.total == 6 and report.resumed >= 4 and report.resumed + len(kb.asked) == 6
    assert "Is this new?" in [question for question, _ in kb.asked]
    other = tmp_path / "b.csv"
    batch.run(questions, kb, other)
    assert (tmp_path / "a.csv").read_bytes() == other.read_bytes()


def test_answers_of_another_index_or_model_are_not_taken_over(kb, questions, tmp_path, monkeypatch):
    cut_off(questions, kb, tmp_path / "a.csv")
    monkeypatch.setattr(kb, "generation", "gen-000002")
    report = batch.run(questions, kb, tmp_path / "a.csv")
    assert report.resumed == 0 and report.stale >= 4
    cut_off(questions, kb, tmp_path / "b.csv")
    monkeypatch.setattr(kb, "stats", lambda: {"models": {"reader": "another"}})
    report = batch.run(questions, kb, tmp_path / "b.csv")
    assert report.resumed == 0 and report.stale >= 4
    cut_off(questions, kb, tmp_path / "c.csv")
    report = batch.run(questions, kb, tmp_path / "c.csv", resume=False)
    assert (report.resumed, report.stale) == (0, 0)
    cut_off(questions, kb, tmp_path / "d.csv")
    assert batch.run(questions, kb, tmp_path / "d.csv", groups=frozenset({"ward"})).resumed == 0


def test_a_question_that_stands_twice_is_asked_once(kb, tmp_path):
    file = tmp_path / "q.csv"
    file.write_text(
        "id,question,as_of\n1,What is gout?,\n2,What is gout?,2020-01-01\n3,What is gout?,\n4,,\n", encoding="utf-8"
    )
    seen = []
    report = batch.run(file, kb, tmp_path / "a.jsonl", progress=lambda done, total: seen.append((done, total)), chunk=1)
    assert len(kb.asked) == 2 and report.total == 4
    rows = lines(tmp_path / "a.jsonl")
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert {**rows[0], "row": 0, "id": ""} == {**rows[2], "row": 0, "id": ""}
    assert seen[0] == (1, 4) and seen[-1] == (4, 4)


def test_what_cannot_be_written_is_refused_before_anything_is_asked(kb, questions, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for page in (questions, tmp_path / "a.csv", tmp_path / "gone" / "a.html", tmp_path):
        with pytest.raises(UsageError):
            batch.run(questions, kb, tmp_path / "a.csv", page=page)
    with pytest.raises(UsageError, match="is a folder"):
        batch.run(questions, kb, tmp_path / "folder.csv")
    with pytest.raises(UsageError, match="for a matrix only"):
        batch.run(questions, kb, tmp_path / "a.csv", documents=["drugs/metformin.md"])
    assert kb.asked == [] and not (tmp_path / "a.csv").exists()


@pytest.fixture
def little_room():
    """Files end at 3,000 bytes, as on a disk that is full, until the fixture is called."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_named_and_the_next_run_goes_on(kb, tmp_path, little_room):
    file = tmp_path / "q.txt"
    file.write_text("\n".join(f"What is number {n}?" for n in range(20)), encoding="utf-8")
    with pytest.raises(OSError, match=r"a\.csv\.journal"):
        batch.run(file, kb, tmp_path / "a.csv", chunk=1)
    kept = (tmp_path / "a.csv.journal").read_bytes()
    assert len(kept) == 3000 and not kept.endswith(b"\n")
    little_room()
    report = batch.run(file, kb, tmp_path / "a.csv")
    assert report.resumed == kept.count(b"\n") - 1 > 0 and report.total == 20
    batch.run(file, kb, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_table_with_a_line_per_document_can_be_compared(kb, tmp_path):
    file = tmp_path / "q.csv"
    file.write_text(
        "question,as_of\nWhen is metformin contraindicated?,\n-1 or what is gout?,\n"
        "When is metformin contraindicated?,2020-01-01\n,\n",
        encoding="utf-8",
    )
    for name in ("m.csv", "n.csv", "n.xlsx"):
        batch.run(file, kb, tmp_path / name, each_document=True, documents=["drugs/*"])
    rows = list(csv.reader(sheet(tmp_path / "m.csv")))
    assert rows[0][2::4] == [
        "When is metformin contraindicated?", "'-1 or what is gout?", "When is metformin contraindicated? (2020-01-01)",
    ]  # fmt: skip
    found = batch.diff(tmp_path / "m.csv", tmp_path / "n.csv")
    assert (found.changes, found.same) == ((), 3 * (len(rows) - 1))
    plain = kb._answer
    kb._answer = lambda question, links: replace(plain(question, links), text="other", items=("other",))
    batch.run(file, kb, tmp_path / "o.csv", each_document=True, documents=["drugs/*"])
    assert {change.what for change in batch.diff(tmp_path / "m.csv", tmp_path / "o.csv").changes} == {("answer",)}
    file.write_text("When is metformin contraindicated?", encoding="utf-8")
    batch.run(file, kb, tmp_path / "p.csv", each_document=True, documents=["drugs/*"])
    assert batch.diff(tmp_path / "m.csv", tmp_path / "p.csv").gone[0] == f"-1 or what is gout? ({rows[1][0]})"


SCRIPT = """
    import os, signal, sys, threading
    from pathlib import Path
    sys.path[:0] = [{root!r}, {tests!r}]
    from fakes import FakeKnowledgeBase
    from kgqa import batch

    class Counting(FakeKnowledgeBase):
        def ask(self, question, **options):
            with open({log!r}, "a") as log:
                log.write(question + "\\n")
            return super().ask(question, **options)

    threading.Timer(float(sys.argv[1]), lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    batch.run({questions!r}, Counting(Path({folder!r}), pause=0.001), {output!r}, chunk=4)
    os._exit(0)
"""


def test_killed_at_random_moments_the_result_is_the_undisturbed_one(kb, tmp_path):
    questions = tmp_path / "q.txt"
    asked = [f"What is number {n}?" if n % 3 else f"Does metformin treat case {n}?" for n in range(60)]
    questions.write_text("\n".join(asked), encoding="utf-8")
    batch.run(questions, kb, tmp_path / "whole.csv")
    log, output = tmp_path / "log", tmp_path / "killed.csv"
    script = textwrap.dedent(SCRIPT).format(
        root=str(ROOT),
        tests=str(ROOT / "tests"),
        log=str(log),
        questions=str(questions),
        folder=str(tmp_path),
        output=str(output),
    )
    kills, moments = 0, random.Random(7)
    while not output.exists():
        done = subprocess.run([sys.executable, "-c", script, str(moments.uniform(0.01, 0.2))], check=False)
        kills += done.returncode == -9
    assert kills >= 3
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    asked = list(dict.fromkeys(asked))
    repeated = len(log.read_text(encoding="utf-8").splitlines()) - len(asked)
    assert repeated <= 8 * 4 * kills  # only the questions that were being answered when the kill came


def test_the_summary_speaks_chinese_and_hides_no_direction(kb, tmp_path):
    file = tmp_path / "q.txt"
    file.write_text("二甲双胍的禁忌症是什么？\nWhat is\u202e love?\n", encoding="utf-8")
    batch.run(file, kb, tmp_path / "a.csv", page=tmp_path / "a.html", language="zh")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert '<html lang="zh">' in page and "把握最小的在前" in page and "原因：未提及已知事物" in page
    assert "\u202e" not in page and "Confidence" not in page
