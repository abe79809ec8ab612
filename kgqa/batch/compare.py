"""Two runs side by side: what changed, and whether answer, evidence, models or index did."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgqa.batch.results import read

_PARTS = (
    ("answer", ("answer", "kind")),
    ("reason", ("reason", "error")),
    ("evidence", ("citations", "path")),
    ("conflicts", ("conflicts",)),
    ("models", ("models",)),
    ("index", ("generation",)),
)
NOTABLE = 0.05
"""A confidence that moved by less is the same."""


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose result differs.

    :param what: which parts differ: ``answer``, ``reason``, ``evidence``, ``conflicts``, ``confidence``, ``models``,
        ``index``.
    :param why: what is known of the causes, each in a few words.
    """

    question: str
    documents: str
    what: tuple[str, ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two outputs.

    :param changes: questions whose answer, evidence, reason, conflicts or confidence differ; answers first.
    :param gone: questions that only the first has; ``new`` those that only the second has.
    :param causes: whether models or index differ anywhere, the likely reasons of the changes.
    """

    changes: tuple[Change, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    same: int
    causes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, say: Callable[[str], str] = str) -> list[str]:
        """Return the difference as lines of text.

        :param say: puts what is not from the runs into the reader's language.
        """
        out = [say(f"{len(self.changes)} changed, {self.same} the same, {len(self.gone)} gone, {len(self.new)} new")]
        out += [say(f"differs between the runs: {', '.join(map(say, self.causes))}")] if self.causes else []
        for change in self.changes:
            about = f" ({change.documents})" if change.documents else ""
            out.append(f"~ {change.question}{about} [{', '.join(map(say, change.what))}]")
            out += [f"  - {_said(change.before, say)}", f"  + {_said(change.after, say)}"]
            out += [f"    {say(cause)}" for cause in change.why]
        return [*out, *(f"- {question}" for question in self.gone), *(f"+ {question}" for question in self.new)]


def diff(before: str | Path, after: str | Path) -> Difference:
    """Compare two outputs of batches, in any of the formats; of a CSV with one line per document what it holds.

    Rows belong together by question, documents and date; of repeated questions by their order.

    :raises UsageError: a file is missing or is not an output of a batch.
    """
    return compared(read(Path(before)), read(Path(after)))


def compared(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Difference:
    """Compare the records of two outputs, see :func:`diff`."""
    one, other = _keyed(before), _keyed(after)
    changes: list[Change] = []
    same, causes = 0, set[str]()
    for key in one.keys() & other.keys():
        what = _what(one[key], other[key])
        causes.update(part for part in what if part in ("models", "index"))
        if set(what) - {"models", "index"}:
            changes.append(Change(key[0], key[1], what, one[key], other[key], _why(one[key], other[key], what)))
        else:
            same += 1
    changes.sort(key=lambda change: ("answer" not in change.what, "reason" not in change.what, _row(change.after)))
    gone = tuple(_asked(key) for key in one if key not in other)
    new = tuple(_asked(key) for key in other if key not in one)
    return Difference(tuple(changes), gone, new, same, tuple(sorted(causes)))


def _asked(key: tuple[str, str, str, int]) -> str:
    question, documents, *_ = key
    return f"{question} ({documents})" if documents else question


def _keyed(records: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str, int], Mapping[str, Any]]:
    seen: dict[tuple[str, str, str], int] = {}
    keyed = {}
    for one in records:
        key = (str(one["question"]), str(one.get("documents", "")), str(one.get("as_of", "")))
        seen[key] = seen.get(key, 0) + 1
        keyed[(*key, seen[key])] = one
    return keyed


def _what(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    if "path" not in one or "path" not in other:  # a line per document has the first citation of each answer only
        one, other = (
            {**record, "citations": str(record.get("citations", "")).split("\n")[0]} for record in (one, other)
        )
        names = one.keys() & other.keys() - {"kind"}
    else:
        names = one.keys() | other.keys()
    what = [
        part for part, said in _PARTS if any(str(one.get(n, "")) != str(other.get(n, "")) for n in said if n in names)
    ]
    if abs(_number(one.get("confidence")) - _number(other.get("confidence"))) >= NOTABLE:
        what.append("confidence")
    return tuple(what)


def _why(one: Mapping[str, Any], other: Mapping[str, Any], what: Sequence[str]) -> tuple[str, ...]:
    """Return what the two records show of the causes of a change, the nearest cause first."""
    causes = []
    if "answer" in what:
        causes += _place_before(one, other)
        if "evidence" not in what:
            causes.append("the same evidence, weighed otherwise")
    cited, now = (_cited(record) for record in (one, other))
    causes += [f"no longer cited: {_short(text)}" for text in cited if text not in now][:2]
    causes += [f"newly cited: {_short(text)}" for text in now if text not in cited][:2]
    if "models" in what:
        before, after = (dict(_pairs(record)) for record in (one, other))
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        causes.append(f"another model: {', '.join(names)}")
    if "index" in what:
        causes.append(f"another index: {one.get('generation', '')} before, {other.get('generation', '')} now")
    return tuple(causes)


def _place_before(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Tell where the new answer stood in the earlier run, if it did."""
    if not other.get("answer"):
        return [f"no answer is sure enough now: {other.get('reason', '')}"] if one.get("answer") else []
    earlier = str(one.get("alternatives", "")).split("\n")
    said = ", ".join(str(other["answer"]).split("; "))
    if said in earlier or other["answer"] in earlier:
        place = 1 + earlier.index(said if said in earlier else other["answer"])
        return [f"was alternative {place} before"]
    return ["was too unsure before" if not one.get("answer") else "was not among the first alternatives before"]


def _cited(one: Mapping[str, Any]) -> list[str]:
    """Return the citations of a record without their numbers."""
    return [re.sub(r"^\[\d+\] ", "", line) for line in str(one.get("citations", "")).split("\n") if line]


def _pairs(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = (part.partition("=") for part in str(one.get("models", "")).split(", ") if part)
    return [(name, mark) for name, _, mark in found]


def _short(text: str, limit: int = 140) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _number(value: object) -> float:
    try:
        return float(str(value or 0))
    except ValueError:
        return 0.0


def _row(one: Mapping[str, Any]) -> int:
    return int(_number(one.get("row")))


def _said(one: Mapping[str, Any], say: Callable[[str], str]) -> str:
    said = one.get("answer") or say(str(one.get("error") or f"no answer ({one.get('reason', '')})"))
    return f"{' '.join(str(said).split())[:300]} ({_number(one.get('confidence')):.0%})"
