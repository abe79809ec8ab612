"""``kgqa train encoder``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kgqa.cli.frame import json_option, print_json, usable
from kgqa.cli.train.options import (
    bar,
    base_option,
    card_options,
    layer_options,
    out_option,
    said_command,
    schedule_options,
    told,
)
from kgqa.cli.train.ranking import Ranking, data_options

if TYPE_CHECKING:
    from kgqa.training.loop import Schedule


@click.command("encoder")
@data_options
@out_option
@base_option
@schedule_options(lr=2e-5, batch=32)
@click.option(
    "--loss",
    default="ranking",
    show_default=True,
    type=click.Choice(["ranking", "symmetric", "triplet", "margin", "divergence"]),
    help="margin and divergence follow the teacher's scores.",
)
@layer_options(160)
@card_options("encoder")
@json_option
def command(
    gather: Callable[[int], Ranking],
    out: Path,
    base: str | None,
    schedule: Schedule,
    said: dict[str, Any],
    as_json: bool,
    **given: Any,
) -> None:
    """Fine-tune an encoder on questions with passages that answer them, and write it as int8 ONNX with its card.

    DATA is a folder in BEIR's format, a .jsonl file of {"question", "passage"} rows (also "negatives" and a teacher's
    "scores"), or a SQuAD file; several are mixed. Hard negatives are mined from their passages.

    \b
    kgqa train encoder pairs.jsonl --out runs/encoder --epochs 2
    kgqa train encoder scifact --split train --mine-with builtin --out runs/encoder
    """
    from kgqa.training.encoder import train_encoder

    with bar() as report:
        ranking = usable(lambda: gather(schedule.seed))
        said |= {
            "data": [path.name for path in ranking.sources],
            "questions": len(ranking.groups),
            "command": said_command(),
        }
        options = encoder_options(base, schedule, given)
        card = usable(
            lambda: train_encoder(
                ranking.groups, out, options, card=said, report=report, exam=ranking.exam, stage=report.stage
            )
        )
    print_json(card) if as_json else click.echo(told(out, card))


def encoder_options(base: str | None, schedule: Schedule, given: dict[str, Any]) -> Any:
    """Return the options of an encoder that command line options stand for."""
    from kgqa.training.encoder import EncoderOptions

    return EncoderOptions(
        base=base,
        length=given["length"],
        loss=given["loss"],
        freeze=given["freeze"],
        freeze_words=not given["train_words"],
        peft=given["peft"],
        schedule=schedule,
    )
