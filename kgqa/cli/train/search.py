"""``kgqa train search``."""

from __future__ import annotations

from pathlib import Path
from shlex import join
from typing import Any

import click

from kgqa.cli.frame import json_option, print_json, usable
from kgqa.cli.train.options import bar, base_option, hold_out_option, needs_torch
from kgqa.cli.train.ranking import gathered


@click.command("search")
@click.argument("kind", type=click.Choice(["reader", "encoder", "reranker"]))
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of the search; a killed search goes on with its next trial when the same command is given again.",
)
@base_option
@click.option("--trials", default=8, show_default=True, type=click.IntRange(1), help="Settings to try.")
@click.option(
    "--epochs", default=1.0, show_default=True, type=click.FloatRange(0, min_open=True), help="Of each trial."
)
@hold_out_option(0.1, least_open=True)
@click.option("--split", default="train", show_default=True, help="Judgements of a BEIR folder.")
@click.option("--length", type=click.IntRange(32), help="Tokens of a window or text.")
@click.option("--train-words", is_flag=True, help="Train the word embeddings too.")
@click.option("--precision", default="bf16", show_default=True, type=click.Choice(["bf16", "fp32"]))
@click.option("--seed", default=13, show_default=True)
@json_option
def command(
    kind: str,
    data: tuple[Path, ...],
    out: Path,
    base: str | None,
    trials: int,
    epochs: float,
    as_json: bool,
    **given: Any,
) -> None:
    """Try several learning rates, batches, frozen layers (and shares of negatives), and say which were best.

    Trials are short (--epochs, a part of the data); the command with the best settings is printed.

    \b
    kgqa train search reader train.json --out runs/search --trials 12 --epochs 0.2
    kgqa train search encoder pairs.jsonl --out runs/search --base builtin
    """
    needs_torch()
    from kgqa.training.search import CLASSES, Common, search
    from kgqa.training.starting import knows

    common = Common(
        base=base,
        epochs=epochs,
        seed=given["seed"],
        mixed_precision=given["precision"] == "bf16",
        length=given["length"],
        freeze_words=not given["train_words"],
    )
    tuned = usable(lambda: knows(CLASSES[kind], kind, base))
    with bar() as report:
        objective = usable(lambda: _objective(kind, data, common, given))
        found = usable(
            lambda: search(
                kind, objective, out, trials, seed=given["seed"], tuned=tuned, report=report, named=report.named
            )
        )
    best = found[0]
    again = join(["kgqa", "train", kind, *map(str, data), *_again(best.settings, common)]) + " --out ..."
    if as_json:
        print_json({"best": best.settings, "score": best.score, "trials": found, "command": again})
        return
    for one in found:
        score = "ended early" if one.score is None else f"{one.score:.4f}"
        click.echo(f"{score:>12}  " + ", ".join(f"{name} {value:.3g}" for name, value in one.settings.items()))
    click.echo(again)


def _again(settings: dict[str, Any], common: Any) -> list[str]:
    """Return the options that train with these settings and what all trials shared."""
    words = [word for name, value in settings.items() for word in (f"--{name}", f"{value:.3g}")]
    words += ["--base", str(common.base)] if common.base else []
    words += ["--length", str(common.length)] if common.length else []
    words += ["--train-words"] if not common.freeze_words else []
    words += ["--precision", "fp32"] if not common.mixed_precision else []
    return [*words, "--epochs", f"{common.epochs:g}", "--seed", str(common.seed)]


def _objective(kind: str, data: tuple[Path, ...], common: Any, given: dict[str, Any]) -> Any:
    from kgqa.training.search import encoder_objective, reader_objective, reranker_objective

    if kind == "reader":
        return reader_objective(data, common, given["hold_out"])
    ranking = gathered(data, common.seed, split=given["split"], hold_out=given["hold_out"])
    if ranking.exam is None:
        raise ValueError("nothing is held out that could validate; give more questions")
    make = encoder_objective if kind == "encoder" else reranker_objective
    return make(ranking.groups, ranking.exam, common)
