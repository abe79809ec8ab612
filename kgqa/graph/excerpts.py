"""Which statements of a graph were read from text, and from which sentences: one SQLite file in the graph's folder."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kgqa.types import Excerpt, Term

FILE = "excerpts.sqlite"
ACCEPTED, UNREVIEWED = "kgqa:/extracted/accepted", "kgqa:/extracted/unreviewed"
"""Named graphs of the statements that people accepted, and of those that nobody has looked at."""


@dataclass(frozen=True, slots=True)
class ReadStatement:
    """A statement that was read from a sentence.

    :param answers: whether it may answer questions; if not, only a query that names its graph finds it.
    """

    triple: tuple[Term, Term, Term]
    document: str
    start: int
    end: int
    confidence: float
    accepted: bool
    answers: bool


@dataclass(frozen=True, slots=True)
class ReadFromText:
    """All statements that were read from the documents of a knowledge base."""

    statements: tuple[ReadStatement, ...] = ()


def save(folder: Path, found: Iterable[tuple[int, ReadStatement]]) -> None:
    """Write the sentences of statements, named by their numbers in the adjacency, to a new file."""
    with contextlib.closing(sqlite3.connect(folder / FILE)) as db, db:
        columns = "statement INTEGER, document TEXT, start INTEGER, stop INTEGER, confidence REAL, accepted INTEGER"
        db.execute(f"CREATE TABLE excerpt ({columns})")
        rows = ((n, i.document, i.start, i.end, i.confidence, i.accepted) for n, i in found)
        db.executemany("INSERT INTO excerpt VALUES (?, ?, ?, ?, ?, ?)", rows)
        db.execute("CREATE INDEX by_statement ON excerpt (statement)")


def connect(folder: Path) -> sqlite3.Connection:
    """Open the file read-only."""
    return sqlite3.connect(f"file:{folder / FILE}?mode=ro&immutable=1", uri=True)


def of(db: sqlite3.Connection, statement: int) -> tuple[Excerpt, ...]:
    """Return the sentences of a statement, the surest first."""
    query = (
        "SELECT document, start, stop, confidence, accepted FROM excerpt WHERE statement = ? ORDER BY confidence DESC"
    )
    rows = db.execute(query, (statement,))
    return tuple(Excerpt(document, start, end, sure, bool(yes)) for document, start, end, sure, yes in rows)
