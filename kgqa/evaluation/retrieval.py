"""Retrieval measured on a folder in BEIR's format.

    corpus.jsonl    {"_id", "title", "text"}       plain or .gz
    queries.jsonl   {"_id", "text"}
    qrels/test.tsv  query-id, corpus-id, score     first line is a heading

Metrics follow trec_eval: nDCG with gain ``score`` and discount ``log2(rank + 1)``; queries without a relevant
document are left out; a query without any result counts 0.
"""

from __future__ import annotations

import gzip
import json
import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import SourceError, UsageError
from kgqa.protocols import Encoder, Reranker
from kgqa.retrieval.dense import DenseIndex
from kgqa.retrieval.hybrid import HybridRetriever
from kgqa.retrieval.index import IndexConfig
from kgqa.retrieval.lexical import LexicalIndex
from kgqa.retrieval.text import headed_text
from kgqa.types import Filters, Hit, Passage

Judgements = Mapping[str, Mapping[str, int]]
"""For each query the grade of each judged document."""

Mode = Literal["lexical", "dense", "hybrid", "rerank"]
MODES: tuple[Mode, ...] = ("lexical", "dense", "hybrid", "rerank")
DEPTH = 100
RERANKED = 50
_BATCH = 256


@dataclass(frozen=True, slots=True)
class JudgedCollection:
    """A test collection.

    :param queries: id to text, those that have judgements.
    """

    passages: tuple[Passage, ...]
    queries: Mapping[str, str]
    judgements: Judgements


def read_collection(folder: Path, split: str = "test") -> JudgedCollection:
    """Read a folder in BEIR's format.

    :raises SourceError: when a file is missing or a line is malformed; names file and line.
    """
    passages = tuple(_passage(row, where) for row, where in _rows(folder, "corpus"))
    if not passages:
        raise SourceError(f"{folder} has an empty corpus.jsonl; name a folder in BEIR's format")
    judgements = _read_judgements(folder, split)
    texts = {_text(row, "_id", where): _text(row, "text", where) for row, where in _rows(folder, "queries")}
    missing = next((query for query in judgements if query not in texts), None)
    if missing is not None:
        raise SourceError(f"{folder}/queries.jsonl lacks query {missing}, which qrels/{split}.tsv judges; add it")
    return JudgedCollection(passages, {query: texts[query] for query in judgements}, judgements)


class Corpus:
    """A collection made searchable in memory, to be measured in several modes.

    :param encoder: encodes the corpus at once.
    :param progress: called with the number of passages encoded and the number of all.
    """

    def __init__(
        self,
        collection: JudgedCollection,
        encoder: Encoder,
        config: IndexConfig | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        config = config or IndexConfig()
        self.collection = collection
        texts = [headed_text(passage) for passage in collection.passages]
        parts = []
        for start in range(0, len(texts), _BATCH):
            parts.append(encoder.encode(texts[start : start + _BATCH], "passage"))
            if progress is not None:
                progress(min(start + _BATCH, len(texts)), len(texts))
        dense = DenseIndex.build(np.concatenate(parts), config.dense)
        lexical = LexicalIndex.build(collection.passages, config.lexical)
        self._retriever = HybridRetriever(_Listed(collection.passages), lexical, dense, encoder, config=config.hybrid)

    def measure(self, mode: Mode, reranker: Reranker | None = None, reranked: int = RERANKED) -> dict[str, float]:
        """Return the metrics of one mode, and ``seconds`` for all queries.

        :param reranker: needed for ``rerank``, which orders the first ``reranked`` hits of ``hybrid`` anew.
        :raises UsageError: when the mode is unknown or lacks its reranker.
        """
        if mode not in MODES:
            raise UsageError(f"mode {mode!r} is unknown; use one of: {', '.join(MODES)}")
        if mode == "rerank" and reranker is None:
            raise UsageError("mode rerank needs a reranker; none is configured")
        began = time.perf_counter()
        questions = list(self.collection.queries.values())
        hits = self._retriever.retrieve(questions, DEPTH, mode="hybrid" if mode == "rerank" else mode)
        if mode == "rerank" and reranker is not None:
            first = reranker.rerank(questions, [row[:reranked] for row in hits])
            hits = [[*new, *old[reranked:]] for new, old in zip(first, hits, strict=True)]
        seconds = time.perf_counter() - began
        rankings = {name: _names(row) for name, row in zip(self.collection.queries, hits, strict=True)}
        return {**score(rankings, self.collection.judgements), "seconds": seconds}


def evaluate(
    folder: Path, split: str = "test", mode: Mode = "hybrid", *, encoder: Encoder, reranker: Reranker | None = None
) -> dict[str, float]:
    """Measure one mode on a folder in BEIR's format.

    :returns: ``ndcg@10``, ``recall@10``, ``recall@100``, ``mrr@10``, ``n`` and ``seconds``.
    :raises SourceError: when the folder cannot be read.
    :raises UsageError: when the mode is unknown or lacks its reranker.
    """
    if mode not in MODES:
        raise UsageError(f"mode {mode!r} is unknown; use one of: {', '.join(MODES)}")
    return Corpus(read_collection(folder, split), encoder).measure(mode, reranker)


class _Listed:
    """Passages of a list, without filters, as a retriever wants them."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages

    def __len__(self) -> int:
        return len(self._passages)

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        return [self._passages[row] for row in rows]

    def rows_of(self, doc_ids: Collection[str]) -> NDArray[np.int64]:
        found = [row for row, passage in enumerate(self._passages) if passage.doc_id in doc_ids]
        return np.array(found, np.int64)

    def written(self, language: str) -> frozenset[str]:
        return frozenset(passage.doc_id for passage in self._passages if passage.language == language)

    def mask(self, filters: Filters | None) -> NDArray[np.bool_] | None:
        return None if filters is None else np.array([filters.admits(passage) for passage in self._passages], np.bool_)


def _names(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.doc_id for hit in hits]


# --- metrics ---


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Return the normalised discounted cumulative gain of the first ``depth`` documents, in [0, 1]."""
    gained = sum(grades.get(name, 0) / math.log2(rank + 2) for rank, name in enumerate(ranking[:depth]))
    perfect = sorted(grades.values(), reverse=True)[:depth]
    ideal = sum(grade / math.log2(rank + 2) for rank, grade in enumerate(perfect))
    return gained / ideal if ideal > 0 else 0.0


def recall(ranking: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """Return the share of the relevant documents among the first ``depth``, in [0, 1]."""
    relevant = {name for name, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:depth])) / len(relevant) if relevant else 0.0


def reciprocal(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Return 1 / rank of the first relevant document, 0 when it is not among the first ``depth``."""
    return next((1.0 / (rank + 1) for rank, name in enumerate(ranking[:depth]) if grades.get(name, 0) > 0), 0.0)


def score(rankings: Mapping[str, Sequence[str]], judgements: Judgements) -> dict[str, float]:
    """Return the mean of each metric over the queries that have a relevant document; ``n`` is their number."""
    judged = {query: grades for query, grades in judgements.items() if any(grade > 0 for grade in grades.values())}
    pairs = [(rankings.get(query, ()), grades) for query, grades in judged.items()]
    count = max(len(pairs), 1)
    return {
        "ndcg@10": sum(ndcg(ranking, grades) for ranking, grades in pairs) / count,
        "recall@10": sum(recall(ranking, grades, 10) for ranking, grades in pairs) / count,
        "recall@100": sum(recall(ranking, grades, 100) for ranking, grades in pairs) / count,
        "mrr@10": sum(reciprocal(ranking, grades) for ranking, grades in pairs) / count,
        "n": float(len(pairs)),
    }


# --- reading ---


def _passage(row: Mapping[str, object], where: str) -> Passage:
    name, text, title = _text(row, "_id", where), _text(row, "text", where), str(row.get("title") or "")
    return Passage(name, name, text, "en", 0, len(text), title)


def _text(row: Mapping[str, object], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str | int):
        raise SourceError(f"{where} has no {key!r}; each line must be an object with it")
    return str(value)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Go through the lines of a file that may be compressed, each with where it stands."""
    found = next((one for one in (path, path.with_name(path.name + ".gz")) if one.is_file()), None)
    if found is None:
        raise SourceError(f"{path} is missing; name a folder in BEIR's format")
    try:
        with (
            gzip.open(found, "rt", encoding="utf-8") if found.suffix == ".gz" else found.open(encoding="utf-8") as file
        ):
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield line, f"{found} line {number}"
    except (OSError, EOFError, UnicodeDecodeError) as fault:
        raise SourceError(f"{found} cannot be read ({fault})") from fault


def _rows(folder: Path, name: str) -> Iterator[tuple[Mapping[str, object], str]]:
    for line, where in _lines(folder / f"{name}.jsonl"):
        try:
            row = json.loads(line)
        except ValueError as fault:
            raise SourceError(f"{where} is not JSON ({fault}); mend the line") from fault
        if not isinstance(row, dict):
            raise SourceError(f"{where} is not an object; mend the line")
        yield row, where


def _read_judgements(folder: Path, split: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for number, (line, where) in enumerate(_lines(folder / "qrels" / f"{split}.tsv")):
        cells = line.rstrip("\r\n").split("\t")
        if number == 0 and not cells[-1].lstrip("-").isdigit():
            continue  # the heading
        if len(cells) != 3 or not cells[2].lstrip("-").isdigit():
            raise SourceError(f"{where} is not query, document and grade with tabs between; mend the line")
        found.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    if not found:
        raise SourceError(f"{folder}/qrels/{split}.tsv judges nothing; name another split")
    return found
