"""Make a model smaller: int8 quantisation, structured pruning, distillation; each with a table of before and after.

Pruning removes whole attention heads and feed-forward units (Michel et al. 2019; McCarley et al. 2019), by the size of the
weights that read from them; distillation trains a student on a teacher's softened outputs (Hinton et al. 2015).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from kgqa.errors import ModelError, UsageError
from kgqa.evaluation.squad import evaluate, read_examples
from kgqa.reading.extractive import OnnxReader, ReaderSettings, SpanReader, load_tokenizer
from kgqa.reading.hub import torch_infer
from kgqa.reading.windows import WindowCutter
from kgqa.training.export import MeanPooled, export_int8
from kgqa.training.loop import Progress, Schedule, train
from kgqa.training.reader import Feature, ReaderTask, features, pad_windows
from kgqa.training.reading import ReaderOutputs
from kgqa.training.reranker import Scorer
from kgqa.training.starting import load_base, save_torch

_KINDS: dict[str, tuple[str, Callable[[nn.Module], nn.Module], tuple[str, ...]]] = {
    "reader": ("AutoModelForQuestionAnswering", ReaderOutputs, ("start_logits", "end_logits")),
    "reranker": ("AutoModelForSequenceClassification", Scorer, ("score",)),
    "encoder": ("AutoModel", MeanPooled, ("vector",)),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """How much quality compression may cost.

    :param files: SQuAD files on which a reader is measured; without them only size and speed are.
    :param loss: points of F1 that may be lost on any of them.
    :param questions: of each file at most.
    """

    files: tuple[Path, ...] = ()
    loss: float = 0.5
    questions: int | None = None


def quantise(folder: Path, out: Path, kind: str, limit: Limit | None = None) -> dict[str, Any]:
    """Write a torch model folder as int8 ONNX.

    :param folder: a folder that training wrote, or a transformers folder with safetensors.
    :param kind: ``reader``, ``reranker`` or ``encoder``.
    :returns: ``before`` and ``after``: megabytes, windows a second in this run, F1 by file.
    :raises ModelError: the model cannot be loaded, or loses more than the limit; then nothing is left in ``out``.
    :raises UsageError: an unknown kind.
    """
    model, source = _load(folder, kind)
    return _write(model, model, source, out, kind, {"made_from": str(folder)}, limit or Limit())


def prune(folder: Path, out: Path, kind: str, heads: float, units: float, limit: Limit | None = None) -> dict[str, Any]:
    """Remove the weakest attention heads and feed-forward units of each layer, then quantise.

    :param heads: share of the heads to remove, in [0, 1).
    :param units: share of the feed-forward units to remove, in [0, 1).
    :returns: as :func:`quantise`.
    :raises UsageError: a share is out of range.
    """
    if not (0 <= heads < 1 and 0 <= units < 1):
        raise UsageError(f"shares must be in [0, 1), got heads {heads} and units {units}")
    model, source = _load(folder, kind)
    whole, _ = _load(folder, kind)
    for layer in _layers(model):
        prune_heads(layer.attention, heads)
        prune_units(layer, units)
    said = {"made_from": str(folder), "pruned": {"heads": heads, "units": units}}
    return _write(model, whole, source, out, kind, said, limit or Limit())


def prune_heads(attention: Any, share: float) -> None:
    """Remove the heads whose part of the output projection is smallest."""
    inner, outer = attention.self, attention.output
    size = int(inner.attention_head_size)
    count = outer.dense.in_features // size
    keep = max(1, count - round(count * share))
    norms = outer.dense.weight.detach().reshape(-1, count, size).pow(2).sum((0, 2))
    rows = torch.cat([torch.arange(h * size, (h + 1) * size) for h in sorted(norms.topk(keep).indices.tolist())])
    for name in ("query", "key", "value"):
        setattr(inner, name, _rows(getattr(inner, name), rows))
    outer.dense = _columns(outer.dense, rows)
    inner.num_attention_heads, inner.all_head_size = keep, keep * size


def prune_units(layer: Any, share: float) -> None:
    """Remove the feed-forward units with the smallest weights in and out."""
    into, out = layer.intermediate.dense, layer.output.dense
    keep = max(1, into.out_features - round(into.out_features * share))
    weight = into.weight.detach().norm(dim=1) * out.weight.detach().norm(dim=0)
    rows = weight.topk(keep).indices.sort().values
    layer.intermediate.dense, layer.output.dense = _rows(into, rows), _columns(out, rows)


@dataclass(frozen=True, slots=True)
class DistilOptions:
    """How a student learns from a teacher.

    :param layers: encoder layers of the student, taken evenly from the teacher's.
    :param temperature: softens the teacher's outputs.
    :param trust: share of the loss that follows the teacher instead of the answers, in [0, 1].
    """

    layers: int = 3
    temperature: float = 2.0
    trust: float = 0.7
    length: int = 256
    overlap: int = 64
    schedule: Schedule = field(default_factory=lambda: Schedule(learning_rate=3e-4))


class DistilTask:
    """A reader's task whose loss follows the teacher's logits as well as the answers."""

    def __init__(self, rows: Sequence[Feature], pad: int, teacher: nn.Module, options: DistilOptions) -> None:
        self._task = ReaderTask(rows, pad)
        self._rows, self._pad, self._teacher, self._options = rows, pad, teacher.eval(), options

    def lengths(self) -> list[int]:
        """Return tokens of each window."""
        return self._task.lengths()

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the mean of cross-entropy to the answers and divergence from the teacher."""
        batch = [self._rows[i] for i in rows]
        inputs = pad_windows([(row.ids, row.context_at) for row in batch], self._pad, device)
        with torch.no_grad():
            wanted = self._teacher.to(device)(**inputs)
        found = model(**inputs)
        soft = sum(
            self._divergence(getattr(found, name), getattr(wanted, name), inputs["attention_mask"])
            for name in ("start_logits", "end_logits")
        )
        hard = self._task.hard(found, batch, device)
        return self._options.trust * soft / 2 + (1 - self._options.trust) * hard

    def _divergence(self, found: torch.Tensor, wanted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        heat = self._options.temperature
        hidden = (mask == 0) * -1e4
        one = torch.log_softmax(found.float() / heat + hidden, -1)
        other = torch.softmax(wanted.float() / heat + hidden, -1)
        return nn.functional.kl_div(one, other, reduction="batchmean") * heat**2


def distil(
    teacher: Path,
    files: Sequence[Path],
    out: Path,
    options: DistilOptions | None = None,
    *,
    report: Callable[[Progress], None] | None = None,
    limit: Limit | None = None,
) -> dict[str, Any]:
    """Train a smaller reader on a larger one's outputs and write it as int8 ONNX.

    :param teacher: reader folder that training wrote, or a transformers folder with safetensors.
    :param files: SQuAD files whose questions are asked.
    :returns: as :func:`quantise`, with the teacher as ``before``.
    """
    options = options or DistilOptions()
    model, source = _load(teacher, "reader")
    student, _ = _load(teacher, "reader")
    _thin(student, options.layers)
    tokenizer = load_tokenizer(source)
    rows = features(
        [e for path in files for e in read_examples(path)], WindowCutter(tokenizer, options.length, options.overlap)
    )
    if not rows:
        raise ValueError("nothing to distil on: no example's answer stands at its offset")
    task = DistilTask(rows, tokenizer.token_to_id("[PAD]") or 0, model, options)
    train(student, task, options.schedule, out / "work", report=report)
    save_torch(student, source, out / "torch")
    return _write(
        student, model, source, out, "reader", {"teacher": str(teacher), "layers": options.layers}, limit or Limit()
    )


def _thin(model: Any, layers: int) -> None:
    old = list(_layers(model))
    if not 1 <= layers <= len(old):
        raise UsageError(f"a student of {layers} layers cannot be taken from a teacher of {len(old)}")
    chosen = [old[round(at)] for at in np.linspace(0, len(old) - 1, layers)] if layers > 1 else [old[-1]]
    _body(model).encoder.layer = nn.ModuleList(chosen)
    model.config.num_hidden_layers = layers


def _load(folder: Path, kind: str) -> tuple[Any, Path]:
    if kind not in _KINDS:
        raise UsageError(f"unknown kind {kind!r}; choose one of {', '.join(_KINDS)}")
    model, source = load_base(_KINDS[kind][0], folder)
    return model.eval(), source


def _write(
    model: Any, before: Any, source: Path, out: Path, kind: str, said: dict[str, Any], limit: Limit
) -> dict[str, Any]:
    _, wrap, outputs = _KINDS[kind]
    card = _card_of(source) | {"kind": kind} | said
    plain = {"megabytes": sum(p.numel() for p in before.parameters()) * 4 / 1e6} | _speed(before, source)
    export_int8(wrap(model), source / "tokenizer.json", out, outputs=outputs, card=card)
    small: dict[str, Any] = {"megabytes": (out / "model.onnx").stat().st_size / 1e6} | _onnx_speed(out)
    if kind == "reader" and limit.files:
        settings = ReaderSettings.of(out)
        full = SpanReader(torch_infer(before.eval(), torch.device("cpu")), load_tokenizer(source), settings)
        plain["f1"] = {path.name: evaluate(path, full, limit.questions)["f1"] for path in limit.files}
        small["f1"] = {path.name: evaluate(path, OnnxReader(out), limit.questions)["f1"] for path in limit.files}
        for name, value in plain["f1"].items():
            if small["f1"][name] < value - limit.loss:
                (out / "model.onnx").unlink()
                raise ModelError(
                    f"{name}: F1 falls from {value:.2f} to {small['f1'][name]:.2f}, more than {limit.loss} points; compress less"
                )
    return {"before": plain, "after": small}


def _card_of(source: Path) -> dict[str, Any]:
    for folder in (source, source.parent):
        if (folder / "card.json").exists():
            found: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
            return {key: value for key, value in found.items() if key not in ("files", "metrics")}
    return {"name": source.name, "license": "not stated"}


def _sample(limit: int) -> dict[str, torch.Tensor]:
    ids = torch.randint(5, limit, (8, 64), generator=torch.Generator().manual_seed(1))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}


def _speed(model: Any, source: Path) -> dict[str, float]:
    inputs = _sample(load_tokenizer(source).get_vocab_size())
    with torch.inference_mode():
        return {"windows_per_second": _rate(lambda: model.eval()(**inputs))}


def _onnx_speed(folder: Path) -> dict[str, float]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    wanted = {node.name for node in session.get_inputs()}
    inputs = {k: v.numpy() for k, v in _sample(load_tokenizer(folder).get_vocab_size()).items() if k in wanted}
    return {"windows_per_second": _rate(lambda: session.run(None, inputs))}


def _rate(call: Callable[[], object], seconds: float = 0.3) -> float:
    call()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        call()
        count += 8
    return round(count / (time.perf_counter() - began), 1)


def _body(model: Any) -> Any:
    return getattr(model, "bert", model)


def _layers(model: Any) -> Any:
    return _body(model).encoder.layer


def _rows(layer: nn.Linear, rows: torch.Tensor) -> nn.Linear:
    made = nn.Linear(layer.in_features, len(rows))
    made.weight = nn.Parameter(layer.weight.detach()[rows].clone())
    made.bias = nn.Parameter(layer.bias.detach()[rows].clone())
    return made


def _columns(layer: nn.Linear, columns: torch.Tensor) -> nn.Linear:
    made = nn.Linear(len(columns), layer.out_features)
    made.weight = nn.Parameter(layer.weight.detach()[:, columns].clone())
    made.bias = nn.Parameter(layer.bias.detach().clone())
    return made
