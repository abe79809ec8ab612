"""Knowledge bases as tools for MCP clients, by the official SDK: ask, search, entity, sparql, document, list.

Everything is read-only. Who starts the server decides the groups; a client cannot widen them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Literal, ParamSpec

import anyio.to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

import kgqa
from kgqa.errors import KgqaError, UsageError
from kgqa.records import to_json
from kgqa.rendering import as_object
from kgqa.server.access import Caller
from kgqa.server.bodies import Narrowed
from kgqa.server.questions import hit_object
from kgqa.types import Filters

if TYPE_CHECKING:
    from kgqa.knowledge_base import KnowledgeBase

P = ParamSpec("P")
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Base = Annotated[str, Field(description="Name of the knowledge base; may be left empty when there is only one.")]
Day = Annotated[str, Field(description="Use what was in force on this day, YYYY-MM-DD.")]
_TEXT = 20_000
"""Characters of a document that one call returns."""

INSTRUCTIONS = """Answers from documents and a knowledge graph, each with evidence that can be checked: quotations with document
and character offsets, graph statements with the SPARQL query that gives them. `answer` is null when the sources do not
answer; then `reason` says why, and nothing should be made up in its place. `confidence` is a calibrated probability."""


def create_tools(bases: Sequence[KnowledgeBase], groups: frozenset[str] | None = None) -> MCPServer:
    """Return an MCP server over knowledge bases.

    :param groups: sources that name groups are used for their members only; ``None`` means that no rule is in force.
    """
    server: MCPServer = MCPServer("kgqa", version=kgqa.__version__, instructions=INSTRUCTIONS)
    tools = _Tools({base.name: base for base in bases}, groups)
    for work in (tools.knowledge_bases, tools.ask, tools.search, tools.entity, tools.sparql, tools.document):
        server.add_tool(_threaded(work), name=work.__name__, description=work.__doc__, structured_output=False)
    return server


def _threaded(work: Callable[P, Any]) -> Callable[P, Any]:
    """Run a tool in a thread and return JSON; a fault that the caller can mend is told in one line."""

    @wraps(work)
    async def call(*args: P.args, **options: P.kwargs) -> str:
        def done() -> Any:
            try:
                return work(*args, **options)
            except KgqaError as fault:
                raise ToolError(" ".join(str(fault).split())) from None

        return json.dumps(await anyio.to_thread.run_sync(done), ensure_ascii=False)

    return call


class _Tools:
    def __init__(self, bases: dict[str, KnowledgeBase], groups: frozenset[str] | None) -> None:
        self._bases = bases
        self._caller = Caller("", groups)

    def _base(self, name: str) -> KnowledgeBase:
        if not name and len(self._bases) == 1:
            return next(iter(self._bases.values()))
        if name not in self._bases:
            raise UsageError(f"no knowledge base {name[:80]!r} here; there are: {', '.join(self._bases)}")
        return self._bases[name]

    def _filters(self, as_of: str = "", documents: Sequence[str] | None = None) -> Filters:
        try:
            narrowed = Narrowed.model_validate({"as_of": as_of or None, "documents": documents or None})
        except ValueError as fault:
            raise UsageError(f"{as_of[:40]!r} is no date; write it as YYYY-MM-DD") from fault
        return narrowed.filters(self._caller)

    def knowledge_bases(self) -> Any:
        """List the knowledge bases with what is in them and questions to begin with."""
        seen = self._filters()
        return [
            {"name": b.name, "title": b.title, "languages": list(b.languages), "stats": to_json(b.stats(seen)),
             "examples": b.examples(seen)[:10]}
            for b in self._bases.values()
        ]  # fmt: skip

    def ask(
        self,
        question: Text,
        kb: Base = "",
        as_of: Day = "",
        documents: Annotated[list[str] | None, Field(description="Use only these documents, by id.")] = None,
    ) -> Any:
        """Answer a question with evidence and a calibrated confidence, or say why there is no answer."""
        return as_object(self._base(kb).ask(question, filters=self._filters(as_of, documents)))

    def search(
        self,
        query: Text,
        kb: Base = "",
        k: Annotated[int, Field(ge=1, le=50)] = 8,
        mode: Literal["lexical", "dense", "hybrid", "rerank"] = "rerank",
        as_of: Day = "",
    ) -> Any:
        """Find the passages that are most about something, with document, offsets and page."""
        hits = self._base(kb).search(query, k, mode=mode, filters=self._filters(as_of))
        return [hit_object(hit) for hit in hits]

    def entity(self, name: Text, kb: Base = "", language: Literal["en", "zh"] = "en") -> Any:
        """Return all that the graph knows of an entity, by a name of it or its IRI, and what is missing."""
        return to_json(self._base(kb).entity(name, language, filters=self._filters()))

    def sparql(
        self,
        query: Annotated[str, Field(min_length=1, max_length=100_000)],
        kb: Base = "",
        limit: Annotated[int, Field(ge=1, le=1000)] = 100,
    ) -> Any:
        """Run a SPARQL SELECT or ASK query on the graph; updates and other services are refused."""
        found = self._base(kb).sparql(query, limit=limit, filters=self._filters())
        return {"boolean": found} if isinstance(found, bool) else to_json(found)

    def document(
        self, doc_id: Text, kb: Base = "", start: Annotated[int, Field(ge=0)] = 0, end: Annotated[int, Field(ge=0)] = 0
    ) -> Any:
        """Return the text of a document between two character offsets, from its beginning if none are given."""
        base = self._base(kb)
        if all(doc_id != known for known, _ in base.documents(self._filters())):
            raise UsageError(f"{base.name}: has no document {doc_id[:200]!r}; search tells the ids")
        found = base.document(doc_id)
        last = min(end or start + _TEXT, start + _TEXT, len(found.text))
        return {"id": found.id, "title": found.title, "language": found.language, "length": len(found.text),
                "start": start, "end": last, "text": found.text[start:last]}  # fmt: skip
