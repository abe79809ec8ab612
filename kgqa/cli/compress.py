"""``kgqa compress quantise``."""

from __future__ import annotations

from pathlib import Path

import click

from kgqa.cli.frame import json_option, print_json
from kgqa.errors import MissingExtra


@click.group("compress")
def command() -> None:
    """Make a model smaller."""
    from importlib.util import find_spec

    if find_spec("torch") is None or find_spec("onnx") is None:
        raise MissingExtra("compression", "torch")


@command.command("quantise")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path))
@click.option("--kind", required=True, type=click.Choice(["reader", "encoder", "reranker"]))
@json_option
def quantise(folder: Path, out: Path, kind: str, as_json: bool) -> None:
    """Write a torch model folder (safetensors) as int8 ONNX, and show size before and after.

    \b
    kgqa compress quantise runs/reader/torch --out runs/reader-int8 --kind reader
    """
    from kgqa.training.compress import quantise as run

    figures = run(folder, out, kind)
    print_json(figures) if as_json else click.echo("\n".join(f"{k}: {v}" for k, v in figures.items()))
