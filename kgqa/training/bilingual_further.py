"""The reader of two languages goes on learning, both languages at once.

``python -m kgqa.training.bilingual_further DATA READER OUT``

``READER`` is a reader of two languages: a torch folder, or the built-in one (``kgqa/models/weights/reader``), whose int8
weights are turned back. English carries the greater share of the windows, and gets better too. The result lies
:data:`SHARE` of the way from what it was to what training made of it: there it reads no set worse than before. Half of
CMRC's trial set is trained on: how much of a passage an answer takes is a matter of taste that only such questions tell.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kgqa.evaluation.squad import Example, read_examples
from kgqa.reading.extractive import load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.bilingual import progress_line
from kgqa.training.bilingual_cloze import Synonyms, cloze, neighbours, passages, widened
from kgqa.training.bilingual_keeping import english_examples
from kgqa.training.bilingual_pairs import articles, drcd, translations
from kgqa.training.bilingual_reader import (
    Lexicon,
    between,
    exchangeable,
    reverse_lexicon,
    switched,
    train_bilingual,
    unanswerable_by_pairs,
)
from kgqa.training.bilingual_recipes import HEAT, TAUGHT_DATA, export_bilingual_reader
from kgqa.training.bilingual_words import simplified
from kgqa.training.loop import Schedule
from kgqa.training.reader import Feature, features
from kgqa.training.recipes import reading
from kgqa.training.splitting import hold_out
from kgqa.training.starting import load_base, save_torch
from kgqa.training.twisting import twisted

SEED = 29
SETS = (
    *TAUGHT_DATA,
    "CMRC 2018 trial, half of its passages, four times (CC BY-SA 4.0)",
    "English questions of SQuAD 1.1 that a small change leaves without answer (CC BY-SA 4.0)",
)
SHARE = 0.6
"""How far the weights go: at the end Chinese clauses and unanswerable questions are read better still, the rest a point worse."""
CMRC_HELD = 0.5
_han = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Further:
    """How many questions of each kind there are.

    :param english: of SQuAD 1.1, as many again without answer, SQuAD 2.0, PolicyQA, BioASQ, facts of contracts.
    :param twisted: English questions that a small change leaves without answer.
    :param passes: window and overlap of each pass over DRCD's questions.
    :param wide: how often a clause, and how often a sentence, is taken for the answer of DRCD's questions.
    :param cmrc: passes over half of CMRC's trial set.
    :param cloze: questions made of DRCD's passages and of statutes.
    :param switched: English questions with words exchanged for Chinese ones.
    """

    english: tuple[int, ...] = (13000, 1500, 4000, 2400, 1400, 1600)
    twisted: int = 2500
    passes: tuple[tuple[int, int], ...] = ((256, 64), (160, 48))
    wide: tuple[float, float] = (0.15, 0.08)
    cmrc: int = 4
    cloze: tuple[int, int] = (2500, 1000)
    switched: int = 1000


SCHEDULE = Schedule(learning_rate=1.5e-4, epochs=1.0, batch=32, warmup=0.04, save_every=50, log_every=25, seed=SEED)


def cmrc(data: Path) -> tuple[list[Example], list[Example]]:
    """Return CMRC's trial questions for training and those of the held-out half of its passages."""
    return hold_out(read_examples(data / "reading/cmrc2018-trial.json.gz"), CMRC_HELD)


def english(data: Path, mix: Further, cutter: WindowCutter, seed: int) -> list[Feature]:
    """Return English windows; of SQuAD 1.1's few without the answer."""
    squad = reading(data)["squad-v1.1-train"][0]
    rng = random.Random(seed)
    asked = english_examples(data, mix.english, seed)
    known, made = asked[: mix.english[0]], asked[mix.english[0] :]
    changed = twisted(rng.sample(squad, min(len(squad), 4 * mix.twisted)), mix.twisted, seed)
    return _some(known, cutter, 0.03, rng) + _some(made, cutter, 0.6, rng) + features(changed, cutter)


def chinese(
    data: Path, start: Path, lexicon: Lexicon, synonyms: Synonyms, mix: Further, seed: int
) -> dict[str, list[Feature]]:
    """Return Chinese and mixed windows by kind.

    :param start: folder with the tokenizer of two languages.
    """
    rng, tokenizer = random.Random(seed), load_tokenizer(start)
    asked = drcd(data)[0]
    made: dict[str, list[Feature]] = {"asked": [], "cmrc": []}
    for length, overlap in mix.passes:
        own = [widened(e, rng, mix.wide) for e in asked] + unanswerable_by_pairs(asked, 0.2, rng)
        made["asked"] += _some(own, WindowCutter(tokenizer, length, overlap), 0.25, rng)
    near = cmrc(data)[0]
    for number in range(mix.cmrc):
        own = near + unanswerable_by_pairs(near, 0.15, rng)
        made["cmrc"] += _some(own, WindowCutter(tokenizer, *((256, 64), (192, 64))[number % 2]), 0.25, rng)
    squad = rng.sample(reading(data)["squad-v1.1-train"][0], mix.switched)
    mixed = [switched(example, lexicon, rng.uniform(0.6, 1.0), rng) for example in squad]
    made["mixed"] = _some([e for e in mixed if e is not None], WindowCutter(tokenizer, 160, 48), 0.05, rng)
    laws = [(a.law, simplified(a.text)) for a in articles(data / "legal/zh-laws.tar.xz") if 80 <= len(a.text) <= 600]
    texts = (passages(asked), rng.sample(laws, min(len(laws), mix.cloze[1])))
    for name, part, count in zip(("cloze", "statutes"), texts, mix.cloze, strict=True):
        made[name] = _some(cloze(part, count, synonyms, rng), WindowCutter(tokenizer, 256, 64), 0.05, rng)
    return made


def _some(examples: Sequence[Example], cutter: WindowCutter, share: float, rng: random.Random) -> list[Feature]:
    """Return the windows with an answer, and of those without at most a share of all; questions without answer keep one each."""
    found = features(examples, cutter)
    have, none = [f for f in found if f.end], [f for f in found if not f.end]
    open_ones = sum(not e.answers for e in examples)
    return have + rng.sample(none, min(len(none), open_ones + round(share * len(have))))


def chinese_rows(folder: Path) -> list[int]:
    """Return the rows of the word table that stand for Chinese characters and words."""
    vocab = load_tokenizer(folder).get_vocab(with_added_tokens=True)
    return sorted({at for token, at in vocab.items() if _han.search(token)})


def go_on(data: Path, reader: Path, out: Path, mix: Further = Further(), schedule: Schedule = SCHEDULE) -> Path:
    """Train, go part of the way, and return the torch folder of the result.

    :param reader: folder of a reader of two languages.
    """
    model, folder = load_base("AutoModelForQuestionAnswering", reader)
    start = out / "start"
    if not start.exists():
        save_torch(model, folder, start)
    rows = chinese_rows(start)
    words = [token for token in load_tokenizer(start).get_vocab() if len(token) > 1 and _han.match(token)]
    lexicon = exchangeable(reverse_lexicon(translations(data)[0], words))
    made = chinese(data, start, lexicon, neighbours(start, rows), mix, schedule.seed)
    made["english"] = english(data, mix, WindowCutter(load_tokenizer(start), 256, 64), schedule.seed)
    sys.stderr.write(json.dumps({kind: len(part) for kind, part in made.items()}) + "\n")
    windows = [window for part in made.values() for window in part]
    done = train_bilingual(start, rows, windows, out / "run", schedule, progress_line)
    return between(start, done, SHARE, out / "torch")


def finish(trained: Path, data: Path, out: Path, heat: float = HEAT) -> dict[str, Any]:
    """Write the reader's folder with its held-out figures and return its card.

    :param trained: what :func:`go_on` returned.
    :param heat: see :func:`kgqa.training.bilingual_recipes.export_bilingual_reader`.
    """
    card = {
        "base": "kgqa-reader-en-zh, the version before",
        "command": "python -m kgqa.training.bilingual_further DATA READER OUT",
        "measured_by": "kgqa.training.bilingual_further.finish on the held-out sets named here; must answer",
    }
    said = {**asdict(SCHEDULE), "mix": asdict(Further()), "share": SHARE}
    return export_bilingual_reader(trained, data, out, said, SETS, heat, card, {"cmrc2018-trial": cmrc(data)[1]})


def main(arguments: Sequence[str]) -> None:
    """Run the recipe."""
    data, reader, out = map(Path, arguments[:3])
    finish(go_on(data, reader, out), data, out)


if __name__ == "__main__":
    main(sys.argv[1:])
