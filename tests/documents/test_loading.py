"""Good files of every format become documents whose offsets hold."""

from datetime import date

import pytest

from documents import makers
from kgqa.documents import chunk, find, load
from kgqa.types import Validity


def only(loaded):
    assert loaded.problem is None
    (document,) = loaded.documents
    return document


def headings(document):
    return [section.heading for section in document.sections if section.heading]


def test_text_is_the_decoded_file_to_the_last_character(load_bytes):
    raw = "  甲方\r\n\r\n第一条 标的 𠮷野家\r\nＡ公司 café 🙂。\n\n"
    document = only(load_bytes("a/合同 1.txt", raw))
    assert document.text == raw
    assert document.id == "a/合同 1.txt"
    assert document.language == "zh"
    assert headings(document) == ["第一条 标的 𠮷野家"]


def test_markdown_keeps_front_matter_in_the_text_but_never_retrieves_it(load_bytes):
    raw = (
        '---\ntitle: "Aspirin: use"\nsource: Test\nvalid_from: 2020-01-01\nvalid_to: 2021-06\njurisdiction: EU\n'
        "superseded_by: b.md\naccess: [doctors, nurses]\nlanguage: en-GB\n---\n# Aspirin\n\nIntro.\n\n## Dose\n\n500 mg.\n"
    )
    document = only(load_bytes("a.md", raw))
    assert (document.text, document.title, document.language) == (raw, "Aspirin: use", "en")
    assert document.validity == Validity(date(2020, 1, 1), date(2021, 6, 30), "EU", "b.md")
    assert document.access == {"doctors", "nurses"}
    assert document.metadata == {"source": "Test"}
    passages = chunk(document)
    assert [passage.heading for passage in passages] == ["Aspirin", "Aspirin > Dose"]
    assert all("valid_from" not in passage.text and passage.access == document.access for passage in passages)


def test_markdown_code_is_no_heading_and_underlines_are(load_bytes):
    document = only(
        load_bytes("a.md", "Title\n=====\n\n```\n# not a heading\n```\n\nPart\n---\n\ntext **b**\n\n**Bold**\n\nx\n")
    )
    assert headings(document) == ["Title", "Part", "Bold"]
    assert document.title == "Title"


def test_html_drops_what_is_not_seen_and_keeps_structure(load_bytes):
    page = (
        '<html lang="zh-CN"><head><title>高血压 &amp; 用药</title><meta name="author" content="李"><style>p{}</style></head>'
        "<body><script>var x='alert';</script><h1>高血压</h1><p>血压<b>持续</b>升高。</p><h2>用药</h2>"
        "<table><tr><th>药</th><th>量</th></tr><tr><td>氨氯地平</td><td>5 mg</td></tr></table>"
        "<ul><li>一</li><li>二</li></ul></body>"
    )
    document = only(load_bytes("a.html", page))
    assert document.title == "高血压 & 用药"
    assert document.language == "zh"
    assert document.metadata == {"author": "李"}
    assert headings(document) == ["高血压", "用药"]
    assert "血压持续升高。" in document.text
    assert "药 | 量\n氨氯地平 | 5 mg" in document.text
    assert "- 一\n- 二" in document.text
    assert "alert" not in document.text and "p{}" not in document.text


def test_deeply_nested_html_loses_nothing(load_bytes):
    page = "<html><body><p>before</p>" + "<div>" * 3000 + "inside" + "</div>" * 3000 + "<p>after</p></body></html>"
    document = only(load_bytes("deep.html", page))
    assert document.text.split() == ["before", "inside", "after"]


def test_broken_html_falls_back_to_its_words(load_bytes):
    loaded = load_bytes("a.html", "<body>" + "<template><p>" + "the words that nobody closed " * 20)
    assert "nobody closed" in only(loaded).text
    assert loaded.warnings


def test_pdf_has_pages_title_and_sections(load_bytes):
    document = only(
        load_bytes("a.pdf", makers.pdf(["1. Scope\nThis is page one.", "2. Term\nTwo years."], title="A lease"))
    )
    assert document.title == "A lease"
    assert headings(document) == ["1. Scope", "2. Term"]
    assert document.text[document.pages[1] :].startswith("2. Term")
    assert [passage.page for passage in chunk(document)] == [1, 2]


def test_pdf_with_one_picture_page_says_so(load_bytes):
    loaded = load_bytes("a.pdf", makers.picture_pdf(with_text_pages=2))
    assert "Page 2 has words." in only(loaded).text
    assert loaded.warnings == ("page 3 is a picture without text; run OCR on it",)


def test_docx_has_headings_and_tables_in_order(load_bytes):
    blocks = [
        ("Title", "Supply 合同"),
        ("Heading 1", "Prices"),
        ("Normal", "See below."),
        [["Part", "Price"], ["泵", "5"]],
    ]
    document = only(load_bytes("a.docx", makers.docx([*blocks, ("Heading 1", "Term"), ("Normal", "Two years.")])))
    assert document.title == "Supply 合同"
    assert headings(document) == ["Supply 合同", "Prices", "Term"]
    assert (
        document.text.index("See below.")
        < document.text.index("Part | Price\n泵 | 5")
        < document.text.index("Two years.")
    )


def test_csv_rows_are_documents(load_bytes):
    loaded = load_bytes("faq.csv", 'title,text,source,valid_from\nA,Answer 一,x,2020-01-01\nB,"two\nlines",y,\n')
    one, two = loaded.documents
    assert (one.id, one.title, one.text, one.metadata) == ("faq.csv#1", "A", "Answer 一", {"source": "x"})
    assert one.validity.valid_from == date(2020, 1, 1)
    assert two.text == "two\nlines"


def test_table_without_text_column_is_read_as_named_values(load_bytes):
    (document,) = load_bytes("t.csv", "药品;剂量\n阿司匹林;100 mg\n").documents
    assert document.text == "药品: 阿司匹林\n剂量: 100 mg"


def test_jsonl_rows_are_documents_and_bad_lines_are_named(load_bytes):
    loaded = load_bytes(
        "a.jsonl", '{"question": "Q?", "answer": "A 🙂", "tags": ["x", "y"]}\nnot json\n[1]\n\n{"answer": "B\\ud800"}\n'
    )
    one, two = loaded.documents
    assert (one.title, one.text, one.metadata["tags"]) == ("Q?", "A 🙂", "x, y")
    assert (two.id, two.text) == ("a.jsonl#4", "B\ufffd")
    assert loaded.warnings == ("rows 2, 3 are no JSON objects; left out",)


def test_many_files_come_back_in_order_with_progress(tmp_path):
    for number in range(60):
        (tmp_path / f"{number:03}.md").write_text(f"# 文 {number}\n\nbody {number}\n")
    seen = []
    loaded = list(load(find(tmp_path), tmp_path, progress=seen.append, workers=2))
    assert [item.documents[0].title for item in loaded] == [f"文 {number}" for number in range(60)]
    assert seen == list(range(1, 61))


def test_nothing_to_load(tmp_path):
    assert list(load([], tmp_path)) == []


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_a_title_is_never_empty(load_bytes, name):
    assert only(load_bytes(name, "just words that say nothing of a title, at some length, and stop.")).title == "a"
