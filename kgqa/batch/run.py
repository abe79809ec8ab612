"""A file of questions in, a file of answers out."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

from kgqa.batch.journal import Journal
from kgqa.batch.questions import Row, matrix, read_questions
from kgqa.batch.report import report_page
from kgqa.batch.results import check_output, record, replace_file, write
from kgqa.errors import IndexFault, KgqaError, MissingExtra, ModelError, UsageError
from kgqa.streams import pieces
from kgqa.types import Answer, Filters

Progress = Callable[[int, int], None]
CHUNK = 4
"""Questions that go through the stages together, and are kept together. A kill costs those at work: one such piece a core."""


class Answering(Protocol):
    """What a batch needs of a knowledge base."""

    @property
    def name(self) -> str:
        """Short name."""

    @property
    def generation(self) -> str:
        """Name of the index generation in use."""

    def ask_many(self, questions: Sequence[str], *, filters: Sequence[Filters | None] | None = None) -> list[Answer]:
        """Answer questions in order."""

    def documents(self) -> list[tuple[str, str]]:
        """Return id and title of every document."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What came of a run.

    :param faults: number and fault of each row that could not be answered; the others were.
    :param resumed: rows that an interrupted run had answered already.
    :param reasons: why there was no answer, with counts.
    """

    output: Path
    total: int
    answered: int
    abstained: int
    faults: tuple[tuple[int, str], ...]
    resumed: int
    seconds: float
    reasons: dict[str, int]
    page: Path | None = None


def run(
    questions: str | Path,
    kb: Answering,
    output: str | Path,
    *,
    resume: bool = True,
    progress: Progress | None = None,
    documents: Collection[str] | None = None,
    each_document: bool = False,
    groups: frozenset[str] | None = None,
    chunk: int = CHUNK,
    page: str | Path | None = None,
    language: str = "en",
) -> BatchReport:
    """Answer a file of questions.

    The answers appear under ``output`` when all are done; until then a journal beside it keeps what has been answered,
    and the same call goes on from there.

    :param output: its suffix (``.csv``, ``.xlsx``, ``.jsonl``) chooses the format.
    :param resume: go on with an interrupted run of the same questions over the same index.
    :param progress: called with the number of rows done and the number of all.
    :param documents: with ``each_document``, the documents to ask, by id or by pattern (``contracts/2023*``); ``None``
        asks all.
    :param each_document: ask each question of each document alone; CSV and XLSX then have one line per document.
    :param groups: what the asking user may see.
    :param page: an HTML summary is written there, least certain answers first.
    :param language: that of the summary, ``en`` or ``zh``.
    :raises UsageError: the questions cannot be read, or the output cannot be written.
    """
    source, target = Path(questions), Path(output)
    check_output(target)
    if source.resolve() == target.resolve():
        raise UsageError(f"{target.name}: the answers would replace the questions; name another output")
    known = [doc_id for doc_id, _ in kb.documents()]
    rows = read_questions(source, known)
    if each_document:
        rows = matrix(rows, _chosen(documents, known))
    started = time.perf_counter()
    journal = Journal(target.with_name(target.name + ".journal"), _identity(source, kb, rows, groups), resume=resume)
    try:
        resumed = len(journal.done)
        _answer_all(rows, kb, journal, groups, chunk, progress)
        records = [journal.done[row.number]["record"] for row in rows]
        write(target, records, wide=each_document, titles=dict(kb.documents()))
        summary = _report(target, records, resumed, time.perf_counter() - started, Path(page) if page else None)
        if page:
            replace_file(Path(page), report_page(kb.name, records, language).encode())
        journal.finish()
    finally:
        journal.close()
    return summary


def _chosen(documents: Collection[str] | None, known: Sequence[str]) -> list[str]:
    if not documents:
        return sorted(known)
    chosen: dict[str, None] = {}
    for wanted in documents:
        found = [wanted] if wanted in known else sorted(one for one in known if fnmatchcase(one, wanted))
        if not found:
            raise UsageError(f"no document {wanted!r} in this knowledge base; see its list of documents")
        chosen.update(dict.fromkeys(found))
    return list(chosen)


def _identity(source: Path, kb: Answering, rows: Sequence[Row], groups: frozenset[str] | None) -> dict[str, Any]:
    """Return what must be the same for a run to go on: the rows, who asks, the knowledge base and its index."""
    parts = hashlib.sha256(source.read_bytes())
    parts.update("\n".join(f"{row.number}|{row.document}" for row in rows).encode())
    parts.update("|".join(sorted(groups or ())).encode() if groups is not None else b"-")
    return {"questions": parts.hexdigest(), "kb": kb.name, "generation": kb.generation, "rows": len(rows)}


def _answer_all(
    rows: Sequence[Row],
    kb: Answering,
    journal: Journal,
    groups: frozenset[str] | None,
    chunk: int,
    progress: Progress | None,
) -> None:
    waiting = [row for row in rows if row.number not in journal.done]
    done = len(rows) - len(waiting)
    if progress is not None:
        progress(done, len(rows))
    for _, answered in pieces(waiting, lambda part: _answered(part, kb, groups), size=chunk):
        journal.add({"row": row.number, "record": result} for row, result in answered)
        done += len(answered)
        if progress is not None:
            progress(done, len(rows))


def _answered(rows: Sequence[Row], kb: Answering, groups: frozenset[str] | None) -> list[tuple[Row, dict[str, Any]]]:
    good = [row for row in rows if not row.fault]
    answers: dict[int, tuple[Answer | None, str]] = {row.number: (None, row.fault) for row in rows if row.fault}
    if good:
        answers.update(zip((row.number for row in good), _asked(good, kb, groups), strict=True))
    return [(row, record(row, *answers[row.number])) for row in rows]


def _asked(rows: Sequence[Row], kb: Answering, groups: frozenset[str] | None) -> list[tuple[Answer | None, str]]:
    """Ask rows together; when that fails, one by one, so that only the row at fault is lost.

    :raises KgqaError: no row is at fault but the index or a model, and every other row would fail as well.
    """
    filters = [_seen(row.filters, groups) for row in rows]
    try:
        return [(answer, "") for answer in kb.ask_many([row.question for row in rows], filters=filters)]
    except (IndexFault, ModelError, MissingExtra):
        raise
    except Exception as fault:
        if len(rows) == 1:
            return [(None, _why(fault))]
    return [one for row in rows for one in _asked([row], kb, groups)]


def _seen(filters: Filters, groups: frozenset[str] | None) -> Filters:
    return Filters(filters.as_of, filters.jurisdiction, filters.language, groups, filters.documents)


def _why(fault: Exception) -> str:
    line = " ".join(str(fault).split())
    return line if isinstance(fault, KgqaError) else f"internal fault ({type(fault).__name__}): {line}"


def _report(
    target: Path, records: Sequence[dict[str, Any]], resumed: int, seconds: float, page: Path | None
) -> BatchReport:
    faults = tuple((one["row"], one["error"]) for one in records if one["error"])
    asked = [one for one in records if not one["error"]]
    abstained = [one for one in asked if one["kind"] == "none"]
    reasons = dict(Counter(one["reason"] for one in abstained))
    return BatchReport(
        target, len(records), len(asked) - len(abstained), len(abstained), faults, resumed, seconds, reasons, page
    )
