"""Measures as pictures: risk and coverage, quality by slice, robustness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kgqa.errors import MissingExtra, UsageError

_COLOURS = {"worse": "tab:red", "better": "tab:green", "": "tab:blue"}


@contextmanager
def _sheet(path: Path, height: float, columns: int = 1) -> Iterator[Any]:
    """Give axes to draw on and write the picture afterwards."""
    if path.suffix not in (".png", ".svg"):
        raise UsageError(f"{path}: pictures are .png or .svg")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("drawing", "torch") from None
    sheet = Figure(figsize=(3 + 4 * columns, height), layout="constrained")
    yield sheet.subplots(1, columns)
    sheet.savefig(path, dpi=150)


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Write the risk-coverage curve of each mode to a PNG or SVG file.

    :param figures: what :func:`kgqa.evaluation.run.evaluate` returned.
    :raises MissingExtra: matplotlib is not installed.
    :raises UsageError: the suffix is neither ``.png`` nor ``.svg``.
    """
    with _sheet(path, 4) as axes:
        for mode, one in figures["modes"].items():
            points = one["risk_coverage"]
            axes.plot([c for c, _ in points], [r for _, r in points], label=mode.replace("_", " "))
        axes.axhline(0.05, color="grey", linewidth=0.8, linestyle=":")
        axes.set(xlabel="coverage (share of questions answered)", ylabel="risk (share of answers that are wrong)")
        axes.set(xlim=(0, 1), ylim=(0, None), title=f"{figures['file']}, {figures['n']} questions")
        axes.legend()


def draw_slices(figures: Mapping[str, Any], path: Path) -> None:
    """Write F1 of each slice with its interval; red where it is worse than the mean, green where better.

    :param figures: what :func:`kgqa.evaluation.slices.report` returned.
    :raises MissingExtra: matplotlib is not installed.
    :raises UsageError: the suffix is neither ``.png`` nor ``.svg``.
    """
    rows = [(f"{name}  (n {one['n']})", one) for part in figures["by"].values() for name, one in part.items()]
    with _sheet(path, 1.2 + 0.28 * len(rows)) as axes:
        _dots(axes, [(name, one["f1"], one["low"], one["high"], one["differs"]) for name, one in rows])
        axes.axvline(figures["all"]["f1"], color="grey", linewidth=0.8, linestyle=":")
        axes.set(xlabel="F1 in percent, with 95 % interval", xlim=(0, 100), title=f"{figures['all']['n']} questions")


def draw_robustness(figures: Mapping[str, Any], path: Path) -> None:
    """Write how much F1 falls under each noise, and how many answers change under each swap, with intervals.

    :param figures: what :func:`kgqa.evaluation.robustness.report` returned.
    :raises MissingExtra: matplotlib is not installed.
    :raises UsageError: the suffix is neither ``.png`` nor ``.svg``.
    """
    noise = [(name, one) for name, one in figures["noise"].items() if one["n"]]
    swaps = [(name, one) for name, one in figures["swaps"].items() if one["n"]]
    with _sheet(path, 1.4 + 0.3 * max(len(noise), len(swaps)), 2) as (left, right):
        drops = [(n, o["drop"], o["low"], o["high"], "worse" if o["low"] > 0 else "") for n, o in noise]
        _dots(left, drops)
        left.axvline(0, color="grey", linewidth=0.8, linestyle=":")
        left.set(xlabel="points of F1 lost")
        _dots(right, [(name, one["changed"], one["low"], one["high"], "") for name, one in swaps])
        right.set(xlabel="answers that change, in percent", xlim=(0, None))


def _dots(axes: Any, rows: Sequence[tuple[str, float, float, float, str]]) -> None:
    for at, (_, value, low, high, differs) in enumerate(rows):
        axes.plot([low, high], [at, at], color=_COLOURS[differs], linewidth=1.2)
        axes.plot([value], [at], "o", color=_COLOURS[differs], markersize=4)
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.invert_yaxis()
