"""An answer as an HTML card: what, how sure, how complete, who disagrees, why not, and from where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kgqa.types import Answer, Candidate, Evidence, Link, Term

from .evidence_card import conflict_card, evidence_card
from .picture import picture
from .strings import STRINGS, t
from .tags import Html, el, join

Labeller = Callable[[Term], str]
SHOWN_ITEMS, SHOWN_EVIDENCE = 15, 6
SPOKEN = 300
"""Characters of an answer that are read out when it comes; the card holds all of it."""


def answer_card(answer: Answer, anchor: str, label: Labeller, language: str = "en", *, judged: str = "") -> Html:
    """Return the whole card.

    :param anchor: prefix of the ids inside, unlike that of any other card on the page.
    :param judged: ``right`` or ``wrong`` once the user has said so.
    """
    body = [
        _head(answer, language),
        _said(answer, anchor, language),
        [conflict_card(conflict, label, language) for conflict in answer.conflicts],
        _ambiguities(answer, label, language),
        _evidence(answer, anchor, label, language),
        _picture(answer, anchor, label, language),
        _alternatives(answer.alternatives, language),
        _about(answer, language),
        _foot(language, judged),
    ]
    state = "none" if answer.text is None else f"level{confidence_level(answer.confidence)}"
    return el(
        "article",
        body,
        cls=f"card {state}",
        id=anchor,
        aria_label=t("answer", language),
        data_say=_spoken(answer, language),
    )


def _spoken(answer: Answer, language: str) -> str:
    """Return what is told of an answer to people who cannot see the card."""
    said = t("no_answer", language) if answer.text is None else answer.text[:SPOKEN]
    return f"{t('answer', language)}: {said}. {confidence_words(answer, language)}"


def confidence_level(confidence: float) -> int:
    """Return 4 (very likely right) to 1 (doubtful)."""
    return 4 if confidence >= 0.9 else 3 if confidence >= 0.7 else 2 if confidence >= 0.4 else 1


def confidence_words(answer: Answer, language: str = "en") -> str:
    """Return the confidence in words; of an abstention, how likely it is that the sources do not say."""
    prefix = "conf_none_" if answer.text is None else "conf_"
    return t(f"{prefix}{confidence_level(answer.confidence)}", language)


def _head(answer: Answer, language: str) -> Html:
    percent = round(100 * min(1.0, max(0.0, answer.confidence)))
    bars = el(
        "span",
        [el("i", cls="on" if n < confidence_level(answer.confidence) else None) for n in range(4)],
        cls="bars",
        aria_hidden="true",
    )
    sure = el(
        "span",
        bars,
        f"{confidence_words(answer, language)} · {percent} %",
        cls="confidence",
        title=t("confidence_title", language),
    )
    kind = "kind_list" if answer.kind == "entities" and len(answer.items) > 1 else f"kind_{answer.kind}"
    marks = [el("span", t(kind, language), cls="badge"), sure]
    if answer.complete is not None and (
        answer.kind == "entities" or len(answer.items) > 1
    ):  # of one value it says nothing
        whole = "complete" if answer.complete else "sampled"
        said = "only_one" if answer.complete and len(answer.items) == 1 else whole
        marks.append(el("span", t(said, language), cls=f"badge {whole}"))
    return el("header", marks)


def _said(answer: Answer, anchor: str, language: str) -> Html:
    if answer.text is None:
        return _abstained(answer, language)
    if len(answer.items) > 1:
        prose = el("p", answer.prose) if answer.prose else None
        return el("div", _items(answer, anchor, language), prose, cls="said", lang=answer.language)
    iri = answer.iris[0] if answer.iris else ""
    said = [
        _item(answer.text, iri),
        " ",
        _citations(answer, anchor, (answer.items[0] if answer.items else answer.text, iri), language),
    ]
    more = el("p", answer.explanation, cls="muted") if answer.explanation else None
    prose = el("p", answer.prose) if answer.prose else None
    short = el("p", said, cls="short" if len(answer.text) < 120 else None)
    return el("div", short, prose, more, cls="said", lang=answer.language)


def _items(answer: Answer, anchor: str, language: str) -> Html:
    iris = answer.iris if len(answer.iris) == len(answer.items) else ("",) * len(answer.items)
    rows = [
        el("li", _item(item, iri), " ", _citations(answer, anchor, (item, iri), language))
        for item, iri in zip(answer.items, iris, strict=True)
    ]
    shown = el("ul", rows[:SHOWN_ITEMS], cls="items")
    if len(rows) <= SHOWN_ITEMS:
        return shown
    more = t("show_more", language, n=len(rows) - SHOWN_ITEMS)
    return join([shown, el("details", el("summary", more), el("ul", rows[SHOWN_ITEMS:], cls="items"), cls="more")])


def _item(item: str, iri: str) -> Html:
    if not iri:
        return el("span", item)
    return el("button", item, type="button", cls="entity", data_act="entity", data_iri=iri, title=iri)


def _citations(answer: Answer, anchor: str, item: tuple[str, str], language: str) -> Html:
    numbers = [n for n, evidence in enumerate(answer.evidence, 1) if _supports(evidence, *item)]
    if not numbers and len(answer.items) <= 1:
        numbers = list(range(1, len(answer.evidence) + 1))
    links = [
        el("a", n, href=f"#{anchor}-e{n}", cls="cite", data_act="cite", aria_label=t("citation", language, n=n))
        for n in numbers[:4]
    ]
    return el("sup", links) if links else Html("")


def _supports(evidence: Evidence, item: str, iri: str) -> bool:
    if evidence.path is not None:
        terms = {term.value for step in evidence.path.steps for term in (step.triple.subject, step.triple.object)}
        return bool(iri and iri in terms) or item in terms
    return bool(item) and item.casefold() in evidence.quote.casefold()


def _abstained(answer: Answer, language: str) -> Html:
    lines = [el("p", t("no_answer", language), cls="short")]
    if answer.explanation:
        lines.append(el("p", answer.explanation, lang=answer.language))
    if answer.reason is not None:
        lines.append(el("p", el("strong", t("help", language) + ": "), t(f"help_{answer.reason.value}", language)))
    return el("div", lines, cls="said")


def _ambiguities(answer: Answer, label: Labeller, language: str) -> Html | None:
    """Show the mentions that may mean more than one thing, each meaning with a control to ask about it instead."""
    blocks = []
    for mention, links in mentions(answer.links).items():
        if len({link.entity for _, link in links}) < 2 or not _doubtful(mention, links[0][1]):
            continue
        shown = enumerate(links[:6])
        buttons = [_meaning(index, link, label, language, first=place == 0) for place, (index, link) in shown]
        blocks.append(el("div", el("p", t("ambiguous", language, mention=mention)), el("div", buttons, cls="meanings")))
    return el("section", blocks, cls="ambiguous") if blocks else None


def _doubtful(mention: str, best: Link) -> bool:
    """Tell whether other meanings are worth showing: not where a common word merely begins a longer name."""
    return best.score >= 0.5 or " " in mention.strip() or len(mention.encode()) >= 3 * len(mention) >= 9


def mentions(links: Sequence[Link]) -> dict[str, list[tuple[int, Link]]]:
    """Return the links by mention, best first, each with its place among all of them."""
    groups: dict[tuple[int, int, str], list[tuple[int, Link]]] = {}
    for index, link in enumerate(links):
        groups.setdefault((link.start, link.end, link.mention), []).append((index, link))
    return {key[2]: sorted(group, key=lambda pair: -pair[1].score) for key, group in groups.items()}


def _meaning(index: int, link: Link, label: Labeller, language: str, *, first: bool) -> Html:
    named = [label(Term(kind)) if "://" in kind else kind for kind in link.types[:2]]
    kinds = f" ({', '.join(named)})" if named else ""
    hint = f"{t('means', language)}: {link.entity}"
    mark = el("small", " ", t("chosen", language)) if first else None
    return el(
        "button", link.label + kinds, mark, type="button", cls="meaning first" if first else "meaning",
        data_act="choose", data_link=index, title=hint,
    )  # fmt: skip


def _evidence(answer: Answer, anchor: str, label: Labeller, language: str) -> Html | None:
    if not answer.evidence:
        return None
    cards = [
        evidence_card(evidence, n, f"{anchor}-e{n}", label, language, opened=n == 1 and evidence.kind == "passage")
        for n, evidence in enumerate(answer.evidence, 1)
    ]
    rest = None
    if len(cards) > SHOWN_EVIDENCE:
        more = t("show_more_evidence", language, n=len(cards) - SHOWN_EVIDENCE)
        rest = el("details", el("summary", more), cards[SHOWN_EVIDENCE:], cls="more")
    return el(
        "section",
        el("h3", t("closest" if answer.text is None else "evidence", language)),
        cards[:SHOWN_EVIDENCE],
        rest,
        cls="evidence",
    )


def _picture(answer: Answer, anchor: str, label: Labeller, language: str) -> Html | None:
    paths = [evidence.path for evidence in answer.evidence if evidence.path is not None]
    drawn = picture(paths, label, language, targets=(*answer.iris, *answer.items), name=anchor)
    if drawn is None:
        return None
    explore = el("button", t("explore", language), type="button", cls="quiet", data_act="graph")
    scroll = el("div", drawn, cls="scroll", tabindex="0", role="region", aria_label=t("picture", language))
    return el("details", el("summary", t("picture", language)), scroll, explore, cls="drawing", open=True)


def _alternatives(candidates: Sequence[Candidate], language: str) -> Html | None:
    rows = [
        el("li", ", ".join(candidate.items[:8]), " ", el("span", t(f"side_{candidate.side}", language), cls="muted"))
        for candidate in candidates[:5]
        if candidate.items
    ]
    return (
        el("details", el("summary", t("alternatives", language)), el("ul", rows), cls="alternatives") if rows else None
    )


def _about(answer: Answer, language: str) -> Html:
    rows = []
    if answer.links:
        best = {group[0][1].entity: group[0][1] for group in mentions(answer.links).values()}
        names = [[_item(link.label, link.entity), " "] for link in best.values()]
        rows.append((t("names", language), join(names)))
    total = sum(answer.seconds.values())
    stages = ", ".join(f"{_stage(name, language)} {seconds:.2f}" for name, seconds in answer.seconds.items())
    rows.append(
        (t("time", language), join([t("seconds", language, n=f"{total:.2f}"), f" ({stages})" if stages else ""]))
    )
    if answer.models:
        rows.append((t("models", language), join([versions(answer.models)])))
    if answer.generation:
        rows.append((t("index", language), join([answer.generation])))
    table = el("dl", [[el("dt", name), el("dd", value)] for name, value in rows])
    return el("details", el("summary", t("about_answer", language)), table, cls="about")


def _stage(name: str, language: str) -> str:
    return t(f"stage_{name}", language) if f"stage_{name}" in STRINGS else name


def versions(models: Mapping[str, str]) -> str:
    """Return models and the beginnings of their fingerprints, enough to tell one from another."""
    return ", ".join(f"{name} {mark[:12]}" for name, mark in models.items())


def _foot(language: str, judged: str) -> Html:
    def button(act: str, key: str, **more: object) -> Html:
        return el("button", t(key, language), type="button", cls="quiet", data_act=act, **more)

    buttons = [
        button("right", "right", aria_pressed=str(judged == "right").lower()),
        button("wrong", "wrong", aria_pressed=str(judged == "wrong").lower()),
        button("again", "again"),
        button("copy", "copy", data_done=t("copied", language)),
    ]
    thanks = el("span", t("thanks", language), cls="muted", role="status") if judged else None
    return el("footer", buttons, thanks)
