"""Documents to passages: by structure first, then by paragraphs and sentences, never across a section.

The parts of a document are what stands between one heading and the next. A part that fits is one passage, so that a
clause
or an article is quoted whole. Larger parts are cut into pieces of even size at paragraphs, rows or sentences. Numbered
clauses without a title ("7.2 The Supplier shall ...") and parts that are only a heading join their neighbours.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from kgqa.language import count_cjk, detect, has_cjk, sentences
from kgqa.types import Document, Passage, Section

_CJK_WIDTH = 900 / 350
"""A Chinese character carries as much as this many Latin ones: 350 of them fill the same window as 900."""


@dataclass(frozen=True, slots=True)
class Chunking:
    """How large passages are.

    :param size: characters of Latin text aimed at; Chinese passages have about four tenths of it.
    :param overlap: characters that a passage may repeat of the one before where a paragraph is cut; whole sentences
        only.
    """

    size: int = 900
    overlap: int = 150

    def __post_init__(self) -> None:
        if self.size < 100 or not 0 <= self.overlap <= self.size // 2:
            raise ValueError(
                f"chunking needs size >= 100 and 0 <= overlap <= size / 2, not {self.size} and {self.overlap}"
            )


@dataclass(frozen=True, slots=True)
class _Part:
    """Text between one heading and the next.

    :param path: headings that enclose it, its own last.
    :param body: where the text after its heading begins.
    """

    start: int
    end: int
    path: tuple[str, ...]
    body: int


def chunk(document: Document, chunking: Chunking = Chunking()) -> list[Passage]:
    """Cut a document into passages.

    :returns: in order; each is an exact slice of the text, and together they cover all content that is not blank.
    """
    passages = []
    for part in _joined(list(_parts(document)), document.text, chunking.size):
        for start, end in _pieces(document.text, part, chunking):
            passages.append(_passage(document, start, end, part.path))
    return passages


def width(text: str) -> float:
    """Return the length of a text in Latin characters; Chinese ones count for more."""
    return len(text) + (_CJK_WIDTH - 1) * count_cjk(text)


# --- parts
# -------------------------------------------------------------------------------------------------------------


def _parts(document: Document) -> Iterator[_Part]:
    text, sections = document.text, document.sections
    if not sections:
        yield from _trimmed(text, 0, len(text), (), 0)
        return
    open_sections: list[Section] = []
    at = sections[0].start
    for section in sections:
        while open_sections and section.start >= open_sections[-1].end:
            yield from _until(document, at, open_sections[-1].end, open_sections)
            at = max(at, open_sections.pop().end)
        yield from _until(document, at, section.start, open_sections)
        at = max(at, section.start)
        open_sections.append(section)
    while open_sections:
        yield from _until(document, at, open_sections[-1].end, open_sections)
        at = max(at, open_sections.pop().end)


def _until(document: Document, start: int, end: int, inside: list[Section]) -> Iterator[_Part]:
    if start >= end:
        return
    path = tuple(section.heading for section in inside if section.heading)
    body = start
    if inside and inside[-1].heading and start == inside[-1].start:
        body = _after_heading(document.text, start, end, inside[-1].heading)
    if path and path[0] == document.title:
        path = path[1:]
    yield from _trimmed(document.text, start, end, path, body)


def _after_heading(text: str, start: int, end: int, heading: str) -> int:
    """Find where the words of a heading end; they may stand on two lines and between signs of markup."""
    at = start
    for word in heading.split():
        found = text.find(word, at, min(end, start + 3 * len(heading) + 60))
        if found < 0:
            break
        at = found + len(word)
    rest = re.compile(r"[^\w\r\n]*(?:\r?\n\s*(?:=+|-{2,})[ \t]*(?=\r?\n|$))?").match(text, at, end)
    return rest.end() if rest else at


def _trimmed(text: str, start: int, end: int, path: tuple[str, ...], body: int) -> Iterator[_Part]:
    piece = text[start:end]
    if piece.strip():
        begin = start + len(piece) - len(piece.lstrip())
        yield _Part(begin, start + len(piece.rstrip()), path, min(max(body, begin), end))


def _joined(parts: list[_Part], text: str, size: int) -> list[_Part]:
    """Join what is no passage of its own: bare headings, and untitled clauses while they fit."""
    opened: list[_Part] = []
    for part in parts:
        last = opened[-1] if opened else None
        if last and _bare(last, text) and part.path[: len(last.path)] == last.path and part.path != last.path:
            opened[-1] = _Part(last.start, part.end, part.path, part.body)  # a heading and its first subsection
        else:
            opened.append(part)
    joined: list[_Part] = []
    for part in opened:
        last = joined[-1] if joined else None
        path = _common(last, part, text, size) if last else None
        if last is None or path is None:
            joined.append(part)
        else:
            joined[-1] = _Part(last.start, part.end, path, last.body)
    return joined


def _common(last: _Part, part: _Part, text: str, size: int) -> tuple[str, ...] | None:
    """Return the heading path of two neighbours as one passage, ``None`` when they stay apart."""
    if not part.path or width(text[last.start : part.end]) > size:
        return None
    parent = part.path[:-1]
    if last.path == parent or last.path[:-1] == parent:
        if _bare(part, text) or (_untitled(part.path) and (last.path == parent or _untitled(last.path))):
            return parent
        if _bare(last, text) and last.path:
            return parent
    return None


def _bare(part: _Part, text: str) -> bool:
    """Tell whether there is nothing below a heading but perhaps the number of a page."""
    return part.end - part.body < 200 and _nothing.fullmatch(text, part.body, part.end) is not None


_nothing = re.compile(r"[\W_]*(?:\d{1,3}[\W_]*)?")


def _untitled(path: tuple[str, ...]) -> bool:
    return bool(path) and re.fullmatch(r"\d+(?:\.\d+)+\.?", path[-1]) is not None


# --- pieces
# ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is not cut: a paragraph, a row or a sentence; ``opens`` when a paragraph begins with it."""

    start: int
    end: int
    width: float
    opens: bool


# A blank line, or a wide gap in text whose line breaks were lost.
_paragraph = re.compile(r"(?:\r\n?|\n)[^\S\r\n]*(?:\r\n?|\n)\s*|(?<=\S)[ \t\u00a0]{4,}(?=[\"“(A-Z0-9])")
_line = re.compile(r"[^\r\n]+")
_softer = (re.compile(r"[；;](?!\w)|[;；]\s"), re.compile(r"[，,、]\s|[，、]"), re.compile(r"\s+"))
_MOST_UNITS = 64  # in one passage, so that time stays linear
_SCRAP = 25
_CUT_PARAGRAPH = 0.3
"""What cutting a paragraph costs beside a passage that is shorter than it could be (1 for an empty one)."""


def _pieces(text: str, part: _Part, chunking: Chunking) -> list[tuple[int, int]]:
    if width(text[part.start : part.end]) <= chunking.size:
        return [(part.start, part.end)]
    units = list(_glued(_units(text, part, chunking.size), chunking.size))
    cuts = _cuts(units, chunking)
    groups = [units[first:last] for first, last in zip(cuts, [*cuts[1:], len(units)], strict=True)]
    return [_overlapped(groups, index, chunking) for index in range(len(groups))]


def _cuts(units: list[_Unit], chunking: Chunking) -> list[int]:
    """Find where passages begin so that they are full and few paragraphs are cut (shortest path over the units)."""
    size = chunking.size
    cost = [0.0] + [float("inf")] * len(units)
    begin = [0] * (len(units) + 1)
    for last in range(1, len(units) + 1):
        filled = 0.0
        for first in range(last - 1, max(last - _MOST_UNITS, 0) - 1, -1):
            unit = units[first]
            filled += unit.width + 1
            if filled > size + 1 and first < last - 1:
                break
            cut = first > 0 and not unit.opens
            if cut and filled + chunking.overlap > size + 1 and first < last - 1:
                continue
            price = cost[first] + max(0.0, 1 - filled / size) ** 2 + (_CUT_PARAGRAPH if cut else 0.0)
            if price < cost[last]:
                cost[last], begin[last] = price, first
    cuts = [begin[len(units)]]
    while cuts[-1]:
        cuts.append(begin[cuts[-1]])
    return cuts[::-1]


def _overlapped(groups: list[list[_Unit]], index: int, chunking: Chunking) -> tuple[int, int]:
    """Begin a passage that opens amid a paragraph with the end of the one before."""
    group = groups[index]
    start, end = group[0].start, group[-1].end
    if not index or group[0].opens:
        return start, end
    room = min(float(chunking.overlap), chunking.size - sum(unit.width + 1 for unit in group))
    for unit in reversed(groups[index - 1][1:]):
        room -= unit.width + 1
        if room < 0:
            break
        start = unit.start
        if unit.opens:
            break
    return start, end


def _glued(units: Iterator[_Unit], size: int) -> Iterator[_Unit]:
    """Give scraps ("1.1 Term.", a lone line above a paragraph) to what follows them."""
    scrap: _Unit | None = None
    for unit in units:
        if scrap and scrap.width + unit.width < size:
            unit = _Unit(scrap.start, unit.end, scrap.width + unit.width + 1, scrap.opens)
        elif scrap:
            yield scrap
        scrap = unit if unit.width < _SCRAP else None
        if scrap is None:
            yield unit
    if scrap:
        yield scrap


def _units(text: str, part: _Part, size: int) -> Iterator[_Unit]:
    at = part.start
    for gap in [*_paragraph.finditer(text, part.start, part.end), None]:
        end = gap.start() if gap else part.end
        yield from _paragraph_units(text, at, end, size)
        at = gap.end() if gap else end


def _paragraph_units(text: str, start: int, end: int, size: int) -> Iterator[_Unit]:
    block = text[start:end]
    spans = [match.span() for match in _line.finditer(block)] if _is_table(block) else sentences(block)
    opens = True
    for first, last in spans:
        for a, b in _cut(block, first, last, size):
            stripped = block[a:b].strip()
            if stripped:
                a += len(block[a:b]) - len(block[a:b].lstrip())
                yield _Unit(start + a, start + a + len(stripped), width(stripped), opens)
                opens = False


def _is_table(block: str) -> bool:
    """Tell whether most lines are rows of cells, which stay whole."""
    lines = block.splitlines()
    return len(lines) > 1 and 2 * sum(1 for line in lines if "|" in line or "\t" in line) > len(lines)


def _cut(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut a sentence that does not fit at semicolons, commas, blanks, and a run without any of these by force."""
    while width(text[start:end]) > size:
        room = start + _fitting(text, start, end, size)
        cut = next((place for pattern in _softer if (place := _last(pattern, text, start, room))), room)
        yield start, cut
        start = cut
    yield start, end


def _fitting(text: str, start: int, end: int, size: int) -> int:
    piece = text[start : min(end, start + size)]
    if not has_cjk(piece):
        return len(piece)
    filled = 0.0
    for count, char in enumerate(piece):
        filled += width(char)
        if filled > size:
            return max(1, count)
    return len(piece)


def _last(pattern: re.Pattern[str], text: str, start: int, room: int) -> int:
    """Return the end of the last match in the second half of the room, 0 without one."""
    place = 0
    for match in pattern.finditer(text, start + (room - start) // 2, room):
        place = match.end()
    return place


# --- passages
# ----------------------------------------------------------------------------------------------------------


def _passage(document: Document, start: int, end: int, path: tuple[str, ...]) -> Passage:
    text = document.text[start:end]
    digest = hashlib.sha256(f"{document.id}\0{start}\0{end}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Passage(
        id=f"{document.id}@{start}-{end}:{digest[:8]}",
        doc_id=document.id,
        text=text,
        language=_language(document, text),
        start=start,
        end=end,
        title=document.title,
        heading=" > ".join(path),
        page=_page(document, start),
        validity=document.validity,
        access=document.access,
        metadata=document.metadata,
    )


def _language(document: Document, text: str) -> str:
    """Return the document's language unless the script says otherwise."""
    if has_cjk(text) == (document.language in ("zh", "ja", "ko")):
        return document.language
    found = detect(text[:1000])
    return document.language if found == "und" else found


def _page(document: Document, start: int) -> int | None:
    return max(1, bisect_right(document.pages, start)) if document.pages else None
