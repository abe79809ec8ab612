"""Runs SPARQL in a process of its own: the engine cannot be interrupted, a process can.

As a module it is the child: it reads one JSON object a line (query, limit) and answers with one line each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

from kgqa.errors import IndexFault, QueryError
from kgqa.graph.waiting import readable

MEMORY = 6 << 30
"""Address space in bytes that a query may use, the store's maps included."""
MAX_BYTES = 64 << 20
"""Largest result in bytes."""


class QueryWorker:
    """A child process with the graph open; started at the first query, started again after one that was too slow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._holder: dict[str, Any] = {}
        weakref.finalize(self, _end, self._holder)

    def run(self, sparql: str, limit: int, timeout: float) -> dict[str, Any]:
        """Return the child's answer: ``{"boolean": …}`` or ``{"columns": …, "rows": …, "truncated": …}``.

        :raises QueryError: if the query is malformed or ran into a limit.
        """
        with self._lock:
            process = self._running()
            request = json.dumps({"query": sparql, "limit": limit}).encode() + b"\n"
            try:
                assert process.stdin is not None
                process.stdin.write(request)
                process.stdin.flush()
                line = self._line(process, timeout)
            except BrokenPipeError:
                line = b""
            if not line:
                self.close()
                raise QueryError("SPARQL: the query needs more memory than is allowed; make it more selective")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise QueryError(f"SPARQL: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the child process."""
        _end(self._holder)
        self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            root = str(Path(__file__).parents[2])
            path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._module()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
            )
            self._holder["process"] = self._process
            self._feed(self._process)
            assert self._process.stdout is not None
            # Starting is not the query's fault, so it has a limit of its own.
            if not self._line(self._process, 60.0):
                self.close()
                raise IndexFault(f"the graph in {self._folder} cannot be opened; build it again")
        return self._process

    def _module(self) -> list[str]:
        """Return the module that is the child, and its arguments."""
        return ["kgqa.graph.worker", str(self._folder)]

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        """Give the child what it needs before it can answer; this one has all on the disk."""

    def _line(self, process: subprocess.Popen[bytes], timeout: float) -> bytes:
        limit = time.monotonic() + timeout
        parts: list[bytes] = []
        assert process.stdout is not None
        while not parts or not parts[-1].endswith(b"\n"):
            ready = readable(process.stdout, max(0.0, limit - time.monotonic()))
            if not ready:
                self.close()
                raise QueryError(f"SPARQL: no result within {timeout:g} s; make the query more selective")
            chunk = os.read(process.stdout.fileno(), 1 << 20)
            if not chunk:
                return b""
            parts.append(chunk)
        return b"".join(parts)


def _end(holder: dict[str, Any]) -> None:
    process = holder.pop("process", None)
    if process is not None:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


# --- the child -------------------------------------------------------------------------------------------------------


def main() -> None:
    """Open the store on the disk and answer queries."""
    import pyoxigraph as ox

    limit_memory()
    serve(ox.Store.read_only(sys.argv[1]))


def limit_memory() -> None:
    """Limit what this process may use."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(store: Any) -> None:
    """Answer queries from standard input until it ends."""
    out = sys.stdout.buffer
    out.write(b"ready\n")
    out.flush()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            answer = execute(store, request["query"], request["limit"])
        except (SyntaxError, ValueError, OSError, MemoryError, RuntimeError) as error:
            answer = {"error": " ".join(str(error).split())[:500] or type(error).__name__}
        out.write(json.dumps(answer).encode() + b"\n")
        out.flush()


def execute(store: Any, sparql: str, limit: int) -> dict[str, Any]:
    """Run a checked query on an Oxigraph store and return plain data."""
    import pyoxigraph as ox

    from kgqa.graph.terms import from_ox

    result = store.query(sparql)
    if isinstance(result, ox.QueryBoolean):
        return {"boolean": bool(result)}
    if not isinstance(result, ox.QuerySolutions):
        raise ValueError("only SELECT and ASK are answered")
    columns = [variable.value for variable in result.variables]
    rows: list[list[Any]] = []
    size = 0
    for solution in result:
        if len(rows) == limit:
            return {"columns": columns, "rows": rows, "truncated": True}
        cells: list[Any] = []
        for cell in solution:
            if cell is None:
                cells.append(None)
            else:
                term = from_ox(cell)
                size += len(term.value) + 40
                cells.append((term.value, term.kind, term.language, term.datatype))
        if size > MAX_BYTES:
            raise ValueError(f"the result is larger than {MAX_BYTES >> 20} MB; ask for less")
        rows.append(cells)
    return {"columns": columns, "rows": rows, "truncated": False}


if __name__ == "__main__":
    main()
