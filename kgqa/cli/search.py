"""``kgqa search QUERY --kb KB``."""

from __future__ import annotations

import click

from kgqa.cli.frame import json_option, kb_option, open_kb, print_json


@click.command("search")
@click.argument("query")
@kb_option
@click.option("-k", "k", default=10, show_default=True, type=click.IntRange(1, 1000), help="Passages to show.")
@click.option(
    "--mode", default="rerank", show_default=True, type=click.Choice(["lexical", "dense", "hybrid", "rerank"])
)
@json_option
def command(query: str, kb: str, k: int, mode: str, as_json: bool) -> None:
    """Find passages.

    \b
    kgqa search "renal dose of metformin" --kb medical -k 5
    """
    hits = open_kb(kb).search(query, k, mode=mode)
    if as_json:
        print_json({"query": query, "mode": mode, "hits": hits})
        return
    for number, hit in enumerate(hits, 1):
        passage = hit.passage
        page = f", page {passage.page}" if passage.page else ""
        click.echo(
            f"{number:>3}. {hit.score:7.3f}  {passage.doc_id} [{passage.start}:{passage.end}{page}]  {passage.heading}"
        )
        click.echo("     " + " ".join(passage.text.split())[:240])
