"""Training on a knowledge base's own questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kgqa.errors import UsageError
from kgqa.evaluation.answers import read_gold
from kgqa.graph.answer import GraphSearch
from kgqa.graph.likeness import Likeness
from kgqa.training.kb_paths import train_paths

SHIPS = {"Aurora": "lind", "Borealis": "lind", "Corvus": "okafor", "Dorado 𝔖": "okafor"}


def _golds(folder: Path, iri: str):
    rows = [
        {
            "id": name,
            "question": f"Under whom does the {name} sail?",
            "kind": "entities",
            "match": "all",
            "answers": [who],
            "answer_iris": [iri + who],
        }
        for name, who in SHIPS.items()
    ]
    (folder / "q.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return read_gold(folder / "q.jsonl")


def test_questions_with_iris_teach_their_paths(sea, tmp_path: Path) -> None:
    golds = _golds(tmp_path, "http://example.org/thing/")
    card = train_paths(sea.store, sea.linker, golds, tmp_path / "model", held_out=0.0)
    assert card["questions"] == 4
    question = "Under whom does the Corvus sail?"
    trained = GraphSearch(sea.store, None, tmp_path / "model").find([question], sea.linker.link([question]))[0]
    assert {label for _, label in trained[0].values} == {"Chidi Okafor"}
    assert not Likeness.load(tmp_path / "model").learnt  # four questions do not teach names of relations
    files = json.loads((tmp_path / "model" / "card.json").read_text(encoding="utf-8"))["files"]
    assert set(files) == {"memory.json", "memory.npz"}


def test_answers_that_no_walk_reaches_teach_nothing(sea, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="teaches a path"):
        train_paths(sea.store, sea.linker, _golds(tmp_path, "http://example.org/nowhere/"), tmp_path / "model")
