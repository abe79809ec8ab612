"""Fine-tune an extractive reader: which span of the passage answers the question, or "no answer here".

The head and the loss are those of BERT for SQuAD 2.0 (Devlin et al. 2019, section 4.3): a start and an end logit for
each token, and the first token stands for "no answer".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kgqa.evaluation.squad import Example
from kgqa.reading.windows import Window, WindowCutter
from kgqa.training.splitting import hold_out as hold_out
from kgqa.training.splitting import unanswerable as unanswerable

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

    def units(self) -> list[bytes]:
        """Return for each window the text that it is about, whatever is asked: what privacy is counted by."""
        return [row.ids[row.context_at :].tobytes() for row in self._rows]

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
