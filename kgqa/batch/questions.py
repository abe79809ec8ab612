"""Rows of questions, with what narrows each; a bad row says what is wrong with it, and the rest is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from kgqa.batch.tables import Cells, cells_of, key_of
from kgqa.documents.folder import document_id
from kgqa.errors import UsageError
from kgqa.types import Filters

MAX_QUESTION = 4000
"""Characters; a longer cell is no question."""

_NO_FILTERS = Filters()
_LANGUAGES = {"english": "en", "英文": "en", "英语": "en", "chinese": "zh", "中文": "zh", "汉语": "zh"}
_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9]+)*")
# The year comes first, or nobody can tell which number is the month; a time of the day may follow.
_DAY = re.compile(
    r"(?:(\d{4})(?:(?P<mark>[-/.])(\d{1,2})(?P=mark)(\d{1,2})|年(\d{1,2})月(\d{1,2})日)|(\d{4})(\d{2})(\d{2}))"
    r"(?:[T ]\d{1,2}:\d{2}[\d:.+Z-]*)?"
)


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
    ids = frozenset(known) if known is not None else None
    found = (_row(number, cells, ids) for number, cells in enumerate(cells_of(file), 1))
    rows = [row for row in found if row is not None]
    if not rows:
        raise UsageError(f"{file.name}: there is no question in it; give it a column named question")
    return rows


def matrix(rows: Iterable[Row], documents: Iterable[str]) -> list[Row]:
    """Return each question for each document, documents first; a row that names documents is asked of those only.

    A bad row stands once, before the others.
    """
    asked = list(rows)
    crossed = [row for row in asked if row.fault]
    good = [row for row in asked if not row.fault]
    for document in documents:
        for row in good:
            if row.filters.documents is None or document in row.filters.documents:
                only = replace(row.filters, documents=frozenset({document}))
                crossed.append(Row(0, row.question, row.id, only, document, row.extra))
    return [row if row.fault else replace(row, number=number) for number, row in enumerate(crossed, 1)]


def _row(number: int, cells: Cells, known: frozenset[str] | None) -> Row | None:
    """Return a row, ``None`` for a blank one; a text in place of cells is what was wrong with it."""
    if isinstance(cells, str):
        return Row(number, "", fault=cells)
    values: dict[str, Any] = {}
    extra: dict[str, str] = {}
    for name, value in cells.items():
        key = key_of(str(name))
        if key is not None and key not in values:
            values[key] = value
        elif value not in (None, ""):
            extra[_text(name)] = _text(value)
    question = _text(values.get("question"))
    if not question and not any(_text(value) for value in values.values()) and not extra:
        return None
    fault = _check(values.get("question"), question)
    try:
        filters = _filters(values, known)
    except ValueError as wrong:
        filters, fault = _NO_FILTERS, fault or str(wrong)
    return Row(number, question[:MAX_QUESTION], _text(values.get("id")), filters, extra=extra, fault=fault)


def _check(value: Any, question: str) -> str:
    if not question:
        return "the question is empty"
    if isinstance(value, list | dict | bool):
        return f"the question is a {type(value).__name__}, not a text"
    if len(question) > MAX_QUESTION:
        return f"the question has {len(question):,} characters; {MAX_QUESTION:,} are the most"
    if "\x00" in question:
        return "the question holds NUL characters"
    return ""


def _filters(values: Mapping[str, Any], known: frozenset[str] | None) -> Filters:
    """Return what narrows a row.

    :raises ValueError: with what is wrong.
    """
    return Filters(
        _day(values.get("as_of")),
        _text(values.get("jurisdiction")) or None,
        _language(_text(values.get("language"))),
        documents=_documents(values.get("documents"), known),
    )


def _day(stated: Any) -> date | None:
    if isinstance(stated, datetime):
        return stated.date()
    if isinstance(stated, date) or not _text(stated):
        return stated if isinstance(stated, date) else None
    match = _DAY.fullmatch(_text(stated))
    try:
        year, month, day = (int(part) for part in match.groups() if part and part.isdigit()) if match else (0, 0, 0)
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{_text(stated)[:40]!r} is no date; write it as YYYY-MM-DD") from None


def _documents(stated: Any, known: frozenset[str] | None) -> frozenset[str] | None:
    if isinstance(stated, list):
        wanted = [_text(one) for one in stated]
    else:
        whole = _text(stated)  # a name may hold what separates names
        wanted = [whole] if known is not None and whole in known else re.split(r"[;|\n；]", whole)
    ids = [one.strip() for one in wanted if one.strip()]
    if known is not None:
        ids = [named(one, known) or one for one in ids]
        if strange := sorted(set(ids) - known):
            raise ValueError(f"no document {strange[0][:80]!r} in this knowledge base")
    return frozenset(ids) or None


def named(name: str, known: Collection[str]) -> str | None:
    """Return the id of the document with a name: its id, its file's path in the folder of documents, or with that folder."""
    if name in known:
        return name
    path = PurePosixPath(name)
    forms = (document_id(Path(path), Path()), document_id(Path(*path.parts[1:]), Path())) if name.isprintable() else ()
    return next((form for form in forms if form in known), None)


def _language(stated: str) -> str | None:
    said = stated.casefold()
    match = _CODE.fullmatch(said)
    if said and said not in _LANGUAGES and match is None:
        raise ValueError(f"{stated[:40]!r} is no language; write its code, such as en or zh")
    return _LANGUAGES.get(said) or (match[1] if match else None)


def _text(value: Any) -> str:
    """Return a cell as a text; half of a surrogate pair is no character, and no output could hold it."""
    if value is None:
        return ""
    said = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return said.encode("utf-8", "replace").decode().strip()
