"""Fine-tune a reranker: a cross-encoder that reads question and passage together and gives one score.

The loss is softmax cross-entropy over a question's passages, one of which answers it (listwise; Nogueira and Cho 2019
with the contrastive loss of Gao et al. 2021). That orders passages but leaves the scores without a zero: a share of
binary cross-entropy on each pair gives them one, so that "nothing here answers" can be told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kgqa.reading.extractive import load_tokenizer
from kgqa.retrieval.rerank import CrossEncoderReranker
from kgqa.training.export import export_int8, write_card
from kgqa.training.fitting import Report, Trainer, fit
from kgqa.training.loop import Progress, Schedule, train
from kgqa.training.mining import Group
from kgqa.training.pairs import Exam, by_scores
from kgqa.training.reader import pad_windows
from kgqa.training.stages import Stage, untold
from kgqa.training.starting import freeze, load_base, save_torch

if TYPE_CHECKING:
    from tokenizers import Tokenizer


HELD = "held-out questions, best 20 of BM25 reranked"
"""Name of the metrics on held-out questions."""


@dataclass(frozen=True, slots=True)
class RerankerOptions:
    """What a reranker is trained with.

    :param base: model folder to start from; the built-in base weights when ``None``.
    :param length: tokens of question and passage together.
    :param absolute: weight of the binary cross-entropy beside the listwise loss.
    :param trust: share of the listwise loss that follows a teacher's scores, where the groups have them, in [0, 1].
    :param temperature: softens the teacher's scores.
    :param peft: ``""`` for all weights, or ``lora``, ``adalora``, ``ia3`` or ``prefix``.
    :param freeze: lowest encoder layers that stay as they are; word embeddings stay whenever ``freeze_words``.
    """

    base: str | Path | None = None
    length: int = 160
    absolute: float = 0.0
    trust: float = 0.7
    temperature: float = 2.0
    freeze: int = 0
    freeze_words: bool = True
    peft: str = ""
    schedule: Schedule = field(default_factory=lambda: Schedule(learning_rate=1e-4, batch=8, warmup=0.1))


@dataclass(frozen=True, slots=True)
class Pairs:
    """The inputs of one question: for each passage its token ids (int32) and where it begins; the first answers.

    :param taught: a teacher's scores of the passages; empty where there is none.
    """

    ids: tuple[NDArray[np.int32], ...]
    starts: tuple[int, ...]
    taught: tuple[float, ...] = ()


def encode_groups(groups: Sequence[Group], tokenizer: Tokenizer, length: int) -> list[Pairs]:
    """Turn groups into inputs ``[CLS] question [SEP] passage [SEP]``; what is too long is cut from the passage."""
    cls, sep = (_special(tokenizer, name) for name in ("[CLS]", "[SEP]"))
    out = []
    for first in range(0, len(groups), 500):
        part = groups[first : first + 500]
        questions = tokenizer.encode_batch([g.question for g in part], add_special_tokens=False)
        texts = tokenizer.encode_batch(
            [t[: 8 * length] for g in part for t in (g.positive, *g.negatives)], add_special_tokens=False
        )
        at = 0
        for group, question in zip(part, questions, strict=True):
            head = [cls, *question.ids[: length // 2], sep]
            count = 1 + len(group.negatives)
            rows = [[*head, *text.ids[: length - len(head) - 1], sep] for text in texts[at : at + count]]
            at += count
            ids = tuple(np.array(row, dtype=np.int32) for row in rows)
            out.append(Pairs(ids, (len(head),) * count, group.scores))
    return out


def _special(tokenizer: Tokenizer, token: str) -> int:
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ValueError(f"the tokenizer has no {token} token; use one of the BERT family")
    return int(found)


class RerankerTask:
    """The reranker's batches and loss."""

    def __init__(self, rows: Sequence[Pairs], pad: int, options: RerankerOptions | None = None) -> None:
        self._rows = rows
        self._pad = pad
        self._options = options or RerankerOptions()

    def lengths(self) -> list[int]:
        """Return the tokens of each question's passages together."""
        return [max(len(ids) for ids in row.ids) * len(row.ids) for row in self._rows]

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the mean cross-entropy of picking the passage that answers, and of telling it from each other one.

        Where a teacher has scored the passages, a share of the first is the divergence from the teacher's choice (Hinton et
        al. 2015).
        """
        batch = [self._rows[i] for i in rows]
        flat = [(ids, at) for row in batch for ids, at in zip(row.ids, row.starts, strict=True)]
        scores = model(**pad_windows(flat, self._pad, device)).logits.float().squeeze(-1)
        parts = list(torch.split(scores, [len(row.ids) for row in batch]))
        wide = nn.utils.rnn.pad_sequence(parts, batch_first=True, padding_value=-1e4)
        loss = nn.functional.cross_entropy(wide, torch.zeros(len(batch), dtype=torch.long, device=device))
        if all(row.taught for row in batch) and self._options.trust:
            loss = (1 - self._options.trust) * loss + self._options.trust * self._divergence(wide, batch)
        if self._options.absolute:
            first = torch.cat([torch.eye(1, len(part), device=device)[0] for part in parts])
            loss = loss + self._options.absolute * nn.functional.binary_cross_entropy_with_logits(scores, first)
        return loss

    def _divergence(self, wide: torch.Tensor, batch: Sequence[Pairs]) -> torch.Tensor:
        heat = self._options.temperature
        rows = [torch.tensor(row.taught, device=wide.device) for row in batch]
        taught = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-1e4)
        found, wanted = (wide / heat).log_softmax(-1), (taught / heat).softmax(-1)
        return nn.functional.kl_div(found, wanted, reduction="batchmean") * heat**2


class Scorer(nn.Module):
    """A reranker whose output is the score alone, shape (batch,)."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Return one score for each pair."""
        found = self.inner(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        logits: torch.Tensor = found.logits
        return logits.squeeze(-1)


def train_reranker(
    groups: Sequence[Group],
    out: Path,
    options: RerankerOptions,
    card: dict[str, Any],
    report: Report | None = None,
    *,
    exam: Exam | None = None,
    trainer: Trainer = train,
    stage: Stage = untold,
) -> Path:
    """Train a reranker and write its model folder.

    :param groups: training data, at least one; a teacher's scores in them are followed.
    :param out: receives the model folder; ``out/work`` the checkpoint, ``out/torch`` the fp32 model.
    :param card: what to say of the model besides what is known here.
    :param exam: held-out questions; they validate, and the card's metrics are of the int8 model on them.
    :param stage: told of what is done after training.
    :returns: ``out``.
    """
    model, folder, _ = fit_reranker(groups, out / "work", options, report=report, exam=exam, trainer=trainer)
    stage("writing the model", 0, 1)
    save_torch(model, folder, out / "torch")
    most = min(256, int(model.config.max_position_embeddings))
    said = {"kind": "reranker", "max_length": most, "trained_length": options.length, "license": "Apache-2.0", **card}
    export_int8(Scorer(model), folder / "tokenizer.json", out, outputs=("score",), card=said)
    stage("writing the model", 1, 1)
    if exam is not None:
        stage("measuring", 0, 1)
        done = json.loads((out / "card.json").read_text(encoding="utf-8"))
        write_card(
            out, done | {"metrics": {HELD: by_scores(exam, CrossEncoderReranker(out)), "BM25": exam.score(exam.near)}}
        )
        stage("measuring", 1, 1)
    return out


def fit_reranker(
    groups: Sequence[Group],
    work: Path,
    options: RerankerOptions,
    *,
    report: Report | None = None,
    exam: Exam | None = None,
    trainer: Trainer = train,
) -> tuple[Any, Path, Progress]:
    """Train a reranker without writing its folder; see :func:`train_reranker`.

    :returns: the torch model, the folder of its tokenizer, and where the run ended.
    """
    if not groups:
        raise ValueError(
            "no training groups; give at least one question with a passage that answers it and one that does not"
        )
    model, folder = load_base("AutoModelForSequenceClassification", options.base, options.schedule.seed, num_labels=1)
    freeze(model, options.freeze, words=options.freeze_words)
    tokenizer = load_tokenizer(folder)
    rows = encode_groups(groups, tokenizer, options.length)
    task = RerankerTask(rows, tokenizer.token_to_id("[PAD]") or 0, options)
    model, progress = fit(
        model,
        task,
        options.schedule,
        work,
        peft=options.peft,
        report=report,
        check=examiner(exam, tokenizer, options.length) if exam is not None else None,
        trainer=trainer,
    )
    return model, folder, progress


def examiner(exam: Exam, tokenizer: Tokenizer, length: int) -> Callable[[nn.Module], float]:
    """Return what validates a model that is being trained: mrr@10 of an exam's best BM25 hits in its order."""
    groups = [
        Group(question, exam.pool[row[0]], tuple(exam.pool[at] for at in row[1:]))
        for question, row in zip(exam.questions, exam.candidates(), strict=True)
    ]
    rows = encode_groups(groups, tokenizer, length)
    pad = tokenizer.token_to_id("[PAD]") or 0

    def check(model: nn.Module) -> float:
        device = next(model.parameters()).device
        found = []
        for row, candidates in zip(rows, exam.candidates(), strict=True):
            scores = model(**pad_windows(list(zip(row.ids, row.starts, strict=True)), pad, device)).logits.squeeze(-1)
            found.append([candidates[int(at)] for at in scores.argsort(descending=True)])
        return exam.score(found)["mrr@10"]

    return check
