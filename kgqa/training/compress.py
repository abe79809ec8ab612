"""Make a model smaller: int8 quantisation, structured pruning, distillation; each with a table of before and after.

Whatever is made stands aside until it has been weighed: what loses more quality than allowed is thrown away, and what was
in the folder before stays as it was.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kgqa.errors import UsageError
from kgqa.evaluation.squad import Example, read_examples
from kgqa.reading.extractive import load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.distilling import (
    DistilOptions,
    DistilTask,
    EncoderDistilTask,
    TorchEncoder,
    TorchTeacher,
    encoder_teacher,
    reader_teacher,
    readers_of,
    same_words,
    taught,
    tokenizer_folder,
)
from kgqa.training.export import MeanPooled, export_int8, write_card
from kgqa.training.fitting import fit
from kgqa.training.loop import Progress, Schedule
from kgqa.training.pruning import Loss, prune_model, thin
from kgqa.training.reader import Feature, ReaderTask, features
from kgqa.training.reading import ReaderOutputs
from kgqa.training.reranker import Scorer
from kgqa.training.stages import Stage, untold
from kgqa.training.starting import load_base, save_torch
from kgqa.training.static import METHODS, Method, calibration, not_at_all, static_int8
from kgqa.training.weighing import Limit, measure_of, weigh, within

Report = Callable[[Progress], None]
Figures = dict[str, dict[str, Any]]
"""Rows of the table: megabytes, texts a second and quality of each model, the compressed one last."""

_KINDS: dict[str, tuple[str, Callable[[nn.Module], nn.Module], tuple[str, ...]]] = {
    "reader": ("AutoModelForQuestionAnswering", ReaderOutputs, ("start_logits", "end_logits")),
    "reranker": ("AutoModelForSequenceClassification", Scorer, ("score",)),
    "encoder": ("AutoModel", MeanPooled, ("vector",)),
}
_LEARNT = 2000
"""Windows at most by which the worth of heads and units is measured."""


def quantise(
    folder: Path,
    out: Path,
    kind: str,
    limit: Limit | None = None,
    *,
    static: Sequence[Path] = (),
    method: Method = "minmax",
    card: Mapping[str, Any] | None = None,
    stage: Stage = untold,
) -> Figures:
    """Write a torch model folder as int8 ONNX.

    :param folder: a folder that training wrote, or a transformers folder with safetensors.
    :param kind: ``reader``, ``reranker`` or ``encoder``.
    :param static: calibration data; the ranges of activations are then measured on it instead of in each run.
    :param method: one of :data:`kgqa.training.static.METHODS`, for static quantisation.
    :param card: what to say of the model besides what is known here, as the command that made it.
    :param stage: told of what is being written and measured.
    :raises ModelError: the model cannot be loaded, or loses more than the limit; then nothing in ``out`` has changed.
    :raises UsageError: an unknown kind or method.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}; choose one of {', '.join(METHODS)}")
    model, source = _load(folder, kind)
    rows = calibration(static, load_tokenizer(source), kind, length=_longest(model)) if static else []
    shown = f"static {method} on {len(rows)} inputs" if rows else "dynamic"
    said = {"made_from": folder.name, "quantisation": shown, **(card or {})}
    work = _Work(source, out, kind, said, limit or Limit(), stage)
    rivals = {"int8 dynamic": model} if rows else {}
    return work.finish(
        model, model, rivals, "int8 static" if rows else "int8", static_int8(rows, method) if rows else None
    )


def prune(
    folder: Path,
    out: Path,
    kind: str,
    heads: float,
    units: float,
    limit: Limit | None = None,
    *,
    files: Sequence[Path] = (),
    recover: Schedule | None = None,
    report: Report | None = None,
    card: Mapping[str, Any] | None = None,
    stage: Stage = untold,
) -> Figures:
    """Take the attention heads and feed-forward units of each layer out that are worth least, then quantise.

    :param heads: share of the heads to take out, in [0, 1).
    :param units: share of the feed-forward units to take out, in [0, 1).
    :param files: SQuAD files; a reader's parts are then judged by the loss on them instead of by their weights.
    :param recover: trains the pruned reader or encoder on the files afterwards, with the whole one as its teacher.
    :raises UsageError: a share is out of range, or files are given for a reranker.
    """
    if not (0 <= heads < 1 and 0 <= units < 1):
        raise UsageError(f"shares must be in [0, 1), got heads {heads} and units {units}")
    if kind == "reranker" and (files or recover):
        raise UsageError("a reranker is pruned by its weights alone; leave the files out")
    if recover and not files:
        raise UsageError("to recover, the pruned model needs files to learn from; give SQuAD files")
    model, source = _load(folder, kind)
    whole, _ = _load(folder, kind)
    rows = _windows(files, source, _longest(model)) if files and kind == "reader" else []
    prune_model(model, heads, units, _told_of(_losses(rows[:_LEARNT], source), stage))
    if recover and kind == "reader":
        task = DistilTask(rows, _pad(source), [TorchTeacher(whole)], DistilOptions())
        fit(model, task, recover, out / "work", report=report)
    elif recover:
        task_ = EncoderDistilTask(_texts(files), load_tokenizer(source), [TorchEncoder(folder)], _longest(model))
        fit(model, task_, recover, out / "work", wrap=MeanPooled, report=report)
    said = {
        "made_from": folder.name,
        "pruned": {
            "heads": heads,
            "units": units,
            "judged_by": [p.name for p in files] or "weights",
            "recovery": asdict(recover) if recover else None,
        },
        **(card or {}),
    }
    return _Work(source, out, kind, said, limit or Limit(), stage).finish(
        whole, model, {"int8 whole": whole}, "int8 pruned"
    )


def distil(
    teachers: Sequence[Path],
    files: Sequence[Path],
    out: Path,
    kind: str = "reader",
    options: DistilOptions | None = None,
    limit: Limit | None = None,
    *,
    report: Report | None = None,
    card: Mapping[str, Any] | None = None,
    stage: Stage = untold,
) -> Figures:
    """Train a smaller reader or encoder on what one or several larger ones say, and write it as int8 ONNX.

    :param teachers: model folders: what training wrote, transformers folders with safetensors, or ONNX folders. Several
        teach as an ensemble.
    :param files: SQuAD files whose questions are asked; an encoder's may be plain text files as well.
    :param out: receives the model folder; ``out/work`` checkpoint and curve; ``out/torch`` the fp32 student.
    :returns: the table, with the student in fp32 and in int8; the first teacher is its first row.
    :raises UsageError: no teacher, or a kind that is not distilled.
    :raises ValueError: there is nothing to learn from.
    """
    options = options or DistilOptions()
    if kind not in ("reader", "encoder"):
        raise UsageError(f"a {kind} is not distilled here; kgqa train reranker takes a teacher's scores")
    if not teachers:
        raise UsageError("no teacher; give the folder of a larger model")
    try:
        student, source = _load(options.student or teachers[0], kind)
        if options.layers:
            thin(student, options.layers)
    except ValueError as fault:
        raise UsageError(str(fault)) from fault
    task = (_reader_task if kind == "reader" else _encoder_task)(teachers, files, source, options, student)
    student, _ = fit(student, task, options.schedule, out / "work", wrap=_wrap(kind), report=report)
    said = {"teachers": [one.name for one in teachers], "distilled": asdict(replace(options, student=None))}
    work = _Work(source, out, kind, {**said, **(card or {})}, limit or Limit(), stage)
    return work.finish(student, student, {}, "int8 student", first=("teacher", teachers[0]), keep=student)


# --- parts of the above ---


def _wrap(kind: str) -> Callable[[Any], nn.Module] | None:
    return MeanPooled if kind == "encoder" else None


def _reader_task(
    teachers: Sequence[Path], files: Sequence[Path], source: Path, options: DistilOptions, student: Any
) -> DistilTask | ReaderTask:
    length = min(options.length, _longest(student))
    if same_words([source, *teachers]):
        rows = _windows(files, source, length)
        return DistilTask(rows, _pad(source), [reader_teacher(one) for one in teachers], options)
    said = taught(_examples(files), readers_of(teachers))
    return ReaderTask(_cut(said, source, length), _pad(source))


def _encoder_task(
    teachers: Sequence[Path], files: Sequence[Path], source: Path, options: DistilOptions, student: Any
) -> EncoderDistilTask:
    length = min(options.length, _longest(student))
    return EncoderDistilTask(_texts(files), load_tokenizer(source), [encoder_teacher(one) for one in teachers], length)


def _texts(files: Sequence[Path]) -> list[str]:
    """Return what an encoder learns on: questions and passages of SQuAD files, paragraphs of text files."""
    texts: list[str] = []
    for path in files:
        if path.suffix in (".txt", ".md"):
            texts += [part.strip() for part in path.read_text(encoding="utf-8").split("\n\n") if part.strip()]
        else:
            texts += [text for e in read_examples(path) for text in (e.question, e.context)]
    if len(set(texts)) < 2:
        raise ValueError("nothing to distil on; give SQuAD files or text files with two paragraphs or more")
    return texts


def _examples(files: Sequence[Path]) -> list[Example]:
    found = [e for path in files for e in read_examples(path) if not e.yes_no]
    if not found:
        raise ValueError("nothing to distil on; give SQuAD files")
    return found


def _windows(files: Sequence[Path], source: Path, length: int) -> list[Feature]:
    return _cut(_examples(files), source, length)


def _cut(examples: Sequence[Example], source: Path, length: int) -> list[Feature]:
    rows = features(examples, WindowCutter(load_tokenizer(source), length, length // 4))
    if not rows:
        raise ValueError("nothing to learn from: no example's answer stands at its offset; check answer_start")
    return rows


def _losses(rows: Sequence[Feature], source: Path, batch: int = 16) -> list[Loss]:
    """Return the losses of batches of windows, by which the worth of a reader's parts is measured."""
    task = ReaderTask(rows, _pad(source))
    parts = [range(at, min(at + batch, len(rows))) for at in range(0, len(rows), batch)]
    return [lambda model, part=part: task.loss(model, part, torch.device("cpu")) for part in parts]  # type: ignore[misc]


def _told_of(losses: Sequence[Loss], stage: Stage) -> Iterator[Loss]:
    """Yield losses and tell how many are done."""
    for done, loss in enumerate(losses):
        stage("judging heads and units", done, len(losses))
        yield loss
        stage("judging heads and units", done + 1, len(losses))


def _pad(source: Path) -> int:
    return load_tokenizer(source).token_to_id("[PAD]") or 0


def _longest(model: Any, most: int = 256) -> int:
    return min(most, int(getattr(model.config, "max_position_embeddings", most)))


def _load(folder: Path, kind: str) -> tuple[Any, Path]:
    if kind not in _KINDS:
        raise UsageError(f"unknown kind {kind!r}; choose one of {', '.join(_KINDS)}")
    more = {"num_labels": 1} if kind == "reranker" else {}
    model, source = load_base(_KINDS[kind][0], folder, **more)
    return model.eval(), source


class _Work:
    """Writes models aside, weighs them, and puts the compressed one in its place.

    :param source: folder with the tokenizer, and with the card beside or above it.
    :param said: what the card says besides what the old card says.
    """

    def __init__(
        self, source: Path, out: Path, kind: str, said: Mapping[str, Any], limit: Limit, stage: Stage = untold
    ) -> None:
        self._source, self._out, self._kind, self._limit, self._stage = source, out, kind, limit, stage
        self._measure = measure_of(kind, limit)
        self._card = _old_card(source) | {"kind": kind} | dict(said)

    def finish(
        self,
        before: Any,
        after: Any,
        rivals: Mapping[str, Any],
        name: str,
        quantiser: Callable[[Path, Path], None] | None = None,
        *,
        first: tuple[str, Path] | None = None,
        keep: Any = None,
    ) -> Figures:
        """Weigh a model before, its rivals and the model after, check the limit, and write the last one.

        :param first: name and folder of a model that is the first row, against which loss is counted.
        :param keep: torch model to be written to ``out/torch``.
        """
        self._out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._out.parent, prefix=f".{self._out.name}-") as scratch:
            room = Path(scratch)
            makers: dict[str, Callable[[], Path]] = {}
            if first is not None:
                makers[first[0]] = lambda: self._teacher(first[1], room / "teacher")
            plain = "fp32" if first is None else "fp32 student"
            makers[plain] = lambda: self._export(before, room / "before", not_at_all)
            for at, (rival, model) in enumerate(rivals.items()):
                makers[rival] = lambda model=model, at=at: self._export(model, room / f"rival{at}")  # type: ignore[misc]
            makers[name] = lambda: self._export(after, room / "after", quantiser)
            folders: dict[str, Path] = {}
            for done, (each, make) in enumerate(makers.items()):
                self._stage("writing models", done, len(makers))
                folders[each] = make()
            self._stage("writing models", len(makers), len(makers))
            figures = weigh(folders, self._measure, self._stage)
            within(figures, self._limit)
            self._put(room / "after", figures)
        if keep is not None:
            save_torch(keep, self._source, self._out / "torch")
        return figures

    def _teacher(self, folder: Path, room: Path) -> Path:
        """Return a teacher's folder with ONNX weights, as it is or exported in fp32."""
        if (folder / "model.onnx").is_file():
            return folder
        return self._export(_load(folder, self._kind)[0], room, not_at_all, folder)

    def _export(
        self,
        model: Any,
        folder: Path,
        quantiser: Callable[[Path, Path], None] | None = None,
        source: Path | None = None,
    ) -> Path:
        _, wrap, outputs = _KINDS[self._kind]
        words = tokenizer_folder(source or self._source) / "tokenizer.json"
        card = _told(self._kind, model) | self._card
        return export_int8(wrap(model), words, folder, outputs=outputs, card=card, quantise=quantiser)

    def _put(self, made: Path, figures: Figures) -> None:
        card = json.loads((made / "card.json").read_text(encoding="utf-8"))
        write_card(made, {**card, "compression": figures})
        self._out.mkdir(parents=True, exist_ok=True)
        for name in ("model.onnx", "tokenizer.json", "card.json"):
            shutil.move(made / name, self._out / name)


_OF_THE_BASE = ("files", "metrics", "measured_by", "made_with", "command", "best_update", "compression")
"""What a card says of the model that was compressed and that is not true of the smaller one."""


def _told(kind: str, model: Any) -> dict[str, Any]:
    """Return what a card must say of how to run a model, for models that have no card yet."""
    longest = _longest(model)
    if kind == "reader":
        return {"settings": {"length": longest, "overlap": longest // 4}}
    return {"max_length": longest} | ({"dim": int(model.config.hidden_size)} if kind == "encoder" else {})


def _old_card(source: Path) -> dict[str, Any]:
    for folder in (source, source.parent):
        if (folder / "card.json").exists():
            found: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
            return {key: value for key, value in found.items() if key not in _OF_THE_BASE}
    return {"name": source.name, "license": "not stated"}


__all__ = ["DistilOptions", "Limit", "distil", "prune", "quantise"]
