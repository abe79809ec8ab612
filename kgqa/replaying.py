"""Ask again what an audit record says was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgqa.audit import Replay, asked_of, compare
from kgqa.qa import BOTH, Request

if TYPE_CHECKING:
    from kgqa.knowledge_base import KnowledgeBase


def replay(base: KnowledgeBase, number: int) -> Replay:
    """Ask again what a record says was asked, and compare; nothing is recorded.

    :raises UsageError: there is no such record.
    """
    found = base.journal.read(number)
    asked = asked_of(found)
    (answer,) = base.answer([Request(asked.question, asked.filters, asked.links)], sides=BOTH)
    return compare(found, answer)
