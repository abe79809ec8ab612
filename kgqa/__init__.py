"""Answers from documents and an RDF knowledge graph, with evidence that can be checked.

>>> import kgqa
>>> kgqa.__version__
'0.1.0'
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kgqa.errors import (
    IndexFault,
    KgqaError,
    MissingExtra,
    ModelError,
    QueryError,
    SourceError,
    UsageError,
)
from kgqa.types import Answer, Document, Entity, Evidence, Filters, Hit, Link, Passage, Triple

if TYPE_CHECKING:
    from kgqa.knowledge import BuildReport
    from kgqa.knowledge_base import KnowledgeBase

__version__ = "0.1.0"

__all__ = [
    "Answer", "Document", "Entity", "Evidence", "Filters", "Hit", "IndexFault", "KgqaError", "Link", "MissingExtra",
    "ModelError", "Passage", "QueryError", "SourceError", "Triple", "UsageError", "build", "open",
]  # fmt: skip


def build(
    folder: str | Path, index: str | Path | None = None, *, progress: Callable[[str, int, int], None] | None = None
) -> BuildReport:
    """Make or update the index of a knowledge base folder.

    :param folder: has ``documents/`` or ``graph/`` or both.
    :param index: where the index goes; ``indexes/<name>`` beside the folder ``kb`` if not given.
    :param progress: called with (stage, done, of).
    :raises UsageError: the folder or its ``kb.toml`` is wrong.
    :raises SourceError: no source could be used.
    :raises IndexFault: the index cannot be written.
    """
    from kgqa.assemble import build as build_

    return build_(folder, index, progress=progress)


def open(name: str | Path) -> KnowledgeBase:
    """Open a knowledge base that has been built, by its name below ``kb/`` or by its folder.

    :raises UsageError: there is no such knowledge base.
    :raises IndexFault: it has no index yet, or a damaged one, or one made with other models.
    """
    from kgqa.knowledge_base import open as open_

    return open_(name)
