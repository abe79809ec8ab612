"""``kgqa train reader``: from SQuAD files to a model folder that answers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from kgqa.evaluation.squad import Example, predict, read_examples, score
from kgqa.language import detect
from kgqa.reading.extractive import OnnxReader, ReaderSettings, SpanReader, load_tokenizer
from kgqa.reading.hub import torch_infer
from kgqa.reading.windows import WindowCutter
from kgqa.training.export import export_int8, write_card
from kgqa.training.fitting import Report, Trainer, fit
from kgqa.training.labelled import SUFFIXES, read_labelled
from kgqa.training.loop import Progress, Schedule, train
from kgqa.training.mining import Retrieve, retrieved_without_answer
from kgqa.training.reader import ReaderTask, features, hold_out, unanswerable
from kgqa.training.stages import Stage, untold
from kgqa.training.starting import base_name, freeze, load_base, save_torch, started_from

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ENOUGH = 30
"""Least number of held-out questions that a border of "no answer" is fitted on; a tenth must be without answer."""

MOST_TRAINED = 300
"""Trained questions that take part in the fit of the border at most."""

Prepare = Callable[[list[Example]], list[Example]]
"""Changes training examples before they are cut: augmentation, or the removal of personal data."""


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """What a reader is trained with.

    :param base: model folder or hub name to start from; the built-in base weights when ``None``.
    :param held_out: share of the articles of each file that is not trained on but validated and reported on.
    :param negatives: unanswerable questions to make, as a share of the answerable ones; of files that have none, or of all
        where passages are retrieved for it.
    :param freeze: lowest encoder layers that stay as they are.
    :param freeze_words: keep the word embeddings, which short training of a small model only harms.
    :param peft: ``""`` for all weights, or ``lora``, ``adalora``, ``ia3`` or ``prefix``.
    :param validate: questions that a validation reads at most.
    """

    base: str | Path | None = None
    held_out: float = 0.05
    negatives: float = 0.25
    freeze: int = 0
    freeze_words: bool = True
    peft: str = ""
    length: int = 256
    overlap: int = 64
    validate: int = 1000
    schedule: Schedule = field(default_factory=lambda: Schedule(learning_rate=2e-4, batch=32))


@dataclass(frozen=True, slots=True)
class Data:
    """What a reader is trained, validated and reported on.

    :param examples: for training.
    :param held: for validation and report, by the name of their file.
    :param made: unanswerable questions made of the held-out ones, for the border of "no answer".
    """

    examples: list[Example]
    held: dict[str, list[Example]]
    made: list[Example]


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
    report: Report | None = None,
    prepare: Prepare | None = None,
    retrieve: Retrieve | None = None,
    validation: Sequence[Path] = (),
    corpus: Path | None = None,
    note: Callable[[str], None] | None = None,
    trainer: Trainer = train,
    stage: Stage = untold,
) -> dict[str, Any]:
    """Train a reader on labelled questions and write its model folder.

    :param files: SQuAD 1.1 or 2.0 files, tables or JSON lines (:mod:`kgqa.training.labelled`), at least one.
    :param out: receives the model folder; ``out/work`` checkpoint, log and curve; ``out/torch`` the fp32 model.
    :param weights: how often each file is read in an epoch; once where nothing is said.
    :param card: what to say of the model besides what is known here (name, data, licence).
    :param prepare: changes the training examples, after the held-out ones were set apart.
    :param retrieve: finds passages; unanswerable questions are then made of what it brings, for every file.
    :param validation: files that validate and are reported on, and are not trained on.
    :param corpus: knowledge base or folder of the documents that tables and JSON lines name.
    :param note: told of each row that cannot be used.
    :param trainer: runs the training.
    :param stage: told of what is done after training.
    :returns: the model's card; its ``metrics`` are of the int8 model on the held-out articles of each file.
    :raises ValueError: no file, a file is not in SQuAD format, the base does not know its words, or nothing is left to
        train on.
    """
    options = options or ReaderOptions()
    data = gather(
        files,
        options,
        weights=weights,
        prepare=prepare,
        retrieve=retrieve,
        validation=validation,
        corpus=corpus,
        note=note,
    )
    model, folder, progress = fit_reader(data, out / "work", options, report=report, trainer=trainer)
    stage("writing the model", 0, 1)
    save_torch(model, folder, out / "torch")
    said = _card(files, data, options, progress) | (card or {})
    export_int8(ReaderOutputs(model), folder / "tokenizer.json", out, outputs=("start_logits", "end_logits"), card=said)
    stage("writing the model", 1, 1)
    return finish(out, data.held, data.made, data.examples, stage)


def gather(
    files: Sequence[Path],
    options: ReaderOptions,
    *,
    weights: Sequence[int] = (),
    prepare: Prepare | None = None,
    retrieve: Retrieve | None = None,
    validation: Sequence[Path] = (),
    corpus: Path | None = None,
    note: Callable[[str], None] | None = None,
) -> Data:
    """Read the files, set articles apart, and make unanswerable questions; see :func:`train_reader`."""
    if not files:
        raise ValueError("no training file; give at least one file of labelled questions")
    counts = [*weights, *[1] * (len(files) - len(weights))]
    mixed: list[Example] = []
    made: list[Example] = []
    held: dict[str, list[Example]] = {}
    for path, count in zip(files, counts, strict=True):
        whole = _examples(path, corpus, note)
        kept, apart = hold_out(whole, options.held_out)
        if retrieve is not None or all(e.answers for e in whole):
            made += _negatives(apart, options.negatives, retrieve)
            kept += _negatives(kept, options.negatives, retrieve)
        mixed += kept * count
        held[path.name] = apart
    for path in validation:
        held[path.name] = _examples(path, corpus, note)
    mixed = [e for e in mixed if not e.yes_no]
    held = {name: part for name, part in held.items() if part}
    return Data(prepare(mixed) if prepare else mixed, held, made)


def _examples(path: Path, corpus: Path | None, note: Callable[[str], None] | None) -> list[Example]:
    if path.suffix not in SUFFIXES:
        return read_examples(path)
    found = read_labelled(path, corpus)
    for problem in found.problems:
        if note is not None:
            note(f"left out: {problem}")
    return found.examples


def _negatives(examples: Sequence[Example], share: float, retrieve: Retrieve | None) -> list[Example]:
    usable = [e for e in examples if e.answers and not e.yes_no]
    if not share:
        return []
    return retrieved_without_answer(usable, retrieve, share) if retrieve else unanswerable(usable, share)


def fit_reader(
    data: Data, work: Path, options: ReaderOptions, *, report: Report | None = None, trainer: Trainer = train
) -> tuple[Any, Path, Progress]:
    """Train a reader without writing its folder.

    :param work: receives checkpoint, log and curve.
    :returns: the torch model, the folder of its tokenizer, and where the run ended.
    """
    model, folder = load_base("AutoModelForQuestionAnswering", options.base, options.schedule.seed)
    freeze(model, options.freeze, words=options.freeze_words)
    tokenizer = load_tokenizer(folder)
    settings = ReaderSettings(length=options.length, overlap=options.overlap)
    _known_words(data.examples, tokenizer, settings.unknown)
    rows = features(data.examples, WindowCutter(tokenizer, options.length, options.overlap))
    if not rows:
        raise ValueError("nothing to train on: no example's answer stands at its offset; check answer_start")
    if options.length > model.config.max_position_embeddings:
        raise ValueError(
            f"the base reads {model.config.max_position_embeddings} tokens at most; set --length to that or less"
        )
    held = [example for part in data.held.values() for example in part][: options.validate]

    def check(current: nn.Module) -> float:
        reader = SpanReader(torch_infer(current, next(current.parameters()).device), tokenizer, settings)
        return score(held, predict(held, reader))["f1"]

    task = ReaderTask(rows, tokenizer.token_to_id("[PAD]") or 0)
    model, progress = fit(
        model,
        task,
        options.schedule,
        work,
        peft=options.peft,
        report=report,
        check=check if held else None,
        trainer=trainer,
    )
    return model, folder, progress


def _known_words(examples: Sequence[Example], tokenizer: Tokenizer, most: float) -> None:
    """Refuse text that the base cannot see: its tokens would all be the same unknown one.

    :param most: share of unknown tokens that a reader still reads.
    """
    unknown = tokenizer.token_to_id("[UNK]")
    by_language: dict[str, list[str]] = {}
    for example in examples[:: max(1, len(examples) // 400)]:
        by_language.setdefault(detect(example.context), []).append(example.context)
    for language, texts in by_language.items():
        ids = [token for item in tokenizer.encode_batch(texts, add_special_tokens=False) for token in item.ids]
        share = ids.count(unknown) / max(1, len(ids)) if unknown is not None else 0.0
        if share > most:
            raise ValueError(
                f"the base model does not know {100 * share:.0f} % of the tokens of the passages in {language!r}; "
                "start from one that knows the language (--base)"
            )


def finish(
    folder: Path,
    held: dict[str, list[Example]],
    made: Sequence[Example] = (),
    trained: Sequence[Example] = (),
    stage: Stage = untold,
) -> dict[str, Any]:
    """Fit the border of "no answer" on held-out questions, measure the int8 model, and write both into its card.

    :param held: held-out examples by the name of their file.
    :param made: unanswerable questions that the border is fitted on as well, where no held-out file has its own.
    :param trained: what the model was trained on; where less than :data:`ENOUGH` is held out, some of it takes part in the
        fit, and where that is too little too, the card's border stays: that of the base.
    :param stage: told how many of the sets are measured.
    """
    path = folder / "card.json"
    card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    own = [e for part in held.values() if any(not e.answers for e in part) for e in part]
    open_questions = own or ([*(e for part in held.values() for e in part if not e.yes_no), *made] if made else [])
    if not _enough(open_questions):
        open_questions = [*open_questions, *random.Random(13).sample(list(trained), min(len(trained), MOST_TRAINED))]
    parts = held | ({"made questions without answer": list(made)} if made and not own else {})
    stage("measuring", 0, 1 + len(parts))
    if _enough(open_questions):
        card["settings"]["threshold"] = fit_threshold(OnnxReader(folder), open_questions)
        write_card(folder, card)
    reader = OnnxReader(folder)
    card["metrics"] = {}
    for number, (name, part) in enumerate(parts.items(), 1):
        stage("measuring", number, 1 + len(parts))
        card["metrics"][name] = {key: round(value, 2) for key, value in score(part, predict(part, reader)).items()}
    stage("measuring", 1 + len(parts), 1 + len(parts))
    card["held_out"] = {name: sorted({e.article for e in part}) for name, part in held.items()}
    write_card(folder, card)
    return card


def _enough(examples: Sequence[Example]) -> bool:
    return len(examples) >= ENOUGH and sum(not e.answers for e in examples) >= ENOUGH // 10


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


def _border(base: str | Path | None) -> float:
    folder = started_from("AutoModelForQuestionAnswering", base)
    return ReaderSettings.of(folder).threshold if folder is not None else 0.0


def _card(files: Sequence[Path], data: Data, options: ReaderOptions, progress: Progress) -> dict[str, Any]:
    said = asdict(options)
    sample = data.examples[:: max(1, len(data.examples) // 400)]
    return {
        "kind": "reader",
        "name": "reader",
        "base": base_name("AutoModelForQuestionAnswering", said.pop("base")),
        "data": [path.name for path in files],
        "license": "not stated",
        "examples": len(data.examples),
        "languages": sorted({detect(example.context) for example in sample}),
        "hyper_parameters": said,
        "best_update": progress.best_update or progress.update,
        "settings": {"length": options.length, "overlap": options.overlap, "threshold": _border(options.base)},
        "command": "kgqa train reader " + " ".join(path.name for path in files),
        "measured_by": "kgqa eval reading FILE --held-out --model FOLDER",
    }
