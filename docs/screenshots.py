"""Make the pictures of the chat in ``docs/images``: ``python -m docs.screenshots KB QUESTION [QUESTION IN CHINESE]``.

Needs the extras ``ui`` and ``dev`` and Debian's chromium.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).parent / "images"
MATRIX = ("drugs", "When must it not be given?\nWhat are the side effects?")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]


def shoot(
    base: Any, question: str, chinese: str, images: Path = IMAGES, matrix: tuple[str, str] = MATRIX
) -> list[Path]:
    """Open a knowledge base in the chat, ask, and picture each page in the ways people see it.

    :param matrix: a folder of documents, and questions that are asked of each of them.
    """
    from playwright.sync_api import sync_playwright

    import ui

    images.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app, url = ui.launch(base, folder=folder, port=0, block=False)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        wide = _page(browser, url, 1280, 860)
        _ask(wide, question)
        made.append(_save(wide, images / "chat.png"))
        wide.locator("#live button.entity").first.click()
        wide.wait_for_selector("#inspector .sheet")
        made.append(_save(wide, images / "entity.png"))
        wide.locator("#live [data-act=graph]").first.click()
        wide.wait_for_selector("#inspector .graph-view")
        wide.locator("#inspector .toggle[aria-expanded=false]").nth(1).click()
        wide.wait_for_selector("#inspector .toggle[aria-expanded=true]")
        made.append(_save(wide, images / "graph.png"))
        wide.get_by_role("tab", name="Knowledge base").click()
        made.append(_save(wide, images / "knowledge-base.png"))
        wide.get_by_role("tab", name="Batch").click()
        _batch(wide, matrix)
        made.append(_save(wide, images / "batch.png"))
        dark = _page(browser, url, 1280, 860)
        dark.click("#theme")
        dark.locator("#language label").nth(1).click()
        _ask(dark, chinese)
        made.append(_save(dark, images / "chat-dark-zh.png"))
        phone = _page(browser, url, 390, 800)
        _ask(phone, question)
        made.append(_save(phone, images / "chat-phone.png"))
        wide.get_by_role("tab", name="Review").click()
        wide.click("#owner-refresh")
        made.append(_save(wide, images / "review.png"))
        browser.close()
        app.close()
    return made


def _page(browser: Any, url: str, width: int, height: int) -> Any:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(120_000)
    page.goto(url)
    page.wait_for_selector("#history-list > *", state="attached")
    return page


def _ask(page: Any, question: str) -> None:
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector("#live article.card")


def _batch(page: Any, matrix: tuple[str, str]) -> None:
    """Ask questions of each document of a folder, and scroll to the answers."""
    folder, questions = matrix
    page.locator("#batch-typed textarea").fill(questions)
    page.locator("#batch-matrix input").check()
    page.get_by_label("Documents for that").click()
    page.get_by_role("option", name=f"All documents in {folder} (").click()
    page.keyboard.press("Escape")
    page.click("#batch-run")
    page.wait_for_selector("#batch-told .ok")
    page.wait_for_selector("#batch-answers table")
    page.evaluate("document.querySelector('#batch-run').scrollIntoView({ block: 'start' })")


def _save(page: Any, file: Path) -> Path:
    page.wait_for_timeout(1200)
    page.screenshot(path=file)
    return file


if __name__ == "__main__":
    import kgqa

    asked = sys.argv[2:] or [""]
    for picture in shoot(kgqa.open(sys.argv[1]), asked[0], asked[-1]):
        sys.stderr.write(f"{picture}\n")
