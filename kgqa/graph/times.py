"""Dates, periods and numbers that a question names, in English and Chinese."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Relation = Literal["in", "before", "after", "until", "since", "above", "below", "at_least", "at_most"]

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "|".join(rf"{name}|{name[:3]}\.?" for name in _MONTHS)
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<y>(?:1[0-9]|20|21)\d\d)"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?<![\w.]){_YEAR}-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}})(?!\w)",
        rf"(?<![\w.])(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})/{_YEAR}(?!\w)",
        rf"\b(?P<mon>{_MONTH})\s+{_DAY}\s*,?\s+{_YEAR}\b",
        rf"\b{_DAY}\s+(?:of\s+)?(?P<mon>{_MONTH}),?\s+{_YEAR}\b",
        rf"\b(?P<mon>{_MONTH}),?\s+(?:of\s+)?{_YEAR}\b",
        rf"{_YEAR}\s*年\s*(?P<m>\d{{1,2}})\s*月\s*(?P<d>\d{{1,2}})\s*[日号]",
        rf"{_YEAR}\s*年\s*(?P<m>\d{{1,2}})\s*月(?:份)?",
        r"\bthe\s+(?P<decade>(?:1[0-9]|20)\d0)['’]?s\b|\b(?P<decade2>(?:1[0-9]|20)\d0)s\b",
        rf"{_YEAR}\s*年",
        rf"(?<![\w.\-/]){_YEAR}(?![\w\-/]|\.\d)",
    )
)
_BEFORE: tuple[tuple[str, Relation], ...] = (
    (r"(?:before|earlier than|prior to|preceding)(?: the (?:year|date)(?: of)?)?", "before"),
    (r"(?:after|later than|following)(?: the (?:year|date)(?: of)?)?", "after"),
    (r"(?:until|up to|no later than|not later than|by the end of)", "until"),
    (r"(?:since|from|starting(?: in)?|no earlier than|not earlier than)", "since"),
)
_ZH_AFTER: tuple[tuple[str, Relation], ...] = (
    (r"\s*(?:之前|以前|前)", "before"),
    (r"\s*(?:之后|以后|后)", "after"),
    (r"\s*(?:以来|起)", "since"),
)
_NUMBER = re.compile(
    r"(?P<cue>more than|greater than|larger than|longer than|higher than|over|above|exceeding|at least|no less than|less than"
    r"|fewer than|smaller than|shorter than|lower than|under|below|at most|no more than|超过|多于|大于|高于|至少|不少于|少于"
    r"|小于|低于|至多|不超过)\s*(?P<n>\d+(?:[.,]\d+)*)(?!\s*[/\-年月])",
    re.IGNORECASE,
)
_CUES: dict[str, Relation] = {
    **dict.fromkeys(["at least", "no less than", "至少", "不少于"], "at_least"),
    **dict.fromkeys(["at most", "no more than", "至多", "不超过"], "at_most"),
    **dict.fromkeys(
        [
            "less than",
            "fewer than",
            "smaller than",
            "shorter than",
            "lower than",
            "under",
            "below",
            "少于",
            "小于",
            "低于",
        ],
        "below",
    ),
}


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time in a question: from ``first`` to the day before ``end``.

    :param start: first character of its mention, the cue ("before") included; ``stop`` one past the last.
    :param relation: how the asked date lies to it.
    """

    first: date
    end: date
    start: int
    stop: int
    relation: Relation = "in"

    @property
    def is_day(self) -> bool:
        """Tell whether it is one day."""
        return self.end - self.first == timedelta(days=1)

    def bounds(self) -> tuple[date | None, date | None]:
        """Return the first day that fits and the first that no longer does; ``None`` is open."""
        return {
            "before": (None, self.first),
            "after": (self.end, None),
            "until": (None, self.end),
            "since": (self.first, None),
        }.get(self.relation, (self.first, self.end))


@dataclass(frozen=True, slots=True)
class Bound:
    """A number with which a value is compared."""

    value: float
    relation: Relation
    start: int
    stop: int


def periods(text: str) -> list[Period]:
    """Return the dates and periods of a text in order; "between A and B" is one period."""
    taken: list[Period] = []
    for form in _FORMS:
        for match in form.finditer(text):
            found = _period(match)
            if found and not any(found.start < other.stop and other.start < found.stop for other in taken):
                taken.append(found)
    taken.sort(key=lambda item: item.start)
    return [_related(text, item) for item in _joined(text, taken)]


def bounds(text: str) -> list[Bound]:
    """Return the numbers of a text that something is compared with ("more than 12")."""
    found = []
    for match in _NUMBER.finditer(text):
        relation = _CUES.get(match["cue"].lower(), "above")
        found.append(Bound(float(match["n"].replace(",", "")), relation, match.start(), match.end()))
    return found


def _period(match: re.Match[str]) -> Period | None:
    parts = match.groupdict()
    decade = parts.get("decade") or parts.get("decade2")
    if decade:
        return Period(date(int(decade), 1, 1), date(int(decade) + 10, 1, 1), match.start(), match.end())
    year, month, day = int(parts["y"]), _month(parts), parts.get("d")
    try:
        if day:
            first = date(year, month or 1, int(day))
            return Period(first, first + timedelta(days=1), match.start(), match.end())
        first = date(year, month or 1, 1)
        end = date(year + (month in (None, 12)), month % 12 + 1 if month else 1, 1)
    except ValueError:  # the 31st of February is no date
        return None
    return Period(first, end, match.start(), match.end())


def _month(parts: dict[str, str | None]) -> int | None:
    if parts.get("m"):
        return int(parts["m"] or 1)
    name = parts.get("mon")
    return 1 + [month[:3] for month in _MONTHS].index(name.lower()[:3]) if name else None


def _joined(text: str, items: list[Period]) -> list[Period]:
    """Join "between A and B", "from A to B" and "A 到 B" into one period."""
    out: list[Period] = []
    for item in items:
        if out:
            last = out[-1]
            lead, gap = text[max(0, last.start - 9) : last.start].lower(), text[last.stop : item.start].strip().lower()
            cue = re.search(r"(between|from)\s+$", lead)
            if last.first < item.end and (
                (cue and gap in ("and", "to", "until", "till", "through")) or gap in ("到", "至", "–", "-")
            ):
                start = last.start - len(cue.group()) if cue else last.start
                out[-1] = Period(last.first, item.end, start, item.stop)
                continue
        out.append(item)
    return out


def _related(text: str, item: Period) -> Period:
    for cue, relation in _BEFORE:
        match = re.search(rf"\b{cue}\s+$", text[: item.start], re.IGNORECASE)
        if match:
            return Period(item.first, item.end, match.start(), item.stop, relation)
    for cue, relation in _ZH_AFTER:
        match = re.match(cue, text[item.stop :])
        if match:
            return Period(item.first, item.end, item.start, item.stop + match.end(), relation)
    return item
