"""What a service takes at most."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on work; what is over them is refused with a status of its own.

    :param body: bytes of a request.
    :param upload: bytes of an uploaded file.
    :param working: requests worked on at once; one for each core when 0.
    :param waiting: requests that may wait for a place; more get 503.
    :param questions: questions of one batch request.
    :param rows: rows of a SPARQL result.
    :param passages: passages of one search.
    """

    body: int = 1_000_000
    upload: int = 100_000_000
    working: int = 0
    waiting: int = 64
    questions: int = 200
    rows: int = 10_000
    passages: int = 100

    @property
    def workers(self) -> int:
        """Requests worked on at once."""
        return self.working or len(os.sched_getaffinity(0))
