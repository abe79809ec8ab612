"""Measure batches beside questions asked one by one: ``python -m benchmarks.batch KB [--questions N] [--rounds N] [--matrix N]
[--commands N]``.

Both ways answer the same questions in one process, in turns, and must give the same answers. Beside the ratio of rates stand
the processor seconds of a question and the share of the cores that asking one by one keeps busy: a batch can gain the rest of
that share; more must come from work that questions share. ``--matrix`` asks three clauses of so many documents. ``--commands``
asks so many of the questions by a ``kgqa ask`` each, as somebody without batches would.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgqa.types import Filters

CLAUSES = (
    "Which law governs this agreement?",
    "How much notice is needed to terminate this agreement?",
    "Is there a cap on liability?",
)


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kb")
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument(
        "--matrix", type=int, default=0, help="documents of a matrix instead of the acceptance questions"
    )
    parser.add_argument("--commands", type=int, default=0, help="questions that are also asked by a command each")
    options = parser.parse_args()
    import kgqa
    from kgqa.types import Filters

    base = kgqa.open(options.kb)
    lines = (Path(options.kb) / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines][:: max(1, len(lines) // options.questions)]
    questions, limits = questions[: options.questions], [Filters()] * options.questions
    if options.matrix:
        documents = [doc_id for doc_id, _ in base.documents()][: options.matrix]
        questions = [clause for _ in documents for clause in CLAUSES]
        limits = [Filters(documents=frozenset({doc_id})) for doc_id in documents for _ in CLAUSES]
    limits = limits[: len(questions)]
    base.ask_many(questions[:4], filters=limits[:4])
    alone, together = [], []
    for _ in range(options.rounds):
        alone.append(_timed(lambda: [base.ask(q, filters=f) for q, f in zip(questions, limits, strict=True)]))
        together.append(_timed(lambda: base.ask_many(questions, filters=limits)))
        same = [_told(a) for a in alone[-1]["answers"]] == [_told(a) for a in together[-1]["answers"]]
        if not same:
            raise SystemExit("a batch gives other answers than questions one by one")
    figures = _figures(alone, together, len(questions))
    if options.commands:
        asked = list(zip(questions, limits, strict=True))[:: max(1, len(questions) // options.commands)][
            : options.commands
        ]
        figures |= _by_command(options.kb, asked, figures["batch_per_second"])
    print(json.dumps(figures, indent=1))


def _timed(work: Any) -> dict[str, Any]:
    began, busy = time.perf_counter(), time.process_time()
    answers = work()
    return {"answers": answers, "seconds": time.perf_counter() - began, "processor": time.process_time() - busy}


def _by_command(kb: str, asked: Sequence[tuple[str, Filters]], batch_per_second: float) -> dict[str, Any]:
    """Ask each question by a command of its own."""
    began, spent = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    for question, limit in asked:
        documents = [arg for doc_id in limit.documents or () for arg in ("--document", doc_id)]
        program = "from kgqa.cli.main import main; main()"
        subprocess.run(
            [sys.executable, "-c", program, "ask", question, "--kb", kb, *documents, "--json"],
            check=True,
            capture_output=True,
        )
    seconds, now = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime
    return {
        "commands": len(asked),
        "commands_per_second": len(asked) / seconds,
        "ratio_to_commands": batch_per_second * seconds / len(asked),
        "processor_seconds_command": processor / len(asked),
    }


def _told(answer: Any) -> Any:
    return dataclasses.replace(answer, seconds={})


def _figures(alone: list[dict[str, Any]], together: list[dict[str, Any]], count: int) -> dict[str, Any]:
    one, many = (min(runs, key=lambda run: run["seconds"]) for runs in (alone, together))
    cores = len(os.sched_getaffinity(0))
    return {
        "cores": cores,
        "questions": count,
        "one_by_one_per_second": count / one["seconds"],
        "batch_per_second": count / many["seconds"],
        "ratio": one["seconds"] / many["seconds"],
        "processor_seconds_one_by_one": one["processor"] / count,
        "processor_seconds_batch": many["processor"] / count,
        "cores_busy_one_by_one": one["processor"] / one["seconds"] / cores,
        "cores_busy_batch": many["processor"] / many["seconds"] / cores,
    }


if __name__ == "__main__":
    main()
