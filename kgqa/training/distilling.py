"""Distillation: a smaller model learns what a larger one, or an ensemble, says.

Readers that share their words follow the softened logits of each token (Hinton, Vinyals and Dean 2015); the logits of several
teachers are averaged. A teacher with other words gives its answers instead, and the student learns them as if they were
gold (Kim and Rush 2016). Encoders follow the teacher's similarities between the texts of a batch, and its vectors
themselves where they have the same length (Reimers and Gurevych 2020; Park et al. 2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kgqa.errors import UsageError
from kgqa.evaluation.squad import Example, passage_of
from kgqa.protocols import Encoder, Reader
from kgqa.reading.extractive import OnnxReader, load_tokenizer, onnx_infer
from kgqa.training.encoder import Texts
from kgqa.training.export import MeanPooled
from kgqa.training.loop import Schedule
from kgqa.training.reader import Feature, ReaderTask, pad_windows
from kgqa.training.starting import load_base

Logits = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, slots=True)
class DistilOptions:
    """How a student learns from a teacher.

    :param student: model folder to start from; layers of the first teacher when ``None``.
    :param layers: encoder layers of the student, taken evenly from its start; 0 keeps all.
    :param temperature: softens the teacher's outputs.
    :param trust: share of the loss that follows the teacher instead of the answers, in [0, 1].
    :param length: tokens of a window, or of an encoder's text.
    """

    student: Path | None = None
    layers: int = 3
    temperature: float = 2.0
    trust: float = 0.7
    length: int = 256
    schedule: Schedule = field(default_factory=lambda: Schedule(learning_rate=3e-4))


# --- readers ---


class Teacher(Protocol):
    """Gives start and end logits."""

    def __call__(self, rows: Sequence[Feature], inputs: dict[str, torch.Tensor]) -> Logits:
        """Return logits of the inputs' shape (windows, tokens)."""


class TorchTeacher:
    """A reader with torch weights."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model.eval()

    def __call__(self, rows: Sequence[Feature], inputs: dict[str, torch.Tensor]) -> Logits:
        """Return logits of a padded batch."""
        with torch.no_grad():
            found = self._model.to(inputs["input_ids"].device)(**inputs)
        return found.start_logits.float(), found.end_logits.float()


class OnnxTeacher:
    """A reader folder with ONNX weights; each window is run alone, as such models are made for."""

    def __init__(self, folder: Path) -> None:
        self._infer = onnx_infer(folder / "model.onnx")

    def __call__(self, rows: Sequence[Feature], inputs: dict[str, torch.Tensor]) -> Logits:
        """Return logits of a padded batch; padding has 0."""
        shape, device = inputs["input_ids"].shape, inputs["input_ids"].device
        start, end = torch.zeros(shape), torch.zeros(shape)
        for at, row in enumerate(rows):
            one = pad_alone(row)
            first, last = self._infer(one)
            start[at, : len(row.ids)] = torch.from_numpy(first[0])
            end[at, : len(row.ids)] = torch.from_numpy(last[0])
        return start.to(device), end.to(device)


def pad_alone(row: Feature) -> dict[str, NDArray[np.int64]]:
    """Return the inputs of one window without padding."""
    ids = row.ids.astype(np.int64)[None]
    kinds = np.zeros_like(ids)
    kinds[0, row.context_at :] = 1
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": kinds}


def reader_teacher(folder: Path) -> Teacher:
    """Return a teacher from a folder: its torch weights where it has them, else its ONNX weights."""
    if (folder / "model.onnx").is_file() and not (folder / "torch").is_dir():
        return OnnxTeacher(folder)
    return TorchTeacher(load_base("AutoModelForQuestionAnswering", folder)[0])


def tokenizer_folder(folder: Path) -> Path:
    """Return where a model folder keeps its ``tokenizer.json``."""
    return next((one for one in (folder, folder / "torch") if (one / "tokenizer.json").is_file()), folder)


def same_words(folders: Sequence[Path]) -> bool:
    """Tell whether models number the same tokens in the same way."""
    known = [load_tokenizer(tokenizer_folder(folder)).get_vocab() for folder in folders]
    return all(one == known[0] for one in known[1:])


class DistilTask:
    """A reader's task whose loss follows the mean of the teachers' logits as well as the answers."""

    def __init__(self, rows: Sequence[Feature], pad: int, teachers: Sequence[Teacher], options: DistilOptions) -> None:
        self._task = ReaderTask(rows, pad)
        self._rows, self._pad, self._teachers, self._options = rows, pad, teachers, options

    def lengths(self) -> list[int]:
        """Return tokens of each window."""
        return self._task.lengths()

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the mean of cross-entropy to the answers and divergence from the teachers."""
        batch = [self._rows[i] for i in rows]
        inputs = pad_windows([(row.ids, row.context_at) for row in batch], self._pad, device)
        wanted = [teacher(batch, inputs) for teacher in self._teachers]
        found = model(**inputs)
        pairs = zip((found.start_logits, found.end_logits), zip(*wanted, strict=True), strict=True)
        mask = inputs["attention_mask"]
        soft = sum((self._divergence(own, torch.stack(theirs).mean(0), mask) for own, theirs in pairs), torch.zeros(()))
        hard = self._task.hard(found, batch, device)
        return self._options.trust * soft / 2 + (1 - self._options.trust) * hard

    def _divergence(self, found: torch.Tensor, wanted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        heat = self._options.temperature
        hidden = (mask == 0) * -1e4
        one = torch.log_softmax(found.float() / heat + hidden, -1)
        other = torch.softmax(wanted / heat + hidden, -1)
        return nn.functional.kl_div(one, other, reduction="batchmean") * heat**2


def taught(examples: Sequence[Example], readers: Sequence[Reader], batch: int = 64) -> list[Example]:
    """Return examples whose answers are what the readers say together; no answer where they see none.

    Each reader's spans of one passage get the share of exp(score) that they have among them and "no answer"; shares of
    the same span add up.
    """
    made: list[Example] = []
    for at in range(0, len(examples), batch):
        part = examples[at : at + batch]
        passages = [[passage_of(example)] for example in part]
        said = [reader.read([e.question for e in part], passages, 5) for reader in readers]
        for row, example in enumerate(part):
            votes: dict[tuple[int, str] | None, float] = {}
            for spans in said:
                most = max([0.0, *(s.score for s in spans[row])])
                mass = {(s.start, s.text): math.exp(s.score - most) for s in spans[row]}
                total = sum(mass.values()) + math.exp(-most)
                for key, value in [*mass.items(), (None, math.exp(-most))]:
                    votes[key] = votes.get(key, 0.0) + value / total
            best = max(votes, key=lambda key: votes[key])
            made.append(replace(example, answers=() if best is None else (best,)))
    return made


def readers_of(folders: Sequence[Path]) -> list[Reader]:
    """Return readers of model folders, by ONNX Runtime where they have such weights."""
    from kgqa.reading.hub import TransformersReader

    return [
        OnnxReader(folder) if (folder / "model.onnx").is_file() else TransformersReader(folder) for folder in folders
    ]


# --- encoders ---


def encoder_teacher(folder: Path) -> Encoder:
    """Return an encoder from a folder: ONNX weights, a sentence-transformers model, or torch weights pooled by their mean.

    :raises UsageError: the folder has none of these.
    """
    from kgqa.retrieval.encoder import OnnxEncoder, SentenceTransformerEncoder

    if (folder / "model.onnx").is_file():
        return OnnxEncoder(folder)
    if (folder / "modules.json").is_file():
        return SentenceTransformerEncoder(str(folder))
    if not (folder / "model.safetensors").is_file() and not (folder / "torch").is_dir():
        raise UsageError(f"{folder}: no encoder; give a folder with model.onnx, modules.json or model.safetensors")
    return TorchEncoder(folder)


class TorchEncoder:
    """A plain transformer whose vectors are the mean of its last states."""

    def __init__(self, folder: Path, length: int = 256) -> None:
        inner, source = load_base("AutoModel", folder)
        self._model, self._texts = MeanPooled(inner).eval(), Texts(load_tokenizer(source), length)
        self.dim, self.fingerprint = int(inner.config.hidden_size), str(folder)

    def encode(self, texts: Sequence[str], role: Any = "passage") -> NDArray[np.float32]:
        """Return unit rows, shape (len(texts), dim)."""
        with torch.inference_mode():
            return self._texts.encode(self._model, texts) if texts else np.zeros((0, self.dim), np.float32)


class EncoderDistilTask:
    """An encoder's task whose loss is the difference from the teachers' similarities and vectors.

    :param texts: what is encoded; the teachers have encoded them once, before training.
    """

    def __init__(self, texts: Sequence[str], tokenizer: Any, teachers: Sequence[Encoder], length: int) -> None:
        self._texts = list(dict.fromkeys(texts))
        self._maker = Texts(tokenizer, length)
        self._ids = self._maker.ids(self._texts)
        found = [torch.from_numpy(np.asarray(teacher.encode(self._texts))) for teacher in teachers]
        # Side by side and equally long, the cosine of two rows is the mean of the teachers' cosines.
        self._wanted = torch.cat(found, dim=1) / math.sqrt(len(found))
        self._direct = len(found) == 1

    def lengths(self) -> list[int]:
        """Return the tokens of each text."""
        return [len(self._ids[text]) for text in self._texts]

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the mean squared difference of similarities, and of vectors where they can be compared."""
        own = self._maker.vectors(model, [self._ids[self._texts[i]] for i in rows], device)
        wanted = self._wanted[list(rows)].to(device)
        loss = nn.functional.mse_loss(own @ own.T, wanted @ wanted.T)
        if self._direct and own.shape == wanted.shape:
            loss = loss + (1 - (own * wanted).sum(-1)).mean()
        return loss
