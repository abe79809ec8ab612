"""Which loader reads which file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kgqa.documents.source import Extract

Loader = Callable[[bytes, list[str]], list[Extract]]

MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
}


def media_type(path: Path) -> str:
    """Return the media type by the name's suffix; empty for what is not supported."""
    return MEDIA_TYPES.get(path.suffix.lower(), "")


def supported(path: Path) -> bool:
    """Tell whether there is a loader for a file of this name."""
    return bool(media_type(path))


def loader(kind: str) -> Loader:
    """Return the loader of a media type; its libraries are imported now."""
    if kind == "application/pdf":
        from kgqa.documents.pdf import read_pdf

        return read_pdf
    if kind == MEDIA_TYPES[".docx"]:
        from kgqa.documents.word import read_docx

        return read_docx
    from kgqa.documents import html, markdown, plain, tables

    return {
        "text/html": html.read_html,
        "text/markdown": markdown.read_markdown,
        "text/plain": plain.read_text,
        "text/csv": tables.read_csv,
        "application/jsonl": tables.read_jsonl,
    }[kind]
