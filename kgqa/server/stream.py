"""Answers as server-sent events: the stages as they begin, then the answer. Who hangs up stops the work."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

from kgqa.server.service import Service
from kgqa.types import Answer

Told = tuple[str, Any]


class HungUp(Exception):
    """Nobody reads the answer any more."""


async def told(service: Service, work: Callable[[Callable[[str], None]], Answer]) -> AsyncIterator[str | Answer]:
    """Yield the name of each stage as it begins, then the answer.

    :param work: makes the answer; gets the function to call with each stage.
    :raises KgqaError: what the work raises.
    """
    loop, stages = asyncio.get_running_loop(), asyncio.Queue[str | None]()
    gone = threading.Event()

    def tell(stage: str) -> None:
        if gone.is_set():
            raise HungUp
        loop.call_soon_threadsafe(stages.put_nowait, stage)

    task = asyncio.create_task(service.run(lambda: work(tell)))
    task.add_done_callback(lambda _: stages.put_nowait(None))
    try:
        while (stage := await stages.get()) is not None:
            yield stage
        yield task.result()
    finally:
        gone.set()
        if not task.done():
            task.cancel()


def event(name: str, data: Any) -> str:
    """Return one event; its data is JSON on one line."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Keep proxies from holding events back."""
