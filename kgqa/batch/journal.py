"""What a run has done so far, so that a kill loses nothing and repeats nothing.

A file of JSON lines beside the output. The first names the run; each other holds one row's result. Lines are appended
and forced to the disk before the next questions are asked; a last line that was cut short is dropped when the run goes
on.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kgqa.errors import UsageError

FORMAT = 1


class Journal:
    """The journal of one run; holds a lock while open, so that two runs cannot share an output.

    :param run: what identifies the run (questions, knowledge base, index); results of another run are not taken over.
    :raises UsageError: another process is writing the same output.
    """

    def __init__(self, file: Path, run: dict[str, Any], *, resume: bool = True) -> None:
        self._file, self._run = file, {"format": FORMAT, **run}
        file.parent.mkdir(parents=True, exist_ok=True)
        self._handle = file.open("a+b")
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._handle.close()
            raise UsageError(f"another run is writing {file.name}; wait for it or choose another output") from None
        self.done: dict[int, dict[str, Any]] = self._recover() if resume else {}
        if not self.done:
            self._begin()

    def _recover(self) -> dict[int, dict[str, Any]]:
        """Return the results of an interrupted run that is the same as this one, and cut off a torn last line."""
        self._handle.seek(0)
        lines = self._handle.read().split(b"\n")
        good, done = 0, {}
        for place, line in enumerate(lines[:-1]):  # what follows the last line break is torn
            try:
                entry = json.loads(line)
            except ValueError:
                break
            if place == 0 and entry != self._run:
                return {}
            if place:
                done[entry["row"]] = entry
            good += len(line) + 1
        self._handle.truncate(good)
        return done

    def _begin(self) -> None:
        self._handle.truncate(0)
        self._append([self._run])

    def add(self, entries: Iterable[dict[str, Any]]) -> None:
        """Keep results; they are on the disk when this returns."""
        entries = list(entries)
        self._append(entries)
        self.done.update((entry["row"], entry) for entry in entries)

    def _append(self, entries: Iterable[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        self._handle.seek(0, os.SEEK_END)
        self._handle.write(lines.encode())
        self._handle.flush()
        os.fsync(self._handle.fileno())

    def finish(self) -> None:
        """Remove the journal, once the output is complete."""
        self._file.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the lock back."""
        self._handle.close()
