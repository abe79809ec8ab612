"""The list of earlier conversations, and what can be done with the present one."""

from __future__ import annotations

import json
import time
from typing import Any

import gradio as gr

from .desk import Desk, explain_fault
from .export import to_markdown, to_pdf, to_record
from .frame import Frame, Wording, data_of, owner_of, page, user_of
from .history import Conversation
from .strings import LANGUAGES, t
from .tags import Html, el

SURE = """(_, ...rest) => {
  const asked = ASKED[document.documentElement.lang === 'zh' ? 'zh' : 'en'];
  return [window.confirm(asked) ? 'yes' : '', ...rest];
}""".replace("ASKED", json.dumps({code: t("delete_sure", code) for _, code in LANGUAGES}))
DOWNLOAD = """(file) => {
  if (!file) return;
  const bytes = Uint8Array.from(atob(file.data), c => c.charCodeAt(0));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: file.type }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}"""


def build_history(words: Wording) -> dict[str, Any]:
    """Add the panel to the blocks being built; return its parts."""
    parts: dict[str, Any] = {}
    parts["new"] = words.put(gr.Button(t("new_chat"), variant="primary", elem_id="new-chat"), value="new_chat")
    parts["words"] = words.put(gr.Textbox(label=t("search_history"), elem_id="search-history"), label="search_history")
    parts["list"] = page(elem_id="history-list")
    with words.put(gr.Accordion(t("this_chat"), open=False, elem_id="export"), label="this_chat"):
        parts["title"] = words.put(gr.Textbox(label=t("title"), max_length=120), label="title")
        with gr.Row():
            parts["rename"] = words.put(gr.Button(t("rename"), size="sm", min_width=70), value="rename")
            parts["delete"] = words.put(
                gr.Button(t("delete"), size="sm", min_width=70, variant="stop", elem_id="delete-chat"), value="delete"
            )
        words.put(gr.HTML(_export_heading("en"), apply_default_css=False), value=_export_heading)
        with gr.Row():
            for kind in ("md", "json", "pdf"):
                key = f"export_{kind}"
                parts[kind] = words.put(gr.Button(t(key), size="sm", min_width=60, elem_id=f"export-{kind}"), value=key)
        parts["file"] = gr.JSON(visible=False)
        parts["sure"] = gr.Textbox(visible=False)
    return parts


def _export_heading(language: str) -> str:
    return el("p", t("export_as", language), cls="muted")


def history_list(items: list[tuple[str, str]], current: str, language: str = "en") -> Html:
    """Return the conversations as a list of controls."""
    if not items:
        return el("p", t("no_history", language), cls="muted")
    rows = [
        el(
            "li",
            el(
                "button",
                title or "…",
                type="button",
                cls="past",
                data_act="open",
                data_id=key,
                title=title or None,
                aria_current="true" if key == current else None,
            ),
        )
        for key, title in items
    ]
    return el("ul", rows, cls="history")


class HistoryPanel:
    """The listeners of the panel."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def refresh(
        self, conversation: Conversation, search: str, language: str, browser: str, request: gr.Request
    ) -> tuple[Html, str]:
        """Return the list and the present title."""
        owner = owner_of(request, browser)
        if (fault := self._desk.keeper.settled(owner)) is not None:
            gr.Warning(t("not_kept", language, why=explain_fault(fault, language)))
        items = self._desk.history.list(owner, (search or "")[:100])
        return history_list(items, conversation.id, language), conversation.title

    def open(
        self, conversation: Conversation, browser: str, request: gr.Request, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Open an earlier conversation."""
        owner = owner_of(request, browser)
        self._desk.keeper.settled(owner)
        found = self._desk.history.load(owner, data_of(event).get("id", ""))
        shown = self._desk.permitted(found, user_of(request)) if found else conversation
        return shown, time.time_ns(), gr.Tabs(selected="chat")

    def new(self) -> tuple[Any, ...]:
        """Begin a conversation."""
        return Conversation(), time.time_ns(), gr.Tabs(selected="chat")

    def rename(self, conversation: Conversation, title: str, browser: str, request: gr.Request) -> Conversation:
        """Give the present conversation another title."""
        if not title.strip() or not conversation.turns:
            return conversation
        owner, history = owner_of(request, browser), self._desk.history
        self._desk.keeper.after(lambda: history.rename(owner, conversation.id, title))
        return Conversation(conversation.id, title.strip(), conversation.turns)

    def delete(self, sure: str, conversation: Conversation, browser: str, request: gr.Request) -> tuple[Any, ...]:
        """Forget the present conversation, if the user was sure."""
        if sure != "yes":
            return conversation, gr.skip(), gr.skip()
        owner, history = owner_of(request, browser), self._desk.history
        self._desk.keeper.after(lambda: history.delete(owner, conversation.id))
        return self.new()

    def export(
        self, kind: str, conversation: Conversation, language: str, request: gr.Request
    ) -> dict[str, str] | None:
        """Return the conversation as a file for the browser to save."""
        if not conversation.turns:
            gr.Info(t("nothing_to_export", language))
            return None
        make = {"md": to_markdown, "json": to_record, "pdf": to_pdf}[kind]

        def labels(name: str) -> Any:
            kb = self._desk.bases.get(name) or next(iter(self._desk.bases.values()))
            return self._desk.labeller(kb, language, user_of(request))

        try:
            return make(self._desk.permitted(conversation, user_of(request)), language, labels).packed()
        except Exception as fault:  # said on the page, whatever it is
            gr.Warning(explain_fault(fault, language))
            return None


def listen_history(frame: Frame, parts: dict[str, Any]) -> list[Any]:
    """Put the panel's listeners in place; return listener, inputs and outputs of what is filled in at the start."""
    panel = HistoryPanel(frame.desk)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    state, browser = frame.conversation, frame.browser
    inputs, outputs = [state, parts["words"], frame.language, browser], [parts["list"], parts["title"]]
    moved = [state, frame.stamp, frame.tabs]
    gr.on([frame.stamp.change, frame.language.change, parts["words"].change], panel.refresh, inputs, outputs, **quiet)
    for run in frame.asked:
        run.then(panel.refresh, inputs, outputs, **quiet)
    parts["list"].select(panel.open, [state, browser], moved, **quiet)
    parts["new"].click(panel.new, None, moved, **quiet)
    gr.on(
        [parts["rename"].click, parts["title"].submit], panel.rename, [state, parts["title"], browser], state, **quiet
    ).then(panel.refresh, inputs, outputs, **quiet)
    parts["delete"].click(panel.delete, [parts["sure"], state, browser], moved, js=SURE, **quiet)
    for kind in ("md", "json", "pdf"):
        parts[kind].click(_exporter(panel, kind), [state, frame.language], parts["file"], **quiet).then(
            None, parts["file"], None, js=DOWNLOAD, api_visibility="private"
        )
    return [panel.refresh, inputs, outputs]


def _exporter(panel: HistoryPanel, kind: str) -> Any:
    def export(conversation: Conversation, language: str, request: gr.Request) -> dict[str, str] | None:
        return panel.export(kind, conversation, language, request)

    return export
