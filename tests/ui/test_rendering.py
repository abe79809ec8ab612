"""Everything shown is escaped; the card says what the answer is, how sure, from where, and why not."""

import re
from dataclasses import replace

import pytest
from fakes import EX, FakeKnowledgeBase, path, quotation
from hypothesis import given
from hypothesis import strategies as st
from inert import check, name_of

from kgqa.types import (
    Answer,
    Conflict,
    Entity,
    Evidence,
    Reason,
    Term,
    Triple,
)
from ui.answer_card import answer_card, confidence_words
from ui.evidence_card import conflict_card, evidence_card, highlight
from ui.figures import documents_list
from ui.graph_view import graph_view, nearest, of_entity
from ui.pdf_page import page_of
from ui.picture import picture
from ui.sheets import document_sheet, entity_sheet
from ui.strings import STRINGS, t
from ui.tags import Html, el, join, text


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_highlighting_loses_no_character_and_marks_the_quotation(before, quote, after):
    whole = before + quote + after
    said = check(highlight(whole, len(before), len(before) + len(quote), 1000))
    expected = check(text(whole))
    assert said == expected
    if quote:
        assert f"<mark>{text(quote)}</mark>" in highlight(whole, len(before), len(before) + len(quote), 1000)


def test_a_card_says_what_how_sure_how_complete_and_from_where(kb):
    answer = kb.ask("Which drugs treat type 2 diabetes?")
    said = check(answer_card(answer, "t1", name_of))
    for part in (
        "metformin",
        "Very likely right · 94 %",
        "Complete list from the graph",
        "Names",
        "Evidence",
        "SELECT ?x",
    ):
        assert part in said
    markup = answer_card(answer, "t1", name_of)
    assert 'href="#t1-e1"' in markup and 'id="t1-e1"' in markup
    assert 'data-act="entity" data-iri="http://example.org/med/metformin"' in markup


def test_a_card_shows_conflicting_sources_with_their_dates(kb):
    said = check(answer_card(kb.ask("When is metformin contraindicated?"), "t1", name_of))
    assert "The sources disagree" in said and "in force 2012-01-01 to 2016-04-08" in said
    assert "superseded by drugs/metformin.md" in said and "in force 2024-03-01 to today" in said
    assert "Found in the text; there may be more" in said


def test_an_abstention_says_why_and_what_would_help(kb):
    said = check(answer_card(kb.ask("What is love?"), "t1", name_of))
    assert "No answer found" in said and "Check the spelling" in said and "Probably not in the sources" in said


def test_an_ambiguous_name_offers_its_meanings(kb):
    markup = answer_card(kb.ask("What is a cold?"), "t1", name_of)
    assert markup.count('data-act="choose"') == 2
    assert "“cold” can mean several things" in check(markup)


def test_the_quotation_is_marked_in_its_passage(kb):
    evidence = quotation(kb.document("drugs/metformin.md"), "severe renal impairment (eGFR below 30 mL/min)", page=2)
    markup = evidence_card(evidence, 1, "t1-e1", name_of)
    assert (
        "Metformin must not be given in <mark>severe renal impairment (eGFR below 30 mL/min)</mark> or in acute"
        in markup
    )
    assert f"characters {evidence.start}–{evidence.end}" in markup and "page 2" in markup


def test_offsets_outside_a_passage_mark_nothing():
    assert "<mark>" not in highlight("short", 3, 99, 10)
    assert check(highlight("short", -1, 2, 10)) == "short"


def test_confidence_in_words_differs_for_abstentions():
    given_ = [confidence_words(Answer("?", "x", "span", c)) for c in (0.95, 0.75, 0.5, 0.1)]
    none = [confidence_words(Answer("?", None, "none", c)) for c in (0.95, 0.75, 0.5, 0.1)]
    assert len(set(given_ + none)) == 8


def test_the_chinese_card_speaks_chinese(kb):
    said = check(answer_card(kb.ask("二甲双胍的禁忌症是什么？"), "t1", name_of, "zh"))
    for part in ("很可能正确 · 90 %", "图谱中仅此一项", "证据", "打开文档"):
        assert part in said


def test_long_lists_and_much_evidence_are_folded():
    items = tuple(f"drug {n}" for n in range(120))
    walks = tuple(Evidence("path", 1.0, path=path(("aspirin", "treats", f"x{n}"))) for n in range(20))
    answer = Answer("?", ", ".join(items), "entities", 0.9, items, ("",) * 120, True, evidence=walks)
    markup = answer_card(answer, "t1", name_of)
    assert "Show 105 more" in check(markup) and "More evidence (14)" in check(markup)


def test_the_picture_draws_each_statement_once_with_its_names():
    walks = [path(("metformin", "treats", "gout")), path(("metformin", "treats", "gout"), ("gout", "causes", "pain"))]
    drawn = picture(walks, name_of, targets=(EX + "pain",), name="q7")
    said = check(drawn)
    assert drawn.count('class="edge"') == 2 and drawn.count('class="node') == 3
    assert "A graph of 3 things and 2 statements" in said and "causes" in said
    assert 'class="node target"' in drawn and 'class="node start"' in drawn
    assert drawn.count("url(#q7-arrow)") == 2
    assert picture([], name_of) is None


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("pq"), st.sampled_from("abcdefgh")),
        min_size=1,
        max_size=30,
    )
)
def test_any_graph_can_be_drawn_inside_its_frame(statements):
    drawn = picture([path(one) for one in statements], name_of)
    check(drawn)
    width, height = map(float, drawn.split('viewBox="0 0 ')[1].split('"')[0].split())
    for piece in drawn.split("<rect ")[1:]:
        x, y = (float(piece.split(f'{axis}="')[1].split('"')[0]) for axis in "xy")
        assert -40 <= x <= width and -20 <= y <= height


def test_a_document_opens_at_its_page(kb):
    document = replace(kb.document("drugs/metformin.md"), pages=(0, 150, 280))
    assert [page_of(document, offset) for offset in (0, 149, 150, 300)] == [1, 1, 2, 3]
    sheet = document_sheet(document, 178, 224)
    assert "page 2" in check(sheet) and "<mark>severe renal" in sheet
    long = replace(document, text="x" * 100_000 + "needle" + "y" * 100_000, pages=())
    sheet = document_sheet(long, 100_000, 100_006)
    assert "<mark>needle</mark>" in sheet and len(sheet) < 60_000


def test_conflicts_between_graph_and_text_name_both(kb):
    answer = kb.ask("When is metformin contraindicated?")
    mixed = Conflict("x", answer.evidence[0], answer.evidence[1], "30", "60")
    assert "Graph: graph/drugs.ttl" in check(conflict_card(mixed, name_of))


def test_tags_refuse_what_could_run():
    for attributes in ({"onclick": "x"}, {"src": "x"}, {"href": "http://x"}, {"href": "javascript:x"}, {"srcdoc": "x"}):
        with pytest.raises(ValueError):
            el("a", **attributes)
    assert el("p", "<", None, Html("<b></b>"), ["&", 3], cls="x", hidden=True, title=None) == (
        '<p class="x" hidden>&lt;<b></b>&amp;3</p>'
    )
    assert join(["a", "<"], ", ") == "a, &lt;"


def test_every_text_has_two_languages_with_the_same_gaps():

    for key, texts in STRINGS.items():
        assert len(texts) == 2 and all(texts), key
        gaps = [sorted(re.findall(r"{(\w+)}", one)) for one in texts]
        assert gaps[0] == gaps[1], key
    assert t("page", "zh", n=3) == "第 3 页"


def test_the_reasons_and_kinds_have_their_words():
    assert all(f"help_{reason.value}" in STRINGS for reason in Reason)
    for kind in ("entities", "span", "boolean", "number", "date", "none"):
        assert f"kind_{kind}" in STRINGS


def test_fake_and_real_facade_agree():
    import inspect

    from kgqa.knowledge_base import KnowledgeBase

    for name in (
        "ask",
        "ask_many",
        "search",
        "entity",
        "label",
        "sparql",
        "document",
        "documents",
        "add",
        "remove",
        "verify_erasure",
        "examples",
        "stats",
    ):
        fake = list(inspect.signature(getattr(FakeKnowledgeBase, name)).parameters)
        real = list(inspect.signature(getattr(KnowledgeBase, name)).parameters)
        assert fake == real[: len(fake)], name


def test_a_name_with_turning_characters_is_shown_without_and_reported_with_them():

    shown = documents_list([("a\u202egnp.txt", "x\u202ey")])
    assert 'data-doc="a\u202egnp.txt"' in shown and shown.count("\u202e") == 1


def test_a_picture_tells_how_much_of_a_thing_it_leaves_out():
    def entity(count):
        said = [
            ("has symptom", f"d{n}", Triple(Term(f"x:d{n}"), Term("x:hasSymptom"), Term("x:cough")))
            for n in range(count)
        ]
        about = Triple(Term("x:s1"), Term("http://www.w3.org/1999/02/22-rdf-syntax-ns#subject"), Term("x:cough"))
        return Entity("x:cough", "cough", incoming=(*said, ("subject", "s1", about)))

    assert len(nearest(entity(5))) == 5, "a relation may have the place that no other needs"
    view = of_entity("kb", entity(20))
    assert len(view.triples) == 8
    shown = graph_view(view, lambda term: term.value.removeprefix("x:"))
    assert "has 12 more statements" in re.sub("<[^>]+>", "", shown) and "s1" not in shown
    closed = view.toggled("x:cough", lambda iri: entity(20))
    assert closed.rest == () and closed.toggled("x:cough", lambda iri: entity(20)).rest == (("x:cough", 12),)
    assert "subject" not in entity_sheet(entity(2))
