"""Reads RDF, OBO and mapped CSV files, each in a limited child process; a bad file is reported, the rest is read."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgqa.graph.parsing import FORMATS, OTHERS, base_iri, suffix
from kgqa.graph.tables import TableMapping
from kgqa.graph.waiting import readable

Progress = Callable[[int, int], None]
"""Called with the number of files done and of files in all."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What came of each file.

    :param files: pairs of file (relative to the root) and number of statements.
    :param problems: pairs of file and reason, one line each; nothing of these files is in the graph.
    :param triples: distinct statements in all, derived ones included.
    :param derived: how many of them were derived by rules.
    :param violations: results of the validation against shapes, warnings included.
    :param notes: what else the builder should know, one line each (rules that were cut, files without statements).
    """

    files: tuple[tuple[str, int], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    triples: int = 0
    derived: int = 0
    violations: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What parsing one file may use.

    :param memory: bytes of address space.
    :param seconds: processor time for a small file; big files get ``seconds_per_mb`` more.
    """

    memory: int = 4 << 30
    seconds: float = 20.0
    seconds_per_mb: float = 2.0


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that was read.

    :param name: path relative to the root.
    :param triples: file of N-Triples, in the order of the source.
    :param quads: file of N-Quads with the statements that have a graph name, or ``None``.
    :param runs: graph name ("" for none) and number of triples in a row that belong to it.
    :param blanks: whether there are blank nodes.
    """

    name: str
    triples: Path
    quads: Path | None
    runs: tuple[tuple[str, int], ...]
    blanks: bool = True

    @property
    def iri(self) -> str:
        """The IRI that stands for the file in the graph."""
        return base_iri(self.name)


def is_plain_note(name: str) -> bool:
    """Tell by its name whether a file is a licence or a note to people, which may lie beside graph files."""
    return suffix(name) in ("", ".md", ".txt", ".license")


def is_graph_file(name: str) -> bool:
    """Tell by its name whether a file is one that :func:`parse_files` reads (CSV only with a mapping)."""
    return suffix(name) in FORMATS or suffix(name) in OTHERS


def parse_files(
    files: Sequence[Path],
    root: Path,
    work: Path,
    tables: Sequence[TableMapping] = (),
    progress: Progress | None = None,
    limits: Limits = LIMITS,
) -> Iterator[Parsed | tuple[str, str]]:
    """Read files in order; yield for each one a :class:`Parsed` or a pair of its name and what is wrong.

    :param root: names are relative to this folder.
    :param work: an empty folder for the output.
    """
    entries: list[dict[str, Any]] = []
    names = [file.relative_to(root).as_posix() for file in files]
    results: dict[int, Parsed | tuple[str, str]] = {}
    for number, (file, name) in enumerate(zip(files, names, strict=True)):
        problem = _refusal(file, name)
        table = _mapping(file, name, tables)
        if problem is None and suffix(name) in (".csv", ".tsv") and table is None:
            problem = "a table without a mapping; add [[tables]] to kb.toml or move it to documents/"
        if problem is not None:
            results[number] = (name, problem)
            continue
        seconds = limits.seconds + limits.seconds_per_mb * file.stat().st_size / 1e6 * (
            10 if name.endswith(".gz") else 1
        )
        entry = {"number": number, "path": str(file.resolve()), "name": name, "seconds": seconds}
        entries.append(entry | ({"table": dataclasses.asdict(table)} if table else {}))
    done = 0
    for number, result in _run(entries, work, limits):
        results[number] = result
        while done in results:
            yield results.pop(done)
            done += 1
            if progress:
                progress(done, len(files))
    while done in results:
        yield results.pop(done)
        done += 1
        if progress:
            progress(done, len(files))


def _refusal(file: Path, name: str) -> str | None:
    try:
        if not file.is_file():
            return "not a regular file"
        if file.stat().st_size == 0:
            return "the file is empty"
    except OSError as error:
        return str(error.strerror)
    if not is_graph_file(name):
        return f"the ending {suffix(name)!r} is of no known format; use {', '.join(sorted({*FORMATS, *OTHERS}))}"
    if not os.access(file, os.R_OK):
        return "no permission to read it"
    return None


def _mapping(file: Path, name: str, tables: Sequence[TableMapping]) -> TableMapping | None:
    for table in tables:
        if table.file in (name, file.name) or name.endswith("/" + table.file):
            return table
    return None


def _run(entries: list[dict[str, Any]], work: Path, limits: Limits) -> Iterator[tuple[int, Parsed | tuple[str, str]]]:
    """Feed files to child processes; a file that kills its child is reported and the next child goes on after it."""
    waiting = entries
    while waiting:
        job = {"files": waiting, "folder": str(work), "memory": limits.memory}
        done = 0
        child = _Child(job)
        try:
            for entry in waiting:
                line = child.line(entry["seconds"] * 3 + 30)
                if line is None:
                    break
                done += 1
                yield entry["number"], _result(json.loads(line), entry, work)
            death = child.end()
        finally:
            child.kill()
        if done < len(waiting):
            broken = waiting[done]
            yield broken["number"], (broken["name"], death)
            done += 1
        waiting = waiting[done:]


def _result(report: dict[str, Any], entry: dict[str, Any], work: Path) -> Parsed | tuple[str, str]:
    if not report["ok"]:
        return entry["name"], str(report["reason"])
    path = work / f"{entry['number']}.nt"
    quads = path.with_suffix(".nq") if report["quads"] else None
    runs = tuple((graph, count) for graph, count in report["runs"])
    return Parsed(entry["name"], path, quads, runs, report["blanks"])


class _Child:
    """A parsing process."""

    def __init__(self, job: dict[str, Any]) -> None:
        environment = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "PYTHONPATH", "HOME")}
        root = str(Path(__file__).parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kgqa.graph.parsing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdout = self._process.stdout
        self._buffer = b""
        self._late = False
        try:
            self._process.stdin.write(json.dumps(job).encode())
            self._process.stdin.close()
        except BrokenPipeError:
            pass

    def line(self, seconds: float) -> bytes | None:
        """Return the next line of output, ``None`` when the child is gone or too slow."""
        limit = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            ready = readable(self._stdout, max(0.0, limit - time.monotonic()))
            if not ready:
                self._late = True
                return None
            chunk = os.read(self._stdout.fileno(), 1 << 16)
            if not chunk:
                return None
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def end(self) -> str:
        """Wait for the child and say why it ended."""
        if self._late:
            self._process.kill()
        code = self._process.wait()
        if self._late or code == -signal.SIGXCPU:
            return "parsing it takes longer than is allowed"
        if code in (-signal.SIGABRT, -signal.SIGKILL, 134):
            return "parsing it needs more memory than is allowed"
        return f"the parser broke down on it (status {code})"

    def kill(self) -> None:
        """End the child at once and free what it holds."""
        self._process.kill()
        self._process.wait()
        self._stdout.close()
