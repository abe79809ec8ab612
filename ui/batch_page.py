"""The page that answers a file of questions, and compares two such runs."""

from __future__ import annotations

import hashlib
import queue
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from glob import escape
from pathlib import Path, PurePosixPath
from typing import Any

import gradio as gr

from kgqa import batch
from kgqa.cli.speech import translate

from .asking import Stopped
from .desk import Desk, explain_fault
from .figures import difference_table
from .frame import Frame, data_of, number, owner_of, page, user_of
from .pdf_page import pdf_page
from .results_table import results_table
from .sheets import document_sheet
from .strings import t
from .tags import Html, el, join, plain

TYPED = "questions.txt"
"""Name of the file that questions typed on the page become."""

TO_OPENED = "() => document.querySelector('#batch-opened')?.scrollIntoView({ block: 'start' })"

KEPT = 7 * 86400
"""Seconds that an interrupted run waits to be gone on with."""


def build_batch(frame: Frame) -> None:
    """Add the page to the blocks being built."""
    words = frame.words
    words.put(gr.HTML(_lede("en"), apply_default_css=False), value=_lede)
    with gr.Row():
        with gr.Column(min_width=320):
            kinds = [".csv", ".tsv", ".xlsx", ".jsonl", ".txt"]
            file = words.put(
                gr.File(label=t("batch_file"), file_types=kinds, height=150, elem_id="batch-file"), label="batch_file"
            )
            typed = gr.Textbox(label=t("batch_typed"), lines=3, max_lines=10, max_length=20_000, elem_id="batch-typed")
            words.put(typed, label="batch_typed")
            kind = words.put(
                gr.Radio(["xlsx", "csv", "jsonl"], value="xlsx", label=t("batch_format")), label="batch_format"
            )
            each = words.put(gr.Checkbox(label=t("batch_matrix"), elem_id="batch-matrix"), label="batch_matrix")
            documents = words.put(
                gr.Dropdown(choices=[], multiselect=True, label=t("batch_documents"), visible=False),
                label="batch_documents",
            )
            with gr.Row():
                start = words.put(gr.Button(t("batch_run"), variant="primary", elem_id="batch-run"), value="batch_run")
                stop = words.put(
                    gr.Button(t("stop"), variant="stop", visible=False, min_width=90, elem_id="batch-stop"),
                    value="stop",
                )
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
            before = words.put(gr.File(label=t("batch_old"), height=140, elem_id="batch-before"), label="batch_old")
            after = words.put(gr.File(label=t("batch_new"), height=140, elem_id="batch-after"), label="batch_new")
            compare = words.put(gr.Button(t("batch_compare"), elem_id="batch-compare"), value="batch_compare")
            differs = page(elem_id="batch-differs")
    opened = page(elem_id="batch-opened")
    answers = page(elem_id="batch-answers")
    at = Batches(frame.desk)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    offered = [each, frame.base, frame.language], documents
    gr.on([each.change, frame.base.change, frame.language.change], at.choose, *offered, **quiet)
    file.change(
        lambda given: gr.update(visible=not given), file, typed, **quiet
    )  # a file and lines at once would be unclear
    inputs = [file, typed, kind, each, documents, frame.base, frame.language, frame.browser]
    start.click(at.run, inputs, [told, results, stop, answers], concurrency_id="batch", concurrency_limit=8, **quiet)
    answers.select(at.open, [frame.base, frame.language], opened, **quiet).then(
        None, js=TO_OPENED, api_visibility="private"
    )
    gr.on([frame.base.change, start.click], lambda: "", None, opened, queue=False, **quiet)
    frame.base.change(lambda: "", None, answers, queue=False, **quiet)  # they are of other documents
    stop.click(at.stop, None, None, queue=False, **quiet)
    compare.click(at.compare, [before, after, frame.language], differs, **quiet)


def _lede(language: str) -> str:
    return el("p", t("batch_intro", language), cls="lede")


Event = tuple[int, int] | batch.BatchReport | Exception
"""Questions done and questions in all (0 while another file is being answered), the end, or what went wrong."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file of questions to be answered.

    :param folder: where the run keeps what it has answered until it is done.
    :param documents: those that a matrix asks; ``None`` for all.
    :param groups: what the asker may see.
    """

    file: Path
    folder: Path
    kind: str
    each: bool
    documents: tuple[str, ...] | None
    groups: frozenset[str] | None

    @property
    def output(self) -> Path:
        """Where the answers go."""
        return self.folder / f"{plain(self.file.stem)}-answers.{self.kind}"


class Batches:
    """The listeners of the page. One file is answered at a time; those of others wait."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn = threading.Lock()
        self._stops: dict[str, threading.Event] = {}

    def choose(self, each: bool, base: str, language: str, request: gr.Request) -> Any:
        """Offer the documents of a matrix, and first the folders that hold several."""
        documents = self._desk.documents(self._desk.base(base), user_of(request))
        choices = [(plain(f"{title} · {doc_id}" if title else doc_id), doc_id) for doc_id, title in documents[:5000]]
        return gr.update(
            visible=each, choices=[*_folders([doc_id for doc_id, _ in documents], language), *choices], value=[]
        )

    def run(
        self,
        file: str | None,
        typed: str,
        kind: str,
        each: bool,
        documents: list[str] | None,
        base: str,
        language: str,
        browser: str,
        request: gr.Request,
    ) -> Iterator[tuple[Html, Any, Any, Any]]:
        """Answer the questions, telling how far it is; then offer the answers and the summary."""
        if not file and not typed.strip():
            said = el("p", t("no_questions_given", language), cls="fault", role="alert")
            yield said, gr.update(visible=False), gr.update(), ""
            return
        kb, user, session = self._desk.base(base), user_of(request), _session(request)
        groups = self._desk.filters(user).groups
        chosen = documents or ([doc_id for doc_id, _ in self._desk.documents(kb, user)] if groups is not None else None)
        chosen = chosen if each else None
        kind = kind if kind in ("csv", "jsonl") else "xlsx"
        name = Path(file).name if file else TYPED
        asked = (kb.name, owner_of(request, browser), kind, each, sorted(chosen or ()), name)
        folder = _place(self._desk.history.folder / "batches", asked)
        if not file:
            (folder / TYPED).write_text(typed, encoding="utf-8", errors="replace")
        job = Job(Path(file) if file else folder / TYPED, folder, kind, each, tuple(chosen) if chosen else None, groups)
        stop = self._stops[session] = threading.Event()
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        threading.Thread(
            target=self._work, args=(job, kb, stop, events, language), name="kgqa-batch", daemon=True
        ).start()
        try:
            yield (
                el("p", t("batch_reading", language), role="status"),
                gr.update(visible=False),
                gr.update(visible=True),
                "",
            )
            yield from _follow(events, each, language)
        finally:  # at the end, and when the page is gone
            stop.set()
            self._stops.pop(session, None)

    def open(self, base: str, language: str, request: gr.Request, event: gr.EventData) -> Html:
        """Show a document at a quotation, of a PDF its page as well."""
        data, kb = data_of(event), self._desk.base(base)
        start, end = number(data.get("start"), 0), number(data.get("end"), 0)
        try:
            document = self._desk.document(kb, data.get("doc", ""), user_of(request))
            sheet = document_sheet(document, start, end, language, pdf_page(kb, document, start, end))
        except Exception as fault:  # shown on the page, whatever it is
            return el("p", explain_fault(fault, language), cls="fault", role="alert")
        return el("div", sheet, cls="card")

    def stop(self, request: gr.Request) -> None:
        """Stop what this page is answering, at the next questions; what is answered is kept."""
        if event := self._stops.get(_session(request)):
            event.set()

    def _work(self, job: Job, kb: Any, stop: threading.Event, events: queue.SimpleQueue[Event], language: str) -> None:
        def told(done: int, total: int) -> None:
            if stop.is_set():
                raise Stopped
            events.put((done, total))

        try:
            while not self._turn.acquire(timeout=0.5):
                told(0, 0)
            try:
                report = batch.run(
                    job.file, kb, job.output, progress=told, documents=job.documents, each_document=job.each,
                    groups=job.groups, page=job.output.with_suffix(".html"), language=language,
                    say=partial(translate, language=language),
                )  # fmt: skip
            finally:
                self._turn.release()
            events.put(report)
        except Exception as fault:  # shown on the page, whatever it is
            events.put(fault)

    def compare(self, before: str | None, after: str | None, language: str) -> Html:
        """Compare two runs."""
        if not before or not after:
            return el("p", t("no_files", language), cls="fault", role="alert")
        try:
            found = batch.diff(before, after)
        except Exception as fault:  # shown on the page, whatever it is
            return el("p", explain_fault(fault, language), cls="fault", role="alert")
        lines = [
            (f"{one.question} {one.documents}".strip(), _why(one, language), _said(one.before), _said(one.after))
            for one in found.changes
        ]
        counts = {"changed": len(found.changes), "same": found.same, "gone": len(found.gone), "new": len(found.new)}
        others = [el("li", f"− {one}") for one in found.gone[:200]] + [el("li", f"+ {one}") for one in found.new[:200]]
        table = difference_table(lines, t("batch_differs", language, **counts), language)
        return join([table, el("ul", others, cls="doclist") if others else None])


def _folders(documents: Sequence[str], language: str) -> list[tuple[str, str]]:
    """Return each folder with several documents as a choice, with the pattern that means all of them."""
    paths = [PurePosixPath(one.split("#")[0]) for one in documents]  # of rows of a table: the table itself
    held = Counter(str(folder) for path in paths for folder in path.parents[:-1])
    return [
        (t("all_in_folder", language, folder=plain(folder), n=f"{count:,}"), f"{escape(folder)}/*")
        for folder, count in sorted(held.items())
        if count > 1
    ]


def _session(request: gr.Request) -> str:
    return str(getattr(request, "session_hash", "") or "")


def _place(root: Path, asked: Sequence[object]) -> Path:
    """Return the folder of a run: the same for a file of this name asked in the same way by the same user, so that a run that
    was interrupted goes on, also when some of its rows were mended. What waits there for too long is removed.
    """
    root.mkdir(parents=True, exist_ok=True)
    for old in root.iterdir():
        if time.time() - old.stat().st_mtime > KEPT:
            shutil.rmtree(old, ignore_errors=True)
    folder = root / hashlib.sha256(repr(asked).encode(errors="replace")).hexdigest()[:32]
    folder.mkdir(exist_ok=True)
    return folder


def _follow(events: queue.SimpleQueue[Event], each: bool, language: str) -> Iterator[tuple[Html, Any, Any, Any]]:
    """Tell how far a run is, and at the end what came of it."""
    started, before = 0.0, 0
    idle = gr.update(visible=False)
    while isinstance(event := events.get(), tuple):
        done, total = event
        if total and not started:
            started, before = time.monotonic(), done  # what was answered in an earlier run tells nothing of the pace
        seconds = time.monotonic() - started
        said = _progress(done, total, seconds / (done - before) if done > before else None, language)
        waits = el("p", t("batch_waiting", language), role="status")
        # Said again each time: a page that is busy may take only the latest of what it is sent.
        yield said if total else waits, gr.update(visible=False), gr.update(visible=True), ""
    if isinstance(event, Stopped):
        yield el("p", t("batch_stopped", language), role="status"), idle, idle, ""
    elif isinstance(event, Exception):
        yield el("p", explain_fault(event, language), cls="fault", role="alert"), idle, idle, ""
    else:
        with tempfile.TemporaryDirectory(prefix="kgqa-batch-", ignore_cleanup_errors=True) as handed:
            table = results_table(batch.read(event.output), each, language) or ""
            files = [shutil.move(file, handed) for file in (event.output, event.page) if file]
            shutil.rmtree(event.output.parent, ignore_errors=True)
            yield _done(event, language), gr.update(value=[str(file) for file in files], visible=True), idle, table
            # by now the files are in Gradio's cache, which is emptied daily


def _progress(done: int, total: int, pace: float | None, language: str) -> Html:
    """Return the bar.

    :param pace: seconds of one question, if known yet.
    """
    left = t("seconds", language, n=f"{pace * (total - done):.0f}") if pace is not None else "…"
    said = t("batch_progress", language, n=done, total=total, left=left)
    bar = el("progress", value=done, max=max(total, 1), aria_label=said)
    return el("div", bar, el("p", said, role="status"), cls="batch-progress")


def _done(report: batch.BatchReport, language: str) -> Html:
    said = t("batch_done", language, answered=report.answered, abstained=report.abstained, failed=len(report.faults))
    before = t("batch_resumed", language, n=report.resumed) if report.resumed else None
    rows = [el("li", f"{number}: {translate(fault, language=language)}") for number, fault in report.faults[:50]]
    return join(
        [
            el("p", said, cls="ok", role="status"),
            el("p", before, cls="muted") if before else None,
            el("ul", rows, cls="doclist") if rows else None,
        ]
    )


def _why(one: batch.Change, language: str) -> str:
    said = [t(f"part_{part}", language) for part in one.what]
    return "; ".join([", ".join(said), *(translate(why, language=language) for why in one.why[:3])])


def _said(one: Any) -> str:
    return str(one.get("answer") or one.get("error") or one.get("reason") or "")[:400]
