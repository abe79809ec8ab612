"""CSV files as triples, by a mapping of columns to predicates."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from kgqa.graph import vocabulary as v

MAX_CELL = 1_000_000
"""Longest cell in characters."""

_FIELD = re.compile(r"\{([^{}]+)\}")


class TableFault(ValueError):
    """A table or its mapping is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How one column becomes triples.

    :param predicate: IRI or prefixed name.
    :param language: tag of the literals, or of the label of the object entities.
    :param separator: splits a cell into several values; empty means one value.
    :param object: template of the object's IRI with ``{value}`` and the columns; empty means literals.
    :param datatype: datatype of the literals, IRI or prefixed name.
    """

    column: str
    predicate: str
    language: str = ""
    separator: str = ""
    object: str = ""
    datatype: str = ""


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How a CSV file becomes triples.

    :param file: path relative to the folder of the graph's files.
    :param subject: template of the subject's IRI over the columns, ``ex:drug/{id}``; values are escaped.
    :param type: class of the subjects, or empty.
    :param prefixes: pairs of prefix and namespace.
    """

    file: str
    subject: str
    type: str = ""
    columns: tuple[ColumnMapping, ...] = ()
    prefixes: tuple[tuple[str, str], ...] = ()


def read_table(data: bytes, mapping: TableMapping) -> Iterator[Any]:
    """Yield the triples of a CSV file; rows without a value in a column of the subject template give none.

    :raises TableFault: if the encoding cannot be told, a mapped column is missing, or a row does not fit the header.
    """
    text = decode(data)
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), _dialect(text), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        maker = _Maker(mapping, header)
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise TableFault(f"line {reader.line_num}: {len(row)} cells where the header has {len(header)}")
            try:
                yield from maker.triples(dict(zip(header, (cell.strip() for cell in row), strict=True)))
            except ValueError as error:
                raise TableFault(f"line {reader.line_num}: {error}") from None
    except csv.Error as error:
        raise TableFault(f"line {reader.line_num}: {error}") from None


def decode(data: bytes) -> str:
    """Return a file's text in whatever encoding it is.

    :raises TableFault: if no encoding fits.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _clean(_strict(data, name))
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _clean(_strict(data, _guess(data)))


def _guess(data: bytes) -> str:
    """Tell the encoding of text that is not UTF-8."""
    from charset_normalizer import from_bytes

    zeros = data[:4000].count(0)
    if zeros > len(data[:4000]) / 10:
        return "utf-16-le" if data[:4000][1::2].count(0) >= zeros / 2 else "utf-16-be"
    # Accented letters stand alone between ASCII; letters of other scripts stand together.
    sample = data[:200_000].rpartition(b"\n")[0] or data
    runs = re.findall(rb"[\x80-\xff]+", sample)
    if sum(len(run) == 1 for run in runs) > len(runs) / 2:
        return "cp1252"
    # Over the whole of a big file detection takes minutes; its first part tells as much.
    best = from_bytes(sample, cp_isolation=["gb18030", "big5", "shift_jis", "euc_kr", "cp1251", "cp1252"]).best()
    if best is None:
        raise TableFault("the encoding cannot be told; save the file as UTF-8")
    return best.encoding


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableFault(f"line {line}: not in the encoding {encoding} like the rest; save it as UTF-8") from None


def _clean(text: str) -> str:
    if "\0" in text:
        raise TableFault(f"line {text.count(chr(10), 0, text.index(chr(0))) + 1}: a NUL character")
    return text


def _dialect(text: str) -> type[csv.Dialect]:
    """Tell comma, semicolon and tab apart by the header line, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])

    class Dialect(csv.excel):
        delimiter = max(",;\t", key=bare.count)

    return Dialect


class _Maker:
    """Makes the triples of one row."""

    def __init__(self, mapping: TableMapping, header: list[str]) -> None:
        self._prefixes = dict(mapping.prefixes)
        self._mapping = mapping
        wanted = [column.column for column in mapping.columns] + _FIELD.findall(mapping.subject)
        for column in mapping.columns:
            wanted += [name for name in _FIELD.findall(column.object) if name != "value"]
        missing = sorted(set(wanted) - set(header))
        if missing:
            raise TableFault(f"the mapping names columns that the file lacks: {', '.join(missing)}")
        if not _FIELD.search(mapping.subject):
            raise TableFault(f"the subject {mapping.subject!r} names no column; write {{column}} in it")
        self._type = ox.NamedNode(self._iri(mapping.type)) if mapping.type else None

    def triples(self, row: dict[str, str]) -> Iterator[Any]:
        """Yield the triples of a row (column name to cell)."""
        if not all(row[name] for name in _FIELD.findall(self._mapping.subject)):
            return
        subject = ox.NamedNode(self._fill(self._mapping.subject, row))
        if self._type is not None:
            yield ox.Triple(subject, ox.NamedNode(v.TYPE), self._type)
        for column in self._mapping.columns:
            predicate = ox.NamedNode(self._iri(column.predicate))
            cell = row[column.column]
            values = cell.split(column.separator) if column.separator else [cell]
            for value in dict.fromkeys(value.strip() for value in values):
                if value:
                    yield from self._value(subject, predicate, column, value, row)

    def _value(
        self, subject: Any, predicate: Any, column: ColumnMapping, value: str, row: dict[str, str]
    ) -> Iterator[Any]:
        if column.object:
            thing = ox.NamedNode(self._fill(column.object, {**row, "value": value}))
            yield ox.Triple(subject, predicate, thing)
            yield ox.Triple(thing, ox.NamedNode(v.LABEL), self._text(value, column.language))
        elif column.datatype:
            datatype = ox.NamedNode(self._iri(column.datatype))
            yield ox.Triple(subject, predicate, ox.Literal(value, datatype=datatype))
        else:
            yield ox.Triple(subject, predicate, self._text(value, column.language))

    @staticmethod
    def _text(value: str, language: str) -> Any:
        return ox.Literal(value, language=language) if language else ox.Literal(value)

    def _fill(self, template: str, row: dict[str, str]) -> str:
        # IRIs hold every script, so only what an IRI may not hold is escaped: names stay readable.
        def escape(match: re.Match[str]) -> str:
            return "".join(c if c.isalnum() or c in "-._~" else quote(c, safe="") for c in row[match[1]])

        return _FIELD.sub(escape, self._iri(template))

    def _iri(self, name: str) -> str:
        prefix, colon, rest = name.partition(":")
        if colon and prefix in self._prefixes:
            return self._prefixes[prefix] + rest
        well_known = {"rdfs": v.RDFS, "rdf": v.RDF, "owl": v.OWL, "skos": v.SKOS, "xsd": v.XSD, "dcterms": v.DCTERMS}
        well_known |= {"foaf": v.FOAF, "schema": v.SCHEMA_ORG[0], "dc": v.DC, "oboInOwl": v.OBO_IN_OWL, "obo": v.OBO}
        if colon and prefix in well_known:
            return well_known[prefix] + rest
        if not colon or not (rest.startswith("/") or prefix in ("urn", "tag", "mailto")):
            raise TableFault(f"{name!r} is no IRI and its prefix is not declared; add it to [prefixes]")
        return name
