"""A page of a PDF as a picture with the quotation marked; drawn in a child process with limits."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

from .desk import KnowledgeBase

CHILD = Path(__file__).with_name("pdf_child.py")
SECONDS = 20
"""Wall time that drawing a page may take; the child's own limits on memory and processor time are tighter."""


def source_file(base: KnowledgeBase, doc_id: str) -> Path | None:
    """Return the file that a document was read from, ``None`` when it is not below the folder of documents."""
    root = Path(getattr(getattr(base, "config", None), "documents", base.folder / "documents")).resolve()
    file = (root / doc_id).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None


def pdf_page(file: Path, number: int, quote: str) -> Any:
    """Return a page as a PIL image, the quotation on it tinted; ``None`` when it cannot be drawn within the limits.

    :param number: from 1.
    """
    command = [sys.executable, "-I", str(CHILD), str(file), str(number)]
    try:
        done = subprocess.run(
            command, input=quote.encode(errors="replace"), capture_output=True, timeout=SECONDS, check=True
        )
    except (subprocess.SubprocessError, OSError):
        return None
    from PIL import Image

    return Image.open(io.BytesIO(done.stdout))
