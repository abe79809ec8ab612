"""What a model must not lose when it is promoted: figures on evaluation files, in points of 0 to 100."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kgqa.errors import UsageError
from kgqa.evaluation.gate import squad_measure
from kgqa.training.pairs import Exam, by_scores, by_vectors, exam, read_pairs

Measure = Callable[[Path], Mapping[str, float]]


def measure_of(kind: str, files: Sequence[Path], split: str = "test") -> Measure:
    """Return what measures a model folder of a kind.

    :param kind: ``reader`` (SQuAD files, F1), ``encoder`` or ``reranker`` (BEIR folders, pairs or SQuAD files, nDCG@10).
    :param split: which judgements of a BEIR folder.
    :raises UsageError: there is no measure for this kind, or a file is of no known form.
    """
    if kind == "reader":
        return squad_measure(files)
    if kind not in ("encoder", "reranker"):
        raise UsageError(f"a {kind} model cannot be measured on files; promote it without --gate")
    exams = {path.name: _exam(path, split) for path in files}
    ranker = _encoder if kind == "encoder" else _reranker
    return lambda folder: {f"{name} ndcg@10": 100 * ranker(folder, one) for name, one in exams.items()}


def _exam(path: Path, split: str) -> Exam:
    pairs = read_pairs([path], split)
    return exam(pairs.questions, pairs.passages)


def _encoder(folder: Path, one: Exam) -> float:
    from kgqa.retrieval.encoder import OnnxEncoder

    return by_vectors(one, OnnxEncoder(folder))["ndcg@10"]


def _reranker(folder: Path, one: Exam) -> float:
    from kgqa.retrieval.rerank import CrossEncoderReranker

    return by_scores(one, CrossEncoderReranker(folder))["ndcg@10"]
