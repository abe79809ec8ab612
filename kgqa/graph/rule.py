"""A rule as people write it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A CONSTRUCT query with a name."""

    name: str
    sparql: str
