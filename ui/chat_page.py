"""The page where questions are asked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from kgqa.errors import UsageError
from kgqa.types import Answer, Filters, Link

from .answer_card import mentions
from .asking import Stopped, Stops, stream
from .conversation import failed, progress, suggestions, turns, waiting, welcome
from .desk import Desk, check_question, explain_fault
from .frame import Frame, data_of, number, owner_of, page, unchanged, user_of
from .history import Conversation, Turn, now
from .strings import t
from .tags import el, plain

ANSWERING = max(2, os.cpu_count() or 2)
"""Questions answered at the same time; the others wait in line, first come first served. More than the processor's cores would
make everyone slower, since each answer keeps a core busy."""

# The page draws a ticket for each question, so that a stop finds it wherever it is. What is sent while an answer is still under
# way stays in the box, and is sent as soon as that is done.
ASK = """(ticket, ...rest) => {
  const page = window.kgqa = window.kgqa || { runs: 0 };
  page.runs += 1;
  if (document.body.classList.contains('asking')) { page.again = typeof rest[0] === 'string'; return ['', ...rest]; }
  page.ticket = Date.now().toString(36) + Math.random().toString(36).slice(2);
  document.body.classList.add('asking');
  const box = document.querySelector('#question textarea');
  if (typeof rest[0] === 'string' && box) {  // emptied here: the server's word could come after the next question is begun
    box.value = '';
    box.dispatchEvent(new Event('input', { bubbles: true }));
  }
  return [page.ticket, ...rest];
}"""
ASKED = """() => {
  window.kgqa.runs = Math.max(0, window.kgqa.runs - 1);
  if (window.kgqa.runs) return;
  document.body.classList.remove('asking', 'stopping');
  const box = document.querySelector('#question textarea');
  if (window.kgqa.again && box && box.value.trim()) document.querySelector('#ask').click();
  window.kgqa.again = false;
}"""
STOP = "() => { document.body.classList.add('stopping'); return window.kgqa ? window.kgqa.ticket : ''; }"


def build_chat(frame: Frame) -> None:
    """Add the chat's components and listeners to the blocks being built."""
    words = frame.words
    first = next(iter(frame.desk.bases.values()))
    log = page(elem_id="log")
    examples = first.examples() if frame.desk.groups is None else ()  # else what to offer depends on who comes
    live = page(value=welcome(first.title, examples), elem_id="live")
    offers = page(elem_id="suggestions")
    words.put(gr.HTML(waiting(), elem_id="waiting", apply_default_css=False), value=waiting)
    with gr.Group(elem_id="composer"):
        with gr.Row(elem_id="composer-row"):
            box = gr.Textbox(
                label=t("ask_label"), placeholder=t("ask_hint"), lines=1, max_lines=5, scale=8, autofocus=True,
                elem_id="question", container=False, html_attributes=gr.InputHTMLAttributes(enterkeyhint="send"),
            )  # fmt: skip
            words.put(box, label="ask_label", placeholder="ask_hint")
            ask = words.put(gr.Button(t("ask"), variant="primary", scale=1, min_width=90, elem_id="ask"), value="ask")
            stop = words.put(gr.Button(t("stop"), variant="stop", scale=1, min_width=90, elem_id="stop"), value="stop")
        with words.put(gr.Accordion(t("limits"), open=False, elem_id="limits"), label="limits"), gr.Row():
            as_of = words.put(gr.Textbox(label=t("as_of"), max_length=10, elem_id="as-of"), label="as_of")
            documents = words.put(
                gr.Dropdown(choices=[], multiselect=True, label=t("only_documents"), scale=3),
                label="only_documents",
            )
    _listen(frame, log, live, offers, box, ask, stop, as_of, documents)


def _choices(desk: Desk, base: str, user: str) -> list[tuple[str, str]]:
    documents = desk.documents(desk.base(base), user)
    return [(plain(f"{title} · {doc_id}" if title else doc_id), doc_id) for doc_id, title in documents[:5000]]


def _listen(
    frame: Frame, log: Any, live: Any, offers: Any, box: Any, ask: Any, stop: Any, as_of: Any, documents: Any
) -> None:
    ticket = gr.Textbox(visible=False)
    chat = Chat(frame, log, live, box)
    common = [frame.conversation, frame.base, frame.language, as_of, documents, frame.browser]
    outputs = [log, live, frame.conversation, box]
    options: dict[str, Any] = {
        "concurrency_id": "ask",
        "concurrency_limit": ANSWERING,
        "show_progress": "hidden",
        "api_visibility": "private",
        "trigger_mode": "multiple",  # otherwise what is asked right after a stop is dropped
        "js": ASK,
    }
    runs = [
        gr.on([box.submit, ask.click], chat.ask, [ticket, box, *common], outputs, **options),
        gr.on([log.submit, live.submit, offers.submit], chat.ask_from, [ticket, *common], outputs, **options),
    ]
    for run in runs:
        run.then(None, js=ASKED, api_visibility="private")
        run.failure(None, js=ASKED, api_visibility="private")  # "then" is left out by a page whose listener failed
    stop.click(chat.stop, ticket, None, js=STOP, queue=False, show_progress="hidden", api_visibility="private")
    gr.on(
        [log.edit, live.edit, frame.inspector.body.edit],
        _edit,
        None,
        box,
        api_visibility="private",
    )
    frame.asked = runs
    frame.starts.append((chat.changed, [frame.conversation, frame.base, frame.language], [log, live, documents]))
    frame.starts.append((chat.suggest, [frame.base, frame.language], [offers]))
    gr.on(
        [frame.base.change, frame.language.change], chat.suggest, [frame.base, frame.language], offers,
        show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    redraw = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    frame.base.change(chat.changed, [frame.conversation, frame.base, frame.language], [log, live, documents], **redraw)
    frame.language.change(
        chat.changed, [frame.conversation, frame.base, frame.language], [log, live, documents], **redraw
    )
    frame.stamp.change(chat.redraw, [frame.conversation, frame.base, frame.language], [log, live], **redraw)
    for source in (log, live):
        source.select(
            frame.look, frame.look_inputs, frame.look_outputs, show_progress="hidden", api_visibility="private",
            trigger_mode="multiple",  # a second piece of evidence may be opened before the first is shown
        )  # fmt: skip


def _edit(event: gr.EventData) -> str:
    return data_of(event).get("question", "")


@dataclass(frozen=True, slots=True)
class Asking:
    """A question on its way.

    :param asked: as typed.
    :param understood: as asked of the knowledge base before, empty when it may lean on the conversation.
    """

    asked: str
    understood: str
    links: Sequence[Link]
    base: str
    filters: Filters


class Chat:
    """The listeners of the chat page; all they remember is what was stopped."""

    def __init__(self, frame: Frame, log: Any, live: Any, box: Any) -> None:
        self._desk, self._state = frame.desk, frame.conversation
        self._log, self._live, self._box = log, live, box
        self._stops = Stops()

    # --- drawing ---

    def redraw(self, conversation: Conversation, base: str, language: str, request: gr.Request) -> tuple[str, str]:
        """Return the earlier turns and the latest one (or the welcome)."""
        items = list(enumerate(conversation.turns))
        if not items:
            kb = self._desk.base(base)
            offered = self._desk.examples(kb, user_of(request)) if self._desk.groups is None else ()
            return "", welcome(kb.title, offered, language)

        def label(name: str) -> Any:
            kb = self._desk.bases.get(name) or self._desk.base(base)
            return self._desk.labeller(kb, language, user_of(request))

        return turns(items[:-1], label, language), turns(items[-1:], label, language)

    def suggest(self, base: str, language: str, request: gr.Request) -> str:
        """Return questions to begin with for somebody to whom sources may be closed.

        They stand apart from the conversation: whether they have an answer for the asker is found by asking, and meanwhile
        the asker may have begun.
        """
        if self._desk.groups is None:
            return ""
        offered = suggestions(self._desk.examples(self._desk.base(base), user_of(request)), language)
        return el("section", offered, cls="welcome") if offered else ""

    def changed(self, conversation: Conversation, base: str, language: str, request: gr.Request) -> tuple[Any, ...]:
        """Redraw after the language or the knowledge base was changed."""
        return (*self.redraw(conversation, base, language, request), self.offer(base, request))

    def offer(self, base: str, request: gr.Request) -> Any:
        """Offer the documents that a question can be limited to."""
        return gr.update(choices=_choices(self._desk, base, user_of(request)), value=[])

    # --- asking ---

    def ask(
        self,
        ticket: str,
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
        if not ticket:  # an answer is under way
            yield unchanged(self._live)
            return
        try:
            question = check_question(question, language)
            filters = self._desk.filters(user_of(request), as_of, documents or (), language)
        except UsageError as fault:
            gr.Warning(str(fault))
            yield {self._box: question}
            return
        asking = Asking(question, "", (), base, filters)
        yield from self._run(ticket, asking, conversation, language, browser, request)

    def ask_from(
        self,
        ticket: str,
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
                ticket, data.get("question", ""), conversation, base, language, as_of, documents, browser, request
            )
            return
        if not ticket:
            yield unchanged(self._live)
            return
        turn = conversation.turns[index]
        links = chosen(turn.answer, number(data.get("link"))) if data.get("act") == "choose" else ()
        try:
            filters = self._desk.filters(user_of(request), as_of, documents or (), language)
        except UsageError as fault:
            gr.Warning(str(fault))
            yield unchanged(self._live)
            return
        asking = Asking(
            turn.asked, turn.understood, links, turn.base if turn.base in self._desk.bases else base, filters
        )
        yield from self._run(ticket, asking, conversation, language, browser, request)

    def _run(
        self,
        ticket: str,
        asking: Asking,
        conversation: Conversation,
        language: str,
        browser: str,
        request: gr.Request,
    ) -> Iterator[dict[Any, Any]]:
        started = time.perf_counter()
        asked, understood, base = asking.asked, asking.understood, asking.base
        stop = self._stops.of(_key(request, ticket))
        earlier = "".join(self.redraw(conversation, base, language, request)) if conversation.turns else ""
        yield {self._log: earlier, self._live: progress(asked, understood, "understand", language)}
        # What is asked again stands alone already; only what was typed can lean on the conversation.
        history = [] if understood else [turn.answer for turn in conversation.turns]
        kb = self._desk.base(base)
        for event in stream(
            kb, understood or asked, filters=asking.filters, links=asking.links, history=history, stop=stop
        ):
            if isinstance(event, str):
                yield {self._live: progress(asked, understood, event, language)}
            elif isinstance(event, Answer):
                seconds = time.perf_counter() - started
                done = conversation.with_turn(Turn(asked, event.question, base, event, now()))
                yield {self._live: self.redraw(done, base, language, request)[1]}  # shown first, kept then
                self._keep(done, seconds, owner_of(request, browser))
                yield {self._state: done}
            else:
                why = t("stopped", language) if isinstance(event, Stopped) else explain_fault(event, language)
                yield {self._live: failed(asked, why, language)}

    def _keep(self, done: Conversation, seconds: float, owner: str) -> None:
        """Have a conversation kept; the next question need not wait for the disk, and a failure (a full disk) takes no answer."""
        desk, turn = self._desk, done.turns[-1]

        def write() -> None:
            desk.history.save(owner, done)
            desk.feedback.record(turn.base, owner, turn.answer, seconds)

        desk.keeper.put(owner, write)

    def stop(self, ticket: str, request: gr.Request) -> None:
        """Stop the answer of a ticket, running or still waiting."""
        self._stops.of(_key(request, ticket)).set()


def _key(request: gr.Request | None, ticket: str) -> str:
    return f"{getattr(request, 'session_hash', '')}:{ticket}"


def chosen(answer: Answer, index: int) -> tuple[Link, ...]:
    """Return the links of an answer with one mention's meaning chosen by the user."""
    if not 0 <= index < len(answer.links):
        return ()
    wanted = replace(answer.links[index], method="given", score=1.0)
    others = [group[0][1] for group in mentions(answer.links).values()]
    return (wanted, *(link for link in others if (link.start, link.end) != (wanted.start, wanted.end)))
