"""The registry: built-in models, models of one's own, their checks, promotion and rollback.

A model is a folder with weights (ONNX or safetensors, never a pickle), ``tokenizer.json`` and ``card.json``. The models of
one's own stand under a root: ``ROOT/<name>/<version>/`` with ``ROOT/<name>/CURRENT`` naming the version in force and
``ROOT/<name>/history.jsonl`` telling how it came to be. A version is never changed once it is there.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kgqa.errors import ModelError, UsageError
from kgqa.models.cards import CARD, Card, read_card, sha256

WEIGHTS = Path(__file__).parent / "weights"
_SAFE = {".onnx", ".safetensors", ".npz", ".json", ".txt", ".md", ".model"}
WORK = "work"
"""Folder in which training keeps checkpoints and logs beside the model; no part of it, never loaded to answer or copied."""

_REMOTE = ("auto_map", "custom_pipelines")


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that the registry knows.

    :param version: empty for a built-in model.
    """

    name: str
    folder: Path
    card: Card
    version: str = ""
    current: bool = True

    @property
    def megabytes(self) -> float:
        """Size of its files together."""
        return size(self.folder) / 1e6

    @property
    def summary(self) -> str:
        """Its card in one line."""
        version = f"{self.version}{'' if self.current else ' (not in force)'}; " if self.version else ""
        return f"{version}{self.card.kind}, {self.card.license}, from {self.card.base}"


Measure = Callable[[Path], Mapping[str, float]]
"""Measures a model folder: figures by name, larger is better."""


def builtin(name: str) -> Path:
    """Return the folder of a built-in model.

    :param name: ``encoder``, ``reader``, ``reranker`` or ``paths``.
    :raises ModelError: there is none of this name.
    """
    folder = WEIGHTS / name
    if not (folder / CARD).exists():
        known = (
            ", ".join(entry.name for entry in sorted(WEIGHTS.iterdir()) if (entry / CARD).exists())
            if WEIGHTS.is_dir()
            else ""
        )
        raise ModelError(f"no built-in model {name!r}; there are: {known or 'none'}")
    return folder


def find(name: str, root: Path | None = None) -> Path:
    """Return the folder that a name stands for: a folder's path, a store's path, a model under the root, or a built-in one.

    :param root: where models of one's own are.
    :raises ModelError: the name stands for nothing.
    """
    folder = in_force(Path(name))
    if (folder / CARD).exists():
        return folder
    if root is not None and (root / name / "CURRENT").exists():
        return root / name / current(root, name)
    return builtin(name)


def in_force(folder: Path) -> Path:
    """Return the version in force of a store; any other folder as it is.

    :raises ModelError: the store is damaged.
    """
    return folder / current(folder.parent, folder.name) if (folder / "CURRENT").is_file() else folder


def builtins() -> list[Entry]:
    """Return the built-in models."""
    return [Entry(folder.name, folder, read_card(folder)) for folder in _folders(WEIGHTS)]


def size(folder: Path) -> int:
    """Return the bytes of a model's files together."""
    return sum((folder / name).stat().st_size for name in (CARD, *read_card(folder).files) if (folder / name).exists())


def faults(folder: Path) -> list[str]:
    """Return what is wrong with a model folder in one line each, nothing when it is sound; see :func:`verify`."""
    try:
        verify(folder)
    except ModelError as fault:
        return [str(fault)]
    return []


def list_models(root: Path | None = None) -> list[Entry]:
    """Return the built-in models, then one's own with all their versions."""
    found = builtins()
    for home in sorted(root.iterdir()) if root is not None and root.is_dir() else []:
        if (home / "CURRENT").exists():
            chosen = current(root or home, home.name)
            found += [Entry(home.name, f, read_card(f), f.name, f.name == chosen) for f in _folders(home)]
    return found


def verify(folder: Path) -> Card:
    """Check a model folder: nothing that can run code, every file as its card says, no file that the card does not name.

    :returns: its card.
    :raises ModelError: the first thing that is wrong.
    """
    card = read_card(folder)
    for path in sorted(folder.rglob("*")):
        if path.relative_to(folder).parts[0] == WORK:
            continue
        if path.is_symlink():
            raise ModelError(f"{path} is a link; a model folder holds its own files")
        if path.is_file():
            _check_kind(path)
    for name, wanted in card.files.items():
        path = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts or Path(name).parts[:1] == (WORK,):
            raise ModelError(f"{folder / CARD} names {name}, which is outside of the model")
        if not path.is_file():
            raise ModelError(f"{path} is missing, its card names it; export the model again")
        if (found := sha256(path)) != wanted:
            raise ModelError(f"{path} has sha256 {found}, its card says {wanted}; it was changed or swapped")
    if not any(Path(name).suffix in (".onnx", ".safetensors", ".npz") for name in card.files):
        raise ModelError(f"{folder / CARD} names no weights; a model has model.onnx or model.safetensors")
    return card


def _check_kind(path: Path) -> None:
    if path.suffix not in _SAFE:
        raise ModelError(
            f"{path} is refused: a model folder holds only {', '.join(sorted(_SAFE))} (no pickles, no code)"
        )
    if path.suffix == ".json" and path.name != "tokenizer.json":
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as fault:
            raise ModelError(f"{path} is not JSON ({fault})") from fault
        if remote := [key for key in _REMOTE if isinstance(said, dict) and key in said]:
            raise ModelError(
                f"{path} asks for code of its own ({remote[0]}), which is never run; use a model without it"
            )
    elif path.suffix == ".npz":
        _refuse_objects(path)
    elif path.suffix not in (".txt", ".md", ".json") and _pickled(path):
        raise ModelError(f"{path} is a pickle under another name; it is never loaded")


def _refuse_objects(path: Path) -> None:
    """Check that every array of an archive is plain numbers: arrays of objects are pickles."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            for name in arrays.files:
                _ = arrays[name]
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as fault:
        raise ModelError(f"{path} is refused: it is no archive of plain arrays ({fault})") from fault


def _pickled(path: Path) -> bool:
    with path.open("rb") as source:
        head = source.read(4)
    return head[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05") or head == b"PK\x03\x04"


def promote(
    folder: Path,
    root: Path,
    name: str,
    *,
    measure: Measure | None = None,
    tolerance: float = 0.0,
    baseline: Path | None = None,
) -> Entry:
    """Make a model the one in force, unless it is worse than the one in force now.

    :param folder: a model folder; it is verified and copied.
    :param measure: the regression gate, run on both models. Without it nothing is compared.
    :param tolerance: by how much a figure may be lower than that of the model in force.
    :param baseline: what the first version is compared with; the built-in model of this name, if there is one, by default.
    :raises ModelError: the folder fails verification, is of another kind, or is worse; nothing is changed then.
    """
    card = verify(folder)
    _check_name(name)
    before = find(name, root) if _known(name, root) else baseline
    old: dict[str, float] = {}
    new: dict[str, float] = {}
    if before is not None:
        kind = read_card(before).kind
        if kind != card.kind:
            raise ModelError(f"{folder} is a {card.kind}, {name} is a {kind}; promote it under another name")
        if measure is not None:
            old, new = _gate(measure, before, folder, tolerance)
    with _alone(root / name):
        version = _next_version(root / name)
        _copy(folder, root / name / version)
        event = {"action": "promote", "from": str(folder), "figures": new, "figures_before": old}
        _set_current(root, name, version, event)
    return Entry(name, root / name / version, card, version)


def rollback(root: Path, name: str) -> Entry:
    """Put the version before the one in force back in force.

    :raises UsageError: there is no model of this name, or no earlier version.
    """
    _check_name(name)
    if not (root / name / "CURRENT").exists():
        raise UsageError(f"no model {name!r} under {root}; see: kgqa models list")
    with _alone(root / name):
        now = current(root, name)
        earlier = _before(root / name, now)
        if not earlier:
            raise UsageError(f"{name} {now} is the first version; there is nothing to go back to")
        card = verify(root / name / earlier)
        _set_current(root, name, earlier, {"action": "rollback", "from": now})
    return Entry(name, root / name / earlier, card, earlier)


def _before(home: Path, now: str) -> str:
    """Return the version that was in force before, by the history: one that was rolled back is not come back to."""
    stack: list[str] = []
    for row in history(home):
        if row.get("action") == "rollback":
            stack = stack[:-1]
        else:
            stack.append(str(row.get("version")))
    there = {folder.name for folder in _folders(home)}
    stack = [version for version in stack if version in there]
    if now in stack:
        return stack[stack.index(now) - 1] if stack.index(now) else ""
    return max((version for version in there if version < now), default="")


def history(home: Path) -> list[dict[str, object]]:
    """Return how a store came to be: promotions and rollbacks with their times and figures, oldest first."""
    path = home / "history.jsonl"
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            rows.append(dict(json.loads(line)))
        except (ValueError, TypeError):  # a line that a crash cut off
            continue
    return rows


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let nobody else change a store meanwhile."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def current(root: Path, name: str) -> str:
    """Return the version of a model that is in force.

    :raises ModelError: what names it is damaged.
    """
    version = (root / name / "CURRENT").read_text(encoding="utf-8").strip()
    if not version or "/" in version or not (root / name / version / CARD).exists():
        raise ModelError(f"{root / name / 'CURRENT'} names version {version!r}, which is not there; write one that is")
    return version


def _gate(measure: Measure, before: Path, after: Path, tolerance: float) -> tuple[dict[str, float], dict[str, float]]:
    """Return the figures of both models, rounded.

    :raises ModelError: one of the second is lower by more than the tolerance.
    """
    old, new = measure(before), measure(after)
    worse = {key: value for key, value in old.items() if new.get(key, float("-inf")) < value - tolerance}
    if worse:
        key = next(iter(worse))
        found = new.get(key, float("nan"))
        raise ModelError(
            f"not promoted: {key} is {found:.2f}, the model in force has {worse[key]:.2f}; train it further"
        )
    return _rounded(old), _rounded(new)


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in figures.items()}


def _known(name: str, root: Path) -> bool:
    return (root / name / "CURRENT").exists() or (WEIGHTS / name / CARD).exists()


def _check_name(name: str) -> None:
    if not name or not all(c.isalnum() or c in "-_." for c in name) or name.startswith("."):
        raise UsageError(f"{name!r} is no model name; use letters, digits, '-', '_' and '.'")


def _next_version(home: Path) -> str:
    numbers = [int(folder.name[1:]) for folder in home.glob("v*") if folder.name[1:].isdigit()] if home.exists() else []
    return f"v{max(numbers, default=0) + 1:06d}"


def _copy(source: Path, target: Path) -> None:
    """Copy what the card names, whole or not at all."""
    fresh = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in (CARD, *read_card(source).files):
        (fresh / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, fresh / name)
        with (fresh / name).open("rb") as copy:
            os.fsync(copy.fileno())
    verify(fresh)
    fresh.replace(target)


def _set_current(root: Path, name: str, version: str, event: Mapping[str, object]) -> None:
    home = root / name
    row = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "version": version, **event}
    with (home / "history.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
    fresh = home / "CURRENT.tmp"
    with fresh.open("w", encoding="utf-8") as out:
        out.write(version + "\n")
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(home / "CURRENT")


def _folders(home: Path) -> Iterator[Path]:
    for folder in sorted(home.iterdir()) if home.is_dir() else []:
        if not folder.name.startswith(".") and (folder / CARD).exists():
            yield folder
