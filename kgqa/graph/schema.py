"""What a graph says about its own predicates and classes, declared and observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NameKind = Literal["label", "alias", "abbreviation", "code"]


@dataclass(frozen=True, slots=True)
class Name:
    """A name of an entity, class or predicate.

    :param language: language tag in lower case, or empty.
    :param predicate: IRI of the predicate that states it; empty when it is made from the IRI.
    """

    text: str
    kind: NameKind = "label"
    language: str = ""
    predicate: str = ""


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """A class: its names and how many instances it has.

    :param instances: direct instances (``rdf:type``); of a root of a class hierarchy whose members are classes
        themselves (an ontology of diseases), its descendants.
    :param superclasses: direct ones.
    """

    iri: str
    names: tuple[Name, ...] = ()
    comment: str = ""
    instances: int = 0
    superclasses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PredicateInfo:
    """A predicate: its names, what is declared of it and how it is used.

    :param count: number of statements; 0 for one that is declared, or only stated through its sub-predicates.
    :param domain: declared classes of subjects; ``range`` likewise of objects (classes or datatypes).
    :param subject_classes: observed classes of subjects with the number of statements; an entity that is itself a class
        counts for the root of its hierarchy.
    :param object_classes: the same for objects that are entities.
    :param datatypes: observed datatypes of literal objects with counts; language-tagged text is ``rdf:langString``.
    :param superpredicates: direct; ``subpredicates``: all that imply this one, through all levels.
    :param functional: at most one object for each subject, declared or observed (on at least ten statements).
    """

    iri: str
    names: tuple[Name, ...] = ()
    comment: str = ""
    count: int = 0
    subjects: int = 0
    objects: int = 0
    domain: tuple[str, ...] = ()
    range: tuple[str, ...] = ()
    subject_classes: Mapping[str, int] = field(default_factory=dict)
    object_classes: Mapping[str, int] = field(default_factory=dict)
    datatypes: Mapping[str, int] = field(default_factory=dict)
    superpredicates: tuple[str, ...] = ()
    subpredicates: tuple[str, ...] = ()
    inverse: tuple[str, ...] = ()
    symmetric: bool = False
    transitive: bool = False
    functional: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """All predicates and classes of a graph, by IRI."""

    predicates: Mapping[str, PredicateInfo] = field(default_factory=dict)
    classes: Mapping[str, ClassInfo] = field(default_factory=dict)
