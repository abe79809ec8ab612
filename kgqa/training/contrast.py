"""Losses of an encoder over the vectors of questions, answering passages and hard negatives.

``ranking`` is cross-entropy over cosines: a question must be nearer to its own passage than to every other passage of the
batch and to all hard negatives (InfoNCE; van den Oord et al. 2018). A passage that two questions share counts once, so
that no question's own passage is its negative. The others are those of sentence-transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kgqa.errors import MissingExtra, UsageError
from kgqa.training.mining import Group

LOSSES = ("ranking", "symmetric", "triplet", "margin", "divergence")
TAUGHT = ("margin", "divergence")
"""Those that follow a teacher's scores."""

Embed = Callable[[Sequence[str]], Tensor]
"""From texts to unit rows, shape (texts, dim)."""


def ranking(batch: Sequence[Group], embed: Embed, scale: float) -> Tensor:
    """Return the mean cross-entropy of finding each question's passage."""
    own = [group.positive for group in batch]
    passages = list(dict.fromkeys([*own, *(text for group in batch for text in group.negatives)]))
    scores = scale * embed([group.question for group in batch]) @ embed(passages).T
    wanted = torch.tensor([passages.index(text) for text in own], device=scores.device)
    return nn.functional.cross_entropy(scores.float(), wanted)


class Borrowed:
    """A loss of sentence-transformers, computed from vectors.

    :param name: one of :data:`LOSSES` except ``ranking``.
    :param scale: the cosines are multiplied by it.
    :raises MissingExtra: sentence-transformers is not installed.
    """

    def __init__(self, name: str, scale: float) -> None:
        try:
            from sentence_transformers.sentence_transformer import losses
            from sentence_transformers.util import pairwise_cos_sim
        except ImportError as fault:
            raise MissingExtra(f"the loss {name}", "torch") from fault

        def similar(one: Tensor, other: Tensor) -> Tensor:
            return scale * torch.as_tensor(pairwise_cos_sim(one, other))

        inner = nn.Module()  # these losses ask nothing of the model when they are given vectors
        makers: dict[str, Callable[[], Any]] = {
            "symmetric": lambda: losses.MultipleNegativesRankingLoss(
                inner, scale=scale, directions=("query_to_doc", "doc_to_query"), partition_mode="per_direction"
            ),
            "triplet": lambda: losses.TripletLoss(inner, losses.TripletDistanceMetric.COSINE, triplet_margin=0.2),
            "margin": lambda: losses.MarginMSELoss(inner, similarity_fct=similar),
            "divergence": lambda: losses.DistillKLDivLoss(inner, similarity_fct=similar),
        }
        self._name, self._loss = name, makers[name]()

    def __call__(self, batch: Sequence[Group], embed: Embed, scale: float) -> Tensor:
        """Return the loss of a batch; all questions have as many negatives as the one with the fewest."""
        count = min(len(group.negatives) for group in batch)
        count = min(count, 1) if self._name == "triplet" else count
        texts = [[group.question for group in batch], [group.positive for group in batch]]
        texts += [[group.negatives[at] for group in batch] for at in range(count)]
        rows = torch.split(embed([text for column in texts for text in column]), len(batch))
        labels = torch.zeros(len(batch))
        if self._name in TAUGHT:
            labels = torch.tensor([group.scores[: 1 + count] for group in batch])
        loss: Tensor = self._loss.compute_loss_from_embeddings(list(rows), labels.to(rows[0].device))
        return loss


def loss_of(name: str, scale: float, groups: Sequence[Group]) -> Callable[[Sequence[Group], Embed, float], Tensor]:
    """Return a loss by name.

    :raises UsageError: it is unknown, or the groups lack what it needs.
    """
    if name not in LOSSES:
        raise UsageError(f"unknown loss {name!r}; choose one of {', '.join(LOSSES)}")
    if name == "ranking":
        return ranking
    if name != "symmetric" and not all(group.negatives for group in groups):
        raise UsageError(f"the loss {name!r} needs a negative for each question; mine them (--negatives)")
    if name in TAUGHT and not all(len(group.scores) == 1 + len(group.negatives) for group in groups):
        raise UsageError(f"the loss {name!r} follows a teacher; give one (--teacher) or 'scores' in each line")
    return Borrowed(name, scale)
