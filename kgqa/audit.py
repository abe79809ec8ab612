"""A record of each answer, chained by hashes, and the replay that gives the answer again.

A record tells what was asked, on which index and models, and what came out as a digest with its citations by place; it
holds no text of a source, so that a document that is removed leaves nothing here. Each record names the hash of the
one before; a small file beside the journal names the last one. Who edits, drops or reorders a line breaks the
chain, and who cuts the end off contradicts the file beside it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgqa.errors import IndexFault, UsageError
from kgqa.records import from_json, to_json
from kgqa.types import Answer, Filters, Link

if TYPE_CHECKING:
    from kgqa.qa import Request

START = "0" * 64
"""What the first record names as the hash before it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is needed to ask again."""

    question: str
    filters: Filters = Filters()
    links: tuple[Link, ...] = ()


class Journal:
    """An append-only file of records, one JSON object a line.

    :param path: the file; made when the first record is written. The hash of the last record is kept in ``path + ".head"``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head = path.with_name(path.name + ".head")

    def append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write records; they are on the disk when this returns. A line that a killed writer left torn is taken out first.

        :raises IndexFault: the journal cannot be written, or its end contradicts the file beside it.
        """
        try:
            with self._locked() as file:
                number, last = self._resume(file)
                for entry in entries:
                    number += 1
                    body = {"number": number, "previous": last, **entry}
                    last = _hash(body)
                    file.write(_line({**body, "hash": last}))
                file.flush()
                os.fsync(file.fileno())
                self._remember(number, last)
        except OSError as error:
            reason = error.strerror or str(error)
            raise IndexFault(
                f"{self.path}: the record cannot be written ({reason}); no answer is given without"
            ) from error

    def records(self) -> Iterator[dict[str, Any]]:
        """Return the records in their order, as they stand; a torn last line is left out."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield json.loads(line)

    def read(self, number: int) -> dict[str, Any]:
        """Return one record.

        :raises UsageError: there is none of that number.
        """
        for record in self.records():
            if record.get("number") == number:
                return record
        raise UsageError(f"{self.path}: has no record {number}; kgqa audit lists them")

    def faults(self) -> list[str]:
        """Return what is wrong with the chain; empty when it is whole. A torn last line was never answered and is no fault."""
        found: list[str] = []
        number, last = 0, START
        try:
            for record in self.records():
                number += 1
                body = {key: value for key, value in record.items() if key != "hash"}
                if record.get("number") != number or record.get("previous") != last:
                    found.append(f"record {number}: does not follow the one before; a line was dropped, added or moved")
                if record.get("hash") != _hash(body):
                    found.append(f"record {number}: was changed after it was written")
                number, last = int(record.get("number", number)), str(record.get("hash"))
        except (ValueError, AttributeError, TypeError):
            return [*found, f"record {number + 1}: is no record"]
        known = self._known()
        if known is None:
            return [*found, f"{self._head.name}: is missing"] if number else found
        if known[0] > number or (known[0] == number and known[1] != last):
            found.append(f"the end is missing: {known[0]} records were written, {number} are there")
        return found

    # --- inside -

    @contextmanager
    def _locked(self) -> Iterator[Any]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def _resume(self, file: Any) -> tuple[int, str]:
        """Return number and hash of the last whole record, and leave the file at its end."""
        size = file.seek(0, os.SEEK_END)
        step, tail = 4096, b""
        while len(tail) < size and b"\n" not in tail[:-1]:
            file.seek(max(0, size - step))
            tail, step = file.read(), step * 2
        if tail and not tail.endswith(b"\n"):
            file.truncate(size - len(tail) + tail.rfind(b"\n") + 1)
            return self._resume(file)
        record: dict[str, Any] = json.loads(tail.splitlines()[-1]) if tail else {"number": 0, "hash": START}
        known = self._known()
        if known is not None and known[0] > record["number"]:
            raise IndexFault(f"{self.path}: its end is missing; keep the file for inspection and begin another")
        return int(record["number"]), str(record["hash"])

    def _known(self) -> tuple[int, str] | None:
        try:
            number, last = self._head.read_text(encoding="utf-8").split()
            return int(number), last
        except (OSError, ValueError):
            return None

    def _remember(self, number: int, last: str) -> None:
        fresh = self._head.with_name(self._head.name + ".tmp")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(f"{number} {last}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._head)


def record(name: str, journal: Journal, requests: Sequence[Request], answers: Sequence[Answer]) -> None:
    """Write the records of answers; they are on the disk when this returns, so that no answer is given without one.

    :raises IndexFault: they cannot be written.
    """
    asked = [Asked(request.question, request.filters, request.links) for request in requests]
    journal.append([entry(name, a, answer) for a, answer in zip(asked, answers, strict=True)])


def entry(kb: str, asked: Asked, answer: Answer) -> dict[str, Any]:
    """Return the record of an answer, before it gets its number."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "kb": kb,
        "asked": to_json(asked),
        "generation": answer.generation,
        "models": dict(answer.models),
        "kind": answer.kind,
        "reason": answer.reason.value if answer.reason else None,
        "confidence": round(answer.confidence, 6),
        "citations": citations(answer),
        "digest": digest(answer),
    }


def citations(answer: Answer) -> list[dict[str, Any]]:
    """Return where the evidence stands: quotations by document, place and hash, paths by their query."""
    return [
        {"document": e.passage.doc_id, "start": e.start, "end": e.end, "sha256": _sha(e.quote)}
        if e.passage is not None
        else {"sparql": e.sparql}
        for e in answer.evidence
    ]


def digest(answer: Answer) -> str:
    """Identify an answer: its text, items, confidence, reason and evidence; not the seconds that it took."""
    reason = answer.reason.value if answer.reason else None
    said = [answer.text, answer.kind, list(answer.items), list(answer.iris), round(answer.confidence, 6), reason]
    return _sha(json.dumps([*said, citations(answer)], ensure_ascii=False, sort_keys=True))


def asked_of(record: Mapping[str, Any]) -> Asked:
    """Return what a record's question was.

    :raises UsageError: it is no record of an answer.
    """
    return from_json(Asked, record.get("asked"))


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of asking again.

    :param same: whether the answer is the recorded one, to the last citation.
    :param changed: what differs between then and now: ``generation``, ``models``, ``kind``, ``reason``, ``confidence``,
        ``citations``.
    """

    same: bool
    changed: tuple[str, ...]
    answer: Answer


def compare(record: Mapping[str, Any], answer: Answer) -> Replay:
    """Compare a record with the answer of today."""
    now = entry(str(record.get("kb", "")), asked_of(record), answer)
    parts = ("generation", "models", "kind", "reason", "confidence", "citations")
    return Replay(record.get("digest") == now["digest"], tuple(p for p in parts if record.get(p) != now[p]), answer)


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, sort_keys=True).encode("utf-8", "backslashreplace") + b"\n"


def _hash(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(_line(body)).hexdigest()


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
