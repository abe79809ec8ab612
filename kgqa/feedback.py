"""What people asked and what they corrected: one SQLite file beside the index, exported as training data.

A judgement keeps the passages that were shown, so that a correction can be learned from after the index has changed.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from kgqa.errors import UsageError
from kgqa.types import Answer, Passage

Verdict = Literal["right", "wrong"]
Status = Literal["new", "accepted", "rejected"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, base TEXT NOT NULL, who TEXT NOT NULL, question TEXT NOT NULL,
  kind TEXT NOT NULL, reason TEXT NOT NULL, confidence REAL NOT NULL, seconds REAL NOT NULL, topics TEXT NOT NULL,
  generation TEXT NOT NULL, models TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS asked_at ON asked (at);
CREATE TABLE IF NOT EXISTS feedback (
  id TEXT PRIMARY KEY, at TEXT NOT NULL, base TEXT NOT NULL, who TEXT NOT NULL, question TEXT NOT NULL,
  verdict TEXT NOT NULL, said TEXT NOT NULL, answer TEXT NOT NULL, doc_id TEXT NOT NULL, context TEXT NOT NULL,
  context_start INTEGER NOT NULL, span TEXT NOT NULL, entity TEXT NOT NULL, note TEXT NOT NULL, status TEXT NOT NULL,
  generation TEXT NOT NULL, models TEXT NOT NULL, reviewer TEXT NOT NULL, reviewed TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS feedback_status ON feedback (status, at);
"""
_ADDED = {"kind": "''", "items": "'[]'", "iris": "'[]'", "mention": "''", "unknown": "0"}
"""Columns that earlier files lack, with what their rows get."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """A judgement of one answer.

    :param said: the answer that was given; empty for an abstention.
    :param answer: the right answer; empty where there is none.
    :param context: text of the passage that shows the right answer, as it was when judged; ``context_start`` is its
        place in the document ``doc_id``.
    :param span: the exact words in ``context`` that are the answer; empty when nothing was marked.
    :param entity: IRI of the thing that ``mention``, words of the question, means where it was misread.
    :param kind: kind of the right answer as in a file of questions, ``""`` where it is not known; ``items`` and ``iris`` are its
        members, as JSON, ``iris`` empty where they are no things of the graph.
    :param unknown: 1 when the graph had no such name for the entity.
    """

    id: str
    at: str
    base: str
    who: str
    question: str
    verdict: Verdict
    said: str
    answer: str = ""
    doc_id: str = ""
    context: str = ""
    context_start: int = 0
    span: str = ""
    entity: str = ""
    note: str = ""
    status: Status = "new"
    generation: str = ""
    models: str = "{}"
    reviewer: str = ""
    reviewed: str = ""
    kind: str = ""
    items: str = "[]"
    iris: str = "[]"
    mention: str = ""
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """What was asked of one index generation with one set of models.

    :param models: name and fingerprint of each model.
    :param seconds: median time to answer.
    """

    base: str
    generation: str
    models: dict[str, str]
    asked: int
    abstained: int
    seconds: float
    right: int
    wrong: int
    last: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Figures for the owner.

    :param days: day, questions, questions without an answer; earliest first.
    :param missed: topics of questions without an answer, with counts, most frequent first.
    :param seconds: median and 95th percentile of the time to answer.
    :param versions: the same by index generation and models, latest first.
    """

    asked: int
    abstained: int
    seconds: tuple[float, float]
    days: tuple[tuple[str, int, int], ...]
    missed: tuple[tuple[str, int], ...]
    right: int
    wrong: int
    versions: tuple[Version, ...] = ()


class FeedbackStore:
    """One SQLite file; safe to use from several threads and processes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)
            there = {row["name"] for row in db.execute("PRAGMA table_info(feedback)")}
            for name, value in _ADDED.items():
                if name not in there:
                    kind = "INTEGER" if value.isdigit() else "TEXT"
                    db.execute(f"ALTER TABLE feedback ADD COLUMN {name} {kind} NOT NULL DEFAULT {value}")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock, closing(sqlite3.connect(self._file, timeout=10)) as db, db:
            db.execute(
                "PRAGMA secure_delete = ON"
            )  # what is forgotten is overwritten; not every build of SQLite does that
            db.row_factory = sqlite3.Row
            yield db

    def record(self, base: str, who: str, answer: Answer, seconds: float) -> None:
        """Note that a question was asked and what came of it."""
        topics = [link.label for link in answer.links] or [answer.question]
        row = (
            _now(), base, who, answer.question, answer.kind, answer.reason.value if answer.reason else "",
            answer.confidence, seconds, json.dumps(topics[:5], ensure_ascii=False), answer.generation, _models(answer),
        )  # fmt: skip
        with self._open() as db:
            db.execute(f"INSERT INTO asked VALUES (NULL, {', '.join('?' * len(row))})", row)

    def judge(
        self,
        base: str,
        who: str,
        answer: Answer,
        verdict: Verdict,
        *,
        right_answer: str = "",
        right_iris: Sequence[tuple[str, str]] = (),
        passage: Passage | None = None,
        span: str = "",
        entity: str = "",
        mention: str = "",
        note: str = "",
    ) -> Feedback:
        """Keep a judgement.

        :param right_iris: where the right answer is things of the graph: the name and the IRI of each.
        :param passage: the passage that shows the right answer; when the verdict is ``right`` and none is given, the
            first quotation of the answer is taken.
        :param entity: IRI of the thing that a name in the question means; ``mention`` is that name as it stands there, by
            default the words that the answer read as this thing.
        :raises UsageError: ``span`` does not stand in ``passage``, or ``mention`` not in the question.
        """
        if verdict == "right" and passage is None:
            quoted = next((e for e in answer.evidence if e.passage is not None and e.quote), None)
            if quoted is not None:
                passage, span = quoted.passage, quoted.quote
        if span and (passage is None or span not in passage.text):
            raise UsageError(f"the words {span[:60]!r} do not stand in the chosen passage; copy them from it")
        if mention and mention not in answer.question:
            raise UsageError(f"the words {mention[:60]!r} do not stand in the question; copy them from it")
        read = {link.entity: link.mention for link in reversed(answer.links)}
        kind, items, iris = _right(answer, verdict, right_answer.strip() or span, right_iris, bool(entity))
        item = Feedback(
            uuid.uuid4().hex, _now(), base, who, answer.question, verdict, answer.text or "",
            answer=(answer.text or "") if verdict == "right" else right_answer.strip(),
            doc_id=passage.doc_id if passage else "", context=passage.text if passage else "",
            context_start=passage.start if passage else 0, span=span, entity=entity.strip(), note=note.strip(),
            generation=answer.generation, models=_models(answer),
            kind=kind, items=_json(items), iris=_json(iris), mention=mention or read.get(entity.strip(), ""),
            unknown=int(bool(entity) and not any(link.entity == entity.strip() for link in answer.links)),
        )  # fmt: skip
        self._insert(item)
        return item

    def _insert(self, item: Feedback) -> None:
        names = Feedback.__dataclass_fields__
        marks = ", ".join("?" * len(names))
        with self._open() as db:
            db.execute(
                f"INSERT INTO feedback ({', '.join(names)}) VALUES ({marks})", [getattr(item, name) for name in names]
            )

    def list(self, status: Status | None = "new", limit: int = 200) -> list[Feedback]:
        """Return judgements of one status (or all), earliest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT * FROM feedback WHERE ? IS NULL OR status = ? ORDER BY at, rowid LIMIT ?",
                (status, status, limit),
            ).fetchall()
        return [Feedback(**dict(row)) for row in rows]

    def review(self, feedback_id: str, status: Status, reviewer: str = "") -> None:
        """Accept or reject a judgement.

        :raises UsageError: there is no such judgement.
        """
        with self._open() as db:
            done = db.execute(
                "UPDATE feedback SET status = ?, reviewer = ?, reviewed = ? WHERE id = ?",
                (status, reviewer, _now(), feedback_id),
            )
            if done.rowcount != 1:
                raise UsageError(f"no feedback {feedback_id!r}; it may have been removed")

    def forget(self, doc_id: str) -> int:
        """Remove the passages kept of a document and the answers from them; return how many there were."""
        with self._open() as db:
            done = db.execute(
                "UPDATE feedback SET context = '', span = '', said = '', answer = '', items = '[]', context_start = 0"
                " WHERE doc_id = ? AND context != ''",
                (doc_id,),
            )
            return done.rowcount

    def training_data(self, status: Status = "accepted", base: str = "") -> dict[str, Any]:
        """Return reviewed judgements as SQuAD 2.0 JSON: one paragraph for each passage.

        Questions whose right answer is "there is none" become unanswerable ones for the passage that was shown;
        judgements without a passage teach a reader nothing and are left out.

        :param base: name of the only knowledge base to take; empty takes all.
        """
        paragraphs: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for item in self.list(status, limit=1_000_000):
            if base in ("", item.base) and (question := _squad_question(item)):
                paragraphs.setdefault((item.doc_id, item.context), []).append(question)
        data: dict[str, list[dict[str, Any]]] = {}
        for (doc_id, context), questions in paragraphs.items():
            data.setdefault(doc_id, []).append({"context": context, "qas": questions})
        return {
            "version": "v2.0",
            "data": [{"title": title, "paragraphs": items} for title, items in data.items()],
        }

    def export(self, file: Path, status: Status = "accepted") -> int:
        """Write :meth:`training_data` to a file that ``kgqa train reader`` takes; return the number of questions."""
        data = self.training_data(status)
        file.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
        return sum(len(p["qas"]) for article in data["data"] for p in article["paragraphs"])

    def usage(self, days: int = 30) -> Usage:
        """Return the figures of the last days on which something was asked."""
        with self._open() as db:
            rows = db.execute(
                "SELECT substr(at, 1, 10) AS day, kind, seconds, topics, base, generation, models, at FROM asked ORDER BY at"
            ).fetchall()
            judged = db.execute("SELECT verdict, base, generation, models FROM feedback").fetchall()
        verdicts = Counter(row["verdict"] for row in judged)
        per_day: dict[str, list[int]] = {}
        missed: Counter[str] = Counter()
        for row in rows:
            counts = per_day.setdefault(row["day"], [0, 0])
            counts[0] += 1
            if row["kind"] == "none":
                counts[1] += 1
                missed.update(list(dict.fromkeys(json.loads(row["topics"]))))
        return Usage(
            len(rows), sum(counts[1] for counts in per_day.values()), _percentiles([row["seconds"] for row in rows]),
            tuple((day, counts[0], counts[1]) for day, counts in list(per_day.items())[-days:]), tuple(missed.most_common(10)),
            verdicts["right"], verdicts["wrong"], _versions(rows, judged),
        )  # fmt: skip


def _versions(rows: Sequence[sqlite3.Row], judged: Sequence[sqlite3.Row], most: int = 12) -> tuple[Version, ...]:
    verdicts = Counter((row["base"], row["generation"], row["models"], row["verdict"]) for row in judged)
    groups: dict[tuple[str, str, str], list[sqlite3.Row]] = {}
    for row in rows:
        groups.setdefault((row["base"], row["generation"], row["models"]), []).append(row)
    found = [
        Version(
            *key[:2], json.loads(key[2]), len(group), sum(row["kind"] == "none" for row in group),
            _percentiles([row["seconds"] for row in group])[0], verdicts[(*key, "right")], verdicts[(*key, "wrong")],
            group[-1]["at"],
        )
        for key, group in groups.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda version: version.last, reverse=True)[:most])


def _squad_question(item: Feedback) -> dict[str, Any] | None:
    if not item.context:
        return None
    start = item.context.find(item.span) if item.span else -1
    if item.span and start >= 0:
        answers = [{"text": item.span, "answer_start": start}]
        return {"id": item.id, "question": item.question, "is_impossible": False, "answers": answers}
    if item.verdict == "wrong" and not item.answer:
        return {"id": item.id, "question": item.question, "is_impossible": True, "answers": []}
    return None


def _right(
    answer: Answer, verdict: Verdict, said: str, iris: Sequence[tuple[str, str]], misread: bool
) -> tuple[str, Sequence[str], Sequence[str]]:
    """Return kind, members and IRIs of what a judgement says is right."""
    if verdict == "right":
        known = answer.iris if len(answer.iris) == len(answer.items) and all(answer.iris) else ()
        return answer.kind, answer.items, known
    if iris:
        return "entities", [name for name, _ in iris], [iri for _, iri in iris]
    if said:
        return "span", [said], ()
    return "" if misread else "none", (), ()  # whoever names the right entity has not said that there is no answer


def _json(value: Sequence[str]) -> str:
    return json.dumps(list(value), ensure_ascii=False)


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    if not ordered:
        return 0.0, 0.0
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def _models(answer: Answer) -> str:
    return json.dumps(dict(answer.models), ensure_ascii=False)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
