"""The chat over the sample knowledge bases with the real models, in a real browser, as an expert would use it."""

import json
import re
import threading
from pathlib import Path

import pytest
from visiting import CHROMIUM

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ROOT = Path(__file__).parents[2]
MARK_IN_VIEW = """box => {
  const at = Number(box.dataset.at) * box.querySelector('img').clientHeight - box.scrollTop;
  return at >= 0 && at < box.clientHeight && box.clientHeight > 200;
}"""
"""Whether a page of a PDF is large enough to be read, and its marked words are in view."""


@pytest.fixture(scope="module")
def folder(real):
    return real[0]


@pytest.fixture(scope="module")
def address(real):
    return real[1]


def test_a_list_its_evidence_its_query_and_its_graph(visit):
    at = visit().ready()
    example = at.page.locator("button.example").first.inner_text()
    at.page.locator("button.example").first.click()
    at.answered(example)
    assert {"propranolol", "adenosine"} <= set(re.findall(r"\w+", at.live(".said").inner_text()))
    at.live(".cite").first.click()
    at.page.locator("#t1-e1 details.query > summary").click()
    at.page.locator("#t1-e1 [data-act=sparql]").click()
    at.page.wait_for_function("document.querySelector('#query textarea')?.value.includes('SELECT')")
    at.page.fill("#query textarea", at.page.input_value("#query textarea") + " LIMIT 2")
    at.page.click("#run-query")
    at.page.locator("#query-result td").first.wait_for()
    assert at.page.locator("#query-result tbody tr").count() == 2
    at.live("[data-act=graph]").click()
    at.panel(".graph-view").wait_for()
    before = at.panel(".edge").count()
    at.panel("[data-act=expand][aria-label*=propranolol]").click()
    at.page.wait_for_function(f"document.querySelectorAll('#inspector .edge').length > {before}")
    at.panel(".node[data-act=entity]", has_text="propranolol").click()
    at.panel("dl.facts").first.wait_for()
    assert "beta" in at.panel().inner_text().lower()
    at.check()


def test_a_quotation_is_opened_on_its_page_and_its_words_are_weighed(visit):
    at = visit().ready()
    at.ask("What is the first-choice vasopressor in septic shock?")
    assert "noradrenaline" in at.live(".said").inner_text().lower()
    card = at.live("details.ev.passage").first
    if card.get_attribute("open") is None:
        card.locator("summary").click()
    card.locator("[data-act=document]").click()
    at.panel(".page-picture img").wait_for()
    assert at.panel(".document-text mark").first.inner_text().strip()
    at.in_view("#inspector .document-text mark")  # the text is opened where the words are
    assert at.panel(".page-picture").evaluate(MARK_IN_VIEW)
    assert at.panel(".page-mark").count() > 1
    card.locator("[data-act=why]").click()
    at.panel(".shaded .w3").first.wait_for()
    at.check()


def test_follow_ups_in_both_languages(visit):
    at = visit().ready()
    at.ask("What are the side effects of metformin?")
    at.ask("and its contraindications?")
    assert "metformin" in at.live(".understood").inner_text()
    assert "acidosis" in at.live(".said").inner_text()
    at.page.locator("#language label", has_text="中文").click()
    at.page.wait_for_function("document.documentElement.lang === 'zh'")
    at.ask("二甲双胍有哪些不良反应？")
    at.ask("那禁忌症呢？")
    assert "二甲双胍" in at.live(".understood").inner_text()
    assert "酸中毒" in at.live(".said").inner_text()
    assert re.search("[\u4e00-\u9fff]", at.live("svg .edge text").first.inner_html())
    at.check()


def test_an_ambiguous_name_is_read_another_way(visit):
    at = visit().ready()
    at.tab("Knowledge base")
    at.page.locator("#bases [data-act=base]", has_text="Contracts").click()
    at.page.locator("#kb-figures h2", has_text="Contracts").wait_for()
    at.tab("Ask")
    at.ask("Who is the landlord under the Quayside lease?")
    other = at.live("button.meaning:not(.first)", has_text=re.compile("20(14|19)")).first
    chosen = re.search("20(14|19)", other.inner_text())[0]
    other.click()
    at.page.wait_for_function(
        "y => document.querySelector('#live .about dd')?.textContent.includes(y)", arg=f"({chosen})"
    )
    at.check()


def pdf(file: Path, *lines: str) -> Path:
    from reportlab.pdfgen import canvas

    sheet = canvas.Canvas(str(file))
    for line in lines:
        sheet.drawString(60, 750, line)
        sheet.showPage()
    sheet.save()
    return file


def test_a_pdf_is_added_while_others_ask_answers_and_leaves_no_trace(visit, folder, tmp_path):
    at, other = visit().ready(), visit().ready()
    good = pdf(tmp_path / "zanvorex.pdf", "About this leaflet", "The usual dose of zanvorex is 35 mg once a day.")
    broken = tmp_path / "broken \u202egpj.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    label = '"<img src=x onerror=\'window.pwned=1\'>"@en, "zanvorex mark"@en'
    graph = tmp_path / "mark.ttl"
    graph.write_text(f"<http://x.org/mark> <http://www.w3.org/2000/01/rdf-schema#label> {label} .\n", encoding="utf-8")
    at.tab("Knowledge base")
    at.put("#upload", good, broken, graph)
    at.page.click("#upload-button")
    other.ask("What is the ICD-10 code of gout?")
    assert "M10" in other.live(".said").inner_text()
    at.page.locator("#upload-report .ok").nth(1).wait_for(timeout=240_000)
    assert at.page.locator("#upload-report .not-ok").count() == 1
    assert not list((folder / "kb" / "medical" / "documents").glob("broken*"))
    at.page.get_by_label("Entity: name").fill("zanvorex mark")
    at.page.keyboard.press("Enter")
    at.page.locator("#found .sheet").wait_for()
    assert "<img" in at.page.locator("#found .sheet").inner_text()
    at.tab("Ask")
    at.ask("What is the usual dose of zanvorex?")
    assert "35 mg" in at.live(".said").inner_text()
    at.tab("Knowledge base")
    at.page.locator("#remove > button").click()
    at.page.get_by_label("Document to remove").click()
    at.page.get_by_role("option", name="zanvorex").click()
    at.page.get_by_label("Remove it with its passages").check()
    at.page.click("#remove-button")
    at.page.get_by_text("The check found no trace of it").wait_for(timeout=240_000)
    at.tab("Ask")
    at.ask("How much zanvorex is usually given a day?")
    assert "35 mg" not in at.page.locator("#live").inner_text()
    assert at.page.evaluate("window.pwned") is None and at.page.locator("#log img, #live img, #found img").count() == 0
    at.check()
    other.check()


def test_a_correction_becomes_training_data(visit):
    at = visit().ready()
    at.ask("How long does the effect of a single dose of warfarin last?")
    at.live("[data-act=wrong]").click()
    at.panel(".markable blockquote").first.wait_for()
    words = at.panel(".markable blockquote").first.text_content().split()[-3:]
    at.page.get_by_label("The right answer").fill(" ".join(words))
    at.page.get_by_label("The exact words").fill(" ".join(words))
    at.page.click("#send-feedback")
    at.page.wait_for_selector("#live [data-act=wrong][aria-pressed=true]")
    at.tab("Review")
    at.page.click("#owner-refresh")
    at.page.locator("#feedback-table mark").first.wait_for()
    at.page.click("#accept")
    at.page.get_by_text("No feedback waits for review").wait_for()
    with at.page.expect_download() as caught:
        at.page.click("#training")
    data = json.loads(Path(caught.value.path()).read_text(encoding="utf-8"))
    assert data["data"][0]["paragraphs"][0]["qas"][0]["answers"][0]["text"] == " ".join(words)
    at.check()


def test_an_answer_of_the_graph_is_corrected_with_a_passage_that_it_does_not_cite(visit, folder):
    at = visit().ready()
    at.ask("What are the contraindications of metformin?")
    assert at.live("details.ev.passage").count() == 0, "it rests on the graph alone"
    at.live("[data-act=wrong]").click()
    passage = at.panel(".markable blockquote", has_text=re.compile("metformin", re.I)).first
    passage.wait_for()
    words = " ".join(passage.text_content().split()[-3:])
    at.page.get_by_label("The passage that shows it").click()
    at.page.get_by_role("option").nth(int(passage.get_attribute("data-place"))).click()
    at.page.get_by_label("The exact words").fill(words)
    at.page.click("#send-feedback")
    at.page.wait_for_selector("#live [data-act=wrong][aria-pressed=true]")
    at.tab("Review")
    row = at.page.locator("#feedback-table tr", has_text="contraindications of metformin")
    row.locator("mark", has_text=words).wait_for()
    at.page.locator("#feedback-which input").click()
    at.page.get_by_role("option", name="contraindications of metformin").first.click()
    at.page.click("#reject")
    row.first.wait_for(state="detached")
    at.check()


def test_several_ask_at_once_and_the_page_stays_live(address, browser):
    from benchmarks.chat import Page

    page, waits = Page(address), []
    users = [
        threading.Thread(target=lambda: waits.append(page.wait("What is the ATC code of metformin?"))) for _ in range(8)
    ]
    for user in users:
        user.start()
    assert page.fetch() < 30
    for user in users:
        user.join()
    assert len(waits) == 8
