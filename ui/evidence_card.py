"""Evidence as HTML: a quotation marked in its passage, or a walk in the graph as a sentence with its sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kgqa.types import Conflict, Evidence, Passage, Path, Step, Term, Validity

from .strings import t
from .tags import Html, el, join, text

Labeller = Callable[[Term], str]
_HEADING = re.compile(r"^(#{1,6}[ \t]+)(\S[^\n]*)", re.MULTILINE)
CONTEXT = 1200
"""Characters of a passage shown on each side of the quotation."""

KINDS = frozenset({"entities", "span", "boolean", "number", "date"})
GLIMPSE = 110
"""Characters of a quotation that a closed card shows."""


def evidence_card(
    evidence: Evidence, number: int, anchor: str, label: Labeller, language: str = "en", *, opened: bool = False
) -> Html:
    """Return one numbered piece of evidence, closed unless told otherwise.

    :param anchor: id of the element; the citation with this number leads there.
    """
    head, body = _passage(evidence, number, language) if evidence.passage else _path(evidence, label, language)
    summary = el("summary", el("span", number, cls="num", aria_label=t("citation", language, n=number)), head)
    return el("details", summary, el("div", body, cls="ev-body"), cls=f"ev {evidence.kind}", id=anchor, open=opened)


def conflict_card(conflict: Conflict, label: Labeller, language: str = "en") -> Html:
    """Return what two sources say, side by side with their dates."""
    sides = [
        _side(conflict.one, conflict.one_says, label, language),
        _side(conflict.other, conflict.other_says, label, language),
    ]
    told = conflict.about if conflict.about not in KINDS else ""  # of what kind the values are is seen from them
    about = el("p", t("conflict_about", language, about=told), cls="muted") if told else None
    return el("section", el("h3", t("conflict", language)), about, el("div", sides, cls="sides"), cls="conflict")


def _side(evidence: Evidence, says: str, label: Labeller, language: str) -> Html:
    if evidence.passage:
        where = evidence.passage.title or evidence.passage.doc_id
        when = validity(evidence.passage.validity, language) or t("undated", language)
    else:
        steps = evidence.path.steps if evidence.path else ()
        where = t("from_graph", language) + ": " + ", ".join(source_names(_sources(steps), label))
        when = next((v for v in (validity(s.triple.validity, language) for s in steps) if v), t("undated", language))
    quote = marked(evidence, 160) if evidence.passage else text(walk_words(evidence.path, label))
    button = _opener(evidence, language) if evidence.passage else None
    return el("div", el("strong", says), el("p", quote), el("p", f"{where} · {when}", cls="muted"), button, cls="side")


def validity(span: Validity, language: str = "en") -> str:
    """Return when and where a source holds, empty when it says nothing."""
    parts = []
    if span.valid_from or span.valid_to:
        start = span.valid_from.isoformat() if span.valid_from else t("open_start", language)
        end = span.valid_to.isoformat() if span.valid_to else t("open_end", language)
        parts.append(t("in_force", language, start=start, end=end))
    if span.jurisdiction:
        parts.append(span.jurisdiction)
    if span.superseded_by:
        parts.append(t("superseded", language, what=span.superseded_by))
    return " · ".join(parts)


def marked(evidence: Evidence, context: int = CONTEXT) -> Html:
    """Return the passage with the quotation in a ``mark`` element, cut to some characters on each side."""
    passage = evidence.passage
    if passage is None:
        return text(evidence.quote)
    start, end = evidence.start - passage.start, evidence.end - passage.start
    if start <= 0 and end >= len(passage.text):  # all of it is quoted: a mark would set nothing apart
        return highlight(passage.text, 0, 0, context)
    return highlight(passage.text, start, end, context)


def highlight(body: str, start: int, end: int, context: int) -> Html:
    """Return text with ``body[start:end]`` marked; offsets that lie outside mark nothing."""
    if not 0 <= start < end <= len(body):
        return join([headed(body[: 2 * context]), "…" if len(body) > 2 * context else ""])
    left, right = max(0, start - context), min(len(body), end + context)
    before = ["…" if left else "", headed(body[left:start])]
    after = [headed(body[end:right]), "…" if right < len(body) else ""]
    return join([*before, el("mark", body[start:end]), *after])


def headed(body: str) -> Html:
    """Return text in which Markdown's headings look like headings; their marks stay in it, unseen."""
    pieces, at = [], 0
    for found in _HEADING.finditer(body):
        pieces += [text(body[at : found.start()]), el("strong", el("span", found[1], cls="md"), found[2])]
        at = found.end()
    return join([*pieces, text(body[at:])])


def _passage(evidence: Evidence, number: int, language: str) -> tuple[Html, Html]:
    passage = evidence.passage
    assert passage is not None  # the caller asked
    title = passage.title or passage.doc_id
    glimpse = el("span", _glimpse(evidence.quote), cls="ev-quote", lang=passage.language) if evidence.quote else None
    head = join(
        [el("span", title, glimpse, cls="ev-title"), el("span", " · ".join(_where(passage, language)), cls="ev-where")]
    )
    status = el("p", t(f"status_{evidence.status}", language), cls="flag") if evidence.status != "affirmed" else None
    heading = el("p", passage.heading, cls="muted") if passage.heading else None
    why = el("button", t("why", language), type="button", cls="link", data_act="why", data_number=number)
    body = [
        status,
        heading,
        el("blockquote", marked(evidence), lang=passage.language),
        el(
            "p", el("code", passage.doc_id), _place(evidence, language), _opener(evidence, language), why, cls="ev-foot"
        ),
    ]
    return head, join(body)


def _opener(evidence: Evidence, language: str) -> Html:
    """Return a control that opens the document of a quotation there."""
    assert evidence.passage is not None  # the caller asked
    return el(
        "button", t("open_document", language), type="button", cls="link", data_act="document",
        data_doc=evidence.passage.doc_id, data_start=evidence.start, data_end=evidence.end,
    )  # fmt: skip


def _glimpse(quote: str) -> str:
    """Return the beginning of a quotation on one line, for a card that is closed."""
    line = " ".join(_HEADING.sub(r"\2", quote).split())
    return line if len(line) <= GLIMPSE else line[: GLIMPSE - 1].rstrip() + "…"


def _place(evidence: Evidence, language: str) -> Html | None:
    if evidence.end <= evidence.start:
        return None
    return el("span", t("characters", language, start=evidence.start, end=evidence.end), cls="muted")


def _where(passage: Passage, language: str) -> list[str]:
    parts = [t("page", language, n=passage.page)] if passage.page is not None else []
    dates = validity(passage.validity, language)
    return [*parts, dates] if dates else parts


def _path(evidence: Evidence, label: Labeller, language: str) -> tuple[Html, Html]:
    steps = evidence.path.steps if evidence.path else ()
    words = walk_words(evidence.path, label)
    head = join([el("span", words, cls="ev-title"), el("span", t("from_graph", language), cls="ev-where")])
    rows = [_step(step, label, language) for step in steps]
    query = None
    if evidence.sparql:
        run = el(
            "button", t("run_query", language), type="button", cls="link", data_act="sparql", data_query=evidence.sparql
        )
        query = el(
            "details",
            el("summary", t("show_query", language)),
            el("pre", el("code", evidence.sparql)),
            run,
            cls="query",
        )
    return head, join([el("ul", rows, cls="steps"), query])


def _step(step: Step, label: Labeller, language: str) -> Html:
    triple = step.triple
    things = [
        _thing(triple.subject, label),
        " ",
        el("em", label(triple.predicate), title=triple.predicate.value),
        " ",
        _thing(triple.object, label),
    ]
    notes = []
    if triple.sources:
        notes.append(f"{t('stated_in', language)}: {', '.join(source_names(triple.sources, label))}")
    if triple.rule:
        notes.append(t("derived", language, rule=triple.rule))
    if dates := validity(triple.validity, language):
        notes.append(dates)
    premises = el("ul", [_step(Step(p), label, language) for p in triple.premises]) if triple.premises else None
    return el("li", things, el("span", " · ".join(notes), cls="muted note") if notes else None, premises)


def _thing(term: Term, label: Labeller) -> Html:
    if term.kind != "iri":
        return el("span", label(term), cls="literal")
    return el(
        "button", label(term), type="button", cls="link", data_act="entity", data_iri=term.value, title=term.value
    )


def walk_words(path: Path | None, label: Labeller) -> str:
    """Return a walk as a sentence: the one that came with it, or subject, relation, object of each step."""
    if path is None:
        return ""
    if path.words:
        return path.words
    return "; ".join(
        " ".join(label(term) for term in (s.triple.subject, s.triple.predicate, s.triple.object)) for s in path.steps
    )


def source_names(sources: Sequence[str], label: Labeller) -> list[str]:
    """Return sources as people name them: what the graph describes by its label, files and documents by their names."""
    return [label(Term(source)) if "://" in source else source for source in sources]


def _sources(steps: tuple[Step, ...]) -> list[str]:
    return list(dict.fromkeys(source for step in steps for source in step.triple.sources))
