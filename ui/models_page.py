"""The part of the owner's page where a reader trained from feedback is put in force, if it passes the gate."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from kgqa.errors import UsageError
from kgqa.promotion import Outcome, acceptance_spans, past, promote_reader, reader_in_force, take_back

from .desk import Desk, KnowledgeBase, explain_fault
from .figures import data_table
from .frame import Frame, page, user_of
from .strings import t
from .tags import Html, el, join

COMMAND = "kgqa train reader feedback-squad.json --base builtin --out runs/reader"


def build_models(frame: Frame) -> None:
    """Add the components and listeners to the blocks being built."""
    words = frame.words
    with words.put(gr.Accordion(t("own_reader"), open=False, elem_id="own-reader"), label="own_reader"):
        words.put(gr.HTML(_lede("en"), apply_default_css=False), value=_lede)
        with gr.Row(equal_height=False):
            with gr.Column(min_width=280):
                folder = words.put(gr.Textbox(label=t("reader_folder"), elem_id="reader-folder"), label="reader_folder")
                with gr.Row():
                    promote = words.put(
                        gr.Button(t("promote"), variant="primary", min_width=210, elem_id="promote"), value="promote"
                    )
                    back = words.put(gr.Button(t("take_back"), elem_id="take-back"), value="take_back")
            gate = words.put(
                gr.File(label=t("gate_file"), file_types=[".json"], height=130, elem_id="gate-file"), label="gate_file"
            )
        told, shown = page(elem_id="promoted"), page(elem_id="readers")
    at = Models(frame.desk)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    inputs = [frame.base, frame.language]
    gr.on([frame.base.change, frame.language.change], at.overview, inputs, shown, **quiet)
    frame.starts.append((at.overview, inputs, shown))
    changing: dict[str, Any] = {"concurrency_id": "change", "concurrency_limit": 1, **quiet}
    promote.click(at.promote, [folder, gate, *inputs], told, **changing).then(at.overview, inputs, shown, **quiet)
    back.click(at.take_back, inputs, told, **changing).then(at.overview, inputs, shown, **quiet)


def _lede(language: str) -> str:
    return join([el("p", t("own_reader_intro", language), cls="muted"), el("pre", el("code", COMMAND))])


class Models:
    """The listeners of the part."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def overview(self, base: str, language: str, request: gr.Request) -> Html:
        """Return which reader is in force, and what was promoted and taken back."""
        index = _index(self._desk.base(base))
        if index is None or not self._desk.owns(user_of(request)):
            return Html("")
        force = reader_in_force(index)
        said = t("reader_now", language, name=force.name if force else t("reader_builtin", language))
        rows = [
            (one.at[:16].replace("T", " "), t(f"step_{one.action}", language), one.version or t("reader_builtin", language),
             ", ".join(f"{name} {value:.1f}" for name, value in one.figures.items()))
            for one in past(index)
        ]  # fmt: skip
        table = data_table(("when", "step", "version", "figures"), rows, t("own_reader", language), language)
        return join([el("p", said, role="status"), table if rows else None])

    def promote(self, folder: str, gate: str | None, base: str, language: str, request: gr.Request) -> Iterator[Html]:
        """Let a trained reader through the gate, telling which set is being read."""
        kb = self._desk.base(base)
        index = _index(kb)
        if index is None or not self._desk.owns(user_of(request)):
            yield el("p", t("help_not_permitted", language), cls="fault", role="alert")
            return
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def work() -> None:
            try:
                sets = self._sets(kb, gate, language)
                events.put(promote_reader(index, _folder(folder, language), sets, progress=events.put))
            except Exception as fault:  # shown on the page, whatever it is
                events.put(fault)

        threading.Thread(target=work, name="kgqa-gate", daemon=True).start()
        while isinstance(event := events.get(), str):
            yield el("p", t("gate_running", language, name=event), role="status", cls="muted")
        if isinstance(event, Exception):
            yield el("p", explain_fault(event, language), cls="fault", role="alert")
            return
        if event.version:
            kb.reopen()
        yield outcome_card(event, language)

    def _sets(self, kb: KnowledgeBase, gate: str | None, language: str) -> dict[str, Mapping[str, Any]]:
        sets: dict[str, Mapping[str, Any]] = {
            t("gate_acceptance", language): acceptance_spans(kb.folder, kb.document),
            t("gate_feedback", language): self._desk.feedback.training_data(base=kb.name),
        }
        if gate:
            try:
                given = json.loads(Path(gate).read_text(encoding="utf-8"))
                if not all(paragraph["qas"] for one in given["data"] for paragraph in one["paragraphs"]):
                    raise KeyError("qas")
            except (ValueError, KeyError, TypeError) as fault:
                raise UsageError(t("gate_bad_file", language, name=Path(gate).name)) from fault
            sets[Path(gate).name] = given
        return sets

    def take_back(self, base: str, language: str, request: gr.Request) -> Html:
        """Put the reader before the present one in force again."""
        kb = self._desk.base(base)
        index = _index(kb)
        if index is None or not self._desk.owns(user_of(request)):
            return el("p", t("help_not_permitted", language), cls="fault", role="alert")
        try:
            version = take_back(index)
            kb.reopen()
        except Exception as fault:  # shown on the page, whatever it is
            return el("p", explain_fault(fault, language), cls="fault", role="alert")
        said = t("reader_now", language, name=version or t("reader_builtin", language))
        return el("p", said, cls="ok", role="status")


def _index(kb: KnowledgeBase) -> Path | None:
    return getattr(kb, "index", None)


def _folder(folder: str, language: str) -> Path:
    place = Path((folder or "").strip())
    if not (folder or "").strip() or not place.is_dir():
        raise UsageError(t("no_such_folder", language, name=(folder or "")[:200]))
    return place


def outcome_card(outcome: Outcome, language: str = "en") -> Html:
    """Return what became of a reader at the gate: the figures of both, and whether it is in force now."""
    rows = [
        (name, f"{before:.1f}", f"{outcome.after.get(name, 0.0):.1f}", f"{outcome.after.get(name, 0.0) - before:+.1f}")
        for name, before in outcome.before.items()
    ]
    table = data_table(("gate_set", "before", "after", "change"), rows, t("own_reader", language), language)
    if outcome.version:
        return join([el("p", t("promoted", language, version=outcome.version), cls="ok", role="status"), table])
    return join([el("p", t("not_promoted", language), cls="not-ok", role="alert"), table])
