"""What keeps English while a reader learns Chinese: it goes on answering as the English reader answers.

The loss on plain English windows is mostly the distance to the English reader's own distributions (distillation; Hinton et
al. 2015; against forgetting: Li and Hoiem 2016), so that scores, and with them the border of "no answer", stay where they were.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kgqa.evaluation.squad import Example
from kgqa.training.attention import use_plain_attention
from kgqa.training.corpora import bioasq_examples
from kgqa.training.facts import fact_examples
from kgqa.training.reader import Feature, ReaderTask, pad_windows, unanswerable
from kgqa.training.recipes import reading
from kgqa.training.starting import load_base

Said = tuple[NDArray[np.float16], NDArray[np.float16]]
"""A teacher's start and end logits, one for each token of a window."""


def english_examples(data: Path, counts: Sequence[int], seed: int = 13) -> list[Example]:
    """Return English questions of the sets that the English reader was trained on.

    :param data: the folder of the data sets.
    :param counts: questions of SQuAD 1.1, of these as many again without answer, SQuAD 2.0, PolicyQA, BioASQ, and facts of
        CUAD's contracts.
    """
    rng = random.Random(seed)
    squad, squad2, policy = (part for part, _ in reading(data).values())
    legal = data / "legal"
    facts = fact_examples(legal / "cuad-contracts.tar.xz", legal / "cuad-clauses.csv.gz", random.Random(seed))
    sets = (
        squad,
        unanswerable(squad, min(1.0, 2 * counts[1] / len(squad)), seed=seed + 1),
        squad2,
        policy,
        bioasq_examples(data / "medical/bioasq-a.json.gz", held=False),
        facts,
    )
    return [e for part, count in zip(sets, counts, strict=True) for e in rng.sample(part, min(count, len(part)))]


def teach(teacher: Path, windows: Sequence[Feature], pad: int, batch: int = 32) -> list[Said]:
    """Return what a teacher says of each window.

    :param teacher: torch folder of a reader with the tokenizer that the windows were cut with.
    """
    model, _ = load_base("AutoModelForQuestionAnswering", teacher)
    use_plain_attention(model.eval())
    said: list[Said | None] = [None] * len(windows)
    order = sorted(range(len(windows)), key=lambda at: len(windows[at].ids))
    cpu = torch.device("cpu")
    for at in range(0, len(order), batch):
        rows = order[at : at + batch]
        inputs = pad_windows([(windows[row].ids, windows[row].context_at) for row in rows], pad, cpu)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            out = model(**inputs)
        starts, ends = (logits.float().numpy().astype(np.float16) for logits in (out.start_logits, out.end_logits))
        for place, row in enumerate(rows):
            size = len(windows[row].ids)
            said[row] = (starts[place, :size].copy(), ends[place, :size].copy())
    return [found for found in said if found is not None]


class KeepingTask(ReaderTask):
    """Windows of which the last ones have a teacher.

    :param rows: windows without a teacher.
    :param kept: windows with one, and ``said`` what it says of each.
    :param weight: of the distance to the teacher; the rest is the cross-entropy to the answer.
    """

    def __init__(
        self, rows: Sequence[Feature], kept: Sequence[Feature], said: Sequence[Said], pad: int, weight: float = 0.7
    ) -> None:
        super().__init__([*rows, *kept], pad)
        self._first, self._said, self._weight = len(rows), list(said), weight

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the mean over the windows of their losses."""
        batch = [self._rows[row] for row in rows]
        out = model(**pad_windows([(row.ids, row.context_at) for row in batch], self._pad, device))
        taught = [(place, self._said[row - self._first]) for place, row in enumerate(rows) if row >= self._first]
        places = [place for place, _ in taught]
        weights = torch.ones(len(rows), device=device)
        weights[places] = 1.0 - self._weight
        total = torch.zeros((), device=device)
        for part, (logits, name) in enumerate(((out.start_logits, "start"), (out.end_logits, "end"))):
            chances = torch.log_softmax(logits.float(), -1)
            if taught:
                total = total + self._weight * _distance(chances[places], [said[part] for _, said in taught])
            gold = torch.tensor([getattr(row, name) for row in batch], device=device)
            total = total - (weights * chances.gather(1, gold[:, None])[:, 0]).sum()
        mean: torch.Tensor = total / (2 * len(rows))
        return mean


def _distance(chances: torch.Tensor, said: Sequence[NDArray[np.float16]]) -> torch.Tensor:
    """Return the sum of the divergences from what the teacher said.

    :param chances: log probabilities, shape (windows, tokens).
    """
    logits = torch.full(chances.shape, -1e4)
    for row, found in enumerate(said):
        logits[row, : len(found)] = torch.from_numpy(found.astype(np.float32))
    return nn.functional.kl_div(
        chances, torch.log_softmax(logits, -1).to(chances.device), reduction="sum", log_target=True
    )
