"""What the routes share: the knowledge bases, who calls, places to work in, earlier answers, counters."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from kgqa.errors import NotPermitted
from kgqa.server.access import Caller, Tokens
from kgqa.server.faults import Busy, NotFound, NotSignedIn
from kgqa.server.limits import Limits
from kgqa.server.metrics import Metrics
from kgqa.types import Answer, Filters, Link

if TYPE_CHECKING:
    from kgqa.knowledge_base import KnowledgeBase

T = TypeVar("T")
_REMEMBERED = 2000
_EARLIER = 8


class Service:
    """Knowledge bases that are served.

    :param tokens: who may call; everybody when ``None``.
    :param writable: without tokens, whether everybody may add and remove documents.
    """

    def __init__(
        self,
        bases: Sequence[KnowledgeBase],
        tokens: Tokens | None = None,
        limits: Limits | None = None,
        *,
        writable: bool = False,
    ) -> None:
        self.bases = {base.name: base for base in bases}
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.earlier = Earlier()
        self.changing = anyio.Lock()
        self._tokens = tokens
        self._anybody = Caller("", None, None, writable)
        self._places = anyio.CapacityLimiter(self.limits.workers)

    def caller(self, authorization: str) -> Caller:
        """Return who sends a request.

        :raises NotSignedIn: tokens are in force and the header has none of them.
        """
        if self._tokens is None:
            return self._anybody
        caller = self._tokens.caller(authorization)
        if caller is None:
            raise NotSignedIn("this service wants a token; send the header: Authorization: Bearer TOKEN")
        return caller

    def base(self, name: str, caller: Caller) -> KnowledgeBase:
        """Return a knowledge base.

        :raises NotFound: there is none of this name that the caller may use.
        """
        if name not in self.bases or not caller.uses(name):
            seen = ", ".join(self.names(caller)) or "none"
            raise NotFound(f"no knowledge base {name[:80]!r} here; there are: {seen}")
        return self.bases[name]

    def names(self, caller: Caller) -> list[str]:
        """Return the names of the knowledge bases that a caller may use."""
        return [name for name in self.bases if caller.uses(name)]

    def owned(self, name: str, caller: Caller) -> KnowledgeBase:
        """Return a knowledge base that the caller may change.

        :raises NotPermitted: they may not.
        """
        base = self.base(name, caller)
        if not caller.owner:
            raise NotPermitted("adding and removing needs an owner's token, or a service started with --writable")
        return base

    def admit(self) -> None:
        """Refuse a request when too many wait already.

        :raises Busy: try again later.
        """
        if self._places.statistics().tasks_waiting >= self.limits.waiting:
            raise Busy("too many requests are waiting; try again in a few seconds")

    async def run(self, work: Callable[[], T]) -> T:
        """Do work in a thread, when there is a place for it.

        :raises Busy: too many wait already.
        """
        self.admit()
        # What was begun is finished in its thread, but a caller who is gone does not hold a place in the queue.
        return await anyio.to_thread.run_sync(work, limiter=self._places, abandon_on_cancel=True)

    def asking(
        self,
        base: KnowledgeBase,
        question: str,
        filters: Filters,
        *,
        links: Sequence[Link] = (),
        history: Sequence[Answer] = (),
        progress: Callable[[str], None] | None = None,
    ) -> Callable[[], Answer]:
        """Return the work of answering a question."""
        ask = partial(base.ask, question, filters=filters, links=links, history=history, progress=progress)

        def work() -> Answer:
            began = time.perf_counter()
            answer = ask()
            self.metrics.answered(base.name, [answer], time.perf_counter() - began)
            return answer

        return work

    def gauges(self) -> dict[str, float]:
        """Return what is so at the moment."""
        now = self._places.statistics()
        return {"kgqa_working": now.borrowed_tokens, "kgqa_waiting": now.tasks_waiting}


class Earlier:
    """Earlier answers of conversations, the longest unused forgotten first; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Answer, ...]] = OrderedDict()

    def of(self, key: Hashable) -> tuple[Answer, ...]:
        """Return the answers under a key, oldest first."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key, ())

    def put(self, key: Hashable, answers: Sequence[Answer]) -> None:
        """Keep the last answers under a key."""
        with self._lock:
            self._kept[key] = tuple(answers)[-_EARLIER:]
            self._kept.move_to_end(key)
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
