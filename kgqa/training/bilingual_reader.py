"""A reader of two languages from an English one: the Chinese rows of the bilingual encoder, and the reading skill of the English.

Reader and encoder grew from the same base and keep its word embeddings, so a Chinese row that means the same to the encoder
means the same to the reader (Artetxe et al. 2020). What is left is learnt on three kinds of examples: Chinese questions; English
questions in which words are exchanged for their translations (code-switching; Qin et al. 2020); and plain English ones, so that
English is not forgotten.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from kgqa.evaluation.squad import Example
from kgqa.reading.extractive import load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.attention import use_plain_attention
from kgqa.training.bilingual_keeping import KeepingTask, Said
from kgqa.training.bilingual_pairs import Pair, drcd
from kgqa.training.bilingual_words import align, english_words, simplified, tokens_of
from kgqa.training.loop import Progress, Run, Schedule, train
from kgqa.training.reader import Feature, features
from kgqa.training.recipes import reading
from kgqa.training.starting import load_base, save_torch

Lexicon = Mapping[str, Sequence[tuple[str, float]]]
"""For each English word in lower case its Chinese translations with weights."""
_word = re.compile(r"[A-Za-z]+")


def graft(reader: Path, encoder: Path, rows: Sequence[int], out: Path) -> Path:
    """Write the English reader with the encoder's vocabulary and Chinese rows.

    :param reader: torch folder of a reader whose word embeddings are those of the base.
    :param encoder: torch folder of the bilingual encoder.
    :param rows: the Chinese rows.
    """
    model, _ = load_base("AutoModelForQuestionAnswering", reader)
    other, folder = load_base("AutoModel", encoder)
    table = other.get_input_embeddings().weight.detach()
    model.resize_token_embeddings(len(table), mean_resizing=False)
    with torch.no_grad():
        model.get_input_embeddings().weight[list(rows)] = table[list(rows)]
    save_torch(model, folder, out)
    return out


def reverse_lexicon(pairs: Sequence[Pair], words: Sequence[str]) -> dict[str, list[tuple[str, float]]]:
    """Return Chinese translations of English words, from pairs cut into the Chinese tokens ``words`` and characters."""
    cut = tokens_of(words)
    return align([(english_words(pair.english), cut.findall(simplified(pair.chinese))) for pair in pairs])


def switched(example: Example, lexicon: Lexicon, share: float, rng: random.Random) -> Example | None:
    """Return an example with English words exchanged for Chinese ones, its answer where it then stands.

    :param share: chance of a word that has translations to be exchanged.
    :returns: ``None`` where the answer's place is not what the example says.
    """
    if not example.answers:
        return Example(
            f"{example.id}-zh",
            _mix(example.question, lexicon, share, rng),
            _mix(example.context, lexicon, share, rng),
            (),
            example.article,
        )
    at, text = example.answers[0]
    if example.context[at : at + len(text)] != text:
        return None
    before, answer, after = (
        _mix(piece, lexicon, share, rng) for piece in (example.context[:at], text, example.context[at + len(text) :])
    )
    question = _mix(example.question, lexicon, share, rng)
    return Example(f"{example.id}-zh", question, before + answer + after, ((len(before), answer),), example.article)


def _mix(text: str, lexicon: Lexicon, share: float, rng: random.Random) -> str:
    def exchange(found: re.Match[str]) -> str:
        ways = lexicon.get(found[0].lower())
        if not ways or rng.random() >= share:
            return found[0]
        return rng.choices([word for word, _ in ways], [weight for _, weight in ways])[0]

    return _word.sub(exchange, text)


def unanswerable_by_pairs(examples: Sequence[Example], share: float, rng: random.Random) -> list[Example]:
    """Make Chinese questions without answer: each is asked of another passage of its article, the one with most of its
    pairs of characters.

    :param share: how many to make, as a share of the examples.
    """
    passages: dict[str, dict[str, set[str]]] = {}
    for example in examples:
        passages.setdefault(example.article, {}).setdefault(example.context, _pairs(example.context))
    made = []
    for example in rng.sample(list(examples), round(len(examples) * share)):
        asked = _pairs(example.question)
        others = [
            (len(asked & found), context)
            for context, found in passages[example.article].items()
            if not any(text in context for _, text in example.answers)
        ]
        if others:
            made.append(Example(f"{example.id}-none", example.question, max(others)[1], (), example.article))
    return made


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


@dataclass(frozen=True, slots=True)
class Mix:
    """How many examples of each kind a bilingual reader is trained on; Chinese questions are asked once each.

    :param switched: English questions with words exchanged for Chinese ones.
    :param share: chance of a word to be exchanged.
    :param english: plain English questions of SQuAD 1.1, SQuAD 2.0 and PolicyQA.
    :param nothing: windows without answer for each window with one: Chinese, switched, English.
    """

    switched: int = 1500
    share: float = 0.8
    english: tuple[int, int, int] = (900, 450, 200)
    nothing: tuple[float, float, float] = (0.15, 0.1, 0.4)


def mixed(data: Path, lexicon: Lexicon, mix: Mix, cutter: WindowCutter, seed: int = 13) -> list[Feature]:
    """Return the training windows of a bilingual reader.

    :param data: the folder of the data sets.
    """
    rng = random.Random(seed)
    chinese, sets = drcd(data)[0], [part for part, _ in reading(data).values()]
    squad = rng.sample(sets[0], mix.switched + mix.english[0] + 200)
    exchanged = [switched(example, lexicon, mix.share, rng) for example in squad[: mix.switched]]
    plain = squad[mix.switched : mix.switched + mix.english[0]]
    plain += [e for part, count in zip(sets[1:], mix.english[1:], strict=True) for e in rng.sample(part, count)]
    own = chinese + unanswerable_by_pairs(chinese, mix.nothing[0], rng)
    made: list[Feature] = []
    for part, share in zip((own, [e for e in exchanged if e is not None], plain), mix.nothing, strict=True):
        found = features(part, cutter)
        have, none = [f for f in found if f.end], [f for f in found if not f.end]
        made += have + rng.sample(none, min(len(none), round(share * len(have))))
    return made


_SMALL = frozenset(("the", "a", "an", "of", "to", "was", "is"))


def exchangeable(lexicon: Lexicon, least: float = 0.05) -> dict[str, list[tuple[str, float]]]:
    """Return the entries that are worth an exchange: no small words, no doubtful translations."""
    kept = {word: [way for way in ways if way[1] >= least] for word, ways in lexicon.items() if word not in _SMALL}
    return {word: ways for word, ways in kept.items() if ways}


def train_bilingual(
    start: Path,
    rows: Sequence[int],
    windows: Sequence[Feature],
    out: Path,
    schedule: Schedule,
    report: Callable[[Progress], None] | None = None,
    *,
    body: bool = True,
    taught: tuple[Sequence[Feature], Sequence[Said]] = ((), ()),
    stop: int = 0,
) -> Path:
    """Train the body and the Chinese rows of a grafted reader; the English rows stay as they are.

    :param start: what :func:`graft` wrote.
    :param rows: the Chinese rows.
    :param windows: examples cut with the tokenizer of ``start``.
    :param body: train it, too; without it English answers stay what they were.
    :param taught: further windows, and what the English reader says of each (:func:`kgqa.training.bilingual_keeping.teach`).
    :param stop: updates after which to stop, though the schedule goes on; 0 goes to its end.
    :returns: the folder of the torch model, ``out/torch``.
    """
    model, folder = load_base("AutoModelForQuestionAnswering", start)
    use_plain_attention(model)
    for parameter in model.parameters():
        parameter.requires_grad = body
    model.get_input_embeddings().weight.requires_grad = True
    learn_rows(model.get_input_embeddings().weight, rows)
    task = KeepingTask(windows, *taught, load_tokenizer(folder).token_to_id("[PAD]") or 0)
    # A row without gradient moves only by weight decay, which is therefore off.
    still = replace(schedule, weight_decay=0.0)
    if stop:
        _begin(Run(model, task, still, out / "work"), stop)
    else:
        train(model, task, still, out / "work", report=report)
    save_torch(model, folder, out / "torch")
    return out / "torch"


def _begin(run: Run, stop: int) -> None:
    """Make the first updates of a run, at the rates that its whole length gives them."""
    while run.progress.update < min(stop, run.progress.updates):
        run.step()
        if run.progress.update % run.schedule.save_every == 0:
            run.save()
    run.note()
    run.board.close()


def learn_rows(weight: torch.Tensor, rows: Sequence[int]) -> None:
    """Let only some rows of an embedding table have a gradient."""
    kept = torch.zeros(len(weight), 1)
    kept[list(rows)] = 1.0
    weight.register_hook(lambda gradient: gradient * kept.to(gradient.device))  # type: ignore[no-untyped-call]


def between(one: Path, other: Path, share: float, out: Path) -> Path:
    """Write the model on the way from one to the other (Wortsman et al. 2022): a fine-tuned model keeps more of what it was.

    The word embeddings are those of ``other``: what it learnt of Chinese tokens does not touch English.

    :param one: torch folder of the model before fine-tuning.
    :param share: of the way to ``other``, 0 to 1.
    """
    first, _ = load_base("AutoModelForQuestionAnswering", one)
    second, folder = load_base("AutoModelForQuestionAnswering", other)
    words = second.get_input_embeddings().weight
    with torch.no_grad():
        for before, after in zip(first.parameters(), second.parameters(), strict=True):
            if after is not words and len(before) == len(after):
                after.lerp_(before, 1.0 - share)
    save_torch(second, folder, out)
    return out


def read_start(folder: Path) -> dict[str, Any]:
    """Return what :func:`kgqa.training.bilingual.prepare` noted of the Chinese rows."""
    found: dict[str, Any] = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    return found
