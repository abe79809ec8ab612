"""``kgqa train encoder``: contrastive fine-tuning of a bi-encoder with mined hard negatives."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kgqa.reading.extractive import load_tokenizer
from kgqa.retrieval.encoder import OnnxEncoder
from kgqa.training.contrast import loss_of
from kgqa.training.export import MeanPooled, export_encoder, export_int8, write_card
from kgqa.training.fitting import Report, Trainer, fit
from kgqa.training.loop import Progress, Schedule, train
from kgqa.training.mining import Group
from kgqa.training.pairs import Exam, by_vectors, nearest
from kgqa.training.reader import pad_windows
from kgqa.training.stages import Stage, untold
from kgqa.training.starting import base_name, freeze, load_base, save_torch, started_from


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """What an encoder is trained with.

    :param length: tokens of a text at most.
    :param scale: the cosines are multiplied by it before the softmax; 20 is the usual inverse temperature.
    :param loss: one of :data:`kgqa.training.contrast.LOSSES`.
    :param peft: ``""`` for all weights, or ``lora``, ``adalora``, ``ia3`` or ``prefix``.
    """

    base: str | Path | None = None
    length: int = 160
    scale: float = 20.0
    loss: str = "ranking"
    freeze: int = 0
    freeze_words: bool = True
    peft: str = ""
    schedule: Schedule = field(default_factory=lambda: Schedule(learning_rate=2e-5, batch=32, warmup=0.1))


class EncoderTask:
    """The encoder's batches and loss."""

    def __init__(
        self, groups: Sequence[Group], tokenizer: Any, length: int, scale: float, loss: str = "ranking"
    ) -> None:
        self._groups, self._scale = groups, scale
        self._loss = loss_of(loss, scale, groups)
        self._texts = Texts(tokenizer, length)
        self._ids = self._texts.ids(sorted({t for g in groups for t in (g.question, g.positive, *g.negatives)}))

    def lengths(self) -> list[int]:
        """Return the tokens of each positive."""
        return [len(self._ids[group.positive]) for group in self._groups]

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the loss of a batch of groups."""

        def embed(texts: Sequence[str]) -> torch.Tensor:
            return self._texts.vectors(model, [self._ids[text] for text in texts], device)

        return self._loss([self._groups[i] for i in rows], embed, self._scale)


class Texts:
    """Texts to token ids and, with a model, to unit rows.

    :param length: tokens of a text at most.
    """

    def __init__(self, tokenizer: Any, length: int) -> None:
        self._tokenizer, self._length = tokenizer, length
        self._pad = tokenizer.token_to_id("[PAD]") or 0
        self._ends = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        if None in self._ends:
            raise ValueError("the tokenizer has no [CLS] or [SEP] token; use one of the BERT family")

    def ids(self, texts: Sequence[str]) -> dict[str, list[int]]:
        """Return the ids of each text."""
        cls, sep = self._ends
        found = self._tokenizer.encode_batch([text[: 8 * self._length] for text in texts], add_special_tokens=False)
        return {text: [cls, *item.ids[: self._length - 2], sep] for text, item in zip(texts, found, strict=True)}

    def vectors(self, model: nn.Module, rows: Sequence[Sequence[int]], device: torch.device) -> torch.Tensor:
        """Return unit rows, shape (texts, dim)."""
        found: torch.Tensor = model(**pad_windows([(ids, len(ids)) for ids in rows], self._pad, device))
        return nn.functional.normalize(found.float(), dim=-1)

    def encode(self, model: nn.Module, texts: Sequence[str], batch: int = 32) -> NDArray[np.float32]:
        """Return unit rows of texts, computed in batches of like length."""
        device = next(model.parameters()).device
        ids = self.ids(list(dict.fromkeys(texts)))
        order = sorted(ids, key=lambda text: len(ids[text]))
        rows: dict[str, NDArray[np.float32]] = {}
        for at in range(0, len(order), batch):
            part = order[at : at + batch]
            found = self.vectors(model, [ids[text] for text in part], device).cpu().numpy()
            rows.update(zip(part, found, strict=True))
        return np.stack([rows[text] for text in texts])


def train_encoder(
    groups: Sequence[Group],
    out: Path,
    options: EncoderOptions | None = None,
    *,
    card: dict[str, Any] | None = None,
    report: Report | None = None,
    check: Callable[[nn.Module], float] | None = None,
    exam: Exam | None = None,
    trainer: Trainer = train,
    stage: Stage = untold,
) -> dict[str, Any]:
    """Train an encoder and write its model folder.

    :param groups: questions with a passage that answers and passages that do not, at least two.
    :param out: receives the model folder; ``out/work`` the checkpoint, ``out/torch`` the fp32 model.
    :param check: validation score of the model, larger is better; the exam's mrr@10 where there is one.
    :param exam: held-out questions; the card's metrics are of the int8 model on it, with BM25 and the base beside it.
    :param stage: told of what is done after training.
    :returns: the model's card.
    :raises ValueError: too few groups.
    """
    options = options or EncoderOptions()
    inner, folder, _ = fit_encoder(
        groups, out / "work", options, report=report, check=check, exam=exam, trainer=trainer
    )
    stage("writing the model", 0, 1)
    save_torch(inner, folder, out / "torch")
    said = _card(inner, options) | (card or {})
    export_int8(MeanPooled(inner), folder / "tokenizer.json", out, outputs=("vector",), card=said)
    stage("writing the model", 1, 1)
    if exam is not None:
        stage("measuring", 0, 1)
        said = json.loads((out / "card.json").read_text(encoding="utf-8"))
        said["metrics"] = compared(exam, OnnxEncoder(out), options, out / "work" / "base")
        write_card(out, said)
        stage("measuring", 1, 1)
    done: dict[str, Any] = json.loads((out / "card.json").read_text(encoding="utf-8"))
    return done


def fit_encoder(
    groups: Sequence[Group],
    work: Path,
    options: EncoderOptions,
    *,
    report: Report | None = None,
    check: Callable[[nn.Module], float] | None = None,
    exam: Exam | None = None,
    trainer: Trainer = train,
) -> tuple[Any, Path, Progress]:
    """Train an encoder without writing its folder; see :func:`train_encoder`.

    :returns: the torch model, the folder of its tokenizer, and where the run ended.
    """
    if len(groups) < 2:
        raise ValueError("at least two questions are needed: the passages of one are the negatives of the other")
    inner, folder = load_base("AutoModel", options.base, options.schedule.seed)
    freeze(inner, options.freeze, words=options.freeze_words)
    tokenizer = load_tokenizer(folder)
    task = EncoderTask(groups, tokenizer, options.length, options.scale, options.loss)
    if check is None and exam is not None:
        check = examiner(exam, Texts(tokenizer, options.length))
    inner, progress = fit(
        inner,
        task,
        options.schedule,
        work,
        peft=options.peft,
        wrap=MeanPooled,
        report=report,
        check=check,
        trainer=trainer,
    )
    return inner, folder, progress


def examiner(exam: Exam, texts: Texts) -> Callable[[nn.Module], float]:
    """Return what validates a model that is being trained: mrr@10 of an exam."""

    def check(model: nn.Module) -> float:
        questions, pool = texts.encode(model, exam.questions), texts.encode(model, exam.pool)
        return exam.score(nearest(questions, pool))["mrr@10"]

    return check


def compared(exam: Exam, encoder: OnnxEncoder, options: EncoderOptions, scratch: Path) -> dict[str, Any]:
    """Return the figures of an encoder, of the base it was trained from, and of BM25 on an exam.

    :param scratch: folder in which the base is exported for the comparison.
    """
    found: dict[str, Any] = {"held-out questions": by_vectors(exam, encoder) | {"pool": float(len(exam.pool))}}
    found["held-out questions, base"] = by_vectors(exam, _base(options, scratch))
    found["held-out questions, BM25"] = exam.score(exam.near)
    return found


def _base(options: EncoderOptions, scratch: Path) -> OnnxEncoder:
    ready = started_from("AutoModel", options.base)
    if ready is not None and (ready / "model.onnx").is_file():
        return OnnxEncoder(ready)
    _, folder = load_base("AutoModel", options.base)
    export_encoder(scratch, folder)
    return OnnxEncoder(scratch)


def _card(inner: Any, options: EncoderOptions) -> dict[str, Any]:
    return {
        "kind": "encoder",
        "name": "encoder",
        "license": "not stated",
        "base": base_name("AutoModel", options.base),
        "hyper_parameters": asdict(options.schedule)
        | {"loss": options.loss, "scale": options.scale, "length": options.length, "peft": options.peft},
        "dim": int(inner.config.hidden_size),
        "max_length": min(256, int(inner.config.max_position_embeddings)),
        "pooling": "mean",
        "normalise": True,
        "query_prefix": "",
        "passage_prefix": "",
    }
