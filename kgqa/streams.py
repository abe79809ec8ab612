"""Work on pieces of a list in a few threads, so that one piece's Python runs beside another's models.

ONNX Runtime, FAISS and SQLite let other threads run while they work. One question alone leaves a core idle while its text is
taken apart, its entities are linked and its graph is walked; pieces side by side fill that time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def pieces(
    items: Sequence[T], work: Callable[[Sequence[T]], Sequence[R]], *, size: int = 4, streams: int | None = None
) -> Iterator[tuple[int, Sequence[R]]]:
    """Yield the place of each piece's first item and the piece's results, as pieces are done: not in order.

    No more pieces are begun than there are streams, so a caller that stops (or raises) waits for those only.

    :param work: turns items into as many results; called from several threads at once.
    :param size: items in a piece.
    :param streams: threads; one for each core that this process may use, at most 8, when ``None``.
    :raises Exception: what ``work`` raises, once the pieces that were begun are done.
    """
    count = streams or min(8, len(os.sched_getaffinity(0)))
    starts = iter(range(0, len(items), size))
    if count == 1 or len(items) <= size:
        for at in starts:
            yield at, work(items[at : at + size])
        return
    with ThreadPoolExecutor(count, thread_name_prefix="stream") as pool:
        running: dict[Future[Sequence[R]], int] = {}
        while True:
            for at in islice(starts, count - len(running)):
                running[pool.submit(work, items[at : at + size])] = at
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                yield running.pop(one), one.result()
