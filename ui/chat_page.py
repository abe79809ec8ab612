"""The page where questions are asked."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from kgqa.errors import UsageError
from kgqa.types import Answer, Filters, Link

from .answer_card import mentions
from .asking import stream
from .conversation import failed, progress, turns, welcome
from .desk import Desk, check_question, explain_fault
from .frame import Frame, data_of, number, owner_of, page, user_of
from .history import Conversation, Turn, now
from .strings import t


def build_chat(frame: Frame) -> None:
    """Add the chat's components and listeners to the blocks being built."""
    words = frame.words
    first = next(iter(frame.desk.bases.values()))
    log = page(elem_id="log")
    live = page(value=welcome(first.title, first.examples()), elem_id="live")
    with gr.Group(elem_id="composer"):
        with gr.Row(elem_id="composer-row"):
            box = gr.Textbox(
                label=t("ask_label"), placeholder=t("ask_hint"), lines=1, max_lines=5, scale=8, autofocus=True,
                elem_id="question", container=False, html_attributes=gr.InputHTMLAttributes(enterkeyhint="send"),
            )  # fmt: skip
            words.put(box, label="ask_label", placeholder="ask_hint")
            ask = words.put(gr.Button(t("ask"), variant="primary", scale=1, min_width=90, elem_id="ask"), value="ask")
            stop = words.put(
                gr.Button(t("stop"), variant="stop", scale=1, min_width=90, interactive=False, elem_id="stop"),
                value="stop",
            )
        with words.put(gr.Accordion(t("limits"), open=False, elem_id="limits"), label="limits"), gr.Row():
            as_of = words.put(gr.Textbox(label=t("as_of"), max_length=10, elem_id="as-of"), label="as_of")
            documents = words.put(
                gr.Dropdown(choices=[], multiselect=True, label=t("only_documents"), scale=3),
                label="only_documents",
            )
    _listen(frame, log, live, box, ask, stop, as_of, documents)


def _choices(desk: Desk, base: str, user: str) -> list[tuple[str, str]]:
    documents = desk.documents(desk.base(base), user)
    return [(f"{title} · {doc_id}" if title else doc_id, doc_id) for doc_id, title in documents[:5000]]


def _listen(frame: Frame, log: Any, live: Any, box: Any, ask: Any, stop: Any, as_of: Any, documents: Any) -> None:
    pending = gr.State("")
    chat = Chat(frame, log, live, box, ask, stop, pending)
    common = [frame.conversation, frame.base, frame.language, as_of, documents, frame.browser]
    outputs = [log, live, frame.conversation, box, ask, stop, pending]
    options: dict[str, Any] = {
        "concurrency_id": "ask",
        "concurrency_limit": 4,
        "show_progress": "hidden",
        "api_visibility": "private",
        "trigger_mode": "multiple",  # otherwise what is asked right after a stop is dropped
    }
    runs = [
        gr.on([box.submit, ask.click], chat.ask, [box, *common], outputs, **options),
        gr.on([log.submit, live.submit], chat.ask_from, common, outputs, **options),
    ]
    stop.click(chat.stopped, [pending, frame.language], outputs, cancels=runs, queue=False, api_visibility="private")
    gr.on(
        [log.edit, live.edit, frame.inspector.body.edit],
        _edit,
        None,
        box,
        api_visibility="private",
    )
    frame.asked = runs
    frame.starts.append((chat.offer, [frame.base], [documents]))
    redraw = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    frame.base.change(chat.changed, [frame.conversation, frame.base, frame.language], [log, live, documents], **redraw)
    frame.language.change(
        chat.changed, [frame.conversation, frame.base, frame.language], [log, live, documents], **redraw
    )
    frame.stamp.change(chat.redraw, [frame.conversation, frame.base, frame.language], [log, live], **redraw)
    for source in (log, live):
        source.select(
            frame.look, frame.look_inputs, frame.look_outputs, show_progress="hidden", api_visibility="private"
        )


def _edit(event: gr.EventData) -> str:
    return data_of(event).get("question", "")


class Chat:
    """The listeners of the chat page; no state of their own."""

    def __init__(self, frame: Frame, log: Any, live: Any, box: Any, ask: Any, stop: Any, pending: Any) -> None:
        self._desk, self._state = frame.desk, frame.conversation
        self._log, self._live, self._box, self._ask, self._stop, self._pending = log, live, box, ask, stop, pending

    # --- drawing ---

    def redraw(self, conversation: Conversation, base: str, language: str) -> tuple[str, str]:
        """Return the earlier turns and the latest one (or the welcome)."""
        items = list(enumerate(conversation.turns))
        if not items:
            kb = self._desk.base(base)
            return "", welcome(kb.title, kb.examples(), language)

        def label(name: str) -> Any:
            return self._desk.labeller(self._desk.bases.get(name) or self._desk.base(base), language)

        return turns(items[:-1], label, language), turns(items[-1:], label, language)

    def changed(self, conversation: Conversation, base: str, language: str, request: gr.Request) -> tuple[Any, ...]:
        """Redraw after the language or the knowledge base was changed."""
        return (*self.redraw(conversation, base, language), self.offer(base, request))

    def offer(self, base: str, request: gr.Request) -> Any:
        """Offer the documents that a question can be limited to."""
        return gr.update(choices=_choices(self._desk, base, user_of(request)), value=[])

    def _idle(self) -> dict[Any, Any]:
        return {self._ask: gr.update(interactive=True), self._stop: gr.update(interactive=False)}

    # --- asking ---

    def ask(
        self,
        question: str,
        conversation: Conversation,
        base: str,
        language: str,
        as_of: str,
        documents: list[str],
        browser: str,
        request: gr.Request,
    ) -> Iterator[dict[Any, Any]]:
        """Answer what was typed, with follow-ups resolved from the conversation."""
        try:
            question = check_question(question, language)
            filters = self._desk.filters(user_of(request), as_of, documents or ())
        except UsageError as fault:
            gr.Warning(str(fault))
            yield {}
            return
        yield from self._run(question, "", (), conversation, base, language, filters, browser, request)

    def ask_from(
        self,
        conversation: Conversation,
        base: str,
        language: str,
        as_of: str,
        documents: list[str],
        browser: str,
        request: gr.Request,
        event: gr.EventData,
    ) -> Iterator[dict[Any, Any]]:
        """Answer what a control of the page asks for: an example, the same again, or another meaning of a name."""
        data = data_of(event)
        index = number(data.get("turn"))
        if "question" in data or not 0 <= index < len(conversation.turns):
            yield from self.ask(
                data.get("question", ""), conversation, base, language, as_of, documents, browser, request
            )
            return
        turn = conversation.turns[index]
        links = chosen(turn.answer, number(data.get("link"))) if data.get("act") == "choose" else ()
        try:
            filters = self._desk.filters(user_of(request), as_of, documents or ())
        except UsageError as fault:
            gr.Warning(str(fault))
            yield {}
            return
        name = turn.base if turn.base in self._desk.bases else base
        yield from self._run(
            turn.asked, turn.understood, links, conversation, name, language, filters, browser, request
        )

    def _run(
        self,
        asked: str,
        understood: str,
        links: Sequence[Link],
        conversation: Conversation,
        base: str,
        language: str,
        filters: Filters,
        browser: str,
        request: gr.Request,
    ) -> Iterator[dict[Any, Any]]:
        started = time.perf_counter()
        earlier = "".join(self.redraw(conversation, base, language)) if conversation.turns else ""
        yield {
            self._log: earlier, self._live: progress(asked, understood, "understand", language), self._box: "",
            self._ask: gr.update(interactive=False), self._stop: gr.update(interactive=True), self._pending: asked,
        }  # fmt: skip
        # What is asked again stands alone already; only what was typed can lean on the conversation.
        history = [] if understood else [turn.answer for turn in conversation.turns]
        for event in stream(self._desk.base(base), understood or asked, filters=filters, links=links, history=history):
            if isinstance(event, str):
                yield {self._live: progress(asked, understood, event, language)}
            elif isinstance(event, Answer):
                seconds = time.perf_counter() - started
                done = self._keep(asked, event, conversation, base, seconds, owner_of(request, browser))
                yield {self._live: self.redraw(done, base, language)[1], self._state: done, **self._idle()}
            else:
                yield {self._live: failed(asked, explain_fault(event, language), language), **self._idle()}

    def _keep(
        self, asked: str, answer: Answer, conversation: Conversation, base: str, seconds: float, owner: str
    ) -> Conversation:
        done = conversation.with_turn(Turn(asked, answer.question, base, answer, now()))
        self._desk.history.save(owner, done)
        self._desk.feedback.record(base, owner, answer, seconds)
        return done

    def stopped(self, asked: str, language: str) -> dict[Any, Any]:
        """Tell that the answer was stopped."""
        return {self._live: failed(asked, t("stopped", language), language), **self._idle()}


def chosen(answer: Answer, index: int) -> tuple[Link, ...]:
    """Return the links of an answer with one mention's meaning chosen by the user."""
    if not 0 <= index < len(answer.links):
        return ()
    wanted = replace(answer.links[index], method="given", score=1.0)
    others = [group[0][1] for group in mentions(answer.links).values()]
    return (wanted, *(link for link in others if (link.start, link.end) != (wanted.start, wanted.end)))
