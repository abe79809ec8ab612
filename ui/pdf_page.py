"""A page of a PDF as a picture with the quotation marked; drawn in a child process with limits."""

from __future__ import annotations

import io
import multiprocessing
import resource
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .desk import KnowledgeBase

MEMORY, SECONDS, SCALE = 2 * 1024**3, 10, 1.6


def source_file(base: KnowledgeBase, doc_id: str) -> Path | None:
    """Return the file that a document was read from, ``None`` when it is not below the folder of documents."""
    root = Path(getattr(getattr(base, "config", None), "documents", base.folder / "documents")).resolve()
    file = (root / doc_id).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None


def pdf_page(file: Path, number: int, quote: str) -> Any:
    """Return a page as a PIL image, the quotation on it tinted; ``None`` when it cannot be drawn within the limits.

    :param number: from 1.
    """
    here, there = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(
        target=_draw, args=(str(file), number, quote, there), daemon=True
    )
    child.start()
    there.close()
    try:
        data = here.recv_bytes() if here.poll(SECONDS) else b""
    except (EOFError, OSError):
        data = b""
    finally:
        here.close()
        child.kill()
        child.join()
    if not data:
        return None
    from PIL import Image

    return Image.open(io.BytesIO(data))


def _draw(file: str, number: int, quote: str, out: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    import pypdfium2

    page = pypdfium2.PdfDocument(file)[number - 1]
    picture = page.render(scale=SCALE).to_pil().convert("RGB")
    _tint(picture, page, quote)
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    out.send_bytes(packed.getvalue())


def _tint(picture: Any, page: Any, quote: str) -> None:
    """Tint the lines of a quotation; a quotation that the page writes otherwise is left unmarked."""
    from PIL import Image, ImageChops

    text = page.get_textpage()
    for words in ([quote] if len(quote) < 200 else []) + [line for line in quote.splitlines() if len(line.strip()) > 8]:
        found = text.search(words.strip()).get_next()
        if found is None:
            continue
        for place in range(text.count_rects(*found)):
            left, bottom, right, top = text.get_rect(place)
            height = page.get_height()
            box = [round(v * SCALE) for v in (left, height - top, right, height - bottom)]
            if box[2] > box[0] and box[3] > box[1]:
                part = picture.crop(box)
                picture.paste(ImageChops.multiply(part, Image.new("RGB", part.size, (255, 233, 150))), box[:2])
        if words == quote:
            return
