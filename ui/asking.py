"""Asking with progress: the answer is made in a thread, and its stages come out as they happen."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence

from kgqa.types import Answer, Filters, Link

from .desk import KnowledgeBase

Event = str | Answer | Exception


def stream(
    base: KnowledgeBase,
    question: str,
    *,
    filters: Filters | None = None,
    links: Sequence[Link] = (),
    history: Sequence[Answer] = (),
) -> Iterator[Event]:
    """Yield the names of the stages and at the end the answer, or the exception that ended it.

    A generator that is closed early leaves the thread to finish; its answer is dropped.
    """
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def work() -> None:
        try:
            events.put(base.ask(question, filters=filters, links=links, history=history, progress=events.put))
        except Exception as fault:  # shown to the user by the caller, whatever it is
            events.put(fault)

    threading.Thread(target=work, name="kgqa-ask", daemon=True).start()
    while True:
        event = events.get()
        yield event
        if not isinstance(event, str):
            return
