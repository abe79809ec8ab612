"""The page of a PDF that a quotation is on: drawn, the right words marked, and put into the panel without any file."""

import io

import numpy as np
import pytest
from PIL import Image
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from kgqa.types import Document
from ui.pdf_page import draw, page_of, pdf_page, source_file
from ui.sheets import document_sheet
from ui.tags import drawn

CHINESE = "STSong-Light"


def paper(file, *pages, font="Helvetica"):
    if font == CHINESE:
        pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
    sheet = canvas.Canvas(str(file), pagesize=(300, 200))
    for lines in pages:
        sheet.setFont(font, 12)
        for number, line in enumerate(lines):
            sheet.drawString(20, 170 - 20 * number, line)
        sheet.showPage()
    sheet.save()
    return file


def tinted(page):
    """The rows of a page's picture that hold the colour of the mark, as shares of its height."""
    picture = Image.open(io.BytesIO(page.png)).convert("RGB")
    pixels = np.asarray(picture, dtype=int)
    rows = np.nonzero(((pixels[..., 0] > 200) & (pixels[..., 2] < pixels[..., 0] - 60)).any(axis=1))[0]
    return rows / picture.height


@pytest.fixture
def documents(kb, tmp_path):
    (tmp_path / "documents").mkdir()
    return tmp_path / "documents"


def test_the_words_are_marked_and_other_words_are_not(documents):
    file = paper(documents / "a.pdf", ["First page"], ["Metformin must not be given"])
    plain, marked = draw(file, 2, "not on this page"), draw(file, 2, "must not be given")
    assert Image.open(io.BytesIO(plain.png)).size == (480, 320)
    assert (len(tinted(plain)), plain.marked) == (0, False)
    assert len(tinted(marked)) > 5 and marked.marked and abs(marked.at - tinted(marked)[0]) < 0.05


def test_of_words_that_stand_there_twice_the_quoted_ones_are_marked(kb, documents):
    lines = ["the limit is 30 mg", "in children", "the limit is 30 mg", "in adults"]
    paper(documents / "twice.pdf", lines)
    text = "\n".join(lines)
    document = Document("twice.pdf", "", text, "application/pdf", "en", pages=(0,))
    first, second = (pdf_page(kb, document, at, at + 5) for at in (text.index("30 mg"), text.rindex("30 mg")))
    assert tinted(first).max() < tinted(second).min()


def test_words_that_go_over_the_end_of_a_line_are_marked_on_both(documents):
    file = paper(documents / "long.pdf", ["Metformin must not", "be given when the", "eGFR is below 30"])
    rows = tinted(draw(file, 1, "must not\nbe given  when the eGFR"))
    assert rows.max() - rows.min() > 2 * 20 / 200


def test_chinese_words_are_marked(documents):
    file = paper(documents / "zh.pdf", ["二甲双胍禁用于", "重度肾功能不全的患者"], font=CHINESE)
    assert draw(file, 1, "禁用于重度肾功能不全").marked


def test_what_goes_on_to_the_next_page_is_marked_as_far_as_this_one(kb, documents):
    paper(documents / "two.pdf", ["It ends on the"], ["next page"])
    document = Document("two.pdf", "", "It ends on the\nnext page", "application/pdf", "en", pages=(0, 15))
    page = pdf_page(kb, document, 3, 24)
    assert page.marked and page_of(document, 3) == 1


def test_what_cannot_be_drawn_is_left_out(kb, documents):
    file = paper(documents / "a.pdf", ["x"])
    assert draw(file, 99, "x") is None
    (documents / "b.pdf").write_bytes(b"%PDF-1.4 broken")
    assert draw(source_file(kb, "b.pdf"), 1, "x") is None
    assert source_file(kb, "../kb.toml") is None and source_file(kb, "gone.pdf") is None
    assert pdf_page(kb, Document("a.md", "", "x", "text/markdown", "en"), 0, 1) is None


def test_the_picture_stands_in_the_page_itself(kb, documents):
    paper(documents / "a.pdf", ["Metformin <img src=x>"])
    document = Document("a.pdf", "", "Metformin <img src=x>", "application/pdf", "en", pages=(0,))
    sheet = document_sheet(document, 0, 9, "en", pdf_page(kb, document, 0, 9))
    assert sheet.count("<img") == 1 and 'src="data:image/png;base64,iVBOR' in sheet
    assert 'alt="Page 1 as printed, the words marked"' in sheet
    for bad in (b"", b"<svg onload=alert(1)>", b"GIF89a"):
        with pytest.raises(ValueError, match="PNG"):
            drawn(bad, "x")
