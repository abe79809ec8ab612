"""A conversation as a file: Markdown to read, JSON to work with, PDF to file; each with its evidence."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Literal

from kgqa.records import to_json
from kgqa.types import Answer, Conflict, Evidence, Term

from .answer_card import confidence_words
from .evidence_card import source_names, validity
from .history import Conversation, Turn
from .strings import t
from .tags import plain

Labels = Callable[[str], Callable[[Term], str]]
"""Gives for the name of a knowledge base the function that names its terms."""

Kind = Literal["title", "asked", "when", "said", "note", "source", "quote", "step"]
Line = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Export:
    """A file for the browser to save."""

    name: str
    type: str
    data: bytes

    def packed(self) -> dict[str, str]:
        """Return it as JSON, its bytes as base64."""
        return {"name": self.name, "type": self.type, "data": base64.b64encode(self.data).decode("ascii")}


def to_record(conversation: Conversation, language: str = "en", labels: Labels | None = None) -> Export:
    """Return the conversation as JSON: every answer in its stable form."""
    data = json.dumps(to_json(conversation), ensure_ascii=False, indent=1)
    return Export(_name(conversation, "json"), "application/json", data.encode(errors="replace"))


def to_markdown(conversation: Conversation, language: str = "en", labels: Labels | None = None) -> Export:
    """Return the conversation as Markdown; what comes from sources is escaped."""
    marks = {
        "title": "# {}", "asked": "## {}", "when": "*{}*", "said": "**{}**", "note": "{}", "source": "**{}**",
        "quote": "> {}", "step": "- {}",
    }  # fmt: skip
    lines = [marks[kind].format(_md(text)) for kind, text in script(conversation, language, labels)]
    return Export(_name(conversation, "md"), "text/markdown", "\n\n".join([*lines, ""]).encode(errors="replace"))


def to_pdf(conversation: Conversation, language: str = "en", labels: Labels | None = None) -> Export:
    """Return the conversation as a PDF.

    :raises kgqa.errors.MissingExtra: reportlab is not installed.
    """
    from .pdf_export import typeset

    title = plain(conversation.title) or t("history", language)
    data = typeset(title, script(conversation, language, labels), language)
    return Export(_name(conversation, "pdf"), "application/pdf", data)


def script(conversation: Conversation, language: str = "en", labels: Labels | None = None) -> list[Line]:
    """Return a conversation as lines, each with what it is: questions, answers, and the evidence of each."""
    asked = conversation.turns[0].asked if conversation.turns else ""
    own = conversation.title if not asked.startswith(conversation.title) else ""  # else it would stand there twice
    lines: list[Line] = [("title", own or t("exported", language))]
    for turn in conversation.turns:
        label = labels(turn.base) if labels else _value
        lines += _turn(turn, label, language)
    return [(kind, plain(text)) for kind, text in lines]


def _value(term: Term) -> str:
    return term.value


def _turn(turn: Turn, label: Callable[[Term], str], language: str) -> Iterator[Line]:
    answer = turn.answer
    yield "asked", turn.asked
    yield "when", f"{turn.when.replace('T', ' ')[:16]} UTC · {turn.base}"
    if turn.understood != turn.asked:
        yield "note", f"{t('understood_as', language)}: {turn.understood}"
    yield from _said(answer, language)
    for conflict in answer.conflicts:
        yield "note", _conflict(conflict, language)
    for number, evidence in enumerate(answer.evidence, 1):
        yield from _evidence(number, evidence, label, language)
    if answer.generation:
        yield "when", f"{t('index', language)} {answer.generation}"


def _said(answer: Answer, language: str) -> Iterator[Line]:
    yield "said", answer.text if answer.text is not None else t("no_answer", language)
    yield "note", f"{confidence_words(answer, language)} ({answer.confidence:.0%})"
    if answer.prose:
        yield "note", answer.prose
    if answer.complete is not None and (answer.kind == "entities" or len(answer.items) > 1):
        yield "note", t("complete" if answer.complete else "sampled", language)
    if answer.explanation:
        yield "note", answer.explanation


def _conflict(conflict: Conflict, language: str) -> str:
    one, other = (_source(item, language) for item in (conflict.one, conflict.other))
    return f"{t('conflict', language)}: “{conflict.one_says}” ({one}) / “{conflict.other_says}” ({other})"


def _source(evidence: Evidence, language: str) -> str:
    if evidence.passage is None:
        return t("from_graph", language)
    dates = validity(evidence.passage.validity, language)
    return evidence.passage.doc_id + (f", {dates}" if dates else "")


def _evidence(number: int, evidence: Evidence, label: Callable[[Term], str], language: str) -> Iterator[Line]:
    passage = evidence.passage
    if passage is not None:
        page = t("page", language, n=passage.page) if passage.page is not None else ""
        place = t("characters", language, start=evidence.start, end=evidence.end)
        parts = (passage.title, passage.doc_id, page, place, validity(passage.validity, language))
        yield "source", f"[{number}] " + ", ".join(dict.fromkeys(part for part in parts if part))
        if evidence.status != "affirmed":
            yield "note", t(f"status_{evidence.status}", language)
        yield "quote", evidence.quote or passage.text
        return
    yield "source", f"[{number}] {t('from_graph', language)}: {evidence.path.words if evidence.path else ''}"
    for step in evidence.path.steps if evidence.path else ():
        triple = step.triple
        said = " ".join(label(term) for term in (triple.subject, triple.predicate, triple.object))
        notes = (
            [f"{t('stated_in', language)}: {', '.join(source_names(triple.sources, label))}"] if triple.sources else []
        )
        notes += [t("derived", language, rule=triple.rule)] if triple.rule else []
        yield "step", f"{said} ({'; '.join(notes)})" if notes else said


def _md(line: str) -> str:
    """Escape what Markdown or HTML would act on: markup, links, images."""
    line = re.sub(r"\s+", " ", escape(line, quote=False)).strip()
    line = re.sub(r"([\\`*_\[\]#!|~])", r"\\\1", line)
    return re.sub(r"(https?|ftp|javascript|data|mailto|www)([:.])", r"\1\\\2", line, flags=re.IGNORECASE)


def _name(conversation: Conversation, suffix: str) -> str:
    stem = re.sub(r"[^\w\- ]+", "", conversation.title).strip()[:50] or "kgqa"
    return f"{stem}.{suffix}"
