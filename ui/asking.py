"""Asking with progress: the answer is made in a thread, and its stages come out as they happen; it can be stopped."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from kgqa.types import Answer, Filters, Link

from .desk import KnowledgeBase

BRIEF = 0.06
"""Seconds that a stage must last to be shown."""

KEPT = 4096
"""Stops remembered; one is needed for as long as its question is being answered."""


class Stopped(Exception):
    """The asker has pressed stop."""


Event = str | Answer | Exception


class Stops:
    """Which questions were stopped, by the ticket that the page drew for each.

    A stop that arrives before its question is remembered: on a busy machine the question may still wait in the queue.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: OrderedDict[str, threading.Event] = OrderedDict()

    def of(self, ticket: str) -> threading.Event:
        """Return the event that is set once the question of a ticket is stopped."""
        with self._lock:
            event = self._events.setdefault(ticket, threading.Event())
            self._events.move_to_end(ticket)
            while len(self._events) > KEPT:
                self._events.popitem(last=False)
        return event


def stream(
    base: KnowledgeBase,
    question: str,
    *,
    filters: Filters | None = None,
    links: Sequence[Link] = (),
    history: Sequence[Answer] = (),
    stop: threading.Event | None = None,
) -> Iterator[Event]:
    """Yield the names of the stages and at the end the answer, or the exception that ended it.

    A stop ends the stream at once; the work behind it ends when it comes to its next stage, as it does when the generator is
    closed early.
    """
    stop = stop or threading.Event()
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def reached(stage: str) -> None:
        if stop.is_set():
            raise Stopped
        events.put(stage)

    def work() -> None:
        try:
            events.put(base.ask(question, filters=filters, links=links, history=history, progress=reached))
        except Exception as fault:  # shown to the user by the caller, whatever it is
            events.put(fault)

    threading.Thread(target=work, name="kgqa-ask", daemon=True).start()
    try:
        yield from _until_done(events, stop)
    finally:
        stop.set()


def _until_done(events: queue.SimpleQueue[Event], stop: threading.Event) -> Iterator[Event]:
    """Pass events on; a stage that is over at once is left out, since showing it would only delay the answer."""
    stage = ""
    while True:
        try:
            event: Event | None = events.get(timeout=BRIEF)
        except queue.Empty:
            event = None
        if stop.is_set():
            event = Stopped()
        if event is None and stage:
            yield stage
            stage = ""
        elif isinstance(event, str):
            stage = event
        elif event is not None:
            yield event
            return


__all__ = ["Stopped", "Stops", "stream"]
