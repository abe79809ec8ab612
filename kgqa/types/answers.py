"""Answering: hits, spans, evidence, candidates, and the answer or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kgqa.types.graph import AnswerKind, Link, Path
from kgqa.types.sources import Passage

Vectors = NDArray[np.float32]
"""Rows of unit length, shape (n, dim)."""

Status = Literal["affirmed", "negated", "hypothetical", "historical", "family", "conditional"]


class Reason(StrEnum):
    """Why there is no answer."""

    NO_ENTITY = "no_entity"
    NO_RELATION = "no_relation"
    NO_PASSAGE = "no_passage"
    SOURCES_DISAGREE = "sources_disagree"
    READER_UNSURE = "reader_unsure"
    OUT_OF_DATE = "out_of_date"
    NOT_PERMITTED = "not_permitted"


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage and its score; comparable inside one result list only.

    :param parts: the scores it was made of, by name (``lexical``, ``dense``, ``rerank``, ``graph``).
    """

    passage: Passage
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a passage that a reader marked.

    :param start: first character, counted in the document.
    :param score: logit of the span minus logit of "no answer here"; above 0 means "answer".
    :param relevance: logit of the reranker for the span alone; 0 where it was not asked.
    """

    passage: Passage
    start: int
    end: int
    text: str
    score: float
    status: Status = "affirmed"
    relevance: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer rests on: a quotation from a passage, or a path in the graph.

    For a quotation ``quote == document.text[start:end]``, checked when the answer is made.
    """

    kind: Literal["passage", "path"]
    score: float
    passage: Passage | None = None
    start: int = 0
    end: int = 0
    quote: str = ""
    path: Path | None = None
    sparql: str = ""
    status: Status = "affirmed"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible answer before fusion has decided.

    :param side: where it comes from.
    :param items: the members of a list answer, or the one answer.
    :param iris: IRIs of the items where they are entities, same order; empty text where an item has none.
    :param features: named inputs of the calibrated model, see :mod:`kgqa.fusion`.
    """

    kind: AnswerKind
    items: tuple[str, ...]
    iris: tuple[str, ...]
    side: Literal["graph", "text", "both"]
    score: float
    evidence: tuple[Evidence, ...]
    complete: bool | None = None
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources that say different things, side by side."""

    about: str
    one: Evidence
    other: Evidence
    one_says: str
    other_says: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What kgqa says to a question.

    :param question: the question as understood (follow-ups resolved).
    :param text: the answer, or ``None``; then ``reason`` says why.
    :param items: members of a list answer; otherwise the one answer.
    :param confidence: calibrated probability in [0, 1] that the answer is right; of an abstention, that abstaining is.
    :param complete: ``True`` when a closed query over the graph gave the list, ``False`` when it is sampled from text,
        ``None`` when the answer is no list.
    :param alternatives: other candidates, best first.
    :param prose: the answer in sentences by a composer, each supported by the evidence; empty without a composer.
    :param seconds: wall time by stage.
    :param models: name and fingerprint of each model used; ``generation`` names the index.
    """

    question: str
    text: str | None
    kind: AnswerKind
    confidence: float
    items: tuple[str, ...] = ()
    iris: tuple[str, ...] = ()
    complete: bool | None = None
    reason: Reason | None = None
    explanation: str = ""
    language: str = "en"
    evidence: tuple[Evidence, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    links: tuple[Link, ...] = ()
    alternatives: tuple[Candidate, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    generation: str = ""
    prose: str = ""
