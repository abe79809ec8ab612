"""Wait for a child process's output."""

from __future__ import annotations

import selectors
from typing import IO


def readable(stream: IO[bytes], seconds: float) -> bool:
    """Wait until a stream can be read; ``select`` itself fails in a process with more than a thousand open files.

    :returns: whether it can be read within that time.
    """
    with selectors.DefaultSelector() as waiting:
        waiting.register(stream, selectors.EVENT_READ)
        return bool(waiting.select(seconds))
