"""What training commands share: options of the model, its schedule and its card, the progress bar, how a run goes on."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from kgqa.cli.frame import note
from kgqa.cli.speech import translate
from kgqa.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from kgqa.training.loop import Progress as RunProgress

F = TypeVar("F", bound=Callable[..., Any])
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


def layer_options(length: int, *, least: int = 16, peft: bool = True) -> Callable[[F], F]:
    """Add ``--freeze``, ``--train-words``, ``--length`` and, for models that take an adapter, ``--peft``.

    :param length: tokens that the model reads at once if not given; never fewer than ``least``.
    """
    adapters = click.Choice(["", "lora", "adalora", "prefix", "ia3"])
    options = [
        click.option("--freeze", default=0, show_default=True, help="Lowest layers that stay as they are."),
        click.option(
            "--train-words", is_flag=True, help="Train the word embeddings too (for other languages or much data)."
        ),
        *([click.option("--peft", default="", type=adapters, help="Train an adapter only.")] if peft else []),
        click.option(
            "--length",
            default=length,
            show_default=True,
            type=click.IntRange(least),
            help="Tokens that are read at once; longer texts are cut or read in windows.",
        ),
    ]
    return lambda function: functools.reduce(lambda done, option: option(done), reversed(options), function)


def hold_out_option(share: float, *, least_open: bool = False) -> Callable[[F], F]:
    """Add ``--hold-out``, the share of the data that judges.

    :param least_open: whether something must be held out.
    """
    return click.option(
        "--hold-out",
        default=share,
        show_default=True,
        type=click.FloatRange(0, 1, min_open=least_open, max_open=True),
        help="Share of the questions, articles or documents that validates and is reported on, not trained on.",
    )


def card_options(name: str) -> Callable[[F], F]:
    """Add ``--name`` and ``--license``; the command receives them as the beginning of a card, ``said``."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapped(*args: Any, name: str, license: str, **given: Any) -> Any:
            return function(*args, said={"name": name, "license": license}, **given)

        wrapped = click.option(
            "--license", default="not stated", show_default=True, help="The data's licences, for its card."
        )(wrapped)
        return click.option("--name", default=name, show_default=True, help="The model's name, for its card.")(wrapped)  # type: ignore[return-value]

    return decorate


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
    return Schedule(learning_rate=rate, mixed_precision=precision == "bf16", log_every=0, **said)


class Shown:
    """Lines on standard error: called with where a training run stands, told the other stages of the work."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._run: RunProgress | None = None
        self._said = self._name = ""
        self._counts = False
        self._line = bars.add_task(translate("reading the data"), total=None)

    def __call__(self, progress: RunProgress) -> None:
        """Show updates, loss, validation score and examples a second."""
        if self._counts:
            self._begin("", None)
        self._run = progress
        score = "" if progress.score != progress.score else f"  score {progress.score:.3f}"
        said = f"{self._name}loss {progress.loss:.3f}{score}  {progress.examples_per_second:.0f}/s"
        self._bars.update(self._line, description=said, completed=progress.update, total=progress.updates)

    def named(self, said: str) -> None:
        """Begin another training run, under a name."""
        self._begin(said, None)
        self._name = f"{translate(said)}  "

    def stage(self, said: str, done: int, of: int) -> None:
        """Say how far a stage beside training is."""
        if said != self._said:
            self._begin(said, of)
            self._counts = True
        self._bars.update(self._line, completed=done, total=of)

    def _begin(self, said: str, of: int | None) -> None:
        """Begin a line, leave no bar behind that still moves, and say it where training stopped before its last update."""
        task = next(task for task in self._bars.tasks if task.id == self._line)
        if task.total is None:
            self._bars.remove_task(self._line)
        elif not task.finished:
            self._bars.update(self._line, total=task.completed)
        run, self._run = self._run, None
        if run is not None and run.update < run.updates:
            note(f"stopped early after {run.update} of {run.updates} updates; the best was update {run.best_update}")
        self._said, self._name, self._counts = said, "", False
        self._line = self._bars.add_task(translate(said), total=of)


@contextmanager
def bar() -> Iterator[Shown]:
    """Show on standard error what a command does: a line for each stage of its work."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield Shown(bars)


def said_command() -> str:
    """Return the command as it was given, with files by their names: what a card says of how its model was made."""
    context = click.get_current_context()
    words: list[str] = []
    outer = context
    while outer.parent is not None:
        words.insert(0, outer.info_name or "")
        outer = outer.parent
    words.insert(0, "kgqa")  # however the program was started
    for param in context.command.params:
        value = context.params.get(param.name or "")
        if context.get_parameter_source(param.name or "") is not ParameterSource.COMMANDLINE:
            continue
        values = value if isinstance(value, tuple | list) else (value,)
        if isinstance(param, click.Argument):
            words += [_named(one) for one in values]
        elif param.name in ("as_json", "restart"):
            continue
        elif isinstance(param, click.Option) and param.is_flag:
            words.append(param.opts[0])
        else:
            for one in values if param.multiple else (value,):
                words += [param.opts[0], *(_named(part) for part in (one if param.nargs > 1 else (one,)))]
    return join(words)


def _named(value: Any) -> str:
    path = Path(str(value))
    return path.name if isinstance(value, Path) or path.is_absolute() else str(value)


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
