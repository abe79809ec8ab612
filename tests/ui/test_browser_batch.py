"""The batch page in a real browser: files of questions, clauses by document, stopping, and comparing two runs."""

import csv
import io

import pytest
from fakes import FakeKnowledgeBase
from visiting import CHROMIUM

from kgqa import batch

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


HOSTILE = "<img src=x onerror='window.pwned=1'><a href='javascript:window.pwned=1'>x</a>"


def results(at):
    """Return the files that a batch offers, by the end of their names."""
    links = at.page.locator("#batch-results a[href]")
    links.nth(1).wait_for()
    found = {link.get_attribute("href") for link in links.all()}
    return {href.rsplit(".", 1)[1]: at.page.request.get(href).body().decode("utf-8-sig", "replace") for href in found}


def test_a_file_of_questions_is_answered(visit, tmp_path):
    at = visit().ready()
    at.tab("Batch")
    at.page.click("#batch-run")
    at.page.locator("#batch-told [role=alert]").wait_for()
    file = tmp_path / "questions.csv"
    file.write_text(
        "question,as_of\nWhich drugs treat type 2 diabetes?,\n=1+1,\n,2020-01-01\nx,never\n", encoding="utf-8"
    )
    at.put("#batch-file", file)
    at.page.get_by_label("csv", exact=True).check()
    at.page.click("#batch-run")
    at.page.locator("#batch-told .ok", has_text="1 answered, 1 without an answer, 2 bad rows").wait_for()
    assert "the question is empty" in at.page.locator("#batch-told").inner_text()
    found = results(at)
    assert "metformin" in found["csv"] and "'=1+1" in found["csv"]
    assert "Rows that could not be asked (2)" in found["html"]
    assert at.page.locator("#batch-stop").is_hidden()
    at.check()


def test_clauses_are_asked_of_chosen_documents(visit, tmp_path):
    at = visit().ready()
    at.tab("Batch")
    file = tmp_path / "clauses.txt"
    file.write_text("When is metformin contraindicated?\nWhat are the side effects of metformin?\n", encoding="utf-8")
    at.put("#batch-file", file)
    at.page.get_by_label("csv", exact=True).check()
    at.page.get_by_label("Ask each question of each document").check()
    at.page.get_by_label("Documents for that").click()
    at.page.get_by_role("option", name="metformin-2012").click()
    at.page.keyboard.press("Escape")
    at.page.click("#batch-run")
    at.page.locator("#batch-told .ok").wait_for()
    rows = list(csv.reader(io.StringIO(results(at)["csv"])))
    assert rows[0][2] == "When is metformin contraindicated?" and [row[0] for row in rows[1:]] == [
        "archive/metformin-2012.md"
    ]
    at.check()


def test_a_batch_is_stopped_and_goes_on(visit, tmp_path):
    at = visit().ready()
    at.tab("Batch")
    file = tmp_path / "many.txt"
    file.write_text("\n".join(f"slow: What is number {n}?" for n in range(80)), encoding="utf-8")
    at.put("#batch-file", file)
    at.page.click("#batch-run")
    at.page.locator("#batch-told progress").wait_for()
    at.page.wait_for_function("document.querySelector('#batch-told progress')?.value >= 4")
    at.page.click("#batch-stop")
    at.page.locator("#batch-told", has_text="Stopped").wait_for()
    at.page.click("#batch-run")
    at.page.locator("#batch-told progress").wait_for()
    assert int(at.page.locator("#batch-told progress").get_attribute("value")) >= 4
    at.page.click("#batch-stop")
    at.page.locator("#batch-told", has_text="Stopped").wait_for()
    at.check()


def test_two_batches_are_compared_in_both_languages(visit, tmp_path):
    kb, asked = FakeKnowledgeBase(tmp_path), tmp_path / "q.txt"
    asked.write_text("When is metformin contraindicated?\nWhich drugs treat type 2 diabetes?\nWhat is love?\n")
    batch.run(asked, kb, tmp_path / "one.csv")
    later = (tmp_path / "one.csv").read_text(encoding="utf-8-sig")
    later = (
        later.replace("What is love?", "What is hate?").replace("warfarin", HOSTILE).replace("gen-000001", "gen-000002")
    )
    later = later.replace("severe renal impairment (eGFR below 30 mL/min)", "never 𝄞", 1)
    (tmp_path / "two.csv").write_text(later, encoding="utf-8")
    at = visit().ready()
    at.tab("Batch")
    at.page.click("#batch-compare")
    at.page.locator("#batch-differs [role=alert]").wait_for()
    at.put("#batch-before", tmp_path / "one.csv")
    at.put("#batch-after", tmp_path / "two.csv")
    at.page.click("#batch-compare")
    at.page.locator("#batch-differs", has_text="1 gone, 1 new").wait_for()
    shown = at.page.locator("#batch-differs").inner_text()
    assert (
        "never 𝄞" in shown
        and "another index: gen-000001 before, gen-000002 now" in shown
        and "+ What is hate?" in shown
    )
    at.page.locator("#language label", has_text="中文").click()
    at.page.locator("#batch-compare", has_text="比较").wait_for()
    at.page.click("#batch-compare")
    at.page.locator("#batch-differs", has_text="1 个新增").wait_for()
    assert "索引不同：之前 gen-000001" in at.page.locator("#batch-differs").inner_text()
    assert at.page.evaluate("window.pwned") is None
    at.check()
