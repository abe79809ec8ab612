"""Speed and quality of retrieval, as ratios in one run.

    python benchmarks/retrieval.py [--data FOLDER_OF_BEIR_FOLDERS] [--sizes 5000 100000] [-o RESULT.json]

Speed needs no data: passages are made of words drawn by Zipf's law and vectors in clusters; only queries, and the passages
of the build rate, are really encoded. The build rate stands beside sentence-transformers fp32 on the same texts, the two
taking turns. With ``--data``, nDCG@10 and recall of each mode are measured on every BEIR folder in it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import kgqa
from kgqa.evaluation.retrieval import Corpus, read_collection
from kgqa.retrieval.dense import DenseIndex
from kgqa.retrieval.encoder import OnnxEncoder
from kgqa.retrieval.hybrid import HybridRetriever
from kgqa.retrieval.lexical import LexicalIndex
from kgqa.store.passages import PassageStore, PassageWriter
from kgqa.types import Document, Filters, Passage

ENCODER = Path(kgqa.__file__).parent / "models" / "weights" / "encoder"
WORDS = 40_000


def main() -> None:
    """Run what the arguments ask for and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=[5000, 100_000])
    parser.add_argument("--passages", type=int, default=64, help="passages encoded in each turn of the build rate")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    encoder = OnnxEncoder(ENCODER)
    result: dict[str, Any] = {"commit": _commit(), "machine": _machine()}
    result["open_encoder_ms"] = _milliseconds(lambda _: OnnxEncoder(ENCODER), range(3))["cpu_p50"]
    result["build"] = build_rate(encoder, options.passages, options.turns)
    result["search"] = {str(size): search_times(encoder, size) for size in options.sizes}
    if options.data:
        result["quality"] = {folder.name: quality(encoder, folder) for folder in sorted(options.data.iterdir())}
    result["load_after"] = os.getloadavg()
    text = json.dumps(result, indent=1)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")


def build_rate(encoder: OnnxEncoder, count: int, turns: int) -> dict[str, float]:
    """Return passages a second of the built-in encoder and of sentence-transformers fp32, and their ratio.

    The two take turns over the same texts; the ratio is the median of the turns' ratios.
    """
    rng = np.random.default_rng(1)
    texts = [made_text(rng, 150) for _ in range(count)]
    rates: dict[str, list[float]] = {"builtin": [], "sentence_transformers": []}
    reference = _reference()
    reference(texts[:2])
    encoder.encode(texts[:2])
    for _ in range(turns):
        for name, encode in (("builtin", encoder.encode), ("sentence_transformers", reference)):
            began = time.perf_counter()
            encode(texts)
            rates[name].append(count / (time.perf_counter() - began))
    pairs = zip(rates["builtin"], rates["sentence_transformers"], strict=True)
    found = {name: round(float(np.median(values)), 1) for name, values in rates.items()}
    return {**found, "ratio": round(float(np.median([one / other for one, other in pairs])), 2)}


def _reference() -> Callable[[Sequence[str]], Any]:
    import torch
    from sentence_transformers import SentenceTransformer

    from kgqa.training.export import base_folder

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = SentenceTransformer(str(base_folder()), device="cpu")
    return lambda texts: model.encode(list(texts), batch_size=32, show_progress_bar=False)


def search_times(encoder: OnnxEncoder, size: int, queries: int = 200) -> dict[str, Any]:
    """Return milliseconds of each mode, of its parts, and of filtered search over ``size`` passages."""
    rng = np.random.default_rng(2)
    passages = [_made_passage(rng, number) for number in range(size)]
    vectors = _made_vectors(rng, size, encoder.dim)
    questions = [made_text(rng, 9) for _ in range(queries)]
    scratch = Path(os.environ.get("TMPDIR", "/tmp")) / f"kgqa-bench-{os.getpid()}.sqlite"
    try:
        with PassageWriter(scratch) as writer:
            for passage in passages:
                writer.add(Document(passage.doc_id, passage.title, "", "text/plain", "en"), [passage])
        store = PassageStore(scratch)
        began = time.perf_counter()
        lexical = LexicalIndex.build(passages)
        lexical_seconds = time.perf_counter() - began
        began = time.perf_counter()
        dense = DenseIndex.build(vectors)
        dense_seconds = time.perf_counter() - began
        found = _search_times(HybridRetriever(store, lexical, dense, encoder), encoder, lexical, dense, questions)
    finally:
        scratch.unlink(missing_ok=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    build = {"lexical_seconds": round(lexical_seconds, 2), "dense_seconds": round(dense_seconds, 2)}
    return {"dense": dense.kind, **build, "peak_mb": peak, **found}


def _search_times(
    retriever: HybridRetriever, encoder: OnnxEncoder, lexical: LexicalIndex, dense: DenseIndex, questions: list[str]
) -> dict[str, Any]:
    rows = [encoder.encode([question], "query") for question in questions]
    one_in_hundred = Filters(documents=frozenset(f"{number}.md" for number in range(0, len(lexical), 100)))
    runs: dict[str, tuple[Callable[[Any], Any], Sequence[Any]]] = {
        "encode": (lambda question: encoder.encode([question], "query"), questions),
        "bm25": (lambda question: lexical.search(question, 100), questions),
        "vectors": (lambda row: dense.search(row, 100), rows),
        "hybrid": (lambda question: retriever.retrieve([question], 10), questions),
        "hybrid_filtered": (lambda question: retriever.retrieve([question], 10, filters=one_in_hundred), questions),
    }
    return {name: _milliseconds(*run) for name, run in runs.items()}


def _milliseconds(run: Callable[[Any], Any], inputs: Sequence[Any]) -> dict[str, float]:
    run(inputs[0])
    wall, cpu = [], []
    for one in inputs:
        began, began_cpu = time.perf_counter(), time.thread_time()
        run(one)
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.thread_time() - began_cpu))
    # A query runs on one thread, so its processor time is what it would take on an idle machine.
    found = {name: round(float(np.percentile(wall, at)), 2) for name, at in (("p50", 50), ("p95", 95))}
    return {**found, "cpu_p50": round(float(np.median(cpu)), 2)}


def quality(encoder: OnnxEncoder, folder: Path) -> dict[str, dict[str, float]]:
    """Return the metrics of each mode on a BEIR folder, on the first split that it has."""
    split = sorted((folder / "qrels").glob("*.tsv"))[0].stem
    corpus = Corpus(read_collection(folder, split), encoder)
    modes = ("lexical", "dense", "hybrid")
    return {mode: {name: round(value, 4) for name, value in corpus.measure(mode).items()} for mode in modes}


def made_text(rng: np.random.Generator, words: int) -> str:
    """Return text of words drawn by Zipf's law."""
    return " ".join(f"w{min(int(rank), WORDS):x}" for rank in rng.zipf(1.3, words))


def _made_passage(rng: np.random.Generator, number: int) -> Passage:
    text = made_text(rng, 120)
    return Passage(f"{number}", f"{number}.md", text, "en", 0, len(text), title=f"title w{number % 977:x}")


def _made_vectors(rng: np.random.Generator, size: int, dim: int) -> Any:
    centres = rng.normal(size=(500, dim))
    rows = centres[rng.integers(0, 500, size)] + rng.normal(size=(size, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _machine() -> dict[str, Any]:
    return {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version(), "load": os.getloadavg()}


if __name__ == "__main__":
    main()
