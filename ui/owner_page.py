"""The owner's page: figures of use, feedback to review, training data."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import gradio as gr

from .desk import Desk
from .figures import dashboard, feedback_choices, feedback_table
from .frame import Frame, page, user_of
from .history_panel import DOWNLOAD
from .models_page import build_models
from .strings import t
from .tags import el


def build_owner(frame: Frame) -> None:
    """Add the page to the blocks being built."""
    words = frame.words
    words.put(gr.HTML(_lede("en"), apply_default_css=False), value=_lede)
    refresh = words.put(gr.Button(t("refresh"), size="sm", min_width=90, elem_id="owner-refresh"), value="refresh")
    figures = page(elem_id="dashboard")
    table = page(elem_id="feedback-table")
    with gr.Row(equal_height=True):
        which = words.put(
            gr.Dropdown(choices=[], label=t("pick_feedback"), scale=4, elem_id="feedback-which"), label="pick_feedback"
        )
        accept = words.put(gr.Button(t("accept"), variant="primary", min_width=90, elem_id="accept"), value="accept")
        reject = words.put(gr.Button(t("reject"), min_width=90, elem_id="reject"), value="reject")
    training = words.put(gr.Button(t("training"), elem_id="training"), value="training")
    file = gr.JSON(visible=False)
    build_models(frame)
    at = Owner(frame.desk)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    shown = [figures, table, which]
    gr.on([refresh.click, frame.language.change], at.overview, frame.language, shown, **quiet)
    frame.starts.append((at.overview, [frame.language], shown))
    frame.stamp.change(at.overview, frame.language, shown, **quiet)
    for button, status in ((accept, "accepted"), (reject, "rejected")):
        button.click(_reviewer(at, status), [which, frame.language], shown, **quiet)
    training.click(at.export, frame.language, file, **quiet).then(
        None, file, None, js=DOWNLOAD, api_visibility="private"
    )


def _lede(language: str) -> str:
    return el("p", t("owner_intro", language), cls="lede")


def _reviewer(at: Owner, status: Any) -> Any:
    def review(which: str | None, language: str, request: gr.Request) -> tuple[Any, ...]:
        return at.review(which, status, language, request)

    return review


class Owner:
    """The listeners of the page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def overview(self, language: str, request: gr.Request) -> tuple[Any, ...]:
        """Return figures, waiting feedback and the choices among it; nothing to those who do not own the place."""
        if not self._desk.owns(user_of(request)):
            return el("p", t("help_not_permitted", language), cls="muted"), "", gr.update(choices=[], value=None)
        waiting = self._desk.feedback.list("new")
        choices = feedback_choices(waiting)
        first = choices[0][1] if choices else None
        return (
            dashboard(self._desk.feedback.usage(), language),
            feedback_table(waiting, language),
            gr.update(choices=choices, value=first),
        )

    def review(self, which: str | None, status: Any, language: str, request: gr.Request) -> tuple[Any, ...]:
        """Accept or reject a judgement."""
        if which and self._desk.owns(user_of(request)):
            self._desk.feedback.review(which, status, user_of(request))
        return self.overview(language, request)

    def export(self, language: str, request: gr.Request) -> dict[str, str] | None:
        """Return the accepted feedback as SQuAD JSON for the browser to save."""
        if not self._desk.owns(user_of(request)):
            return None
        data = self._desk.feedback.training_data()
        count = sum(len(paragraph["qas"]) for article in data["data"] for paragraph in article["paragraphs"])
        if not count:
            gr.Info(t("no_training", language))
            return None
        gr.Info(t("training_count", language, n=count))
        packed = b64encode(json.dumps(data, ensure_ascii=False, indent=1).encode()).decode("ascii")
        return {"name": "feedback-squad.json", "type": "application/json", "data": packed}
