"""Compares a question's words with the words of relations and classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kgqa.graph import cues
from kgqa.graph.question import Reading
from kgqa.graph.schema_words import Relation, SchemaWords, Side, Words, compact
from kgqa.graph.words import alike, is_chinese, parts
from kgqa.protocols import Encoder

Weights = NDArray[np.float32]
"""One number in [0, 1] for each word of the question."""

_GROUP = 0.85  # what a shared thesaurus group is worth beside the same stem
_PARTS = 0.95  # a compound that the question has in pieces ("适用哪里的法律" for "适用法律")
_HINT = 0.6  # words of a description explain less than words of a name
_CODES = """
code identifi id number cod thesaurus vocabulari terminolog classif catalog list regist refer xref 代码 编码 编号
"""
_CODE_WORDS = frozenset(_CODES.split())


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a relation's words fit a question.

    :param support: share of the best phrase's words that the question has, weighted by rarity, in [0, 1].
    :param explains: how much of each word of the question the relation accounts for.
    """

    support: float
    explains: Weights


class WordVectors:
    """Vectors of single words, kept as they are asked for."""

    def __init__(self, encoder: Encoder | None) -> None:
        self._encoder = encoder
        self._rows: dict[str, NDArray[np.float32]] = {}

    def prepare(self, words: Iterable[str]) -> None:
        """Encode the words that are not known yet."""
        if self._encoder is None:
            return
        fresh = [word for word in dict.fromkeys(words) if word not in self._rows]
        if fresh:
            self._rows.update(zip(fresh, self._encoder.encode(fresh), strict=True))

    def similarity(self, one: str, other: str) -> float:
        """Return how near two words are, 0 to 0.8; 0 where a vector is missing."""
        left, right = self._rows.get(one), self._rows.get(other)
        if left is None or right is None:
            return 0.0
        return min(0.8, max(0.0, (float(left @ right) - 0.5) / 0.4))


class Matcher:
    """Fits relations and classes to questions; one for each graph."""

    def __init__(self, words: SchemaWords, encoder: Encoder | None) -> None:
        self._words = words
        self.vectors = WordVectors(encoder)
        self._rarity = _rarity(words.relations)
        sides = [side for relation in words.relations for side in (relation.subject, relation.object)]
        self._classes = tuple(dict.fromkeys(name for side in sides for name in side.names))
        self.vectors.prepare(
            stem
            for relation in words.relations
            for phrase in relation.phrases
            for stem in phrase.stems
            if stem.isascii()
        )

    def open(self, reading: Reading) -> Match:
        """Return the comparison of one question with this graph."""
        self.vectors.prepare(reading.words[k].stem for k in reading.content if reading.words[k].stem.isascii())
        return Match(reading, self.vectors, self._rarity, self._classes)


class Match:
    """The comparison of one question with a graph's words; remembers what it has compared."""

    def __init__(
        self, reading: Reading, vectors: WordVectors, rarity: dict[str, float], classes: Sequence[Words]
    ) -> None:
        self.reading = reading
        self._vectors = vectors
        self._rarity = rarity
        self._fits: dict[str, Fit] = {}
        self._phrases: dict[Words, tuple[float, Weights]] = {}
        self._content = frozenset(reading.content)
        self._sides: dict[int, tuple[Weights, Weights, float]] = {}
        self._uses: dict[str, int] = {}
        self._places: dict[str, tuple[int, ...]] = {}
        self._names: dict[tuple[Words, ...], Weights] = {}
        self._parents: dict[str, float] = {}
        self._rows: dict[tuple[str, frozenset[int]], Weights] = {}
        self.weights = np.array([self.rarity(k) for k in range(len(reading.words))], np.float32)
        self.extremes = [found.group().lower() for found in cues.SUPERLATIVE.finditer(reading.masked)]
        stems = [reading.words[k].stem for k in reading.content]
        self.repeated = {stem: stems.count(stem) for stem in stems if stems.count(stem) > 1}
        self.classes = self.names(classes)

    def rarity(self, position: int) -> float:
        """Return the weight of a word in coverage: 1 for content words, 0 for the others."""
        return 1.0 if position in self._content else 0.0

    def fit(self, relation: Relation) -> Fit:
        """Return how well a relation fits."""
        if relation.key not in self._fits:
            self._fits[relation.key] = self._code_fit(relation) if relation.prefix else self._fit(relation)
        return self._fits[relation.key]

    def fit_parent(self, relation: Relation, parents: Mapping[str, Relation]) -> float:
        """Return 1 for a relation whose union with its sisters fits at least as well: the question does not tell them apart."""
        parent = parents.get(relation.key)
        if parent is None or relation.prefix:
            return 0.0
        if relation.key not in self._parents:
            self._parents[relation.key] = self._general(relation, parent)
        return self._parents[relation.key]

    def _general(self, relation: Relation, parent: Relation) -> float:
        one, other = self.fit(relation), self.fit(parent)
        sides = (*relation.subject.names, *relation.object.names)
        telling = self.weights * (self.names(sides) < 0.8)
        own = float(((one.explains - other.explains) * telling).sum())
        return 0.0 if own > 0.3 else 1.0

    def side(self, side: Side) -> tuple[Weights, Weights, float]:
        """Return what the names of a side explain, what names and descriptions explain, and the most that a word is explained."""
        if id(side) not in self._sides:
            names = self.names(side.names)
            both = np.maximum(names, self._described(side.hints)) if side.hints else names
            self._sides[id(side)] = (names, both, float(both.max(initial=0.0)))
        return self._sides[id(side)]

    def places(self, relation: Relation) -> tuple[int, ...]:
        """Return the positions of the words that name a relation best; empty where none does."""
        if relation.key not in self._places:
            explains = self.fit(relation).explains * self.weights
            most = float(explains.max(initial=0.0))
            self._places[relation.key] = tuple(np.flatnonzero(explains >= 0.8 * most).tolist()) if most >= 0.5 else ()
        return self._places[relation.key]

    def leads_to(self, relation: Relation, mention: int) -> bool:
        """Tell whether a name of a relation, its preposition included, stands right before a mention: "located in ⟦0⟧"."""
        cores = [cues.BEING.sub("", phrase.text) for phrase in relation.phrases]
        ends = [re.escape(core) for core in cores if cues.PREPOSITION.search(core)]
        before = rf"\b(?:{'|'.join(ends)}) (?:the |an? )?⟦{mention}⟧"
        return bool(ends) and re.search(before, self.reading.masked, re.I) is not None

    def uses(self, relation: Relation) -> int:
        """Return how often the question names a relation: places, apart from one another, that match the same word of it."""
        if relation.key not in self._uses:
            self._uses[relation.key] = self._count_uses(relation)
        return self._uses[relation.key]

    def _count_uses(self, relation: Relation) -> int:
        best = 0
        for phrase in relation.phrases:
            for stem, near in zip(phrase.stems, phrase.groups, strict=True):
                places = [
                    k
                    for k in range(len(self.reading.words))
                    if self.classes[k] < 0.8 and self._alike(k, stem, near) >= 0.8
                ]
                best = max(best, sum(1 for k, place in enumerate(places) if k == 0 or place - places[k - 1] > 1))
        return best

    def names(self, names: Sequence[Words]) -> Weights:
        """Return how much of each word the names of a class account for."""
        key = tuple(names)
        if key not in self._names:
            self._names[key] = self._named(key)
        return self._names[key]

    def _named(self, names: Iterable[Words]) -> Weights:
        out = np.zeros(len(self.reading.words), np.float32)
        for name in names:
            support, explains = self._phrase(name)
            out = np.maximum(out, explains if support > 0.6 else explains * support)
            if support <= _HINT and len(name.stems) > 1 and name.stems[-1].isascii():
                # "instruments" for "legal instrument": the noun without what narrows it
                noun = np.array([word.stem == name.stems[-1] for word in self.reading.words], np.float32)
                out = np.maximum(out, noun * _HINT)
        return out

    def _described(self, hints: Iterable[Words]) -> Weights:
        """Return how much of each word the descriptions of a class account for."""
        found: Weights = np.max([self._exact(hint) for hint in hints], axis=0) * np.float32(_HINT)
        return found

    def _fit(self, relation: Relation) -> Fit:
        best, out = 0.0, np.zeros(len(self.reading.words), np.float32)
        for phrase in relation.phrases:
            support, explains = self._phrase(phrase)
            best = max(best, support)
            out = np.maximum(out, explains)
        for hint in relation.hints:
            exact = self._exact(hint)
            out = np.maximum(out, exact * _HINT)
        return Fit(best, out)

    def _code_fit(self, relation: Relation) -> Fit:
        """Fit a vocabulary of codes: its name must be in the question, written in any way ("ICD-10-CM", "UMLS")."""
        words = self.reading.words
        prefix = compact(relation.prefix)
        parts = {prefix, compact(relation.prefix.split("_")[0])}
        out = np.zeros(len(words), np.float32)
        for size in (4, 3, 2, 1):
            for start in range(len(words) - size + 1):
                name = compact("".join(word.text for word in words[start : start + size]))
                if name in parts or (len(name) >= 4 and prefix.startswith(name)):
                    out[start : start + size] = 1.0
        if not out.any():
            return Fit(0.0, out)
        for k, word in enumerate(words):
            if word.stem in _CODE_WORDS:
                out[k] = 1.0
        return Fit(1.0, out)

    def _phrase(self, phrase: Words) -> tuple[float, Weights]:
        """Return the share of a phrase that the question has, and what it explains of each word."""
        if phrase not in self._phrases:
            explains = np.zeros(len(self.reading.words), np.float32)
            total = found = 0.0
            for stem, near in zip(phrase.stems, phrase.groups, strict=True):
                weight = self._rarity.get(stem, 1.0)
                row = self._row(stem, near)
                total += weight
                found += weight * float(row.max(initial=0.0))
                explains = np.maximum(explains, row)
            self._phrases[phrase] = (found / total if total else 0.0, explains)
        return self._phrases[phrase]

    def _row(self, stem: str, near: frozenset[int]) -> Weights:
        """Return how alike each word of the question is to a word of a phrase, or to a piece of it if it has all pieces."""
        if (stem, near) not in self._rows:
            self._rows[stem, near] = self._compared(stem, near)
        return self._rows[stem, near]

    def _compared(self, stem: str, near: frozenset[int]) -> Weights:
        size = len(self.reading.words)
        row = np.array([self._alike(k, stem, near) for k in range(size)], np.float32)
        pieces = parts(stem) if row.max(initial=0.0) < _GROUP else ()
        if pieces and {word.stem for word in self.reading.words}.issuperset(pieces):
            row = np.maximum(row, [_PARTS * (word.stem in pieces) for word in self.reading.words]).astype(np.float32)
        return row

    def behind(self, relation: Relation, place: int) -> float:
        """Return the support of a relation by the words from a place of the masked text on."""
        words = [k for k, word in enumerate(self.reading.words) if word.start >= place]
        best = 0.0
        for phrase in relation.phrases:
            found = [
                max((self._alike(k, stem, near) for k in words), default=0.0)
                for stem, near in zip(phrase.stems, phrase.groups, strict=True)
            ]
            best = max(best, sum(found) / len(found) if found else 0.0)
        return best

    def phrase(self, phrase: Words) -> float:
        """Return the share of a phrase that the question has."""
        return self._phrase(phrase)[0]

    def _exact(self, phrase: Words) -> Weights:
        stems = frozenset(phrase.stems)
        return np.array([word.stem in stems and word.content for word in self.reading.words], np.float32)

    def _alike(self, position: int, stem: str, near: frozenset[int]) -> float:
        word = self.reading.words[position]
        if word.stem == stem:
            return 1.0
        if near & self.reading.groups[position]:
            return _GROUP
        if position not in self._content:
            return 0.0
        if is_chinese(stem) and is_chinese(word.stem):
            shared = alike(stem, word.stem)
            return 0.9 * shared if shared >= 0.5 else 0.0
        return self._vectors.similarity(word.stem, stem)


def _rarity(relations: Iterable[Relation]) -> dict[str, float]:
    """Weigh the words of relations: a word that many relations share tells less."""
    counts: dict[str, int] = {}
    for relation in relations:
        for stem in {stem for phrase in relation.phrases for stem in phrase.stems}:
            counts[stem] = counts.get(stem, 0) + 1
    return {stem: 1.0 / (1.0 + 0.5 * np.log(number)) for stem, number in counts.items()}
