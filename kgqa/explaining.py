"""Why a quotation was chosen: the words of question and passage that decided it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgqa.asking import asked
from kgqa.errors import UsageError
from kgqa.reading.attribution import Asked, Method, Side, Word, attribute
from kgqa.types import Answer, Evidence, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kgqa.protocols import Quoter, Reader
    from kgqa.qa import Parts


class _Quoting:
    """Lets a quoter be read as a reader is."""

    def __init__(self, quoter: Quoter) -> None:
        self._quoter = quoter

    def read(
        self, questions: Sequence[str], passages: Sequence[Sequence[Passage]], n_best: int = 5
    ) -> list[list[Span]]:
        return self._quoter.quote(questions, passages, n_best)


def attribution(
    parts: Parts, answer: Answer, citation: int = 1, side: Side = "passage", method: Method = "occlusion"
) -> tuple[Word, ...]:
    """Return the words that decided a citation of an answer, each with its place and weight.

    :param parts: what answered.
    :param citation: number of the quotation among the answer's passages, from 1, as they are shown.
    :param side: ``passage``: places are in the document; ``question``: places are in ``answer.question``.
    :returns: ``(word, start, end, weight)`` in the order of the text; weights above 0 speak for the answer.
    :raises UsageError: there is no such citation, or nothing that reads text.
    """
    quoted = [e for e in answer.evidence if e.kind == "passage" and e.passage is not None]
    if not 1 <= citation <= len(quoted):
        raise UsageError(
            f"citation {citation}: the answer has {len(quoted)} quotations from text; give one of their numbers"
        )
    evidence = quoted[citation - 1]
    phrase = asked(answer.question).style == "span" and answer.text is not None
    reader: Reader | None = parts.reader if phrase else _Quoting(parts.quoter) if parts.quoter else None
    if reader is None:
        raise UsageError("nothing reads text in this knowledge base, so no word decided anything")
    return attribute(reader, Asked(answer.question, _span(reader, answer, evidence), whole=not phrase), side, method)


def _span(reader: Reader, answer: Answer, evidence: Evidence) -> Span:
    """Return the span that the reader marked in a quotation: the answer itself where the quotation is longer."""
    passage = evidence.passage
    assert passage is not None
    found = reader.read([answer.question], [[passage]], 20)[0]
    inside = [s for s in found if s.start < evidence.end and evidence.start < s.end]
    said = [s for s in inside if s.text in answer.items]
    best = max(said or inside, key=lambda s: s.score, default=None)
    return best or Span(passage, evidence.start, evidence.end, evidence.quote, evidence.score)
