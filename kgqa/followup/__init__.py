"""Follow-up questions made whole from the conversation, by rules over English and Chinese; no language model.

Three things make a question a follow-up: a word that points back ("its", "the contract", "它", "该药"), a turn of
phrase that leaves the rest out ("what about clause 7?", "那禁忌症呢？"), or a property without a bearer ("What are the
side effects?", "怎么治疗？"). The bearer is the entity that the conversation was last about; where there is no graph to tell
it, the words of the last question do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kgqa.followup.chinese import chinese
from kgqa.followup.context import MAX_LISTED, Context, Resolved, resolvable
from kgqa.followup.english import english
from kgqa.types import Answer, Link

Linking = Callable[[str], Sequence[Link]]
__all__ = ["MAX_LISTED", "Linking", "Resolved", "resolve"]


def resolve(question: str, history: Sequence[Answer], link: Linking | None = None) -> Resolved:
    """Return the question with what it leaves out filled in from earlier answers.

    :param history: earliest first.
    :param link: finds entities in a text; with it a question that names its own entity is left alone more surely, and a
        new entity is put in the place of the old one.

    >>> gout = Link(12, 16, "gout", "x:gout", "gout", 1.0)
    >>> last = Answer("What treats gout?", "allopurinol", "entities", 0.9, links=(gout,))
    >>> resolve("and its symptoms?", [last]).question
    "What are gout's symptoms?"
    """
    question = question.strip()
    found = resolvable(history)
    if found is None or not question:
        return Resolved(question)
    last, focus = found
    context = Context(last, focus, tuple(link(question)) if link is not None else None)
    for attempt in (chinese, english) if re.search(r"[\u4e00-\u9fff]", question) else (english,):
        if (whole := attempt(question, context)) is not None and whole.question != question:
            return whole
    return Resolved(question)
