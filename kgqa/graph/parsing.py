"""Parses RDF files in a process of its own, with limits on memory, time, output and descriptors.

Started by :mod:`kgqa.graph.load`; reads one JSON object (the job) from standard input, writes N-Triples to the job's
folder and one JSON line for each file to standard output. While a file is parsed no further descriptor can be opened:
neither a socket nor a file that the data names.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import json
import re
import resource
import sys
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote

import pyoxigraph as ox

from kgqa.graph.obo import OboFault, read_obo
from kgqa.graph.tables import ColumnMapping, TableFault, TableMapping, read_table
from kgqa.graph.xmlsafe import XmlRefused, without_doctype

FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".turtle": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".ntriples": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".nquads": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".rdfs": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".json": ox.RdfFormat.JSON_LD,
}
OTHERS = frozenset({".obo", ".csv", ".tsv"})
_ENCODINGS = (
    *("utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "ascii", "latin_1", "cp1252", "iso8859_15"),
    *("gb18030", "gbk", "gb2312", "big5", "big5hkscs", "shift_jis", "euc_jp", "euc_kr", "cp1251", "koi8_r"),
)
MAX_IN_MEMORY = 2 << 30
"""Most bytes of a format that is read whole (XML, JSON-LD, CSV)."""
_TURTLE_LIKE = re.compile(
    rb"\s*(?:#[^\n]*\n\s*)*(?:@prefix|@base|prefix\s|base\s|<[a-z]+://[^\s<>\"]*>\s)", re.IGNORECASE
)
_OWL_XML = re.compile(rb"\s*(?:<\?xml[^>]*>)?\s*(?:<!--.*?-->\s*)*<(?:owl:)?Ontology\s", re.DOTALL)


def suffix(name: str) -> str:
    """Return a file name's ending that tells the format, in lower case, without ``.gz``."""
    return Path(name.lower().removesuffix(".gz")).suffix


def base_iri(name: str) -> str:
    """Return the IRI that stands for a source file, and against which its relative IRIs are resolved."""
    return "kgqa:/" + quote(name, safe="/")


def main() -> None:
    """Do the job on standard input."""
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (job["memory"], job["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for entry in job["files"]:
        report = {"number": entry["number"], **_file(entry, job)}
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()


def _file(entry: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    seconds = int(used.ru_utime + used.ru_stime + entry["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))
    target = Path(job["folder"]) / f"{entry['number']}.nt"
    writer = _Writer(entry["number"], target)
    _import_early(suffix(entry["name"]))
    try:
        with Path(entry["path"]).open("rb") as raw:
            packed = entry["name"].lower().endswith(".gz")
            stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw) if packed else raw)
            files = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, files[1]))
            try:
                writer.write(_statements(stream, entry))
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, files)
    except SyntaxError as error:
        return _failure(_reason(error))
    except (XmlRefused, TableFault, OboFault) as error:
        return _failure(str(error))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        return _failure(f"the compressed file is damaged: {error}")
    except MemoryError:
        return _failure("it needs more memory than parsing is allowed")
    except (OSError, ValueError, UnicodeError, RecursionError) as error:
        return _failure(str(error) or type(error).__name__)
    finally:
        writer.close()
    return {"ok": True, "runs": writer.runs, "quads": writer.quads, "blanks": writer.blanks}


def _import_early(kind: str) -> None:
    """Import what a format needs while files can still be opened."""
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    if kind == ".obo":
        import obonet.read  # noqa: F401
    elif kind in (".csv", ".tsv"):
        import charset_normalizer  # noqa: F401


def _failure(reason: str) -> dict[str, Any]:
    return {"ok": False, "reason": " ".join(reason.split())[:500]}


def _reason(error: SyntaxError) -> str:
    text = str(error.msg)
    if "LoadDocumentCallback" in text:
        text = (
            text.partition("No LoadDocument")[0] + "a remote @context is not fetched; write the context into the file"
        )
    text = re.sub(r"^(?:Parser error|error while parsing)\s*(?:at\s+)?", "", text, flags=re.IGNORECASE)
    if error.lineno and not re.search(r"\bline \d", text):
        text = f"line {error.lineno}: {text}"
    return text


def _statements(stream: IO[bytes], entry: dict[str, Any]) -> Iterator[Any]:
    kind = suffix(entry["name"])
    if entry.get("table"):
        return read_table(_whole(stream), _mapping(entry["table"]))
    if kind == ".obo":
        return read_obo(stream)
    format = FORMATS[kind]
    if format == ox.RdfFormat.RDF_XML:
        data = _whole(stream)
        if _TURTLE_LIKE.match(data[:4096]):
            format = ox.RdfFormat.TURTLE  # ontologies named .owl are often Turtle
        elif _OWL_XML.match(data[:20_000]):
            raise XmlRefused("OWL/XML is no RDF; save the ontology as RDF/XML or Turtle")
        else:
            data = without_doctype(data)
        stream = io.BytesIO(data)
    elif format == ox.RdfFormat.JSON_LD:
        stream = io.BytesIO(_whole(stream))
    quads: Iterator[Any] = ox.parse(stream, format, base_iri=base_iri(entry["name"]))
    return _located(quads, stream.getvalue(), format) if isinstance(stream, io.BytesIO) else quads


def _located(quads: Iterator[Any], data: bytes, format: Any) -> Iterator[Any]:
    """Pass statements on; an error that names no line gets one by parsing again line by line."""
    try:
        yield from quads
    except SyntaxError as error:
        if error.lineno or "line" in str(error.msg):
            raise
        lines = _Lines(data)
        with contextlib.suppress(SyntaxError):
            for _ in ox.parse(cast(IO[bytes], lines), format, base_iri="kgqa:/"):
                pass
        raise SyntaxError(f"line {lines.number}: {error.msg}") from None


class _Lines:
    """A file that gives one line at a time and counts them."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.number = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next line, or its first part if it is longer than asked for."""
        line = self._file.readline(size)
        self.number += bool(line) and (line.endswith(b"\n") or self._file.tell() == len(self._file.getbuffer()))
        return line


def _whole(stream: IO[bytes]) -> bytes:
    data = stream.read(MAX_IN_MEMORY + 1)
    if len(data) > MAX_IN_MEMORY:
        raise ValueError(f"more than {MAX_IN_MEMORY >> 30} GiB in a format that is read whole; convert it to N-Triples")
    return data


def _mapping(fields: dict[str, Any]) -> TableMapping:
    columns = tuple(ColumnMapping(**column) for column in fields["columns"])
    prefixes = tuple((prefix, iri) for prefix, iri in fields["prefixes"])
    return TableMapping(fields["file"], fields["subject"], fields["type"], columns, prefixes, fields.get("names", {}))


class _Writer:
    """Writes statements as N-Triples; blank nodes get names that are the same in each build and of no other file.

    :ivar runs: graph name and number of triples in a row that belong to it, in the order of the output.
    :ivar quads: whether any statement has a graph name.
    """

    def __init__(self, number: int, target: Path) -> None:
        self._out = target.open("wb")
        self._named = target.with_suffix(".nq").open("wb")
        self._prefix = f"f{number}b"
        self._blanks: dict[str, Any] = {}
        self.runs: list[list[Any]] = []
        self.quads = False

    @property
    def blanks(self) -> bool:
        """Whether any statement has a blank node."""
        return bool(self._blanks)

    def write(self, statements: Iterator[Any]) -> None:
        first = next(statements, None)
        if first is None:
            return
        statements = chain([first], statements)
        ox.serialize(self._triples(statements), self._out, ox.RdfFormat.N_TRIPLES)

    def close(self) -> None:
        self._out.close()
        self._named.close()

    def _triples(self, statements: Iterator[Any]) -> Iterator[Any]:
        graph: Any = None
        count = 0
        for item in statements:
            subject, predicate, thing = item.subject, item.predicate, item.object
            if not isinstance(subject, ox.NamedNode) or isinstance(thing, ox.BlankNode | ox.Triple):
                subject, thing = self._fresh(subject), self._fresh(thing)
            triple = ox.Triple(subject, predicate, thing)
            name = getattr(item, "graph_name", None)
            if isinstance(name, ox.NamedNode | ox.BlankNode):
                name = self._fresh(name)
                self.quads = True
                quad = ox.Quad(subject, predicate, thing, name)
                ox.serialize([quad], self._named, ox.RdfFormat.N_QUADS)
            else:
                name = None
            if name != graph and count:
                self.runs.append([self._graph(graph), count])
                count = 0
            graph = name
            count += 1
            yield triple
        self.runs.append([self._graph(graph), count])

    @staticmethod
    def _graph(name: Any) -> str:
        return "" if name is None else str(name) if isinstance(name, ox.BlankNode) else str(name.value)

    def _fresh(self, term: Any) -> Any:
        if isinstance(term, ox.BlankNode):
            known = self._blanks.get(term.value)
            if known is None:
                known = self._blanks[term.value] = ox.BlankNode(f"{self._prefix}{len(self._blanks)}")
            return known
        if isinstance(term, ox.Triple):
            return ox.Triple(self._fresh(term.subject), term.predicate, self._fresh(term.object))
        return term


if __name__ == "__main__":
    main()
