"""Queries over the part of a graph that somebody may see: a child process that holds only those statements, in its memory.

As a module it is the child: it reads the statements as N-Quads, each piece after a line with its length in bytes, an empty piece
at the end, and then answers queries as :mod:`kgqa.graph.worker` does. Nothing of the part is written to the disk.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator

from kgqa.errors import QueryError
from kgqa.graph.store import GraphStore
from kgqa.graph.terms import encode
from kgqa.graph.view import View
from kgqa.graph.worker import QueryWorker, limit_memory, serve

PIECE = 1 << 20
"""Bytes that are handed to the child at a time."""


class VisibleWorker(QueryWorker):
    """A child process that holds the statements of a store that a view shows.

    :param view: says which statements those are; what limits it besides rights (a day, a place) is left aside.
    """

    def __init__(self, store: GraphStore, view: Callable[[], View]) -> None:
        super().__init__(store.folder)
        self._store, self._view = store, view

    def _module(self) -> list[str]:
        return ["kgqa.graph.visible"]

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        try:
            for piece in _pieces(statements(self._store, self._view())):
                process.stdin.write(b"%d\n" % len(piece) + piece)
            process.stdin.write(b"0\n")
            process.stdin.flush()
        except BrokenPipeError:
            self.close()
            raise QueryError("SPARQL: what you may see of this graph does not fit into memory") from None


def statements(store: GraphStore, view: View) -> Iterator[bytes]:
    """Yield as N-Quads the statements whose sources a view shows: each in the default graph and in the named ones it shows.

    Statements of the same origin are alike unless they name sources of their own.
    """
    graph, own = store.graph, store.annotated()
    decided: dict[int, tuple[bool, tuple[bytes, ...]]] = {}
    terms: dict[int, bytes | None] = {}
    for number in range(graph.statements):
        origin = int(graph.out_contexts[number])
        if origin not in decided or number in own:
            triple = store.statement(number)
            shown = view.sees(triple), tuple(map(_graph, view.graphs(triple)))
            if number not in own:
                decided[origin] = shown
        else:
            shown = decided[origin]
        if not shown[0]:
            continue
        parts = [
            terms[key] if key in terms else terms.setdefault(key, encode(graph.term(key)))
            for key in (graph.subject_of(number), int(graph.out_predicates[number]), int(graph.out_objects[number]))
        ]
        if all(part is not None and not part.startswith(b"<<") for part in parts):
            said = b" ".join(part for part in parts if part is not None)
            yield from (said + name + b" .\n" for name in (b"", *shown[1]))


def _graph(iri: str) -> bytes:
    return f" <{iri}>".encode()


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    gathered: list[bytes] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line)
        if size >= PIECE:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def main() -> None:
    """Take the statements from standard input, then answer queries until it ends."""
    import pyoxigraph as ox

    limit_memory()
    store = ox.Store()
    while size := int(sys.stdin.buffer.readline() or 0):
        store.load(sys.stdin.buffer.read(size), format=ox.RdfFormat.N_QUADS)
    serve(store)


if __name__ == "__main__":
    main()
