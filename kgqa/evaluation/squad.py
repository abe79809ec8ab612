"""SQuAD 1.1 and 2.0 files: reading them, and their official metrics.

Format and metrics follow Rajpurkar et al. 2016 (SQuAD) and Rajpurkar et al. 2018 (SQuAD 2.0); Chinese answers are
compared as in Cui et al. 2019 (CMRC 2018); yes/no questions, which CJRC (Duan et al. 2019) has, are counted apart.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgqa.evaluation.text import best_exact, best_f1, chinese
from kgqa.protocols import Reader
from kgqa.types import Passage

YES_NO = frozenset({"YES", "NO"})


@dataclass(frozen=True, slots=True)
class Example:
    """One question about one passage.

    :param answers: accepted answers as ``(start, text)``; empty when the passage has no answer.
    :param article: title of the article, the unit by which files are split.
    """

    id: str
    question: str
    context: str
    answers: tuple[tuple[int, str], ...]
    article: str

    @property
    def yes_no(self) -> bool:
        """Whether the answer is yes or no, which no span of the passage says."""
        return any(text in YES_NO and self.context[max(at, 0) :][: len(text)] != text for at, text in self.answers)


def read_examples(path: Path) -> list[Example]:
    """Read a SQuAD file, plain or ``.gz``.

    :raises ValueError: the file is not JSON or has not the shape of SQuAD.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as source:
            data = json.load(source)["data"]
        return list(_examples(data))
    except (ValueError, KeyError, TypeError, AttributeError, gzip.BadGzipFile, EOFError) as error:
        raise ValueError(f"{path}: not a SQuAD file ({type(error).__name__}: {error})") from error


def _examples(data: list[dict[str, Any]]) -> Iterator[Example]:
    for number, article in enumerate(data):
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                given = [] if qa.get("is_impossible") in (True, "true") else qa["answers"]
                answers = tuple((int(a["answer_start"]), str(a["text"])) for a in given if a["text"])
                title = str(article.get("title", article.get("caseid", number)))
                yield Example(str(qa["id"]), qa["question"], paragraph["context"], answers, title)


def predict(
    examples: Sequence[Example], reader: Reader, *, batch: int = 64, nulls: bool | None = None
) -> dict[str, str]:
    """Let a reader answer; an empty text is "no answer here".

    :param batch: questions given to the reader at once.
    :param nulls: whether "no answer" is allowed; by default when some example has none, as in SQuAD 2.0.
    """
    if nulls is None:
        nulls = any(not example.answers for example in examples)
    found: dict[str, str] = {}
    for at in range(0, len(examples), batch):
        rows = examples[at : at + batch]
        spans = reader.read([row.question for row in rows], [[passage_of(row)] for row in rows], n_best=1)
        for row, best in zip(rows, spans, strict=True):
            found[row.id] = best[0].text if best and (best[0].score > 0 or not nulls) else ""
    return found


def draw(examples: Sequence[Example], count: int | None, seed: int = 13) -> list[Example]:
    """Return so many examples drawn at random, in their old order; all when ``count`` is ``None`` or larger.

    The first ones of a file are mostly of one article, and stand for nothing else.
    """
    if count is None or count >= len(examples):
        return list(examples)
    return [examples[at] for at in sorted(random.Random(seed).sample(range(len(examples)), count))]


def passage_of(example: Example) -> Passage:
    """Return an example's text as a passage that is a whole document."""
    language = "zh" if chinese(example.context) else "en"
    return Passage(example.id, example.article, example.context, language, 0, len(example.context), example.article)


def score(examples: Sequence[Example], predictions: Mapping[str, str]) -> dict[str, float]:
    """Return the official metrics in percent, and the counts behind them.

    ``exact`` and ``f1`` are over all span and unanswerable questions; ``has_answer_f1`` and ``no_answer_f1`` over those
    with and without an answer; each only where there are such questions. Yes/no questions are in ``n_yes_no`` alone, as
    an extractive reader cannot say yes.

    :param predictions: text by question id; a missing id counts as wrong.
    """
    spans = [example for example in examples if not example.yes_no]
    exact = {e.id: best_exact(predictions.get(e.id), [text for _, text in e.answers]) for e in spans}
    f1 = {e.id: best_f1(predictions.get(e.id), [text for _, text in e.answers]) for e in spans}
    groups = {
        "": [e.id for e in spans],
        "has_answer_": [e.id for e in spans if e.answers],
        "no_answer_": [e.id for e in spans if not e.answers],
    }
    out: dict[str, float] = {}
    for name, ids in groups.items():
        if ids:
            out[f"{name}exact"] = 100 * sum(exact[i] for i in ids) / len(ids)
            out[f"{name}f1"] = 100 * sum(f1[i] for i in ids) / len(ids)
    return out | {"n": len(spans), "n_yes_no": len(examples) - len(spans)}


def evaluate(
    path: Path,
    reader: Reader,
    limit: int | None = None,
    *,
    articles: frozenset[str] | None = None,
    nulls: bool | None = None,
) -> dict[str, float]:
    """Measure a reader on a SQuAD file.

    :param limit: the first so many questions only.
    :param articles: questions of these articles only (a held-out part).
    :param nulls: see :func:`predict`; decided on the whole file, so that a part is measured by the file's own rule.
    :raises ValueError: the file is not in SQuAD format, or nothing is left to measure.
    """
    examples = read_examples(path)
    if nulls is None:
        nulls = any(not example.answers for example in examples)
    chosen = [e for e in examples if articles is None or e.article in articles][:limit]
    if not chosen:
        raise ValueError(f"{path}: no questions to measure; check the articles and the limit")
    check_ids(chosen, path)
    return score(chosen, predict(chosen, reader, nulls=nulls))


def check_ids(examples: Sequence[Example], path: Path) -> None:
    """Check that each question has an id of its own: answers are kept by it.

    :raises ValueError: one occurs more than once.
    """
    if repeated := [name for name, count in Counter(e.id for e in examples).items() if count > 1]:
        raise ValueError(f"{path}: question id {repeated[0]} occurs more than once; ids must be unique")
