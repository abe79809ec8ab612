"""The Gradio app: builds the pages around the knowledge bases and serves them on this machine only."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from kgqa.errors import UsageError

from .batch_page import build_batch
from .chat_page import build_chat
from .desk import Desk, KnowledgeBase
from .frame import Frame, Wording, browser_of
from .history import Conversation, HistoryStore
from .history_panel import build_history, listen_history
from .knowledge_page import build_knowledge
from .look import Look, build_inspector, listen
from .owner_page import build_owner
from .proving import prove
from .strings import LANGUAGES, t
from .tags import el
from .users import Users

LOCAL = ("127.0.0.1", "::1")
HERE = Path(__file__).parent
SCRIPTS = ("wake.js", "panel.js")
THEME_SWITCH = """() => {
  const dark = document.body.classList.toggle('dark');
  localStorage.setItem('kgqa-theme', dark ? 'dark' : 'light');
}"""
NAMED = {"#theme": "theme", ".toggle-button": "history", "#language fieldset": "interface_language"}
"""Controls that have no words of their own, and the text that names them."""

ON_LOAD = (
    """() => {
  const wanted = localStorage.getItem('kgqa-theme');
  if (wanted) document.body.classList.toggle('dark', wanted === 'dark');
  const names = NAMES;
  const turning = /[\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/g;  // they can disguise what a file is
  const name = () => {
    document.querySelectorAll('.file-preview .filename span').forEach(e => {
      for (const part of e.childNodes) if (part.nodeType === 3 && part.data.search(turning) >= 0) {
        part.data = part.data.replace(turning, '');
      }
    });
    // The name that Gradio gives its upload areas hides the words in them from people who navigate by voice.
    document.querySelectorAll('.upload-container[aria-label]').forEach(e => e.removeAttribute('aria-label'));
    const said = names[document.documentElement.lang === 'zh' ? 'zh' : 'en'];
    for (const [where, text] of Object.entries(said)) document.querySelectorAll(where).forEach(e => {
      if (e.getAttribute('aria-label') !== text) { e.setAttribute('aria-label', text); e.title = text; }
    });
  };
  new MutationObserver(name).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['lang'],
  });
  name();
}"""
).replace("NAMES", json.dumps({code: {where: t(key, code) for where, key in NAMED.items()} for _, code in LANGUAGES}))
LANGUAGE_SWITCH = "(language) => { document.documentElement.lang = language; return language; }"


def build(
    bases: KnowledgeBase | Sequence[KnowledgeBase],
    *,
    folder: str | Path | None = None,
    owners: Sequence[str] | None = None,
    groups: Callable[[str], frozenset[str]] | None = None,
    proving: bool = False,
) -> gr.Blocks:
    """Return the app as Gradio blocks.

    :param bases: one or more open knowledge bases.
    :param folder: where conversations and feedback are kept; by default beside the first knowledge base's index.
    :param owners: names of the users who may review feedback and change a knowledge base; ``None`` lets everyone.
    :param groups: gives the groups of a user; sources that name groups are then shown to their members only.
    :param proving: ask the example questions in the background, and offer those that are answered rightly.
    """
    offered = list(bases) if isinstance(bases, Sequence) else [bases]
    place = Path(folder) if folder is not None else Path(getattr(offered[0], "index", offered[0].folder))
    desk = Desk(
        {base.name: base for base in offered}, HistoryStore(place / "conversations.sqlite"),
        _feedback(place), frozenset(owners) if owners is not None else None, groups,
    )  # fmt: skip
    with gr.Blocks(
        title=f"{t('app')} · kgqa", analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)
    ) as app:
        _lay_out(app, desk)
    if proving and groups is None:
        prove(desk)
    return app


def _feedback(place: Path) -> Any:
    from kgqa.feedback import FeedbackStore

    return FeedbackStore(place / "feedback.sqlite")


def _lay_out(app: gr.Blocks, desk: Desk) -> None:
    words = Wording()
    with gr.Sidebar(open=False, width=300, elem_id="sidebar"):
        history = build_history(words)
    base, language = _header(words, desk)
    conversation, stamp, browser = (
        gr.State(Conversation()),
        gr.State(0),
        gr.BrowserState("", storage_key="kgqa-browser", secret="kgqa"),
    )
    with gr.Tabs(selected="chat", elem_id="pages") as tabs:
        with words.put(gr.Tab(t("tab_chat"), id="chat", elem_id="tab-chat"), label="tab_chat"), gr.Row(elem_id="desk"):
            main = gr.Column(elem_id="conversation", scale=3, min_width=320)
            inspector, parts = build_inspector(words)
        frame = Frame(desk, words, base, language, browser, conversation, stamp, inspector, tabs)
        look = Look(desk, inspector, parts, conversation, stamp)
        frame.look, frame.look_inputs, frame.look_outputs = (
            look.look,
            [conversation, base, language, browser, parts["explored"]],
            look.outputs(),
        )
        with main:
            build_chat(frame)
        listen(frame, look, parts)
        _pages(frame)
    start = listen_history(frame, history)
    nudge = gr.Button(visible="hidden", elem_id="nudge")  # pressed by wake.js
    nudge.click(
        lambda: None, None, None, show_progress="hidden", api_visibility="private", trigger_mode="multiple",
        concurrency_limit=None,
    )  # fmt: skip
    _start(app, frame, start)


def _pages(frame: Frame) -> None:
    words = frame.words
    with words.put(gr.Tab(t("tab_kb"), id="kb", elem_id="tab-kb"), label="tab_kb"):
        build_knowledge(frame)
    with words.put(gr.Tab(t("tab_batch"), id="batch", elem_id="tab-batch"), label="tab_batch"):
        build_batch(frame)
    with words.put(gr.Tab(t("tab_owner"), id="owner", elem_id="tab-owner"), label="tab_owner") as tab:
        build_owner(frame)
    listener, inputs, outputs = frame.opens["owner"]
    tab.select(listener, inputs, outputs, show_progress="hidden", api_visibility="private")


def _header(words: Wording, desk: Desk) -> tuple[Any, Any]:
    names = [(kb.title or kb.name, kb.name) for kb in desk.bases.values()]
    with gr.Row(elem_id="top"):
        words.put(gr.HTML(_brand("en"), elem_id="brand", min_width=160, apply_default_css=False), value=_brand)
        base = gr.Dropdown(
            names,
            value=names[0][1],
            label=t("knowledge_base"),
            elem_id="base",
            visible=len(names) > 1,
            min_width=170,
            container=False,
        )
        words.put(base, label="knowledge_base")
        language = gr.Radio(
            list(LANGUAGES),
            value="en",
            label=t("interface_language"),
            elem_id="language",
            container=False,
            min_width=150,
        )
        words.put(language, label="interface_language")
        theme = gr.Button("◐", elem_id="theme", min_width=44, size="sm", scale=0)
        theme.click(None, js=THEME_SWITCH, api_visibility="private")
    return base, language


def _brand(language: str) -> str:
    told = el("p", id="tell", cls="sr", role="status")  # what happens is said here to people who cannot see it
    return el("div", el("h1", "kgqa"), el("span", t("tagline", language), cls="muted"), told, cls="brand")


def _start(app: gr.Blocks, frame: Frame, refresh: list[Any]) -> None:
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    frame.language.change(frame.words.updates, frame.language, frame.words.components(), queue=False, **quiet)
    frame.language.change(lambda: gr.update(visible=False), None, frame.inspector.panel, queue=False, **quiet)
    frame.language.change(None, frame.language, None, js=LANGUAGE_SWITCH, api_visibility="private")
    app.load(None, js=ON_LOAD)
    app.load(browser_of, frame.browser, frame.browser, **quiet).then(*refresh, **quiet)
    for listener, inputs, outputs in frame.starts:
        app.load(listener, inputs, outputs, **quiet)


def launch(
    bases: KnowledgeBase | Sequence[KnowledgeBase],
    *,
    folder: str | Path | None = None,
    host: str = "127.0.0.1",
    port: int = 7860,
    block: bool = True,
    users: str | Path | None = None,
    trusted_header: str = "",
    proxies: Sequence[str] = LOCAL,
    proving: bool = True,
) -> tuple[gr.Blocks, str]:
    """Serve the app and return it with its address.

    :param host: address to listen on; any but this machine's own is the caller's decision.
    :param port: 0 takes a free one.
    :param block: stay until interrupted.
    :param users: a file of users (see :mod:`ui.users`); then everyone signs in, and access rules are in force.
    :param trusted_header: the header in which a proxy names the user that it has signed in; then nobody signs in here.
    :param proxies: addresses from which that header is believed.
    :param proving: see :func:`build`.
    :raises kgqa.errors.UsageError: the file of users cannot be used, or is missing beside a trusted header.
    """
    if trusted_header and users is None:
        raise UsageError("a trusted header needs a file of users, which says who they are and what they may see")
    known = Users.load(Path(users), passwords=not trusted_header) if users is not None else None
    app = build(
        bases, folder=folder, owners=known.owners() if known else None, groups=known.groups if known else None,
        proving=proving,
    )  # fmt: skip
    app.queue(max_size=64, default_concurrency_limit=8)
    entry: dict[str, Any] = {"auth": known.check if known else None}
    if known is not None and trusted_header:
        # Else uvicorn would put what a visitor claims to be (X-Forwarded-For) in the place of the address that it comes from.
        os.environ["FORWARDED_ALLOW_IPS"] = ""
        entry = {"auth_dependency": known.from_header(trusted_header, frozenset(proxies))}
    _, url, _ = app.launch(**_options(host, port), prevent_thread_lock=True, **entry)
    if block:
        app.block_thread()
    return app, url


def _options(host: str, port: int) -> dict[str, Any]:
    return {
        "server_name": host,
        "server_port": port or _free_port(host),
        "share": False,
        "quiet": True,
        "show_error": False,
        "ssr_mode": False,
        "pwa": False,
        "max_file_size": "64mb",
        "allowed_paths": [],
        "enable_monitoring": False,
        "footer_links": [],
        "css_paths": [HERE / "style.css"],
        "head": "".join(f"<script>{(HERE / name).read_text(encoding='utf-8')}</script>" for name in SCRIPTS),
        "theme": _theme(),
        "blocked_paths": [str(Path.cwd())],
        "favicon_path": None,
    }


def _theme() -> gr.themes.Base:
    fonts = [
        "system-ui",
        "-apple-system",
        "Segoe UI",
        "Roboto",
        "Noto Sans",
        "PingFang SC",
        "Noto Sans CJK SC",
        "Microsoft YaHei",
        "sans-serif",
    ]
    mono = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]
    return gr.themes.Base(primary_hue="teal", neutral_hue="slate", radius_size="md", font=fonts, font_mono=mono)


def _free_port(host: str) -> int:
    import socket

    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


__all__ = ["build", "launch"]
