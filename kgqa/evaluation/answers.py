"""Score answers against gold: the acceptance questions of a knowledge base, and any file of the same form.

A row has ``question``, ``kind`` and ``answers``; the optional fields are listed at :class:`Gold`. Fields that prove the gold
(``sparql``, ``entities``, ``bridge``, ``evidence``, ``template``) are never an input.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kgqa.errors import SourceError
from kgqa.fusion import normalise
from kgqa.types import Answer, Filters
from kgqa.values import iso_date
from kgqa.wording import NO, YES

_NUMBERS = {
    word: number
    for number, word in enumerate(
        re.findall(r"\w+", "zero one two three four five six seven eight nine ten eleven twelve")
    )
}


@dataclass(frozen=True, slots=True)
class Gold:
    """One question with what is accepted as right.

    :param match: ``all``: each answer is wanted; ``any``: each is an accepted form of the one answer.
    :param optional: right, but not asked for: neither reward nor punish.
    :param documents: ids of gold documents; any one of them is enough.
    :param links: words of the question and the IRI that they mean, where a person has said so; only training reads them.
    """

    id: str
    question: str
    kind: str
    answers: tuple[str, ...]
    match: str = "any"
    iris: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] | None = None
    optional: tuple[str, ...] = ()
    optional_iris: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    family: str = ""
    needs: str = ""
    as_of: date | None = None
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """How one answer compares with its gold.

    :param f1: set F1 for ``entities``, token F1 for ``span``; otherwise 1 or 0.
    """

    correct: bool
    answered: bool
    f1: float
    hit: bool
    doc_recall: float | None = None


def read_gold(path: Path) -> list[Gold]:
    """Read a JSONL file of questions.

    :raises SourceError: a line is not JSON or lacks a field; the message names the line.
    """
    rows: list[Gold] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}); give a JSONL file of questions") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(_gold(json.loads(line), number))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SourceError(f"{path}, line {number}: not a question row ({type(error).__name__}: {error})") from error
    return rows


def _gold(row: Mapping[str, Any], number: int) -> Gold:
    kind = str(row["kind"])
    return Gold(
        id=str(row.get("id", number)),
        question=str(row["question"]),
        kind=kind,
        answers=tuple(map(str, row["answers"])),
        match=str(row.get("match", "all" if kind == "entities" else "any")),
        iris=tuple(row.get("answer_iris", ())),
        aliases={k: tuple(v) for k, v in row.get("aliases", {}).items()}
        if isinstance(row.get("aliases", {}), dict)
        else {"": tuple(row["aliases"])},
        optional=tuple(row.get("answers_optional", ())),
        optional_iris=tuple(row.get("optional_iris", ())),
        documents=tuple(row.get("documents", ())),
        family=str(row.get("family", kind)),
        needs=str(row.get("needs", "")),
        as_of=date.fromisoformat(row["as_of"]) if row.get("as_of") else None,
        links=tuple((str(one["mention"]), str(one["entity"])) for one in row.get("links", ())),
    )


# --- one answer ---


def score(gold: Gold, answer: Answer) -> Score:
    """Compare one answer with its gold."""
    answered = answer.text is not None
    recall = _doc_recall(gold, answer) if gold.documents else None
    if gold.kind == "none":
        return Score(not answered, answered, float(not answered), not answered)
    if not answered:
        return Score(False, False, 0.0, False, recall)
    if gold.kind == "entities" or (gold.match == "all" and gold.answers and gold.kind == "span"):
        f1, hit = _set_score(gold, answer)
        return Score(f1 == 1.0, True, f1, hit, recall)
    if gold.kind == "span" and not gold.answers:
        first = next((e.passage.doc_id for e in answer.evidence if e.passage), None)
        right = first in gold.documents
        return Score(right, True, float(right), right, recall)
    if gold.kind == "span":
        f1 = max((token_f1(answer.text or "", form) for form in _forms(gold)), default=0.0)
        return Score(f1 >= 0.5, True, f1, f1 >= 0.5, recall)
    said = comparable(answer.text or "", gold.kind)
    right = any(said == comparable(form, gold.kind) for form in _forms(gold))
    return Score(right, True, float(right), right, recall)


def _forms(gold: Gold) -> list[str]:
    return [*gold.answers, *(alias for names in (gold.aliases or {}).values() for alias in names)]


def _set_score(gold: Gold, answer: Answer) -> tuple[float, bool]:
    """Return set F1 and whether the first item is right; optional answers count on neither side."""
    iris = dict(zip(gold.iris, range(len(gold.iris)), strict=True))
    names = {
        normalise(name): at
        for at, text in enumerate(gold.answers)
        for name in (text, *(gold.aliases or {}).get(text, ()))
    }
    optional = {normalise(name) for name in gold.optional}
    found: set[int] = set()
    wrong, first = 0, None
    for at, item in enumerate(answer.items):
        iri = answer.iris[at] if at < len(answer.iris) else ""
        match = iris.get(iri, names.get(normalise(item)))
        if first is None:
            first = match is not None
        if match is not None:
            found.add(match)
        elif iri not in gold.optional_iris and normalise(item) not in optional:
            wrong += 1
    total = len(gold.answers) or len(gold.iris)
    precision = len(found) / (len(found) + wrong) if found else 0.0
    recall = len(found) / total if total else 0.0
    return (2 * precision * recall / (precision + recall) if found else 0.0), bool(first)


def token_f1(said: str, gold: str) -> float:
    """Return the F1 of words (of characters, for Chinese) after SQuAD's normalisation."""
    one, other = Counter(_tokens(said)), Counter(_tokens(gold))
    common = sum((one & other).values())
    if not common:
        return 0.0
    precision, recall = common / sum(one.values()), common / sum(other.values())
    return 2 * precision * recall / (precision + recall)


def _tokens(text: str) -> list[str]:
    kept = re.sub(r"[^\w\s]", "", text.lower())
    kept = re.sub(r"\b(a|an|the)\b", " ", kept)
    return re.findall(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+", kept)


def comparable(text: str, kind: str) -> str:
    """Return a form in which equal truth values, numbers and dates are equal texts."""
    if kind == "boolean":
        low = normalise(text)
        return (
            "yes" if low in (*YES, "true", "对", "有") else "no" if low in (*NO, "false", "不", "没有", "无") else low
        )
    if kind == "number":
        found = re.search(r"-?\d[\d,]*\.?\d*", text)
        if found:
            return f"{float(found.group().replace(',', '').rstrip('.')):g}"
        return str(_NUMBERS.get(normalise(text), normalise(text)))
    if kind == "date":
        return iso_date(text) or normalise(text)
    return normalise(text)


def _doc_recall(gold: Gold, answer: Answer) -> float:
    cited = list(dict.fromkeys(e.passage.doc_id for e in answer.evidence if e.passage))[:5]
    return float(any(d in gold.documents for d in cited))


# --- many answers ---


def report(golds: Sequence[Gold], answers: Sequence[Answer], seconds: Sequence[float] = ()) -> dict[str, Any]:
    """Return the figures of one run: accuracy in all, by family and by kind, coverage, calibration, seconds."""
    scores = [score(g, a) for g, a in zip(golds, answers, strict=True)]
    answered = [(a.confidence, s.correct) for a, s in zip(answers, scores, strict=True) if s.answered]
    recalls = [s.doc_recall for s in scores if s.doc_recall is not None]
    ordered = sorted(seconds)
    return {
        "n": len(golds),
        "accuracy": _mean(s.correct for s in scores),
        "coverage": _mean(s.answered for s in scores),
        "hit@1": _mean(s.hit for s in scores),
        "f1": _mean(s.f1 for s in scores),
        "doc_recall@5": _mean(recalls),
        "accuracy_by_family": _by(golds, scores, lambda g: g.family),
        "accuracy_by_kind": _by(golds, scores, lambda g: g.kind),
        "accuracy_by_needs": _by(golds, scores, lambda g: g.needs or "?"),
        "ece": expected_calibration_error(answered),
        "brier": _mean((c - r) ** 2 for c, r in answered),
        "risk_coverage": risk_coverage(answered, len(golds)),
        "coverage_at_5_percent_risk": coverage_at_risk(answered, len(golds), 0.05),
        "p50_seconds": _quantile(ordered, 0.5),
        "p95_seconds": _quantile(ordered, 0.95),
    }


def _by(golds: Sequence[Gold], scores: Sequence[Score], key: Callable[[Gold], str]) -> dict[str, dict[str, float]]:
    groups: dict[str, list[bool]] = defaultdict(list)
    for gold, one in zip(golds, scores, strict=True):
        groups[key(gold)].append(one.correct)
    return {name: {"accuracy": _mean(rows), "n": len(rows)} for name, rows in sorted(groups.items())}


def expected_calibration_error(pairs: Sequence[tuple[float, bool]], bins: int = 10) -> float | None:
    """Return the mean distance of confidence and accuracy over equally filled bins (Guo et al. 2017, section 2).

    :param pairs: confidence in [0, 1] and whether the answer was right; ``None`` comes back for none.
    """
    if not pairs:
        return None
    ordered = sorted(pairs)
    size = math.ceil(len(ordered) / bins)
    groups = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    return sum(abs(sum(c for c, _ in g) - sum(r for _, r in g)) for g in groups) / len(ordered)


def risk_coverage(pairs: Sequence[tuple[float, bool]], total: int) -> list[tuple[float, float]]:
    """Return (coverage, risk) as the least certain answers are added one by one, thinned to at most 21 points."""
    ordered = sorted(pairs, key=lambda p: -p[0])
    points, wrong = [], 0
    for count, (_, right) in enumerate(ordered, 1):
        wrong += not right
        points.append((count / total, wrong / count))
    step = max(1, len(points) // 20)
    return [*points[::step], *points[-1:]] if points else []


def coverage_at_risk(pairs: Sequence[tuple[float, bool]], total: int, risk: float) -> float:
    """Return the largest share of questions that can be answered with at most this share of wrong answers."""
    best, wrong = 0.0, 0
    for count, (_, right) in enumerate(sorted(pairs, key=lambda p: -p[0]), 1):
        wrong += not right
        if wrong / count <= risk:
            best = count / total
    return best


def _mean(values: Iterable[float]) -> float:
    rows = [float(v) for v in values]
    return sum(rows) / len(rows) if rows else 0.0


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def filters_of(gold: Gold) -> Filters:
    """Return the filters that a gold row sets: the day it asks about."""
    return Filters(as_of=gold.as_of)
