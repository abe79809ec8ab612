"""``kgqa sparql QUERY --kb KB``."""

from __future__ import annotations

import click

from kgqa.cli.frame import json_option, kb_option, note, open_kb, print_json


@click.command("sparql")
@click.argument("query")
@kb_option
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 1_000_000), help="Rows at most.")
@json_option
def command(query: str, kb: str, limit: int, as_json: bool) -> None:
    """Run a SPARQL SELECT or ASK query on the graph. Updates, SERVICE, LOAD and FROM are refused.

    \b
    kgqa sparql "SELECT ?s WHERE { ?s a owl:Class } LIMIT 5" --kb medical
    """
    result = open_kb(kb).sparql(query, limit=limit)
    if as_json:
        print_json({"boolean": result} if isinstance(result, bool) else result)
        return
    if isinstance(result, bool):
        click.echo("true" if result else "false")
        return
    click.echo("\t".join(result.columns))
    for row in result.rows:
        click.echo("\t".join("" if term is None else " ".join(term.value.split()) for term in row))
    if result.truncated:
        note(f"only the first {limit:,} rows are shown; raise --limit for more")
