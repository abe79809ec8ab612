import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from fakes import FakeKnowledgeBase

pytest.importorskip("gradio", reason="needs the ui extra")


@pytest.fixture
def kb(tmp_path):
    return FakeKnowledgeBase(tmp_path)
