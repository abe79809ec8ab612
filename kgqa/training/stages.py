"""What long work tells of itself beside the curve of a training run."""

from __future__ import annotations

from collections.abc import Callable

Stage = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


def untold(said: str, done: int, of: int) -> None:
    """Tell nobody."""
