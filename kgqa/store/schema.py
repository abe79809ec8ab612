"""The tables of ``passages.sqlite``, and how the values of :mod:`kgqa.types` become cells and come back exactly.

What decides whether a passage may be seen (language, validity, access, metadata) is kept once for each distinct value,
in ``scopes``: a filter is then judged once for each scope and not once for each passage.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from kgqa.types import Document, Passage, Section, Validity

FORMAT = 1

TABLES = """
CREATE TABLE documents (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL, media_type TEXT NOT NULL,
    sections TEXT NOT NULL, pages TEXT NOT NULL, scope INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL
) STRICT;
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc INTEGER NOT NULL, text TEXT NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, title TEXT NOT NULL, heading TEXT NOT NULL, page INTEGER,
    scope INTEGER NOT NULL
) STRICT;
CREATE TABLE scopes (
    row INTEGER PRIMARY KEY, language TEXT NOT NULL, valid_from TEXT, valid_to TEXT, jurisdiction TEXT,
    superseded_by TEXT, access TEXT NOT NULL, metadata TEXT NOT NULL
) STRICT;
"""

Scope = tuple[str, str | None, str | None, str | None, str | None, str, str]
"""Language, valid from, valid to, jurisdiction, superseded by, access, metadata; as cells."""


def scope_of(source: Document | Passage) -> Scope:
    """Return the cells that say who may see a source, and when and where it holds."""
    validity = source.validity
    return (
        source.language,
        validity.valid_from.isoformat() if validity.valid_from else None,
        validity.valid_to.isoformat() if validity.valid_to else None,
        validity.jurisdiction,
        validity.superseded_by,
        json.dumps(sorted(source.access), ensure_ascii=False),
        json.dumps(dict(source.metadata), ensure_ascii=False),
    )


def scope_fields(cells: Scope) -> dict[str, Any]:
    """Return the cells of a scope as the fields of a passage or document."""
    language, valid_from, valid_to, jurisdiction, superseded_by, access, metadata = cells
    validity = Validity(
        date.fromisoformat(valid_from) if valid_from else None,
        date.fromisoformat(valid_to) if valid_to else None,
        jurisdiction,
        superseded_by,
    )
    said: Mapping[str, str] = json.loads(metadata)
    return {"language": language, "validity": validity, "access": frozenset(json.loads(access)), "metadata": said}


def sections_cell(sections: tuple[Section, ...]) -> str:
    """Return sections as one cell."""
    rows = [[section.heading, section.start, section.end, section.level] for section in sections]
    return json.dumps(rows, ensure_ascii=False)


def sections_of(cell: str) -> tuple[Section, ...]:
    """Return the sections of a cell."""
    return tuple(Section(heading, start, end, level) for heading, start, end, level in json.loads(cell))
