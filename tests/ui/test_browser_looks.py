"""What every page is like in a real browser: both languages, light and dark, wide and narrow, by keyboard and screen reader."""

import pytest
from visiting import AXE, CHROMIUM

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


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
    at.reload()
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
    holder = at.live("details:has([data-act=entity])").first  # what is in closed evidence takes no focus
    if holder.get_attribute("open") is None:
        holder.locator("> summary").focus()
        at.page.keyboard.press("Enter")
    holder.locator("[data-act=entity]").first.focus()
    at.page.keyboard.press("Enter")
    at.panel(".sheet").wait_for()
    at.page.wait_for_function("document.activeElement.closest('#inspector-head')")
    at.page.keyboard.press("Escape")
    at.page.wait_for_selector("#inspector", state="detached")
    assert at.page.evaluate("document.activeElement.dataset.act") == "entity"
    assert "Answer: lactic acidosis" in at.page.locator("#tell").inner_text()
    unnamed = at.page.evaluate(
        "() => [...document.querySelectorAll('#conversation button, #conversation input, #conversation textarea')]"
        ".filter(e => e.offsetParent && !(e.innerText || e.ariaLabel || e.title || e.labels?.length"
        " || e.closest('label') || e.placeholder)).map(e => e.outerHTML.slice(0, 120))"
    )
    assert unnamed == []
    at.check()


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: make axe")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_an_accessibility_fault(visit, theme):
    at = visit().ready()
    if theme == "dark":
        at.page.click("#theme")
    at.ask("What is a cold?")
    at.ask("When is metformin contraindicated?")
    shown = {"entity": ".sheet", "graph": ".graph-view", "why": ".shaded", "document": ".document-text"}
    for act, wanted in shown.items():
        at.live(f"[data-act={act}]:visible").first.click()
        at.panel(wanted).first.wait_for()
        assert at.hindrances() == [], act
    at.live("[data-act=wrong]").click()
    at.panel("#correction").first.wait_for()
    assert at.hindrances() == [], "correction"
    at.page.click("#close")
    at.page.get_by_label("Conversations", exact=True).click()
    assert at.hindrances() == [], "history"
    at.page.get_by_label("Conversations", exact=True).click()
    for tab in ("Knowledge base", "Batch", "Review"):
        at.tab(tab)
        assert at.hindrances() == [], tab
