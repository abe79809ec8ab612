"""``kgqa batch QUESTIONS --kb KB -o ANSWERS`` and ``kgqa batch-diff``."""

from __future__ import annotations

from pathlib import Path

import click

from kgqa.cli.frame import json_option, kb_option, note, open_kb, print_json, progress


@click.command("batch")
@click.argument("questions", type=click.Path(path_type=Path))
@kb_option
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="CSV, XLSX or JSONL by its suffix."
)
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on with an interrupted run.")
@click.option("--each-document", is_flag=True, help="Ask each question of each document alone: a matrix.")
@click.option("--document", "documents", multiple=True, metavar="ID", help="With --each-document: only these.")
@click.option("--group", "groups", multiple=True, help="Ask as a member of this group; may be repeated.")
@click.option("--page", type=click.Path(path_type=Path), help="Write an HTML summary, least certain answers first.")
@click.option(
    "--compare", type=click.Path(path_type=Path), help="Then show what changed against this earlier file of answers."
)
@json_option
def command(
    questions: Path,
    kb: str,
    output: Path,
    resume: bool,
    each_document: bool,
    documents: tuple[str, ...],
    groups: tuple[str, ...],
    page: Path | None,
    compare: Path | None,
    as_json: bool,
) -> None:
    """Answer a file of questions (CSV, XLSX, JSONL, or text with one a line), each row with its citations.

    \b
    kgqa batch questions.csv --kb medical -o answers.xlsx --page summary.html
    kgqa batch questions.txt --kb legal -o matrix.csv --each-document
    """
    from kgqa.batch import diff, run

    base = open_kb(kb)
    with progress() as step:
        report = run(
            questions,
            base,
            output,
            resume=resume,
            each_document=each_document,
            documents=documents or None,
            groups=frozenset(groups) or None,
            page=page,
            progress=lambda done, of: step("answering", done, of),
        )
    for row, fault in report.faults:
        note(f"row {row}: {fault}")
    changes = diff(compare, output) if compare else None
    if as_json:
        print_json({"report": report, "changes": changes} if changes else report)
        return
    click.echo(
        f"{output}: {report.answered:,} answered, {report.abstained:,} without answer, {len(report.faults):,} bad rows, "
        f"{report.resumed:,} from an earlier run, {report.seconds:.1f} s"
    )
    if changes:
        click.echo(str(changes))
