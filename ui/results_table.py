"""The answers of a batch as a table on the page, so that they can be read before the file is opened."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .figures import data_table
from .strings import t
from .tags import Html, el, join

_CITED = re.compile(r"\[1\] (?P<doc>.+?)(?: p\. (?P<page>\d+))? \[(?P<start>\d+):(?P<end>\d+)\] “(?P<quote>.*)”")
"""The first citation of an answer, see :func:`kgqa.batch.results.citation`."""
_NUMBER = re.compile(r"^\[1\] (?:graph: )?")

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
    first = str(one.get("citations", "")).split("\n")[0] if one and not _missing(one) else ""
    if found := _CITED.match(first):
        place = Place(found["doc"], found["start"], found["end"], found["page"] or "", found["quote"])
        return join([_said(one, language), el("span", place.opener(str(one and one["answer"]), language), cls="front")])
    return join([_said(one, language), el("span", _NUMBER.sub("", first)[:240], cls="front") if first else None])


def _where(one: Record, language: str) -> Html:
    """Return the best quotation, with a control that opens it in its document; or the statement of the graph."""
    if one.get("document"):
        place = Place(*(str(one.get(name, "")) for name in ("document", "start", "end", "page", "quote")))
        return join([el("code", one["document"]), place.opener(str(one.get("answer", "")), language)], " ")
    return el("span", str(one.get("path", "")).split("\n")[0][:240], cls="muted")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quotation stands, as a batch writes it."""

    document: str
    start: str
    end: str
    page: str
    quote: str

    def opener(self, answer: str, language: str) -> Html:
        """Return the control that opens the document there, with the quotation where it says more than the answer."""
        quote = " ".join(self.quote.split())
        more = f" “{quote[:200]}”" if quote and quote != " ".join(answer.split()) else None
        shown = t("page", language, n=self.page) if self.page else t("open_document", language)
        control = el(
            "button", shown, type="button", cls="link", data_act="document", data_doc=self.document, data_start=self.start,
            data_end=self.end,
        )  # fmt: skip
        return join([control, more])


def _confidence(one: Record) -> float:
    try:
        return float(one.get("confidence") or 0)
    except ValueError:
        return 0.0
