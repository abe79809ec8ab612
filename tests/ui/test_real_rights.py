"""Two users of the chat over a sample of which some sources are closed: each sees what their groups may see, everywhere."""

import json
import re
from pathlib import Path

import pytest
from visiting import CHROMIUM, served

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

WARFARIN = "What is the half-life of warfarin in hours?"
COUNT = "SELECT (COUNT(*) AS ?n) { ?drug <http://example.org/medical/vocab#halfLifeHours> ?hours }"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the medical sample is served to ann of the ward, who owns it, and to bob, to whom cases and half-lives are closed."""
    yield from served(tmp_path_factory.mktemp("rights"), "users", script="serve_real.py")


@pytest.fixture
def enter(visit, address):
    def signed_in(name):
        at = visit(address)
        at.page.get_by_label("username").fill(name)
        at.page.get_by_label("password").fill(f"secret-{name[0]}")
        at.page.get_by_role("button", name="Login").click()
        return at.ready()

    return signed_in


def counted(at):
    """What the graph has to say to a user's own query."""
    at.ask("Which drugs are contraindicated in asthma?")
    at.live("details.ev summary").first.click()
    at.live("details.query > summary").first.click()
    at.live("[data-act=sparql]").first.click()
    at.page.wait_for_function("document.querySelector('#query textarea')?.value.includes('SELECT')")
    at.page.fill("#query textarea", COUNT)
    at.page.click("#run-query")
    at.page.locator("#query-result td", has_text=re.compile(r"^\d+$")).wait_for()
    said = int(at.page.locator("#query-result td").inner_text())
    at.page.click("#close")
    return said


def found(at):
    """What the page about the knowledge base tells: figures, cases in the list, a sheet, and passages."""
    at.tab("Knowledge base")
    at.page.locator("#kb-figures .figure").first.wait_for()
    figures = at.page.locator("#kb-figures").inner_text()
    at.page.get_by_label("Find a document").fill("cases/")
    at.page.locator("#documents .muted", has_text=re.compile("^[03] documents")).wait_for()
    listed = at.page.locator("#documents [data-act=document]").count()
    at.page.get_by_label("Entity: name").fill("warfarin")
    at.page.keyboard.press("Enter")
    at.page.locator("#found .sheet").wait_for()
    sheet = at.page.locator("#found").inner_text()
    at.page.get_by_label("Search passages").fill("Case note irregular pulse")
    at.page.keyboard.press("Enter")
    at.page.locator("#found .hits").wait_for()
    return (
        "Statements" in figures,
        listed,
        "half-life" in sheet.lower(),
        "Case note 2" in at.page.locator("#found").inner_text(),
    )


def exported(at):
    at.tab("Ask")
    at.page.get_by_label("Conversations", exact=True).click()
    at.page.locator("#export > button").click()
    with at.page.expect_download() as caught:
        at.page.click("#export-json")
    return json.loads(Path(caught.value.path()).read_text(encoding="utf-8"))


def test_rights_hold_for_answers_queries_counts_lists_search_suggestions_and_exports(enter):
    ann, bob = enter("ann"), enter("bob")
    ann.ask(WARFARIN)
    bob.ask(WARFARIN)
    assert "40" in ann.live(".said").inner_text()
    assert "half-life.csv" not in bob.page.locator("#live").inner_text()
    for at in (ann, bob):  # what is suggested has an answer for whoever is asked, and does not displace what was asked
        at.page.locator("#suggestions button.example").first.wait_for(state="attached")
        assert "case note" not in at.page.locator("#suggestions").text_content().lower()
        assert at.live(".asked").inner_text() == WARFARIN
    assert counted(ann) > 5 and counted(bob) == 0
    assert found(ann)[:3] == (True, 3, True) and found(ann)[3]
    assert found(bob) == (False, 0, False, False)
    told = json.dumps(exported(bob))
    assert "half-life.csv" not in told and "halfLifeHours" not in told and "cases/" not in told
    assert "half-life.csv" in json.dumps(exported(ann))
    ann.check()
    bob.check()


def test_only_an_owner_reviews_adds_and_removes(enter, tmp_path):
    bob = enter("bob")
    bob.tab("Review")
    bob.page.locator("#dashboard .muted").first.wait_for()
    assert bob.page.locator("#dashboard .figure").count() == 0
    bob.tab("Knowledge base")
    file = tmp_path / "mine.txt"
    file.write_text("Mine.", encoding="utf-8")
    bob.put("#upload", file)
    bob.page.click("#upload-button")
    bob.page.locator("#upload-report [role=alert]").wait_for()
    bob.check()
