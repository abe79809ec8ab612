"""A reader of one's own put in force for a knowledge base, if it passes the gate; and taken back.

The readers stand beside the index, ``INDEX/models/reader/<version>``; see :mod:`kgqa.models.registry`. Without one the reader
that ``kb.toml`` names is in force.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kgqa.errors import ModelError, UsageError
from kgqa.models import registry
from kgqa.types import Document

READER = "reader"
TOLERANCE = 0.5
"""Points of F1 that a reader may lose on any of the gate's sets."""

CONTEXT = 700
"""Characters on each side of a span of the acceptance questions that the gate gives to read."""

Squad = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a reader at the gate.

    :param before: F1 of the reader in force on each of the gate's sets; ``after`` of the new one.
    :param fault: why it was not promoted; empty when it was.
    """

    version: str
    before: Mapping[str, float]
    after: Mapping[str, float]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """A step in the history of the readers of a knowledge base."""

    at: str
    action: str
    version: str
    figures: Mapping[str, float]


def reader_in_force(index: Path) -> Path | None:
    """Return the folder of the promoted reader, ``None`` when there is none.

    :param index: folder of the index's generations.
    """
    root = index / "models"
    return root / READER / registry.current(root, READER) if (root / READER / "CURRENT").is_file() else None


def promote_reader(
    index: Path,
    folder: Path,
    gate: Mapping[str, Squad],
    *,
    tolerance: float = TOLERANCE,
    progress: Callable[[str], None] | None = None,
) -> Outcome:
    """Put a reader in force unless it reads worse than the one before: its predecessor, or the built-in reader.

    :param gate: questions with known answers in SQuAD's format, by the name of the set.
    :param progress: called with the name of each set before it is read.
    :raises UsageError: the gate has no question.
    :raises ModelError: the folder holds no sound reader.
    """
    from kgqa.evaluation.squad import evaluate
    from kgqa.reading.extractive import OnnxReader

    sets = {name: data for name, data in gate.items() if _count(data)}
    if not sets:
        raise UsageError(
            "the gate has no question; accept feedback, add spans to questions.jsonl, or give a SQuAD file"
        )
    figures: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as work:
        files = {name: Path(work) / f"{number}.json" for number, name in enumerate(sets)}
        for name, file in files.items():
            file.write_text(json.dumps(sets[name], ensure_ascii=False), encoding="utf-8")

        def measure(model: Path) -> dict[str, float]:
            reader = OnnxReader(model)
            figures.append({})
            for name, file in files.items():
                if progress:
                    progress(name)
                figures[-1][name] = evaluate(file, reader)["f1"]
            return figures[-1]

        try:
            entry = registry.promote(folder, index / "models", READER, measure=measure, tolerance=tolerance)
        except ModelError as fault:
            if len(figures) < 2:
                raise
            return Outcome("", figures[0], figures[1], str(fault))
    return Outcome(entry.version, figures[0], figures[1])


def take_back(index: Path) -> str:
    """Put the reader before the present one in force again; return its version, empty for the one that ``kb.toml`` names.

    :raises UsageError: no reader was promoted.
    """
    root = index / "models"
    if reader_in_force(index) is None:
        raise UsageError("no reader was promoted here; there is nothing to take back")
    now = registry.current(root, READER)
    if any(version < now for version in _versions(root / READER)):
        return registry.rollback(root, READER).version
    (root / READER / "CURRENT").unlink()
    row = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "version": "", "action": "rollback", "from": now}
    with (root / READER / "history.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(row) + "\n")
    return ""


def _versions(home: Path) -> list[str]:
    return [folder.name for folder in home.glob("v*") if folder.is_dir()]


def past(index: Path) -> list[Past]:
    """Return what was promoted and taken back, latest first."""
    file = index / "models" / READER / "history.jsonl"
    if not file.is_file():
        return []
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Past(row["at"], row["action"], row["version"], row.get("figures", {})) for row in reversed(rows)]


def acceptance_spans(folder: Path, document: Callable[[str], Document]) -> Squad:
    """Return the acceptance questions of a knowledge base that name the span of their answer, in SQuAD's format.

    A span whose ``quote`` no longer stands there is left out; one without is taken as it is.

    :param folder: of its sources.
    :param document: gives a document by id; one that is gone is left out.
    """
    file = folder / "questions.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []
    articles = []
    for row in rows:
        for span in row.get("spans", ())[:1]:
            try:
                text = document(span["document"]).text
            except UsageError:
                continue
            there = text[span["start"] : span["end"]]
            if there and there == span.get("quote", there):
                articles.append(_article(row, span, text))
    return {"version": "v2.0", "data": articles}


def _article(row: Mapping[str, Any], span: Mapping[str, Any], text: str) -> dict[str, Any]:
    left = max(0, span["start"] - CONTEXT)
    accepted = [answer for answer in row.get("answers", ()) if answer] or [text[span["start"] : span["end"]]]
    answers = [{"text": answer, "answer_start": span["start"] - left} for answer in accepted]
    asked = {"id": str(row.get("id", row["question"])), "question": row["question"], "is_impossible": False}
    paragraph = {"context": text[left : span["end"] + CONTEXT], "qas": [{**asked, "answers": answers}]}
    return {"title": span["document"], "paragraphs": [paragraph]}


def _count(data: Squad) -> int:
    return sum(len(p["qas"]) for article in data.get("data", ()) for p in article["paragraphs"])
