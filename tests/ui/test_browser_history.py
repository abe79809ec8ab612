"""Conversations in a real browser: kept for each, found, renamed, exported and deleted."""

from pathlib import Path

import pytest
from visiting import CHROMIUM

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


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
    at.reload()
    at.page.get_by_label("Conversations", exact=True).click()
    at.page.locator("button.past", has_text="side effects").wait_for()
    at.check()


def test_two_browsers_do_not_see_each_other(visit):
    one, other = visit().ready(), visit().ready()
    one.ask("What are the side effects of metformin?")
    other.page.get_by_label("Conversations", exact=True).click()
    other.page.wait_for_timeout(300)
    assert other.page.locator("button.past").count() == 0


def test_a_conversation_is_renamed_found_and_deleted_only_when_that_is_meant(visit):
    at = visit().ready()
    at.ask("What are the side effects of metformin?")
    at.page.get_by_label("Conversations", exact=True).click()
    at.page.locator("#export > button").click()
    at.page.get_by_label("Title").fill("For the ward \u202e<img src=x onerror=window.pwned=1>")
    at.page.get_by_role("button", name="Rename").click()
    at.page.locator("button.past", has_text="For the ward <img").wait_for()
    at.page.get_by_label("Search conversations").fill("lactic")
    at.page.locator("button.past", has_text="For the ward").wait_for()
    at.page.get_by_label("Search conversations").fill("nothing of the kind")
    at.page.locator("#history-list", has_text="No conversation yet").wait_for()
    at.page.get_by_label("Search conversations").fill("")
    at.page.locator("button.past", has_text="For the ward").wait_for()
    answers = iter(("dismiss", "accept"))
    at.page.on("dialog", lambda dialog: getattr(dialog, next(answers))())
    at.page.click("#delete-chat")
    assert at.live(".said").count() == 1
    at.page.click("#delete-chat")
    at.page.wait_for_selector(".welcome")
    at.page.locator("#history-list", has_text="No conversation yet").wait_for()
    assert at.page.evaluate("window.pwned") is None
    at.check()
