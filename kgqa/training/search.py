"""A small search for good settings: each trial trains with some, and what gave good scores decides what is tried next.

Optuna's tree-structured Parzen estimator (Bergstra et al. 2011) chooses; a trial that is worse than the median of the
earlier ones at the same place of its run is ended early. A search that was killed goes on with its next trial.
"""

from __future__ import annotations

import json
import logging
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kgqa.errors import MissingExtra, UsageError
from kgqa.training.encoder import EncoderOptions, fit_encoder
from kgqa.training.fitting import Report
from kgqa.training.loop import Progress, Schedule
from kgqa.training.mining import Group
from kgqa.training.pairs import Exam
from kgqa.training.reading import ReaderOptions, fit_reader, gather
from kgqa.training.reranker import RerankerOptions, fit_reranker

Settings = Mapping[str, Any]
Objective = Callable[[Settings, Path, Report], float]
"""Trains with settings in a folder, reporting as it goes, and returns the best validation score."""

RATES = {"reader": (5e-5, 1e-3), "encoder": (5e-6, 2e-4), "reranker": (2e-5, 5e-4)}
"""Learning rates that are tried from weights without a task head."""

TUNED = {"reader": (1e-5, 2e-4), "encoder": (5e-6, 2e-4), "reranker": (5e-6, 1e-4)}
"""The same from a model that knows its task already, which large rates only harm."""

BATCHES = {"reader": (8, 16, 32), "encoder": (8, 16, 32), "reranker": (4, 8)}
CLASSES = {
    "reader": "AutoModelForQuestionAnswering",
    "encoder": "AutoModel",
    "reranker": "AutoModelForSequenceClassification",
}
"""The class of transformers that each kind is."""

CHECKS = 4
"""Validations of a trial."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one trial.

    :param score: best validation score, larger is better; ``None`` for a trial that was ended early.
    """

    settings: dict[str, Any]
    score: float | None


@dataclass(frozen=True, slots=True)
class Common:
    """What all trials share.

    :param base: see :func:`kgqa.training.starting.load_base`.
    """

    base: str | Path | None = None
    epochs: float = 1.0
    seed: int = 13
    mixed_precision: bool = True
    length: int | None = None
    freeze_words: bool = True


def search(
    kind: str,
    objective: Objective,
    folder: Path,
    trials: int,
    *,
    seed: int = 13,
    tuned: bool = False,
    report: Report | None = None,
    named: Callable[[str], None] | None = None,
) -> list[Trial]:
    """Run trials until there are so many, and return them, the best first.

    :param kind: ``reader``, ``encoder`` or ``reranker``; decides what is tried.
    :param tuned: whether the trials start from a model that knows its task.
    :param named: told the name of each trial when it begins.
    :param folder: receives ``trials.log``, from which a killed search goes on, and ``trials.json``.
    :raises UsageError: no trial came to an end.
    """
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError as fault:
        raise MissingExtra("the search for settings", "torch") from fault
    logging.getLogger("optuna").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=kind,
        direction="maximize",
        storage=JournalStorage(JournalFileBackend(str(folder / "trials.log"))),
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(3, trials // 3)),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )

    def run(trial: Any) -> float:
        work = folder / f"trial-{trial.number:03d}"
        if named is not None:
            named(f"trial {trial.number + 1} of {trials}")

        def told(progress: Progress) -> None:
            if report is not None:
                report(progress)
            if math.isnan(progress.score):
                return
            trial.report(progress.score, progress.update)
            if progress.update < progress.updates and trial.should_prune():
                raise optuna.TrialPruned

        try:
            return objective(_settings(kind, trial, TUNED if tuned else RATES), work, told)
        finally:  # the settings are what is wanted; each checkpoint has hundreds of megabytes
            shutil.rmtree(work, ignore_errors=True)

    finished = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
    if len(finished) < trials:
        study.optimize(run, n_trials=trials - len(finished))
    return _sorted(study, folder)


def _sorted(study: Any, folder: Path) -> list[Trial]:
    found = [
        Trial(dict(trial.params), trial.value if trial.state.name == "COMPLETE" else None)
        for trial in study.get_trials(deepcopy=False)
        if trial.state.is_finished()
    ]
    found.sort(key=lambda one: -math.inf if one.score is None else one.score, reverse=True)
    rows = [{"settings": one.settings, "score": one.score} for one in found]
    (folder / "trials.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if not found or found[0].score is None:
        raise UsageError(f"{folder}: no trial came to an end; run more of them (--trials)")
    return found


def _settings(kind: str, trial: Any, rates: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    low, high = rates[kind]
    found = {
        "lr": trial.suggest_float("lr", low, high, log=True),
        "batch": trial.suggest_categorical("batch", BATCHES[kind]),
        "freeze": trial.suggest_int("freeze", 0, 2),
    }
    if kind == "reader":
        found["negatives"] = trial.suggest_categorical("negatives", (0.0, 0.25, 0.5))
    return found


def reader_objective(files: Sequence[Path], common: Common, held_out: float) -> Objective:
    """Return the trials of a reader; see :func:`kgqa.training.reading.train_reader`.

    :raises ValueError: when a trial runs: nothing is held out that could validate.
    """

    def run(settings: Settings, work: Path, report: Report) -> float:
        options = ReaderOptions(held_out=held_out, negatives=settings["negatives"])
        data = gather(files, options)
        if not data.held:
            raise ValueError("nothing is held out that could validate; give more articles or a larger --hold-out")
        return fit_reader(data, work, _options(options, common, settings, len(data.examples)), report=report)[2].best

    return run


def encoder_objective(groups: Sequence[Group], exam: Exam, common: Common) -> Objective:
    """Return the trials of an encoder; see :func:`kgqa.training.encoder.train_encoder`."""

    def run(settings: Settings, work: Path, report: Report) -> float:
        options = _options(EncoderOptions(), common, settings, len(groups))
        return fit_encoder(groups, work, options, report=report, exam=exam)[2].best

    return run


def reranker_objective(groups: Sequence[Group], exam: Exam, common: Common) -> Objective:
    """Return the trials of a reranker; see :func:`kgqa.training.reranker.train_reranker`."""

    def run(settings: Settings, work: Path, report: Report) -> float:
        options = _options(RerankerOptions(), common, settings, len(groups))
        return fit_reranker(groups, work, options, report=report, exam=exam)[2].best

    return run


def _options(options: Any, common: Common, settings: Settings, count: int) -> Any:
    updates = math.ceil(count * common.epochs / settings["batch"])
    schedule = Schedule(
        learning_rate=settings["lr"],
        batch=settings["batch"],
        epochs=common.epochs,
        seed=common.seed,
        mixed_precision=common.mixed_precision,
        check_every=max(1, updates // CHECKS),
        log_every=max(1, updates // CHECKS),
        save_every=10**9,
    )
    changed = {"length": common.length} if common.length else {}
    if common.length and isinstance(options, ReaderOptions):
        changed["overlap"] = common.length // 4
    return replace(
        options,
        base=common.base,
        freeze=settings["freeze"],
        freeze_words=common.freeze_words,
        schedule=schedule,
        **changed,
    )
