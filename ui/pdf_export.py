"""Set lines as a PDF, Latin and Chinese, in fonts that every reader of PDF has."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from html import escape
from typing import Any

CHINESE = "STSong-Light"
LONGEST = 20_000
"""Characters of one paragraph; more than any evidence needs, and a bound on what typesetting costs."""

_STYLES: dict[str, dict[str, Any]] = {
    "title": {"fontSize": 18, "spaceAfter": 10, "bold": True},
    "asked": {"fontSize": 13.5, "spaceBefore": 16, "spaceAfter": 2, "bold": True, "keepWithNext": True},
    "when": {"fontSize": 8.5, "textColor": "#66706e", "spaceAfter": 5},
    "said": {"fontSize": 11.5, "spaceAfter": 3, "bold": True},
    "note": {"fontSize": 9.5, "textColor": "#333333", "spaceAfter": 3},
    "source": {"fontSize": 9, "textColor": "#0f5f59", "spaceBefore": 5, "spaceAfter": 2, "keepWithNext": True},
    "quote": {"fontSize": 9.5, "leftIndent": 14, "borderPadding": 0, "spaceAfter": 3},
    "step": {"fontSize": 9, "leftIndent": 14, "spaceAfter": 1},
}


def typeset(title: str, lines: Iterable[tuple[str, str]], language: str = "en") -> bytes:
    """Return lines, each with the name of its style, as a PDF on A4 with numbered pages.

    :raises kgqa.errors.MissingExtra: reportlab is not installed.
    """
    from kgqa.errors import MissingExtra

    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont
        from reportlab.platypus import Paragraph, SimpleDocTemplate
    except ImportError as fault:
        raise MissingExtra("the PDF export", "ui") from fault
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
    styles = {name: ParagraphStyle(name, **_options(said)) for name, said in _STYLES.items()}
    story = [Paragraph(fonts(text[:LONGEST]), styles[kind]) for kind, text in lines]
    out = io.BytesIO()
    SimpleDocTemplate(
        out, pagesize=A4, title=title, leftMargin=62, rightMargin=62, topMargin=56, bottomMargin=56, lang=language
    ).build(story, onFirstPage=_numbered, onLaterPages=_numbered)
    return out.getvalue()


def _options(said: dict[str, Any]) -> dict[str, Any]:
    options = {key: value for key, value in said.items() if key != "bold"}
    font = "Helvetica-Bold" if said.get("bold") else "Helvetica"
    return {**options, "fontName": font, "leading": said["fontSize"] * 1.45, "wordWrap": "CJK"}


def fonts(text: str) -> str:
    """Return text as markup in which what the Latin font lacks is set in the Chinese one."""
    runs = re.findall(r"[^\x20-\x7e\xa0-\xff–—‘’“”•…€™]+|[\x20-\x7e\xa0-\xff–—‘’“”•…€™]+", re.sub(r"\s+", " ", text))
    return "".join(
        escape(run, quote=False)
        if re.match(r"[\x20-\x7e\xa0-\xff–—‘’“”•…€™]", run)
        else f'<font name="{CHINESE}">{escape(run, quote=False)}</font>'
        for run in runs
    )


def _numbered(canvas: Any, document: Any) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor("#66706e")
    canvas.drawCentredString(document.pagesize[0] / 2, 30, str(canvas.getPageNumber()))
