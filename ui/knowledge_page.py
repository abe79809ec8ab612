"""The page about a knowledge base: what is in it, an entity's sheet, and changing it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from kgqa.cli.speech import translate

from .desk import Desk, KnowledgeBase, explain_fault
from .figures import contents, documents_list, file_report, side_by_side
from .frame import Frame, data_of, number, owner_of, page, user_of
from .pdf_page import pdf_page
from .sheets import document_sheet, entity_sheet, hits
from .strings import t
from .tags import el, join, plain

log = logging.getLogger("kgqa.ui")


def build_knowledge(frame: Frame) -> None:
    """Add the page to the blocks being built."""
    words = frame.words
    bases = page(elem_id="bases")
    with gr.Row(elem_id="kb-row"):
        with gr.Column(scale=3, min_width=320):
            figures = page(elem_id="kb-figures")
            with gr.Row(equal_height=True):
                name = words.put(
                    gr.Textbox(label=t("find_entity"), scale=5, elem_id="find-entity"), label="find_entity"
                )
                show = words.put(gr.Button(t("show"), scale=1, min_width=90), value="show")
            with gr.Row(equal_height=True):
                query = words.put(
                    gr.Textbox(label=t("find_passage"), scale=5, elem_id="find-passage"), label="find_passage"
                )
                search = words.put(gr.Button(t("search"), scale=1, min_width=90), value="search")
            found = page(elem_id="found")
            filtering = words.put(gr.Textbox(label=t("find_document"), elem_id="find-document"), label="find_document")
            listed = page(elem_id="documents")
        with gr.Column(scale=2, min_width=300, elem_id="kb-change"):
            files = words.put(gr.File(label=t("upload"), file_count="multiple", elem_id="upload"), label="upload")
            add = words.put(
                gr.Button(t("upload_button"), variant="primary", elem_id="upload-button"), value="upload_button"
            )
            report = page(elem_id="upload-report")
            with words.put(gr.Accordion(t("remove"), open=False, elem_id="remove"), label="remove"):
                which = words.put(
                    gr.Dropdown(choices=[], label=t("remove_which"), elem_id="remove-which"), label="remove_which"
                )
                sure = words.put(gr.Checkbox(label=t("remove_sure"), elem_id="remove-sure"), label="remove_sure")
                remove = words.put(
                    gr.Button(t("remove_button"), variant="stop", elem_id="remove-button"), value="remove_button"
                )
                removed = page(elem_id="removed")
    at = Knowledge(frame.desk)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    shown, inputs = [bases, figures, listed, which], [frame.base, filtering, frame.language]
    bases.select(at.choose, None, frame.base, queue=False, **quiet)
    gr.on([frame.base.change, frame.language.change], at.overview, inputs, shown, **quiet)
    frame.starts.append((at.overview, inputs, shown))
    gr.on([name.submit, show.click], at.sheet, [name, frame.base, frame.language], found, **quiet)
    gr.on(
        [query.submit, search.click],
        at.passages,
        [query, frame.base, frame.language],
        found,
        concurrency_id="ask",
        **quiet,
    )
    filtering.change(at.filtered, [filtering, frame.base, frame.language], listed, **quiet)
    for source in (found, listed):
        source.select(at.open, [frame.base, frame.language], found, **quiet)
    changing: dict[str, Any] = {"concurrency_id": "change", "concurrency_limit": 1, "api_visibility": "private"}
    add.click(
        at.add, [files, frame.base, frame.language, frame.browser], [report, files], show_progress="hidden", **changing
    ).then(at.overview, inputs, shown, **quiet)
    remove.click(at.remove, [which, sure, frame.base, frame.language, frame.browser], [removed, sure], **changing).then(
        at.overview, inputs, shown, **quiet
    )


class Knowledge:
    """The listeners of the page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def overview(self, base: str, words: str | None, language: str, request: gr.Request) -> tuple[Any, ...]:
        """Return figures, the list of documents, and the documents that can be removed."""
        kb, user = self._desk.base(base), user_of(request)
        documents = self._desk.documents(kb, user)
        choices = [(plain(f"{title} · {doc_id}" if title else doc_id), doc_id) for doc_id, title in documents[:5000]]
        figures = contents(kb.title or kb.name, self._desk.stats(kb, user), language)
        every = [(one.name, one.title or one.name, self._desk.stats(one, user)) for one in self._desk.bases.values()]
        beside = side_by_side(every, base, language) or ""
        return beside, figures, documents_list(documents, words or "", language), gr.update(choices=choices, value=None)

    def choose(self, event: gr.EventData) -> Any:
        """Go to another knowledge base."""
        name = data_of(event).get("name", "")
        return name if name in self._desk.bases else gr.update()

    def filtered(self, words: str | None, base: str, language: str, request: gr.Request) -> str:
        """Return the documents that fit the words."""
        documents = self._desk.documents(self._desk.base(base), user_of(request))
        return documents_list(documents, words or "", language)

    def sheet(self, name: str | None, base: str, language: str, request: gr.Request) -> str:
        """Return an entity's sheet."""
        if not (name or "").strip():
            return ""
        return self._show({"act": "entity", "iri": (name or "").strip()[:500]}, base, language, user_of(request))

    def passages(self, query: str | None, base: str, language: str, request: gr.Request) -> str:
        """Return found passages."""
        asked = (query or "").strip()[:2000]
        if not asked:
            return ""
        try:
            found = self._desk.base(base).search(asked, filters=self._desk.filters(user_of(request)))
            return el("div", hits(found, language), cls="card")
        except Exception as fault:  # shown on the page, whatever it is
            return _fault(fault, language)

    def open(self, base: str, language: str, request: gr.Request, event: gr.EventData) -> str:
        """Show a document or an entity in place."""
        return self._show(data_of(event), base, language, user_of(request))

    def _show(self, data: dict[str, str], base: str, language: str, user: str) -> str:
        kb = self._desk.base(base)
        try:
            if data.get("act") == "document":
                document = self._desk.document(kb, data.get("doc", ""), user)
                start, end = number(data.get("start"), 0), number(data.get("end"), 0)
                drawn = pdf_page(kb, document, start, end) if end else None
                sheet = document_sheet(document, start, end, language, drawn)
            else:
                entity = self._desk.entity(kb, data.get("iri", ""), language, user)
                sheet = entity_sheet(entity, language, self._desk.labeller(kb, language, user))
            return el("div", sheet, cls="card")
        except Exception as fault:  # shown on the page, whatever it is
            return _fault(fault, language)

    def add(
        self, files: list[str] | None, base: str, language: str, browser: str, request: gr.Request
    ) -> Iterator[tuple[Any, Any]]:
        """Add uploaded files one after the other and tell what came of each."""
        if not files:
            yield _fault_text(t("no_files", language)), gr.update()
            return
        if not self._desk.owns(user_of(request)):
            yield _fault_text(t("help_not_permitted", language)), gr.update()
            return
        lines: list[tuple[str, str, bool]] = []
        for place, file in enumerate(files, 1):
            name = Path(file).name
            yield file_report(lines, t("upload_running", language, name=name, n=place, total=len(files))), gr.update()
            lines += _added(self._desk.base(base), Path(file), language)
            Path(file).unlink(missing_ok=True)  # else a copy would outlast the document's removal
        yield file_report(lines), None

    def remove(
        self, doc_id: str | None, sure: bool, base: str, language: str, browser: str, request: gr.Request
    ) -> tuple[str, bool]:
        """Remove a document everywhere and check that nothing is left."""
        if not doc_id or not sure:
            return _fault_text(t("remove_confirm_first", language)), sure
        if not self._desk.owns(user_of(request)):
            return _fault_text(t("help_not_permitted", language)), False
        kb = self._desk.base(base)
        try:
            kb.remove(doc_id)
            self._desk.forget(doc_id)
            log.info("%s removed %s from %s", owner_of(request, browser), doc_id, base)
            remains = kb.verify_erasure(doc_id)
        except Exception as fault:  # shown on the page, whatever it is
            return _fault(fault, language), False
        if remains:
            rows = [el("li", item) for item in remains]
            return join([el("p", t("removed_remains", language), cls="not-ok", role="alert"), el("ul", rows)]), False
        return el("p", t("removed_clean", language), cls="ok", role="status"), False


def _added(kb: KnowledgeBase, file: Path, language: str) -> list[tuple[str, str, bool]]:
    try:
        report = kb.add(file)
    except Exception as fault:  # one bad file does not stop the others
        return [(file.name, t("upload_failed", language, why=explain_fault(fault, language)), False)]
    problems = [(name, why) for name, why in getattr(report, "problems", ()) if Path(name).name.startswith(file.name)]
    if problems:
        return [
            (file.name, t("upload_failed", language, why=translate(why, language=language)), False)
            for _, why in problems
        ]
    return [(file.name, t("upload_ok", language), True)]


def _fault(fault: Exception, language: str) -> str:
    return _fault_text(explain_fault(fault, language))


def _fault_text(line: str) -> str:
    return el("p", line, cls="fault", role="alert")
