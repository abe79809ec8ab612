"""The page about knowledge bases in a real browser: adding, finding, showing and removing sources."""

import pytest
from visiting import CHROMIUM

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


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
