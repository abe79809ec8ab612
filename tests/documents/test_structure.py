from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.documents.headings import heading
from kgqa.documents.structure import plain_sections


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("第十二条　合同的效力", "第十二条 合同的效力"),
        ("第三百一十二条 当事人应当按照约定履行义务，不得擅自变更或者解除合同，并应当遵循诚信原则。", "第三百一十二条"),
        ("第十条之一【期限】承租人应当……", "第十条之一 期限"),
        ("第二章 合同的订立", "第二章 合同的订立"),
        ("**第五条** 违约责任", "第五条 违约责任"),
        ("（二）适用范围", "（二）适用范围"),
        ("一、总则", "一、总则"),
        ("§ 7.2 Payment", "§ 7.2 Payment"),
        ("Article 5", "Article 5"),
        ("ARTICLE IV - REPRESENTATIONS", "ARTICLE IV REPRESENTATIONS"),
        ("Section 3.1 Term. The term is two years and may be extended by either party in writing.", "Section 3.1 Term"),
        ("1.2 Governing law", "1.2 Governing law"),
        ("13.3 Either party may terminate immediately upon written notice if the other party fails.", "13.3"),
        ('1.33 "TAP" shall mean the Transferred Account Procedure as defined elsewhere.', "1.33"),
        ("LIMITATION OF LIABILITY", "LIMITATION OF LIABILITY"),
        ("XIV.   INSURANCE", "XIV. INSURANCE"),
        ("EXHIBIT B", "EXHIBIT B"),
    ],
)
def test_headings(line, expected):
    found = heading(line, len(line), strict=False)
    assert found is not None and found[0] == expected


@pytest.mark.parametrize(
    "line",
    [
        "第五条规定的期限届满后，承租人应当搬离。",
        "Section 5 of this Agreement shall survive.",
        "Article 4, and any other provision",
        "1.5 mg of the drug is given daily to patients who can take it.",
        "3 tablets a day",
        "2019 was a good year for the company and its shareholders.",
        "12% of the patients",
        "SECTION 14.0 INTEGRATION ....................  Page 24",
        "5.1 Monsanto's Obligations and Rights 26",
        "（一）承租人未经同意转租的；",
        "-12-",
        "By: ________________",
        "The quick brown fox.",
    ],
)
def test_what_is_no_heading(line):
    assert heading(line, len(line), strict=False) is None


def paths(text):
    return [("  " * (s.level - 1)) + s.heading for s in plain_sections(text)]


def test_sections_nest_by_their_forms():
    text = (
        "LEASE\n\nARTICLE I\nDEFINITIONS\n\n1.1 Term. It is long.\n1.2 Rent. It is high.\n\n"
        "ARTICLE II\nPAYMENT\n\n2.1 Due. Now.\n"
    )
    assert paths(text) == [
        "LEASE",
        "ARTICLE I DEFINITIONS",
        "  1.1 Term",
        "  1.2 Rent",
        "ARTICLE II PAYMENT",
        "  2.1 Due",
    ]


def test_chinese_statute():
    text = (
        "中华人民共和国某法\n第一编 总则\n第一章 一般规定\n第一条 为了保护民事主体的合法权益，制定本法。\n"
        "第二条 本法调整……关系。\n第二章 自然人\n第三条 自然人平等。\n"
    )
    assert paths(text) == [
        "",
        "第一编 总则",
        "  第一章 一般规定",
        "    第一条",
        "    第二条",
        "  第二章 自然人",
        "    第三条",
    ]


def test_clauses_amid_a_line_whose_breaks_were_lost():
    text = (
        "This Agreement is made today. "
        * 8
        + "as follows:     1. GRANT OF RIGHTS. The owner grants rights.     2. TERM. "
        'One year. 2.1 Renewal. It renews as said in Section 4.1 Above all. 2.2 "Net Sales" means sales.'
    )
    assert paths(text)[1:] == ["1. GRANT OF RIGHTS", "2. TERM", "  2.1 Renewal", "  2.2"]


def test_short_lines_between_paragraphs_are_headings():
    body = "Alteplase is given when treatment can begin within four hours of the onset of the signs."
    assert paths(f"Stroke\n\n{body}\n\nWhat to do next\n\n{body}\n") == ["", "What to do next"]
    assert paths(
        f"须知\n\n{'普通片应随餐服用，缓释片一般在晚餐时服用。' * 2}\n\n怎样服用\n\n{'起始剂量通常为每次五百毫克。' * 3}\n"
    ) == ["", "怎样服用"]


@settings(deadline=None)  # the first call loads profiles
@given(st.text(alphabet=st.sampled_from("第一条章1. ()（）ARTICLE\nSection§a\t;,。\r"), max_size=300))
def test_sections_are_ordered_and_inside_the_text(text):
    sections = plain_sections(text)
    assert all(0 <= s.start < s.end <= len(text) for s in sections)
    assert [s.start for s in sections] == sorted(s.start for s in sections)
    for one, two in pairwise(sections):
        assert two.start >= one.end or two.end <= one.end  # nested or apart
    assert not sections or (not text[: sections[0].start].strip() and not text[max(s.end for s in sections) :].strip())
