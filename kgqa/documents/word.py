"""DOCX files by python-docx, after a look at the zip that holds them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from kgqa.documents.headings import Mark
from kgqa.documents.source import Extract, clean
from kgqa.documents.structure import find_marks, sections_of
from kgqa.errors import SourceError

_MAX_ENTRIES = 10_000
_MAX_UNPACKED = 200 << 20
_MAX_RATIO = 100
_RATIO_FROM = 1 << 20
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def read_docx(data: bytes, warnings: list[str]) -> list[Extract]:
    """Read a DOCX file: paragraphs, headings and tables; parts outside the file are never fetched."""
    import docx
    from docx.opc.exceptions import OpcError

    _check_zip(data)
    try:
        document = docx.Document(io.BytesIO(data))
        body = document.element.body
        styles = {style.style_id: style.name or "" for style in document.styles}
        about = _about(document.core_properties)
    except (OpcError, KeyError, ValueError, AttributeError, SyntaxError) as error:
        raise SourceError(f"the DOCX is damaged ({' '.join(str(error).split())[:120]}); save it anew") from None
    pieces: list[str] = []
    marks: list[Mark] = []
    at, title = 0, about.pop("title", "")
    for text, style in _blocks(body, styles):
        rank = _rank(style)
        if rank is not None:
            marks.append(Mark(at, " ".join(text.split()), rank))
            title = title or (marks[-1].heading if style == "Title" else "")
        pieces.append(text)
        at += len(text) + 1
    whole = "\n".join(pieces)
    taken = {mark.start for mark in marks}
    lower = [
        Mark(m.start, m.heading, m.rank + 20) for m in find_marks(whole, strict=bool(marks)) if m.start not in taken
    ]
    marks = sorted([*marks, *lower], key=lambda mark: mark.start)
    return [Extract(whole, title, sections=sections_of(whole, marks), about=about)]


def _check_zip(data: bytes) -> None:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise SourceError("the DOCX is encrypted or an old .doc; save it as .docx without a password")
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise SourceError("the DOCX is damaged (no zip file); save it anew") from None
    if len(entries) > _MAX_ENTRIES:
        raise SourceError(f"the DOCX has {len(entries)} parts, more than {_MAX_ENTRIES}; refused")
    total = sum(entry.file_size for entry in entries)
    if total > _MAX_UNPACKED:
        raise SourceError(f"the DOCX unpacks to {total >> 20} MB, more than {_MAX_UNPACKED >> 20}; refused")
    for entry in entries:
        if entry.file_size > _RATIO_FROM and entry.file_size > _MAX_RATIO * max(1, entry.compress_size):
            times = entry.file_size // max(1, entry.compress_size)
            raise SourceError(f"a part of the DOCX unpacks to {times} times its size; refused")
        if entry.filename.startswith(("/", "\\")) or ".." in entry.filename.replace("\\", "/").split("/"):
            raise SourceError("the DOCX has a part that points outside it; refused")


def _blocks(parent: Any, styles: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Walk paragraphs and tables in order, through content controls as well; yields text and style name."""
    for child in parent:
        if child.tag == f"{_W}p":
            text = _text(child)
            if text.strip():
                style = child.find(f"{_W}pPr/{_W}pStyle")
                yield text, styles.get(style.get(f"{_W}val"), "") if style is not None else ""
        elif child.tag == f"{_W}tbl":
            rows = [_row(row) for row in child.iter(f"{_W}tr")]
            if any(rows):
                yield "\n".join(filter(None, rows)), ""
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"):
            yield from _blocks(child, styles)


def _row(row: Any) -> str:
    cells = (
        " ".join(" ".join(_text(paragraph) for paragraph in cell.iter(f"{_W}p")).split())
        for cell in row.iter(f"{_W}tc")
    )
    return " | ".join(cells).strip(" |")


def _text(paragraph: Any) -> str:
    parts: list[str] = []
    for node in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}noBreakHyphen"):
        if node.tag == f"{_W}t":
            parts.append(node.text or "")
        else:
            parts.append({"tab": "\t", "noBreakHyphen": "-"}.get(node.tag.rpartition("}")[2], "\n"))
    return clean("".join(parts)).strip()


def _rank(style: str) -> int | None:
    name = style.lower()
    if name == "title":
        return 0
    if name.startswith(("heading ", "标题 ")) and name.split()[-1].isdigit():
        return int(name.split()[-1])
    return None


def _about(properties: Any) -> dict[str, str]:
    values = {"title": properties.title, "author": properties.author, "language": properties.language}
    if properties.modified:
        values["date"] = properties.modified.date().isoformat()
    return {key: clean(value).strip() for key, value in values.items() if value and value.strip()}
