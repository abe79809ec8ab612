"""Routes that change a knowledge base: put a document, delete one and prove that it is gone, take up a new index."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request

from kgqa.errors import UsageError
from kgqa.records import to_json
from kgqa.server.faults import NotFound, TooLarge
from kgqa.server.questions import Calling, Serving

router = APIRouter()


@router.put("/v1/kbs/{kb}/documents/{name}")
async def put(kb: str, name: str, request: Request, service: Serving, caller: Calling) -> dict[str, Any]:
    """Add a file: its bytes are the body. Who asks meanwhile is answered from the old index."""
    base = service.owned(kb, caller)
    if name != Path(name).name or name.startswith(".") or "\x00" in name:
        raise UsageError(f"{name[:80]!r} is no file name; give one without folders that does not begin with a dot")
    with tempfile.TemporaryDirectory(prefix="kgqa-put-") as folder:
        file = Path(folder) / name
        await _receive(request, file, service.limits.upload)
        async with service.changing:
            report = await service.run(lambda: base.add(file))
    return {"generation": base.generation, "report": to_json(report)}


async def _receive(request: Request, file: Path, most: int) -> None:
    size = 0
    with file.open("wb") as out:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise TooLarge(f"the file has more than {most:,} bytes; that is the most here")
            out.write(chunk)
    if not size:
        raise UsageError("the file is empty; send its bytes as the body")


@router.post("/v1/kbs/{kb}/reload")
async def reload(kb: str, service: Serving, caller: Calling) -> dict[str, Any]:
    """Go on with what ``kgqa build`` has made meanwhile; who asks in between is answered from the old index."""
    base = service.owned(kb, caller)
    async with service.changing:
        await service.run(base.reopen)
    return {"generation": base.generation}


@router.delete("/v1/kbs/{kb}/documents/{doc_id:path}")
async def delete(kb: str, doc_id: str, service: Serving, caller: Calling) -> dict[str, Any]:
    """Remove a document and all that came from it; ``remains`` is empty when nothing is left."""
    base = service.owned(kb, caller)
    if all(doc_id != known for known, _ in base.documents()):
        raise NotFound(f"{kb}: has no document {doc_id[:200]!r}")
    async with service.changing:
        report = await service.run(lambda: base.remove(doc_id))
        remains = await service.run(lambda: base.verify_erasure(doc_id))
    return {"generation": base.generation, "report": to_json(report), "remains": remains}
