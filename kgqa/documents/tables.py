"""Tables of documents: CSV and JSONL, one document per row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from kgqa.documents.decoding import decode
from kgqa.documents.metadata import normal_name
from kgqa.documents.plain import note_encoding
from kgqa.documents.source import Extract, clean
from kgqa.errors import SourceError

_TEXT = ("text", "content", "body", "answer", "正文", "内容", "答案")
_TITLE = ("title", "name", "heading", "question", "标题", "名称", "问题")
_MAX_FIELD = 16 << 20
_MAX_ABOUT = 500


def read_csv(data: bytes, warnings: list[str]) -> list[Extract]:
    """Read a CSV or TSV file whose first row names the columns; rows that do not fit are left out with a warning."""
    text, encoding = decode(data)
    note_encoding(text, encoding, warnings)
    csv.field_size_limit(_MAX_FIELD)
    first_line = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    extracts: list[Extract] = []
    wrong: list[int] = []
    number = 0
    try:
        header = [name.strip() for name in next(rows, [])]
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            number += 1
            if len(row) != len(header):
                wrong.append(number)
            else:
                _add(extracts, dict(zip(header, row, strict=True)), number)
    except csv.Error as error:
        raise SourceError(f"row {number + 1} is no CSV ({error}); correct its quotes") from None
    if wrong:
        warnings.append(f"rows {_listed(wrong)} have another number of cells than the {len(header)} columns; left out")
    return _some(extracts, wrong)


def read_jsonl(data: bytes, warnings: list[str]) -> list[Extract]:
    """Read a file with one JSON object per line; lines that are none are left out with a warning."""
    text, encoding = decode(data)
    note_encoding(text, encoding, warnings)
    extracts: list[Extract] = []
    wrong: list[int] = []
    lines = (line for line in text.split("\n") if line.strip())
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            _add(extracts, {str(key): _plain(value) for key, value in row.items()}, number)
        else:
            wrong.append(number)
    if wrong:
        warnings.append(f"rows {_listed(wrong)} are no JSON objects; left out")
    return _some(extracts, wrong)


def _some(extracts: list[Extract], wrong: list[int]) -> list[Extract]:
    if not extracts:
        raise SourceError("no row can be read as a document" if wrong else "no rows with text")
    return extracts


def _add(extracts: list[Extract], row: Mapping[str, str], number: int) -> None:
    columns = {normal_name(name): name for name in row}
    main = next((columns[name] for name in _TEXT if name in columns), None)
    head = next((columns[name] for name in _TITLE if name in columns), None)
    values = {name: clean(value) for name, value in row.items() if value.strip()}
    text = values.get(main, "") if main else "\n".join(f"{name}: {value}" for name, value in values.items() if name)
    about = {normal_name(n): v.strip() for n, v in values.items() if n not in (main, head) and len(v) <= _MAX_ABOUT}
    if text.strip():
        extracts.append(Extract(text, values.get(head, "").strip() if head else "", row=number, about=about))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} and {len(numbers) - 10} more"
