"""``kgqa train paths``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kgqa.cli.frame import json_option, kb_option, note, open_kb, print_json, progress
from kgqa.cli.train.options import card_options, hold_out_option, said_command, told
from kgqa.errors import UsageError


@click.command("paths")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@kb_option
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the model.")
@hold_out_option(0.2)
@click.option("--seed", default=13, show_default=True, help="Fixes which questions are held out.")
@card_options("paths")
@json_option
def command(
    files: tuple[Path, ...],
    kb: str,
    out: Path,
    hold_out: float,
    seed: int,
    said: dict[str, Any],
    as_json: bool,
) -> None:
    """Learn which wordings lead along which paths of a knowledge base's graph, from questions with the IRIs of their answers.

    FILES are questions as for kgqa eval answers; those with answer_iris teach. Put the model in force in kb.toml:
    [models] paths = "FOLDER".

    \b
    kgqa train paths questions.jsonl --kb kb/medical --out runs/paths
    """
    from kgqa.evaluation.answers import read_gold
    from kgqa.graph.linking import EntityLinker
    from kgqa.graph.store import GraphStore
    from kgqa.knowledge import GRAPH
    from kgqa.store.generations import Generations
    from kgqa.training.kb_paths import train_paths

    base = open_kb(kb)
    golds = [gold for file in files for gold in read_gold(file)]
    generation = Generations(base.index).current()
    if not (generation.path / GRAPH).is_dir():
        raise UsageError(f"{base.name}: has no graph, so there are no paths to learn")
    store = GraphStore.open(generation.path / GRAPH)
    said |= {
        "data": [file.name for file in files],
        "command": said_command(),
    }
    with progress() as step:
        card = train_paths(
            store,
            EntityLinker(store, [doc_id for doc_id, _ in base.documents()]),
            golds,
            out,
            held_out=hold_out,
            seed=seed,
            card=said,
            progress=step,
        )
    note(f"{card['questions']} of {len(golds)} questions taught {card['wordings']} wordings")
    figures = card.get("metrics", {}).get("held-out questions", {})
    if figures and figures["exact"] < figures["exact without it"]:
        note("it is worse than answering without it: do not put it in force; give more questions, or other wordings")
    print_json(card) if as_json else click.echo(told(out, card))
