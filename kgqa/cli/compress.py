"""``kgqa compress quantise|prune|distil``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kgqa.cli.frame import json_option, note, print_json, usable
from kgqa.errors import MissingExtra

if TYPE_CHECKING:
    from kgqa.training.weighing import Limit

F = TypeVar("F", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)
_SHARE = click.FloatRange(0, 1, max_open=True)


@click.group("compress")
def command() -> None:
    """Make a model smaller, and show size, speed and quality before and after."""
    from importlib.util import find_spec

    if find_spec("torch") is None or find_spec("onnx") is None:
        raise MissingExtra("compression", "torch")


def _shared(function: F) -> F:
    """Add the options that all three share."""
    for option in (
        click.option("--limit", type=click.IntRange(1), help="Questions of each --quality file, drawn at random."),
        click.option(
            "--max-loss",
            default=0.5,
            show_default=True,
            help="Points of 100 that may be lost; else nothing is written.",
        ),
        click.option(
            "--quality",
            multiple=True,
            type=_PATH,
            help="Measure on this: SQuAD file, or for an encoder a folder in BEIR's format; repeatable.",
        ),
        click.option("--out", required=True, type=_PATH, help="Folder of the smaller model."),
    ):
        function = option(function)
    return json_option(function)


def _limit(quality: tuple[Path, ...], max_loss: float, limit: int | None) -> Limit:
    from kgqa.training.weighing import Limit

    if not quality:
        note("quality is not measured: no --quality file was given")
    return Limit(quality, max_loss, limit)


def _show(figures: dict[str, Any], as_json: bool) -> None:
    from kgqa.training.weighing import table

    print_json(figures) if as_json else click.echo("\n".join(table(figures)))


@command.command("quantise")
@click.argument("folder", type=_PATH)
@click.option("--kind", required=True, type=click.Choice(["reader", "encoder", "reranker"]))
@click.option("--static", multiple=True, type=_PATH, help="Calibration data: SQuAD or text files; repeatable.")
@click.option("--method", default="minmax", show_default=True, type=click.Choice(["minmax", "entropy", "percentile"]))
@_shared
def quantise(
    folder: Path,
    kind: str,
    static: tuple[Path, ...],
    method: Any,
    out: Path,
    quality: tuple[Path, ...],
    max_loss: float,
    limit: int | None,
    as_json: bool,
) -> None:
    """Write a torch model folder (safetensors) as int8 ONNX.

    Dynamic: ranges of activations are measured in each run. With --static they are measured once, on calibration data.

    \b
    kgqa compress quantise runs/reader --out runs/reader-int8 --kind reader --quality dev.json.gz --limit 300
    """
    from kgqa.cli.train.options import bar, said_command
    from kgqa.training.compress import quantise as run

    allowed, said = _limit(quality, max_loss, limit), {"command": said_command()}
    with bar() as report:
        figures = usable(
            lambda: run(folder, out, kind, allowed, static=static, method=method, card=said, stage=report.stage)
        )
    _show(figures, as_json)


@command.command("prune")
@click.argument("folder", type=_PATH)
@click.option("--kind", default="reader", show_default=True, type=click.Choice(["reader", "encoder", "reranker"]))
@click.option("--heads", default=0.0, show_default=True, type=_SHARE, help="Share of the attention heads to take out.")
@click.option(
    "--units", default=0.0, show_default=True, type=_SHARE, help="Share of the feed-forward units to take out."
)
@click.option("--data", multiple=True, type=_PATH, help="SQuAD files by whose loss a reader's parts are judged.")
@click.option("--recover", default=0.0, show_default=True, help="Epochs on --data, taught by the whole model.")
@click.option("--lr", default=3e-4, show_default=True, help="Peak learning rate of the recovery.")
@_shared
def prune(
    folder: Path,
    kind: str,
    heads: float,
    units: float,
    data: tuple[Path, ...],
    recover: float,
    lr: float,
    out: Path,
    quality: tuple[Path, ...],
    max_loss: float,
    limit: int | None,
    as_json: bool,
) -> None:
    """Take attention heads and feed-forward units out of each layer, then quantise.

    \b
    kgqa compress prune runs/reader --heads 0.25 --units 0.3 --data train.json.gz --recover 0.2 --out runs/small
    """
    from kgqa.cli.train.options import bar, said_command
    from kgqa.training.compress import prune as run
    from kgqa.training.loop import Schedule

    allowed = _limit(quality, max_loss, limit)
    schedule = Schedule(learning_rate=lr, epochs=recover, log_every=0) if recover else None
    said = {"command": said_command()}
    with bar() as report:
        figures = usable(
            lambda: run(
                folder,
                out,
                kind,
                heads,
                units,
                allowed,
                files=data,
                recover=schedule,
                report=report,
                card=said,
                stage=report.stage,
            )
        )
    _show(figures, as_json)


@command.command("distil")
@click.argument("teachers", nargs=-1, required=True, type=_PATH)
@click.option("--kind", default="reader", show_default=True, type=click.Choice(["reader", "encoder"]))
@click.option("--data", multiple=True, required=True, type=_PATH, help="SQuAD files; for an encoder also text files.")
@click.option("--student", type=_PATH, help="Model folder to start from; layers of the first teacher if not given.")
@click.option(
    "--layers",
    type=click.IntRange(0),
    help="Layers of the student, 0 for all; 3 if not given, all of a given --student.",
)
@click.option("--epochs", default=1.0, show_default=True)
@click.option("--lr", default=3e-4, show_default=True, help="Peak learning rate.")
@click.option("--batch", default=32, show_default=True)
@click.option("--temperature", default=2.0, show_default=True, help="Softens what the teachers say.")
@click.option(
    "--trust", default=0.7, show_default=True, type=click.FloatRange(0, 1), help="Teachers' share of the loss."
)
@_shared
def distil(
    teachers: tuple[Path, ...],
    kind: str,
    data: tuple[Path, ...],
    student: Path | None,
    layers: int | None,
    epochs: float,
    lr: float,
    batch: int,
    temperature: float,
    trust: float,
    out: Path,
    quality: tuple[Path, ...],
    max_loss: float,
    limit: int | None,
    as_json: bool,
) -> None:
    """Train a smaller reader or encoder on what one larger one says, or several together.

    \b
    kgqa compress distil runs/large runs/other --data train.json.gz --student runs/base --out runs/small
    """
    from kgqa.cli.train.options import bar, said_command
    from kgqa.training.compress import DistilOptions
    from kgqa.training.compress import distil as run
    from kgqa.training.loop import Schedule

    schedule = Schedule(learning_rate=lr, epochs=epochs, batch=batch, log_every=0)
    count = (0 if student else 3) if layers is None else layers
    options = DistilOptions(student, count, temperature, trust, schedule=schedule)
    allowed, said = _limit(quality, max_loss, limit), {"command": said_command()}
    with bar() as report:
        figures = usable(
            lambda: run(teachers, data, out, kind, options, allowed, report=report, card=said, stage=report.stage)
        )
    _show(figures, as_json)
