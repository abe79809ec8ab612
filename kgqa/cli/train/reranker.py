"""``kgqa train reranker``."""

from __future__ import annotations

from pathlib import Path

import click

from kgqa.cli.frame import usable
from kgqa.cli.train.options import needs_torch


@click.command("reranker")
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.option("--out", required=True, type=click.Path(path_type=Path))
def command(data: Path, out: Path) -> None:
    """Train the built-in reranker's recipe on a data folder.

    \b
    kgqa train reranker data --out runs/reranker
    """
    needs_torch()
    from kgqa.training.recipes import make_reranker

    usable(lambda: make_reranker(data, out))
