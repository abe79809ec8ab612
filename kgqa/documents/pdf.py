"""PDF files by pypdf. A page that cannot be read is never taken for an empty one."""

from __future__ import annotations

import io
import logging
import re
from typing import Any

from kgqa.documents.source import Extract, clean
from kgqa.documents.structure import plain_sections
from kgqa.errors import SourceError

_shows_text = re.compile(rb"T[jJ]\b|['\"]\s")
_draws = re.compile(rb"\bDo\b|\bBI\b")


def read_pdf(data: bytes, warnings: list[str]) -> list[Extract]:
    """Read a PDF page by page; links, scripts and attachments in it are ignored."""
    import pypdf
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not _unlocked(reader):
            raise SourceError("the PDF is encrypted; remove its password first")
        texts = [_page(page, number, warnings) for number, page in enumerate(reader.pages, 1)]
        about = _about(reader)
    except PyPdfError as error:
        raise SourceError(f"the PDF is damaged or over a limit ({_short(error)}); repair it or print it anew") from None
    return [_extract(texts, about, warnings)]


def _unlocked(reader: Any) -> bool:
    from pypdf.errors import DependencyError, PyPdfError

    try:
        return bool(reader.decrypt(""))
    except (PyPdfError, DependencyError, NotImplementedError):
        return False


def _page(page: Any, number: int, warnings: list[str]) -> str:
    text = clean(page.extract_text() or "").strip()
    if text:
        return text
    contents = page.get_contents()
    stream = contents.get_data() if contents is not None else b""  # raises over pypdf's limits
    if _shows_text.search(stream):
        warnings.append(f"page {number} shows text that cannot be read; its font has no Unicode table")
    elif _draws.search(stream):
        warnings.append(f"page {number} is a picture without text; run OCR on it")
    return ""


def _extract(texts: list[str], about: dict[str, str], warnings: list[str]) -> Extract:
    if not texts:
        raise SourceError("the PDF has no pages")
    blind = sum(1 for warning in warnings if warning.startswith("page "))
    if not any(texts):
        raise SourceError(
            "the PDF has no text, only pictures or unreadable fonts; run OCR on it" if blind else "no text"
        )
    if blind * 2 > len(texts):
        raise SourceError(f"{blind} of {len(texts)} pages have no readable text; run OCR on the PDF")
    pages, length = [], 0
    for text in texts:
        pages.append(length)
        length += len(text) + 2
    whole = "\n\n".join(texts)
    title = about.pop("title", "")
    return Extract(
        whole, title, sections=plain_sections(whole), pages=tuple(min(p, len(whole)) for p in pages), about=about
    )


def _about(reader: Any) -> dict[str, str]:
    from pypdf.errors import PyPdfError

    try:
        info = reader.metadata or {}
        found = {"title": info.get("/Title"), "author": info.get("/Author"), "date": info.get("/CreationDate")}
    except (PyPdfError, ValueError, TypeError, AttributeError):
        return {}
    values = {key: clean(str(value)).strip() for key, value in found.items() if value}
    day = re.match(r"D?:?(\d{4})(\d\d)?(\d\d)?", values.pop("date", ""))
    if day:
        values["date"] = "-".join(part for part in day.groups() if part)
    if re.search(r"\.\w{2,4}$|^untitled|^microsoft word", values.get("title", ""), re.IGNORECASE):
        del values["title"]  # the name of the file it was printed from
    return values


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
