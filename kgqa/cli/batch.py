"""``kgqa batch QUESTIONS --kb KB -o ANSWERS`` and ``kgqa batch diff BEFORE AFTER``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from kgqa.cli.frame import json_option, kb_option, note, open_kb, print_json, progress, tell
from kgqa.cli.speech import spoken, translate


class _Batch(click.Group):
    """A group whose first word may be left out: what is no subcommand is a file of questions."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("batch", cls=_Batch)
def command() -> None:
    """Answer a file of questions, or compare two such files of answers.

    \b
    kgqa batch questions.csv --kb medical -o answers.xlsx --page summary.html
    kgqa batch clauses.txt --kb legal -o matrix.xlsx --each-document --document 'contracts/*'
    kgqa batch diff old.xlsx answers.xlsx
    """


@command.command("run")
@click.argument("questions", type=click.Path(path_type=Path))
@kb_option
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="CSV, XLSX or JSONL by its suffix."
)
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on with an interrupted run.")
@click.option("--each-document", is_flag=True, help="Ask each question of each document alone: a matrix.")
@click.option(
    "--document", "documents", multiple=True, metavar="ID", help="With --each-document: only these; * and ? fit."
)
@click.option("--group", "groups", multiple=True, help="Ask as a member of this group; may be repeated.")
@click.option("--page", type=click.Path(path_type=Path), help="Write an HTML summary, least certain answers first.")
@click.option(
    "--compare", type=click.Path(path_type=Path), help="Then show what changed against this earlier file of answers."
)
@json_option
def answer(
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

    A table has a column question (or 问题) and may have id, documents (names separated by ;), as_of (YYYY-MM-DD), language
    and jurisdiction; other columns are carried over. A bad row is reported and the rest is answered.

    A run that was stopped or killed goes on when the same command is given again.
    """
    from kgqa.batch import compared, read, run

    earlier = read(compare) if compare else []  # before it may be replaced
    base = open_kb(kb)
    with progress() as step, _kept(output):
        report = run(
            questions,
            base,
            output,
            resume=resume,
            each_document=each_document,
            documents=documents or None,
            groups=frozenset(groups) or None,
            page=page,
            language=spoken(),
            say=translate,
            progress=lambda done, of: step("answering", done, of),
        )
    if report.stale:
        note(f"{report.stale:,} answers of an interrupted run were not taken over: index or models have changed since")
    for row, fault in report.faults:
        note(f"row {row}: {fault}")
    changes = compared(earlier, read(output)) if compare else None
    if as_json:
        print_json({"report": report, "changes": changes} if changes else report)
        return
    tell(
        f"{output}: {report.answered:,} answered, {report.abstained:,} without answer, {len(report.faults):,} bad rows, "
        f"{report.resumed:,} from an earlier run, {report.seconds:.1f} s"
    )
    if changes:
        click.echo("\n".join(changes.lines(translate)))


@contextmanager
def _kept(output: Path) -> Iterator[None]:
    """Say of a run that is stopped how to go on with it."""
    try:
        yield
    except KeyboardInterrupt:
        note(f"what is answered is kept beside {output}; the same command goes on from there")
        raise


@command.command("diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@json_option
def difference(before: Path, after: Path, as_json: bool) -> None:
    """Show what changed between two files of answers, and why: answer, evidence, models, index."""
    from kgqa.batch import diff

    found = diff(before, after)
    print_json(found) if as_json else click.echo("\n".join(found.lines(translate)))
