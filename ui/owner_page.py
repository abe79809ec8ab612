"""The owner's page: figures of use, feedback to review, training data."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import gradio as gr

from kgqa.feedback import Feedback
from kgqa.training.judged import names, questions

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
    with gr.Row(equal_height=True, elem_id="owner-row"):
        which = words.put(
            gr.Dropdown(choices=[], label=t("pick_feedback"), scale=4, elem_id="feedback-which"), label="pick_feedback"
        )
        accept = words.put(gr.Button(t("accept"), variant="primary", min_width=90, elem_id="accept"), value="accept")
        reject = words.put(gr.Button(t("reject"), min_width=90, elem_id="reject"), value="reject")
    with gr.Row():
        kinds = ("training", "training_questions", "training_names")
        exports = {
            key: words.put(gr.Button(t(key), min_width=130, elem_id=key.replace("_", "-")), value=key) for key in kinds
        }
    words.put(gr.HTML(_export_hint("en"), apply_default_css=False), value=_export_hint)
    file = gr.JSON(visible=False)
    build_models(frame)
    at = Owner(frame.desk)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    shown = [figures, table, which]
    gr.on([refresh.click, frame.language.change], at.overview, frame.language, shown, **quiet)
    frame.starts.append((at.overview, [frame.language], shown))
    frame.stamp.change(at.overview, frame.language, shown, **quiet)
    frame.opens["owner"] = (at.overview, [frame.language], shown)
    for button, status in ((accept, "accepted"), (reject, "rejected")):
        button.click(_reviewer(at, status), [which, frame.language], shown, **quiet)
    makers = {"training": at.export, "training_questions": at.export_questions, "training_names": at.export_names}
    for key, make in makers.items():
        exports[key].click(make, [frame.base, frame.language], file, **quiet).then(
            None, file, None, js=DOWNLOAD, api_visibility="private"
        )


def _lede(language: str) -> str:
    return el("p", t("owner_intro", language), cls="lede")


def _export_hint(language: str) -> str:
    return el("p", t("training_hint", language), cls="muted")


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
        self._desk.keeper.after(lambda: None)  # what was asked just now is counted too
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
        if not which:
            gr.Info(t("pick_first", language))
        elif self._desk.owns(user_of(request)):
            self._desk.feedback.review(which, status, user_of(request))
        return self.overview(language, request)

    def export(self, base: str, language: str, request: gr.Request) -> dict[str, str] | None:
        """Return the accepted feedback as SQuAD JSON for the browser to save."""
        if not self._desk.owns(user_of(request)):
            return None
        data = self._desk.feedback.training_data()
        count = sum(len(paragraph["qas"]) for article in data["data"] for paragraph in article["paragraphs"])
        text = json.dumps(data, ensure_ascii=False, indent=1)
        said = t("training_count", language, n=count) if count else t("no_training", language)
        return _packed("feedback-squad.json", "application/json", text if count else "", said)

    def export_questions(self, base: str, language: str, request: gr.Request) -> dict[str, str] | None:
        """Return what the accepted feedback says is right as questions about this knowledge base."""
        if not self._desk.owns(user_of(request)):
            return None
        rows = questions(self._accepted(), base)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        said = t("training_count", language, n=len(rows)) if rows else t("no_questions", language)
        return _packed("feedback-questions.jsonl", "application/jsonl", text, said)

    def export_names(self, base: str, language: str, request: gr.Request) -> dict[str, str] | None:
        """Return the names that this knowledge base's graph lacks, as RDF."""
        if not self._desk.owns(user_of(request)):
            return None
        text = names(self._accepted(), base)
        said = t("names_count", language, n=text.count("\n")) if text else t("no_names", language)
        return _packed("feedback-names.ttl", "text/turtle", text, said)

    def _accepted(self) -> list[Feedback]:
        return self._desk.feedback.list("accepted", limit=1_000_000)


def _packed(name: str, kind: str, text: str, said: str) -> dict[str, str] | None:
    gr.Info(said)
    return {"name": name, "type": kind, "data": b64encode(text.encode()).decode("ascii")} if text else None
