"""``kgqa train label``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kgqa.cli.frame import json_option, note, print_json, usable


@click.command("label")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    help="Knowledge base or folder of the documents that the files name.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="SQuAD file to write.")
@click.option(
    "--gate",
    type=click.Path(path_type=Path),
    help="SQuAD file for a part of the documents, to be kept for judging models.",
)
@click.option(
    "--share",
    default=0.3,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of the documents that goes to the gate.",
)
@click.option("--seed", default=13, show_default=True, help="Fixes which documents go to the gate.")
@json_option
def command(
    files: tuple[Path, ...],
    corpus: Path | None,
    out: Path,
    gate: Path | None,
    share: float,
    seed: int,
    as_json: bool,
) -> None:
    """Turn tables of questions and answers into a SQuAD file, and split a part off that judges models.

    FILES are .csv or .jsonl with question, answer, and document or passage; answers are looked up in the documents. Rows
    whose answer is not found are told, to be mended.

    \b
    kgqa train label mine.csv --corpus kb/medical --out mine.json --gate gate.json
    """
    from kgqa.evaluation.squad import Example
    from kgqa.training.labelled import as_squad, read_labelled
    from kgqa.training.splitting import hold_out

    examples: list[Example] = []
    problems: list[str] = []
    for file in files:
        found = usable(lambda file=file: read_labelled(file, corpus))  # type: ignore[misc]
        examples += found.examples
        problems += found.problems
    for problem in problems:
        note(f"left out: {problem}")
    kept, held = hold_out(examples, share, seed) if gate else (examples, [])
    for path, part in ((out, kept), (gate, held)):
        if path is not None:
            path.write_text(json.dumps(as_squad(part), ensure_ascii=False, indent=1), encoding="utf-8")
    figures = {"questions": len(kept), "gate": len(held), "left_out": len(problems)}
    print_json(figures) if as_json else click.echo(", ".join(f"{name} {count}" for name, count in figures.items()))
