"""Questions for all that there is of a kind: "which drugs are there?", "how many contracts are there?", "有哪些合同？"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kgqa.graph.kinds import named_kinds
from kgqa.graph.matching import Match
from kgqa.graph.query import Query
from kgqa.graph.schema_words import SchemaWords

_ALL = re.compile(
    r"^\W*(?:please )?(?:list|show|name|give|enumerate)\b|\bhow many\b|^\W*which\b|^\W*what are (?:all )?the\b"
    r"|^\W*what\b.*\b(?:are there|exist|are known|do you (?:know|have))\b|有哪些|有什么|哪些|列出|列举|多少|几[种个份部项条]",
    re.I,
)


def wholes(match: Match, words: SchemaWords) -> Iterator[Query]:
    """Yield the query for all things of the class that a question names and says nothing else of."""
    reading = match.reading
    if (
        reading.operation in ("list", "count")
        and not reading.mentions
        and reading.content
        and _ALL.search(reading.masked)
    ):
        for kind in named_kinds(match, reading.content, words)[:1]:
            yield Query((), kind=kind, operation=reading.operation)
