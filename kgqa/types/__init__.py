"""The nouns of kgqa. All are frozen; offsets count Unicode code points; larger scores are better.

``score`` ranks inside one list and means nothing outside it. ``confidence`` is a calibrated probability and is set in one
place only, where fusion decides.
"""

from __future__ import annotations

from kgqa.types.answers import Answer, Candidate, Conflict, Evidence, Hit, Reason, Span, Status, Vectors
from kgqa.types.graph import AnswerKind, Entity, Excerpt, GraphFinding, Link, Path, Step, Term, TermKind, Triple
from kgqa.types.sources import Document, Filters, Passage, Section, Validity

__all__ = [
    "Answer",
    "AnswerKind",
    "Candidate",
    "Conflict",
    "Document",
    "Entity",
    "Evidence",
    "Excerpt",
    "Filters",
    "GraphFinding",
    "Hit",
    "Link",
    "Passage",
    "Path",
    "Reason",
    "Section",
    "Span",
    "Status",
    "Step",
    "Term",
    "TermKind",
    "Triple",
    "Validity",
    "Vectors",
]
