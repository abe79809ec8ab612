"""Quality by slice: where a reader is better and worse than its mean, with how sure that is.

Intervals are percentile bootstraps (Efron and Tibshirani 1993, chapter 13) that draw whole passages, not questions:
questions on one passage succeed and fail together, and drawn singly they would make the interval too narrow
(Field and Welsh 2007).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kgqa.errors import UsageError
from kgqa.evaluation.squad import Example, predict
from kgqa.evaluation.text import best_exact, best_f1
from kgqa.language import count_cjk, detect
from kgqa.protocols import Reader

DRAWS = 1000
LEAST = 10
"""Fewest questions of a slice that is shown by itself; smaller ones are put together."""

SMALL = "(smaller ones)"


@dataclass(frozen=True, slots=True)
class Marked:
    """A question with what a reader scored on it.

    :param file: name of the file that it is from.
    :param exact: 1 or 0.
    :param f1: in [0, 1].
    """

    example: Example
    file: str
    exact: float
    f1: float


def mark(examples: Sequence[Example], file: str, reader: Reader, nulls: bool | None = None) -> list[Marked]:
    """Let a reader answer and score each question alone; yes/no questions are left out, see :func:`squad.score`.

    :param nulls: see :func:`kgqa.evaluation.squad.predict`.
    """
    spans = [example for example in examples if not example.yes_no]
    found = predict(spans, reader, nulls=nulls)
    texts = [[text for _, text in example.answers] for example in spans]
    return [
        Marked(one, file, best_exact(found[one.id], wanted), best_f1(found[one.id], wanted))
        for one, wanted in zip(spans, texts, strict=True)
    ]


# --- what slices there are ---

_AUXILIARY = "is|are|was|were|does|do|did|has|have|had|can|could|may|must|should|will|would"
_TYPES: Mapping[str, tuple[str, str]] = {
    "number": (
        r"\bhow (many|much|long|old|far|high|tall|large|big|often|deep|wide)\b",
        r"多少|几[个名人岁年月日次元条种位天]|多[大高长远久]",
    ),
    "time": (
        r"\bwhen\b|\b(what|which) (year|date|day|month|century|decade|time)\b",
        r"何时|什么时[候间]|哪一?[年天日月]|日期",
    ),
    "place": (
        r"\bwhere\b|\b(what|which) (country|city|state|place|region|continent|town)\b",
        r"哪里|哪儿|何处|什么地方|哪个(国家|城市|地方|省)",
    ),
    "person": (r"\bwho(m|se)?\b", r"谁|哪位|何人|什么人"),
    "reason": (r"\bwhy\b|\b(what|which) (reason|cause)s?\b", r"为什么|为何|原因"),
    "manner": (r"\bhow\b", r"如何|怎么|怎样"),
    "yes or no": (rf"^\W*({_AUXILIARY})\b", r"吗[？?\s]*$|是否|能否|有没有"),
    "thing": (r"\b(what|which)\b", r"什么|哪|何"),
}
_KINDS = {name: re.compile("|".join(patterns), re.IGNORECASE) for name, patterns in _TYPES.items()}


def question_type(question: str) -> str:
    """Return what a question asks for by its question word, in English and Chinese; ``other`` without one."""
    return next((name for name, pattern in _KINDS.items() if pattern.search(question)), "other")


def size(text: str) -> int:
    """Return words and Chinese, Japanese and Korean characters."""
    return count_cjk(text) + sum(1 for word in text.split() if not count_cjk(word))


def _bin(value: int, borders: Sequence[int], unit: str) -> str:
    below = 0
    for border in borders:
        if value <= border:
            return f"{below + 1 if below else 0:>3}-{border} {unit}"
        below = border
    return f"{below + 1:>3}+ {unit}"


def _language(row: Marked) -> str:
    asked, read = detect(row.example.question), detect(row.example.context)
    return read if asked == read else f"{asked} question, {read} passage"


def _answer(row: Marked) -> str:
    if not row.example.answers:
        return "none"
    return _bin(size(row.example.answers[0][1]), (1, 3, 8), "words")


SLICES: Mapping[str, Callable[[Marked], str]] = {
    "language": _language,
    "type": lambda row: question_type(row.example.question),
    "length": lambda row: _bin(size(row.example.context), (75, 150, 300), "words"),
    "question": lambda row: _bin(size(row.example.question), (6, 10, 15), "words"),
    "answer": _answer,
    "source": lambda row: row.example.article,
    "file": lambda row: row.file,
}
"""``length`` is the passage's, ``source`` the document's title; a Chinese character counts as a word."""


# --- figures ---


def interval(
    values: Sequence[float], clusters: Sequence[object], *, draws: int = DRAWS, seed: int = 13, level: float = 0.95
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a mean, drawing whole clusters.

    :param clusters: for each value what it belongs to, as its passage.
    :returns: two values of the scale of ``values``.
    """
    numbers: dict[object, int] = {}
    of = np.array([numbers.setdefault(cluster, len(numbers)) for cluster in clusters])
    sums, counts = np.bincount(of, weights=np.asarray(values, dtype=float)), np.bincount(of)
    drawn = np.random.default_rng(seed).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=draws)
    means = (drawn @ sums) / np.maximum(drawn @ counts, 1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def figures(rows: Sequence[Marked]) -> dict[str, float]:
    """Return ``n``, ``passages``, ``exact``, ``f1`` and F1's interval ``low`` to ``high``, in percent."""
    f1 = [row.f1 for row in rows]
    passages = [row.example.context for row in rows]
    low, high = interval(f1, passages)
    return {
        "n": len(rows),
        "passages": len(set(passages)),
        "exact": round(100 * float(np.mean([row.exact for row in rows])), 2),
        "f1": round(100 * float(np.mean(f1)), 2),
        "low": round(100 * low, 2),
        "high": round(100 * high, 2),
    }


def report(rows: Sequence[Marked], by: Sequence[str], least: int = LEAST) -> dict[str, Any]:
    """Return the figures of all questions, and of each slice.

    :param by: names of :data:`SLICES`.
    :param least: smaller slices are put together, so that no figure rests on a handful of questions.
    :returns: ``all``, and under ``by`` for each name the figures of its slices; ``differs`` is ``worse`` or ``better``
        where the whole interval is on one side of the mean of all.
    :raises UsageError: an unknown name.
    :raises ValueError: there are no questions.
    """
    unknown = [name for name in by if name not in SLICES]
    if unknown:
        raise UsageError(f"unknown slice {unknown[0]!r}; choose from {', '.join(SLICES)}")
    if not rows:
        raise ValueError("no questions to measure; yes/no questions have no span")
    whole = figures(rows)
    return {"all": whole, "by": {name: _slices(rows, SLICES[name], whole["f1"], least) for name in by}}


def _slices(
    rows: Sequence[Marked], name_of: Callable[[Marked], str], mean: float, least: int
) -> dict[str, dict[str, Any]]:
    names = [name_of(row) for row in rows]
    counts = Counter(names)
    shown = [name if counts[name] >= least else SMALL for name in names]
    found: dict[str, dict[str, Any]] = {}
    for name in sorted(set(shown), key=lambda n: (n == SMALL, n)):
        part = [row for row, said in zip(rows, shown, strict=True) if said == name]
        one: dict[str, Any] = dict(figures(part))
        one["differs"] = "worse" if one["high"] < mean else "better" if one["low"] > mean else ""
        found[name.strip()] = one
    return found
