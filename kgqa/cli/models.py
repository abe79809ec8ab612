"""``kgqa models list|show|verify|promote|rollback``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kgqa.cli.frame import json_option, note, open_kb, print_json, usable
from kgqa.errors import ModelError, UsageError

if TYPE_CHECKING:
    from kgqa.graph.store import GraphStore
    from kgqa.models.registry import Entry
    from kgqa.protocols import Linker


@click.group("models")
def command() -> None:
    """List, show, verify, promote and roll back models.

    A store is a folder that keeps the versions of one model and names the one in force; kb.toml names the store:

    \b
    [models]
    reader = "models/reader"
    """


@command.command("list")
@click.option(
    "--root", type=click.Path(path_type=Path), help="Folder of stores, whose versions are listed too (e.g. models)."
)
@json_option
def list_(root: Path | None, as_json: bool) -> None:
    """List the built-in models, and the versions of one's own.

    \b
    kgqa models list --root models
    """
    from kgqa.models.registry import list_models

    found = list_models(root)
    if as_json:
        print_json(
            {
                "models": [
                    {
                        "name": one.name,
                        "version": one.version,
                        "in_force": one.current,
                        "megabytes": one.megabytes,
                        "summary": one.summary,
                    }
                    for one in found
                ]
            }
        )
        return
    for one in found:
        click.echo(f"{one.name:<12}{one.megabytes:6.1f} MB  {one.summary}")


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the card of a built-in model, a model folder or a store: data, licences, metrics, hashes, and its history.

    \b
    kgqa models show reader
    kgqa models show models/reader
    """
    from kgqa.models.cards import read_card, render
    from kgqa.models.registry import find, history, size

    folder = find(name)
    card, told = read_card(folder), history(Path(name))
    if as_json:
        print_json({**card.said, "history": told} if told else card.said)
        return
    click.echo(render(card, size(folder)))
    for row in told:
        click.echo(f"  {row.get('at')}  {row.get('action')} {row.get('version')}  from {row.get('from')}")
        for line in _compared(row):
            click.echo(f"    {line}")


@command.command("verify")
@click.argument("names", nargs=-1)
@json_option
def verify(names: tuple[str, ...], as_json: bool) -> None:
    """Check the hashes of models, and that they hold nothing that could run code.

    \b
    kgqa models verify
    kgqa models verify runs/my-reader models/reader
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
    "--gate",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="What must not get worse: SQuAD files for a reader; BEIR folders, pairs or SQuAD files for an encoder or"
    " reranker; questions with answer_iris for paths. Repeatable.",
)
@click.option("--split", default="test", show_default=True, help="Judgements of a BEIR folder.")
@click.option("--kb", default="", metavar="NAME_OR_DIR", help="Knowledge base of the questions that judge paths.")
@click.option("--loss", default=0.5, show_default=True, help="Points (of 100) that may be lost on each.")
@json_option
def promote(
    folder: Path, store: Path, files: tuple[Path, ...], split: str, kb: str, loss: float, as_json: bool
) -> None:
    """Put a model in force in a store, unless it is worse on the gate's files.

    It is compared with the version in force, the first one with the built-in model of its kind; of paths, with answering
    without any.

    \b
    kgqa models promote runs/reader-2 models/reader --gate dev.json
    kgqa models promote runs/paths models/paths --gate questions.jsonl --kb kb/medical
    """
    from kgqa.models.registry import WEIGHTS, verify
    from kgqa.models.registry import promote as promote_
    from kgqa.training.gate import measure_of

    kind = verify(folder).kind
    measure = measure_of(kind, files, split, _graph(kb) if kb else None) if files else None
    if measure is None:
        note("no --gate was given: nothing was compared")
    baseline = WEIGHTS / kind if (WEIGHTS / kind / "card.json").is_file() else None
    entry = usable(
        lambda: promote_(folder, store.parent, store.name, measure=measure, tolerance=loss, baseline=baseline)
    )
    _say(entry, as_json, promoted=True)


def _graph(name: str) -> tuple[GraphStore, Linker]:
    """Return store and linker of a knowledge base's graph."""
    from kgqa.graph.linking import EntityLinker
    from kgqa.graph.store import GraphStore
    from kgqa.knowledge import GRAPH
    from kgqa.store.generations import Generations

    base = open_kb(name)
    folder = Generations(base.index).current().path / GRAPH
    if not folder.is_dir():
        raise UsageError(f"{base.name}: has no graph, so there are no paths to learn")
    store = GraphStore.open(folder)
    return store, EntityLinker(store, [doc_id for doc_id, _ in base.documents()])


@command.command("rollback")
@click.argument("store", type=click.Path(path_type=Path))
@json_option
def rollback(store: Path, as_json: bool) -> None:
    """Put the model that was in force before the present one in force again.

    \b
    kgqa models rollback models/reader
    """
    from kgqa.models.registry import rollback as rollback_

    _say(rollback_(store.parent, store.name), as_json)


def _say(entry: Entry, as_json: bool, *, promoted: bool = False) -> None:
    from kgqa.models.registry import history

    row = history(entry.folder.parent)[-1] if promoted else {}
    if as_json:
        told = {key: row[key] for key in ("figures", "figures_before") if key in row}
        print_json({"name": entry.name, "version": entry.version, "folder": str(entry.folder), **told})
        return
    click.echo(f"{entry.name}: {entry.version} is in force ({entry.folder})")
    for line in _compared(row):
        click.echo(f"  {line}")


def _compared(row: Mapping[str, Any]) -> list[str]:
    """Return a line for each figure of the gate that a promotion passed: before and after."""
    new, old = row.get("figures") or {}, row.get("figures_before") or {}
    return [
        f"{name}: {old[name]:.2f} -> {value:.2f}" if name in old else f"{name}: {value:.2f}"
        for name, value in new.items()
    ]
