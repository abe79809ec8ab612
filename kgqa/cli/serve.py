"""``kgqa serve --kb KB``."""

from __future__ import annotations

from pathlib import Path

import click

from kgqa.cli.frame import note, open_kb
from kgqa.errors import MissingExtra, UsageError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command("serve")
@click.option("--kb", "names", multiple=True, metavar="NAME_OR_DIR", help="May be repeated.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8750, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--tokens", type=click.Path(path_type=Path), help="Callers with hashed tokens, groups and rights (TOML).")
@click.option("--new-token", metavar="NAME", help="Print a new token and its table for that file, and end.")
@click.option("--writable", is_flag=True, help="Without --tokens: let everybody add and remove documents.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="A name that the service is called by.")
@click.option("--max-body", default=1_000_000, show_default=True, type=click.IntRange(1), help="Bytes of a request.")
@click.option("--max-upload", default=100_000_000, show_default=True, type=click.IntRange(1), help="Bytes of a file.")
@click.option("--workers", default=0, type=click.IntRange(0), help="Requests at work at once; as many as cores if 0.")
@click.option("--queue", default=64, show_default=True, type=click.IntRange(1), help="Requests that may wait.")
def command(
    names: tuple[str, ...],
    host: str,
    port: int,
    tokens: Path | None,
    new_token: str | None,
    writable: bool,
    hosts: tuple[str, ...],
    max_body: int,
    max_upload: int,
    workers: int,
    queue: int,
) -> None:
    """Serve knowledge bases over HTTP: REST, and the chat route of OpenAI's clients.

    \b
    kgqa serve --kb medical
    kgqa serve --new-token ward >> tokens.toml
    kgqa serve --kb medical --kb legal --host 0.0.0.0 --allow-host qa.example.org --tokens tokens.toml
    """
    _need()
    from kgqa.server.access import Tokens
    from kgqa.server.access import new_token as make

    if new_token:
        token, table = make(new_token)
        note(f"the token, shown this once: {token}")
        click.echo(table)
        return
    if not names:
        raise UsageError("--kb is missing; name a knowledge base, or several")
    if host not in _LOOPBACK and tokens is None:
        raise UsageError(f"{host} can be reached by others; say who may call: --tokens FILE")
    from kgqa.server.app import create_app, run
    from kgqa.server.limits import Limits

    callers = Tokens.load(tokens) if tokens else None
    limits = Limits(body=max_body, upload=max_upload, working=workers, waiting=queue)
    named = (*hosts, *_LOOPBACK, "[::1]")
    app = create_app([open_kb(name) for name in names], callers, limits, writable=writable, hosts=named)
    run(app, host, port, lambda address: note(f"kgqa serves at {address}  (stop with Ctrl-C)"))


def _need() -> None:
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise MissingExtra("the service", "serve") from None
