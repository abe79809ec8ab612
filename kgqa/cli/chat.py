"""``kgqa chat --kb KB``."""

from __future__ import annotations

from typing import Any

import click

from kgqa.cli.frame import note, open_kb
from kgqa.errors import MissingExtra


@click.command("chat")
@click.option(
    "--kb",
    "names",
    multiple=True,
    metavar="NAME_OR_DIR",
    help="May be repeated; all below kb/ with an index if not given.",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--users", metavar="FILE", help="Users with hashed passwords, groups and owners; then everyone signs in.")
@click.option(
    "--trusted-header", default="", metavar="NAME", help="Header in which a proxy names who it has signed in."
)
@click.option(
    "--trusted-proxy",
    "proxies",
    multiple=True,
    default=("127.0.0.1", "::1"),
    show_default=True,
    metavar="ADDRESS",
    help="Where that header is believed from.",
)
def command(
    names: tuple[str, ...], host: str, port: int, users: str | None, trusted_header: str, proxies: tuple[str, ...]
) -> None:
    """Open the chat in a browser. It listens on this machine only, unless --host says otherwise.

    \b
    kgqa chat --kb medical --kb legal
    """
    ui = _ui()
    bases = [open_kb(name) for name in names or _built()]
    for base in bases:
        _ = base.qa  # load the models before the first question, not with it
    note(f"kgqa chat at http://{host}:{port}  (stop with Ctrl-C)")
    ui.launch(bases, host=host, port=port, users=users, trusted_header=trusted_header, proxies=proxies)


def _built() -> list[str]:
    from pathlib import Path

    from kgqa.errors import UsageError

    found = [p.name for p in sorted(Path("kb").glob("*")) if (Path("indexes") / p.name / "CURRENT").is_file()]
    if not found:
        raise UsageError("no knowledge base has an index here; run: kgqa build kb/NAME")
    return found


def _ui() -> Any:
    """Return the chat package: ``kgqa.ui`` inside a wheel, ``ui`` beside the package in a checkout."""
    try:
        import gradio  # noqa: F401
    except ImportError:
        raise MissingExtra("the chat", "ui") from None
    import importlib

    try:
        return importlib.import_module("kgqa.ui")
    except ModuleNotFoundError:
        return importlib.import_module("ui")
