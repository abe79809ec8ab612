"""Questions from CSV, XLSX, JSONL and text files: one row each, a bad one reported and the rest kept."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kgqa.documents.decoding import decode
from kgqa.errors import MissingExtra, UsageError
from kgqa.types import Filters

MAX_QUESTION = 4000
"""Characters; a longer cell is no question."""
MAX_UNPACKED = 400_000_000
"""Bytes that an XLSX file may unpack to."""

_NAMES = {
    "question": "question", "questions": "question", "q": "question", "问题": "question", "提问": "question",
    "id": "id", "编号": "id", "序号": "id",
    "document": "documents", "documents": "documents", "doc": "documents", "doc_id": "documents", "文档": "documents",
    "as_of": "as_of", "as of": "as_of", "asof": "as_of", "date": "as_of", "日期": "as_of", "截至": "as_of",
    "language": "language", "lang": "language", "语言": "language",
    "jurisdiction": "jurisdiction", "管辖": "jurisdiction", "法域": "jurisdiction",
}  # fmt: skip


_NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Row:
    """A question to answer, or the reason why it cannot be asked.

    :param number: place in the file, from 1, without the header.
    :param document: the one document of a matrix cell, otherwise empty.
    :param extra: other columns, kept for the output.
    :param fault: what is wrong with the row; then it is not asked.
    """

    number: int
    question: str
    id: str = ""
    filters: Filters = _NO_FILTERS
    document: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


def read_questions(file: Path, known: Collection[str] | None = None) -> list[Row]:
    """Return the rows of a file of questions.

    CSV and XLSX have a header with a column ``question`` (also 问题), or are one column of questions; optional columns
    are ``id``, ``documents`` (ids, separated by ``;`` or ``|``), ``as_of``, ``language`` and ``jurisdiction``. A line
    of JSONL is an object with these keys, or a text. In a text file each line is a question.

    :param known: ids of the documents there are; a row that names another is bad.
    :raises UsageError: the file is missing, of another kind, holds no question, or unpacks to too much.
    """
    if not file.is_file():
        raise UsageError(f"no file {file}; name a CSV, XLSX, JSONL or text file of questions")
    readers = {".csv": _csv, ".tsv": _csv, ".xlsx": _xlsx, ".jsonl": _jsonl, ".ndjson": _jsonl, ".txt": _lines}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise UsageError(f"{file.name}: questions come as .csv, .xlsx, .jsonl or .txt, not {file.suffix or 'this'}")
    found = (_row(number, cells, known) for number, cells in enumerate(reader(file), 1))
    rows = [row for row in found if row is not None]
    if not rows:
        raise UsageError(f"{file.name}: there is no question in it; give it a column named question")
    return rows


def matrix(rows: Iterable[Row], documents: Iterable[str]) -> list[Row]:
    """Return each question for each document, documents first."""
    asked = list(rows)
    crossed: list[Row] = []
    for document in documents:
        for row in asked:
            only = Filters(
                row.filters.as_of, row.filters.jurisdiction, row.filters.language, documents=frozenset({document})
            )
            crossed.append(Row(len(crossed) + 1, row.question, row.id, only, document, row.extra, row.fault))
    return crossed


def _row(number: int, cells: Mapping[str, Any] | str, known: Collection[str] | None) -> Row | None:
    """Return a row, ``None`` for a blank one; a text in place of cells is what was wrong with it."""
    if isinstance(cells, str):
        return Row(number, "", fault=cells)
    values: dict[str, Any] = {}
    extra: dict[str, str] = {}
    for name, value in cells.items():
        key = _NAMES.get(str(name).strip().casefold())
        if key is not None and key not in values:
            values[key] = value
        elif value not in (None, ""):
            extra[str(name).strip()] = str(value)
    question = _text(values.get("question"))
    if not question and not any(_text(value) for value in values.values()) and not extra:
        return None
    filters, fault = _filters(values, known)
    return Row(
        number, question[:MAX_QUESTION], _text(values.get("id")), filters, extra=extra, fault=_check(question) or fault
    )


def _check(question: str) -> str:
    if not question:
        return "the question is empty"
    if len(question) > MAX_QUESTION:
        return f"the question has {len(question):,} characters; {MAX_QUESTION:,} are the most"
    if "\x00" in question:
        return "the question holds NUL characters"
    return ""


def _filters(values: Mapping[str, Any], known: Collection[str] | None) -> tuple[Filters, str]:
    fault, day = "", None
    stated = values.get("as_of")
    if isinstance(stated, datetime | date):
        day = stated.date() if isinstance(stated, datetime) else stated
    elif _text(stated):
        try:
            day = date.fromisoformat(_text(stated)[:10])
        except ValueError:
            fault = f"{_text(stated)[:40]!r} is no date; write it as YYYY-MM-DD"
    documents = values.get("documents")
    wanted = documents if isinstance(documents, list) else re.split(r"[;|\n]", _text(documents))
    ids = frozenset(_text(one) for one in wanted if _text(one))
    if known is not None and (strange := sorted(ids - set(known))):
        fault = fault or f"no document {strange[0][:80]!r} in this knowledge base"
    language = _text(values.get("language")).casefold()[:2] or None
    return Filters(day, _text(values.get("jurisdiction")) or None, language, documents=ids or None), fault


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


# --- readers: each yields the cells of a row by column, or a text that says what is wrong with it ---------------------


def _lines(file: Path) -> Iterator[Mapping[str, Any] | str]:
    text, _ = decode(file.read_bytes())
    for line in text.splitlines():
        if line.strip():
            yield {"question": line}


def _jsonl(file: Path) -> Iterator[Mapping[str, Any] | str]:
    text, _ = decode(file.read_bytes())
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as fault:
            yield f"not JSON: {fault}"
            continue
        if isinstance(value, str):
            value = {"question": value}
        yield value if isinstance(value, dict) else f"a row is an object or a text, not {type(value).__name__}"


def _csv(file: Path) -> Iterator[Mapping[str, Any] | str]:
    text, _ = decode(file.read_bytes())
    first = text.split("\n", 1)[0]
    delimiter = max("\t;,", key=lambda mark: (first.count(mark), mark == ",")) if file.suffix != ".tsv" else "\t"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            yield f"line {reader.line_num}: {fault}"
            continue
        if header is None:
            header = _header(cells)
            if header is not None:
                continue
            header = ["question"]
        yield _named(header, cells)


def _header(cells: list[str]) -> list[str] | None:
    names = [_NAMES.get(_text(cell).casefold().lstrip("\ufeff")) for cell in cells]
    return [_text(cell) for cell in cells] if "question" in names else None


def _named(header: list[str], cells: list[Any]) -> Mapping[str, Any] | str:
    if header == ["question"]:  # a file without a header is one column, whatever stands beside it
        return {"question": cells[0] if cells else ""}
    if any(_text(cell) for cell in cells[len(header) :]):
        return f"{len(cells)} cells, but the header has {len(header)}; quote cells that hold the separator"
    return dict(zip(header, cells, strict=False))


def _xlsx(file: Path) -> Iterator[Mapping[str, Any] | str]:
    try:
        from openpyxl import load_workbook
    except ImportError as missing:
        raise MissingExtra("reading XLSX files", "ui") from missing
    try:
        with zipfile.ZipFile(file) as packed:
            size = sum(item.file_size for item in packed.infolist())
        if size > MAX_UNPACKED:
            raise UsageError(f"{file.name}: unpacks to {size:,} bytes; {MAX_UNPACKED:,} are the most, split it")
        book = load_workbook(file, read_only=True, data_only=True)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as fault:
        raise UsageError(f"{file.name}: not a readable XLSX file ({fault}); save it again") from fault
    try:
        yield from _sheet(book)
    finally:
        book.close()


def _sheet(book: Any) -> Iterator[Mapping[str, Any] | str]:
    header: list[str] | None = None
    for cells in book.worksheets[0].iter_rows(values_only=True):
        if header is None:
            if not any(_text(cell) for cell in cells):
                continue
            header = _header([_text(cell) for cell in cells])
            if header is not None:
                continue
            header = ["question"]
        yield _named(header, list(cells))
