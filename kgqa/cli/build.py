"""``kgqa build KB_DIR``."""

from __future__ import annotations

from pathlib import Path

import click

from kgqa.cli.frame import json_option, note, print_json, progress, tell


@click.command("build")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--index", type=click.Path(path_type=Path), help="Where the index goes; indexes/NAME beside kb/ if not given."
)
@json_option
def command(folder: Path, index: Path | None, as_json: bool) -> None:
    """Make or update the index of a knowledge base folder.

    Only what changed is read and encoded again. A bad source is reported, and the rest is built.

    \b
    kgqa build kb/medical
    """
    from kgqa.assemble import build

    with progress() as step:
        report = build(folder, index, progress=step)
    for name, problem in report.problems:
        note(f"not used: {name}: {problem}")
    for name, warning in report.warnings:
        note(f"with doubts: {name}: {warning}")
    if as_json:
        print_json(report)
        return
    tell(
        f"{report.name}: {report.documents:,} documents in {report.passages:,} passages, {report.triples:,} triples, "
        f"{report.entities:,} entities; {report.encoded:,} passages encoded, {report.reused:,} reused; "
        f"{len(report.problems):,} sources not used; {report.generation} in {report.seconds:.1f} s"
    )
