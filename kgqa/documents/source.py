"""What a loader hands over: text and what the source says of itself, not yet a :class:`~kgqa.types.Document`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kgqa.types import Section

_unfit = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Extract:
    """One text found in a file.

    :param title: as the file states it, or empty.
    :param row: number of the row in a table file, from 1; 0 for other files.
    :param sections: cover the content from its first to its last character; what they leave out is no content.
    :param pages: offset of each page's first character.
    :param about: raw metadata by lower-case name, see :mod:`kgqa.documents.metadata`.
    """

    text: str
    title: str = ""
    language: str = ""
    row: int = 0
    sections: tuple[Section, ...] = ()
    pages: tuple[int, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "text": self.text,
            "title": self.title,
            "language": self.language,
            "row": self.row,
            "sections": [[s.heading, s.start, s.end, s.level] for s in self.sections],
            "pages": list(self.pages),
            "about": dict(self.about),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Extract:
        """Build an extract from what :meth:`to_json` gave.

        :raises ValueError: when a value is not of the right kind; the sender may be broken.
        """
        text = _expect(str, value["text"])
        sections = tuple(Section(str(h), int(a), int(b), int(level)) for h, a, b, level in value["sections"])
        pages = tuple(int(page) for page in value["pages"])
        if any(not 0 <= s.start <= s.end <= len(text) for s in sections) or any(not 0 <= p <= len(text) for p in pages):
            raise ValueError("offsets outside the text")
        about = {str(key): str(item) for key, item in _expect(dict, value["about"]).items()}
        return cls(text, str(value["title"]), str(value["language"]), int(value["row"]), sections, pages, about)


def _expect(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value


def clean(text: str) -> str:
    """Replace what no store can keep, NUL by a blank and lone surrogates by U+FFFD; offsets stay as they are."""
    return _unfit.sub(lambda match: " " if match.group() == "\x00" else "\ufffd", text)
