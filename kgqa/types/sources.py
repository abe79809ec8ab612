"""Sources: documents, their passages, and when, where and for whom they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Validity:
    """When and where a source or statement holds; ``None`` is "not limited"."""

    valid_from: date | None = None
    valid_to: date | None = None
    jurisdiction: str | None = None
    superseded_by: str | None = None

    def holds(self, on: date | None) -> bool:
        """Tell whether this was in force on a day; ``None`` asks nothing and is always true."""
        if on is None:
            return True
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Section:
    """A structural part of a document: its heading and the characters it covers, heading included.

    :param level: 1 is the outermost.
    """

    heading: str
    start: int
    end: int
    level: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A source text.

    :param id: path relative to ``documents/``, with ``/``; rows of a table file add ``#row``.
    :param language: ISO 639-1 code, ``"und"`` when it cannot be told.
    :param sections: in order of ``start``; nested sections follow their parent.
    :param pages: for each page the offset of its first character; empty for formats without pages.
    :param access: groups that may see it; empty means everyone.
    :param metadata: what else the source says of itself (author, url, date, authority), as text.
    """

    id: str
    title: str
    text: str
    media_type: str
    language: str
    sections: tuple[Section, ...] = ()
    pages: tuple[int, ...] = ()
    validity: Validity = Validity()
    access: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: ``text == document.text[start:end]``.

    :param heading: headings of the enclosing sections, outermost first, joined by `` > ``; searched and read with the text.
    :param page: number of the page on which it starts, from 1; ``None`` for formats without pages.
    """

    id: str
    doc_id: str
    text: str
    language: str
    start: int
    end: int
    title: str = ""
    heading: str = ""
    page: int | None = None
    validity: Validity = Validity()
    access: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a question may see. Filters narrow; nothing widens them.

    :param groups: groups of the asking user; ``None`` means that no access rule is in force.
    :param documents: ids of the only documents to use; ``None`` means all.
    :param metadata: ``(key, value)`` pairs that a passage's metadata must have.
    """

    as_of: date | None = None
    jurisdiction: str | None = None
    language: str | None = None
    groups: frozenset[str] | None = None
    documents: frozenset[str] | None = None
    metadata: tuple[tuple[str, str], ...] = ()

    def admits(self, passage: Passage) -> bool:
        """Tell whether a passage may be used."""
        return (
            (self.documents is None or passage.doc_id in self.documents)
            and self.sees(passage.access)
            and passage.validity.holds(self.as_of)
            and (self.language is None or passage.language == self.language)
            and self._place(passage.validity.jurisdiction)
            and all(passage.metadata.get(key) == value for key, value in self.metadata)
        )

    def sees(self, access: frozenset[str]) -> bool:
        """Tell whether the asking user is in one of the groups that may see a source."""
        return self.groups is None or not access or bool(access & self.groups)

    def _place(self, jurisdiction: str | None) -> bool:
        return self.jurisdiction is None or jurisdiction is None or jurisdiction == self.jurisdiction
