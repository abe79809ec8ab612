"""The files of a documents folder and their ids."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from kgqa.documents.formats import supported
from kgqa.encodings import readable_name

_unsafe = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\udc80-\udcff%#]")
_separators = re.compile(r"[\s_]+")


def find(root: Path, *, skipped: Callable[[Path, str], None] | None = None) -> list[Path]:
    """List the files below a folder that can be loaded, sorted by document id.

    :param skipped: called with each file left out and the reason: hidden, a link that leaves the folder, no supported
        format.
    """
    found: list[Path] = []
    report = skipped or (lambda path, reason: None)
    for folder, folders, files in os.walk(root):
        for name in list(folders):
            reason = _why_not_enter(Path(folder, name))
            if reason:
                folders.remove(name)
                report(Path(folder, name), reason)
        for name in files:
            path = Path(folder, name)
            reason = _why_not_read(path, root)
            if reason:
                report(path, reason)
            else:
                found.append(path)
    return sorted(found, key=lambda path: document_id(path, root))


def _why_not_enter(path: Path) -> str:
    if path.name.startswith("."):
        return "hidden"
    return "a link to a folder; links to folders are not followed" if path.is_symlink() else ""


def _why_not_read(path: Path, root: Path) -> str:
    if path.name.startswith((".", "~$")):
        return "hidden"
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        return "a link that leaves the folder"
    if not path.is_file():
        return "no regular file"
    return "" if supported(path) else f"no loader for {path.suffix.lower() or 'files without a suffix'}"


def document_id(path: Path, root: Path) -> str:
    """Return the path relative to the folder, with ``/``.

    Characters that could deceive a reader or break an id (controls, reversed direction, ``#``, ``%``) are
    percent-encoded.
    """
    relative = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return _unsafe.sub(
        lambda match: "".join(f"%{b:02X}" for b in match.group().encode("utf-8", "surrogateescape")), relative
    )


def title_from(path: Path) -> str:
    """Return a readable title made from a file's name."""
    name = readable_name(path.stem)
    stem = unicodedata.normalize("NFC", _unsafe.sub(lambda m: m.group() if m.group() in "%#" else "", name))
    return _separators.sub(" ", stem).strip() or path.stem.encode("utf-8", "replace").decode()
