"""How the reader of two languages is made from the English reader and the bilingual encoder.

``python -m kgqa.training.bilingual_recipes DATA READER/torch ENCODER OUT [SHARE]``

``READER`` is what ``python -m kgqa.training.recipes reader`` wrote, ``ENCODER`` what ``python -m kgqa.training.bilingual``
wrote (its ``start`` and ``torch``). With the share 0 only the Chinese rows are trained, and English stays what it was. Else
the body learns too, from Chinese questions asked and made, mixed ones, and what the English reader says of English ones; and
the result lies so far on the way from the English reader's body to the trained one: by default as far as English allows.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kgqa.evaluation.squad import Example, predict, read_examples, score
from kgqa.reading.extractive import OnnxReader, load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.bilingual import progress_line
from kgqa.training.bilingual_cloze import neighbours
from kgqa.training.bilingual_mix import TaughtMix, taught_windows
from kgqa.training.bilingual_pairs import drcd, translations
from kgqa.training.bilingual_reader import (
    Mix,
    between,
    exchangeable,
    graft,
    mixed,
    reverse_lexicon,
    train_bilingual,
    unanswerable_by_pairs,
)
from kgqa.training.export import export_int8, write_card
from kgqa.training.loop import Schedule
from kgqa.training.reading import ReaderOutputs, fit_threshold
from kgqa.training.recipes import READER_DATA, reading
from kgqa.training.starting import load_base

SEED = 13
SHARE = 0.65
"""How far the reader's body goes; at the end of the way it loses 2 to 3 points of English, here none to speak of."""
HEAT = 1.0
"""Temperature at which Chinese spans are weighed; 2 gives longer answers: better on CMRC, worse on DRCD."""
DATA = (
    *READER_DATA,
    "DRCD dev without the held-out fifth of its articles, with questions without answer made of other passages (CC BY-SA 3.0)",
    "SQuAD 1.1, questions in which words are exchanged for Chinese ones, by a lexicon aligned on the encoder's pairs",
    "Chinese rows of the bilingual encoder: see its card",
)
TAUGHT_DATA = (
    *DATA,
    "questions made of statements in the passages of these DRCD articles (CC BY-SA 3.0) and in Chinese statutes (public)",
    "English windows of the English reader's sets, with its own distributions",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A run of the training, which begins where the one before ended.

    :param stop: updates after which it ends, before its schedule does; 0 goes to the end.
    """

    mix: TaughtMix
    schedule: Schedule
    stop: int = 0


_WIDE = TaughtMix(nothing=0.15, wide=(0.33, 0.17), taught=9000, most=(16500, 4500, 8000, 2500))
_STILL = replace(_WIDE, taught=10500, most=(6000, 1000, 2800, 700))


def _schedule(rate: float, warmup: float, number: int) -> Schedule:
    return Schedule(
        learning_rate=rate, epochs=1.0, batch=32, warmup=warmup, save_every=150, log_every=20, seed=SEED + number
    )


STAGES = (
    Stage(TaughtMix(), _schedule(2.5e-4, 0.06, 0), stop=900),
    Stage(_WIDE, _schedule(1.7e-4, 0.02, 1), stop=600),
    Stage(_STILL, _schedule(0.95e-4, 0.02, 2)),
)
"""How the reader was trained: first with the answers that its sets give, then with wider ones too, then with more English
while the rate falls to nothing."""


def make_bilingual(data: Path, reader: Path, encoder: Path, out: Path, share: float = SHARE) -> dict[str, Any]:
    """Train the reader of two languages and write its folder.

    :param reader: torch folder of the English reader.
    :param encoder: what the encoder's recipe wrote.
    :param share: how far to go from the English reader's weights to the trained ones; 0 trains the Chinese rows alone.
    :returns: its card.
    """
    rows = json.loads((encoder / "start/rows.json").read_text(encoding="utf-8"))["rows"]
    said = json.loads((encoder / "start/tokenizer.json").read_text(encoding="utf-8"))
    words = [token["content"] for token in said["added_tokens"] if not token["special"]]
    lexicon = exchangeable(reverse_lexicon(translations(data)[0], words))
    start = graft(reader, encoder / "torch", rows, out / "start")
    if not share:
        windows = mixed(data, lexicon, Mix(english=(0, 0, 0)), WindowCutter(load_tokenizer(start), 160, 48), SEED)
        schedule = Schedule(
            learning_rate=1e-3, epochs=1.0, batch=32, warmup=0.08, save_every=40, log_every=10, seed=SEED
        )
        done = train_bilingual(start, rows, windows, out / "run", schedule, progress_line, body=False)
        return export_bilingual_reader(done, data, out, {"learning_rate": 1e-3, "warmup": 0.08, "share": 0.0})
    done, synonyms = start, neighbours(start, rows)
    for number, stage in enumerate(STAGES):
        windows, taught = taught_windows(data, start, lexicon, synonyms, stage.mix, SEED + number)
        folder = out / f"run{number + 1}"
        done = train_bilingual(
            done, rows, windows, folder, stage.schedule, progress_line, taught=taught, stop=stage.stop
        )
    if share < 1.0:
        done = between(start, done, share, out / "torch")
    return export_bilingual_reader(
        done, data, out, {"share": share, "stages": [asdict(stage) for stage in STAGES]}, TAUGHT_DATA, HEAT
    )


def export_bilingual_reader(
    trained: Path,
    data: Path,
    out: Path,
    said: dict[str, Any],
    sets: Sequence[str] = DATA,
    heat: float = 0.0,
    more: Mapping[str, Any] | None = None,
    apart: Mapping[str, Sequence[Example]] | None = None,
) -> dict[str, Any]:
    """Write the reader's folder: int8 weights, a border of "no answer" for each language, held-out figures.

    :param said: hyper-parameters that are not always the same.
    :param sets: what it was trained on.
    :param heat: above 0, Chinese spans are picked by what they are expected to share with the answer, at this temperature.
    :param more: what else the card says, or says otherwise.
    :param apart: held-out questions of sets, by file, besides those that every reader of two languages has.
    :returns: its card.
    """
    apart = dict(apart or {})
    model, folder = load_base("AutoModelForQuestionAnswering", trained)
    card = {**CARD, **(more or {})}
    export_int8(ReaderOutputs(model), folder / "tokenizer.json", out, outputs=("start_logits", "end_logits"), card=card)
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    card["hyper_parameters"] |= said
    card["data"] = list(sets)
    held, open_questions = held_out(data)
    held |= {f"{name} held-out part": list(part) for name, part in apart.items()}
    held = {name: part for name, part in held.items() if name not in apart}
    apart |= {name: part for name, (_, part) in reading(data).items()} | {"drcd-dev": drcd(data)[1]}
    card["held_out"] = {name: sorted({e.article for e in part}) for name, part in apart.items()}
    card["settings"] |= {"shared": {"zh": heat}} if heat > 0 else {}
    write_card(out, card)
    reader = OnnxReader(out)
    borders = {language: fit_threshold(reader, part) for language, part in open_questions.items()}
    card["settings"] |= {"threshold": borders["en"], "borders": {"zh": borders["zh"]}}
    card["metrics"] = {name: _rounded(score(part, predict(part, reader, nulls=False))) for name, part in held.items()}
    write_card(out, card)
    reader = OnnxReader(out)
    for language, part in open_questions.items():
        card["metrics"][f"{language}, with questions without answer"] = _rounded(score(part, predict(part, reader)))
    write_card(out, card)
    return dict(card)


def held_out(data: Path) -> tuple[dict[str, list[Example]], dict[str, list[Example]]]:
    """Return what the reader is reported on: questions that it must answer, and by language questions with and without
    answer. Large sets are sampled evenly.
    """
    folder, sets = data / "reading", {name: held for name, (_, held) in reading(data).items()}
    chinese = drcd(data)[1]
    answered = [e for e in sets["squad-v2.0-dev-a"] if e.answers]
    judgments = [e for e in read_examples(folder / "cjrc-dev.json.gz") if e.answers and not e.yes_no]
    must = {
        "cmrc2018-trial": read_examples(folder / "cmrc2018-trial.json.gz"),
        "drcd-dev held-out articles": chinese,
        "cjrc-dev, spans, every tenth": judgments[::10],
        "squad-v1.1-train held-out articles, every fifth": sets["squad-v1.1-train"][::5],
        "squad-v2.0-dev-a held-out articles, answerable, every other": answered[::2],
        "policyqa-dev held-out sites, every fifth": sets["policyqa-dev"][::5],
    }
    none = unanswerable_by_pairs(chinese, 0.5, random.Random(SEED))
    return must, {"zh": chinese[::2] + none[::2], "en": sets["squad-v2.0-dev-a"][::3]}


def _rounded(found: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in found.items()}


CARD: dict[str, Any] = {
    "kind": "reader",
    "name": "kgqa-reader-en-zh",
    "license": "Apache-2.0",
    "base": "kgqa-reader-en, with the vocabulary and the Chinese rows of kgqa-encoder-en-zh",
    "data": DATA,
    "languages": ["en", "zh"],
    "hyper_parameters": {
        "batch": 32,
        "frozen": "English word embeddings; the body too where the share is 0",
        "dropout": 0.0,
        "precision": "bfloat16",
        "seed": SEED,
    },
    "settings": {"length": 256, "overlap": 64},
    "command": "python -m kgqa.training.bilingual_recipes DATA READER/torch ENCODER OUT",
    "measured_by": "kgqa.training.bilingual_recipes.export_bilingual_reader on the held-out sets named here; must answer",
}


def main(arguments: Sequence[str]) -> None:
    """Run the recipe."""
    data, reader, encoder, out = map(Path, arguments[:4])
    make_bilingual(data, reader, encoder, out, *map(float, arguments[4:]))


if __name__ == "__main__":
    main(sys.argv[1:])
