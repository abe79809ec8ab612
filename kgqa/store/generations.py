"""Immutable generations of an index, and the one pointer that says which is in force.

    CURRENT                  the name of the generation in force
    gen-000007/manifest.json what it is made of; see :class:`~kgqa.store.manifest.Manifest`

A generation is written under another name, synced, given its manifest, synced, renamed, and only then named by
``CURRENT``, which is itself replaced by write, sync, rename, sync of the folder: at each moment a crash leaves the
old or the new generation in force, whole. Readers hold a shared lock on their generation's manifest, which keeps it
from being deleted.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from kgqa.errors import IndexFault
from kgqa.store.manifest import MANIFEST, Manifest, describe, read_manifest, verify

_NAME = re.compile(r"gen-(\d{6,12})")
_ATTEMPTS = 20
_PROMISE = ".erasing"
"""Stands in the folder from the begin of a removal until no generation is left that holds what was removed."""


@dataclass(slots=True)
class Generation:
    """An open generation; it cannot be deleted until :meth:`close`.

    :param note: empty, or why this generation was opened and not the one that ``CURRENT`` names.
    """

    path: Path
    manifest: Manifest
    note: str = ""
    _pin: int = field(default=-1, repr=False)

    @property
    def name(self) -> str:
        """Name of the generation's folder."""
        return self.path.name

    def __enter__(self) -> Generation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the generation be deleted; what was opened from it may stay open."""
        if self._pin >= 0:
            os.close(self._pin)
            self._pin = -1

    def require(self, fingerprints: Mapping[str, str]) -> None:
        """Check that the generation was made with these models.

        :raises IndexFault: naming both values, when it was made with another.
        """
        for part, wanted in fingerprints.items():
            found = self.manifest.fingerprints.get(part)
            if found != wanted:
                raise IndexFault(
                    f"index {self.path} was made with {part} {found or 'none'}, "
                    f"configured is {wanted}; build the index again or configure its {part}"
                )


class Draft:
    """A generation being written: fill :attr:`path`, then :meth:`commit`.

    :ivar path: the folder to write into.
    :ivar previous: the generation in force when the draft was begun, or ``None``.
    """

    def __init__(self, folder: Path, number: int, previous: Generation | None) -> None:
        self.previous = previous
        self.path = folder / f".draft-{number:06d}"
        self._folder = folder
        self._number = number
        self.committed = ""
        self.path.mkdir()

    def commit(
        self,
        *,
        kb_hash: str,
        fingerprints: Mapping[str, str],
        facts: Mapping[str, int | float | str] | None = None,
    ) -> str:
        """Make the draft the generation in force and return its name.

        :param kb_hash: identifies the sources that it was built from.
        :param fingerprints: of each model whose output it holds, by part (``encoder``).
        :param facts: counts and the like, kept for display.
        :raises IndexFault: when writing fails. The old generation is then still in force, but for one case: when only
            the last sync of the folder fails, the new one is in force and may be lost with the power.
        """
        name = f"gen-{self._number:06d}"
        target, replaced = self._folder / name, False
        try:
            files = describe(self.path)
            for relative in files:
                _sync(self.path / relative)
            for folder in sorted({(self.path / relative).parent for relative in files}):
                _sync(folder)
            manifest = Manifest(kb_hash, dict(fingerprints), files, dict(facts or {}))
            _write(self.path / MANIFEST, manifest.to_bytes())
            _sync(self.path)
            self.path.rename(target)
            _sync(self._folder)
            _write(self._folder / ".CURRENT", f"{name}\n".encode())
            (self._folder / ".CURRENT").replace(self._folder / "CURRENT")
            replaced = True
            _sync(self._folder)
        except OSError as fault:
            if not replaced:
                shutil.rmtree(target, ignore_errors=True)
            raise IndexFault(
                f"index {self._folder} cannot be written ({fault.strerror or fault}); mend space or rights, build again"
            ) from fault
        self.committed = name
        return name


class Generations:
    """The generations under an index folder.

    :param folder: need not exist before the first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> Generation:
        """Open the generation in force, or the newest sound one when that is damaged; then ``note`` says so.

        Every file's hash is checked.

        :raises IndexFault: when there is no sound generation, or the one in force is of another format.
        """
        for _ in range(_ATTEMPTS):  # a writer may delete a generation between our look at CURRENT and our lock
            named, reason = self._named()
            found = self._open(named) if named else reason
            if isinstance(found, Generation):
                return found
            if named == self._named()[0]:
                return self._fallback(named, found)
        raise IndexFault(f"index {self.folder} changes faster than it can be opened; try again")

    def names(self) -> list[str]:
        """Return the names of the complete generations, oldest first."""
        if not self.folder.is_dir():
            return []
        found = [entry.name for entry in self.folder.iterdir() if _NAME.fullmatch(entry.name)]
        return sorted(found, key=_number)

    @contextlib.contextmanager
    def writing(self, keep: int = 1) -> Iterator[Draft]:
        """Begin a new generation; leaving the block without a commit throws it away.

        :param keep: older generations to keep after a commit, to fall back to.
        :raises IndexFault: when another process is writing (its id is named), or the folder cannot be written, as any
            ``OSError`` inside the block says.
        """
        with _only_writer(self.folder):
            self._sweep()
            previous = self._previous()
            numbers = [_number(name) for name in self.names()]
            try:
                draft = Draft(self.folder, max(numbers, default=0) + 1, previous)
            except OSError as fault:
                raise IndexFault(
                    f"index {self.folder} cannot be written ({fault.strerror}); check its rights"
                ) from fault
            try:
                yield draft
            except OSError as fault:  # of whatever part writes there: a full disk, most of all
                raise IndexFault(
                    f"index {self.folder} cannot be written ({fault.strerror or fault}); mend space or rights, build again"
                ) from fault
            finally:
                if previous is not None:
                    previous.close()
                shutil.rmtree(draft.path, ignore_errors=True)
            if draft.committed:
                self._prune(keep, draft.committed)

    def promise_erasure(self) -> None:
        """Note that older generations must go, before anything is removed: whoever writes next keeps the promise.

        :raises IndexFault: the note cannot be written; nothing may then be removed.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(self.folder / _PROMISE, b"older generations hold what was removed\n")
            _sync(self.folder)
        except OSError as fault:
            raise IndexFault(
                f"index {self.folder} cannot be written ({fault.strerror or fault}); mend space or rights, remove again"
            ) from fault

    def prune(self, keep: int = 0) -> list[str]:
        """Delete generations that are not in force, all but the newest ``keep`` and those that are being read.

        :returns: names of older generations that are still there.
        :raises IndexFault: when another process is writing.
        """
        with _only_writer(self.folder):
            self._sweep()
            named, reason = self._named()
            if not named:
                raise IndexFault(f"index {self.folder} has no generation in force ({reason}); nothing is deleted")
            return self._prune(keep, named)

    # --- opening ---

    def _named(self) -> tuple[str, str]:
        """Return the name that CURRENT holds, or no name and the reason."""
        try:
            name = (self.folder / "CURRENT").read_bytes()[:64].decode("ascii", "replace").strip()
        except FileNotFoundError:
            return "", "CURRENT is missing"
        except OSError as fault:
            return "", f"CURRENT cannot be read ({fault.strerror})"
        if not _NAME.fullmatch(name):
            return "", "CURRENT is empty" if not name else "CURRENT is damaged"
        return name, ""

    def _open(self, name: str) -> Generation | str:
        """Return a pinned and verified generation, or what is wrong with it.

        :raises IndexFault: when it is sound but of another format.
        """
        path = self.folder / name
        try:
            pin = os.open(path / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as fault:
            return f"{name}/{MANIFEST}: {fault.strerror}"
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, pin)
            try:
                fcntl.flock(pin, fcntl.LOCK_SH | fcntl.LOCK_NB)
                manifest = read_manifest(path)
                wrong = manifest if isinstance(manifest, str) else verify(path, manifest)
            except OSError as fault:
                return f"{name}: {fault.strerror}"
            if isinstance(manifest, str) or wrong:
                return f"{name}: {wrong}"
            stack.pop_all()  # the open generation keeps the lock
            return Generation(path, manifest, "", pin)

    def _fallback(self, named: str, reason: str) -> Generation:
        for name in reversed(self.names()):
            found = self._open(name) if name != named else ""
            if isinstance(found, Generation):
                found.note = f"{reason}; using {name}. Build the index again"
                return found
        if not self.folder.is_dir() or not (named or self.names()):
            raise IndexFault(f"there is no index in {self.folder} ({reason}); build it with: kgqa build")
        raise IndexFault(f"index {self.folder} is damaged ({reason}) and has no older generation; build it again")

    def _previous(self) -> Generation | None:
        with contextlib.suppress(IndexFault):  # a build must be able to replace what cannot be opened
            return self.current()
        return None

    # --- deleting ---

    def _sweep(self) -> None:
        """Delete what writers that died have left; the caller holds the writer's lock."""
        for entry in self.folder.iterdir():
            if entry.name.startswith((".draft-", ".old-")):
                shutil.rmtree(entry, ignore_errors=True)
        (self.folder / ".CURRENT").unlink(missing_ok=True)

    def _prune(self, keep: int, named: str) -> list[str]:
        others = [name for name in self.names() if name != named]
        older = [name for name in others if _number(name) < _number(named)]
        promised = (self.folder / _PROMISE).exists()
        kept = set(older[len(older) - keep :]) if keep and not promised else set()
        for name in others:  # a newer one was never named by CURRENT: its writer died just before
            if name not in kept:
                self._delete(name)
        left = [name for name in others if (self.folder / name).exists()]
        if promised and not left:
            (self.folder / _PROMISE).unlink(missing_ok=True)
        return left

    def _delete(self, name: str) -> None:
        path = self.folder / name
        with contextlib.ExitStack() as stack:
            try:
                pin = os.open(path / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
                stack.callback(os.close, pin)
                fcntl.flock(pin, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # somebody reads it
            except FileNotFoundError:
                pass  # without a manifest nobody can have opened it
            # The rename hides it at once; a reader who had its name meets a missing folder and looks again.
            away = self.folder / f".old-{name}"
            path.rename(away)
            shutil.rmtree(away, ignore_errors=True)


def _number(name: str) -> int:
    return int(name.removeprefix("gen-"))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Hold the writer's lock; the system drops it when the process ends, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as fault:
        raise IndexFault(f"index {folder} cannot be written ({fault.strerror}); check the folder's rights") from fault
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise IndexFault(f"index {folder} is being written by process {holder}; wait for it or end it") from fault
        with contextlib.suppress(OSError):  # the number is for the message only; a full disk must not stop a prune
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
