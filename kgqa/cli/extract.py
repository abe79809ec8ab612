"""``kgqa extract KB``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kgqa.cli.frame import json_option, note, open_kb, plain, print_json, progress, tell
from kgqa.errors import UsageError

if TYPE_CHECKING:
    from kgqa.extracting import ExtractReport
    from kgqa.graph.extraction.ledger import Found


@click.command("extract")
@click.argument("kb", metavar="NAME_OR_DIR")
@click.option(
    "--accept", multiple=True, metavar="ID", help="Accept a statement, all of a document, or 'all'; repeatable."
)
@click.option(
    "--reject", multiple=True, metavar="ID", help="Reject a statement, all of a document, or 'all'; repeatable."
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Accept, reject or show only statements that are at least as sure as this.",
)
@click.option("--list", "listed", is_flag=True, help="Show what was read earlier; read nothing.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Statements shown.")
@click.option(
    "--model", metavar="NAME", help="Read with a generative model: folder, name, address, or 'composer' of kb.toml."
)
@click.option("--yes", is_flag=True, help="With --model: begin. Without it only the cost is estimated.")
@click.option("--passages", type=click.IntRange(1), help="With --model: read only so many passages, evenly spread.")
@click.option("--no-build", is_flag=True, help="Leave the index as it is; kgqa build takes the statements in later.")
@json_option
def command(
    kb: str,
    accept: tuple[str, ...],
    reject: tuple[str, ...],
    min_confidence: float,
    listed: bool,
    limit: int,
    model: str | None,
    yes: bool,
    passages: int | None,
    no_build: bool,
    as_json: bool,
) -> None:
    """Read statements of the graph's relations from the documents, and accept or reject them.

    What is read is kept beside the sources, in extracted/statements.jsonl, and in the index in a named graph of its own. By
    default only accepted statements answer questions; use = "all" under [extraction] in kb.toml lets the others answer too, each
    answer then says that its statements were read from text and that nobody has reviewed them.

    \b
    kgqa extract films
    kgqa extract films --accept all --min-confidence 0.9
    kgqa extract films --reject 3f1c22aa90de
    """
    if model and (accept or reject or listed):
        raise UsageError("--model reads; --accept, --reject and --list are about what was read: give one of them")
    base = open_kb(kb)
    changed = 0
    if accept or reject:
        changed = base.extraction.review(accept, "accepted", min_confidence)
        changed += base.extraction.review(reject, "rejected", min_confidence)
    elif model:
        cost = base.extraction.cost(passages)
        note(cost.words + ("" if yes else "; add --yes to begin"))
        if not yes:
            if as_json:
                print_json({"cost": cost})
            return
        with progress() as step:
            base.extraction.draft(model, passages, step)
        changed = 1
    elif not listed:
        with progress() as step:
            base.extraction.read(step)
        changed = 1
    if changed and not no_build:
        with progress() as step:
            base.update(progress=step)
    _show(base.extraction.rows(), base.extraction.report(), changed, min_confidence, limit, as_json)


def _show(rows: list[Found], report: ExtractReport, changed: int, least: float, limit: int, as_json: bool) -> None:
    chosen = [row for row in rows if row.confidence >= least]
    shown = sorted(chosen, key=lambda row: (row.state != "new", -row.confidence, row.id))[:limit]
    if as_json:
        print_json({**plain(report), "changed": changed, "shown": [{"id": row.id, **plain(row)} for row in shown]})
        return
    for row in shown:
        click.echo(f"{row.id}  {row.confidence:.2f}  {row.state:<8}  {' · '.join(row.names)}")
        click.echo(f"    {row.document} [{row.start}:{row.end}]  “{' '.join(row.quote.split())[:200]}”")
    tell(
        f"{report.statements:,} statements: {report.new:,} new, {report.accepted:,} accepted, {report.rejected:,} rejected; "
        f"{report.things:,} things that only texts name"
    )
