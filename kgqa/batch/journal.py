"""What a run has done so far, so that a kill loses nothing and repeats nothing.

A file of JSON lines beside the output. The first says what answered; each other holds one question's result under a key of
what was asked. Lines are appended and forced to the disk before the next questions are asked; a last line that was cut short
is dropped when the run goes on. So a run goes on also when rows of its file were changed, added or moved since.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kgqa.errors import UsageError

FORMAT = 2
SUFFIX = ".journal"
"""What a journal's name has beside the output's."""


class Journal:
    """The journal of one run; holds a lock while open, so that two runs cannot share an output.

    :param run: what must be the same for results to be taken over: knowledge base, index, models, who asks.
    :param resume: take over the results of an interrupted run.
    :ivar done: results by key.
    :ivar stale: results that were dropped, as another index or other models gave them.
    :raises UsageError: another process is writing the same output.
    """

    def __init__(self, file: Path, run: Mapping[str, Any], *, resume: bool = True) -> None:
        self._file, self._run = file, {"format": FORMAT, **run}
        self._descriptor = _locked(file)
        self.stale = 0
        self.done: dict[str, dict[str, Any]] = self._recover() if resume else {}
        if not self.done:
            self._begin()

    def _recover(self) -> dict[str, dict[str, Any]]:
        """Return the results of an interrupted run that answers as this one does, and cut off a torn last line."""
        lines = self._file.read_bytes().split(b"\n")
        good, done = 0, {}
        for place, line in enumerate(lines[:-1]):  # what follows the last line break is torn
            try:
                entry = json.loads(line)
                if place:
                    done[entry["key"]] = entry["result"]
            except (ValueError, KeyError, TypeError):
                break
            if place == 0 and entry != self._run:
                self.stale = max(0, len(lines) - 2)
                return {}
            good += len(line) + 1
        os.ftruncate(self._descriptor, good)
        return done

    def _begin(self) -> None:
        os.ftruncate(self._descriptor, 0)
        self._append([self._run])

    def add(self, results: Mapping[str, dict[str, Any]]) -> None:
        """Keep results; they are on the disk when this returns."""
        self._append({"key": key, "result": result} for key, result in results.items())
        self.done.update(results)

    def _append(self, entries: Iterable[Mapping[str, Any]]) -> None:
        data = memoryview("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode())
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError as fault:
            raise OSError(fault.errno, fault.strerror, str(self._file)) from fault

    def finish(self) -> None:
        """Remove the journal, once the output is complete."""
        self._file.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)


def _locked(file: Path) -> int:
    """Open a file for appending and lock it.

    :raises UsageError: another process holds the lock.
    """
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if file.exists() and os.path.samestat(os.fstat(descriptor), file.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            output = file.name.removesuffix(SUFFIX)
            raise UsageError(f"another run is writing {output}; wait for it or choose another output") from None
        os.close(descriptor)  # the run that held it has just finished and removed it
