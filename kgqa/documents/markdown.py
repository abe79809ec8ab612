"""Markdown files: front matter and headings; the text stays as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kgqa.documents.decoding import decode
from kgqa.documents.headings import Mark
from kgqa.documents.metadata import front_matter
from kgqa.documents.plain import note_encoding
from kgqa.documents.source import Extract
from kgqa.documents.structure import find_marks, sections_of

_line = re.compile(r"([^\r\n]*)(?:\r\n?|\n|\Z)")
_fence = re.compile(r" {0,3}(`{3,}|~{3,})")
_hashes = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_underline = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_bold = re.compile(r"[ \t]*(?:\*\*|__)([^*_.。]{2,80})(?:\*\*|__)[ \t:：]*$")
_marks = re.compile(r"\*\*|__|`|\[([^\]]*)\]\([^)]*\)")


def read_markdown(data: bytes, warnings: list[str]) -> list[Extract]:
    """Read a Markdown file; front matter stays in the text, so that offsets hold, but belongs to no section."""
    text, encoding = decode(data)
    note_encoding(text, encoding, warnings)
    about, start = front_matter(text)
    marks = list(_headings(text, start))
    if (
        "第" in text
        or "§" in text
        or re.search(r"^[*_#> \t]*(?:article|section)\s", text, re.IGNORECASE | re.MULTILINE)
    ):
        marks = _with_articles(marks, find_marks(text, start, strict=True))
    title = about.get("title") or next((mark.heading for mark in marks if mark.rank == 1), "")
    return [Extract(text, title, sections=sections_of(text, marks, start), about=about)]


def _headings(text: str, start: int) -> Iterator[Mark]:
    fence = ""
    before: tuple[int, str] | None = None  # an open paragraph line, which an underline would make a heading
    for match in _line.finditer(text, start):
        line = match[1]
        fenced = _fence.match(line)
        if fence:
            fence = "" if fenced and fenced[1].startswith(fence) else fence
            continue
        if fenced:
            fence, before = fenced[1], None
            continue
        hashes, underline = _hashes.match(line), _underline.match(line)
        if hashes and (hashes[2] or "").strip():
            yield Mark(match.start(), _plain(hashes[2]), len(hashes[1]))
        elif bold := _bold.match(line):
            yield Mark(match.start(), _plain(bold[1]), 7)
        elif underline and before:
            yield Mark(before[0], _plain(before[1]), 1 if "=" in line else 2)
        usable = line.strip() and not hashes and not underline and len(line) < 200 and line.lstrip()[0] not in "-*+>|"
        before = None if not usable else (-1, "") if before else (match.start(), line)
        before = before if before and before[0] >= 0 else None


def _with_articles(marks: list[Mark], articles: Iterator[Mark]) -> list[Mark]:
    """Put self-naming lines ("第十二条 ...") under the Markdown headings."""
    taken = {mark.start for mark in marks}
    lower = (Mark(mark.start, mark.heading, mark.rank + 10) for mark in articles if mark.start not in taken)
    return sorted([*marks, *lower], key=lambda mark: mark.start)


def _plain(heading: str) -> str:
    return " ".join(_marks.sub(lambda match: match[1] or "", heading).split())
