"""SQuAD 1.1 and 2.0 files: reading them, and their official metrics.

Format and metrics follow Rajpurkar et al. 2016 (SQuAD) and Rajpurkar et al. 2018 (SQuAD 2.0).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """One question about one passage.

    :param answers: accepted answers as ``(start, text)``; empty when the passage has no answer.
    :param article: title of the article, the unit by which files are split.
    """

    id: str
    question: str
    context: str
    answers: tuple[tuple[int, str], ...]
    article: str


def read_examples(path: Path) -> list[Example]:
    """Read a SQuAD file, plain or ``.gz``.

    :raises ValueError: the file is not JSON or has not the shape of SQuAD.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as source:
            data = json.load(source)["data"]
        return list(_examples(data))
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: not a SQuAD file ({type(error).__name__}: {error})") from error


def _examples(data: list[dict[str, Any]]) -> Iterator[Example]:
    for number, article in enumerate(data):
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                given = [] if qa.get("is_impossible") in (True, "true") else qa["answers"]
                answers = tuple((int(a["answer_start"]), str(a["text"])) for a in given if a["text"])
                title = str(article.get("title", number))
                yield Example(str(qa["id"]), qa["question"], paragraph["context"], answers, title)
