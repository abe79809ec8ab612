"""The day that a question itself names for its answer: "as of 1 June 2022", "截至2015年", "in 2015"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kgqa.graph.times import Period, periods
from kgqa.types import GraphFinding, Link

_BEFORE = re.compile(
    r"(?:\b(?:as (?:of|at|on)|back in|valid (?:on|in)|in force (?:on|in|at))\s+|(?:截至|截止到?|直到))(?:the )?$", re.I
)
_AFTER = re.compile(r"\s*(?:为止|时点|当时|的时候|时(?!间|期|长|效))")
_LOOSE = re.compile(r"(?:\b(?:on|in|during|at|by|of)\s+(?:the year (?:of )?)?|[在于]\s*)$", re.I)
_FORCE = re.compile(r"\b(?:in force|in effect|effective|valid|applicable)\b|有效|生效的", re.I)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without the day that it names; the day's words are blanks, so that other places stay the same.

    :param day: the last day of what is named.
    """

    text: str
    links: tuple[Link, ...]
    day: date
    start: int
    stop: int

    def used(self, finding: GraphFinding) -> bool:
        """Tell whether a finding made use of the day by itself: as a condition, or as part of a name."""
        return str(self.day.year) in finding.sparql or any(
            link.start < self.stop and self.start < link.end for link in finding.links
        )


def stated(question: str, links: Sequence[Link]) -> Asked | None:
    """Return the question for the day that it gives expressly ("as of ..."), or ``None``."""
    for period in periods(question):
        before = _BEFORE.search(question[: period.start])
        after = _AFTER.match(question[period.stop :])
        if before or (after and period.relation == "in"):
            return _without(question, links, period, before)
    return None


def mentioned(question: str, links: Sequence[Link]) -> Asked | None:
    """Return the question for a day that it only mentions ("on 1 March 2022", "in 2015"), or ``None``."""
    found = [period for period in periods(question) if period.relation == "in"]
    if len(found) != 1:
        return None
    return _without(question, links, found[0], _LOOSE.search(question[: found[0].start]))


def _without(question: str, links: Sequence[Link], period: Period, before: re.Match[str] | None) -> Asked:
    start = before.start() if before else period.start
    after = _AFTER.match(question[period.stop :])
    stop = period.stop + (after.end() if after else 0)
    while stop < len(question) and question[stop] in "，, ":
        stop += 1
    text = question[:start] + " " * (stop - start) + question[stop:]
    text = _FORCE.sub(lambda found: " " * len(found.group()), text)
    kept = tuple(link for link in links if link.end <= start or link.start >= stop)
    return Asked(text, kept, period.end - timedelta(days=1), start, stop)


def in_force(text: str) -> str:
    """Return a question with the words that only say "in force" blanked."""
    return _FORCE.sub(lambda found: " " * len(found.group()), text)
