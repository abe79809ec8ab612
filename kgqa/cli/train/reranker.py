"""``kgqa train reranker``."""

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


@click.command("reranker")
@data_options
@out_option
@base_option
@schedule_options(lr=1e-4, batch=8)
@click.option(
    "--trust",
    default=0.7,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of the loss that follows a teacher's scores, where there are some.",
)
@click.option("--temperature", default=2.0, show_default=True, help="Softens the teacher's scores.")
@click.option(
    "--absolute",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Weight of telling each passage apart, which gives the scores a zero.",
)
@layer_options(160)
@card_options("reranker")
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
    """Fine-tune a reranker on questions with passages that answer them, and write it as int8 ONNX with its card.

    DATA is a folder in BEIR's format, a .jsonl file of {"question", "passage"} rows (also "negatives" and a teacher's
    "scores"), or a SQuAD file; several are mixed. Hard negatives are mined from their passages.

    \b
    kgqa train reranker pairs.jsonl --out runs/reranker --epochs 2
    kgqa train reranker pairs.jsonl --teacher models/large-reranker --out runs/reranker
    """
    from kgqa.models.cards import read_card
    from kgqa.training.reranker import train_reranker
    from kgqa.training.starting import base_name

    with bar() as report:
        ranking = usable(lambda: gather(schedule.seed))
        said |= {
            "base": base_name("AutoModelForSequenceClassification", base),
            "data": [path.name for path in ranking.sources],
            "questions": len(ranking.groups),
            "command": said_command(),
        }
        options = reranker_options(base, schedule, given)
        usable(
            lambda: train_reranker(ranking.groups, out, options, said, report, exam=ranking.exam, stage=report.stage)
        )
    card = dict(read_card(out).said)
    print_json(card) if as_json else click.echo(told(out, card))


def reranker_options(base: str | None, schedule: Schedule, given: dict[str, Any]) -> Any:
    """Return the options of a reranker that command line options stand for."""
    from kgqa.training.reranker import RerankerOptions

    return RerankerOptions(
        base=base,
        length=given["length"],
        absolute=given["absolute"],
        trust=given["trust"],
        temperature=given["temperature"],
        freeze=given["freeze"],
        freeze_words=not given["train_words"],
        peft=given["peft"],
        schedule=schedule,
    )
