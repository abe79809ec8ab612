"""Chinese statutes: is an article found by a question in other words than its own.

    KGQA_DATA=DATA python -m benchmarks.statutes [--work FOLDER] [--questions FILE] [--misses] [-o RESULT.json]

Makes a knowledge base of ``$KGQA_DATA/legal/zh-laws.tar.xz`` (one passage for each article) and asks the questions of
``benchmarks/zh/statutes.jsonl``, by words, by meaning, by both, and with the reranker. A law that lies there in several
editions has one article several times: any edition's article that says nearly the same counts as found.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kgqa
from kgqa.types import Passage

QUESTIONS = Path(__file__).parent / "zh" / "statutes.jsonl"
MODES = ("lexical", "dense", "hybrid", "rerank")
DEPTH = 10
_SAME = 0.7


def main() -> None:
    """Build, ask and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder that keeps the knowledge base for the next run")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--mode", action="append", choices=MODES, help="only this one; may be repeated")
    parser.add_argument(
        "--misses", action="store_true", help="print the questions whose article is not among the first 5"
    )
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    data = os.environ.get("KGQA_DATA")
    if not data:
        parser.error("set KGQA_DATA to the folder of the data sets")
    if args.work:
        args.work.mkdir(parents=True, exist_ok=True)
        figures = measure(Path(data), args.work, args.questions, args.mode or MODES, args.misses)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(Path(data), Path(folder), args.questions, args.mode or MODES, args.misses)
    text = json.dumps(figures, ensure_ascii=False, indent=1)
    print(text)
    if args.output:
        args.output.write_text(text + "\n", encoding="utf-8")


def measure(data: Path, work: Path, questions: Path, modes: Sequence[str], misses: bool) -> dict[str, Any]:
    """Return recall at 1, 5 and 10 and the mean reciprocal rank of each mode."""
    kb = kgqa.open(knowledge_base(data, work))
    rows = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    figures: dict[str, Any] = {"questions": len(rows), "passages": kb.stats()["passages"]}
    articles = Articles(kb)
    for mode in modes:
        ranks = [rank(kb.search(row["question"], k=DEPTH, mode=mode), row, articles) for row in rows]
        figures[mode] = {f"recall@{k}": sum(r < k for r in ranks) / len(ranks) for k in (1, 5, 10)}
        figures[mode]["mrr@10"] = round(sum(1 / (1 + r) for r in ranks if r < DEPTH) / len(ranks), 4)
        if misses:
            figures[mode]["misses"] = [row["question"] for row, r in zip(rows, ranks, strict=True) if r >= 5]
    return figures


def knowledge_base(data: Path, work: Path) -> Path:
    """Unpack the statutes into a knowledge base and build it; return its folder."""
    folder = work / "kb" / "zh-laws"
    if not folder.is_dir():
        with tarfile.open(data / "legal" / "zh-laws.tar.xz") as archive:
            archive.extractall(folder / "documents", filter="data")
        for contents in folder.rglob("_index.md"):
            contents.unlink()
        (folder / "kb.toml").write_text('title = "法律"\nlanguages = ["zh"]\n', encoding="utf-8")
    kgqa.build(folder)
    return folder


class Articles:
    """The texts of all articles by law (without its date) and number."""

    def __init__(self, kb: Any) -> None:
        self._texts: dict[tuple[str, str], list[str]] = {}
        for doc_id, _ in kb.documents():
            document = kb.document(doc_id)
            for section in document.sections:
                name = section.heading.split(" ")[0]
                if name.startswith("第") and "条" in name:
                    text = document.text[section.start : section.end]
                    self._texts.setdefault((law_of(doc_id), name), []).append(text)

    def texts(self, law: str, article: str) -> list[str]:
        """Return what an article says in the edition that is named, or in all editions for a law without date."""
        return self._texts.get((law, article), [])


def rank(hits: Sequence[Any], row: dict[str, str], articles: Articles) -> int:
    """Return the place of the first right passage, counted from 0; ``DEPTH`` where there is none."""
    golden = articles.texts(row["law"], row["article"])
    if not golden:
        raise ValueError(f"{row['law']} has no {row['article']}")
    for place, hit in enumerate(hits):
        if right(hit.passage, row, golden):
            return place
    return DEPTH


def right(passage: Passage, row: dict[str, str], golden: Sequence[str]) -> bool:
    """Tell whether a passage is the article, or that of another edition which says nearly the same."""
    if _undated(law_of(passage.doc_id)) != _undated(row["law"]):
        return False
    article = passage.heading.rsplit(" > ", 1)[-1].split(" ")[0]
    if law_of(passage.doc_id) == row["law"] and article == row["article"]:
        return True
    return any(_alike(passage.text, text) >= _SAME for text in golden)


def law_of(doc_id: str) -> str:
    """Return a law's file name without folder and suffix."""
    return Path(doc_id).stem


def _undated(law: str) -> str:
    return re.sub(r"\(\d.*", "", law)


def _alike(one: str, other: str) -> float:
    """Return the Dice coefficient of the pairs of neighbouring characters."""
    a, b = _pairs(one), _pairs(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def _pairs(text: str) -> set[str]:
    bare = re.sub(r"\W", "", text)
    return {bare[at : at + 2] for at in range(len(bare) - 1)}


if __name__ == "__main__":
    main()
