"""The regression gate of model promotion: what a model must not lose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kgqa.evaluation.squad import evaluate


def squad_measure(files: Sequence[Path], limit: int | None = None) -> Callable[[Path], Mapping[str, float]]:
    """Return a measure of reader folders: F1 on each SQuAD file.

    :param files: at least one.
    :param limit: questions of each file at most.
    """

    def measure(folder: Path) -> dict[str, float]:
        from kgqa.reading.extractive import OnnxReader

        reader = OnnxReader(folder)
        return {f"{path.name} f1": evaluate(path, reader, limit)["f1"] for path in files}

    return measure
