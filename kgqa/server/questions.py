"""Routes that read: ask, ask many, search, entities, SPARQL, documents."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from kgqa.records import to_json
from kgqa.rendering import as_object
from kgqa.server import faults, stream
from kgqa.server.access import Caller
from kgqa.server.bodies import Ask, AskMany, Search, Sparql
from kgqa.server.service import Service
from kgqa.types import Answer, Filters, Hit

router = APIRouter()


def service_of(request: Request) -> Service:
    """Return the service of a request."""
    found: Service = request.app.state.service
    return found


def caller_of(request: Request) -> Caller:
    """Return who sends a request, as the guard has found."""
    found: Caller = request.state.caller
    return found


Serving = Annotated[Service, Depends(service_of)]
Calling = Annotated[Caller, Depends(caller_of)]


@router.get("/v1/kbs")
async def knowledge_bases(service: Serving, caller: Calling) -> dict[str, Any]:
    """List the knowledge bases."""
    return {"kbs": [_card(service, name, caller) for name in service.names(caller)]}


@router.get("/v1/kbs/{kb}")
async def knowledge_base(kb: str, service: Serving, caller: Calling) -> dict[str, Any]:
    """Return what is in a knowledge base, and questions to begin with."""
    base = service.base(kb, caller)
    filters = Filters(groups=caller.groups)
    facts, examples = await service.run(lambda: (base.stats(filters), base.examples(filters)))
    return {**_card(service, kb, caller), "stats": to_json(facts), "examples": examples}


def _card(service: Service, name: str, caller: Caller) -> dict[str, Any]:
    base = service.base(name, caller)
    return {
        "name": base.name,
        "title": base.title,
        "languages": list(base.languages),
        "generation": base.generation,
    }


@router.post("/v1/kbs/{kb}/ask", response_model=None)
async def ask(kb: str, body: Ask, service: Serving, caller: Calling) -> dict[str, Any] | StreamingResponse:
    """Answer a question with evidence, or say why there is no answer."""
    base, filters = service.base(kb, caller), body.filters(caller)
    links = [chosen.link(body.question.strip()) for chosen in body.links]
    key = (caller.name, kb, body.conversation)
    history = service.earlier.of(key) if body.conversation else ()

    def answered(progress: Any = None) -> Answer:
        answer = service.asking(base, body.question, filters, links=links, history=history, progress=progress)()
        if body.conversation:
            service.earlier.put(key, [*history, answer])
        return answer

    if not body.stream:
        return as_object(await service.run(answered))
    service.admit()
    return StreamingResponse(_events(service, answered), media_type="text/event-stream", headers=stream.HEADERS)


async def _events(service: Service, work: Any) -> AsyncIterator[str]:
    try:
        async for item in stream.told(service, work):
            if isinstance(item, Answer):
                yield stream.event("answer", as_object(item))
            else:
                yield stream.event("progress", {"stage": item})
    except Exception as fault:  # the status has been sent: the fault is an event
        yield stream.event("error", faults.told(fault))


@router.post("/v1/kbs/{kb}/ask-many")
async def ask_many(kb: str, body: AskMany, service: Serving, caller: Calling) -> dict[str, Any]:
    """Answer questions together; see ``kgqa batch`` for files."""
    base, filters = service.base(kb, caller), body.filters(caller)
    if len(body.questions) > service.limits.questions:
        raise faults.TooLarge(f"{len(body.questions):,} questions; {service.limits.questions:,} are the most at once")

    def work() -> list[Answer]:
        began = time.perf_counter()
        answers = base.ask_many(body.questions, filters=[filters] * len(body.questions))
        service.metrics.answered(kb, answers, time.perf_counter() - began)
        return answers

    return {"answers": [as_object(answer) for answer in await service.run(work)]}


@router.post("/v1/kbs/{kb}/search")
async def search(kb: str, body: Search, service: Serving, caller: Calling) -> dict[str, Any]:
    """Find passages."""
    base, filters = service.base(kb, caller), body.filters(caller)
    k = min(body.k, service.limits.passages)
    hits = await service.run(lambda: base.search(body.query, k, mode=body.mode, filters=filters))
    return {"hits": [hit_object(hit) for hit in hits]}


def hit_object(hit: Hit) -> dict[str, Any]:
    """Return a hit as values of JSON's types."""
    passage = hit.passage
    return {
        "document": passage.doc_id,
        "title": passage.title,
        "heading": passage.heading,
        "page": passage.page,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "language": passage.language,
        "score": round(float(hit.score), 4),
        "parts": {name: round(float(score), 4) for name, score in hit.parts.items()},
    }


@router.get("/v1/kbs/{kb}/entity")
async def entity(
    kb: str,
    service: Serving,
    caller: Calling,
    name: Annotated[str, Query(min_length=1, max_length=2000)],
    language: Annotated[str, Query(max_length=16)] = "en",
) -> dict[str, Any]:
    """Return all that is known of an entity, by a name of it or its IRI, and what is missing."""
    base = service.base(kb, caller)
    found = await service.run(lambda: base.entity(name, language, filters=Filters(groups=caller.groups)))
    shown: dict[str, Any] = to_json(found)
    return shown


@router.post("/v1/kbs/{kb}/sparql")
async def sparql(kb: str, body: Sparql, service: Serving, caller: Calling) -> dict[str, Any]:
    """Run a SELECT or ASK query; the result has the shape of SPARQL 1.1 Query Results JSON."""
    base = service.base(kb, caller)
    limit = min(body.limit, service.limits.rows)
    found = await service.run(lambda: base.sparql(body.query, limit=limit, filters=Filters(groups=caller.groups)))
    if isinstance(found, bool):
        return {"head": {}, "boolean": found}
    rows = [
        {name: _term(term) for name, term in zip(found.columns, row, strict=True) if term is not None}
        for row in found.rows
    ]
    return {"head": {"vars": list(found.columns)}, "results": {"bindings": rows}, "truncated": found.truncated}


def _term(term: Any) -> dict[str, str]:
    shown = {"type": {"iri": "uri", "blank": "bnode"}.get(term.kind, "literal"), "value": term.value}
    if term.language:
        shown["xml:lang"] = term.language
    if term.datatype:
        shown["datatype"] = term.datatype
    return shown


@router.get("/v1/kbs/{kb}/documents")
async def documents(
    kb: str,
    service: Serving,
    caller: Calling,
    start: Annotated[int, Query(ge=0)] = 0,
    count: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> dict[str, Any]:
    """List the documents."""
    base = service.base(kb, caller)
    found = await service.run(lambda: base.documents(Filters(groups=caller.groups)))
    page = [{"id": doc_id, "title": title} for doc_id, title in found[start : start + count]]
    return {"documents": page, "total": len(found)}


@router.get("/v1/kbs/{kb}/documents/{doc_id:path}")
async def document(kb: str, doc_id: str, service: Serving, caller: Calling) -> dict[str, Any]:
    """Return a document; the offsets of evidence count in its text."""
    base = service.base(kb, caller)

    def work() -> dict[str, Any]:
        if all(doc_id != known for known, _ in base.documents(Filters(groups=caller.groups))):
            raise faults.NotFound(f"{kb}: has no document {doc_id[:200]!r}")
        found = to_json(base.document(doc_id))
        return {name: value for name, value in found.items() if name != "access"}

    return await service.run(work)
