"""Mappings of CSV files to triples."""

from __future__ import annotations

from dataclasses import dataclass


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
