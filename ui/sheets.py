"""The detail pages as HTML: a document with a marked quotation, an entity's sheet, a query's result, found passages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from kgqa.types import Document, Entity, Hit, Path, Step, Term, Triple

from .evidence_card import headed, validity
from .figures import language_name
from .graph_view import ABOUT_STATEMENTS, nearest
from .pdf_page import PageDrawn, page_of
from .picture import picture
from .strings import t
from .tags import Html, drawn, el, join, text

Labeller = Callable[[Term], str]
FORMATS = {
    "application/pdf": "pdf", "text/html": "html", "text/markdown": "md", "text/plain": "txt", "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}  # fmt: skip
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
KNOWN = {
    "skos/core#notation": "relation_code",
    "schema.org/subjectOf": "relation_documents",
    "skos/core#broader": "relation_broader",
    "rdf-schema#subClassOf": "relation_broader",
}
"""Relations of common vocabularies that graphs use without naming them in each language, by the end of their IRI."""

BACK = {"skos/core#broader": "relation_narrower", "rdf-schema#subClassOf": "relation_narrower"}
"""The same, read from the other end."""

WINDOW = 40_000
"""Characters of a document shown at once; a longer one is shown around the quotation."""


def document_sheet(
    document: Document, start: int = 0, end: int = 0, language: str = "en", drawn_page: PageDrawn | None = None
) -> Html:
    """Return a document's text, a part of it marked; pages are numbered where the format has them.

    :param drawn_page: the page that the part is on as a picture, shown above the text.
    """
    kind = t(f"format_{FORMATS[document.media_type]}", language) if document.media_type in FORMATS else ""
    facts = [document.id, kind, language_name(document.language, language), validity(document.validity, language)]
    head = [el("h3", document.title or document.id), el("p", " · ".join(fact for fact in facts if fact), cls="muted")]
    page = page_of(document, start)
    if page is not None:
        head.append(el("p", t("page", language, n=page), cls="badge"))
    if drawn_page is not None:
        head.append(page_picture(drawn_page, t("page_picture", language, n=page)))
    left = max(0, start - WINDOW // 2) if len(document.text) > WINDOW else 0
    right = min(len(document.text), left + WINDOW)
    body = [
        "…" if left else "",
        _text(document, left, right, (start, end), language),
        "…" if right < len(document.text) else "",
    ]
    return el("article", head, el("div", body, cls="document-text", lang=document.language, tabindex="0"), cls="sheet")


def page_picture(page: PageDrawn, name: str) -> Html:
    """Return a page as a picture in a box that can be scrolled; it opens where the quotation is."""
    return el(
        "div", drawn(page.png, name), cls="page-picture", tabindex="0", role="region", aria_label=name,
        data_at=f"{page.at:.3f}",
    )  # fmt: skip


def _text(document: Document, left: int, right: int, mark: tuple[int, int], language: str) -> Html:
    """Return a part of a document: headings set apart, pages numbered, the quotation marked."""
    front = re.match(r"---\n.*?\n---\n", document.text, re.DOTALL)
    front_end = front.end() if front else 0
    heads = {
        s.start: _line_end(document.text, s.start) for s in document.sections if s.heading and left <= s.start < right
    }
    pages = {first: n for n, first in enumerate(document.pages, 1) if left <= first < right}
    places = (*heads, *heads.values(), *pages, *(place for place in (*mark, front_end) if left < place < right))
    cuts = sorted({left, right, *places})
    pieces: list[Html] = []
    head_end = left
    for start, end in pairwise(cuts):
        if start in pages and len(document.pages) > 1:
            pieces.append(el("span", t("page", language, n=pages[start]), cls="page-mark"))
        head_end = max(head_end, heads.get(start, left))
        piece = text(document.text[start:end], WINDOW)
        if mark[0] <= start < mark[1]:
            piece = el("mark", piece)
        if start < front_end:
            piece = el("span", piece, cls="front")
        pieces.append(el("strong", piece, cls="head") if start < head_end else piece)
    return join(pieces)


def _line_end(body: str, start: int) -> int:
    end = body.find("\n", start)
    return len(body) if end < 0 else end


def entity_sheet(entity: Entity, language: str = "en", label: Labeller | None = None) -> Html:
    """Return all that is stated about an entity, with a picture, and what is expected but stated nowhere."""
    ask = el(
        "button", t("ask_about", language), type="button", cls="quiet", data_act="edit", data_question=entity.label
    )
    explore = el("button", t("explore", language), type="button", cls="quiet", data_act="graph", data_iri=entity.iri)
    controls = el("p", ask, " ", explore if label is not None else None, cls="controls")
    parts: list[Html | None] = [el("h3", entity.label), controls]
    if entity.types:
        parts.append(_field("types", ", ".join(entity.types), language))
    if others := [name for name in entity.synonyms if name != entity.label]:
        parts.append(_field("synonyms", ", ".join(others), language))
    if entity.definition:
        parts.append(_field("definition", entity.definition, language))
    parts += [_statements("outgoing", entity.outgoing, language, inwards=False)]
    parts += [_statements("incoming", entity.incoming, language, inwards=True)]
    parts.append(_missing(entity, language))
    if label is not None and (drawn := _neighbourhood(entity, label, language)):
        scroll = el("div", drawn, cls="scroll", tabindex="0", role="region", aria_label=t("neighbourhood", language))
        parts.append(el("details", el("summary", t("neighbourhood", language)), scroll, cls="drawing"))
    if entity.passages:
        rows = [
            el("li", el("blockquote", headed(passage.text[:400]), lang=passage.language),
               el("button", passage.title or passage.doc_id, type="button", cls="link", data_act="document",
                  data_doc=passage.doc_id, data_start=passage.start, data_end=passage.end))
            for passage in entity.passages[:8]
        ]  # fmt: skip
        parts.append(el("section", el("h4", t("passages", language)), el("ul", rows, cls="plain")))
    identifier = el("p", el("strong", t("identifier", language) + ": "), el("code", entity.iri), cls="muted")
    return el("article", parts, identifier, cls="sheet")


def _neighbourhood(entity: Entity, label: Labeller, language: str) -> Html | None:
    paths = [Path((Step(triple),)) for triple in nearest(entity)]
    return picture(paths, label, language, targets=(entity.iri,), name="sheet", starts=(entity.iri,))


def _field(key: str, value: str, language: str) -> Html:
    return el("p", el("strong", t(key, language) + ": "), value)


def _missing(entity: Entity, language: str) -> Html:
    if not entity.missing:
        return el("p", t("nothing_missing", language), cls="muted")
    return el(
        "section",
        el("h4", t("missing", language)),
        el("ul", [el("li", name) for name in entity.missing]),
        cls="missing",
    )


def _statements(key: str, items: Sequence[tuple[str, str, Triple]], language: str, *, inwards: bool) -> Html | None:
    """Return statements grouped by relation, long groups folded."""
    groups: dict[str, list[tuple[str, Term, Triple]]] = {}
    for relation, name, triple in items:
        predicate = triple.predicate.value
        if predicate == TYPE and not inwards:
            continue  # its kind is said above
        if predicate in ABOUT_STATEMENTS:
            continue
        known = next((key for end, key in (BACK if inwards else KNOWN).items() if predicate.endswith(end)), "")
        relation = t(known, language) if known else relation
        groups.setdefault(relation, []).append((name, triple.subject if inwards else triple.object, triple))
    if not groups:
        return None
    rows = [[el("dt", relation), el("dd", _values(group, language))] for relation, group in groups.items()]
    return el("section", el("h4", t(key, language)), el("dl", rows, cls="facts"))


def _values(group: list[tuple[str, Term, Triple]], language: str) -> Html:
    cells = [el("li", _value(name, term, triple)) for name, term, triple in group]
    shown = el("ul", cells[:8], cls="items")
    if len(cells) <= 8:
        return shown
    more = el("summary", t("show_more", language, n=len(cells) - 8))
    return join([shown, el("details", more, el("ul", cells[8:200], cls="items"), cls="more")])


def _value(name: str, term: Term, triple: Triple) -> Html:
    sources = ", ".join(triple.sources)
    if term.kind != "iri" and triple.predicate.value.endswith("/subjectOf"):
        return el("button", name, type="button", cls="entity", data_act="document", data_doc=term.value)
    if term.kind != "iri":
        return el("span", name, title=sources or None)
    return el(
        "button", name, type="button", cls="entity", data_act="entity", data_iri=term.value,
        title=f"{term.value}\n{sources}" if sources else term.value,
    )  # fmt: skip


def result_table(result: Any, label: Labeller, language: str = "en") -> Html:
    """Return what a query gave: a truth value, or rows."""
    if isinstance(result, bool):
        return el("p", t("true" if result else "false", language), cls="short")
    if not result.rows:
        return el("p", t("no_rows", language), cls="muted")
    head = el("tr", [el("th", column, scope="col") for column in result.columns])
    body = [el("tr", [el("td", _cell(term, label)) for term in row]) for row in result.rows[:500]]
    key = "rows_cut" if getattr(result, "truncated", False) or len(result.rows) > 500 else "rows"
    count = el("p", t(key, language, n=len(body)), cls="muted", role="status")
    table = el("table", el("thead", head), el("tbody", body))
    return join([count, el("div", table, cls="scroll", tabindex="0", role="region", aria_label=t("sparql", language))])


def _cell(term: Term | None, label: Labeller) -> Html | None:
    if term is None:
        return None
    if term.kind != "iri":
        return el("span", term.value[:2000])
    return el(
        "button", label(term), type="button", cls="entity", data_act="entity", data_iri=term.value, title=term.value
    )


def hits(found: Sequence[Hit], language: str = "en") -> Html:
    """Return found passages, each with a control that opens its document there."""
    if not found:
        return el("p", t("no_hits", language), cls="muted")
    return el("ol", [_hit(hit, language) for hit in found], cls="hits")


def _hit(hit: Hit, language: str) -> Html:
    passage = hit.passage
    button = el(
        "button", t("open_document", language), type="button", cls="link", data_act="document", data_doc=passage.doc_id,
        data_start=passage.start, data_end=passage.end,
    )  # fmt: skip
    where = " · ".join(x for x in (passage.heading, f"{hit.score:.3f}") if x)
    title = el("p", el("strong", passage.title or passage.doc_id), " ", el("span", where, cls="muted"))
    return el("li", title, el("blockquote", headed(passage.text[:500]), lang=passage.language), button)
