"""Writing answers down beside the answering: a disk that takes its time makes nobody wait who asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

PATIENCE = 30.0
"""Seconds that whoever needs what was written waits for it."""


class Keeper:
    """One thread that writes, first come first served; what somebody has asked to be written can be waited for."""

    def __init__(self) -> None:
        self._writing = ThreadPoolExecutor(1, "kgqa-keep")
        self._lock = threading.Lock()
        self._open: dict[str, list[Future[None]]] = {}

    def put(self, owner: str, work: Callable[[], None]) -> None:
        """Have something written for an owner, after what was put before."""
        future = self._writing.submit(work)
        with self._lock:
            self._open.setdefault(owner, []).append(future)

    def settled(self, owner: str) -> Exception | None:
        """Wait until all of an owner is written; return the fault that one writing met, told once."""
        with self._lock:
            futures = self._open.pop(owner, [])
        wait(futures, PATIENCE)
        faults = (future.exception() for future in futures if future.done())
        return next((fault for fault in faults if isinstance(fault, Exception)), None)

    def after(self, work: Callable[[], None]) -> None:
        """Do something once all that was put before is written.

        :raises Exception: what the work raises.
        """
        self._writing.submit(work).result()
