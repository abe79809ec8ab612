"""What a generation says of itself: format, sources, models, and length and SHA-256 of each file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from kgqa.errors import IndexFault

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of ``manifest.json``.

    :param kb_hash: identifies the sources.
    :param fingerprints: of the models, by part.
    :param files: path relative to the generation, with ``/``, to length in bytes and SHA-256.
    :param facts: counts and the like, for display.
    """

    kb_hash: str
    fingerprints: Mapping[str, str]
    files: Mapping[str, tuple[int, str]]
    facts: Mapping[str, int | float | str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON with a checksum over everything else."""
        content = {
            "format": FORMAT,
            "kb_hash": self.kb_hash,
            "fingerprints": dict(self.fingerprints),
            "files": {name: list(said) for name, said in self.files.items()},
            "facts": dict(self.facts),
        }
        return json.dumps({**content, "checksum": _checksum(content)}, ensure_ascii=False, indent=1).encode()


def read_manifest(folder: Path) -> Manifest | str:
    """Return a generation's manifest, or what is wrong with it.

    :raises IndexFault: when it is whole but of another format.
    """
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
        said = content.pop("checksum")
        if said != _checksum(content):
            return f"{MANIFEST} does not match its checksum"
        if content["format"] != FORMAT:
            raise IndexFault(
                f"index {folder} has format {content['format']}, this version reads {FORMAT}; build it again"
            )
        files = {name: (int(length), str(digest)) for name, (length, digest) in content["files"].items()}
        return Manifest(content["kb_hash"], content["fingerprints"], files, content["facts"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return f"{MANIFEST} is damaged"


_DIARY = re.compile(r"(?:^|/)oxigraph/LOG(?:\.old[^/]*)?$")


def describe(folder: Path) -> dict[str, tuple[int, str]]:
    """Return length and SHA-256 of every file below a folder, sorted by path.

    The graph engine's diary of its own running (``LOG``) is left out: it holds no data, and grows when the engine closes.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names = [name for name in names if not _DIARY.search(name)]
    with ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(lambda name: _measure(folder / name), names), strict=True))


def verify(folder: Path, manifest: Manifest) -> str:
    """Return an empty text when every file is as the manifest says, else what is wrong with the first that is not."""

    def check(item: tuple[str, tuple[int, str]]) -> str:
        name, said = item
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts:
            return f"{name} lies outside the generation"
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        length = path.stat().st_size
        if length != said[0]:
            return f"{name} has {length} bytes, the manifest says {said[0]}"
        found = _measure(path)[1]
        return "" if found == said[1] else f"{name} has sha256 {found}, the manifest says {said[1]}"

    # Hashing releases the interpreter's lock, so files are hashed side by side.
    with ThreadPoolExecutor() as pool:
        return next(filter(None, pool.map(check, manifest.files.items())), "")


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _checksum(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
