"""``kgqa train pretrain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from kgqa.cli.frame import json_option, print_json, usable
from kgqa.cli.train.options import (
    bar,
    base_option,
    card_options,
    hold_out_option,
    layer_options,
    out_option,
    said_command,
    schedule_options,
    told,
)

if TYPE_CHECKING:
    from kgqa.training.loop import Schedule


@click.command("pretrain")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@out_option
@base_option
@schedule_options(lr=1e-4, batch=32)
@click.option(
    "--objective",
    default="words",
    show_default=True,
    type=click.Choice(["words", "spans"]),
    help="words: guess masked words. spans: find a span that occurs twice, the better start for a reader.",
)
@layer_options(192, least=32, peft=False)
@hold_out_option(0.05)
@card_options("language")
@json_option
def command(
    folders: tuple[Path, ...],
    out: Path,
    base: str | None,
    schedule: Schedule,
    objective: str,
    length: int,
    said: dict[str, Any],
    as_json: bool,
    **given: Any,
) -> None:
    """Go on pre-training on folders of documents (or knowledge bases), in any format that kgqa build reads.

    What comes out is no model that answers but a start: give it to train reader or train encoder as --base.

    \b
    kgqa train pretrain kb/medical --objective spans --out runs/start
    kgqa train reader train.json --base runs/start --out runs/reader
    """
    from kgqa.training.mining import documents_of
    from kgqa.training.pretrain import PretrainOptions, pretrain

    options = PretrainOptions(
        base=base,
        objective=cast("Literal['words', 'spans']", objective),
        length=length,
        held_out=given["hold_out"],
        freeze=given["freeze"],
        freeze_words=not given["train_words"],
        schedule=schedule,
    )
    said |= {
        "data": [folder.name for folder in folders],
        "command": said_command(),
    }
    with bar() as report:
        texts = [document.text for folder in folders for document in documents_of(folder)]
        card = usable(lambda: pretrain(texts, out, options, report, card=said))
    print_json(card) if as_json else click.echo(told(out, card))
