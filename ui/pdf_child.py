"""Draw a page of a PDF with a quotation tinted; run as a program of its own by :mod:`ui.pdf_page`, under limits.

Arguments: the file and the page's number from 1. The quotation is read from standard input, the PNG goes to standard output.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import Any

MEMORY, SECONDS, SCALE = 2 * 1024**3, 10, 1.6


def draw(file: str, number: int, quote: str) -> bytes:
    """Return a page as PNG."""
    import pypdfium2

    page = pypdfium2.PdfDocument(file)[number - 1]
    picture = page.render(scale=SCALE).to_pil().convert("RGB")
    _tint(picture, page, quote)
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    return packed.getvalue()


def _tint(picture: Any, page: Any, quote: str) -> None:
    """Tint the lines of a quotation; a quotation that the page writes otherwise is left unmarked."""
    text = page.get_textpage()
    whole = [quote.strip()] if 0 < len(quote) < 200 else []
    for words in whole + [line.strip() for line in quote.splitlines() if len(line.strip()) > 8]:
        found = text.search(words).get_next()
        if found is None:
            continue
        for place in range(text.count_rects(*found)):
            _paint(picture, text.get_rect(place), page.get_height())
        if words in whole:
            return


def _paint(picture: Any, rectangle: tuple[float, float, float, float], height: float) -> None:
    from PIL import Image, ImageChops

    left, bottom, right, top = rectangle
    box = [round(value * SCALE) for value in (left, height - top, right, height - bottom)]
    if box[2] > box[0] and box[3] > box[1]:
        part = picture.crop(box)
        picture.paste(ImageChops.multiply(part, Image.new("RGB", part.size, (255, 233, 150))), box[:2])


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sys.stdout.buffer.write(draw(sys.argv[1], int(sys.argv[2]), sys.stdin.buffer.read().decode("utf-8", "replace")))
