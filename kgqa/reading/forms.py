"""Two readers of one passage: a trained one that knows where, and one by words that knows what form an answer has.

"How long", "how much", "when" and "which law" ask for a phrase of a form that rules can find in Chinese. A trained reader knows
better which of these phrases it is, but may mark the clause around it. So both are offered: what the trained reader marks, and
the phrases of the form with its scores, a little lower. What both say counts as agreement later on. Where no form is asked for,
the trained reader decides alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kgqa.protocols import Reader
from kgqa.reading.lexical import LexicalReader, formed
from kgqa.types import Passage, Span

_LESS, _ASIDE = 1.0, 2.0
"""Logits by which a phrase is below the mark that it meets, and below the least one where it meets none."""


@dataclass(frozen=True, slots=True)
class FormReader:
    """Reads passages with both (kgqa.protocols.Reader)."""

    trained: Reader
    worded: LexicalReader

    @property
    def fingerprint(self) -> str:
        """Identify the trained reader."""
        return str(getattr(self.trained, "fingerprint", ""))

    def read(
        self, questions: Sequence[str], passages: Sequence[Sequence[Passage]], n_best: int = 5
    ) -> list[list[Span]]:
        """Return the best spans over all passages of each question, best first, at most ``n_best``."""
        marked = self.trained.read(questions, passages, n_best)
        asked = [group if formed(question) else () for question, group in zip(questions, passages, strict=True)]
        phrases = self.worded.read(questions, asked, n_best)
        return [_weighed(one, two)[:n_best] for one, two in zip(marked, phrases, strict=True)]


def _weighed(marked: Sequence[Span], phrases: Sequence[Span]) -> list[Span]:
    """Return what the trained reader marks, and the phrases with the scores of the marks that they meet."""
    least = min((span.score for span in marked), default=0.0) - _ASIDE
    scored = [
        replace(phrase, score=max((m.score - _LESS for m in marked if _meet(m, phrase)), default=least))
        for phrase in phrases
    ]
    return sorted((*marked, *scored), key=lambda s: (-s.score, s.passage.id, s.start))


def _meet(one: Span, other: Span) -> bool:
    return one.passage.id == other.passage.id and one.start < other.end and other.start < one.end
