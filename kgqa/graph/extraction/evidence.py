"""Weighs which relation of a graph a wording states, from who stands in its places and from its words.

Four kinds of evidence, none of which needs a sentence that anybody has labelled:

- *places*: the names in the wording are, elsewhere in the graph, objects (or subjects) of the relation, about as often as the
  relation's objects usually occur a second time;
- *known*: the pairs in the wording are stated by the graph already (distant supervision, Mintz et al. 2009);
- *words*: the wording has the words of the relation's label, or words that the thesaurus sets beside them;
- *meaning*: the encoder's vector of the wording is near the vector of the label.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np

from kgqa.graph.extraction.lines import NAME, TOPIC, describes
from kgqa.graph.schema_words import Relation, SchemaWords, Words
from kgqa.graph.store import GraphStore
from kgqa.protocols import Encoder
from kgqa.types import Term, Vectors

_BETWEEN_HAN = re.compile("(?<=[\u3400-\u9fff\uf900-\ufaff]) (?=[\u3400-\u9fff\uf900-\ufaff])")
_SAMPLE = 1500
_MOST_STATEMENTS = 2_000
_USUAL = 0.2
FEW = 3
"""A wording that occurs less often is trusted less, unless it holds all words of a relation's name."""
_UNKNOWN = 0.5
"""Evidence of places where a graph cannot give any: neither classes nor things that occur twice."""

Roles = frozenset[tuple[int, bool]]
"""Pairs of a predicate's number and whether the thing is its object."""


@dataclass(frozen=True, slots=True)
class Way:
    """A relation read in one direction.

    :param forward: whether the wording's topic is the subject, and the names that it introduces are objects.
    :param again: share of the relation's statements whose introduced side occurs in another of its statements.
    :param company: roles that things on the topic's side usually have.
    :param literal: whether the introduced side are literals.
    """

    relation: Relation
    forward: bool
    number: int
    again: float
    company: Roles
    literal: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood in the places of a wording.

    :param topics: entities that it was said of, each once; ``names`` those that it introduced.
    :param pairs: some pairs of both.
    :param count: how often the wording occurred.
    """

    topics: Collection[int]
    names: Collection[int]
    pairs: Collection[tuple[int, int]]
    count: int


class Evidence:
    """Scores wordings against the relations of a graph."""

    def __init__(self, store: GraphStore, encoder: Encoder | None = None) -> None:
        self._store = store
        self._encoder = encoder
        self._words = SchemaWords(store, encoder)
        self._vectors = dict(zip((r.key for r in self._words.relations), self._words.vectors, strict=True))
        numbers = (store.graph.number(Term(iri)) for iri in store.schema().predicates if describes(iri))
        self._silent = frozenset(number for number in numbers if number is not None)
        self.roles = lru_cache(maxsize=200_000)(self._roles)
        self.classes = lru_cache(maxsize=200_000)(self._classes_of)
        self.ways = tuple(self._ways())
        self._usual: dict[tuple[int, bool], float] = {}

    # --- the relations ----------------------------------------------------------------------------------------------

    def _ways(self) -> Iterable[Way]:
        for relation in self._words.relations:
            info = relation.info
            if relation.key == "names" or relation.prefix or not info.count or describes(relation.key):
                continue
            number = self._store.graph.number(Term(relation.key))
            literal = relation.object.kind != "entity"
            if number is None or relation.object.kind == "text":
                continue
            rows = np.flatnonzero(self._store.graph.out_predicates == number)
            rows = rows[:: max(1, len(rows) // _SAMPLE)]
            subjects = [self._store.graph.subject_of(int(row)) for row in rows]
            objects = [int(self._store.graph.out_objects[row]) for row in rows]
            for forward in (True,) if literal else (True, False):
                near, far = (subjects, objects) if forward else (objects, subjects)
                yield Way(relation, forward, number, self._again(far, number, forward), self._company(near), literal)

    def _again(self, things: Sequence[int], number: int, as_object: bool) -> float:
        graph = self._store.graph
        again = 0
        for thing in things:
            predicates = graph.out_predicates[graph.into(thing)[1]] if as_object else graph.out(thing)[0]
            again += int((predicates[:_MOST_STATEMENTS] == number).sum()) > 1
        return again / max(1, len(things))

    def _company(self, things: Sequence[int]) -> Roles:
        counts: dict[tuple[int, bool], int] = {}
        for thing in things[:300]:
            for role in self.roles(thing):
                counts[role] = counts.get(role, 0) + 1
        return frozenset(role for role, count in counts.items() if count >= _USUAL * min(300, len(things)))

    def _roles(self, entity: int) -> Roles:
        graph = self._store.graph
        into = graph.out_predicates[graph.into(entity)[1][:_MOST_STATEMENTS]]
        found = {(int(p), False) for p in np.unique(graph.out(entity)[0])} | {(int(p), True) for p in np.unique(into)}
        return frozenset(role for role in found if role[0] not in self._silent)

    # --- wordings ---------------------------------------------------------------------------------------------------

    def scores(self, wordings: Sequence[tuple[Sequence[str], Seen]]) -> list[tuple[Way, float] | None]:
        """Return for each wording the relation that it most likely states, and how likely, in (0, 1)."""
        vectors = self._embed([words for words, _ in wordings])
        out: list[tuple[Way, float] | None] = []
        for at, (words, seen) in enumerate(wordings):
            out.append(self._score(words, seen, vectors[at] if vectors is not None else None))
        return out

    def _embed(self, wordings: Sequence[Sequence[str]]) -> Vectors | None:
        if self._encoder is None or not wordings:
            return None
        return self._encoder.encode([spoken(words) for words in wordings])

    def _score(self, words: Sequence[str], seen: Seen, vector: Vectors | None) -> tuple[Way, float] | None:
        said = Words.of(_joined(word if word not in (TOPIC, NAME) else "," for word in words))
        found: list[tuple[float, float, Way]] = []
        roles = Counter(role for name in seen.names for role in self.roles(name))
        for way in self.ways:
            places = self._places(way, seen, roles[(way.number, way.forward)])
            if places <= 0.0:
                continue
            lexical = _lexical(said, way.relation)
            meaning = self._meaning(way.relation, vector)
            known = self._known(way, seen)
            which = 4 * places + 3 * lexical + 3 * meaning + 4 * known
            often = min(1.0, math.log10(max(1, seen.count)) / 2)
            rare = seen.count < FEW and lexical < 0.99
            whether = 2.0 * places + 1.8 * lexical + 1.2 * meaning + 2 * known + often - (3.2 if rare else 2.2)
            found.append((which, whether, way))
        if not found:
            return None
        best = max(found, key=lambda item: item[0])
        share = 1 / sum(math.exp(item[0] - best[0]) for item in found)
        return best[2], share / (1 + math.exp(-best[1]))

    def _places(self, way: Way, seen: Seen, playing: int) -> float:
        """Return how well the things in the places of a wording fit the relation, in [0, 1].

        :param playing: how many of the names play the relation's part elsewhere in the graph.
        """
        side = way.relation.side(way.forward)
        names = list(seen.names)
        share = playing / max(1, len(names))
        classed = [kinds for name in names if (kinds := self.classes(name))]
        if side.classes and classed:
            fits = sum(bool(kinds.intersection(side.classes)) for kinds in classed) / len(classed)
            if fits < 0.3:
                return 0.0
            usual = max(fits * _UNKNOWN, share)
        else:
            usual = _UNKNOWN if not names or way.again < 0.05 else share
        expected = max(way.again, 0.05) if names and usual == share else 1.0
        company = [topic for topic in seen.topics if self.roles(topic)]
        near = self._near(way, company) if company else self._usual.get((way.number, way.forward), 1.0)
        return min(1.0, (usual + 0.01) / (expected + 0.01)) * min(1.0, near / 0.5)

    def suppose(self, topics: Iterable[int]) -> None:
        """Take note of the topics of all documents: what is said of an unknown one is judged by them."""
        known = list(islice((topic for topic in topics if self.roles(topic)), _SAMPLE))
        self._usual = {(way.number, way.forward): self._near(way, known) for way in self.ways} if known else {}

    def _near(self, way: Way, topics: Sequence[int]) -> float:
        return sum(bool(way.company & self.roles(topic)) for topic in topics) / len(topics)

    def _classes_of(self, entity: int) -> frozenset[str]:
        term = self._store.graph.term(entity)
        return frozenset(self._store.classes(term.value)) if term.kind == "iri" else frozenset()

    def _known(self, way: Way, seen: Seen) -> float:
        graph = self._store.graph
        pairs = list(seen.pairs)
        hits = 0
        for topic, name in pairs:
            subject, thing = (topic, name) if way.forward else (name, topic)
            hits += graph.statement(subject, way.number, thing) is not None
        share = hits / max(1, len(pairs))
        # A few pairs are also joined by other relations; only a larger share says that this one is meant.
        return max(0.0, share - 0.2) / 0.8 if len(pairs) > 1 else 0.0

    def _meaning(self, relation: Relation, vector: Vectors | None) -> float:
        rows = self._vectors[relation.key]
        return max(0.0, float((rows @ vector).max())) if vector is not None and len(rows) else 0.0


def _lexical(said: Words, relation: Relation) -> float:
    """Return the largest share of the words of one of the relation's names that a wording has."""
    have, sets = set(said.stems), frozenset().union(*said.groups) if said.groups else frozenset()
    best = 0.0
    for phrase in relation.phrases:
        hits = sum(
            1.0 if word in have else 0.8 if group & sets else 0.0
            for word, group in zip(phrase.stems, phrase.groups, strict=True)
        )
        best = max(best, hits / max(1, len(phrase.stems)))
    return best


def spoken(words: Sequence[str]) -> str:
    """Return a wording as a sentence that an encoder can read."""
    names = {TOPIC: "it", NAME: "something", "^": "", "$": ""}
    return _joined(names.get(word, word) for word in words)


def _joined(words: Iterable[str]) -> str:
    """Join words by blanks, Chinese characters without, so that they can be segmented."""
    return _BETWEEN_HAN.sub("", " ".join(words)).strip()
