"""The graph: terms and triples, walks over them, entities, and what a reading of a question finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kgqa.types.sources import Passage, Validity

TermKind = Literal["iri", "literal", "blank"]
AnswerKind = Literal["entities", "span", "boolean", "number", "date", "none"]


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
