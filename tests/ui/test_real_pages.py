"""Every page of the chat over the sample knowledge bases: conflicts, exports, batch, the owner's figures, and how it all looks."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from visiting import AXE, CHROMIUM

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
CHINESE = "那禁忌症呢？"


@pytest.fixture(scope="module")
def address(real):
    return real[1]


def speak_chinese(at):
    at.page.locator("#language label", has_text="中文").click()
    at.page.wait_for_function("document.documentElement.lang === 'zh'")


def test_sources_that_disagree_stand_side_by_side_and_open(visit):
    at = visit().ready()
    at.ask("What is the maximum daily dose of ibuprofen in mg?")
    sides = at.live(".conflict .side")
    assert sides.count() == 2
    assert "3200" in sides.nth(0).inner_text() and "2400 mg" in sides.nth(1).inner_text()
    assert "UK" in sides.nth(1).inner_text(), "where the other holds"
    sides.nth(1).locator("[data-act=document]").click()
    at.panel(".document-text mark").first.wait_for()
    at.in_view("#inspector .document-text mark")
    assert at.panel(".document-text mark").first.inner_text() == "2400 mg"
    assert at.panel("img").count() == 0, "it is a web page, of which the text is shown"
    at.check()


def test_one_day_that_graph_and_text_write_differently_is_no_conflict(visit):
    at = visit().ready()
    at.tab("Knowledge base")
    at.page.locator("#bases [data-act=base]", has_text="Contracts").click()
    at.page.locator("#kb-figures h2", has_text="Contracts").wait_for()
    at.tab("Ask")
    at.ask("When was the General Data Protection Regulation adopted?")
    assert "2016" in at.live(".said").inner_text() and at.live(".conflict").count() == 0
    at.check()


def test_a_found_passage_is_opened_on_its_page(visit):
    at = visit().ready()
    at.tab("Knowledge base")
    at.page.get_by_label("Search passages").fill("first-choice vasopressor")
    at.page.keyboard.press("Enter")
    hit = at.page.locator("#found .hits > li", has_text="Noradrenaline is the first-choice vasopressor").first
    assert "## " not in hit.inner_text()
    hit.locator("[data-act=document]").click()
    at.page.locator("#found .page-picture img").wait_for()
    assert "Noradrenaline" in at.page.locator("#found .document-text").inner_text()
    at.check()


def test_an_abstention_says_why_and_what_would_help(visit):
    at = visit().ready()
    at.ask("Who is the president of France?")
    said = at.live(".said").inner_text()
    assert "No answer found" in said and "What would help:" in said
    assert at.live(".confidence").inner_text().strip().endswith("%")
    at.check()


def test_a_resolved_question_is_edited_and_asked_and_the_talk_exported(visit):
    at = visit().ready()
    speak_chinese(at)
    at.ask("二甲双胍有哪些不良反应？")
    at.ask(CHINESE)
    at.live("[data-act=edit]").click()
    at.page.wait_for_function("document.querySelector('#question textarea').value.startsWith('二甲双胍的禁忌症')")
    at.page.fill("#question textarea", "华法林的禁忌症是什么？")
    at.page.keyboard.press("Enter")
    at.answered("华法林的禁忌症是什么？")
    at.page.get_by_label("对话记录", exact=True).click()
    at.page.locator("#export > button").click()
    at.page.get_by_label("标题").fill("病房问答")
    at.page.get_by_role("button", name="重命名").click()
    at.page.locator("button.past", has_text="病房问答").wait_for()
    files = {}
    for kind in ("md", "json", "pdf"):
        with at.page.expect_download() as caught:
            at.page.click(f"#export-{kind}")
        files[kind] = Path(caught.value.path()).read_bytes()
        assert caught.value.suggested_filename == f"病房问答.{kind}"
    assert "> " in files["md"].decode() or "图谱" in files["md"].decode()
    assert [turn["asked"] for turn in json.loads(files["json"])["turns"]][1] == CHINESE
    from pypdf import PdfReader

    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(files["pdf"])).pages)
    assert "二甲双胍的禁忌症" in printed and "酸中毒" in printed
    at.check()


def test_an_answer_is_stopped_and_the_question_asked_again(visit):
    at = visit().ready()
    at.page.fill("#question textarea", "What are the side effects of metformin?")
    # The stop is pressed in the same breath; it finds the question on its way, however quick the machine is.
    at.page.evaluate(
        "() => { document.querySelector('#ask').click(); setTimeout(() => document.querySelector('#stop').click(), 0) }"
    )
    at.page.wait_for_selector("#ask", state="visible")
    at.page.wait_for_selector("#live .turn")
    if at.live("[role=alert]").count():
        at.live("[data-act=example]").click()
        at.answered("What are the side effects of metformin?")
    assert "nausea" in at.live(".said").inner_text()
    at.check()


def test_a_file_of_questions_in_two_languages_is_answered(visit, tmp_path):
    at = visit().ready()
    at.tab("Batch")
    file = tmp_path / "questions.csv"
    file.write_text("question\nWhat is the ICD-10 code of gout?\n哪些药物禁用于哮喘？\n", encoding="utf-8")
    at.put("#batch-file", file)
    at.page.get_by_label("csv", exact=True).check()
    at.page.click("#batch-run")
    at.page.locator("#batch-told .ok", has_text="2 answered").wait_for()
    links = at.page.locator("#batch-results a[href]")
    links.nth(1).wait_for()
    hrefs = {link.get_attribute("href") for link in links.all()}
    (table,) = (at.page.request.get(href).body() for href in hrefs if href.endswith(".csv"))
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert "M10" in rows[0]["answer"] and "普萘洛尔" in rows[1]["answer"]
    at.check()


def test_the_owner_sees_what_was_asked_answered_missed_and_by_which_models(visit):
    at = visit().ready()
    at.ask("What is the ICD-10 code of gout?")
    at.ask("Who is the president of France?")
    at.tab("Review")
    at.page.locator("#dashboard .figure").first.wait_for()
    told = at.page.locator("#dashboard").inner_text()
    for words in (
        "Questions",
        "Answered",
        "No answer",
        "Median time",
        "Most missed topics",
        "By index and models",
        "reader ",
    ):
        assert words in told
    assert at.page.locator("#dashboard svg .bar").count() >= 2
    asked = int(at.page.locator("#dashboard .figure b").first.inner_text())
    at.tab("Ask")
    at.ask("What is the ATC code of metformin?")
    at.tab("Review")  # opening the page is enough to see the latest
    at.page.wait_for_function(f"Number(document.querySelector('#dashboard .figure b')?.innerText) > {asked}")
    at.check()


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: make axe")
@pytest.mark.parametrize(
    ("width", "theme", "language"),
    [(1280, "light", "en"), (390, "dark", "zh"), (390, "light", "en"), (1280, "dark", "zh")],
)
def test_each_page_fits_is_readable_and_has_no_accessibility_fault(visit, width, theme, language):
    at = visit(viewport={"width": width, "height": 844}).ready()
    if theme == "dark":
        at.page.click("#theme")
        assert at.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 23, 22)"
    if language == "zh":
        speak_chinese(at)
    at.ask("What is the first-choice vasopressor in septic shock?" if language == "en" else "哪些药物禁用于哮喘？")
    assert at.hindrances() == [], "the answer"
    acts = ("document", "why") if language == "en" else ("entity", "graph")
    for act in acts:
        at.live(f"[data-act={act}]:visible").first.click()
        at.panel(".sheet").first.wait_for()
        if act == "graph":
            drawn = at.panel("svg").first.text_content()
            assert re.search("哮喘", drawn) and re.search("禁忌|禁用", drawn)
        assert at.hindrances() == [], act
        at.check()
        at.page.keyboard.press("Escape")
        at.page.wait_for_selector("#inspector", state="detached")
    for tab in ("Knowledge base", "Batch", "Review") if language == "en" else ("知识库", "批量", "审阅"):
        at.tab(tab)
        assert at.hindrances() == [], tab
        at.check()
