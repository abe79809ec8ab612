"""How well an encoder puts Chinese beside English, on pairs that are held out of its training.

python -m kgqa.training.bilingual_measure DATA               finding across languages: the base model and the built-in one
python -m kgqa.training.bilingual_measure DATA MODEL_FOLDER  all figures of one encoder
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kgqa.protocols import Encoder
from kgqa.retrieval.encoder import OnnxEncoder
from kgqa.training.bilingual_pairs import Pair, articles, drcd, held_statutes, rated, statute_pairs, translations
from kgqa.types import Vectors

POOL = 2000
"""Texts among which the right one is looked for, at most."""


def measure(encoder: Encoder, data: Path, pool: int = POOL) -> dict[str, dict[str, float]]:
    """Return the figures of an encoder in percent: recalls of translations and passages, Spearman's rho of likeness.

    :param data: the folder of the data sets.
    """
    terms = distinct([pair for pair in translations(data)[1] if pair.source == "hpo"], pool)
    out = across(encoder, data, pool) | {"phenotype terms held out": _both_ways(encoder, terms)}
    out["stsb dev, spearman"] = likeness(encoder, data / "bilingual")
    questions = [(e.question, e.context) for e in drcd(data)[1]]
    out["drcd held out, question to passage"] = find(encoder, questions)
    parts = held_statutes(statute_pairs(articles(data / "legal/zh-laws.tar.xz")))[1][:pool]
    out["zh-laws held out, beginning to rest"] = find(encoder, parts)
    return out


def across(encoder: Encoder, data: Path, pool: int = POOL) -> dict[str, dict[str, float]]:
    """Return the recalls of finding a sentence's translation, in percent: held-out pairs of Tatoeba, rows of the STS benchmark.

    :param data: the folder of the data sets.
    """
    sentences = [pair for pair in translations(data)[1] if pair.source == "tatoeba"]
    rows = zip(*(rated(data / "bilingual", "dev", language) for language in ("en", "zh")), strict=True)
    twins = [Pair(one[side], other[side], "stsb") for one, other in rows for side in (0, 1)]
    found = {"tatoeba held out": sentences, "stsb dev, translations": twins}
    return {name: _both_ways(encoder, distinct(pairs, pool)) for name, pairs in found.items()}


def before_and_after(data: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Return what the English base model and the built-in encoder made from it find across languages."""
    from kgqa.models.registry import WEIGHTS
    from kgqa.retrieval.encoder import SentenceTransformerEncoder
    from kgqa.training.export import base_folder

    before = across(SentenceTransformerEncoder(base_folder()), data)
    return {"base": before, "built-in": across(OnnxEncoder(WEIGHTS / "encoder"), data)}


def distinct(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """Return pairs of which no two share a text."""
    english: set[str] = set()
    chinese: set[str] = set()
    out = []
    for pair in pairs:
        if pair.english not in english and pair.chinese not in chinese:
            english.add(pair.english)
            chinese.add(pair.chinese)
            out.append(pair)
    return out[:count]


def _both_ways(encoder: Encoder, pairs: Sequence[Pair]) -> dict[str, float]:
    one, other = encoder.encode([p.chinese for p in pairs], "query"), encoder.encode([p.english for p in pairs])
    own = np.arange(len(pairs))
    found = {f"zh to en {k}": v for k, v in recalls(one, other, own).items()}
    return found | {f"en to zh {k}": v for k, v in recalls(other, one, own).items()} | {"n": len(pairs)}


def find(encoder: Encoder, pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Return the recalls of finding the second text of each pair by the first, among all second texts."""
    texts = sorted({text for _, text in pairs})
    place = {text: at for at, text in enumerate(texts)}
    own = np.array([place[text] for _, text in pairs])
    found = recalls(encoder.encode([asked for asked, _ in pairs], "query"), encoder.encode(texts), own)
    return found | {"n": len(pairs), "pool": len(texts)}


def recalls(one: Vectors, other: Vectors, own: np.ndarray) -> dict[str, float]:
    """Return recall at 1 and 10 in percent.

    :param own: for each row of ``one`` its row in ``other``.
    """
    scores = one @ other.T
    better = (scores > scores[np.arange(len(one)), own][:, None]).sum(1)
    return {f"recall@{k}": round(100 * float((better < k).mean()), 2) for k in (1, 10)}


def likeness(encoder: Encoder, folder: Path) -> dict[str, float]:
    """Return Spearman's rho on the STS benchmark: Chinese, Chinese with English, English."""
    from scipy.stats import spearmanr

    rows = {language: rated(folder, "dev", language) for language in ("zh", "en")}
    sides = {
        language: [encoder.encode([row[0] for row in found]), encoder.encode([row[1] for row in found])]
        for language, found in rows.items()
    }
    ways = {"zh": ("zh", "zh"), "zh and en": ("zh", "en"), "en": ("en", "en")}
    wanted = {language: [row[2] for row in found] for language, found in rows.items()}
    return {
        name: round(100 * float(spearmanr((sides[a][0] * sides[b][1]).sum(1), wanted["en"]).statistic), 2)
        for name, (a, b) in ways.items()
    } | {"n": len(wanted["en"])}


if __name__ == "__main__":
    home = Path(sys.argv[1])
    figures = measure(OnnxEncoder(sys.argv[2]), home) if len(sys.argv) > 2 else before_and_after(home)
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
