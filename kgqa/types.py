"""The nouns of kgqa. All are frozen; offsets count Unicode code points; larger scores are better.

``score`` ranks inside one list and means nothing outside it. ``confidence`` is a calibrated probability and is set in one
place only, where fusion decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Rows of unit length, shape (n, dim)."""

AnswerKind = Literal["entities", "span", "boolean", "number", "date", "none"]
TermKind = Literal["iri", "literal", "blank"]
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


# --- sources ---


@dataclass(frozen=True, slots=True)
class Validity:
    """When and where a source or statement holds; ``None`` is "not limited"."""

    valid_from: date | None = None
    valid_to: date | None = None
    jurisdiction: str | None = None
    superseded_by: str | None = None

    def holds(self, on: date | None) -> bool:
        """Tell whether this was in force on a day; ``None`` asks nothing and is always true."""
        if on is None:
            return True
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Section:
    """A structural part of a document: its heading and the characters it covers, heading included.

    :param level: 1 is the outermost.
    """

    heading: str
    start: int
    end: int
    level: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A source text.

    :param id: path relative to ``documents/``, with ``/``; rows of a table file add ``#row``.
    :param language: ISO 639-1 code, ``"und"`` when it cannot be told.
    :param sections: in order of ``start``; nested sections follow their parent.
    :param pages: for each page the offset of its first character; empty for formats without pages.
    :param access: groups that may see it; empty means everyone.
    :param metadata: what else the source says of itself (author, url, date, authority), as text.
    """

    id: str
    title: str
    text: str
    media_type: str
    language: str
    sections: tuple[Section, ...] = ()
    pages: tuple[int, ...] = ()
    validity: Validity = Validity()
    access: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: ``text == document.text[start:end]``.

    :param heading: headings of the enclosing sections, outermost first, joined by `` > ``; searched and read with the text.
    :param page: number of the page on which it starts, from 1; ``None`` for formats without pages.
    """

    id: str
    doc_id: str
    text: str
    language: str
    start: int
    end: int
    title: str = ""
    heading: str = ""
    page: int | None = None
    validity: Validity = Validity()
    access: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)


# --- graph ---


@dataclass(frozen=True, slots=True)
class Term:
    """An RDF term.

    :param value: the IRI without brackets, the literal's text, or the blank node's label.
    :param language: language tag of a literal, lower case, or empty.
    :param datatype: datatype IRI of a literal, or empty for plain strings.
    """

    value: str
    kind: TermKind = "iri"
    language: str = ""
    datatype: str = ""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A sentence of a document that a statement was read from.

    :param start: first character in the document; ``end`` one past the last.
    :param confidence: how likely the sentence means the statement, in (0, 1).
    :param accepted: whether a person has accepted the statement.
    """

    document: str
    start: int
    end: int
    confidence: float
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Triple:
    """A statement and where it was made.

    :param sources: files (relative to the knowledge base) or document ids that state it.
    :param rule: name of the rule that derived it, or empty.
    :param premises: what a derived triple follows from.
    :param excerpts: sentences that it was read from, where it was read from text.
    """

    subject: Term
    predicate: Term
    object: Term
    sources: tuple[str, ...] = ()
    validity: Validity = Validity()
    rule: str = ""
    premises: tuple[Triple, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()

    @property
    def reviewed(self) -> bool:
        """Tell whether somebody stands behind it: a source states it as a fact, or a person has accepted what was read."""
        read = {excerpt.document for excerpt in self.excerpts}
        if self.excerpts and read.issuperset(self.sources):
            return any(excerpt.accepted for excerpt in self.excerpts)
        return all(premise.reviewed for premise in self.premises)


@dataclass(frozen=True, slots=True)
class Step:
    """One triple of a walk; ``forward`` is false when it is walked from object to subject."""

    triple: Triple
    forward: bool = True


@dataclass(frozen=True, slots=True)
class Path:
    """A walk from a linked entity to an answer.

    :param words: the walk as a sentence in the question's language.
    """

    steps: tuple[Step, ...]
    score: float = 0.0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A mention in the question and an entity that it may mean.

    :param start: first character of the mention in the question.
    :param end: one past its last character.
    :param method: how the match was made: ``exact``, ``alias``, ``code``, ``fuzzy``, ``dense`` or ``given``.
    :param documents: ids of the documents that the graph says are this entity's own text.
    """

    start: int
    end: int
    mention: str
    entity: str
    label: str
    score: float
    method: str = "exact"
    types: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """All that the graph says of one entity: the entity sheet.

    :param outgoing: statements about it, with the label of each predicate and object.
    :param missing: relations that the shapes expect and nobody has stated.
    """

    iri: str
    label: str
    synonyms: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    definition: str = ""
    outgoing: tuple[tuple[str, str, Triple], ...] = ()
    incoming: tuple[tuple[str, str, Triple], ...] = ()
    missing: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphFinding:
    """What one reading of a question finds in the graph: a query, its result and how well the query fits the question.

    :param values: result terms with their labels; for yes/no one literal ``true`` or ``false``.
    :param score: how well the query's words fit the question, in [0, 1].
    :param complete: whether the result is the whole answer of a closed query.
    :param sparql: the query, ready to run again.
    :param paths: the triples behind the result, at most a few dozen.
    :param fills: the entities that stand for a thing that the question only describes ("the drug that treats X"), to be looked
        up in the text. With ``kind`` ``none`` the graph can give no more than these; without values it understands what is asked
        and has nothing.
    """

    kind: AnswerKind
    values: tuple[tuple[Term, str], ...]
    score: float
    sparql: str
    paths: tuple[Path, ...] = ()
    complete: bool = True
    links: tuple[Link, ...] = ()
    fills: tuple[Link, ...] = ()
    words: str = ""


# --- answering ---


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


@dataclass(frozen=True, slots=True)
class Filters:
    """What a question may see. Filters narrow; nothing widens them.

    :param groups: groups of the asking user; ``None`` means that no access rule is in force.
    :param documents: ids of the only documents to use; ``None`` means all.
    :param metadata: ``(key, value)`` pairs that a passage's metadata must have.
    """

    as_of: date | None = None
    jurisdiction: str | None = None
    language: str | None = None
    groups: frozenset[str] | None = None
    documents: frozenset[str] | None = None
    metadata: tuple[tuple[str, str], ...] = ()

    def admits(self, passage: Passage) -> bool:
        """Tell whether a passage may be used."""
        return (
            (self.documents is None or passage.doc_id in self.documents)
            and self.sees(passage.access)
            and passage.validity.holds(self.as_of)
            and (self.language is None or passage.language == self.language)
            and self._place(passage.validity.jurisdiction)
            and all(passage.metadata.get(key) == value for key, value in self.metadata)
        )

    def sees(self, access: frozenset[str]) -> bool:
        """Tell whether the asking user is in one of the groups that may see a source."""
        return self.groups is None or not access or bool(access & self.groups)

    def _place(self, jurisdiction: str | None) -> bool:
        return self.jurisdiction is None or jurisdiction is None or jurisdiction == self.jurisdiction
