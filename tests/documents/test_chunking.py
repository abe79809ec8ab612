from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.documents import Chunking, chunk
from kgqa.documents.chunking import width
from kgqa.documents.structure import plain_sections
from kgqa.types import Document, Section, Validity


def document(text, *, sections=None, language="en", **fields):
    sections = plain_sections(text) if sections is None else sections
    return Document(id="d.txt", title=fields.pop("title", "T"), text=text, media_type="text/plain", language=language,
                    sections=tuple(sections), **fields)  # fmt: skip


def uncovered(doc, passages):
    covered = [False] * len(doc.text)
    for passage in passages:
        covered[passage.start : passage.end] = [True] * (passage.end - passage.start)
    return "".join(char for char, there in zip(doc.text, covered, strict=True) if not there)


_headings = ["Article 5 Payment\n", "第十二条 付款\n", "1.2 Term. It is long. ", "TITLE LINE\n"]
_words = ["word ", "字" * 40, "x" * 300, "é🙂𠮷", "The term is two years. ", "（一）甲方应当付款；", "e.g. Dr. No. 5 "]
_signs = ["。", ", ", "\n\n", "\r\n", "\t", "\u3000", "- item\n", "a | b | c\n"]
pieces = st.sampled_from(_headings + _words + _signs)


@settings(deadline=None)  # the first call loads profiles
@given(st.lists(pieces, max_size=60).map("".join), st.sampled_from([Chunking(100, 0), Chunking(200, 80), Chunking()]))
def test_passages_are_slices_and_cover_all_that_is_not_blank(text, chunking):
    doc = document(text)
    passages = chunk(doc, chunking)
    assert all(doc.text[p.start : p.end] == p.text and p.text.strip() for p in passages)
    assert not uncovered(doc, passages).strip()
    assert [p.start for p in passages] == sorted(p.start for p in passages)
    assert len({p.id for p in passages}) == len(passages)
    assert passages == chunk(doc, chunking)


def test_a_clause_that_fits_is_one_passage_and_none_crosses_an_article():
    text = "第十一条 押金\n押金为三千元。\n\n第十二条 解除\n任何一方可以提前三十日书面通知解除合同。\n"
    passages = chunk(document(text, language="zh"))
    assert [p.text for p in passages] == [
        "第十一条 押金\n押金为三千元。",
        "第十二条 解除\n任何一方可以提前三十日书面通知解除合同。",
    ]
    assert [p.heading for p in passages] == ["第十一条 押金", "第十二条 解除"]
    assert {p.language for p in passages} == {"zh"}


def test_heading_path_leaves_the_title_out_and_bare_headings_join_what_follows():
    text = "# T\n\n## Use\n\nIt helps.\n\n## Dose\n\n### Adults\n\n500 mg.\n"
    marks = [(0, "T", 1), (5, "Use", 2), (24, "Dose", 2), (33, "Adults", 3)]
    ends = {0: len(text), 5: 24, 24: len(text), 33: len(text)}
    passages = chunk(document(text, sections=[Section(h, a, ends[a], level) for a, h, level in marks]))
    assert [(p.heading, p.text) for p in passages] == [
        ("Use", "# T\n\n## Use\n\nIt helps."),
        ("Dose > Adults", "## Dose\n\n### Adults\n\n500 mg."),
    ]
    assert {p.title for p in passages} == {"T"}


def test_untitled_clauses_of_one_parent_share_a_passage_titled_ones_do_not():
    text = (
        "3. PAYMENT\n3.1 The Buyer shall pay the price in thirty days.\n3.2 The Seller may ask for interest on arrears.\n"
        "3.3 Set-off. None is allowed.\n4. TERM\n4.1 Two Years is the term of it.\n"
    )
    passages = chunk(document(text))
    assert [p.heading for p in passages] == ["3. PAYMENT", "3. PAYMENT > 3.3 Set-off", "4. TERM > 4.1"]
    assert passages[0].text.count("\n") == 2


def test_long_sections_are_cut_at_sentences_into_even_pieces_with_overlap():
    sentences = [f"Sentence number {n} says that the tenant shall keep the premises in good repair." for n in range(40)]
    passages = chunk(document(" ".join(sentences)), Chunking(900, 150))
    assert all(p.text.startswith("Sentence number") and p.text.endswith("repair.") for p in passages)
    assert all(len(p.text) <= 900 for p in passages)
    assert min(len(p.text) for p in passages) > 450
    assert all(two.start < one.end for one, two in pairwise(passages))


def test_paragraphs_are_preferred_to_sentences_and_then_nothing_is_repeated():
    paragraph = "The landlord repairs the roof. " * 12
    passages = chunk(document("\n\n".join([paragraph] * 6)))
    assert all(p.text.startswith("The landlord") for p in passages)
    assert all(two.start >= one.end for one, two in pairwise(passages))


def test_chinese_passages_are_about_four_tenths_as_long():
    text = "承租人应当按照约定的时间支付租金，逾期支付的应当承担违约责任。" * 60
    passages = chunk(document(text, language="zh"), Chunking(900, 0))
    assert all(len(p.text) <= 350 and p.text.endswith("。") for p in passages)
    assert sum(len(p.text) for p in passages) / len(passages) > 250


def test_rows_of_a_table_stay_whole():
    rows = [f"drug {n} | {n} mg twice a day with food | 药{n}" for n in range(80)]
    passages = chunk(document("\n".join(rows)))
    assert len(passages) > 3
    assert all(line in rows for p in passages for line in p.text.split("\n"))


def test_runs_without_a_break_are_cut_by_force():
    passages = chunk(document("x" * 5000 + " " + "字" * 2000))
    assert max(width(p.text) for p in passages) < 901


def test_pages_validity_access_metadata_and_language_are_handed_down():
    validity = Validity(date(2020, 1, 1), None, "CN", None)
    text = "Article 1 One\nEnglish words are here.\n\nArticle 2 Two\n本条为中文内容，其余为英文。\n"
    doc = document(
        text, pages=(0, text.index("Article 2")), validity=validity, access=frozenset({"a"}), metadata={"author": "李"}
    )
    one, two = chunk(doc)
    assert (one.page, two.page, one.language, two.language) == (1, 2, "en", "zh")
    assert two.validity == validity and two.access == {"a"} and two.metadata == {"author": "李"}


def test_ids_change_with_the_text_and_with_the_place():
    before = {p.id for p in chunk(document("1. ONE\nFirst text.\n2. TWO\nSecond text.\n"))}
    after = {p.id for p in chunk(document("1. ONE\nFirst text!\n2. TWO\nSecond text.\n"))}
    assert len(before & after) == 1


def test_content_outside_the_sections_is_left_out():
    text = "---\nsecret: x\n---\nbody"
    passages = chunk(document(text, sections=[Section("", 18, 22)]))
    assert [p.text for p in passages] == ["body"]


@pytest.mark.parametrize(("size", "overlap"), [(50, 0), (900, 500), (900, -1)])
def test_sizes_that_make_no_sense_are_refused(size, overlap):
    with pytest.raises(ValueError, match="chunking needs"):
        Chunking(size, overlap)


def test_nothing_comes_of_a_blank_document():
    assert chunk(document(" \n\u3000\n")) == []
