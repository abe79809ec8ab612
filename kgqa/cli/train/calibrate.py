"""``kgqa train calibrate``."""

from __future__ import annotations

from pathlib import Path

import click

from kgqa.cli.frame import json_option, note, open_kb, print_json, progress
from kgqa.errors import UsageError


@click.command("calibrate")
@click.argument("pairs", nargs=-1, required=True, metavar="KB=QUESTIONS...")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The calibration file.")
@click.option(
    "--sides",
    default="both",
    type=click.Choice(["both", "all"]),
    show_default=True,
    help="all: fit on single sides as well.",
)
@json_option
def command(pairs: tuple[str, ...], out: Path, sides: str, as_json: bool) -> None:
    """Fit the confidence of answers and the threshold of abstaining on questions with known answers.

    Ways of answering that fewer than 20 of the questions bring keep the built-in figures. Put the file in force in kb.toml:
    [models] calibration = "calibration.json".

    \b
    kgqa train calibrate kb/medical=kb/medical/questions.jsonl kb/legal=kb/legal/questions.jsonl --out calibration.json
    """
    from kgqa.evaluation.answers import filters_of, read_gold
    from kgqa.models.making import load_calibration
    from kgqa.qa import BOTH, Request
    from kgqa.training.calibrate import Considered, cross_validate, fit, measure

    rows = []
    wanted = [BOTH] if sides == "both" else [BOTH, frozenset({"text"}), frozenset({"graph"})]
    with progress() as step:
        for pair in pairs:
            kb, equals, file = pair.partition("=")
            if not equals:
                raise UsageError(f"{pair!r}: write KB=QUESTIONS")
            base, golds = open_kb(kb), read_gold(Path(file))
            for done, gold in enumerate(golds, 1):
                for side in wanted:
                    found = base.qa.candidates([Request(gold.question, filters_of(gold))], sides=side)[0]  # type: ignore[arg-type]
                    rows.append(Considered(gold, tuple(found)))
                step(base.name, done, len(golds))
    if not rows:
        raise UsageError("there is no question to fit on; give questions with known answers")
    builtin = load_calibration()
    ours, theirs = cross_validate(rows, base=builtin), measure(rows, builtin)
    out.parent.mkdir(parents=True, exist_ok=True)
    fit(rows, base=builtin).save(out)
    note(f"{out}: fitted on {len(rows)} questions")
    if ours["accuracy"] < theirs["accuracy"]:
        note("the built-in confidence is better on these questions: leave it in force, or give more questions")
    if as_json:
        print_json({**ours, "built-in": theirs})
        return
    for name, figures in (("held-out folds", ours), ("built-in", theirs)):
        click.echo(f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))
