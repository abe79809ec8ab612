"""The real app in a real browser: every page, both languages, light and dark, wide and narrow; no request leaves."""

import csv
import io
import json
import sqlite3
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from fakes import FakeKnowledgeBase
from visiting import CHROMIUM, Visit, served

from kgqa import batch

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("chat")


@pytest.fixture(scope="module")
def address(folder):
    yield from served(folder)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    yield from served(tmp_path_factory.mktemp("guarded"), "users")


def test_ask_open_evidence_entity_and_document(visit):
    at = visit().ready()
    at.ask("When is metformin contraindicated?")
    assert "severe renal impairment" in at.live(".said").inner_text()
    assert at.live(".conflict .side").count() == 2
    at.live(".cite").nth(1).click()
    assert at.page.locator("#t1-e2").get_attribute("open") is not None
    assert at.page.evaluate("document.activeElement.closest('details').id") == "t1-e2"
    at.page.locator("#t1-e2 button.link").first.click()
    at.page.wait_for_selector("#inspector .sheet")
    assert "Expected but stated nowhere" in at.page.locator("#inspector").inner_text()
    at.page.locator("#t1-e1 [data-act=document]").click()
    at.page.wait_for_selector("#inspector .document-text")
    assert at.page.locator("#inspector mark").inner_text() == "severe renal impairment (eGFR below 30 mL/min)"
    at.page.click("#close")
    at.page.wait_for_selector("#inspector", state="hidden")
    at.check()


def test_a_follow_up_is_resolved_shown_and_can_be_edited(visit):
    at = visit().ready()
    at.page.locator("button.example", has_text="二甲双胍").click()
    at.answered("二甲双胍的禁忌症是什么？")
    at.ask("那副作用呢？")
    assert "二甲双胍的副作用是什么？" in at.live(".understood").inner_text()
    at.live("[data-act=edit]").click()
    at.page.wait_for_function("document.querySelector('#question textarea').value === '二甲双胍的副作用是什么？'")
    assert at.page.locator("#log .turn").count() == 1
    at.check()


def test_an_ambiguous_name_is_chosen_and_asked_again(visit):
    at = visit().ready()
    at.ask("What is a cold?")
    at.live("button.meaning", has_text="temperature").click()
    at.page.wait_for_selector("#live .said button.entity")
    assert at.live(".said").inner_text().startswith("cold (temperature)")
    at.check()


def test_the_query_behind_an_answer_is_edited_and_run(visit):
    at = visit().ready()
    at.ask("Which drugs treat type 2 diabetes?")
    at.live("details.ev summary").first.click()
    at.live("details.query summary").first.click()
    at.live("[data-act=sparql]").first.click()
    at.page.wait_for_function("document.querySelector('#query textarea')?.value.startsWith('SELECT')")
    at.page.click("#run-query")
    at.page.wait_for_selector("#query-result table")
    assert "<b>bold</b>" in at.page.locator("#query-result").inner_text()
    at.page.fill("#query textarea", "SELECT * { SERVICE <http://x> {} }")
    at.page.click("#run-query")
    at.page.wait_for_selector("#query-result [role=alert]")
    assert "SERVICE is not allowed" in at.page.locator("#query-result").inner_text()
    at.check()


def test_hostile_questions_are_inert(visit):
    at = visit().ready()
    for bad in (
        "<img src=x onerror='window.pwned=1'>",
        "${window.pwned=1}{{1+1}}",
        "<script>window.pwned=1</script> cold",
    ):
        at.ask(bad)
        assert at.live(".asked").inner_text() == bad
    assert at.page.evaluate("window.pwned") is None
    assert at.page.locator("#log img, #live img").count() == 0
    at.check()


def test_an_overlong_question_is_refused_in_words(visit):
    at = visit().ready()
    at.page.fill("#question textarea", "x" * 5000)
    at.page.click("#ask")
    at.page.get_by_text("The question is too long").first.wait_for()
    at.check()


def test_history_is_kept_opened_and_exported(visit):
    at = visit().ready()
    at.ask("What are the side effects of metformin?")
    at.page.get_by_label("Conversations", exact=True).click()
    at.page.wait_for_selector("button.past")
    at.page.click("#new-chat")
    at.page.wait_for_selector(".welcome")
    at.page.locator("button.past", has_text="side effects").click()
    at.page.wait_for_selector("#live .said")
    assert "lactic acidosis" in at.live(".said").inner_text()
    at.page.locator("#export > button").click()
    for kind in ("md", "json", "pdf"):
        with at.page.expect_download() as caught:
            at.page.click(f"#export-{kind}")
        data = Path(caught.value.path()).read_bytes()
        assert caught.value.suggested_filename.endswith(f".{kind}")
        assert data.startswith(b"%PDF") if kind == "pdf" else b"lactic acidosis is rare but serious" in data
    at.page.reload()
    at.ready()
    at.page.get_by_label("Conversations", exact=True).click()
    at.page.locator("button.past", has_text="side effects").wait_for()
    at.check()


def test_two_browsers_do_not_see_each_other(visit):
    one, other = visit().ready(), visit().ready()
    one.ask("What are the side effects of metformin?")
    other.page.get_by_label("Conversations", exact=True).click()
    other.page.wait_for_timeout(300)
    assert other.page.locator("button.past").count() == 0


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


def test_a_document_is_uploaded_found_and_removed_without_a_trace(visit, tmp_path):
    at = visit().ready()
    at.tab("Knowledge base")
    at.page.wait_for_selector("#kb-figures .figure")
    good, empty = tmp_path / "gout <img src=x>.txt", tmp_path / "empty.txt"
    good.write_text("Gout is treated with allopurinol.", encoding="utf-8")
    empty.write_text(" ", encoding="utf-8")
    at.put("#upload", good, empty)
    at.page.click("#upload-button")
    at.page.locator("#upload-report .ok").wait_for()
    assert "no text in it" in at.page.locator("#upload-report .not-ok").inner_text()
    at.page.get_by_label("Search passages").fill("allopurinol")
    at.page.keyboard.press("Enter")
    at.page.locator("#found blockquote").wait_for()
    at.page.get_by_label("Find a document").fill("gout")
    at.page.locator("#documents .muted", has_text="1 document").wait_for()
    at.page.locator("#remove > button").click()
    at.page.get_by_label("Document to remove").click()
    at.page.get_by_role("option", name="gout").click()
    at.page.get_by_label("Remove it with its passages").check()
    at.page.click("#remove-button")
    at.page.get_by_text("The check found no trace of it").wait_for()
    at.page.locator("#documents .muted", has_text="0 documents").wait_for()
    at.check()


def test_an_entity_is_shown_with_what_is_missing(visit):
    at = visit().ready()
    at.tab("Knowledge base")
    at.page.get_by_label("Entity: name").fill("metformin")
    at.page.keyboard.press("Enter")
    at.page.locator("#found .missing", has_text="has ATC code").wait_for()
    at.page.get_by_label("Entity: name").fill("unobtainium")
    at.page.keyboard.press("Enter")
    at.page.locator("#found [role=alert]", has_text="no entity is called").wait_for()
    at.check()


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


def test_the_interface_speaks_chinese_everywhere(visit):
    at = visit().ready()
    at.ask("What is love?")
    at.page.locator("#language label", has_text="中文").click()
    at.page.locator("#live .said", has_text="未找到答案").wait_for()
    at.page.wait_for_function("document.documentElement.lang === 'zh'")
    for tab, english in (
        ("提问", "Ask"),
        ("知识库", "Documents"),
        ("批量", "Answer them"),
        ("审阅", "Questions per day"),
    ):
        at.tab(tab)
        at.page.wait_for_function(
            """english => {
              const shown = [...document.querySelectorAll('.tabitem')].filter(e => e.offsetParent).map(e => e.innerText).join(' ');
              return /[\u4e00-\u9fff]/.test(shown) && !new RegExp(`\\b${english}\\b`).test(shown);
            }""",
            arg=english,
        )
    at.check()


def test_dark_mode_is_chosen_and_kept_and_phone_width_fits(visit):
    at = visit(viewport={"width": 390, "height": 800}).ready()
    light = at.page.evaluate("getComputedStyle(document.body).backgroundColor")
    at.page.click("#theme")
    assert at.page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    at.page.reload()
    at.ready()
    assert at.page.evaluate("document.body.classList.contains('dark')")
    at.ask("When is metformin contraindicated?")
    at.check()
    at.live("[data-act=entity]").first.click()
    at.page.wait_for_selector("#inspector .sheet")
    assert at.page.locator("#inspector").bounding_box()["width"] >= 380
    at.check()


def test_the_keyboard_alone_suffices(visit):
    at = visit().ready()
    at.page.locator("#question textarea").focus()
    at.page.keyboard.type("What are the side effects of metformin?")
    at.page.keyboard.press("Enter")
    at.answered("What are the side effects of metformin?")
    at.live(".cite").first.focus()
    at.page.keyboard.press("Enter")
    at.page.keyboard.press("Enter")  # the focus is now on the evidence: close it again
    assert at.page.locator("#t1-e1").get_attribute("open") is None
    at.live("[data-act=right]").focus()
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#live [data-act=right][aria-pressed=true]")
    unnamed = at.page.evaluate(
        "() => [...document.querySelectorAll('#conversation button, #conversation input, #conversation textarea')]"
        ".filter(e => e.offsetParent && !(e.innerText || e.ariaLabel || e.title || e.labels?.length"
        " || e.closest('label') || e.placeholder)).map(e => e.outerHTML.slice(0, 120))"
    )
    assert unnamed == []
    at.check()


def test_a_running_answer_is_stopped_and_asked_again(visit):
    at = visit().ready()
    at.page.fill("#question textarea", "slow: What are the side effects of metformin?")
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#live .card.progress")
    assert at.live("li.now").count() == 1
    at.page.click("#stop")
    at.live("[role=alert]", has_text="Stopped").wait_for()
    at.page.wait_for_selector("#ask", state="visible")
    at.ask("What are the side effects of metformin?")
    assert at.page.locator(".turn").count() == 1
    at.check()


def test_what_is_answered_is_in_view(visit):
    at = visit().ready()
    for question in ("When is metformin contraindicated?", "Which drugs treat type 2 diabetes?"):
        at.ask(question)
    at.page.wait_for_function(
        "(y => y >= 0 && y < 300)(document.querySelector('#live .asked').getBoundingClientRect().y)"
    )
    at.check()


AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: make axe")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_an_accessibility_fault(visit, theme):
    at = visit().ready()
    if theme == "dark":
        at.page.click("#theme")
    axe = AXE.read_text(encoding="utf-8")

    def faults():
        at.page.evaluate(axe)
        for _ in range(6):  # what is still fading in has too little contrast
            at.page.wait_for_timeout(700)
            run = "async () => (await axe.run()).violations.map(v => [v.id, v.impact, v.nodes[0].html])"
            found = [fault for fault in at.page.evaluate(run) if fault[1] in ("serious", "critical")]
            if not found:
                return []
        return found

    at.ask("What is a cold?")
    at.ask("When is metformin contraindicated?")
    shown = {"entity": ".sheet", "graph": ".graph-view", "why": ".shaded", "document": ".document-text"}
    for act, wanted in shown.items():
        at.live(f"[data-act={act}]:visible").first.click()
        at.panel(wanted).first.wait_for()
        assert faults() == [], act
    at.live("[data-act=wrong]").click()
    at.panel("#correction").first.wait_for()
    assert faults() == [], "correction"
    at.page.click("#close")
    at.page.get_by_label("Conversations", exact=True).click()
    assert faults() == [], "history"
    at.page.get_by_label("Conversations", exact=True).click()
    for tab in ("Knowledge base", "Batch", "Review"):
        at.tab(tab)
        assert faults() == [], tab


def test_users_sign_in_and_only_owners_review_and_change(visit, guarded):
    for name, owner in (("ann", True), ("bob", False)):
        at = visit(guarded)
        at.page.get_by_label("username").fill(name)
        at.page.get_by_label("password").fill(f"secret-{name[0]}")
        at.page.get_by_role("button", name="Login").click()
        at.ready()
        at.ask("What is love?")
        at.tab("Review")
        at.page.click("#owner-refresh")
        wanted = "#dashboard .figure" if owner else "#dashboard .muted"
        at.page.locator(wanted).first.wait_for()


def test_without_a_password_nothing_is_served(guarded):
    for path in ("/gradio_api/info", "/config"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(guarded + path)
        assert refused.value.code == 401
        refused.value.close()


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd", "/gradio_api/file=pyproject.toml", "/gradio_api/file=../../etc/passwd",
        "/gradio_api/file=/proc/self/environ", "/gradio_api/file=http://127.0.0.1:22", "/static/..%2f..%2fetc%2fpasswd",
        "/gradio_api/file={folder}/feedback.sqlite", "/gradio_api/file={folder}/conversations.sqlite",
    ],
)  # fmt: skip
def test_files_of_the_machine_are_not_served(address, folder, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address + path.format(folder=folder))
    assert refused.value.code in (403, 404)
    refused.value.close()


def test_no_listener_is_offered_as_a_public_interface(address):
    with urllib.request.urlopen(address + "/gradio_api/info") as answer:
        offered = json.load(answer)
    assert offered["named_endpoints"] == {} and offered["unnamed_endpoints"] == {}


def test_the_graph_is_explored_and_the_deciding_words_are_shown(visit):
    at = visit().ready()
    at.ask("When is metformin contraindicated?")
    at.live("[data-act=graph]").click()
    at.panel(".graph-view").wait_for()
    before = at.panel(".edge").count()
    toggle = at.panel("[data-act=expand][aria-label*=metformin]")
    toggle.focus()
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#inspector .toggle[aria-expanded=true]")
    assert at.panel(".edge").count() >= before and at.panel(".edge title").first.text_content()
    at.panel(".node.target[data-act=entity]").first.click()
    at.panel(".missing").wait_for()
    at.panel("[data-act=graph]").click()
    at.panel(".graph-view .toggle[aria-expanded=true]").wait_for()
    at.page.locator("#t1-e1 [data-act=why]").click()
    at.panel(".shaded .w3").first.wait_for()
    assert "Most decisive" in at.panel().inner_text()
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


def test_knowledge_bases_stand_side_by_side_and_versions_are_told(visit):
    at = visit().ready()
    at.ask("What is love?")
    at.tab("Knowledge base")
    at.page.locator("#bases [data-act=base]", has_text="Legal samples").click()
    at.page.locator("#kb-figures h2", has_text="Legal samples").wait_for()
    at.tab("Review")
    at.page.click("#owner-refresh")
    at.page.locator("#dashboard td", has_text="gen-00000").first.wait_for()
    assert "reader builtin-2c3d" in at.page.locator("#dashboard").inner_text()
    at.page.locator("#own-reader > button").click()
    at.page.get_by_label("Folder of the trained reader").fill("/nowhere <img src=x onerror=alert(1)>")
    at.page.click("#promote")
    at.page.locator("#promoted [role=alert]").wait_for()
    at.check()


HOSTILE = "<img src=x onerror='window.pwned=1'><a href='javascript:window.pwned=1'>x</a>"


def test_hostile_uploads_are_inert_wherever_they_are_shown(visit, tmp_path):
    at = visit().ready()
    at.tab("Knowledge base")
    at.page.wait_for_selector("#kb-figures .figure")
    turned = tmp_path / "invoice\u202egnp.txt"
    turned.write_text(
        f"Zebrol {HOSTILE} <script>window.pwned=1</script> ![x](http://example.org/x.png)\n", encoding="utf-8"
    )
    large = tmp_path / "large.csv"
    large.write_text("name\n" + "=cmd|' /C calc'!A0 zebrol" + "x" * 1_000_000 + "\n", encoding="utf-8")
    at.put("#upload", turned, large)
    assert "\u202e" not in at.page.locator("#upload .file-preview").inner_text()
    at.page.click("#upload-button")
    at.page.locator("#upload-report .ok").nth(1).wait_for()
    assert "\u202e" not in at.page.locator("#upload-report").inner_text()
    at.page.get_by_label("Search passages").fill("zebrol")
    at.page.keyboard.press("Enter")
    at.page.locator("#found blockquote").first.wait_for()
    at.page.get_by_label("Find a document").fill("invoice")
    at.page.locator("#documents .muted", has_text="1 document").wait_for()
    at.page.locator("#documents [data-act=document]").click()
    at.page.locator("#found .document-text", has_text="Zebrol").wait_for()
    at.page.get_by_label("Entity: name").fill(HOSTILE)
    at.page.keyboard.press("Enter")
    at.page.locator("#found [role=alert]").wait_for()
    assert at.page.evaluate("window.pwned") is None
    assert at.page.locator(".tabitem img, .tabitem script, .tabitem a[href^=javascript]").count() == 0
    at.check()


def test_a_proxy_signs_people_in(tmp_path_factory, browser):
    for address in served(tmp_path_factory.mktemp("proxied"), "header"):
        for headers, status in (({}, 401), ({"X-Remote-User": "eve"}, 401), ({"X-Remote-User": "bob"}, 200)):
            request = urllib.request.Request(address + "/config", headers=headers)
            try:
                with urllib.request.urlopen(request) as answer:
                    found = answer.status
            except urllib.error.HTTPError as refused:
                found = refused.code
                refused.close()
            assert found == status
        at = Visit(browser, address, extra_http_headers={"X-Remote-User": "bob", "X-Forwarded-For": "9.9.9.9"}).ready()
        at.ask("What is love?")
        at.tab("Review")
        at.page.locator("#dashboard .muted").first.wait_for()
        at.context.close()


def test_what_is_sent_while_an_answer_is_made_is_asked_after_it(visit):
    at = visit().ready()
    at.page.fill("#question textarea", "slow: What are the side effects of metformin?")
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#live .card.progress")
    at.page.fill("#question textarea", "When is metformin contraindicated?")
    at.page.keyboard.press("Enter")
    at.answered("When is metformin contraindicated?")
    assert at.page.locator("#log .turn").count() == 1
    assert at.page.input_value("#question textarea") == ""
    at.ask("and its side effects?")
    assert at.page.locator("#log .turn").count() == 2
    at.check()


def test_questions_sent_faster_than_answers_come_are_not_lost(visit):
    at = visit().ready()
    for number in range(6):
        at.ask(
            f"What is thing {number}?"
        )  # returns when the answer is drawn, before the page has heard that it is done
    assert at.page.locator("#log .turn").count() == 5
    assert at.page.locator("#live .error, #live .status-error").count() == 0
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


# Can hold back the word that the stream of results closes, so that what is asked meanwhile falls between two streams.
LATE_CLOSE = """(() => {
  const send = window.fetch;
  window.fetch = async (what, ...rest) => {
    const answer = await send(what, ...rest);
    if (!String(what.url || what).includes('/queue/data')) return answer;
    const read = new TextDecoder(), write = new TextEncoder();
    const late = new TransformStream({ async transform(chunk, out) {
      const text = read.decode(chunk, { stream: true });
      const at = text.includes('close_stream') ? text.lastIndexOf('data:', text.indexOf('close_stream')) : -1;
      if (!window.hold || at < 0) return out.enqueue(write.encode(text));
      out.enqueue(write.encode(text.slice(0, at)));
      await new Promise(done => { window.release = done; });
      out.enqueue(write.encode(text.slice(at)));
    } });
    return new Response(answer.body.pipeThrough(late), { headers: answer.headers, status: answer.status });
  };
})()"""


def test_what_is_asked_while_the_stream_of_results_closes_is_heard(visit):
    at = visit(script=LATE_CLOSE).ready()
    at.ask("When is metformin contraindicated?")
    at.page.wait_for_timeout(3000)  # for what follows an answer
    at.page.evaluate("window.hold = true")
    at.live("[data-act=entity]").first.click()
    at.panel(".sheet").wait_for()
    at.page.wait_for_function("!!window.release")
    with at.page.expect_response("**/queue/join*"):
        at.live("[data-act=document]:visible").first.click()
    at.page.evaluate("window.hold = false; window.release()")
    at.panel(".document-text").wait_for()
    at.check()
