"""Sections of a text, from its headings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kgqa.documents.headings import Mark, heading, inline_marks, is_exhibit, is_label, is_title, tidy
from kgqa.types import Section

_line = re.compile(r"[^\r\n\f\v\u2028\u2029]+")
_break = re.compile(r"\r\n?|\n")
_opening_letter = re.compile(r"[\"“‘']?[^\W\d_]")
_han = re.compile("[\u4e00-\u9fff]")
_STANDING_OUT = 21
_LONG = 200


def sections_of(text: str, marks: Iterable[Mark], start: int = 0, end: int | None = None) -> tuple[Section, ...]:
    """Make nested sections from headings; each ends where the next of its rank or further out begins.

    What stands before the first heading is a section without heading.
    """
    end = len(text) if end is None else end
    marks = list(marks)
    first = marks[0].start if marks else end
    sections: list[Section] = []
    if text[start:first].strip():
        sections.append(Section("", start, first, 1))
    stack: list[tuple[int, int]] = []  # rank, index in sections
    for mark in marks:
        while stack and stack[-1][0] >= mark.rank:
            _, index = stack.pop()
            sections[index] = replace(sections[index], end=mark.start)
        stack.append((mark.rank, len(sections)))
        sections.append(Section(mark.heading[:_LONG], mark.start, end, len(stack)))
    return tuple(sections)


def plain_sections(text: str, start: int = 0) -> tuple[Section, ...]:
    """Find the sections of plain text."""
    return sections_of(text, find_marks(text, start), start)


def find_marks(text: str, start: int = 0, *, strict: bool = False) -> Iterator[Mark]:
    """Find the headings of plain text: lines of their own, and in long lines clauses that begin amid them.

    :param strict: only headings that name themselves ("Article 5", "§ 7.2", "第十二条"); for formats with headings of
        their own.
    """
    pending: Mark | None = None  # "ARTICLE X" whose title stands on the next line
    for before, line, after in _windows(text, start):
        label, pending = pending, None
        joined = _joined(label, line.text) if label else None
        if label:
            yield joined or label
        mark = None if joined else _mark(before, line, after, strict)
        if mark and is_label(mark.heading):
            pending = mark
        elif mark:
            yield mark
        if line.length > _LONG and not strict:
            yield from inline_marks(text, line.start + 1, line.start + line.length)
    if pending is not None:
        yield pending


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is not blank.

    :param text: its first 300 characters, without blanks around them.
    :param last: its last character.
    :param apart: whether a blank line stands before it.
    """

    start: int
    text: str
    length: int
    last: str
    apart: bool


def _windows(text: str, start: int) -> Iterator[tuple[_Line | None, _Line, _Line | None]]:
    """Walk the lines, each with the one before and the one after."""
    before: _Line | None = None
    line: _Line | None = None
    for after in _lines(text, start):
        if line is not None:
            yield before, line, after
        before, line = line, after
    if line is not None:
        yield before, line, None


def _lines(text: str, start: int) -> Iterator[_Line]:
    end = start
    for match in _line.finditer(text, start):
        whole = match.group()
        bare = whole.strip()
        if bare:
            at = match.start() + len(whole) - len(whole.lstrip())
            apart = end == start or len(_break.findall(text, end, at)) > 1
            yield _Line(at, bare[:300], len(bare), bare[-1], apart)
            end = at + len(bare)


def _mark(before: _Line | None, line: _Line, after: _Line | None, strict: bool) -> Mark | None:
    found = heading(line.text, line.length, strict=strict)
    if found and before is None and not strict and is_exhibit(found[0]):
        return None  # the stamp of a filing encloses nothing
    if found:
        return Mark(line.start, *found)
    if not strict and before and after and _stands_out(before, line, after):
        return Mark(line.start, tidy(line.text), _STANDING_OUT)
    return None


def _stands_out(before: _Line, line: _Line, after: _Line) -> bool:
    """Tell whether a short line without full stop stands between a finished paragraph and a new one."""
    if line.length > 70 or line.last in '.,;:!。，；：！、|)）"”-_' or line.last.isdigit() or "  " in line.text:
        return False
    if not (line.apart or before.last in ".。!?！？:：;；") or not _opening_letter.match(after.text):
        return False
    chinese = _han.match(line.text) is not None
    if after.text[0].islower() or not (chinese or line.text[0].isupper()):
        return False
    wide = 2.5 if chinese else 1.0
    return line.length * wide <= 70 and len(line.text.split()) <= 9 and after.length * wide >= 50


def _joined(label: Mark, line: str) -> Mark | None:
    """Join a bare label with the title on the line below it."""
    if len(line) > 90 or line[-1] in ".;,:" or heading(line, len(line), strict=True) or not is_title(line):
        return None
    return replace(label, heading=f"{label.heading} {tidy(line)}")
