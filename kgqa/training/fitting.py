"""What every kind of model is trained with: adapters, plain attention on a CPU, the loop, and the curve's picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from kgqa.training.adapters import adapt, merged, ranks_of, regular
from kgqa.training.attention import use_plain_attention
from kgqa.training.curve import draw
from kgqa.training.loop import Companion, Progress, Schedule, Task, pick_device, train, updates_of

Report = Callable[[Progress], None]


class Trainer(Protocol):
    """Runs a training; :func:`kgqa.training.loop.train`, or one with privacy, for example."""

    def __call__(
        self,
        model: nn.Module,
        task: Task,
        schedule: Schedule,
        folder: Path,
        *,
        report: Report | None,
        check: Callable[[nn.Module], float] | None,
        companion: Companion | None,
    ) -> Progress:
        """Train the model in place and return where the run ended."""


def fit(
    inner: Any,
    task: Task,
    schedule: Schedule,
    folder: Path,
    *,
    peft: str = "",
    wrap: Callable[[Any], nn.Module] | None = None,
    report: Report | None = None,
    check: Callable[[nn.Module], float] | None = None,
    trainer: Trainer = train,
) -> tuple[Any, Progress]:
    """Train a transformers model, or an adapter of it.

    :param inner: the model; changed in place.
    :param folder: receives checkpoint, log, TensorBoard events and the curve.
    :param wrap: makes of the (adapted) model what the task is given, for example its pooled rows.
    :returns: the model with its adapters folded in where they can be, and where the run ended.
    """
    adapted = adapt(inner, peft, updates=updates_of(task, schedule))
    plain = pick_device().type == "cpu" and peft != "prefix"  # with a prefix there are more keys than queries
    if plain:
        use_plain_attention(inner)
    progress = trainer(
        wrap(adapted) if wrap else adapted,
        regular(task, adapted),
        schedule,
        folder,
        report=report,
        check=check,
        companion=ranks_of(adapted),
    )
    if plain and hasattr(inner, "set_attn_implementation"):
        inner.set_attn_implementation("sdpa")
    draw(folder / "log.jsonl", folder / "curve.png")
    return merged(adapted), progress
