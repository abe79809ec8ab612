"""The relations of a graph with the words that may stand for them, ready to be compared with a question."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kgqa.graph import cues
from kgqa.graph import vocabulary as v
from kgqa.graph.schema import ClassInfo, Name, PredicateInfo
from kgqa.graph.store import GraphStore, Table
from kgqa.graph.terms import spoken
from kgqa.graph.words import groups, tokens
from kgqa.protocols import Encoder
from kgqa.types import Vectors

_HIDDEN = frozenset(
    {v.TYPE, v.LABEL, v.PREF_LABEL, v.SUBPROPERTY}
    | {v.RDFS + name for name in ("domain", "range", "isDefinedBy")}
    | {v.RDF + name for name in ("first", "rest")}
    | {v.OWL + name for name in ("inverseOf", "imports", "versionIRI", "equivalentClass", "disjointWith", "onProperty")}
    | {v.OWL + name for name in ("someValuesFrom", "allValuesFrom", "unionOf", "intersectionOf")}
)
_STANDARD = {
    v.ALT_LABEL: "synonym; alias; also called; other name; also known as; 别名; 又称",
    v.OBO_IN_OWL + "hasExactSynonym": "synonym; alias; also called; other name; 别名",
    v.OBO_IN_OWL + "hasRelatedSynonym": "related synonym",
    v.OBO_IN_OWL + "hasNarrowSynonym": "narrow synonym",
    v.OBO_IN_OWL + "hasBroadSynonym": "broad synonym",
    v.SKOS + "definition": "definition; meaning; 定义",
    v.OBO + "IAO_0000115": "definition; meaning; 定义",
    v.COMMENT: "description; comment; 描述",
    v.OBO_IN_OWL + "hasDbXref": "code; identifier; cross-reference; 代码",
    v.DCTERMS + "identifier": "identifier; id; 编号",
    v.SKOS + "notation": "notation; code; 代码",
    v.SUBCLASS: "kind of; type of; class; parent class; 种类; 属于",
    v.SKOS + "broader": "broader concept; kind of; parent; 上位",
    v.SKOS + "narrower": "narrower concept; subtype; 下位",
    v.SKOS + "related": "related to; 相关",
    v.DCTERMS + "created": "date created; created",
    v.DCTERMS + "modified": "date modified; modified",
    v.DCTERMS + "creator": "creator; author; created by",
    v.DCTERMS + "publisher": "publisher; published by",
}
_NEGATIVE = re.compile(r"\bnot\b|\bnon\b|\bnever\b|\bno\b|\bcontra-?|\bwithout\b|不|非|禁", re.I)
_ABOVE = 6
"""Wider classes of a class that name it, too, at most."""
_DATES = ("date", "dateTime", "gYear", "gYearMonth")
_NUMBERS = ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger", "positiveInteger", "short")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a phrase: stems and thesaurus groups, in order, stop words left out where others remain."""

    text: str
    stems: tuple[str, ...]
    groups: tuple[frozenset[int], ...]

    @classmethod
    def of(cls, text: str) -> Words:
        """Read a phrase."""
        found = tokens(text)
        grouped = groups(found)
        keep = [k for k, word in enumerate(found) if word.content] or list(range(len(found)))
        return cls(text, tuple(found[k].stem for k in keep), tuple(grouped[k] for k in keep))

    def __hash__(self) -> int:
        return hash(self.text)  # words are looked up ten thousand times a question; the rest follows from the text


@dataclass(frozen=True, slots=True)
class Side:
    """What stands on one side of a relation.

    :param classes: IRIs of the classes; ``names`` the words of their names and descriptions.
    :param kind: ``entity``, ``date``, ``number`` or ``text``.
    """

    classes: tuple[str, ...]
    names: tuple[Words, ...]
    hints: tuple[Words, ...]
    kind: str = "entity"


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A predicate, or the union of the predicates that imply it, or the codes of one vocabulary among a predicate's values.

    :param key: the IRI that names it; with ``#prefix`` for a vocabulary's codes.
    :param predicates: what is walked.
    :param phrases: words that name it; ``hints`` are words of its description.
    :param prefix: for codes, what the literals begin with, colon included.
    :param negative: whether it denies ("is not indicated for").
    """

    key: str
    predicates: tuple[str, ...]
    label: str
    phrases: tuple[Words, ...]
    hints: tuple[Words, ...]
    subject: Side
    object: Side
    info: PredicateInfo
    prefix: str = ""
    negative: bool = False

    @property
    def hierarchical(self) -> bool:
        """Tell whether it leads from the narrower to the wider thing."""
        return self.key in v.HIERARCHIES

    @property
    def truth(self) -> bool:
        """Tell whether its values are true or false."""
        return v.XSD + "boolean" in self.info.datatypes

    @property
    def member(self) -> bool:
        """Tell whether it leads from a thing to the class or kind that it is of."""
        return self.hierarchical or (
            self.object.kind == "entity" and any(cues.MEMBER.match(phrase.text) for phrase in self.phrases)
        )

    def side(self, forward: bool) -> Side:
        """Return what a hop reaches."""
        return self.object if forward else self.subject


class SchemaWords:
    """All relations of a graph, with vectors of their phrases when an encoder is given.

    :ivar relations: in a fixed order; ``vectors[i]`` are the phrases' rows of relation ``i``.
    :ivar populated: classes that have members, by themselves or by a narrower class.
    """

    def __init__(self, store: GraphStore, encoder: Encoder | None = None) -> None:
        self.schema = store.schema()
        self._store = store
        self._named: dict[str, tuple[Words, ...]] = {}
        direct = [iri for iri, info in self.schema.classes.items() if info.instances]
        self.populated = frozenset({*direct, *(above for iri in direct for above in store.closure(iri, v.SUBCLASS))})
        self.relations = tuple(self._relations())
        self.by_key = {relation.key: relation for relation in self.relations}
        self.class_words = {iri: Words.of(name.text) for iri, name in self._class_names()}
        self._encoder = encoder
        self.vectors = self._embed(encoder)

    def class_names(self, iri: str) -> tuple[Words, ...]:
        """Return the names of a class as words."""
        if iri not in self._named:
            info = self.schema.classes.get(iri)
            names = info.names if info and info.names else (Name(self._store.label(iri)),)
            self._named[iri] = tuple(Words.of(name.text) for name in names if name.kind != "code")
        return self._named[iri]

    def _class_names(self) -> Iterable[tuple[str, Name]]:
        for iri, info in self.schema.classes.items():
            if info.instances or any(iri in p.domain or iri in p.range for p in self.schema.predicates.values()):
                yield from ((iri, name) for name in info.names[:1])

    def _embed(self, encoder: Encoder | None) -> list[Vectors]:
        if encoder is None:
            return [np.zeros((0, 0), np.float32)] * len(self.relations)
        texts = [phrase.text for relation in self.relations for phrase in relation.phrases]
        rows = encoder.encode(texts) if texts else np.zeros((0, encoder.dim), np.float32)
        out, at = [], 0
        for relation in self.relations:
            out.append(rows[at : at + len(relation.phrases)])
            at += len(relation.phrases)
        return out

    def _relations(self) -> Iterable[Relation]:
        for iri, info in sorted(self.schema.predicates.items()):
            if iri in _HIDDEN or (
                info.subject_classes and all(cls.startswith((v.OWL, v.RDF, v.RDFS)) for cls in info.subject_classes)
            ):
                continue
            below = [sub for sub in info.subpredicates if self._count(sub)]
            walked = tuple(([iri] if info.count else []) + below)
            if not walked:
                continue
            relation = self._relation(iri, info, walked)
            yield relation
            if relation.object.kind == "text":
                yield from self._codes(relation)

        names = tuple(p for p in (*v.LABELS, *v.ALIASES) if self._count(p))
        if names:
            info = self.schema.predicates[names[0]]
            phrases = tuple(Words.of(text) for text in _STANDARD[v.ALT_LABEL].split(";"))
            subject = self._side((), [self.schema.predicates[p].subject_classes for p in names], [], ())
            yield Relation("names", names, "is called", phrases, (), subject, Side((), (), (), "text"), info)

    def _count(self, iri: str) -> int:
        info = self.schema.predicates.get(iri)
        return info.count if info else 0

    def _relation(self, iri: str, info: PredicateInfo, walked: tuple[str, ...]) -> Relation:
        names = [name.text for name in info.names if name.kind in ("label", "alias", "abbreviation")]
        local = spoken(iri)
        if not any(char.isdigit() for char in local):
            names.append(local)
        names += [part.strip() for part in _STANDARD.get(iri, "").split(";") if part.strip()]
        names += self._inverse_names(info)
        names = list(dict.fromkeys(name for name in names if name)) or [local]
        used = [self.schema.predicates[p] for p in walked if p in self.schema.predicates]
        return Relation(
            key=iri,
            predicates=walked,
            label=names[0],
            phrases=tuple(Words.of(name) for name in names),
            hints=(Words.of(info.comment),) if info.comment else (),
            subject=self._side(info.domain, [p.subject_classes for p in used], [], info.range),
            object=self._side(info.range, [p.object_classes for p in used], [p.datatypes for p in used], info.range),
            info=info,
            negative=_NEGATIVE.search(names[0]) is not None
            or iri.rsplit("#", 1)[-1].rsplit("/", 1)[-1].startswith(("non", "not", "contra")),
        )

    def _inverse_names(self, info: PredicateInfo) -> list[str]:
        others = [self.schema.predicates[i] for i in info.inverse if i in self.schema.predicates]
        return [name.text for other in others for name in other.names]

    def _side(self, declared: Iterable[str], observed: Iterable, datatypes: Iterable, ranges: Iterable[str]) -> Side:  # type: ignore[type-arg]
        seen: dict[str, int] = {}
        for counts in observed:
            for iri, number in counts.items():
                seen[iri] = seen.get(iri, 0) + number
        total = sum(seen.values())
        often = [iri for iri, number in sorted(seen.items(), key=lambda item: -item[1]) if number * 20 >= total]
        classes = tuple(dict.fromkeys([iri for iri in declared if not iri.startswith(v.XSD)] + often))[:6]
        kinds: dict[str, int] = {}
        for counts in datatypes:
            for iri, number in counts.items():
                tail = iri.rsplit("#", 1)[-1]
                kind = "date" if tail in _DATES else "number" if tail in _NUMBERS else "text"
                kinds[kind] = kinds.get(kind, 0) + number
        kind = max(kinds, key=lambda k: kinds[k]) if kinds and sum(kinds.values()) > total else "entity"
        infos = [self.schema.classes[iri] for iri in classes if iri in self.schema.classes]
        named = tuple(dict.fromkeys([*classes, *(above for info in infos for above in self._above(info))]))
        return Side(
            classes,
            tuple(words for iri in named for words in self.class_names(iri)),
            tuple(Words.of(info.comment) for info in infos if info.comment),
            kind,
        )

    def _above(self, info: ClassInfo) -> list[str]:
        """Return the wider classes of a class that have instances or wider names of their own: a lease is a contract.

        Members of an ontology that are classes themselves (a disease) have a long line of such; they are told by their root.
        """
        found, front = list[str](), [info]
        while front and len(found) < _ABOVE:
            one = front.pop()
            for iri in one.superclasses:
                above = self.schema.classes.get(iri)
                if above is not None and iri not in found and not iri.startswith((v.OWL, v.RDF, v.RDFS)):
                    found.append(iri)
                    front.append(above)
        return found

    def _codes(self, relation: Relation) -> Iterable[Relation]:
        """Yield one relation for each vocabulary whose codes are among the values ("MESH:D006973")."""
        if relation.info.count < 2 or relation.key in v.LABELS + v.ALIASES + v.DEFINITIONS:
            return
        query = (
            f'SELECT ?p (COUNT(*) AS ?n) WHERE {{ ?s <{relation.key}> ?o FILTER(CONTAINS(STR(?o), ":")) '
            f'BIND(STRBEFORE(STR(?o), ":") AS ?p) '
            f'FILTER(REGEX(?p, "^[A-Za-z][A-Za-z0-9_.-]{{1,30}}$")) }} GROUP BY ?p'
        )
        table = self._store.select(query, limit=200, timeout=60.0)
        counts = (
            {row[0].value: int(row[1].value) for row in table.rows if row[0] and row[1]}
            if isinstance(table, Table)
            else {}
        )
        prefixes = _usual(counts)
        if len(prefixes) < 2:
            return
        for prefix in prefixes:
            spoken_prefix = prefix.replace("_", " ")
            names = [f"{spoken_prefix} code", f"{spoken_prefix} identifier"]
            yield Relation(
                key=f"{relation.key}#{prefix}",
                predicates=relation.predicates,
                label=f"{relation.label} ({spoken_prefix})",
                phrases=tuple(Words.of(name) for name in names),
                hints=(),
                subject=relation.subject,
                object=relation.object,
                info=relation.info,
                prefix=prefix + ":",
            )


def _usual(counts: dict[str, int]) -> list[str]:
    """Return the prefixes without the rare misspellings and editions of a frequent one ("MeSH" beside "MESH")."""
    found = []
    for prefix, number in sorted(counts.items()):
        name = compact(prefix)
        others = [
            n
            for other, n in counts.items()
            if other != prefix and (compact(other).startswith(name) or name.startswith(compact(other)))
        ]
        if number * 20 > max(others, default=0):
            found.append(prefix)
    return found


def compact(text: str) -> str:
    """Return the letters and digits of a text in lower case ("ICD-10-CM" is "icd10cm")."""
    return re.sub(r"[\W_]+", "", text.lower())
