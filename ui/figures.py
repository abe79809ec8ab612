"""Counts, lists and small charts as HTML, for the pages about a knowledge base and its use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kgqa.feedback import Feedback, Usage

from .answer_card import versions
from .strings import STRINGS, t
from .tags import Html, el, join, plain

SHOWN_DOCUMENTS = 300
_COUNTS = ("documents", "passages", "triples", "entities", "relations")


def figure(value: object, name: str) -> Html:
    """Return one number with its name."""
    shown = f"{value:,}" if isinstance(value, int) else str(value)
    return el("div", el("b", shown), el("span", name), cls="figure long" if len(shown) > 12 else "figure")


def contents(title: str, stats: Mapping[str, Any], language: str = "en") -> Html:
    """Return what a knowledge base holds, in figures; sources that could not be used are listed."""
    shown = [
        figure(int(stats[key]), t(f"stats_{key}", language))
        for key in _COUNTS
        if isinstance(stats.get(key), int | float)
    ]
    said = (
        ("languages", _languages(stats.get("languages"), language)), ("dates", " – ".join(stats.get("dates") or ())),
        ("built", _built(stats)), ("generation", str(stats.get("generation", ""))),
    )  # fmt: skip
    shown += [figure(value, t(f"stats_{key}", language)) for key, value in said if value]
    return join([el("h2", title), el("div", shown, cls="figures"), _problems(stats.get("problems"), language)])


def _problems(stated: Any, language: str) -> Html | None:
    try:
        items = json.loads(stated) if isinstance(stated, str) else list(stated or ())
    except ValueError:
        return None
    rows = [el("li", el("code", str(item[0])), " ", el("span", str(item[1]), cls="muted")) for item in items[:200]]
    if not rows:
        return None
    return el("details", el("summary", t("not_used", language, n=len(items))), el("ul", rows, cls="doclist"))


def documents_list(documents: Sequence[tuple[str, str]], words: str = "", language: str = "en") -> Html:
    """Return the documents whose id or title holds some words, each with a control that opens it."""
    wanted = (words or "").casefold().split()
    found = [one for one in documents if all(word in f"{one[0]} {one[1]}".casefold() for word in wanted)]
    rows = [
        el("li", el("button", title or doc_id, type="button", cls="link", data_act="document", data_doc=doc_id), " ",
           el("code", doc_id, cls="muted"))
        for doc_id, title in found[:SHOWN_DOCUMENTS]
    ]  # fmt: skip
    count = t("n_documents" if len(found) != 1 else "one_document", language, n=f"{len(found):,}")
    if len(found) > SHOWN_DOCUMENTS:
        count += ", " + t("n_shown", language, n=SHOWN_DOCUMENTS)
    return join([el("p", count, cls="muted", role="status"), el("ul", rows, cls="doclist") if rows else None])


def file_report(lines: Sequence[tuple[str, str, bool]], running: str = "") -> Html:
    """Return what came of each file: its name, what happened, and whether it was used."""
    rows = [
        el("li", el("code", name), " ", el("span", said, cls="ok" if used else "not-ok")) for name, said, used in lines
    ]
    now = el("p", running, role="status", cls="muted") if running else None
    return join([el("ul", rows, cls="doclist") if rows else None, now])


def dashboard(usage: Usage, language: str = "en") -> Html:
    """Return the owner's figures: how much was asked, how much was missed, how long it took."""
    answered = usage.asked - usage.abstained
    judged = usage.right + usage.wrong
    shown = [
        figure(usage.asked, t("asked_total", language)),
        figure(_share(answered, usage.asked), t("answered", language)),
        figure(_share(usage.abstained, usage.asked), t("abstained", language)),
        figure(t("seconds", language, n=f"{usage.seconds[0]:.2f}"), t("median_time", language)),
        figure(t("seconds", language, n=f"{usage.seconds[1]:.2f}"), t("slow_time", language)),
        figure(_share(usage.right, judged), t("judged", language)),
    ]
    parts = [_days(usage, language), _missed(usage, language), _versions(usage, language)]
    return join([el("div", shown, cls="figures"), *parts])


def data_table(names: Sequence[str], rows: Sequence[Sequence[object]], about: str, language: str) -> Html:
    """Return rows as a table that can be scrolled by the keyboard.

    :param names: keys of the columns' texts.
    :param about: what the table shows, for people who cannot see it.
    """
    head = el("tr", [el("th", t(name, language), scope="col") for name in names])
    body = [el("tr", [el("td", cell) for cell in row]) for row in rows]
    table = el("table", el("thead", head), el("tbody", body))
    return el("div", table, cls="scroll", tabindex="0", role="region", aria_label=about)


def _versions(usage: Usage, language: str) -> Html | None:
    if not usage.versions:
        return None
    rows = [
        (
            one.base, one.generation, versions(one.models), one.last[:10], f"{one.asked:,}", _share(one.abstained, one.asked),
            t("seconds", language, n=f"{one.seconds:.2f}"), f"{one.right} / {one.wrong}",
        )
        for one in usage.versions
    ]  # fmt: skip
    names = (
        "knowledge_base",
        "index",
        "models",
        "last_asked",
        "asked_total",
        "abstained",
        "median_time",
        "right_wrong",
    )
    name = t("versions", language)
    return el("section", el("h4", name), data_table(names, rows, name, language))


def side_by_side(
    bases: Sequence[tuple[str, str, Mapping[str, Any]]], present: str, language: str = "en"
) -> Html | None:
    """Return several knowledge bases as a table, each with a control that goes to it; nothing where there is but one.

    :param bases: name, title and counts of each.
    :param present: name of the one that is shown.
    """
    if len(bases) < 2:
        return None
    keys = ("documents", "passages", "triples", "entities", "relations")
    rows = []
    for name, title, stats in bases:
        go = el("button", title, type="button", cls="link", data_act="base", data_name=name,
                aria_current="true" if name == present else None)  # fmt: skip
        counts = [f"{int(stats[key]):,}" if isinstance(stats.get(key), int | float) else "–" for key in keys]
        rows.append((go, *counts, _languages(stats.get("languages"), language), _built(stats)))
    names = ("knowledge_base", *(f"stats_{key}" for key in keys), "stats_languages", "stats_built")
    about = t("side_by_side", language)
    return el("section", el("h2", about), data_table(names, rows, about, language), cls="side-by-side")


def _languages(said: Any, language: str) -> str:
    if isinstance(said, Mapping):
        return ", ".join(f"{language_name(code, language)} {count:,}" for code, count in said.items())
    return ", ".join(language_name(code, language) for code in said or ())


def language_name(code: str, language: str = "en") -> str:
    """Return the name of a language, its code where there is no name for it."""
    return t(f"language_{code}", language) if f"language_{code}" in STRINGS else code


def _built(stats: Mapping[str, Any]) -> str:
    return str(stats.get("built") or stats.get("generation") or "")[:16].replace("T", " ")


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.0%})" if whole else f"{part:,}"


def _days(usage: Usage, language: str) -> Html | None:
    if not usage.days:
        return None
    top = max(count for _, count, _ in usage.days)
    height, step = 120, max(22, min(60, 720 // len(usage.days)))
    width = max(340, step * len(usage.days))  # drawn in its own size, so that its words stay readable on a phone
    bars = [_day(place * step, step, one, height / top, language) for place, one in enumerate(usage.days)]
    ends = [el("text", usage.days[0][0], x="0", y=f"{height + 34}")]
    if len(usage.days) > 3:
        end = f"{len(usage.days) * step}"
        ends.append(el("text", usage.days[-1][0], x=end, y=f"{height + 34}", text_anchor="end"))
    name = t("per_day", language)
    kinds = [
        el("span", t("answered", language), cls="bar-key"),
        el("span", t("abstained", language), cls="bar-key none"),
    ]
    size = {"width": str(width), "height": str(height + 40), "viewBox": f"0 0 {width} {height + 40}"}
    chart = el("svg", bars, ends, **size, role="img", aria_label=name, cls="days")
    held = el("div", chart, cls="scroll", tabindex="0", role="region", aria_label=name)
    return el("section", el("h4", name), held, el("p", kinds, cls="legend"))


def _day(left: int, step: int, one: tuple[str, int, int], scale: float, language: str) -> Html:
    """Return a day's bar: what was asked, of that what had no answer, and the number above."""
    day, count, none = one
    wide, ground = f"{step * 0.7:.1f}", 20 + 120
    hover = f"{day}: {count} ({t('abstained', language)}: {none})"
    parts = [
        el("rect", x=left, y=f"{ground - tall * scale:.1f}", width=wide, height=f"{tall * scale:.1f}", cls=kind, rx="2")
        for tall, kind in ((count, "bar"), (none, "bar none"))
    ]
    above = el(
        "text", f"{count:,}", x=f"{left + step * 0.35:.1f}", y=f"{ground - count * scale - 5:.1f}", text_anchor="middle"
    )
    return el("g", el("title", hover), parts, above)


def _missed(usage: Usage, language: str) -> Html | None:
    if not usage.missed:
        return None
    rows = [el("tr", el("td", topic), el("td", count)) for topic, count in usage.missed]
    head = el("tr", el("th", t("missed", language), scope="col"), el("th", t("abstained", language), scope="col"))
    return el("section", el("table", el("thead", head), el("tbody", rows)))


def feedback_table(items: Sequence[Feedback], language: str = "en") -> Html:
    """Return the judgements that wait for review."""
    if not items:
        return el("p", t("no_feedback", language), cls="muted")
    names = ("when", "question", "said", "verdict", "should_be", "from_document", "who")
    head = el("tr", [el("th", t(name, language), scope="col") for name in names])
    rows = [el("tr", [el("td", cell) for cell in _cells(item, language)]) for item in items]
    table = el("table", el("caption", t("to_review", language), cls="sr"), el("thead", head), el("tbody", rows))
    return el("div", table, cls="scroll", tabindex="0", role="region", aria_label=t("to_review", language))


def _cells(item: Feedback, language: str) -> list[object]:
    verdict = el("span", t(item.verdict, language), cls="ok" if item.verdict == "right" else "not-ok")
    shown: list[object] = [item.span or None]
    if item.span and item.context:
        at = item.context.find(item.span)
        shown = [item.context[max(0, at - 80) : at], el("mark", item.span), item.context[at + len(item.span) :][:80]]
    notes = " · ".join(part for part in (item.answer, item.entity, item.note) if part) or t("none", language)
    return [
        item.at[:16].replace("T", " "),
        item.question,
        item.said or t("none", language),
        verdict,
        notes,
        join([*shown, " ", el("code", item.doc_id)]),
        _who(item.who),
    ]


def _who(name: str) -> str:
    return name.removeprefix("user:") if name.startswith("user:") else ""


def feedback_choices(items: Sequence[Feedback]) -> list[tuple[str, str]]:
    """Return the judgements as choices of a dropdown."""
    return [(plain(f"{item.at[:10]} · {item.question[:80]}"), item.id) for item in items]


def difference_table(lines: Sequence[tuple[str, str, str, str]], summary: str, language: str = "en") -> Html:
    """Return what changed between two runs: question, what differs, before and after."""
    if not lines:
        return join([el("p", summary, role="status"), el("p", t("same", language), cls="muted")])
    head = el("tr", [el("th", t(name, language), scope="col") for name in ("question", "changed", "before", "after")])
    rows = [el("tr", [el("td", cell) for cell in line]) for line in lines[:500]]
    table = el("div", el("table", el("thead", head), el("tbody", rows)), cls="scroll", tabindex="0")
    return join([el("p", summary, role="status"), table])
