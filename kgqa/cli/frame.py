"""What commands share: options, JSON output, progress on standard error."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kgqa.cli.speech import translate
from kgqa.errors import UsageError

if TYPE_CHECKING:
    from kgqa.knowledge_base import KnowledgeBase

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
Step = Callable[[str, int, int], None]


def kb_option(function: F) -> F:
    """Add ``--kb``."""
    return click.option("--kb", required=True, metavar="NAME_OR_DIR", help="Name below kb/, or a folder.")(function)


def json_option(function: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")(function)


def open_kb(name: str) -> KnowledgeBase:
    """Open a knowledge base by name or folder."""
    from kgqa.knowledge_base import open as open_

    return open_(name)


def usable(work: Callable[[], T]) -> T:
    """Do work on files that the caller named; what is wrong with them is the caller's mistake.

    :raises UsageError: with the message of a ``ValueError`` or ``OSError``.
    """
    try:
        return work()
    except (ValueError, OSError) as error:
        raise UsageError(str(error)) from error


def parsed_date(text: str | None) -> date | None:
    """Return a day given as ``YYYY-MM-DD``.

    :raises UsageError: the text is no such day.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no date; write it as YYYY-MM-DD") from None


def plain(value: Any) -> Any:
    """Return a value of JSON's types: dataclasses become objects, sets sorted lists, dates ISO texts."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(v) for v in value)
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return value


def print_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, allow_nan=False))


def note(message: str) -> None:
    """Print a message on standard error, in the user's language."""
    click.echo(translate(message), err=True)


def tell(message: str) -> None:
    """Print a message on standard output, in the user's language."""
    click.echo(translate(message))


@contextmanager
def progress() -> Iterator[Step]:
    """Show progress bars on standard error; the step is called with (stage, done, of)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def step(stage: str, done: int, of: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=of, completed=done)  # what is resumed is not speed
            bars.update(tasks[stage], completed=done, total=of)

        yield step
