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
def folder(tmp_path_factory):
    """Where the chat keeps what it is given."""
    return tmp_path_factory.mktemp("chat")


@pytest.fixture(scope="module")
def address(folder):
    """Where the chat over the fakes is served; a module may serve another."""
    from visiting import served

    yield from served(folder)


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    """Folder and address of the chat over copies of the sample knowledge bases, with the real models."""
    from visiting import served

    place = tmp_path_factory.mktemp("real")
    for where in served(place, script="serve_real.py"):
        yield place, where


@pytest.fixture(scope="session")
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
