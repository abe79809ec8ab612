"""A page of a PDF as a picture with the quotation marked; drawn in a child process with limits."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kgqa.types import Document

from .desk import KnowledgeBase

CHILD = Path(__file__).with_name("pdf_child.py")
SECONDS = 20
"""Wall time that drawing a page may take; the child's own limits on memory and processor time are tighter."""


@dataclass(frozen=True, slots=True)
class PageDrawn:
    """A page as a picture.

    :param png: the picture.
    :param at: how far down the quotation stands, 0 (top) to 1.
    :param marked: whether the quotation was found on the page and marked.
    """

    png: bytes
    at: float = 0.0
    marked: bool = False


def pdf_page(base: KnowledgeBase, document: Document, start: int, end: int) -> PageDrawn | None:
    """Return the page of a PDF that a quotation begins on, the quotation on it tinted.

    :param start: where the quotation begins in the document's text.
    :param end: where it ends; what stands on a later page is left out.
    :returns: ``None`` for what is no PDF, or cannot be drawn within the limits.
    """
    number, file = page_of(document, start), source_file(base, document.id)
    if number is None or file is None or document.media_type != "application/pdf":
        return None
    first = document.pages[number - 1]
    last = document.pages[number] if number < len(document.pages) else len(document.text)
    quote = document.text[start : min(end, last)].strip()
    earlier = _bare(document.text[first:start]).count(_bare(quote)) if quote else 0
    return draw(file, number, quote, earlier)


def page_of(document: Document, offset: int) -> int | None:
    """Return the number of the page that holds an offset, from 1; ``None`` for formats without pages."""
    if not document.pages:
        return None
    return max(1, sum(1 for first in document.pages if first <= offset))


def source_file(base: KnowledgeBase, doc_id: str) -> Path | None:
    """Return the file that a document was read from, ``None`` when it is not below the folder of documents."""
    root = Path(getattr(getattr(base, "config", None), "documents", base.folder / "documents")).resolve()
    file = (root / doc_id).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None


def draw(file: Path, number: int, quote: str, earlier: int = 0) -> PageDrawn | None:
    """Return a page as a picture, the quotation on it tinted; ``None`` when it cannot be drawn within the limits.

    :param number: from 1.
    :param earlier: how often the same words stand on the page before the quotation.
    """
    command = [sys.executable, "-I", str(CHILD), str(file), str(number), str(earlier)]
    try:
        done = subprocess.run(
            command, input=quote.encode(errors="replace"), capture_output=True, timeout=SECONDS, check=True
        )
        where, png = done.stdout.split(b"\n", 1)
        return PageDrawn(png, max(0.0, float(where)), float(where) >= 0)
    except (subprocess.SubprocessError, OSError, ValueError):
        return None


def _bare(words: str) -> str:
    return "".join(words.split())
