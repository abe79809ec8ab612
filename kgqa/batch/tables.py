"""Tables, JSON lines and texts as rows of cells, each by the name of its column."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kgqa.documents.decoding import decode
from kgqa.errors import MissingExtra, SourceError, UsageError

MAX_UNPACKED = 400_000_000
"""Bytes that an XLSX file may unpack to."""

Cells = Mapping[str, Any] | str
"""The cells of a row by the name of their column, or what is wrong with the row."""

_NAMES = {
    "question": "question", "questions": "question", "q": "question", "问题": "question", "提问": "question",
    "id": "id", "编号": "id", "序号": "id",
    "document": "documents", "documents": "documents", "doc": "documents", "doc_id": "documents", "文档": "documents",
    "as_of": "as_of", "as of": "as_of", "asof": "as_of", "date": "as_of", "日期": "as_of", "截至": "as_of",
    "language": "language", "lang": "language", "语言": "language",
    "jurisdiction": "jurisdiction", "管辖": "jurisdiction", "法域": "jurisdiction",
}  # fmt: skip


def key_of(column: str) -> str | None:
    """Return what a column holds by its name, ``None`` for one that is only carried over."""
    return _NAMES.get(column.strip().casefold())


def cells_of(file: Path) -> Iterator[Cells]:
    """Yield the rows of a file of questions in their order; a blank one has no cells.

    :raises UsageError: the file is of another kind, cannot be read, or none of its columns is named question.
    """
    readers = {".csv": _csv, ".tsv": _csv, ".xlsx": _xlsx, ".jsonl": _jsonl, ".ndjson": _jsonl, ".txt": _lines}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise UsageError(f"{file.name}: questions come as .csv, .xlsx, .jsonl or .txt, not {file.suffix or 'this'}")
    try:
        yield from reader(file)
    except SourceError as fault:
        raise UsageError(f"{file.name}: {fault}") from fault


def _text(file: Path) -> str:
    return decode(file.read_bytes())[0]


def _lines(file: Path) -> Iterator[Cells]:
    for line in _text(file).splitlines():
        yield {"question": line} if line.strip() else {}


def _jsonl(file: Path) -> Iterator[Cells]:
    for line in _text(file).split("\n"):
        if not line.strip():
            yield {}
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as fault:
            yield f"not JSON: {fault}"
            continue
        if isinstance(value, str):
            value = {"question": value}
        yield value if isinstance(value, dict) else f"a row is an object or a text, not {type(value).__name__}"


def _csv(file: Path) -> Iterator[Cells]:
    text = _text(file).lstrip("\ufeff")
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:  # what spreadsheets write for each other
        text, delimiter = rest, first.strip()[4]
    else:
        delimiter = _delimiter(text) if file.suffix.lower() != ".tsv" else "\t"
    yield from _table(file, _records(text, delimiter), delimiter)


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max("\t;,", key=lambda mark: (first.count(mark), mark == ","))


def _records(text: str, delimiter: str) -> list[list[str] | str]:
    usual = csv.field_size_limit(len(text) + 1)  # what is too long for a question is said where questions are checked
    try:
        return list(_parsed(list(io.StringIO(text, newline="")), delimiter))
    finally:
        csv.field_size_limit(usual)


def _parsed(lines: list[str], delimiter: str) -> Iterator[list[str] | str]:
    """Yield the cells of each record; a quotation mark that is never closed costs its own line, not all that follow."""
    at = 0
    while at < len(lines):
        reader = csv.reader((lines[i] for i in range(at, len(lines))), delimiter=delimiter, strict=True)
        read = 0
        try:
            for cells in reader:
                read = reader.line_num
                yield cells
            return
        except csv.Error as fault:
            at += read + 1
            if "end of data" in str(fault):
                yield f"line {at}: a quotation mark is never closed; close it, or write it twice"
            else:  # text after a closing mark: "Term" of the contract
                yield from csv.reader([lines[at - 1]], delimiter=delimiter)


def _table(file: Path, records: Iterable[list[Any] | str], delimiter: str = "") -> Iterator[Cells]:
    """Yield the rows below a header, or of a single column without one.

    :param delimiter: what separates cells in a text. In a single column it separates nothing: "Alpha, Inc." is one cell.
    """
    header: list[str] | None = None
    for cells in records:
        if isinstance(cells, str):
            yield cells
            continue
        filled = [_word(cell) for cell in cells]
        while filled and not filled[-1]:
            filled.pop()
        if header is None:
            if not filled:
                continue
            header, named = _header(file, filled, prose=bool(delimiter))
            if named:
                continue
        if len(header) == 1 and delimiter:
            yield {header[0]: delimiter.join(map(str, cells[: len(filled)]))} if filled else {}
        elif len(filled) > len(header):
            yield f"{len(filled)} cells, but the header has {len(header)}; quote cells that hold the separator"
        else:
            yield dict(zip(header, cells, strict=False))


def _header(file: Path, cells: Sequence[str], *, prose: bool) -> tuple[list[str], bool]:
    """Return the names of the columns, and whether these cells are they.

    :param prose: a separator with a blank after it is a comma of a sentence.
    :raises UsageError: these are several columns, and none is named question.
    """
    if "question" in map(key_of, cells):
        names: list[str] = []
        for place, cell in enumerate(cells, 1):
            name = cell or f"column {place}"
            names.append(name if name not in names else f"{name} ({place})")
        return names, True
    if len(cells) > 1 and not (prose and all(cell[:1].isspace() for cell in cells[1:])):
        columns = ", ".join(cell.strip()[:40] for cell in cells[:8])
        raise UsageError(f"{file.name}: none of its columns is named question; name one so, it has: {columns}")
    return ["question"], False


def _word(cell: Any) -> str:
    """Return a cell as a text; blanks before the first letter stay, as they tell prose from columns."""
    said = "" if cell is None else str(cell)
    return said if said.strip() else ""


def _xlsx(file: Path) -> Iterator[Cells]:
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
        try:
            sheet = _sheet(book)
            yield from _table(file, ([*cells] for cells in sheet.iter_rows(values_only=True))) if sheet else ()
        finally:
            book.close()
    except (OSError, ValueError, KeyError, IndexError, SyntaxError, zipfile.BadZipFile) as fault:
        raise UsageError(f"{file.name}: not a readable XLSX file ({fault}); save it again") from fault


def _sheet(book: Any) -> Any:
    """Return the first sheet with a column of questions, else the first."""
    for sheet in book.worksheets:
        first = next((cells for cells in sheet.iter_rows(values_only=True) if any(map(_word, cells))), ())
        if "question" in [key_of(_word(cell)) for cell in first]:
            return sheet
    return next(iter(book.worksheets), None)
