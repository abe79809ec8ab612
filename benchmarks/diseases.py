"""A Chinese table of diseases, made a graph by ``kb.toml`` alone, and the questions that it answers.

    KGQA_DATA=DATA python -m benchmarks.diseases [--work FOLDER] [--misses] [-o RESULT.json]

The mapping is ``benchmarks/zh/diseases.toml``; the questions are ``benchmarks/zh/diseases.jsonl``, which hold no data: what is
right is read from ``$KGQA_DATA/medical/zh-diseases-gb18030.csv.gz`` by the csv module, and written beside the knowledge base, so
that ``kgqa eval answers FOLDER/questions.jsonl --kb FOLDER`` measures the same.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import kgqa

HERE = Path(__file__).parent / "zh"
_SPLIT = {"alias": r"[,，;；、]", "treatment": r"[\s、，。]+"}
_TEXTS = ("rate", "period", "money", "age")


def main() -> None:
    """Build, ask and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder that keeps the knowledge base for the next run")
    parser.add_argument("--misses", action="store_true", help="print what was answered wrongly")
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    data = os.environ.get("KGQA_DATA")
    if not data:
        parser.error("set KGQA_DATA to the folder of the data sets")
    if args.work:
        figures = measure(Path(data), args.work, args.misses)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(Path(data), Path(folder), args.misses)
    text = json.dumps(figures, ensure_ascii=False, indent=1)
    print(text)
    if args.output:
        args.output.write_text(text + "\n", encoding="utf-8")


def measure(data: Path, work: Path, misses: bool) -> dict[str, Any]:
    """Return accuracy, whole and by form of question."""
    from kgqa.evaluation.run import evaluate

    folder = work / "kb" / "zh-diseases"
    source = data / "medical" / "zh-diseases-gb18030.csv.gz"
    (folder / "graph").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, folder / "graph" / source.name)
    shutil.copyfile(HERE / "diseases.toml", folder / "kb.toml")
    questions = folder / "questions.jsonl"
    gold = Table(source).gold(HERE / "diseases.jsonl")
    questions.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in gold), encoding="utf-8")
    report = kgqa.build(folder)
    errors = folder / "errors.jsonl"
    figures = evaluate(questions, kgqa.open(folder), modes=("fused",), errors=errors)["modes"]["fused"]
    kept = ("accuracy", "coverage", "accuracy_by_family", "accuracy_by_kind", "ece", "p50_seconds", "p95_seconds")
    found = {"questions": len(gold), "triples": report.triples, **{key: figures[key] for key in kept}}
    if misses:
        found["misses"] = [json.loads(line) for line in errors.read_text(encoding="utf-8").splitlines()]
    return found


class Table:
    """The table by disease; rows of one name are one disease."""

    def __init__(self, path: Path) -> None:
        text = gzip.decompress(path.read_bytes()).decode("gb18030")
        self._rows: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in csv.DictReader(io.StringIO(text)):
            self._rows[row["name"].strip()].append(row)

    def gold(self, questions: Path) -> list[dict[str, Any]]:
        """Return the questions as rows of an acceptance file."""
        lines = questions.read_text(encoding="utf-8").splitlines()
        return [self._gold(number, json.loads(line)) for number, line in enumerate(lines, 1)]

    def _gold(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        kind, answers = self._answer(row)
        column = str(row["column"])
        family = f"{row['form']}-{column}" if row["form"] == "of" else str(row["form"])
        match = "all" if kind == "entities" else "any"
        head = {"id": f"zh-{number:03}", "family": family, "kind": kind, "needs": "graph", "language": "zh"}
        return {**head, "question": row["question"], "answers": answers, "match": match}

    def _answer(self, row: dict[str, Any]) -> tuple[str, list[str]]:
        column = str(row["column"])
        if row["form"] == "where":
            return "entities", [name for name in self._rows if set(row["values"]) <= set(self._values(name, column))]
        if row["form"] == "yes-no":
            return "boolean", ["yes" if row["answer"] else "no"]
        values = list(self._values(str(row["of"]), column))
        if not values:
            raise ValueError(f"{row['of']} has no {column}")
        if row["form"] == "count":
            return "number", [str(len(values))]
        return ("span" if column in _TEXTS else "entities"), values

    def _values(self, name: str, column: str) -> Iterable[str]:
        cells = [re.sub(r"\[详细\]|\.\.\.", "", row[column]) for row in self._rows.get(name, [])]
        whole = column in _TEXTS
        parts = [part for cell in cells for part in ([cell] if whole else re.split(_SPLIT.get(column, r"\s+"), cell))]
        return dict.fromkeys(part.strip() for part in parts if part.strip() not in ("", "暂无相关资料"))


if __name__ == "__main__":
    main()
