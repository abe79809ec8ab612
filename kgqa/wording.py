"""The few sentences that kgqa itself says, in the question's language."""

from __future__ import annotations

from collections.abc import Sequence

from kgqa.types import Reason

_REASONS = {
    Reason.NO_ENTITY: (
        "Nothing in the question is known to this knowledge base.",
        "问题中提到的事物不在此知识库中。",
    ),
    Reason.NO_RELATION: (
        "What the question names is known, but what it asks about it is stated nowhere.",
        "问题提到的事物在知识库中，但没有找到所问的内容。",
    ),
    Reason.NO_PASSAGE: ("No passage on this subject was found.", "没有找到相关的段落。"),
    Reason.SOURCES_DISAGREE: ("The sources contradict each other.", "各来源的说法互相矛盾。"),
    Reason.READER_UNSURE: (
        "Related text was found, but none that answers the question with enough certainty.",
        "找到了相关内容，但没有一处能足够确定地回答该问题。",
    ),
    Reason.OUT_OF_DATE: (
        "There are sources on this, but none was in force on the day asked about.",
        "有相关来源，但在所问日期均未生效。",
    ),
    Reason.NOT_PERMITTED: (
        "There may be sources on this that you are not permitted to see.",
        "可能有相关来源，但您无权查看。",
    ),
}

YES, NO = ("yes", "是"), ("no", "否")


def explain(reason: Reason, language: str) -> str:
    """Return the sentence that says why there is no answer."""
    return _REASONS[reason][language == "zh"]


def joined(items: Sequence[str], language: str) -> str:
    """Return items as one text: ``a, b, c``, or ``a、b、c`` in Chinese."""
    return ("、" if language == "zh" else ", ").join(items)


def truth(value: bool, language: str) -> str:
    """Return yes or no in a language."""
    return (YES if value else NO)[language == "zh"]
