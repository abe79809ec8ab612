"""What all pages share: the components around them, the wording switch, who is asking, and the panel for details."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from .desk import Desk
from .strings import t
from .tags import Html, text

_KEY = secrets.token_bytes(32)
Shown = str | Callable[[str], str]
ACTIONS = (Path(__file__).parent / "actions.js").read_text(encoding="utf-8")


@dataclass(slots=True)
class Wording:
    """Which component shows which text, so that the language can be switched without reloading the page."""

    shown: list[tuple[Any, dict[str, Shown]]] = field(default_factory=list)

    def put(self, component: Any, **keys: Shown) -> Any:
        """Remember that a component's properties show these texts (or what a function of the language makes)."""
        self.shown.append((component, keys))
        return component

    def components(self) -> list[Any]:
        """Return the components in order."""
        return [component for component, _ in self.shown]

    def updates(self, language: str) -> list[Any]:
        """Return one update for each component, in order."""
        return [
            gr.update(**{name: key(language) if callable(key) else t(key, language) for name, key in keys.items()})
            for _, keys in self.shown
        ]


@dataclass(slots=True)
class Inspector:
    """The panel beside the conversation: a document, an entity, a query or a correction."""

    panel: Any
    title: Any
    body: Any
    query_group: Any
    query: Any
    result: Any
    form: Any

    def outputs(self) -> list[Any]:
        """Return what a page must name as outputs to show something here."""
        return [self.panel, self.title, self.body, self.query_group, self.query, self.result, self.form]

    def show(
        self, key: str, language: str, body: Html | None = None, *, query: str | None = None, form: bool = False
    ) -> dict[Any, Any]:
        """Return the updates that open the panel with one thing in it."""
        return {
            self.panel: gr.update(visible=True),
            self.title: heading(t(key, language)),
            self.body: gr.update(value=body or "", visible=body is not None),
            self.query_group: gr.update(visible=query is not None),
            self.query: query or "",
            self.result: "",
            self.form: gr.update(visible=form),
        }


@dataclass(slots=True)
class Frame:
    """Everything a page needs to build itself and to listen to the others.

    :param stamp: a session's counter; changing it draws the conversation again.
    :param starts: listener, inputs and outputs of what is filled in when the page opens.
    :param opens: the same, by the tab that is opened.
    """

    desk: Desk
    words: Wording
    base: Any
    language: Any
    browser: Any
    conversation: Any
    stamp: Any
    inspector: Inspector
    tabs: Any
    look_inputs: list[Any] = field(default_factory=list)
    look_outputs: list[Any] = field(default_factory=list)
    look: Callable[..., Any] | None = None
    asked: list[Any] = field(default_factory=list)
    starts: list[tuple[Any, list[Any], list[Any]]] = field(default_factory=list)
    opens: dict[str, tuple[Any, list[Any], list[Any]]] = field(default_factory=dict)


def heading(title: str) -> str:
    """Return a panel's heading."""
    return f"<h2>{text(title)}</h2>"


def page(value: str = "", **options: Any) -> Any:
    """Return an HTML component whose controls report to Python; the value must be made by :mod:`ui.tags`."""
    return gr.HTML(value, js_on_load=ACTIONS, apply_default_css=False, **options)


def unchanged(component: Any) -> dict[Any, Any]:
    """Return the updates that change nothing; an empty dictionary would be a fault to Gradio.

    :param component: any of the listener's outputs.
    """
    return {component: gr.skip()}


def user_of(request: gr.Request | None) -> str:
    """Return the name of the signed-in user, empty where nobody signs in."""
    return str(getattr(request, "username", None) or "") if request is not None else ""


def owner_of(request: gr.Request | None, browser: str | None) -> str:
    """Return whose conversations these are: the signed-in user's, or this browser's."""
    user = user_of(request)
    return f"user:{user}" if user else f"browser:{browser_of(browser, request)}"


def browser_of(known: str | None, request: gr.Request | None) -> str:
    """Return the name under which a browser's conversations are kept: the one it holds, or a new one.

    Questions can be asked before the page has stored its name; so the new one follows from the page's session, and is
    the same each time. It cannot be guessed from outside.
    """
    session = str(getattr(request, "session_hash", None) or secrets.token_hex(16))
    return known or hmac.new(_KEY, session.encode(), "sha256").hexdigest()[:32]


def data_of(event: gr.EventData) -> dict[str, str]:
    """Return what a control of the page reported, all as text; it comes from outside, so nothing in it is trusted."""
    data = getattr(event, "_data", None)
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def number(value: str | None, default: int = -1) -> int:
    """Return a text as a whole number, ``default`` when it is none."""
    try:
        return int(value or "")
    except ValueError:
        return default
