"""``kgqa train reader``: from SQuAD files to a model folder that answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kgqa.evaluation.squad import Example, predict, read_examples, score
from kgqa.reading.extractive import OnnxReader, ReaderSettings, SpanReader, load_tokenizer
from kgqa.reading.hub import torch_infer
from kgqa.reading.windows import WindowCutter
from kgqa.training.adapters import adapt, merged
from kgqa.training.curve import draw
from kgqa.training.export import export_int8, write_card
from kgqa.training.loop import Progress, Schedule, train
from kgqa.training.reader import ReaderTask, features, hold_out, unanswerable
from kgqa.training.starting import freeze, load_base, save_torch


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """What a reader is trained with.

    :param base: model folder to start from; the built-in base weights when ``None``.
    :param held_out: share of the articles of each file that is not trained on but validated and reported on.
    :param negatives: unanswerable questions made from similar passages, as a share of the answerable ones.
    :param freeze: lowest encoder layers that stay as they are.
    :param freeze_words: keep the word embeddings, which short training of a small model only harms.
    :param peft: ``""`` for all weights, or ``lora``, ``adalora``, ``ia3`` or ``prefix``.
    :param validate: held-out questions that a validation reads at most.
    """

    base: Path | None = None
    held_out: float = 0.05
    negatives: float = 0.25
    freeze: int = 0
    freeze_words: bool = True
    peft: str = ""
    length: int = 256
    overlap: int = 64
    validate: int = 1000
    schedule: Schedule = field(default_factory=lambda: Schedule(learning_rate=2e-4, batch=32))


class ReaderOutputs(nn.Module):
    """A reader whose outputs are a pair of tensors: start and end logits, each of shape (batch, tokens)."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits."""
        found = self.inner(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return found.start_logits, found.end_logits


def train_reader(
    files: Sequence[Path],
    out: Path,
    options: ReaderOptions | None = None,
    *,
    weights: Sequence[int] = (),
    card: dict[str, Any] | None = None,
    report: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """Train a reader on SQuAD files and write its model folder.

    :param files: SQuAD 1.1 or 2.0 files, at least one.
    :param out: receives the model folder; ``out/work`` checkpoint, log and curve; ``out/torch`` the fp32 model.
    :param weights: how often each file is read in an epoch; once where nothing is said.
    :param card: what to say of the model besides what is known here (name, data, licence).
    :returns: the model's card; its ``metrics`` are of the int8 model on the held-out articles of each file.
    :raises ValueError: no file, a file is not in SQuAD format, or nothing is left to train on.
    """
    options = options or ReaderOptions()
    parts = _split(files, options.held_out)
    examples = _mix(parts, weights, options)
    model, folder = load_base("AutoModelForQuestionAnswering", options.base)
    freeze(model, options.freeze, words=options.freeze_words)
    model = adapt(model, options.peft)
    tokenizer = load_tokenizer(folder)
    rows = features(examples, WindowCutter(tokenizer, options.length, options.overlap))
    if not rows:
        raise ValueError("nothing to train on: no example's answer stands at its offset; check answer_start")
    settings = ReaderSettings(length=options.length, overlap=options.overlap)
    held = [example for _, _, part in parts for example in part][: options.validate]

    def check(current: nn.Module) -> float:
        reader = SpanReader(torch_infer(current, next(current.parameters()).device), tokenizer, settings)
        return score(held, predict(held, reader))["f1"]

    task = ReaderTask(rows, tokenizer.token_to_id("[PAD]") or 0)
    progress = train(model, task, options.schedule, out / "work", report=report, check=check if held else None)
    draw(out / "work" / "log.jsonl", out / "work" / "curve.png")
    model = merged(model)
    save_torch(model, folder, out / "torch")
    said = _card(files, examples, options, progress) | (card or {})
    export_int8(ReaderOutputs(model), folder / "tokenizer.json", out, outputs=("start_logits", "end_logits"), card=said)
    return finish(out, {name: part for _, name, part in parts if part})


def finish(folder: Path, held: dict[str, list[Example]]) -> dict[str, Any]:
    """Fit the border of "no answer" on held-out questions, measure the int8 model, and write both into its card.

    :param held: held-out examples by the name of their file.
    """
    path = folder / "card.json"
    card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    open_questions = [e for part in held.values() if any(not e.answers for e in part) for e in part]
    if open_questions:
        card["settings"]["threshold"] = fit_threshold(OnnxReader(folder), open_questions)
        write_card(folder, card)
    reader = OnnxReader(folder)
    card["metrics"] = {
        name: {key: round(value, 2) for key, value in score(part, predict(part, reader)).items()}
        for name, part in held.items()
    }
    card["held_out"] = {name: sorted({e.article for e in part}) for name, part in held.items()}
    write_card(folder, card)
    return card


def fit_threshold(reader: SpanReader, examples: Sequence[Example]) -> float:
    """Return what to take from scores so that 0 is the best border between "answer" and "no answer", by F1.

    :param reader: a reader with threshold 0.
    """
    from kgqa.evaluation.squad import passage_of
    from kgqa.evaluation.text import best_f1

    pairs = [(example.question, passage_of(example)) for example in examples]
    found = [
        spans[0] if spans else None
        for at in range(0, len(pairs), 64)
        for spans in reader.read_pairs(pairs[at : at + 64], 1)
    ]
    rows = []
    for example, span in zip(examples, found, strict=True):
        texts = [text for _, text in example.answers]
        gain = best_f1(span.text if span else "", texts) - best_f1("", texts)
        rows.append((span.score if span else -1e9, gain))
    rows.sort(reverse=True)
    best, border, total = 0.0, rows[0][0] + 1e-3 if rows else 0.0, 0.0
    for number, (value, gain) in enumerate(rows):
        total += gain
        if total > best:
            following = rows[number + 1][0] if number + 1 < len(rows) else value - 1.0
            best, border = total, (value + max(following, value - 2.0)) / 2
    return round(border, 3)


def _split(files: Sequence[Path], share: float) -> list[tuple[list[Example], str, list[Example]]]:
    if not files:
        raise ValueError("no training file; give at least one file in SQuAD format")
    found = []
    for path in files:
        train_part, held = hold_out(read_examples(path), share)
        found.append((train_part, path.name, held))
    return found


def _mix(
    parts: Sequence[tuple[list[Example], str, list[Example]]], weights: Sequence[int], options: ReaderOptions
) -> list[Example]:
    counts = [*weights, *[1] * (len(parts) - len(weights))]
    mixed: list[Example] = []
    for (examples, _, _), count in zip(parts, counts, strict=True):
        usable = [e for e in examples if not e.yes_no]
        answered = [e for e in usable if e.answers]
        made = unanswerable(answered, options.negatives) if len(answered) == len(usable) else []
        mixed += (usable + made) * count
    return mixed


def _card(
    files: Sequence[Path], examples: Sequence[Example], options: ReaderOptions, progress: Progress
) -> dict[str, Any]:
    said = asdict(options)
    return {
        "kind": "reader",
        "name": "reader",
        "base": str(said.pop("base") or "all-MiniLM-L6-v2"),
        "data": [path.name for path in files],
        "license": "not stated",
        "examples": len(examples),
        "hyper_parameters": said,
        "best_update": progress.best_update or progress.update,
        "settings": {"length": options.length, "overlap": options.overlap},
        "command": "kgqa train reader " + " ".join(path.name for path in files),
    }
