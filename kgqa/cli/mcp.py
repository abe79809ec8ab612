"""``kgqa mcp --kb KB``."""

from __future__ import annotations

import click

from kgqa.cli.frame import note, open_kb
from kgqa.errors import MissingExtra


@click.command("mcp")
@click.option("--kb", "names", multiple=True, required=True, metavar="NAME_OR_DIR", help="May be repeated.")
@click.option("--group", "groups", multiple=True, help="Answer as to a member of this group; may be repeated.")
@click.option("--open", "open_", is_flag=True, help="Use sources that are closed to groups as well.")
def command(names: tuple[str, ...], groups: tuple[str, ...], open_: bool) -> None:
    """Offer knowledge bases as tools to an MCP client, over standard input and output.

    \b
    kgqa mcp --kb medical
    """
    try:
        import mcp  # noqa: F401
    except ImportError:
        raise MissingExtra("the MCP server", "serve") from None
    from kgqa.server.tools import create_tools

    server = create_tools([open_kb(name) for name in names], None if open_ else frozenset(groups))
    note("kgqa answers MCP on standard input and output")
    server.run("stdio")
