"""The knowledge graph: loading, storage, hops, SPARQL, entity linking, rules, shapes, wording.

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgqa.graph.linking import EntityLinker as EntityLinker
    from kgqa.graph.load import LoadReport as LoadReport
    from kgqa.graph.schema import ClassInfo as ClassInfo
    from kgqa.graph.schema import Name as Name
    from kgqa.graph.schema import PredicateInfo as PredicateInfo
    from kgqa.graph.schema import Schema as Schema
    from kgqa.graph.store import GraphStore as GraphStore
    from kgqa.graph.store import Table as Table
    from kgqa.graph.tables import ColumnMapping as ColumnMapping
    from kgqa.graph.tables import TableMapping as TableMapping

_HOMES = {
    "EntityLinker": "linking",
    "LoadReport": "load",
    "ClassInfo": "schema",
    "Name": "schema",
    "PredicateInfo": "schema",
    "Schema": "schema",
    "GraphStore": "store",
    "Table": "store",
    "ColumnMapping": "tables",
    "TableMapping": "tables",
}
__all__ = [
    "ClassInfo",
    "ColumnMapping",
    "EntityLinker",
    "GraphStore",
    "LoadReport",
    "Name",
    "PredicateInfo",
    "Schema",
    "Table",
    "TableMapping",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
