"""``kgqa add --kb KB SOURCE...``."""

from __future__ import annotations

from pathlib import Path

import click

from kgqa.cli.frame import json_option, kb_option, note, open_kb, print_json, progress, tell


@click.command("add")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@kb_option
@json_option
def command(sources: tuple[Path, ...], kb: str, as_json: bool) -> None:
    """Copy sources into a knowledge base and update its index; only what is new is encoded.

    \b
    kgqa add --kb medical guideline.pdf statements.ttl
    """
    with progress() as step:
        report = open_kb(kb).add(*sources, progress=step)
    for name, problem in report.problems:
        note(f"not used: {name}: {problem}")
    for name, warning in report.warnings:
        note(f"with doubts: {name}: {warning}")
    if as_json:
        print_json(report)
    else:
        tell(
            f"{report.generation}: {report.documents:,} documents, {report.encoded:,} passages encoded, {report.reused:,} reused"
        )
