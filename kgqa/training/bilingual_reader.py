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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from kgqa.evaluation.squad import Example
from kgqa.training.bilingual_pairs import Pair, drcd
from kgqa.training.bilingual_words import align, english_words, simplified, tokens_of
from kgqa.training.corpora import bioasq_examples
from kgqa.training.reader import unanswerable
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
    """How many examples of each kind a bilingual reader is trained on.

    :param chinese: passes over the Chinese questions, each with a quarter as many without answer.
    :param switched: English questions with words exchanged for Chinese ones.
    :param share: chance of a word to be exchanged.
    :param english: plain English questions; of those half from SQuAD 1.1.
    """

    chinese: int = 3
    switched: int = 10_000
    share: float = 0.8
    english: int = 10_000


def mixed(data: Path, lexicon: Lexicon, mix: Mix, seed: int = 13) -> list[Example]:
    """Return the training examples of a bilingual reader.

    :param data: the folder of the data sets.
    """
    rng = random.Random(seed)
    chinese = drcd(data)[0]
    own = [e for _ in range(mix.chinese) for e in chinese + unanswerable_by_pairs(chinese, 0.25, rng)]
    squad, others = english_sets(data)
    exchanged = (switched(e, lexicon, mix.share, rng) for e in rng.sample(squad, mix.switched))
    half = mix.english // 2
    plain = rng.sample(squad, half) + rng.sample(others, min(len(others), mix.english - half))
    return own + [e for e in exchanged if e is not None] + plain


def english_sets(data: Path) -> tuple[list[Example], list[Example]]:
    """Return SQuAD 1.1's training examples, and those of the other sets that the English reader is trained on."""
    sets = reading(data)
    squad = sets["squad-v1.1-train"][0]
    others = (
        sets["squad-v2.0-dev-a"][0]
        + sets["policyqa-dev"][0]
        + bioasq_examples(data / "medical/bioasq-a.json.gz", held=False)
        + unanswerable(squad, 0.05)
    )
    return squad, others


def read_start(folder: Path) -> dict[str, Any]:
    """Return what :func:`kgqa.training.bilingual.prepare` noted of the Chinese rows."""
    found: dict[str, Any] = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    return found
