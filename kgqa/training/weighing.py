"""Before and after: size, speed in the same run, and quality of model folders, and the limit on what may be lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from kgqa.errors import ModelError, UsageError
from kgqa.evaluation.squad import Example, draw, passage_of, predict, read_examples, score
from kgqa.reading.extractive import load_tokenizer
from kgqa.training.stages import Stage, untold
from kgqa.types import Hit

Measure = Callable[[Path], Mapping[str, float]]
_ROUNDS, _LENGTH = 9, 160


@dataclass(frozen=True, slots=True)
class Limit:
    """How much quality compression may cost.

    :param files: what quality is measured on: for a reader SQuAD files (F1); for an encoder SQuAD files (does a question
        find its passage, MRR@10) or folders in BEIR's format (nDCG@10); for a reranker SQuAD files (MRR@10).
    :param loss: points of 100 that may be lost on any of them; with ``None`` nothing stops it.
    :param questions: of each file at most, drawn at random.
    """

    files: tuple[Path, ...] = ()
    loss: float | None = 0.5
    questions: int | None = None


def measure_of(kind: str, limit: Limit) -> Measure:
    """Return what measures model folders of a kind: points by the name of the file.

    :raises UsageError: a file that is not there.
    """
    missing = [path for path in limit.files if not path.exists()]
    if missing:
        raise UsageError(f"{missing[0]}: no such file; give SQuAD files, or for an encoder folders in BEIR's format")
    one = {"reader": _reader, "encoder": _encoder, "reranker": _reranker}[kind]
    return lambda folder: {path.name: one(folder, path, limit.questions) for path in limit.files}


def _reader(folder: Path, path: Path, questions: int | None) -> float:
    from kgqa.reading.extractive import OnnxReader

    examples = read_examples(path)
    nulls = any(not example.answers for example in examples)
    chosen = draw(examples, questions)
    return score(chosen, predict(chosen, OnnxReader(folder), nulls=nulls))["f1"]


def _encoder(folder: Path, path: Path, questions: int | None) -> float:
    from kgqa.retrieval.encoder import OnnxEncoder

    encoder = OnnxEncoder(folder)
    if path.is_dir():
        from kgqa.evaluation.retrieval import evaluate as retrieve

        return 100 * retrieve(path, "test", "dense", encoder=encoder)["ndcg@10"]
    examples = _answered(path, questions)
    contexts = list(dict.fromkeys(e.context for e in examples))
    near = encoder.encode([e.question for e in examples], "query") @ encoder.encode(contexts).T
    at = {context: number for number, context in enumerate(contexts)}
    own = np.array([at[e.context] for e in examples])
    ranks = 1 + (near > np.take_along_axis(near, own[:, None], 1)).sum(1)
    return 100 * float(np.where(ranks <= 10, 1 / ranks, 0).mean())


def _reranker(folder: Path, path: Path, questions: int | None) -> float:
    from kgqa.retrieval.rerank import CrossEncoderReranker

    if path.is_dir():
        raise UsageError(f"{path}: rerankers are measured on SQuAD files, not on folders")
    examples = _answered(path, questions)
    lists = [[Hit(passage_of(other), 0.0) for other in _neighbours(examples, at)] for at in range(len(examples))]
    ranked = CrossEncoderReranker(folder, blend=1.0).rerank([e.question for e in examples], lists)
    ranks = [
        next(rank for rank, hit in enumerate(hits, 1) if hit.passage.text == example.context)
        for example, hits in zip(examples, ranked, strict=True)
    ]
    return 100 * float(np.mean([1 / rank for rank in ranks]))


def _answered(path: Path, questions: int | None) -> list[Example]:
    examples = [e for e in read_examples(path) if e.answers]
    if not examples:
        raise UsageError(f"{path}: has no answerable questions to measure on")
    return draw(examples, questions)


def _neighbours(examples: Sequence[Example], at: int, count: int = 10) -> list[Example]:
    """Return examples of different passages around one, itself among them but not always first."""
    seen: dict[str, Example] = {}
    for step in range(len(examples)):
        other = examples[(at + step) % len(examples)]
        seen.setdefault(other.context, other)
        if len(seen) == count:
            break
    return sorted(seen.values(), key=lambda e: e.context)


def weigh(folders: Mapping[str, Path], measure: Measure, stage: Stage = untold) -> dict[str, dict[str, Any]]:
    """Return for each model folder ``megabytes``, ``texts_per_second`` and ``quality`` by file.

    Speeds are of one thread and one text of 160 tokens at a time, all models in turn in the same run: other work on the
    machine slows all of them alike.
    """
    stage("measuring speed", 0, 1)
    rates = _rates(folders)
    stage("measuring speed", 1, 1)
    rows: dict[str, dict[str, Any]] = {}
    for name, folder in folders.items():
        stage("measuring quality", len(rows), len(folders))
        rows[name] = {
            "megabytes": round((folder / "model.onnx").stat().st_size / 1e6, 2),
            "texts_per_second": round(rates[name], 1),
            "quality": {file: round(points, 2) for file, points in measure(folder).items()},
        }
    stage("measuring quality", len(rows), len(folders))
    return rows


def _rates(folders: Mapping[str, Path]) -> dict[str, float]:
    runs = {name: _runner(folder) for name, folder in folders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(_ROUNDS + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if number:  # the first run only warms up
                seconds[name].append(time.perf_counter() - began)
    return {name: 1 / median(found) for name, found in seconds.items()}


def _runner(folder: Path) -> Callable[[], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    size = load_tokenizer(folder).get_vocab_size()
    length = min(_LENGTH, _longest(session))
    ids = np.random.default_rng(1).integers(5, size, (1, length))
    known = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    given = {node.name: known[node.name] for node in session.get_inputs()}
    return lambda: session.run(None, given)


def _longest(session: Any) -> int:
    """Return the longest text that a model takes, found by trying: the file does not say it."""
    for length in (_LENGTH, 96, 64, 32, 16):
        ids = np.full((1, length), 5, dtype=np.int64)
        known = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        try:
            session.run(None, {node.name: known[node.name] for node in session.get_inputs()})
        except Exception:  # onnxruntime raises classes of its own without a common base
            continue
        return length
    return 8


def within(rows: Mapping[str, Mapping[str, Any]], limit: Limit) -> None:
    """Check that the last row has not lost more than the limit against the first.

    :raises ModelError: it has; the message names the file and both figures.
    """
    first, *_, last = [row["quality"] for row in rows.values()]
    for name, before in first.items():
        if limit.loss is not None and last[name] < before - limit.loss:
            raise ModelError(
                f"{name}: falls from {before:.2f} to {last[name]:.2f}, more than the {limit.loss} points allowed; "
                "nothing was written; compress less or allow more"
            )


def table(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the lines of a table of before and after."""
    files = list(next(iter(rows.values()))["quality"])
    lines = [f"{'':<16}{'MB':>8}{'texts/s':>9}" + "".join(f"{file[:22]:>24}" for file in files)]
    for name, one in rows.items():
        cells = "".join(f"{one['quality'][file]:>24.2f}" for file in files)
        lines.append(f"{name:<16}{one['megabytes']:>8.1f}{one['texts_per_second']:>9.1f}{cells}")
    return lines
