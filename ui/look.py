"""What the panel for details shows when a control of a page is used."""

from __future__ import annotations

import re
import time
from typing import Any

import gradio as gr

from kgqa.errors import KgqaError, UsageError
from kgqa.types import Answer, Entity, Passage

from .desk import Desk, KnowledgeBase, explain_fault
from .evidence_card import headed
from .frame import Frame, Inspector, data_of, number, owner_of, page, unchanged, user_of
from .graph_view import Explored, graph_view, of_answer, of_entity
from .history import Conversation, Turn
from .pdf_page import pdf_page
from .sheets import document_sheet, entity_sheet, result_table
from .strings import t
from .tags import Html, el, plain
from .words_card import deciding_words

FIELDS = ("answer", "passage", "span", "entity", "mention", "note")
"""The fields of the correction, in order."""

NEAR = 4
"""Passages that are offered to mark the right words in."""

Offered = tuple[tuple[int, Passage], ...]
"""Passages with the numbers of their citations; 0 for what the answer does not cite."""

_MARKUP = re.compile(r"[#*_|>\s]+")
"""What Markdown writes around words."""

_BETWEEN = re.compile(r"[;；,，、\n]")
"""What stands between the members of a list that is an answer."""


def build_inspector(words: Any) -> tuple[Inspector, dict[str, Any]]:
    """Add the panel; return it and the parts that listeners are put on."""
    parts: dict[str, Any] = {"explored": gr.State(Explored())}
    with gr.Column(visible=False, elem_id="inspector", scale=2, min_width=320) as panel:
        with gr.Row(elem_id="inspector-head"):
            title = gr.HTML("")
            parts["close"] = words.put(gr.Button(t("close"), size="sm", min_width=60, elem_id="close"), value="close")
        body = page(elem_id="inspector-body")
        with gr.Group(visible=False) as query_group:
            query = words.put(gr.Textbox(label=t("sparql"), lines=8, max_lines=24, elem_id="query"), label="sparql")
            parts["run"] = words.put(gr.Button(t("run"), variant="primary", elem_id="run-query"), value="run")
            result = page(elem_id="query-result")
        form = _correction(words, parts)
    return Inspector(panel, title, body, query_group, query, result, form), parts


def _correction(words: Any, parts: dict[str, Any]) -> Any:
    with gr.Group(visible=False, elem_id="correction") as form:
        parts["turn"], parts["offered"] = gr.State(-1), gr.State(())
        parts["answer"] = words.put(gr.Textbox(label=t("feedback_answer")), label="feedback_answer")
        parts["passage"] = words.put(gr.Dropdown(choices=[], label=t("feedback_passage")), label="feedback_passage")
        parts["span"] = words.put(gr.Textbox(label=t("feedback_span")), label="feedback_span")
        parts["entity"] = words.put(
            gr.Dropdown(choices=[], label=t("feedback_entity"), allow_custom_value=True), label="feedback_entity"
        )
        parts["mention"] = words.put(gr.Textbox(label=t("feedback_mention")), label="feedback_mention")
        parts["note"] = words.put(gr.Textbox(label=t("feedback_note"), lines=2), label="feedback_note")
        parts["send"] = words.put(gr.Button(t("send"), variant="primary", elem_id="send-feedback"), value="send")
    return form


class Look:
    """The listeners of the panel."""

    def __init__(self, desk: Desk, inspector: Inspector, parts: dict[str, Any], state: Any, stamp: Any) -> None:
        self._desk, self._inspector, self._parts = desk, inspector, parts
        self._state, self._stamp = state, stamp

    def look(
        self,
        conversation: Conversation,
        base: str,
        language: str,
        browser: str,
        explored: Explored,
        request: gr.Request,
        event: gr.EventData,
    ) -> dict[Any, Any]:
        """Show what a control asks for: a document, an entity, a query, the graph; or take a judgement."""
        data = data_of(event)
        index = number(data.get("turn"))
        turn = conversation.turns[index] if 0 <= index < len(conversation.turns) else None
        kb = self._desk.base(turn.base if turn and turn.base in self._desk.bases else base)
        try:
            if data.get("act") in ("graph", "expand"):
                return self._graph(data, turn, kb, explored, language, user_of(request))
            if data.get("act") == "why" and turn is not None:
                return self._why(turn.answer, number(data.get("number")), kb, language)
            return self._act(data, conversation, index, kb, language, request, browser)
        except Exception as fault:  # shown in the panel, whatever it is
            return self._inspector.show("error", language, el("p", explain_fault(fault, language), role="alert"))

    def _act(
        self,
        data: dict[str, str],
        conversation: Conversation,
        index: int,
        kb: KnowledgeBase,
        language: str,
        request: gr.Request,
        browser: str,
    ) -> dict[Any, Any]:
        act, user = data.get("act"), user_of(request)
        if act == "document":
            return self._document(data, kb, language, user)
        if act == "entity":
            entity = self._desk.entity(kb, data.get("iri", ""), language, user)
            sheet = entity_sheet(entity, language, self._desk.labeller(kb, language, user))
            return self._inspector.show("entity", language, sheet)
        if act == "sparql":
            return self._inspector.show("sparql", language, query=data.get("query", ""))
        if act in ("right", "wrong") and 0 <= index < len(conversation.turns):
            return self._judge(act, conversation, index, kb, language, request, browser)
        return unchanged(self._inspector.panel)

    def _graph(
        self, data: dict[str, str], turn: Turn | None, kb: KnowledgeBase, explored: Explored, language: str, user: str
    ) -> dict[Any, Any]:
        """Show the graph around an answer or a thing, or open or close a thing in the picture."""

        def around(iri: str) -> Entity:
            return self._desk.entity(self._desk.base(explored.base), iri, language, user)

        iri = data.get("iri", "")
        if data.get("act") == "expand" and explored.base in self._desk.bases:
            view = explored.toggled(iri, around)
        elif iri:
            view = of_entity(kb.name, self._desk.entity(kb, iri, language, user))
        elif turn is not None:
            view = of_answer(kb.name, turn.answer)
        else:
            return unchanged(self._inspector.panel)
        label = self._desk.labeller(self._desk.base(view.base), language, user)
        shown = self._inspector.show("graph_view", language, graph_view(view, label, language))
        return {**shown, self._parts["explored"]: view}

    def _why(self, answer: Answer, place: int, kb: KnowledgeBase, language: str) -> dict[Any, Any]:
        """Show which words decided a quotation."""
        if not 1 <= place <= len(answer.evidence) or (passage := answer.evidence[place - 1].passage) is None:
            return unchanged(self._inspector.panel)
        citation = sum(1 for evidence in answer.evidence[:place] if evidence.passage is not None)
        asked = kb.attribution(answer, citation, side="question")
        read = kb.attribution(answer, citation, side="passage")
        body = deciding_words(answer.question, asked, passage, read, language)
        return self._inspector.show("why", language, body)

    def mark(self, language: str, event: gr.EventData) -> dict[Any, Any]:
        """Take the words that were marked in a passage shown beside the correction."""
        data = data_of(event)
        return {self._parts["passage"]: number(data.get("place"), 0), self._parts["span"]: data.get("span", "")[:4000]}

    def _document(self, data: dict[str, str], kb: KnowledgeBase, language: str, user: str) -> dict[Any, Any]:
        """Show a document's text at the quotation, and of a PDF the page as well."""
        document = self._desk.document(kb, data.get("doc", ""), user)
        start, end = number(data.get("start"), 0), number(data.get("end"), 0)
        page = pdf_page(kb, document, start, end)
        return self._inspector.show("document", language, document_sheet(document, start, end, language, page))

    def _judge(
        self,
        act: str,
        conversation: Conversation,
        index: int,
        kb: KnowledgeBase,
        language: str,
        request: gr.Request,
        browser: str,
    ) -> dict[Any, Any]:
        answer, owner = conversation.turns[index].answer, owner_of(request, browser)
        if act == "right":
            self._desk.feedback.judge(kb.name, owner, answer, "right")
            done = conversation.judged(index, "right")
            self._desk.keeper.after(lambda: self._desk.history.save(owner, done))
            return {self._state: done, self._stamp: time.time_ns()}
        offered = self._offered(answer, kb, user_of(request))
        choices = [
            (plain(f"{_numbered(n, p)}: {_MARKUP.sub(' ', p.text[:90]).strip()}"), place)
            for place, (n, p) in enumerate(offered)
        ]
        parts = self._parts
        cleared = {parts[name]: "" for name in ("answer", "span", "mention", "note")}
        return {
            **self._inspector.show("feedback", language, markable(answer, language, offered), form=True),
            **cleared,
            parts["offered"]: offered,
            parts["entity"]: gr.update(choices=_entities(answer), value=None),
            parts["turn"]: index,
            parts["passage"]: gr.update(choices=choices, value=choices[0][1] if choices else None),
        }

    def _offered(self, answer: Answer, kb: KnowledgeBase, user: str) -> Offered:
        """Return the passages of an answer, and what else is near its question: an answer of the graph cites none."""
        cited = _passages(answer)
        there = {(passage.doc_id, passage.start) for _, passage in cited}
        near = kb.search(answer.question, NEAR, filters=self._desk.filters(user)) if len(cited) < NEAR else []
        others = [(0, hit.passage) for hit in near if (hit.passage.doc_id, hit.passage.start) not in there]
        return (*cited, *others[: max(0, NEAR - len(cited))])

    def outputs(self) -> list[Any]:
        """Return the components that :meth:`look` may change."""
        form = [self._parts[name] for name in ("turn", "offered", *FIELDS)]
        return [*self._inspector.outputs(), self._state, self._stamp, *form, self._parts["explored"]]

    def run(self, query: str, base: str, language: str, request: gr.Request) -> str:
        """Run the edited query."""
        kb = self._desk.base(base)
        try:
            user = user_of(request)
            found = self._desk.query(kb, query, language, user)
            return result_table(found, self._desk.labeller(kb, language, user), language)
        except Exception as fault:  # shown under the query, whatever it is
            return el("p", explain_fault(fault, language), role="alert", cls="fault")

    def correct(
        self,
        conversation: Conversation,
        index: int,
        offered: Offered,
        right_answer: str,
        place: int | None,
        span: str,
        entity: str | None,
        mention: str,
        note: str,
        language: str,
        browser: str,
        request: gr.Request,
    ) -> dict[Any, Any]:
        """Keep a correction."""
        if not 0 <= index < len(conversation.turns):
            return unchanged(self._inspector.panel)
        turn, owner = conversation.turns[index], owner_of(request, browser)
        passage = offered[place][1] if place is not None and 0 <= place < len(offered) else None
        span, mention = span.strip(), mention.strip()
        try:
            _check(turn.answer, passage, span, mention, language)
            right = self._named(turn.base, right_answer[:2000], language, user_of(request))
            means = self._meant(turn, (entity or "").strip()[:500], mention, language, user_of(request))
        except KgqaError as fault:
            gr.Warning(explain_fault(fault, language))
            return unchanged(self._inspector.panel)
        self._desk.feedback.judge(
            turn.base, owner, turn.answer, "wrong", right_answer=right_answer[:2000], right_iris=right, passage=passage,
            span=span, entity=means, mention=mention, note=note[:2000],
        )  # fmt: skip
        done = conversation.judged(index, "wrong")
        self._desk.keeper.after(lambda: self._desk.history.save(owner, done))
        return {self._state: done, self._stamp: time.time_ns(), self._inspector.panel: gr.update(visible=False)}

    def _named(self, base: str, answer: str, language: str, user: str) -> list[tuple[str, str]]:
        """Return name and IRI of each thing of the graph that an answer consists of; nothing where a part is no such thing."""
        for parts in ([answer.strip()], [part.strip() for part in _BETWEEN.split(answer)]):
            found = [(part, self._thing(base, part, language, user)) for part in parts if part]
            if all(iri for _, iri in found):
                return found
        return []

    def _meant(self, turn: Turn, entity: str, mention: str, language: str, user: str) -> str:
        """Return the IRI of the thing that a name in the question means: chosen, or typed as its name.

        :raises UsageError: nothing is called so, or which words mean it is not said.
        """
        if not entity or any(link.entity == entity for link in turn.answer.links):
            return entity
        if not mention:
            raise UsageError(t("mention_missing", language))
        if iri := self._thing(turn.base, entity, language, user):
            return iri
        raise UsageError(t("nothing_called", language, name=entity[:80]))

    def _thing(self, base: str, name: str, language: str, user: str) -> str:
        """Return the IRI of what has exactly this name, empty where nothing has."""
        try:
            found = self._desk.entity(self._desk.base(base), name, language, user)
        except KgqaError:
            return ""
        called = {one.casefold() for one in (found.iri, found.label, *found.synonyms)}
        return found.iri if name.casefold() in called else ""


def _check(answer: Answer, passage: Passage | None, span: str, mention: str, language: str) -> None:
    if span and (passage is None or span not in passage.text):
        raise UsageError(t("span_not_there", language))
    if mention and mention not in answer.question:
        raise UsageError(t("mention_not_there", language))


def _passages(answer: Answer) -> Offered:
    """Return the passages that an answer quotes, each once."""
    found: dict[tuple[str, int], tuple[int, Passage]] = {}
    for n, evidence in enumerate(answer.evidence, 1):
        if (passage := evidence.passage) is not None:
            found.setdefault((passage.doc_id, passage.start), (n, passage))
    return tuple(found.values())


def _entities(answer: Answer) -> list[tuple[str, str]]:
    """Return the readings of the names in a question as choices."""
    return [(plain(f"{link.mention} → {link.label}"), link.entity) for link in answer.links]


def _numbered(citation: int, passage: Passage) -> str:
    name = passage.title or passage.doc_id
    return f"[{citation}] {name}" if citation else name


def markable(answer: Answer, language: str = "en", offered: Offered | None = None) -> Html:
    """Return passages in full, to mark the right words in.

    :param offered: those of the answer if not given.
    """
    shown = [
        el("li", el("p", el("strong", _numbered(n, passage))),
           el("blockquote", headed(passage.text), lang=passage.language, data_place=place))
        for place, (n, passage) in enumerate(_passages(answer) if offered is None else offered)
    ]  # fmt: skip
    marks = [el("p", t("mark_hint", language), cls="muted"), el("ul", shown, cls="plain markable")] if shown else None
    return el("div", el("p", el("strong", answer.question)), marks, cls="sheet")


def listen(frame: Frame, look: Look, parts: dict[str, Any]) -> None:
    """Put the panel's own listeners in place."""
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    inspector = frame.inspector
    parts["close"].click(lambda: gr.update(visible=False), None, inspector.panel, queue=False, **quiet)
    parts["run"].click(look.run, [inspector.query, frame.base, frame.language], inspector.result, **quiet)
    inputs = [
        frame.conversation,
        *(parts[name] for name in ("turn", "offered", *FIELDS)),
        frame.language,
        frame.browser,
    ]
    parts["send"].click(look.correct, inputs, [frame.conversation, frame.stamp, inspector.panel], **quiet)
    inspector.body.input(look.mark, frame.language, [parts["passage"], parts["span"]], queue=False, **quiet)
    for source in (inspector.body, inspector.result):
        source.select(look.look, frame.look_inputs, look.outputs(), trigger_mode="multiple", **quiet)
