"""Run a knowledge base over gold questions: text-only, graph-only and fused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from kgqa.evaluation.answers import Gold, filters_of, read_gold, report, score
from kgqa.qa import BOTH, Request, Side
from kgqa.types import Answer

MODES: dict[str, frozenset[Side]] = {
    "text_only": frozenset({"text"}),
    "graph_only": frozenset({"graph"}),
    "fused": BOTH,
}
Step = Callable[[str, int, int], None]


class Answering(Protocol):
    """What is evaluated."""

    def answer(self, requests: Sequence[Request], *, sides: frozenset[Side]) -> list[Answer]:
        """Answer each request from the given sides."""


def evaluate(
    path: Path,
    base: Answering,
    *,
    modes: Sequence[str] = tuple(MODES),
    limit: int | None = None,
    errors: Path | None = None,
    progress: Step | None = None,
) -> dict[str, Any]:
    """Answer each question of a file in each mode, one by one as a user would, and report.

    :param errors: receives a JSONL row for each question that the last mode got wrong.
    :raises SourceError: the file is not readable as questions.
    """
    golds = read_gold(path)[:limit]
    figures: dict[str, Any] = {"file": path.name, "n": len(golds), "modes": {}}
    for mode in modes:
        answers, seconds = _answers(golds, base, mode, progress)
        figures["modes"][mode] = report(golds, answers, seconds)
    if errors and golds:
        _write_errors(errors, golds, answers)
    return figures


def _answers(
    golds: Sequence[Gold], base: Answering, mode: str, progress: Step | None
) -> tuple[list[Answer], list[float]]:
    answers, seconds = [], []
    for done, gold in enumerate(golds, 1):
        began = time.perf_counter()
        answers += base.answer([Request(gold.question, filters_of(gold))], sides=MODES[mode])
        seconds.append(time.perf_counter() - began)
        if progress:
            progress(mode, done, len(golds))
    return answers, seconds


def _write_errors(path: Path, golds: Sequence[Gold], answers: Sequence[Answer]) -> None:
    with path.open("w", encoding="utf-8") as out:
        for gold, answer in zip(golds, answers, strict=True):
            if not score(gold, answer).correct:
                row = {
                    "id": gold.id,
                    "family": gold.family,
                    "question": gold.question,
                    "gold": list(gold.answers)[:10] or list(gold.documents)[:3],
                    "said": list(answer.items)[:10],
                    "reason": answer.reason,
                    "confidence": round(answer.confidence, 3),
                    "links": [
                        f"{link.mention} -> {link.label} ({link.method} {link.score:.2f})" for link in answer.links
                    ][:8],
                    "evidence": [e.sparql or (e.passage.doc_id if e.passage else "") for e in answer.evidence][:3],
                    "alternatives": [f"{c.side}: {', '.join(c.items)[:120]}" for c in answer.alternatives],
                }
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
