"""Files to documents, through limited child processes."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from kgqa.documents.folder import document_id, title_from
from kgqa.documents.formats import media_type, supported
from kgqa.documents.metadata import interpret
from kgqa.documents.source import Extract, clean
from kgqa.errors import SourceError
from kgqa.types import Document

_AHEAD = 8
_FEW = 40
_START_SECONDS = 60.0
_WALL = 3.0  # times the processor time: the machine may be busy with other work
_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])


@dataclass(frozen=True, slots=True)
class Limits:
    """What a loader may use for one file.

    :param seconds: processor time for each file, and a third of the wall time; a file larger than 1 MB gets two
        seconds more for each further MB.
    :param memory: bytes of address space of the child process.
    :param size: bytes of the largest file that is read at all.
    """

    seconds: float = 10.0
    memory: int = 1 << 30
    size: int = 64 << 20

    def time_for(self, size: int) -> float:
        """Return the seconds that a file of ``size`` bytes may take."""
        return self.seconds + 2.0 * max(0, size - (1 << 20)) / (1 << 20)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of one file.

    :param problem: why there are no documents; ``None`` when there are.
    :param warnings: what was read with doubts: a guessed encoding, pages or rows left out.
    """

    path: Path
    documents: tuple[Document, ...] = ()
    problem: str | None = None
    warnings: tuple[str, ...] = ()


def load(
    paths: Sequence[Path],
    root: Path,
    *,
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
    limits: Limits = Limits(),
) -> Iterator[Loaded]:
    """Read files in order. A file that cannot be read is reported in its place and the rest goes on.

    :param root: folder that document ids are relative to.
    :param progress: called with the number of files done.
    :param workers: number of child processes; by default one for each processor, and one for few files.
    """
    count = workers or (1 if len(paths) < _FEW else min(os.cpu_count() or 1, 8))
    readers = [_Reader(limits) for _ in range(count)]
    free: SimpleQueue[_Reader] = SimpleQueue()
    for reader in readers:
        free.put(reader)

    def one(path: Path) -> Loaded:
        reader = free.get()
        try:
            return _load_one(path, root, reader)
        finally:
            free.put(reader)

    pending: deque[Future[Loaded]] = deque()
    rest = iter(paths)
    with ThreadPoolExecutor(count) as pool:
        try:
            for path in rest:
                pending.append(pool.submit(one, path))
                if len(pending) >= _AHEAD * count:
                    break
            done = 0
            while pending:
                loaded = pending.popleft().result()
                following = next(rest, None)
                if following is not None:
                    pending.append(pool.submit(one, following))
                done += 1
                if progress:
                    progress(done)
                yield loaded
        finally:
            for future in pending:
                future.cancel()
            for reader in readers:
                reader.stop()


def load_one(path: Path, root: Path, *, limits: Limits = Limits()) -> Loaded:
    """Read one file."""
    return next(load([path], root, limits=limits))


def _load_one(path: Path, root: Path, reader: _Reader) -> Loaded:
    warnings: tuple[str, ...] = ()
    try:
        extracts, warnings = reader.read(path)
        documents = tuple(_document(extract, path, root) for extract in extracts)
    except SourceError as error:
        return Loaded(path, problem=str(error), warnings=warnings)
    return Loaded(path, documents, None, warnings)


def _document(extract: Extract, path: Path, root: Path) -> Document:
    """Make a document; its id comes from the path alone, whatever the child says."""
    row = f"#{extract.row}" if extract.row else ""
    try:
        validity, access, about = interpret(extract.about)
    except SourceError as error:
        raise SourceError(f"row {extract.row}: {error}" if row else str(error)) from None
    title = " ".join(extract.title.split())[:300]
    kind = media_type(path)
    if kind in ("text/plain", "application/pdf") and (not title or len(title_from(path).split()) >= 3):
        title = title if kind == "application/pdf" and title else title_from(path)
    return Document(
        id=document_id(path, root) + row,
        title=title or title_from(path) + (f" {extract.row}" if row else ""),
        text=extract.text,
        media_type=kind,
        language=extract.language,
        sections=extract.sections,
        pages=extract.pages,
        validity=validity,
        access=access,
        metadata=about,
    )


class _Reader:
    """One child process, started when needed and again after a file has killed it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child: subprocess.Popen[bytes] | None = None

    def read(self, path: Path) -> tuple[list[Extract], tuple[str, ...]]:
        """Read one file in the child.

        :raises SourceError: the file cannot be read, or it used up its limits and the child was ended.
        """
        size = self._admit(path)
        seconds = self._limits.time_for(size)
        request = {"path": str(path), "media_type": media_type(path), "seconds": seconds}
        reply = self._ask(request, seconds, cap=100 * size + (64 << 20))
        try:
            if reply["problem"] is not None:
                raise SourceError(clean(str(reply["problem"])))
            return [Extract.from_json(value) for value in reply["extracts"]], tuple(map(str, reply["warnings"]))
        except (KeyError, TypeError, ValueError) as error:
            raise SourceError(f"the loader's reply makes no sense ({error})") from None

    def stop(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def _admit(self, path: Path) -> int:
        try:
            size = path.stat().st_size
        except (OSError, ValueError) as error:
            raise SourceError(f"cannot be opened ({getattr(error, 'strerror', None) or error})") from None
        if not supported(path):
            raise SourceError(f"no loader for {path.suffix or 'files without a suffix'}")
        if not path.is_file():
            raise SourceError("no regular file")
        if size == 0:
            raise SourceError("the file is empty")
        if size > self._limits.size:
            raise SourceError(f"{size >> 20} MB; files over {self._limits.size >> 20} MB are refused, split it")
        return size

    def _ask(self, request: dict[str, Any], seconds: float, cap: int) -> dict[str, Any]:
        line = json.dumps(request).encode() + b"\n"
        for attempt in (1, 2):
            child = self._child or self._start()
            try:
                assert child.stdin is not None
                child.stdin.write(line)
                child.stdin.flush()
                break
            except OSError:  # an idle child that somebody ended; start another once
                self.stop()
                if attempt == 2:
                    raise SourceError("the loader process cannot be started") from None
        data = self._receive(child, time.monotonic() + _WALL * seconds, cap)
        if data is None:
            self.stop()
            raise SourceError(f"reading it takes longer than {seconds:.0f} s or too much memory; split or repair it")
        try:
            reply = json.loads(data)
        except ValueError:
            self.stop()
            raise SourceError("the loader's reply makes no sense") from None
        return reply if isinstance(reply, dict) else {}

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            key: os.environ[key]
            for key in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
            if key in os.environ
        }
        environment |= {
            "PYTHONPATH": os.pathsep.join([_PACKAGE_ROOT]),
            "PYTHONUTF8": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "kgqa.documents.worker", str(self._limits.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        if self._receive(self._child, time.monotonic() + _START_SECONDS, 1 << 16) is None:
            self.stop()
            raise SourceError("the loader process cannot be started")
        return self._child

    @staticmethod
    def _receive(child: subprocess.Popen[bytes], deadline: float, cap: int) -> bytes | None:
        """Read one line; ``None`` when it does not come in time, is too long, or the child dies."""
        assert child.stdout is not None
        pieces: list[bytes] = []
        length = 0
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0 and length <= cap:
                if not selector.select(left):
                    return None
                piece = os.read(child.stdout.fileno(), 1 << 20)
                if not piece:
                    return None
                pieces.append(piece)
                length += len(piece)
                if piece.endswith(b"\n"):
                    return b"".join(pieces)
        return None
