"""English and Chinese texts that belong together, and Chinese texts that belong to each other.

Each pair is put into the part for training or the part for reporting by a hash of its English text, so that all
translations of one sentence are in one part.
"""

from __future__ import annotations

import csv
import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kgqa.evaluation.squad import Example, read_examples
from kgqa.training.reader import hold_out

HELD = 14
"""One pair in so many is held out."""
DRCD_HELD = 0.2
"""Share of DRCD's articles that is held out."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A text and its translation, or two texts of one language that say the same.

    :param source: name of the data set.
    """

    english: str
    chinese: str
    source: str


def held(english: str) -> bool:
    """Tell whether pairs with this English text are held out of training."""
    return zlib.crc32(english.strip().lower().encode()) % HELD == 0


def translations(data: Path) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs for training and those held out.

    A Chinese text that is held out is in no pair for training.

    :param data: holds ``bilingual/`` and ``medical/hpo-en-zh.tsv.gz``.
    """
    pairs = [*_tatoeba(data / "bilingual/tatoeba-en-zh.tsv.gz"), *_terms(data / "medical/hpo-en-zh.tsv.gz")]
    kept = [pair for pair in pairs if held(pair.english)]
    seen = {pair.chinese for pair in kept}
    used = [pair for pair in pairs if not held(pair.english) and pair.chinese not in seen]
    return [*used, *_similar(data / "bilingual", "train")], kept


def _tatoeba(path: Path) -> Iterator[Pair]:
    with gzip.open(path, "rt", encoding="utf-8-sig") as source:
        for line in source:
            fields = line.rstrip("\n").split("\t")
            if len(fields) >= 2:
                yield Pair(fields[0], fields[1], "tatoeba")


def _terms(path: Path) -> Iterator[Pair]:
    with gzip.open(path, "rt", encoding="utf-8") as source:
        for row in csv.DictReader(source, delimiter="\t"):
            yield Pair(row["source_value"], row["translation_value"], "hpo")


def _similar(folder: Path, part: str) -> Iterator[Pair]:
    seen = set()
    for english, chinese in zip(*(rated(folder, part, language) for language in ("en", "zh")), strict=True):
        for pair in zip(english[:2], chinese[:2], strict=True):
            if pair not in seen:
                seen.add(pair)
                yield Pair(*pair, "stsb")


def rated(folder: Path, part: str, language: str) -> list[tuple[str, str, float]]:
    """Return the rows of the STS benchmark: two sentences and how alike they are, 0 to 5.

    :param part: ``train`` or ``dev``.
    """
    with gzip.open(folder / f"stsb-{language}-{part}.csv.gz", "rt", encoding="utf-8", newline="") as source:
        return [(row[0], row[1], float(row[2])) for row in csv.reader(source) if row]


# --- Chinese text -----------------------------------------------------------------------------------------------------

_ARTICLE = re.compile(r"^(第[一二三四五六七八九十百千零〇]+条(?:之[一二三四五六七八九十]+)?)[ \u3000]*", re.M)
_SHORT = 24


@dataclass(frozen=True, slots=True)
class Article:
    """An article of a law: the law's title and the article's number and text."""

    law: str
    number: str
    text: str


def articles(path: Path) -> list[Article]:
    """Return the articles of the statutes in an archive of Markdown files, each text once."""
    found: dict[str, Article] = {}
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            source = archive.extractfile(member) if member.name.endswith(".md") else None
            for article in _articles(source.read().decode("utf-8")) if source is not None else ():
                found.setdefault(article.text, article)
    return list(found.values())


def _articles(text: str) -> Iterator[Article]:
    title = re.search(r"^# *(.+)$", text, re.M)
    body = re.sub(r"^#.*$", "", text.split("<!-- INFO END -->")[-1], flags=re.M)
    parts = _ARTICLE.split(body)
    for number, piece in zip(parts[1::2], parts[2::2], strict=False):
        said = re.sub(r"\s+", "", piece)
        if title and len(said) > _SHORT:
            yield Article(re.sub(r"\s+", "", title[1]), number, said)


def statute_pairs(found: Sequence[Article], longest: int = 160) -> list[tuple[str, str]]:
    """Return parts of articles that belong together: the law's name with the first clause, and what follows.

    :param longest: characters of the second part at most.
    """
    made = []
    for article in found:
        cut = re.search(r"[，。；：]", article.text[8:])
        at = 8 + cut.end() if cut else 0
        if at and len(article.text) - at > _SHORT and at < 60:
            name = article.law.removeprefix("中华人民共和国")
            made.append((f"{name}：{article.text[: at - 1]}", article.text[at : at + longest]))
    return made


def held_statutes(pairs: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the pairs for training and one in nineteen for reporting."""
    return [pair for at, pair in enumerate(pairs) if at % 19], list(pairs[::19])


def drcd(data: Path) -> tuple[list[Example], list[Example]]:
    """Return DRCD's questions for training and those of the held-out articles."""
    return hold_out(read_examples(data / "reading/drcd-dev.json.gz"), DRCD_HELD)
