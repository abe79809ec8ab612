"""Conversations, kept per user in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kgqa.records import from_json, to_json
from kgqa.types import Answer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, changed TEXT NOT NULL, turns TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_owner ON conversations (owner, changed DESC);
"""
MAX_TITLE = 120


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer.

    :param asked: as typed.
    :param understood: as asked of the knowledge base, with the follow-up resolved.
    :param base: name of the knowledge base.
    :param when: ISO 8601, UTC.
    :param judged: ``right``, ``wrong`` or empty.
    """

    asked: str
    understood: str
    base: str
    answer: Answer
    when: str
    judged: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in order.

    :param id: cannot be guessed; empty until there is something to keep.
    """

    id: str = ""
    title: str = ""
    turns: tuple[Turn, ...] = ()

    def __hash__(self) -> int:
        # Gradio hashes what a session holds, and answers hold mappings; this changes whenever something shown does.
        return hash((self.id, self.title, tuple((turn.when, turn.judged) for turn in self.turns)))

    def with_turn(self, turn: Turn) -> Conversation:
        """Return the conversation with one turn more; the first gives it its title."""
        title = self.title or turn.asked[:MAX_TITLE]
        return replace(self, id=self.id or uuid.uuid4().hex, title=title, turns=(*self.turns, turn))

    def judged(self, index: int, verdict: str) -> Conversation:
        """Return the conversation with a verdict on one turn."""
        turns = list(self.turns)
        turns[index] = replace(turns[index], judged=verdict)
        return replace(self, turns=tuple(turns))


def now() -> str:
    """Return the time in UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class HistoryStore:
    """One SQLite file; safe to use from several threads and processes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)

    @property
    def folder(self) -> Path:
        """The folder that the file is in."""
        return self._file.parent

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock, closing(sqlite3.connect(self._file, timeout=10)) as db, db:
            db.execute(
                "PRAGMA secure_delete = ON"
            )  # what is forgotten is overwritten; not every build of SQLite does that
            yield db

    def save(self, owner: str, conversation: Conversation) -> None:
        """Keep a conversation; one of the same id is replaced if it is the same owner's."""
        turns = json.dumps(to_json(conversation.turns), ensure_ascii=False)
        with self._open() as db:
            db.execute(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET title = excluded.title, changed = excluded.changed, turns = excluded.turns"
                " WHERE owner = excluded.owner",
                (conversation.id, owner, conversation.title, now(), turns),
            )

    def list(self, owner: str, words: str = "", limit: int = 100) -> list[tuple[str, str]]:
        """Return id and title of an owner's conversations that contain some text, latest first."""
        pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        with self._open() as db:
            rows = db.execute(
                "SELECT id, title FROM conversations WHERE owner = ?"
                " AND (title LIKE ? ESCAPE '\\' OR turns LIKE ? ESCAPE '\\')"
                " ORDER BY changed DESC, rowid DESC LIMIT ?",
                (owner, pattern, pattern, limit),
            ).fetchall()
        return [(row[0], row[1]) for row in rows]

    def load(self, owner: str, conversation_id: str) -> Conversation | None:
        """Return a conversation of this owner; another's is as good as none."""
        with self._open() as db:
            row = db.execute(
                "SELECT title, turns FROM conversations WHERE id = ? AND owner = ?", (conversation_id, owner)
            ).fetchone()
        if row is None:
            return None
        turns = tuple(from_json(Turn, item) for item in json.loads(row[1]))
        return Conversation(conversation_id, row[0], turns)

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Give a conversation of this owner another title."""
        with self._open() as db:
            db.execute(
                "UPDATE conversations SET title = ? WHERE id = ? AND owner = ?",
                (title.strip()[:MAX_TITLE], conversation_id, owner),
            )

    def forget(self, doc_id: str) -> int:
        """Take a document's passages out of every conversation; return the number of conversations that had any."""
        with self._open() as db:
            rows = db.execute(
                "SELECT id, turns FROM conversations WHERE turns LIKE ?", (f"%{_quoted(doc_id)}%",)
            ).fetchall()
            changed = 0
            for key, packed in rows:
                kept = _without(json.loads(packed), doc_id)
                text = json.dumps(kept, ensure_ascii=False)
                if text != packed:
                    db.execute("UPDATE conversations SET turns = ? WHERE id = ?", (text, key))
                    changed += 1
        return changed

    def delete(self, owner: str, conversation_id: str) -> None:
        """Forget a conversation of this owner."""
        with self._open() as db:
            db.execute("DELETE FROM conversations WHERE id = ? AND owner = ?", (conversation_id, owner))


def _quoted(doc_id: str) -> str:
    return json.dumps(doc_id, ensure_ascii=False)[1:-1].replace("\\", "_").replace("%", "_")


def _without(value: Any, doc_id: str) -> Any:
    """Return JSON without what holds a document's text; an answer that was such text goes too."""
    if isinstance(value, list):
        return [_without(item, doc_id) for item in value if not _holds(item, doc_id)]
    if not isinstance(value, dict):
        return value
    kept = {key: _without(item, doc_id) for key, item in value.items()}
    if "evidence" not in kept or kept["evidence"] == value["evidence"]:
        return kept
    if "prose" in kept:
        kept["prose"] = ""
    if kept.get("kind") == "span" and "items" in kept:
        kept.update(items=[], iris=[])
        if "text" in kept:
            kept.update(text=None, kind="none", explanation="")
    return kept


def _holds(item: Any, doc_id: str) -> bool:
    if not isinstance(item, dict):
        return False
    passages = [item.get("passage"), *((item.get(side) or {}).get("passage") for side in ("one", "other"))]
    return any(isinstance(one, dict) and one.get("doc_id") == doc_id for one in passages)
