"""A reranker that was trained on English leaves what it cannot read where it stands."""

from __future__ import annotations

from kgqa.models.registry import WEIGHTS
from kgqa.retrieval.rerank import CrossEncoderReranker
from kgqa.types import Hit, Passage


def hit(name: str, text: str, language: str, score: float) -> Hit:
    return Hit(Passage(name, f"{name}.md", text, language, 0, len(text)), score)


HITS = [
    hit("zh", "二甲双胍是2型糖尿病的首选药物。𠀀", "zh", 0.9),
    hit("far", "The tenant pays the rent on the first day of each month.", "en", 0.8),
    hit("near", "Metformin is the first drug for type 2 diabetes.", "en", 0.2),
]


def test_passages_in_another_language_keep_their_score():
    (ranked,) = CrossEncoderReranker(WEIGHTS / "reranker", blend=0.9).rerank(
        ["Which drug is first for diabetes?"], [HITS]
    )
    by = {found.passage.id: found for found in ranked}
    assert "rerank" not in by["zh"].parts
    assert by["near"].parts["rerank"] > by["far"].parts["rerank"]
    assert [found.passage.id for found in ranked if found.passage.language == "en"] == ["near", "far"]
    assert by["zh"].score == 1.0


def test_a_question_in_another_language_changes_no_order():
    (ranked,) = CrossEncoderReranker(WEIGHTS / "reranker").rerank(["糖尿病的首选药物是什么？"], [HITS])
    assert [found.passage.id for found in ranked] == ["zh", "far", "near"]
    assert all("rerank" not in found.parts for found in ranked)
