"""CSV files as triples, by a mapping of columns to predicates."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from kgqa.encodings import encoding
from kgqa.graph import vocabulary as v

MAX_CELL = 1_000_000
"""Longest cell in characters."""

_FIELD = re.compile(r"\{([^{}]+)\}")


Names = Mapping[str, str | Sequence[str]]
"""One name or several for each language."""


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
    :param split: a regular expression that splits a cell, where one separator does not do.
    :param drop: a regular expression; what it matches is left out of the cell before it is split.
    :param values: what to write for a value: regular expressions that fit the whole value, tried in order, and what to
        write instead; other values stay, those written as ``""`` are left out.
    :param names: names of the predicate by language, the first its label; questions are matched against them.
    :param type: class of the objects.
    :param type_names: names of that class by language.
    :param comment: description of the predicate by language.
    """

    column: str
    predicate: str
    language: str = ""
    separator: str = ""
    object: str = ""
    datatype: str = ""
    split: str = ""
    drop: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=dict)
    type: str = ""
    type_names: Names = field(default_factory=dict)
    comment: Names = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How a CSV file becomes triples.

    :param file: path relative to the folder of the graph's files.
    :param subject: template of the subject's IRI over the columns, ``ex:drug/{id}``; values are escaped.
    :param type: class of the subjects, or empty.
    :param prefixes: pairs of prefix and namespace.
    :param names: names of that class by language.
    """

    file: str
    subject: str
    type: str = ""
    columns: tuple[ColumnMapping, ...] = ()
    prefixes: tuple[tuple[str, str], ...] = ()
    names: Names = field(default_factory=dict)


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
        yield from maker.vocabulary()
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
    name = encoding(data)
    if not name:
        raise TableFault("the encoding cannot be told; save the file as UTF-8")
    return _clean(_strict(data, name))


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableFault(f"line {line}: not in the encoding {name} like the rest; save it as UTF-8") from None


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


class _Column:
    """A column with its patterns compiled and its names as terms."""

    def __init__(self, mapping: ColumnMapping, iri: Callable[[str], str]) -> None:
        self.mapping = mapping
        self.predicate = ox.NamedNode(iri(mapping.predicate))
        self.type = ox.NamedNode(iri(mapping.type)) if mapping.type else None
        self.datatype = ox.NamedNode(iri(mapping.datatype)) if mapping.datatype else None
        self._split = _pattern(mapping.split or re.escape(mapping.separator), mapping.column)
        self._drop = _pattern(mapping.drop, mapping.column)
        self._values = [(_pattern(text, mapping.column), written) for text, written in mapping.values.items()]

    def values(self, cell: str) -> Iterator[str]:
        """Yield the values of a cell, each once, in order."""
        if self._drop:
            cell = self._drop.sub("", cell)
        parts = self._split.split(cell) if self._split else [cell]
        for value in dict.fromkeys(part.strip() for part in parts if part):
            written = next((new for form, new in self._values if form and form.fullmatch(value)), value)
            if written:
                yield written


def _pattern(text: str, column: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise TableFault(f"column {column!r}: {text!r} is no regular expression ({error})") from None


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
        self._columns = [_Column(column, self._iri) for column in mapping.columns]

    def vocabulary(self) -> Iterator[Any]:
        """Yield what the mapping says of its predicates and classes: names, descriptions, domain and range."""
        if self._type is not None and self._mapping.names:
            yield ox.Triple(self._type, ox.NamedNode(v.TYPE), ox.NamedNode(v.RDFS + "Class"))
            yield from _named(self._type, self._mapping.names)
        for column in self._columns:
            mapping = column.mapping
            if mapping.names:
                yield ox.Triple(column.predicate, ox.NamedNode(v.TYPE), ox.NamedNode(v.RDF + "Property"))
                yield from _named(column.predicate, mapping.names)
                if self._type is not None:
                    yield ox.Triple(column.predicate, ox.NamedNode(v.RDFS + "domain"), self._type)
                if column.type is not None:
                    yield ox.Triple(column.predicate, ox.NamedNode(v.RDFS + "range"), column.type)
            for language, text in mapping.comment.items():
                for one in _several(text):
                    yield ox.Triple(column.predicate, ox.NamedNode(v.COMMENT), ox.Literal(one, language=language))
            if column.type is not None and mapping.type_names:
                yield ox.Triple(column.type, ox.NamedNode(v.TYPE), ox.NamedNode(v.RDFS + "Class"))
                yield from _named(column.type, mapping.type_names)

    def triples(self, row: dict[str, str]) -> Iterator[Any]:
        """Yield the triples of a row (column name to cell)."""
        if not all(row[name] for name in _FIELD.findall(self._mapping.subject)):
            return
        subject = ox.NamedNode(self._fill(self._mapping.subject, row))
        if self._type is not None:
            yield ox.Triple(subject, ox.NamedNode(v.TYPE), self._type)
        for column in self._columns:
            for value in column.values(row[column.mapping.column]):
                yield from self._value(subject, column, value, row)

    def _value(self, subject: Any, column: _Column, value: str, row: dict[str, str]) -> Iterator[Any]:
        mapping = column.mapping
        if mapping.object:
            thing = ox.NamedNode(self._fill(mapping.object, {**row, "value": value}))
            yield ox.Triple(subject, column.predicate, thing)
            yield ox.Triple(thing, ox.NamedNode(v.LABEL), self._text(value, mapping.language))
            if column.type is not None:
                yield ox.Triple(thing, ox.NamedNode(v.TYPE), column.type)
        elif column.datatype is not None:
            yield ox.Triple(subject, column.predicate, ox.Literal(value, datatype=column.datatype))
        else:
            yield ox.Triple(subject, column.predicate, self._text(value, mapping.language))

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


def _named(thing: Any, names: Names) -> Iterator[Any]:
    """Yield the first name of each language as label and the others as alternative labels."""
    for language, given in names.items():
        for number, name in enumerate(_several(given)):
            predicate = v.ALT_LABEL if number else v.LABEL
            yield ox.Triple(thing, ox.NamedNode(predicate), ox.Literal(name, language=language))


def _several(text: str | Sequence[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)
