"""``kgqa models list|show|verify|promote|rollback``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kgqa.cli.frame import json_option, print_json
from kgqa.errors import ModelError

if TYPE_CHECKING:
    from kgqa.models.registry import Entry


@click.group("models")
def command() -> None:
    """List, show and verify models."""


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the built-in models."""
    from kgqa.models.registry import builtins

    found = builtins()
    if as_json:
        print_json({"models": [{"name": o.name, "megabytes": o.megabytes, "summary": o.summary} for o in found]})
        return
    for one in found:
        click.echo(f"{one.name:<12}{one.megabytes:6.1f} MB  {one.summary}")


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the card of a built-in model or of a model folder: data, licences, metrics, hashes.

    \b
    kgqa models show reader
    """
    from kgqa.models.cards import read_card, render
    from kgqa.models.registry import find, size

    folder = find(name)
    card = read_card(folder)
    print_json(card.said) if as_json else click.echo(render(card, size(folder)))


@command.command("verify")
@click.argument("names", nargs=-1)
@json_option
def verify(names: tuple[str, ...], as_json: bool) -> None:
    """Check the hashes of models, and that they hold nothing that could run code.

    \b
    kgqa models verify
    kgqa models verify runs/my-reader
    """
    from kgqa.models.registry import builtins, faults, find

    wanted = names or tuple(one.name for one in builtins())
    wrong = {name: faults(find(name)) for name in wanted}
    if as_json:
        print_json({"faults": wrong})
    else:
        for name, found in wrong.items():
            click.echo(f"{name}: " + ("sound" if not found else "; ".join(found)))
    if any(wrong.values()):
        raise ModelError("a model is not sound: " + ", ".join(n for n, f in wrong.items() if f) + "; install it again")


@command.command("promote")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "--gate", "files", multiple=True, type=click.Path(path_type=Path), help="SQuAD file that must not get worse."
)
@click.option("--loss", default=0.5, show_default=True, help="Points of F1 that may be lost.")
@json_option
def promote(folder: Path, store: Path, files: tuple[Path, ...], loss: float, as_json: bool) -> None:
    """Put a reader in force in a model store, unless it is worse on the gate's files.

    \b
    kgqa models promote runs/reader-2 models/reader --gate dev.json
    """
    from kgqa.evaluation.gate import squad_measure
    from kgqa.models.registry import promote as promote_

    measure = squad_measure(files) if files else None
    _say(promote_(folder, store.parent, store.name, measure=measure, tolerance=loss), as_json)


@command.command("rollback")
@click.argument("store", type=click.Path(path_type=Path))
@json_option
def rollback(store: Path, as_json: bool) -> None:
    """Put the model before the present one in force again."""
    from kgqa.models.registry import rollback as rollback_

    _say(rollback_(store.parent, store.name), as_json)


def _say(entry: Entry, as_json: bool) -> None:
    if as_json:
        print_json({"name": entry.name, "version": entry.version, "folder": str(entry.folder)})
    else:
        click.echo(f"{entry.name}: {entry.version} is in force ({entry.folder})")
