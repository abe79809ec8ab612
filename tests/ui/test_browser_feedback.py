"""Corrections in a real browser: given, reviewed, and exported as data to train with."""

import json
import sqlite3
from pathlib import Path

import pytest
from visiting import CHROMIUM

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def accept(at, question):
    """Accept the judgement of a question; the page fills in its list a moment after the table."""
    at.page.locator("#feedback-which input").click()
    at.page.get_by_role("option", name=question).first.click()
    at.page.click("#accept")
    at.page.locator("#feedback-table td", has_text=question).first.wait_for(state="detached")


def test_feedback_is_given_reviewed_and_exported(visit, folder):
    at = visit().ready()
    at.ask("When is metformin contraindicated?")
    at.live("[data-act=wrong]").click()
    at.page.wait_for_selector("#correction")
    at.page.get_by_label("The right answer").fill("eGFR below 30")
    at.page.get_by_label("The exact words").fill("not in it")
    at.page.click("#send-feedback")
    at.page.get_by_text("do not stand in the chosen passage").first.wait_for()
    at.page.get_by_label("The exact words").fill("eGFR below 30 mL/min")
    at.page.click("#send-feedback")
    at.page.wait_for_selector("#live [data-act=wrong][aria-pressed=true]")
    at.tab("Review")
    at.page.click("#owner-refresh")
    at.page.locator("#feedback-table mark", has_text="eGFR below 30 mL/min").wait_for()
    accept(at, "When is metformin contraindicated?")
    with at.page.expect_download() as caught:
        at.page.click("#training")
    data = json.loads(Path(caught.value.path()).read_text(encoding="utf-8"))
    assert data["data"][0]["paragraphs"][0]["qas"][0]["answers"][0]["text"] == "eGFR below 30 mL/min"
    with sqlite3.connect(folder / "feedback.sqlite") as db:
        assert db.execute("SELECT status FROM feedback").fetchall() == [("accepted",)]
    db.close()
    at.check()


def test_the_right_words_are_marked_in_the_passage(visit):
    at = visit().ready()
    at.ask("When is metformin contraindicated?")
    at.live("[data-act=wrong]").click()
    at.panel(".markable blockquote").first.wait_for()
    at.page.evaluate(
        "() => { const text = document.querySelectorAll('.markable blockquote')[1].firstChild;"
        " const at = text.data.indexOf('creatinine'); const range = document.createRange();"
        " range.setStart(text, at); range.setEnd(text, at + 20); getSelection().removeAllRanges(); getSelection().addRange(range) }"
    )
    at.page.wait_for_function(
        "[...document.querySelectorAll('#correction textarea')].some(e => e.value === 'creatinine clearance')"
    )
    at.page.get_by_label("if a name was misread").click()
    at.page.get_by_role("option", name="metformin").click()
    at.page.click("#send-feedback")
    at.page.wait_for_selector("#live [data-act=wrong][aria-pressed=true]")
    at.tab("Review")
    at.page.click("#owner-refresh")
    at.page.locator("#feedback-table mark", has_text="creatinine clearance").wait_for()
    at.check()


def test_what_a_name_means_is_said_and_exported(visit):
    at = visit().ready()
    at.ask("Does glucophage treat type 2 diabetes?")
    at.live("[data-act=wrong]").click()
    at.page.wait_for_selector("#correction")
    at.page.get_by_label("The right answer").fill("severe renal impairment; lactic acidosis")
    at.page.get_by_label("if a name was misread").fill("unobtainium")
    at.page.keyboard.press("Enter")
    at.page.click("#send-feedback")
    at.page.get_by_text("Say which words of the question").first.wait_for()
    at.page.get_by_label("The words in the question").fill("glucophage")
    at.page.click("#send-feedback")
    at.page.get_by_text("Nothing in the graph is called").first.wait_for()
    at.page.get_by_label("if a name was misread").fill("metformin")
    at.page.keyboard.press("Enter")
    at.page.click("#send-feedback")
    at.page.wait_for_selector("#live [data-act=wrong][aria-pressed=true]")
    at.tab("Review")
    at.page.click("#owner-refresh")
    at.page.locator("#feedback-table td", has_text="glucophage").first.wait_for()
    accept(at, "glucophage")
    saved = {}
    for kind in ("questions", "names"):
        with at.page.expect_download() as caught:
            at.page.click(f"#training-{kind}")
        saved[caught.value.suggested_filename] = Path(caught.value.path()).read_text(encoding="utf-8")
    row = json.loads(saved["feedback-questions.jsonl"].splitlines()[-1])
    assert row["answers"] == ["severe renal impairment", "lactic acidosis"] and len(row["answer_iris"]) == 2
    assert row["links"][0]["mention"] == "glucophage" and row["links"][0]["entity"].endswith("metformin")
    assert '"glucophage"@en' in saved["feedback-names.ttl"] and "metformin>" in saved["feedback-names.ttl"]
    at.check()
