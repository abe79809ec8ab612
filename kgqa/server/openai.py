"""The chat route that programs for OpenAI's service know; a knowledge base is the model.

The text of a reply is the answer with numbered citations; the whole answer is beside it under ``kgqa``. Stages of the work
come as comments of the event stream, which such programs pass over.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from kgqa.errors import UsageError
from kgqa.rendering import as_object
from kgqa.server import faults, stream
from kgqa.server.access import Caller
from kgqa.server.bodies import Chat
from kgqa.server.questions import Calling, Serving
from kgqa.server.service import Service
from kgqa.types import Answer, Filters

router = APIRouter()
_EARLIER = 3
"""Earlier questions that a follow-up is resolved against."""


@router.get("/v1/models")
async def models(service: Serving, caller: Calling) -> dict[str, Any]:
    """List the knowledge bases as models."""
    names = service.names(caller)
    return {"object": "list", "data": [{"id": n, "object": "model", "created": 0, "owned_by": "kgqa"} for n in names]}


@router.post("/v1/chat/completions", response_model=None)
async def chat(body: Chat, service: Serving, caller: Calling) -> dict[str, Any] | StreamingResponse:
    """Answer the last message of the user; earlier ones resolve what it refers to."""
    base = service.base(body.model, caller)
    asked = [message.text().strip() for message in body.messages if message.role == "user"]
    if not asked or not asked[-1]:
        raise UsageError("there is no message of role user with text")
    if body.n != 1:
        raise UsageError("n is 1 here: there is one answer")
    filters = Filters(groups=caller.groups)

    def work(progress: Any = None) -> Answer:
        history = _history(service, caller, body.model, asked[:-1], filters)
        answer = service.asking(base, asked[-1], filters, history=history, progress=progress)()
        service.earlier.put(_key(caller, body.model, asked), [*history, answer])
        return answer

    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": body.model}
    if body.stream:
        service.admit()
        return StreamingResponse(_chunks(service, work, head), media_type="text/event-stream", headers=stream.HEADERS)
    answer = await service.run(work)
    message = {"role": "assistant", "content": reply(answer)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**head, "object": "chat.completion", "choices": [choice], "kgqa": as_object(answer)}


async def _chunks(service: Service, work: Any, head: dict[str, Any]) -> AsyncIterator[str]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        said = {**head, "object": "chat.completion.chunk", "choices": [choice], **more}
        return f"data: {json.dumps(said, ensure_ascii=False)}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    try:
        async for item in stream.told(service, work):
            if isinstance(item, Answer):
                yield chunk({"content": reply(item)})
                yield chunk({}, "stop", kgqa=as_object(item))
            else:
                yield f": {item}\n\n"
    except Exception as fault:  # the status has been sent: the fault is an event
        yield f"data: {json.dumps(faults.told(fault), ensure_ascii=False)}\n\n"
    yield "data: [DONE]\n\n"


def _key(caller: Caller, base: str, asked: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([caller.name, base, *asked]).encode()).hexdigest()


def _history(service: Service, caller: Caller, name: str, asked: Sequence[str], filters: Filters) -> list[Answer]:
    """Return the answers to the earlier questions: as they were given, or made again."""
    known = list(service.earlier.of(_key(caller, name, asked))) if asked else []
    if known or not asked:
        return known
    answers: list[Answer] = []
    for question in asked[-_EARLIER:]:
        if question:
            answers.append(service.bases[name].ask(question, filters=filters, history=answers))
    return answers


def reply(answer: Answer, most: int = 5) -> str:
    """Return an answer as text with numbered citations."""
    said = answer.prose or answer.text or answer.explanation
    lines = []
    for number, one in enumerate(answer.evidence[:most], 1):
        if one.passage is not None:
            page = f", p. {one.passage.page}" if one.passage.page is not None else ""
            lines.append(f"[{number}] {one.passage.doc_id}{page}: “{' '.join(one.quote.split())}”")
        elif one.path is not None:
            lines.append(f"[{number}] {one.path.words}")
    return "\n".join([said, *(["", *lines] if lines else [])])
