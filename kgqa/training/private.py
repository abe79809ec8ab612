"""Training with differential privacy: what a model learns from any one passage is bounded and hidden by noise.

DP-SGD (Abadi et al. 2016): each update draws passages at random, the gradient of each is cut to a length, and normal noise is
added to their sum. The bound (epsilon, delta) holds for one passage window with all questions about it: of each drawn
window one question at random is used, so its share in an update is one cut gradient. Gradients of single examples, noise
and accounting are opacus's (Yousefpour et al. 2021).

The bound speaks of the weights, and of the last ones: no best checkpoint is chosen. The log, the curve and the figures on
held-out articles are computed from the data itself without noise; keep ``work/`` private. Noise is drawn from the
system's entropy, not from the seed, and a killed run begins anew.
"""

from __future__ import annotations

import json
import math
import secrets
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kgqa.errors import MissingExtra, UsageError
from kgqa.training.loop import Companion, Progress, Schedule, Task, pick_device, seed_everything

_CHUNK = 8
"""Examples whose gradients are held at once: each is as large as the trained weights."""

_SHARED = ("position_embeddings", "token_type_embeddings", "word_embeddings")
"""Tables that are looked up once for a whole batch or by few tokens; they stay as they are."""


@dataclass(slots=True)
class Privacy:
    """What is promised, and after training what was spent.

    :param epsilon: the bound that is aimed at; smaller is more private, 1 to 8 are usual.
    :param delta: the chance that it does not hold; 1 / (2 x passages) when ``None``.
    :param clip: length that each gradient is cut to.
    :param entropy: fixes noise and draws, for tests; a known number voids the promise.
    :ivar spent: what the card says, once trained.
    """

    epsilon: float
    delta: float | None = None
    clip: float = 1.0
    entropy: int | None = None
    spent: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.epsilon > 0 or not self.clip > 0 or (self.delta is not None and not 0 < self.delta < 1):
            raise UsageError("privacy needs an epsilon above 0, a clip above 0 and a delta between 0 and 1")

    def train(
        self,
        model: nn.Module,
        task: Task,
        schedule: Schedule,
        folder: Path,
        *,
        report: Callable[[Progress], None] | None = None,
        check: Callable[[nn.Module], float] | None = None,
        companion: Companion | None = None,
    ) -> Progress:
        """Train ``model`` in place (:class:`kgqa.training.fitting.Trainer`); what was spent is then in ``spent``.

        :raises UsageError: an adapter that changes its form while it trains.
        :raises MissingExtra: opacus is not installed.
        """
        if companion is not None:
            raise UsageError("AdaLoRA chooses its ranks by gradients without noise; with privacy use lora")
        run = _PrivateRun(model, task, schedule, folder, self)
        with run.hooked():
            while run.progress.update < run.progress.updates:
                run.step()
                last = run.progress.update == run.progress.updates
                if last or run.progress.update % schedule.reports(run.progress.updates) == 0:
                    run.note(check if last else None)
                    if report:
                        report(replace(run.progress))
        self.spent.update(run.account())
        return run.progress


class _PrivateRun:
    """One run; the model is the plain one again when it ends."""

    def __init__(self, model: nn.Module, task: Task, schedule: Schedule, folder: Path, privacy: Privacy) -> None:
        seed_everything(schedule.seed)
        self.model, self.task, self.schedule, self.folder, self.privacy = model, task, schedule, folder, privacy
        self.device = pick_device()
        model.to(self.device).train()
        for name, parameter in model.named_parameters():
            if any(part in name for part in _SHARED):
                parameter.requires_grad = False
        self.units = _units(task)
        self.rate = min(1.0, schedule.batch * schedule.accumulate / len(self.units))
        updates = max(1, math.ceil(schedule.epochs / self.rate))
        self.progress = Progress(updates=updates)
        self.delta = privacy.delta if privacy.delta is not None else 1 / (2 * len(self.units))
        self.noise = _noise(privacy.epsilon, self.delta, self.rate, updates)
        self.random = torch.Generator().manual_seed(_seed(privacy.entropy))
        self.losses: list[float] = []
        self.began = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "log.jsonl").unlink(missing_ok=True)

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Have opacus compute the gradient of each example, and take its hooks away at the end."""
        from opacus import GradSampleModule
        from opacus.optimizers import DPOptimizer

        parameters = [p for p in self.model.parameters() if p.requires_grad]
        if not parameters:
            raise ValueError("nothing to train: every weight is frozen; freeze fewer layers")
        inner = torch.optim.AdamW(parameters, lr=self.schedule.learning_rate, weight_decay=self.schedule.weight_decay)
        rise = max(1, int(self.progress.updates * self.schedule.warmup))
        fall = max(1, self.progress.updates - rise)
        self.pace = torch.optim.lr_scheduler.LambdaLR(
            inner, lambda at: min((at + 1) / rise, max(0.0, (self.progress.updates - at) / fall))
        )
        with _quiet():
            self.hooks = GradSampleModule(self.model, batch_first=True, loss_reduction="mean", strict=False)
        self.optimiser = DPOptimizer(
            inner,
            noise_multiplier=self.noise,
            max_grad_norm=self.privacy.clip,
            expected_batch_size=max(1, round(self.rate * len(self.units))),
            generator=torch.Generator(self.device).manual_seed(_seed(self.privacy.entropy)),
        )
        try:
            yield
        finally:
            self.hooks.cleanup()

    def step(self) -> None:
        """Make one update of the windows that chance picks; there may be none."""
        rows = self._draw()
        chunks = [rows[at : at + _CHUNK] for at in range(0, len(rows), _CHUNK)] or [[]]
        for number, chunk in enumerate(chunks, 1):
            # An update without windows is noise alone: the gradient of any window, times 0.
            loss = self.gradients(chunk or [0])
            if chunk:
                self.losses.append(loss)
            else:
                for parameter in self.optimiser.params:
                    parameter.grad_sample = torch.zeros_like(parameter.grad_sample)
            self.optimiser.signal_skip_step(do_skip=number < len(chunks))
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
        self.pace.step()
        self.progress.update += 1

    def gradients(self, rows: Sequence[int]) -> float:
        """Compute the gradient of each example; returns the mean loss."""
        with _quiet():
            loss = self.task.loss(self.hooks, rows, self.device)
            torch.autograd.backward(loss.float())
        self._whole()
        return float(loss.detach())

    def _whole(self) -> None:
        """Check that every trained weight has its gradients by example: one without would be trained unprotected."""
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad and getattr(parameter, "grad_sample", None) is None:
                raise UsageError(f"opacus gives no gradients by example for {name}; freeze it or train another model")

    def _draw(self) -> list[int]:
        """Draw each unit with the same chance, and one of its examples."""
        picked = torch.rand(len(self.units), generator=self.random) < self.rate
        return [
            unit[int(torch.randint(len(unit), (1,), generator=self.random))]
            for unit, taken in zip(self.units, picked.tolist(), strict=True)
            if taken
        ]

    def note(self, check: Callable[[nn.Module], float] | None) -> None:
        """Log where the run stands, and validate at its end."""
        progress = self.progress
        if check is not None:
            self.model.eval()
            with torch.inference_mode():
                progress.score = progress.best = float(check(self.model))
            progress.best_update = progress.update
            self.model.train()
        progress.loss = sum(self.losses) / max(1, len(self.losses))
        progress.examples_per_second = len(self.losses) * _CHUNK / max(1e-9, time.monotonic() - self.began)
        self.losses, self.began = [], time.monotonic()
        known = {name: None if value != value else value for name, value in asdict(progress).items()}
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps(known) + "\n")

    def account(self) -> dict[str, Any]:
        """Return what the card says of privacy."""
        import opacus

        spent = _spent(self.noise, self.rate, self.progress.update, self.delta)
        return {
            "epsilon": round(spent, 4),
            "delta": self.delta,
            "unit": "one passage window with all questions about it",
            "units": len(self.units),
            "noise_multiplier": round(self.noise, 4),
            "clip": self.privacy.clip,
            "sample_rate": round(self.rate, 6),
            "updates": self.progress.update,
            "accountant": f"RDP, opacus {opacus.__version__}",
        }


def _units(task: Task) -> list[list[int]]:
    """Return the examples of each unit; each example by itself where the task does not tell."""
    keys: Sequence[object] = getattr(task, "units", lambda: range(len(task.lengths())))()
    found: dict[object, list[int]] = {}
    for row, key in enumerate(keys):
        found.setdefault(key, []).append(row)
    return list(found.values())


def _seed(entropy: int | None) -> int:
    return secrets.randbits(62) if entropy is None else entropy


def _noise(epsilon: float, delta: float, rate: float, updates: int) -> float:
    try:
        from opacus.accountants.utils import get_noise_multiplier
    except ImportError as fault:
        raise MissingExtra("training with privacy", "torch") from fault
    with _quiet():
        return float(
            get_noise_multiplier(
                target_epsilon=epsilon, target_delta=delta, sample_rate=rate, steps=updates, accountant="rdp"
            )
        )


def _spent(noise: float, rate: float, updates: int, delta: float) -> float:
    from opacus.accountants import RDPAccountant

    accountant = RDPAccountant()
    accountant.history = [(noise, rate, updates)]
    with _quiet():
        return float(accountant.get_epsilon(delta))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep opacus's warnings to itself: of orders at the edge of its table, and of hooks on modules without gradient."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
