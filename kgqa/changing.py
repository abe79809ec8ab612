"""Change the sources of a knowledge base: copies go in, documents go out; what cannot be used does not stay."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from kgqa.config import KbConfig
from kgqa.errors import UsageError
from kgqa.knowledge import BuildReport


def bring(config: KbConfig, sources: Sequence[Path], build: Callable[[], BuildReport]) -> BuildReport:
    """Copy files into the folder and build; a file that the build cannot use is taken out again.

    :param build: makes and opens the new generation.
    :returns: the build's report; its problems name the files that did not stay.
    :raises UsageError: a source does not exist, or one of that name is there already.
    """
    from kgqa.graph.load import is_graph_file

    places = [(s, (config.graph if is_graph_file(s.name) else config.documents) / s.name) for s in sources]
    for source, target in places:
        if not source.is_file():
            raise UsageError(f"{source}: no such file")
        if target.exists():
            raise UsageError(f"{target}: is there already; remove it first, or give the file another name")
    targets = [target for _, target in places]
    try:
        for source, target in places:
            _copy(source, target)
        report = build()
    except BaseException:
        _delete(targets)
        raise
    unusable = {name for name, _ in report.problems}
    _delete([target for target in targets if target.name in unusable])
    return report


def _copy(source: Path, target: Path) -> None:
    """Copy a file under a hidden name first: a copy that is killed half-way is never taken for the file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    part.replace(target)


def _delete(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def source_of(config: KbConfig, name: str, doc_id: str) -> Path:
    """Return the file of a document.

    :param name: of the knowledge base, for messages.
    :raises UsageError: there is no such document, or it is one row of a table.
    """
    path = config.documents / doc_id
    inside = path.resolve().is_relative_to(config.documents.resolve())
    if "#" in doc_id and not path.is_file():
        raise UsageError(f"{doc_id}: is a row of a table; remove {doc_id.partition('#')[0]} or edit that file")
    if not inside or not path.is_file():
        raise UsageError(f"{name}: has no document {doc_id!r} below {config.documents}")
    return path
