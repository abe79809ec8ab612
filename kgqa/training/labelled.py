"""Labelled questions as people write them: a table or JSON lines with question, answer and where it stands.

    question,answer,document        CSV with a heading; document is a document's id (its path below documents/)
    {"question": ..., "answer": ..., "passage": ...}          JSON lines
    {"question": ..., "answers": [...], "documents": [...]}   the questions.jsonl of a knowledge base

An empty answer says that the place does not answer. Where no place is given, the passage that holds the answer is taken
if it is among the most similar to the question, and the answer is long enough not to stand there by chance. Nobody counts
characters: the answer is looked up in the passage.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgqa.documents import Chunking, chunk
from kgqa.errors import SourceError, UsageError
from kgqa.evaluation.squad import Example
from kgqa.language import has_cjk
from kgqa.training.mining import Miner, documents_of

SUFFIXES = (".jsonl", ".csv")
_NEAR = 10
"""Passages in which an answer without a place is looked for."""

_READABLE = ("", "span", "none", "date", "number")
"""Kinds of questions whose answer can stand in a text as it is."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What became of a file.

    :param problems: a line for each row that could not be used, with its reason.
    """

    examples: list[Example]
    problems: list[str]


def read_labelled(path: Path, corpus: Path | None = None) -> Labelled:
    """Read labelled questions as reading examples.

    :param corpus: knowledge base or folder of documents, where the file names documents or nothing but an answer.
    :raises SourceError: a line cannot be read; the message names it.
    :raises UsageError: the file names documents and no corpus is given.
    """
    places = _Places(corpus) if corpus is not None else None
    examples, problems = [], []
    word = "row" if path.suffix == ".csv" else "line"
    for number, row in _rows(path):
        where = f"{word} {number}"
        try:
            found = _example(row, f"{path.stem}-{number}", places)
        except (TypeError, ValueError) as fault:
            raise SourceError(
                f"{path}, {where}: not a labelled question ({fault}); see the guide on training"
            ) from fault
        if isinstance(found, str):
            problems.append(f"{path.name}, {where}: {found}")
        else:
            examples.append(found)
    return Labelled(examples, problems)


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the rows of a file with their numbers: those that a spreadsheet shows, the heading is row 1; else the lines'."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            if path.suffix == ".csv":
                heading = source.readline()
                source.seek(0)
                parts = max(",;\t", key=heading.count)  # spreadsheets of some countries separate by semicolons
                yield from enumerate(csv.DictReader(source, delimiter=parts), 2)
                return
            for number, line in enumerate(source, 1):
                if line.strip():
                    try:
                        row = json.loads(line)
                    except ValueError as fault:
                        raise SourceError(f"{path}, line {number}: not JSON ({fault})") from fault
                    if not isinstance(row, dict):
                        raise SourceError(f"{path}, line {number}: not an object")
                    yield number, row
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise SourceError(f"{path}: cannot be read ({fault}); give UTF-8 CSV or JSON lines") from fault


def _example(row: Mapping[str, Any], name: str, places: _Places | None) -> Example | str:
    """Return the example of a row, or why there is none."""
    if row.get("question") is None:
        raise ValueError("it has no question: give a column or key of that name")
    question = str(row["question"]).strip()
    if not question:
        raise ValueError("the question is empty")
    if str(row.get("kind") or "") not in _READABLE:
        return f"a question of kind {row['kind']!r} is not answered by words of a passage"
    answers = _texts(row, "answers", "answer")
    passage = next(iter(_texts(row, "passage", "context", "text")), "")
    if passage:
        return _placed(name, question, answers, passage, str(row.get("title") or name))
    documents = _texts(row, "documents", "document")
    if places is None:
        raise UsageError("a row names no passage; give the documents that it is about (--corpus)")
    found = places.find(question, answers, documents)
    if found is None and documents and not places.known(documents):
        return f"{', '.join(documents)}: no such document in the corpus; write its path below documents/"
    if found is None:
        return (
            f"its answer stands in no passage of {', '.join(documents)}; copy it letter by letter"
            if documents
            else "no near passage holds its answer; name its document"
        )
    document, text = found
    return _placed(name, question, answers, text, document)


def _placed(name: str, question: str, answers: Sequence[str], passage: str, article: str) -> Example | str:
    marks = [match for text in answers if (match := _find(text, passage))]
    if answers and not marks:
        return "its answer does not stand in its passage"
    return Example(name, question, passage, tuple((match.start(), match.group()) for match in marks), article)


def _find(answer: str, passage: str) -> re.Match[str] | None:
    inner = re.escape(answer)
    return re.search(inner if has_cjk(answer) else rf"(?<!\w){inner}(?!\w)", passage, re.IGNORECASE)


def _telling(answer: str) -> bool:
    return len(answer) > 1 + 2 * (not has_cjk(answer)) and not answer.isdigit()


def _texts(row: Mapping[str, Any], *names: str) -> list[str]:
    value = next((row[name] for name in names if row.get(name) not in (None, "")), ())
    values = [value] if isinstance(value, str | int | float) else list(value)
    return [str(text).strip() for text in values if str(text).strip()]


class _Places:
    """The passages of a corpus, by document."""

    def __init__(self, corpus: Path) -> None:
        found = [
            (document.id, passage.text) for document in documents_of(corpus) for passage in chunk(document, Chunking())
        ]
        self._documents = [name for name, _ in found]
        self._ids = frozenset(self._documents)
        self._texts = [text for _, text in found]
        self._miner = Miner(self._texts)

    def known(self, documents: Sequence[str]) -> bool:
        """Tell whether at least one of the documents is in the corpus."""
        return not self._ids.isdisjoint(documents)

    def find(self, question: str, answers: Sequence[str], documents: Sequence[str]) -> tuple[str, str] | None:
        """Return document and passage: the most similar one that holds an answer, or the most similar one of the documents."""
        ranked = self._miner.similar([question], min(len(self._texts), 1000))[0]
        if not documents:
            answers, ranked = [text for text in answers if _telling(text)] or ["\0"] * bool(answers), ranked[:_NEAR]
        for at in dict.fromkeys([*ranked, *range(len(self._texts))] if documents else ranked):
            named = not documents or self._documents[at] in documents
            if named and (not answers or any(_find(text, self._texts[at]) for text in answers)):
                return self._documents[at], self._texts[at]
        return None


def as_squad(examples: Sequence[Example]) -> dict[str, Any]:
    """Return examples as SQuAD 2.0 JSON, one article for each document."""
    articles: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for e in examples:
        answers = [{"text": text, "answer_start": at} for at, text in e.answers]
        qa = {"id": e.id, "question": e.question, "is_impossible": not answers, "answers": answers}
        articles.setdefault(e.article, {}).setdefault(e.context, []).append(qa)
    data = [
        {"title": title, "paragraphs": [{"context": context, "qas": qas} for context, qas in passages.items()]}
        for title, passages in articles.items()
    ]
    return {"version": "v2.0", "data": data}
