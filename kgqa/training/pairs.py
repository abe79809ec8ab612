"""Questions with passages that answer them, in the forms that people have them.

    a folder in BEIR's format       corpus.jsonl, queries.jsonl, qrels/<split>.tsv
    FILE.jsonl                      {"question": ..., "passage": ... or [...], "negatives": [...], "scores": [...]}
    FILE.json                       SQuAD: the passages that hold the answers

Each may be compressed (``.gz``). In JSON lines ``query`` stands for ``question`` too, ``positive`` or ``text`` for
``passage``; ``scores`` are a teacher's, of the passages and then of the negatives.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import SourceError, UsageError
from kgqa.evaluation.retrieval import read_collection
from kgqa.evaluation.retrieval import score as retrieval_score
from kgqa.evaluation.squad import read_examples
from kgqa.protocols import Encoder, Reranker
from kgqa.retrieval.text import headed_text
from kgqa.training.mining import Group, Miner, Retrieve, hard_negatives
from kgqa.types import Hit, Passage


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with texts that answer it.

    :param negatives: texts that are known not to answer it.
    :param answers: strings that no negative may hold.
    :param scores: what a teacher thinks of a text, where that is known.
    """

    question: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collected:
    """Questions, and all passages that negatives are mined from, each once."""

    questions: list[Judged]
    passages: list[str]


def read_pairs(paths: Sequence[Path], split: str = "train") -> Collected:
    """Read files and folders; a question that occurs in several places has the passages of all.

    :param split: which judgements of a BEIR folder.
    :raises UsageError: nothing is given, or a path is of no known form.
    :raises SourceError: a line cannot be read; the message names it.
    """
    if not paths:
        raise UsageError("no training data; give a BEIR folder, a .jsonl file of pairs or a SQuAD file")
    merged: dict[str, Judged] = {}
    passages: dict[str, None] = {}
    for path in paths:
        found, corpus = _read(path, split)
        for one in found:
            known = merged.get(one.question)
            merged[one.question] = _joined(known, one) if known else one
            corpus += [*one.positives, *one.negatives]
        passages |= dict.fromkeys(corpus)
    if not merged:
        raise UsageError(f"{paths[0]}: holds no question with a passage that answers it")
    return Collected(list(merged.values()), list(passages))


def _read(path: Path, split: str) -> tuple[list[Judged], list[str]]:
    name = path.name.removesuffix(".gz")
    if path.is_dir():
        return _beir(path, split)
    if name.endswith(".jsonl"):
        return list(_rows(path)), []
    if name.endswith(".json"):
        return _squad(path)
    raise UsageError(f"{path}: no BEIR folder, .jsonl or .json file; see the guide on training for the forms")


def _beir(folder: Path, split: str) -> tuple[list[Judged], list[str]]:
    collection = read_collection(folder, split)
    texts = {passage.doc_id: headed_text(passage) for passage in collection.passages}
    found = []
    for query, grades in collection.judgements.items():
        known = {name: grade for name, grade in grades.items() if name in texts}
        good = tuple(texts[name] for name, grade in known.items() if grade > 0)
        if good:
            bad = tuple(texts[name] for name, grade in known.items() if grade <= 0)
            found.append(Judged(collection.queries[query], good, bad))
    return found, list(texts.values())


def _squad(path: Path) -> tuple[list[Judged], list[str]]:
    examples = read_examples(path)
    found = [
        Judged(e.question, (e.context,), answers=tuple(text for _, text in e.answers))
        for e in examples
        if e.answers and not e.yes_no
    ]
    return found, [e.context for e in examples]


def _rows(path: Path) -> Iterator[Judged]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                if line.strip():
                    yield _row(line, f"{path}, line {number}")
    except (OSError, UnicodeDecodeError) as fault:
        raise SourceError(f"{path}: cannot be read ({fault}); give UTF-8 JSON lines") from fault


def _row(line: str, where: str) -> Judged:
    try:
        row: dict[str, Any] = json.loads(line)
        question = _one(row, "question", "query")
        positives = _texts(_one(row, "passage", "passages", "positive", "positives", "text"))
        negatives = _texts(row.get("negatives", row.get("negative", ())))
        values = [float(value) for value in row.get("scores", ())]
    except (ValueError, TypeError, AttributeError, KeyError) as fault:
        raise SourceError(f"{where}: no pair ({fault}); a line is an object with 'question' and 'passage'") from fault
    texts = (*positives, *negatives)
    if values and len(values) != len(texts):
        raise SourceError(f"{where}: {len(values)} scores for {len(texts)} texts; give one for each")
    if not isinstance(question, str) or not question.strip() or not positives:
        raise SourceError(f"{where}: question or passage is empty; fill it in or take the line out")
    return Judged(question, positives, negatives, scores=dict(zip(texts, values, strict=False)))


def _one(row: Mapping[str, Any], *names: str) -> Any:
    found = next((row[name] for name in names if name in row), None)
    if found is None:
        raise KeyError(f"no {names[0]!r}")
    return found


def _texts(value: Any) -> tuple[str, ...]:
    rows = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(text, str) for text in rows):
        raise TypeError("passages must be texts")
    return tuple(text for text in rows if text.strip())


def _joined(one: Judged, other: Judged) -> Judged:
    positives = tuple(dict.fromkeys((*one.positives, *other.positives)))
    negatives = tuple(text for text in dict.fromkeys((*one.negatives, *other.negatives)) if text not in positives)
    answers = tuple(dict.fromkeys((*one.answers, *other.answers)))
    return Judged(one.question, positives, negatives, answers, {**one.scores, **other.scores})


# --- for training ---


def apart(pairs: Collected, share: float, seed: int = 13) -> tuple[list[Judged], list[Judged]]:
    """Split the questions into those that are trained on and those that are held out.

    :param share: share that is held out; where it is not 0 and there are three questions, one at least.
    """
    order = list(range(len(pairs.questions)))
    random.Random(seed).shuffle(order)
    count = max(round(len(order) * share), int(share > 0 and len(order) > 2))
    held = set(order[:count])
    rows = list(enumerate(pairs.questions))
    return [one for at, one in rows if at not in held], [one for at, one in rows if at in held]


def groups_of(
    judged: Sequence[Judged], passages: Sequence[str], negatives: int, seed: int = 13, retrieve: Retrieve | None = None
) -> list[Group]:
    """Return a group for each question and passage that answers it, with negatives: known ones first, then mined ones.

    :param passages: what negatives are mined from.
    :param negatives: of a group at most.
    :param retrieve: finds passages for questions; BM25 over ``passages`` by default.
    """
    rng = random.Random(seed)
    find = retrieve or Miner(passages).texts_for
    near = find([one.question for one in judged], 20 + 4 * negatives) if negatives else [[] for _ in judged]
    out = []
    for one, found in zip(judged, near, strict=True):
        banned = [*one.positives, *one.answers]
        for positive in one.positives:
            own = one.negatives[:negatives]
            mined = [text for text in found if text not in own]
            chosen = own + hard_negatives(one.question, mined, banned, negatives - len(own), rng)
            texts = (positive, *chosen)
            known = all(text in one.scores for text in texts)
            out.append(Group(one.question, positive, chosen, tuple(one.scores[t] for t in texts) if known else ()))
    return out


# --- for reporting ---


@dataclass(frozen=True, slots=True)
class Exam:
    """Held-out questions over a pool of passages: their own, the nearest others by BM25, and some more.

    :param near: for each question the numbers of the pool's best texts by BM25.
    """

    questions: list[str]
    pool: list[str]
    answers: list[frozenset[int]]
    near: list[list[int]]

    def candidates(self, depth: int = 20) -> list[list[int]]:
        """Return for each question the numbers of the best texts by BM25, which a reranker orders anew."""
        return [row[:depth] for row in self.near]

    def score(self, found: Sequence[Sequence[int]]) -> dict[str, float]:
        """Return recall@1, recall@10, mrr@10 and ndcg@10 of rankings, in [0, 1], and ``n``.

        :param found: for each question the numbers of pool texts, best first.
        """
        rankings = {str(q): [str(at) for at in row] for q, row in enumerate(found)}
        grades = {str(q): {str(at): 1 for at in row} for q, row in enumerate(self.answers)}
        figures = retrieval_score(rankings, grades)
        first = [bool(row) and row[0] in good for row, good in zip(found, self.answers, strict=True)]
        kept = {name: round(figures[name], 4) for name in ("recall@10", "mrr@10", "ndcg@10")}
        return {"recall@1": round(sum(first) / max(1, len(first)), 4), **kept, "n": float(len(first))}


def exam(held: Sequence[Judged], passages: Sequence[str], size: int = 1000, seed: int = 13) -> Exam:
    """Make an exam of held-out questions.

    :param size: passages of the pool, about.
    """
    near = Miner(passages).texts_for([one.question for one in held], max(5, min(30, size // max(1, len(held)))))
    own = [text for one in held for text in one.positives]
    chosen = dict.fromkeys([*own, *(text for row in near for text in row)])
    rest = [text for text in passages if text not in chosen]
    chosen |= dict.fromkeys(random.Random(seed).sample(rest, max(0, min(len(rest), size - len(chosen)))))
    pool = list(chosen)
    at = {text: number for number, text in enumerate(pool)}
    answers = [frozenset(at[text] for text in one.positives) for one in held]
    questions = [one.question for one in held]
    return Exam(questions, pool, answers, Miner(pool).similar(questions, 50))


def nearest(questions: NDArray[np.float32], pool: NDArray[np.float32], depth: int = 50) -> list[list[int]]:
    """Return for each question the numbers of the nearest rows, nearest first."""
    order = np.argsort(-(questions @ pool.T), axis=1, kind="stable")[:, :depth]
    return [[int(at) for at in row] for row in order]


def by_vectors(exam: Exam, encoder: Encoder) -> dict[str, float]:
    """Return the figures of an encoder on an exam."""
    return exam.score(nearest(encoder.encode(exam.questions, "query"), encoder.encode(exam.pool, "passage")))


def by_scores(exam: Exam, reranker: Reranker) -> dict[str, float]:
    """Return the figures of a reranker's own scores over an exam's best BM25 hits."""
    candidates = exam.candidates()
    scores = scores_of(reranker, exam.questions, [[exam.pool[at] for at in row] for row in candidates])
    return exam.score(
        [
            [at for _, at in sorted(zip(own, row, strict=True), key=lambda pair: -pair[0])]
            for own, row in zip(scores, candidates, strict=True)
        ]
    )


def scores_of(reranker: Reranker, questions: Sequence[str], texts: Sequence[Sequence[str]]) -> list[list[float]]:
    """Return a reranker's own scores of texts for each question."""
    hits = [
        [Hit(Passage(str(at), str(at), text, "", 0, len(text)), 0.0) for at, text in enumerate(row)] for row in texts
    ]
    tables = [{hit.passage.id: float(hit.parts["rerank"]) for hit in row} for row in reranker.rerank(questions, hits)]
    return [[table[str(at)] for at in range(len(row))] for table, row in zip(tables, texts, strict=True)]


def scored(
    groups: Sequence[Group], teach: Callable[[Sequence[str], Sequence[Sequence[str]]], list[list[float]]]
) -> list[Group]:
    """Return the groups with a teacher's scores where they have none.

    :param teach: from questions and the texts of each to a score for each text, larger is better.
    """
    out = list(groups)
    bare = [at for at, group in enumerate(groups) if not group.scores]
    for first in range(0, len(bare), 64):
        part = [groups[at] for at in bare[first : first + 64]]
        found = teach([group.question for group in part], [[group.positive, *group.negatives] for group in part])
        for at, values in zip(bare[first:], found, strict=False):
            out[at] = replace(out[at], scores=tuple(values))
    return out
