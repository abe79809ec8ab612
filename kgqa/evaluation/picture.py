"""The risk-coverage curve of each mode as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kgqa.errors import MissingExtra, UsageError


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Write the curves to a PNG or SVG file.

    :param figures: what :func:`kgqa.evaluation.run.evaluate` returned.
    :raises MissingExtra: matplotlib is not installed.
    :raises UsageError: the suffix is neither ``.png`` nor ``.svg``.
    """
    if path.suffix not in (".png", ".svg"):
        raise UsageError(f"{path}: pictures are .png or .svg")
    try:
        import matplotlib
    except ImportError:
        raise MissingExtra("drawing", "torch") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    sheet, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for mode, one in figures["modes"].items():
        points = one["risk_coverage"]
        axes.plot([c for c, _ in points], [r for _, r in points], label=mode.replace("_", " "))
    axes.axhline(0.05, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="coverage (share of questions answered)", ylabel="risk (share of answers that are wrong)")
    axes.set(xlim=(0, 1), ylim=(0, None), title=f"{figures['file']}, {figures['n']} questions")
    axes.legend()
    sheet.savefig(path, dpi=150)
    pyplot.close(sheet)
