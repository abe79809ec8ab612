"""A training curve as a picture, and as TensorBoard events while the run goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_FEW = 20
"""Reports up to which each is drawn as a dot."""

_SCALARS = ("loss", "score", "examples_per_second", "learning_rate")


class Board:
    """TensorBoard events of a run; nothing where TensorBoard is not installed, as log and picture say the same.

    :param folder: receives the events.
    :param update: where the run stands: later events of a killed run are taken back.
    """

    def __init__(self, folder: Path, update: int = 0) -> None:
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(folder), purge_step=update + 1)

    def add(self, row: Mapping[str, Any]) -> None:
        """Write the values of one report."""
        if self._writer is None:
            return
        for name in _SCALARS:
            if row.get(name) is not None:
                self._writer.add_scalar(name, row[name], row["update"])
        self._writer.flush()

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def draw(log: Path, picture: Path) -> None:
    """Draw loss, and validation score where there is one, over updates.

    :param log: ``log.jsonl`` of a run.
    :param picture: PNG file to write.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    dots = "o" if len(rows) <= _FEW else ""  # a line of one point is not seen
    axes.plot([row["update"] for row in rows], [row["loss"] for row in rows], color="tab:blue", marker=dots)
    axes.set(xlabel="update", ylabel="loss")
    scored = [(row["update"], row["score"]) for row in rows if row["score"] is not None]
    if scored:
        other = axes.twinx()
        other.plot(*zip(*scored, strict=True), color="tab:orange", marker="o", markersize=3)
        other.set_ylabel("validation score")
    figure.savefig(picture, dpi=100)
