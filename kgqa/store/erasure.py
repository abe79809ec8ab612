"""Prove that nothing of a removed document is left: its source, its text, its passages, in every generation on the disk."""

from __future__ import annotations

from pathlib import Path

from kgqa.errors import IndexFault
from kgqa.store.passages import PassageStore


def remains(documents: Path, index: Path, doc_id: str) -> list[str]:
    """Return where something of a document was found, one line each; empty when nothing is left.

    Looks at the source file and at every complete or half-written generation, in force or not. Passages, vectors and
    lexical entries of a generation are rows of its passages file, so a document that is not in that file is in none of them.

    :param documents: folder of the sources.
    :param index: folder of the generations.
    """
    found = []
    source = documents / doc_id.partition("#")[0]
    if source.is_file():
        found.append(f"source file {source}")
    for path in sorted(index.glob("*/passages.sqlite")) + sorted(index.glob(".draft-*/passages.sqlite")):
        found += _in_generation(path, doc_id)
    return found


def _in_generation(path: Path, doc_id: str) -> list[str]:
    try:
        store = PassageStore(path)
    except IndexFault as fault:
        return [f"{path}: cannot be checked ({fault})"]
    try:
        held = {name for name, _ in store.documents()}
        rows = len(store.rows_of([doc_id]))
    finally:
        store.close()
    if doc_id in held:
        return [f"{path.parent.name}: its text and {rows} passages with their vectors"]
    return []
