"""Fine-tune an extractive reader: which span of the passage answers the question, or "no answer here".

The head and the loss are those of BERT for SQuAD 2.0 (Devlin et al. 2019, section 4.3): a start and an end logit for
each token, and the first token stands for "no answer".
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kgqa.evaluation.squad import Example
from kgqa.language import has_cjk
from kgqa.reading.windows import Window, WindowCutter

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class Feature:
    """A window with its target token positions; both 0 when the window has no answer.

    :param ids: token ids, int32; an array, as a corpus of tuples would take gigabytes.
    """

    ids: NDArray[np.int32]
    context_at: int
    start: int
    end: int


def hold_out(examples: Sequence[Example], share: float, seed: int = 13) -> tuple[list[Example], list[Example]]:
    """Split by article into a training part and a held-out part, so that no passage is in both.

    A file of one article is split by its passages. Where a share is wanted and there are two or more, one is held out
    at least.

    :param share: share of the articles that are held out, in [0, 1].
    """
    units = [e.article for e in examples]
    if len(set(units)) == 1:
        units = [e.context for e in examples]
    titles = sorted(set(units))
    random.Random(seed).shuffle(titles)
    held = set(titles[: max(round(len(titles) * share), int(share > 0 and len(titles) > 1))])
    kept = [e for e, unit in zip(examples, units, strict=True) if unit not in held]
    return kept, [e for e, unit in zip(examples, units, strict=True) if unit in held]


def unanswerable(examples: Sequence[Example], share: float, seed: int = 13) -> list[Example]:
    """Make questions without answer: each is asked of the most similar other passage of its article.

    That is what a reader sees behind a retriever: text on the topic which does not say it.

    :param share: how many to make, as a share of the examples.
    """
    rng = random.Random(seed)
    by_article: dict[str, dict[str, frozenset[str]]] = {}
    for example in examples:
        by_article.setdefault(example.article, {}).setdefault(example.context, _words(example.context))
    made = []
    for example in rng.sample(list(examples), round(len(examples) * share)):
        asked = _words(example.question)
        texts = [text.lower() for _, text in example.answers]
        others = [
            (len(asked & words), context)
            for context, words in by_article[example.article].items()
            if context != example.context and not any(text in context.lower() for text in texts)
        ]
        if others:
            made.append(Example(f"{example.id}-none", example.question, max(others)[1], (), example.article))
    return made


def _words(text: str) -> frozenset[str]:
    if has_cjk(text):  # no spaces: pairs of neighbouring characters
        return frozenset(text[at : at + 2] for at in range(len(text) - 1) if text[at : at + 2].isalpha())
    return frozenset(re.findall(r"\w{3,}", text.lower()))


def features(examples: Iterable[Example], cutter: WindowCutter) -> list[Feature]:
    """Cut examples into windows with targets; examples whose offset does not fit their text are left out."""
    kept = [e for e in examples if all(e.context[at : at + len(text)] == text for at, text in e.answers[:1])]
    found: list[Feature] = []
    for first in range(0, len(kept), 1000):
        part = kept[first : first + 1000]
        for example, cut in zip(part, cutter.cut_many([(e.question, e.context) for e in part]), strict=True):
            found.extend(_feature(window, example.answers) for window in cut)
    return found


def _feature(window: Window, answers: Sequence[tuple[int, str]]) -> Feature:
    start, end = _target(window.offsets, answers)
    shift = window.context_at if end >= 0 else 0
    ids = np.array(window.ids, dtype=np.int32)
    return Feature(ids, window.context_at, max(0, start + shift), max(0, end + shift))


def _target(offsets: Sequence[tuple[int, int]], answers: Sequence[tuple[int, str]]) -> tuple[int, int]:
    """Return the first and last token of the first answer, (0, -1) when the window does not hold it whole."""
    if not answers or not offsets:
        return 0, -1
    at, text = answers[0]
    until = at + len(text)
    inside = [i for i, (start, end) in enumerate(offsets) if start < until and end > at]
    whole = inside and offsets[inside[0]][0] <= at and offsets[inside[-1]][1] >= until
    return (inside[0], inside[-1]) if whole else (0, -1)


class ReaderTask:
    """The reader's batches and loss."""

    def __init__(self, rows: Sequence[Feature], pad: int) -> None:
        self._rows = rows
        self._pad = pad

    def lengths(self) -> list[int]:
        """Return tokens of each window."""
        return [len(row.ids) for row in self._rows]

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the mean cross-entropy of start and end positions."""
        batch = [self._rows[i] for i in rows]
        inputs = pad_windows([(row.ids, row.context_at) for row in batch], self._pad, device)
        return self.hard(model(**inputs), batch, device)

    def hard(self, out: Any, batch: Sequence[Feature], device: torch.device) -> torch.Tensor:
        """Return the mean cross-entropy of a model's outputs to the target positions."""
        start = torch.tensor([row.start for row in batch], device=device)
        end = torch.tensor([row.end for row in batch], device=device)
        loss = nn.functional.cross_entropy
        return (loss(out.start_logits.float(), start) + loss(out.end_logits.float(), end)) / 2


def pad_windows(
    rows: Sequence[tuple[Sequence[int] | NDArray[np.int32], int]], pad: int, device: torch.device
) -> dict[str, torch.Tensor]:
    """Return model inputs, each of shape (batch, longest window rounded up to 16), int64."""
    # Few different widths: each new shape costs the runtime a newly compiled kernel, which it then keeps in memory.
    width = -(-max(len(ids) for ids, _ in rows) // 16) * 16
    ids = torch.full((len(rows), width), pad, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    kinds = torch.zeros_like(ids)
    for row, (tokens, at) in enumerate(rows):
        size = len(tokens)
        ids[row, :size] = torch.as_tensor(np.asarray(tokens, dtype=np.int64))
        mask[row, :size] = 1
        kinds[row, at:size] = 1
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device), "token_type_ids": kinds.to(device)}


def load_tokenizer(folder: str) -> Tokenizer:
    """Load the fast tokenizer of a model folder, without padding and truncation."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
