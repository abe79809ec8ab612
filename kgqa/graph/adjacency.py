"""A compact graph in memory-mapped arrays, so that a hop costs microseconds and opening costs nothing.

Terms are numbered; statements are kept twice in compressed sparse rows, by subject and by object. Files in the folder
(numpy arrays unless said otherwise):

``terms.bin``             the terms in N-Triples notation, one after the other
``term_starts``           (n + 1,) where each term starts in ``terms.bin``
``hash_values``           (n,) 64-bit hashes of the terms, ascending; ``hash_terms`` the terms in that order
``out_starts``            (n + 1,) first statement of each subject; statements are sorted by subject, predicate, object
``out_predicates``, ``out_objects``, ``out_contexts``   (m,) of each statement
``in_starts``             (n + 1,) first statement of each object
``in_statements``         (m,) numbers of the statements, sorted by object, predicate, subject
``in_subjects``           (m,) their subjects

A statement takes 24 bytes, a term its text and 36 bytes. All of it is mapped: what is never touched is never read.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import IndexFault
from kgqa.graph.terms import decode, encode
from kgqa.types import Term

Numbers = NDArray[Any]
_CACHE = 200_000
_ARRAYS = (
    "term_starts",
    "hash_values",
    "hash_terms",
    "out_starts",
    "out_predicates",
    "out_objects",
    "out_contexts",
    "in_starts",
    "in_statements",
    "in_subjects",
)


def mapped(path: Path) -> Numbers:
    """Map a saved array read-only.

    As a plain array: numpy's own class for mapped files makes each access several times slower.
    """
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)  # type: ignore[no-any-return]


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


class Adjacency:
    """The numbered graph, read-only."""

    def __init__(self, folder: Path) -> None:
        """Map the arrays of a folder.

        :raises IndexFault: if one is missing or damaged.
        """
        try:
            arrays = {name: mapped(folder / f"{name}.npy") for name in _ARRAYS}
            with (folder / "terms.bin").open("rb") as handle:
                handle.seek(0, 2)
                self._blob: Any = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) if handle.tell() else b""
        except (OSError, ValueError) as error:
            raise IndexFault(f"the graph in {folder.parent} is missing or damaged ({error}); build it again") from None
        if len(arrays["term_starts"]) and int(arrays["term_starts"][-1]) != len(self._blob):
            raise IndexFault(f"the graph in {folder.parent} is damaged (terms.bin is cut); build it again")
        self._starts = arrays["term_starts"]
        self._hashes, self._hashed = arrays["hash_values"], arrays["hash_terms"]
        self.out_starts, self.out_predicates = arrays["out_starts"], arrays["out_predicates"]
        self.out_objects, self.out_contexts = arrays["out_objects"], arrays["out_contexts"]
        self.in_starts, self.in_statements = arrays["in_starts"], arrays["in_statements"]
        self.in_subjects = arrays["in_subjects"]
        self._terms: dict[int, Term] = {}

    @property
    def terms(self) -> int:
        """Number of terms."""
        return max(0, len(self._starts) - 1)

    @property
    def statements(self) -> int:
        """Number of statements."""
        return len(self.out_objects)

    def number(self, term: Term) -> int | None:
        """Return the number of a term, ``None`` if the graph has no such term."""
        data = encode(term)
        if data is None:
            return None
        wanted = np.uint64(_hash(data))
        at = int(self._hashes.searchsorted(wanted))
        while at < len(self._hashes) and self._hashes[at] == wanted:
            number = int(self._hashed[at])
            if self._text(number) == data:
                return number
            at += 1
        return None

    def term(self, number: int) -> Term:
        """Return the term with a number."""
        known = self._terms.get(number)
        if known is None:
            known = decode(self._text(number))
            if len(self._terms) >= _CACHE:
                self._terms.clear()
            self._terms[number] = known
        return known

    def out(self, subject: int) -> tuple[Numbers, Numbers, int]:
        """Return predicates and objects of the statements about a subject, and the number of the first one."""
        start, end = int(self.out_starts[subject]), int(self.out_starts[subject + 1])
        return self.out_predicates[start:end], self.out_objects[start:end], start

    def into(self, object: int) -> tuple[Numbers, Numbers]:
        """Return subjects of the statements that have an object, and the numbers of the statements."""
        start, end = int(self.in_starts[object]), int(self.in_starts[object + 1])
        return self.in_subjects[start:end], self.in_statements[start:end]

    def objects(self, subject: int, predicate: int) -> Numbers:
        """Return the objects of a subject's statements with a predicate."""
        predicates, objects, _ = self.out(subject)
        low, high = predicates.searchsorted(predicate, "left"), predicates.searchsorted(predicate, "right")
        found: Numbers = objects[low:high]
        return found

    def subjects(self, object: int, predicate: int) -> Numbers:
        """Return the subjects of the statements with a predicate and an object."""
        subjects, statements = self.into(object)
        found: Numbers = subjects[self.out_predicates[statements] == predicate]
        return found

    def statement(self, subject: int, predicate: int, object: int) -> int | None:
        """Return the number of a statement, ``None`` if it is not in the graph."""
        predicates, objects, start = self.out(subject)
        low, high = predicates.searchsorted(predicate, "left"), predicates.searchsorted(predicate, "right")
        at = int(low + objects[low:high].searchsorted(object))
        return start + at if at < high and objects[at] == object else None

    def subject_of(self, statement: int) -> int:
        """Return the subject of a statement."""
        # A number of another type would make numpy convert the whole array first.
        return int(self.out_starts.searchsorted(np.uint64(statement), "right")) - 1

    def term_starts(self) -> Numbers:
        """Return where each term starts in :meth:`blob`, and its end."""
        starts: Numbers = self._starts
        return starts

    def blob(self) -> Any:
        """Return the buffer of all terms in N-Triples notation."""
        return self._blob

    def _text(self, number: int) -> bytes:
        data: bytes = self._blob[int(self._starts[number]) : int(self._starts[number + 1])]
        return data


class AdjacencyBuilder:
    """Collects statements and writes the arrays.

    Needs about 24 bytes a statement and 200 bytes a term while it works.
    """

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._chunks: list[NDArray[np.uint32]] = []
        self._rows: list[int] = []
        self.contexts: dict[tuple[int, ...], int] = {}

    def read(self, path: Path, runs: Sequence[tuple[int, int]]) -> None:
        """Take statements from a file of N-Triples as Oxigraph writes them.

        :param runs: pairs of context (a number that says where statements are from) and count of lines in a row.
        """
        numbers, rows = self._numbers, self._rows
        with path.open("rb") as handle:
            for context, count in runs:
                for _, line in zip(range(count), handle, strict=False):
                    subject, predicate, thing = line.split(b" ", 2)
                    rows += (
                        numbers.setdefault(subject, len(numbers)),
                        numbers.setdefault(predicate, len(numbers)),
                        numbers.setdefault(thing[:-3], len(numbers)),
                        context,
                    )
                    if len(rows) >= 400_000:
                        self._flush()
        self._flush()

    def add(self, subject: Term, predicate: Term, object: Term, context: int) -> None:
        """Take one statement."""
        for term in (subject, predicate, object):
            data = encode(term)
            if data is None:
                raise ValueError(f"not a term: {term.value[:80]!r}")
            self._rows.append(self._numbers.setdefault(data, len(self._numbers)))
        self._rows.append(context)

    def _flush(self) -> None:
        if self._rows:
            self._chunks.append(np.array(self._rows, dtype=np.uint32).reshape(-1, 4))
            self._rows.clear()

    def write(self, folder: Path) -> tuple[tuple[int, ...], ...]:
        """Write the arrays; return the sets of contexts that ``out_contexts`` numbers."""
        self._flush()
        folder.mkdir(parents=True, exist_ok=True)
        self._write_terms(folder)
        table = np.concatenate(self._chunks) if self._chunks else np.zeros((0, 4), np.uint32)
        self._chunks.clear()
        table = table[np.lexsort((table[:, 3], table[:, 2], table[:, 1], table[:, 0]))]
        new = np.ones(len(table), bool)
        new[1:] = np.any(table[1:, :3] != table[:-1, :3], axis=1)
        firsts = np.flatnonzero(new)
        sets, numbers = _context_sets(table[:, 3], firsts)
        table = table[firsts]
        n = len(self._numbers)
        order = np.lexsort((table[:, 0], table[:, 1], table[:, 2]))
        arrays = {
            "out_starts": _starts(table[:, 0], n),
            "out_predicates": table[:, 1],
            "out_objects": table[:, 2],
            "out_contexts": numbers,
            "in_starts": _starts(table[:, 2], n),
            "in_statements": order.astype(np.uint32),
            "in_subjects": table[order, 0],
        }
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", np.ascontiguousarray(array))
        return sets

    def _write_terms(self, folder: Path) -> None:
        starts = np.zeros(len(self._numbers) + 1, np.uint64)
        np.cumsum(np.fromiter(map(len, self._numbers), np.uint64, len(self._numbers)), out=starts[1:])
        with (folder / "terms.bin").open("wb") as handle:
            for text in self._numbers:
                handle.write(text)
        hashes = np.fromiter((_hash(text) for text in self._numbers), np.uint64, len(self._numbers))
        order = np.argsort(hashes, kind="stable")
        np.save(folder / "term_starts.npy", starts)
        np.save(folder / "hash_values.npy", hashes[order])
        np.save(folder / "hash_terms.npy", order.astype(np.uint32))


def _starts(column: NDArray[np.uint32], n: int) -> NDArray[np.uint64]:
    starts = np.zeros(n + 1, np.uint64)
    np.cumsum(np.bincount(column, minlength=n), out=starts[1:])
    return starts


def _context_sets(
    contexts: NDArray[np.uint32], firsts: NDArray[np.intp]
) -> tuple[tuple[tuple[int, ...], ...], NDArray[np.uint32]]:
    """Return the distinct sets of contexts and for each distinct statement the number of its set."""
    ends = np.append(firsts[1:], len(contexts))
    numbers = np.zeros(len(firsts), np.uint32)
    known: dict[tuple[int, ...], int] = {}
    singles = ends - firsts == 1
    alone = contexts[firsts[singles]]
    for context in np.unique(alone):
        known[(int(context),)] = len(known)
    if len(known):
        lookup = np.zeros(int(alone.max()) + 1, np.uint32)
        for (context,), number in known.items():
            lookup[context] = number
        numbers[singles] = lookup[alone]
    for at in np.flatnonzero(~singles):
        key = tuple(dict.fromkeys(int(context) for context in contexts[firsts[at] : ends[at]]))
        numbers[at] = known.setdefault(key, len(known))
    return tuple(known), numbers
