"""What tells alternatives of a mention apart: common words, vocabularies, and what else the question names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from kgqa.graph import vocabulary as v
from kgqa.graph.remarks import day
from kgqa.graph.store import GraphStore
from kgqa.types import Term

_WORDS = """
    a about above after again against all also am an and another any are as at be because been before being below
    between both but by can cannot could did do does doing done down during each either else for from further get give
    given gives had has have having he her here hers him his how however i if in into is it its itself just know known
    let list made make makes many may me might more most much must my name named names neither no nor not of off on once
    one only or other our out over own per please same say says see shall she should show so some such tell than that
    the their them then there these they this those through to too two under until up upon us use used uses very was
    way we were what when where whether which while who whom whose why will with within without would yes you your
    的 了 和 与 及 或 是 在 有 为 对 于 中 上 下 不 也 都 就 而 其 之 以 等 个 这 那 吗 呢 吧 啊 哪 谁
    何 几 多 少 被 把 从 到 由 向 可 会 能 要 应 该
"""
_COMMON = frozenset(_WORDS.split())
_NAMED = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTHS = {name: number for number, name in enumerate(_NAMED.split("|"), 1)}
_MONTH = rf"(?P<month>{_NAMED})[a-z]*\.?"
_DATES = (
    re.compile(r"\b(?P<year>\d{4})-(?P<m>\d{1,2})-(?P<day>\d{1,2})\b"),
    re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b", re.IGNORECASE),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+(?P<year>\d{{4}})\b", re.IGNORECASE),
    re.compile(r"(?P<year>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日?"),
    re.compile(r"(?P<year>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月"),
    re.compile(rf"\b{_MONTH}\s+(?:of\s+)?(?P<year>\d{{4}})\b", re.IGNORECASE),
    re.compile(r"(?<!\d)(?P<year>1[5-9]\d\d|20\d\d)(?!\d)"),
)
_MAX_NEIGHBOURS = 5_000


def is_common(word: str) -> bool:
    """Tell whether a folded word is one of those that hold sentences together."""
    return word in _COMMON


def dates_in(text: str) -> list[str]:
    """Return the days, months and years that a text names as ISO 8601, each place once, the most exact first."""
    found: list[str] = []
    taken: list[tuple[int, int]] = []
    for form in _DATES:
        for match in form.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            groups = match.groupdict()
            month = groups.get("m") or (_MONTHS[groups["month"][:3].lower()] if groups.get("month") else None)
            parts = [groups["year"], *(f"{int(part):02}" for part in (month, groups.get("day")) if part)]
            found.append("-".join(parts))
            taken.append(match.span())
    return found


class Context:
    """Weighs alternatives by what the graph says about them."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._classes = {
            number for iri in store.schema().classes if (number := store.graph.number(Term(iri))) is not None
        }
        self._members = self._counted()
        self.types = lru_cache(maxsize=100_000)(self._types)

    def _counted(self) -> set[int]:
        classes = self._store.schema().classes.items()
        used = {iri for iri, info in classes if info.instances or not info.superclasses}
        return {n for iri in used if (n := self._store.graph.number(Term(iri))) is not None}

    def is_class(self, entity: int) -> bool:
        """Tell whether an entity is a class of things rather than a thing."""
        return entity in self._classes and entity in self._members

    def _types(self, entity: int) -> tuple[str, ...]:
        if self.is_class(entity):
            return (v.OWL + "Class",)
        return self._store.classes(self._store.graph.term(entity).value)

    @staticmethod
    def names_vocabulary(question: str, vocabulary: str) -> bool:
        """Tell whether a question names the vocabulary of a code ("ICD10CM", "SNOMEDCT_US_2015_03_01")."""
        wanted = re.match(r"[a-z]+", vocabulary.lower())
        if wanted is None:
            return False
        words = re.findall(r"[a-z]{3,}", question.lower())
        return any(word.startswith(wanted[0]) or wanted[0].startswith(word) for word in words)

    def rank(self, question: str, found: Sequence[tuple[tuple[int, int], int, float]]) -> list[float]:
        """Return the scores of (span, entity, score) after weighing the alternatives of each span against each other.

        An alternative that the graph joins to another entity or a date of the question keeps its score, the others of
        its span lose; between equals the one with more statements is first.
        """
        spans: dict[tuple[int, int], list[int]] = {}
        for number, (span, _, _) in enumerate(found):
            spans.setdefault(span, []).append(number)
        scores = [score for _, _, score in found]
        dates = dates_in(question) if any(len(group) > 1 for group in spans.values()) else []
        for span, group in spans.items():
            if len({found[number][1] for number in group}) < 2:
                continue
            others = {entity for (start, end), entity, _ in found if start >= span[1] or end <= span[0]}
            ties = [self._ties(found[number][1], others, dates) for number in group]
            best = max(ties)
            for number, tie in zip(group, ties, strict=True):
                scores[number] *= (1.0 - 0.4 * (best - tie)) * self._known(found[number][1])
        return scores

    def _ties(self, entity: int, others: set[int], dates: list[str]) -> float:
        """Return how much of the rest of the question a candidate is joined to, in [0, 1]."""
        graph = self._store.graph
        near = graph.out(entity)[1][:_MAX_NEIGHBOURS].tolist()
        joined = bool(others.intersection(near)) or bool(
            others.intersection(graph.into(entity)[0][:_MAX_NEIGHBOURS].tolist())
        )
        best = 0.6 if joined else 0.0
        for number in near if dates else ():
            term = graph.term(number)
            if term.kind == "literal" and 4 <= len(term.value) <= 35 and day(term.value):
                exact = max((len(date) for date in dates if term.value.startswith(date)), default=0)
                best = max(best, {10: 1.0, 7: 0.7, 4: 0.4}.get(exact, 0.0))
        return best

    def _known(self, entity: int) -> float:
        graph = self._store.graph
        statements = len(graph.out(entity)[1]) + len(graph.into(entity)[0])
        return 0.97 + 0.03 * min(1.0, math.log1p(statements) / 10)
