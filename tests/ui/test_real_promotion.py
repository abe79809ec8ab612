"""A correction on its whole way in a real browser: given, reviewed, exported, trained on, and its reader let through the gate or not."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from visiting import AXE, CHROMIUM

from kgqa.promotion import reader_in_force

pytest.importorskip("playwright.sync_api")
pytest.importorskip("torch")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.torch,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
QUESTION, RIGHT = "How long does the effect of a single dose of warfarin last?", "two to five days"
MARK = """words => {
  for (const box of document.querySelectorAll('.markable blockquote')) {
    const walk = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    for (let text; (text = walk.nextNode());) {
      const at = text.data.indexOf(words);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(text, at); range.setEnd(text, at + words.length);
      getSelection().removeAllRanges(); getSelection().addRange(range);
      return true;
    }
  }
  return false;
}"""


@pytest.fixture(scope="module")
def address(real):
    return real[1]


@pytest.fixture(scope="module")
def index(real):
    return real[0] / "indexes" / "medical"


@pytest.fixture
def at(visit):
    return visit().ready()


@pytest.fixture(scope="module")
def exported(browser, address, tmp_path_factory):
    """The training data that the owner saves after somebody has marked the right words in a passage."""
    from visiting import Visit

    at = Visit(browser, address).ready()
    at.ask(QUESTION)
    at.live("[data-act=wrong]").click()
    at.panel(".markable blockquote").first.wait_for()
    assert at.page.evaluate(MARK, RIGHT), "the passage that says it is shown"
    at.page.wait_for_function(
        "w => [...document.querySelectorAll('#correction textarea')].some(e => e.value === w)", arg=RIGHT
    )
    at.page.get_by_label("The right answer").fill(RIGHT)
    at.page.get_by_label("if a name was misread").click()
    at.page.get_by_role("option", name="warfarin").first.click()
    at.page.click("#send-feedback")
    at.page.wait_for_selector("#live [data-act=wrong][aria-pressed=true]")
    at.tab("Review")
    at.page.locator("#feedback-table tr", has_text=QUESTION).locator("mark", has_text=RIGHT).first.wait_for()
    at.page.locator("#feedback-which input").click()
    at.page.get_by_role("option", name=QUESTION).first.click()
    at.page.click("#accept")
    at.page.locator("#feedback-table mark", has_text=RIGHT).first.wait_for(state="detached")
    with at.page.expect_download() as caught:
        at.page.click("#training")
    file = tmp_path_factory.mktemp("exported") / caught.value.suggested_filename
    shutil.copy(caught.value.path(), file)
    at.check()
    at.context.close()
    return file


def trained(file, out, *settings):
    """Train as the page says, but with the least that training can do."""
    command = [sys.executable, "-m", "kgqa.cli.main", "train", "reader", str(file), "--out", str(out), *settings]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return out


def gate(at, folder, read="Read"):
    """Send a folder through the gate of the knowledge base that is shown."""
    at.tab("Review" if read == "Read" else "审阅")
    if not at.page.locator("#promote").is_visible():
        at.page.locator("#own-reader > button").click()
    at.page.locator("#reader-folder textarea").fill(str(folder))
    at.page.click("#promote")
    at.page.locator("#promoted .ok, #promoted [role=alert]").first.wait_for()
    return at.page.locator("#promoted")


def figures(told):
    """Return F1 before and after on each of the gate's sets."""
    rows = told.locator("tbody tr").all()
    cells = {row.locator("td").first.inner_text(): row.locator("td").all_inner_texts()[1:3] for row in rows}
    return {name: tuple(map(float, both)) for name, both in cells.items()}


def test_a_reader_trained_from_exported_feedback_passes_is_in_force_and_is_taken_back(at, exported, index, tmp_path):
    data = json.loads(exported.read_text(encoding="utf-8"))
    marked = [a["text"] for d in data["data"] for p in d["paragraphs"] for q in p["qas"] for a in q["answers"]]
    assert RIGHT in marked
    at.tab("Review")
    at.page.locator("#own-reader > button").click()
    shown = at.page.locator("#own-reader pre").inner_text()
    assert shown.startswith(f"kgqa train reader {exported.name} --base builtin --out ")
    reader = trained(exported, tmp_path / "reader", "--base", "builtin", "--lr", "1e-9", "--epochs", "1")
    told = gate(at, reader)
    assert re.search(r"In force now as v\d+", told.inner_text())
    sets = figures(told)
    assert set(sets) == {"acceptance questions", "accepted feedback"}
    assert all(after >= before - 0.5 for before, after in sets.values()) and sets["acceptance questions"][1] > 80
    version = reader_in_force(index).name
    at.page.locator("#readers", has_text=f"In force: {version}").wait_for()
    at.tab("Ask")
    at.ask(QUESTION)
    assert at.live(".said").inner_text().strip()
    at.tab("Review")
    at.page.click("#take-back")
    at.page.locator("#promoted .ok", has_text="the built-in reader").wait_for()
    at.page.locator("#readers td", has_text="taken back").first.wait_for()
    assert reader_in_force(index) is None
    at.check()


def test_a_reader_that_reads_worse_is_refused_and_told_by_how_much(at, exported, index, tmp_path):
    # Trained from weights that know no task, on a single question: it cannot read yet.
    told = gate(at, trained(exported, tmp_path / "reader", "--epochs", "1"))
    assert "Not put in force: it reads worse than the present one." in told.inner_text()
    before, after = figures(told)["acceptance questions"]
    assert after < before - 20
    assert reader_in_force(index) is None
    assert not AXE.exists() or at.hindrances() == []
    assert "In force: the built-in reader" in at.page.locator("#readers").inner_text()
    at.check()


def test_a_damaged_reader_is_refused_in_the_language_of_the_page(at, index, tmp_path):
    from kgqa.models.registry import builtin

    folder = tmp_path / "reader"
    shutil.copytree(builtin("reader"), folder)
    with (folder / "model.onnx").open("r+b") as weights:
        weights.seek(1000)
        weights.write(b"\0" * 64)
    at.page.locator("#language label", has_text="中文").click()
    at.page.wait_for_function("document.documentElement.lang === 'zh'")
    told = gate(at, folder, read="检验").locator("[role=alert]")
    assert "model.onnx" in told.inner_text() and "改" in told.inner_text()
    told = gate(at, tmp_path / "nowhere", read="检验")
    at.page.locator("#promoted [role=alert]", has_text="没有文件夹").wait_for()
    assert reader_in_force(index) is None
    at.check()
