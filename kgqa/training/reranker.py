"""Fine-tune a reranker: a cross-encoder that reads question and passage together and gives one score.

The loss is softmax cross-entropy over a question's passages, one of which answers it (listwise; Nogueira and Cho 2019
with the contrastive loss of Gao et al. 2021). That orders passages but leaves the scores without a zero: a share of
binary cross-entropy on each pair gives them one, so that "nothing here answers" can be told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kgqa.reading.extractive import load_tokenizer
from kgqa.training.attention import use_plain_attention
from kgqa.training.export import export_int8
from kgqa.training.loop import Progress, Schedule, train
from kgqa.training.mining import Group
from kgqa.training.reader import pad_windows
from kgqa.training.starting import freeze, load_base, save_torch

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class RerankerOptions:
    """What a reranker is trained with.

    :param base: model folder to start from; the built-in base weights when ``None``.
    :param length: tokens of question and passage together.
    :param absolute: weight of the binary cross-entropy beside the listwise loss.
    :param freeze: lowest encoder layers that stay as they are; word embeddings stay whenever ``freeze_words``.
    """

    base: Path | None = None
    length: int = 160
    absolute: float = 0.0
    freeze: int = 0
    freeze_words: bool = True
    schedule: Schedule = field(default_factory=lambda: Schedule(learning_rate=1e-4, batch=8, warmup=0.1))


@dataclass(frozen=True, slots=True)
class Pairs:
    """The inputs of one question: for each passage its token ids (int32) and where it begins; the first answers."""

    ids: tuple[NDArray[np.int32], ...]
    starts: tuple[int, ...]


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
            out.append(Pairs(tuple(np.array(row, dtype=np.int32) for row in rows), (len(head),) * count))
    return out


def _special(tokenizer: Tokenizer, token: str) -> int:
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ValueError(f"the tokenizer has no {token} token; use one of the BERT family")
    return int(found)


class RerankerTask:
    """The reranker's batches and loss."""

    def __init__(self, rows: Sequence[Pairs], pad: int, absolute: float = 0.0) -> None:
        self._rows = rows
        self._pad = pad
        self._absolute = absolute

    def lengths(self) -> list[int]:
        """Return the tokens of each question's passages together."""
        return [max(len(ids) for ids in row.ids) * len(row.ids) for row in self._rows]

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the mean cross-entropy of picking the passage that answers, and of telling it from each other one."""
        batch = [self._rows[i] for i in rows]
        flat = [(ids, at) for row in batch for ids, at in zip(row.ids, row.starts, strict=True)]
        scores = model(**pad_windows(flat, self._pad, device)).logits.float().squeeze(-1)
        parts = torch.split(scores, [len(row.ids) for row in batch])
        wide = nn.utils.rnn.pad_sequence(list(parts), batch_first=True, padding_value=-1e4)
        loss = nn.functional.cross_entropy(wide, torch.zeros(len(batch), dtype=torch.long, device=device))
        if self._absolute:
            first = torch.cat([torch.eye(1, len(part), device=device)[0] for part in parts])
            loss = loss + self._absolute * nn.functional.binary_cross_entropy_with_logits(scores, first)
        return loss


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
    report: Callable[[Progress], None] | None = None,
) -> Path:
    """Train a reranker and write its model folder.

    :param groups: training data, at least one.
    :param out: receives the model folder; ``out/work`` the checkpoint, ``out/torch`` the fp32 model.
    :param card: what to say of the model besides what is known here.
    :returns: ``out``.
    """
    if not groups:
        raise ValueError(
            "no training groups; give at least one question with a passage that answers it and one that does not"
        )
    model, folder = load_base("AutoModelForSequenceClassification", options.base, num_labels=1)
    freeze(model, options.freeze, words=options.freeze_words)
    tokenizer = load_tokenizer(folder)
    rows = encode_groups(groups, tokenizer, options.length)
    task = RerankerTask(rows, tokenizer.token_to_id("[PAD]") or 0, options.absolute)
    use_plain_attention(model)
    train(model, task, options.schedule, out / "work", report=report)
    save_torch(model, folder, out / "torch")
    said = {"kind": "reranker", "max_length": 256, "trained_length": options.length, "license": "Apache-2.0", **card}
    return export_int8(Scorer(model), folder / "tokenizer.json", out, outputs=("score",), card=said)
