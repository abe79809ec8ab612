"""The conversation as HTML: welcome, earlier turns, the turn in progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kgqa.types import Term

from .answer_card import answer_card
from .history import Turn
from .strings import t
from .tags import Html, el, join

Labeller = Callable[[Term], str]
STAGES = ("understand", "link", "graph", "retrieve", "read", "decide")


def welcome(title: str, examples: Sequence[str] = (), language: str = "en") -> Html:
    """Return the empty page: what this is, and questions to start with, those in the interface's language first."""
    head = [el("p", title, cls="eyebrow"), el("h2", t("welcome", language)), el("p", t("welcome_more", language))]
    return el("section", head, suggestions(examples, language), cls="welcome")


def suggestions(examples: Sequence[str], language: str = "en") -> Html | None:
    """Return questions to start with as controls, those in the interface's language first; nothing where there are none."""
    own = sorted(examples, key=lambda example: _is_chinese(example) != (language == "zh"))
    buttons = [
        el("button", example, type="button", cls="example", data_act="example", data_question=example)
        for example in own[:6]
    ]
    return (
        join([el("p", t("examples", language), cls="muted"), el("div", buttons, cls="examples")]) if buttons else None
    )


def _is_chinese(line: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in line)


def turns(items: Sequence[tuple[int, Turn]], label: Callable[[str], Labeller], language: str = "en") -> Html:
    """Return turns with their places in the conversation.

    :param label: gives the labeller of a knowledge base by name.
    """
    return join([_turn(index, turn, label(turn.base), language) for index, turn in items])


def _turn(index: int, turn: Turn, label: Labeller, language: str) -> Html:
    card = answer_card(turn.answer, f"t{index + 1}", label, language, judged=turn.judged)
    return el("section", _question(turn.asked, turn.understood, language), card, cls="turn", data_turn=index)


def _question(asked: str, understood: str, language: str) -> Html:
    resolved = None
    if understood and understood != asked:
        edit = el("button", t("edit", language), type="button", cls="link", data_act="edit", data_question=understood)
        resolved = el(
            "p", el("span", t("understood_as", language) + ": ", cls="muted"), understood, " ", edit, cls="understood"
        )
    return el("div", el("h2", t("you", language), cls="sr"), el("p", asked, cls="asked"), resolved, cls="question")


def waiting(language: str = "en") -> Html:
    """Return what is shown from the press of the button until the server takes the question up."""
    return el("p", el("span", t("waiting", language), role="status"), cls="muted waiting")


def progress(asked: str, understood: str, stage: str, language: str = "en") -> Html:
    """Return the turn in progress: the question and how far the answer is."""
    at = STAGES.index(stage) if stage in STAGES else 0
    steps = [
        el("li", t(f"stage_{name}", language), cls="done" if n < at else "now" if n == at else None)
        for n, name in enumerate(STAGES)
    ]
    said = t(f"stage_{STAGES[at]}", language)
    body = el(
        "div", el("p", said, "…", cls="sr"), el("ol", steps, aria_hidden="true"), cls="card progress", data_say=said
    )
    return el("section", _question(asked, understood, language), body, cls="turn live", data_live="1")


def failed(asked: str, why: str, language: str = "en") -> Html:
    """Return a turn that ended in a fault, with a control to ask again."""
    again = el("button", t("again", language), type="button", cls="quiet", data_act="example", data_question=asked)
    body = el("div", el("p", why, role="alert"), el("footer", again), cls="card fault")
    return el("section", _question(asked, "", language), body, cls="turn")
