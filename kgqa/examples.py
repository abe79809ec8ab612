"""Questions to begin with, from a knowledge base's own acceptance questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kgqa.types import Answer


def examples(folder: Path) -> list[str]:
    """Return the first acceptance question of each family and script that has an answer; none without such questions.

    :param folder: of the knowledge base.
    :raises SourceError: its ``questions.jsonl`` is malformed.
    """
    path = folder / "questions.jsonl"
    if not path.is_file():
        return []
    from kgqa.evaluation.answers import read_gold

    by_family: dict[tuple[str, bool], str] = {}
    for gold in read_gold(path):
        if gold.kind != "none":
            by_family.setdefault((gold.family, gold.question.isascii()), gold.question)
    return list(by_family.values())


def right(folder: Path, answers: Sequence[Answer]) -> list[str]:
    """Return the acceptance questions that these answers answer rightly.

    :param folder: of the knowledge base.
    :raises SourceError: its ``questions.jsonl`` is malformed.
    """
    path = folder / "questions.jsonl"
    if not path.is_file():
        return []
    from kgqa.evaluation.answers import read_gold, score

    golds = {gold.question: gold for gold in read_gold(path)}
    return [one.question for one in answers if one.question in golds and score(golds[one.question], one).correct]
