"""One training loop for every model of the chain: reader, encoder, reranker, paths, language model.

It knows nothing of the task: a :class:`Task` brings the batches and the loss.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn


class Task(Protocol):
    """What a model is trained on."""

    def lengths(self) -> Sequence[int]:
        """Return the number of tokens of each example; batches group examples of like length."""

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the scalar loss of a batch of example numbers."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train.

    :param learning_rate: peak rate; small models want 1e-4 and above.
    :param epochs: passes over the examples; a fraction is allowed.
    :param batch: examples of one optimiser step.
    :param accumulate: steps over which gradients are summed before an update.
    :param warmup: share of the updates in which the rate rises to its peak.
    :param mixed_precision: run the forward pass in bfloat16.
    :param seed: fixes order and initial weights.
    """

    learning_rate: float = 1.5e-4
    epochs: float = 1.0
    batch: int = 32
    accumulate: int = 1
    warmup: float = 0.06
    weight_decay: float = 0.01
    clip: float = 1.0
    mixed_precision: bool = True
    seed: int = 13
    save_every: int = 500
    log_every: int = 50


@dataclass(slots=True)
class Progress:
    """Where a run stands: what a checkpoint holds besides weights."""

    update: int = 0
    updates: int = 0
    loss: float = math.nan
    examples_per_second: float = 0.0


def batches(lengths: Sequence[int], size: int, epochs: float, seed: int) -> list[list[int]]:
    """Return shuffled batches whose examples have like lengths.

    Examples are shuffled, cut into pools of 50 batches, and each pool is sorted by length: little padding, and still a
    random order.
    """
    rng = random.Random(seed)
    out: list[list[int]] = []
    want = math.ceil(len(lengths) * epochs / size)
    while len(out) < want:
        order = list(range(len(lengths)))
        rng.shuffle(order)
        epoch = [batch for pool in _chunks(order, size * 50) for batch in _chunks(sorted(pool, key=lengths.__getitem__), size)]
        for at in range(0, len(epoch), 50):
            part = epoch[at : at + 50]
            rng.shuffle(part)
            out.extend(part)
    return out[:want]


def _chunks(rows: list[int], size: int) -> Iterator[list[int]]:
    for at in range(0, len(rows), size):
        yield rows[at : at + size]


def seed_everything(seed: int) -> None:
    """Fix the random state of Python, NumPy and torch."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries below draw from the global state
    torch.manual_seed(seed)


def pick_device() -> torch.device:
    """Return the GPU when one is there, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(
    model: nn.Module,
    task: Task,
    schedule: Schedule,
    folder: Path,
    *,
    report: Callable[[Progress], None] | None = None,
) -> Progress:
    """Train ``model`` in place; a killed run continues from its last checkpoint in ``folder``.

    :param folder: receives ``checkpoint.pt`` (weights, optimiser; torch's own weights-only format) and ``log.jsonl``.
    :param report: called every ``log_every`` updates.
    """
    seed_everything(schedule.seed)
    device = pick_device()
    model.to(device).train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True)
    plan = batches(task.lengths(), schedule.batch, schedule.epochs, schedule.seed)
    progress = Progress(updates=len(plan) // schedule.accumulate)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, _linear(progress.updates, schedule.warmup))
    folder.mkdir(parents=True, exist_ok=True)
    _resume(folder, model, optimiser, rate, progress)
    clock, seen, losses = time.monotonic(), 0, []
    while progress.update < progress.updates:
        for rows in plan[progress.update * schedule.accumulate : (progress.update + 1) * schedule.accumulate]:
            with torch.autocast(device.type, torch.bfloat16, enabled=schedule.mixed_precision):
                loss = task.loss(model, rows, device)
            (loss.float() / schedule.accumulate).backward()
            losses.append(float(loss.detach()))
            seen += len(rows)
        nn.utils.clip_grad_norm_(parameters, schedule.clip)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        rate.step()
        progress.update += 1
        if progress.update % schedule.log_every == 0 or progress.update == progress.updates:
            progress.loss = sum(losses) / len(losses)
            progress.examples_per_second = seen / (time.monotonic() - clock)
            clock, seen, losses = time.monotonic(), 0, []
            _log(folder, progress)
            if report:
                report(progress)
        if progress.update % schedule.save_every == 0:
            _save(folder, model, optimiser, rate, progress)
    return progress


def _linear(updates: int, warmup: float) -> Callable[[int], float]:
    rise = max(1, int(updates * warmup))
    return lambda step: min((step + 1) / rise, max(0.0, (updates - step) / max(1, updates - rise)))


def _log(folder: Path, progress: Progress) -> None:
    with (folder / "log.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(progress)) + "\n")


def _save(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, rate: Any, progress: Progress) -> None:
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "rate": rate.state_dict(),
        "update": progress.update,
    }
    fresh = folder / "checkpoint.tmp"
    torch.save(state, fresh)
    fresh.replace(folder / "checkpoint.pt")


def _resume(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, rate: Any, progress: Progress) -> None:
    path = folder / "checkpoint.pt"
    if not path.exists():
        return
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    rate.load_state_dict(state["rate"])
    progress.update = int(state["update"])
