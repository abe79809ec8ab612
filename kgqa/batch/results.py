"""A row and its answer as one flat record, and such records as CSV, XLSX and JSONL."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from kgqa.batch.cells import cut, safe, unquoted
from kgqa.batch.questions import Row
from kgqa.errors import MissingExtra, UsageError
from kgqa.types import Answer, Evidence

SUFFIXES = (".csv", ".xlsx", ".jsonl")
NOT_FOUND = "not found"
WIDE = (" · confidence", " · reason", " · citation")
"""What stands beside an answer in the table with one line per document, by the end of its column's name."""
COLUMNS = (
    "row", "id", "question", "documents", "as_of", "answer", "kind", "confidence", "complete", "reason", "explanation",
    "citations", "document", "page", "start", "end", "quote", "path", "sparql", "conflicts", "iris", "alternatives",
    "seconds", "models", "generation", "error",
)  # fmt: skip


def record(row: Row, found: Mapping[str, Any] | None = None, error: str = "") -> dict[str, Any]:
    """Return a row's result by column.

    :param found: what :func:`columns` says of its answer; ``None`` when there is none.
    :param error: why it could not be answered.
    """
    documents = row.document or "; ".join(sorted(row.filters.documents or ()))
    base: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    base.update(row=row.number, id=row.id, question=row.question, documents=documents, error=error or row.fault)
    base["as_of"] = row.filters.as_of.isoformat() if row.filters.as_of else ""
    base["extra"] = dict(row.extra)
    return {**base, **(found or {})}


def columns(answer: Answer) -> dict[str, Any]:
    """Return an answer by column; ``document`` to ``quote`` are those of the best quotation."""
    best = next((one for one in answer.evidence if one.passage is not None), None)
    walks = [one for one in answer.evidence if one.path is not None]
    quoted: dict[str, Any] = {}
    if best is not None and best.passage is not None:
        quoted = {
            "document": best.passage.doc_id, "page": best.passage.page if best.passage.page is not None else "",
            "start": best.start, "end": best.end, "quote": best.quote,
        }  # fmt: skip
    return {
        "answer": answer.text if answer.text is not None else "",
        "kind": answer.kind,
        "confidence": round(answer.confidence, 4),
        "complete": "" if answer.complete is None else "complete" if answer.complete else "sampled",
        "reason": answer.reason.value if answer.reason else "",
        "explanation": answer.explanation,
        "citations": "\n".join(f"[{n}] {citation(one)}" for n, one in enumerate(answer.evidence[:20], 1)),
        **quoted,
        "path": "\n".join(_walk(one) for one in walks[:20]),
        "sparql": next((one.sparql for one in walks if one.sparql), ""),
        "conflicts": "\n".join(f"{c.about}: {c.one_says} / {c.other_says}" for c in answer.conflicts),
        "iris": "\n".join(iri for iri in answer.iris if iri),
        "alternatives": "\n".join(", ".join(one.items) for one in answer.alternatives[:5]),
        "seconds": round(sum(answer.seconds.values()), 4),
        "models": ", ".join(f"{name}={mark}" for name, mark in sorted(answer.models.items())),
        "generation": answer.generation,
    }


def citation(evidence: Evidence) -> str:
    """Return where a piece of evidence stands and what it says, in one line."""
    if evidence.passage is None:
        return f"graph: {_walk(evidence)}"
    page = f" p. {evidence.passage.page}" if evidence.passage.page is not None else ""
    quote = " ".join(evidence.quote.split())
    return f"{evidence.passage.doc_id}{page} [{evidence.start}:{evidence.end}] “{quote}”"


def _walk(evidence: Evidence) -> str:
    if evidence.path is None:
        return ""
    if evidence.path.words:
        return evidence.path.words
    steps = (step.triple for step in evidence.path.steps)
    return "; ".join(f"{one.subject.value} {one.predicate.value} {one.object.value}" for one in steps)


# --- writing ----------------------------------------------------------------------------------------------------------


def write(
    file: Path,
    records: Sequence[Mapping[str, Any]],
    *,
    wide: bool = False,
    titles: Mapping[str, str] | None = None,
) -> None:
    """Write records in the format that the file's suffix names; the file appears whole or not at all.

    :param wide: one line per document with the answers to all questions side by side (CSV and XLSX); an XLSX file has every
        record in full on a second sheet.
    :param titles: of documents by id, shown beside the ids of a wide table.
    :raises UsageError: the suffix is none of :data:`SUFFIXES`.
    """
    check_output(file)
    if file.suffix.lower() == ".jsonl":
        data = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records).encode()
    else:
        sheets = {"matrix": _wide(records, titles or {})} if wide else {"answers": _long(records)}
        if file.suffix.lower() == ".csv":
            data = _as_csv(*next(iter(sheets.values())))
        else:
            data = _as_xlsx({**sheets, "answers": _long(records)})
    replace_file(file, data)


def check_output(file: Path) -> None:
    """Refuse an output whose format cannot be told, or that has no place.

    :raises UsageError: the suffix is none of :data:`SUFFIXES`, or see :func:`check_folder`.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{file.name}: answers are written as {', '.join(SUFFIXES)}; name the output so")
    check_folder(file)


def check_folder(file: Path) -> None:
    """Refuse a file that cannot be put in its place.

    :raises UsageError: its folder is missing or closed, or it is a folder itself.
    """
    if not file.parent.is_dir():
        raise UsageError(f"no folder {file.parent} for the output; make it first")
    if file.is_dir():
        raise UsageError(f"{file}: is a folder; name a file in it")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{file.parent}: cannot be written to; name an output elsewhere")


def replace_file(file: Path, data: bytes) -> None:
    """Put bytes in a file's place, forced to the disk before the name changes over.

    :raises OSError: with the name of the file, whatever went wrong.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(file)) from fault
    finally:
        temporary.unlink(missing_ok=True)


def _long(records: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    extra = list(dict.fromkeys(name for one in records for name in one.get("extra", {})))
    header = [*COLUMNS, *(f"{name} (input)" if name in COLUMNS else name for name in extra)]
    lines = [
        [one[name] for name in COLUMNS] + [one.get("extra", {}).get(name, "") for name in extra] for one in records
    ]
    return header, lines


def _wide(records: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> tuple[list[str], list[list[Any]]]:
    by_document: dict[str, dict[str, Mapping[str, Any]]] = {}
    for one in records:
        if one["documents"]:  # a bad question was asked of none
            asked = by_document.setdefault(one["documents"], {})
            asked[_heading(one, asked)] = one
    questions = list(dict.fromkeys(question for asked in by_document.values() for question in asked))
    header = ["documents", "title", *(name for q in questions for name in (q, *(f"{q}{part}" for part in WIDE)))]
    lines = []
    for document, answers in by_document.items():
        line: list[Any] = [document, titles.get(document, "")]
        for question in questions:
            one = answers.get(question, {})
            said = one.get("answer") or one.get("error") or (NOT_FOUND if one.get("kind") == "none" else "")
            line += [said, one.get("confidence", ""), one.get("reason", ""), one.get("citations", "").split("\n")[0]]
        lines.append(line)
    return header, lines


def _heading(one: Mapping[str, Any], taken: Collection[str]) -> str:
    """Return what stands above a question's answers; the same question of another day is another."""
    name = f"{one['question']} ({one['as_of']})" if one["as_of"] else str(one["question"])
    return next(said for n in range(1, len(taken) + 2) if (said := name if n == 1 else f"{name} ({n})") not in taken)


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float) else safe(str(value))


def _as_csv(header: Sequence[str], lines: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([safe(name) for name in header])
    writer.writerows([_cell(value) for value in line] for line in lines)
    # The mark at the start makes spreadsheets read UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _as_xlsx(sheets: Mapping[str, tuple[Sequence[str], Sequence[Sequence[Any]]]]) -> bytes:
    try:
        from openpyxl import Workbook
    except ImportError as missing:
        raise MissingExtra("writing XLSX files", "ui") from missing
    book: Any = Workbook()
    book.remove(book.active)
    for name, (header, lines) in sheets.items():
        _fill(book.create_sheet(name), header, lines)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Any, header: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    shown, bold = Alignment(vertical="top", wrap_text=True), Font(bold=True)
    for number, line in enumerate([header, *lines], 1):
        for place, value in enumerate(line, 1):
            cell = sheet.cell(number, place)
            checked = _cell(value)
            cell.value = cut(checked) if isinstance(checked, str) else checked
            if isinstance(checked, str):
                cell.data_type = "s"  # a text, whatever it begins with
            cell.alignment = shown
            if number == 1:
                cell.font = bold
    for place in range(1, len(header) + 1):
        longest = max((len(str(line[place - 1])) for line in lines), default=0)
        sheet.column_dimensions[get_column_letter(place)].width = max(9, min(48, longest + 2))
    sheet.freeze_panes = "C2" if sheet.title == "matrix" else "D2"
    sheet.auto_filter.ref = sheet.dimensions


# --- reading back -----------------------------------------------------------------------------------------------------


def read(file: Path) -> list[dict[str, Any]]:
    """Return the records of an output, quotation marks against running taken off.

    :raises UsageError: the file is missing or is not an output of a batch.
    """
    if not file.is_file():
        raise UsageError(f"no file {file}; name the output of a batch")
    try:
        rows = _read_rows(file)
    except (ValueError, KeyError, OSError, csv.Error) as fault:
        raise UsageError(f"{file.name}: not an output of a batch ({fault})") from fault
    if not rows or "question" not in rows[0] or "answer" not in rows[0]:
        raise UsageError(f"{file.name}: not an output of a batch; its header lacks question and answer")
    return rows


def _read_rows(file: Path) -> list[dict[str, Any]]:
    suffix = file.suffix.lower()
    if suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]
    if suffix == ".csv":
        lines: list[list[Any]] = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))
    elif suffix == ".xlsx":
        from openpyxl import load_workbook

        book = load_workbook(file)
        sheet: Any = book["answers"] if "answers" in book.sheetnames else book.active
        lines = [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)]
    else:
        raise UsageError(f"{file.name}: answers are {', '.join(SUFFIXES)} files")
    header = [unquoted(str(name)) for name in lines[0]] if lines else []
    rows = [dict(zip(header, [unquoted(str(cell)) for cell in line], strict=True)) for line in lines[1:]]
    return _unfolded(rows) if header[:2] == ["documents", "title"] else rows


def _unfolded(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return a record for each answer of a table with one line per document."""
    names = list(rows[0]) if rows else []
    questions = [name for name in names if all(f"{name}{part}" in names for part in WIDE)]
    return [
        {
            "question": question,
            "documents": row["documents"],
            "answer": "" if (none := row[question] == NOT_FOUND) else row[question],
            **dict(
                zip(("confidence", "reason", "citations"), (row[f"{question}{part}"] for part in WIDE), strict=True)
            ),
            "kind": "none" if none else "",
        }
        for row in rows
        for question in questions
        if row[question]
    ]
