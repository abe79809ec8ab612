"""``kgqa train pretrain``: go on pre-training on a folder of texts, so that a model knows their words before it is tuned.

Two objectives that need only raw text: masked words (Devlin et al. 2019, section 3.1) and recurring spans (Ram et al. 2021):
a span that occurs twice in a window is masked once by a question token, and the model must find the other occurrence, which
is already the task of an extractive reader.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kgqa.language import has_cjk
from kgqa.reading.extractive import load_tokenizer
from kgqa.training.export import write_card
from kgqa.training.fitting import Report, Trainer, fit
from kgqa.training.loop import Progress, Schedule, Task, train
from kgqa.training.reader import Feature, ReaderTask, pad_windows
from kgqa.training.starting import base_name, freeze, load_base, save_torch

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Objective = Literal["words", "spans"]


@dataclass(frozen=True, slots=True)
class PretrainOptions:
    """What pre-training is done with.

    :param objective: ``words`` (masked words) or ``spans`` (recurring spans, the better start for a reader).
    :param share: share of the tokens that are masked, for ``words``.
    :param spans: recurring spans that are asked for in a window at most, for ``spans``.
    :param held_out: share of the texts that validates and is reported on.
    """

    base: str | Path | None = None
    objective: Objective = "words"
    length: int = 192
    share: float = 0.15
    spans: int = 2
    held_out: float = 0.05
    freeze: int = 0
    freeze_words: bool = True
    schedule: Schedule = field(default_factory=lambda: Schedule(learning_rate=1e-4, batch=32))


def pretrain(
    texts: Sequence[str],
    out: Path,
    options: PretrainOptions | None = None,
    report: Report | None = None,
    *,
    card: dict[str, Any] | None = None,
    trainer: Trainer = train,
) -> dict[str, Any]:
    """Go on pre-training and write the model, a start for fine-tuning.

    :param texts: at least one with more than a few words.
    :param out: receives ``torch/``, ``card.json``, and in ``work/`` checkpoint, log and curve.
    :param card: what to say of the model besides what is known here.
    :returns: the model's card; its metrics are the loss on held-out texts before and after.
    :raises ValueError: the texts give nothing to learn from.
    """
    options = options or PretrainOptions()
    kind = "AutoModelForMaskedLM" if options.objective == "words" else "AutoModelForQuestionAnswering"
    model, folder = load_base(kind, options.base, options.schedule.seed)
    freeze(model, options.freeze, words=options.freeze_words)
    tokenizer = load_tokenizer(folder)
    kept, held = _apart(texts, options.held_out, options.schedule.seed)
    task, exam = (_task(part, tokenizer, options) for part in (kept, held))
    if not task.lengths():
        raise ValueError("nothing to learn from: the texts are empty or have no spans that recur; give more text")
    before = mean_loss(model, exam)
    model, progress = fit(
        model,
        task,
        options.schedule,
        out / "work",
        report=report,
        check=(lambda current: -mean_loss(current, exam)) if exam.lengths() else None,
        trainer=trainer,
    )
    save_torch(model, folder, out / "torch")
    figures = {"loss before": before, "loss after": mean_loss(model, exam), "n": float(len(exam.lengths()))}
    said = _card(options, len(task.lengths()), progress) | (card or {})
    if exam.lengths():
        said["metrics"] = {"held-out texts": {name: round(value, 4) for name, value in figures.items()}}
    write_card(out, said, files=[f"torch/{path.name}" for path in sorted((out / "torch").iterdir())])
    return said


def mean_loss(model: nn.Module, task: Task, batch: int = 16) -> float:
    """Return the mean loss of a task over all its examples, 0 where there are none."""
    count, total, was = len(task.lengths()), 0.0, model.training
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        for at in range(0, count, batch):
            rows = range(at, min(count, at + batch))
            total += float(task.loss(model, rows, device)) * len(rows)
    model.train(was)
    return total / max(1, count)


def _apart(texts: Sequence[str], share: float, seed: int) -> tuple[list[str], list[str]]:
    order = [text for text in texts if text.strip()]
    random.Random(seed).shuffle(order)
    count = max(round(len(order) * share), int(share > 0 and len(order) > 2))
    return order[count:], order[:count]


def _task(texts: Sequence[str], tokenizer: Tokenizer, options: PretrainOptions) -> Task:
    windows = list(_windows(texts, tokenizer, options.length))
    if options.objective == "words":
        return MaskedWords(windows, tokenizer, options.share, options.schedule.seed)
    made = recurring(windows, tokenizer, options.spans, options.schedule.seed)
    return ReaderTask(made, _id(tokenizer, "[PAD]"))


class MaskedWords:
    """Masked-word batches: of the chosen tokens eight in ten are masked, one is another word, one stays.

    Which tokens are chosen depends on the window's number alone, so that a resumed run sees the same.
    """

    def __init__(self, windows: Sequence[NDArray[np.int32]], tokenizer: Tokenizer, share: float, seed: int) -> None:
        self._windows, self._share, self._seed = windows, share, seed
        self._pad, self._mask = _id(tokenizer, "[PAD]"), _id(tokenizer, "[MASK]")
        self._special = {_id(tokenizer, name) for name in ("[CLS]", "[SEP]", "[PAD]")}
        self._size = tokenizer.get_vocab_size()

    def lengths(self) -> list[int]:
        """Return tokens of each window."""
        return [len(window) for window in self._windows]

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the mean cross-entropy of the chosen tokens."""
        masked = [self.masked(row) for row in rows]
        inputs = pad_windows([(ids, len(ids)) for ids, _ in masked], self._pad, device)
        wanted = torch.full_like(inputs["input_ids"], -100)
        for row, (_, targets) in enumerate(masked):
            wanted[row, : len(targets)] = torch.as_tensor(targets, device=device)
        logits = model(**inputs).logits.float()
        return nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-100)

    def masked(self, row: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return a window with masks, and its targets: the token where one was chosen, -100 elsewhere."""
        rng = np.random.default_rng((self._seed, row))
        ids = self._windows[row].copy()
        free = np.flatnonzero(~np.isin(ids, list(self._special)))
        chosen = rng.choice(free, max(1, round(len(free) * self._share)), replace=False)
        targets = np.full(len(ids), -100, dtype=np.int64)
        targets[chosen] = ids[chosen]
        draw_ = rng.random(len(chosen))
        ids[chosen[draw_ < 0.8]] = self._mask
        swapped = chosen[(draw_ >= 0.8) & (draw_ < 0.9)]
        ids[swapped] = rng.integers(5, self._size, len(swapped))
        return ids, targets


def recurring(
    windows: Sequence[NDArray[np.int32]], tokenizer: Tokenizer, count: int, seed: int, longest: int = 8
) -> list[Feature]:
    """Make a reader's examples of spans that occur more than once in a window.

    The question is what surrounds one occurrence, with a mask in its place; the answer is another occurrence, in a window
    where the asked one is masked too.

    :param count: examples of a window at most.
    :param longest: tokens of a span at most.
    """
    rng = random.Random(seed)
    mask, cls, sep = (_id(tokenizer, name) for name in ("[MASK]", "[CLS]", "[SEP]"))
    vocabulary = tokenizer.get_vocab().items()
    words = {at for word, at in vocabulary if len(word.lstrip("#")) > 3 and word.lstrip("#").isalpha()}
    characters = {at for word, at in vocabulary if has_cjk(word)}
    made: list[Feature] = []
    for window in windows:
        body = [int(token) for token in window[1:-1]]
        for at, other, size in _repeats(body, words, characters, longest, rng)[:count]:
            question = [*body[max(0, at - 8) : at], mask, *body[at + size : at + size + 8]]
            context = [*body[:at], mask, *body[at + size :]]
            shift = other if other < at else other - size + 1
            head = [cls, *question, sep]
            ids = np.array([*head, *context, sep], dtype=np.int32)
            made.append(Feature(ids, len(head), len(head) + shift, len(head) + shift + size - 1))
    return made


def _repeats(
    body: list[int], words: set[int], characters: set[int], longest: int, rng: random.Random
) -> list[tuple[int, int, int]]:
    """Return ``(asked, answer, size)`` of maximal spans that occur twice, do not touch, and hold a real word.

    :param characters: tokens of which two or more in a row are a word (Chinese).
    """
    places: dict[int, list[int]] = {}
    for at, token in enumerate(body):
        if token in words or token in characters:
            places.setdefault(token, []).append(at)
    found = []
    for seen in places.values():
        if 1 < len(seen) <= 4:
            one, other = rng.sample(seen, 2)
            size, back = 1, 0
            limit = min(longest, abs(one - other))
            while size < limit and max(one, other) + size < len(body) and body[one + size] == body[other + size]:
                size += 1
            while back + size < limit and min(one, other) - back > 0 and body[one - back - 1] == body[other - back - 1]:
                back += 1
            if size + back > 1 or body[one] in words:
                found.append((one - back, other - back, size + back))
    rng.shuffle(found)
    return found


def _windows(texts: Sequence[str], tokenizer: Tokenizer, length: int) -> Iterator[NDArray[np.int32]]:
    cls, sep = _id(tokenizer, "[CLS]"), _id(tokenizer, "[SEP]")
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        for at in range(0, len(ids), length - 2):
            piece = ids[at : at + length - 2]
            if len(piece) > 8:
                yield np.array([cls, *piece, sep], dtype=np.int32)


def _id(tokenizer: Tokenizer, token: str) -> int:
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ValueError(f"the tokenizer has no {token} token; use one of the BERT family")
    return int(found)


def _card(options: PretrainOptions, windows: int, progress: Progress) -> dict[str, Any]:
    said = asdict(options)
    return {
        "kind": "language",
        "name": "language",
        "license": "not stated",
        "base": base_name("AutoModelForMaskedLM", said.pop("base")),
        "examples": windows,
        "hyper_parameters": said,
        "best_update": progress.best_update or progress.update,
        "command": "kgqa train pretrain",
    }
