"""A conversation as a file: Markdown to read, JSON to work with, PDF to file; each with its evidence."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import dataclass
from html import escape

from kgqa.records import to_json
from kgqa.types import Answer, Conflict, Evidence

from .answer_card import confidence_words
from .evidence_card import validity
from .history import Conversation, Turn
from .strings import t


@dataclass(frozen=True, slots=True)
class Export:
    """A file for the browser to save."""

    name: str
    type: str
    data: bytes

    def packed(self) -> dict[str, str]:
        """Return it as JSON, its bytes as base64."""
        return {"name": self.name, "type": self.type, "data": base64.b64encode(self.data).decode("ascii")}


def to_record(conversation: Conversation, language: str = "en") -> Export:
    """Return the conversation as JSON: every answer in its stable form."""
    data = json.dumps(to_json(conversation), ensure_ascii=False, indent=1)
    return Export(_name(conversation, "json"), "application/json", data.encode())


def to_markdown(conversation: Conversation, language: str = "en") -> Export:
    """Return the conversation as Markdown; what comes from sources is escaped or fenced."""
    lines = [f"# {_md(conversation.title or t('history', language))}", ""]
    for turn in conversation.turns:
        lines += _turn(turn, language)
    return Export(_name(conversation, "md"), "text/markdown", "\n".join(lines).encode())


def _turn(turn: Turn, language: str) -> list[str]:
    answer = turn.answer
    lines = [f"## {_md(turn.asked)}", "", f"*{turn.when} · {_md(turn.base)}*", ""]
    if turn.understood != turn.asked:
        lines += [f"{t('understood_as', language)}: {_md(turn.understood)}", ""]
    said = _md(answer.text) if answer.text is not None else t("no_answer", language)
    lines += [f"**{said}**", "", f"{confidence_words(answer, language)} ({answer.confidence:.0%})", ""]
    if answer.complete is not None and answer.text is not None:
        lines += [t("complete" if answer.complete else "sampled", language), ""]
    if answer.explanation:
        lines += [_md(answer.explanation), ""]
    for conflict in answer.conflicts:
        lines += [_conflict(conflict, language), ""]
    for number, evidence in enumerate(answer.evidence, 1):
        lines += [
            f"{number}. {line}" if not n else f"   {line}" for n, line in enumerate(_evidence(evidence, language))
        ]
    return [*lines, ""]


def _conflict(conflict: Conflict, language: str) -> str:
    one, other = (_source(item, language) for item in (conflict.one, conflict.other))
    return f"{t('conflict', language)}: “{_md(conflict.one_says)}” ({one}) / “{_md(conflict.other_says)}” ({other})"


def _source(evidence: Evidence, language: str) -> str:
    if evidence.passage is None:
        return t("from_graph", language)
    dates = validity(evidence.passage.validity, language)
    return _md(evidence.passage.doc_id + (f", {dates}" if dates else ""))


def _evidence(evidence: Evidence, language: str) -> list[str]:
    if evidence.passage is not None:
        where = [_md(evidence.passage.title), f"`{evidence.passage.doc_id.replace('`', '')}`"]
        if evidence.passage.page is not None:
            where.append(t("page", language, n=evidence.passage.page))
        where.append(t("characters", language, start=evidence.start, end=evidence.end))
        quote = [f"> {_md(line)}" for line in evidence.quote.splitlines() or [""]]
        return [", ".join(x for x in where if x), *quote]
    lines = [_md(evidence.path.words) if evidence.path else t("from_graph", language)]
    for step in evidence.path.steps if evidence.path else ():
        triple = step.triple
        lines.append("- " + _md(" ".join(term.value for term in (triple.subject, triple.predicate, triple.object))))
    return lines


def _md(line: str) -> str:
    """Escape what Markdown or HTML would act on: markup, links, images."""
    line = re.sub(r"\s+", " ", escape(line, quote=False))
    return re.sub(r"([\\`*_\[\]#!|~])", r"\\\1", line)


def _name(conversation: Conversation, suffix: str) -> str:
    stem = re.sub(r"[^\w\- ]+", "", conversation.title).strip()[:50] or "kgqa"
    return f"{stem}.{suffix}"


def to_pdf(conversation: Conversation, language: str = "en") -> Export:
    """Return the conversation as a PDF; Chinese is set in a font that every PDF reader has.

    :raises kgqa.errors.MissingExtra: reportlab is not installed.
    """
    from kgqa.errors import MissingExtra

    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont
        from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer
    except ImportError as fault:
        raise MissingExtra("the PDF export", "ui") from fault
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    sizes = {"h1": 17, "h2": 13, "b": 11, "p": 10, "q": 10}
    styles = {
        name: ParagraphStyle(
            name, fontName="STSong-Light", fontSize=size, leading=size * 1.45, spaceAfter=5, wordWrap="CJK",
            leftIndent=18 if name == "q" else 0, textColor="#333333" if name == "q" else "#111111",
        )
        for name, size in sizes.items()
    }  # fmt: skip
    story: list[object] = []
    for style, line in _pdf_lines(conversation, language):
        story += [Paragraph(escape(line), styles[style])] if line else [Spacer(1, 8)]
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=A4, title=conversation.title or "kgqa").build(story)
    return Export(_name(conversation, "pdf"), "application/pdf", out.getvalue())


def _pdf_lines(conversation: Conversation, language: str) -> list[tuple[str, str]]:
    lines = [("h1", conversation.title or t("history", language))]
    for turn in conversation.turns:
        answer: Answer = turn.answer
        said = answer.text if answer.text is not None else t("no_answer", language)
        lines += [("p", ""), ("h2", turn.asked), ("b", said[:4000])]
        lines.append(
            ("p", f"{confidence_words(answer, language)} ({answer.confidence:.0%}) · {turn.when} · {turn.base}")
        )
        if answer.explanation:
            lines.append(("p", answer.explanation))
        for number, evidence in enumerate(answer.evidence, 1):
            if evidence.passage is not None:
                lines += [
                    ("p", f"[{number}] {evidence.passage.doc_id} ({evidence.start}–{evidence.end})"),
                    ("q", evidence.quote[:3000]),
                ]
            elif evidence.path is not None:
                lines.append(("p", f"[{number}] {evidence.path.words}"))
    return lines
