"""A training curve as a picture, and as TensorBoard events, from a run's log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def draw(log: Path, picture: Path) -> None:
    """Draw loss, and validation score where there is one, over updates.

    :param log: ``log.jsonl`` of a run.
    :param picture: PNG file to write; its folder also receives the same values as TensorBoard events.
    """
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    _picture(rows, picture)
    _events(rows, picture.parent / "tensorboard")


def _picture(rows: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([row["update"] for row in rows], [row["loss"] for row in rows], color="tab:blue")
    axes.set(xlabel="update", ylabel="loss")
    scored = [(row["update"], row["score"]) for row in rows if row["score"] is not None]
    if scored:
        other = axes.twinx()
        other.plot(*zip(*scored, strict=True), color="tab:orange", marker="o", markersize=3)
        other.set_ylabel("validation score")
    figure.savefig(path, dpi=100)


def _events(rows: list[dict[str, Any]], folder: Path) -> None:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:  # TensorBoard is an extra; the log and the picture say the same
        return
    with SummaryWriter(str(folder)) as writer:
        for row in rows:
            for name in ("loss", "score", "examples_per_second"):
                if row[name] is not None:
                    writer.add_scalar(name, row[name], row["update"])
