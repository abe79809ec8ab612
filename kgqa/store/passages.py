"""Documents and passages in one SQLite file; row ``i`` of the vectors is passage ``i`` of the store.

A file is written once, by :class:`PassageWriter`, and then only read, by :class:`PassageStore`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import IndexFault, SourceError
from kgqa.store.schema import FORMAT, TABLES, Scope, scope_fields, scope_of, sections_cell, sections_of
from kgqa.types import Document, Filters, Passage

_CACHED_MASKS = 64
_PASSAGE_COLUMNS = 'p.row, p.id, d.id, p.text, p.start, p."end", p.title, p.heading, p.page, p.scope'
_DOCUMENT_COLUMNS = "id, title, text, media_type, sections, pages, scope"


class PassageWriter:
    """Writes a new store; the file counts only after :meth:`close`.

    :param path: must not exist.
    :raises IndexFault: when the file exists or cannot be made.
    """

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise IndexFault(f"{path} exists; a store is written once")
        try:
            # Autocommit off the library's hands: one transaction around everything, durability by the caller's fsync.
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.executescript(f"PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; BEGIN; {TABLES}")
        except sqlite3.Error as fault:
            raise IndexFault(f"{path} cannot be written ({fault}); check the folder and its free space") from fault
        self._path = path
        self._scopes: dict[Scope, int] = {}
        self._documents = 0
        self._passages = 0

    def __enter__(self) -> PassageWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._db.close()

    def __len__(self) -> int:
        return self._passages

    def add(self, document: Document, passages: Sequence[Passage]) -> None:
        """Append a document and its passages, in order.

        :raises SourceError: when an id is taken, a passage is of another document, or a text cannot be stored (lone
            surrogates). Nothing of the document is kept then.
        """
        stray = next((passage.id for passage in passages if passage.doc_id != document.id), None)
        if stray is not None:
            raise SourceError(f"passage {stray} is not of document {document.id}; give each document its own passages")
        try:
            self._db.execute("SAVEPOINT one")
            self._insert(document, passages)
            self._db.execute("RELEASE one")
        except (sqlite3.IntegrityError, UnicodeEncodeError) as fault:
            self._db.execute("ROLLBACK TO one")
            self._db.execute("RELEASE one")
            raise SourceError(f"document {document.id!r} cannot be stored ({fault}); mend its id or text") from fault
        except sqlite3.Error as fault:
            raise IndexFault(f"{self._path} cannot be written ({fault}); check the free space") from fault
        self._documents += 1
        self._passages += len(passages)

    def close(self) -> None:
        """Finish the file.

        :raises IndexFault: when it cannot be finished, for example on a full disk.
        """
        try:
            cells = [(row, *scope) for scope, row in self._scopes.items()]
            self._db.executemany("INSERT INTO scopes VALUES (?,?,?,?,?,?,?,?)", cells)
            self._db.execute(f"PRAGMA user_version={FORMAT}")  # last: a file without it is not finished
            self._db.execute("COMMIT")
        except sqlite3.Error as fault:
            raise IndexFault(f"{self._path} cannot be finished ({fault}); check the free space") from fault
        finally:
            self._db.close()

    def _insert(self, document: Document, passages: Sequence[Passage]) -> None:
        head = (self._documents, document.id, document.title, document.text, document.media_type)
        tail = (sections_cell(document.sections), json.dumps(document.pages), self._scope(document))
        span = (self._passages, len(passages))
        self._db.execute("INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?)", (*head, *tail, *span))
        rows = [
            (row, p.id, self._documents, p.text, p.start, p.end, p.title, p.heading, p.page, self._scope(p))
            for row, p in enumerate(passages, self._passages)
        ]
        self._db.executemany("INSERT INTO passages VALUES (?,?,?,?,?,?,?,?,?,?)", rows)

    def _scope(self, source: Document | Passage) -> int:
        return self._scopes.setdefault(scope_of(source), len(self._scopes))


class PassageStore:
    """A finished store, read-only; safe to use from several threads.

    :raises IndexFault: when the file is missing, damaged or of another format.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise IndexFault(f"{path} is missing; build the index again")
        self._path = path
        self._lock = threading.Lock()
        try:
            # immutable: SQLite then makes no lock or journal file and heeds none that somebody put beside it.
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            found = self._db.execute("PRAGMA user_version").fetchone()[0]
            if found != FORMAT:
                raise IndexFault(f"{path} has format {found}, this version reads {FORMAT}; build the index again")
            self._load()
        except sqlite3.Error as fault:
            raise IndexFault(f"{path} is damaged ({fault}); build the index again") from fault
        self._masks: OrderedDict[Filters, NDArray[np.bool_] | None] = OrderedDict()

    def _load(self) -> None:
        scopes = self._db.execute("SELECT * FROM scopes ORDER BY row").fetchall()
        self._scopes = [scope_fields(cells[1:]) for cells in scopes]
        pairs = np.array(self._db.execute("SELECT doc, scope FROM passages ORDER BY row").fetchall(), np.int32)
        self._doc_of, self._scope_of = pairs.reshape(-1, 2).T
        rows = self._db.execute("SELECT row, id, title, first, count, scope FROM documents ORDER BY row").fetchall()
        self._listed = tuple((name, title) for _, name, title, _, _, _ in rows)
        self._doc_row = {name: row for row, name, *_ in rows}
        self._span = {name: range(first, first + count) for _, name, _, first, count, _ in rows}
        self._doc_scope = [row[5] for row in rows]
        self._written: dict[str, frozenset[str]] = {}

    def __len__(self) -> int:
        return len(self._scope_of)

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    # --- passages ---

    def passages(self, rows: Sequence[int] | NDArray[np.integer[Any]]) -> list[Passage]:
        """Return the passages of row numbers, in the order asked for; a row may be asked for twice.

        :raises IndexError: when there is no such row.
        """
        wanted = [int(row) for row in rows]
        found: dict[int, Passage] = {}
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            query = (
                f"SELECT {_PASSAGE_COLUMNS} FROM passages p JOIN documents d ON d.row = p.doc WHERE p.row IN ({marks})"
            )
            found.update((cells[0], self._passage(cells)) for cells in self._read(query, part))
        missing = next((row for row in wanted if row not in found), None)
        if missing is not None:
            raise IndexError(f"no passage in row {missing}; the store has {len(self)}")
        return [found[row] for row in wanted]

    def all_passages(self, batch: int = 1000) -> Iterator[Passage]:
        """Go through all passages in row order, reading ``batch`` at a time."""
        for start in range(0, len(self), batch):
            yield from self.passages(range(start, min(start + batch, len(self))))

    def passage(self, passage_id: str) -> Passage:
        """Return one passage.

        :raises KeyError: when there is no such passage.
        """
        query = f"SELECT {_PASSAGE_COLUMNS} FROM passages p JOIN documents d ON d.row = p.doc WHERE p.id = ?"
        rows = self._read(query, [passage_id])
        if not rows:
            raise KeyError(passage_id)
        return self._passage(rows[0])

    def rows_of(self, doc_ids: Collection[str]) -> NDArray[np.int64]:
        """Return the row numbers of the passages of documents, ascending; unknown ids have none."""
        spans = sorted((self._span[name] for name in set(doc_ids) if name in self._span), key=lambda span: span.start)
        return np.concatenate([np.zeros(0, np.int64), *(np.arange(span.start, span.stop) for span in spans)])

    def mask(self, filters: Filters | None) -> NDArray[np.bool_] | None:
        """Return for each row whether the filters admit it, shape (len(self),); ``None`` when they admit every row.

        The array is shared with later calls and must not be changed.
        """
        if filters is None or filters == Filters():
            return None
        with self._lock:
            if filters in self._masks:
                self._masks.move_to_end(filters)
                return self._masks[filters]
        mask = self._judge(filters)
        if mask is not None:
            mask.setflags(write=False)
        with self._lock:
            self._masks[filters] = mask
            if len(self._masks) > _CACHED_MASKS:
                self._masks.popitem(last=False)
        return mask

    def _judge(self, filters: Filters) -> NDArray[np.bool_] | None:
        if filters.documents is not None:
            inside = np.zeros(len(self), np.bool_)
            inside[self.rows_of(filters.documents)] = True
            rest = self.mask(replace(filters, documents=None))
            return inside if rest is None else inside & rest
        seen = [filters.admits(Passage("", "", "", start=0, end=0, **fields)) for fields in self._scopes]
        mask: NDArray[np.bool_] = np.array(seen, np.bool_)[self._scope_of]
        return None if mask.all() else mask

    # --- documents ---

    def documents(self) -> list[tuple[str, str]]:
        """Return id and title of each document, in the order in which they were added."""
        return list(self._listed)

    def census(self) -> tuple[dict[str, int], tuple[date, ...]]:
        """Return the number of documents in each language, most first, and the days from which documents hold, in order."""
        fields = [self._scopes[scope] for scope in self._doc_scope]
        languages = Counter(str(one["language"]) for one in fields)
        days = {one["validity"].valid_from for one in fields if one["validity"].valid_from}
        return dict(languages.most_common()), tuple(sorted(days))

    def written(self, language: str) -> frozenset[str]:
        """Return ids of the documents in a language."""
        if language not in self._written:
            scopes = {at for at, fields in enumerate(self._scopes) if fields["language"] == language}
            pairs = zip(self._listed, self._doc_scope, strict=True)
            self._written[language] = frozenset(name for (name, _), scope in pairs if scope in scopes)
        return self._written[language]

    def closed(self) -> dict[str, frozenset[str]]:
        """Return the groups of each document that is not open to everyone, by id."""
        groups = [fields["access"] for fields in self._scopes]
        return {
            name: groups[scope] for (name, _), scope in zip(self._listed, self._doc_scope, strict=True) if groups[scope]
        }

    def document(self, doc_id: str) -> Document:
        """Return a document.

        :raises KeyError: when there is no such document.
        """
        query = f"SELECT {_DOCUMENT_COLUMNS} FROM documents WHERE row = ?"
        cells = self._read(query, [self._doc_row[doc_id]])[0]
        name, title, text, media_type, sections, pages, scope = cells
        return Document(
            name,
            title,
            text,
            media_type,
            sections=sections_of(sections),
            pages=tuple(json.loads(pages)),
            **self._scopes[scope],
        )

    def text(self, doc_id: str) -> str:
        """Return a document's text.

        :raises KeyError: when there is no such document.
        """
        return str(self._read("SELECT text FROM documents WHERE row = ?", [self._doc_row[doc_id]])[0][0])

    # --- reading ---

    def _passage(self, cells: tuple[Any, ...]) -> Passage:
        _, name, doc, text, start, end, title, heading, page, scope = cells
        return Passage(
            name, doc, text, start=start, end=end, title=title, heading=heading, page=page, **self._scopes[scope]
        )

    def _read(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except sqlite3.Error as fault:
            raise IndexFault(f"{self._path} cannot be read ({fault}); build the index again") from fault
