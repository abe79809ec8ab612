"""The answers of a batch as a table on the page, so that they can be read before the file is opened."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .figures import data_table
from .strings import t
from .tags import Html, el, join

_CITED = re.compile(r"\[1\] (.*)")
_QUOTED = re.compile(r"^[^“]*“")
"""What stands before the words of a quotation: the document, which the row names already, and the place in it."""

SHOWN = 100
"""Rows that the page shows; the file has them all."""

Record = Mapping[str, Any]


def results_table(records: Sequence[Record], each: bool, language: str = "en") -> Html | None:
    """Return answers as a table; nothing where there is none.

    :param records: as :func:`kgqa.batch.read` gives them.
    :param each: each question was asked of each document: one row for each document, one column for each question; otherwise
        one row for each question, the least certain answer first.
    """
    shown = _matrix(records, language) if each else _list(records, language)
    if not shown:
        return None
    rows, table = shown
    more = el("p", t("n_rows_shown", language, n=SHOWN, total=f"{rows:,}"), cls="muted") if rows > SHOWN else None
    return el("section", table, more, cls="batch-answers")


def _matrix(records: Sequence[Record], language: str) -> tuple[int, Html] | None:
    documents: dict[str, dict[str, Record]] = {}
    for one in records:
        if one.get("documents"):  # a bad question was asked of none
            documents.setdefault(str(one["documents"]), {})[str(one["question"])] = one
    questions = list(dict.fromkeys(question for asked in documents.values() for question in asked))
    if not documents:
        return None
    head = el("tr", el("th", t("from_document", language), scope="col"), [el("th", q, scope="col") for q in questions])
    rows = [
        el("tr", el("th", el("code", document), scope="row"), [el("td", _cell(asked.get(q), language)) for q in questions])
        for document, asked in list(documents.items())[:SHOWN]
    ]  # fmt: skip
    table = el("table", el("thead", head), el("tbody", rows), cls="wide" if len(questions) > 3 else None)
    about = t("batch_results", language)
    return len(documents), el("div", table, cls="scroll", tabindex="0", role="region", aria_label=about)


def _list(records: Sequence[Record], language: str) -> tuple[int, Html] | None:
    asked = sorted((one for one in records if not one.get("error")), key=_order)
    rows = [(str(one["question"]), _said(one, language), _where(one, language)) for one in asked[:SHOWN]]
    if not rows:
        return None
    names = ("question", "answer", "evidence")
    return len(asked), data_table(names, rows, t("batch_results", language), language)


def _order(one: Record) -> tuple[bool, float]:
    return _missing(one), _confidence(one)


def _missing(one: Record) -> bool:
    return not one.get("answer")


def _said(one: Record | None, language: str) -> Html:
    """Return an answer with its confidence, or that there is none."""
    if one is None:
        return el("span", "–", cls="muted")
    sure = el("small", f"{_confidence(one):.0%}", cls="muted", title=t("confidence", language))
    if _missing(one):
        return join([el("span", t("no_answer", language), cls="muted"), sure], " ")
    return join([el("span", str(one["answer"])), sure], " ")


def _cell(one: Record | None, language: str) -> Html:
    """Return an answer of a matrix with what it rests on."""
    found = _CITED.match(str(one.get("citations", ""))) if one and not _missing(one) else None
    quote = el("span", f"{_QUOTED.sub('“', found[1])[:200]}", cls="front") if found else None
    return join([_said(one, language), quote])


def _where(one: Record, language: str) -> Html:
    """Return the document and page of the best quotation with its words, or the statement of the graph."""
    if one.get("document"):
        page = t("page", language, n=one["page"]) if one.get("page") else ""
        quote = " ".join(str(one.get("quote", "")).split())
        return join([el("code", one["document"]), page, el("span", f"“{quote[:160]}”", cls="muted")], " ")
    return el("span", str(one.get("path", "")).split("\n")[0][:240], cls="muted")


def _confidence(one: Record) -> float:
    try:
        return float(one.get("confidence") or 0)
    except ValueError:
        return 0.0
