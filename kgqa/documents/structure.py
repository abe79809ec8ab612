"""Sections of plain text: headings of statutes, contracts and papers recognised by their form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kgqa.types import Section

_NUMERALS = "0-9０-９零〇一二三四五六七八九十百千两"
_line = re.compile(r"[^\r\n\f\v\u2028\u2029]+")
_lead = "[ \t\u00a0\u3000>*_#]*"
_chinese = re.compile(
    rf"{_lead}第[{_NUMERALS}]+(?P<unit>分编|编|章|节|条)(?:之[{_NUMERALS}]+)?(?=[\s\u3000【（(:：*_]|$|[\u4e00-\u9fff])(?P<rest>.*)"
)
_UNITS = {"编": 1, "分编": 2, "章": 3, "节": 4, "条": 6}
_chinese_list = re.compile(
    rf"{_lead}(?:(?P<first>[一二三四五六七八九十]+、)|[（(][一二三四五六七八九十]+[)）])(?P<rest>[^。；;，,：:]{{1,40}})$"
)
_named = re.compile(
    rf"{_lead}(?P<label>(?i:article|chapter|part|title|book|exhibit|schedule|annex|appendix|attachment)"
    rf"[ \t\u00a0]+(?:[IVXLC]+|\d+(?:\.\d+)*|[A-Z])(?![\w])(?:[-–]\w+)?)(?P<rest>.*)"
)
_section = re.compile(
    rf"{_lead}(?P<label>(?:(?i:section|sec\.|clause)[ \t\u00a0]*|§+[ \t\u00a0]*)(?P<number>\d+[A-Za-z]?(?:\.\d+)*))(?![\w])(?P<rest>.*)"
)
_numbered = re.compile(
    rf"{_lead}(?P<label>(?P<number>\d{{1,3}}(?:\.\d{{1,3}}){{0,4}})\.?)(?![\w,%/)])(?P<rest>[ \t\u00a0\u3000]*.*)"
)
_roman = re.compile(rf"{_lead}(?P<label>[IVX]{{1,6}}\.)(?P<rest>[ \t\u00a0]+.*)")
_capitals = re.compile(r"[^a-z]{4,90}$")
_contents = re.compile(r"(?:\.{3,}|\s{2,}|\t|…+|\. \. \.)\s*(?:[Pp]age\s*)?[-–]?\d{1,4}\s*$|[A-Za-z)] \d{1,3}\s*$")
_run_in = re.compile(r"[\s.:—–-]*(?P<title>[A-Z\"“][^.:\n]{1,80}?)[.:](?=\s|[\"”]|$)")
_inline = re.compile(
    r"(?P<gap>(?<=[.;:!?)\"”])\s+|(?<=\S)\s{2,})(?P<label>(?:(?:Section|SECTION|§)\s*)?(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})\.?)"
    r"\s+(?P<title>[A-Z][^.:;\n]{2,70}(?=[.:](?:\s|$))|[\"“](?=[A-Z]))"
)
_exhibit = re.compile(r"(?i)exhibit\b")
_title_word = re.compile(r"[A-Za-z][\w'’-]*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SMALL = _words("a an and as at by for from in into of on or the to with vs per under upon between without its not no")
_LABEL_SPACE = re.compile(r"[\s\u3000]+")
_opening_letter = re.compile(r"[\"“‘']?[^\W\d_]")
_han = re.compile("[\u4e00-\u9fff]")
_CAPITALS_LEVEL = 20
_STANDING_OUT = 21


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that opens a section.

    :param rank: smaller is further out; only the order of ranks counts.
    """

    start: int
    heading: str
    rank: int


def sections_of(text: str, marks: Iterable[Mark], start: int = 0, end: int | None = None) -> tuple[Section, ...]:
    """Make nested sections from heading lines; each ends where the next of its rank or further out begins.

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
            sections[index] = _closed(sections[index], mark.start)
        stack.append((mark.rank, len(sections)))
        sections.append(Section(mark.heading, mark.start, end, len(stack)))
    return tuple(sections)


def _closed(section: Section, end: int) -> Section:
    return Section(section.heading, section.start, end, section.level)


def plain_sections(text: str, start: int = 0) -> tuple[Section, ...]:
    """Find the sections of plain text."""
    return sections_of(text, find_marks(text, start), start)


def find_marks(text: str, start: int = 0, *, strict: bool = False) -> Iterator[Mark]:
    """Find the headings of plain text: lines of their own, and in long lines clauses that begin amid them.

    :param strict: only headings that name themselves ("Article 5", "§ 7.2", "第十二条"); for formats with headings of their own.
    """
    pending: Mark | None = None  # "ARTICLE X" whose title stands on the next line
    for before, line, after in _windows(text, start):
        label, pending = pending, None
        joined = label and _joined(label, line.text)
        if label:
            yield joined or label
        mark = None if joined else _mark(line, strict)
        if mark and before is None and not strict and _exhibit.match(mark.heading):
            mark = None  # the stamp of a filing encloses nothing
        if mark is None and not joined and not strict and _stands_out(before, line, after):
            mark = Mark(line.start, _tidy(line.text), _STANDING_OUT)
        if mark and _is_label(mark):
            pending = mark
        elif mark:
            yield mark
        if line.length > 200 and not strict:
            yield from _inline_marks(text, line.start + 1, line.start + line.length)
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
            apart = text.count("\n", end, at) > 1 or text.count("\r", end, at) > 1 or end == start
            yield _Line(at, bare[:300], len(bare), bare[-1], apart)
            end = at + len(bare)


def _stands_out(before: _Line | None, line: _Line, after: _Line | None) -> bool:
    """Tell whether a short line without full stop stands between a finished paragraph and a new one."""
    if (
        before is None
        or after is None
        or line.length > 70
        or line.last in '.,;:!。，；：！、|)）"”-_'
        or "  " in line.text
    ):
        return False
    if (
        not (line.apart or before.last in ".。!?！？:：;；")
        or after.text[0].islower()
        or not _opening_letter.match(after.text)
    ):
        return False
    wide = 2.5 if _han.match(line.text) else 1.0
    words = line.text.split()
    starts_well = line.text[0].isupper() or wide > 1
    return (
        starts_well
        and line.length * wide <= 70
        and len(words) <= 9
        and not line.text[-1].isdigit()
        and after.length * wide >= 50
    )


def _inline_marks(text: str, start: int, end: int) -> Iterator[Mark]:
    """Find clauses inside a line whose breaks were lost: "... thereof. 5. NOTICES. Any notice", "...; 1.6 "Plan" means"."""
    for found in _inline.finditer(text, start, end):
        number, title = found["number"], _tidy(found["title"])
        deep = number.count(".")
        wide = found["gap"].isspace() and len(found["gap"]) > 1
        if title[0] in '"“':
            if deep:
                yield Mark(found.start("label"), found["label"], 10 + deep)
        elif _is_title(title) and (deep or wide or title.isupper()):
            yield Mark(found.start("label"), _tidy(f"{found['label']} {title}"), 10 + deep)


def _is_label(mark: Mark) -> bool:
    found = _named.fullmatch(mark.heading) if len(mark.heading) < 20 else None
    return found is not None and not found["rest"]


def _joined(mark: Mark, line: str) -> Mark | None:
    """Join a bare label with the title on the line below it."""
    if (
        len(line) > 90
        or line[-1] in ".;,:"
        or _mark(_Line(0, line, len(line), line[-1], False), True)
        or not _is_title(line)
    ):
        return None
    return Mark(mark.start, f"{mark.heading} {_tidy(line)}", mark.rank)


def _mark(found: _Line, strict: bool) -> Mark | None:
    at, line, length = found.start, found.text, found.length
    first = line.lstrip(" \t>*_#")[:1]
    if first in ("第", "一") or first in "二三四五六七八九十（(" and first:
        found = _chinese_mark(at, line, length)
        if found is not None or first == "第":
            return found
    if length < 160 and _contents.search(line):
        return None  # a line of the table of contents
    named = _named.match(line) or _section.match(line)
    if named:
        return _named_mark(at, named, length)
    return None if strict else _loose_mark(at, line, length)


def _chinese_mark(at: int, line: str, length: int) -> Mark | None:
    found = _chinese.match(line)
    if found:
        label = line[: found.start("rest")].lstrip(" \t\u3000>*_#")
        rest = found["rest"].strip(" \t\u3000*_")
        if found["unit"] != "条":
            return (
                None
                if length > 40 or rest.endswith(("。", "；", "，"))
                else Mark(at, _tidy(label + " " + rest), _UNITS[found["unit"]])
            )
        if found["rest"][:1] not in ("", " ", "\t", "\u3000", "【", "*", "_", "（", ":", "："):
            return None  # "第五条规定的……" refers to an article
        bracket = re.match(r"[【（]([^】）]{1,30})[】）]", rest)
        short = rest if 0 < len(rest) <= 20 and rest[-1] not in "。；，：、" and length < 40 else ""
        return Mark(at, _tidy(f"{label} {bracket[1] if bracket else short}"), _UNITS["条"])
    listed = _chinese_list.match(line)
    if listed and length <= 45:
        return Mark(at, _tidy(line.strip(" *_#>")), 5 if listed["first"] else 7)
    return None


def _named_mark(at: int, found: re.Match[str], length: int) -> Mark | None:
    label, rest = found["label"], found["rest"].strip(" \t\u00a0*_")
    if rest[:1].islower() or rest[:1] in ",;)" and rest:
        return None  # "Section 5 of this Agreement", "Article 4, and"
    number = found.groupdict().get("number")
    rank = 3 if label[:1].lower() in "acpbteswx§" and number is None else 10 + number.count(".") if number else 3
    title = _title(rest, length)
    if title is None and rest and length > 200 and number is None:
        return None
    return Mark(at, _tidy(f"{label} {title or ''}"), rank)


def _loose_mark(at: int, line: str, length: int) -> Mark | None:
    numbered = _numbered.match(line)
    if numbered:
        rest = numbered["rest"].strip(" \t\u00a0\u3000*_")
        deep = numbered["number"].count(".")
        title = _title(rest, length)
        if title is None and (not deep or not rest or rest[0] not in '"“[(' and not rest[0].isupper()):
            return None  # a list item or a figure, not a clause
        return Mark(at, _tidy(f"{numbered['label']} {title or ''}"), 10 + deep)
    roman = _roman.match(line)
    if roman:
        title = _title(roman["rest"].strip(), length)
        return Mark(at, _tidy(f"{roman['label']} {title}"), 4) if title else None
    if length <= 90 and _capitals.match(line) and _is_capitals(line):
        return Mark(at, _tidy(line), _CAPITALS_LEVEL)
    return None


def _title(rest: str, length: int) -> str | None:
    """Return the title after a number: the whole short line, or what stands before the first full stop of a paragraph."""
    rest = rest.lstrip(" .:—–-\u3000")
    if not rest:
        return None
    if length <= 100 and rest[-1] not in ";,；，。" and _is_title(rest.rstrip(".:")):
        return rest.rstrip(".:")
    found = _run_in.match(rest)
    return found["title"].strip() if found and _is_title(found["title"]) else None


def _is_title(line: str) -> bool:
    """Tell whether words look like a title: short, mostly capitalised (or Chinese without punctuation)."""
    words = _title_word.findall(line)
    if not words:
        return bool(re.fullmatch(r"[\w\s\u3000（）()《》、/-]{2,30}", line)) and not line[0].isdigit()
    telling = [word for word in words if word.lower() not in _SMALL]
    if len(words) > 12 or not telling:
        return False
    capital = sum(1 for word in telling if word[0].isupper())
    return words[0][0].isupper() and (capital >= 0.6 * len(telling) or len(words) <= 4)


def _is_capitals(line: str) -> bool:
    words = _title_word.findall(line)
    letters = sum(map(len, words))
    return any(len(word) >= 4 for word in words) and letters >= 0.6 * len(line.replace(" ", "")) and "___" not in line


def _tidy(heading: str) -> str:
    return _LABEL_SPACE.sub(" ", heading).strip(" *_#:—–-")
