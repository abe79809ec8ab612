"""What the reader of two languages is trained on: Chinese questions asked by people, made ones, mixed ones, English ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kgqa.evaluation.squad import Example
from kgqa.reading.extractive import load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.bilingual_cloze import Synonyms, cloze, passages, widened
from kgqa.training.bilingual_keeping import Said, english_examples, teach
from kgqa.training.bilingual_pairs import articles, drcd
from kgqa.training.bilingual_reader import Lexicon, switched, unanswerable_by_pairs
from kgqa.training.bilingual_words import simplified
from kgqa.training.reader import Feature, features
from kgqa.training.recipes import reading


@dataclass(frozen=True, slots=True)
class TaughtMix:
    """How many examples of each kind.

    :param passes: window and overlap of each pass over the Chinese questions.
    :param nothing: Chinese questions without answer, as a share of those with one, anew in each pass.
    :param wide: how often a clause, and how often a sentence, is the answer (:func:`kgqa.training.bilingual_cloze.widened`).
    :param switched: English questions with words exchanged for Chinese ones, and ``shares`` between which the chance of a
        word to be exchanged lies.
    :param cloze: made questions to the passages of the Chinese questions and to statutes.
    :param english: see :func:`kgqa.training.bilingual_keeping.english_examples`; of their windows ``kept`` have a teacher, and
        of these ``taught`` are taken, some twice where that is more.
    :param most: windows of the kinds asked, mixed, made from passages and made from statutes at most; all where it is empty.
    """

    passes: tuple[tuple[int, int], ...] = ((160, 48), (256, 64), (192, 64), (256, 96))
    nothing: float = 0.2
    wide: tuple[float, float] = (0.0, 0.0)
    switched: int = 13000
    shares: tuple[float, float] = (0.6, 1.0)
    cloze: tuple[int, int] = (13000, 5500)
    english: tuple[int, ...] = (6000, 800, 3600, 2000, 700, 900)
    kept: int = 15000
    taught: int = 21000
    most: tuple[int, ...] = ()


def chinese_windows(
    data: Path, start: Path, lexicon: Lexicon, synonyms: Synonyms, mix: TaughtMix, seed: int = 13
) -> dict[str, list[Feature]]:
    """Return the windows without a teacher, by kind.

    :param data: the folder of the data sets.
    :param start: folder with the tokenizer of two languages.
    """
    rng, tokenizer = random.Random(seed), load_tokenizer(str(start))
    asked = drcd(data)[0]
    made: dict[str, list[Feature]] = {"asked": []}
    for length, overlap in mix.passes:
        own = [widened(e, rng, mix.wide) for e in asked] + unanswerable_by_pairs(asked, mix.nothing, rng)
        made["asked"] += _some(own, WindowCutter(tokenizer, length, overlap), 0.3, rng)
    squad = rng.sample(reading(data)["squad-v1.1-train"][0], mix.switched)
    mixed = [switched(example, lexicon, rng.uniform(*mix.shares), rng) for example in squad]
    made["mixed"] = _some([e for e in mixed if e is not None], WindowCutter(tokenizer, 160, 48), 0.1, rng)
    laws = [(a.law, simplified(a.text)) for a in articles(data / "legal/zh-laws.tar.xz") if 80 <= len(a.text) <= 600]
    texts = (passages(asked), rng.sample(laws, min(len(laws), mix.cloze[1] // 2)))
    for name, part, count in zip(("cloze", "statutes"), texts, mix.cloze, strict=True):
        found = cloze(part, count, synonyms, rng)
        made[name] = _some(found, WindowCutter(tokenizer, 256, 64), 0.05, rng)
    if not mix.most:
        return made
    return {
        name: rng.sample(part, min(len(part), most)) for (name, part), most in zip(made.items(), mix.most, strict=True)
    }


def _some(examples: Sequence[Example], cutter: WindowCutter, share: float, rng: random.Random) -> list[Feature]:
    """Return the windows with an answer, and a share as many without."""
    found = features(examples, cutter)
    have, none = [f for f in found if f.end], [f for f in found if not f.end]
    return have + rng.sample(none, min(len(none), round(share * len(have))))


def english_windows(data: Path, start: Path, mix: TaughtMix, seed: int = 13) -> list[Feature]:
    """Return the windows that are taught."""
    found = features(english_examples(data, mix.english, seed), WindowCutter(load_tokenizer(str(start)), 256, 64))
    return random.Random(seed).sample(found, min(len(found), mix.kept))


def taught_windows(
    data: Path, start: Path, lexicon: Lexicon, synonyms: Synonyms, mix: TaughtMix, seed: int = 13
) -> tuple[list[Feature], tuple[list[Feature], list[Said]]]:
    """Return what :func:`kgqa.training.bilingual_reader.train_bilingual` takes: windows, and taught windows.

    :param start: folder of the grafted reader, which reads English as the English one does and so is the teacher.
    """
    made = chinese_windows(data, start, lexicon, synonyms, mix, seed)
    windows = [window for part in made.values() for window in part]
    kept = english_windows(data, start, mix, seed)
    said = teach(start, kept, load_tokenizer(str(start)).token_to_id("[PAD]") or 0)
    order = (
        random.Random(seed).sample([at % len(kept) for at in range(max(mix.taught, len(kept)))], mix.taught)
        if kept
        else []
    )
    return windows, ([kept[at] for at in order], [said[at] for at in order])
