"""What training commands share: the schedule's options, the progress bar, and how an interrupted run goes on."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kgqa.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from kgqa.training.loop import Progress as RunProgress

F = TypeVar("F", bound=Callable[..., Any])
Report = Callable[["RunProgress"], None]
PEFT = click.Choice(["", "lora", "adalora", "prefix", "ia3"])
_NAMES = ("epochs", "lr", "batch", "accumulate", "warmup", "precision", "seed", "check_every", "patience", "save_every")


def needs_torch() -> None:
    """Say which extra is missing before anything is read.

    :raises MissingExtra: torch or transformers is not installed.
    """
    from importlib.util import find_spec

    if find_spec("torch") is None or find_spec("transformers") is None:
        raise MissingExtra("training", "torch")


def out_option(function: F) -> F:
    """Add ``--out`` and ``--restart``; a restart deletes ``OUT/work`` before the command runs."""

    @functools.wraps(function)
    def wrapped(*args: Any, restart: bool, out: Path, **given: Any) -> Any:
        if restart:
            shutil.rmtree(out / "work", ignore_errors=True)
        return function(*args, out=out, **given)

    wrapped = click.option("--restart", is_flag=True, help="Forget the checkpoint in OUT/work and begin anew.")(wrapped)
    return click.option(
        "--out",
        required=True,
        type=click.Path(path_type=Path),
        help="Folder of the model. A killed run goes on from its last checkpoint (OUT/work) when the same command is"
        " given again, and its curve is that of a run that was not killed; with other data or settings the checkpoint"
        " is refused.",
    )(wrapped)  # type: ignore[return-value]


def base_option(function: F) -> F:
    """Add ``--base``."""
    return click.option(
        "--base",
        help="Model to start from: a folder, a store, a name on a hub, or builtin for the built-in model of this kind;"
        " the built-in base weights, which know no task, if not given.",
    )(function)


def schedule_options(lr: float, batch: int, epochs: float = 1.0) -> Callable[[F], F]:
    """Add the options of a schedule; the command receives them as one ``schedule``."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapped(*args: Any, **given: Any) -> Any:
            needs_torch()
            said = {name: given.pop(name) for name in _NAMES}
            return function(*args, schedule=_schedule(**said), **given)

        for option in reversed(_options(lr, batch, epochs)):
            wrapped = option(wrapped)
        return wrapped  # type: ignore[return-value]

    return decorate


def _options(lr: float, batch: int, epochs: float) -> list[Callable[[Any], Any]]:
    positive, share = click.IntRange(1), click.FloatRange(0, 1)
    rate = click.FloatRange(0, min_open=True)
    return [
        click.option("--epochs", default=epochs, show_default=True, type=rate, help="Passes over the examples."),
        click.option("--lr", default=lr, show_default=True, type=rate, help="Peak learning rate."),
        click.option("--batch", default=batch, show_default=True, type=positive, help="Examples of a batch."),
        click.option("--accumulate", default=1, show_default=True, type=positive, help="Batches of one update."),
        click.option("--warmup", default=0.06, show_default=True, type=share, help="Share in which the rate rises."),
        click.option(
            "--precision",
            default="bf16",
            show_default=True,
            type=click.Choice(["bf16", "fp32"]),
            help="bf16: mixed precision.",
        ),
        click.option("--seed", default=13, show_default=True, help="Fixes order and first weights."),
        click.option(
            "--patience",
            default=0,
            show_default=True,
            type=click.IntRange(0),
            help="Stop after so many validations without a new best; 0 never stops early.",
        ),
        click.option(
            "--check-every",
            default=0,
            show_default=True,
            type=click.IntRange(0),
            help="Updates between validations; 0: at the end, or ten times a run where there is --patience.",
        ),
        click.option(
            "--save-every", default=200, show_default=True, type=positive, help="Updates between checkpoints."
        ),
    ]


def _schedule(**said: Any) -> Any:
    from kgqa.training.loop import Schedule

    rate, precision = said.pop("lr"), said.pop("precision")
    return Schedule(learning_rate=rate, mixed_precision=precision == "bf16", log_every=10, **said)


@contextmanager
def bar() -> Iterator[Report]:
    """Show one bar of a training run on standard error: updates, loss, validation score, examples a second."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task("reading the data", total=None)

        def report(progress: RunProgress) -> None:
            score = "" if progress.score != progress.score else f"  score {progress.score:.3f}"
            speed = f"  {progress.examples_per_second:.0f}/s"
            shown.update(
                task,
                description=f"loss {progress.loss:.3f}{score}{speed}",
                completed=progress.update,
                total=progress.updates,
            )

        yield report


def weights_of(files: tuple[Path, ...], said: tuple[str, ...]) -> list[int]:
    """Return how often each file is read in an epoch.

    :param said: ``FILE=N`` each; the file by its path or its name.
    :raises UsageError: one is not of that form or names no file of the command.
    """
    counts = dict.fromkeys(files, 1)
    for text in said:
        name, _, number = text.rpartition("=")
        found = [path for path in files if name in (str(path), path.name)]
        if not number.isdigit() or int(number) < 1 or not name:
            raise UsageError(f"--weight {text!r}: write FILE=N with a whole number of 1 or more")
        if len(found) != 1:
            raise UsageError(f"--weight {text!r}: {name!r} names {len(found)} of the files; give the file's path")
        counts[found[0]] = int(number)
    return [counts[path] for path in files]


def told(out: Path, card: dict[str, Any]) -> str:
    """Return what a card measures, a line for each set."""
    lines = [str(out)]
    for name, figures in card.get("metrics", {}).items():
        lines.append(f"  {name}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))
    return "\n".join(lines)
