"""Measure speed and memory on this machine: ``make bench``, or ``python -m benchmarks.run [--passages N] [--kb NAME]``.

Cold: a whole ``kgqa ask`` as a process. Warm: questions one after another in an open knowledge base. Batch: the same questions
together, as a ratio to one by one. Build: passages encoded per second beside sentence-transformers fp32 in the same run.
Results go to ``benchmarks/results/speed-<commit>.json``. Ratios compare; absolute times belong to the machine they were taken on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run all measures and write one JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kb", default="kb/medical", help="knowledge base to ask")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--passages", type=int, default=10_000, help="size of the generated knowledge base; 0 skips it")
    options = parser.parse_args()
    os.chdir(ROOT)
    import kgqa

    kgqa.build(options.kb)
    figures: dict[str, Any] = {"commit": _commit(), "cpus": os.cpu_count(), "python": platform.python_version()}
    figures["cold_ask_seconds"] = _cold(options.kb)
    figures["sample"] = _warm(options.kb, options.questions)
    figures["build"] = _build_rate()
    if options.passages:
        with tempfile.TemporaryDirectory() as folder:
            large = _generate(Path(folder) / "kb" / "large", Path(options.kb), options.passages)
            report = kgqa.build(large)
            figures["large"] = {"passages": report.passages, **_warm(str(large), options.questions, Path(options.kb))}
    figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    target = ROOT / "benchmarks" / "results" / f"speed-{figures['commit']}.json"
    target.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _cold(kb: str) -> dict[str, float]:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        command = [sys.executable, "-m", "kgqa.cli.main", "ask", _questions(Path(kb))[0], "--kb", kb]
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return {"min": min(times), "median": statistics.median(times)}


def _questions(kb: Path) -> list[str]:
    rows = (kb / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["question"] for row in rows]


def _warm(kb: str, count: int, asked_of: Path | None = None) -> dict[str, float]:
    import kgqa

    base = kgqa.open(kb)
    questions = _questions(asked_of or Path(kb))[:count]
    base.ask_many(questions[:4])
    times, searches = [], []
    for question in questions:
        began = time.perf_counter()
        base.ask(question)
        times.append(time.perf_counter() - began)
        began = time.perf_counter()
        base.search(question, 10, mode="hybrid")
        searches.append(time.perf_counter() - began)
    began = time.perf_counter()
    base.ask_many(questions)
    together = time.perf_counter() - began
    return {
        "questions": len(questions),
        "ask_p50": _quantile(times, 0.5),
        "ask_p95": _quantile(times, 0.95),
        "search_p50": _quantile(searches, 0.5),
        "batch_speedup": sum(times) / together,
    }


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _build_rate() -> dict[str, float]:
    """Encode the same passages with the built-in encoder and with sentence-transformers fp32, alternating."""
    from kgqa.models.making import make_encoder
    from kgqa.store.generations import Generations
    from kgqa.store.passages import PassageStore

    with Generations(ROOT / "indexes" / "medical").current() as generation:
        store = PassageStore(generation.path / "passages.sqlite")
        texts = [passage.text for passage in store.all_passages()][:400]
        store.close()
    ours = make_encoder()
    rates: dict[str, list[float]] = {"kgqa": [], "sentence_transformers": []}
    theirs = _sentence_transformer()
    for _ in range(3):
        began = time.perf_counter()
        ours.encode(texts)
        rates["kgqa"].append(len(texts) / (time.perf_counter() - began))
        began = time.perf_counter()
        theirs.encode(texts, batch_size=32)
        rates["sentence_transformers"].append(len(texts) / (time.perf_counter() - began))
    best = {name: max(values) for name, values in rates.items()}
    return {**best, "ratio": best["kgqa"] / best["sentence_transformers"], "passages": len(texts)}


def _sentence_transformer() -> Any:
    from sentence_transformers import SentenceTransformer

    from kgqa.training.export import base_folder

    return SentenceTransformer(str(base_folder()), device="cpu")


def _generate(folder: Path, sample: Path, passages: int) -> Path:
    """Make a knowledge base of about so many passages: the sample's, and made-up notes on made-up things."""
    import shutil

    for part in ("documents", "graph", "rules", "shapes", "kb.toml"):
        source = sample / part
        if source.is_dir():
            shutil.copytree(source, folder / part)
        elif source.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / part)
    made = folder / "documents" / "made"
    made.mkdir(parents=True)
    for number in range(passages // 10):
        lines = [
            f"## Note {number}-{part}\n\nUnit {number * 7919 % 9973} reported value {part * number % 613} for material "
            f"{chr(97 + number % 26)}{part}-{number % 89}. The inspection of line {number % 41} took {part + 2} hours and found "
            f"no defect in lot {number * part % 1009}; the record was signed on day {number % 365}.\n"
            for part in range(10)
        ]
        (made / f"note-{number:05d}.md").write_text(f"# Record {number}\n\n" + "\n".join(lines), encoding="utf-8")
    return folder


if __name__ == "__main__":
    main()
