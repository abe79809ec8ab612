import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes import FakeKnowledgeBase

ROWS = [
    "Which drugs treat type 2 diabetes?",
    "When is metformin contraindicated?",
    "二甲双胍的禁忌症是什么？",
    "What are the side effects of metformin?",
    "What is the meaning of life? 𝄞",
]


@pytest.fixture
def kb(tmp_path):
    return FakeKnowledgeBase(tmp_path)


@pytest.fixture
def questions(tmp_path):
    file = tmp_path / "questions.csv"
    file.write_text("id,question\n" + "".join(f"r{n},{q}\n" for n, q in enumerate(ROWS, 1)), encoding="utf-8")
    return file
