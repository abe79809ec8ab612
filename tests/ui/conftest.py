import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from fakes import FakeKnowledgeBase

pytest.importorskip("gradio", reason="needs the ui extra")


@pytest.fixture
def kb(tmp_path):
    return FakeKnowledgeBase(tmp_path)


@pytest.fixture(scope="module")
def browser():
    from visiting import CHROMIUM, FLAGS

    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, address):
    from visiting import Visit

    visits = []

    def open_(where=address, **options):
        visits.append(Visit(browser, where, **options))
        return visits[-1]

    yield open_
    for one in visits:
        one.context.close()
