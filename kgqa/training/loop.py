"""One training loop for every model of the chain: reader, encoder, reranker, paths, language model.

It knows nothing of the task: a :class:`Task` brings the batches and the loss. A run that was killed goes on from its
last checkpoint and gives the same losses as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from kgqa.errors import ModelError
from kgqa.training.curve import Board

LONGEST = 300.0
"""Seconds after which a checkpoint is due, however few updates were made: a slow machine must not lose more."""


class Companion(Protocol):
    """What follows a run beside the model, and whose state belongs into its checkpoints (AdaLoRA's ranks, for example)."""

    def after_step(self, update: int) -> None:
        """Act after an update, counted from 1, while the gradients are still there."""

    def state(self) -> dict[str, Any]:
        """Return tensors, numbers and texts that :meth:`load` goes on from."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""


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
    :param accumulate: batches whose gradients are averaged into one update; the last update may have fewer.
    :param warmup: share of the updates in which the rate rises to its peak; then it falls to 0 in a straight line.
    :param mixed_precision: run the forward pass in bfloat16.
    :param seed: fixes order and initial weights.
    :param log_every: updates between two reports; 0 makes about fifty a run, and one after each tenth update at least.
    :param check_every: updates between two validations, where there is one; 0 validates at the end only, or ten times a
        run where there is patience.
    :param patience: validations without a new best after which training stops; 0 never stops early.
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
    check_every: int = 0
    patience: int = 0

    def reports(self, updates: int) -> int:
        """Return the updates between two reports of a run."""
        return self.log_every or max(1, min(10, updates // 50))


@dataclass(slots=True)
class Progress:
    """Where a run stands: what a checkpoint holds besides weights.

    :param loss: mean over the updates since the last report.
    :param score: the last validation score, larger is better; ``nan`` before the first.
    :param best: the best validation score so far, and ``best_update`` where it was.
    """

    update: int = 0
    updates: int = 0
    loss: float = math.nan
    examples_per_second: float = 0.0
    score: float = math.nan
    best: float = math.nan
    best_update: int = 0


@dataclass(slots=True)
class _Window:
    """Losses since the last report; kept in checkpoints, so that a resumed run reports the same means."""

    losses: list[float] = field(default_factory=list)
    seen: int = 0  # in this process; speed is no part of the curve
    clock: float = field(default_factory=time.monotonic)

    def rate(self) -> float:
        """Return examples a second."""
        return self.seen / max(1e-9, time.monotonic() - self.clock)


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
        epoch = [
            batch
            for pool in _chunks(order, size * 50)
            for batch in _chunks(sorted(pool, key=lengths.__getitem__), size)
        ]
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


class Run:
    """A training run: model, optimiser and place in the plan, with its checkpoint.

    :param folder: receives ``checkpoint.pt`` (weights, optimiser; torch's weights-only format), ``best.pt``,
        ``log.jsonl`` and, where TensorBoard is installed, ``tensorboard/``.
    :param check: validates the model in evaluation mode; larger is better.
    :raises ModelError: the checkpoint in ``folder`` is damaged, or of another run.
    """

    def __init__(
        self,
        model: nn.Module,
        task: Task,
        schedule: Schedule,
        folder: Path,
        check: Callable[[nn.Module], float] | None = None,
        companion: Companion | None = None,
    ) -> None:
        seed_everything(schedule.seed)
        self.model, self.task, self.schedule, self.folder, self.check = model, task, schedule, folder, check
        self.companion = companion
        self.device = pick_device()
        model.to(self.device).train()
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        if not self.parameters:
            raise ValueError("nothing to train: every weight is frozen; freeze fewer layers")
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True
        )
        plan = batches(task.lengths(), schedule.batch, schedule.epochs, schedule.seed)
        self.plan = [plan[at : at + schedule.accumulate] for at in range(0, len(plan), schedule.accumulate)]
        self.progress = Progress(updates=len(self.plan))
        self.rate = torch.optim.lr_scheduler.LambdaLR(self.optimiser, _linear(len(self.plan), schedule.warmup))
        self.window = _Window()
        self.saved = time.monotonic()
        # A checkpoint is good only for the same batches in the same order at the same rates.
        said = {name: value for name, value in asdict(schedule).items() if name not in _FREE}
        self.key = hashlib.sha256(json.dumps([said, self.plan]).encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        self.board = Board(folder / "tensorboard", self.progress.update)

    @property
    def check_every(self) -> int:
        """Updates between two validations; 0 validates at the end only."""
        tenth = max(1, self.progress.updates // 10)
        return self.schedule.check_every or (tenth if self.schedule.patience else 0)

    @property
    def waiting(self) -> bool:
        """Tell whether the best score is so long ago that training should stop."""
        progress, every = self.progress, max(1, self.check_every)
        waited = (progress.update - progress.best_update) // every
        return bool(self.schedule.patience) and not math.isnan(progress.best) and waited >= self.schedule.patience

    def step(self) -> None:
        """Make one update."""
        parts = self.plan[self.progress.update]
        count = sum(len(rows) for rows in parts)
        total = 0.0
        for rows in parts:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.schedule.mixed_precision):
                loss = self.task.loss(self.model, rows, self.device)
            torch.autograd.backward(loss.float() * (len(rows) / count))
            total += float(loss.detach()) * len(rows) / count
        nn.utils.clip_grad_norm_(self.parameters, self.schedule.clip)
        self.optimiser.step()
        self.progress.update += 1
        if self.companion is not None:
            self.companion.after_step(self.progress.update)
        self.optimiser.zero_grad(set_to_none=True)
        self.rate.step()
        self.window.losses.append(total)
        self.window.seen += count

    def validate(self) -> None:
        """Measure the model, and keep it when it is the best yet."""
        if self.check is None:
            return
        self.model.eval()
        with torch.inference_mode():
            score = float(self.check(self.model))
        self.model.train()
        progress = self.progress
        progress.score = score
        if math.isnan(progress.best) or score > progress.best:
            progress.best, progress.best_update = score, progress.update
            _write(
                self.folder / "best.pt", {"model": self.model.state_dict(), "update": progress.update, "plan": self.key}
            )

    def note(self) -> None:
        """Log where the run stands."""
        window, progress = self.window, self.progress
        progress.loss = sum(window.losses) / max(1, len(window.losses))
        progress.examples_per_second = window.rate()
        self.window = _Window()
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as out:
            known = {
                name: None if value != value else value for name, value in asdict(progress).items()
            }  # no NaN in JSON
            out.write(json.dumps(known) + "\n")
        self.board.add({**known, "learning_rate": self.rate.get_last_lr()[0]})

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        self.saved = time.monotonic()
        progress = self.progress
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "rate": self.rate.state_dict(),
            "update": progress.update,
            "plan": self.key,
            "best": (progress.best, progress.best_update, progress.score),
            "losses": list(self.window.losses),
            "random": torch.get_rng_state(),
            "companion": self.companion.state() if self.companion is not None else {},
        }
        _write(self.folder / "checkpoint.pt", state)

    def take_best(self) -> None:
        """Put the best weights into the model, where it was validated."""
        path = self.folder / "best.pt"
        if self.check is not None and path.exists():
            state = _read(path)
            if state.get("plan") == self.key:
                self.model.load_state_dict(state["model"])

    def _resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            (self.folder / "log.jsonl").unlink(missing_ok=True)
            return
        state = _read(path)
        if state.get("plan", self.key) != self.key:
            raise ModelError(f"{path} is of a run with other data or settings; delete it or train in another folder")
        try:
            self.model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.rate.load_state_dict(state["rate"])
        except (RuntimeError, ValueError, KeyError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"{path} does not fit this model ({reason}); delete it or train in another folder"
            ) from error
        self.progress.update = int(state["update"])
        self.progress.best, self.progress.best_update, self.progress.score = state.get("best", (math.nan, 0, math.nan))
        self.window.losses = list(state.get("losses", []))
        if "random" in state:
            torch.set_rng_state(state["random"])
        if self.companion is not None and state.get("companion"):
            self.companion.load(state["companion"])
        self._cut_log()

    def _cut_log(self) -> None:
        path = self.folder / "log.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in lines if _update_of(line) <= self.progress.update]
        path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")


_FREE = ("save_every", "log_every", "check_every", "patience")
"""What of a schedule may change between a kill and a resumption."""


def train(
    model: nn.Module,
    task: Task,
    schedule: Schedule,
    folder: Path,
    *,
    report: Callable[[Progress], None] | None = None,
    check: Callable[[nn.Module], float] | None = None,
    companion: Companion | None = None,
) -> Progress:
    """Train ``model`` in place; a killed run continues from its last checkpoint in ``folder``.

    :param folder: see :class:`Run`.
    :param report: called after the first update, every ``log_every`` updates and after the last one.
    :param check: validation score; with it the model ends with its best weights instead of the last.
    :param companion: acts after each update.
    :raises ModelError: the checkpoint in ``folder`` is damaged, or of another run.
    """
    run = Run(model, task, schedule, folder, check, companion)
    progress, began = run.progress, run.progress.update
    while progress.update < progress.updates and not run.waiting:
        run.step()
        if progress.update == progress.updates or (run.check_every and progress.update % run.check_every == 0):
            run.validate()
        last = progress.update == progress.updates or run.waiting
        if last or progress.update % schedule.reports(progress.updates) == 0:
            run.note()
            if report:
                report(replace(progress))
        elif report and progress.update == began + 1:  # on a slow machine ten updates may take minutes
            report(replace(progress, loss=run.window.losses[-1], examples_per_second=run.window.rate()))
        if last or progress.update % schedule.save_every == 0 or time.monotonic() - run.saved > LONGEST:
            run.save()
    run.board.close()
    run.take_best()
    return progress


def updates_of(task: Task, schedule: Schedule) -> int:
    """Return the number of updates of a run."""
    return math.ceil(math.ceil(len(task.lengths()) * schedule.epochs / schedule.batch) / schedule.accumulate)


def _linear(updates: int, warmup: float) -> Callable[[int], float]:
    rise = max(1, int(updates * warmup))
    return lambda step: min((step + 1) / rise, max(0.0, (updates - step) / max(1, updates - rise)))


def _write(path: Path, state: dict[str, Any]) -> None:
    fresh = path.with_suffix(".tmp")
    with fresh.open("wb") as out:
        torch.save(state, out)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def _update_of(line: str) -> float:
    try:
        return float(json.loads(line)["update"])
    except (ValueError, KeyError, TypeError):  # the line that a kill cut off
        return math.inf


def _read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # torch raises whatever the unpickler or the archive reader meets
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path} cannot be read ({reason}); delete it to start again") from error
    return state
