"""A file of questions in, a file of answers out."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

from kgqa.batch.journal import SUFFIX, Journal
from kgqa.batch.questions import Row, matrix, named, read_questions
from kgqa.batch.report import report_page
from kgqa.batch.results import check_folder, check_output, columns, record, replace_file, write
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

    def documents(self, filters: Filters | None = None) -> list[tuple[str, str]]:
        """Return id and title of every document that the filters do not hide."""

    def stats(self) -> Mapping[str, Any]:
        """Return facts of the index; ``models`` are the fingerprints of the models in use."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What came of a run.

    :param faults: number and fault of each row that could not be answered; the others were.
    :param resumed: rows that an interrupted run had answered already.
    :param stale: results of an interrupted run that another index or other models gave; they were not taken over.
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
    stale: int = 0


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
    say: Callable[[str], str] = str,
) -> BatchReport:
    """Answer a file of questions.

    The answers appear under ``output`` when all are done; until then a journal beside it keeps what has been answered,
    and the same call goes on from there. A question that stands in several rows is asked once.

    :param output: its suffix (``.csv``, ``.xlsx``, ``.jsonl``) chooses the format.
    :param resume: go on with an interrupted run over the same index with the same models; what it has answered of these
        questions is not asked again.
    :param progress: called with the number of rows done and the number of all.
    :param documents: with ``each_document``, the documents to ask, by id or by pattern (``contracts/2023*``); ``None``
        asks all.
    :param each_document: ask each question of each document alone; CSV and XLSX then have one line per document.
    :param groups: what the asking user may see.
    :param page: an HTML summary is written there, least certain answers first.
    :param language: that of the summary, ``en`` or ``zh``.
    :param say: puts what is wrong with a row into that language.
    :raises UsageError: the questions cannot be read, or the output cannot be written.
    """
    source, target, summary = Path(questions), Path(output), Path(page) if page else None
    _check_places(source, target, summary)
    if documents and not each_document:
        raise UsageError("documents are chosen for a matrix only; ask each document, or give rows a column documents")
    titles = dict(kb.documents(None if groups is None else Filters(groups=groups)))
    rows = read_questions(source, titles)
    if each_document:
        rows = matrix(rows, _chosen(documents, list(titles)))
    started = time.perf_counter()
    journal = Journal(target.with_name(target.name + SUFFIX), _identity(kb, groups), resume=resume)
    try:
        asked = {_key(row): row for row in rows if not row.fault}
        resumed = sum(not row.fault and _key(row) in journal.done for row in rows)
        errors = _answer_all(rows, asked, kb, journal, groups, chunk, progress)
        records = [_record(row, journal, errors) for row in rows]
        write(target, records, wide=each_document, titles=titles)
        if summary:
            replace_file(summary, report_page(kb.name, records, language, say=say).encode())
        journal.finish()
    finally:
        journal.close()
    return _report(target, records, resumed, journal.stale, time.perf_counter() - started, summary)


def _check_places(source: Path, target: Path, page: Path | None) -> None:
    """Refuse, before anything is asked, what could not be written in the end or would replace what is read.

    :raises UsageError: with what is wrong.
    """
    check_output(target)
    if page is not None:
        check_folder(page)
    places = [one.resolve() for one in (target, page) if one is not None]
    if source.resolve() in places:
        raise UsageError(f"{source.name}: the answers would replace the questions; name another output")
    if len(set(places)) < len(places):
        raise UsageError(f"{target.name}: answers and summary cannot be one file; name another page")


def _chosen(documents: Collection[str] | None, known: Sequence[str]) -> list[str]:
    if not documents:
        return sorted(known)
    chosen: dict[str, None] = {}
    for wanted in documents:
        one = named(wanted, known)
        pattern = wanted.removeprefix("documents/")
        found = [one] if one else sorted(one for one in known if fnmatchcase(one, wanted) or fnmatchcase(one, pattern))
        if not found:
            raise UsageError(f"no document {wanted!r} in this knowledge base; see its list of documents")
        chosen.update(dict.fromkeys(found))
    return list(chosen)


def _identity(kb: Answering, groups: frozenset[str] | None) -> dict[str, Any]:
    """Return what must be the same for results to be taken over: the index, the models, and who asks."""
    asker = None if groups is None else sorted(groups)
    models = dict(kb.stats().get("models", {}))
    return {"kb": kb.name, "generation": kb.generation, "models": models, "groups": asker}


def _key(row: Row) -> str:
    """Return the same text for rows that ask the same."""
    limits = row.filters
    day = limits.as_of.isoformat() if limits.as_of else None
    documents = None if limits.documents is None else sorted(limits.documents)
    asked = [row.question, day, limits.jurisdiction, limits.language, documents]
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()[:32]


def _record(row: Row, journal: Journal, errors: Mapping[str, str]) -> dict[str, Any]:
    if row.fault:
        return record(row)
    key = _key(row)
    return record(row, error=errors[key]) if key in errors else record(row, journal.done[key])


def _answer_all(
    rows: Sequence[Row],
    asked: Mapping[str, Row],
    kb: Answering,
    journal: Journal,
    groups: frozenset[str] | None,
    chunk: int,
    progress: Progress | None,
) -> dict[str, str]:
    """Answer what the journal does not have; return what went wrong by key."""
    waiting = [key for key in asked if key not in journal.done]
    weight = Counter(_key(row) for row in rows if not row.fault)
    done = len(rows) - sum(weight[key] for key in waiting)
    errors: dict[str, str] = {}
    if progress is not None:
        progress(done, len(rows))
    for at, found in pieces(waiting, lambda keys: _asked([asked[key] for key in keys], kb, groups), size=chunk):
        some = dict(zip(waiting[at : at + chunk], found, strict=True))
        journal.add({key: columns(answer) for key, (answer, _) in some.items() if answer is not None})
        errors.update((key, fault) for key, (answer, fault) in some.items() if answer is None)
        done += sum(weight[key] for key in some)
        if progress is not None:
            progress(done, len(rows))
    return errors


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
    return replace(filters, groups=groups)


def _why(fault: Exception) -> str:
    line = " ".join(str(fault).split())
    return line if isinstance(fault, KgqaError) else f"internal fault ({type(fault).__name__}): {line}"


def _report(
    target: Path, records: Sequence[dict[str, Any]], resumed: int, stale: int, seconds: float, page: Path | None
) -> BatchReport:
    faults = tuple((one["row"], one["error"]) for one in records if one["error"])
    asked = [one for one in records if not one["error"]]
    abstained = [one for one in asked if one["kind"] == "none"]
    reasons = dict(Counter(one["reason"] for one in abstained))
    return BatchReport(
        target,
        len(records),
        len(asked) - len(abstained),
        len(abstained),
        faults,
        resumed,
        seconds,
        reasons,
        page,
        stale,
    )
