"""The page that answers a file of questions, and compares two such runs."""

from __future__ import annotations

import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from kgqa import batch

from .desk import Desk, explain_fault
from .figures import difference_table
from .frame import Frame, page, user_of
from .strings import t
from .tags import Html, el, join


def build_batch(frame: Frame) -> None:
    """Add the page to the blocks being built."""
    words = frame.words
    words.put(gr.HTML(_lede("en"), apply_default_css=False), value=_lede)
    with gr.Row():
        with gr.Column(min_width=320):
            kinds = [".csv", ".tsv", ".xlsx", ".jsonl", ".txt"]
            file = words.put(gr.File(label=t("batch_file"), file_types=kinds, elem_id="batch-file"), label="batch_file")
            kind = words.put(
                gr.Radio(["xlsx", "csv", "jsonl"], value="xlsx", label=t("batch_format")), label="batch_format"
            )
            each = words.put(gr.Checkbox(label=t("batch_matrix"), elem_id="batch-matrix"), label="batch_matrix")
            documents = words.put(
                gr.Dropdown(choices=[], multiselect=True, label=t("batch_documents"), visible=False),
                label="batch_documents",
            )
            start = words.put(gr.Button(t("batch_run"), variant="primary", elem_id="batch-run"), value="batch_run")
            told = page(elem_id="batch-told")
            results = words.put(
                gr.File(
                    label=t("batch_results"),
                    file_count="multiple",
                    interactive=False,
                    visible=False,
                    elem_id="batch-results",
                ),
                label="batch_results",
            )
        with gr.Column(min_width=320):
            before = words.put(gr.File(label=t("batch_old"), height=140), label="batch_old")
            after = words.put(gr.File(label=t("batch_new"), height=140), label="batch_new")
            compare = words.put(gr.Button(t("batch_compare"), elem_id="batch-compare"), value="batch_compare")
            differs = page(elem_id="batch-differs")
    at = Batches(frame.desk)
    each.change(at.choose, [each, frame.base], documents, show_progress="hidden", api_visibility="private")
    inputs = [file, kind, each, documents, frame.base, frame.language]
    start.click(
        at.run, inputs, [told, results], concurrency_id="batch", concurrency_limit=1, show_progress="hidden",
        api_visibility="private",
    )  # fmt: skip
    compare.click(
        at.compare, [before, after, frame.language], differs, show_progress="hidden", api_visibility="private"
    )


def _lede(language: str) -> str:
    return el("p", t("batch_intro", language), cls="lede")


class Batches:
    """The listeners of the page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def choose(self, each: bool, base: str, request: gr.Request) -> Any:
        """Offer the documents of a matrix."""
        documents = self._desk.documents(self._desk.base(base), user_of(request))
        choices = [(f"{title} · {doc_id}", doc_id) for doc_id, title in documents[:5000]]
        return gr.update(visible=each, choices=choices)

    def run(
        self,
        file: str | None,
        kind: str,
        each: bool,
        documents: list[str] | None,
        base: str,
        language: str,
        request: gr.Request,
    ) -> Iterator[tuple[Html, Any]]:
        """Answer the questions, telling how far it is; then offer the answers and the summary."""
        if not file:
            yield el("p", t("no_files", language), cls="fault", role="alert"), gr.update(visible=False)
            return
        folder = Path(tempfile.mkdtemp(prefix="kgqa-batch-"))
        output = folder / f"{Path(file).stem}-answers.{kind if kind in ('csv', 'jsonl') else 'xlsx'}"
        kb, user = self._desk.base(base), user_of(request)
        groups = self._desk.filters(user).groups
        chosen = documents or ([doc_id for doc_id, _ in self._desk.documents(kb, user)] if groups is not None else None)
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def work() -> None:
            try:
                report = batch.run(
                    file,
                    kb,
                    output,
                    progress=lambda done, total: events.put((done, total)),
                    documents=chosen or None,
                    each_document=each,
                    groups=groups,
                    page=output.with_suffix(".html"),
                    chunk=4,
                )
                events.put(report)
            except Exception as fault:  # shown on the page, whatever it is
                events.put(fault)

        threading.Thread(target=work, name="kgqa-batch", daemon=True).start()
        try:
            yield from self._follow(events, language)
        finally:  # by now the files are in Gradio's cache, which is emptied daily
            shutil.rmtree(folder, ignore_errors=True)

    def _follow(self, events: queue.SimpleQueue[Any], language: str) -> Iterator[tuple[Html, Any]]:
        started = time.monotonic()
        while True:
            event = events.get()
            if isinstance(event, Exception):
                yield el("p", explain_fault(event, language), cls="fault", role="alert"), gr.update(visible=False)
                return
            if isinstance(event, batch.BatchReport):
                yield _done(event, language), gr.update(value=[str(event.output), str(event.page)], visible=True)
                return
            yield _progress(event[0], event[1], time.monotonic() - started, language), gr.update()

    def compare(self, before: str | None, after: str | None, language: str) -> Html:
        """Compare two runs."""
        if not before or not after:
            return el("p", t("no_files", language), cls="fault", role="alert")
        try:
            found = batch.diff(before, after)
        except Exception as fault:  # shown on the page, whatever it is
            return el("p", explain_fault(fault, language), cls="fault", role="alert")
        lines = [
            (f"{one.question} {one.documents}".strip(), _why(one), _said(one.before), _said(one.after))
            for one in found.changes
        ]
        return difference_table(lines, found.lines()[0], language)


def _progress(done: int, total: int, seconds: float, language: str) -> Html:
    left = seconds / done * (total - done) if done else 0.0
    said = t(
        "batch_progress", language, n=done, total=total, left=t("seconds", language, n=f"{left:.0f}") if done else "…"
    )
    bar = el("progress", value=done, max=max(total, 1), aria_label=said)
    return el("div", bar, el("p", said, role="status"), cls="batch-progress")


def _done(report: batch.BatchReport, language: str) -> Html:
    said = t("batch_done", language, answered=report.answered, abstained=report.abstained, failed=len(report.faults))
    rows = [el("li", f"{number}: {fault}") for number, fault in report.faults[:50]]
    return join([el("p", said, cls="ok", role="status"), el("ul", rows, cls="doclist") if rows else None])


def _why(one: batch.Change) -> str:
    return "; ".join([", ".join(one.what), *one.why[:3]])


def _said(one: Any) -> str:
    return str(one.get("answer") or one.get("error") or one.get("reason") or "")[:400]
