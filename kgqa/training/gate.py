"""What a model must not lose when it is promoted: figures on evaluation files, in points of 0 to 100."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kgqa.errors import UsageError
from kgqa.evaluation.squad import evaluate
from kgqa.models.registry import WEIGHTS
from kgqa.training.pairs import Exam, by_scores, by_vectors, exam, read_pairs

if TYPE_CHECKING:
    from kgqa.graph.store import GraphStore
    from kgqa.protocols import Linker

    Graph = tuple[GraphStore, Linker]

Measure = Callable[[Path], Mapping[str, float]]


def measure_of(kind: str, files: Sequence[Path], split: str = "test", graph: Graph | None = None) -> Measure:
    """Return what measures a model folder of a kind.

    :param kind: ``reader`` (SQuAD files, F1), ``encoder`` or ``reranker`` (BEIR folders, pairs or SQuAD files, nDCG@10),
        ``paths`` (files of questions with the IRIs of their answers, sets that are exactly right).
    :param split: which judgements of a BEIR folder.
    :param graph: store and linker of the knowledge base that paths were learnt for.
    :raises UsageError: there is no measure for this kind, or a file is of no known form.
    """
    if kind == "reader":
        return _reader(files)
    if kind == "paths":
        return _paths_measure(files, graph)
    if kind not in ("encoder", "reranker"):
        raise UsageError(f"a {kind} model cannot be measured on files; promote it without --gate")
    exams = {path.name: _exam(path, split) for path in files}
    ranker = _encoder if kind == "encoder" else _reranker
    return lambda folder: {f"{name} ndcg@10": 100 * ranker(folder, one) for name, one in exams.items()}


def _paths_measure(files: Sequence[Path], graph: Graph | None) -> Measure:
    from kgqa.evaluation.answers import read_gold
    from kgqa.graph.answer import GraphSearch
    from kgqa.training.kb_paths import exact

    if graph is None:
        raise UsageError(
            "a paths model is measured on the graph that it was learnt for; name its knowledge base with --kb"
        )
    store, linker = graph
    sets = {path.name: [gold for gold in read_gold(path) if gold.iris and gold.kind == "entities"] for path in files}
    if empty := [name for name, golds in sets.items() if not golds]:
        raise UsageError(f"{empty[0]}: no question in it has answer_iris, so it cannot judge paths")

    def measure(folder: Path) -> dict[str, float]:
        # The built-in paths are in force for no knowledge base that does not name them: answering without any is compared with.
        search = GraphSearch(store, None, None if folder == WEIGHTS / "paths" else folder)
        return {f"{name} exact": 100 * exact(search, linker, golds) for name, golds in sets.items()}

    return measure


def _reader(files: Sequence[Path]) -> Measure:
    """Return a measure of reader folders: F1 on each SQuAD file.

    :param files: at least one.
    """

    def measure(folder: Path) -> dict[str, float]:
        from kgqa.reading.extractive import OnnxReader

        reader = OnnxReader(folder)
        return {f"{path.name} f1": evaluate(path, reader)["f1"] for path in files}

    return measure


def _exam(path: Path, split: str) -> Exam:
    pairs = read_pairs([path], split)
    return exam(pairs.questions, pairs.passages)


def _encoder(folder: Path, one: Exam) -> float:
    from kgqa.retrieval.encoder import OnnxEncoder

    return by_vectors(one, OnnxEncoder(folder))["ndcg@10"]


def _reranker(folder: Path, one: Exam) -> float:
    from kgqa.retrieval.rerank import CrossEncoderReranker

    return by_scores(one, CrossEncoderReranker(folder))["ndcg@10"]
