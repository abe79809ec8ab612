"""``kgqa train reader|reranker|calibrate ...``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kgqa.cli.frame import json_option, note, print_json, progress, usable
from kgqa.errors import MissingExtra, UsageError


@click.group("train")
def command() -> None:
    """Train a model of the chain."""


def _needs_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None or find_spec("transformers") is None:
        raise MissingExtra("training", "torch")


def _bar(step: Callable[[str, int, int], None]) -> Callable[[Any], None]:
    return lambda p: step(f"loss {p.loss:.3f}", p.update, p.updates)


@command.command("reader")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder of the model; an interrupted run goes on."
)
@click.option(
    "--base", type=click.Path(path_type=Path), help="Model folder to start from; the built-in base if not given."
)
@click.option("--epochs", default=1.0, show_default=True)
@click.option("--lr", default=2e-4, show_default=True, help="Peak learning rate.")
@click.option("--batch", default=32, show_default=True)
@click.option("--negatives", default=0.25, show_default=True, help="Unanswerable questions to make, as a share.")
@click.option("--hold-out", default=0.05, show_default=True, help="Share of articles kept for the report.")
@click.option("--freeze", default=0, show_default=True, help="Lowest layers that stay as they are.")
@click.option(
    "--peft", default="", type=click.Choice(["", "lora", "adalora", "prefix", "ia3"]), help="Train an adapter only."
)
@json_option
def reader(
    files: tuple[Path, ...],
    out: Path,
    base: Path | None,
    epochs: float,
    lr: float,
    batch: int,
    negatives: float,
    hold_out: float,
    freeze: int,
    peft: str,
    as_json: bool,
) -> None:
    """Fine-tune an extractive reader on SQuAD 1.1 or 2.0 files and write it as int8 ONNX with its card.

    \b
    kgqa train reader train.json.gz dev-v2.0.json --out runs/reader --epochs 2
    """
    _needs_torch()
    from kgqa.training.loop import Schedule
    from kgqa.training.reading import ReaderOptions, train_reader

    options = ReaderOptions(
        base=base,
        held_out=hold_out,
        negatives=negatives,
        freeze=freeze,
        peft=peft,
        schedule=Schedule(learning_rate=lr, epochs=epochs, batch=batch),
    )
    with progress() as step:
        card = usable(lambda: train_reader(files, out, options, report=_bar(step)))
    print_json(card) if as_json else click.echo(f"{out}: {card.get('metrics')}")


@command.command("reranker")
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.option("--out", required=True, type=click.Path(path_type=Path))
def reranker(data: Path, out: Path) -> None:
    """Train the built-in reranker's recipe on a data folder laid out as docs/guides/training.md says.

    \b
    kgqa train reranker data --out runs/reranker
    """
    _needs_torch()
    from kgqa.training.recipes import make_reranker

    usable(lambda: make_reranker(data, out))


@command.command("calibrate")
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
def calibrate(pairs: tuple[str, ...], out: Path, sides: str, as_json: bool) -> None:
    """Fit the confidence of answers and the threshold of abstaining on questions with known answers.

    \b
    kgqa train calibrate kb/medical=kb/medical/questions.jsonl kb/legal=kb/legal/questions.jsonl --out calibration.json
    """
    from kgqa.cli.frame import open_kb
    from kgqa.evaluation.answers import filters_of, read_gold
    from kgqa.qa import BOTH, Request
    from kgqa.training.calibrate import Considered, cross_validate, fit

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
    figures = cross_validate(rows)
    fit(rows).save(out)
    note(f"{out}: fitted on {len(rows)} questions")
    print_json(figures) if as_json else click.echo(
        "held-out folds: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
    )
