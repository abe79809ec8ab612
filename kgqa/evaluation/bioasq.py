"""BioASQ factoid questions over their gold snippets: strict and lenient accuracy, and mean reciprocal rank.

The measures are those of the challenge (Tsatsaronis et al. 2015): the first of at most five answers, any of them, and the
rank of the first right one; an answer is right when it equals an accepted form, case and punctuation aside.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kgqa.evaluation.text import normalise
from kgqa.protocols import Reader
from kgqa.types import Passage, Span


def evaluate(path: Path, reader: Reader, wanted: Callable[[str], bool] | None = None) -> dict[str, float]:
    """Measure a reader on the factoid questions of a BioASQ file.

    :param path: golden file, plain or ``.gz``.
    :param wanted: tells by a question's id whether it is measured; all are by default.
    :returns: ``strict``, ``lenient`` and ``mrr`` in percent, and ``n``.
    :raises ValueError: the file is not in BioASQ's form, or nothing is left to measure.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as source:
            items = [q for q in json.load(source)["questions"] if q["type"] == "factoid"]
        chosen = [q for q in items if wanted is None or wanted(q["id"])]
        passages = [_passages(q) for q in chosen]
    except (ValueError, KeyError, TypeError, EOFError, gzip.BadGzipFile) as fault:
        raise ValueError(f"{path}: not a BioASQ file ({type(fault).__name__}: {fault})") from fault
    if not chosen:
        raise ValueError(f"{path}: no factoid questions to measure")
    spans = reader.read([q["body"] for q in chosen], passages, 20)
    ranks = [_rank(ranked(found), _accepted(q["exact_answer"])) for q, found in zip(chosen, spans, strict=True)]
    n = len(ranks)
    return {
        "strict": 100 * sum(rank == 1 for rank in ranks) / n,
        "lenient": 100 * sum(rank > 0 for rank in ranks) / n,
        "mrr": 100 * sum(1 / rank for rank in ranks if rank) / n,
        "n": n,
    }


def ranked(spans: Sequence[Span], limit: int = 5) -> list[str]:
    """Return the answers of several passages, best first; passages that agree add up."""
    votes: dict[str, float] = {}
    for span in spans:
        key = normalise(span.text)
        if key:
            votes[key] = votes.get(key, 0.0) + math.exp(min(span.score, 30.0) / 4)
    return sorted(votes, key=lambda key: -votes[key])[:limit]


def _passages(item: dict[str, Any]) -> list[Passage]:
    texts = dict.fromkeys(str(snippet["text"]) for snippet in item["snippets"])
    return [Passage(f"{item['id']}-{n}", item["id"], text, "en", 0, len(text)) for n, text in enumerate(texts)]


def _accepted(answers: Sequence[Any]) -> set[str]:
    return {normalise(form) for given in answers for form in (given if isinstance(given, list) else [given])}


def _rank(found: Sequence[str], accepted: set[str]) -> int:
    return next((number for number, text in enumerate(found, 1) if text in accepted), 0)
