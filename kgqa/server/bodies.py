"""What requests hold. A field that is not known is refused, so that a misspelt limit is never silently dropped."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kgqa.errors import UsageError
from kgqa.server.access import Caller
from kgqa.types import Filters, Link

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Id = Annotated[str, Field(max_length=2000)]
Mode = Literal["lexical", "dense", "hybrid", "rerank"]


class Body(BaseModel):
    """A request of this service."""

    model_config = ConfigDict(extra="forbid")


class Narrowed(Body):
    """What narrows the sources of a question; nothing here widens the caller's rights."""

    as_of: date | None = None
    jurisdiction: Id | None = None
    language: Annotated[str, Field(max_length=16)] | None = None
    documents: Annotated[list[Id], Field(max_length=10_000)] | None = None
    metadata: Annotated[dict[str, str], Field(max_length=20)] = {}

    def filters(self, caller: Caller) -> Filters:
        """Return the filters of a caller's request."""
        return Filters(
            as_of=self.as_of,
            jurisdiction=self.jurisdiction,
            language=self.language,
            groups=caller.groups,
            documents=None if self.documents is None else frozenset(self.documents),
            metadata=tuple(sorted(self.metadata.items())),
        )


class Chosen(Body):
    """An entity that the asker has chosen for a mention."""

    mention: Text
    iri: Id

    def link(self, question: str) -> Link:
        """Return the choice as a link.

        :raises UsageError: the question has no such mention.
        """
        at = question.lower().find(self.mention.lower())
        if at < 0:
            raise UsageError(f"the mention {self.mention[:80]!r} does not stand in the question")
        end = at + len(self.mention)
        return Link(at, end, question[at:end], self.iri, self.mention, 1.0, "given")


class Ask(Narrowed):
    """A question.

    :ivar conversation: any name; questions of one name follow each other ("and its side effects?").
    :ivar stream: progress and answer as server-sent events.
    """

    question: Text
    links: Annotated[list[Chosen], Field(max_length=20)] = []
    conversation: Annotated[str, Field(max_length=200)] = ""
    stream: bool = False


class AskMany(Narrowed):
    """Questions that are answered together."""

    questions: Annotated[list[Text], Field(min_length=1)]


class Search(Narrowed):
    """A search for passages."""

    query: Text
    k: Annotated[int, Field(ge=1)] = 10
    mode: Mode = "rerank"


class Sparql(Body):
    """A SELECT or ASK query."""

    query: Annotated[str, Field(min_length=1, max_length=100_000)]
    limit: Annotated[int, Field(ge=1)] = 1000


class Message(BaseModel):
    """A message of a chat; fields that other services know are ignored."""

    role: str
    content: str | list[dict[str, Any]] | None = None

    def text(self) -> str:
        """Return its text."""
        if isinstance(self.content, str):
            return self.content
        return " ".join(str(part.get("text", "")) for part in self.content or () if part.get("type") == "text")


class Chat(BaseModel):
    """A request of the chat route; fields that only steer a language model are ignored."""

    model: Id
    messages: Annotated[list[Message], Field(min_length=1, max_length=200)]
    stream: bool = False
    n: int = 1
