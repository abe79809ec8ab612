"""Audit records of a knowledge base: written with each answer, and asked again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kgqa.audit import Asked, Journal, Replay, asked_of, compare, entry
from kgqa.qa import BOTH, Request
from kgqa.types import Answer

if TYPE_CHECKING:
    from kgqa.knowledge_base import KnowledgeBase


def record(name: str, journal: Journal, requests: Sequence[Request], answers: Sequence[Answer]) -> None:
    """Write the records of answers; they are on the disk when this returns, so that no answer is given without one.

    :raises IndexFault: they cannot be written.
    """
    asked = [Asked(request.question, request.filters, request.links) for request in requests]
    journal.append([entry(name, a, answer) for a, answer in zip(asked, answers, strict=True)])


def replay(base: KnowledgeBase, number: int) -> Replay:
    """Ask again what a record says was asked, and compare; nothing is recorded.

    :raises UsageError: there is no such record.
    """
    found = base.journal.read(number)
    asked = asked_of(found)
    (answer,) = base.answer([Request(asked.question, asked.filters, asked.links)], sides=BOTH)
    return compare(found, answer)
