"""``kgqa train encoder``: contrastive fine-tuning of a bi-encoder with mined hard negatives.

The loss is cross-entropy over cosines: a question must be nearer to its own passage than to every other passage of the
batch and to its hard negatives (InfoNCE; van den Oord et al. 2018; "multiple negatives ranking" in sentence-transformers).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kgqa.reading.extractive import load_tokenizer
from kgqa.training.curve import draw
from kgqa.training.export import MeanPooled, export_int8
from kgqa.training.loop import Progress, Schedule, train
from kgqa.training.mining import Group
from kgqa.training.reader import pad_windows
from kgqa.training.starting import freeze, load_base, save_torch


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """What an encoder is trained with.

    :param length: tokens of a text at most.
    :param scale: the cosines are multiplied by it before the softmax; 20 is the usual inverse temperature.
    """

    base: Path | None = None
    length: int = 160
    scale: float = 20.0
    freeze: int = 0
    freeze_words: bool = True
    schedule: Schedule = field(default_factory=lambda: Schedule(learning_rate=2e-5, batch=32, warmup=0.1))


class EncoderTask:
    """The encoder's batches and loss."""

    def __init__(self, groups: Sequence[Group], tokenizer: Any, length: int, scale: float) -> None:
        self._groups, self._scale = groups, scale
        self._pad = tokenizer.token_to_id("[PAD]") or 0
        texts = sorted({text for g in groups for text in (g.question, g.positive, *g.negatives)})
        cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        found = tokenizer.encode_batch([text[: 8 * length] for text in texts], add_special_tokens=False)
        self._ids = {text: [cls, *item.ids[: length - 2], sep] for text, item in zip(texts, found, strict=True)}

    def lengths(self) -> list[int]:
        """Return the tokens of each positive."""
        return [len(self._ids[group.positive]) for group in self._groups]

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the mean cross-entropy of finding each question's passage."""
        batch = [self._groups[i] for i in rows]
        own = [group.positive for group in batch]
        passages = list(dict.fromkeys([*own, *(text for group in batch for text in group.negatives)]))
        questions = self._vectors(model, [group.question for group in batch], device)
        scores = self._scale * questions @ self._vectors(model, passages, device).T
        wanted = torch.tensor([passages.index(text) for text in own], device=device)
        return nn.functional.cross_entropy(scores.float(), wanted)

    def _vectors(self, model: nn.Module, texts: Sequence[str], device: torch.device) -> torch.Tensor:
        rows = [self._ids[text] for text in texts]
        found: torch.Tensor = model(**pad_windows([(ids, len(ids)) for ids in rows], self._pad, device))
        return nn.functional.normalize(found.float(), dim=-1)


def train_encoder(
    groups: Sequence[Group],
    out: Path,
    options: EncoderOptions | None = None,
    *,
    card: dict[str, Any] | None = None,
    report: Callable[[Progress], None] | None = None,
    check: Callable[[nn.Module], float] | None = None,
) -> Path:
    """Train an encoder and write its model folder.

    :param groups: questions with a passage that answers and passages that do not, at least two.
    :param out: receives the model folder; ``out/work`` the checkpoint, ``out/torch`` the fp32 model.
    :param check: validation score of the model, larger is better.
    :returns: ``out``.
    :raises ValueError: too few groups.
    """
    if len(groups) < 2:
        raise ValueError("at least two questions are needed: the passages of one are the negatives of the other")
    options = options or EncoderOptions()
    inner, folder = load_base("AutoModel", options.base)
    freeze(inner, options.freeze, words=options.freeze_words)
    model = MeanPooled(inner)
    tokenizer = load_tokenizer(folder)
    task = EncoderTask(groups, tokenizer, options.length, options.scale)
    train(model, task, options.schedule, out / "work", report=report, check=check)
    draw(out / "work" / "log.jsonl", out / "work" / "curve.png")
    save_torch(inner, folder, out / "torch")
    said = {
        "kind": "encoder",
        "name": "encoder",
        "license": "not stated",
        "base": str(options.base or "all-MiniLM-L6-v2"),
        "hyper_parameters": asdict(options.schedule),
        "dim": int(inner.config.hidden_size),
        "max_length": 256,
        "pooling": "mean",
        "normalise": True,
        "query_prefix": "",
        "passage_prefix": "",
    }
    return export_int8(model, folder / "tokenizer.json", out, outputs=("vector",), card=said | (card or {}))
