"""What was read from text and what people decided about it: one JSON object a line, beside the sources."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from kgqa.errors import SourceError
from kgqa.graph import vocabulary as v
from kgqa.graph.excerpts import ReadFromText, ReadStatement
from kgqa.types import Term

Statement = tuple[Term, Term, Term]

FILE = Path("extracted") / "statements.jsonl"
"""Where a knowledge base keeps it, relative to its folder."""
State = Literal["new", "accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class Found:
    """A statement that a text makes, perhaps.

    :param subject: IRI; ``object`` likewise, or a literal.
    :param names: of subject, relation and object, for people.
    :param fresh: those of subject and object that the graph did not know, as pairs of IRI and class (empty if it has none).
    :param document: id of the document; ``start`` and ``end`` are the characters of the sentence in it.
    :param quote: the sentence.
    :param confidence: in (0, 1).
    :param method: ``pattern`` or ``model``.
    """

    subject: str
    predicate: str
    object: Term
    names: tuple[str, str, str]
    document: str
    start: int
    end: int
    quote: str
    confidence: float
    method: str = "pattern"
    fresh: tuple[tuple[str, str], ...] = ()
    state: State = "new"

    @property
    def id(self) -> str:
        """Short name of the statement: the same in every document and every run."""
        text = "\n".join((self.subject, self.predicate, *map(str, (self.object.value, self.object.kind))))
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def read(path: Path) -> list[Found]:
    """Read a ledger; nothing where there is none.

    :raises SourceError: a line is not as :func:`write` makes it.
    """
    if not path.is_file():
        return []
    found = []
    with path.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            if line.strip():
                found.append(_row(line, path, number))
    return found


def _row(line: str, path: Path, number: int) -> Found:
    try:
        data = json.loads(line)
        data.pop("id", None)
        fresh = tuple((str(iri), str(kind)) for iri, kind in data.get("fresh", ()))
        names = tuple(map(str, data["names"]))
        row = Found(**{**data, "object": Term(**data["object"]), "names": names, "fresh": fresh})
        if row.state not in ("new", "accepted", "rejected") or not isinstance(row.confidence, int | float):
            raise ValueError(f"state {row.state!r}, confidence {row.confidence!r}")
    except (ValueError, TypeError, KeyError) as error:
        raise SourceError(
            f"{path}:{number}: not a statement read from text ({error}); mend the line or run kgqa extract again"
        ) from None
    return row


def write(path: Path, rows: Iterable[Found]) -> int:
    """Write a ledger in the place of the old one; return how many statements it has. The old one stays if this fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    count = 0
    with part.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps({"id": row.id, **asdict(row)}, ensure_ascii=False) + "\n")
            count += 1
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    return count


def merged(old: Sequence[Found], fresh: Iterable[Found]) -> list[Found]:
    """Return what a new run by wordings found, with the decisions of people on it.

    What they decided on stays, found again or not, and so does what a model found.
    """
    states: dict[str, State] = {row.id: row.state for row in old if row.state != "new"}
    now = [replace(row, state=states.get(row.id, "new")) for row in fresh]
    places = {(row.id, row.document, row.start, row.end) for row in now}
    stays = [row for row in old if row.state != "new" or row.method == "model"]
    kept = [row for row in stays if (row.id, row.document, row.start, row.end) not in places]
    return sorted([*kept, *now], key=_order)


def added(old: Sequence[Found], fresh: Iterable[Found]) -> list[Found]:
    """Return the old rows and those of the fresh ones that say something new; decisions hold for new places too."""
    states: dict[str, State] = {row.id: row.state for row in old if row.state != "new"}
    rows = {(row.id, row.document, row.start, row.end): row for row in old}
    for row in fresh:
        rows.setdefault((row.id, row.document, row.start, row.end), replace(row, state=states.get(row.id, "new")))
    return sorted(rows.values(), key=_order)


def _order(row: Found) -> tuple[str, int, int, float, str]:
    return row.document, row.start, row.end, -row.confidence, row.id


def decided(rows: Iterable[Found], ids: Iterable[str], state: State, least: float = 0.0) -> tuple[list[Found], int]:
    """Return the rows with a decision on some of them, and on how many.

    :param ids: of statements, documents, or ``all``; a decision on all or on a document leaves earlier decisions as they are.
    :param least: statements with a smaller confidence are left as they are, unless they are named by their id.
    """
    wanted = frozenset(ids)
    out: list[Found] = []
    count = 0
    for row in rows:
        many = (row.document in wanted or "all" in wanted) and row.state == "new" and row.confidence >= least
        if row.id in wanted or many:
            count += row.state != state
            row = replace(row, state=state)
        out.append(row)
    return out, count


def statements(rows: Iterable[Found], use: str) -> ReadFromText:
    """Return what a graph takes in: the statements that are not rejected, and names and classes of things they bring along.

    :param use: which of them may answer, one of :data:`~kgqa.graph.extraction.settings.USES`.
    """
    states = {"none": (), "accepted": ("accepted",), "all": ("new", "accepted")}[use]
    made: dict[tuple[Statement, str, int], ReadStatement] = {}
    for row in rows:
        if row.state == "rejected":
            continue
        accepted, answers = row.state == "accepted", row.state in states
        for triple in (_triple(row), *_introduced(row)):
            made.setdefault(
                (triple, row.document, row.start),
                ReadStatement(triple, row.document, row.start, row.end, row.confidence, accepted, answers),
            )
    return ReadFromText(tuple(made.values()))


def _triple(row: Found) -> Statement:
    return Term(row.subject), Term(row.predicate), row.object


def _introduced(row: Found) -> Iterator[Statement]:
    """Yield name and class of the things that the graph did not know."""
    for iri, kind in row.fresh:
        name = row.names[0] if iri == row.subject else row.names[2]
        yield Term(iri), Term(v.LABEL), Term(name, "literal")
        if kind:
            yield Term(iri), Term(v.TYPE), Term(kind)


def standing(rows: Iterable[Found], text: Callable[[str], str]) -> Iterator[Found]:
    """Yield the statements whose document still says them, word for word in the same place.

    :param text: gives the text of a document; raises ``KeyError`` when it is gone.
    """
    known: dict[str, str] = {}
    for row in rows:
        if row.document not in known:
            try:
                known = {row.document: text(row.document)}  # rows are in the order of documents
            except KeyError:
                known = {row.document: ""}
        if row.quote and known[row.document][row.start : row.end] == row.quote:
            yield row


def without(rows: Iterable[Found], documents: Collection[str]) -> list[Found]:
    """Return the rows that were not read from some documents, or from rows of these tables: what goes leaves nothing behind."""
    return [row for row in rows if not {row.document, row.document.partition("#")[0]} & set(documents)]
