"""Draw a page of a PDF with a quotation tinted; run as a program of its own by :mod:`ui.pdf_page`, under limits.

Arguments: the file, the page's number from 1, and how often the quotation's words stand on the page before it. The quotation
is read from standard input. A line with its place goes to standard output (0 is the top of the page, 1 its foot, -1 that it was
not found), and then the PNG.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import Any

MEMORY, SECONDS, SCALE = 2 * 1024**3, 10, 1.6
Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points; the origin is the page's lower left corner."""


def draw(file: str, number: int, quote: str, earlier: int) -> bytes:
    """Return the place of the quotation and the page as PNG."""
    import pypdfium2

    page = pypdfium2.PdfDocument(file)[number - 1]
    picture = page.render(scale=SCALE).to_pil().convert("RGB")
    boxes = boxes_of(page.get_textpage(), quote, earlier)
    height = page.get_height()
    for box in boxes:
        _paint(picture, box, height)
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    at = min(max(1 - boxes[0][3] / height, 0.0), 1.0) if boxes else -1.0
    return f"{at:.4f}\n".encode() + packed.getvalue()


def boxes_of(text: Any, quote: str, earlier: int) -> list[Box]:
    """Return the boxes of a quotation, none where the page does not write it so.

    Blanks and the ends of lines are passed over, since the document's text may have others than the page.
    """
    from pypdfium2.raw import FPDFText_GetUnicode

    written = [chr(FPDFText_GetUnicode(text, place)) for place in range(text.count_chars())]
    places = [place for place, letter in enumerate(written) if not letter.isspace() and letter != "\ufffe"]
    page, wanted = "".join(written[place] for place in places), "".join(quote.split())
    at = _nth(page, wanted, earlier) if wanted else -1
    if at < 0:
        return []
    first, last = places[at], places[at + len(wanted) - 1]
    return [text.get_rect(number) for number in range(text.count_rects(first, last - first + 1))]


def _nth(page: str, wanted: str, earlier: int) -> int:
    """Return where the words stand for the (``earlier`` + 1)-th time, or the last time that they stand there at all."""
    at = page.find(wanted)
    for _ in range(earlier):
        later = page.find(wanted, at + 1)
        if later < 0:
            break
        at = later
    return at


def _paint(picture: Any, rectangle: Box, height: float) -> None:
    from PIL import Image, ImageChops

    left, bottom, right, top = rectangle
    box = [round(value * SCALE) for value in (left, height - top, right, height - bottom)]
    if box[2] > box[0] and box[3] > box[1]:
        part = picture.crop(box)
        picture.paste(ImageChops.multiply(part, Image.new("RGB", part.size, (255, 233, 150))), box[:2])


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    words = sys.stdin.buffer.read().decode("utf-8", "replace")
    sys.stdout.buffer.write(draw(sys.argv[1], int(sys.argv[2]), words, int(sys.argv[3])))
